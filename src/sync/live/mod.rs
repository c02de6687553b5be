//! Calls as things happen: a visitor who is to be known in a corp, and what events make due.

mod asking;
mod due;
mod source;
mod visitor;

pub use due::{Due, Followed};
pub use source::Source;
pub use visitor::{Visited, Visitor, ask_visitor};
