//! The job on OverGraph, as a graph: an id is a node under the label of its kind and scope, what links two
//! ids is an edge with its evidence, and an entity is what a traversal reaches.
//!
//! A link that would break the limit is an edge of another label, which no traversal follows. Nothing is
//! deleted but when a link is taken back: reading neighbours walks the deletions that are not compacted yet,
//! so that a node for each entity, deleted when two unite, made a translation take milliseconds.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use overgraph::{
    ConcurrencyOptions, DatabaseEngine, DbOptions, Direction, LabelMatchMode, NeighborOptions, NodeKeyQuery,
    NodeLabelFilter, PropValue, TraverseOptions, TxnEdgeRef, TxnIntent, TxnNodeRef, UpsertEdgeOptions,
    UpsertNodeOptions, WalSyncMode,
};

use crate::data::{Fact, Id, Space};
use crate::overgraph_commit::{CONFLICT, RETRACTED, SAME, Work};
use crate::store::{Lookup, Sizing, Store};

/// An entity holds one id a space at most, so no two are further apart.
pub const HOPS: u32 = Space::ALL.len() as u32 - 1;

/// How long to wait for its directory.
const BUSY_MAX: Duration = Duration::from_secs(120);

pub struct OverGraph {
    db: DatabaseEngine,
}

pub struct Reader<'a> {
    db: &'a DatabaseEngine,
}

/// An edge's kind and observation as it is asked for by `retract`.
struct Rejected {
    edge: u64,
    other: u64,
    at: i64,
}

pub fn space_of(label: &str) -> Option<Space> {
    Space::ALL.into_iter().find(|space| space.text() == label)
}

pub fn query(id: &Id) -> NodeKeyQuery {
    NodeKeyQuery { label: id.space.text().to_owned(), key: id.value.clone() }
}

pub fn node_ref(id: &Id) -> TxnNodeRef {
    TxnNodeRef::Key { label: id.space.text().to_owned(), key: id.value.clone() }
}

pub fn labelled(label: &str) -> NeighborOptions {
    NeighborOptions {
        direction: Direction::Both,
        edge_label_filter: Some(vec![label.to_owned()]),
        ..NeighborOptions::default()
    }
}

/// Evidence as a property of its edge: source, strength, batch, time.
pub fn evidence(fact: &Fact) -> PropValue {
    PropValue::Array(vec![
        PropValue::UInt(fact.source as u64),
        PropValue::UInt(u64::from(fact.source.strength())),
        PropValue::UInt(u64::from(fact.batch)),
        PropValue::Int(fact.at),
    ])
}

fn observed_at(evidence: &PropValue) -> i64 {
    let PropValue::Array(parts) = evidence else { return i64::MAX };
    match parts.last() {
        Some(PropValue::Int(at)) => *at,
        Some(PropValue::UInt(at)) => i64::try_from(*at).unwrap_or(i64::MAX),
        _ => i64::MAX,
    }
}

fn entity(min_depth: u32, target: Option<Space>) -> TraverseOptions {
    TraverseOptions {
        min_depth,
        direction: Direction::Both,
        edge_label_filter: Some(vec![SAME.to_owned()]),
        emit_node_label_filter: target.map(|space| NodeLabelFilter {
            labels: vec![space.text().to_owned()],
            mode: LabelMatchMode::Any,
        }),
        ..TraverseOptions::default()
    }
}

impl OverGraph {
    fn commit(&self, intents: Vec<TxnIntent>) -> Result<()> {
        let mut transaction = self.db.begin_write_txn()?;
        transaction.stage_intents(intents)?;
        transaction.commit()?;
        Ok(())
    }

    fn members(&self, node: u64) -> Result<Vec<u64>> {
        let hits = self.db.traverse(node, HOPS, &entity(0, None))?.items;
        Ok(hits.into_iter().map(|hit| hit.node_id).collect())
    }

    fn spaces(&self, nodes: &[u64]) -> Result<Vec<Space>> {
        let nodes = self.db.get_nodes(nodes)?;
        Ok(nodes.iter().flatten().flat_map(|node| node.labels.iter().filter_map(|l| space_of(l))).collect())
    }

    /// Rejected links of an entity that fell apart: those that hold now unite.
    fn try_again(&self, members: &[u64]) -> Result<()> {
        let mut rejected = Vec::new();
        for node in members {
            for link in self.db.neighbors(*node, &labelled(CONFLICT))? {
                let view = self.db.get_edges(&[link.edge_id])?.into_iter().flatten().next();
                let at = view
                    .map_or(i64::MAX, |view| view.props.values().map(observed_at).min().unwrap_or(i64::MAX));
                rejected.push((*node, Rejected { edge: link.edge_id, other: link.node_id, at }));
            }
        }
        rejected.sort_by_key(|(_, link)| link.at);
        for (node, link) in rejected {
            let (ours, theirs) = (self.members(node)?, self.members(link.other)?);
            let (of_ours, of_theirs) = (self.spaces(&ours)?, self.spaces(&theirs)?);
            if ours.contains(&link.other) || of_ours.iter().any(|space| of_theirs.contains(space)) {
                continue;
            }
            self.relabel(link.edge, SAME)?;
        }
        Ok(())
    }

    fn relabel(&self, edge: u64, label: &str) -> Result<()> {
        let views = self.db.get_edges(&[edge])?;
        let intents = views.into_iter().flatten().flat_map(|view| {
            let options = UpsertEdgeOptions { props: view.props, ..UpsertEdgeOptions::default() };
            let (from, to) = (TxnNodeRef::Id(view.from), TxnNodeRef::Id(view.to));
            [
                TxnIntent::DeleteEdge { target: TxnEdgeRef::Id(edge) },
                TxnIntent::UpsertEdge { alias: None, from, to, label: label.to_owned(), options },
            ]
        });
        self.commit(intents.collect())
    }
}

impl Store for OverGraph {
    type Key = NodeKeyQuery;
    type Commit = Vec<Fact>;
    type Answer = Vec<String>;
    type Reader<'a> = Reader<'a>;

    fn open(dir: &Path, _sizing: Sizing) -> Result<OverGraph> {
        let options = DbOptions {
            wal_sync_mode: WalSyncMode::Immediate,
            // One edge for two ids and a label; its evidence are its properties.
            edge_uniqueness: true,
            ..DbOptions::default()
        };
        // A writer waits for a flush, however long it takes, as the writers of the others do.
        let limits = ConcurrencyOptions::default().with_admission_timeout_ms(600_000);
        let db = DatabaseEngine::open_with_concurrency_options(dir, &options, &limits)?;
        Ok(OverGraph { db })
    }

    fn key(&self, id: &Id) -> Result<NodeKeyQuery> {
        Ok(query(id))
    }

    fn prepare(&self, facts: &[Fact]) -> Result<Vec<Fact>> {
        Ok(facts.to_vec())
    }

    fn ingest(&mut self, commit: &Vec<Fact>) -> Result<u64> {
        let (intents, new) = Work::begin(&self.db, commit)?.intents(&self.db)?;
        if new > 0 {
            self.commit(intents)?;
        }
        Ok(new)
    }

    fn retract(&mut self, a: &Id, b: &Id, at: i64) -> Result<()> {
        let ends = self.db.get_nodes_by_keys(&[query(a), query(b)])?;
        let nodes: Vec<u64> = ends.into_iter().flatten().map(|node| node.id).collect();
        ensure!(nodes.len() == 2, "both ends are known");
        let before = self.members(nodes[0])?;
        for (from, to) in [(nodes[0], nodes[1]), (nodes[1], nodes[0])] {
            for label in [SAME, CONFLICT] {
                let Some(edge) = self.db.get_edge_by_triple(from, to, label)? else { continue };
                if edge.props.values().all(|evidence| observed_at(evidence) <= at) {
                    self.relabel(edge.id, RETRACTED)?;
                }
            }
        }
        if self.members(nodes[0])?.len() == before.len() { Ok(()) } else { self.try_again(&before) }
    }

    fn reader(&self) -> Result<Reader<'_>> {
        Ok(Reader { db: &self.db })
    }

    fn values(answer: &Vec<String>) -> Vec<String> {
        answer.clone()
    }

    fn settle(&mut self) -> Result<()> {
        self.db.flush()?;
        self.db.compact()?;
        Ok(())
    }

    fn reopen(self, dir: &Path, sizing: Sizing) -> Result<OverGraph> {
        self.db.close()?;
        drop(self);
        // After a close the directory stays busy for a while, until what is replaced has been given back.
        let begun = Instant::now();
        loop {
            match OverGraph::open(dir, sizing) {
                Err(error) if error.to_string().contains("Busy") && begun.elapsed() < BUSY_MAX => {
                    std::thread::sleep(Duration::from_millis(5));
                }
                opened => return opened,
            }
        }
    }
}

impl Reader<'_> {
    fn hits(&self, node: u64, target: Space) -> Result<Vec<u64>> {
        let hits = self.db.traverse(node, HOPS, &entity(1, Some(target)))?.items;
        Ok(hits.into_iter().map(|hit| hit.node_id).collect())
    }
}

impl Lookup for Reader<'_> {
    type Key = NodeKeyQuery;
    type Answer = Vec<String>;

    fn translate(&self, key: &NodeKeyQuery, target: Space) -> Result<Vec<String>> {
        let Some(node) = self.db.get_node_by_key(&key.label, &key.key)? else { return Ok(Vec::new()) };
        let hits = self.hits(node.id, target)?;
        Ok(self.db.get_nodes(&hits)?.into_iter().flatten().map(|node| node.key).collect())
    }

    fn translate_many(&self, keys: &[NodeKeyQuery], target: Space, out: &mut Vec<Vec<String>>) -> Result<()> {
        // Nodes are read in batches at both ends; there is no traversal in batches.
        let (mut counts, mut all) = (Vec::with_capacity(keys.len()), Vec::new());
        for node in self.db.get_nodes_by_keys(keys)? {
            let hits = node.map_or_else(|| Ok(Vec::new()), |node| self.hits(node.id, target))?;
            counts.push(hits.len());
            all.extend(hits);
        }
        let mut found = self.db.get_nodes(&all)?.into_iter();
        for count in counts {
            out.push(found.by_ref().take(count).flatten().map(|node| node.key).collect());
        }
        Ok(())
    }
}

/// What a new node needs.
pub fn new_node(id: &Id) -> TxnIntent {
    TxnIntent::UpsertNode {
        alias: None,
        labels: vec![id.space.text().to_owned()],
        key: id.value.clone(),
        options: UpsertNodeOptions::default(),
    }
}
