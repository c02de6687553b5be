//! JSON bodies as a strict tree: sizes, depth and keys are checked once, types at every field.
//!
//! # Invariants
//!   J1 a key that occurs twice in one object makes the whole body malformed: WeChat never sends one, and
//!      "the last wins" would let two readers see two bodies.
//!   J2 depth is bounded by serde_json (128 levels), size by the caller: nothing here recurses further.
//!   J3 values of secret keys are skipped while parsing and never held, except for `parse_with_secrets`.
//!   J4 nothing is coerced: a number is not a string, `null` is not an absent field. Times may be digits in
//!      a string, which some events send (wechat reference 1.1).

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::error::{AnswerError, IdRule};
use crate::model::{Id, KindScope, Time};

/// Keys whose values are secrets of the credential or the user and assert nothing.
const SECRET_KEYS: [&str; 11] = [
    "session_key",
    "access_token",
    "refresh_token",
    "user_ticket",
    "welcome_code",
    "WelcomeCode",
    "SuiteTicket",
    "ComponentVerifyTicket",
    "AuthCode",
    "AuthorizationCode",
    "PreAuthCode",
];
/// 2100-01-01: a later time is milliseconds given as seconds.
const SECONDS_END: i64 = 4_102_444_800;

/// A JSON value.
pub(crate) enum Json {
    /// `null`, a boolean, a number that is no 64-bit integer, or a skipped secret.
    Other,
    /// An integer.
    Int(i64),
    /// A string.
    Text(Box<str>),
    /// An array.
    List(Box<[Json]>),
    /// An object, sorted by key.
    Object(Box<[(Box<str>, Json)]>),
}

impl Json {
    /// Parses a whole body.
    pub(crate) fn parse(body: &[u8]) -> Result<Json, AnswerError> {
        Json::read(body, false)
    }

    /// Parses a whole body for one who wants its secrets: the tickets and codes that callbacks bring.
    #[cfg(feature = "sync")]
    pub(crate) fn parse_with_secrets(body: &[u8]) -> Result<Json, AnswerError> {
        Json::read(body, true)
    }

    fn read(body: &[u8], keeps_secrets: bool) -> Result<Json, AnswerError> {
        let repeated = Cell::new(false);
        let mut reader = serde_json::Deserializer::from_slice(body);
        let tree = Seed { repeated: &repeated, keeps_secrets }.deserialize(&mut reader);
        match tree.and_then(|tree| reader.end().map(|()| tree)) {
            Ok(tree) => Ok(tree),
            Err(_) if repeated.get() => Err(AnswerError::Malformed("JSON without repeated keys")),
            Err(_) => Err(AnswerError::Malformed("JSON")),
        }
    }

    /// The value as an object.
    pub(crate) fn object(&self, field: &'static str) -> Result<Object<'_>, AnswerError> {
        match self {
            Json::Object(fields) => Ok(Object(fields)),
            _ => Err(AnswerError::WrongType { field, expected: "an object" }),
        }
    }

    /// The value as a string.
    pub(crate) fn text(&self, field: &'static str) -> Result<&str, AnswerError> {
        match self {
            Json::Text(text) => Ok(text),
            _ => Err(AnswerError::WrongType { field, expected: "a string" }),
        }
    }
}

#[derive(Clone, Copy)]
struct Seed<'c> {
    repeated: &'c Cell<bool>,
    keeps_secrets: bool,
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Json;

    fn deserialize<D: serde::Deserializer<'de>>(self, reader: D) -> Result<Json, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Json, E> {
        Ok(Json::Other)
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Json, E> {
        Ok(Json::Other)
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Int(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(i64::try_from(value).map_or(Json::Other, Json::Int))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.into()))
    }

    fn visit_string<E>(self, text: String) -> Result<Json, E> {
        Ok(Json::Text(text.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Seed { ..self })? {
            list.push(item);
        }
        Ok(Json::List(list.into()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Json, A::Error> {
        let mut fields: Vec<(Box<str>, Json)> = Vec::new();
        while let Some(key) = entries.next_key::<String>()? {
            let value = if !self.keeps_secrets && SECRET_KEYS.contains(&key.as_str()) {
                entries.next_value::<IgnoredAny>()?;
                Json::Other
            } else {
                entries.next_value_seed(Seed { ..self })?
            };
            fields.push((key.into(), value));
        }
        fields.sort_by(|a, b| a.0.cmp(&b.0));
        if fields.windows(2).any(|pair| matches!(pair, [a, b] if a.0 == b.0)) {
            self.repeated.set(true);
            return Err(A::Error::custom("repeated key"));
        }
        Ok(Json::Object(fields.into()))
    }
}

/// The fields of an object, read by name and type. Field names in errors are ours, never the body's.
#[derive(Clone, Copy)]
pub(crate) struct Object<'a>(&'a [(Box<str>, Json)]);

impl<'a> Object<'a> {
    /// The field, if it is there.
    pub(crate) fn get(self, field: &str) -> Option<&'a Json> {
        let place = self.0.binary_search_by(|(key, _)| key.as_ref().cmp(field)).ok()?;
        self.0.get(place).map(|(_, value)| value)
    }

    /// Every field, sorted by name.
    pub(crate) fn fields(self) -> impl Iterator<Item = (&'a str, &'a Json)> {
        self.0.iter().map(|(key, value)| (key.as_ref(), value))
    }

    fn need(self, field: &'static str) -> Result<&'a Json, AnswerError> {
        self.get(field).ok_or(AnswerError::Missing(field))
    }

    /// A string; absent or empty is nothing.
    pub(crate) fn text(self, field: &'static str) -> Result<Option<&'a str>, AnswerError> {
        let text = self.get(field).map(|value| value.text(field)).transpose()?;
        Ok(text.filter(|text| !text.is_empty()))
    }

    /// An integer; absent is nothing.
    pub(crate) fn int(self, field: &'static str) -> Result<Option<i64>, AnswerError> {
        match self.get(field) {
            None => Ok(None),
            Some(Json::Int(value)) => Ok(Some(*value)),
            Some(_) => Err(AnswerError::WrongType { field, expected: "an integer" }),
        }
    }

    /// A time in Unix seconds; absent is nothing.
    pub(crate) fn time(self, field: &'static str) -> Result<Option<Time>, AnswerError> {
        match self.get(field) {
            None => Ok(None),
            Some(Json::Int(seconds)) => unix_seconds(field, *seconds).map(Some),
            Some(Json::Text(digits)) => unix_seconds_text(field, digits).map(Some),
            Some(_) => Err(not_a_time(field)),
        }
    }

    /// A list that must be there.
    pub(crate) fn list(self, field: &'static str) -> Result<&'a [Json], AnswerError> {
        match self.need(field)? {
            Json::List(items) => Ok(items),
            _ => Err(AnswerError::WrongType { field, expected: "a list" }),
        }
    }

    /// A list; absent is empty.
    pub(crate) fn list_or_empty(self, field: &'static str) -> Result<&'a [Json], AnswerError> {
        if self.get(field).is_none() { Ok(&[]) } else { self.list(field) }
    }

    /// An object that must be there.
    pub(crate) fn object(self, field: &'static str) -> Result<Object<'a>, AnswerError> {
        self.need(field)?.object(field)
    }

    /// An id that must be there.
    pub(crate) fn id(self, field: &'static str, space: &KindScope) -> Result<Id, AnswerError> {
        new_id(space, field, self.need(field)?.text(field)?)
    }

    /// An id; absent or empty is nothing.
    pub(crate) fn id_if_given(
        self,
        field: &'static str,
        space: &KindScope,
    ) -> Result<Option<Id>, AnswerError> {
        self.text(field)?.map(|value| new_id(space, field, value)).transpose()
    }

    /// Refuses an answer whose `errcode` is not 0. An absent one means success (wechat reference 1.1).
    pub(crate) fn check_errcode(self) -> Result<(), AnswerError> {
        match self.int("errcode")? {
            None | Some(0) => Ok(()),
            Some(code) => Err(AnswerError::Errcode(code)),
        }
    }
}

/// An id from a body's field.
pub(crate) fn new_id(space: &KindScope, field: &'static str, value: &str) -> Result<Id, AnswerError> {
    Id::in_space(space, value).map_err(|rule: IdRule| AnswerError::BadId { field, rule })
}

/// A time from Unix seconds, refusing what cannot be one (0, milliseconds, before WeChat).
pub(crate) fn unix_seconds(field: &'static str, seconds: i64) -> Result<Time, AnswerError> {
    let first = Time::WECHAT_EPOCH.ms() / 1000;
    if !(first..SECONDS_END).contains(&seconds) {
        return Err(not_a_time(field));
    }
    Ok(Time::from_seconds(seconds))
}

/// A time from the digits of Unix seconds.
pub(crate) fn unix_seconds_text(field: &'static str, digits: &str) -> Result<Time, AnswerError> {
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(not_a_time(field));
    }
    unix_seconds(field, digits.parse().map_err(|_| not_a_time(field))?)
}

fn not_a_time(field: &'static str) -> AnswerError {
    AnswerError::WrongType { field, expected: "a time in Unix seconds" }
}
