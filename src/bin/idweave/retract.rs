//! `retract`, `unretract`: evidence of a source, a batch, an event or a pair stops to count, or counts again.

use clap::Args;
use idweave::model::{Selector, validate};
use idweave::{Fact, KindScope, Op, Outcome};
use serde_json::json;

use crate::cli::Common;
use crate::database;
use crate::dry_run;
use crate::exit::{Done, Failure};
use crate::large::{show_progress, told_text};
use crate::moment;
use crate::output::Out;

#[derive(Debug, Args)]
pub(crate) struct RetractArgs {
    /// One id of a pair
    #[arg(long, value_name = "ID", requires = "b")]
    a: Option<String>,
    /// The other id
    #[arg(long, value_name = "ID", requires = "a")]
    b: Option<String>,
    /// What this source said: all of it up to --to, of one --event, or about the pair
    #[arg(long, value_name = "SOURCE", required_unless_present_any = ["a", "batch"])]
    source: Option<String>,
    /// What was said of one event of the source
    #[arg(long, value_name = "KEY", requires = "source", conflicts_with_all = ["a", "scope", "from", "to"])]
    event: Option<String>,
    /// Everything of a batch: an import, a sync run
    #[arg(long, value_name = "NAME", conflicts_with_all = ["a", "source", "event", "scope", "from", "to"])]
    batch: Option<String>,
    /// Of a source: only about ids of this kind and scope
    #[arg(long, value_name = "KIND:SCOPE", conflicts_with = "a")]
    scope: Option<String>,
    /// Of a source: only what was observed at this time or later
    #[arg(long, value_name = "T", conflicts_with = "a")]
    from: Option<String>,
    /// Of a source: only what was observed at this time or earlier; default: the time of the retraction
    #[arg(long, value_name = "T", conflicts_with = "a")]
    to: Option<String>,
    /// When it is retracted, or lifted; default: the time of the command
    #[arg(long, value_name = "T")]
    at: Option<String>,
    /// Write nothing: print what it would change about identities
    #[arg(long)]
    dry_run: bool,
}

pub(crate) fn retract(args: &RetractArgs, common: &Common, out: &mut Out) -> Result<Done, Failure> {
    tell(args, Op::Retract, common, out)
}

pub(crate) fn unretract(args: &RetractArgs, common: &Common, out: &mut Out) -> Result<Done, Failure> {
    tell(args, Op::Unretract, common, out)
}

impl RetractArgs {
    fn selector(&self, at: idweave::Time) -> Result<Selector, Failure> {
        let time = |option: &str, text: &Option<String>| {
            text.as_deref().map(|text| moment::parse(option, text)).transpose()
        };
        let scope = self
            .scope
            .as_deref()
            .map(|text| text.parse::<KindScope>().map_err(|rule| Failure::Usage(format!("--scope: {rule}"))));
        match (&self.a, &self.b, &self.batch, &self.source, &self.event) {
            (Some(a), Some(b), ..) => {
                let (a, b) = (database::id("--a", a)?, database::id("--b", b)?);
                Ok(Selector::Pair { a, b, source: self.source.clone() })
            }
            (_, _, Some(batch), ..) => Ok(Selector::Batch(batch.clone())),
            (_, _, _, Some(source), Some(event)) => {
                Ok(Selector::Event { source: source.clone(), event: event.clone() })
            }
            (_, _, _, Some(source), None) => Ok(Selector::Source {
                source: source.clone(),
                scope: scope.transpose()?,
                from: time("--from", &self.from)?,
                to: time("--to", &self.to)?.unwrap_or(at),
            }),
            _ => Err(Failure::Usage("say what: --a and --b, --source, or --batch".to_owned())),
        }
    }
}

fn tell(args: &RetractArgs, op: fn(Selector) -> Op, common: &Common, out: &mut Out) -> Result<Done, Failure> {
    let now = moment::now(common)?;
    let at = args.at.as_deref().map(|text| moment::parse("--at", text)).transpose()?.unwrap_or(now);
    let fact = Fact { at, batch: None, op: op(args.selector(at)?) };
    validate(&fact).map_err(|rule| Failure::Usage(rule.to_string()))?;
    if args.dry_run {
        let foreseen = dry_run::foresee(now, common, |tx| tx.apply(&fact))?;
        dry_run::tell(&foreseen, common, out)?;
        return Ok(Done::Yes);
    }
    let graph = database::open(common)?;
    let committed = show_progress(|progress| graph.write_large(now, |tx| tx.apply(&fact), progress))?;
    graph.close()?;
    let is_new = committed.value == Outcome::Recorded;
    if common.json {
        out.json(&json!({ "seq": committed.seq, "new": is_new }))?;
    } else {
        out.line(&told_text(committed.seq, is_new))?;
    }
    Ok(Done::Yes)
}
