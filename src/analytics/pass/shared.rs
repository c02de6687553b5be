//! What all threads of a pass look at.

use hashbrown::HashMap;

use crate::analytics::ask::{Measure, Measuring};
use crate::analytics::comparison::Beside;
use crate::analytics::funnel::FunnelPlan;
use crate::analytics::growth::FirstDays;
use crate::analytics::pass::bits::Bits;
use crate::analytics::pass::columns::Columns;
use crate::analytics::pass::family::Depth;
use crate::analytics::pass::fresh::fresh_numbers;
use crate::error::Result;
use crate::model::RelationKind;
use crate::records::{NodeNo, Sym};
use crate::store::State;

/// The state, what is wanted of it, and what was found out before families are read.
pub(crate) struct Shared<'s> {
    pub(crate) state: &'s State,
    pub(crate) wanted: &'s Measuring,
    pub(crate) columns: Columns,
    pub(crate) depth: Depth,
    pub(crate) funnel: Option<FunnelPlan>,
    pub(crate) first_days: Option<FirstDays>,
    /// The kind of relations that makes contacts, if there is any.
    pub(crate) follows: Option<Sym>,
    /// The kind of relations that makes followers, if there is any.
    pub(crate) subscribes: Option<Sym>,
    /// The external_userids that are, and that were, somebody's contact.
    contacts: Option<(Bits, Bits)>,
    /// Of entities, the conflicts that end in them of pairs that lie by themselves.
    conflicts: HashMap<NodeNo, u64>,
    fresh: Option<Bits>,
    /// Another state that is looked at beside it.
    pub(crate) beside: Option<Beside<'s>>,
}

impl<'s> Shared<'s> {
    pub(crate) fn new(state: &'s State, wanted: &'s Measuring) -> Result<Shared<'s>> {
        let wants = |measures: &[Measure]| measures.iter().any(|measure| wanted.wants(*measure));
        let depth = Depth {
            pairs: wants(&[Measure::Edges, Measure::Growth, Measure::WeakJoints, Measure::Suspects]),
            links: wants(&[Measure::Degrees, Measure::Hubs, Measure::Suspects]),
            persons: wants(&[Measure::Sizes]),
            clocks: wants(&[Measure::Funnel]),
        };
        let columns = Columns::of(state);
        let none = || Bits::none_of(state.number_count);
        Ok(Shared {
            funnel: wants(&[Measure::Funnel]).then(|| FunnelPlan::new(&columns, &state.topology, wanted.now)),
            first_days: wants(&[Measure::Growth]).then(|| FirstDays::new(state)).transpose()?,
            follows: state.sym(RelationKind::Follows.name()),
            subscribes: state.sym(RelationKind::Subscribes.name()),
            contacts: wants(&[Measure::Funnel]).then(|| (none(), none())),
            conflicts: HashMap::new(),
            fresh: fresh_numbers(state)?,
            beside: None,
            state,
            wanted,
            columns,
            depth,
        })
    }

    /// The same with another state beside it.
    pub(crate) fn beside(state: &'s State, wanted: &'s Measuring, beside: Beside<'s>) -> Result<Shared<'s>> {
        Ok(Shared { beside: Some(beside), ..Shared::new(state, wanted)? })
    }

    /// The numbers that are fresh.
    pub(crate) fn fresh(&self) -> Option<&Bits> {
        self.fresh.as_ref()
    }

    /// Whether a number is fresh.
    pub(crate) fn is_fresh(&self, number: NodeNo) -> bool {
        self.fresh.as_ref().is_some_and(|fresh| fresh.has(number))
    }

    /// Notes that somebody was the contact of an employee, and maybe still is.
    pub(crate) fn note_contact(&self, number: NodeNo, is_open: bool) {
        if let Some((open, ever)) = &self.contacts {
            ever.set(number);
            if is_open {
                open.set(number);
            }
        }
    }

    /// Whether an id is, and was, somebody's contact.
    pub(crate) fn followed(&self, number: NodeNo) -> (bool, bool) {
        self.contacts.as_ref().map_or((false, false), |(open, ever)| (open.has(number), ever.has(number)))
    }

    /// Takes in what was found of conflicts before families are read.
    pub(crate) fn note_conflicts(&mut self, conflicts: HashMap<NodeNo, u64>) {
        self.conflicts = conflicts;
    }

    /// Conflicts that end in an entity, of pairs that lie by themselves.
    pub(crate) fn conflicts_outside(&self, entity: NodeNo) -> u64 {
        self.conflicts.get(&entity).copied().unwrap_or(0)
    }
}
