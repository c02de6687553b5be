//! Reading requests from a connection, each within its deadline.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;

use crate::http::deadline::Deadline;
use crate::http::head::{Head, head};
use crate::http::limits::{HEAD_BYTES_MAX, LINGER_BYTES_MAX, LINGER_MS_MAX, Limits};
use crate::http::message::Request;

/// Why there is no request.
pub(super) enum NoRequest {
    /// The client went, or said nothing: there is nobody to answer.
    Gone,
    /// The client is told this status.
    Refused(u16),
}

/// The reading side of a connection.
pub(super) struct Input<'a> {
    stream: &'a TcpStream,
    /// What was read and belongs to no request yet.
    held: Vec<u8>,
}

impl<'a> Input<'a> {
    pub(super) fn new(stream: &'a TcpStream) -> Input<'a> {
        Input { stream, held: Vec::new() }
    }

    /// The next request, and whether the connection may be kept after it.
    pub(super) fn request(&mut self, limits: &Limits) -> Result<(Request, bool), NoRequest> {
        let deadline = Deadline::after_ms(limits.read_ms_max);
        let end = self.end_of_head(deadline)?;
        let rest = self.held.split_off(end);
        let read = head(&self.held);
        self.held = rest;
        let Head { method, path, query, headers, body_len, keep, waits } =
            read.map_err(NoRequest::Refused)?;
        let body_len = usize::try_from(body_len).ok().filter(|len| *len <= limits.body_bytes_max);
        let body_len = body_len.ok_or(NoRequest::Refused(413))?;
        if waits && self.held.len() < body_len {
            self.tell_to_go_on(deadline)?;
        }
        while self.held.len() < body_len {
            self.more(deadline, NoRequest::Refused(408))?;
        }
        let rest = self.held.split_off(body_len);
        let body = std::mem::replace(&mut self.held, rest);
        Ok((Request { method, path, query, headers, body }, keep))
    }

    /// Throws away what still comes, so that a client that is still sending sees the answer before the end.
    pub(super) fn drain(&mut self) {
        let deadline = Deadline::after_ms(LINGER_MS_MAX);
        let mut drained = 0usize;
        while drained < LINGER_BYTES_MAX {
            self.held.clear();
            if self.more(deadline, NoRequest::Gone).is_err() {
                return;
            }
            drained = drained.saturating_add(self.held.len());
        }
    }

    /// Reads up to the empty line and says where it ends.
    fn end_of_head(&mut self, deadline: Deadline) -> Result<usize, NoRequest> {
        const END: &[u8] = b"\r\n\r\n";
        let mut looked_at = 0usize;
        loop {
            let rest = self.held.get(looked_at..).unwrap_or_default();
            if let Some(at) = rest.windows(END.len()).position(|window| window == END) {
                let end = looked_at.saturating_add(at).saturating_add(END.len());
                return if end <= HEAD_BYTES_MAX { Ok(end) } else { Err(NoRequest::Refused(431)) };
            }
            if self.held.len() >= HEAD_BYTES_MAX {
                return Err(NoRequest::Refused(431));
            }
            // An end that began in what was read is found when the rest of it comes.
            looked_at = self.held.len().saturating_sub(END.len() - 1);
            // Nobody is told that he was slow who did not begin: a kept connection ends so.
            let late = if self.held.is_empty() { NoRequest::Gone } else { NoRequest::Refused(408) };
            self.more(deadline, late)?;
        }
    }

    /// Reads what is there, at least a byte; `late` if nothing comes in time.
    fn more(&mut self, deadline: Deadline, late: NoRequest) -> Result<(), NoRequest> {
        let mut piece = [0u8; 4096];
        loop {
            let Some(left) = deadline.left() else { return Err(late) };
            if self.stream.set_read_timeout(Some(left)).is_err() {
                return Err(NoRequest::Gone);
            }
            match (&mut &*self.stream).read(&mut piece) {
                Ok(0) => return Err(NoRequest::Gone),
                Ok(len) => {
                    self.held.extend_from_slice(piece.get(..len).unwrap_or_default());
                    return Ok(());
                }
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    return Err(late);
                }
                Err(_) => return Err(NoRequest::Gone),
            }
        }
    }

    fn tell_to_go_on(&self, deadline: Deadline) -> Result<(), NoRequest> {
        let ready = self.stream.set_write_timeout(deadline.left());
        let told = ready.and_then(|()| (&mut &*self.stream).write_all(b"HTTP/1.1 100 Continue\r\n\r\n"));
        told.map_err(|_| NoRequest::Gone)
    }
}
