//! undo: what a commit told counts no more, by a later commit; an undo of that commit lets it count again.
//!
//! Nothing is taken out: every record keeps the commits that told it, and those that were undone are left out where
//! evidence is judged. Telling again what was undone is new, and kept beside it.
//!
//! # Invariants
//!   Y1 `Undone` is the only place that says what is undone; what follows from it is found by `mark_undone`.
//!
//! # Not here
//!   marks, which are cursors and not facts, and the audit trail: an undo leaves both as they are.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::codec::Entry;
use crate::engine::change::Change;
use crate::engine::retract::touch_pairs;
use crate::engine::settings::rebuild_settings;
use crate::engine::sides::refresh_toggle;
use crate::engine::walk::pairs_from;
use crate::error::{Error, Result};
use crate::records::{Act, Lifting, ListKey, Pair, PairKey, Side, SideKey};
use crate::store::Source;

/// Undoes a commit; `false` if it is undone already.
///
/// # Errors
/// There is no such commit, or it can not be undone (nothing changed); damaged bytes (the change is broken).
pub(crate) fn undo(change: &mut Change, seq: u64) -> Result<bool> {
    // The number of the change itself may not be known yet.
    if seq == 0 || seq > change.state.seq {
        return Err(Error::NoSuchCommit { last: change.state.seq });
    }
    if !change.state.undone.counts(seq) {
        return Ok(false);
    }
    let audits = change.state.audits();
    change.checked()?;
    if audits?.iter().any(|audit| audit.seq == seq && matches!(audit.act, Act::Erased { .. })) {
        return Err(Error::NotUndone { what: "an erasure" });
    }
    tell_undo(change, seq);
    change.entries.push(Entry::Undo { seq });
    Ok(true)
}

/// Applies an undo from the journal.
pub(crate) fn replay_undo(change: &mut Change, seq: u64) -> Result<()> {
    if seq == 0 || seq >= change.seq {
        return Err(Error::Internal { what: "a commit undoes one that is not earlier" });
    }
    tell_undo(change, seq);
    Ok(())
}

fn tell_undo(change: &mut Change, seq: u64) {
    let by = change.seq;
    let changed = Arc::make_mut(&mut change.state.undone).tell(seq, by);
    if change.state.settings.iter().any(|(_, setting)| changed.contains(&setting.recorded_seq)) {
        // At once: what is told next is read by the topology there is now.
        rebuild_settings(change);
    }
    change.dirty.undone.extend(changed);
}

/// Marks everything that may count otherwise since commits were undone, or since that was undone. It looks at every
/// pair, once for all of them.
pub(crate) fn mark_undone(change: &mut Change) {
    let seqs = std::mem::take(&mut change.dirty.undone);
    if seqs.is_empty() {
        return;
    }
    mark_pairs(change, &seqs);
    let is_of = |lifting: &Lifting| lifting.is_of(|seq| seqs.contains(&seq));
    let state = &change.state;
    let batches: Vec<_> = state
        .batch_retractions
        .iter()
        .filter(|(_, lifting)| is_of(lifting))
        .map(|(batch, _)| *batch)
        .collect();
    let retracted = state.source_retractions.iter().filter(|retraction| is_of(&retraction.lifting));
    let sources: BTreeSet<_> = retracted.map(|retraction| retraction.source).collect();
    for batch in batches {
        touch_pairs(change, ListKey::Batch(batch), |evidence| evidence.batch == Some(batch));
        for toggle in change.state.sides_of_batch(batch) {
            refresh_toggle(change, &toggle);
        }
    }
    for source in sources {
        touch_pairs(change, ListKey::Source(source), |evidence| evidence.source == source);
    }
    for key in change.state.side_keys() {
        mark_side(change, &key, &seqs);
        change.state.shed();
    }
}

fn mark_pairs(change: &mut Change, seqs: &BTreeSet<u64>) {
    if change.dirty.everything {
        return;
    }
    let tells = |pair: &Pair| {
        let mut evidence = pair.edges.iter().flat_map(|edge| &edge.evidence);
        evidence.any(|told| told.all_tellings().any(|telling| seqs.contains(&telling.recorded_seq)))
    };
    for number in 0..change.state.number_count {
        for key in pairs_from(&change.state, number) {
            if change.state.pair(key).is_some_and(tells) {
                change.dirty.pairs.insert(key);
            }
        }
        change.state.shed();
    }
}

fn mark_side(change: &mut Change, key: &SideKey, seqs: &BTreeSet<u64>) {
    match change.state.side(key) {
        Some(Side::Toggle(_, ops)) if ops.iter().any(|op| seqs.contains(&op.recorded_seq)) => {
            refresh_toggle(change, key);
        }
        Some(Side::Retraction(_, lifting)) if lifting.is_of(|seq| seqs.contains(&seq)) => match key {
            SideKey::PairRetraction(a, b, _) => {
                let state = &change.state;
                let pair = state.number_of(a).zip(state.number_of(b)).map(|(a, b)| PairKey::new(a, b));
                change.dirty.pairs.extend(pair);
            }
            SideKey::EventRetraction(source, event) => {
                let touched = change.state.pairs_of_event(*source, event);
                change.dirty.pairs.extend(touched);
            }
            _ => {}
        },
        // Answers are looked at when they are asked for.
        _ => {}
    }
}
