//! What a callback may look like at most, checked before anything is made of it.
//!
//! # Invariants
//!   K1 the signature is not known yet when a body is first read: memory and time for it are bounded by its size, and the
//!      number of its parts by these limits.
//!   K2 XML: at most `DEPTH_MAX` levels and `ELEMENTS_MAX` elements, no attributes, no document type.
//!   K3 JSON: at most `JSON_DEPTH_MAX` levels and `JSON_VALUES_MAX` commas and brackets.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// A body, and what is decrypted of it, in bytes.
pub(super) const BODY_BYTES_MAX: usize = 64 * 1024;
/// Levels of elements, the root included.
pub(super) const DEPTH_MAX: usize = 4;
/// Elements, the root included.
pub(super) const ELEMENTS_MAX: usize = 64;
/// Levels of objects and lists in JSON: orders of shops have some.
pub(super) const JSON_DEPTH_MAX: usize = 8;
/// Commas and opening brackets in JSON.
pub(super) const JSON_VALUES_MAX: usize = 1024;
/// A text of an event, in bytes. The `Encrypt` of an envelope is bounded by the body.
pub(super) const TEXT_BYTES_MAX: usize = 16 * 1024;
/// A parameter of the query, in bytes.
pub(super) const PARAMETER_BYTES_MAX: usize = 4096;

/// Whether a body keeps the limits. Whether it is XML or JSON at all, its parser says.
pub(super) fn fits(body: &[u8], text_bytes_max: usize) -> bool {
    if body.len() > BODY_BYTES_MAX {
        return false;
    }
    match body.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'<') => std::str::from_utf8(body).is_ok_and(|text| xml_fits(text, text_bytes_max)),
        Some(b'{') => json_fits(body, text_bytes_max),
        _ => false,
    }
}

fn xml_fits(text: &str, text_bytes_max: usize) -> bool {
    let mut reader = Reader::from_str(text);
    let (mut depth, mut elements, mut text_bytes) = (0usize, 0usize, 0usize);
    loop {
        let event = match reader.read_event() {
            Ok(event) => event,
            Err(_) => return false,
        };
        match &event {
            Event::Start(tag) | Event::Empty(tag) => {
                elements += 1;
                text_bytes = 0;
                if has_attributes(tag) || elements > ELEMENTS_MAX || depth >= DEPTH_MAX {
                    return false;
                }
                depth += usize::from(matches!(event, Event::Start(_)));
            }
            Event::End(_) => depth = depth.saturating_sub(1),
            Event::Text(text) => text_bytes += text.len(),
            Event::CData(text) => text_bytes += text.len(),
            Event::GeneralRef(_) => text_bytes += 1,
            Event::DocType(_) => return false,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::Eof => return true,
        }
        if text_bytes > text_bytes_max {
            return false;
        }
    }
}

fn json_fits(body: &[u8], text_bytes_max: usize) -> bool {
    let (mut depth, mut values) = (0usize, 0usize);
    // Bytes of the text it is in, if it is in one, and whether the next one is escaped.
    let (mut text, mut is_escaped) = (None, false);
    for byte in body {
        match (text, byte) {
            (Some(_), _) if is_escaped => is_escaped = false,
            (Some(_), b'\\') => is_escaped = true,
            (Some(_), b'"') => text = None,
            (Some(len), _) if len >= text_bytes_max => return false,
            (Some(len), _) => text = Some(len + 1),
            (None, b'"') => text = Some(0),
            (None, b'{' | b'[') => (depth, values) = (depth + 1, values + 1),
            (None, b'}' | b']') => depth = depth.saturating_sub(1),
            (None, b',') => values += 1,
            (None, _) => {}
        }
        if depth > JSON_DEPTH_MAX || values > JSON_VALUES_MAX {
            return false;
        }
    }
    true
}

fn has_attributes(tag: &BytesStart<'_>) -> bool {
    tag.attributes().next().is_some()
}
