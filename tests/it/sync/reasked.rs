//! Who was not told at the first try, and is asked for again: in another group, at the next customer, after a kill.

use std::collections::{BTreeMap, BTreeSet};

use idweave::model::{Direction, Fact, Op, RelationKind, When as Whenever};
use idweave::simulator::{Fault, Misbehaviour, Plan, When};
use idweave::sync::job::{CorpImport, CorpReconcile, GenerationUpgrade, PendingSweep, run};
use idweave::{Error, Graph, Id, Kind, KindScope, Read, Translation, error::CallFailure};

use crate::sync::jobs::{corp, finish};
use crate::sync::live::{keep_ticket, visit};
use crate::sync::rig::{Rig, since};

const OF_GROUPS: &str = "/cgi-bin/externalcontact/groupchat/get_new_external_userid";
const READ: &str = "/cgi-bin/externalcontact/get";
const PENDING: &str = "/cgi-bin/idconvert/batch/external_userid_to_pending_id";

fn own(rig: &Rig, account: u32) -> Id {
    Id::new(Kind::ExternalUserid, &rig.names.corp, &rig.sim.external_ids(account).0).unwrap()
}

/// Whether an id leads to one of a space.
fn leads_to(rig: &Rig, graph: &Graph, id: &Id, space: &KindScope) -> bool {
    let now = rig.platform(None).now();
    matches!(graph.view().translate(id, space, now).unwrap(), Translation::Found(_))
}

fn of_provider(rig: &Rig) -> KindScope {
    let view = format!("{}@{}", rig.names.corp, rig.names.provider);
    KindScope::new(Kind::ExternalUserid, &view).unwrap()
}

fn upgrade(rig: &Rig) -> GenerationUpgrade {
    GenerationUpgrade::new(rig.developed(), &rig.names.corp, &rig.names.provider)
}

fn compared(rig: &Rig) -> CorpReconcile {
    CorpReconcile::new(rig.corp(), &rig.names.corp, Some(&rig.names.open_account), None)
}

fn always(path: &str, errcode: i64) -> Fault {
    Fault { path: path.to_owned(), when: When::Every(1), what: Misbehaviour::Errcode(errcode) }
}

#[test]
fn a_stranger_who_left_one_group_is_asked_for_in_those_that_he_is_in() {
    let rig = Rig::new(Plan::default());
    let graph = Graph::options().in_memory().unwrap();
    // The accounts 0 to 3 are nobody's contacts, each in the group of its number; and now in the next one.
    (0..4).for_each(|account| rig.sim.join_group(account, (account as usize + 1) % 4));
    finish(&rig, &graph, &mut corp(&rig));
    rig.clock.pass(3_600_000);
    (0..4).for_each(|account| rig.sim.leave_group(account, account as usize));
    rig.clock.pass(3_600_000);
    finish(&rig, &graph, &mut compared(&rig));
    let kind = RelationKind::MemberOf;
    let groups = |when| graph.view().count_neighbors(&own(&rig, 0), &kind, Direction::Out, when).unwrap();
    assert_eq!((groups(Whenever::Ever), groups(Whenever::Open)), (2, 1));
    finish(&rig, &graph, &mut upgrade(&rig));
    for account in 0..4 {
        assert!(leads_to(&rig, &graph, &own(&rig, account), &of_provider(&rig)), "{account}");
    }
    assert_eq!(rig.sim.calls()[OF_GROUPS], 4, "of groups that they left nobody needs to be asked");
}

#[test]
fn a_group_that_is_no_more_costs_a_call_and_its_strangers_are_asked_for_in_the_next_one() {
    for errcode in [86001, 86003] {
        let rig = Rig::new(Plan::default());
        let graph = Graph::options().in_memory().unwrap();
        for (account, group) in (0..8).flat_map(|account| (0..4).map(move |group| (account, group))) {
            if account as usize != group {
                rig.sim.join_group(account, group);
            }
        }
        finish(&rig, &graph, &mut corp(&rig));
        let first = Fault { when: When::Nth(1), ..always(OF_GROUPS, errcode) };
        rig.sim.set_faults(vec![first]);
        finish(&rig, &graph, &mut upgrade(&rig));
        assert_eq!(rig.sim.calls()[OF_GROUPS], 2);
        for account in 0..8 {
            assert!(leads_to(&rig, &graph, &own(&rig, account), &of_provider(&rig)), "{account}");
        }
    }
}

#[test]
fn a_run_ended_between_the_groups_of_strangers_goes_on_and_comes_to_an_end() {
    // A step is made whole or not at all: of two strangers who are refused it takes three calls.
    for calls_max in [4, 5, 8] {
        let rig = Rig::new(Plan::default());
        let graph = Graph::options().in_memory().unwrap();
        (0..4).for_each(|account| rig.sim.join_group(account, (account as usize + 1) % 4));
        finish(&rig, &graph, &mut corp(&rig));
        rig.clock.pass(3_600_000);
        (0..4).for_each(|account| rig.sim.leave_group(account, account as usize));
        finish(&rig, &graph, &mut compared(&rig));
        // No group shows anybody: each is asked, now and former ones, and no more.
        rig.sim.set_faults(vec![always(OF_GROUPS, 40096)]);
        let mut is_done = false;
        for _ in 0..60 {
            match run(&mut upgrade(&rig), &graph, &rig.platform(Some(calls_max)), &mut |_| {}) {
                Ok(_) => is_done = true,
                Err(Error::Call { failure: CallFailure::CallsUsedUp, .. }) => continue,
                Err(error) => panic!("{error}"),
            }
            break;
        }
        assert!(is_done, "{calls_max} calls at a time");
        assert!(rig.sim.calls()[OF_GROUPS] >= 8);
    }
}

#[test]
fn a_customer_who_always_lacks_something_does_not_make_the_next_one_be_asked_for_without_end() {
    let rig = Rig::new(Plan::default());
    let graph = Graph::options().in_memory().unwrap();
    let names = &rig.names;
    finish(&rig, &graph, &mut corp(&rig));
    // Whatever is told of them, they have no unionid: it was said that those are others.
    let now = rig.platform(None).now();
    let customers: BTreeSet<u32> = rig.sim.contacts().into_iter().map(|(account, _)| account).collect();
    let bans = customers.iter().filter_map(|account| {
        let unionid = rig.sim.ids_in(&names.official, *account)?.1?;
        let b = Id::new(Kind::Unionid, &names.open_account, &unionid).ok()?;
        let (reason, actor) = ("others".to_owned(), "li".to_owned());
        Some(Fact { at: now, batch: None, op: Op::Ban { a: own(&rig, *account), b, reason, actor } })
    });
    let bans: Vec<Fact> = bans.collect();
    assert!(bans.len() > 100);
    graph.write(now, |tx| bans.iter().try_for_each(|fact| tx.apply(fact).map(drop))).unwrap();
    // Every second one fails.
    rig.sim.set_faults(vec![Fault { when: When::Every(2), ..always(READ, 40058) }]);
    let before = rig.sim.calls();
    // Where the first of an employee's fails there is nothing to tell, and the run ends; the next one comes further.
    let runs =
        (1..40).find(|_| match run(&mut compared(&rig), &graph, &rig.platform(Some(3_000)), &mut |_| {}) {
            Ok(_) => true,
            Err(Error::Call { failure: CallFailure::Settings(40058), .. }) => false,
            Err(error) => panic!("{error}"),
        });
    assert!(runs.is_some());
    let asked = since(&rig.sim, &before)[READ];
    // Of those whom an employee has for a few days only.
    assert!((10..200).contains(&asked), "{asked}");
    // All but the first: what was read of him is told, and the run ends.
    let harmless = Misbehaviour::Slow { bytes: 1 << 20, pause_ms: 0 };
    let first = Fault { path: READ.to_owned(), when: When::Nth(1), what: harmless };
    rig.sim.set_faults(vec![first, always(READ, 40058)]);
    let before = rig.sim.calls();
    let ended = run(&mut compared(&rig), &graph, &rig.platform(Some(100)), &mut |_| {}).unwrap_err();
    assert!(matches!(ended, Error::Call { failure: CallFailure::Settings(40058), .. }), "{ended}");
    assert_eq!(since(&rig.sim, &before)[READ], 3);
}

/// A provider's customers, of whom so many were visitors before.
fn met(visitors: std::ops::Range<u32>) -> (Rig, Graph) {
    let rig = Rig::new(Plan::default());
    let graph = Graph::options().in_memory().unwrap();
    keep_ticket(&rig);
    visitors.clone().for_each(|account| {
        visit(&rig, &graph, account);
    });
    rig.clock.pass(60_000);
    visitors.for_each(|account| rig.sim.add_contact(account, 1, "", 0));
    let names = &rig.names;
    let mut import = CorpImport::new(rig.suite_corp(), &names.open_corp, None, Some(&names.provider));
    finish(&rig, &graph, &mut import);
    (rig, graph)
}

fn sweep(rig: &Rig) -> PendingSweep {
    PendingSweep::new(rig.suite_corp(), &rig.names.open_corp, &rig.names.provider)
}

fn joined(rig: &Rig, graph: &Graph, accounts: std::ops::Range<u32>) -> Vec<u32> {
    let unionids = KindScope::new(Kind::Unionid, &rig.names.open_account).unwrap();
    accounts.filter(|account| leads_to(rig, graph, &provided(rig, *account), &unionids)).collect()
}

fn provided(rig: &Rig, account: u32) -> Id {
    let view = format!("{}@{}", rig.names.open_corp, rig.names.provider);
    Id::new(Kind::ExternalUserid, &view, &rig.sim.external_ids(account).1).unwrap()
}

#[test]
fn a_sweep_that_goes_on_asks_for_a_customer_who_was_met_again_meanwhile() {
    let visitors = 20..160;
    let (rig, graph) = met(visitors.clone());
    let ended = run(&mut sweep(&rig), &graph, &rig.platform(Some(1)), &mut |_| {}).unwrap_err();
    assert!(matches!(ended, Error::Call { failure: CallFailure::CallsUsedUp, .. }), "{ended}");
    // While nobody reads, all who were not asked for yet are met again.
    rig.clock.pass(60_000);
    let view = format!("{}@{}", rig.names.open_corp, rig.names.provider);
    let is_joined = joined(&rig, &graph, visitors.clone());
    let facts = visitors.clone().filter(|account| !is_joined.contains(account)).map(|account| {
        let from = Id::new(Kind::Userid, &view, "woAnother").unwrap();
        let (kind, source) = (RelationKind::Follows, "work.contact_list".to_owned());
        let op = Op::Relate { kind, from, to: provided(&rig, account), source, attrs: BTreeMap::new() };
        Fact { at: rig.platform(None).now(), batch: None, op }
    });
    let facts: Vec<Fact> = facts.collect();
    assert!(facts.len() >= 40 && is_joined.len() < 101);
    let now = rig.platform(None).now();
    graph.write(now, |tx| facts.iter().try_for_each(|fact| tx.apply(fact).map(drop))).unwrap();
    assert!(finish(&rig, &graph, &mut sweep(&rig)).is_resumed);
    assert_eq!(joined(&rig, &graph, visitors.clone()), visitors.collect::<Vec<u32>>());
}

#[test]
fn a_customer_who_is_refused_does_not_cost_a_hundred_theirs() {
    let visitors = 20..60;
    let (rig, graph) = met(visitors.clone());
    // The first call as a whole.
    rig.sim.set_faults(vec![Fault { when: When::Nth(1), ..always(PENDING, 40096) }]);
    let report = finish(&rig, &graph, &mut sweep(&rig));
    assert_eq!(report.refused, 0);
    assert_eq!(joined(&rig, &graph, visitors.clone()), visitors.collect::<Vec<u32>>());
}

#[test]
fn where_nobody_may_be_asked_for_it_costs_a_few_calls() {
    let (rig, graph) = met(20..160);
    let planned = idweave::sync::job::plan(&mut sweep(&rig), &graph, &rig.platform(None)).unwrap()[0].calls;
    assert!(planned >= 2);
    rig.sim.set_faults(vec![always(PENDING, 60011)]);
    let report = finish(&rig, &graph, &mut sweep(&rig));
    assert!(report.refused > 100);
    let asked = rig.sim.calls()[PENDING];
    assert!((planned..planned + 16).contains(&asked), "{asked} calls for {planned}");
}
