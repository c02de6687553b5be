//! link and supersede: evidence put on an edge.

use std::sync::Arc;

use crate::engine::change::{Change, Known};
use crate::engine::retract::stands;
use crate::error::Result;
use crate::model::{Fact, Id, Op, Strength, Time};
use crate::records::{Direct, Edge, EdgeState, Evidence, NodeNo, PairKey};
use crate::store::{Draft, Source};

/// What a fact tells about an edge.
pub(crate) struct Told<'a> {
    pub(crate) source: &'a str,
    pub(crate) stated: Option<Strength>,
    pub(crate) event: Option<&'a str>,
    pub(crate) expires_at: Option<Time>,
    pub(crate) at: Time,
    pub(crate) batch: Option<&'a str>,
}

/// The node of an id, created if it is new.
pub(crate) fn node_for(state: &mut Draft, id: &Id) -> Result<NodeNo> {
    match state.number_of(id) {
        Some(number) => Ok(number),
        None => state.create_node(id),
    }
}

/// Counts one more fact that names a node.
pub(crate) fn name_node(state: &mut Draft, number: NodeNo) {
    if let Some(node) = state.node_mut(number) {
        node.named += 1;
    }
}

/// The edge's direction in terms of the pair's ends, for an edge told from `x` to `y`.
fn direct_in_pair(direct: Direct, x: NodeNo, y: NodeNo) -> Direct {
    match direct {
        Direct::Same => Direct::Same,
        _ if x < y => Direct::AToB,
        _ => Direct::BToA,
    }
}

/// Puts evidence on the edge from `x` to `y`; `false` if it was known.
pub(crate) fn tell(change: &mut Change, x: &Id, y: &Id, direct: Direct, told: &Told<'_>) -> Result<bool> {
    let state = &mut change.state;
    let source = state.intern(told.source)?;
    let batch = told.batch.map(|batch| state.intern(batch)).transpose()?;
    let number_x = node_for(state, x)?;
    let number_y = node_for(state, y)?;
    let direct = direct_in_pair(direct, number_x, number_y);
    let pair = PairKey::new(number_x, number_y);
    let evidence = Evidence {
        source,
        batch,
        event: told.event.map(Arc::from),
        stated: told.stated,
        observed_at: told.at,
        expires_at: told.expires_at,
        recorded_seq: change.seq,
        tellings: None,
    };
    let put = put(change, pair, direct, evidence);
    if put == Put::New {
        change.state.note_origin(source, batch, pair);
        if let Some(event) = told.event {
            change.state.note_event(source, event, pair);
        }
    }
    Ok(put != Put::Known)
}

/// What became of an evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Put {
    /// It was not known.
    New,
    /// It was known and says more now.
    More,
    /// It says nothing new.
    Known,
}

/// Puts an evidence on an edge between two known nodes. Nobody will find it by its source, batch or event yet.
pub(crate) fn put(change: &mut Change, pair: PairKey, direct: Direct, evidence: Evidence) -> Put {
    let known = change.known_to(evidence.recorded_seq);
    let state = &mut change.state;
    let is_new = state.pair(pair).is_none();
    if !is_new && let Some(changed) = put_again(state, &known, pair, direct, &evidence) {
        if changed {
            change.dirty.pairs.insert(pair);
        }
        return if changed { Put::More } else { Put::Known };
    }
    let bytes = size_of::<Evidence>() + evidence.event.as_ref().map_or(0, |event| event.len());
    if is_new {
        let edge = Edge { direct, evidence: vec![evidence], state: EdgeState::new() };
        state.create_pair(pair, edge);
    } else {
        add_evidence(state, pair, direct, evidence);
    }
    state.delta.bytes += bytes;
    change.dirty.pairs.insert(pair);
    Put::New
}

/// Adds a new evidence to an edge of a known pair, which may be the edge's first.
fn add_evidence(state: &mut Draft, pair: PairKey, direct: Direct, evidence: Evidence) {
    let Some(record) = state.pair_mut(pair) else { return };
    match record.edges.binary_search_by_key(&direct, |edge| edge.direct) {
        Ok(at) => {
            if let Some(edge) = record.edges.get_mut(at) {
                edge.evidence.push(evidence);
            }
        }
        Err(at) => {
            record.edges.insert(at, Edge { direct, evidence: vec![evidence], state: EdgeState::new() });
        }
    }
    for end in [pair.a, pair.b] {
        name_node(state, end);
    }
}

/// The same evidence told again: whether that changed it; `None` if it is new.
fn put_again(
    state: &mut Draft,
    known_to: &Known,
    pair: PairKey,
    direct: Direct,
    told: &Evidence,
) -> Option<bool> {
    let is_it = |evidence: &Evidence| {
        evidence.source == told.source
            && evidence.batch == told.batch
            && evidence.observed_at == told.observed_at
            && evidence.event == told.event
    };
    let known = state.pair(pair)?.edge(direct)?.evidence.iter().find(|evidence| is_it(evidence))?;
    let said = known.said_by(|seq| known_to.from(seq));
    if said.is_some_and(|said| said.stated >= told.stated && said.expires_at >= told.expires_at) {
        return Some(false);
    }
    let edge = state.pair_mut(pair)?.edges.iter_mut().find(|edge| edge.direct == direct)?;
    let known = edge.evidence.iter_mut().find(|evidence| is_it(evidence))?;
    known.tellings = Some(known.all_tellings().chain([told.whole()]).collect());
    known.stated = known.stated.max(told.stated);
    known.expires_at = known.expires_at.max(told.expires_at);
    Some(true)
}

/// Whether the `refresh` option drops this observation: a kept one of the same edge and source lies less
/// than that before it.
pub(crate) fn is_refreshed(change: &Change, fact: &Fact) -> bool {
    let (x, y, direct, source, event) = match &fact.op {
        Op::Link { a, b, source, event, .. } => (a, b, Direct::Same, source, event.as_deref()),
        Op::Supersede { old, new, source, event, .. } => (old, new, Direct::AToB, source, event.as_deref()),
        _ => return false,
    };
    let state = &change.state;
    let kept = || {
        let source = state.sym(source)?;
        let (x, y) = (state.number_of(x)?, state.number_of(y)?);
        let edge = state.pair(state.pair_between(x, y)?)?.edge(direct_in_pair(direct, x, y))?;
        let (a, b) = (state.node(x.min(y))?, state.node(x.max(y))?);
        let recent = |evidence: &&Evidence| {
            let age = fact.at.since(evidence.observed_at);
            evidence.source == source && (0..=change.door.refresh_ms).contains(&age)
        };
        let batch = fact.batch.as_deref().map(|batch| state.sym(batch));
        // Told again at the same moment it may say more; and what is retracted stands in nobody's way.
        let again = |evidence: &&Evidence| {
            evidence.observed_at == fact.at
                && evidence.batch.map(Some) == batch
                && evidence.event.as_deref() == event
        };
        if edge.evidence.iter().any(|evidence| evidence.source == source && again(&evidence)) {
            return None;
        }
        edge.evidence.iter().filter(recent).find(|evidence| stands(state, a, b, evidence))
    };
    kept().is_some()
}
