//! What an id is looked for by in records: its space's number and its value packed as records hold it.

use crate::records::Sym;
use crate::segment::record::pack::PackedValue;
use crate::segment::record::read::Member;

/// An id's key, packed.
#[derive(Clone)]
pub(crate) struct Key {
    space: Sym,
    value: PackedValue,
}

impl Key {
    /// The key of a value in a space.
    pub(crate) fn new(space: Sym, value: &str) -> Key {
        Key { space, value: PackedValue::of(value) }
    }

    /// Whether a member is the id.
    pub(crate) fn is(&self, member: &Member<'_>) -> bool {
        member.space == self.space && self.value.is(member.value)
    }
}
