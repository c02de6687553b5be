//! Queries: `name=value` between `&`, percent-encoded.
//!
//! A raw `+` stays a `+`: the platforms percent-encode (`%20`, `%2B`), and base64 in a query (`echostr`) would not
//! survive the reading of forms, where it means a space.

use crate::http::limits::PARAMETERS_MAX;

/// The parameters in their order; none if an escape is not two hex digits, if a text is not UTF-8, or if they are too many.
pub(super) fn parameters(query: &str) -> Option<Vec<(String, String)>> {
    let mut found = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        if found.len() == PARAMETERS_MAX {
            return None;
        }
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        found.push((decoded(name)?, decoded(value)?));
    }
    Some(found)
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut plain = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        plain.push(match byte {
            b'%' => digit(bytes.next()?)? << 4 | digit(bytes.next()?)?,
            _ => byte,
        });
    }
    String::from_utf8(plain).ok()
}

fn digit(byte: u8) -> Option<u8> {
    let value = char::from(byte).to_digit(16)?;
    u8::try_from(value).ok()
}
