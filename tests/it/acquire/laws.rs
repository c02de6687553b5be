//! What always holds of an answer, whatever is known: on random topologies, entities and questions.

use std::collections::{BTreeMap, BTreeSet};

use idweave::model::{
    AppIssuer, Bound, CorpIssuer, Issuers, KnownAbsent, KnownId, RelationKind, Surroundings, Tie,
};
use idweave::wechat::acquire::{
    Condition, Party, Route, RouteKind, Routes, STEPS_MAX, Standing, Step, Usability, routes,
};
use idweave::{Id, KindScope, Time};
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_assert, prop_assert_eq, proptest};
use proptest::sample::{select, subsequence};

use crate::acquire::situations::{NOW, situations};

const DAY_MS: i64 = 24 * 3600 * 1000;
/// Ids that an entity may hold: one of each space.
const IDS: &[&str] = &[
    "openid:mpA:oAlice1",
    "openid:miniB:oAlice2",
    "openid:shopS:oAlice3",
    "unionid:openX:oUalice",
    "unionid:openY:oUother",
    "external_userid:corpC:wmAlice1",
    "external_userid:corpC@provP:wmAlice2",
    "external_userid:corpC@corpU:wmAlice3",
    "pending_id:corpC@provP:pAlice1",
    "state_token:mpA:tok-aaa1",
    "state_token:corpC:tok-bbb1",
    "wecom_web_openid:corpC:oWeb1234",
    "group_openid:miniB@GchatOne:oGroup1",
];
/// What may be wanted.
const WANTED: &[&str] = &[
    "unionid:openX",
    "unionid:openZ",
    "openid:mpA",
    "openid:miniB",
    "openid:webW",
    "external_userid:corpC",
    "external_userid:corpC@provP",
    "external_userid:corpC@corpU",
    "pending_id:corpC@provP",
    "pending_id:corpC@corpU",
    "wecom_pay_openid:corpC",
    "state_token:mpA",
    "phone:crm-2026",
    "group_openid:miniB@GchatOne",
];

fn bound(to: &'static [&'static str]) -> impl Strategy<Value = Bound> {
    proptest::option::of(proptest::option::of(select(to))).prop_map(|bound| match bound {
        None => Bound::Unknown,
        Some(None) => Bound::Nothing,
        Some(Some(to)) => Bound::To(to.to_owned()),
    })
}

fn subject() -> impl Strategy<Value = Option<String>> {
    proptest::option::of(select(&["Acme", "Tools"][..])).prop_map(|subject| subject.map(str::to_owned))
}

fn issuers() -> impl Strategy<Value = Issuers> {
    let types = &["service_account", "mini program", "website", "shop", "mobile-app", "something else"][..];
    let app = (proptest::option::of(select(types)), subject(), bound(&["openX", "openY"]));
    let app = app.prop_map(|(app_type, subject, open_account)| AppIssuer {
        app_type: app_type.map(str::to_owned),
        subject,
        open_account,
    });
    let apps = &["mpA", "miniB", "webW", "shopS", "mpD"][..];
    let apps = proptest::collection::btree_map(select(apps), app, 0..5);
    let corp = (subject(), bound(&["mpA", "miniB"]), bound(&["mpA", "shopS"]));
    let corp = corp.prop_map(|(subject, bound_app, kf_bound_app)| CorpIssuer {
        subject,
        bound_app,
        kf_bound_app,
        aliases: Vec::new(),
    });
    let corps = proptest::collection::btree_map(select(&["corpC", "corpU"][..]), corp, 0..2);
    let named =
        |names: &'static [&'static str]| proptest::collection::btree_map(select(names), subject(), 0..2);
    (apps, corps, named(&["openX", "openY"]), named(&["provP", "provQ"])).prop_map(
        |(apps, corps, open_accounts, providers)| Issuers {
            apps: owned(apps),
            corps: owned(corps),
            open_accounts: owned(open_accounts),
            providers: owned(providers),
        },
    )
}

fn owned<T>(map: BTreeMap<&str, T>) -> BTreeMap<String, T> {
    map.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

fn tie() -> impl Strategy<Value = Tie> {
    let ends = select(
        &[
            ("openid:mpA:oAlice1", "subscribes", "app::mpA"),
            ("openid:miniB:oAlice2", "subscribes", "app::miniB"),
            ("external_userid:corpC:wmAlice1", "follows", "userid:corpC:zhangsan"),
            ("external_userid:corpC@provP:wmAlice2", "follows", "userid:corpC@provP:woZhang1"),
            ("external_userid:corpC:wmAlice1", "member_of", "chat_id:corpC:wrGroup1"),
        ][..],
    );
    (ends, any::<bool>(), select(&["1", "2"][..])).prop_map(|((id, kind, other), is_open, contact)| Tie {
        id: id.parse().unwrap(),
        kind: RelationKind::parse(kind).unwrap(),
        other: other.parse().unwrap(),
        since: Some(NOW),
        until: (!is_open).then_some(NOW),
        attrs: if kind == "follows" {
            [("type".to_owned(), contact.to_owned())].into()
        } else {
            BTreeMap::new()
        },
    })
}

fn around() -> impl Strategy<Value = Surroundings> {
    let ids = subsequence(IDS, 1..5);
    let absent = (select(&["unionid:openX:oUalice", "openid:mpA:oAlice1"][..]), select(WANTED), 0..30_i64);
    let absent = absent.prop_map(|(id, target, days)| KnownAbsent {
        id: id.parse().unwrap(),
        target: target.parse().unwrap(),
        as_of: Time::from_ms(NOW.ms() - days * DAY_MS),
        source: "work.idconvert".to_owned(),
    });
    let lives = -20..80_i64;
    let ties = proptest::collection::vec(tie(), 0..4);
    let absents = proptest::collection::vec(absent, 0..3);
    (ids, issuers(), ties, absents, lives, any::<bool>()).prop_map(
        |(ids, issuers, ties, absents, lives, dead)| {
            let known = |text: &&str| {
                let id: Id = text.parse().unwrap();
                let is_pending = text.starts_with("pending_id");
                let valid_to = is_pending.then(|| Time::from_ms(NOW.ms() + lives * DAY_MS));
                KnownId { superseded: dead && text.starts_with("openid:mpA"), id, valid_to }
            };
            let mut members: Vec<KnownId> = ids.iter().map(known).collect();
            members.sort_by(|x, y| x.id.cmp(&y.id));
            let held: BTreeSet<Id> = members.iter().map(|known| known.id.clone()).collect();
            Surroundings {
                id: members[0].id.clone(),
                provisional: Vec::new(),
                ties: ties.into_iter().filter(|tie| held.contains(&tie.id)).collect(),
                absents,
                issuers,
                members,
            }
        },
    )
}

/// What the planner may rely on, said again from the surroundings: true where they contradict the condition.
fn contradicted(around: &Surroundings, step: &Step, condition: Condition) -> bool {
    let names = &step.names;
    let bound = |app: Option<&str>| app.map_or(&Bound::Unknown, |app| around.issuers.open_account_of(app));
    let elsewhere = |found: &Bound| match found {
        Bound::Unknown => false,
        Bound::Nothing => true,
        Bound::To(open) => names.open_account().is_some_and(|wanted| wanted != open),
    };
    let corp = names.corp().and_then(|corp| around.issuers.corps.get(corp));
    let by_app = |app: &Bound| match app {
        Bound::Unknown => false,
        Bound::Nothing => true,
        Bound::To(app) => elsewhere(bound(Some(app))),
    };
    let ended = |kind: RelationKind, fits: &dyn Fn(&Tie) -> bool| {
        let mine: Vec<&Tie> = around.ties.iter().filter(|tie| tie.kind == kind && fits(tie)).collect();
        !mine.is_empty() && mine.iter().all(|tie| tie.until.is_some())
    };
    let held = |tie: &Tie| around.members.iter().any(|known| known.id == tie.id && !known.superseded);
    let subject = |party| match party {
        Party::Corp => corp.and_then(|corp| corp.subject.as_deref()),
        Party::Upstream => names.viewer().and_then(|key| around.issuers.corps.get(key)?.subject.as_deref()),
        Party::Provider => names.viewer().and_then(|key| around.issuers.providers.get(key)?.as_deref()),
    };
    match condition {
        Condition::AppBoundToOpenAccount => elsewhere(bound(names.app())),
        Condition::CorpBoundToApp => corp.is_some_and(|corp| by_app(&corp.bound_app)),
        Condition::CorpKfBoundToApp => corp.is_some_and(|corp| by_app(&corp.kf_bound_app)),
        Condition::OwnView => names.viewer().is_some(),
        Condition::ProviderView => names.viewer().is_none_or(|key| around.issuers.corps.contains_key(key)),
        Condition::UpstreamView => {
            names.viewer().is_none_or(|key| around.issuers.providers.contains_key(key))
        }
        Condition::Follows => ended(RelationKind::Subscribes, &|tie| Some(tie.other.value()) == names.app()),
        Condition::IsContact => {
            ended(RelationKind::Follows, &|tie| held(tie) && tie.id.scope().split('@').next() == names.corp())
        }
        Condition::NoPendingLives => around.members.iter().any(|known| {
            let view = format!("{}@{}", names.corp().unwrap_or_default(), names.viewer().unwrap_or_default());
            known.id.space() == format!("pending_id:{view}") && known.valid_to.is_none_or(|end| end >= NOW)
        }),
        Condition::SameSubject(party) => {
            let app = names.app().and_then(|app| around.issuers.apps.get(app)?.subject.as_deref());
            matches!((app, subject(party)), (Some(app), Some(theirs)) if app != theirs)
        }
        _ => false,
    }
}

/// Whether the steps can be gone in their order: each begins with what is held or was got.
fn hangs_together(around: &Surroundings, route: &Route) -> bool {
    let mut had: BTreeSet<String> = around
        .members
        .iter()
        .filter(|known| !known.superseded)
        .map(|known| known.id.space().to_owned())
        .collect();
    route.steps.iter().all(|step| {
        let starts = step.from.iter().all(|spot| had.contains(spot.as_str()));
        // One answer gives all that the way yields, not only what the route goes on with.
        had.insert(step.to.as_str().to_owned());
        let (app, open) = (step.names.app(), step.names.open_account());
        if step.way.yields.len() > 1 {
            had.extend(app.map(|app| format!("openid:{app}")));
            had.extend(open.map(|open| format!("unionid:{open}")));
        }
        starts
    })
}

fn keys(found: &Routes) -> Vec<String> {
    let steps = |route: &Route| {
        route
            .steps
            .iter()
            .map(|step| format!("{} {:?} {}", step.way.name, step.from, step.to))
            .collect::<Vec<_>>()
    };
    let blocked =
        found.blocked.iter().map(|one| format!("{} {:?} {:?}", one.way.name, one.names, one.reasons));
    found.routes.iter().map(|route| format!("{:?}", steps(route))).chain(blocked).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn a_route_uses_no_way_that_what_is_known_contradicts(around in around(), wanted in select(WANTED)) {
        let wanted: KindScope = wanted.parse().unwrap();
        let found = routes(&around, &wanted, NOW);
        for route in &found.routes {
            for step in &route.steps {
                for (condition, standing) in &step.conditions {
                    prop_assert!(!matches!(standing, Standing::Broken(_)));
                    prop_assert!(!contradicted(&around, step, *condition), "{} {condition:?}", step.way.name);
                }
                prop_assert_eq!(step.conditions.len(), step.way.conditions.len());
            }
        }
        for blocked in &found.blocked {
            prop_assert!(!blocked.reasons.is_empty());
        }
    }

    #[test]
    fn a_route_leads_from_what_is_held_to_what_is_wanted_without_coming_by_anything_twice(
        around in around(),
        wanted in select(WANTED),
    ) {
        let wanted: KindScope = wanted.parse().unwrap();
        let live = |known: &&KnownId| !known.superseded && known.valid_to.is_none_or(|end| end >= NOW);
        let held: BTreeSet<&str> = around.members.iter().filter(live).map(|known| known.id.space()).collect();
        let found = routes(&around, &wanted, NOW);
        for route in &found.routes {
            prop_assert!(route.steps.len() <= STEPS_MAX);
            let mut met: BTreeSet<&str> = BTreeSet::new();
            for step in &route.steps {
                prop_assert!(met.insert(step.to.as_str()), "comes by {} twice", step.to);
                prop_assert!(!held.contains(step.to.as_str()), "{} is held", step.to);
            }
            match &route.kind {
                RouteKind::Asked => {
                    prop_assert_eq!(route.steps.last().map(|step| step.to.as_str()), Some(wanted.as_str()));
                    prop_assert!(hangs_together(&around, route), "{route:?}");
                }
                RouteKind::Known(ids) => prop_assert!(ids.iter().all(|id| id.space() == wanted.as_str())),
                RouteKind::KnownProvisionally(_) => prop_assert!(false, "nothing is provisional here"),
            }
        }
        prop_assert_eq!(held.contains(wanted.as_str()), matches!(found.routes.first().map(|r| &r.kind), Some(RouteKind::Known(_))));
    }

    #[test]
    fn the_answer_is_the_same_again_and_in_order(
        (around, shuffled) in around().prop_flat_map(|around| (Just(around.clone()), Just(around.members).prop_shuffle())),
        wanted in select(WANTED),
    ) {
        let wanted: KindScope = wanted.parse().unwrap();
        let found = routes(&around, &wanted, NOW);
        prop_assert_eq!(keys(&found), keys(&routes(&around, &wanted, NOW)));
        let other = Surroundings { members: shuffled, ..around };
        prop_assert_eq!(keys(&found), keys(&routes(&other, &wanted, NOW)));
        let rank = |route: &Route| (route.usability == Usability::Later, route.interrupts, route.front_end);
        prop_assert!(found.routes.windows(2).all(|pair| rank(&pair[0]) <= rank(&pair[1])));
    }
}

/// The property tests prove nothing if they never find a route: most questions have one.
#[test]
fn the_situations_have_routes_of_every_length() {
    use crate::acquire::situations::graph_of;
    use idweave::Acquire;
    let mut lengths: BTreeSet<usize> = BTreeSet::new();
    for situation in situations().1 {
        let graph = graph_of(&situation);
        let found = graph.view().routes(&situation.have, &situation.want, NOW).unwrap();
        lengths.extend(found.routes.iter().map(|route| route.steps.len()));
    }
    assert_eq!(lengths, BTreeSet::from([0, 1, 2, 3, 4]));
}

/// Many apps, corps and providers, and an account known in many of them: the search stays small.
#[test]
fn a_large_topology_is_answered_from_a_few_of_its_issuers() {
    let mut issuers = Issuers::default();
    for number in 0..500 {
        let app_type = ["service_account", "mini program", "website", "shop", "mobile app"][number % 5];
        let app = AppIssuer {
            app_type: Some(app_type.to_owned()),
            subject: Some("Acme".to_owned()),
            open_account: Bound::To("openX".to_owned()),
        };
        issuers.apps.insert(format!("app{number:03}"), app);
        issuers.corps.insert(format!("corp{number:03}"), CorpIssuer::default());
        issuers.providers.insert(format!("prov{number:03}"), None);
    }
    let ids = (0..30).map(|number| format!("openid:app{number:03}:oAlice{number:02}"));
    let ids =
        ids.chain((0..20).map(|number| format!("external_userid:corp{number:03}@prov{number:03}:wmAlice1")));
    let member = |text: String| KnownId { id: text.parse().unwrap(), superseded: false, valid_to: None };
    let mut members: Vec<KnownId> = ids.map(member).collect();
    members.sort_by(|x, y| x.id.cmp(&y.id));
    let around = Surroundings {
        id: members[0].id.clone(),
        provisional: Vec::new(),
        ties: Vec::new(),
        absents: Vec::new(),
        issuers,
        members,
    };
    for wanted in ["unionid:openX", "openid:app400", "external_userid:corp007", "pending_id:corp444@prov444"]
    {
        let begun = std::time::Instant::now();
        let found = routes(&around, &wanted.parse().unwrap(), NOW);
        println!(
            "{wanted}: {} routes, {} blocked, {:?}",
            found.routes.len(),
            found.blocked.len(),
            begun.elapsed()
        );
        assert!(!found.routes.is_empty(), "{wanted}");
        assert_eq!(keys(&found), keys(&routes(&around, &wanted.parse().unwrap(), NOW)));
    }
}
