//! `erase`, `restrict`, `unrestrict`: what is done to an id at its owner's request.

use clap::{Args, ValueEnum};
use idweave::model::Reach;
use idweave::{EraseRequest, ErasedBytes, ErasureReceipt, Fact, Op, Outcome, Time};
use serde_json::json;

use crate::audit::published_json;
use crate::cli::Common;
use crate::database;
use crate::dry_run;
use crate::exit::{Done, Failure};
use crate::moment;
use crate::output::{Out, count};

/// How far an erasure or an export reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReachArg {
    /// The id alone
    Id,
    /// Every id of its entity
    Entity,
}

impl From<ReachArg> for Reach {
    fn from(reach: ReachArg) -> Reach {
        match reach {
            ReachArg::Id => Reach::Id,
            ReachArg::Entity => Reach::Entity,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct EraseArgs {
    /// kind:scope:value
    #[arg(value_name = "ID")]
    id: String,
    /// The id alone, or every id of its entity
    #[arg(long, value_enum)]
    reach: ReachArg,
    /// Why; it is checked and not kept
    #[arg(long, value_name = "TEXT", default_value = "requested")]
    reason: String,
    /// Facts up to this time go; default: the time of the command
    #[arg(long, value_name = "T")]
    at: Option<String>,
    /// Newer facts about it are refused too
    #[arg(long)]
    sticky: bool,
    /// Return when the bytes are gone from the files (the clock of this command is --recorded-at)
    #[arg(long)]
    now: bool,
    /// Erase nothing: print what would go and what that would change about identities
    #[arg(long, conflicts_with = "now")]
    dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RestrictArgs {
    /// kind:scope:value
    #[arg(value_name = "ID")]
    id: String,
    /// Why
    #[arg(long, value_name = "TEXT", default_value = "requested")]
    reason: String,
    /// Since when; default: the time of the command
    #[arg(long, value_name = "T")]
    at: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct UnrestrictArgs {
    /// kind:scope:value
    #[arg(value_name = "ID")]
    id: String,
    /// Since when; default: the time of the command
    #[arg(long, value_name = "T")]
    at: Option<String>,
}

fn time(at: Option<&str>, now: Time) -> Result<Time, Failure> {
    at.map_or(Ok(now), |text| moment::parse("--at", text))
}

pub(crate) fn run(args: &EraseArgs, common: &Common, out: &mut Out) -> Result<Done, Failure> {
    let id = database::id("ID", &args.id)?;
    let now = moment::now(common)?;
    let at = time(args.at.as_deref(), now)?;
    if args.dry_run {
        let (reach, reason) = (args.reach.into(), args.reason.clone());
        let erase = Fact { at, batch: None, op: Op::Erase { id, reach, reason, sticky: args.sticky } };
        let foreseen = dry_run::foresee(now, common, |tx| tx.apply(&erase))?;
        dry_run::tell(&foreseen, common, out)?;
        return Ok(Done::Yes);
    }
    let graph = database::open(common)?;
    let request = EraseRequest::new(id, args.reach.into(), at).reason(&args.reason).sticky(args.sticky);
    let mut receipt = graph.erase(now, &request)?;
    if args.now {
        graph.checkpoint().map_err(|error| {
            let kept = format!(
                "the erasure is commit {}; the bytes go with the next checkpoint that succeeds",
                receipt.seq
            );
            Failure::Midway { error, kept }
        })?;
        receipt.bytes = graph.erased_bytes()?;
    }
    graph.close()?;
    if common.json {
        out.json(&receipt_json(&receipt))?
    } else {
        show(&receipt, out)?
    }
    Ok(Done::Yes)
}

fn receipt_json(receipt: &ErasureReceipt) -> serde_json::Value {
    json!({
        "seq": receipt.seq,
        "outcome": match receipt.outcome {
            Outcome::Recorded => "erased",
            Outcome::AlreadyKnown => "already_erased",
        },
        "ids": receipt.ids.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "known_ids": receipt.known_ids,
        "bytes": if receipt.bytes == ErasedBytes::Gone { "gone" } else { "next_checkpoint" },
        "published": receipt.published.iter().map(published_json).collect::<Vec<_>>(),
    })
}

fn show(receipt: &ErasureReceipt, out: &mut Out) -> Result<(), Failure> {
    let what = match receipt.outcome {
        Outcome::Recorded => {
            let ids = count(receipt.ids.len(), "id");
            format!("erased {ids}, {} of them known, in commit {}", receipt.known_ids, receipt.seq)
        }
        Outcome::AlreadyKnown => "erased before: nothing was left of it".to_owned(),
    };
    out.line(&what)?;
    for id in &receipt.ids {
        out.line(&format!("  {id}"))?;
    }
    out.line(match receipt.bytes {
        ErasedBytes::Gone => "the bytes are gone from the files of the database",
        _ => "the bytes go with the next checkpoint",
    })?;
    if receipt.published.is_empty() {
        out.line("no published snapshot that is there holds it; copies elsewhere are not seen from here")?;
    }
    for snapshot in &receipt.published {
        let holds = if snapshot.is_readable { "still holds it" } else { "cannot be read and may hold it" };
        out.line(&format!("snapshot of commit {} {holds}: {}", snapshot.seq, snapshot.path.display()))?;
    }
    Ok(())
}

pub(crate) fn restrict(args: &RestrictArgs, common: &Common, out: &mut Out) -> Result<Done, Failure> {
    let id = database::id("ID", &args.id)?;
    let op = Op::Restrict { id, reason: args.reason.clone() };
    toggle(op, args.at.as_deref(), common, "restricted: kept, and not answered", out)
}

pub(crate) fn unrestrict(args: &UnrestrictArgs, common: &Common, out: &mut Out) -> Result<Done, Failure> {
    let op = Op::Unrestrict { id: database::id("ID", &args.id)? };
    toggle(op, args.at.as_deref(), common, "answered again", out)
}

fn toggle(op: Op, at: Option<&str>, common: &Common, told: &str, out: &mut Out) -> Result<Done, Failure> {
    let now = moment::now(common)?;
    let fact = Fact { at: time(at, now)?, batch: None, op };
    let graph = database::open(common)?;
    let committed = graph.apply(now, &fact)?;
    graph.close()?;
    let is_new = committed.value == Outcome::Recorded;
    if common.json {
        out.json(&json!({"seq": committed.seq, "new": is_new}))?;
    } else if is_new {
        out.line(&format!("{told}, from commit {} on", committed.seq))?;
    } else {
        out.line("known already")?;
    }
    Ok(Done::Yes)
}
