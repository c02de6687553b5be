//! edges_in_full: every edge with all of its evidence, what is retracted too.

use std::ops::Range;

use crate::engine::answer::{EdgeDump, EvidenceInfo};
use crate::engine::dump::edge_as_it_is;
use crate::engine::reading::evidence_of;
use crate::engine::retract::stands;
use crate::engine::walk::pairs_from;
use crate::error::Result;
use crate::records::{NodeNo, Pair, PairKey, Phase};
use crate::store::{Lens, Source, State};

/// Pairs that are read together: a hub has millions.
const PAIRS_AT_ONCE: usize = 256;

/// An edge with all of its evidence.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct EdgeInFull {
    /// The numbers of its ends `a` and `b`.
    pub ends: (u64, u64),
    /// What became of it; meaningless where it is retracted.
    pub edge: EdgeDump,
    /// None of its evidence stands.
    pub retracted: bool,
    /// An end is kept and not answered.
    pub restricted: bool,
    /// Its evidence in order of observation.
    pub evidence: Vec<EvidenceInfo>,
}

/// The edges of a pair.
fn edges_of_pair(source: &impl Source, key: PairKey) -> Vec<EdgeInFull> {
    let Some(pair) = source.pair(key) else { return Vec::new() };
    edges_of(source, pair).unwrap_or_default()
}

fn edges_of(source: &impl Source, pair: &Pair) -> Option<Vec<EdgeInFull>> {
    let (a, b) = (source.node(pair.a)?, source.node(pair.b)?);
    let edges = pair.edges.iter().map(|edge| {
        let (dumped, in_order) = edge_as_it_is(edge, &a.id, &b.id);
        let (first, second) = if in_order { (pair.a, pair.b) } else { (pair.b, pair.a) };
        EdgeInFull {
            ends: (u64::from(first), u64::from(second)),
            edge: dumped,
            retracted: edge.state.phase == Phase::Silent,
            restricted: a.restricted || b.restricted,
            evidence: evidence_of(source, edge, |evidence| stands(source, a, b, evidence)),
        }
    });
    Some(edges.collect())
}

/// The edges of the pairs that a node is the smaller end of.
pub(crate) fn edges_in_full_from(source: &impl Source, number: NodeNo) -> Vec<EdgeInFull> {
    pairs_from(source, number).into_iter().flat_map(|pair| edges_of_pair(source, pair)).collect()
}

/// Every edge, in order of the numbers of its ends, the smaller first. Of a hub no more is held than the numbers of the
/// other ends.
pub(crate) fn edges_in_full(state: &State) -> impl Iterator<Item = Result<EdgeInFull>> + '_ {
    let (pairs, ready) = (Vec::new().into_iter(), Vec::new().into_iter());
    EdgesInFull { lens: Lens::on(state), numbers: 0..state.number_count, pairs, ready }
}

/// The edges of a state that are still to be given.
struct EdgesInFull<'s> {
    lens: Lens<&'s State>,
    numbers: Range<NodeNo>,
    /// Pairs of the last number that are still to be read.
    pairs: std::vec::IntoIter<PairKey>,
    /// Edges that were read.
    ready: std::vec::IntoIter<EdgeInFull>,
}

impl EdgesInFull<'_> {
    /// Reads some more; `false` after the last.
    fn step(&mut self) -> Result<bool> {
        let some: Vec<PairKey> = self.pairs.by_ref().take(PAIRS_AT_ONCE).collect();
        if !some.is_empty() {
            let edges = |lens: &Lens<&State>| {
                some.iter().flat_map(|pair| edges_of_pair(lens, *pair)).collect::<Vec<_>>()
            };
            self.ready = self.lens.ask(edges)?.into_iter();
            return Ok(true);
        }
        let Some(number) = self.numbers.next() else { return Ok(false) };
        self.pairs = self.lens.ask(|lens| pairs_from(lens, number))?.into_iter();
        Ok(true)
    }
}

impl Iterator for EdgesInFull<'_> {
    type Item = Result<EdgeInFull>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(edge) = self.ready.next() {
                return Some(Ok(edge));
            }
            match self.step() {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => return Some(Err(error)),
            }
        }
    }
}
