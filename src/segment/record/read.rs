//! Reads families, and finds an id's answer in one without reading all of it.

use std::cmp::Reverse;
use std::sync::Arc;

use crate::codec::{Reader, What};
use crate::model::{Direction, Id, Time};
use crate::records::{
    Group, List, ListItem, MemberRef, Node, NodeNo, Pair, PairKey, PendingClock, Phase, RelationGroup, Sym,
};
use crate::segment::record::family::Family;
use crate::segment::record::names::{Spaces, id_of};
use crate::segment::record::pack::Packed;
use crate::segment::record::pair::{Clock, Members, take_number, take_pair};

/// A member as the head of a record shows it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Member<'a> {
    pub(crate) number: NodeNo,
    pub(crate) space: Sym,
    pub(crate) superseded: bool,
    pub(crate) blocked: bool,
    pub(crate) restricted: bool,
    pub(crate) hint_hub: bool,
    /// More is known of it than the pairs of its family say.
    pub(crate) has_more: bool,
    far_pairs: bool,
    /// The place of its entity's first member.
    pub(crate) root: usize,
    named: u32,
    pub(crate) value: Packed<'a>,
    pub(crate) spelling: Option<&'a str>,
}

impl Member<'_> {
    /// Its id.
    pub(crate) fn id(&self, spaces: &impl Spaces) -> Result<Id, What> {
        let space = spaces.space(self.space).ok_or("a member of an unknown kind and scope")?;
        id_of(space, self.value, self.spelling)
    }
}

/// Reads the members of a record one by one.
pub(crate) struct Head<'a> {
    reader: Reader<'a>,
    one_entity: bool,
    other_persons: bool,
    in_seconds: bool,
    count: usize,
    read: usize,
    last: NodeNo,
}

impl<'a> Head<'a> {
    /// Begins to read a record.
    pub(crate) fn begin(bytes: &'a [u8]) -> Result<Head<'a>, What> {
        let mut reader = Reader::new(bytes);
        let (one_entity, [other_persons, in_seconds]) = reader.flags::<2>()?;
        let count = reader.varint()?;
        if count == 0 || count > reader.left() as u64 {
            return Err("a family without members");
        }
        let count = count as usize;
        Ok(Head { reader, one_entity, other_persons, in_seconds, count, read: 0, last: 0 })
    }

    /// How many members there are.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// The next member.
    #[inline(always)]
    pub(crate) fn next(&mut self) -> Result<Option<Member<'a>>, What> {
        if self.read == self.count {
            return if self.reader.left() == 0 { Ok(None) } else { Err("more bytes than the members have") };
        }
        let reader = &mut self.reader;
        let step = take_number(reader)?;
        let number = self.last.checked_add(step).ok_or("a number beyond 32 bits")?;
        if step == 0 && self.read > 0 {
            return Err("members out of order");
        }
        self.last = number;
        let space = take_number(reader)?;
        let flags = reader.bits(7)?;
        let flag = |bit: u8| flags >> bit & 1 == 1;
        let root = if self.one_entity { 0 } else { reader.varint()? as usize };
        if root > self.read {
            return Err("an entity that begins after its member");
        }
        let named = take_number(reader)?;
        let value = Packed::read(reader)?;
        let spelling = if flag(4) { Some(reader.text()?) } else { None };
        self.read += 1;
        Ok(Some(Member {
            number,
            space,
            superseded: flag(0),
            blocked: flag(1),
            restricted: flag(2),
            hint_hub: flag(3),
            has_more: flag(5),
            far_pairs: flag(6),
            root,
            named,
            value,
            spelling,
        }))
    }
}

/// Records that room is made for at once, whatever a count says.
const ROOM_MAX: usize = 64;

/// Reads a whole family.
pub(crate) fn take_family(head: &[u8], tail: &[u8], spaces: &impl Spaces) -> Result<Family, What> {
    let mut head = Head::begin(head)?;
    let mut members = Vec::with_capacity(head.count().min(ROOM_MAX));
    while let Some(member) = head.next()? {
        members.push(member);
    }
    let Head { other_persons, in_seconds, .. } = head;
    let mut reader = Reader::new(tail);
    let mut family = Family::default();
    family.nodes.reserve(members.len().min(ROOM_MAX));
    for (place, member) in members.iter().enumerate() {
        let root = members.get(member.root).filter(|root| root.root == member.root);
        let entity = root.ok_or("an entity without its first member")?.number;
        let mut node = Node::new(member.id(spaces)?, member.space, entity);
        node.named = member.named;
        (node.superseded, node.blocked) = (member.superseded, member.blocked);
        (node.restricted, node.hint_hub) = (member.restricted, member.hint_hub);
        node.far_pairs = member.far_pairs;
        if member.root == place {
            node.members = entity_of(&members, place);
            if other_persons {
                node.person = take_number(&mut reader)?;
            }
        }
        family.nodes.push((member.number, node));
    }
    let mut clock = Clock::new(in_seconds);
    for (member, (_, node)) in members.iter().zip(&mut family.nodes) {
        if member.has_more {
            take_more(node, spaces, &mut clock, &mut reader)?;
        }
    }
    let number = |place: usize| family.nodes.get(place).map(|(number, _)| *number);
    family.pairs = take_pairs(family.nodes.len(), number, &family, &mut clock, &mut reader)?;
    add_near(&mut family, spaces)?;
    Ok(family)
}

/// Reads the numbers of the persons of a family's entities, in order of their first members, of which there are `roots`;
/// `None` if each has its own number.
pub(crate) fn take_persons(head: &[u8], tail: &[u8], roots: usize) -> Result<Option<Vec<NodeNo>>, What> {
    if !Head::begin(head)?.other_persons {
        return Ok(None);
    }
    let mut reader = Reader::new(tail);
    (0..roots).map(|_| take_number(&mut reader)).collect::<Result<_, _>>().map(Some)
}

/// The members of the entity whose first is at a place; `None` if it is alone.
fn entity_of(members: &[Member<'_>], place: usize) -> Option<Arc<[MemberRef]>> {
    let own = members.iter().filter(|member| member.root == place);
    let list: Vec<MemberRef> = own.map(|m| MemberRef { number: m.number, space: m.space }).collect();
    (list.len() > 1).then(|| list.into())
}

fn take_numbers(count: u64, reader: &mut Reader<'_>) -> Result<Vec<NodeNo>, What> {
    let mut numbers = Vec::new();
    let mut last: NodeNo = 0;
    for at in 0..count {
        let step = take_number(reader)?;
        if step == 0 && at > 0 {
            return Err("numbers out of order");
        }
        last = last.checked_add(step).ok_or("a number beyond 32 bits")?;
        numbers.push(last);
    }
    Ok(numbers)
}

fn take_list(lies_below: bool, reader: &mut Reader<'_>) -> Result<List<NodeNo>, What> {
    let count = reader.varint()?;
    if lies_below {
        return Ok(List::below(u32::try_from(count).map_err(|_| "too long a list")?));
    }
    Ok(List::from_sorted(take_numbers(count, reader)?))
}

fn take_more(
    node: &mut Node,
    spaces: &impl Spaces,
    clock: &mut Clock,
    reader: &mut Reader<'_>,
) -> Result<(), What> {
    let bans = reader.varint()?;
    node.bans = take_numbers(bans, reader)?;
    for _ in 0..reader.varint()? {
        let space = take_number(reader)?;
        let (candidate, [passing, lies_below]) = reader.flags::<2>()?;
        spaces.space(space).ok_or("a group of an unknown kind and scope")?;
        let links = take_list(lies_below, reader)?;
        node.groups.push(Group { space, candidate, passing, links });
    }
    let (lies_below, []) = reader.flags::<0>()?;
    node.hints = take_list(lies_below, reader)?;
    for _ in 0..reader.varint()? {
        let kind = take_number(reader)?;
        let (outwards, [lies_below]) = reader.flags::<1>()?;
        let direction = if outwards { Direction::Out } else { Direction::In };
        node.relations.push(RelationGroup { kind, direction, links: take_list(lies_below, reader)? });
    }
    let (present, [ends_below, latest_below]) = reader.flags::<2>()?;
    if present {
        let valid_to = clock.take_time(reader)?;
        let ends = take_clock_list(ends_below, clock, reader)?;
        let latest = take_clock_list(latest_below, clock, reader)?;
        node.clock = Some(Box::new(PendingClock { ends, latest, valid_to }));
    }
    Ok(())
}

fn take_clock_list(
    lies_below: bool,
    clock: &mut Clock,
    reader: &mut Reader<'_>,
) -> Result<List<(Reverse<Time>, NodeNo)>, What> {
    let count = reader.varint()?;
    if lies_below {
        return Ok(List::below(u32::try_from(count).map_err(|_| "too long a list")?));
    }
    let mut items = Vec::new();
    for _ in 0..count {
        let time = clock.take_time(reader)?;
        items.push((Reverse(time), take_number(reader)?));
    }
    if items.is_sorted_by(|x, y| x < y) { Ok(List::from_sorted(items)) } else { Err("a clock out of order") }
}

/// Reads the pairs at the end of a tail; `number` is that of the member at a place.
fn take_pairs(
    count: usize,
    number: impl Fn(usize) -> Option<NodeNo>,
    members: &impl Members,
    clock: &mut Clock,
    reader: &mut Reader<'_>,
) -> Result<Vec<Pair>, What> {
    let pair_count = reader.varint()?;
    let mut pairs: Vec<Pair> = Vec::with_capacity(pair_count.min(ROOM_MAX as u64) as usize);
    for _ in 0..pair_count {
        let places = usize::try_from(reader.varint()?).map_err(|_| "a place beyond the members")?;
        let (a, b) = (places / count, places % count);
        let (Some(low), Some(high), true) = (number(a), number(b), a < b) else {
            return Err("a pair of no two members");
        };
        let key = PairKey::new(low, high);
        if pairs.last().is_some_and(|last| last.key() >= key) {
            return Err("pairs out of order");
        }
        pairs.push(take_pair(key, members, clock, reader)?);
    }
    if reader.left() > 0 {
        return Err("more bytes than the family has");
    }
    Ok(pairs)
}

/// Reads the pairs of a family without its nodes, which would be most of the work; `None` where more lies between.
pub(crate) fn take_pairs_alone(
    head: &[u8],
    tail: &[u8],
    spaces: &impl Spaces,
) -> Result<Option<Vec<Pair>>, What> {
    let mut head = Head::begin(head)?;
    let mut members = Vec::with_capacity(head.count().min(ROOM_MAX));
    while let Some(member) = head.next()? {
        members.push(member);
    }
    if members.iter().any(|member| member.has_more) {
        return Ok(None);
    }
    let mut reader = Reader::new(tail);
    if head.other_persons {
        let roots = members.iter().enumerate().filter(|(place, member)| member.root == *place);
        for _ in roots {
            take_number(&mut reader)?;
        }
    }
    let mut clock = Clock::new(head.in_seconds);
    let number = |place: usize| members.get(place).map(|member| member.number);
    let ids = MemberIds { members: &members, spaces };
    take_pairs(members.len(), number, &ids, &mut clock, &mut reader).map(Some)
}

/// The ids of members, which conflicts refer to.
struct MemberIds<'m, 'a, S> {
    members: &'m [Member<'a>],
    spaces: &'m S,
}

impl<S: Spaces> Members for MemberIds<'_, '_, S> {
    fn place_of(&self, id: &Id) -> Option<usize> {
        self.members.iter().position(|member| member.id(self.spaces).as_ref() == Ok(id))
    }

    fn id_at(&self, place: usize) -> Option<Id> {
        self.members.get(place)?.id(self.spaces).ok()
    }
}

/// Adds to the lists of nodes what the pairs of the family say.
fn add_near(family: &mut Family, spaces: &impl Spaces) -> Result<(), What> {
    let Family { nodes, pairs } = family;
    let place = |nodes: &[(NodeNo, Node)], number| nodes.binary_search_by_key(&number, |(known, _)| *known);
    let mut near: Vec<(usize, Sym, bool, NodeNo)> = Vec::with_capacity(pairs.len() * 2);
    let mut hints: Vec<(usize, NodeNo)> = Vec::new();
    for pair in pairs.iter() {
        let is_hint = |pair: &Pair| pair.edges.iter().any(|edge| edge.state.phase == Phase::Hint);
        let (Ok(a), Ok(b)) = (place(nodes, pair.a), place(nodes, pair.b)) else { continue };
        for (own, other) in [(a, b), (b, a)] {
            let Some((number, node)) = nodes.get(other) else { continue };
            near.push((own, node.space, pair.candidate, *number));
            if is_hint(pair) {
                hints.push((own, *number));
            }
        }
    }
    near.sort_unstable();
    for same in near.chunk_by(|x, y| (x.0, x.1, x.2) == (y.0, y.1, y.2)) {
        let Some((own, space, candidate, _)) = same.first().copied() else { continue };
        let Some((_, node)) = nodes.get_mut(own) else { continue };
        let passing = spaces.space(space).is_some_and(|space| space.kind().is_passing());
        let others = same.iter().map(|(_, _, _, other)| *other);
        match node.groups.binary_search_by_key(&(space, candidate), |group| (group.space, group.candidate)) {
            Ok(at) => {
                node.groups.get_mut(at).iter_mut().for_each(|group| extend(&mut group.links, others.clone()))
            }
            Err(at) => {
                node.groups.insert(
                    at,
                    Group { space, candidate, passing, links: List::from_sorted(others.collect()) },
                );
            }
        }
    }
    for (own, other) in hints {
        nodes.get_mut(own).into_iter().for_each(|(_, node)| extend(&mut node.hints, [other]));
    }
    let in_order =
        |node: &Node| node.groups.is_sorted_by(|x, y| (x.space, x.candidate) < (y.space, y.candidate));
    if nodes.iter().all(|(_, node)| in_order(node)) { Ok(()) } else { Err("groups out of order") }
}

/// Adds to a list that is here; one that lies below holds them already.
fn extend<T: ListItem>(list: &mut List<T>, items: impl IntoIterator<Item = T>) {
    if !list.lies_below() {
        items.into_iter().for_each(|item| list.insert(item));
    }
}
