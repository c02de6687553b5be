//! What decoding asks of the names a graph interned.

use crate::codec::What;
use crate::model::{Id, Kind, KindScope};
use crate::records::Sym;
use crate::segment::record::pack::{Packed, Text};

/// The interned (kind, scope) names.
pub(crate) trait Spaces {
    /// The (kind, scope) of a name; `None` if it is not one.
    fn space(&self, sym: Sym) -> Option<&KindScope>;
}

/// An id put together of its space and its value; the value passed the door once.
pub(crate) fn id_of(space: &KindScope, value: Packed<'_>, spelling: Option<&str>) -> Result<Id, What> {
    const NONE: What = "a member that is no id";
    let mut text = Text::default();
    text.push_bytes(space.as_str().as_bytes());
    text.push_bytes(b":");
    value.unpack_to(&mut text)?;
    let id = Id::of_key_form(space, text.as_str()?).ok_or(NONE)?;
    match (spelling, space.kind()) {
        // What is written in more than one way is held against its key form.
        (_, Kind::Userid | Kind::Corpid | Kind::App) | (Some(_), _) => {
            let spelt = Id::known_in_space(space, spelling.unwrap_or(id.value())).map_err(|_| NONE)?;
            if spelt == id { Ok(spelt) } else { Err(NONE) }
        }
        _ => Ok(id),
    }
}
