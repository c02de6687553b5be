//! Scratch.
use idweave::simulator::*;
use idweave::sync::client::*;
use idweave::sync::job::*;
use idweave::sync::*;
use idweave::{Graph, Read, Time};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

struct T(Arc<AtomicI64>);
impl Timer for T {
    fn now(&self) -> Time {
        Time::from_ms(self.0.load(Ordering::SeqCst))
    }
    fn wait(&self, ms: u64) -> bool {
        self.0.fetch_add(ms as i64, Ordering::SeqCst);
        true
    }
}
fn main() {
    let mut plan = Plan::default();
    let args: Vec<String> = std::env::args().collect();
    if args.len() > 1 {
        plan.accounts = 400_000;
        plan.followers = 300_000;
        plan.customers = 100_000;
        plan.employees = 200;
        plan.visible = 100;
        plan.groups = 50;
    }
    let time = Arc::new(AtomicI64::new(plan.start_ms));
    let t = time.clone();
    let begun = std::time::Instant::now();
    let sim = Simulator::new(plan, Arc::new(move || t.load(Ordering::SeqCst)));
    println!("world {:?}", begun.elapsed());
    let serving = sim.serve("127.0.0.1:0".parse().unwrap()).unwrap();
    let names = sim.topology();
    let http = HttpTransport::new(&{
        let mut o = HttpOptions::default();
        o.base = Some(serving.base());
        o
    })
    .unwrap();
    let platform = Platform::new(http, MemoryStore::default(), T(time.clone()), CallOptions::default());
    let graph = Graph::options().in_memory().unwrap();
    let app = Credential::App {
        appid: names.official.clone(),
        secret: Secret::new(&names.secret(&names.official)),
    };
    let mut job = AccountImport::new(app, &names.official, Some(&names.open_account));
    let begun = std::time::Instant::now();
    println!("{:?} {:?}", run(&mut job, &graph, &platform, &mut |_| {}), begun.elapsed());
    let corp = Credential::Corp {
        corp: names.corp.clone(),
        agent: names.agent.clone(),
        secret: Secret::new(&names.secret(&format!("{} {}", names.corp, names.agent))),
    };
    let mut job = CorpImport::new(corp, &names.corp, Some(&names.open_account), None);
    let begun = std::time::Instant::now();
    println!("{:?} {:?}", run(&mut job, &graph, &platform, &mut |_| {}), begun.elapsed());
    println!("{:?} {:?}", sim.calls(), sim.violations());
    println!("{:?}", graph.view().seq());
}
