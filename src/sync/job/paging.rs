//! Pages and parts: lists whose answers have a cursor that leads on, and calls that one bad id fails whole.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::error::{CallFailure, Error, Result};
use crate::sync::api::Request;
use crate::sync::client::{Credential, Platform};

/// Times that a page is asked for that leads nowhere.
pub(super) const TRIES_MAX: u32 = 3;
/// Times that a list is begun again because a cursor was not taken.
pub(super) const RESTARTS_MAX: u32 = 3;

/// The cursors that pages of one list gave. One that comes again, or that is the one it was asked with, would never end.
#[derive(Default)]
pub(super) struct Cursors {
    given: BTreeSet<String>,
}

impl Cursors {
    /// A page, as it came and read. One whose cursor leads back is asked for again.
    pub(super) fn page(
        &mut self,
        platform: &Platform,
        caller: &Credential,
        request: &Request,
        cursor: &str,
    ) -> Result<(Vec<u8>, Value)> {
        let api = request.endpoint.path;
        for _ in 0..TRIES_MAX {
            let body = platform.call(caller, request)?;
            let answer = object(api, &body)?;
            let next = text(&answer, "next_cursor");
            if next.is_empty() || (next != cursor && !self.given.contains(next)) {
                self.given.extend((!next.is_empty()).then(|| next.to_owned()));
                return Ok((body, answer));
            }
        }
        Err(Error::Call { api, failure: CallFailure::NotAnAnswer })
    }
}

/// Whether a call failed because its cursor is not known any more: none of them lives long.
pub(super) fn is_dead_cursor(error: &Error, cursor: &str) -> bool {
    let refused =
        matches!(error, Error::Call { failure: CallFailure::Refused(_) | CallFailure::Settings(_), .. });
    refused && !cursor.is_empty()
}

/// Calls for some, `Some(errcode)` being that they are refused because one of them is bad: their halves are asked for then,
/// and the halves of these, until each bad one is alone. The bad ones are given back, each with its errcode.
pub(super) fn halved<T>(
    asked: &[T],
    mut call: impl FnMut(&[T]) -> Result<Option<i64>>,
) -> Result<Vec<(&T, i64)>> {
    let mut bad = Vec::new();
    let mut parts = vec![asked];
    while let Some(part) = parts.pop() {
        let Some(one) = part.first() else { continue };
        let Some(errcode) = call(part)? else { continue };
        if part.len() == 1 {
            bad.push((one, errcode));
        } else {
            let (first, second) = part.split_at(part.len() / 2);
            parts.extend([second, first]);
        }
    }
    Ok(bad)
}

pub(super) fn object(api: &'static str, body: &[u8]) -> Result<Value> {
    serde_json::from_slice(body).map_err(|_| Error::Call { api, failure: CallFailure::NotAnAnswer })
}

/// A text of an object; empty if it is not there.
pub(super) fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bad_one_is_found_and_all_others_are_asked_for_once() {
        let asked: Vec<u32> = (0..100).collect();
        for bad in [&[][..], &[0], &[99], &[7, 8, 64], &asked] {
            let mut answered = Vec::new();
            let found = halved(&asked, |part| {
                let has_bad = part.iter().any(|one| bad.contains(one));
                if !has_bad {
                    answered.extend_from_slice(part);
                }
                Ok(has_bad.then_some(40003))
            });
            let found: Vec<u32> = found.unwrap().into_iter().map(|(one, _)| *one).collect();
            assert_eq!(found, bad);
            assert!(answered.iter().all(|one| !bad.contains(one)));
            assert_eq!(answered.len() + bad.len(), asked.len());
        }
        let failed = halved(&asked, |_| Err(Error::Internal { what: "a test" }));
        assert!(failed.is_err());
        assert!(halved::<u32>(&[], |_| panic!("nobody is asked for")).unwrap().is_empty());
    }
}
