//! The fields of what is pushed, in order, as XML and as JSON.

use serde_json::{Map, Value};

/// A text or a number.
#[derive(Clone, PartialEq, Eq)]
enum Field {
    Text(String),
    Number(i64),
}

/// Fields under their names.
#[derive(Clone, PartialEq, Eq, Default)]
pub(super) struct Fields(Vec<(&'static str, Field)>);

impl Fields {
    pub(super) fn text(mut self, name: &'static str, value: &str) -> Fields {
        self.0.push((name, Field::Text(value.to_owned())));
        self
    }

    pub(super) fn number(mut self, name: &'static str, value: i64) -> Fields {
        self.0.push((name, Field::Number(value)));
        self
    }

    /// A text among them; empty if it is not there.
    pub(super) fn find(&self, name: &str) -> &str {
        let mut found = self.0.iter().filter(|(known, _)| *known == name);
        found
            .find_map(|(_, field)| if let Field::Text(text) = field { Some(text.as_str()) } else { None })
            .unwrap_or("")
    }

    pub(super) fn xml(&self) -> String {
        let fields = self.0.iter().map(|(name, field)| match field {
            Field::Text(text) => format!("<{name}><![CDATA[{text}]]></{name}>"),
            Field::Number(number) => format!("<{name}>{number}</{name}>"),
        });
        format!("<xml>{}</xml>", fields.collect::<String>())
    }

    pub(super) fn json(&self) -> String {
        let fields = self.0.iter().map(|(name, field)| {
            let value = match field {
                Field::Text(text) => Value::from(text.as_str()),
                Field::Number(number) => Value::from(*number),
            };
            ((*name).to_owned(), value)
        });
        Value::Object(fields.collect::<Map<String, Value>>()).to_string()
    }
}
