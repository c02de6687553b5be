//! The head of a request: request line and headers, complete, by httparse, and what they say about the body (H3).

use crate::http::limits::HEADERS_MAX;
use crate::http::query::parameters;

/// What the head says.
pub(super) struct Head {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: Vec<(String, String)>,
    pub(super) headers: Vec<(String, String)>,
    /// Length of the body.
    pub(super) body_len: u64,
    /// The client wants the connection kept.
    pub(super) keep: bool,
    /// The client sends the body when it is told to.
    pub(super) waits: bool,
}

/// Reads a head, its empty line included; the status of the refusal if it is not as it should be.
pub(super) fn head(bytes: &[u8]) -> Result<Head, u16> {
    if has_bare_lf(bytes) {
        return Err(400);
    }
    let mut lines = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut request = httparse::Request::new(&mut lines);
    match request.parse(bytes) {
        Ok(httparse::Status::Complete(len)) if len == bytes.len() => {}
        Err(httparse::Error::TooManyHeaders) => return Err(431),
        Err(httparse::Error::Version) => return Err(505),
        _ => return Err(400),
    }
    let method = request.method.ok_or(400u16)?.to_owned();
    let target =
        request.path.filter(|target| target.starts_with('/') && !target.contains('#')).ok_or(400u16)?;
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let query = parameters(query).ok_or(400u16)?;
    let text = |header: &httparse::Header<'_>| {
        (header.name.to_ascii_lowercase(), String::from_utf8_lossy(header.value).into_owned())
    };
    let headers: Vec<(String, String)> = request.headers.iter().map(text).collect();
    let newest = request.version == Some(1);
    if newest && values(&headers, "host").count() != 1 {
        return Err(400);
    }
    let body_len = body_len(&headers, &method)?;
    let waits = waits(&headers)?;
    let closes = values(&headers, "connection").any(|value| has_word(value, "close"));
    let keep = newest && !closes;
    Ok(Head { method, path: path.to_owned(), query, headers, body_len, keep, waits })
}

fn has_bare_lf(bytes: &[u8]) -> bool {
    let lines = bytes.split(|byte| *byte == b'\n');
    // The piece behind the last line feed is no line.
    let whole = bytes.iter().filter(|byte| **byte == b'\n').count();
    lines.take(whole).any(|line| line.last() != Some(&b'\r'))
}

fn values<'a>(headers: &'a [(String, String)], name: &'a str) -> impl Iterator<Item = &'a str> {
    headers.iter().filter(move |(found, _)| found == name).map(|(_, value)| value.as_str())
}

fn has_word(list: &str, word: &str) -> bool {
    list.split(',').any(|item| item.trim().eq_ignore_ascii_case(word))
}

fn body_len(headers: &[(String, String)], method: &str) -> Result<u64, u16> {
    if values(headers, "transfer-encoding").next().is_some() {
        return Err(501);
    }
    let mut lengths = values(headers, "content-length");
    match (lengths.next(), lengths.next()) {
        (None, _) if matches!(method, "POST" | "PUT" | "PATCH") => Err(411),
        (None, _) => Ok(0),
        (Some(len), None) if !len.is_empty() && len.bytes().all(|byte| byte.is_ascii_digit()) => {
            len.parse().map_err(|_| 413)
        }
        _ => Err(400),
    }
}

fn waits(headers: &[(String, String)]) -> Result<bool, u16> {
    let mut expected = values(headers, "expect");
    match (expected.next(), expected.next()) {
        (None, _) => Ok(false),
        (Some(what), None) if what.eq_ignore_ascii_case("100-continue") => Ok(true),
        _ => Err(417),
    }
}
