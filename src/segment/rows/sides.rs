//! The rows of side records.
//!
//! # Layout
//! For each id of the key its spelling, `text`, empty where it is the key form. Then, of a toggle, `varint` count
//! and of each operation: at; flags (forbids, batch); batch `varint`?; reason, actor `text`; seq `varint`. Of an
//! absent, `varint` count and of each answer: at; flags (batch); source `varint`; batch `varint`?; seq `varint`.
//! Of a retraction: `small.rs`.

use crate::codec::{Reader, What, Writer};
use crate::model::{Id, Time};
use crate::records::{AbsentTold, Side, SideKey, Sym, ToggleOp};
use crate::segment::rows::small::{put_lifting_to, take_lifting_from};

/// Writes a side record.
pub(crate) fn put_side(side: &Side) -> Vec<u8> {
    let mut out = Writer::default();
    for id in side.key().ids() {
        out.text(if id.spelling() == id.value() { "" } else { id.spelling() });
    }
    match side {
        Side::Toggle(_, ops) => {
            out.varint(ops.len() as u64);
            for ToggleOp { at, forbids, batch, reason, actor, recorded_seq } in ops {
                out.signed(at.ms());
                out.flags(*forbids, [batch.is_some()]);
                batch.iter().for_each(|batch| out.varint(u64::from(*batch)));
                out.text(reason);
                out.text(actor);
                out.varint(*recorded_seq);
            }
        }
        Side::Absent(_, told) => {
            out.varint(told.len() as u64);
            for AbsentTold { at, source, batch, recorded_seq } in told {
                out.signed(at.ms());
                out.flags(batch.is_some(), []);
                out.varint(u64::from(*source));
                batch.iter().for_each(|batch| out.varint(u64::from(*batch)));
                out.varint(*recorded_seq);
            }
        }
        Side::Retraction(_, lifting) => put_lifting_to(lifting, &mut out),
    }
    out.into_bytes()
}

fn take_spelling(id: &mut Id, reader: &mut Reader<'_>) -> Result<(), What> {
    let spelling = reader.text()?;
    if !spelling.is_empty() {
        *id = id.spelt(spelling).ok_or("a spelling of another id")?;
    }
    Ok(())
}

/// Reads a side record.
pub(crate) fn take_side(mut key: SideKey, bytes: &[u8]) -> Result<Side, What> {
    let mut reader = Reader::new(bytes);
    match &mut key {
        SideKey::Ban(a, b) | SideKey::PairRetraction(a, b, _) => {
            take_spelling(a, &mut reader)?;
            take_spelling(b, &mut reader)?;
        }
        SideKey::Block(id) | SideKey::Restrict(id) | SideKey::Absent(id, _) => {
            take_spelling(id, &mut reader)?
        }
        SideKey::EventRetraction(..) => {}
    }
    let side = match &key {
        SideKey::Ban(..) | SideKey::Block(_) | SideKey::Restrict(_) => {
            let ops = take_all(&mut reader, take_toggle)?;
            Side::Toggle(key, ops)
        }
        SideKey::Absent(..) => {
            let told = take_all(&mut reader, take_absent)?;
            Side::Absent(key, told)
        }
        SideKey::PairRetraction(..) | SideKey::EventRetraction(..) => {
            let lifting = take_lifting_from(&mut reader)?;
            Side::Retraction(key, lifting)
        }
    };
    if reader.left() == 0 { Ok(side) } else { Err("too long a side record") }
}

fn take_all<T>(
    reader: &mut Reader<'_>,
    take: impl Fn(&mut Reader<'_>) -> Result<T, What>,
) -> Result<Vec<T>, What> {
    let count = reader.varint()?;
    let mut all = Vec::new();
    for _ in 0..count {
        all.push(take(reader)?);
    }
    Ok(all)
}

fn take_sym(reader: &mut Reader<'_>) -> Result<Sym, What> {
    Sym::try_from(reader.varint()?).map_err(|_| "a number beyond 32 bits")
}

fn take_toggle(reader: &mut Reader<'_>) -> Result<ToggleOp, What> {
    let at = Time::from_ms(reader.signed()?);
    let (forbids, [has_batch]) = reader.flags::<1>()?;
    let batch = has_batch.then(|| take_sym(reader)).transpose()?;
    let (reason, actor) = (reader.text()?.into(), reader.text()?.into());
    Ok(ToggleOp { at, forbids, batch, reason, actor, recorded_seq: reader.varint()? })
}

fn take_absent(reader: &mut Reader<'_>) -> Result<AbsentTold, What> {
    let at = Time::from_ms(reader.signed()?);
    let (has_batch, []) = reader.flags::<0>()?;
    let source = take_sym(reader)?;
    let batch = has_batch.then(|| take_sym(reader)).transpose()?;
    Ok(AbsentTold { at, source, batch, recorded_seq: reader.varint()? })
}
