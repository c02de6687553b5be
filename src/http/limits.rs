//! What the server accepts at most.

/// Request line and headers together, in bytes.
pub(super) const HEAD_BYTES_MAX: usize = 16 * 1024;
/// Header lines.
pub(super) const HEADERS_MAX: usize = 64;
/// Parameters of a query.
pub(super) const PARAMETERS_MAX: usize = 64;
/// Requests on one connection; the answer to the last says that it is closed.
pub(super) const REQUESTS_MAX: usize = 10_000;
/// Bytes that are thrown away after a refusal, so that the client reads it before it meets a closed door.
pub(super) const LINGER_BYTES_MAX: usize = 1024 * 1024;
/// How long they are waited for.
pub(super) const LINGER_MS_MAX: u64 = 500;
/// How long the system is left alone after it had no connection or thread to give.
pub(super) const PAUSE_MS: u64 = 50;

/// The limits a server is given.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Bytes of a body.
    pub(crate) body_bytes_max: usize,
    /// Connections at a time; one more is answered 503 and closed.
    pub(crate) connections_max: usize,
    /// For a whole request, from the connection or the end of the answer before on.
    pub(crate) read_ms_max: u64,
    /// For a whole answer.
    pub(crate) write_ms_max: u64,
}

impl Default for Limits {
    /// What suits callbacks: the platforms send small bodies and wait 5 seconds.
    fn default() -> Limits {
        Limits { body_bytes_max: 64 * 1024, connections_max: 64, read_ms_max: 5_000, write_ms_max: 5_000 }
    }
}
