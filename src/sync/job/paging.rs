//! Pages: answers with a cursor that leads on.

use serde_json::Value;

use crate::error::{CallFailure, Error, Result};
use crate::sync::api::Request;
use crate::sync::client::{Credential, Platform};

/// Times that a page is asked for whose cursor leads back to itself.
const TRIES_MAX: u32 = 3;

/// A page, as it came and read. One whose `next_cursor` is the cursor it was asked with would never end: it is asked for again.
pub(super) fn page(
    platform: &Platform,
    caller: &Credential,
    request: &Request,
    cursor: &str,
) -> Result<(Vec<u8>, Value)> {
    let api = request.endpoint.path;
    for _ in 0..TRIES_MAX {
        let body = platform.call(caller, request)?;
        let answer = object(api, &body)?;
        if cursor.is_empty() || text(&answer, "next_cursor") != cursor {
            return Ok((body, answer));
        }
    }
    Err(Error::Call { api, failure: CallFailure::NotAnAnswer })
}

pub(super) fn object(api: &'static str, body: &[u8]) -> Result<Value> {
    serde_json::from_slice(body).map_err(|_| Error::Call { api, failure: CallFailure::NotAnAnswer })
}

/// A text of an object; empty if it is not there.
pub(super) fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}
