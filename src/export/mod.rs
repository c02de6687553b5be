//! A whole graph as files that data tools read: Parquet, Arrow IPC, CSV, NDJSON. Columns are documented in
//! `docs/EXPORT.md`.
//!
//! Read in this order: the tables and their columns (`schema`), what is told in clear and what is not (`privacy`), rows
//! (`rows`), columns filled with them (`batch`), bytes (`format`), files and folders (`output`, `folder`, `place`), and
//! the export as a whole (`write`).
//!
//! # Invariants
//!   E1 the same commit exported with the same options gives the same bytes: no clock, no order of a hash, fixed
//!      properties of the writers.
//!   E2 at most one part of each table that is being written is in memory, whatever the graph's size and however large
//!      its hubs.
//!   E3 nothing has its name before all of it is durable; what is named before the summary is there is no export.
//!   E4 in keyed exports every text that may hold an id of a person or a chat is a keyed hash or left out.

mod batch;
mod folder;
mod format;
mod output;
mod place;
mod privacy;
mod rows;
mod schema;
mod write;

pub use privacy::{KeyLength, Privacy, PrivacyKey};
pub use schema::{Column, ColumnType, SCHEMA_VERSION, Table};
pub use write::{Export, Exported, Format, TableWritten};
