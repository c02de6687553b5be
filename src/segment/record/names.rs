//! What decoding asks of the names a graph interned.

use crate::model::{Id, KindScope};
use crate::records::Sym;

/// The interned (kind, scope) names.
pub(crate) trait Spaces {
    /// The (kind, scope) of a name; `None` if it is not one.
    fn space(&self, sym: Sym) -> Option<&KindScope>;
}

/// An id put together of its space and its value; the value passed the door once.
pub(crate) fn id_of(space: &KindScope, value: &str, spelling: Option<&str>) -> Option<Id> {
    let id = Id::known_in_space(space, spelling.unwrap_or(value)).ok()?;
    (id.value() == value).then_some(id)
}
