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
mod feed;
#[cfg(fuzzing)]
pub mod fuzzing;
mod graph;
#[cfg(any(feature = "simulator", feature = "sync"))]
mod http;
mod journal;
#[cfg(feature = "kv")]
pub mod kv;
#[cfg(feature = "kv")]
mod kvlog;
pub mod model;
mod records;
mod resolve;
mod segment;
#[cfg(feature = "simulator")]
pub mod simulator;
mod store;
#[cfg(feature = "sync")]
pub mod sync;
pub mod vfs;
pub mod wechat;

pub use codec::ndjson;
pub use engine::{
    Act, Answers, AskAgain, Audited, AuditedAct, ChangedId, ConflictSide, Contact, Decision, EdgeDump,
    Entity, EntityDump, EvidenceInfo, Explanation, Finding, Held, HistoryStep, IdMac, Lack, Member,
    OpenConflict, Person, Reached, Read, RelationInterval, RuleVersion, Ruling, Settling, Severity, Stats,
    Step, Subject, SubjectFact, SubjectId, Suggestion, Translation, Unresolved, Verdict,
};
pub use error::{Error, Result};
pub use feed::{
    Changes, ConflictChange, EntityIds, FeedRetention, MergedEntity, PersonChange, RekeyedEntity, SplitEntity,
};
#[cfg(feature = "kv")]
pub use graph::Converted;
pub use graph::{
    Acquire, BulkLoad, ChangeRecord, ChangeStream, Checkpointed, Committed, Durability, EraseRequest,
    ErasedBytes, ErasureReceipt, Graph, History, HomeKind, MergeSource, Merged, Options, Outcome, Past,
    Published, ReadOnly, Recovery, Snapshot, Snapshotted, Tx, Verified, VerifyLevel, View, WhatIf, carry_out,
};
pub use model::{EntityId, Fact, Id, Kind, KindScope, Op, PersonId, Time};
pub use resolve::{Conflict, EdgeKind, Level, Reason, Status};
pub use segment::ReadMode;
