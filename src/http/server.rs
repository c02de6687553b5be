//! The listener, the cap on connections, and the end of all of them.
//!
//! # Invariants
//!   L1 `Running::stop` returns when no thread of the server is left. A request that a handler has is answered first;
//!      one that is still being read is dropped.

use std::io::{self, Read};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{JoinHandle, Scope};
use std::time::Duration;

use crate::error::{Error, Result};
use crate::http::connection::attend;
use crate::http::door::{Door, Place};
use crate::http::limits::{Limits, PAUSE_MS};
use crate::http::message::{Request, Response, Served};
use crate::http::output::{Manner, write};

/// What answers requests, from many threads at a time: with a `Response`, or with a [`Served`], which tells when it was
/// written. Where it panics its connection is closed, and no other.
pub(crate) type Handler<S> = Arc<dyn Fn(Request) -> S + Send + Sync>;

/// A socket that listens and does not answer yet.
pub(crate) struct Server {
    listener: TcpListener,
    addr: SocketAddr,
    limits: Limits,
}

impl Server {
    /// Listens on an address; port 0 takes a free one.
    ///
    /// # Errors
    /// [`Error::Network`]: the address is taken or is not one of this machine.
    pub(crate) fn bind(addr: SocketAddr, limits: Limits) -> Result<Server> {
        let wrap = |source| Error::Network { what: "listen on the address", source };
        let listener = TcpListener::bind(addr).map_err(wrap)?;
        let addr = listener.local_addr().map_err(wrap)?;
        Ok(Server { listener, addr, limits })
    }

    /// Where it listens.
    #[cfg(test)]
    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Answers from now on, on threads of its own.
    ///
    /// # Errors
    /// [`Error::Network`]: the system has no thread to give.
    pub(crate) fn serve<S: Into<Served> + 'static>(self, handler: Handler<S>) -> Result<Running> {
        let handler: Handler<Served> = Arc::new(move |request| handler(request).into());
        let door = Arc::new(Door::default());
        let addr = self.addr;
        let thread = std::thread::Builder::new().name("idweave-http".to_owned()).spawn({
            let door = door.clone();
            move || listen(self.listener, &self.limits, &door, &handler)
        });
        let thread = thread.map_err(|source| Error::Network { what: "start a thread", source })?;
        Ok(Running { addr, door, thread: Some(thread) })
    }
}

/// A server that answers, until it is stopped or dropped.
pub(crate) struct Running {
    addr: SocketAddr,
    door: Arc<Door>,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    /// Where it listens.
    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Stops listening, lets handlers finish and their answers go out, and returns when all threads have ended (L1).
    pub(crate) fn stop(self) {
        drop(self);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let Some(thread) = self.thread.take() else { return };
        self.door.close();
        // The listener waits for a connection: it gets one. Where that fails it has one already, or tries again.
        while !thread.is_finished() {
            drop(TcpStream::connect_timeout(&reachable(self.addr), Duration::from_millis(PAUSE_MS)));
            if self.door.has_left(PAUSE_MS) {
                break;
            }
        }
        // A panic of a handler has been told on standard error already.
        drop(thread.join());
    }
}

/// An address that reaches a listener: the unspecified one is for listening only.
fn reachable(addr: SocketAddr) -> SocketAddr {
    let ip = match addr.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, addr.port())
}

fn listen(listener: TcpListener, limits: &Limits, door: &Door, handler: &Handler<Served>) {
    // The scope ends when the last of its threads has (L1).
    std::thread::scope(|scope| {
        while !door.is_closing() {
            match listener.accept() {
                Ok((stream, _)) => take(limits, door, handler, scope, stream),
                // No descriptor to give, or the client was gone before it was taken.
                Err(_) => {
                    door.pause(PAUSE_MS);
                }
            }
        }
        // Who was not let in by now is not kept waiting for those who were.
        drop(listener);
        door.leave();
    });
}

fn take<'scope>(
    limits: &'scope Limits,
    door: &'scope Door,
    handler: &'scope Handler<Served>,
    scope: &'scope Scope<'scope, '_>,
    stream: TcpStream,
) {
    let stream = Arc::new(stream);
    let Some(place) = Place::take(door, &stream, limits.connections_max) else {
        return turn_away(&stream, limits, door);
    };
    let builder = std::thread::Builder::new().name("idweave-http-connection".to_owned());
    let attended = stream.clone();
    let started = builder.spawn_scoped(scope, move || {
        let _place = place;
        attend(&attended, limits, door, handler.as_ref());
    });
    if started.is_err() {
        turn_away(&stream, limits, door);
    }
}

/// One connection too many: told so, without waiting for it.
fn turn_away(stream: &TcpStream, limits: &Limits, door: &Door) {
    let manner = Manner { keep: false, without_body: false };
    let at_once = Limits { write_ms_max: PAUSE_MS, ..*limits };
    write(stream, &Response::bare(503), &manner, &at_once, door);
    drop(stream.shutdown(Shutdown::Write));
    // What has come already is read, or closing would take the answer back.
    drop(stream.set_nonblocking(true).and_then(|()| read_some(stream)));
}

fn read_some(stream: &TcpStream) -> io::Result<usize> {
    let mut piece = [0u8; 4096];
    (&mut &*stream).read(&mut piece)
}
