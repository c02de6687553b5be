//! The rows of what changed beside families.

use std::collections::BTreeMap;

use crate::error::{Error, Result};
use crate::records::{ListKey, PairKey, Side, Sym};
use crate::segment::rows::{
    COMMITS_A_ROW, Tag, audit_key, batch_side_key, commits_key, event_key, mark_key, mention_key, number_key,
    pair_key, put_audit, put_commit_times, put_far_pair, put_lifting, put_list_rows, put_mark, put_relation,
    put_setting, put_side, put_source_retraction, put_tomb, put_undos, relation_key, side_key, tomb_key,
    undone_key,
};
use crate::store::image::clusters::Clusters;
use crate::store::image::lists::Rows;
use crate::store::lens::Lens;
use crate::store::source::Source;
use crate::store::state::State;

/// Pairs whose ends are not written side by side, and those that ceased to be such.
pub(super) fn put_far_pairs(state: &State, clusters: &Clusters, rows: &mut Rows) -> Result<()> {
    let touched = state.delta.pairs.values().map(|(key, _)| *key);
    let mut keys: Vec<PairKey> = touched.chain(clusters.were_near.iter().copied()).collect();
    keys.sort_unstable();
    keys.dedup();
    let numbers_below = state.layers.numbers_below();
    for key in keys {
        let (is_near, may_lie_below) = (clusters.are_near(key), key.b < numbers_below);
        if is_near && !may_lie_below {
            continue;
        }
        let row = pair_key(key);
        Lens::on(state).answer(|lens| match lens.pair(key) {
            Some(pair) if !is_near => {
                rows.insert(row, Some(put_far_pair(pair)));
            }
            _ => {
                if may_lie_below && lens.row(&row).is_some() {
                    rows.insert(row, None);
                }
            }
        })?;
    }
    Ok(())
}

/// Relations, side records, tombs, and what leads to them.
pub(super) fn put_delta_rows(state: &State, rows: &mut Rows) -> Result<()> {
    let delta = &state.delta;
    for (key, relation) in delta.relations.values() {
        rows.insert(relation_key(*key), relation.as_deref().map(put_relation));
    }
    for (key, side) in delta.sides.values() {
        let lives = side.is_some();
        // An absence would keep the ids of its key: none is written where there is nothing to hide.
        if !lives && Lens::on(state).answer(|lens| lens.row(&side_key(key)).is_none())? {
            continue;
        }
        rows.insert(side_key(key), side.as_deref().map(put_side));
        for id in key.ids() {
            rows.insert(mention_key(id, Some(key)), lives.then(Vec::new));
        }
        let batches = Lens::on(state).answer(|lens| batches_of(lens.side_below(key)))?;
        rows.extend(batches.into_iter().map(|batch| (batch_side_key(batch, Some(key)), None)));
        if let Some(Side::Toggle(_, ops)) = side.as_deref() {
            let batches = ops.iter().filter_map(|op| op.batch);
            rows.extend(batches.map(|batch| (batch_side_key(batch, Some(key)), Some(Vec::new()))));
        }
    }
    for (hash, pairs) in delta.events.values() {
        for pair in pairs.iter() {
            rows.insert(event_key(*hash, Some(pair)), Some(Vec::new()));
        }
    }
    for tomb in delta.tombs.values() {
        rows.insert(tomb_key(&tomb.mac), Some(put_tomb(tomb.at, tomb.sticky)));
    }
    for (_, audit) in delta.audits.iter() {
        rows.insert(audit_key(audit.seq, audit.place), Some(put_audit(audit)));
    }
    for (key, nodes) in delta.postings.values() {
        if let ListKey::Space(space) = key {
            let mut count = crate::codec::Writer::default();
            count.varint(u64::from(state.space_count(*space)));
            rows.insert(number_key(Tag::SpaceCount, *space).to_vec(), Some(count.into_bytes()));
        }
        put_list_rows(*key, false, nodes.iter(), |row, value| {
            rows.insert(row, Some(value));
            Ok(())
        })?;
    }
    Ok(())
}

/// The batches that told of a toggle.
fn batches_of(side: Option<&Side>) -> Vec<Sym> {
    match side {
        Some(Side::Toggle(_, ops)) => ops.iter().filter_map(|op| op.batch).collect(),
        _ => Vec::new(),
    }
}

/// When the commits were recorded, in rows of which the first may have been begun before.
pub(super) fn put_commit_rows(state: &State, rows: &mut Rows) -> Result<()> {
    let mut place = state.seq.saturating_sub(u64::from(state.delta.commits.len()));
    let mut times = state.delta.commits.iter().map(|(_, time)| *time).peekable();
    while times.peek().is_some() {
        let key = commits_key(place / COMMITS_A_ROW);
        let begun = place % COMMITS_A_ROW;
        let mut row = Lens::on(state).answer(|lens| lens.commits_below(place))?;
        if row.len() as u64 != begun {
            return Err(Error::Internal { what: "commits without a time" });
        }
        row.extend(times.by_ref().take((COMMITS_A_ROW - begun) as usize));
        place += row.len() as u64 - begun;
        rows.insert(key, Some(put_commit_times(&row)));
    }
    Ok(())
}

/// Names, settings, retractions of batches and sources, undos, and marks, as far as they are new or other.
pub(super) fn put_small_rows(state: &State, rows: &mut Rows) {
    let saved = state.layers.saved();
    for sym in saved.texts..state.text_count() {
        rows.insert(number_key(Tag::Text, sym).to_vec(), Some(state.text(sym).as_bytes().to_vec()));
    }
    for place in saved.settings..state.settings.len() {
        let row = state.settings.get(place).map(|setting| put_setting(setting.recorded_seq, &setting.fact));
        rows.insert(number_key(Tag::Setting, place).to_vec(), row);
    }
    for (batch, lifting) in differing(&state.batch_retractions, &saved.batch_retractions) {
        rows.insert(number_key(Tag::BatchRetraction, *batch).to_vec(), Some(put_lifting(lifting)));
    }
    for (place, retraction) in (0_u32..).zip(state.source_retractions.iter()) {
        if saved.source_retractions.get(place as usize) != Some(retraction) {
            let told = (
                retraction.source,
                retraction.scope.clone(),
                retraction.from,
                retraction.to,
                retraction.lifting.clone(),
            );
            let row = number_key(Tag::SourceRetraction, place).to_vec();
            rows.insert(row, Some(put_source_retraction(&told)));
        }
    }
    for (seq, undos) in state.undone.told() {
        // Undos are only ever added.
        let is_saved = saved.undone.told_of(seq) == undos;
        if !is_saved {
            rows.insert(undone_key(seq).to_vec(), Some(put_undos(undos)));
        }
    }
    for (key, (at, value)) in differing(&state.marks, &saved.marks) {
        rows.insert(mark_key(key), Some(put_mark(*at, value)));
    }
}

fn differing<'m, K: Ord, V: PartialEq>(
    all: &'m BTreeMap<K, V>,
    saved: &'m BTreeMap<K, V>,
) -> impl Iterator<Item = (&'m K, &'m V)> {
    let same = std::ptr::eq(all, saved);
    all.iter().filter(move |(key, value)| !same && saved.get(key) != Some(*value))
}
