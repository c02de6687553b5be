//! Writes families.

use std::cmp::Reverse;

use crate::codec::Writer;
use crate::model::{Direction, Id, Time};
use crate::records::{List, Node, NodeNo, Pair, PendingClock};
use crate::segment::record::family::Family;
use crate::segment::record::pack::pack;
use crate::segment::record::pair::{Clock, Members, put_pair, times_of};

impl Members for Family {
    fn place_of(&self, id: &Id) -> Option<usize> {
        self.nodes.iter().position(|(_, node)| node.id == *id)
    }

    fn id_at(&self, place: usize) -> Option<Id> {
        self.nodes.get(place).map(|(_, node)| node.id.clone())
    }
}

/// Writes a family: its head, which lists the members, and its tail, which has all else.
pub(crate) fn put_family(family: &Family) -> (Vec<u8>, Vec<u8>) {
    let mut head = Writer::with_capacity(32 * family.nodes.len());
    let mut tail = Writer::with_capacity(32 * family.nodes.len());
    let out = &mut head;
    let in_seconds = times_in(family).all(Clock::fits_seconds);
    let mut clock = Clock::new(in_seconds);
    let first = family.nodes.first().map(|(number, _)| *number);
    let one_entity = family.nodes.iter().all(|(_, node)| Some(node.entity) == first);
    let roots = || family.nodes.iter().filter(|(number, node)| node.entity == *number);
    let other_persons = roots().any(|(number, node)| node.person != *number);
    out.flags(one_entity, [other_persons, in_seconds]);
    out.varint(family.nodes.len() as u64);
    let mut last = 0;
    for (number, node) in &family.nodes {
        out.varint(u64::from(number - last));
        last = *number;
        put_member(family, *number, node, one_entity, out);
    }
    let out = &mut tail;
    if other_persons {
        roots().for_each(|(_, node)| out.varint(u64::from(node.person)));
    }
    for (number, node) in family.nodes.iter().filter(|(number, node)| has_more(family, *number, node)) {
        put_more(family, *number, node, &mut clock, out);
    }
    out.varint(family.pairs.len() as u64);
    for pair in &family.pairs {
        let place = |number| Family::place_of(family, number).unwrap_or(0);
        out.varint((place(pair.a) * family.nodes.len() + place(pair.b)) as u64);
        put_pair(pair, family, &mut clock, out);
    }
    (head.into_bytes(), tail.into_bytes())
}

fn times_in(family: &Family) -> impl Iterator<Item = Time> {
    let clocks = family.nodes.iter().filter_map(|(_, node)| node.clock.as_deref());
    let clocks = clocks.flat_map(|clock: &PendingClock| {
        let lists = clock.ends.here().iter().chain(clock.latest.here().iter());
        lists.map(|(Reverse(time), _)| time).chain([clock.valid_to])
    });
    clocks.chain(family.pairs.iter().flat_map(times_of))
}

fn put_member(family: &Family, number: NodeNo, node: &Node, one_entity: bool, out: &mut Writer) {
    out.varint(u64::from(node.space));
    let spelling = Some(node.id.spelling()).filter(|spelling| *spelling != node.id.value());
    out.flags(
        node.superseded,
        [
            node.blocked,
            node.restricted,
            node.hint_hub,
            spelling.is_some(),
            has_more(family, number, node),
            node.far_pairs,
        ],
    );
    if !one_entity {
        out.varint(Family::place_of(family, node.entity).unwrap_or(0) as u64);
    }
    out.varint(u64::from(node.named));
    pack(node.id.value(), out);
    spelling.iter().for_each(|spelling| out.text(spelling));
}

/// Whether a list says anything that the pairs of the family do not.
fn says_more(family: &Family, number: NodeNo, list: &List<NodeNo>) -> bool {
    list.lies_below() || list.here().iter().any(|other| !is_paired(family, number, other))
}

fn is_paired(family: &Family, x: NodeNo, y: NodeNo) -> bool {
    let key = (x.min(y), x.max(y));
    family.pairs.binary_search_by_key(&key, |pair: &Pair| (pair.a, pair.b)).is_ok()
}

fn has_more(family: &Family, number: NodeNo, node: &Node) -> bool {
    !node.bans.is_empty()
        || !node.relations.is_empty()
        || node.clock.is_some()
        || says_more(family, number, &node.hints)
        || node.groups.iter().any(|group| says_more(family, number, &group.links))
}

fn put_more(family: &Family, number: NodeNo, node: &Node, clock: &mut Clock, out: &mut Writer) {
    out.varint(node.bans.len() as u64);
    put_numbers(node.bans.iter().copied(), out);
    let groups = || node.groups.iter().filter(|group| says_more(family, number, &group.links));
    out.varint(groups().count() as u64);
    for group in groups() {
        out.varint(u64::from(group.space));
        out.flags(group.candidate, [group.passing, group.links.lies_below()]);
        put_list(family, number, &group.links, out);
    }
    out.flags(node.hints.lies_below(), []);
    put_list(family, number, &node.hints, out);
    out.varint(node.relations.len() as u64);
    for group in &node.relations {
        out.varint(u64::from(group.kind));
        out.flags(group.direction == Direction::Out, [group.links.lies_below()]);
        let len = group.links.len() as u64;
        out.varint(len);
        put_numbers(group.links.here().iter(), out);
    }
    let Some(pending) = &node.clock else { return out.flags(false, [false, false]) };
    out.flags(true, [pending.ends.lies_below(), pending.latest.lies_below()]);
    clock.put_time(pending.valid_to, out);
    for list in [&pending.ends, &pending.latest] {
        put_clock_list(list, clock, out);
    }
}

fn put_numbers(numbers: impl Iterator<Item = NodeNo>, out: &mut Writer) {
    let mut last = 0;
    for number in numbers {
        out.varint(u64::from(number - last));
        last = number;
    }
}

/// The items of a list whose pairs are not in the family, or its length if it lies below.
fn put_list(family: &Family, number: NodeNo, list: &List<NodeNo>, out: &mut Writer) {
    if list.lies_below() {
        return out.varint(list.len() as u64);
    }
    let far = || list.here().iter().filter(|other| !is_paired(family, number, *other));
    out.varint(far().count() as u64);
    put_numbers(far(), out);
}

fn put_clock_list(list: &List<(Reverse<Time>, NodeNo)>, clock: &mut Clock, out: &mut Writer) {
    out.varint(list.len() as u64);
    for (Reverse(time), other) in list.here().iter() {
        clock.put_time(time, out);
        out.varint(u64::from(other));
    }
}
