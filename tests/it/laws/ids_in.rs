//! ids_in: every id of a space, once, in order of first appearance; restricted ones in none.

use std::collections::BTreeSet;

use idweave::{Fact, KindScope, Read};

use crate::laws::campaign::{campaign, report};
use crate::laws::engine::{feed, new_graph};
use crate::laws::unresolved::without_topology;
use crate::laws::{Check, SMALL};
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

fn show(id: &idweave::Id) -> String {
    id.to_string()
}

#[test]
pub(super) fn the_ids_of_a_space_are_the_oracles_in_order_of_first_appearance() {
    for flavour in [Flavour::Kept, Flavour::Commuting] {
        report(campaign("ids in", flavour, SMALL, ids_agree));
    }
}
