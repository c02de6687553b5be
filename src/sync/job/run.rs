//! Running a job: one step after the other, each a commit of its facts and of how far the job has come.
//!
//! # Invariants
//!   R1 the mark is written with the facts it covers, so a run that was killed anywhere goes on behind what the graph has, and
//!      ends in the graph that an undisturbed run gives: all of a run's facts bear the time when it first began.
//!   R2 marks hold numbers only. What a platform wants to hear to go on (an openid, a cursor) is kept in the store,
//!      before the mark that needs it; where that is lost the run begins anew, and tells what is known already.
//!
//! # Order
//!   calls; the store, where the next page begins; the commit; progress.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::engine::Read;
use crate::error::{Error, Result};
use crate::graph::{Graph, Outcome};
use crate::model::{Fact, Op, Time};
use crate::sync::client::Platform;
use crate::sync::job::step::{Job, Place, Planned, Step, Turn};
use crate::sync::secret::Secret;

/// What a run did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// Whether it went on with a run that was ended before.
    pub is_resumed: bool,
    /// Commits.
    pub steps: u64,
    /// Facts that are new.
    pub recorded: u64,
    /// Facts that were known.
    pub known: u64,
    /// Records that the platform or the graph refused: erased users, ids that are none.
    pub refused: u64,
}

/// How far a run has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Records read so far by this process.
    pub records: u64,
    /// How many there are, where the platform says.
    pub total: Option<u64>,
}

/// What the store keeps of a run: texts of the platform.
#[derive(Serialize, Deserialize, Default)]
struct Kept {
    begun_at_ms: i64,
    /// Where pages begin: the last two, since the mark may not have come so far.
    pages: BTreeMap<String, String>,
}

/// What it keeps of a run from the beginning on: written once, however long.
#[derive(Serialize, Deserialize)]
struct Outline {
    begun_at_ms: i64,
    text: String,
}

/// What names a job: its mark in the graph, and what the store keeps of it.
struct Names {
    mark: String,
    cursor: String,
    outline: String,
}

/// The mark of a job.
struct Mark {
    /// Steps of all its runs.
    step: u64,
    begun_at: Time,
    /// `None` = it is done.
    place: Option<Place>,
}

impl Mark {
    /// Of two values of one time the greater text counts, which is the one further on.
    fn print(&self) -> String {
        let (step, begun_at) = (self.step, self.begun_at.ms());
        match self.place {
            Some(Place { leg, page, chunk }) => format!("{step:012} {begun_at} {leg} {page} {chunk}"),
            None => format!("{step:012} {begun_at} done"),
        }
    }

    fn parse(value: &str) -> Option<Mark> {
        let words: Vec<&str> = value.split(' ').collect();
        let (step, begun_at, place) = match words[..] {
            [step, begun_at, "done"] => (step, begun_at, None),
            [step, begun_at, leg, page, chunk] => {
                let place =
                    Place { leg: leg.parse().ok()?, page: page.parse().ok()?, chunk: chunk.parse().ok()? };
                (step, begun_at, Some(place))
            }
            _ => return None,
        };
        Some(Mark { step: step.parse().ok()?, begun_at: Time::from_ms(begun_at.parse().ok()?), place })
    }
}

/// Runs a job to its end, or goes on with a run of it that was ended: by an error, by a limit on calls, by a kill.
///
/// # Errors
/// `Call`: the run ended before its time; run it again to go on. `Io` and the like: the graph's or the store's.
pub fn run(
    job: &mut dyn Job,
    graph: &Graph,
    platform: &Platform,
    progress: &mut dyn FnMut(Progress),
) -> Result<Report> {
    let name = job.name();
    let names = Names {
        mark: format!("sync {name}"),
        cursor: format!("cursor {name}"),
        outline: format!("outline {name}"),
    };
    let mut report = Report::default();
    let mut records = 0;
    let (mut mark, mut kept, mut place) = begin(job, (graph, platform), &names, &mut report)?;
    loop {
        let cursor = kept.pages.get(&page_key(place)).cloned().unwrap_or_default();
        let turn = Turn { platform, graph, begun_at: mark.begun_at, place, cursor: &cursor };
        let step = job.step(&turn)?;
        records += step.records;
        report.refused += step.refused;
        if let Some((next, cursor)) = &step.next
            && let Some(cursor) = cursor
        {
            let here = page_key(place);
            kept.pages.retain(|page, _| *page == here);
            kept.pages.insert(page_key(*next), cursor.clone());
            save(platform, &names.cursor, &kept)?;
        }
        mark = Mark {
            step: mark.step + 1,
            begun_at: mark.begun_at,
            place: step.next.as_ref().map(|(next, _)| *next),
        };
        commit(graph, platform.now(), (&names.mark, &mark), &step, &mut report)?;
        progress(Progress { records, total: step.total });
        match mark.place {
            Some(next) => place = next,
            None => {
                for name in [&names.cursor, &names.outline] {
                    platform.store().remove(name)?;
                }
                return Ok(report);
            }
        }
    }
}

/// The calls that a run of a job will make; nothing is written to the graph.
///
/// # Errors
/// Of calls, of the graph and of the store.
pub fn plan(job: &mut dyn Job, graph: &Graph, platform: &Platform) -> Result<Vec<Planned>> {
    let turn = Turn { platform, graph, begun_at: platform.now(), place: Place::default(), cursor: "" };
    job.plan(&turn)
}

/// What names a page in the store.
fn page_key(place: Place) -> String {
    format!("{} {}", place.leg, place.page)
}

/// Where a run begins, or goes on.
fn begin(
    job: &mut dyn Job,
    (graph, platform): (&Graph, &Platform),
    names: &Names,
    report: &mut Report,
) -> Result<(Mark, Kept, Place)> {
    let known = graph.view().mark(&names.mark)?.and_then(|value| Mark::parse(&value));
    let steps = known.as_ref().map_or(0, |mark| mark.step);
    if let Some(Mark { step, begun_at, place: Some(place) }) = known {
        report.is_resumed = true;
        let outline: Option<Outline> = load(platform, &names.outline)?;
        let (kept, place) = match outline.filter(|outline| outline.begun_at_ms == begun_at.ms()) {
            Some(outline) => {
                job.resume(&outline.text)?;
                let kept: Option<Kept> = load(platform, &names.cursor)?;
                let kept = kept.filter(|kept| kept.begun_at_ms == begun_at.ms());
                let kept = kept.unwrap_or(Kept { begun_at_ms: begun_at.ms(), pages: BTreeMap::new() });
                let is_there = place.page == 0 || kept.pages.contains_key(&page_key(place));
                // A page that is lost: the run begins anew, at its own time.
                (kept, if is_there { place } else { Place::default() })
            }
            None => (outlined(job, platform, begun_at, names)?, Place::default()),
        };
        return Ok((Mark { step, begun_at, place: Some(place) }, kept, place));
    }
    let begun_at = platform.now();
    let kept = outlined(job, platform, begun_at, names)?;
    // Kept at once, so that whoever goes on has the outline and the time, and need not ask for them again.
    let mark = Mark { step: steps + 1, begun_at, place: Some(Place::default()) };
    commit(graph, platform.now(), (&names.mark, &mark), &Step::default(), report)?;
    Ok((mark, kept, Place::default()))
}

fn outlined(job: &mut dyn Job, platform: &Platform, begun_at: Time, names: &Names) -> Result<Kept> {
    let outline = Outline { begun_at_ms: begun_at.ms(), text: job.outline(platform)? };
    save(platform, &names.outline, &outline)?;
    job.resume(&outline.text)?;
    let kept = Kept { begun_at_ms: begun_at.ms(), pages: BTreeMap::new() };
    save(platform, &names.cursor, &kept)?;
    Ok(kept)
}

/// What was saved; none if it is another's, or damaged.
fn load<T: DeserializeOwned>(platform: &Platform, name: &str) -> Result<Option<T>> {
    let text = platform.store().load(name)?;
    Ok(text.and_then(|text| serde_json::from_str(text.expose()).ok()))
}

fn save(platform: &Platform, name: &str, kept: &impl Serialize) -> Result<()> {
    let text =
        serde_json::to_string(kept).map_err(|_| Error::Internal { what: "a cursor that is no JSON" })?;
    platform.store().save(name, &Secret::new(&text))
}

fn commit(
    graph: &Graph,
    now: Time,
    (key, mark): (&str, &Mark),
    step: &Step,
    report: &mut Report,
) -> Result<()> {
    let (mut recorded, mut known, mut refused) = (0, 0, 0);
    graph.write(now, |tx| {
        for fact in &step.facts {
            match tx.apply(fact) {
                Ok(Outcome::Recorded) => recorded += 1,
                Ok(Outcome::AlreadyKnown) => known += 1,
                Err(error) if error.is_refusal() => refused += 1,
                Err(error) => return Err(error),
            }
        }
        let op = Op::Mark { key: key.to_owned(), value: mark.print() };
        tx.apply(&Fact { at: now, batch: None, op }).map(drop)
    })?;
    report.steps += 1;
    report.recorded += recorded;
    report.known += known;
    report.refused += refused;
    Ok(())
}
