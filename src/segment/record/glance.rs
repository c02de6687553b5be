//! The common question, answered from a record's members alone: which id of a space is in an id's entity?

use crate::codec::What;
use crate::model::{Id, KindScope};
use crate::records::Sym;
use crate::segment::record::key::Key;
use crate::segment::record::names::id_of;
use crate::segment::record::pack::Packed;
use crate::segment::record::read::{Head, Member};

/// What the members of a record say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Glance {
    /// The key is not in this record.
    NotHere,
    /// It is, and its entity has exactly this value in the space, which may be answered.
    One(Id),
    /// It takes more than a glance.
    Unclear,
}

/// Looks for the only id of a space in the entity of a key.
pub(crate) fn glance(bytes: &[u8], key: &Key, (target, space): (Sym, &KindScope)) -> Result<Glance, What> {
    let mut head = Head::begin(bytes)?;
    // Where the key's entity begins.
    let mut own: Option<usize> = None;
    let mut found = Found::default();
    let mut is_restricted = false;
    while let Some(member) = head.next()? {
        if own.is_none() && key.is(&member) {
            is_restricted = member.restricted;
            own = Some(member.root);
        }
        if member.space == target {
            found.note(&member);
        }
    }
    let Some(own) = own else { return Ok(Glance::NotHere) };
    if found.count > 1 {
        // Several entities are in one record where something keeps them apart.
        found = Found::default();
        let mut head = Head::begin(bytes)?;
        while let Some(member) = head.next()? {
            if member.space == target && member.root == own {
                found.note(&member);
            }
        }
    }
    match found.first {
        Some((root, value)) if root == own && found.count == 1 && !found.is_unclear && !is_restricted => {
            id_of(space, value, None).map(Glance::One)
        }
        _ => Ok(Glance::Unclear),
    }
}

/// Ids of a space.
#[derive(Default)]
struct Found<'a> {
    /// Where the entity of the first begins, and its value.
    first: Option<(usize, Packed<'a>)>,
    count: usize,
    /// One may not be answered, or has a spelling of its own.
    is_unclear: bool,
}

impl<'a> Found<'a> {
    #[inline(always)]
    fn note(&mut self, member: &Member<'a>) {
        self.count += 1;
        self.is_unclear |= member.restricted || member.spelling.is_some();
        if self.first.is_none() {
            self.first = Some((member.root, member.value));
        }
    }
}
