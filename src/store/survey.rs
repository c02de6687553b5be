//! What a survey of a whole state asks: what the deltas speak of, rows in the order of their keys, ids in brief.

use std::ops::Range;

use crate::codec::What;
use crate::error::{Error, Result};
use crate::records::{NodeNo, Pair, PairKey, Relation, RelationKey, Slot, Sym};
use crate::segment::rows::{
    Tag, number_key, pair_key, relation_key, take_far_pair, take_pair_key, take_relation, take_relation_key,
};
use crate::segment::{Absences, Known, Member, Merge, Walk};
use crate::store::delta::Delta;
use crate::store::hash::{hash_node, hash_relation};
use crate::store::state::State;

/// An id in brief: what can be read without its family's nodes and pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Brief {
    pub(crate) space: Sym,
    pub(crate) entity: NodeNo,
    pub(crate) restricted: bool,
}

impl State {
    /// The id of a number in brief; `None` if there is none.
    pub(crate) fn brief(&self, number: NodeNo) -> Result<Option<Brief>> {
        for delta in self.deltas() {
            match delta.nodes.find(hash_node(number), |_| true) {
                Some((_, Slot::Live(node))) => {
                    let (space, entity, restricted) = (node.space, node.entity, node.restricted);
                    return Ok(Some(Brief { space, entity, restricted }));
                }
                Some((_, Slot::Gone(_))) => return Ok(None),
                None => {}
            }
        }
        if number >= self.layers.numbers_below() {
            return Ok(None);
        }
        for segment in self.layers.segments() {
            match segment.find_node(number)? {
                Known::Nothing => {}
                Known::Gone(_) => return Ok(None),
                Known::Family(record) => {
                    let found = segment.brief_in(&record, number)?;
                    return Ok(found.map(|(space, entity, restricted)| Brief { space, entity, restricted }));
                }
            }
        }
        Ok(None)
    }

    /// The entity here of an id that lies in a record of another state, if both gave it the same number; its space has the
    /// number `space` here.
    pub(crate) fn entity_of_member(&self, member: &Member<'_>, space: Sym) -> Result<Option<NodeNo>> {
        let number = member.number;
        // What a delta says of a number is looked up by the id.
        let is_told = |delta: &Delta| delta.nodes.find(hash_node(number), |_| true).is_some();
        if number >= self.layers.numbers_below() || self.deltas().any(is_told) {
            return Ok(None);
        }
        for segment in self.layers.segments() {
            match segment.find_node(number)? {
                Known::Nothing => {}
                Known::Gone(_) => return Ok(None),
                Known::Family(record) => {
                    let members = segment.members(&record)?;
                    let here = members.iter().find(|here| here.number == number);
                    let here = here.filter(|here| here.space == space && here.value == member.value);
                    let root = here.and_then(|here| members.get(here.root));
                    return Ok(root.map(|root| root.number));
                }
            }
        }
        Ok(None)
    }

    /// Shows the numbers that lie beside one in the record that the segments have of it.
    pub(crate) fn each_beside(&self, number: NodeNo, mut visit: impl FnMut(NodeNo)) -> Result<()> {
        for segment in self.layers.segments() {
            match segment.find_node(number)? {
                Known::Nothing => {}
                Known::Gone(_) => return Ok(()),
                Known::Family(record) => {
                    segment.members(&record)?.iter().for_each(|member| visit(member.number));
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Shows the numbers of which the deltas say something: by themselves, or as an end of a pair.
    pub(crate) fn each_told(&self, mut visit: impl FnMut(NodeNo)) {
        for delta in self.deltas() {
            delta.nodes.values().for_each(|(number, _)| visit(*number));
            delta.pairs.values().for_each(|(key, _)| [key.a, key.b].into_iter().for_each(&mut visit));
        }
    }

    /// The kinds of relations that rows of segments tell of, in order.
    pub(crate) fn relation_kinds_below(&self) -> Result<Vec<Sym>> {
        let mut kinds = Vec::new();
        let mut from = Tag::Relation.prefix().to_vec();
        loop {
            let mut next = None;
            for segment in self.layers.segments() {
                let mut scan = segment.table()?.scan(&from);
                let first = scan.next()?.filter(|entry| entry.key.starts_with(&Tag::Relation.prefix()));
                let kind = first.map(|entry| take_relation_key(entry.key).map(|key| key.kind));
                let kind = kind.transpose().map_err(|what| segment.corrupt(0, what))?;
                next = next.into_iter().chain(kind).min();
            }
            let Some(kind) = next else { return Ok(kinds) };
            kinds.push(kind);
            let Some(after) = kind.checked_add(1) else { return Ok(kinds) };
            from = number_key(Tag::Relation, after).to_vec();
        }
    }

    /// Shows the relations of a kind that rows tell of, where no delta does, from these numbers on.
    pub(crate) fn each_relation_below(
        &self,
        kind: Sym,
        from: Range<NodeNo>,
        mut visit: impl FnMut(RelationKey, &Relation) -> Result<()>,
    ) -> Result<()> {
        let first = |from| relation_key(RelationKey { kind, from, to: 0 });
        self.each_row((first(from.start), first(from.end)), |key, value| {
            let key = take_relation_key(key).map_err(|what| self.damaged_row(what))?;
            let told =
                |hash| self.deltas().any(|delta| delta.relations.find(hash, |(it, _)| *it == key).is_some());
            if told(hash_relation(key)) {
                return Ok(());
            }
            visit(key, &take_relation(value).map_err(|what| self.damaged_row(what))?)
        })
    }

    /// Shows the relations that deltas tell of.
    pub(crate) fn each_relation_told(
        &self,
        mut visit: impl FnMut(RelationKey, &Relation) -> Result<()>,
    ) -> Result<()> {
        for (place, delta) in self.deltas().enumerate() {
            for (key, relation) in delta.relations.values() {
                let hash = hash_relation(*key);
                let is_it = |(known, _): &(RelationKey, _)| known == key;
                let is_newer =
                    self.deltas().take(place).any(|newer| newer.relations.find(hash, is_it).is_some());
                if let (false, Some(relation)) = (is_newer, relation) {
                    visit(*key, relation)?;
                }
            }
        }
        Ok(())
    }

    /// Whether the segments have both ends of a pair in one record.
    pub(crate) fn lie_together(&self, key: PairKey) -> Result<bool> {
        for segment in self.layers.segments() {
            match segment.find_node(key.a)? {
                Known::Nothing => {}
                Known::Gone(_) => return Ok(false),
                Known::Family(record) => {
                    return Ok(segment.members(&record)?.iter().any(|member| member.number == key.b));
                }
            }
        }
        Ok(false)
    }

    /// Shows the pairs that rows tell of, whose smaller ends are among these numbers. A row may be left of a pair whose ends
    /// came to lie together since: then their record has the say.
    pub(crate) fn each_pair_row(
        &self,
        from: Range<NodeNo>,
        mut visit: impl FnMut(&Pair) -> Result<()>,
    ) -> Result<()> {
        let first = |a| pair_key(PairKey { a, b: 0 });
        self.each_row((first(from.start), first(from.end)), |key, value| {
            let key = take_pair_key(key).map_err(|what| self.damaged_row(what))?;
            visit(&take_far_pair(key, value).map_err(|what| self.damaged_row(what))?)
        })
    }

    /// Shows the rows of all segments as one, from a key on and before another.
    fn each_row(
        &self,
        (from, before): (Vec<u8>, Vec<u8>),
        mut visit: impl FnMut(&[u8], &[u8]) -> Result<()>,
    ) -> Result<()> {
        let segments = self.layers.segments();
        let scans = segments.iter().map(|segment| Ok(segment.table()?.scan(&from)));
        let mut rows = Merge::new(scans.collect::<Result<_>>()?, Absences::Dropped);
        while let Some(row) = rows.next()?
            && row.key < before.as_slice()
        {
            row.value.map_or(Ok(()), |value| visit(row.key, value))?;
        }
        Ok(())
    }

    fn damaged_row(&self, what: What) -> Error {
        let newest = self.layers.segments().first();
        newest.map_or(Error::Internal { what }, |segment| segment.corrupt(0, what))
    }
}
