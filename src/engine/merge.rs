//! Merging another graph's facts into one: what it accepted is told again, and what it erased is erased here too.
//!
//! Facts commute, so that is all there is to it. A tombstone is an HMAC under the other graph's secret: it is found again
//! by the ids that are known here or there. One of an id that neither knows cannot be taken over.

use crate::engine::facts::{all_facts, flatten};
use crate::engine::tomb::mac_of;
use crate::error::Result;
use crate::model::{Fact, Id, Op, Reach};
use crate::records::NodeNo;
use crate::store::{Lens, Source, State};

/// What an erasure that another graph told of gives as its reason.
const REASON: &str = "erased in a graph that was merged";

/// The facts of another graph, with `secret`, to tell one that holds `ours`: first its erasures of ids that either knows.
pub(crate) fn facts_of_other<'s>(
    ours: &'s State,
    theirs: &'s State,
    secret: &'s [u8; 32],
) -> impl Iterator<Item = Result<Fact>> + 's {
    erasures(ours, theirs, secret).chain(all_facts(theirs))
}

fn erasures<'s>(
    ours: &'s State,
    theirs: &'s State,
    secret: &'s [u8; 32],
) -> impl Iterator<Item = Result<Fact>> + 's {
    // What they know and erased before comes with their facts: then older ones must not come in by another way.
    let known = [ours, theirs].into_iter().filter(|_| theirs.tomb_count > 0).flat_map(known_ids);
    known.filter_map(move |id| {
        let tomb = |id: &Id| Lens::on(theirs).answer(|lens| lens.tomb(&mac_of(secret, id)));
        let erasure = id.and_then(|id| {
            let tomb = tomb(&id)?;
            Ok(tomb.map(|tomb| {
                let (reach, reason, sticky) = (Reach::Id, REASON.to_owned(), tomb.sticky);
                Fact { at: tomb.at, batch: None, op: Op::Erase { id, reach, reason, sticky } }
            }))
        });
        erasure.transpose()
    })
}

/// The ids of a graph, some more than once.
fn known_ids(state: &State) -> impl Iterator<Item = Result<Id>> {
    let numbers = 0..state.number_count;
    let ids = numbers.flat_map(move |number| flatten(Lens::on(state).answer(|lens| id_of(lens, number))));
    // Answers and retractions may name ids that nothing else does.
    let keys = flatten(Lens::on(state).answer(Lens::side_keys));
    let named =
        keys.flat_map(|key| flatten(key.map(|key| key.ids().into_iter().cloned().collect::<Vec<Id>>())));
    ids.chain(named)
}

fn id_of(lens: &Lens<&State>, number: NodeNo) -> Vec<Id> {
    lens.node(number).map(|node| node.id.clone()).into_iter().collect()
}
