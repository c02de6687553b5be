//! The command line: commands, their help, and the options that all of them take.

use std::path::PathBuf;

use clap::{Arg, ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::acquire::AcquireArgs;
use crate::analyze::AnalyzeArgs;
use crate::build::BuildArgs;
use crate::changes::ChangesArgs;
use crate::check::StatsArgs;
use crate::compare::CompareArgs;
use crate::conflicts::ConflictsArgs;
use crate::contacts::ContactsArgs;
#[cfg(feature = "kv")]
use crate::convert::ConvertArgs;
use crate::decide::{BanArgs, BlockArgs, LinkArgs, UnbanArgs, UnblockArgs, UnlinkArgs};
use crate::demo::DemoArgs;
use crate::dump::DumpArgs;
use crate::erase::{EraseArgs, RestrictArgs, UnrestrictArgs};
use crate::explain::ExplainArgs;
#[cfg(feature = "export")]
use crate::export::ExportArgs;
use crate::import::ImportArgs;
use crate::ingest::IngestArgs;
use crate::init::InitArgs;
use crate::merge::MergeArgs;
use crate::neighbors::NeighborsArgs;
use crate::rekey::RekeyArgs;
use crate::report::ReportArgs;
use crate::resolve::IdArgs;
use crate::restore::RestoreArgs;
use crate::retract::RetractArgs;
use crate::rules::RulesArgs;
use crate::same::PairArgs;
#[cfg(feature = "sync")]
use crate::serve_callbacks::ServeCallbacksArgs;
#[cfg(feature = "simulator")]
use crate::simulate::SimulateArgs;
use crate::snapshot::SnapshotArgs;
use crate::subject::SubjectArgs;
#[cfg(feature = "sync")]
use crate::sync::SyncArgs;
use crate::translate::TranslateArgs;
use crate::undo::UndoArgs;
use crate::unresolved::UnresolvedArgs;
use crate::verify::VerifyArgs;

/// What `--help` says about exit codes; the README has the same table.
const EXIT_CODES: &str = "\
Exit codes:
  0  yes, found, done
  1  a lawful no: unknown, different, absent, pending, provisional, nothing found
  2  a wrong command line: an option, an id, a time
  3  bad input: a line, a body or an id of the input was refused (what was good is written where it says so)
  4  the database or the snapshot is damaged, or of a format this version does not read
  5  the system or the place refused: I/O, a full disk, no database there, in use by another process

An ID is written kind:scope:value, a VIEW is CORP or CORP@VIEWER, a T is RFC 3339 or integer milliseconds.";

/// Identity graph for the WeChat ecosystem: evidence in, identities derived.
#[derive(Debug, Parser)]
#[command(name = "idweave", version, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Debug, Args)]
pub(crate) struct Common {
    /// Directory of the database
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) db: Option<PathBuf>,
    /// Answer from this snapshot in place of a database (commands that only read)
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) snapshot: Option<PathBuf>,
    /// Answer as the graph was after this commit, or at this time as RFC 3339 (commands that only read)
    #[arg(long, global = true, value_name = "SEQ|T", conflicts_with_all = ["as_of_time", "observed_until"])]
    pub(crate) as_of: Option<String>,
    /// Answer as the graph was at this time (commands that only read)
    #[arg(long, global = true, value_name = "T", conflicts_with = "observed_until")]
    pub(crate) as_of_time: Option<String>,
    /// Answer as if nothing had been observed after this time (commands that only read)
    #[arg(long, global = true, value_name = "T")]
    pub(crate) observed_until: Option<String>,
    /// Answers as JSON: one object, or one object a line
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Use this time instead of the system's clock
    #[arg(long, global = true, value_name = "T")]
    pub(crate) recorded_at: Option<String>,
    /// The same by its other name, which every command but `erase` takes
    #[arg(skip)]
    pub(crate) now: Option<String>,
}

/// The other name of `--recorded-at`.
const NOW: &str = "now";

impl Cli {
    /// Reads the command line; where that is wrong, or asks for help, the process ends.
    pub(crate) fn read() -> Cli {
        let matches = with_now(Cli::command()).get_matches();
        let mut cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
        cli.common.now = said_now(&matches);
        cli
    }
}

/// A command and all below it with `--now`.
fn with_now(command: clap::Command) -> clap::Command {
    // To `erase` it means something else: that the bytes go now.
    if command.get_arguments().any(|arg| arg.get_id() == NOW) {
        return command;
    }
    let option = Arg::new(NOW).long(NOW).value_name("T").help("The same as --recorded-at");
    command.arg(option).mut_subcommands(with_now)
}

/// What `--now` says: the innermost command's word comes first.
fn said_now(matches: &ArgMatches) -> Option<String> {
    let below = matches.subcommand().and_then(|(_, own)| said_now(own));
    below.or_else(|| matches.try_get_one::<String>(NOW).ok().flatten().cloned())
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Read the bundled answers into a new database and show who came out
    Demo(DemoArgs),
    /// Create an empty database
    Init(InitArgs),
    /// Read facts, one JSON object a line
    Import(ImportArgs),
    /// Make a new database from files of facts: quicker than importing them, and not durable before the end
    Build(BuildArgs),
    /// Bring the facts of another graph in
    Merge(MergeArgs),
    /// Give many ids another one: read a list of old and new values
    Rekey(RekeyArgs),
    /// Read the body of a WeChat or WeCom answer or event
    Ingest(Box<IngestArgs>),
    /// Who is this: the entity of an id
    Resolve(IdArgs),
    /// The id's counterpart in another kind and scope
    Translate(TranslateArgs),
    /// Whether two ids are the same
    Same(PairArgs),
    /// Why two ids are the same, or why not
    Explain(ExplainArgs),
    /// The person of an id, with all its entities
    Person(IdArgs),
    /// Persons an id may belong to, which nobody has confirmed
    Suggestions(IdArgs),
    /// How the entity of an id came to be, commit by commit
    History(IdArgs),
    /// Whose contact an id's entity is, or was
    ContactsOf(ContactsArgs),
    /// What each commit changed about identities, one JSON object a line
    Changes(ChangesArgs),
    /// What is related to an id: followers, members, subscribers
    Neighbors(NeighborsArgs),
    /// How an id that is missing can be had: routes, endpoints, who is asked, what stands in the way
    Acquire(AcquireArgs),
    /// What should be asked again: pending ids that die soon, ids without a unionid
    Unresolved(UnresolvedArgs),
    /// What contradicts what is known, with both sides and facts that would close each
    Conflicts(ConflictsArgs),
    /// Two ids are not the same, whatever evidence says
    Ban(BanArgs),
    /// Lift a ban
    Unban(UnbanArgs),
    /// An id binds nothing: a shared device, a test account
    Block(BlockArgs),
    /// Lift a block
    Unblock(UnblockArgs),
    /// Two ids are the same, a person says
    Link(LinkArgs),
    /// What was said of two ids until now does not count
    Unlink(UnlinkArgs),
    /// What a source, a batch or an event said, or what was said of a pair, counts no more
    Retract(RetractArgs),
    /// It counts again: lift the retraction of the same words
    Unretract(RetractArgs),
    /// The rules in force, and changes of them
    Rules(RulesArgs),
    /// What a commit told counts no more
    Undo(UndoArgs),
    /// Everything that is held about an id, also if it is restricted
    ExportSubject(SubjectArgs),
    /// Erase an id, or its whole entity: what was said of it no longer counts, and its bytes go
    Erase(EraseArgs),
    /// Keep an id and do not answer it
    Restrict(RestrictArgs),
    /// Answer an id again
    Unrestrict(UnrestrictArgs),
    /// The erasures and restrictions so far, without identifiers, and the snapshots that were published
    Audit,
    /// Everything of one sort, one JSON object a line
    Dump(DumpArgs),
    /// The measures of a snapshot, or of a database, as one page: coverage, funnel, growth, conflicts, suspects
    Report(ReportArgs),
    /// Figures about the database
    Stats(StatsArgs),
    /// Measures of the whole graph: coverage, funnel, growth, weak joints, suspects, ...
    Analyze(AnalyzeArgs),
    /// What became of a graph between two states: entities born, merged, split and gone
    Compare(CompareArgs),
    /// Check the whole database against resolution from scratch
    Check,
    /// Write what the journal holds as a segment, so that opening need not replay it
    Checkpoint,
    /// Write the database as one file: to read from, to keep, to restore
    Snapshot(SnapshotArgs),
    /// Write the whole graph as Parquet, Arrow, CSV or NDJSON files, for data tools
    #[cfg(feature = "export")]
    Export(ExportArgs),
    /// Make a database from a snapshot, in a directory that is missing or empty
    Restore(RestoreArgs),
    /// Make the same database in another home; cut short, it goes on where it was
    #[cfg(feature = "kv")]
    Convert(ConvertArgs),
    /// Read every byte of a snapshot or of a database's segments, and say whether it holds
    Verify(VerifyArgs),
    /// Answer the platforms' callbacks, keep them durably, make facts of them (with --db)
    #[cfg(feature = "sync")]
    ServeCallbacks(ServeCallbacksArgs),
    /// Call the platforms: read followers, customers and groups, compare them, convert ids
    #[cfg(feature = "sync")]
    Sync(Box<SyncArgs>),
    /// Be WeChat and WeCom, on this machine only: for tests and demos
    #[cfg(feature = "simulator")]
    Simulate(SimulateArgs),
}
