//! explain: by which chain of evidence two ids are the same, or why they are not.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::engine::answer::{Explanation, Step, Verdict};
use crate::engine::decisions::{Decision, about_id, about_pair};
use crate::engine::dump::dump_edge;
use crate::engine::reading::{answerable_edge, evidence_of, restricted_free};
use crate::engine::resolve::{answerable, same};
use crate::engine::retract::stands;
use crate::engine::walk::{all_pairs, binds, entity_members, live_pairs};
use crate::model::Id;
use crate::records::{Edge, NodeNo, Pair, PairKey, Phase};
use crate::resolve::Status;
use crate::store::Source;

/// Most ids looked at in search of a way; past it the answer says that it is not complete.
const SEARCH_IDS_MAX: usize = 200_000;

/// Explains why two ids are, or are not, the same.
pub(crate) fn explain(source: &impl Source, a: &Id, b: &Id) -> Explanation {
    let verdict = same(source, a, b);
    let (Some(from), Some(to)) = (answerable(source, a), answerable(source, b)) else {
        return Explanation {
            verdict: Verdict::Unknown,
            steps: Vec::new(),
            bans: Vec::new(),
            decisions: Vec::new(),
            complete: true,
        };
    };
    let within = verdict == Verdict::SameEntity;
    let (way, complete) = search(source, from, to, within);
    let complete = complete && !(within && way.is_empty() && from != to);
    let steps: Vec<Step> = way.into_iter().filter_map(|(node, pair)| step(source, node, pair)).collect();
    let bans = if verdict == Verdict::SameEntity { Vec::new() } else { bans_between(source, from, to) };
    let decisions = decisions_on(source, (from, to), &steps, &bans);
    Explanation { verdict, steps, bans, decisions, complete }
}

/// What people decided about the two ids, about each step of the way and its ids, and the bans between the sides.
fn decisions_on(
    source: &impl Source,
    (from, to): (NodeNo, NodeNo),
    steps: &[Step],
    bans: &[(Id, Id)],
) -> Vec<Decision> {
    let (Some(from), Some(to)) = (source.node(from), source.node(to)) else { return Vec::new() };
    let in_order = |a: &Id, b: &Id| if a < b { (a.clone(), b.clone()) } else { (b.clone(), a.clone()) };
    let mut pairs = BTreeSet::from([in_order(&from.id, &to.id)]);
    let mut ids = BTreeSet::from([&from.id, &to.id]);
    for Step { from, to, .. } in steps {
        pairs.insert(in_order(from, to));
        ids.extend([from, to]);
    }
    pairs.extend(bans.iter().map(|(a, b)| in_order(a, b)));
    let about_pairs = pairs.iter().filter(|(a, b)| a != b).flat_map(|(a, b)| about_pair(source, a, b));
    about_pairs.chain(ids.into_iter().flat_map(|id| about_id(source, id))).collect()
}

/// The edge of a pair that speaks most for joining its ends: accepted, then strongest.
fn best_edge(pair: &Pair) -> Option<&Edge> {
    let told = pair.edges.iter().filter(|edge| edge.state.phase != Phase::Silent);
    told.max_by_key(|edge| (binds(edge), edge.state.status == Status::Accepted, edge.state.force.strength))
}

/// The way with the fewest rejected edges (`within` an entity: of edges that bind it), as (node, pair to the next node); and whether the search ended.
fn search(source: &impl Source, from: NodeNo, to: NodeNo, within: bool) -> (Vec<(NodeNo, PairKey)>, bool) {
    let mut came: BTreeMap<NodeNo, (u32, Option<(NodeNo, PairKey)>)> = BTreeMap::from([(from, (0, None))]);
    let mut queue = VecDeque::from([(from, 0_u32)]);
    while let Some((node, cost)) = queue.pop_front() {
        if node == to {
            break;
        }
        if came.get(&node).is_some_and(|(known, _)| *known < cost) {
            continue;
        }
        if came.len() > SEARCH_IDS_MAX {
            return (Vec::new(), false);
        }
        let pairs = if within { live_pairs(source, node) } else { all_pairs(source, node) };
        for (other, number) in pairs {
            let Some(pair) = source.pair(number) else { continue };
            if within && !pair.edges.iter().any(binds) {
                continue;
            }
            if other != to && source.node(other).is_none_or(|node| !restricted_free(node)) {
                continue;
            }
            let Some(edge) = best_edge(pair) else { continue };
            let rejected = edge.state.status != Status::Accepted;
            let total = cost + u32::from(rejected);
            if came.get(&other).is_none_or(|(known, _)| *known > total) {
                came.insert(other, (total, Some((node, number))));
                if rejected {
                    queue.push_back((other, total));
                } else {
                    queue.push_front((other, total));
                }
            }
        }
    }
    let mut way = Vec::new();
    let mut at = to;
    while let Some((_, Some((before, pair)))) = came.get(&at) {
        way.push((*before, *pair));
        at = *before;
    }
    way.reverse();
    (way, true)
}

fn step(source: &impl Source, from: NodeNo, number: PairKey) -> Option<Step> {
    let pair = source.pair(number)?;
    let edge = best_edge(pair)?;
    let (a, b) = (source.node(pair.a)?, source.node(pair.b)?);
    let other = source.node(pair.other(from))?;
    Some(Step {
        from: source.node(from)?.id.clone(),
        to: other.id.clone(),
        edge: answerable_edge(source, dump_edge(source, pair, edge)?),
        evidence: evidence_of(source, edge, |evidence| stands(source, a, b, evidence)),
    })
}

fn bans_between(source: &impl Source, from: NodeNo, to: NodeNo) -> Vec<(Id, Id)> {
    let others = entity_members(source, to);
    let mut bans = Vec::new();
    for member in entity_members(source, from) {
        let Some(node) = source.node(member) else { continue };
        for banned in node.bans.iter().filter(|banned| others.contains(banned) && restricted_free(node)) {
            let other = source.node(*banned).filter(|other| restricted_free(other));
            bans.extend(other.map(|other| (node.id.clone(), other.id.clone())));
        }
    }
    bans
}
