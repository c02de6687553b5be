//! A shop: an official account, a mini program, a corp, a provider that serves it, and the graph of who is who.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use idweave::model::Placeholders;
use idweave::simulator::{Plan, Serving, Simulator, Topology};
use idweave::sync::api::Request;
use idweave::sync::client::{CallOptions, Credential, MemoryStore, Platform, Timer};
use idweave::sync::{HttpOptions, HttpTransport, Secret};
use idweave::wechat::{self, IngestOptions, Opt};
use idweave::{Graph, Id, Kind, KindScope, Read, Time, Translation, ndjson};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// The shop's clock: it goes on when somebody waits. A program of your own takes the system's.
#[derive(Clone)]
pub(crate) struct Clock(Arc<AtomicI64>);

impl Timer for Clock {
    fn now(&self) -> Time {
        Time::from_ms(self.0.load(Ordering::SeqCst))
    }

    fn wait(&self, ms: u64) -> bool {
        self.0.fetch_add(i64::try_from(ms).unwrap_or(0), Ordering::SeqCst);
        true
    }
}

/// Who it is, and how it calls.
pub(crate) struct Shop {
    pub(crate) world: Simulator,
    pub(crate) names: Topology,
    pub(crate) clock: Clock,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) graph: Graph,
    pub(crate) platform: Platform,
    _serving: Serving,
}

impl Shop {
    /// Opens it, on a simulated world that listens on loopback.
    pub(crate) fn open() -> Result<Shop> {
        let plan = Plan::default();
        let clock = Clock(Arc::new(AtomicI64::new(plan.start_ms)));
        let times = clock.clone();
        let world = Simulator::new(plan, Arc::new(move || times.now().ms()));
        let serving = world.serve("127.0.0.1:0".parse()?)?;
        let http = HttpOptions { base: Some(serving.base()), ..HttpOptions::default() };
        let store = Arc::new(MemoryStore::default());
        let calls = CallOptions::default();
        let platform = Platform::new(HttpTransport::new(&http)?, store.clone(), clock.clone(), calls);
        let graph = Graph::options().in_memory()?;
        let names = world.topology();
        graph.write(clock.now(), |tx| {
            topology(&names)
                .try_for_each(|line| tx.apply(&ndjson::parse(&line, 1, &Placeholders::default())?).map(drop))
        })?;
        Ok(Shop { names, world, clock, store, graph, platform, _serving: serving })
    }

    /// An app of the shop, which calls for itself.
    pub(crate) fn app(&self, appid: &str) -> Credential {
        Credential::App { appid: appid.to_owned(), secret: Secret::new(&self.names.secret(appid)) }
    }

    /// The corp's own agent.
    pub(crate) fn corp(&self) -> Credential {
        let secret = self.names.secret(&format!("{} {}", self.names.corp, self.names.agent));
        Credential::Corp {
            corp: self.names.corp.clone(),
            agent: self.names.agent.clone(),
            secret: Secret::new(&secret),
        }
    }

    /// What a parser is told of an app's answer.
    pub(crate) fn of_app(&self, appid: &str) -> IngestOptions {
        let options = IngestOptions::at(self.clock.now());
        options.with(Opt::Appid, appid).with(Opt::OpenAccount, &self.names.open_account)
    }

    /// Makes a call.
    pub(crate) fn call(&self, caller: &Credential, request: &Request) -> Result<Vec<u8>> {
        Ok(self.platform.call(caller, request)?)
    }

    /// Tells the graph what an answer says: how many records were refused.
    pub(crate) fn tell(&self, name: &str, body: &[u8], options: &IngestOptions) -> Result<usize> {
        let said = wechat::parse(name, body, options)?;
        self.graph
            .write(self.clock.now(), |tx| said.facts.iter().try_for_each(|fact| tx.apply(fact).map(drop)))?;
        Ok(said.refused.len())
    }

    /// The id's counterpart.
    pub(crate) fn translate(&self, id: &Id, kind: Kind, scope: &str) -> Result<Translation> {
        Ok(self.graph.view().translate(id, &KindScope::new(kind, scope)?, self.clock.now())?)
    }
}

/// What the shop owns, and what is bound to what: the planner looks at it.
fn topology(names: &Topology) -> impl Iterator<Item = String> {
    let (open, since) = (&names.open_account, r#""from":1700000000000,"at":1749000000000"#);
    let app = |appid: &str, kind: &str| {
        let is = format!(r#""appid":"{appid}","type":"{kind}","subject":"The Shop","open_account":"{open}""#);
        format!(r#"{{"op":"app",{is},{since}}}"#)
    };
    let corp = format!(r#""key":"{}","subject":"The Shop","bound_appid":"{}""#, names.corp, names.official);
    [
        app(&names.official, "service account"),
        app(&names.mini, "mini program"),
        format!(r#"{{"op":"corp",{corp},{since}}}"#),
        format!(
            r#"{{"op":"provider","key":"{}","subject":"The Provider","at":1749000000000}}"#,
            names.provider
        ),
    ]
    .into_iter()
}

/// A text of a JSON answer.
pub(crate) fn text(body: &[u8], field: &str) -> Result<String> {
    let answer: serde_json::Value = serde_json::from_slice(body)?;
    let found = answer.get(field).and_then(serde_json::Value::as_str);
    Ok(found.ok_or_else(|| format!("the answer has no {field}"))?.to_owned())
}

/// An error unless something holds.
pub(crate) fn holds(it: bool, what: &str) -> Result<()> {
    if it { Ok(()) } else { Err(what.into()) }
}
