//! The bytes of a pair: its edges, what became of them, and their evidence.

use std::sync::Arc;

use crate::codec::{Reader, What, Writer};
use crate::model::{Id, KindScope, Placeholders, Strength, Time};
use crate::records::{
    Direct, Edge, EdgeState, Evidence, NodeNo, Pair, PairKey, PendingPair, Phase, Sym, Telling,
};
use crate::resolve::{Conflict, EdgeForce, Level, Reason, Status};

/// Milliseconds of the unit of times that are whole seconds.
const SECOND_MS: i64 = 1_000;

/// The unit, and what was written last: times and commits are written as differences.
#[derive(Clone, Copy)]
pub(crate) struct Clock {
    unit_ms: i64,
    time: i64,
    seq: u64,
}

impl Clock {
    /// At the beginning, in seconds or milliseconds.
    pub(crate) fn new(in_seconds: bool) -> Clock {
        Clock { unit_ms: if in_seconds { SECOND_MS } else { 1 }, time: 0, seq: 0 }
    }

    /// Whether a time can be said in seconds.
    pub(crate) fn fits_seconds(time: Time) -> bool {
        time.ms() % SECOND_MS == 0
    }

    pub(crate) fn put_time(&mut self, time: Time, out: &mut Writer) {
        let units = time.ms() / self.unit_ms;
        out.signed(units.wrapping_sub(self.time));
        self.time = units;
    }

    pub(crate) fn take_time(&mut self, reader: &mut Reader<'_>) -> Result<Time, What> {
        self.time = self.time.wrapping_add(reader.signed()?);
        self.time.checked_mul(self.unit_ms).map(Time::from_ms).ok_or("a time beyond all times")
    }

    pub(crate) fn put_seq(&mut self, seq: u64, out: &mut Writer) {
        out.signed(seq.wrapping_sub(self.seq).cast_signed());
        self.seq = seq;
    }

    pub(crate) fn take_seq(&mut self, reader: &mut Reader<'_>) -> Result<u64, What> {
        self.seq = self.seq.wrapping_add(reader.signed()?.cast_unsigned());
        Ok(self.seq)
    }
}

/// The ids a conflict may name by their places.
pub(crate) trait Members {
    /// The place of an id.
    fn place_of(&self, id: &Id) -> Option<usize>;
    /// The id at a place.
    fn id_at(&self, place: usize) -> Option<Id>;
}

/// No ids.
pub(crate) struct NoMembers;

impl Members for NoMembers {
    fn place_of(&self, _id: &Id) -> Option<usize> {
        None
    }

    fn id_at(&self, _place: usize) -> Option<Id> {
        None
    }
}

/// Every time in a pair.
pub(crate) fn times_of(pair: &Pair) -> impl Iterator<Item = Time> {
    let pending = pair.pending.iter().flat_map(|pending| [pending.end, pending.latest]).flatten();
    let edges = pair.edges.iter().flat_map(|edge| {
        let since = Some(edge.state.force.since).filter(|since| *since != Time::MIN);
        let told = edge.evidence.iter().flat_map(|told| [Some(told.observed_at), told.expires_at]);
        let tellings = edge.evidence.iter().flat_map(|told| told.tellings.iter().flat_map(|all| all.iter()));
        told.chain(tellings.map(|telling| telling.expires_at)).flatten().chain(since)
    });
    pending.chain(edges)
}

/// Writes a pair, but for its ends.
pub(crate) fn put_pair(pair: &Pair, members: &impl Members, clock: &mut Clock, out: &mut Writer) {
    let count = pair.edges.len();
    out.flags(pair.live, [pair.pending.is_some(), count > 1, count > 2]);
    if let Some(PendingPair { end, latest }) = pair.pending {
        out.flags(end.is_some(), [latest.is_some()]);
        for time in [end, latest].into_iter().flatten() {
            clock.put_time(time, out);
        }
    }
    for edge in &pair.edges {
        put_edge(edge, members, clock, out);
    }
}

/// Reads a pair between two nodes.
pub(crate) fn take_pair(
    key: PairKey,
    members: &impl Members,
    clock: &mut Clock,
    reader: &mut Reader<'_>,
) -> Result<Pair, What> {
    let (live, [is_pending, second, third]) = reader.flags::<3>()?;
    let pending = match is_pending {
        false => None,
        true => {
            let (has_end, [has_latest]) = reader.flags::<1>()?;
            let end = has_end.then(|| clock.take_time(reader)).transpose()?;
            let latest = has_latest.then(|| clock.take_time(reader)).transpose()?;
            Some(PendingPair { end, latest })
        }
    };
    let count = 1 + usize::from(second) + usize::from(third);
    let mut edges = Vec::with_capacity(count);
    for _ in 0..count {
        edges.push(take_edge(members, clock, reader)?);
    }
    if !edges.is_sorted_by(|x: &Edge, y: &Edge| x.direct < y.direct) || (third && !second) {
        return Err("edges out of order");
    }
    let candidate = edges.iter().any(|edge| edge.state.phase == Phase::Candidate);
    Ok(Pair { a: key.a, b: key.b, edges, candidate, live, pending })
}

fn place_in<T: PartialEq + Copy>(all: &[T], item: T) -> u8 {
    all.iter().position(|known| *known == item).unwrap_or(0) as u8
}

const DIRECTS: [Direct; 3] = [Direct::Same, Direct::AToB, Direct::BToA];

fn status_code(status: Status) -> u8 {
    match status {
        Status::Accepted => 0,
        Status::Rejected(reason) => 1 + place_in(&Reason::ALL, reason),
    }
}

fn reason_of(code: u8) -> Result<Reason, What> {
    Reason::ALL.get(usize::from(code)).copied().ok_or("an unknown reason")
}

fn put_edge(edge: &Edge, members: &impl Members, clock: &mut Clock, out: &mut Writer) {
    let EdgeState { phase, force, joins_persons, status, level, conflict, evidence_count } = &edge.state;
    let plain =
        *evidence_count == 1 && matches!(edge.evidence.as_slice(), [lone] if lone.observed_at == force.since);
    let phase_code = match phase {
        Phase::Silent => 0,
        Phase::Void(_) => 1,
        Phase::Hint => 2,
        Phase::Candidate => 3,
    };
    let bits = [*level == Level::Person, *joins_persons, conflict.is_some(), plain];
    let bits = bits.iter().rev().fold(0, |byte, bit| byte << 1 | u8::from(*bit));
    out.u8(place_in(&DIRECTS, edge.direct) | phase_code << 2 | bits << 4);
    out.u8(place_in(&Strength::ALL, force.strength) | status_code(*status) << 3);
    if let Phase::Void(reason) = phase {
        out.u8(place_in(&Reason::ALL, *reason));
    }
    if !plain {
        out.varint(edge.evidence.len() as u64);
        out.varint(u64::from(*evidence_count));
        put_since(edge, clock, out);
    }
    if let Some(conflict) = conflict {
        put_conflict(conflict, members, out);
    }
    for told in &edge.evidence {
        put_evidence(told, clock, out);
    }
}

fn put_since(edge: &Edge, clock: &mut Clock, out: &mut Writer) {
    let since = edge.state.force.since;
    let place = edge.evidence.iter().position(|told| told.observed_at == since);
    match place {
        _ if since == Time::MIN => out.varint(0),
        Some(place) => out.varint(place as u64 + 1),
        None => {
            out.varint(edge.evidence.len() as u64 + 1);
            clock.put_time(since, out);
        }
    }
}

/// When an edge's strength began, as its bytes say it.
enum Since {
    Beginning,
    Evidence(usize),
    At(Time),
}

fn take_edge(members: &impl Members, clock: &mut Clock, reader: &mut Reader<'_>) -> Result<Edge, What> {
    let first = reader.u8()?;
    let second = reader.u8()?;
    let direct = *DIRECTS.get(usize::from(first & 3)).ok_or("an unknown direction")?;
    let strength = *Strength::ALL.get(usize::from(second & 7)).ok_or("an unknown strength")?;
    let status = match second >> 3 {
        0 => Status::Accepted,
        code => Status::Rejected(reason_of(code - 1)?),
    };
    let phase = match first >> 2 & 3 {
        0 => Phase::Silent,
        1 => Phase::Void(reason_of(reader.u8()?)?),
        2 => Phase::Hint,
        _ => Phase::Candidate,
    };
    let bit = |at: u8| first >> at & 1 == 1;
    let (len, evidence_count, since) = if bit(7) {
        (1, 1, Since::Evidence(0))
    } else {
        let len = reader.varint()?;
        let count = u32::try_from(reader.varint()?).map_err(|_| "too much evidence")?;
        let since = match reader.varint()? {
            0 => Since::Beginning,
            place if place <= len => Since::Evidence(place as usize - 1),
            place if place == len + 1 => Since::At(clock.take_time(reader)?),
            _ => return Err("a place beyond the evidence"),
        };
        (len, count, since)
    };
    if len == 0 || len > reader.left() as u64 {
        return Err("an edge without evidence");
    }
    let conflict = if bit(6) { Some(Arc::new(take_conflict(members, reader)?)) } else { None };
    let mut evidence = Vec::with_capacity(len.min(ROOM_MAX) as usize);
    for _ in 0..len {
        evidence.push(take_evidence(clock, reader)?);
    }
    let since = match since {
        Since::Beginning => Time::MIN,
        Since::At(time) => time,
        Since::Evidence(place) => evidence.get(place).map_or(Time::MIN, |told| told.observed_at),
    };
    let level = if bit(4) { Level::Person } else { Level::Entity };
    let force = EdgeForce { strength, since };
    let joins_persons = bit(5);
    let state = EdgeState { phase, force, joins_persons, status, level, conflict, evidence_count };
    Ok(Edge { direct, evidence, state })
}

/// Evidences that room is made for at once, whatever a count says.
const ROOM_MAX: u64 = 64;

fn put_conflict(conflict: &Conflict, members: &impl Members, out: &mut Writer) {
    out.text(conflict.space.as_str());
    out.varint(conflict.ids.len() as u64);
    for id in &conflict.ids {
        match members.place_of(id) {
            Some(place) => out.varint(place as u64 + 1),
            None => {
                out.varint(0);
                out.text(id.as_str());
            }
        }
    }
}

fn take_conflict(members: &impl Members, reader: &mut Reader<'_>) -> Result<Conflict, What> {
    let space: KindScope = reader.text()?.parse().map_err(|_| "a conflict over no kind and scope")?;
    let count = reader.varint()?;
    let mut ids = Vec::new();
    for _ in 0..count {
        let id = match reader.varint()? {
            0 => Id::parse_with(reader.text()?, &Placeholders::none()).ok(),
            place => usize::try_from(place - 1).ok().and_then(|place| members.id_at(place)),
        };
        ids.push(id.ok_or("a conflict with what is no id")?);
    }
    Ok(Conflict { space, ids })
}

fn put_evidence(told: &Evidence, clock: &mut Clock, out: &mut Writer) {
    let Evidence { source, batch, event, stated, observed_at, expires_at, recorded_seq, tellings } = told;
    let bits = [event.is_some(), stated.is_some(), expires_at.is_some(), tellings.is_some()];
    out.flags(batch.is_some(), bits);
    out.varint(u64::from(*source));
    batch.iter().for_each(|batch| out.varint(u64::from(*batch)));
    event.iter().for_each(|event| out.text(event));
    stated.iter().for_each(|stated| out.u8(place_in(&Strength::ALL, *stated)));
    clock.put_time(*observed_at, out);
    expires_at.iter().for_each(|expires_at| clock.put_time(*expires_at, out));
    clock.put_seq(*recorded_seq, out);
    if let Some(tellings) = tellings {
        out.varint(tellings.len() as u64);
        for Telling { stated, expires_at, recorded_seq } in tellings.iter() {
            out.flags(stated.is_some(), [expires_at.is_some()]);
            stated.iter().for_each(|stated| out.u8(place_in(&Strength::ALL, *stated)));
            expires_at.iter().for_each(|expires_at| clock.put_time(*expires_at, out));
            clock.put_seq(*recorded_seq, out);
        }
    }
}

fn take_evidence(clock: &mut Clock, reader: &mut Reader<'_>) -> Result<Evidence, What> {
    let (has_batch, [has_event, is_stated, expires, is_retold]) = reader.flags::<4>()?;
    let source = take_number(reader)?;
    let batch = has_batch.then(|| take_number(reader)).transpose()?;
    let event = has_event.then(|| reader.text().map(Arc::from)).transpose()?;
    let stated = is_stated.then(|| take_strength(reader)).transpose()?;
    let observed_at = clock.take_time(reader)?;
    let expires_at = expires.then(|| clock.take_time(reader)).transpose()?;
    let recorded_seq = clock.take_seq(reader)?;
    let tellings = is_retold.then(|| take_tellings(clock, reader)).transpose()?;
    Ok(Evidence { source, batch, event, stated, observed_at, expires_at, recorded_seq, tellings })
}

fn take_strength(reader: &mut Reader<'_>) -> Result<Strength, What> {
    Strength::ALL.get(usize::from(reader.u8()?)).copied().ok_or("an unknown strength")
}

fn take_tellings(clock: &mut Clock, reader: &mut Reader<'_>) -> Result<Arc<[Telling]>, What> {
    let mut tellings = Vec::new();
    for _ in 0..reader.varint()? {
        let (is_stated, [expires]) = reader.flags::<1>()?;
        let stated = is_stated.then(|| take_strength(reader)).transpose()?;
        let expires_at = expires.then(|| clock.take_time(reader)).transpose()?;
        tellings.push(Telling { stated, expires_at, recorded_seq: clock.take_seq(reader)? });
    }
    Ok(tellings.into())
}

/// A number of 32 bits: of a node or a text.
#[inline(always)]
pub(crate) fn take_number(reader: &mut Reader<'_>) -> Result<NodeNo, What> {
    Sym::try_from(reader.varint()?).map_err(|_| "a number beyond 32 bits")
}
