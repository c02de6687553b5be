//! kill -9 of real syncs, again and again, while calls go wrong: the graph at the end is that of an undisturbed run.
//!
//! `IDWEAVE_SYNC_KILLS` says how often (default 5), `IDWEAVE_SYNC=full` how large: the corp and account. The moments are
//! the machine's; a seed repeats the choices.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use idweave::simulator::{Fault, Misbehaviour, Plan, Serving, Simulator, When};

use crate::cli::support::{Db, text_of};

/// The time of the simulator and of the runs, in milliseconds.
const NOW_MS: i64 = 1_750_000_000_000;

struct World {
    sim: Simulator,
    serving: Serving,
}

impl World {
    fn new() -> World {
        let mut plan = Plan::default();
        if std::env::var("IDWEAVE_SYNC").is_ok_and(|size| size == "full") {
            (plan.accounts, plan.followers, plan.customers) = (400_000, 300_000, 100_000);
            (plan.employees, plan.visible, plan.groups) = (200, 100, 200);
        } else {
            (plan.accounts, plan.followers, plan.customers) = (4_000, 3_000, 1_500);
            (plan.employees, plan.visible, plan.groups) = (30, 12, 12);
        }
        plan.start_ms = NOW_MS;
        let sim = Simulator::new(plan, Arc::new(|| NOW_MS));
        let serving = sim.serve("127.0.0.1:0".parse().unwrap()).unwrap();
        World { sim, serving }
    }

    /// The settings of whoever calls, beside a database.
    fn config(&self, db: &Db) -> String {
        let names = self.sim.topology();
        let (app, agent) = (&names.official, format!("{} {}", names.corp, names.agent));
        db.file("app.secret", names.secret(app));
        db.file("corp.secret", names.secret(&agent));
        let (open, corp) = (&names.open_account, &names.corp);
        db.file(
            "sync.toml",
            format!(
                "store = \"state.json\"\n[[caller]]\nname = \"app\"\nkind = \"app\"\nappid = \"{app}\"\n\
                 open_account = \"{open}\"\nsecret_file = \"app.secret\"\n[[caller]]\nname = \"corp\"\nkind = \"corp\"\n\
                 corp = \"{corp}\"\nagent = \"{}\"\nopen_account = \"{open}\"\nsecret_file = \"corp.secret\"\n",
                names.agent
            ),
        )
    }

    fn sync(&self, db: &Db, config: &str, job: &str, caller: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_idweave"));
        command.args(["sync", "run", job, caller, "--config", config, "--base", &self.serving.base()]);
        command.args(["--db", &text_of(&db.path()), "--now", &NOW_MS.to_string()]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    }
}

/// The jobs in their order.
const JOBS: [(&str, &str); 4] =
    [("import", "app"), ("import", "corp"), ("reconcile", "app"), ("reconcile", "corp")];

/// What stands in the graph, without how far its runs have come and when they began: facts that the platform gives no time
/// for bear that, and it is another one each time.
fn facts(db: &Db) -> Vec<String> {
    let dump = db.run(&["dump", "facts"]).exits(0);
    let mut lines: Vec<String> = Vec::new();
    for line in dump.stdout.lines().filter(|line| !line.contains("\"op\":\"mark\"")) {
        let (before, rest) = line.split_once("\"at\":").unwrap();
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap();
        let at: i64 = rest[..digits].parse().unwrap();
        let at = if (NOW_MS..NOW_MS + 86_400_000).contains(&at) { NOW_MS } else { at };
        lines.push(format!("{before}\"at\":{at}{}", &rest[digits..]));
    }
    lines.sort_unstable();
    lines.dedup();
    lines
}

fn faults(seed: u64) -> Vec<Fault> {
    let what = [
        Misbehaviour::Errcode(-1),
        Misbehaviour::DeadToken,
        Misbehaviour::Html,
        Misbehaviour::Cut,
        Misbehaviour::Half,
        Misbehaviour::HangUp,
        Misbehaviour::Status(502),
        Misbehaviour::ShortPage(7),
    ];
    let fault = |(at, what): (usize, Misbehaviour)| Fault {
        path: String::new(),
        when: When::OneIn { calls: 40, seed: seed * 100 + at as u64 },
        what,
    };
    what.into_iter().enumerate().map(fault).collect()
}

#[expect(clippy::print_stdout, reason = "a campaign's figures are what it is run for")]
#[test]
fn no_kill_of_a_sync_changes_what_it_comes_to() {
    let kills = std::env::var("IDWEAVE_SYNC_KILLS").map_or(5, |text| text.parse::<u64>().unwrap());
    let seed = std::env::var("IDWEAVE_KILL_SEED").map_or(1, |text| text.parse::<u64>().unwrap());
    let (world, db) = (World::new(), Db::new());
    let config = world.config(&db);
    let begun = std::time::Instant::now();
    for (job, caller) in JOBS {
        assert!(world.sync(&db, &config, job, caller).status().unwrap().success(), "{job} {caller}");
    }
    let whole = begun.elapsed();
    let expected = facts(&db);
    assert!(expected.len() > 5_000, "{}", expected.len());
    let (world, db) = (World::new(), Db::new());
    let config = world.config(&db);
    let mut random = seed;
    let mut drawn = move |below: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % below.max(1)
    };
    let (_silent, silence) = std::sync::mpsc::channel::<()>();
    let (mut killed, mut runs) = (0, 0);
    let mut jobs = JOBS.iter().peekable();
    while let Some((job, caller)) = jobs.peek() {
        runs += 1;
        assert!(runs < 100 * (kills + 10), "it does not come further");
        world.sim.set_faults(faults(seed + runs));
        let mut child = world.sync(&db, &config, job, caller).spawn().unwrap();
        // The kills are spread over the time that the whole takes, so that all jobs meet some.
        let wait = Duration::from_micros(drawn(2 * whole.as_micros() as u64 / (kills + 1)));
        if killed < kills {
            silence.recv_timeout(wait).unwrap_err();
            if child.try_wait().unwrap().is_none() {
                child.kill().unwrap();
                child.wait().unwrap();
                killed += 1;
                continue;
            }
        }
        if child.wait().unwrap().success() {
            jobs.next();
        }
    }
    world.sim.set_faults(Vec::new());
    let found = facts(&db);
    let differs = found.iter().zip(&expected).find(|(one, other)| one != other);
    assert!(
        found.len() == expected.len() && differs.is_none(),
        "seed {seed}: {} facts, {} undisturbed, the first that differs: {differs:?}",
        found.len(),
        expected.len()
    );
    assert_eq!(world.sim.violations(), [], "no limit is passed");
    db.run(&["check"]).exits(0);
    let calls: u64 = world.sim.calls().values().sum();
    println!(
        "{killed} kills in {runs} runs, seed {seed}, {calls} calls, {} facts, all equal",
        expected.len()
    );
    assert!(killed > 0);
}
