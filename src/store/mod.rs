//! The home of a graph: the state and how it is looked at and changed, and where commits go.
//!
//! Read in this order: the state (a persistent value) with its delta and the layers below, what reading needs of
//! it (`Source`), the lens that finds records through the layers, walks over what is long, the draft that changes them, and the home a
//! commit is written to (`Home`, the seam for other stores).

mod audits;
mod commits;
mod delta;
mod differing;
mod draft;
mod filter;
mod glance;
mod hash;
mod home;
mod image;
#[cfg(feature = "kv")]
mod kv_home;
mod layer;
mod lens;
mod list_walk;
mod listed;
mod loads;
mod place;
mod relation_walk;
mod restamp;
mod source;
mod state;
mod survey;

pub(crate) use differing::{Candidates, Differing, Identity};
pub(crate) use draft::Draft;
pub(crate) use glance::Glancing;
pub(crate) use home::{Home, Installing, JournalHome, MemoryHome, SyncHandle};
#[cfg(feature = "kv")]
pub(crate) use image::{Records, copy_rows};
pub(crate) use image::{
    Restored, counts_of, merge, owed, restore, room_for_changes, room_for_merge, write_changes,
};
#[cfg(feature = "kv")]
pub(crate) use kv_home::KvHome;
pub(crate) use layer::{Layers, Saved};
pub(crate) use lens::Lens;
pub(crate) use list_walk::ListWalk;
pub(crate) use place::Place;
pub(crate) use relation_walk::{Related, RelationWalk};
pub(crate) use restamp::UNNUMBERED;
pub(crate) use source::Source;
pub(crate) use state::{SourceRetraction, State, seed_of};
