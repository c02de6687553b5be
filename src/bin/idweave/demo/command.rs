//! The command: a new database, the steps played into it, and what the disk holds of them afterwards.

use std::path::PathBuf;

use clap::Args;
use idweave::{EntityDump, Graph, Read, Status};

use crate::answers::{EdgeLine, EntityLine};
use crate::cli::Common;
use crate::database;
use crate::demo::files::Files;
use crate::demo::play::{Played, play};
use crate::demo::{manifest, show};
use crate::exit::{Done, Failure};
use crate::output::Out;

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Read the steps and bodies from this directory
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

/// What came out at the end.
pub(crate) struct Outcome {
    pub(crate) entities: Vec<EntityDump>,
    pub(crate) rejected: Vec<idweave::EdgeDump>,
    pub(crate) findings: usize,
}

pub(crate) fn run(args: &DemoArgs, common: &Common, out: &mut Out) -> Result<Done, Failure> {
    let files = Files::find(args.data.as_deref());
    let steps = manifest::parse(&files.read_text(manifest::FILE)?)?;
    let place = Place::of(common)?;
    let graph = Graph::create(place.dir())?;
    let played = play(&steps, &files, &graph);
    graph.close()?;
    let played = played?;
    // Opened again: what is shown comes from the disk.
    let outcome = look(&Graph::open(place.dir())?)?;
    if common.json {
        show_json(&played, &outcome, out)?;
    } else {
        show::show(&files.name(), &place.name(), &played, &outcome, out)?;
    }
    Ok(if outcome.findings == 0 { Done::Yes } else { Done::Damaged })
}

fn look(graph: &Graph) -> Result<Outcome, Failure> {
    let view = graph.view();
    let entities = view.entities().collect::<idweave::Result<Vec<_>>>()?;
    let edges = view.edges().collect::<idweave::Result<Vec<_>>>()?;
    let rejected = edges.into_iter().filter(|edge| edge.status != Status::Accepted).collect();
    Ok(Outcome { entities, rejected, findings: graph.check()?.len() })
}

fn show_json(played: &Played, outcome: &Outcome, out: &mut Out) -> Result<(), Failure> {
    out.json(&serde_json::json!({
        "steps": played.told,
        "scenes": played.scenes,
        "entities": outcome.entities.iter().map(EntityLine::from).collect::<Vec<_>>(),
        "rejected": outcome.rejected.iter().map(EdgeLine::from).collect::<Vec<_>>(),
        "findings": outcome.findings,
    }))?;
    Ok(())
}

/// The database of the demo.
enum Place {
    /// The one that was named; it stays.
    Named(PathBuf),
    /// One for this run only; it is removed.
    Temporary(PathBuf),
}

impl Place {
    fn of(common: &Common) -> Result<Place, Failure> {
        if common.db.is_some() || common.snapshot.is_some() {
            return Ok(Place::Named(database::dir(common)?.to_owned()));
        }
        let name = format!("idweave-demo-{}", std::process::id());
        Ok(Place::Temporary(std::env::temp_dir().join(name)))
    }

    fn dir(&self) -> &PathBuf {
        match self {
            Place::Named(dir) | Place::Temporary(dir) => dir,
        }
    }

    fn name(&self) -> String {
        match self {
            Place::Named(dir) => dir.display().to_string(),
            Place::Temporary(_) => "a temporary database".to_owned(),
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Place::Temporary(dir) = self {
            // Left-over files of a demo are no reason to fail.
            drop(std::fs::remove_dir_all(dir));
        }
    }
}
