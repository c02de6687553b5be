//! Values: identifiers, times, facts, rules and topology. No I/O, no bytes, nothing but std.
//!
//! Read in this order: kinds and scopes, ids, times, strengths, facts, then what the facts set up:
//! topology and rules.

mod erased_debug;
mod fact;
mod id;
mod kind;
mod lang;
mod numbers;
mod placeholder;
mod relation;
mod rules;
mod scope;
mod strength;
mod surroundings;
mod time;
mod topology;
mod validate;

pub use erased_debug::short_hash;
pub use fact::{Fact, Op, Reach, Selector};
pub use id::Id;
pub use kind::{Class, Kind, PerScope};
pub use lang::Lang;
pub use numbers::{EntityId, PersonId};
pub use placeholder::Placeholders;
pub use relation::{Direction, RelationKind, When};
pub use rules::{RuleValue, Rules};
pub use scope::KindScope;
pub use strength::{Strength, default_strength, source_matches};
pub use surroundings::{AppIssuer, Bound, CorpIssuer, Issuers, KnownAbsent, KnownId, Surroundings, Tie};
pub use time::Time;
pub use topology::{Binding, Topology};
pub use validate::validate;

pub(crate) use lang::texts_of;
pub(crate) use scope::{normalise_key, split_scope};
