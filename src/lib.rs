//! Embedded identity-graph database engine for the WeChat ecosystem.
//!
#![doc = include_str!("../README.md")]

// The simulated disk is shared with tests/it, which see the crate from outside.
#[cfg(test)]
extern crate self as idweave;
// So is how golden bytes are written down.
#[cfg(test)]
#[path = "../tests/it/support/hex.rs"]
mod hex;

mod codec;
mod engine;
pub mod error;
#[cfg(fuzzing)]
pub mod fuzzing;
mod graph;
mod journal;
pub mod model;
mod records;
mod resolve;
mod segment;
mod store;
pub mod vfs;
pub mod wechat;

pub use codec::ndjson;
pub use engine::{
    Answers, Audited, AuditedAct, Contact, EdgeDump, Entity, EntityDump, EntityId, EvidenceInfo, Explanation,
    Finding, IdMac, Member, Person, PersonId, Reached, Read, RelationInterval, Stats, Step, Subject,
    SubjectFact, SubjectId, Suggestion, Translation, Verdict,
};
pub use error::{Error, Result};
pub use graph::{
    BulkLoad, Checkpointed, Committed, Durability, EraseRequest, ErasedBytes, ErasureReceipt, Graph, Options,
    Outcome, Past, Published, ReadOnly, Recovery, Snapshot, Snapshotted, Tx, Verified, VerifyLevel, View,
};
pub use model::{Fact, Id, Kind, KindScope, Op, Time};
pub use resolve::{Conflict, EdgeKind, Level, Reason, Status};
pub use segment::ReadMode;
