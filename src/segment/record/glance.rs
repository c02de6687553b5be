//! The common question, answered from a record's members alone: which id of a space is in an id's entity?

use crate::codec::What;
use crate::model::{Id, KindScope};
use crate::records::Sym;
use crate::segment::record::key::Key;
use crate::segment::record::pack::{Packed, Text};
use crate::segment::record::read::Head;

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
    // Of the key: where its entity begins. Of the space asked for: that, and the value.
    let mut own: Option<usize> = None;
    let mut first: Option<(usize, Packed<'_>)> = None;
    let mut is_unclear = false;
    while let Some(member) = head.next()? {
        if own.is_none() && key.is(&member) {
            is_unclear |= member.restricted;
            own = Some(member.root);
        }
        if member.space == target {
            // A second one, of whatever entity, is for the slow way to judge.
            is_unclear |= first.is_some() || member.restricted || member.spelling.is_some();
            first = Some((member.root, member.value));
        }
    }
    match (own, first) {
        (None, _) => Ok(Glance::NotHere),
        (Some(own), Some((root, value))) if !is_unclear && own == root => {
            let mut text = Text::default();
            text.push_bytes(space.as_str().as_bytes());
            text.push_bytes(b":");
            value.unpack_to(&mut text)?;
            let id = Id::of_key_form(space, text.as_str()?);
            id.map_or(Err("a member that is no id"), |id| Ok(Glance::One(id)))
        }
        _ => Ok(Glance::Unclear),
    }
}
