//! What `acquire --json` prints: names and keys for programs, texts beside them for people.

use idweave::wechat::acquire::{Access, Blocked, Quota, Route, RouteKind, Routes, Standing, Step, Way};
use idweave::{Id, KindScope};
use serde::Serialize;

use crate::acquire_text::Words;

#[derive(Serialize)]
pub(crate) struct RoutesAnswer<'a> {
    have: &'a str,
    want: &'a str,
    routes: Vec<RouteAnswer<'a>>,
    blocked: Vec<BlockedAnswer<'a>>,
}

#[derive(Serialize)]
struct RouteAnswer<'a> {
    answer: &'static str,
    ids: Vec<&'a str>,
    usability: String,
    interrupts: String,
    front_end: bool,
    cost: u64,
    steps: Vec<StepAnswer<'a>>,
}

#[derive(Serialize)]
struct StepAnswer<'a> {
    #[serde(flatten)]
    way: WayAnswer,
    from: Vec<&'a str>,
    to: &'a str,
    gives: String,
    or_pending: Option<&'a str>,
    conditions: Vec<ConditionAnswer>,
    asked: Option<AskedAnswer<'a>>,
}

#[derive(Serialize)]
struct ConditionAnswer {
    condition: String,
    standing: &'static str,
    text: String,
}

#[derive(Serialize)]
struct AskedAnswer<'a> {
    as_of: i64,
    source: &'a str,
    recent: bool,
}

#[derive(Serialize)]
struct BlockedAnswer<'a> {
    way: &'a str,
    title: &'static str,
    endpoints: Vec<&'static str>,
    reasons: Vec<ReasonAnswer>,
}

#[derive(Serialize)]
struct ReasonAnswer {
    reason: String,
    text: String,
}

/// A way as a program reads it.
#[derive(Serialize)]
pub(crate) struct WayAnswer {
    way: &'static str,
    title: &'static str,
    access: Vec<AccessAnswer>,
    way_interrupts: String,
    way_front_end: bool,
    window: Option<String>,
    quota: Vec<QuotaAnswer>,
    calls: String,
    also: Vec<String>,
    pitfalls: Vec<&'static str>,
    ingest: Option<&'static str>,
}

#[derive(Serialize)]
struct AccessAnswer {
    credential: String,
    endpoints: &'static [&'static str],
}

#[derive(Serialize)]
struct QuotaAnswer {
    count: u64,
    per: String,
    shared: String,
}

/// The last part of a text's key: what a program compares.
fn name(key: &str) -> String {
    key.rsplit('.').next().unwrap_or_default().to_owned()
}

impl WayAnswer {
    pub(crate) fn of(way: &'static Way, words: Words) -> WayAnswer {
        let access = |access: &Access| AccessAnswer {
            credential: name(&access.credential.key()),
            endpoints: access.endpoints,
        };
        let quota = |quota: &Quota| QuotaAnswer {
            count: quota.count,
            per: name(&quota.per.key()),
            shared: name(&quota.shared.key()),
        };
        WayAnswer {
            way: way.name,
            title: way.title(words.lang),
            access: way.access.iter().map(access).collect(),
            way_interrupts: name(&way.interrupts.key()),
            way_front_end: way.front_end,
            window: way.window.map(|window| name(&window.key())),
            quota: way.quota.iter().map(quota).collect(),
            calls: name(&way.calls.key()),
            also: way.also.iter().map(|also| name(&also.key())).collect(),
            pitfalls: way.pitfalls(words.lang),
            ingest: way.ingest,
        }
    }
}

impl<'a> RoutesAnswer<'a> {
    pub(crate) fn of(
        have: &'a Id,
        want: &'a KindScope,
        answer: &'a Routes,
        words: Words,
    ) -> RoutesAnswer<'a> {
        RoutesAnswer {
            have: have.as_str(),
            want: want.as_str(),
            routes: answer.routes.iter().map(|found| route(found, words)).collect(),
            blocked: answer.blocked.iter().map(|one| blocked(one, words)).collect(),
        }
    }
}

fn route(route: &Route, words: Words) -> RouteAnswer<'_> {
    let (answer, ids) = match &route.kind {
        RouteKind::Known(ids) => ("known", &ids[..]),
        RouteKind::KnownProvisionally(ids) => ("known_provisionally", &ids[..]),
        RouteKind::Asked => ("asked", &[][..]),
    };
    RouteAnswer {
        answer,
        ids: ids.iter().map(Id::as_str).collect(),
        usability: name(&route.usability.key()),
        interrupts: name(&route.interrupts.key()),
        front_end: route.front_end,
        cost: route.cost,
        steps: route.steps.iter().map(|taken| step(taken, words)).collect(),
    }
}

fn step(step: &Step, words: Words) -> StepAnswer<'_> {
    let conditions = step.conditions.iter().map(|(condition, standing)| ConditionAnswer {
        condition: name(&condition.key()),
        standing: match standing {
            Standing::Met => "met",
            Standing::NotKnown => "not_known",
            Standing::Presumed => "presumed",
            Standing::Awaited => "awaited",
            Standing::Broken(_) => "broken",
        },
        text: words.condition(*condition, &step.names),
    });
    let asked = step.asked.as_ref().map(|asked| AskedAnswer {
        as_of: asked.as_of.ms(),
        source: &asked.source,
        recent: asked.recent,
    });
    StepAnswer {
        way: WayAnswer::of(step.way, words),
        from: step.from.iter().map(|spot| spot.as_str()).collect(),
        to: step.to.as_str(),
        gives: name(&step.gives.key()),
        or_pending: step.or_pending.as_ref().map(|spot| spot.as_str()),
        conditions: conditions.collect(),
        asked,
    }
}

fn blocked(blocked: &Blocked, words: Words) -> BlockedAnswer<'_> {
    let reason = |reason| ReasonAnswer {
        reason: name(&idweave::wechat::acquire::Reason::key(reason)),
        text: words.reason(reason, &blocked.names),
    };
    BlockedAnswer {
        way: blocked.way.name,
        title: blocked.way.title(words.lang),
        endpoints: blocked.way.endpoints().collect(),
        reasons: blocked.reasons.iter().map(reason).collect(),
    }
}
