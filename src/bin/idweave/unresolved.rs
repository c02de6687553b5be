//! `unresolved`: what should be asked again of a kind and scope, the most worthwhile first.

use std::num::NonZeroUsize;

use clap::Args;
use idweave::{AskAgain, Kind, KindScope, Lack, Time, Unresolved};
use serde::Serialize;

use crate::cli::Common;
use crate::database;
use crate::exit::{Done, Failure};
use crate::moment::{self, parse_span, show, show_end, show_span};
use crate::output::Out;

#[derive(Debug, Args)]
pub(crate) struct UnresolvedArgs {
    /// The ids to look at: pending_id:VIEW, openid:APPID or external_userid:VIEW
    #[arg(long, value_name = "KIND:SCOPE")]
    scope: String,
    /// Pending ids that die within this span
    #[arg(long, value_name = "SPAN", default_value = "14d")]
    within: String,
    /// Leave out what was answered with no less than this span ago
    #[arg(long, value_name = "SPAN", default_value = "7d")]
    older_than: String,
    /// The most worthwhile of them only
    #[arg(long, value_name = "N")]
    limit: Option<NonZeroUsize>,
}

pub(crate) fn run(args: &UnresolvedArgs, common: &Common, out: &mut Out) -> Result<Done, Failure> {
    let space: KindScope = args.scope.parse().map_err(|rule| Failure::Usage(format!("--scope: {rule}")))?;
    if !matches!(space.kind(), Kind::PendingId | Kind::Openid | Kind::ExternalUserid) {
        return Err(Failure::Usage(
            "--scope: nothing is asked about other kinds than pending_id, openid and external_userid"
                .to_owned(),
        ));
    }
    let now = moment::now(common)?;
    let asked = AskAgain {
        now,
        within_ms: parse_span("--within", &args.within)?,
        believed_ms: parse_span("--older-than", &args.older_than)?,
        most: args.limit.map_or(usize::MAX, NonZeroUsize::get),
    };
    let found = database::read(common)?.unresolved(&space, &asked)?;
    if common.json {
        for one in &found {
            out.json(&UnresolvedAnswer::new(one, now))?;
        }
    } else if found.is_empty() {
        out.line("nothing to ask again")?;
    } else {
        let heading = ["ID", "WHY", "LACKS", "SINCE", "LAST SEEN", "ANSWERED WITH NO"];
        out.table(heading, found.iter().map(|one| row(one, now)))?;
    }
    Ok(Done::found(!found.is_empty()))
}

fn lacks(one: &Unresolved) -> String {
    one.space.as_ref().map_or_else(|| one.counterpart.name().to_owned(), ToString::to_string)
}

fn row(one: &Unresolved, now: Time) -> [String; 6] {
    let why = match one.lack {
        Lack::Expiring(dies) => format!("dies in {}", show_span(dies.since(now))),
        Lack::Unionid => "no unionid".to_owned(),
    };
    let absent = one.absent.as_ref().map(|(at, by)| format!("{} ago by {by}", show_span(now.since(*at))));
    [
        one.id.to_string(),
        why,
        lacks(one),
        one.since.map_or_else(|| "-".to_owned(), show),
        show_end(one.last_seen),
        absent.unwrap_or_else(|| "-".to_owned()),
    ]
}

#[derive(Serialize)]
struct UnresolvedAnswer<'a> {
    id: &'a str,
    reason: &'static str,
    lacks: String,
    expires_at: Option<i64>,
    since: Option<i64>,
    last_seen: Option<i64>,
    absent: Option<AbsentAnswer<'a>>,
}

#[derive(Serialize)]
struct AbsentAnswer<'a> {
    as_of: i64,
    source: &'a str,
    age_ms: i64,
}

impl<'a> UnresolvedAnswer<'a> {
    fn new(one: &'a Unresolved, now: Time) -> UnresolvedAnswer<'a> {
        let absent = one.absent.as_ref().map(|(at, source)| AbsentAnswer {
            as_of: at.ms(),
            source,
            age_ms: now.since(*at).max(0),
        });
        UnresolvedAnswer {
            id: one.id.as_str(),
            reason: one.lack.name(),
            lacks: lacks(one),
            expires_at: if let Lack::Expiring(dies) = one.lack { Some(dies.ms()) } else { None },
            since: one.since.map(Time::ms),
            last_seen: one.last_seen.map(Time::ms),
            absent,
        }
    }
}
