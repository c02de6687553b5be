//! The manifest of the demo's data: its steps, one JSON object a line.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::exit::Failure;

/// Name of the manifest among the data.
pub(crate) const FILE: &str = "manifest.ndjson";

/// One step.
#[derive(Debug, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Step {
    /// Short names of issuers, for printing.
    Names { names: BTreeMap<String, String> },
    /// A file of facts.
    Import { file: String, now: String, say: String },
    /// The body of an answer or an event.
    Ingest {
        from: String,
        file: String,
        /// When it was observed; where the body says so, `now` is enough.
        at: Option<String>,
        /// When it is recorded; else at `at`.
        now: Option<String>,
        options: BTreeMap<String, String>,
        say: String,
    },
    /// A scene begins: questions and what is told between them.
    Scene { say: String },
    /// It ends.
    End,
    /// A question.
    Translate { id: String, to: String, now: String, say: String },
    /// Another one.
    ContactsOf { id: String, view: String, say: String },
}

/// Reads the steps.
pub(crate) fn parse(text: &str) -> Result<Vec<Step>, Failure> {
    let step = |(index, line)| {
        serde_json::from_str(line)
            .map_err(|error| Failure::Input(format!("{FILE}:{}:{}: {error}", index + 1, error.column())))
    };
    text.lines().enumerate().map(step).collect()
}
