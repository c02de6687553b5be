//! Plays the steps: tells the graph what the files say, asks what the scenes ask.

use std::collections::BTreeMap;

use idweave::model::Placeholders;
use idweave::wechat::IngestOptions;
use idweave::{Graph, Outcome, Read, Time, ndjson};
use serde::Serialize;

use crate::answers::{ContactAnswer, TranslationAnswer};
use crate::contacts::attrs_text;
use crate::demo::files::Files;
use crate::demo::manifest::Step;
use crate::demo::names::Names;
use crate::exit::Failure;
use crate::ingest::{Told, tell_body};
use crate::ingest_options;
use crate::moment;
use crate::tally::Reject;
use crate::translate;
use crate::{database, moment::show};

/// A file that was told.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ToldFile {
    #[serde(skip)]
    pub(crate) at: Time,
    pub(crate) from: String,
    pub(crate) file: String,
    pub(crate) say: String,
    pub(crate) facts: usize,
    pub(crate) new: usize,
    /// Records that were refused, and why.
    pub(crate) refused: Vec<String>,
}

/// A line of a scene.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Beat {
    /// Something was told.
    Told(ToldFile),
    /// Something was asked.
    Asked {
        say: String,
        /// For people.
        #[serde(skip)]
        text: Vec<String>,
        answer: AskedAnswer,
    },
}

/// An answer of a scene.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AskedAnswer {
    Translation(TranslationAnswer),
    Contacts(Vec<ContactAnswer>),
}

/// A scene.
#[derive(Debug, Serialize)]
pub(crate) struct Scene {
    pub(crate) say: String,
    pub(crate) beats: Vec<Beat>,
}

/// Everything that happened.
#[derive(Debug, Default)]
pub(crate) struct Played {
    pub(crate) names: Names,
    pub(crate) told: Vec<ToldFile>,
    pub(crate) scenes: Vec<Scene>,
}

/// Plays all steps in order.
pub(crate) fn play(steps: &[Step], files: &Files, graph: &Graph) -> Result<Played, Failure> {
    let mut played = Played::default();
    let mut in_scene = false;
    for step in steps {
        let beat = match step {
            Step::Names { names } => {
                played.names = Names::new(names.clone());
                continue;
            }
            Step::Scene { say } => {
                played.scenes.push(Scene { say: say.clone(), beats: Vec::new() });
                in_scene = true;
                continue;
            }
            Step::End => {
                in_scene = false;
                continue;
            }
            Step::Import { .. } | Step::Ingest { .. } => {
                let told = tell(step, files, graph)?;
                played.told.push(told.clone());
                Beat::Told(told)
            }
            Step::Translate { .. } | Step::ContactsOf { .. } => ask(step, graph, &played.names)?,
        };
        if in_scene && let Some(scene) = played.scenes.last_mut() {
            scene.beats.push(beat);
        }
    }
    Ok(played)
}

fn tell(step: &Step, files: &Files, graph: &Graph) -> Result<ToldFile, Failure> {
    match step {
        Step::Import { file, now, say } => import(files, graph, file, now, say),
        Step::Ingest { from, file, at, now, options, say } => {
            let now = now.as_deref().or(at.as_deref()).unwrap_or_default();
            let now = moment::parse("now", now)?;
            let options = body_options(at.as_deref(), options)?;
            let told = tell_body(graph, from, &files.read(file)?, &options, now).map_err(|error| {
                Failure::Midway { error, kept: format!("that was {file}, read as {from}") }
            })?;
            Ok(told_file(told, now, from, file, say))
        }
        _ => Err(Failure::Input("a step that tells nothing".to_owned())),
    }
}

fn body_options(at: Option<&str>, given: &BTreeMap<String, String>) -> Result<IngestOptions, Failure> {
    let mut options = IngestOptions::new();
    if let Some(at) = at {
        options.set_at(moment::parse("at", at)?);
    }
    for (name, value) in given {
        let option = ingest_options::find(name)
            .ok_or_else(|| Failure::Input(format!("no such option of a body: {name}")))?;
        options.set(option, value);
    }
    Ok(options)
}

fn told_file(told: Told, at: Time, from: &str, file: &str, say: &str) -> ToldFile {
    let refused = told.refusals.iter().map(|refusal| format!("{}: {}", refusal.place, refusal.error));
    let by_graph = told.graph_refused.iter().map(ToString::to_string);
    ToldFile {
        at,
        from: from.to_owned(),
        file: file.to_owned(),
        say: say.to_owned(),
        facts: told.facts,
        new: told.new,
        refused: refused.chain(by_graph).collect(),
    }
}

/// A file of facts, as one commit.
fn import(files: &Files, graph: &Graph, file: &str, now: &str, say: &str) -> Result<ToldFile, Failure> {
    let text = files.read_text(file)?;
    let at = moment::parse("now", now)?;
    let mut reject = None;
    let committed = graph.write(at, |tx| {
        let mut told = (0, 0);
        for (number, line) in (1..).zip(text.lines()) {
            let outcome = ndjson::parse(line, number, &Placeholders::default()).and_then(|f| tx.apply(&f));
            let outcome =
                outcome.inspect_err(|error| reject = Some(Reject::new(number, error).text(file)))?;
            told = (told.0 + 1, told.1 + usize::from(outcome == Outcome::Recorded));
        }
        Ok(told)
    });
    let (facts, new) =
        committed.map_err(|error| reject.map_or(Failure::Engine(error), Failure::Input))?.value;
    let (from, file, say) = ("import".to_owned(), file.to_owned(), say.to_owned());
    Ok(ToldFile { at, from, file, say, facts, new, refused: Vec::new() })
}

fn ask(step: &Step, graph: &Graph, names: &Names) -> Result<Beat, Failure> {
    let view = graph.view();
    match step {
        Step::Translate { id, to, now, say } => {
            let now = moment::parse("now", now)?;
            let answer = view.translate(&database::id("id", id)?, &database::target(to)?, now)?;
            let text = translate::text_with(&answer, now, "  ", |id| names.short(id));
            let answer = AskedAnswer::Translation(TranslationAnswer::at(now, &answer));
            Ok(Beat::Asked { say: say.clone(), text: vec![text], answer })
        }
        Step::ContactsOf { id, view: of, say } => {
            let contacts = view.contacts_of(&database::id("id", id)?, of)?;
            let line = |c: &idweave::Contact| {
                format!("{}  since {}  {}", names.short(&c.userid), show(c.since), attrs_text(c))
            };
            let text = contacts.iter().map(line).collect();
            let answer = AskedAnswer::Contacts(contacts.iter().map(ContactAnswer::from).collect());
            Ok(Beat::Asked { say: say.clone(), text, answer })
        }
        _ => Err(Failure::Input("a step that asks nothing".to_owned())),
    }
}
