//! retract and unretract: what the selectors take, and which evidence still counts.

use std::sync::Arc;

use crate::engine::change::Change;
use crate::engine::sides::{ensure_side, refresh_toggle};
use crate::engine::walk::pairs_from;
use crate::error::Result;
use crate::model::{Id, Selector, Time};
use crate::records::{Evidence, Lifting, ListKey, Node, Side, SideKey, Sym, Telling, ToldAt};
use crate::store::{Source, SourceRetraction};

/// Applies a retraction, or its lifting; `false` if it was known.
pub(crate) fn retract(change: &mut Change, selector: &Selector, at: Time, lifts: bool) -> Result<bool> {
    let told_at = ToldAt { at, recorded_seq: change.seq };
    match selector {
        Selector::Pair { a, b, source } => retract_pair(change, (a, b), source.as_deref(), told_at, lifts),
        Selector::Event { source, event } => {
            let source = change.state.intern(source)?;
            let key = SideKey::EventRetraction(source, event.as_str().into());
            if !tell_lifting(change, key, told_at, lifts) {
                return Ok(false);
            }
            change.state.event_retractions += 1;
            let touched = change.state.pairs_of_event(source, event);
            change.dirty.pairs.extend(touched);
            Ok(true)
        }
        Selector::Batch(batch) => {
            let batch = change.state.intern(batch)?;
            let known = change.known_to(change.seq);
            let retractions = Arc::make_mut(&mut change.state.batch_retractions);
            if !retractions.entry(batch).or_default().tell(lifts, told_at, |seq| known.from(seq)) {
                return Ok(false);
            }
            let speaks = |evidence: &Evidence| evidence.batch == Some(batch);
            touch_pairs(change, ListKey::Batch(batch), speaks);
            for toggle in change.state.sides_of_batch(batch) {
                refresh_toggle(change, &toggle);
            }
            Ok(true)
        }
        Selector::Source { source, scope, from, to } => {
            let source = change.state.intern(source)?;
            let mut told = SourceRetraction {
                source,
                scope: scope.clone(),
                from: *from,
                to: *to,
                lifting: Lifting::default(),
            };
            let known_seqs = change.known_to(change.seq);
            let knows = |seq| known_seqs.from(seq);
            let retractions = Arc::make_mut(&mut change.state.source_retractions);
            let same = |known: &&mut SourceRetraction| {
                (known.source, &known.scope, known.from, known.to) == (source, scope, *from, *to)
            };
            let changed = match retractions.iter_mut().find(same) {
                Some(known) => known.lifting.tell(lifts, told_at, knows),
                None => {
                    told.lifting.tell(lifts, told_at, knows);
                    retractions.push(told);
                    true
                }
            };
            if changed {
                let speaks = |evidence: &Evidence| evidence.source == source;
                touch_pairs(change, ListKey::Source(source), speaks);
            }
            Ok(changed)
        }
    }
}

fn retract_pair(
    change: &mut Change,
    (a, b): (&Id, &Id),
    source: Option<&str>,
    told_at: ToldAt,
    lifts: bool,
) -> Result<bool> {
    let source = source.map(|source| change.state.intern(source)).transpose()?;
    if !tell_lifting(change, pair_key(a, b, source), told_at, lifts) {
        return Ok(false);
    }
    let state = &mut change.state;
    state.pair_retractions += 1;
    if let (Some(x), Some(y)) = (state.number_of(a), state.number_of(b))
        && let Some(pair) = state.pair_between(x, y)
    {
        change.dirty.pairs.insert(pair);
    }
    Ok(true)
}

fn tell_lifting(change: &mut Change, key: SideKey, told_at: ToldAt, lifts: bool) -> bool {
    ensure_side(&mut change.state, &key, |key| Side::Retraction(key, Lifting::default()));
    let known = change.known_to(change.seq);
    match change.state.side_mut(&key) {
        Some(Side::Retraction(_, lifting)) => lifting.tell(lifts, told_at, |seq| known.from(seq)),
        _ => false,
    }
}

/// Everything a batch or a source spoke of may count differently now.
pub(crate) fn touch_pairs(change: &mut Change, origin: ListKey, speaks: impl Fn(&Evidence) -> bool) {
    for node in change.state.posted(origin) {
        change.state.shed();
        for key in pairs_from(&change.state, node) {
            let Some(pair) = change.state.pair(key) else { continue };
            if pair.edges.iter().flat_map(|edge| &edge.evidence).any(&speaks) {
                change.dirty.pairs.insert(key);
            }
        }
    }
}

/// The key of a pair's retractions: its ids in order of text.
pub(crate) fn pair_key(a: &Id, b: &Id, source: Option<Sym>) -> SideKey {
    let (a, b) = if a < b { (a, b) } else { (b, a) };
    SideKey::PairRetraction(a.clone(), b.clone(), source)
}

/// Whether an evidence was told by a commit that counts, and no retraction takes it.
pub(crate) fn stands(records: &impl Source, x: &Node, y: &Node, evidence: &Evidence) -> bool {
    standing(records, x, y, evidence).is_some()
}

/// What an evidence says, as far as it was told by commits that count, if no retraction takes it.
pub(crate) fn standing(records: &impl Source, x: &Node, y: &Node, evidence: &Evidence) -> Option<Telling> {
    let said = evidence.said(records.undone())?;
    let (source, at) = (evidence.source, evidence.observed_at);
    if records.batch_is_retracted(evidence.batch)
        || records.source_is_retracted(source, at, &[x.id.space(), y.id.space()])
    {
        return None;
    }
    let in_force = |key: &SideKey| match records.side(key) {
        Some(Side::Retraction(_, lifting)) => lifting.in_force(records.undone()),
        _ => None,
    };
    if records.event_retractions() > 0
        && let Some(event) = &evidence.event
        && in_force(&SideKey::EventRetraction(source, event.clone())).is_some()
    {
        return None;
    }
    let stands = records.pair_retractions() == 0
        || [None, Some(source)]
            .into_iter()
            .filter_map(|source| in_force(&pair_key(&x.id, &y.id, source)))
            .all(|until| at > until);
    stands.then_some(said)
}
