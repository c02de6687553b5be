//! A shop: an official account, a mini program, a corp, a provider that serves it, and the graph of who is who.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use idweave::simulator::{Plan, Serving, Simulator, Topology};
use idweave::sync::api::Request;
use idweave::sync::client::{CallOptions, Credential, MemoryStore, Platform, Timer};
use idweave::sync::{HttpOptions, HttpTransport, Secret};
use idweave::wechat::{self, IngestOptions, Opt};
use idweave::{Graph, Id, Kind, KindScope, Read, Time, Translation};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// The shop's clock: it goes on when somebody waits. A program of your own takes the system's.
#[derive(Clone)]
pub struct Clock(Arc<AtomicI64>);

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
pub struct Shop {
    pub world: Simulator,
    pub names: Topology,
    pub clock: Clock,
    pub store: Arc<MemoryStore>,
    pub graph: Graph,
    pub platform: Platform,
    _serving: Serving,
}

impl Shop {
    /// Opens it, on a simulated world that listens on loopback.
    pub fn open() -> Result<Shop> {
        let plan = Plan::default();
        let clock = Clock(Arc::new(AtomicI64::new(plan.start_ms)));
        let times = clock.clone();
        let world = Simulator::new(plan, Arc::new(move || times.now().ms()));
        let serving = world.serve("127.0.0.1:0".parse()?)?;
        let mut http = HttpOptions::default();
        http.base = Some(serving.base());
        let store = Arc::new(MemoryStore::default());
        let calls = CallOptions::default();
        let platform = Platform::new(HttpTransport::new(&http)?, store.clone(), clock.clone(), calls);
        let graph = Graph::options().in_memory()?;
        Ok(Shop { names: world.topology(), world, clock, store, graph, platform, _serving: serving })
    }

    /// An app of the shop, which calls for itself.
    pub fn app(&self, appid: &str) -> Credential {
        Credential::App { appid: appid.to_owned(), secret: Secret::new(&self.names.secret(appid)) }
    }

    /// The corp's own agent.
    pub fn corp(&self) -> Credential {
        let secret = self.names.secret(&format!("{} {}", self.names.corp, self.names.agent));
        Credential::Corp {
            corp: self.names.corp.clone(),
            agent: self.names.agent.clone(),
            secret: Secret::new(&secret),
        }
    }

    /// What a parser is told of an app's answer.
    pub fn of_app(&self, appid: &str) -> IngestOptions {
        let options = IngestOptions::at(self.clock.now());
        options.with(Opt::Appid, appid).with(Opt::OpenAccount, &self.names.open_account)
    }

    /// Makes a call.
    pub fn call(&self, caller: &Credential, request: &Request) -> Result<Vec<u8>> {
        Ok(self.platform.call(caller, request)?)
    }

    /// Tells the graph what an answer says: how many records were refused.
    pub fn tell(&self, name: &str, body: &[u8], options: &IngestOptions) -> Result<usize> {
        let said = wechat::parse(name, body, options)?;
        self.graph
            .write(self.clock.now(), |tx| said.facts.iter().try_for_each(|fact| tx.apply(fact).map(drop)))?;
        Ok(said.refused.len())
    }

    /// The id's counterpart.
    pub fn translate(&self, id: &Id, kind: Kind, scope: &str) -> Result<Translation> {
        Ok(self.graph.view().translate(id, &KindScope::new(kind, scope)?, self.clock.now())?)
    }
}

/// A text of a JSON answer.
pub fn text(body: &[u8], field: &str) -> Result<String> {
    let answer: serde_json::Value = serde_json::from_slice(body)?;
    let found = answer.get(field).and_then(serde_json::Value::as_str);
    Ok(found.ok_or_else(|| format!("the answer has no {field}"))?.to_owned())
}

/// An error unless something holds.
pub fn holds(it: bool, what: &str) -> Result<()> {
    if it { Ok(()) } else { Err(what.into()) }
}
