//! Callbacks: what the platforms push, verified, queued durably, and turned into facts and calls to make.
//!
//! A [`Receiver`] knows one callback URL: its keys, its receiveids, what its events are about. It does no I/O: give it the
//! query and the body, from any HTTP server. An [`Inbox`] keeps what was accepted on disk, one file each, before the
//! platform hears that it arrived, and knows what came before. [`Inbox::apply`] makes facts of an item and leaves
//! those with a [`FollowUp`], a call that is now due, for whoever makes the calls. [`serve`] is a small HTTP server over
//! the same, for loopback or behind a reverse proxy.
//!
//! ```no_run
//! use idweave::sync::callback::{AppMode, Inbox, InboxOptions, Product, Receiver, Stage};
//! use idweave::wechat::{CallbackKey, IngestOptions, Opt};
//! use idweave::{Graph, Time};
//!
//! # fn example(query: &[(String, String)], body: &[u8], now: Time) -> idweave::Result<()> {
//! let key = CallbackKey::new("pamtest", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG")?;
//! let options = IngestOptions::new().with(Opt::Appid, "wxb11529c136998cb6");
//! let receiver =
//!     Receiver::new("shop", Product::App(AppMode::Encrypted), vec![key], &["wxb11529c136998cb6"], options)?;
//! let inbox = Inbox::open("/var/lib/idweave/inbox", InboxOptions::default())?;
//!
//! // In the handler: write `reply` as it is.
//! let reply = inbox.post(&receiver, query, body, now);
//! # drop(reply);
//!
//! // On another thread.
//! let graph = Graph::open("/var/lib/idweave/graph")?;
//! while let Some(item) = inbox.take(Stage::New)? {
//!     let applied = inbox.apply(item, &receiver, &graph, now)?;
//!     # drop(applied);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Not here
//!   the calls themselves, their tokens and their pace.

mod apply;
mod follow_up;
mod inbox;
mod limits;
mod receiver;
mod seen;
mod server;
mod spool;

pub use apply::{Applied, Work};
pub use follow_up::{Call, FollowUp};
pub use inbox::{Inbox, InboxOptions, Item, Stage};
pub use receiver::{AppMode, Product, Receiver, Reply};
pub use server::{Clock, Listening, serve};
