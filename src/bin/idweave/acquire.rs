//! `acquire`: how an id that is missing can be had, for people in two languages, and for programs.

use clap::Args;
use idweave::Acquire;
use idweave::wechat::acquire::Routes;

use crate::acquire_json::{RoutesAnswer, WayAnswer};
use crate::acquire_text::{Words, catalogue};
use crate::cli::Common;
use crate::database;
use crate::exit::{Done, Failure};
use crate::language::Language;
use crate::moment;
use crate::output::Out;

/// Routes that are shown without `--all`.
const ROUTES_SHOWN: usize = 6;

#[derive(Debug, Args)]
pub(crate) struct AcquireArgs {
    /// The id that is known; the database need not know it
    #[arg(long, value_name = "ID", required_unless_present = "list")]
    have: Option<String>,
    /// What is wanted of the same user, employee or chat
    #[arg(long, value_name = "KIND:SCOPE", required_unless_present = "list")]
    want: Option<String>,
    /// Show every way the platforms offer; needs no database
    #[arg(long, conflicts_with_all = ["have", "want", "all"])]
    list: bool,
    /// Show every route, not only the best
    #[arg(long)]
    all: bool,
    /// Language of the answer
    #[arg(long, value_enum, default_value = "en")]
    lang: Language,
}

pub(crate) fn run(args: &AcquireArgs, common: &Common, out: &mut Out) -> Result<Done, Failure> {
    let words = Words { lang: args.lang.lang() };
    let (Some(have), Some(want), false) = (&args.have, &args.want, args.list) else {
        if common.json {
            for way in idweave::wechat::acquire::ways() {
                out.json(&WayAnswer::of(way, words))?;
            }
        } else {
            catalogue(words).iter().try_for_each(|line| out.line(line))?;
        }
        return Ok(Done::Yes);
    };
    let have = database::id("--have", have)?;
    let want = want.parse();
    let want = want.map_err(|rule| Failure::Usage(format!("--want: {rule} (it is written kind:scope)")))?;
    let now = moment::now(common)?;
    let answer: Routes = database::read(common)?.routes(&have, &want, now)?;
    let found = Done::found(!answer.routes.is_empty());
    if common.json {
        out.json(&RoutesAnswer::of(&have, &want, &answer, words))?;
        return Ok(found);
    }
    let most = if args.all { usize::MAX } else { ROUTES_SHOWN };
    for line in words.routes(&have, &want, &answer, most) {
        out.line(&line)?;
    }
    Ok(found)
}
