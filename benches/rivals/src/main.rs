//! idweave and other embedded stores doing the same job: the command, and a process for each store.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail, ensure};
use clap::{Args, Parser, Subcommand};

use crate::data::World;
use crate::report::Report;
use crate::session::{Plan, Sizes};
use crate::store::Sizing;

/// A picture for people.
mod chart;
/// Accounts, facts and the truth.
mod data;
/// The job on idweave.
mod idweave;
/// The job by hand on key-value stores.
mod kv;
/// The mixed workload.
mod mixed;
/// The job on OverGraph.
mod overgraph;
/// A commit on OverGraph.
mod overgraph_commit;
/// What the machine can do.
mod physical;
/// Translations.
mod reads;
/// What was measured.
mod report;
/// The order of a store's run.
mod session;
/// The job on SQLite.
mod sqlite;
/// What every rival does.
mod store;
/// Tables for people.
mod table;
/// Ingest, single commits, unions.
mod writes;

/// With the feature `mimalloc` every store in Rust allocates by it, as the `idweave` command does.
#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The stores, in the order they run: idweave first, for it sets the sizes of the physical baseline.
const STORES: &[&str] = &["idweave", "hashmap", "lmdb", "redb", "sqlite", "fjall", "sled", "overgraph"];

#[derive(Parser)]
#[command(about = "idweave and other embedded stores doing the same job, in one run")]
struct Cli {
    #[command(flatten)]
    size: Size,
    /// Which stores, by comma; idweave always runs.
    #[arg(long, value_delimiter = ',')]
    rivals: Vec<String>,
    /// Where the stores put their files: a disk to be measured, not a memory file system.
    #[arg(long, default_value = "target/rivals")]
    dir: PathBuf,
    /// How often all of it is done, the stores in turns; the median counts.
    #[arg(long, default_value_t = 1)]
    repeat: u64,
    /// Writes what was measured.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Draws what was measured.
    #[arg(long)]
    svg: Option<PathBuf>,
    /// Leaves the stores' files.
    #[arg(long)]
    keep: bool,
    #[command(subcommand)]
    one: Option<One>,
}

#[derive(Args, Clone)]
struct Size {
    /// Ids in the database; five an account.
    #[arg(long, default_value_t = 1_000_000)]
    ids: u64,
    /// Of all that looks random.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Rounds of each reading phase; their median counts.
    #[arg(long, default_value_t = 7)]
    rounds: u64,
    /// Cache of the stores that keep one, in MiB.
    #[arg(long, default_value_t = 1_024)]
    cache_mib: u64,
}

#[derive(Subcommand)]
enum One {
    /// One store's run, in this process.
    #[command(hide = true)]
    Store {
        name: String,
        dir: PathBuf,
        out: PathBuf,
        #[command(flatten)]
        size: Size,
        #[arg(long, num_args = 3)]
        sizes: Vec<u64>,
    },
}

fn main() -> ExitCode {
    let outcome = match Cli::parse() {
        Cli { one: Some(One::Store { name, dir, out, size, sizes }), .. } => {
            run_one(&name, dir, &out, &size, &sizes)
        }
        cli => run_all(&cli),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run_one(name: &str, dir: PathBuf, out: &Path, size: &Size, sizes: &[u64]) -> Result<()> {
    let sizes = match sizes {
        &[buffer, append, single_append] => Some(Sizes { buffer, append, single_append }),
        _ => None,
    };
    let plan = Plan {
        store: name.to_owned(),
        world: World::new(size.ids, size.seed),
        dir,
        rounds: size.rounds,
        sizing: Sizing { ids: size.ids, cache_bytes: size.cache_mib << 20 },
        sizes,
    };
    let report = match name {
        "idweave" => session::run::<idweave::Idweave>(plan),
        "hashmap" => session::run::<kv::OnKv<kv::hashmap::InMemory>>(plan),
        "lmdb" => session::run::<kv::OnKv<kv::lmdb::Lmdb>>(plan),
        "redb" => session::run::<kv::OnKv<kv::redb::Redb>>(plan),
        "sqlite" => session::run::<sqlite::Sqlite>(plan),
        "fjall" => session::run::<kv::OnKv<kv::fjall::Fjall>>(plan),
        "overgraph" => session::run::<overgraph::OverGraph>(plan),
        "sled" => session::run::<kv::OnKv<kv::sled::Sled>>(plan),
        _ => bail!("no store {name}; there are {}", STORES.join(", ")),
    }?;
    Ok(std::fs::write(out, serde_json::to_vec(&report)?)?)
}

fn run_all(cli: &Cli) -> Result<()> {
    for name in &cli.rivals {
        ensure!(STORES.contains(&name.as_str()), "no store {name}; there are {}", STORES.join(", "));
    }
    ensure!(cli.size.ids >= 40_000, "at least 40,000 ids, so that there are enough commits");
    ensure!(cli.size.rounds >= 1 && cli.repeat >= 1, "at least one round, once");
    let world = World::new(cli.size.ids, cli.size.seed);
    println!(
        "{} ids in {} accounts, {} facts of which {} conflict, seed {}",
        cli.size.ids,
        world.accounts,
        world.facts(),
        world.conflicts(),
        cli.size.seed
    );
    let asked = |name: &str| cli.rivals.is_empty() || cli.rivals.iter().any(|rival| rival == name);
    let names: Vec<&str> = STORES.iter().copied().filter(|name| *name == "idweave" || asked(name)).collect();
    let mut runs: Vec<Vec<Report>> = names.iter().map(|_| Vec::new()).collect();
    let mut failed = Vec::new();
    // Whole rounds in turns: noise of minutes does not fall on one store alone.
    for _ in 0..cli.repeat {
        for (place, name) in names.iter().enumerate() {
            let idweave = runs.first().and_then(|runs| runs.first()).cloned();
            match child(cli, name, idweave.as_ref()) {
                Ok(report) => runs[place].push(report),
                Err(error) if place == 0 => return Err(error),
                Err(error) => {
                    eprintln!("{name}: {error:#}");
                    failed.push(*name);
                }
            }
        }
    }
    let reports: Vec<Report> = runs.iter().filter_map(|runs| report::middle(runs)).collect();
    println!("{}", table::print(&reports)?);
    if let Some(path) = &cli.json {
        std::fs::write(path, serde_json::to_vec_pretty(&reports)?)?;
    }
    if let Some(path) = &cli.svg {
        let title = format!("idweave and others doing the same job, {} ids", cli.size.ids);
        chart::draw(path, &title, &reports)?;
    }
    ensure!(failed.is_empty(), "failed: {}", failed.join(", "));
    Ok(())
}

/// A process of its own: neither memory nor a lock of one store is in another's way.
fn child(cli: &Cli, name: &str, idweave: Option<&Report>) -> Result<Report> {
    let dir = cli.dir.join(name);
    if dir.exists() {
        std::fs::remove_dir_all(&dir)?;
    }
    std::fs::create_dir_all(&dir)?;
    let out = dir.join("report.json");
    let size = &cli.size;
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["store", name]).arg(&dir).arg(&out);
    for (option, value) in [
        ("--ids", size.ids),
        ("--seed", size.seed),
        ("--rounds", size.rounds),
        ("--cache-mib", size.cache_mib),
    ] {
        command.arg(option).arg(value.to_string());
    }
    if let Some(idweave) = idweave {
        let sizes = [idweave.buffer_bytes, idweave.append_bytes, idweave.single_append_bytes];
        command.arg("--sizes").args(sizes.map(|size| size.to_string()));
    }
    let status = command.status().context("starting a process for the store")?;
    ensure!(status.success(), "its run failed: {status}");
    let report = serde_json::from_slice(&std::fs::read(&out)?)?;
    if !cli.keep {
        std::fs::remove_dir_all(&dir)?;
    }
    Ok(report)
}
