//! A WeChat and WeCom of one's own, on loopback: for tests, demos, and tests of those who use this library (feature
//! `simulator`).
//!
//! It has accounts, apps bound to an open-platform account, a corp with employees, customers and groups, a provider that
//! serves it, and answers the calls of the platforms about them with the platforms' own spelling, tokens, quotas, pages and
//! errors. It misbehaves where a table of faults says so, and it knows which ids are whose, so that what was made of its
//! answers can be scored.
//!
//! # Invariants
//!   S1 ids are functions of a seed, a scope and an account's number, so that all scopes agree, and each id leads back to
//!      its account ([`Simulator::owner`]); one that was made up leads nowhere.
//!   S2 nothing is shared with the parsers: the fields and the envelope of callbacks are spelled here a second time, and
//!      checked against the samples and the vectors of the reference.
//!   S3 the time is the caller's; nothing here reads a clock or draws a number that the seed does not give.

mod app;
mod binding;
mod call;
mod convert;
mod corp;
mod courier;
mod driven;
mod event;
mod fault;
mod fields;
mod flight;
mod front;
mod group;
mod ids;
mod life;
mod limit;
mod login;
mod mp;
mod page;
mod plan;
mod push;
mod range;
mod routes;
mod seal;
mod server;
mod service;
mod shop;
mod ticket;
mod token;
mod upgrade;
mod world;

pub use courier::{Courier, Delivered};
pub use fault::{Fault, Misbehaviour, When};
pub use front::Authorization;
pub use limit::Violation;
pub use plan::{Plan, Topology};
pub use push::{Mode, Post, Push, Target, UrlCheck, Writing};
pub use server::{Clock, Serving, Simulator};
