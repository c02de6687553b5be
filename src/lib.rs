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

pub mod analytics;
mod codec;
mod engine;
pub mod error;
#[cfg(feature = "export")]
pub mod export;
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
pub mod observe;
#[cfg(feature = "report")]
mod page;
#[cfg(feature = "report")]
pub mod picture;
mod records;
#[cfg(feature = "report")]
pub mod report;
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
    Act, Answers, AskAgain, Audited, AuditedAct, ChangedId, ConflictSide, Contact, Decision, EdgeAround,
    EdgeDump, EdgeInFull, EdgesAround, Entity, EntityDump, EntityMembers, EntitySize, EvidenceInfo,
    Explanation, Finding, Held, HistoryStep, IdMac, Lack, Member, Membership, MoreEdges, NumberedId,
    OpenConflict, Person, PersonSize, Reached, Read, RelationInterval, RelationSpell, RuleVersion, Ruling,
    Settling, Severity, Stats, Step, Subject, SubjectFact, SubjectId, Suggestion, Translation, Unresolved,
    Verdict,
};
pub use error::{Error, Result};
pub use feed::{
    Changes, ConflictChange, EntityIds, FeedRetention, MergedEntity, PersonChange, RekeyedEntity, SplitEntity,
};
#[cfg(feature = "kv")]
pub use graph::Converted;
pub use graph::{
    Acquire, BulkLoad, ChangeRecord, ChangeStream, Checkpointed, Committed, Durability, EraseRequest,
    ErasedBytes, ErasureReceipt, Figures, Graph, History, HomeKind, MergeSource, Merged, Options, Outcome,
    Past, Published, ReadOnly, Recovery, Snapshot, Snapshotted, Tx, Verified, VerifyLevel, View, WhatIf,
    carry_out,
};
pub use model::{EntityId, Fact, Id, Kind, KindScope, Op, PersonId, Time};
/// The graphs of [`analytics`] are of this version of it.
pub use petgraph;
pub use resolve::{Conflict, EdgeKind, Level, Reason, Status};
pub use segment::ReadMode;
