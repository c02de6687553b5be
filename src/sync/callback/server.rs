//! A small HTTP server over receivers and an inbox: for loopback, or behind a reverse proxy that ends TLS.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use crate::error::{AnswerError, Result};
use crate::http::{Delivery, Limits, Request, Response, Running, Server};
use crate::model::Time;
use crate::sync::callback::inbox::Inbox;
use crate::sync::callback::limits::BODY_BYTES_MAX;
use crate::sync::callback::receiver::{Receiver, Reply};

/// Connections at a time. One that says nothing is given up after five seconds.
const CONNECTIONS_MAX: usize = 256;

/// How the platforms write, in a URL of many apps, where the appid goes.
const ANY: &str = "$APPID$";

/// What tells the time to a callback: the system's clock, in a program.
pub type Clock = dyn Fn() -> Time + Send + Sync;

/// A server that answers callbacks. Dropping it stops it.
pub struct Listening {
    running: Running,
}

impl std::fmt::Debug for Listening {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Listening").field("addr", &self.addr()).finish()
    }
}

impl Listening {
    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.running.addr()
    }

    /// Stops listening, answers what was asked already, and returns when all of its threads have ended.
    pub fn stop(self) {
        self.running.stop();
    }
}

/// Answers callbacks on an address (port 0 takes a free one) from now on, on threads of its own: each path is a
/// receiver's, and a part `$APPID$` of it stands for any text between slashes; what is accepted goes into the inbox before it is answered. An unknown path, another method than GET and
/// POST, and whatever a receiver refuses are answered alike.
///
/// # Errors
/// `Network`: the address is taken, or there are no threads. [`AnswerError::BadOption`]: a path that is none.
pub fn serve(
    addr: SocketAddr,
    receivers: BTreeMap<String, Arc<Receiver>>,
    inbox: Arc<Inbox>,
    clock: Arc<Clock>,
) -> Result<Listening> {
    let is_path = |path: &String| path.starts_with('/') && !path.contains(['?', '#', ' ']);
    if receivers.is_empty() || !receivers.keys().all(is_path) {
        let expected = "at least one, each beginning with / and without ?, # and blanks";
        return Err(AnswerError::BadOption { option: "path", expected }.into());
    }
    let limits =
        Limits { body_bytes_max: BODY_BYTES_MAX, connections_max: CONNECTIONS_MAX, ..Limits::default() };
    let server = Server::bind(addr, limits)?;
    let handler = move |request: Request| {
        let Request { method, path, query, body, .. } = request;
        let reply = match (of_path(&receivers, &path), method.as_str()) {
            (Some(receiver), "GET") => receiver.get(&query),
            (Some(receiver), "POST") => inbox.post(receiver, &query, &body, clock()),
            _ => Reply::refused(),
        };
        let content_type = if reply.body.is_empty() { "" } else { "text/plain; charset=utf-8" };
        Response { status: reply.status, content_type, body: reply.body, delivery: Delivery::Whole }
    };
    let running = server.serve(Arc::new(handler))?;
    Ok(Listening { running })
}

fn of_path<'a>(receivers: &'a BTreeMap<String, Arc<Receiver>>, path: &str) -> Option<&'a Arc<Receiver>> {
    let fits = |pattern: &str| {
        let (mut parts, mut asked) = (pattern.split('/'), path.split('/'));
        loop {
            match (parts.next(), asked.next()) {
                (None, None) => return true,
                (Some(ANY), Some(text)) if !text.is_empty() => {}
                (Some(part), Some(text)) if part == text => {}
                _ => return false,
            }
        }
    };
    let of_many = || receivers.iter().find(|(pattern, _)| pattern.contains(ANY) && fits(pattern));
    receivers.get(path).or_else(|| of_many().map(|(_, receiver)| receiver))
}
