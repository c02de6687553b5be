//! The bytes of one commit's changes.
//!
//! | part | bytes |
//! |---|---|
//! | created, grown | lists of: entity, ids |
//! | merged | list of: entity, former entities, ids |
//! | split | list of: entity, list of: entity, ids |
//! | rekeyed | list of: entity before, entity now, ids |
//! | superseded, revived, erased | ids |
//! | persons | list of: entity, person, 0 or 1 + the person before |
//! | opened, closed | lists of: end, end, kind and reason in one byte |
//!
//! Numbers are varints; a list is its length and its items; ids and former entities are lists of numbers in ascending
//! order, each as the difference to the one before. Changes of nothing have no bytes.

use crate::codec::{Reader, What, Writer};
use crate::feed::changes::{
    Changes, ConflictChange, EntityIds, MergedEntity, PersonChange, RekeyedEntity, SplitEntity,
};
use crate::model::{EntityId, PersonId};
use crate::resolve::{EdgeKind, Reason};

/// Reasons by their codes, which never change.
const REASONS: [Reason; 4] = [Reason::Cardinality, Reason::Cycle, Reason::Size, Reason::Oversize];
/// Added to the code of a reason for a supersede.
const SUPERSEDE: u8 = 0x80;

/// Changes as bytes.
pub(crate) fn put_changes(changes: &Changes<u32>) -> Vec<u8> {
    let mut out = Writer::with_capacity(64);
    if changes.is_empty() {
        return out.into_bytes();
    }
    put_list(&mut out, &changes.created, put_entity);
    put_list(&mut out, &changes.grown, put_entity);
    put_list(&mut out, &changes.merged, |out, merged| {
        out.varint(merged.entity.0);
        put_ascending(out, merged.from.iter().map(|entity| entity.0));
        put_ids(out, &merged.ids);
    });
    put_list(&mut out, &changes.split, |out, split| {
        out.varint(split.entity.0);
        put_list(out, &split.into, put_entity);
    });
    put_list(&mut out, &changes.rekeyed, |out, rekeyed| {
        out.varint(rekeyed.from.0);
        out.varint(rekeyed.to.0);
        put_ids(out, &rekeyed.ids);
    });
    for ids in [&changes.superseded, &changes.revived, &changes.erased] {
        put_ids(&mut out, ids);
    }
    put_list(&mut out, &changes.persons, |out, change| {
        out.varint(change.entity.0);
        out.varint(change.person.0);
        out.varint(change.was.map_or(0, |was| was.0 + 1));
    });
    put_list(&mut out, &changes.opened, put_conflict);
    put_list(&mut out, &changes.closed, put_conflict);
    out.into_bytes()
}

fn put_list<T>(out: &mut Writer, items: &[T], put: impl Fn(&mut Writer, &T)) {
    out.varint(items.len() as u64);
    items.iter().for_each(|item| put(out, item));
}

fn put_ascending(out: &mut Writer, numbers: impl ExactSizeIterator<Item = u64>) {
    out.varint(numbers.len() as u64);
    let mut before = 0;
    for number in numbers {
        out.varint(number.wrapping_sub(before));
        before = number;
    }
}

fn put_ids(out: &mut Writer, ids: &[u32]) {
    put_ascending(out, ids.iter().map(|id| u64::from(*id)));
}

fn put_entity(out: &mut Writer, entity: &EntityIds<u32>) {
    out.varint(entity.entity.0);
    put_ids(out, &entity.ids);
}

fn put_conflict(out: &mut Writer, conflict: &ConflictChange<u32>) {
    out.varint(u64::from(conflict.a));
    out.varint(u64::from(conflict.b));
    let code = REASONS.iter().position(|reason| *reason == conflict.reason).unwrap_or_default();
    let kind = if conflict.kind == EdgeKind::Supersede { SUPERSEDE } else { 0 };
    out.u8(kind | u8::try_from(code).unwrap_or_default());
}

/// Changes from bytes.
pub(crate) fn take_changes(bytes: &[u8]) -> Result<Changes<u32>, What> {
    if bytes.is_empty() {
        return Ok(Changes::default());
    }
    let reader = &mut Reader::new(bytes);
    let created = take_list(reader, take_entity)?;
    let grown = take_list(reader, take_entity)?;
    let merged = take_list(reader, |reader| {
        let entity = take_entity_id(reader)?;
        let from = take_ascending(reader)?.into_iter().map(|number| EntityId(u64::from(number))).collect();
        Ok(MergedEntity { entity, from, ids: take_ascending(reader)? })
    })?;
    let split = take_list(reader, |reader| {
        Ok(SplitEntity { entity: take_entity_id(reader)?, into: take_list(reader, take_entity)? })
    })?;
    let rekeyed = take_list(reader, |reader| {
        let (from, to) = (take_entity_id(reader)?, take_entity_id(reader)?);
        Ok(RekeyedEntity { from, to, ids: take_ascending(reader)? })
    })?;
    let [superseded, revived, erased] =
        [take_ascending(reader)?, take_ascending(reader)?, take_ascending(reader)?];
    let persons = take_list(reader, |reader| {
        let (entity, person) = (take_entity_id(reader)?, PersonId(u64::from(take_number(reader)?)));
        let was = reader.varint()?.checked_sub(1).map(PersonId);
        Ok(PersonChange { entity, person, was })
    })?;
    let (opened, closed) = (take_list(reader, take_conflict)?, take_list(reader, take_conflict)?);
    if reader.left() > 0 {
        return Err("changes are followed by something");
    }
    Ok(Changes {
        created,
        grown,
        merged,
        split,
        rekeyed,
        superseded,
        revived,
        erased,
        persons,
        opened,
        closed,
    })
}

fn take_number(reader: &mut Reader<'_>) -> Result<u32, What> {
    u32::try_from(reader.varint()?).map_err(|_| "a number is too large")
}

fn take_entity_id(reader: &mut Reader<'_>) -> Result<EntityId, What> {
    take_number(reader).map(|number| EntityId(u64::from(number)))
}

fn take_list<T>(
    reader: &mut Reader<'_>,
    take: impl Fn(&mut Reader<'_>) -> Result<T, What>,
) -> Result<Vec<T>, What> {
    let len = take_number(reader)? as usize;
    // Every item has a byte at least.
    if len > reader.left() {
        return Err("a list is longer than its bytes");
    }
    (0..len).map(|_| take(reader)).collect()
}

fn take_ascending(reader: &mut Reader<'_>) -> Result<Vec<u32>, What> {
    let mut before = 0_u32;
    take_list(reader, take_number)?
        .into_iter()
        .map(|step| {
            before = before.checked_add(step).ok_or("a number is too large")?;
            Ok(before)
        })
        .collect()
}

fn take_entity(reader: &mut Reader<'_>) -> Result<EntityIds<u32>, What> {
    Ok(EntityIds { entity: take_entity_id(reader)?, ids: take_ascending(reader)? })
}

fn take_conflict(reader: &mut Reader<'_>) -> Result<ConflictChange<u32>, What> {
    let (a, b) = (take_number(reader)?, take_number(reader)?);
    let code = reader.u8()?;
    let kind = if code & SUPERSEDE == 0 { EdgeKind::Same } else { EdgeKind::Supersede };
    let reason = REASONS.get(usize::from(code & !SUPERSEDE)).ok_or("an unknown reason")?;
    Ok(ConflictChange { a, b, kind, reason: *reason })
}
