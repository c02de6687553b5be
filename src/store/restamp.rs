//! The number of a commit, put on what was told before it was known.

use std::sync::Arc;

use crate::records::{Lifting, Side};
use crate::store::hash::hash_side;
use crate::store::state::State;

/// Stands for the number of a commit that is not known yet. Nothing that bears it is ever written.
pub(crate) const UNNUMBERED: u64 = u64::MAX;

impl State {
    /// Gives what the commit in the making told its number: settings from a place on, retractions, and undos.
    pub(crate) fn restamp(&mut self, first_setting: u32, seq: u64) {
        for place in first_setting..self.settings.len() {
            if let Some(setting) = self.settings.get_mut(place) {
                stamp(&mut setting.recorded_seq, seq);
            }
        }
        if !self.undone.undone_by(UNNUMBERED).is_empty() {
            Arc::make_mut(&mut self.undone).renumber(UNNUMBERED, seq);
        }
        if self.batch_retractions.values().any(is_unnumbered) {
            Arc::make_mut(&mut self.batch_retractions).values_mut().for_each(|lifting| number(lifting, seq));
        }
        if self.source_retractions.iter().any(|retraction| is_unnumbered(&retraction.lifting)) {
            let retractions = Arc::make_mut(&mut self.source_retractions).iter_mut();
            retractions.for_each(|retraction| number(&mut retraction.lifting, seq));
        }
        let retractions = self.delta.sides.values().filter_map(|(key, side)| match side.as_deref() {
            Some(Side::Retraction(_, lifting)) if is_unnumbered(lifting) => Some(key.clone()),
            _ => None,
        });
        for key in retractions.collect::<Vec<_>>() {
            let found = self.delta.sides.find_mut(hash_side(&key), |(known, _)| *known == key);
            if let Some(Side::Retraction(_, lifting)) =
                found.and_then(|(_, side)| side.as_mut()).map(Arc::make_mut)
            {
                number(lifting, seq);
            }
        }
    }
}

fn is_unnumbered(lifting: &Lifting) -> bool {
    lifting.retracted.iter().chain(&lifting.lifted).any(|told| told.recorded_seq == UNNUMBERED)
}

fn number(lifting: &mut Lifting, seq: u64) {
    lifting
        .retracted
        .iter_mut()
        .chain(&mut lifting.lifted)
        .for_each(|told| stamp(&mut told.recorded_seq, seq));
}

fn stamp(recorded_seq: &mut u64, seq: u64) {
    if *recorded_seq == UNNUMBERED {
        *recorded_seq = seq;
    }
}
