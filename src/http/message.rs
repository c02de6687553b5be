//! Requests and answers as values.

use std::fmt;

/// A whole request. `Debug` shows its method and sizes: paths and queries hold tokens.
pub(crate) struct Request {
    /// As sent: `GET`, `POST`, ...
    pub(crate) method: String,
    /// What stands before the `?`, as sent.
    pub(crate) path: String,
    /// The parameters in their order, percent-decoded. A `+` is a `+`.
    pub(crate) query: Vec<(String, String)>,
    /// The headers in their order, names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    /// The body; empty if there was none.
    pub(crate) body: Vec<u8>,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Request");
        shown.field("method", &self.method).field("query", &self.query.len());
        shown.field("headers", &self.headers.len()).field("body", &self.body.len()).finish()
    }
}

/// An answer. Its length, and whether the connection is kept, are added when it is written.
pub(crate) struct Response {
    /// Three digits.
    pub(crate) status: u16,
    /// Not written where it is empty.
    pub(crate) content_type: &'static str,
    /// The body. It is left out in answer to `HEAD`.
    pub(crate) body: Vec<u8>,
    /// How it is handed over.
    pub(crate) delivery: Delivery,
}

impl Response {
    /// A status and nothing else.
    pub(super) fn bare(status: u16) -> Response {
        Response { status, content_type: "", body: Vec::new(), delivery: Delivery::Whole }
    }
}

/// An answer, and what is dropped when it was written or could not be: until then the request is being served.
pub(crate) struct Served {
    /// The answer.
    pub(crate) response: Response,
    /// What notices its end.
    pub(crate) until_written: Box<dyn Send>,
}

impl From<Response> for Served {
    fn from(response: Response) -> Served {
        Served { response, until_written: Box::new(()) }
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Response");
        shown.field("status", &self.status).field("body", &self.body.len());
        shown.field("delivery", &self.delivery).finish()
    }
}

/// How an answer is handed over. All but the first are the faults of a server that a client must bear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(test), allow(dead_code, reason = "only tests of clients misbehave"))]
pub(crate) enum Delivery {
    /// At once and complete.
    Whole,
    /// The head as it should be, so many bytes of the body, then the connection is closed.
    CutAfter(usize),
    /// In pieces of `bytes`, the first with the head, and a pause before each. The deadline of answers holds for a piece.
    Slow {
        /// At least one is written, whatever is said here.
        bytes: usize,
        /// Ends early when the server is stopped.
        pause_ms: u64,
    },
    /// The connection is closed without a byte.
    HangUp,
}
