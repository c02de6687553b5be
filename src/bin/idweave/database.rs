//! What a command works on: a database to open, or a snapshot to answer from; and ids from the command line.

use std::path::Path;

use idweave::analytics::Analyze;
use idweave::{Error, Figures, Graph, Id, KindScope, Past, Read, Recovery, Snapshot, Time, View, picture};

use crate::cli::Common;
use crate::exit::{Failure, say};
use crate::moment;

/// What the command line names.
pub(crate) enum Place<'a> {
    /// The directory of a database.
    Database(&'a Path),
    /// The file of a snapshot.
    Snapshot(&'a Path),
}

impl Place<'_> {
    /// What `--db` or `--snapshot` names. A file given as `--db` is a snapshot: no database is one.
    pub(crate) fn of(common: &Common) -> Result<Place<'_>, Failure> {
        match (common.db.as_deref(), common.snapshot.as_deref()) {
            (Some(_), Some(_)) => Err(Failure::Usage("say --db DIR or --snapshot FILE, not both".to_owned())),
            (Some(path), None) if path.is_file() => Ok(Place::Snapshot(path)),
            (Some(dir), None) => Ok(Place::Database(dir)),
            (None, Some(file)) => Ok(Place::Snapshot(file)),
            (None, None) => {
                Err(Failure::Usage("say which database: --db DIR (or --snapshot FILE, to read)".to_owned()))
            }
        }
    }
}

/// The directory of the database, for a command that a snapshot is no place for.
pub(crate) fn dir(common: &Common) -> Result<&Path, Failure> {
    if Moment::of(common)? != Moment::Now {
        return Err(Failure::Usage("this command works on the present: the past is only read".to_owned()));
    }
    match Place::of(common)? {
        Place::Database(dir) => Ok(dir),
        Place::Snapshot(_) => {
            Err(Failure::Usage("this command needs a database: --db DIR; a snapshot is a file".to_owned()))
        }
    }
}

/// Opens the database that `--db` names; a cut tail is told on stderr.
pub(crate) fn open(common: &Common) -> Result<Graph, Failure> {
    open_dir(dir(common)?)
}

fn open_dir(dir: &Path) -> Result<Graph, Failure> {
    let graph = Graph::open(dir)?;
    if let Recovery::TailCut { from_seq } = graph.recovery() {
        say(&format!(
            "warning: the end of the journal was cut at its last flush: commits from {from_seq} on are gone. \
             After a crash they were never acknowledged; without one the disk has lost data, then restore a \
             backup"
        ));
    }
    Ok(graph)
}

/// What a command that only reads answers from. A snapshot needs no database and takes no lock.
pub(crate) fn read(common: &Common) -> Result<Box<dyn Read>, Failure> {
    read_place(&Place::of(common)?, common)
}

/// The same of a place that the command line names in its own way.
pub(crate) fn read_place(place: &Place<'_>, common: &Common) -> Result<Box<dyn Read>, Failure> {
    let moment = Moment::of(common)?;
    match place {
        Place::Database(dir) => present_or_past(view(dir)?, moment),
        Place::Snapshot(file) => present_or_past(Snapshot::open(snapshot(file)?)?, moment),
    }
}

fn present_or_past(shown: impl Timed + 'static, moment: Moment) -> Result<Box<dyn Read>, Failure> {
    Ok(match moment.past(&shown)? {
        Some(past) => Box::new(past),
        None => Box::new(shown),
    })
}

/// What is durable in a database.
fn view(dir: &Path) -> Result<View, Failure> {
    match open_dir(dir) {
        // Somebody writes it: what is durable there can be read all the same.
        Err(Failure::Engine(Error::Locked { .. })) => Ok(Graph::options().open_read_only(dir)?.view()),
        opened => Ok(opened?.view()),
    }
}

/// What answers, and what it answered at earlier commits.
pub(crate) struct Timeline {
    pub(crate) read: Box<dyn Read>,
    pub(crate) now: picture::Moment,
    /// What is at hand about the present, in numbers; `None` of the past.
    pub(crate) figures: Option<Figures>,
    /// `None` where what counts is not decided by commits.
    pub(crate) as_of: Option<AsOf>,
}

type AsOf = Box<dyn Fn(u64) -> idweave::Result<Past>>;

/// The same as [`read`], with the commits before.
pub(crate) fn timeline(common: &Common) -> Result<Timeline, Failure> {
    let moment = Moment::of(common)?;
    match Place::of(common)? {
        Place::Database(dir) => timeline_of(view(dir)?, moment),
        Place::Snapshot(file) => timeline_of(Snapshot::open(snapshot(file)?)?, moment),
    }
}

fn timeline_of(shown: impl Timed + Clone + 'static, moment: Moment) -> Result<Timeline, Failure> {
    let (now, figures, read): (_, _, Box<dyn Read>) = match moment.past(&shown)? {
        Some(past) => ((past.seq(), past.recorded_at()), None, Box::new(past)),
        None => (shown.now(), Some(shown.at_hand()?), Box::new(shown.clone())),
    };
    // What was not observed by then must not come in again by way of a commit.
    let has_commits = !matches!(moment, Moment::ObservedUntil(_));
    let as_of = has_commits.then(|| -> AsOf { Box::new(move |seq| shown.at_commit(seq)) });
    Ok(Timeline { read, now: picture::Moment { seq: now.0, recorded_at: now.1 }, figures, as_of })
}

/// What can be asked of earlier times.
trait Timed: Read {
    fn now(&self) -> (u64, Time);
    fn at_hand(&self) -> idweave::Result<Figures>;
    fn at_commit(&self, seq: u64) -> idweave::Result<Past>;
    fn at_time(&self, time: Time) -> idweave::Result<Past>;
    fn until(&self, time: Time) -> idweave::Result<Past>;
}

impl Timed for View {
    fn now(&self) -> (u64, Time) {
        (self.seq(), self.recorded_at())
    }

    fn at_hand(&self) -> idweave::Result<Figures> {
        self.figures()
    }

    fn at_commit(&self, seq: u64) -> idweave::Result<Past> {
        self.as_of(seq)
    }

    fn at_time(&self, time: Time) -> idweave::Result<Past> {
        self.as_of_time(time)
    }

    fn until(&self, time: Time) -> idweave::Result<Past> {
        self.observed_until(time)
    }
}

impl Timed for Snapshot {
    fn now(&self) -> (u64, Time) {
        (self.seq(), self.recorded_at())
    }

    fn at_hand(&self) -> idweave::Result<Figures> {
        self.figures()
    }

    fn at_commit(&self, seq: u64) -> idweave::Result<Past> {
        self.as_of(seq)
    }

    fn at_time(&self, time: Time) -> idweave::Result<Past> {
        self.as_of_time(time)
    }

    fn until(&self, time: Time) -> idweave::Result<Past> {
        self.observed_until(time)
    }
}

/// What a command that measures works on: the present of a database, or a snapshot.
pub(crate) fn measured(common: &Common, file: Option<&Path>) -> Result<Box<dyn Analyze>, Failure> {
    if Moment::of(common)? != Moment::Now {
        return Err(Failure::Usage("measures are of the present: the past is only read".to_owned()));
    }
    let place = match file {
        None => Place::of(common)?,
        Some(file) if common.db.is_none() && common.snapshot.is_none() => named(file),
        Some(_) => return Err(Failure::Usage("measure one thing: FILE, or --db DIR".to_owned())),
    };
    measured_at(&place)
}

/// A snapshot's file or a database's directory.
pub(crate) fn named(path: &Path) -> Place<'_> {
    if path.is_dir() { Place::Database(path) } else { Place::Snapshot(path) }
}

/// What a place holds, to be measured.
pub(crate) fn measured_at(place: &Place<'_>) -> Result<Box<dyn Analyze>, Failure> {
    Ok(match place {
        Place::Database(dir) => Box::new(view(dir)?),
        Place::Snapshot(file) => Box::new(Snapshot::open(snapshot(file)?)?),
    })
}

/// Of when the command line asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    Now,
    AsOf(u64),
    AsOfTime(Time),
    ObservedUntil(Time),
}

impl Moment {
    fn of(common: &Common) -> Result<Moment, Failure> {
        let at = |option, text: &Option<String>| {
            text.as_deref().map(|text| moment::parse(option, text)).transpose()
        };
        // An integer is a commit here.
        let as_of = match (common.as_of.as_deref().map(str::parse), &common.as_of) {
            (Some(Ok(seq)), _) => Some(Moment::AsOf(seq)),
            (_, text) => at("--as-of", text)?.map(Moment::AsOfTime),
        };
        let as_of_time = at("--as-of-time", &common.as_of_time)?.map(Moment::AsOfTime);
        let until = at("--observed-until", &common.observed_until)?.map(Moment::ObservedUntil);
        Ok(as_of.or(as_of_time).or(until).unwrap_or(Moment::Now))
    }

    /// What was then; `None` of the present.
    fn past(self, shown: &impl Timed) -> Result<Option<Past>, Failure> {
        Ok(match self {
            Moment::Now => None,
            Moment::AsOf(seq) => Some(shown.at_commit(seq)?),
            Moment::AsOfTime(time) => Some(shown.at_time(time)?),
            Moment::ObservedUntil(time) => Some(shown.until(time)?),
        })
    }
}

/// Refuses a path among the files of a database: what lies there may take the place of one, and is lost with them.
pub(crate) fn refuse_within(dir: &Path, path: &Path, what: &str) -> Result<(), Failure> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // A place that cannot be found is refused by what comes next.
    match (dir.canonicalize(), parent.canonicalize()) {
        (Ok(dir), Ok(parent)) if parent.starts_with(&dir) => {
            Err(Failure::Usage(format!("{what} is to lie outside the database's directory")))
        }
        _ => Ok(()),
    }
}

/// The file of a snapshot, which a directory is not.
pub(crate) fn snapshot(file: &Path) -> Result<&Path, Failure> {
    if file.is_dir() {
        return Err(Failure::Usage("a snapshot is a file; a database's directory is --db DIR".to_owned()));
    }
    Ok(file)
}

/// Reads an id of the command line. The error does not repeat it: it may end up in a log.
pub(crate) fn id(name: &str, text: &str) -> Result<Id, Failure> {
    text.parse().map_err(|rule| Failure::Usage(format!("{name}: {rule}")))
}

/// Reads the target of a translation.
pub(crate) fn target(text: &str) -> Result<KindScope, Failure> {
    text.parse().map_err(|rule| Failure::Usage(format!("--to: {rule} (a target is written kind:scope)")))
}
