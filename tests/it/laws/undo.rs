//! Undo: a graph is what the facts of commits that are not undone make of it, but for ids that stay alone.

use std::collections::{BTreeMap, BTreeSet};

use idweave::model::{Selector, When};
use idweave::{Error, Fact, Id, Op, Outcome, Read, ReadMode, Snapshot, Time, Translation, ndjson};

use crate::laws::campaign::{campaign, report};
use crate::laws::changes::Mirror;
use crate::laws::engine::{Told, dump, equal, fed, feed, new_graph, numbers};
use crate::laws::relations::agree;
use crate::laws::subject::Subject;
use crate::laws::unresolved::{self, without_topology};
use crate::laws::{Check, RARE, SMALL, last, told_oracle};
use crate::segments::answers::{Questions, text};
use crate::support::generate::{Flavour, NOW, Random, commits};
use crate::support::homes::sim_dir;
use crate::support::oracle::{Door, Oracle, Undo};
use crate::support::show::show;

/// What one commit holds.
enum Step {
    Tell(Box<Fact>),
    Undo(u64),
}

/// The facts of a commit with undos before, between and behind them, of any commit so far and of some that are none.
fn with_undos(facts: Vec<Fact>, seq: u64, random: &mut Random) -> Vec<Step> {
    let mut steps: Vec<Step> = facts.into_iter().map(|fact| Step::Tell(Box::new(fact))).collect();
    while random.one_in(2) {
        let undo = Step::Undo(random.below(seq as usize + 2) as u64);
        steps.insert(random.below(steps.len() + 1), undo);
    }
    steps
}

/// One commit told to both, which must say the same of each step.
fn commit(graph: &Subject, oracle: &mut Oracle, steps: Vec<Step>) -> Check {
    let seq = graph.view().seq() + 1;
    let mut said: Check = Ok(());
    let mut differs = |what: String, engine: String, oracle: String| {
        said = Err(format!("commit {seq}, {what}: engine {engine}, oracle {oracle}"));
    };
    let written = graph.write(NOW, |tx| {
        for step in steps {
            match step {
                Step::Tell(fact) => {
                    let (told, door) = (tx.apply(&fact), oracle.apply(&fact, seq));
                    let is_named = !matches!(fact.op, Op::Erase { .. } | Op::Mark { .. });
                    let agrees = match (&told, door) {
                        (Ok(Outcome::AlreadyKnown), door) => door == Door::Known || !is_named,
                        (Ok(_), door) => door == Door::Accepted,
                        (Err(_), door) => matches!(door, Door::Refused(_)),
                    };
                    if !agrees {
                        differs(show(&fact), format!("{told:?}"), format!("{door:?}"));
                    }
                }
                Step::Undo(undone) => {
                    let told = match tx.undo(undone) {
                        Ok(true) => Undo::New,
                        Ok(false) => Undo::AlreadyKnown,
                        Err(Error::NoSuchCommit { .. } | Error::NotUndone { .. }) => Undo::Refused,
                        Err(error) => return Err(error),
                    };
                    let expected = oracle.undo(undone, seq);
                    if told != expected {
                        differs(format!("undo of {undone}"), format!("{told:?}"), format!("{expected:?}"));
                    }
                }
            }
        }
        Ok(())
    });
    written.map_err(|error| format!("write: {error}"))?;
    said
}

fn undo(graph: &Subject, seq: u64) -> Result<bool, String> {
    let undone = graph.write(NOW, |tx| tx.undo(seq));
    undone.map(|committed| committed.value).map_err(|error| format!("undo of {seq}: {error}"))
}

fn told_again(graph: &Subject) -> Result<Subject, String> {
    let facts: Vec<Fact> = graph.view().facts().map(|fact| fact.expect("no damage")).collect();
    let again = new_graph()?;
    for (fact, told) in facts.iter().zip(feed(&again, &facts)?) {
        if let Told::Refused(why) = told {
            return Err(format!("{why}: {}", show(fact)));
        }
    }
    Ok(again)
}

fn lines(graph: &Subject) -> BTreeSet<String> {
    graph.view().facts().map(|fact| ndjson::print(&fact.expect("no damage"))).collect()
}

fn checked(graph: &Subject) -> Check {
    let findings = graph.check().map_err(|error| format!("check: {error}"))?;
    if findings.is_empty() { Ok(()) } else { Err(format!("check finds {findings:?}")) }
}

fn undone_is_as_never_told(facts: &[Fact], random: &mut Random) -> Check {
    let (graph, mut oracle) = (new_graph()?, Oracle::new());
    for facts in commits(facts, random) {
        let steps = with_undos(facts, graph.view().seq(), random);
        commit(&graph, &mut oracle, steps)?;
        let seq = graph.view().seq();
        equal(&format!("after commit {seq}"), "engine", &dump(&graph.view()), "oracle", &oracle.resolve())?;
    }
    for when in [When::Ever, When::Open] {
        agree(&graph.view(), &oracle, when)?;
    }
    let marks = oracle.marks();
    for (key, value) in &marks {
        if graph.view().mark(key).map_err(|error| error.to_string())?.as_ref() != Some(value) {
            return Err(format!("the mark {key} is not {value}"));
        }
    }
    checked(&graph)?;
    for _ in 0..2 {
        let Some(until) = facts.get(random.below(facts.len().max(1))).map(|fact| fact.at) else { break };
        let past = graph.view().observed_until(until).map_err(|error| error.to_string())?;
        equal(&format!("until {until:?}"), "past", &dump(&past), "oracle", &oracle.observed_until(until))?;
    }
    let again = told_again(&graph)?;
    equal("told again", "again", &dump(&again.view()), "oracle", &oracle.resolve())?;
    agree(&again.view(), &oracle, When::Open)?;
    if lines(&told_again(&again)?) == lines(&again) {
        Ok(())
    } else {
        Err("told twice: other facts".to_owned())
    }
}

#[test]
pub(super) fn what_an_undone_commit_told_is_as_never_told_but_for_lone_ids() {
    for flavour in [Flavour::Commuting, Flavour::Kept, Flavour::EntityErasure] {
        report(campaign("undo", flavour, SMALL, undone_is_as_never_told));
    }
}

#[test]
pub(super) fn what_lacks_a_unionid_is_told_without_what_was_undone() {
    report(campaign("unresolved, undone", Flavour::Kept, SMALL, |facts, random| {
        let facts = without_topology(facts);
        let (graph, mut oracle) = (new_graph()?, Oracle::new());
        for facts in commits(&facts, random) {
            let steps = with_undos(facts, graph.view().seq(), random);
            commit(&graph, &mut oracle, steps)?;
        }
        unresolved::agrees(&graph, &oracle, &facts, random)
    }));
}

/// A graph with aliases is not told again by its facts; all else holds.
#[test]
pub(super) fn an_alias_that_is_undone_means_nothing() {
    report(campaign("undo, aliases", Flavour::Aliases, SMALL, |facts, random| {
        let is_kept = |fact: &&Fact| !matches!(fact.op, Op::Erase { .. });
        let (graph, mut oracle) = (new_graph()?, Oracle::new());
        for facts in commits(&facts.iter().filter(is_kept).cloned().collect::<Vec<_>>(), random) {
            let steps = with_undos(facts, graph.view().seq(), random);
            commit(&graph, &mut oracle, steps)?;
            let seq = graph.view().seq();
            equal(
                &format!("after commit {seq}"),
                "engine",
                &dump(&graph.view()),
                "oracle",
                &oracle.resolve(),
            )?;
        }
        Ok(())
    }));
}

#[test]
pub(super) fn an_undo_that_is_undone_is_as_never_done() {
    for flavour in [Flavour::Commuting, Flavour::Kept] {
        report(campaign("undo of an undo", flavour, SMALL, |facts, random| {
            let (graph, never) = (new_graph()?, new_graph()?);
            let mut open: Vec<u64> = Vec::new();
            for commit in commits(facts, random) {
                feed(&graph, &commit)?;
                feed(&never, &commit)?;
                if random.one_in(2) {
                    let seq = 1 + random.below(graph.view().seq() as usize) as u64;
                    if graph.write(NOW, |tx| tx.undo(seq)).is_ok_and(|undone| undone.value) {
                        open.push(graph.view().seq());
                    }
                }
            }
            // The last one first: what an undo undid counts again when its turn comes.
            for seq in open.into_iter().rev() {
                undo(&graph, seq)?;
            }
            equal("never undone", "undone twice", &dump(&graph.view()), "never", &dump(&never.view()))?;
            if numbers(&graph.view()) != numbers(&never.view()) {
                return Err("other numbers".to_owned());
            }
            if lines(&graph) != lines(&never) {
                return Err("other facts".to_owned());
            }
            checked(&graph)
        }));
    }
}

#[test]
pub(super) fn every_answer_as_of_a_commit_is_the_one_of_then_whatever_was_undone() {
    report(campaign("as of, undone", Flavour::Kept, RARE, |facts, random| {
        let is_kept = |fact: &&Fact| !matches!(fact.op, Op::Mark { .. });
        let facts: Vec<Fact> = facts.iter().filter(is_kept).cloned().collect();
        let questions = Questions::about(&facts);
        let (graph, mut oracle) = (new_graph()?, Oracle::new());
        let mut then: BTreeMap<u64, String> = BTreeMap::new();
        for facts in commits(&facts, random) {
            let steps = with_undos(facts, graph.view().seq(), random);
            commit(&graph, &mut oracle, steps)?;
            then.insert(graph.view().seq(), text(questions.all(&graph.view())));
        }
        for (seq, then) in then {
            let past = graph.view().as_of(seq).map_err(|error| format!("as of {seq}: {error}"))?;
            let now = text(questions.all(&past));
            if now != then {
                let lines = now.lines().zip(then.lines()).filter(|(now, then)| now != then);
                let lines = lines.take(6).map(|(now, then)| format!("  past: {now}\n  then: {then}\n"));
                return Err(format!("as of {seq}:\n{}", lines.collect::<String>()));
            }
        }
        Ok(())
    }));
}

/// The ids of an id's entity.
fn entity_in(view: &impl Read, id: &Id) -> Result<BTreeSet<Id>, String> {
    let entity = view.resolve(id).map_err(|error| error.to_string())?;
    Ok(entity.map_or_else(Vec::new, |entity| entity.members).into_iter().map(|member| member.id).collect())
}

#[test]
pub(super) fn history_and_feed_tell_what_undos_changed() {
    report(campaign("history and feed, undone", Flavour::Kept, SMALL, |facts, random| {
        // Who was restricted then says nothing of whose entity it was.
        let told = |fact: &&Fact| !matches!(fact.op, Op::Mark { .. } | Op::Restrict { .. });
        let facts: Vec<Fact> = facts.iter().filter(told).cloned().collect();
        let (graph, mut oracle, mut mirror) = (new_graph()?, Oracle::new(), Mirror::default());
        let mut views = Vec::new();
        for facts in commits(&facts, random) {
            let (steps, before) = (with_undos(facts, graph.view().seq(), random), graph.view().seq());
            commit(&graph, &mut oracle, steps)?;
            for record in graph.changes(before + 1).map_err(|error| format!("changes: {error}"))? {
                mirror.follow(&record.map_err(|error| error.to_string())?.changes)?;
            }
            mirror.shows(&graph.view())?;
            views.push(graph.view());
        }
        for id in facts.iter().flat_map(|fact| fact.op.ids()).collect::<BTreeSet<_>>() {
            let (mut expected, mut before) = (Vec::new(), BTreeSet::new());
            for view in &views {
                let after = entity_in(view, id)?;
                if after != before {
                    expected.push((view.seq(), after.iter().cloned().collect::<Vec<Id>>()));
                }
                before = after;
            }
            let steps = graph.view().history(id).map_err(|error| error.to_string())?;
            if steps.iter().any(|step| step.because.is_empty()) {
                return Err(format!("a step of {id} without a reason: {steps:?}"));
            }
            let steps = steps.into_iter().filter(|step| !step.joined.is_empty() || !step.left.is_empty());
            let found: Vec<(u64, Vec<Id>)> = steps.map(|step| (step.seq, step.ids)).collect();
            if found != expected {
                return Err(format!("the history of {id} is {found:?}, and was {expected:?}"));
            }
        }
        Ok(())
    }));
}

#[test]
pub(super) fn what_was_undone_counts_when_it_is_told_again() {
    report(campaign("told after an undo", Flavour::Kept, SMALL, |facts, random| {
        let graph = new_graph()?;
        for commit in commits(facts, random) {
            feed(&graph, &commit)?;
        }
        let mut seqs: Vec<u64> = (1..=graph.view().seq()).collect();
        random.shuffle(&mut seqs);
        if random.one_in(2) {
            graph
                .write(NOW, |tx| seqs.iter().try_for_each(|seq| tx.undo(*seq).map(drop)))
                .map_err(|e| e.to_string())?;
        } else {
            for seq in &seqs {
                undo(&graph, *seq)?;
            }
        }
        let nothing = dump(&graph.view());
        if !nothing.edges.is_empty() || nothing.entities.iter().any(|entity| entity.ids.len() > 1) {
            return Err(format!("left of what was undone: {nothing:?}"));
        }
        if undo(&graph, seqs.first().copied().unwrap_or(0)).unwrap_or(false) {
            return Err("undone twice".to_owned());
        }
        feed(&graph, facts)?;
        equal("told again", "engine", &dump(&graph.view()), "oracle", &told_oracle(facts))?;
        equal("its facts", "engine", &dump(&told_again(&graph)?.view()), "oracle", &told_oracle(facts))
    }));
}

#[test]
pub(super) fn graphs_with_undos_merge_either_way() {
    report(campaign("merge, undone", Flavour::Kept, RARE, |facts, random| {
        let mut sides = Vec::new();
        for _ in 0..2 {
            let (graph, twin) = (new_graph()?, new_graph()?);
            let kept: Vec<Fact> = facts.iter().filter(|_| !random.one_in(3)).cloned().collect();
            for facts in commits(&kept, random) {
                feed(&graph, &facts)?;
                feed(&twin, &facts)?;
                if random.one_in(2) {
                    let seq = 1 + random.below(graph.view().seq() as usize) as u64;
                    undo(&graph, seq)?;
                    undo(&twin, seq)?;
                }
            }
            sides.push((graph, twin));
        }
        let [(x, x2), (y, y2)] = &sides[..] else { return Err("two sides".to_owned()) };
        let merge = |into: &Subject, from: &Subject| {
            into.merge_from(from, 5).map_err(|error| format!("merge: {error}"))
        };
        merge(x, y)?;
        merge(y2, x2)?;
        equal("merged", "mine with yours", &dump(&x.view()), "yours with mine", &dump(&y2.view()))?;
        checked(x)
    }));
}

const OPENID: &str = "openid:wx00000000000000a1:oA1bcdefgh";
const UNIONID: &str = "unionid:shop:uA1bcdefgh";
const AT: i64 = 1_717_200_000_000;

fn fact(line: &str) -> Fact {
    ndjson::parse(line, 1, &idweave::model::Placeholders::default()).unwrap()
}

fn link(source: &str, more: &str) -> Fact {
    fact(&format!(r#"{{"op":"link","a":"{OPENID}","b":"{UNIONID}","source":"{source}","at":{AT}{more}}}"#))
}

fn are_one(graph: &Subject) -> bool {
    entity_in(&graph.view(), &OPENID.parse().unwrap()).unwrap().len() == 2
}

#[test]
pub(super) fn of_an_evidence_told_twice_the_telling_that_counts_says_how_strong_it_is() {
    let graph = new_graph().unwrap();
    feed(&graph, &[link("app.login", r#","strength":"hint""#)]).unwrap();
    feed(&graph, &[link("app.login", r#","strength":"platform""#)]).unwrap();
    assert!(are_one(&graph));
    assert!(undo(&graph, 2).unwrap());
    assert!(!are_one(&graph));
    let explained = graph.view().explain(&OPENID.parse().unwrap(), &UNIONID.parse().unwrap()).unwrap();
    let told: Vec<_> =
        explained.steps[0].evidence.iter().map(|e| (e.strength.name(), e.recorded_seq, e.stands)).collect();
    assert_eq!(told, [("hint", 1, true)]);
    assert!(undo(&graph, 1).unwrap());
    assert_eq!(dump(&graph.view()).edges.len(), 0);
    // The first undo is undone: the strong telling counts, the weak one does not.
    assert!(undo(&graph, 3).unwrap());
    assert!(are_one(&graph));
}

#[test]
pub(super) fn a_restriction_and_a_retraction_are_undone_as_all_else() {
    let graph = new_graph().unwrap();
    let id: Id = OPENID.parse().unwrap();
    feed(&graph, &[link("app.login", r#","batch":"b1""#)]).unwrap();
    feed(&graph, &[last(Op::Restrict { id: id.clone(), reason: "asked".to_owned() })]).unwrap();
    assert!(graph.view().resolve(&id).unwrap().is_none());
    assert!(undo(&graph, 2).unwrap());
    assert!(graph.view().resolve(&id).unwrap().is_some());
    assert_eq!(graph.view().audits().unwrap().len(), 1);
    feed(&graph, &[last(Op::Retract(Selector::Batch("b1".to_owned())))]).unwrap();
    assert!(!are_one(&graph));
    assert!(undo(&graph, 4).unwrap());
    assert!(are_one(&graph));
}

#[test]
pub(super) fn what_cannot_be_undone_is_refused_and_leaves_no_trace() {
    let graph = new_graph().unwrap();
    feed(&graph, &[link("app.login", "")]).unwrap();
    let erase = Op::Erase {
        id: UNIONID.parse().unwrap(),
        reach: idweave::model::Reach::Id,
        reason: "asked".to_owned(),
        sticky: false,
    };
    feed(&graph, &[last(erase)]).unwrap();
    let before = graph.view().seq();
    for seq in [0, 3, u64::MAX] {
        let refused = graph.write(NOW, |tx| tx.undo(seq));
        assert!(matches!(refused, Err(Error::NoSuchCommit { last: 2 })), "{refused:?}");
    }
    let refused = graph.write(NOW, |tx| tx.undo(2));
    assert!(matches!(refused, Err(Error::NotUndone { .. })), "{refused:?}");
    assert_eq!(graph.view().seq(), before);
    assert!(undo(&graph, 1).unwrap());
    assert!(!undo(&graph, 1).unwrap());
    assert_eq!(graph.view().seq(), before + 1);
}

#[test]
pub(super) fn facts_are_told_of_undone_ones_with_a_batch_that_is_retracted() {
    let graph = new_graph().unwrap();
    // Somebody speaks in a batch of that name.
    feed(&graph, &[link("app.login", ""), link("mp.user_info", r#","batch":"undone.1""#)]).unwrap();
    feed(&graph, &[link("mini.code2session", r#","batch":"undone.1""#)]).unwrap();
    assert!(undo(&graph, 1).unwrap());
    assert!(are_one(&graph));
    let again = told_again(&graph).unwrap();
    assert_eq!(dump(&again.view()), dump(&graph.view()));
    let labels = lines(&graph).into_iter().filter(|line| line.contains(r#""undone.1.""#)).count();
    assert_eq!(labels, 3, "{:?}", lines(&graph));
    assert!(fed(&[link("app.login", "")]).is_ok_and(|graph| are_one(&graph)));
    assert!(graph.view().as_of_time(Time::from_ms(0)).is_ok());
}

#[test]
pub(super) fn a_negative_answer_that_is_undone_is_not_given() {
    let graph = new_graph().unwrap();
    let (id, unionid) = (OPENID.parse().unwrap(), "unionid:shop".parse().unwrap());
    feed(&graph, &[link("app.login", r#","strength":"hint""#)]).unwrap();
    let absent = Op::Absent { id, target: unionid, source: "mp.user_info".to_owned() };
    feed(&graph, &[last(absent.clone())]).unwrap();
    let answer =
        || graph.view().translate(&OPENID.parse().unwrap(), &"unionid:shop".parse().unwrap(), NOW).unwrap();
    assert!(matches!(answer(), Translation::Absent { .. }));
    assert!(undo(&graph, 2).unwrap());
    assert!(!matches!(answer(), Translation::Absent { .. }));
    assert_eq!(feed(&graph, &[last(absent)]).unwrap(), [Told::New]);
    assert!(matches!(answer(), Translation::Absent { .. }));
}

#[test]
pub(super) fn an_erasure_keeps_every_telling_of_what_is_newer_than_it() {
    let graph = new_graph().unwrap();
    feed(&graph, &[link("app.login", "")]).unwrap();
    assert!(undo(&graph, 1).unwrap());
    feed(&graph, &[link("app.login", "")]).unwrap();
    // Two tellings count now, and say the same.
    assert!(undo(&graph, 2).unwrap());
    let before = |op: Op, ms: i64| Fact { at: Time::from_ms(AT - ms), batch: None, op };
    let block = Op::Block { id: OPENID.parse().unwrap(), reason: "r".to_owned(), actor: "a".to_owned() };
    feed(&graph, &[before(block, 2)]).unwrap();
    assert!(!are_one(&graph));
    let (id, reason) = (OPENID.parse().unwrap(), "asked".to_owned());
    let erase = Op::Erase { id, reach: idweave::model::Reach::Id, reason, sticky: false };
    feed(&graph, &[before(erase, 1)]).unwrap();
    assert!(are_one(&graph));
    assert!(undo(&graph, 1).unwrap());
    assert!(are_one(&graph));
    assert!(undo(&graph, 3).unwrap());
    assert!(!are_one(&graph));
}

#[test]
pub(super) fn a_snapshot_knows_what_was_undone() {
    let place = tempfile::tempdir().unwrap();
    let graph = new_graph().unwrap();
    feed(&graph, &[link("app.login", "")]).unwrap();
    assert!(undo(&graph, 1).unwrap());
    let is_simulated = graph.vfs().exists(sim_dir()).unwrap();
    let path = if is_simulated { "/snapshot".into() } else { place.path().join("snapshot") };
    graph.snapshot(&path).unwrap();
    let snapshot = Snapshot::open_on(&*graph.vfs(), &path, ReadMode::default()).unwrap();
    assert_eq!(dump(&snapshot), dump(&graph.view()));
    assert!(!dump(&snapshot.as_of(1).unwrap()).edges.is_empty());
}
