//! Decrypted callback events, XML or JSON, as one flat set of fields.
//!
//! # Invariants
//!   E1 names are compared trimmed and without case: published samples spell one field `OpenID`, `openid`
//!      and with leading spaces (wechat reference 6.10). Two fields that become one are refused where read.
//!   E2 a JSON integer is read as its digits: the same event comes as XML too, which has only text.

use std::collections::BTreeMap;

use crate::error::AnswerError;
use crate::model::{Id, KindScope, Time};
use crate::wechat::json::{Json, new_id, unix_seconds_text};
use crate::wechat::xml;

/// A field of an event.
enum Field {
    Text(String),
    /// It has parts of its own, or is no text.
    Other,
    Repeated,
}

/// A decrypted event.
pub(crate) struct Event {
    fields: BTreeMap<String, Field>,
}

impl Event {
    /// Reads a body, XML or JSON by its first character.
    pub(crate) fn parse(body: &[u8]) -> Result<Event, AnswerError> {
        let mut event = Event { fields: BTreeMap::new() };
        match body.iter().find(|byte| !byte.is_ascii_whitespace()) {
            Some(b'<') => {
                for child in xml::children(body)? {
                    event.add(&child.name, child.text.map_or(Field::Other, Field::Text));
                }
            }
            _ => {
                for (name, value) in Json::parse(body)?.object("the event")?.fields() {
                    event.add(
                        name,
                        match value {
                            Json::Text(text) => Field::Text(text.to_string()),
                            Json::Int(value) => Field::Text(value.to_string()),
                            _ => Field::Other,
                        },
                    );
                }
            }
        }
        if event.fields.contains_key("encrypt") {
            return Err(AnswerError::Malformed("a decrypted event"));
        }
        Ok(event)
    }

    fn add(&mut self, name: &str, field: Field) {
        let name = name.trim().to_ascii_lowercase();
        let field = if self.fields.contains_key(&name) { Field::Repeated } else { field };
        self.fields.insert(name, field);
    }

    /// A text; absent or empty is nothing.
    pub(crate) fn text(&self, field: &'static str) -> Result<Option<&str>, AnswerError> {
        match self.fields.get(&field.to_ascii_lowercase()) {
            None => Ok(None),
            Some(Field::Text(text)) => Ok(Some(text.as_str()).filter(|text| !text.is_empty())),
            Some(Field::Other) => Err(AnswerError::WrongType { field, expected: "a text" }),
            Some(Field::Repeated) => Err(AnswerError::WrongType { field, expected: "given once" }),
        }
    }

    /// The first of two names of one thing that is there.
    pub(crate) fn either(&self, a: &'static str, b: &'static str) -> Result<Option<&str>, AnswerError> {
        Ok(match self.text(a)? {
            Some(text) => Some(text),
            None => self.text(b)?,
        })
    }

    /// An id that must be there.
    pub(crate) fn id(&self, field: &'static str, space: &KindScope) -> Result<Id, AnswerError> {
        new_id(space, field, self.text(field)?.ok_or(AnswerError::Missing(field))?)
    }

    /// An id; absent or empty is nothing.
    pub(crate) fn id_if_given(
        &self,
        field: &'static str,
        space: &KindScope,
    ) -> Result<Option<Id>, AnswerError> {
        self.text(field)?.map(|value| new_id(space, field, value)).transpose()
    }

    /// The platform's time of the event: `CreateTime`, or `TimeStamp` at a provider's command URL.
    pub(crate) fn time(&self) -> Result<Option<Time>, AnswerError> {
        for field in ["CreateTime", "TimeStamp"] {
            if let Some(digits) = self.text(field)? {
                return unix_seconds_text(field, digits).map(Some);
            }
        }
        Ok(None)
    }
}
