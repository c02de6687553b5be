//! A simulator that listens, and who calls it: a store and a clock that outlive a run.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use idweave::simulator::{Plan, Serving, Simulator, Topology};
use idweave::sync::client::{CallOptions, Credential, MemoryStore, Platform, Timer};
use idweave::sync::{HttpOptions, HttpTransport, Secret};
use idweave::{Graph, Read, Time};

/// The clock of a rig. Waiting makes it later; it can be told to end the run at a wait.
#[derive(Clone)]
pub(super) struct Clock {
    ms: Arc<AtomicI64>,
    waits_left: Arc<AtomicU64>,
}

impl Timer for Clock {
    fn now(&self) -> Time {
        Time::from_ms(self.ms.load(Ordering::SeqCst))
    }

    fn wait(&self, ms: u64) -> bool {
        self.ms.fetch_add(i64::try_from(ms).unwrap(), Ordering::SeqCst);
        self.waits_left.fetch_sub(1, Ordering::SeqCst) > 1
    }
}

impl Clock {
    pub(super) fn pass(&self, ms: i64) {
        self.ms.fetch_add(ms, Ordering::SeqCst);
    }
}

pub(super) struct Rig {
    pub(super) sim: Simulator,
    pub(super) names: Topology,
    pub(super) clock: Clock,
    pub(super) store: Arc<MemoryStore>,
    serving: Serving,
}

impl Rig {
    pub(super) fn new(plan: Plan) -> Rig {
        let ms = Arc::new(AtomicI64::new(plan.start_ms));
        let clock = Clock { ms: ms.clone(), waits_left: Arc::new(AtomicU64::new(u64::MAX)) };
        let sim = Simulator::new(plan, Arc::new(move || ms.load(Ordering::SeqCst)));
        let serving = sim.serve("127.0.0.1:0".parse().unwrap()).unwrap();
        Rig { names: sim.topology(), sim, clock, store: Arc::default(), serving }
    }

    pub(super) fn addr(&self) -> std::net::SocketAddr {
        self.serving.addr()
    }

    pub(super) fn transport(&self) -> HttpTransport {
        let http = HttpOptions { base: Some(self.serving.base()), ..HttpOptions::default() };
        HttpTransport::new(&http).unwrap()
    }

    /// The platforms, as a new process calls them.
    pub(super) fn platform(&self, calls_max: Option<u64>) -> Platform {
        let mut options = CallOptions::default();
        options.calls_max = calls_max;
        Platform::new(self.transport(), self.store.clone(), self.clock.clone(), options)
    }

    pub(super) fn app(&self, appid: &str) -> Credential {
        Credential::App { appid: appid.to_owned(), secret: Secret::new(&self.names.secret(appid)) }
    }

    pub(super) fn corp_of(&self, corp: &str) -> Credential {
        let agent = self.names.agent.clone();
        let secret = Secret::new(&self.names.secret(&format!("{corp} {agent}")));
        Credential::Corp { corp: corp.to_owned(), agent, secret }
    }

    pub(super) fn corp(&self) -> Credential {
        self.corp_of(&self.names.corp)
    }

    /// The agent that the provider develops for the corp.
    pub(super) fn developed(&self) -> Credential {
        Credential::Corp {
            corp: self.names.open_corp.clone(),
            agent: self.names.developed_agent.clone(),
            secret: Secret::new(&self.names.permanent_code()),
        }
    }

    pub(super) fn suite(&self) -> Credential {
        let suite = self.names.suite.clone();
        Credential::Suite { secret: Secret::new(&self.names.secret(&suite)), suite }
    }

    pub(super) fn suite_corp(&self) -> Credential {
        Credential::SuiteCorp { suite: Box::new(self.suite()), corp: self.names.open_corp.clone() }
    }

    pub(super) fn provider(&self) -> Credential {
        let corp = self.names.provider.clone();
        Credential::Provider { secret: Secret::new(&self.names.secret(&corp)), corp }
    }

    pub(super) fn component(&self) -> Credential {
        let component = self.names.component.clone();
        Credential::Component { secret: Secret::new(&self.names.secret(&component)), component }
    }
}

/// Every pair of account ids that the graph holds in one entity, against the truth: `(right, wrong)`.
pub(super) fn scored(sim: &Simulator, graph: &Graph) -> (u64, u64) {
    let (mut right, mut wrong) = (0, 0);
    for entity in graph.view().entities() {
        let ids = entity.unwrap().ids;
        let owner = |id: &idweave::Id| sim.owner(id.kind().name(), id.scope(), id.spelling());
        let owned: Vec<_> =
            ids.iter().filter(|id| id.class() == idweave::model::Class::Account).map(owner).collect();
        for (at, one) in owned.iter().enumerate() {
            for other in &owned[at + 1..] {
                *(if one.is_some() && one == other { &mut right } else { &mut wrong }) += 1;
            }
        }
    }
    (right, wrong)
}

/// All facts as lines, in order.
pub(super) fn facts(graph: &Graph) -> Vec<String> {
    let mut lines: Vec<String> =
        graph.view().facts().map(|fact| idweave::ndjson::print(&fact.unwrap())).collect();
    lines.retain(|line| !line.contains("\"mark\""));
    lines.sort_unstable();
    lines
}

/// How many calls were made since a count of them.
pub(super) fn since(sim: &Simulator, before: &BTreeMap<&'static str, u64>) -> BTreeMap<&'static str, u64> {
    let now = sim.calls().into_iter();
    let made = now.map(|(path, calls)| (path, calls - before.get(path).copied().unwrap_or(0)));
    made.filter(|(_, calls)| *calls > 0).collect()
}
