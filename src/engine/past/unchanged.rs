//! Where today tells what was: a family all of whose evidence counted then, and of which nothing was taken back.

use crate::engine::past::horizon::Horizon;
use crate::engine::walk::{all_pairs, binds, entity_members};
use crate::model::Time;
use crate::records::{Edge, Evidence, NodeNo, Pair};
use crate::store::{Lens, Source, State};

use std::sync::Arc;

/// Pairs of an id beyond which it is not worth while to look.
const PAIRS_MAX: usize = 64;

/// The ids of the family of a number, if it was the same family then under the same rules: every fact that names one
/// of them is evidence that counts, joins two of them, and counted then.
pub(in crate::engine::past) fn is_unchanged(
    today: &Lens<Arc<State>>,
    number: NodeNo,
    horizon: Horizon,
) -> Option<Vec<NodeNo>> {
    let members = entity_members(today, number);
    for member in &members {
        let node = today.node(*member)?;
        let pairs: usize = node.groups.iter().map(|group| group.links.len()).sum();
        // Without pairs it may not have been there.
        if pairs == 0 || pairs > PAIRS_MAX {
            return None;
        }
        for (other, key) in all_pairs(today, *member) {
            let joins = members.binary_search(&other).is_ok();
            if !joins || !counted_then(today, today.pair(key)?, horizon) {
                return None;
            }
        }
    }
    // Bans, blocks, answers and retractions of pairs name an id.
    let names_none =
        |member: &NodeNo| today.node(*member).is_some_and(|node| today.sides_naming(&node.id).is_empty());
    (!members.is_empty() && members.iter().all(names_none)).then_some(members)
}

/// Whether all evidence of a pair counts, joins, and did then.
fn counted_then(today: &Lens<Arc<State>>, pair: &Pair, horizon: Horizon) -> bool {
    let may_be_lifted = today.event_retractions() > 0;
    let then = |evidence: &Evidence| {
        let told = |seq: u64| horizon.reaches(evidence.observed_at, seq);
        let tellings = evidence.tellings.as_deref().unwrap_or_default();
        told(evidence.recorded_seq)
            && tellings.iter().all(|telling| told(telling.recorded_seq))
            && !(may_be_lifted && evidence.event.is_some())
    };
    let counts = |edge: &Edge| {
        binds(edge)
            && edge.state.evidence_count as usize == edge.evidence.len()
            && edge.evidence.iter().all(then)
    };
    pair.edges.iter().all(counts)
}

/// Whether the settings, retractions and undos of a state counted then too.
pub(in crate::engine::past) fn settings_are_unchanged(
    state: &State,
    retractions: impl Iterator<Item = (Time, u64)>,
    horizon: Horizon,
) -> bool {
    let settings = state.settings.iter().map(|(_, setting)| (setting.fact.at, setting.recorded_seq));
    settings.chain(retractions).all(|(at, seq)| horizon.reaches(at, seq))
        && state.undone.undos().all(|seq| seq <= horizon.seq)
}
