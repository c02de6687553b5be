//! Pages for people: markup that is well-formed and escaped by construction, numbers and times as people read them, and
//! the frame of a page that needs nothing but itself.

mod frame;
mod markup;
mod show;
mod texts;

pub(crate) use frame::{Frame, frame};
pub(crate) use markup::{Attributes, Markup};
pub(crate) use show::{count, date, moment, safe, shortened, width};
pub(crate) use texts::Texts;
