//! Jobs: many calls whose answers are facts, which any end, at any point, only interrupts.

mod account;
mod account_reconcile;
mod compare;
mod corp;
mod corp_reconcile;
mod generation;
mod groups;
mod paging;
mod pending;
mod run;
mod step;

pub use account::AccountImport;
pub use account_reconcile::AccountReconcile;
pub(crate) use compare::{compare, compare_group, ended};
pub use corp::CorpImport;
pub use corp_reconcile::CorpReconcile;
pub use generation::GenerationUpgrade;
pub use pending::PendingSweep;
pub use run::{Progress, Report, plan, run};
pub use step::{Job, Place, Planned, Step, Tally, Turn, Unlinked};
