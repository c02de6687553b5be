//! A walk over the relations of a node, of one kind and direction, in order of the other ends' numbers.
//!
//! It is made for hubs of millions: nothing is read ahead, and of a segment no more is read than the rows asked for and
//! the heads of the records that have the other ends.

use std::borrow::Cow;

use crate::codec::What;
use crate::error::{Error, Result};
use crate::model::{Direction, Id};
use crate::records::{List, ListKey, NodeNo, Relation, RelationKey, Slot, Sym};
use crate::segment::rows::{relation_key, take_relation};
use crate::segment::{Finder, Found, Known};
use crate::store::hash::{hash_node, hash_relation};
use crate::store::list_walk::ListWalk;
use crate::store::state::State;

/// A relation and its other end.
pub(crate) struct Related<'s> {
    pub(crate) relation: Cow<'s, Relation>,
    /// The other end's number.
    pub(crate) number: NodeNo,
    pub(crate) other: Id,
    /// The other end may not be answered.
    pub(crate) restricted: bool,
}

/// Relations, one by one.
pub(crate) struct RelationWalk<'s> {
    state: &'s State,
    node: NodeNo,
    kind: Sym,
    direction: Direction,
    others: ListWalk<'s>,
    /// Of each segment, the newest first.
    rows: Vec<Finder<'s>>,
}

impl<'s> RelationWalk<'s> {
    /// Begins to walk over the relations that a node's list names.
    pub(crate) fn new(
        state: &'s State,
        (node, kind, direction): (NodeNo, Sym, Direction),
        links: List<NodeNo>,
    ) -> Result<RelationWalk<'s>> {
        let others = ListWalk::new(state, ListKey::Relations { node, kind, direction }, links)?;
        let tables = state.layers.segments().iter().map(|segment| segment.table().map(Finder::new));
        Ok(RelationWalk { state, node, kind, direction, others, rows: tables.collect::<Result<_>>()? })
    }

    /// The key of the next one.
    pub(crate) fn next_key(&mut self) -> Result<Option<RelationKey>> {
        Ok(self.others.next()?.map(|other| self.key_with(other)))
    }

    /// The next one.
    pub(crate) fn next(&mut self) -> Result<Option<Related<'s>>> {
        while let Some((number, relation)) = self.next_alone()? {
            if let Some((other, restricted)) = self.end(number)? {
                return Ok(Some(Related { relation, number, other, restricted }));
            }
        }
        Ok(None)
    }

    /// The next one and the other end's number; of that nothing is read.
    pub(crate) fn next_alone(&mut self) -> Result<Option<(NodeNo, Cow<'s, Relation>)>> {
        while let Some(other) = self.others.next()? {
            if let Some(relation) = self.relation(self.key_with(other))? {
                return Ok(Some((other, relation)));
            }
        }
        Ok(None)
    }

    fn key_with(&self, other: NodeNo) -> RelationKey {
        let (kind, node) = (self.kind, self.node);
        match self.direction {
            Direction::Out => RelationKey { kind, from: node, to: other },
            Direction::In => RelationKey { kind, from: other, to: node },
        }
    }

    fn relation(&mut self, key: RelationKey) -> Result<Option<Cow<'s, Relation>>> {
        let state = self.state;
        let hash = hash_relation(key);
        for delta in state.deltas() {
            if let Some((_, told)) = delta.relations.find(hash, |(known, _)| *known == key) {
                return Ok(told.as_deref().map(Cow::Borrowed));
            }
        }
        if key.from.max(key.to) >= state.layers.numbers_below() {
            return Ok(None);
        }
        let row = relation_key(key);
        for rows in &mut self.rows {
            match rows.get(&row)? {
                Found::Value(value) => {
                    let relation = take_relation(&value).map_err(|what| self.damaged(what))?;
                    return Ok(Some(Cow::Owned(relation)));
                }
                Found::Absent => return Ok(None),
                Found::Nothing => {}
            }
        }
        Ok(None)
    }

    /// The id of a number, and whether it is restricted.
    fn end(&self, number: NodeNo) -> Result<Option<(Id, bool)>> {
        let state = self.state;
        for delta in state.deltas() {
            match delta.nodes.find(hash_node(number), |_| true) {
                Some((_, Slot::Live(node))) => return Ok(Some((node.id.clone(), node.restricted))),
                Some((_, Slot::Gone(_))) => return Ok(None),
                None => {}
            }
        }
        if number >= state.layers.numbers_below() {
            return Ok(None);
        }
        for segment in state.layers.segments() {
            match segment.find_node(number)? {
                Known::Nothing => {}
                Known::Gone(_) => return Ok(None),
                Known::Family(record) => return segment.id_in(&record, number, state),
            }
        }
        Ok(None)
    }

    fn damaged(&self, what: What) -> Error {
        let newest = self.state.layers.segments().first();
        newest.map_or(Error::Internal { what }, |segment| segment.corrupt(0, what))
    }
}
