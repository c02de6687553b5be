//! The quick way to the common answer: an id that nothing in memory speaks of, and an entity with one id of the
//! space asked for, need one line of an index and one record.
//!
//! # Not here
//!   every other answer: `engine::translate`, which this never contradicts.

use crate::error::Result;
use crate::model::{Id, KindScope};
use crate::records::Sym;
use crate::segment::{Glance, Key, Places, Segment, Spaces};
use crate::store::hash::hash_id;
use crate::store::state::State;

/// Ids whose lines and records are fetched together.
const BATCH: usize = 32;

/// A question about many ids: which id of one space is in the entity of each?
pub(crate) struct Glancing<'s> {
    state: &'s State,
    target: Sym,
    space: &'s KindScope,
}

/// An id on its way through the batch.
struct Asked {
    hash: u64,
    key: Key,
}

impl<'s> Glancing<'s> {
    /// Prepares the question; `None` if only the slow way answers it.
    pub(crate) fn new(state: &'s State, target: &KindScope) -> Option<Glancing<'s>> {
        if state.layers.segments().is_empty() || state.topology.has_aliases() {
            return None;
        }
        let target = state.id_space(target.as_str())?;
        Some(Glancing { state, target, space: state.space(target)? })
    }

    /// Where an id may lie, of which the segments are told at once.
    fn place(&self, id: &Id) -> u64 {
        let hash = hash_id(self.state.seed, id);
        self.state.layers.segments().iter().for_each(|segment| segment.prefetch_id(hash));
        hash
    }

    /// What can be said of an id before any segment is looked at.
    fn ask(&self, hash: u64, id: &Id) -> Option<Asked> {
        let frozen = self.state.layers.frozen();
        if self.state.delta.filter.may_hold(hash) || frozen.is_some_and(|delta| delta.filter.may_hold(hash)) {
            return None;
        }
        Some(Asked { hash, key: Key::new(self.state.id_space(id.space())?, id.value()) })
    }

    /// The one id of the space in the entity of `id`, if the quick way finds it.
    pub(crate) fn one(&self, id: &Id) -> Result<Option<Id>> {
        let Some(asked) = self.ask(self.place(id), id) else { return Ok(None) };
        for segment in self.state.layers.segments() {
            let places = segment.places_of(asked.hash)?;
            places.all().iter().flat_map(|all| all.iter()).for_each(|place| segment.prefetch_record(*place));
            match self.look(segment, &asked, &places)? {
                Glance::NotHere => {}
                Glance::One(id) => return Ok(Some(id)),
                Glance::Unclear => return Ok(None),
            }
        }
        Ok(None)
    }

    fn look(&self, segment: &Segment, asked: &Asked, places: &Places) -> Result<Glance> {
        let Some(places) = places.all() else { return Ok(Glance::Unclear) };
        for place in places {
            match segment.glance(*place, &asked.key, (self.target, self.space))? {
                Glance::NotHere => {}
                seen => return Ok(seen),
            }
        }
        Ok(Glance::NotHere)
    }

    /// The same for many ids; `out` is called with each answer, in order.
    pub(crate) fn many(&self, ids: &[Id], mut out: impl FnMut(&Id, Option<Id>) -> Result<()>) -> Result<()> {
        let segments = self.state.layers.segments();
        for batch in ids.chunks(BATCH) {
            let hashes: Vec<u64> = batch.iter().map(|id| self.place(id)).collect();
            let asked: Vec<Option<Asked>> =
                hashes.iter().zip(batch).map(|(hash, id)| self.ask(*hash, id)).collect();
            let mut places: Vec<(usize, usize, Places)> = Vec::with_capacity(batch.len());
            for (at, asked) in asked.iter().enumerate() {
                let Some(asked) = asked else { continue };
                for (number, segment) in segments.iter().enumerate() {
                    let found = segment.places_of(asked.hash)?;
                    found
                        .all()
                        .iter()
                        .flat_map(|all| all.iter())
                        .for_each(|place| segment.prefetch_record(*place));
                    if found.all() != Some(&[]) {
                        places.push((at, number, found));
                    }
                }
            }
            let mut places = places.into_iter().peekable();
            for (at, (id, asked)) in batch.iter().zip(&asked).enumerate() {
                let mut seen = Glance::NotHere;
                while let Some((_, number, places)) = places.next_if(|(of, _, _)| *of == at) {
                    if let (Glance::NotHere, Some(asked), Some(segment)) =
                        (&seen, asked, segments.get(number))
                    {
                        seen = self.look(segment, asked, &places)?;
                    }
                }
                let answer = match seen {
                    Glance::One(id) => Some(id),
                    Glance::NotHere | Glance::Unclear => None,
                };
                out(id, answer)?;
            }
        }
        Ok(())
    }
}
