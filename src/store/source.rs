//! What reading needs of a home: the seam behind which segments, snapshots and other stores can stand.
//!
//! # Not here
//!   the verbs (`engine`), which are written against this trait and against nothing below it.

use std::borrow::Cow;

use crate::model::{Id, Rules, Time, Topology};
use crate::store::records::{Node, NodeNo, Pair, PairNo, Relation, RelationNo, Slot, Sym};
use crate::store::sides::{Side, SideKey};
use crate::store::state::State;

/// Records of one consistent state. Owned answers are for homes that decode them from bytes.
pub(crate) trait Source {
    /// The number of an id, if it exists.
    fn number_of(&self, id: &Id) -> Option<NodeNo>;
    /// What stands at a number.
    fn slot(&self, number: NodeNo) -> Option<&Slot>;
    /// The node of a number, if it was not erased.
    fn node(&self, number: NodeNo) -> Option<Cow<'_, Node>>;
    /// How many numbers were given out.
    fn number_count(&self) -> NodeNo;
    /// A pair.
    fn pair(&self, number: PairNo) -> Option<Cow<'_, Pair>>;
    /// How many pair numbers were given out.
    fn pair_count(&self) -> PairNo;
    /// A relation.
    fn relation(&self, number: RelationNo) -> Option<Cow<'_, Relation>>;
    /// How many relation numbers were given out.
    fn relation_count(&self) -> RelationNo;
    /// An interned text.
    fn text(&self, sym: Sym) -> &str;
    /// The number of a text, if it was interned.
    fn sym(&self, text: &str) -> Option<Sym>;
    /// A side record.
    fn side(&self, key: &SideKey) -> Option<Cow<'_, Side>>;
    /// Whether a batch is retracted.
    fn batch_is_retracted(&self, batch: Option<Sym>) -> bool;
    /// Whether a source's word on something observed at a time is retracted, on edges that touch these spaces.
    fn source_is_retracted(&self, source: Sym, at: Time, spaces: &[&str]) -> bool;
    /// How often a pair of ids was retracted: none means that no lookup is needed.
    fn pair_retractions(&self) -> u64;
    /// How often an event was retracted.
    fn event_retractions(&self) -> u64;
    /// How many tombstones there are.
    fn tomb_count(&self) -> u64;
    /// The topology.
    fn topology(&self) -> &Topology;
    /// The rules.
    fn rules(&self) -> &Rules;
    /// The last commit.
    fn seq(&self) -> u64;
    /// When it was recorded.
    fn recorded_at(&self) -> Time;
}

impl Source for State {
    fn number_of(&self, id: &Id) -> Option<NodeNo> {
        State::number_of(self, id)
    }

    fn slot(&self, number: NodeNo) -> Option<&Slot> {
        self.nodes.get(number)
    }

    fn node(&self, number: NodeNo) -> Option<Cow<'_, Node>> {
        State::node(self, number).map(Cow::Borrowed)
    }

    fn number_count(&self) -> NodeNo {
        self.nodes.len()
    }

    fn pair(&self, number: PairNo) -> Option<Cow<'_, Pair>> {
        State::pair(self, number).map(Cow::Borrowed)
    }

    fn pair_count(&self) -> PairNo {
        self.pairs.len()
    }

    fn relation(&self, number: RelationNo) -> Option<Cow<'_, Relation>> {
        State::relation(self, number).map(Cow::Borrowed)
    }

    fn relation_count(&self) -> RelationNo {
        self.relations.len()
    }

    fn text(&self, sym: Sym) -> &str {
        State::text(self, sym)
    }

    fn sym(&self, text: &str) -> Option<Sym> {
        State::sym(self, text)
    }

    fn side(&self, key: &SideKey) -> Option<Cow<'_, Side>> {
        self.side_number(key).and_then(|number| State::side(self, number)).map(Cow::Borrowed)
    }

    fn batch_is_retracted(&self, batch: Option<Sym>) -> bool {
        State::batch_is_retracted(self, batch)
    }

    fn source_is_retracted(&self, source: Sym, at: Time, spaces: &[&str]) -> bool {
        State::source_is_retracted(self, source, at, spaces)
    }

    fn pair_retractions(&self) -> u64 {
        self.pair_retractions
    }

    fn event_retractions(&self) -> u64 {
        self.event_retractions
    }

    fn tomb_count(&self) -> u64 {
        self.tomb_count
    }

    fn topology(&self) -> &Topology {
        &self.topology
    }

    fn rules(&self) -> &Rules {
        &self.rules
    }

    fn seq(&self) -> u64 {
        self.seq
    }

    fn recorded_at(&self) -> Time {
        self.recorded_at
    }
}
