//! The fields of one line, asked for by name and type; every refusal names the column.
//!
//! # Invariants
//!   L1 no message quotes a value, nor a key that is not made like a field name.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::codec::ndjson::object::{Line, Member};
use crate::codec::ndjson::time;
use crate::error::{Error, IdRule, ParseRule, Result};
use crate::model::{Id, KindScope, Placeholders, RuleValue, Time, normalise_key};

const A_STRING: &str = "a string";
const A_TIME: &str =
    "a time: integer milliseconds, or RFC 3339 with an offset and at most three decimals of a second";
const STRINGS: &str = "an object of strings";
const RULE_VALUES: &str = "an object whose values are whole numbers, strings or lists of strings";

/// The fields of the object on a line.
pub(super) struct Fields<'a> {
    line: Line<'a>,
    object: &'a str,
    members: Vec<Member<'a>>,
    placeholders: &'a Placeholders,
}

impl<'a> Fields<'a> {
    /// Reads the object at `object`, which is a slice of the line.
    pub(super) fn read(
        line: Line<'a>,
        object: &'a str,
        placeholders: &'a Placeholders,
    ) -> Result<Fields<'a>> {
        Ok(Fields { line, object, members: line.members(object)?, placeholders })
    }

    /// Refuses fields that are not in `known`, and fields given twice.
    pub(super) fn check_names(&self, known: impl Fn(&str) -> bool) -> Result<()> {
        for (place, member) in self.members.iter().enumerate() {
            if !known(&member.key) {
                return Err(self.line.error(member.key_at, ParseRule::UnknownField(shown(&member.key))));
            }
            // Known names are few, so this loop ends at the first repetition, after a handful of fields.
            if self.members.iter().take(place).any(|earlier| earlier.key == member.key) {
                return Err(self.line.error(member.key_at, ParseRule::DuplicateKey(shown(&member.key))));
            }
        }
        Ok(())
    }

    /// An error about the whole object.
    pub(super) fn error(&self, rule: ParseRule) -> Error {
        self.line.error(self.object, rule)
    }

    /// An error about the value of a field, or about the object where it is absent.
    pub(super) fn error_at(&self, field: &str, rule: ParseRule) -> Error {
        self.line.error(self.value(field).unwrap_or(self.object), rule)
    }

    /// A field whose value has the wrong type or form.
    pub(super) fn wrong(&self, field: &'static str, expected: &'static str) -> Error {
        self.error_at(field, wrong_type(field, expected))
    }

    /// Whether the field is there.
    pub(super) fn has(&self, field: &str) -> bool {
        self.value(field).is_some()
    }

    fn value(&self, field: &str) -> Option<&'a str> {
        self.members.iter().find(|member| member.key == field).map(|member| member.value)
    }

    fn required(&self, field: &'static str) -> Result<&'a str> {
        self.value(field).ok_or_else(|| self.error(ParseRule::MissingField(field)))
    }

    /// `read` of the value, if the field is there.
    pub(super) fn optional<T>(
        &self,
        field: &'static str,
        read: impl Fn(&Self, &'static str) -> Result<T>,
    ) -> Result<Option<T>> {
        if self.has(field) { read(self, field).map(Some) } else { Ok(None) }
    }

    /// `read` of the value, or `None` where it is null.
    pub(super) fn nullable<T>(
        &self,
        field: &'static str,
        read: impl Fn(&Self, &'static str) -> Result<T>,
    ) -> Result<Option<T>> {
        if self.required(field)? == "null" { Ok(None) } else { read(self, field).map(Some) }
    }

    fn str(&self, field: &'static str) -> Result<Cow<'a, str>> {
        let value = self.required(field)?;
        self.str_at(field, value, A_STRING)
    }

    fn str_at(&self, field: &str, value: &'a str, expected: &'static str) -> Result<Cow<'a, str>> {
        self.line.string(value)?.ok_or_else(|| self.line.error(value, wrong_type(field, expected)))
    }

    /// A string.
    pub(super) fn text(&self, field: &'static str) -> Result<String> {
        Ok(self.str(field)?.into_owned())
    }

    /// An identifier.
    pub(super) fn id(&self, field: &'static str) -> Result<Id> {
        let text = self.str(field)?;
        Id::parse_with(&text, self.placeholders).map_err(|rule| self.error_at(field, bad_id(field, rule)))
    }

    /// A kind and scope.
    pub(super) fn kind_scope(&self, field: &'static str) -> Result<KindScope> {
        self.str(field)?.parse().map_err(|rule| self.error_at(field, bad_id(field, rule)))
    }

    /// A key of the topology, in key form.
    pub(super) fn key(&self, field: &'static str) -> Result<String> {
        let text = self.str(field)?;
        normalise_key(&text).map_err(|rule| self.error_at(field, bad_id(field, rule)))
    }

    /// A list of keys of the topology; empty where the field is absent.
    pub(super) fn keys(&self, field: &'static str) -> Result<Vec<String>> {
        const EXPECTED: &str = "a list of strings";
        let Some(value) = self.value(field) else { return Ok(Vec::new()) };
        let elements = self.line.elements(value)?.ok_or_else(|| self.wrong(field, EXPECTED))?;
        elements
            .into_iter()
            .map(|element| {
                let text = self.str_at(field, element, EXPECTED)?;
                normalise_key(&text).map_err(|rule| self.line.error(element, bad_id(field, rule)))
            })
            .collect()
    }

    /// A time.
    pub(super) fn time(&self, field: &'static str) -> Result<Time> {
        let value = self.required(field)?;
        let ms = match self.line.string(value)? {
            Some(text) => time::from_rfc3339(&text),
            None => time::from_number(value),
        };
        ms.map(Time::from_ms).ok_or_else(|| self.wrong(field, A_TIME))
    }

    /// True or false; false where the field is absent.
    pub(super) fn flag(&self, field: &'static str) -> Result<bool> {
        match self.value(field) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(self.wrong(field, "true or false")),
        }
    }

    /// A word that `find` knows.
    pub(super) fn word<T>(
        &self,
        field: &'static str,
        expected: &'static str,
        find: impl Fn(&str) -> Option<T>,
    ) -> Result<T> {
        find(&self.str(field)?).ok_or_else(|| self.wrong(field, expected))
    }

    /// An object of strings; empty where the field is absent.
    pub(super) fn strings(&self, field: &'static str) -> Result<BTreeMap<String, String>> {
        if !self.has(field) {
            return Ok(BTreeMap::new());
        }
        self.map(field, STRINGS, |value| Ok(self.str_at(field, value, STRINGS)?.into_owned()))
    }

    /// An object of rule values.
    pub(super) fn rules(&self, field: &'static str) -> Result<BTreeMap<String, RuleValue>> {
        self.map(field, RULE_VALUES, |value| self.rule_value(field, value))
    }

    fn rule_value(&self, field: &'static str, value: &'a str) -> Result<RuleValue> {
        if let Some(elements) = self.line.elements(value)? {
            let words = elements.into_iter().map(|e| Ok(self.str_at(field, e, RULE_VALUES)?.into_owned()));
            return Ok(RuleValue::List(words.collect::<Result<_>>()?));
        }
        if let Some(text) = self.line.string(value)? {
            return Ok(RuleValue::Text(text.into_owned()));
        }
        let number = value.parse().map_err(|_| self.line.error(value, wrong_type(field, RULE_VALUES)))?;
        Ok(RuleValue::Number(number))
    }

    fn map<T>(
        &self,
        field: &'static str,
        expected: &'static str,
        read: impl Fn(&'a str) -> Result<T>,
    ) -> Result<BTreeMap<String, T>> {
        let value = self.required(field)?;
        if !value.starts_with('{') {
            return Err(self.wrong(field, expected));
        }
        let mut map = BTreeMap::new();
        for member in self.line.members(value)? {
            let item = read(member.value)?;
            if map.contains_key(&*member.key) {
                return Err(self.line.error(member.key_at, ParseRule::DuplicateKey(shown(&member.key))));
            }
            map.insert(member.key.into_owned(), item);
        }
        Ok(map)
    }
}

fn wrong_type(field: &str, expected: &'static str) -> ParseRule {
    ParseRule::WrongType { field: field.to_owned(), expected }
}

fn bad_id(field: &str, rule: IdRule) -> ParseRule {
    ParseRule::Id { field: field.to_owned(), rule }
}

/// A key as it may be shown (L1): an id or a name put where a key belongs is not repeated.
fn shown(key: &str) -> String {
    let is_name = (1..=32).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    if is_name { key.to_owned() } else { "(not shown)".to_owned() }
}
