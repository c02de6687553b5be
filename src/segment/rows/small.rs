//! The rows of what is small: retractions and their lifting, marks, tombs, pairs whose ends lie apart.
//!
//! # Layout
//! Retractions and their lifting: `varint` count, and at and seq `varint` of each; then the same of the lifting.

use crate::codec::{Entry, Reader, What, Writer, decode_commit, encode_commit};
use crate::model::{Fact, KindScope, Time};
use crate::records::{Lifting, Pair, PairKey, Sym, ToldAt};
use crate::segment::record::{Clock, NoMembers, put_pair, take_pair, times_of};

pub(crate) fn put_lifting_to(lifting: &Lifting, out: &mut Writer) {
    for all in [&lifting.retracted, &lifting.lifted] {
        out.varint(all.len() as u64);
        for ToldAt { at, recorded_seq } in all {
            out.signed(at.ms());
            out.varint(*recorded_seq);
        }
    }
}

pub(crate) fn take_lifting_from(reader: &mut Reader<'_>) -> Result<Lifting, What> {
    let mut lifting = Lifting::default();
    for all in [&mut lifting.retracted, &mut lifting.lifted] {
        for _ in 0..reader.varint()? {
            let at = Time::from_ms(reader.signed()?);
            all.push(ToldAt { at, recorded_seq: reader.varint()? });
        }
        if !all.is_sorted_by(|x, y| (x.at, x.recorded_seq) < (y.at, y.recorded_seq)) {
            return Err("times out of order");
        }
    }
    Ok(lifting)
}

fn all<T>(reader: &Reader<'_>, value: T) -> Result<T, What> {
    if reader.left() == 0 { Ok(value) } else { Err("too long a row") }
}

pub(crate) fn put_lifting(lifting: &Lifting) -> Vec<u8> {
    let mut out = Writer::default();
    put_lifting_to(lifting, &mut out);
    out.into_bytes()
}

pub(crate) fn take_lifting(bytes: &[u8]) -> Result<Lifting, What> {
    let mut reader = Reader::new(bytes);
    let lifting = take_lifting_from(&mut reader)?;
    all(&reader, lifting)
}

/// A retraction of what a source said: source, scope, from, to, and its lifting.
pub(crate) type RetractedSource = (Sym, Option<KindScope>, Option<Time>, Time, Lifting);

pub(crate) fn put_source_retraction(retracted: &RetractedSource) -> Vec<u8> {
    let (source, scope, from, to, lifting) = retracted;
    let mut out = Writer::default();
    out.varint(u64::from(*source));
    out.flags(scope.is_some(), [from.is_some()]);
    scope.iter().for_each(|scope| out.text(scope.as_str()));
    from.iter().for_each(|from| out.signed(from.ms()));
    out.signed(to.ms());
    put_lifting_to(lifting, &mut out);
    out.into_bytes()
}

pub(crate) fn take_source_retraction(bytes: &[u8]) -> Result<RetractedSource, What> {
    let mut reader = Reader::new(bytes);
    let source = Sym::try_from(reader.varint()?).map_err(|_| "a number beyond 32 bits")?;
    let (has_scope, [has_from]) = reader.flags::<1>()?;
    let scope = has_scope.then(|| reader.text()?.parse().map_err(|_| "no kind and scope")).transpose()?;
    let from = has_from.then(|| reader.signed().map(Time::from_ms)).transpose()?;
    let to = Time::from_ms(reader.signed()?);
    let lifting = take_lifting_from(&mut reader)?;
    all(&reader, (source, scope, from, to, lifting))
}

/// Writes when commits were recorded that follow each other.
pub(crate) fn put_commit_times(times: &[Time]) -> Vec<u8> {
    let mut out = Writer::default();
    let mut last = 0;
    for time in times {
        out.signed(time.ms().wrapping_sub(last));
        last = time.ms();
    }
    out.into_bytes()
}

/// Reads it.
pub(crate) fn take_commit_times(bytes: &[u8]) -> Result<Vec<Time>, What> {
    let mut reader = Reader::new(bytes);
    let mut times = Vec::new();
    let mut last = 0_i64;
    while reader.left() > 0 {
        last = last.wrapping_add(reader.signed()?);
        times.push(Time::from_ms(last));
    }
    if times.is_sorted() { Ok(times) } else { Err("commits recorded out of order") }
}

/// Writes a fact about topology, kinds or rules.
pub(crate) fn put_setting(recorded_seq: u64, fact: &Fact) -> Vec<u8> {
    let mut out = Writer::default();
    out.varint(recorded_seq);
    out.raw(&encode_commit(&[Entry::Fact(fact.clone())]));
    out.into_bytes()
}

/// Reads it.
pub(crate) fn take_setting(bytes: &[u8]) -> Result<(u64, Fact), What> {
    let mut reader = Reader::new(bytes);
    let recorded_seq = reader.varint()?;
    match decode_commit(reader.raw(reader.left())?)?.pop() {
        Some(Entry::Fact(fact)) => Ok((recorded_seq, fact)),
        _ => Err("a setting that is no fact"),
    }
}

pub(crate) fn put_mark(at: Time, value: &str) -> Vec<u8> {
    let mut out = Writer::default();
    out.signed(at.ms());
    out.text(value);
    out.into_bytes()
}

pub(crate) fn take_mark(bytes: &[u8]) -> Result<(Time, String), What> {
    let mut reader = Reader::new(bytes);
    let mark = (Time::from_ms(reader.signed()?), reader.text()?.to_owned());
    all(&reader, mark)
}

pub(crate) fn put_tomb(at: Time, sticky: bool) -> Vec<u8> {
    let mut out = Writer::default();
    out.signed(at.ms());
    out.flags(sticky, []);
    out.into_bytes()
}

pub(crate) fn take_tomb(bytes: &[u8]) -> Result<(Time, bool), What> {
    let mut reader = Reader::new(bytes);
    let at = Time::from_ms(reader.signed()?);
    let (sticky, []) = reader.flags::<0>()?;
    all(&reader, (at, sticky))
}

/// Writes the commits that undo one.
pub(crate) fn put_undos(undos: &[u64]) -> Vec<u8> {
    let mut out = Writer::default();
    out.varint(undos.len() as u64);
    undos.iter().for_each(|by| out.varint(*by));
    out.into_bytes()
}

/// Reads them.
pub(crate) fn take_undos(bytes: &[u8]) -> Result<Vec<u64>, What> {
    let mut reader = Reader::new(bytes);
    let undos = (0..reader.varint()?).map(|_| reader.varint()).collect::<Result<Vec<u64>, What>>()?;
    all(&reader, undos)
}

/// Writes a pair whose ends lie in two records.
pub(crate) fn put_far_pair(pair: &Pair) -> Vec<u8> {
    let in_seconds = times_of(pair).all(Clock::fits_seconds);
    let mut out = Writer::default();
    out.flags(in_seconds, []);
    put_pair(pair, &NoMembers, &mut Clock::new(in_seconds), &mut out);
    out.into_bytes()
}

/// Reads it.
pub(crate) fn take_far_pair(key: PairKey, bytes: &[u8]) -> Result<Pair, What> {
    let mut reader = Reader::new(bytes);
    let (in_seconds, []) = reader.flags::<0>()?;
    let pair = take_pair(key, &NoMembers, &mut Clock::new(in_seconds), &mut reader)?;
    all(&reader, pair)
}

#[cfg(test)]
mod tests {
    use super::{put_undos, take_undos};
    use crate::segment::rows::{take_undone_key, undone_key};

    #[test]
    fn an_undone_commit_is_written_as_the_table_says() {
        assert_eq!(undone_key(0x0102), *b"w\0\0\0\0\0\0\x01\x02");
        assert_eq!(take_undone_key(&undone_key(0x0102)), Ok(0x0102));
        assert_eq!(put_undos(&[3, 300]), [2, 3, 0xac, 2]);
        assert_eq!(take_undos(&[2, 3, 0xac, 2]), Ok(vec![3, 300]));
    }

    #[test]
    fn other_bytes_are_refused_with_a_word() {
        assert_eq!(take_undone_key(b"w\0"), Err("cut short"));
        assert_eq!(take_undone_key(b"x\0\0\0\0\0\0\0\x01"), Err("a row of another kind"));
        assert_eq!(take_undone_key(b"w\0\0\0\0\0\0\0\x01\0"), Err("too long a key"));
        assert_eq!(take_undos(&[2, 3]), Err("cut short"));
        assert_eq!(take_undos(&[1, 3, 4]), Err("too long a row"));
    }
}
