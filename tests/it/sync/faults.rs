//! Whatever goes wrong on the way, and however often a run is ended, it comes to the same graph.

use idweave::model::{Direction, RelationKind, When as Whenever};
use idweave::simulator::{Fault, Misbehaviour, Plan, When};
use idweave::sync::job::{
    AccountImport, AccountReconcile, CorpImport, CorpReconcile, GenerationUpgrade, Job, PendingSweep, run,
};
use idweave::{Error, Graph, Id, Kind, Read, error::CallFailure};

use crate::sync::jobs::{account, corp, finish};
use crate::sync::live::{keep_ticket, visit};
use crate::sync::rig::{Rig, facts, scored};

type Made = fn(&Rig) -> Box<dyn Job>;

/// A job, and what there is before it runs.
struct Case {
    name: &'static str,
    prepare: fn(&Rig, &Graph),
    made: Made,
    /// How many facts it brings at least.
    least: usize,
}

fn account_reconcile(rig: &Rig) -> Box<dyn Job> {
    let names = &rig.names;
    let open = Some(names.open_account.as_str());
    Box::new(AccountReconcile::new(rig.app(&names.official), &names.official, open))
}

/// Customers of the provider's, of whom some were visitors before.
fn met(rig: &Rig, graph: &Graph) {
    keep_ticket(rig);
    for account in 20..24 {
        visit(rig, graph, account);
    }
    rig.clock.pass(60_000);
    for account in [20, 21] {
        rig.sim.add_contact(account, 1, "", 0);
    }
    let names = &rig.names;
    let mut import = CorpImport::new(rig.suite_corp(), &names.open_corp, None, Some(&names.provider));
    finish(rig, graph, &mut import);
}

const CASES: [Case; 7] = [
    Case {
        name: "followers",
        prepare: |_, _| {},
        made: |rig| {
            let names = &rig.names;
            let open = Some(names.open_account.as_str());
            Box::new(AccountImport::new(rig.app(&names.official), &names.official, open))
        },
        least: 300,
    },
    Case {
        name: "customers",
        prepare: |_, _| {},
        made: |rig| {
            Box::new(CorpImport::new(rig.corp(), &rig.names.corp, Some(&rig.names.open_account), None))
        },
        least: 300,
    },
    Case {
        name: "customers compared with nothing",
        prepare: |_, _| {},
        made: |rig| {
            Box::new(CorpReconcile::new(rig.corp(), &rig.names.corp, Some(&rig.names.open_account), None))
        },
        least: 300,
    },
    Case { name: "followers compared with nothing", prepare: |_, _| {}, made: account_reconcile, least: 300 },
    Case {
        name: "followers who came and went",
        prepare: |rig, graph| {
            finish(rig, graph, &mut account(rig));
            rig.clock.pass(3_600_000);
            (0..450).step_by(2).for_each(|account| rig.sim.unfollow(account));
            (500..640).for_each(|account| rig.sim.follow(account, "door"));
            rig.clock.pass(3_600_000);
        },
        made: account_reconcile,
        least: 300,
    },
    Case {
        name: "a provider's values",
        prepare: |rig, graph| {
            finish(rig, graph, &mut corp(rig));
        },
        made: |rig| {
            let names = &rig.names;
            let upgrade = GenerationUpgrade::new(rig.developed(), &names.corp, &names.provider);
            Box::new(upgrade.with_provider(rig.provider()))
        },
        least: 300,
    },
    Case {
        name: "visitors of before",
        prepare: met,
        made: |rig| {
            let names = &rig.names;
            Box::new(PendingSweep::new(rig.suite_corp(), &names.open_corp, &names.provider))
        },
        least: 2,
    },
];

fn plan() -> Plan {
    let mut plan = Plan::default();
    (plan.followers, plan.customers, plan.employees, plan.groups) = (450, 350, 7, 3);
    plan
}

impl Case {
    fn prepared(&self) -> (Rig, Graph) {
        let (rig, graph) = (Rig::new(plan()), Graph::options().in_memory().unwrap());
        (self.prepare)(&rig, &graph);
        (rig, graph)
    }

    /// The facts that an undisturbed run comes to.
    fn undisturbed(&self) -> Vec<String> {
        let (rig, graph) = self.prepared();
        let before = facts(&graph).len();
        finish(&rig, &graph, &mut *(self.made)(&rig));
        let told = facts(&graph);
        assert!(told.len() >= before + self.least, "{}: {} facts and {before} before", self.name, told.len());
        told
    }
}

#[test]
fn a_run_that_is_ended_after_any_number_of_calls_goes_on_where_it_was() {
    for case in &CASES {
        let expected = case.undisturbed();
        for calls_max in [2, 3, 4, 6] {
            let (rig, graph) = case.prepared();
            let before = graph.view().seq();
            let mut ended = 0;
            loop {
                let has_begun = graph.view().seq() > before;
                // A new process: nothing but the graph and the store is left of the one before.
                match run(&mut *(case.made)(&rig), &graph, &rig.platform(Some(calls_max)), &mut |_| {}) {
                    Ok(report) => {
                        assert_eq!(report.is_resumed, has_begun);
                        break;
                    }
                    Err(Error::Call { failure: CallFailure::CallsUsedUp, .. }) => ended += 1,
                    Err(error) => panic!("{}: {error}", case.name),
                }
                assert!(ended < 1_000, "{}: it does not come further", case.name);
            }
            assert!(ended > 0 || case.least < 300, "{}", case.name);
            assert_eq!(facts(&graph), expected, "{}, {calls_max} calls at a time", case.name);
        }
    }
}

/// Every way to misbehave, on one call in so many.
fn table(seed: u64, one_in: u64) -> Vec<Fault> {
    let anywhere = [
        Misbehaviour::Errcode(-1),
        Misbehaviour::Errcode(45033),
        Misbehaviour::DeadToken,
        Misbehaviour::Html,
        Misbehaviour::Cut,
        Misbehaviour::Half,
        Misbehaviour::HangUp,
        Misbehaviour::Status(502),
        Misbehaviour::Slow { bytes: 200, pause_ms: 1 },
    ];
    let mut table = Vec::new();
    let mut line = |path: &str, calls: u64, what: Misbehaviour| {
        let when = When::OneIn { calls, seed: seed * 100 + table.len() as u64 };
        table.push(Fault { path: path.to_owned(), when, what });
    };
    anywhere.into_iter().for_each(|what| line("", one_in, what));
    // A quota that is used up, for a day on one host; but not before a run has begun, which would be another day's.
    for path in [
        "user/info/batchget",
        "externalcontact/batch/get_by_user",
        "externalcontact/list",
        "idconvert/chatid",
    ] {
        line(&format!("/cgi-bin/{path}"), one_in, Misbehaviour::Errcode(45009));
    }
    // Of one host only.
    line("/cgi-bin/user/info/batchget", one_in, Misbehaviour::Errcode(45011));
    for path in ["/cgi-bin/externalcontact/batch/get_by_user", "/cgi-bin/externalcontact/groupchat/list"] {
        for what in PAGES {
            line(path, 8, what);
        }
    }
    // What a short list leaves out its own count tells; not where it is empty three times in a row, whoever asks.
    line("/cgi-bin/user/get", 5, Misbehaviour::ShortList(40));
    for (every, what) in [(5, Misbehaviour::ShortList(0)), (7, Misbehaviour::EmptyPage)] {
        table.push(Fault { path: "/cgi-bin/user/get".to_owned(), when: When::Every(every), what });
    }
    table
}

/// Every way in which pages go wrong.
const PAGES: [Misbehaviour; 6] = [
    Misbehaviour::ShortPage(2),
    Misbehaviour::EmptyPage,
    Misbehaviour::CursorLoop,
    Misbehaviour::CursorBack,
    Misbehaviour::PageTwice,
    Misbehaviour::CursorsDie(1),
];

#[test]
fn faults_of_every_kind_cost_calls_and_nothing_else() {
    let rounds = std::env::var("IDWEAVE_SYNC_FAULTS").ok().and_then(|text| text.parse().ok()).unwrap_or(4);
    let (mut runs, mut resumed) = (0, 0);
    for case in &CASES {
        let expected = case.undisturbed();
        for seed in 0..rounds {
            let (rig, graph) = case.prepared();
            rig.sim.set_faults(table(seed, 30));
            let begun = rig.platform(None).now();
            for turn in 0.. {
                runs += 1;
                match run(&mut *(case.made)(&rig), &graph, &rig.platform(Some(9)), &mut |_| {}) {
                    Ok(_) => break,
                    Err(Error::Call { failure, .. }) => {
                        resumed += 1;
                        if let CallFailure::Limit { until_ms } = failure {
                            rig.clock.pass(until_ms - rig.platform(None).now().ms());
                        }
                    }
                    Err(error) => panic!("{}: {error}", case.name),
                }
                assert!(turn < 1_000, "{}, seed {seed}: it does not come further", case.name);
            }
            // Waiting made it later, but the facts of a run bear the time when it began.
            let told = facts(&graph);
            if told != expected {
                let (name, late) = (case.name, begun.ms());
                panic!("{name}, seed {seed} from {late}: {} facts, not {}", told.len(), expected.len());
            }
            assert_eq!(scored(&rig.sim, &graph).1, 0);
        }
    }
    println!("{runs} runs, of which {resumed} were ended");
    assert!(resumed > 30);
}

#[test]
fn each_way_in_which_pages_go_wrong_is_survived_alone_and_often() {
    let made: Made = |rig| Box::new(corp(rig));
    let case = Case { name: "customers", prepare: |_, _| {}, made, least: 300 };
    let expected = case.undisturbed();
    for what in PAGES {
        for path in ["/cgi-bin/externalcontact/batch/get_by_user", "/cgi-bin/externalcontact/groupchat/list"]
        {
            let (rig, graph) = case.prepared();
            // Pages of two groups, so that there are some.
            let short =
                Fault { path: path.to_owned(), when: When::Every(2), what: Misbehaviour::ShortPage(2) };
            // Whose cursors die begins again, and must come to an end in between.
            let every = if matches!(what, Misbehaviour::CursorsDie(_)) { 11 } else { 3 };
            let fault = Fault { path: path.to_owned(), when: When::Every(every), what };
            rig.sim.set_faults(vec![fault, short]);
            for turn in 0.. {
                match run(&mut *(case.made)(&rig), &graph, &rig.platform(None), &mut |_| {}) {
                    Ok(_) => break,
                    Err(Error::Call { .. }) => assert!(turn < 20, "{what:?} of {path}: no end"),
                    Err(error) => panic!("{what:?} of {path}: {error}"),
                }
            }
            assert_eq!(facts(&graph), expected, "{what:?} of {path}");
        }
    }
}

#[test]
fn followers_whom_a_list_leaves_out_for_good_are_counted_as_refused_and_nothing_is_told_of_them() {
    let whole = CASES[0].undisturbed();
    let (rig, graph) = CASES[0].prepared();
    // It ends after 300 of 450, whoever asks and however often: only its own count says that there are more.
    let path = "/cgi-bin/user/get".to_owned();
    let at_first = Fault { path: path.clone(), when: When::Nth(1), what: Misbehaviour::ShortList(300) };
    let ever_since = Fault { path, when: When::Every(1), what: Misbehaviour::ShortList(0) };
    rig.sim.set_faults(vec![at_first, ever_since]);
    let report = run(&mut account(&rig), &graph, &rig.platform(None), &mut |_| {}).unwrap();
    assert_eq!(report.refused, 150);
    let told = facts(&graph);
    assert!(told.len() < whole.len() && told.iter().all(|fact| whole.contains(fact)));
    // The next run, of a platform that is well, finds the rest.
    rig.sim.set_faults(Vec::new());
    assert_eq!(finish(&rig, &graph, &mut *account_reconcile(&rig)).refused, 0);
    let app = Id::new(Kind::App, "", &rig.names.official).unwrap();
    let (kind, to) = (RelationKind::Subscribes, Direction::In);
    assert_eq!(graph.view().count_neighbors(&app, &kind, to, Whenever::Open).unwrap(), 450);
}

#[test]
fn a_quota_that_is_used_up_is_waited_for_and_never_exceeded() {
    let mut plan = plan();
    plan.followers = 900;
    let rig = Rig::new(plan);
    let graph = Graph::options().in_memory().unwrap();
    // Nine hundred employees' calls within a minute would be too many: 45009, and WeCom stays shut for a while.
    rig.sim.set_faults(vec![Fault {
        path: "/cgi-bin/externalcontact/batch/get_by_user".to_owned(),
        when: When::Nth(2),
        what: Misbehaviour::Errcode(45009),
    }]);
    let begun = rig.platform(None).now();
    let mut job = CorpImport::new(rig.corp(), &rig.names.corp, Some(&rig.names.open_account), None);
    run(&mut job, &graph, &rig.platform(None), &mut |_| {}).unwrap();
    let waited = rig.platform(None).now().since(begun);
    assert!((60_000..120_000).contains(&waited), "waited {waited} ms");
    assert_eq!(rig.sim.violations(), []);
}
