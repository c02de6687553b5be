//! The payload of one commit in the journal: accepted facts, expanded erasures and undos, in order.
//!
//! # Layout
//! Version 1, in the pieces of `codec/bytes.rs`:
//!
//! | part | bytes |
//! |---|---|
//! | version | `u8` = 1 |
//! | count | `varint`, the number of entries |
//! | entries | one after the other, nothing after the last |
//!
//! An entry is its tag (`tag.rs`), flags, time and body. `delta` is the `signed` difference, wrapping, of the
//! entry's `at` to the `at` of the entry before (the first: to 0). `time` is the same difference of another
//! time to the entry's `at`. The first flag of a fact says that a batch follows its delta, as a `name`.
//!
//! | entry | further flags | body after `delta` and batch |
//! |---|---|---|
//! | link | strength, event, expires_at | a `id`, b `id`, source `name`, strength `u8`?, event `text`?, expires_at `time`? |
//! | supersede | strength, event | old `id`, new `id`, source `name`, strength `u8`?, event `text`? |
//! | retract, unretract of a pair | source | a `id`, b `id`, source `name`? |
//! | ... of a source | scope, from | source `name`, scope `space`?, from `time`?, to `time` |
//! | ... of an event | | source `name`, event `text` |
//! | ... of a batch | | batch `name` |
//! | ban | | a `id`, b `id`, reason `text`, actor `name` |
//! | unban | | a `id`, b `id`, actor `name` |
//! | block | | id `id`, reason `text`, actor `name` |
//! | unblock | | id `id`, actor `name` |
//! | restrict | | id `id`, reason `text` |
//! | unrestrict | | id `id` |
//! | relate | | kind `relation`, from `id`, to `id`, source `name`, count `varint`, then key `name`, value `text` each, keys ascending |
//! | unrelate | | kind `relation`, from `id`, to `id`, source `name` |
//! | absent | | id `id`, target `space`, source `name` |
//! | open_account, provider | subject | key `text`, subject `text`? |
//! | app | type, subject, open account | appid `text`, type `text`?, subject `text`?, open account `text`?, from `time` |
//! | corp | subject, bound said, bound to an app, kf said, kf bound to an app, from | key `text`, subject `text`?, bound appid `text`?, kf bound appid `text`?, from `time`?, count `varint`, then alias `text` each |
//! | kind | | name `text`, per scope `u8` (0 many, 1 one) |
//! | rules | | count `varint`, then rule `text`, tag `u8`, value each, rules ascending; value by tag: 0 `varint`, 1 `text`, 2 count `varint` then `text` each |
//! | mark | | key `text`, value `text` |
//! | erasure | sticky, entity (the only flags: it has no batch) | count `varint`, then for each id: `u8` 1 and its number `varint`, or `u8` 0, then 32 bytes of HMAC |
//! | undo | (none, and no time: its tag is followed by its body) | seq of the undone commit `varint` |
//!
//! | part of a body | bytes |
//! |---|---|
//! | `name` | a reference into the commit's names: `varint` 0 and the `text` where it occurs first, else its place among the names so far, from 1 |
//! | `space` | the same for `kind:scope` texts, counted apart |
//! | `id` | `space`, then the value as it was spelt, `text` |
//! | `relation` | `u8` (`tag.rs`); for a custom kind its `name` follows |
//!
//! # Invariants
//!   N1 a payload has one encoding: what decodes encodes to the same bytes.
//!   N2 decoding checks form, never the rules at the door (placeholders, [`crate::model::validate`], times),
//!      so a stricter version still reads what was acknowledged.
//!   N3 an erasure holds numbers and HMACs only: a fact that says `erase`, which names an id, never gets here.

mod dictionary;
mod parts;
mod read;
mod tag;
#[cfg(test)]
mod tests;
mod write;

pub(crate) use parts::{Entry, ErasedId, Erasure};
pub(crate) use read::decode_commit;
pub(crate) use write::encode_commit;
