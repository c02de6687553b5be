//! `neighbors`: what is related to an id, one line each as they are read, or how many there are.

use std::num::NonZeroUsize;

use clap::{Args, ValueEnum};
use idweave::model::{Direction, RelationKind, When};
use idweave::{Id, RelationInterval};
use serde_json::json;

use crate::answers::NeighborAnswer;
use crate::cli::Common;
use crate::database;
use crate::exit::{Done, Failure};
use crate::moment::{self, show, show_end};
use crate::output::Out;

/// Which way along a relation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Way {
    /// From the id to what it follows, is a member of, ...
    Out,
    /// To the id from its followers, members, ...
    In,
}

#[derive(Debug, Args)]
pub(crate) struct NeighborsArgs {
    /// kind:scope:value
    #[arg(value_name = "ID")]
    id: String,
    /// follows, member_of, subscribes, works_in, uses_account or custom.NAME
    #[arg(long, value_name = "KIND")]
    kind: String,
    /// Which way along the relation
    #[arg(long, value_enum, default_value_t = Way::Out)]
    direction: Way,
    /// Only relations that have not ended
    #[arg(long, conflicts_with = "at")]
    open: bool,
    /// Only relations that hold at this time, with their attributes of then
    #[arg(long, value_name = "T")]
    at: Option<String>,
    /// How many ids there are, in place of the ids: those ever told of (at no cost), or with --open or --at those
    /// (counted one by one)
    #[arg(long, conflicts_with = "limit")]
    count: bool,
    /// End after so many
    #[arg(long, value_name = "N")]
    limit: Option<NonZeroUsize>,
}

pub(crate) fn run(args: &NeighborsArgs, common: &Common, out: &mut Out) -> Result<Done, Failure> {
    let id = database::id("ID", &args.id)?;
    let kind = RelationKind::parse(&args.kind).map_err(|rule| Failure::Usage(format!("--kind: {rule}")))?;
    let direction = match args.direction {
        Way::Out => Direction::Out,
        Way::In => Direction::In,
    };
    let when = match &args.at {
        Some(text) => When::At(moment::parse("--at", text)?),
        None if args.open => When::Open,
        None => When::Ever,
    };
    let read = database::read(common)?;
    if args.count {
        let count = read.count_neighbors(&id, &kind, direction, when)?;
        if common.json {
            out.json(&json!({ "count": count }))?;
        } else {
            out.line(&count.to_string())?;
        }
        return Ok(Done::found(count > 0));
    }
    let limit = args.limit.map_or(usize::MAX, NonZeroUsize::get);
    let mut is_found = false;
    for interval in read.neighbors(&id, &kind, direction, when).take(limit) {
        let interval = interval?;
        is_found = true;
        if common.json {
            out.json(&NeighborAnswer::from(&interval))?;
        } else {
            out.line(&text(&interval, direction))?;
        }
    }
    if !is_found && !common.json {
        out.line("nothing")?;
    }
    Ok(Done::found(is_found))
}

/// A line for people, its parts separated by tabs: the other end, since, until, attributes.
fn text(interval: &RelationInterval, direction: Direction) -> String {
    let other = match direction {
        Direction::Out => &interval.to,
        Direction::In => &interval.from,
    };
    let attrs: Vec<String> = interval.attrs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    [spelt(other), show(interval.since), show_end(interval.until), attrs.join(" ")].join("\t")
}

/// An id as people write it.
pub(crate) fn spelt(id: &Id) -> String {
    format!("{}:{}", id.space(), id.spelling())
}
