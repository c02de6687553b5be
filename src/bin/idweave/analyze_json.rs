//! What `analyze --json` prints: the fields of `idweave::analytics`, by their names.

use std::collections::BTreeMap;

use idweave::analytics::{
    Analysis, Began, BeganCount, Came, Coverage, Edges, Funnel, FunnelSteps, Growth, Hub, Hubs, Joint,
    OverMerge, Scopes, Suspects, UnderMerge, WeakJoints,
};
use idweave::model::Strength;
use serde_json::{Map, Value, json};

/// The whole answer; what was not wanted is left out.
pub(crate) fn analysis(analysis: &Analysis) -> Value {
    let mut object = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        value.into_iter().for_each(|value| drop(object.insert(name.to_owned(), value)));
    };
    put("seq", Some(json!(analysis.seq)));
    put("recorded_at", (analysis.seq > 0).then(|| json!(analysis.recorded_at.ms())));
    put("now", Some(json!(analysis.now.ms())));
    put("ids", Some(json!(analysis.ids)));
    put("entities", Some(json!(analysis.entities)));
    put("coverage", analysis.coverage.as_ref().map(coverage));
    put("reach", analysis.reach.as_ref().map(reach));
    put("funnel", analysis.funnel.as_ref().map(funnel));
    put("growth", analysis.growth.as_ref().map(growth));
    let sizes = |sizes: &idweave::analytics::Sizes| {
        let entities =
            object_of(sizes.entities.iter().map(|(class, sizes)| (class.name(), histogram(sizes))));
        json!({ "entities": entities, "persons": histogram(&sizes.persons) })
    };
    put("sizes", analysis.sizes.as_ref().map(sizes));
    let degrees = |degrees: &idweave::analytics::Degrees| {
        let by_kind = |kinds: &BTreeMap<String, BTreeMap<u64, u64>>| {
            object_of(kinds.iter().map(|(kind, degrees)| (kind, histogram(degrees))))
        };
        json!({ "links": by_kind(&degrees.links), "hints": by_kind(&degrees.hints) })
    };
    put("degrees", analysis.degrees.as_ref().map(degrees));
    put("edges", analysis.edges.as_ref().map(edges));
    put("hubs", analysis.hubs.as_ref().map(hubs));
    put("weak_joints", analysis.weak_joints.as_ref().map(weak_joints));
    put("suspects", analysis.suspects.as_ref().map(suspects));
    put("contacts", analysis.contacts.as_ref().map(|it| began(it, CONTACTS)));
    put("followers", analysis.followers.as_ref().map(|it| began(it, FOLLOWERS)));
    Value::Object(object)
}

fn object_of<K: ToString>(entries: impl Iterator<Item = (K, Value)>) -> Value {
    Value::Object(entries.map(|(key, value)| (key.to_string(), value)).collect())
}

/// `[value, count]` pairs.
fn histogram(counts: &BTreeMap<u64, u64>) -> Value {
    json!(counts.iter().map(|(value, count)| [value, count]).collect::<Vec<_>>())
}

fn coverage(coverage: &Coverage) -> Value {
    let spaces: Vec<String> = coverage.spaces.iter().map(ToString::to_string).collect();
    let both: Vec<Value> = coverage.both.iter().map(|((x, y), count)| json!([x, y, count])).collect();
    json!({ "spaces": spaces, "both": both })
}

fn reach(reach: &Scopes) -> Value {
    let spaces = reach.spaces.iter().map(|(space, of)| {
        let figures = json!({
            "ids": of.ids,
            "superseded": of.superseded,
            "blocked": of.blocked,
            "restricted": of.restricted,
            "entities": of.entities,
            "entities_with_many": of.entities_with_many,
            "entities_alone": of.entities_alone,
        });
        (space, figures)
    });
    let entities = reach.entities.iter().map(|(class, count)| (class, json!(count)));
    json!({ "spaces": object_of(spaces), "entities": object_of(entities) })
}

fn steps(steps: &FunnelSteps) -> Value {
    json!({
        "entities": steps.entities,
        "with_unionid": steps.with_unionid,
        "with_external": steps.with_external,
        "contacts": steps.contacts,
    })
}

fn funnel(funnel: &Funnel) -> Value {
    let apps = funnel.apps.iter().map(|(app, of)| {
        let answer = json!({
            "open_account": of.open_account,
            "steps": steps(&of.steps),
            "openid_only": of.openid_only,
        });
        (app, answer)
    });
    let views = funnel.views.iter().map(|(view, of)| {
        let answer = json!({
            "external": of.external,
            "with_unionid": of.with_unionid,
            "contacts": of.contacts,
            "former": of.former,
            "pending_closed": of.pending_closed,
            "pending_open": of.pending_open,
            "pending_expired": of.pending_expired,
        });
        (view, answer)
    });
    let paths = funnel.paths.iter().map(|((app, view), of)| {
        json!({ "app": app, "view": view, "external": of.external, "contacts": of.contacts })
    });
    json!({
        "all": steps(&funnel.all),
        "apps": object_of(apps),
        "open_accounts": object_of(funnel.open_accounts.iter().map(|(key, of)| (key, steps(of)))),
        "views": object_of(views),
        "paths": paths.collect::<Vec<_>>(),
    })
}

fn growth(growth: &Growth) -> Value {
    let came = |came: &Came| json!({ "ids": came.ids, "joins": came.joins, "merges": came.merges });
    let days = growth.days.iter();
    let days = days
        .map(|(day, of)| (day, json!({ "recorded": came(&of.recorded), "observed": came(&of.observed) })));
    json!({ "days": object_of(days), "undated": growth.undated })
}

fn edges(edges: &Edges) -> Value {
    let by_strength = |counts: &BTreeMap<Strength, u64>| {
        object_of(counts.iter().map(|(strength, count)| (strength.name(), json!(count))))
    };
    let rejected = edges.rejected.iter().map(|(of, count)| {
        let (a, b) = &of.spaces;
        json!({ "reason": of.reason.name(), "a": a.to_string(), "b": b.to_string(), "edges": count })
    });
    json!({
        "accepted": by_strength(&edges.accepted),
        "accepted_persons": by_strength(&edges.accepted_persons),
        "rejected": rejected.collect::<Vec<_>>(),
        "cardinality": object_of(edges.cardinality.iter().map(|(space, count)| (space, json!(count)))),
        "conflicts": edges.conflicts(),
    })
}

fn hubs(hubs: &Hubs) -> Value {
    let hub = |hub: &Hub| {
        json!({
            "id": hub.id.to_string(),
            "entity": hub.entity.0,
            "toward": hub.toward.as_ref().map(ToString::to_string),
            "degree": hub.degree,
        })
    };
    let listed: Vec<Value> = hubs.listed.iter().map(hub).collect();
    json!({ "hubs": hubs.hubs, "hint_hubs": hubs.hint_hubs, "listed": listed })
}

fn joint(joint: &Joint) -> Value {
    json!({
        "entity": joint.entity.0,
        "a": joint.a.to_string(),
        "b": joint.b.to_string(),
        "kind": joint.kind.name(),
        "strength": joint.strength.name(),
        "evidence": joint.evidence,
        "smaller_part": joint.smaller_part,
        "greater_part": joint.greater_part,
    })
}

fn weak_joints(joints: &WeakJoints) -> Value {
    let bridges = joints.bridges.iter().map(|(strength, of)| {
        let counts = json!({
            "bridges": of.bridges,
            "single_evidence": of.single_evidence,
            "between_groups": of.between_groups,
            "single_between_groups": of.single_between_groups,
        });
        (strength.name(), counts)
    });
    let listed: Vec<Value> = joints.listed.iter().map(joint).collect();
    json!({ "bridges": object_of(bridges), "entities": joints.entities, "listed": listed })
}

fn suspects(suspects: &Suspects) -> Value {
    let over = |of: &OverMerge| json!({ "rule": of.rule.name(), "joint": joint(&of.joint), "ids": of.ids, "conflicts": of.conflicts });
    let under = |of: &UnderMerge| {
        let entities: Vec<u64> = of.entities.iter().map(|entity| entity.0).collect();
        let by: Vec<String> = of.by.iter().map(ToString::to_string).collect();
        json!({ "rule": of.rule.name(), "entities": entities, "ids": of.ids, "by": by })
    };
    json!({
        "over": object_of(suspects.over.iter().map(|(rule, count)| (rule.name(), json!(count)))),
        "under": object_of(suspects.under.iter().map(|(rule, count)| (rule.name(), json!(count)))),
        "over_listed": suspects.over_listed.iter().map(over).collect::<Vec<_>>(),
        "under_listed": suspects.under_listed.iter().map(under).collect::<Vec<_>>(),
    })
}

/// Names: of a way, of a channel, of owners, of how many there are, and of one.
type BeganNames = [&'static str; 5];

const CONTACTS: BeganNames = ["add_way", "state", "employees", "employee_count", "userid"];
const FOLLOWERS: BeganNames = ["scene", "qr_scene_str", "apps", "app_count", "app"];

fn began(began: &Began, [way, channel, owners, owner_count, owner]: BeganNames) -> Value {
    let figures =
        |count: &BeganCount| json!({ "began": count.began, "first": count.first, "open": count.open });
    let named = |name: &str, value: Value, count: &BeganCount| json!({ name: value, "began": count.began, "first": count.first, "open": count.open });
    let ways = began.ways.iter().map(|(value, count)| named(way, json!(value), count));
    let channels = began.channels.iter().map(|(value, count)| named(channel, json!(value), count));
    let of_owners = began.owners.iter().map(|of| named(owner, json!(of.id.to_string()), &of.count));
    json!({
        "total": figures(&began.total),
        "days": object_of(began.days.iter().map(|(day, count)| (day, figures(count)))),
        "ways": ways.collect::<Vec<_>>(),
        "channel_count": began.channel_count,
        "channels": channels.collect::<Vec<_>>(),
        owner_count: began.owner_count,
        owners: of_owners.collect::<Vec<_>>(),
    })
}
