//! How an id that is missing can be had: every way the platforms offer, and the routes they make.
//!
//! Read in this order: the form of a way (`way`) and its conditions (`condition`), the ways themselves, a file for each
//! product, in the `catalogue`; then how a route is found: what is known (`ground`), by which `names`, and the `search`; what
//! it answers (`route`); and what people read about it, in two languages (`text`).

mod condition;
mod way;

mod contact;
mod convert;
mod login;
mod mini;
mod official;
mod platform;
mod service;
mod shop;
mod upstream;

mod catalogue;

mod ground;
mod names;
mod route;
mod search;

mod columns;
mod text;

pub use crate::model::Lang;
pub use catalogue::ways;
pub use condition::{AppSort, Condition, Party, Reason, Standing};
pub use names::{Names, Spot};
pub use route::{Asked, Blocked, Route, RouteKind, Routes, Step, Usability};
pub use search::{BELIEVED_MS, ROUTES_MAX, STEPS_MAX, routes};
pub use text::{keys, needed_keys, text};
pub use way::{
    Access, Also, Calls, Credential, Gives, Interrupts, Per, Quota, Scope, Shared, Space, Way, Window, Yield,
};
