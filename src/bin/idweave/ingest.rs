//! `ingest`: the body of a WeChat or WeCom answer or event becomes facts of one commit.

use std::path::PathBuf;

use clap::Args;
use idweave::error::AnswerError;
use idweave::wechat::{self, Ingest, IngestOptions, Note, Refusal};
use idweave::{Error, Graph, Outcome, Time, carry_out, ndjson};
use serde::Serialize;
use serde_json::json;

use crate::cli::Common;
use crate::database;
use crate::exit::{Done, Failure, engine_text, say};
use crate::ingest_notes::NoteCounts;
use crate::ingest_options::{BodyOptions, KeyFile};
use crate::lines::{name_of, read_body};
use crate::moment;
use crate::output::{Out, count};

/// More than any body the parsers take, so that they refuse a larger one themselves.
const BODY_LEN_MAX: u64 = 16 << 20;

#[derive(Debug, Args)]
pub(crate) struct IngestArgs {
    /// Which answer or event the body is
    #[arg(long, value_name = "NAME", required_unless_present = "list")]
    from: Option<String>,
    /// Show the names, their options and what they are
    #[arg(long)]
    list: bool,
    /// When the answer was given; not needed where the body says so
    #[arg(long, value_name = "T")]
    at: Option<String>,
    /// Print the facts as NDJSON and write nothing; needs no database
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    key_file: KeyFile,
    #[command(flatten, next_help_heading = "What the caller knows of the credential and the question")]
    options: BodyOptions,
    /// File of the body, or - for stdin
    #[arg(value_name = "FILE|-", required_unless_present = "list")]
    file: Option<PathBuf>,
}

pub(crate) fn run(args: &IngestArgs, common: &Common, out: &mut Out) -> Result<Done, Failure> {
    let (Some(name), Some(file), false) = (&args.from, &args.file, args.list) else {
        return list(common, out);
    };
    let options = args.options.read(args.at.as_deref(), args.key_file.path.as_deref())?;
    let body = read_body(file, BODY_LEN_MAX)?;
    let parse = || wechat::parse(name, &body, &options).map_err(Failure::from);
    let place = name_of(file);
    if args.dry_run {
        let ingest = parse()?;
        ingest.refused.iter().for_each(|refusal| say(&refusal_text(&place, refusal)));
        for fact in &ingest.facts {
            out.line(&ndjson::print(fact))?;
        }
        return Ok(done_of(&ingest.refused, 0));
    }
    let now = moment::now(common)?;
    let graph = database::open(common)?;
    let ingest = parse()?;
    let told = tell(&graph, ingest, now);
    let closed = graph.close();
    let told = told?;
    closed?;
    told.report(&place, common, out)?;
    Ok(done_of(&told.refusals, told.graph_refused.len()))
}

/// Bad input, unless all that was refused is the platform's own doing: a virtual account, an item it failed.
fn done_of(refusals: &[Refusal], graph_refused: usize) -> Done {
    let lawful = |r: &Refusal| matches!(r.error, AnswerError::SnapshotUser | AnswerError::ItemFailed);
    if graph_refused == 0 && refusals.iter().all(lawful) { Done::Yes } else { Done::BadInput }
}

/// What became of a body.
pub(crate) struct Told {
    pub(crate) records: usize,
    pub(crate) facts: usize,
    pub(crate) new: usize,
    pub(crate) already_known: usize,
    pub(crate) refusals: Vec<Refusal>,
    /// What the graph said of the facts it refused.
    pub(crate) graph_refused: Vec<Error>,
    pub(crate) notes: Vec<Note>,
}

/// The facts of a body and what its notes ask for, as one commit.
pub(crate) fn tell(graph: &Graph, ingest: Ingest, now: Time) -> Result<Told, Error> {
    let Ingest { mut facts, refused: refusals, notes, records } = ingest;
    facts.extend(carry_out(&notes, &graph.view())?);
    let mut told = Told {
        records,
        facts: facts.len(),
        new: 0,
        already_known: 0,
        refusals,
        graph_refused: Vec::new(),
        notes,
    };
    graph.write(now, |tx| {
        for fact in &facts {
            match tx.apply(fact) {
                Ok(Outcome::Recorded) => told.new += 1,
                Ok(Outcome::AlreadyKnown) => told.already_known += 1,
                Err(error @ Error::TooLarge { .. }) => return Err(error),
                Err(error) => told.graph_refused.push(error),
            }
        }
        Ok(())
    })?;
    Ok(told)
}

/// As [`tell`], from the body.
pub(crate) fn tell_body(
    graph: &Graph,
    name: &str,
    body: &[u8],
    options: &IngestOptions,
    now: Time,
) -> Result<Told, Error> {
    tell(graph, wechat::parse(name, body, options)?, now)
}

fn refusal_text(place: &str, refusal: &Refusal) -> String {
    format!("{place}: {}: {}", refusal.place, refusal.error)
}

#[derive(Serialize)]
struct Report {
    records: usize,
    facts: usize,
    new: usize,
    already_known: usize,
    refused: usize,
    notes: NoteCounts,
}

impl Told {
    fn report(&self, place: &str, common: &Common, out: &mut Out) -> Result<(), Failure> {
        self.refusals.iter().for_each(|refusal| say(&refusal_text(place, refusal)));
        for error in &self.graph_refused {
            say(&format!("{place}: a fact of the body: {}", engine_text(error)));
        }
        let refused = self.refusals.len() + self.graph_refused.len();
        let notes = NoteCounts::of(&self.notes);
        let Told { records, facts, new, already_known, .. } = *self;
        if common.json {
            out.json(&Report { records, facts, new, already_known, refused, notes })?;
            return Ok(());
        }
        out.line(&format!(
            "{}, {}: {new} new, {already_known} already known; {refused} refused",
            count(records, "record"),
            count(facts, "fact")
        ))?;
        for line in notes.lines() {
            out.line(&line)?;
        }
        Ok(())
    }
}

/// `--list`: the table of everything that can be read.
fn list(common: &Common, out: &mut Out) -> Result<Done, Failure> {
    let flags = |options: &[wechat::Opt]| options.iter().map(|o| o.flag()).collect::<Vec<_>>();
    if common.json {
        for source in wechat::sources() {
            let (needed, optional) = (flags(source.needed), flags(source.optional));
            out.json(
                &json!({"name": source.name, "needed": needed, "optional": optional, "doc": source.doc}),
            )?;
        }
        return Ok(Done::Yes);
    }
    let rows = wechat::sources().iter().map(|source| {
        let optional = flags(source.optional).iter().map(|flag| format!("[{flag}]")).collect::<Vec<_>>();
        let options = [flags(source.needed).join(" "), optional.join(" ")].join(" ");
        [source.name.to_owned(), options.trim().to_owned(), source.doc.to_owned()]
    });
    out.table(["NAME", "OPTIONS ([not always needed])", "WHAT"], rows)?;
    Ok(Done::Yes)
}
