//! Arbitrary valid facts of every operation, for the round trips of both formats.

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::{BoxedStrategy, Just, Strategy, any, prop, prop_oneof};

use crate::model::{
    Class, Fact, Id, Kind, KindScope, Op, PerScope, Reach, RelationKind, RuleValue, Selector, Strength, Time,
    validate,
};

/// A fact that `validate` lets pass.
pub(crate) fn fact() -> impl Strategy<Value = Fact> {
    let op = prop_oneof![evidence(), retraction(), decision(), relation(), topology(), setting()];
    (time(), option::weighted(0.3, name()), op).prop_filter_map("valid", |(at, batch, op)| {
        let batch = if matches!(op, Op::Retract(_) | Op::Unretract(_)) { None } else { batch };
        let fact = Fact { at, batch, op };
        validate(&fact).is_ok().then_some(fact)
    })
}

fn time() -> impl Strategy<Value = Time> {
    let plausible = 1_293_840_000_000..1_900_000_000_000i64;
    prop_oneof![8 => plausible.boxed(), 1 => any::<i64>().boxed()].prop_map(Time::from_ms)
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::sample::select(vec!["mp.user_info", "work.contact_get", "import.crm"]).prop_map(str::to_owned),
        1 => "[a-zA-Z0-9 _.\"\\\\/\u{e9}\u{4f1a}-]{1,20}",
    ]
}

fn text() -> impl Strategy<Value = String> {
    "\\PC{0,20}"
}

fn space() -> impl Strategy<Value = KindScope> {
    let spaces = [
        "unionid:acme",
        "openid:wx0123456789abcdef",
        "openid:wxfedcba9876543210",
        "external_userid:ww0123456789abcdef",
        "external_userid:ww0123456789abcdef@wwfedcba9876543210",
        "pending_id:@wwfedcba9876543210",
        "group_openid:wx0123456789abcdef@tGroup",
        "phone:crm",
        "custom.card:shop",
        "userid:ww0123456789abcdef",
        "userid:ww0123456789abcdef@wwfedcba9876543210",
        "chat_id:ww0123456789abcdef",
        "opengid:wx0123456789abcdef",
        "corpid:",
        "corpid:@wwfedcba9876543210",
        "department:ww0123456789abcdef",
        "app:",
    ];
    prop::sample::select(spaces.map(|text| text.parse::<KindScope>().unwrap()).to_vec())
}

fn id_in(space: &KindScope) -> BoxedStrategy<Id> {
    let space = space.clone();
    let value = match space.kind() {
        Kind::Phone => "[0-9a-f]{64}".boxed(),
        Kind::App => "wx[0-9a-fA-F]{16}|[a-z]{1,9}".boxed(),
        _ => prop_oneof![6 => "[A-Za-z0-9_-]{1,28}".boxed(), 1 => "\\PC{1,20}".boxed()].boxed(),
    };
    value.prop_filter_map("valid", move |value| Id::in_space(&space, &value).ok()).boxed()
}

fn id() -> impl Strategy<Value = Id> {
    space().prop_flat_map(|space| id_in(&space))
}

fn id_of(class: Class) -> impl Strategy<Value = Id> {
    space().prop_filter("class", move |space| space.kind().class() == class).prop_flat_map(|s| id_in(&s))
}

fn pair() -> impl Strategy<Value = (Id, Id)> {
    space().prop_flat_map(|space| (id_in(&space), id_of(space.kind().class())))
}

fn strength() -> impl Strategy<Value = Option<Strength>> {
    option::of(prop::sample::select(Strength::ALL.to_vec()))
}

fn evidence() -> impl Strategy<Value = Op> {
    let link = (pair(), name(), strength(), option::of(name()), option::of(time())).prop_map(
        |((a, b), source, strength, event, expires_at)| Op::Link {
            a,
            b,
            source,
            strength,
            event,
            expires_at,
        },
    );
    let supersede =
        (pair(), name(), strength(), option::of(name())).prop_map(|((old, new), source, strength, event)| {
            Op::Supersede { old, new, source, strength, event }
        });
    prop_oneof![3 => link, 1 => supersede]
}

fn retraction() -> impl Strategy<Value = Op> {
    let selector = prop_oneof![
        (pair(), option::of(name())).prop_map(|((a, b), source)| Selector::Pair { a, b, source }),
        (name(), option::of(space()), option::of(time()), time())
            .prop_map(|(source, scope, from, to)| Selector::Source { source, scope, from, to }),
        (name(), name()).prop_map(|(source, event)| Selector::Event { source, event }),
        name().prop_map(Selector::Batch),
    ];
    (any::<bool>(), selector)
        .prop_map(|(lifts, selector)| if lifts { Op::Unretract(selector) } else { Op::Retract(selector) })
}

fn decision() -> impl Strategy<Value = Op> {
    prop_oneof![
        (pair(), text(), name()).prop_map(|((a, b), reason, actor)| Op::Ban { a, b, reason, actor }),
        (pair(), name()).prop_map(|((a, b), actor)| Op::Unban { a, b, actor }),
        (id(), text(), name()).prop_map(|(id, reason, actor)| Op::Block { id, reason, actor }),
        (id(), name()).prop_map(|(id, actor)| Op::Unblock { id, actor }),
        (id(), text()).prop_map(|(id, reason)| Op::Restrict { id, reason }),
        id().prop_map(|id| Op::Unrestrict { id }),
        (id(), any::<bool>(), text(), any::<bool>()).prop_map(|(id, alone, reason, sticky)| Op::Erase {
            id,
            reach: if alone { Reach::Id } else { Reach::Entity },
            reason,
            sticky,
        }),
    ]
}

fn relation() -> impl Strategy<Value = Op> {
    let custom = RelationKind::parse("custom.referred-by").unwrap();
    let ends = prop_oneof![
        (Just(RelationKind::MemberOf), id_of(Class::Account), id_of(Class::Chat)),
        (Just(RelationKind::UsesAccount), id_of(Class::Staff), id_of(Class::Account)),
        (Just(RelationKind::WorksIn), id_of(Class::Staff), id_of(Class::Department)),
        (Just(RelationKind::Follows), id_of(Class::Staff), id_of(Class::Account)),
        (Just(RelationKind::Subscribes), id_of(Class::Account), id_of(Class::App)),
        (Just(custom), id_of(Class::Account), id_of(Class::Account)),
    ];
    prop_oneof![
        (ends.clone(), name(), btree_map(name(), text(), 0..4))
            .prop_map(|((kind, from, to), source, attrs)| Op::Relate { kind, from, to, source, attrs }),
        (ends, name()).prop_map(|((kind, from, to), source)| Op::Unrelate { kind, from, to, source }),
        (id(), space(), name()).prop_map(|(id, target, source)| Op::Absent { id, target, source }),
    ]
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof!["w[wx][0-9a-f]{16}", "[A-Za-z0-9_.-]{1,20}"]
        .prop_filter("key form", |key| crate::model::normalise_key(key).is_ok_and(|normal| normal == *key))
}

fn topology() -> impl Strategy<Value = Op> {
    let bound = || option::of(option::of(key()));
    prop_oneof![
        (key(), option::of(text())).prop_map(|(key, subject)| Op::OpenAccount { key, subject }),
        (key(), option::of(text())).prop_map(|(key, subject)| Op::Provider { key, subject }),
        (key(), option::of(text()), option::of(text()), option::of(key()), time()).prop_map(
            |(appid, app_type, subject, open_account, from)| Op::App {
                appid,
                app_type,
                subject,
                open_account,
                from
            }
        ),
        (key(), option::of(text()), bound(), bound(), option::of(time()), vec(key(), 0..3)).prop_map(
            |(key, subject, bound_appid, kf_bound_appid, from, aliases)| Op::Corp {
                key,
                subject,
                bound_appid,
                kf_bound_appid,
                from,
                aliases
            }
        ),
    ]
}

fn setting() -> impl Strategy<Value = Op> {
    let rule = prop_oneof![
        ("hub_limit|max_ids|limit\\.openid", 2..5000u64).prop_map(|(rule, n)| (rule, RuleValue::Number(n))),
        ("strength\\.[a-z]{1,5}", "hint|business")
            .prop_map(|(rule, strength)| (rule, RuleValue::Text(strength))),
        vec(name(), 0..3).prop_map(|words| ("person_sources".to_owned(), RuleValue::List(words))),
    ];
    prop_oneof![
        ("custom\\.[a-z0-9_-]{1,32}", any::<bool>()).prop_map(|(name, many)| Op::Kind {
            name,
            per_scope: if many { PerScope::Many } else { PerScope::One },
        }),
        vec(rule, 1..4).prop_map(|rules| Op::Rules { set: rules.into_iter().collect() }),
        (name(), text()).prop_map(|(key, value)| Op::Mark { key, value }),
    ]
}
