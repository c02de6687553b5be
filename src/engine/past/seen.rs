//! What a question about the past looks at: the small graph of then, which notes what of it is missing; or the graph of
//! today, where that tells the same.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use crate::engine::past::horizon::Horizon;
use crate::engine::past::unchanged::is_unchanged;
use crate::model::{Id, Rules, Time, Topology};
use crate::records::{
    List, ListKey, NodeNo, Pair, PairKey, Relation, RelationKey, Side, SideKey, Slot, Sym, Undone,
};
use crate::store::{Draft, Lens, Source, State};

/// The past, as far as it is at hand.
pub(crate) struct Seen<'p> {
    pub(in crate::engine::past) today: &'p Lens<Arc<State>>,
    pub(in crate::engine::past) through: Through<'p>,
}

/// Through what the past is seen.
pub(in crate::engine::past) enum Through<'p> {
    /// What was brought of it.
    Then(Then<'p>),
    /// What is known today.
    Today(Today),
}

/// What was brought of the past.
pub(in crate::engine::past) struct Then<'p> {
    pub(in crate::engine::past) draft: &'p Draft,
    /// The numbers that are here with all that decides about them; `None` = nobody asks.
    pub(in crate::engine::past) whole: Option<&'p HashSet<NodeNo>>,
    /// Lists that are here in part.
    pub(in crate::engine::past) capped: &'p HashSet<ListKey>,
    /// What was looked for and is not here.
    pub(in crate::engine::past) missing: &'p RefCell<Missing>,
}

/// What an answer would need.
#[derive(Default)]
pub(in crate::engine::past) struct Missing {
    pub(in crate::engine::past) numbers: BTreeSet<NodeNo>,
    pub(in crate::engine::past) lists: Vec<ListKey>,
}

impl Missing {
    pub(in crate::engine::past) fn is_empty(&self) -> bool {
        self.numbers.is_empty() && self.lists.is_empty()
    }
}

/// What is known today, as long as all that was looked at counted then and nothing else did.
pub(in crate::engine::past) struct Today {
    horizon: Horizon,
    known: RefCell<HashMap<NodeNo, bool>>,
    changed: Cell<bool>,
}

impl Today {
    pub(in crate::engine::past) fn new(horizon: Horizon) -> Today {
        Today { horizon, known: RefCell::default(), changed: Cell::new(false) }
    }

    /// Whether something that was looked at may have been different then.
    pub(in crate::engine::past) fn is_changed(&self) -> bool {
        self.changed.get()
    }

    fn look_at(&self, today: &Lens<Arc<State>>, number: NodeNo) {
        if self.changed.get() || self.known.borrow().contains_key(&number) {
            return;
        }
        match is_unchanged(today, number, self.horizon) {
            Some(members) => {
                self.known.borrow_mut().extend(members.into_iter().map(|member| (member, true)));
            }
            None => self.changed.set(true),
        }
    }
}

impl<'p> Seen<'p> {
    fn then(&self) -> Option<&Then<'p>> {
        match &self.through {
            Through::Then(then) => Some(then),
            Through::Today(_) => None,
        }
    }

    /// The small graph of then, if that is looked at.
    fn draft(&self) -> Option<&'p Draft> {
        self.then().map(|then| then.draft)
    }
}

impl Source for Seen<'_> {
    fn number_of(&self, id: &Id) -> Option<NodeNo> {
        let number = self.today.number_of(id)?;
        self.slot(number).map(|_| number)
    }

    fn slot(&self, number: NodeNo) -> Option<&Slot> {
        match &self.through {
            Through::Then(then) => {
                if then.whole.is_some_and(|whole| !whole.contains(&number)) {
                    then.missing.borrow_mut().numbers.insert(number);
                }
                then.draft.slot(number)
            }
            Through::Today(today) => {
                today.look_at(self.today, number);
                self.today.slot(number)
            }
        }
    }

    fn number_count(&self) -> NodeNo {
        self.today.number_count()
    }

    fn pair(&self, key: PairKey) -> Option<&Pair> {
        self.draft().map_or_else(|| self.today.pair(key), |draft| draft.pair(key))
    }

    fn relation(&self, key: RelationKey) -> Option<&Relation> {
        self.draft().map_or_else(|| self.today.relation(key), |draft| draft.relation(key))
    }

    fn side(&self, key: &SideKey) -> Option<&Side> {
        match &self.through {
            Through::Then(then) => then.draft.side(key),
            Through::Today(today) => {
                let side = self.today.side(key)?;
                // When it was told is not looked into.
                today.changed.set(true);
                Some(side)
            }
        }
    }

    fn sides_about(&self, id: &Id) -> Vec<Arc<SideKey>> {
        match &self.through {
            Through::Then(then) => then.draft.sides_naming(id),
            Through::Today(today) => {
                let sides = self.today.sides_naming(id);
                // When they were told is not looked into.
                today.changed.set(today.changed.get() || !sides.is_empty());
                sides
            }
        }
    }

    fn nodes_in<'s>(&'s self, key: ListKey, list: &'s List<NodeNo>) -> impl Iterator<Item = NodeNo> + 's {
        if let Some(then) = self.then()
            && then.capped.contains(&key)
        {
            then.missing.borrow_mut().lists.push(key);
        }
        let of_then = self.draft().map(|draft| draft.nodes_in(key, list));
        let of_today = of_then.is_none().then(|| self.today.nodes_in(key, list));
        of_then.into_iter().flatten().chain(of_today.into_iter().flatten())
    }

    fn text(&self, sym: Sym) -> &str {
        self.today.text(sym)
    }

    fn sym(&self, text: &str) -> Option<Sym> {
        Source::sym(self.today, text)
    }

    fn undone(&self) -> &Undone {
        self.draft().map_or_else(|| Source::undone(self.today), Source::undone)
    }

    fn batch_is_retracted(&self, batch: Option<Sym>) -> bool {
        let today = || Source::batch_is_retracted(self.today, batch);
        self.draft().map_or_else(today, |draft| Source::batch_is_retracted(draft, batch))
    }

    fn source_is_retracted(&self, source: Sym, at: Time, spaces: &[&str]) -> bool {
        let today = || Source::source_is_retracted(self.today, source, at, spaces);
        self.draft().map_or_else(today, |draft| Source::source_is_retracted(draft, source, at, spaces))
    }

    fn pair_retractions(&self) -> u64 {
        self.draft().map_or_else(|| Source::pair_retractions(self.today), Source::pair_retractions)
    }

    fn event_retractions(&self) -> u64 {
        self.draft().map_or_else(|| Source::event_retractions(self.today), Source::event_retractions)
    }

    fn topology(&self) -> &Topology {
        self.draft().map_or_else(|| Source::topology(self.today), Source::topology)
    }

    fn rules(&self) -> &Rules {
        self.draft().map_or_else(|| Source::rules(self.today), Source::rules)
    }
}
