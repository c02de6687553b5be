//! The rows of relations.
//!
//! # Layout
//! `varint` count, then of each fact: at; flags (relate, batch, attributes); source `varint`; batch `varint`?;
//! attributes, `varint` count and key and value `text` each?; seq `varint`.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::codec::{Reader, What, Writer};
use crate::model::Time;
use crate::records::{Relation, RelationOp, Sym};

/// Writes the facts of a relation.
pub(crate) fn put_relation(relation: &Relation) -> Vec<u8> {
    let mut out = Writer::default();
    out.varint(relation.ops.len() as u64);
    for RelationOp { at, opens, source, batch, attrs, recorded_seq } in &relation.ops {
        out.signed(at.ms());
        out.flags(*opens, [batch.is_some(), attrs.is_some()]);
        out.varint(u64::from(*source));
        batch.iter().for_each(|batch| out.varint(u64::from(*batch)));
        if let Some(attrs) = attrs {
            out.varint(attrs.len() as u64);
            for (key, value) in attrs.iter() {
                out.text(key);
                out.text(value);
            }
        }
        out.varint(*recorded_seq);
    }
    out.into_bytes()
}

/// Reads them.
pub(crate) fn take_relation(bytes: &[u8]) -> Result<Relation, What> {
    let mut reader = Reader::new(bytes);
    let count = reader.varint()?;
    let mut ops = Vec::new();
    for _ in 0..count {
        ops.push(take_op(&mut reader)?);
    }
    if reader.left() == 0 { Ok(Relation { ops }) } else { Err("too long a relation") }
}

fn take_op(reader: &mut Reader<'_>) -> Result<RelationOp, What> {
    let at = Time::from_ms(reader.signed()?);
    let (opens, [has_batch, has_attrs]) = reader.flags::<2>()?;
    let sym =
        |reader: &mut Reader<'_>| Sym::try_from(reader.varint()?).map_err(|_| "a number beyond 32 bits");
    let source = sym(reader)?;
    let batch = has_batch.then(|| sym(reader)).transpose()?;
    let mut attrs = None;
    if has_attrs {
        let mut told = BTreeMap::new();
        for _ in 0..reader.varint()? {
            let key = reader.text()?.to_owned();
            told.insert(key, reader.text()?.to_owned());
        }
        attrs = Some(Arc::new(told));
    }
    Ok(RelationOp { at, opens, source, batch, attrs, recorded_seq: reader.varint()? })
}
