//! check: does the state agree with itself, and with its facts resolved from scratch?

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::answer::EdgeDump;
use crate::engine::apply::perform;
use crate::engine::change::{Change, Door};
use crate::engine::dump::{dump_edges, dump_entity};
use crate::engine::facts::all_facts;
use crate::engine::settle::settle;
use crate::engine::walk::{binds, entity_members, live_pairs, pairs_from};
use crate::error::Result;
use crate::records::{Node, NodeNo, PairKey};
use crate::store::{Draft, Lens, Source, State};

/// Something that does not hold, without naming any id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which invariant.
    pub rule: &'static str,
    /// The node or edge number it was seen at.
    pub at: u64,
}

/// Checks the state's structure and compares it with its facts resolved from scratch.
///
/// # Errors
/// The facts could not be applied again.
pub(crate) fn check(state: &State) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    Lens::on(state).answer(|lens| {
        check_nodes(lens, &mut findings);
        check_pairs(lens, &mut findings);
    })?;
    compare(state, &rebuild(state)?, &mut findings)?;
    Ok(findings)
}

fn check_nodes(state: &Lens<&State>, findings: &mut Vec<Finding>) {
    let mut find = |rule, number: NodeNo| findings.push(Finding { rule, at: u64::from(number) });
    for number in 0..state.number_count() {
        let Some(node) = state.node(number) else { continue };
        if state.number_of(&node.id) != Some(number) {
            find("G1: the index leads from every id to its number", number);
        }
        if node.named == 0 {
            find("N2: a node is named by a fact", number);
        }
        if state.node(node.entity).is_none_or(|root| root.entity != node.entity) {
            find("an entity's number is that of one of its ids", number);
        }
        let is_person = |root: &Node| (root.entity, root.person) == (node.person, node.person);
        if node.entity == number && !state.node(node.person).is_some_and(is_person) {
            find("N4: a person's number is that of one of its entities", number);
        }
        if node.entity == number && entity_members(state, number) != joined_by_bonds(state, number) {
            find("N4: an entity's list is what accepted edges join", number);
        }
        let keys: Vec<(u32, bool)> = node.groups.iter().map(|g| (g.space, g.candidate)).collect();
        if !keys.is_sorted()
            || node.groups.iter().any(|group| group.links.is_empty() && !group.links.lies_below())
        {
            find("N1: a node's groups are sorted and none is empty", number);
        }
        for group in &node.groups {
            if state.links(number, group).count() != group.links.len() {
                find("K2: a list knows how many items it has", number);
            }
            for other in state.links(number, group) {
                let pair = state.pair(PairKey::new(number, other));
                let space = state.node(other).map(|other| other.space);
                if pair.is_none_or(|pair| pair.candidate != group.candidate) || space != Some(group.space) {
                    find("N1: a group holds the node's own pairs", number);
                }
            }
        }
    }
}

/// The ids joined to `start` by edges that 3.7 accepted.
fn joined_by_bonds(state: &Lens<&State>, start: NodeNo) -> Vec<NodeNo> {
    let mut members = BTreeSet::from([start]);
    let mut stack = vec![start];
    while let Some(node) = stack.pop() {
        for (other, pair) in live_pairs(state, node) {
            if state.pair(pair).is_some_and(|pair| pair.edges.iter().any(binds)) && members.insert(other) {
                stack.push(other);
            }
        }
    }
    members.into_iter().collect()
}

fn check_pairs(state: &Lens<&State>, findings: &mut Vec<Finding>) {
    for key in (0..state.number_count()).flat_map(|number| pairs_from(state, number)) {
        let Some(pair) = state.pair(key) else { continue };
        let mut find = |rule| findings.push(Finding { rule, at: u64::from(key.a) });
        if pair.a >= pair.b || pair.key() != key {
            find("N3: a pair is found between its ends");
        }
        if pair.edges.is_empty() || pair.edges.iter().any(|edge| edge.evidence.is_empty()) {
            find("an edge has evidence");
        }
    }
}

/// The same facts, resolved from scratch.
fn rebuild(state: &State) -> Result<Draft> {
    let mut change = Change::begin(State::default(), state.recorded_at, [0; 32], Door::default());
    for fact in all_facts(state) {
        perform(&mut change, &fact?)?;
    }
    settle(&mut change)?;
    Ok(change.state)
}

/// Edges by what identifies them.
fn edges_of(state: &State) -> Result<BTreeMap<(String, String, &'static str), EdgeDump>> {
    let key = |edge: &EdgeDump| (edge.a.to_string(), edge.b.to_string(), edge.kind.name());
    dump_edges(state).map(|edge| edge.map(|edge| (key(&edge), edge))).collect()
}

fn compare(state: &State, scratch: &Draft, findings: &mut Vec<Finding>) -> Result<()> {
    if edges_of(state)? != edges_of(scratch.state())? {
        findings.push(Finding { rule: "L1: every edge is resolved as from scratch", at: 0 });
    }
    if state.live_nodes != scratch.live_nodes {
        findings.push(Finding { rule: "N2: the ids are those that facts name", at: 0 });
    }
    for number in 0..state.number_count {
        let Some(ours) = Lens::on(state).answer(|lens| dump_entity(lens, number))? else { continue };
        let theirs = ours.ids.first().and_then(|id| scratch.number_of(id));
        let theirs = theirs.and_then(|node| scratch.node(node).map(|node| node.entity));
        let theirs = theirs.and_then(|root| dump_entity(scratch, root));
        if theirs.is_none_or(|theirs| (theirs.ids, theirs.superseded) != (ours.ids, ours.superseded)) {
            findings.push(Finding {
                rule: "L1: every entity is resolved as from scratch",
                at: u64::from(number),
            });
        }
    }
    Ok(())
}
