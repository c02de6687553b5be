//! The bytes of records: families, and what lies beside them in the sorted table.
//!
//! # Layout
//! In the pieces of `codec/bytes.rs`. A *time* is the `signed` difference to the time written before it in the
//! same record (the first: to 0), in the record's unit; a *seq* the same for commits. A *number* in an ascending
//! list is the `varint` difference to the one before it. A *value* is packed (`pack.rs`).
//!
//! A family is a head, which is all that the common question needs, and a tail.
//!
//! | head | bytes |
//! |---|---|
//! | flags | one entity; a person of another number; times in seconds (else in milliseconds) |
//! | count | `varint`, how many members there are |
//! | members, ascending | number; space `varint`; flags (superseded, blocked, restricted, hint hub, spelling, more, far pairs); place of the entity's first member among the members `varint`, unless one entity; named `varint`; value; spelling `text`? |
//!
//! | tail | bytes |
//! |---|---|
//! | persons | number of the person, `varint`, of each first member in order, if the flag says so |
//! | more, of members with that flag | as below |
//! | pairs | `varint` count; each: `varint` place of a * count of members + place of b, then a *pair* |
//!
//! | more | bytes |
//! |---|---|
//! | bans | `varint` count, numbers |
//! | groups | `varint` count; each: space `varint`, flags (candidate, passing, below), then a *list* |
//! | hints | flags (below), a *list* |
//! | relations | `varint` count; each: kind `varint`, flags (outwards, below), a *list* |
//! | clock | flags (present, ends below, latest below); if present: valid to, time; ends and latest, a *list* each of time and number `varint` |
//!
//! | list | bytes |
//! |---|---|
//! | that lies below | `varint` its length |
//! | other | `varint` count, items; of groups and hints only those whose pair is not in this record |
//!
//! | pair | bytes |
//! |---|---|
//! | flags | live, pending, second edge, third edge |
//! | pending | flags (end, latest), a time each |
//! | edges | flags: direction (2 bits), phase (2 bits), level, joins persons, conflict, plain; strength + 8 * status `u8`; reason of the void `u8`?; unless plain: evidence count, standing count `varint`, since; conflict?; evidence |
//! | since | `varint`: 0 = the beginning of time, n = that of the n-th evidence, one more than there are: a time follows |
//! | conflict | space `text`, `varint` count, ids: place + 1 `varint`, or 0 and `text` |
//! | evidence | flags (batch, event, strength, expires at, told again); source `varint`; batch `varint`?; event `text`?; strength `u8`?; observed at, time; expires at, time?; seq; if told again: count `varint`, tellings |
//! | telling | flags (strength, expires at); strength `u8`?; expires at, time?; seq |
//!
//! # Invariants
//!   R1 what decodes is complete: nothing is left over, every place and number is in range.

mod family;
mod glance;
mod gone;
mod key;
mod names;
mod pack;
mod pair;
mod read;
mod write;

pub(crate) use family::Family;
pub(crate) use glance::{Glance, glance};
pub(crate) use gone::{Gone, IdHashes, put_gone, take_gone};
pub(crate) use key::Key;
pub(crate) use names::Spaces;
pub(crate) use pair::{Clock, NoMembers, put_pair, take_pair, times_of};
pub(crate) use read::{Head, Member, take_family, take_pairs_alone, take_persons};
pub(crate) use write::put_family;
