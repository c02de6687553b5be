//! `demo`: real-shaped answers go in, identities come out; two scenes ask questions on the way.
//!
//! Read in this order: the command, its steps (`manifest`), where they lie (`files`), playing them (`play`),
//! printing (`show`, `names`).

mod command;

mod files;
mod manifest;
mod play;

mod names;
mod show;

pub(crate) use command::{DemoArgs, run};
