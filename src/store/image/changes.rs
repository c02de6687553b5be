//! Writes what a delta changed as a segment on top of those below it.

use crate::error::Result;
use crate::records::{ListKey, NodeNo, PairKey, Slot};
use crate::segment::rows::{ListFinder, Tag};
use crate::segment::{Counts, Family, Gone, SegmentWriter, hashes_of};
use crate::store::image::clusters::clusters_of;
use crate::store::image::lists::{ListsOut, Rows, settle_lists};
use crate::store::image::owed::put_owed_row;
use crate::store::image::rows::{put_commit_rows, put_delta_rows, put_far_pairs, put_small_rows};
use crate::store::lens::Lens;
use crate::store::source::Source;
use crate::store::state::State;

/// How many times more a change takes in memory than in a segment, at most.
const TIMES_IN_MEMORY: u64 = 16;

/// About how many bytes `write_changes` writes, rather fewer.
pub(crate) fn room_for_changes(state: &State) -> u64 {
    state.delta.bytes as u64 / TIMES_IN_MEMORY
}

/// Writes the delta of a state, whose layers are segments only. A snapshot has the secret too.
pub(crate) fn write_changes(state: &State, secret: Option<&[u8; 32]>, out: &mut SegmentWriter) -> Result<()> {
    let clusters = clusters_of(state)?;
    let mut lists = ListsOut { rows: Rows::new(), below: ListFinder::new(state.layers.segments())? };
    for cluster in &clusters.all {
        let lens = Lens::on(state);
        let family = lens.answer(|lens| family_of(lens, cluster, &mut lists))??;
        out.add_family(&family)?;
    }
    let mut rows = lists.rows;
    let mut gone: Vec<Gone> = Vec::new();
    for (number, slot) in state.delta.nodes.values() {
        if let Slot::Gone(next) = slot {
            gone.push(Lens::on(state).answer(|lens| gone_number(lens, *number, *next))?);
        }
    }
    gone.sort_unstable_by_key(|gone| gone.number);
    gone.iter().try_for_each(|gone| out.add_gone(gone))?;
    if let Some(secret) = secret {
        rows.insert(Tag::Secret.prefix().to_vec(), Some(secret.to_vec()));
    }
    put_far_pairs(state, &clusters, &mut rows)?;
    put_delta_rows(state, &mut rows)?;
    put_commit_rows(state, &mut rows)?;
    put_owed_row(state, &mut rows)?;
    put_small_rows(state, &mut rows);
    rows.iter().try_for_each(|(key, value)| out.put(key, value.as_deref()))
}

/// What a segment says of the whole graph.
pub(crate) fn counts_of(state: &State) -> Counts {
    Counts {
        recorded_at: state.recorded_at.ms(),
        numbers: u64::from(state.number_count),
        live: state.live_nodes,
        pair_retractions: state.pair_retractions,
        event_retractions: state.event_retractions,
        tombs: state.tomb_count,
        texts: u64::from(state.text_count()),
        settings: u64::from(state.settings.len()),
    }
}

/// A number that is gone; the id it named, if something below still names it.
fn gone_number(lens: &Lens<&State>, number: NodeNo, next: Option<NodeNo>) -> Gone {
    let below = lens.family_below(number);
    let node = below.as_ref().and_then(|family| family.nodes.iter().find(|(known, _)| *known == number));
    let hashes = node.map(|(_, node)| hashes_of(lens.state().seed, &node.id));
    Gone { number, next, hashes }
}

/// The nodes of a cluster and the pairs among them.
fn family_of(lens: &Lens<&State>, cluster: &[NodeNo], lists: &mut ListsOut<'_>) -> Result<Family> {
    let mut family = Family::default();
    for number in cluster {
        let Some(node) = lens.node(*number) else { continue };
        let mut settled = settle_lists(lens, *number, node, lists)?;
        settled.far_pairs = false;
        for group in &node.groups {
            let key = ListKey::Group { node: *number, space: group.space, candidate: group.candidate };
            // A list in rows may be long: it is asked for the cluster's nodes instead of being walked.
            let others: Vec<NodeNo> = if group.links.lies_below() {
                settled.far_pairs = true;
                cluster.iter().copied().filter(|other| other != number).collect()
            } else {
                lens.items(key, &group.links).collect()
            };
            for other in others {
                if cluster.binary_search(&other).is_err() {
                    settled.far_pairs = true;
                } else if *number < other
                    && let Some(pair) = lens.pair(PairKey::new(*number, other))
                {
                    family.pairs.push(pair.clone());
                }
            }
        }
        family.nodes.push((*number, settled));
    }
    family.pairs.sort_unstable_by_key(|pair| pair.key());
    family.pairs.dedup_by_key(|pair| pair.key());
    Ok(family)
}
