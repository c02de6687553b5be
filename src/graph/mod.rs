//! The graph as its users hold it: open it, write facts, take views.
//!
//! Read in this order: options and opening, the graph and its commits, a transaction, a view.

mod analyze;
mod bulk;
mod checkpoint;
mod checkpointer;
mod commit;
#[cfg(feature = "kv")]
mod convert;
mod erasure;
mod feed;
mod figures;
mod handle;
mod large;
mod lookups;
mod merge;
mod notes;
mod open;
#[cfg(feature = "kv")]
mod open_kv;
mod options;
mod overflow;
mod past;
mod published;
mod read_only;
mod routes;
mod shared;
mod snapshot;
mod spill;
mod turn;
mod tx;
mod view;
mod what_if;

pub use bulk::BulkLoad;
pub use checkpoint::Checkpointed;
#[cfg(feature = "kv")]
pub use convert::Converted;
pub use erasure::{EraseRequest, ErasedBytes, ErasureReceipt};
pub use feed::{ChangeRecord, ChangeStream};
pub use figures::Figures;
pub use handle::{Committed, Graph};
pub use merge::{MergeSource, Merged};
pub use notes::carry_out;
pub use options::{Durability, History, HomeKind, Options, Recovery};
pub use past::Past;
pub use published::Published;
pub use read_only::ReadOnly;
pub use routes::Acquire;
pub use snapshot::{Snapshot, Snapshotted, Verified, VerifyLevel};
pub use tx::{Outcome, Tx};
pub use view::View;
pub use what_if::WhatIf;
