//! Writing answers to a connection, each within its deadline.

use std::io::{self, ErrorKind, Write};
use std::net::TcpStream;

use crate::http::deadline::Deadline;
use crate::http::door::Door;
use crate::http::limits::Limits;
use crate::http::message::{Delivery, Response};

/// How an answer is written.
pub(super) struct Manner {
    /// The connection is kept after it.
    pub(super) keep: bool,
    /// In answer to `HEAD`: all but the body.
    pub(super) without_body: bool,
}

/// Writes an answer; says whether the connection is still good for another.
pub(super) fn write(
    stream: &TcpStream,
    response: &Response,
    manner: &Manner,
    limits: &Limits,
    door: &Door,
) -> bool {
    let mut bytes = head(response, manner.keep);
    let body = if manner.without_body { &[][..] } else { response.body.as_slice() };
    match response.delivery {
        Delivery::HangUp => false,
        Delivery::CutAfter(len) => {
            bytes.extend_from_slice(body.get(..len).unwrap_or(body));
            drop(send(stream, &bytes, limits));
            false
        }
        Delivery::Slow { bytes: len, pause_ms } => {
            let (first, rest) = body.split_at_checked(len.max(1)).unwrap_or((body, &[]));
            bytes.extend_from_slice(first);
            let pieces = std::iter::once(bytes.as_slice()).chain(rest.chunks(len.max(1)));
            for piece in pieces {
                if !door.pause(pause_ms) || send(stream, piece, limits).is_err() {
                    return false;
                }
            }
            true
        }
        Delivery::Whole => {
            bytes.extend_from_slice(body);
            send(stream, &bytes, limits).is_ok()
        }
    }
}

fn head(response: &Response, keep: bool) -> Vec<u8> {
    let Response { status, content_type, body, .. } = response;
    let mut head = format!("HTTP/1.1 {status} {}\r\nContent-Length: {}\r\n", reason(*status), body.len());
    if !content_type.is_empty() {
        head.push_str(&format!("Content-Type: {content_type}\r\n"));
    }
    head.push_str(if keep { "Connection: keep-alive\r\n\r\n" } else { "Connection: close\r\n\r\n" });
    head.into_bytes()
}

fn send(stream: &TcpStream, bytes: &[u8], limits: &Limits) -> io::Result<()> {
    let deadline = Deadline::after_ms(limits.write_ms_max);
    let mut rest = bytes;
    while !rest.is_empty() {
        let left = deadline.left().ok_or(ErrorKind::TimedOut)?;
        stream.set_write_timeout(Some(left))?;
        match (&mut &*stream).write(rest) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(len) => rest = rest.get(len..).unwrap_or_default(),
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

/// What a person reads beside the number; programs do not.
fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        411 => "Length Required",
        413 => "Content Too Large",
        417 => "Expectation Failed",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        505 => "HTTP Version Not Supported",
        _ => "",
    }
}
