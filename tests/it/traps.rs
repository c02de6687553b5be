//! Traps that identity graphs before this one fell into, a test each.

use idweave::model::Placeholders;
use idweave::{
    Error, Fact, Graph, Id, KindScope, Op, Read, Reason, Status, Time, Translation, Verdict, ndjson,
};

const DAY: i64 = 86_400_000;
/// The first of June 2025.
const JUNE: i64 = 1_748_736_000_000;
const NOW: Time = Time::from_ms(JUNE + 365 * DAY);

const OPENID: &str = "openid:wx00000000000000a1:oVisitor";
const UNIONID: &str = "unionid:shop:uVisitor";
const VIEW: &str = "ww00000000000000c1@provider";

fn fact(line: &str) -> Fact {
    ndjson::parse(line, 1, &Placeholders::default()).unwrap()
}

fn link(a: &str, b: &str, source: &str, at: i64) -> Fact {
    fact(&format!(r#"{{"op":"link","a":"{a}","b":"{b}","source":"{source}","at":{at}}}"#))
}

fn id(text: &str) -> Id {
    text.parse().unwrap()
}

fn space(text: &str) -> KindScope {
    text.parse().unwrap()
}

fn told(facts: &[Fact]) -> Graph {
    let graph = Graph::options().in_memory().unwrap();
    graph.write(NOW, |tx| facts.iter().try_for_each(|fact| tx.apply(fact).map(drop))).unwrap();
    graph
}

fn same(graph: &Graph, a: &str, b: &str) -> Verdict {
    graph.view().same(&id(a), &id(b)).unwrap()
}

/// A value that 100,000 users carry (a default, a shared device, a test account) joins nobody, is told as a hub, and costs
/// those who carry it nothing.
#[test]
fn a_flood_of_junk_joins_nobody() {
    const USERS: usize = 100_000;
    let graph = Graph::options().in_memory().unwrap();
    let junk = "custom.device:crm:default";
    let openid = |user: usize| format!("openid:wx00000000000000a1:oUser{user:06}");
    for users in (0..USERS).collect::<Vec<_>>().chunks(1_000) {
        let facts = users.iter().flat_map(|user| {
            let unionid = format!("unionid:shop:uUser{user:06}");
            [
                link(&openid(*user), &unionid, "mini.code2session", JUNE),
                link(&openid(*user), junk, "import.crm", JUNE),
            ]
        });
        let facts: Vec<Fact> = facts.collect();
        graph.write(NOW, |tx| facts.iter().try_for_each(|fact| tx.apply(fact).map(drop))).unwrap();
    }
    let view = graph.view();
    let stats = view.stats().unwrap();
    // Each user is an account of two ids; the value is alone.
    assert_eq!((stats.ids, stats.entities), (2 * USERS as u64 + 1, USERS as u64 + 1));
    assert_eq!(stats.rejected.get(&Reason::Hub), Some(&(USERS as u64)));
    assert_eq!(view.conflicts().count(), 0, "a hub is no conflict for people to look at");
    for user in [0, 8, 54_321, USERS - 1] {
        let entity = view.resolve(&id(&openid(user))).unwrap().unwrap();
        assert_eq!(entity.members.len(), 2);
    }
    let why = view.explain(&id(&openid(0)), &id(&openid(1))).unwrap();
    assert!(format!("{why:?}").contains("Hub"), "{why:?}");
}

/// An id that was met before anybody logged in is linked when he does; where it had a life of its own by then, once a
/// second login confirms that it is his.
#[test]
fn an_anonymous_id_is_not_burned_by_what_came_before_the_login() {
    let cookie = "custom.visitor:web:c1";
    let logged_in = |before: &[Fact]| {
        let graph = told(before);
        graph.apply(NOW, &link(OPENID, cookie, "mp.web_oauth", JUNE + 1)).unwrap();
        let asked = fact(&format!(
            r#"{{"op":"absent","id":"{OPENID}","target":"unionid:shop","source":"mp.user_info","at":{}}}"#,
            JUNE + 2
        ));
        graph.apply(NOW, &asked).unwrap();
        graph
    };
    let translated =
        |graph: &Graph, of: &str| graph.view().translate(&id(of), &space("unionid:shop"), NOW).unwrap();
    let unionids = || vec![id(UNIONID)];

    let graph = logged_in(&[]);
    assert!(matches!(translated(&graph, OPENID), Translation::Absent { .. }));
    graph.apply(NOW, &link(OPENID, UNIONID, "mp.user_info", JUNE + DAY)).unwrap();
    assert_eq!(translated(&graph, cookie), Translation::Found(unionids()));

    // A web login alone may be a snapshot account: it joins no two that hold more than one id.
    let graph = logged_in(&[link(cookie, "state_token:ww00000000000000c1:t1", "shop.state", JUNE)]);
    graph.apply(NOW, &link(OPENID, UNIONID, "mp.user_info", JUNE + DAY)).unwrap();
    assert_eq!(translated(&graph, cookie), Translation::Provisional(unionids()));
    graph.apply(NOW, &link(OPENID, cookie, "mp.web_oauth", JUNE + 2 * DAY)).unwrap();
    assert_eq!(translated(&graph, cookie), Translation::Found(unionids()));
}

/// A visitor gets a pending id, and is added as a contact on day 60: the link closes. On day 91 it does not.
#[test]
fn a_pending_id_closes_within_its_life_and_not_on_day_91() {
    let pending = format!("pending_id:{VIEW}:pVisitor");
    let contact = format!("external_userid:{VIEW}:wmVisitor");
    let begun =
        [link(OPENID, UNIONID, "mini.code2session", JUNE), link(UNIONID, &pending, "work.idconvert", JUNE)];
    let asked = |graph: &Graph, day: i64| {
        let at = Time::from_ms(JUNE + day * DAY);
        let target = space(&format!("external_userid:{VIEW}"));
        graph.view().translate(&id(OPENID), &target, at).unwrap()
    };
    let valid_to = Some(Time::from_ms(JUNE + 90 * DAY));
    let graph = told(&begun);
    assert_eq!(asked(&graph, 60), Translation::Pending { id: id(&pending), valid_to });
    assert_eq!(asked(&graph, 90), Translation::Pending { id: id(&pending), valid_to });
    assert_eq!(asked(&graph, 91), Translation::Unknown);
    for (day, expected) in [(60, Verdict::SameEntity), (90, Verdict::SameEntity), (91, Verdict::Different)] {
        let graph = told(&begun);
        graph.apply(NOW, &link(&contact, &pending, "work.contact_get", JUNE + day * DAY)).unwrap();
        assert_eq!(same(&graph, OPENID, &contact), expected, "day {day}");
        let edges: Vec<_> = graph.view().edges().map(Result::unwrap).collect();
        let late = edges.iter().any(|edge| edge.status == Status::Rejected(Reason::PendingExpired));
        assert_eq!(late, day == 91, "day {day}");
        // A link made in time outlives the pending id.
        let found = Translation::Found(vec![id(&contact)]);
        assert_eq!(asked(&graph, 300), if day == 91 { Translation::Unknown } else { found }, "day {day}");
    }
}

/// Who was erased does not come back with the old data.
#[test]
fn what_was_erased_does_not_come_back_when_the_old_data_are_read_again() {
    let facts = [
        link(OPENID, UNIONID, "mini.code2session", JUNE),
        link(OPENID, "custom.card:crm:77", "import.crm", JUNE),
    ];
    let graph = told(&facts);
    let erase =
        format!(r#"{{"op":"erase","id":"{OPENID}","reach":"entity","reason":"asked","at":{}}}"#, JUNE + 1);
    graph.apply(NOW, &fact(&erase)).unwrap();
    for fact in &facts {
        assert!(matches!(graph.apply(NOW, fact), Err(Error::Erased)));
    }
    assert_eq!(graph.view().stats().unwrap().ids, 0);
    // What happens after the erasure is new.
    graph.apply(NOW, &link(OPENID, UNIONID, "mini.code2session", JUNE + 2)).unwrap();
    assert_eq!(same(&graph, OPENID, UNIONID), Verdict::SameEntity);
}

/// Two ids that differ in case are two ids, but for names that the platform compares without case.
#[test]
fn ids_that_differ_in_case_only_are_two() {
    let (upper, lower) = ("openid:wx00000000000000a1:oABC", "openid:wx00000000000000a1:oabc");
    let graph = told(&[
        link(upper, "unionid:shop:uAA", "mp.user_info", JUNE),
        link(lower, "unionid:shop:uaa", "mp.user_info", JUNE),
    ]);
    assert_eq!(same(&graph, upper, lower), Verdict::Different);
    assert_eq!(graph.view().stats().unwrap().ids, 4);
    assert_eq!(id("userid:ww00000000000000c1:ZhangSan"), id("userid:ww00000000000000c1:zhangsan"));
    assert_eq!(id("userid:ww00000000000000c1:ZhangSan").spelling(), "ZhangSan");
    assert_ne!(id("userid:ww00000000000000c1@p:ZhangSan"), id("userid:ww00000000000000c1@p:zhangsan"));
    assert_eq!(id("openid:WX00000000000000A1:oABC"), id(upper));
}

/// The same characters under another kind or scope are another id: nothing is found by its value alone.
#[test]
fn an_id_of_another_kind_is_not_taken_for_it() {
    let contact = "external_userid:ww00000000000000c1:wmVisitor";
    let graph = told(&[link(contact, UNIONID, "work.contact_get", JUNE)]);
    for wrong in [
        "unionid:shop:wmVisitor",
        "openid:ww00000000000000c1:wmVisitor",
        "external_userid:ww00000000000000c2:wmVisitor",
        "external_userid:ww00000000000000c1@provider:wmVisitor",
        "pending_id:ww00000000000000c1:wmVisitor",
    ] {
        assert!(graph.view().resolve(&id(wrong)).unwrap().is_none(), "{wrong}");
        let answer = graph.view().translate(&id(wrong), &space("unionid:shop"), NOW).unwrap();
        assert_eq!(answer, Translation::Unknown, "{wrong}");
    }
    // And an employee is no customer.
    let confused = Op::Link {
        a: id("userid:ww00000000000000c1:zhangsan"),
        b: id(contact),
        source: "import.crm".to_owned(),
        strength: None,
        event: None,
        expires_at: None,
    };
    let refused = graph.apply(NOW, &Fact { at: Time::from_ms(JUNE), batch: None, op: confused });
    assert!(matches!(refused, Err(Error::InvalidFact { .. })), "{refused:?}");
}
