//! The command-line tool: parses the command line, runs one command, exits with a documented code.
//!
//! Read in this order: the command line (`cli`), how a command ends (`exit`), what all commands share
//! (`database`, `moment`, `lines`, `output`, `answers`), then one file for each command or small family.
//!
//! # Invariants
//!   B1 only the public API of the crate is used.
//!   B2 answers go to stdout, everything else to stderr; no error holds an identifier's value or a secret.

mod acquire;
mod acquire_json;
mod acquire_text;
mod analyze;
mod analyze_json;
mod analyze_text;
mod answers;
mod audit;
mod build;
mod changes;
mod changes_text;
mod check;
mod checkpoint;
mod cli;
mod compare;
mod conflicts;
mod contacts;
#[cfg(feature = "kv")]
mod convert;
mod csv;
mod database;
mod decide;
mod demo;
mod dry_run;
mod dump;
mod erase;
mod exit;
mod explain;
#[cfg(feature = "export")]
mod export;
mod history;
mod home;
mod import;
mod ingest;
mod ingest_notes;
mod ingest_options;
mod init;
mod language;
mod large;
mod lines;
mod merge;
mod moment;
mod neighbors;
mod output;
mod picture;
mod rekey;
mod report;
mod resolve;
mod restore;
mod retract;
mod rules;
mod same;
#[cfg(feature = "sync")]
mod secret_file;
#[cfg(feature = "sync")]
mod serve_callbacks;
#[cfg(feature = "sync")]
mod serve_config;
#[cfg(feature = "simulator")]
mod simulate;
mod snapshot;
#[cfg(any(feature = "simulator", feature = "sync"))]
mod stop;
mod subject;
#[cfg(feature = "sync")]
mod sync;
#[cfg(feature = "sync")]
mod sync_config;
mod tally;
mod translate;
mod undo;
mod unresolved;
mod verify;

use std::process::ExitCode;

use mimalloc::MiMalloc;

use crate::cli::{Cli, Command};
use crate::exit::{Done, Failure};
use crate::output::Out;

/// The engine asks for much small memory; this allocator takes a fifth less time for a build than the system's.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::read();
    let mut out = Out::new();
    let done = ignore_file_size_signal().and_then(|()| run(cli, &mut out));
    let flushed = out.flush();
    exit::code(match (done, flushed) {
        (Ok(done), Ok(())) => Ok(done),
        // What was done stays done when nobody reads the last of it.
        (Ok(done), Err(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(done),
        (Ok(_), Err(error)) => Err(error.into()),
        (Err(failure), _) => Err(failure),
    })
}

fn run(cli: Cli, out: &mut Out) -> Result<Done, Failure> {
    let common = &cli.common;
    match cli.command {
        Command::Demo(args) => demo::run(&args, common, out),
        Command::Init(args) => init::run(&args, common, out),
        Command::Import(args) => import::run(&args, common, out),
        Command::Build(args) => build::run(&args, common, out),
        Command::Merge(args) => merge::run(&args, common, out),
        Command::Rekey(args) => rekey::run(&args, common, out),
        Command::Ingest(args) => ingest::run(&args, common, out),
        Command::Resolve(args) => resolve::resolve(&args, common, out),
        Command::Translate(args) => translate::run(&args, common, out),
        Command::Same(args) => same::run(&args, common, out),
        Command::Explain(args) => explain::run(&args, common, out),
        Command::Person(args) => resolve::person(&args, common, out),
        Command::Suggestions(args) => resolve::suggestions(&args, common, out),
        Command::History(args) => history::run(&args, common, out),
        Command::ContactsOf(args) => contacts::run(&args, common, out),
        Command::Changes(args) => changes::run(&args, common, out),
        Command::Neighbors(args) => neighbors::run(&args, common, out),
        Command::Acquire(args) => acquire::run(&args, common, out),
        Command::Unresolved(args) => unresolved::run(&args, common, out),
        Command::Conflicts(args) => conflicts::run(&args, common, out),
        Command::Ban(args) => decide::ban(&args, common, out),
        Command::Unban(args) => decide::unban(&args, common, out),
        Command::Block(args) => decide::block(&args, common, out),
        Command::Unblock(args) => decide::unblock(&args, common, out),
        Command::Link(args) => decide::link(&args, common, out),
        Command::Unlink(args) => decide::unlink(&args, common, out),
        Command::Retract(args) => retract::retract(&args, common, out),
        Command::Unretract(args) => retract::unretract(&args, common, out),
        Command::Rules(args) => rules::run(&args, common, out),
        Command::Report(args) => report::run(&args, common, out),
        Command::Undo(args) => undo::run(&args, common, out),
        Command::ExportSubject(args) => subject::run(&args, common, out),
        Command::Erase(args) => erase::run(&args, common, out),
        Command::Restrict(args) => erase::restrict(&args, common, out),
        Command::Unrestrict(args) => erase::unrestrict(&args, common, out),
        Command::Audit => audit::run(common, out),
        Command::Dump(args) => dump::run(&args, common, out),
        Command::Stats(args) => check::stats(&args, common, out),
        Command::Analyze(args) => analyze::run(&args, common, out),
        Command::Compare(args) => compare::run(&args, common, out),
        Command::Check => check::check(common, out),
        Command::Checkpoint => checkpoint::run(common, out),
        Command::Snapshot(args) => snapshot::run(&args, common, out),
        #[cfg(feature = "export")]
        Command::Export(args) => export::run(&args, common, out),
        Command::Restore(args) => restore::run(&args, common, out),
        #[cfg(feature = "kv")]
        Command::Convert(args) => convert::run(&args, common, out),
        Command::Verify(args) => verify::run(&args, common, out),
        #[cfg(feature = "sync")]
        Command::ServeCallbacks(args) => serve_callbacks::run(&args, common, out),
        #[cfg(feature = "sync")]
        Command::Sync(args) => sync::run(&args, common, out),
        #[cfg(feature = "simulator")]
        Command::Simulate(args) => simulate::run(&args, common, out),
    }
}

/// A write past a file-size limit then fails with an error, as on a full disk, instead of ending the process.
#[cfg(unix)]
fn ignore_file_size_signal() -> Result<(), Failure> {
    use signal_hook::consts::SIGXFSZ;
    let seen = std::sync::Arc::default();
    signal_hook::flag::register(SIGXFSZ, seen).map(|_| ()).map_err(Failure::Output)
}

#[cfg(not(unix))]
fn ignore_file_size_signal() -> Result<(), Failure> {
    Ok(())
}
