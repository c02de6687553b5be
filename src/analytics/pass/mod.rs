//! The pass: reads a graph once and shows what it finds to every measure.
//!
//! Families are read from segments in the order of the file, in parts that threads share. What changed since, in the deltas, and
//! whatever lay in a record beside it, is *fresh*: it is read through a lens, entity by entity.
//!
//! # Invariants
//!   P1 every id, and with it its entity, is shown once: in its newest record, or as fresh.
//!   P2 every pair is shown once: with its family, if both its ends are in one that is shown; else by itself.
//!   P3 every relation is shown once, and every pair by itself, before families are.

mod bits;
mod columns;
mod counts;
mod entity;
mod family;
mod fresh;
mod run;
mod shared;
mod threads;

pub(crate) use columns::{Columns, counted_space};
pub(crate) use family::{FamilySeen, Links, Seen};
pub(crate) use run::{analyze, walk_families};
pub(crate) use shared::Shared;
