//! Past states: who was who, as far as it is asked, told again from the facts that counted then.

mod bring;
mod history;
mod horizon;
mod memberships;
mod seen;
mod state;
mod told;
mod unchanged;

pub(crate) use history::history;
pub(crate) use horizon::Horizon;
pub use memberships::Membership;
pub(crate) use memberships::memberships;
pub(crate) use seen::Seen;
pub(crate) use state::{Depth, PastState, RelationOfToday};
