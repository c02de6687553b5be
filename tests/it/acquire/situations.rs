//! What the planner answers, situation by situation: read `situations.txt` as a documentation of the platforms.
//!
//! A line that begins with `==` opens a situation. `have ID` and `want KIND:SCOPE` ask; facts are what is known, written
//! short (see `fact`). Under `->` stands the answer: routes in order, then what does not apply. `IDWEAVE_BLESS=1` writes
//! the answers down anew; read what changed.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;

use idweave::model::Placeholders;
use idweave::wechat::acquire::{
    Blocked, Gives, Interrupts, Reason, Route, RouteKind, Standing, Step, Usability, ways,
};
use idweave::{Acquire, Graph, Id, KindScope, Time, ndjson};

/// When the questions are asked: 2025-06-01.
pub(super) const NOW: Time = Time::from_ms(1_748_736_000_000);
const DAY_MS: i64 = 24 * 3600 * 1000;

pub(super) struct Situation {
    pub(super) title: String,
    pub(super) have: Id,
    pub(super) want: KindScope,
    pub(super) lines: Vec<String>,
}

fn file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/acquire/situations.txt")
}

/// The situations, and what stands before the first of them.
pub(super) fn situations() -> (String, Vec<Situation>) {
    let text = std::fs::read_to_string(file()).unwrap();
    let mut parts = text.split("\n== ");
    let head = parts.next().unwrap_or_default().to_owned();
    let read = parts.map(|part| {
        let said = part.split("\n->").next().unwrap_or_default();
        let mut lines = said.lines();
        let title = lines.next().unwrap_or_default().to_owned();
        let rest: Vec<String> = lines.filter(|line| !line.is_empty()).map(str::to_owned).collect();
        let find = |word: &str| {
            rest.iter()
                .find_map(|line| line.strip_prefix(word))
                .unwrap_or_else(|| panic!("{title}: no {word}"))
        };
        let (have, want) = (find("have "), find("want "));
        let (have, want) = (
            have.parse().unwrap_or_else(|e| panic!("{have}: {e}")),
            want.parse().unwrap_or_else(|e| panic!("{want}: {e}")),
        );
        Situation { title, have, want, lines: rest }
    });
    (head, read.collect())
}

/// A fact of a line, if it is one. Words are separated by blanks; `Nd` is N days before the question.
fn fact(line: &str) -> Option<String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let at = |ago: &str| NOW.ms() - ago.trim_end_matches('d').parse::<i64>().unwrap() * DAY_MS;
    let value = |name: &str| {
        let prefix = format!("{name}=");
        words.iter().find_map(|word| word.strip_prefix(&prefix)).map(str::to_owned)
    };
    let quoted = |name: &str, key: &str| match value(name).as_deref() {
        None => String::new(),
        Some("nothing") => format!(r#","{key}":null"#),
        Some(found) => format!(r#","{key}":"{}""#, found.replace('_', " ")),
    };
    let from = at("300d");
    let ago = at(value("ago").as_deref().unwrap_or("100d"));
    Some(match words[..] {
        ["app", key, ..] => {
            let open = value("open").map_or("null".to_owned(), |open| format!(r#""{open}""#));
            format!(
                r#"{{"op":"app","appid":"{key}"{}{},"open_account":{open},"from":{from},"at":{from}}}"#,
                quoted("type", "type"),
                quoted("subject", "subject")
            )
        }
        ["corp", key, ..] => format!(
            r#"{{"op":"corp","key":"{key}"{}{}{},"from":{from},"at":{from}}}"#,
            quoted("subject", "subject"),
            quoted("bound", "bound_appid"),
            quoted("kf", "kf_bound_appid")
        ),
        ["open", key, ..] => {
            format!(r#"{{"op":"open_account","key":"{key}"{},"at":{from}}}"#, quoted("subject", "subject"))
        }
        ["provider", key, ..] => {
            format!(r#"{{"op":"provider","key":"{key}"{},"at":{from}}}"#, quoted("subject", "subject"))
        }
        ["link", a, b, ..] => {
            let source = value("by").unwrap_or_else(|| "mp.user_info".to_owned());
            let expires = value("dies").map_or(String::new(), |span| {
                format!(
                    r#","expires_at":{}"#,
                    NOW.ms() + span.trim_end_matches('d').parse::<i64>().unwrap() * DAY_MS
                )
            });
            format!(r#"{{"op":"link","a":"{a}","b":"{b}","source":"{source}","at":{ago}{expires}}}"#)
        }
        ["supersede", old, new, ..] => format!(
            r#"{{"op":"supersede","old":"{old}","new":"{new}","source":"mp.changeopenid","at":{ago}}}"#
        ),
        [verb @ ("relate" | "unrelate"), kind, from, to, ..] => {
            let attrs = value("contact")
                .map_or(String::new(), |contact| format!(r#","attrs":{{"type":"{contact}"}}"#));
            format!(
                r#"{{"op":"{verb}","kind":"{kind}","from":"{from}","to":"{to}","source":"mp.user_info","at":{ago}{attrs}}}"#
            )
        }
        ["absent", id, target, ..] => format!(
            r#"{{"op":"absent","id":"{id}","target":"{target}","source":"work.idconvert","at":{ago}}}"#
        ),
        _ => return None,
    })
}

/// A graph that knows what a situation says.
pub(super) fn graph_of(situation: &Situation) -> Graph {
    let graph = Graph::options().in_memory().unwrap();
    let asked =
        |line: &&String| !line.starts_with("have ") && !line.starts_with("want ") && !line.starts_with('#');
    graph
        .write(NOW, |tx| {
            for line in situation.lines.iter().filter(asked) {
                let fact = fact(line).unwrap_or_else(|| panic!("{}: {line}", situation.title));
                let _outcome = tx.apply(
                    &ndjson::parse(&fact, 1, &Placeholders::default())
                        .unwrap_or_else(|e| panic!("{fact}: {e}")),
                )?;
            }
            Ok(())
        })
        .unwrap();
    graph
}

fn answer(situation: &Situation) -> (String, Vec<Route>, Vec<Blocked>) {
    let graph = graph_of(situation);
    let found = graph.view().routes(&situation.have, &situation.want, NOW).unwrap();
    let mut text = String::new();
    for (number, route) in found.routes.iter().enumerate() {
        writeln!(text, "   {}. {}", number + 1, route_line(route)).unwrap();
        route.steps.iter().for_each(|step| writeln!(text, "        {}", step_line(step)).unwrap());
    }
    if found.routes.is_empty() {
        text.push_str("   no route\n");
    }
    // Ways with the same reason stand on one line, in the order of the first.
    let mut lines: Vec<(String, Vec<&str>)> = Vec::new();
    for blocked in &found.blocked {
        let reason = blocked.reasons.iter().map(reason_text).collect::<Vec<_>>().join(", ");
        match lines.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, names)) => names.push(blocked.way.name),
            None => lines.push((reason, vec![blocked.way.name])),
        }
    }
    for (reason, names) in lines {
        writeln!(text, "   not {}: {reason}", names.join(", ")).unwrap();
    }
    (text, found.routes, found.blocked)
}

fn route_line(route: &Route) -> String {
    match &route.kind {
        RouteKind::Known(ids) => return format!("known: {}", texts(ids)),
        RouteKind::KnownProvisionally(ids) => return format!("known by one web login: {}", texts(ids)),
        RouteKind::Asked => {}
    }
    let usability = match route.usability {
        Usability::Now => "now",
        Usability::IfConfirmed => "if confirmed",
        Usability::Later => "later",
    };
    let interrupts = match route.interrupts {
        Interrupts::Silent => "silent",
        Interrupts::Asks => "asks the user",
        Interrupts::Acts => "the user acts",
    };
    let side = if route.front_end { "front end" } else { "server" };
    format!("{usability}, {interrupts}, {side}, cost {}", route.cost)
}

/// A reason with its time in days before the question, or after it.
fn reason_text(reason: &Reason) -> String {
    let days = |time: &Time| NOW.since(*time) / DAY_MS;
    match reason {
        Reason::NotFollowing(Some(since)) => format!("not following, seen {} days ago", days(since)),
        Reason::PendingLives(Some(dies)) => format!("a pending id lives {} days more", -days(dies)),
        Reason::PendingDied(died) => format!("the pending id died {} days ago", days(died)),
        Reason::ContactEnded(ended) => format!("nobody's contact since {} days", days(ended)),
        Reason::LeftChat(left) => format!("in no group since {} days", days(left)),
        other => format!("{other:?}").replace(['"', '\\'], ""),
    }
}

fn texts(ids: &[Id]) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

fn step_line(step: &Step) -> String {
    let from: Vec<&str> = step.from.iter().map(|spot| spot.as_str()).collect();
    let gives = match step.gives {
        Gives::Same => "->",
        Gives::Pending => "-pending->",
        Gives::Successor => "-successor->",
        Gives::Related => "-related->",
        Gives::Hint => "-hint->",
    };
    let mut line = format!("{}: {} {gives} {}", step.way.name, from.join(" + "), step.to);
    if let Some(pending) = &step.or_pending {
        write!(line, " or {pending}").unwrap();
    }
    let open: Vec<String> = step
        .conditions
        .iter()
        .filter(|(_, standing)| *standing == Standing::NotKnown)
        .map(|(condition, _)| condition.key().replace("condition.", ""))
        .collect();
    if !open.is_empty() {
        write!(line, "; not known: {}", open.join(", ")).unwrap();
    }
    let awaited: Vec<String> = step
        .conditions
        .iter()
        .filter(|(_, standing)| *standing == Standing::Awaited)
        .map(|(condition, _)| condition.key().replace("condition.", ""))
        .collect();
    if !awaited.is_empty() {
        write!(line, "; waits for: {}", awaited.join(", ")).unwrap();
    }
    if let Some(asked) = &step.asked {
        let days = NOW.since(asked.as_of) / DAY_MS;
        let lately = if asked.recent { ", too lately to ask again" } else { "" };
        write!(line, "; answered with no {days} days ago{lately}").unwrap();
    }
    line
}

#[test]
fn every_situation_is_answered_as_written() {
    let (head, situations) = situations();
    assert!(situations.len() >= 30, "{} situations", situations.len());
    let mut text = head;
    for situation in &situations {
        write!(text, "\n== {}\n", situation.title).unwrap();
        situation.lines.iter().for_each(|line| writeln!(text, "{line}").unwrap());
        write!(text, "->\n{}", answer(situation).0).unwrap();
    }
    if std::env::var_os("IDWEAVE_BLESS").is_some() {
        std::fs::write(file(), &text).unwrap();
    }
    let written = std::fs::read_to_string(file()).unwrap();
    for (expected, found) in written.split("\n== ").zip(text.split("\n== ")) {
        assert_eq!(found.trim_end(), expected.trim_end());
    }
    assert_eq!(written.split("\n== ").count(), situations.len() + 1);
}

#[test]
fn the_situations_show_every_way_that_leads_to_an_id() {
    let mut shown: BTreeSet<&str> = BTreeSet::new();
    for situation in situations().1 {
        let (_, routes, _) = answer(&situation);
        shown.extend(routes.iter().flat_map(|route| &route.steps).map(|step| step.way.name));
    }
    let leading = ways().filter(|way| !way.yields.is_empty() && !way.from.is_empty());
    let missing: Vec<&str> = leading.map(|way| way.name).filter(|name| !shown.contains(name)).collect();
    assert!(missing.is_empty(), "in no route of any situation: {missing:?}");
}
