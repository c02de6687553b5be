//! ids_in: every id of a space, once, in order of first appearance; restricted ones in none.

use std::collections::{BTreeMap, BTreeSet};

use idweave::model::Placeholders;
use idweave::{Fact, KindScope, Op, Read};

use crate::laws::campaign::{campaign, report};
use crate::laws::engine::{feed, new_graph};
use crate::laws::unresolved::without_topology;
use crate::laws::{Check, RARE, SMALL};
use crate::support::generate::{Flavour, Random, commits};
use crate::support::oracle::Oracle;

fn ids_agree(facts: &[Fact], random: &mut Random) -> Check {
    let facts = without_topology(facts);
    let (graph, mut oracle) = (new_graph()?, Oracle::new());
    for commit in commits(&facts, random) {
        feed(&graph, &commit)?;
        oracle.commit(&commit);
    }
    let view = graph.view();
    let ids = facts.iter().flat_map(|fact| fact.op.ids());
    let mut spaces: BTreeSet<KindScope> = ids.filter_map(|id| id.kind_scope().ok()).collect();
    spaces.insert("openid:nowhere".parse().map_err(|_| "no space".to_owned())?);
    let state = oracle.state();
    for space in spaces {
        let found: Result<Vec<_>, _> = view.ids_in(&space).collect();
        let found: Vec<String> = found.map_err(|error| error.to_string())?.iter().map(show).collect();
        let told = state.ids.iter().filter(|id| id.space() == space.as_str());
        let expected: BTreeSet<String> =
            told.filter(|id| !state.restricted.contains(id)).map(ToString::to_string).collect();
        let sorted: BTreeSet<String> = found.iter().cloned().collect();
        if sorted != expected || sorted.len() != found.len() {
            return Err(format!("{space}:\nengine {found:?}\noracle {expected:?}"));
        }
        let mut numbered = Vec::new();
        for entity in view.members() {
            let entity = entity.map_err(|error| error.to_string())?;
            let of_space = entity.ids.into_iter().filter(|one| one.id.space() == space.as_str());
            numbered.extend(of_space.filter(|one| !one.restricted).map(|one| (one.number, show(&one.id))));
        }
        numbered.sort_unstable();
        if numbered.iter().map(|(_, id)| id).ne(found.iter()) {
            return Err(format!("{space}: {found:?} is not the order of {numbered:?}"));
        }
    }
    Ok(())
}

/// The ids of a space by looking at all there are.
fn by_looking_at_all(read: &impl Read, space: &str) -> idweave::Result<Vec<String>> {
    let mut numbered = Vec::new();
    for entity in read.members() {
        numbered.extend(entity?.ids.into_iter().filter(|one| one.id.space() == space));
    }
    numbered.sort_unstable_by_key(|one| one.number);
    let mut answered = Vec::new();
    for one in numbered {
        // Whether it may be answered at all.
        answered.extend(read.resolve(&one.id)?.map(|_| show(&one.id)));
    }
    Ok(answered)
}

/// What the ids of spaces are, given what aliases mean.
fn ids_of_spaces(
    read: &impl Read,
    spaces: &BTreeSet<KindScope>,
    aliases: &BTreeMap<String, String>,
) -> Result<Vec<Vec<String>>, String> {
    let mut all = Vec::new();
    for space in spaces {
        let (corp, view) = space.scope().split_once('@').map_or((space.scope(), ""), |both| both);
        let meant = match aliases.get(corp) {
            Some(key) => space.as_str().replacen(corp, key, 1),
            None => space.as_str().to_owned(),
        };
        let found: Result<Vec<_>, _> = read.ids_in(space).collect();
        let found: Vec<String> = found.map_err(|error| error.to_string())?.iter().map(show).collect();
        let expected = by_looking_at_all(read, &meant).map_err(|error| error.to_string())?;
        if found != expected {
            return Err(format!("{space} ({meant}, {view:?}): {found:?}, not {expected:?}"));
        }
        all.push(found);
    }
    Ok(all)
}

fn ids_agree_whatever_corps_are_called(facts: &[Fact], random: &mut Random) -> Check {
    let is_kept = |fact: &&Fact| !matches!(fact.op, Op::Erase { .. } | Op::Mark { .. });
    let facts: Vec<Fact> = facts.iter().filter(is_kept).cloned().collect();
    let ids = facts.iter().flat_map(|fact| fact.op.ids());
    let spaces: BTreeSet<KindScope> = ids.filter_map(|id| id.kind_scope().ok()).collect();
    let (graph, mut aliases, mut then) = (new_graph()?, BTreeMap::new(), Vec::new());
    for commit in commits(&facts, random) {
        feed(&graph, &commit)?;
        for fact in &commit {
            if let Op::Corp { key, aliases: others, .. } = &fact.op {
                let others = others.iter().filter(|alias| *alias != key);
                aliases.extend(others.map(|alias| (alias.clone(), key.clone())));
            }
        }
        let view = graph.view();
        let live = ids_of_spaces(&view, &spaces, &aliases).map_err(|why| format!("live, {why}"))?;
        then.push((view.seq(), aliases.clone(), live));
    }
    for (seq, aliases, live) in then {
        let past = graph.view().as_of(seq).map_err(|error| error.to_string())?;
        let found = ids_of_spaces(&past, &spaces, &aliases).map_err(|why| format!("as of {seq}, {why}"))?;
        if found != live {
            return Err(format!("as of {seq}: {found:?}, live {live:?}"));
        }
    }
    Ok(())
}

fn show(id: &idweave::Id) -> String {
    id.to_string()
}

#[test]
pub(super) fn the_ids_of_a_space_are_the_oracles_in_order_of_first_appearance() {
    for flavour in [Flavour::Kept, Flavour::Commuting] {
        report(campaign("ids in", flavour, SMALL, ids_agree));
    }
}

#[test]
fn an_alias_of_a_corp_means_its_ids_now_and_of_then() {
    report(campaign("ids in, aliases", Flavour::Aliases, RARE, ids_agree_whatever_corps_are_called));
}

#[test]
fn the_past_looks_at_the_ids_of_the_space_and_at_no_others() {
    let graph = new_graph().unwrap();
    let fact = |line: &str| idweave::ndjson::parse(line, 1, &Placeholders::default()).unwrap();
    let link = |a: &str, b: &str| {
        fact(&format!(
            r#"{{"op":"link","a":"{a}","b":"{b}","source":"mini.code2session","at":1748000000000}}"#
        ))
    };
    let in_space = link("openid:wx00000000000000a1:o1", "unionid:shop:u1");
    let first = [in_space.clone()];
    feed(&graph, &first).unwrap();
    let others: Vec<Fact> = (0..300)
        .map(|number| {
            link(&format!("openid:wx00000000000000a2:o{number}"), &format!("unionid:shop:v{number}"))
        })
        .collect();
    feed(&graph, &others).unwrap();
    let seq = graph.view().seq();
    // What is told since makes today no witness of then.
    let block = r#"{"op":"rules","set":{"hub_limit":7},"at":1748000001000}"#;
    feed(&graph, &[fact(block)]).unwrap();
    let past = graph.view().as_of(seq).unwrap();
    let space: KindScope = "openid:wx00000000000000a1".parse().unwrap();
    assert_eq!(
        past.ids_in(&space).map(|id| show(&id.unwrap())).collect::<Vec<_>>(),
        ["openid:wx00000000000000a1:o1"]
    );
    assert!(past.facts_brought() <= 2, "{} facts were told again", past.facts_brought());
}
