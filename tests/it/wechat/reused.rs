//! Userids that are deleted and given to an employee again: a conflict for people to see, never a silent reuse.

use idweave::wechat::Note;
use idweave::{
    Durability, Fact, Graph, Id, Kind, KindScope, Op, Read, Snapshot, Time, Translation, Tx, carry_out,
    ndjson,
};

use crate::wechat::{CORP, PROVIDER};

const NOW: Time = Time::from_ms(1_767_225_600_000);
const DAY: i64 = Time::DAY_MS;

fn userid() -> Id {
    Id::new(Kind::Userid, CORP, "zhangsan").unwrap()
}

fn open_space() -> KindScope {
    KindScope::new(Kind::Userid, &format!("{CORP}@{PROVIDER}")).unwrap()
}

fn created(day: i64) -> Note {
    Note::UseridCreated { userid: userid(), at: NOW.plus_ms((day - 30) * DAY) }
}

fn deleted(day: i64) -> Note {
    Note::UseridDeleted { userid: userid(), at: NOW.plus_ms((day - 30) * DAY) }
}

/// Tells the graph what notes ask for, each as an event of its own; the last commit.
fn tell(graph: &Graph, notes: &[Note]) -> u64 {
    for note in notes {
        let facts = carry_out(std::slice::from_ref(note), &graph.view()).unwrap();
        let apply = |fact: &Fact, tx: &mut Tx| tx.apply(fact).map(drop);
        graph
            .write_with(NOW, Durability::Sync, |tx| facts.iter().try_for_each(|fact| apply(fact, tx)))
            .unwrap();
    }
    graph.view().seq()
}

/// A graph that knows the userid by another view of it.
fn known(graph: &Graph) {
    let other = Id::in_space(&open_space(), "woAJ2GCAAAXtWyujaWJHDDGi0mACxyz1").unwrap();
    let op = Op::Link {
        a: userid(),
        b: other,
        source: "work.idconvert".to_owned(),
        strength: None,
        event: None,
        expires_at: None,
    };
    graph.write(NOW, |tx| tx.apply(&Fact { at: NOW.plus_ms(-60 * DAY), batch: None, op }).map(drop)).unwrap();
}

fn in_memory() -> Graph {
    let graph = Graph::options().in_memory().unwrap();
    known(&graph);
    graph
}

fn is_blocked(read: &impl Read) -> bool {
    let entity = read.resolve(&userid()).unwrap().unwrap();
    let blocked = entity.members.iter().any(|member| member.id == userid() && member.blocked);
    let answer = read.translate(&userid(), &open_space(), NOW).unwrap();
    assert_eq!(matches!(answer, Translation::Unknown), blocked, "{answer:?}");
    blocked
}

fn facts(graph: &Graph) -> Vec<String> {
    let mut lines: Vec<String> = graph.view().facts().map(|fact| ndjson::print(&fact.unwrap())).collect();
    lines.sort_unstable();
    lines
}

#[test]
fn a_userid_that_was_deleted_and_is_given_out_again_is_blocked_in_whichever_order_it_is_told() {
    let (one, other) = (in_memory(), in_memory());
    tell(&one, &[created(1), deleted(5)]);
    assert!(!is_blocked(&one.view()), "what was known of who left is known");
    tell(&one, &[created(9)]);
    assert!(is_blocked(&one.view()));
    tell(&other, &[created(9), created(1), deleted(5)]);
    assert!(is_blocked(&other.view()));
    assert_eq!(facts(&one), facts(&other));
    // Events that come again change nothing.
    let seq = one.view().seq();
    assert_eq!(tell(&one, &[created(9), deleted(5)]), seq);
}

#[test]
fn neither_a_new_userid_nor_one_that_is_only_deleted_is_a_conflict() {
    for notes in [&[created(1)][..], &[deleted(5)], &[created(1), deleted(5)], &[deleted(5), created(1)]] {
        let graph = in_memory();
        tell(&graph, notes);
        assert!(!is_blocked(&graph.view()), "{notes:?}");
    }
}

#[test]
fn of_a_userid_that_nobody_knows_only_a_deletion_is_remembered() {
    let graph = Graph::options().in_memory().unwrap();
    assert_eq!(tell(&graph, &[created(1)]), 0, "nothing to inherit");
    tell(&graph, &[deleted(5), created(9)]);
    let entity = graph.view().resolve(&userid()).unwrap().unwrap();
    assert!(entity.members.iter().any(|member| member.id == userid() && member.blocked));
}

#[test]
fn of_a_restricted_userid_a_deletion_is_remembered_too() {
    let graph = in_memory();
    tell(&graph, &[deleted(5)]);
    let restrict = |op| Fact { at: NOW.plus_ms(-24 * DAY), batch: None, op };
    let op = Op::Restrict { id: userid(), reason: "asked".to_owned() };
    graph.write(NOW, |tx| tx.apply(&restrict(op)).map(drop)).unwrap();
    tell(&graph, &[created(9)]);
    let op = Op::Unrestrict { id: userid() };
    let lift = Fact { at: NOW, batch: None, op };
    graph.write(NOW, |tx| tx.apply(&lift).map(drop)).unwrap();
    assert!(is_blocked(&graph.view()));
}

#[test]
fn a_deletion_is_remembered_by_whichever_name_of_the_corp_it_was_told() {
    let graph = in_memory();
    tell(&graph, &[deleted(5)]);
    let op = Op::Corp {
        key: "ww00000000000000ff".to_owned(),
        subject: None,
        bound_appid: None,
        kf_bound_appid: None,
        from: None,
        aliases: vec![CORP.to_owned()],
    };
    graph.write(NOW, |tx| tx.apply(&Fact { at: NOW, batch: None, op }).map(drop)).unwrap();
    tell(&graph, &[created(9)]);
    let entity = graph.view().resolve(&userid()).unwrap().unwrap();
    assert!(entity.members.iter().any(|member| member.id.kind() == &Kind::Userid && member.blocked));
}

#[test]
fn a_deletion_is_remembered_through_a_restart_and_in_snapshots() {
    let dir = tempfile::tempdir().unwrap();
    let (path, snapshot) = (dir.path().join("graph"), dir.path().join("snapshot"));
    let graph = Graph::create(&path).unwrap();
    known(&graph);
    tell(&graph, &[deleted(5)]);
    graph.close().unwrap();
    let graph = Graph::options().open(&path).unwrap();
    graph.snapshot(&snapshot).unwrap();
    let read = Snapshot::open(&snapshot).unwrap();
    assert_eq!(carry_out(&[created(9)], &read).unwrap().len(), 2, "a block, and what is remembered");
    tell(&graph, &[created(9)]);
    assert!(is_blocked(&graph.view()));
}

#[test]
fn a_deletion_that_is_undone_or_erased_is_forgotten() {
    let graph = in_memory();
    let deletion = tell(&graph, &[deleted(5)]);
    graph.write(NOW, |tx| tx.undo(deletion).map(drop)).unwrap();
    tell(&graph, &[created(9)]);
    assert!(!is_blocked(&graph.view()));
    let graph = in_memory();
    tell(&graph, &[deleted(5)]);
    let op = Op::Erase {
        id: userid(),
        reach: idweave::model::Reach::Id,
        reason: "asked".to_owned(),
        sticky: false,
    };
    let at = NOW.plus_ms(-23 * DAY);
    graph.write(NOW, |tx| tx.apply(&Fact { at, batch: None, op }).map(drop)).unwrap();
    assert!(carry_out(&[created(9)], &graph.view()).unwrap().is_empty(), "nothing is known of it");
    assert_eq!(carry_out(&[deleted(8)], &graph.view()).unwrap().len(), 1, "and all begins anew");
}

#[test]
fn whoever_lifts_the_block_is_heard_until_it_happens_again() {
    let graph = in_memory();
    tell(&graph, &[deleted(5), created(9)]);
    let op = Op::Unblock { id: userid(), actor: "li".to_owned() };
    let at = NOW.plus_ms(-20 * DAY);
    graph.write(NOW, |tx| tx.apply(&Fact { at, batch: None, op }).map(drop)).unwrap();
    tell(&graph, &[deleted(5), created(9)]);
    assert!(!is_blocked(&graph.view()), "the same person came back");
    tell(&graph, &[deleted(12), created(15)]);
    assert!(is_blocked(&graph.view()));
}
