//! Jobs: many calls whose answers are facts, which any end, at any point, only interrupts.

mod account;
mod corp;
mod run;
mod step;

pub use account::AccountImport;
pub use corp::CorpImport;
pub use run::{Progress, Report, run};
pub use step::{Job, Place, Step};
