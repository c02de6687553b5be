//! `translate`: the counterpart of one id, or of many.

use std::path::PathBuf;

use clap::Args;
use idweave::{Id, KindScope, Read, Time, Translation};
use serde::Serialize;

use crate::answers::TranslationAnswer;
use crate::cli::Common;
use crate::database;
use crate::exit::{Done, Failure, say};
use crate::lines::{Line, Lines, name_of};
use crate::moment::{self, show, show_end, show_span};
use crate::output::Out;

/// More than any id is long: kind, scope and value together.
const LINE_LEN_MAX: usize = 1024;
/// Ids answered together.
const CHUNK_LINES: usize = 4096;

#[derive(Debug, Args)]
pub(crate) struct TranslateArgs {
    /// kind:scope:value
    #[arg(value_name = "ID", required_unless_present = "batch", conflicts_with = "batch")]
    id: Option<String>,
    /// What to translate to
    #[arg(long, value_name = "KIND:SCOPE")]
    to: String,
    /// Translate every line of a file, or of stdin: prints the id, a tab, the answer
    #[arg(long, value_name = "FILE|-")]
    batch: Option<PathBuf>,
}

pub(crate) fn run(args: &TranslateArgs, common: &Common, out: &mut Out) -> Result<Done, Failure> {
    let target = database::target(&args.to)?;
    let now = moment::now(common)?;
    if let Some(file) = &args.batch {
        let lines = Lines::open(file, LINE_LEN_MAX)?;
        let view = database::read(common)?;
        let batch = Batch { view, target, now, is_json: common.json };
        let errors = batch.run(lines, out)?;
        if errors > 0 {
            say(&format!("{}: {errors} lines are no ids", name_of(file)));
            return Ok(Done::BadInput);
        }
        return Ok(Done::Yes);
    }
    let id = database::id("ID", args.id.as_deref().unwrap_or_default())?;
    let answer = database::read(common)?.translate(&id, &target, now)?;
    if common.json {
        out.json(&TranslationAnswer::at(now, &answer))?;
    } else {
        out.line(&text_with(&answer, now, "  ", Id::to_string))?;
    }
    Ok(Done::found(matches!(answer, Translation::Found(_))))
}

/// An answer on one line, its parts separated by tabs: no id holds one.
fn text(answer: &Translation, now: Time) -> String {
    text_with(answer, now, "\t", Id::to_string)
}

/// An answer on one line; of a negative one also how old it is at `now`.
pub(crate) fn text_with(
    answer: &Translation,
    now: Time,
    gap: &str,
    show_id: impl Fn(&Id) -> String,
) -> String {
    let list = |word: &str, ids: &[Id]| {
        let ids = ids.iter().map(&show_id);
        std::iter::once(word.to_owned()).chain(ids).collect::<Vec<_>>().join(gap)
    };
    match answer {
        Translation::Found(ids) => list("found", ids),
        Translation::Provisional(ids) => list("provisional", ids),
        Translation::Pending { id, valid_to } => ["pending", &show_id(id), &show_end(*valid_to)].join(gap),
        Translation::Absent { as_of, source } => {
            ["absent", &show(*as_of), source, &format!("{} old", show_span(now.since(*as_of)))].join(gap)
        }
        Translation::Unknown => "unknown".to_owned(),
    }
}

#[derive(Serialize)]
struct BatchLine<'a> {
    id: &'a str,
    #[serde(flatten)]
    answer: TranslationAnswer,
}

/// Many questions to one view.
struct Batch {
    view: Box<dyn Read>,
    target: KindScope,
    now: Time,
    is_json: bool,
}

impl Batch {
    /// Answers every line; how many were no ids.
    fn run(&self, mut lines: Lines, out: &mut Out) -> Result<u64, Failure> {
        let mut errors = 0;
        let mut asked: Vec<(String, Result<Id, String>)> = Vec::with_capacity(CHUNK_LINES);
        loop {
            let line = lines.read().map_err(|source| Failure::File {
                doing: "read",
                path: PathBuf::from("the ids"),
                source,
            })?;
            let ended = line.is_none();
            if let Some(line) = line {
                let question = question(&line);
                errors += u64::from(question.1.is_err());
                asked.push(question);
            }
            if ended || asked.len() >= CHUNK_LINES {
                self.answer(&asked, out)?;
                asked.clear();
            }
            if ended {
                return Ok(errors);
            }
        }
    }

    fn answer(&self, asked: &[(String, Result<Id, String>)], out: &mut Out) -> Result<(), Failure> {
        let ids: Vec<Id> = asked.iter().filter_map(|(_, id)| id.as_ref().ok().cloned()).collect();
        let mut answers = Vec::with_capacity(ids.len());
        self.view.translate_many(&ids, &self.target, self.now, &mut answers)?;
        let mut answers = answers.iter();
        for (shown, id) in asked {
            let answer = match id {
                Ok(_) => answers.next().ok_or(""),
                Err(rule) => Err(rule.as_str()),
            };
            if self.is_json {
                let answer = answer.map_or_else(
                    |rule| TranslationAnswer::Error { rule: rule.to_owned() },
                    |answer| TranslationAnswer::at(self.now, answer),
                );
                out.json(&BatchLine { id: shown, answer })?;
            } else {
                let answer =
                    answer.map_or_else(|rule| format!("error\t{rule}"), |answer| text(answer, self.now));
                out.line(&format!("{shown}\t{answer}"))?;
            }
        }
        Ok(())
    }
}

/// A line as it is printed again (control characters would break the output's own lines), and its id.
fn question(line: &Line<'_>) -> (String, Result<Id, String>) {
    let printable = |text: &str| text.replace(char::is_control, "\u{fffd}");
    match line {
        Line::Text(text) => {
            (printable(text), text.parse().map_err(|rule: idweave::error::IdRule| rule.to_string()))
        }
        Line::NotUtf8(bytes, _) => (printable(&String::from_utf8_lossy(bytes)), Err("not UTF-8".to_owned())),
        Line::TooLong => (String::new(), Err(format!("longer than {LINE_LEN_MAX} bytes"))),
    }
}
