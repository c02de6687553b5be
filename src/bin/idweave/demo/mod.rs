//! `demo`: real-shaped answers go in, identities come out; two scenes ask questions on the way.
//!
//! Read in this order: the whole (`run`), the steps (`manifest`), where they lie (`files`), the database
//! (`place`), playing them (`play`), printing (`show`, `names`).

mod files;
mod manifest;
mod names;
mod place;
mod play;
mod run;
mod show;

pub(crate) use run::{DemoArgs, run};
