//! A commit on OverGraph: its transactions read their own nodes but do not traverse, so the entities that a
//! commit touches are fetched first, in batches, and united here before the edges are written.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use hashbrown::{HashMap, HashSet};
use overgraph::{DatabaseEngine, NodeKeyQuery, PropValue, TxnIntent, UpsertEdgeOptions};

use crate::data::{Fact, Id};
use crate::overgraph::{HOPS, evidence, labelled, new_node, node_ref, query, space_of};

pub const SAME: &str = "SAME";
pub const CONFLICT: &str = "CONFLICT";
pub const RETRACTED: &str = "RETRACTED";

type Props = BTreeMap<String, PropValue>;

/// An id in work.
struct End {
    id: Id,
    node: Option<u64>,
    /// Its group.
    group: usize,
}

/// The facts of a commit, their ids, and the entities around them.
pub struct Work<'a> {
    facts: &'a [Fact],
    ends: Vec<End>,
    places: HashMap<(u8, &'a str), usize>,
    /// Which spaces a group holds, as bits; a group that was joined to another leads to it.
    groups: Vec<Group>,
}

#[derive(Clone, Copy)]
struct Group {
    spaces: u8,
    leads_to: Option<usize>,
}

impl<'a> Work<'a> {
    /// Looks all ids of a commit up, and the entities of those that are known.
    pub fn begin(db: &DatabaseEngine, facts: &'a [Fact]) -> Result<Work<'a>> {
        let mut work = Work { facts, ends: Vec::new(), places: HashMap::new(), groups: Vec::new() };
        for id in facts.iter().flat_map(|fact| [&fact.a, &fact.b]) {
            work.places.entry((id.space as u8, &id.value)).or_insert_with(|| {
                work.ends.push(End { id: id.clone(), node: None, group: 0 });
                work.ends.len() - 1
            });
        }
        let queries: Vec<NodeKeyQuery> = work.ends.iter().map(|end| query(&end.id)).collect();
        for (end, node) in work.ends.iter_mut().zip(db.get_nodes_by_keys(&queries)?) {
            end.node = node.map(|node| node.id);
        }
        work.gather(db)?;
        Ok(work)
    }

    /// Groups: walks out from all known ids at once, a hop at a time.
    fn gather(&mut self, db: &DatabaseEngine) -> Result<()> {
        let mut group_of: HashMap<u64, usize> = HashMap::new();
        let mut frontier = Vec::new();
        for end in &mut self.ends {
            end.group = self.groups.len();
            self.groups.push(Group { spaces: 1 << end.id.space as u8, leads_to: None });
            if let Some(node) = end.node {
                group_of.insert(node, end.group);
                frontier.push(node);
            }
        }
        let mut reached: HashSet<u64> = HashSet::new();
        for _ in 0..HOPS {
            if frontier.is_empty() {
                break;
            }
            let mut next = Vec::new();
            for (node, links) in db.neighbors_batch(&frontier, &labelled(SAME))? {
                let ours = *group_of.get(&node).context("a node of the frontier has a group")?;
                for link in links {
                    match group_of.get(&link.node_id) {
                        Some(theirs) => join(&mut self.groups, ours, *theirs),
                        None => {
                            group_of.insert(link.node_id, ours);
                            reached.insert(link.node_id);
                            next.push(link.node_id);
                        }
                    }
                }
            }
            frontier = next;
        }
        let reached: Vec<u64> = reached.into_iter().collect();
        for node in db.get_nodes(&reached)?.into_iter().flatten() {
            let group = find(&self.groups, group_of[&node.id]);
            for space in node.labels.iter().filter_map(|label| space_of(label)) {
                self.groups[group].spaces |= 1 << space as u8;
            }
        }
        Ok(())
    }

    /// What to write, and how many facts are new.
    pub fn intents(mut self, db: &DatabaseEngine) -> Result<(Vec<TxnIntent>, u64)> {
        let mut edges: BTreeMap<(usize, usize, &str), Props> = BTreeMap::new();
        let mut new = 0;
        for fact in self.facts {
            let (a, b) = (self.place(&fact.a)?, self.place(&fact.b)?);
            let says = evidence(fact);
            let told: Vec<(&str, Props)> = match (self.ends[a].node, self.ends[b].node) {
                (Some(a), Some(b)) => stored(db, a, b)?,
                _ => Vec::new(),
            };
            let earlier = edges.range((a, b, "")..=(a, b, "~")).flat_map(|(_, props)| props.values());
            if told.iter().flat_map(|(_, props)| props.values()).chain(earlier).any(|told| *told == says) {
                continue;
            }
            new += 1;
            let (ours, theirs) = (self.group(a), self.group(b));
            let clash = ours != theirs && self.groups[ours].spaces & self.groups[theirs].spaces != 0;
            let label = if clash { CONFLICT } else { SAME };
            if !clash {
                join(&mut self.groups, ours, theirs);
            }
            let props = edges.entry((a, b, label)).or_insert_with(|| {
                told.into_iter().find(|(told, _)| *told == label).map(|(_, props)| props).unwrap_or_default()
            });
            props.insert(format!("e{}", props.len()), says);
        }
        let new_nodes = self.ends.iter().filter(|end| end.node.is_none()).map(|end| new_node(&end.id));
        let new_edges = edges.into_iter().map(|((a, b, label), props)| TxnIntent::UpsertEdge {
            alias: None,
            from: node_ref(&self.ends[a].id),
            to: node_ref(&self.ends[b].id),
            label: label.to_owned(),
            options: UpsertEdgeOptions { props, ..UpsertEdgeOptions::default() },
        });
        Ok((new_nodes.chain(new_edges).collect(), new))
    }

    fn place(&self, id: &Id) -> Result<usize> {
        self.places.get(&(id.space as u8, id.value.as_str())).copied().context("an id of the commit")
    }

    fn group(&self, end: usize) -> usize {
        find(&self.groups, self.ends[end].group)
    }
}

/// What is told of an edge already.
fn stored(db: &DatabaseEngine, a: u64, b: u64) -> Result<Vec<(&'static str, Props)>> {
    let mut told = Vec::new();
    for label in [SAME, CONFLICT, RETRACTED] {
        if let Some(edge) = db.get_edge_by_triple(a, b, label)? {
            told.push((label, edge.props));
        }
    }
    Ok(told)
}

fn find(groups: &[Group], mut group: usize) -> usize {
    while let Some(next) = groups[group].leads_to {
        group = next;
    }
    group
}

fn join(groups: &mut [Group], one: usize, other: usize) {
    let (one, other) = (find(groups, one), find(groups, other));
    if one != other {
        groups[one].spaces |= groups[other].spaces;
        groups[other].leads_to = Some(one);
    }
}
