//! `build`: a new database from files of facts, all at once.
//!
//! One thread reads and parses, one applies, and the engine writes out what grows too large meanwhile.

use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use clap::Args;
use idweave::model::Placeholders;
use idweave::{BulkLoad, Error, Fact, Graph, ndjson};
use indicatif::ProgressBar;

use crate::cli::Common;
use crate::database;
use crate::exit::{Done, Failure};
use crate::home::HomeArgs;
use crate::import::{check_batch, progress_of};
use crate::lines::{Lines, name_of};
use crate::moment;
use crate::output::Out;
use crate::tally::{OnError, RejectsFile, Tally, fact_of, text_of};

/// Lines that are handed on at once.
const PARCEL_LINES: usize = 512;
/// Parcels that may wait.
const PARCELS_MAX: usize = 16;

#[derive(Debug, Args)]
pub(crate) struct BuildArgs {
    /// Files of facts, or - for stdin
    #[arg(value_name = "FILE|-", required = true)]
    files: Vec<PathBuf>,
    /// What a wrong line does; where it ends the command, there is no database
    #[arg(long, value_enum, default_value_t = OnError::Stop)]
    on_error: OnError,
    /// Write each rejected line with its reason to this file
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    /// Label the facts that have no batch with this one
    #[arg(long, value_name = "NAME")]
    batch: Option<String>,
    /// Memory for changes, in MiB; more than fits is written out and merged at the end
    #[arg(long, value_name = "MIB", default_value_t = NonZeroU64::MIN.saturating_add(1023))]
    memory: NonZeroU64,
    #[command(flatten)]
    home: HomeArgs,
}

pub(crate) fn run(args: &BuildArgs, common: &Common, out: &mut Out) -> Result<Done, Failure> {
    check_batch(args.batch.as_deref())?;
    let dir = database::dir(common)?;
    let rejects = args.rejects.as_deref().map(RejectsFile::create).transpose()?;
    let mut tally = Tally::new(String::new(), args.on_error, rejects);
    let progress = progress_of(&args.files);
    let reader = Reader {
        files: args.files.clone(),
        batch: args.batch.clone(),
        keeps_text: args.rejects.is_some(),
        placeholders: Placeholders::default(),
    };
    let (sender, parcels) = sync_channel(PARCELS_MAX);
    let reading = std::thread::spawn(move || reader.read_all(&sender));
    let options =
        Graph::options().delta_bytes(args.memory.get().saturating_mul(1 << 20)).home(args.home.kind());
    let built = options.bulk_load(dir, moment::now(common)?, |load| {
        let filled = fill(load, &parcels, &mut tally, &progress);
        progress.set_message("writing");
        // A reader that waits for room is let go.
        drop(parcels);
        filled
    });
    progress.finish_and_clear();
    // After an error the reader may wait for a pipe that nobody writes to.
    let read = if built.is_ok() { reading.join() } else { Ok(()) };
    tally.flush()?;
    let built = match (built, tally.stopped.take()) {
        (Err(_), Some(Failure::Input(text))) => Err(Failure::Input(format!(
            "{text}\nthere is no database; correct the line and build again, or use --on-error skip"
        ))),
        (Err(_), Some(failure)) => Err(failure),
        (built, _) => built.map_err(Failure::from),
    };
    debug_assert!(read.is_ok(), "the reader hands its failures on");
    let (graph, ()) = built?;
    graph.close()?;
    tally.report(common, out)?;
    Ok(tally.done())
}

/// Applies what the reader hands on.
fn fill(
    load: &mut BulkLoad,
    parcels: &Receiver<Parcel>,
    tally: &mut Tally,
    progress: &ProgressBar,
) -> idweave::Result<()> {
    while let Ok(parcel) = parcels.recv() {
        match parcel {
            Parcel::File(name) => tally.file = name,
            Parcel::Lines { lines, bytes } => {
                for line in lines {
                    let told = line.fact.and_then(|fact| load.apply(&fact));
                    tally.take(line.number, told, || line.text)?;
                }
                progress.inc(bytes);
                progress.set_message(format!("{} facts", tally.counts.facts));
            }
            Parcel::Failed(failure) => {
                tally.stopped = Some(failure);
                return Err(Error::Poisoned);
            }
            Parcel::End => return Ok(()),
        }
    }
    Err(Error::Internal { what: "the reader ended without a word" })
}

/// What the reader hands on.
enum Parcel {
    /// Another file begins; its name.
    File(String),
    /// Lines, and how many bytes they had.
    Lines { lines: Vec<ReadLine>, bytes: u64 },
    /// A file could not be read.
    Failed(Failure),
    /// There is no more.
    End,
}

/// A line that was read.
struct ReadLine {
    number: u64,
    fact: idweave::Result<Fact>,
    /// Where rejects are kept.
    text: Option<String>,
}

/// Reads and parses the files.
struct Reader {
    files: Vec<PathBuf>,
    batch: Option<String>,
    keeps_text: bool,
    placeholders: Placeholders,
}

impl Reader {
    /// Hands on every line of every file, or why there is no more; stops early where nobody listens.
    fn read_all(&self, sender: &SyncSender<Parcel>) {
        for file in &self.files {
            if let Err(failure) = self.read(file, sender) {
                // Nobody listens any more: the load has failed by itself.
                drop(sender.send(Parcel::Failed(failure)));
                return;
            }
        }
        drop(sender.send(Parcel::End));
    }

    fn read(&self, file: &Path, sender: &SyncSender<Parcel>) -> Result<(), Failure> {
        let mut lines = Lines::open(file, ndjson::LINE_LEN_MAX)?;
        let send = |parcel| sender.send(parcel).map_err(|_| Failure::Engine(Error::Poisoned));
        send(Parcel::File(name_of(file)))?;
        let mut is_ended = false;
        while !is_ended {
            let before = lines.bytes;
            let mut parcel = Vec::with_capacity(PARCEL_LINES);
            while parcel.len() < PARCEL_LINES {
                let number = lines.number + 1;
                let Some(line) = lines.read().map_err(Failure::file("read", file))? else {
                    is_ended = true;
                    break;
                };
                let fact = fact_of(&line, number, &self.placeholders, self.batch.as_deref());
                let text = if self.keeps_text { text_of(&line) } else { None };
                let is_wrong = fact.is_err();
                parcel.push(ReadLine { number, fact, text });
                if is_wrong {
                    // It may end the load: nobody waits for more lines to hear of it.
                    break;
                }
            }
            send(Parcel::Lines { lines: parcel, bytes: lines.bytes - before })?;
        }
        Ok(())
    }
}
