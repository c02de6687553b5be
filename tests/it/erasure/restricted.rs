//! Restricted ids are in no answer but the operator's: dumps, exports and the audit trail.

use std::collections::BTreeSet;

use idweave::model::{Direction, RelationKind, When};
use idweave::{AskAgain, EntityId, Fact, Graph, Id, KindScope, Op, Read};

use crate::laws::campaign::{Sizes, campaign, report};
use crate::laws::engine::fed;
use crate::support::generate::{Flavour, NOW, Random};
use crate::support::oracle::Oracle;

const SIZES: Sizes = Sizes { least: 10, most: 50, one_in: 4 };

/// Everything that the verbs answer of these ids, as text in which an id shows as its keyed hash.
fn answers(view: &impl Read, facts: &[Fact], entities: u64) -> Vec<String> {
    let ids: BTreeSet<&Id> = facts.iter().flat_map(|fact| fact.op.ids()).collect();
    let spaces: BTreeSet<KindScope> = ids.iter().filter_map(|id| id.kind_scope().ok()).collect();
    let kinds: BTreeSet<RelationKind> = facts
        .iter()
        .filter_map(|fact| match &fact.op {
            Op::Relate { kind, .. } => Some(kind.clone()),
            _ => None,
        })
        .collect();
    let mut told: Vec<String> = Vec::new();
    for number in 0..entities {
        told.push(format!("entity {:?}", view.entity(EntityId(number)).unwrap()));
    }
    for id in &ids {
        told.push(format!("resolve {:?}", view.resolve(id).unwrap()));
        told.push(format!("person {:?}", view.person(id).unwrap()));
        told.push(format!("suggestions {:?}", view.suggestions(id).unwrap()));
        // The id that was asked about is no answer.
        let around = view.surroundings(id, NOW).unwrap();
        let others: Vec<_> = around.members.iter().filter(|known| known.id != around.id).collect();
        told.push(format!(
            "surroundings {others:?} {:?} {:?} {:?}",
            around.provisional, around.ties, around.absents
        ));
        for space in &spaces {
            told.push(format!("translate {:?}", view.translate(id, space, NOW).unwrap()));
            told.push(format!("contacts {:?}", view.contacts_of(id, space.scope()).unwrap()));
        }
        for kind in &kinds {
            for direction in [Direction::Out, Direction::In] {
                let found: Vec<_> =
                    view.neighbors(id, kind, direction, When::Ever).map(Result::unwrap).collect();
                told.push(format!("neighbors {found:?}"));
            }
        }
        told.push(format!("history {:?}", view.history(id).unwrap()));
        for other in ids.iter().take(12) {
            told.push(format!("explain {:?}", view.explain(id, other).unwrap()));
        }
    }
    for space in &spaces {
        told.push(format!("unresolved {:?}", view.unresolved(space, &AskAgain::at(NOW)).unwrap()));
        told.extend(view.ids_in(space).map(|id| format!("ids {:?}", id.unwrap())));
    }
    told.extend(view.conflicts().map(|conflict| format!("conflict {:?}", conflict.unwrap())));
    told
}

fn restricts_hold(facts: &[Fact], random: &mut Random) -> Result<(), String> {
    let mut facts = facts.to_vec();
    // Streams restrict few ids: some more, of those that are there.
    let ids: Vec<Id> = facts.iter().flat_map(|fact| fact.op.ids()).cloned().collect();
    for id in ids.iter().filter(|_| random.one_in(6)) {
        facts.push(Fact {
            at: NOW,
            batch: None,
            op: Op::Restrict { id: id.clone(), reason: "asked".to_owned() },
        });
    }
    let graph = fed(&facts)?;
    let mut oracle = Oracle::new();
    oracle.commit(&facts);
    let restricted: BTreeSet<String> = oracle.restricted();
    let shown: Vec<String> = restricted.iter().map(|id| format!("{:?}", id.parse::<Id>().unwrap())).collect();
    let view = graph.view();
    let entities = view.stats().unwrap().ids + view.stats().unwrap().erased;
    for answer in answers(&view, &facts, entities) {
        if let Some(id) = shown.iter().find(|id| answer.contains(id.as_str())) {
            return Err(format!("{id} is restricted: {answer}"));
        }
    }
    Ok(())
}

#[test]
fn a_restricted_id_is_in_no_answer_of_any_verb() {
    for flavour in [Flavour::Commuting, Flavour::Kept] {
        report(campaign("restricted", flavour, SIZES, restricts_hold));
    }
}

/// The law would notice: an id that is not restricted shows.
#[test]
fn an_id_that_is_not_restricted_is_in_the_answers() {
    let line = r#"{"op":"link","a":"openid:app:shown1","b":"unionid:open:shown1","source":"mp.user_info","at":1735689600000}"#;
    let told = crate::erasure::world::fact(line);
    let graph = Graph::options().in_memory().unwrap();
    graph.apply(NOW, &told).unwrap();
    let shown = format!("{:?}", "openid:app:shown1".parse::<Id>().unwrap());
    let all = answers(&graph.view(), &[told], 2);
    for verb in ["entity", "resolve", "person", "translate", "explain"] {
        assert!(all.iter().any(|answer| answer.starts_with(verb) && answer.contains(&shown)), "{verb}");
    }
}
