//! A small HTTP/1.1 server over `std::net`: it serves on loopback, or behind a reverse proxy that ends TLS.
//!
//! Blocking, one thread a connection, the number of them capped. What callers give are limits and a handler.
//!
//! # Invariants
//!   H1 no request, whole or not, is waited for longer than its deadline, however slowly its bytes come; nor is
//!      an answer written for longer than its own.
//!   H2 memory for a connection is bounded by `HEAD_BYTES_MAX` and the limit of bodies, and taken as bytes arrive.
//!   H3 where a request ends is never in doubt: one `Content-Length` of digits or no body, no `Transfer-Encoding`,
//!      lines end in CR LF. What breaks this is answered with an error and the connection is closed.
//!   H4 nothing of a request is written anywhere: no log, and errors that name no byte of it.
//!
//! # The clock, threads and sockets
//!   deadlines need a monotonic clock, and one that a caller would hand in is the same clock; it decides when a
//!   connection is given up, and no answer or fact ever depends on it. Sockets and their threads are what this is for.
//!
//! # Not here
//!   TLS, chunked bodies, routes, and what requests mean.

mod connection;
mod deadline;
mod door;
mod head;
mod input;
mod limits;
mod message;
mod output;
mod query;
mod server;

#[cfg(test)]
mod tests;

pub(crate) use limits::Limits;
#[cfg(feature = "simulator")]
pub(crate) use message::Served;
pub(crate) use message::{Delivery, Request, Response};
pub(crate) use server::{Running, Server};
