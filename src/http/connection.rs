//! One connection: request, answer, request, answer, until either side has had enough.

use std::net::{Shutdown, TcpStream};

use crate::http::door::Door;
use crate::http::input::{Input, NoRequest};
use crate::http::limits::{Limits, REQUESTS_MAX};
use crate::http::message::{Request, Response, Served};
use crate::http::output::{Manner, write};

/// Serves a connection to its end.
pub(super) fn attend(
    stream: &TcpStream,
    limits: &Limits,
    door: &Door,
    handler: &(dyn Fn(Request) -> Served + Send + Sync),
) {
    // Answers go out whole: waiting for more to send only delays them. Not all systems know how, and none needs to.
    drop(stream.set_nodelay(true));
    let mut input = Input::new(stream);
    for served in 1..=REQUESTS_MAX {
        match input.request(limits) {
            Ok((request, keep)) => {
                let keep = keep && served < REQUESTS_MAX && !door.is_closing();
                let manner = Manner { keep, without_body: request.method == "HEAD" };
                let Served { response, until_written } = handler(request);
                let is_good = write(stream, &response, &manner, limits, door);
                drop(until_written);
                if !is_good || !keep {
                    break;
                }
            }
            Err(NoRequest::Gone) => break,
            Err(NoRequest::Refused(status)) => {
                let manner = Manner { keep: false, without_body: false };
                if write(stream, &Response::bare(status), &manner, limits, door) {
                    drop(stream.shutdown(Shutdown::Write));
                    input.drain();
                }
                break;
            }
        }
    }
    drop(stream.shutdown(Shutdown::Both));
}
