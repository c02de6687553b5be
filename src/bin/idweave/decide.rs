//! `ban`, `unban`, `block`, `unblock`, `link`, `unlink`: what a person decides, as the fact that says so.
//!
//! A ban and a block carry who decided and why, their lifting who. A link names who as its source, `operator.NAME`; its
//! format has no place for why, but for the key of a ticket or a call (`--event`). A retraction names neither: where
//! that matters, `ban`.

use clap::Args;
use idweave::model::{Selector, validate};
use idweave::{Fact, Id, Op, Outcome, Read};
use serde_json::json;

use crate::answers::verdict_word;
use crate::cli::Common;
use crate::database;
use crate::exit::{Done, Failure};
use crate::moment;
use crate::output::Out;
use crate::same::{PairArgs, verdict_text};

#[derive(Debug, Args)]
pub(crate) struct BanArgs {
    #[command(flatten)]
    pair: PairArgs,
    /// Who decides
    #[arg(long, value_name = "NAME")]
    actor: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

#[derive(Debug, Args)]
pub(crate) struct UnbanArgs {
    #[command(flatten)]
    pair: PairArgs,
    /// Who decides
    #[arg(long, value_name = "NAME")]
    actor: String,
}

#[derive(Debug, Args)]
pub(crate) struct BlockArgs {
    /// kind:scope:value
    #[arg(value_name = "ID")]
    id: String,
    /// Who decides
    #[arg(long, value_name = "NAME")]
    actor: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

#[derive(Debug, Args)]
pub(crate) struct UnblockArgs {
    /// kind:scope:value
    #[arg(value_name = "ID")]
    id: String,
    /// Who decides
    #[arg(long, value_name = "NAME")]
    actor: String,
}

#[derive(Debug, Args)]
pub(crate) struct LinkArgs {
    #[command(flatten)]
    pair: PairArgs,
    /// Who decides: the source of the link is operator.NAME
    #[arg(long, value_name = "NAME")]
    actor: String,
    /// The key of the ticket or the call that it was decided in
    #[arg(long, value_name = "KEY")]
    event: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct UnlinkArgs {
    #[command(flatten)]
    pair: PairArgs,
    /// Only what this source said, such as operator.NAME
    #[arg(long, value_name = "SOURCE")]
    source: Option<String>,
}

pub(crate) fn ban(args: &BanArgs, common: &Common, out: &mut Out) -> Result<Done, Failure> {
    let (a, b) = args.pair.ids()?;
    let (reason, actor) = (args.reason.clone(), args.actor.clone());
    decide(Op::Ban { a: a.clone(), b: b.clone(), reason, actor }, Some((a, b)), common, out)
}

pub(crate) fn unban(args: &UnbanArgs, common: &Common, out: &mut Out) -> Result<Done, Failure> {
    let (a, b) = args.pair.ids()?;
    decide(Op::Unban { a: a.clone(), b: b.clone(), actor: args.actor.clone() }, Some((a, b)), common, out)
}

pub(crate) fn block(args: &BlockArgs, common: &Common, out: &mut Out) -> Result<Done, Failure> {
    let (id, reason, actor) = (database::id("ID", &args.id)?, args.reason.clone(), args.actor.clone());
    decide(Op::Block { id, reason, actor }, None, common, out)
}

pub(crate) fn unblock(args: &UnblockArgs, common: &Common, out: &mut Out) -> Result<Done, Failure> {
    let id = database::id("ID", &args.id)?;
    decide(Op::Unblock { id, actor: args.actor.clone() }, None, common, out)
}

pub(crate) fn link(args: &LinkArgs, common: &Common, out: &mut Out) -> Result<Done, Failure> {
    check_actor(&args.actor)?;
    let (a, b) = args.pair.ids()?;
    let (source, event) = (format!("operator.{}", args.actor), args.event.clone());
    let op = Op::Link { a: a.clone(), b: b.clone(), source, strength: None, event, expires_at: None };
    decide(op, Some((a, b)), common, out)
}

pub(crate) fn unlink(args: &UnlinkArgs, common: &Common, out: &mut Out) -> Result<Done, Failure> {
    let (a, b) = args.pair.ids()?;
    let selector = Selector::Pair { a: a.clone(), b: b.clone(), source: args.source.clone() };
    decide(Op::Retract(selector), Some((a, b)), common, out)
}

/// A name that facts can carry.
pub(crate) fn check_actor(actor: &str) -> Result<(), Failure> {
    let op = Op::Mark { key: format!("operator.{actor}"), value: String::new() };
    let fact = Fact { at: idweave::Time::WECHAT_EPOCH, batch: None, op };
    if actor.is_empty() || validate(&fact).is_err() {
        return Err(Failure::Usage("--actor: a name of a person, without control characters".to_owned()));
    }
    Ok(())
}

/// Writes the fact as a commit of its own and says what the two are now.
fn decide(op: Op, pair: Option<(Id, Id)>, common: &Common, out: &mut Out) -> Result<Done, Failure> {
    let now = moment::now(common)?;
    let fact = Fact { at: now, batch: None, op };
    validate(&fact).map_err(|rule| Failure::Usage(rule.to_string()))?;
    let graph = database::open(common)?;
    let committed = graph.apply(now, &fact)?;
    let verdict = pair.map(|(a, b)| graph.view().same(&a, &b)).transpose()?;
    graph.close()?;
    let is_new = committed.value == Outcome::Recorded;
    if common.json {
        let now = verdict.map(verdict_word);
        out.json(&json!({ "seq": committed.seq, "new": is_new, "now": now }))?;
    } else {
        let what = if is_new { format!("commit {}", committed.seq) } else { "already known".to_owned() };
        let now = verdict.map_or_else(String::new, |verdict| format!("; now: {}", verdict_text(verdict)));
        out.line(&format!("{what}{now}"))?;
    }
    Ok(Done::Yes)
}
