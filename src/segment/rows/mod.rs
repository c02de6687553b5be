//! Rows of a segment's table: what lies beside families, by key.
//!
//! # Layout
//! A key is a letter and what follows it; numbers in keys are big-endian, so that keys are in their order. Values
//! are in the pieces of `codec/bytes.rs`; times are `signed` milliseconds.
//!
//! | key | value |
//! |---|---|
//! | `a` | the database's secret (32); in snapshots only |
//! | `b` batch, side key | nothing: the batch told of that toggle |
//! | `c` place | seq `varint`, a fact about topology, kinds or rules: a commit's payload with it alone |
//! | `e` hash of source and event (8), a, b | nothing: the event touched that pair |
//! | `h` chunk (8) | when [`COMMITS_A_ROW`] commits, or as many as there are, were recorded: each the `signed` difference to the one before |
//! | `k` key of a mark | at, value `text` |
//! | `l` list, `a` or `r`, first item | items added to the list, or removed from it (`lists.rs`) |
//! | `m` id, 0, side key | nothing: the side record names the id |
//! | `n` space | `varint` how many numbers were given out in it |
//! | `o` | `varint` the number of the oldest segment that may still hold something that was erased |
//! | `p` a, b | `u8` 1 = times in seconds; a pair whose ends lie in two records |
//! | `r` kind, from, to | the facts of a relation (`relations.rs`) |
//! | `s` side key | a side record (`sides.rs`) |
//! | `t` HMAC (32) | at, `u8` 1 = sticky |
//! | `u` seq (8), place (4) | `u8` 0 = erased, 1 = restricted, 2 = restriction lifted; at; flags (sticky, entity); count `varint`, HMAC (32) each |
//! | `w` seq (8) | the commits that undo that one, ascending: count `varint`, seq `varint` each |
//! | `x` number | an interned text |
//! | `y` batch | retractions and their lifting |
//! | `z` place | source `varint`, flags (scope, from), scope `text`?, from?, to, retractions and their lifting |
//!
//! | side key | bytes |
//! |---|---|
//! | ban | 1, smaller id, 0, greater id, 0 |
//! | block | 2, id, 0 |
//! | restriction | 3, id, 0 |
//! | absent | 4, id, 0, kind and scope, 0 |
//! | retraction of a pair | 5, smaller id, 0, greater id, 0, then 0, or 1 and the source |
//! | retraction of an event | 6, source, event |

mod audit;
mod keys;
mod lists;
mod relations;
mod sides;
mod small;

pub(crate) use audit::{put_audit, put_owed, take_audit, take_owed};
pub(crate) use keys::{
    COMMITS_A_ROW, Tag, audit_key, batch_side_key, commits_key, event_key, mark_key, mention_key, number_key,
    pair_key, relation_key, side_key, take_batch_side_key, take_event_key, take_mention_key, take_pair_key,
    take_relation_key, take_side_key, take_undone_key, tomb_key, undone_key,
};
pub(crate) use lists::{ListFinder, ListsBelow, RowItem, merge_list_rows, put_list_rows};
pub(crate) use relations::{put_relation, take_relation};
pub(crate) use sides::{put_side, take_side};
pub(crate) use small::{
    put_commit_times, put_far_pair, put_lifting, put_mark, put_setting, put_source_retraction, put_tomb,
    put_undos, take_commit_times, take_far_pair, take_lifting, take_mark, take_setting,
    take_source_retraction, take_tomb, take_undos,
};
