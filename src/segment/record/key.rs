//! What an id is looked for by in records: its space's number and its value packed as records hold it.

use crate::codec::Writer;
use crate::records::Sym;
use crate::segment::record::pack::{Packed, pack};
use crate::segment::record::read::Member;

/// An id's key, packed.
pub(crate) struct Key<'k> {
    space: Sym,
    value: Packed<'k>,
}

/// The packed bytes of a value, to make keys of.
pub(crate) fn packed(value: &str) -> Vec<u8> {
    let mut out = Writer::with_capacity(value.len() + 2);
    pack(value, &mut out);
    out.into_bytes()
}

impl<'k> Key<'k> {
    /// The key of a value, packed, in a space.
    pub(crate) fn new(space: Sym, packed: &'k [u8]) -> Option<Key<'k>> {
        let value = Packed::read(&mut crate::codec::Reader::new(packed)).ok()?;
        Some(Key { space, value })
    }

    /// Whether a member is the id.
    pub(crate) fn is(&self, member: &Member<'_>) -> bool {
        member.space == self.space && member.value == self.value
    }
}
