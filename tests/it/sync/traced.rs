//! What is logged at trace level, by us and by all that we use, holds no secret, token or id.
//!
//! A logger is of a whole process, so the test runs itself once more as a process of its own, whose log it reads.

use std::process::Command;
use std::sync::Mutex;

use idweave::simulator::Plan;
use idweave::sync::client::{Credential, Store};
use idweave::sync::job::{AccountImport, AccountReconcile, CorpImport, CorpReconcile, Job, run};
use idweave::{Error, Graph, error::CallFailure};

use crate::sync::rig::Rig;

/// Says in which process one is, and what the logger takes.
const LOGGED: &str = "IDWEAVE_LOGGED";
/// What the HTTP client traces.
const CLIENT: [&str; 2] = ["ureq", "ureq_proto"];

static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Takes everything, or everything but traces of the HTTP client.
struct Logger {
    takes_all: bool,
}

impl log::Log for Logger {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        let target = metadata.target().split("::").next().unwrap_or_default();
        self.takes_all || metadata.level() < log::Level::Trace || !CLIENT.contains(&target)
    }

    fn log(&self, record: &log::Record<'_>) {
        if self.enabled(record.metadata()) {
            let line = format!("{} {} {}", record.level(), record.target(), record.args());
            LINES.lock().unwrap().push(line);
        }
    }

    fn flush(&self) {}
}

/// Calls of all kinds, while somebody logs.
fn called(takes_all: bool) {
    log::set_boxed_logger(Box::new(Logger { takes_all })).unwrap();
    log::set_max_level(log::LevelFilter::Trace);
    let mut plan = Plan::default();
    (plan.accounts, plan.followers, plan.customers, plan.employees) = (40, 40, 40, 3);
    let rig = Rig::new(plan);
    let graph = Graph::options().in_memory().unwrap();
    let names = &rig.names;
    let open = Some(names.open_account.as_str());
    let mut jobs: Vec<Box<dyn Job>> = vec![
        Box::new(AccountImport::new(rig.app(&names.official), &names.official, open)),
        Box::new(AccountReconcile::new(rig.app(&names.official), &names.official, open)),
        Box::new(CorpImport::new(rig.corp(), &names.corp, open, None)),
        Box::new(CorpReconcile::new(rig.corp(), &names.corp, open, None)),
    ];
    for job in &mut jobs {
        match run(&mut **job, &graph, &rig.platform(None), &mut |_| {}) {
            Ok(_) => assert!(!takes_all, "what would be logged is not sent"),
            Err(Error::Call { failure: CallFailure::Traced, .. }) => assert!(takes_all),
            Err(error) => panic!("{error}"),
        }
    }
    let lines = std::mem::take(&mut *LINES.lock().unwrap());
    let agent = format!("{} {}", names.corp, names.agent);
    let mut canaries = vec![names.secret(&names.official), names.secret(&agent)];
    let credentials: [Credential; 2] = [rig.app(&names.official), rig.corp()];
    for credential in credentials {
        let token = rig.store.load(&format!("token {}", credential.name())).unwrap();
        assert_eq!(token.is_some(), !takes_all);
        canaries.extend(token.map(|token| token.expose().to_owned()));
    }
    for account in 0..40 {
        let (openid, unionid) = rig.sim.ids_in(&names.official, account).unwrap();
        canaries.extend([openid, unionid.unwrap(), rig.sim.external_ids(account).0]);
    }
    for line in &lines {
        assert!(!canaries.iter().any(|canary| line.contains(canary.as_str())), "a line holds something");
    }
    println!("lines looked at: {}", lines.len());
}

#[test]
fn nothing_that_is_logged_at_trace_level_holds_a_secret_a_token_or_an_id() {
    match std::env::var(LOGGED).as_deref() {
        Ok("all") => return called(true),
        Ok(_) => return called(false),
        Err(_) => {}
    }
    for (takes, least) in [("all", 0), ("but the client", 100)] {
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "--nocapture", "--test-threads=1"]);
        child.arg("sync::traced::nothing_that_is_logged_at_trace_level_holds_a_secret_a_token_or_an_id");
        let ran = child.env(LOGGED, takes).output().unwrap();
        let said = String::from_utf8_lossy(&ran.stdout);
        assert!(ran.status.success(), "{takes}: {said}");
        let lines = said.lines().find_map(|line| line.split("lines looked at: ").nth(1));
        let lines: usize = lines.expect("the test ran").parse().unwrap();
        assert!(lines >= least, "{takes}: {said}");
    }
}
