//! What a command works on: a database to open, or a snapshot to answer from; and ids from the command line.

use std::path::Path;

use idweave::analytics::Analyze;
use idweave::{Error, Graph, Id, KindScope, Read, Recovery, Snapshot, Time};

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
        Place::Database(dir) => {
            let view = match open_dir(dir) {
                // Somebody writes it: what is durable there can be read all the same.
                Err(Failure::Engine(Error::Locked { .. })) => Graph::options().open_read_only(dir)?.view(),
                opened => opened?.view(),
            };
            Ok(match moment {
                Moment::Now => Box::new(view),
                Moment::AsOf(seq) => Box::new(view.as_of(seq)?),
                Moment::AsOfTime(time) => Box::new(view.as_of_time(time)?),
                Moment::ObservedUntil(time) => Box::new(view.observed_until(time)?),
            })
        }
        Place::Snapshot(file) => {
            let snapshot = Snapshot::open(snapshot(file)?)?;
            Ok(match moment {
                Moment::Now => Box::new(snapshot),
                Moment::AsOf(seq) => Box::new(snapshot.as_of(seq)?),
                Moment::AsOfTime(time) => Box::new(snapshot.as_of_time(time)?),
                Moment::ObservedUntil(time) => Box::new(snapshot.observed_until(time)?),
            })
        }
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
        Place::Database(dir) => match open_dir(dir) {
            Err(Failure::Engine(Error::Locked { .. })) => {
                Box::new(Graph::options().open_read_only(dir)?.view())
            }
            opened => Box::new(opened?.view()),
        },
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
