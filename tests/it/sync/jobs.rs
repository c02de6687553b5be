//! Jobs, undisturbed: everything is found, with no more calls than it takes.

use std::collections::BTreeMap;

use idweave::model::{Fact, Op, RelationKind};
use idweave::simulator::{Fault, Misbehaviour, Plan, When};
use idweave::sync::job::{
    AccountImport, AccountReconcile, CorpImport, CorpReconcile, GenerationUpgrade, Job, PendingSweep, Report,
    Tally, Unlinked, run,
};
use idweave::{Graph, Id, Kind, KindScope, Read, Time, Translation};

use crate::sync::rig::{Rig, facts, scored, since};

pub(super) fn finish(rig: &Rig, graph: &Graph, job: &mut dyn Job) -> Report {
    run(job, graph, &rig.platform(None), &mut |_| {}).unwrap()
}

pub(super) fn account(rig: &Rig) -> AccountImport {
    AccountImport::new(rig.app(&rig.names.official), &rig.names.official, Some(&rig.names.open_account))
}

pub(super) fn corp(rig: &Rig) -> CorpImport {
    CorpImport::new(rig.corp(), &rig.names.corp, Some(&rig.names.open_account), None)
}

fn translated(graph: &Graph, from: &Id, to: (Kind, &str), now: Time) -> Option<String> {
    match graph.view().translate(from, &KindScope::new(to.0, to.1).unwrap(), now).unwrap() {
        Translation::Found(ids) => ids.first().map(|id| id.spelling().to_owned()),
        _ => None,
    }
}

/// How large the campaign is: the corp and account with `IDWEAVE_SYNC=full`.
fn plan() -> Plan {
    let mut plan = Plan::default();
    if std::env::var("IDWEAVE_SYNC").is_ok_and(|size| size == "full") {
        (plan.accounts, plan.followers, plan.customers) = (400_000, 300_000, 100_000);
        (plan.employees, plan.visible, plan.groups) = (200, 100, 200);
    } else {
        (plan.accounts, plan.followers, plan.customers) = (40_000, 30_000, 10_000);
        (plan.employees, plan.visible, plan.groups) = (130, 60, 20);
    }
    plan
}

#[test]
fn an_account_and_a_corp_are_imported_whole_with_as_few_calls_as_it_takes() {
    let plan = plan();
    let rig = Rig::new(plan.clone());
    let graph = Graph::options().in_memory().unwrap();
    finish(&rig, &graph, &mut account(&rig));
    let calls = rig.sim.calls();
    let expected = AccountImport::calls_for(u64::from(plan.followers));
    let least: BTreeMap<_, _> = expected.into_iter().chain([("/cgi-bin/stable_token", 1)]).collect();
    assert_eq!(calls, least, "followers");
    finish(&rig, &graph, &mut corp(&rig));
    let calls = since(&rig.sim, &calls);
    // A page holds pairs of a hundred employees, so the last page of each hundred may not be full.
    let mut pages = BTreeMap::<u32, u64>::new();
    for (_, employee) in rig.sim.contacts() {
        *pages.entry(employee / 100).or_default() += 1;
    }
    let least: u64 = pages.values().map(|pairs| pairs.div_ceil(100)).sum();
    let batch = "/cgi-bin/externalcontact/batch/get_by_user";
    assert_eq!(calls[batch], least);
    assert_eq!(calls["/cgi-bin/externalcontact/groupchat/get"], u64::from(plan.groups));
    assert_eq!(calls.len(), 5, "{calls:?}");
    assert_eq!(calls.values().sum::<u64>(), least + u64::from(plan.groups) + 3);
    assert_eq!(rig.sim.violations(), []);
    // Precision, and then recall: every link that the platforms would tell is there.
    let (right, wrong) = scored(&rig.sim, &graph);
    assert_eq!(wrong, 0);
    let now = Time::from_ms(plan.start_ms);
    let names = &rig.names;
    for follower in rig.sim.followers() {
        let (openid, unionid) = rig.sim.ids_in(&names.official, follower).unwrap();
        let openid = Id::new(Kind::Openid, &names.official, &openid).unwrap();
        assert_eq!(translated(&graph, &openid, (Kind::Unionid, &names.open_account), now), unionid);
    }
    let mut both = 0;
    for (customer, _) in rig.sim.contacts() {
        let external = rig.sim.external_ids(customer).0;
        let external = Id::new(Kind::ExternalUserid, &names.corp, &external).unwrap();
        let unionid = translated(&graph, &external, (Kind::Unionid, &names.open_account), now);
        let is_wechat = customer < plan.accounts;
        assert_eq!(unionid, is_wechat.then(|| rig.sim.ids_in(&names.official, customer).unwrap().1.unwrap()));
        both += u64::from(translated(&graph, &external, (Kind::Openid, &names.official), now).is_some());
    }
    println!(
        "calls {}, links right {right}, wrong {wrong}; customers who follow: {both}",
        rig.sim.calls().values().sum::<u64>()
    );
    assert!(right >= u64::from(plan.followers + plan.customers));
}

#[test]
fn who_follows_and_is_a_customer_is_one() {
    let mut plan = Plan::default();
    (plan.followers, plan.customers) = (600, 500);
    let rig = Rig::new(plan);
    let graph = Graph::options().in_memory().unwrap();
    finish(&rig, &graph, &mut account(&rig));
    finish(&rig, &graph, &mut corp(&rig));
    // Accounts 500 to 599 are both.
    let id = Id::new(Kind::Openid, &rig.names.official, &rig.sim.ids_in(&rig.names.official, 555).unwrap().0)
        .unwrap();
    let contacts = graph.view().contacts_of(&id, &rig.names.corp).unwrap();
    let expected: Vec<String> = rig
        .sim
        .contacts()
        .iter()
        .filter(|(account, _)| *account == 555)
        .map(|(_, user)| rig.sim.userid(*user))
        .collect();
    let found: Vec<String> = contacts.iter().map(|contact| contact.userid.spelling().to_owned()).collect();
    assert_eq!(found, expected);
    assert_eq!(scored(&rig.sim, &graph).1, 0);
}

#[test]
fn a_run_that_is_over_is_followed_by_a_new_one_which_finds_all_known() {
    let rig = Rig::new(Plan::default());
    let graph = Graph::options().in_memory().unwrap();
    let first = finish(&rig, &graph, &mut corp(&rig));
    let told = facts(&graph);
    let second = finish(&rig, &graph, &mut corp(&rig));
    assert_eq!((second.steps, second.recorded, second.is_resumed), (first.steps, 0, false));
    assert_eq!(facts(&graph), told);
    let entities = graph.view().stats().unwrap();
    rig.clock.pass(1_000);
    finish(&rig, &graph, &mut corp(&rig));
    assert_eq!(format!("{:?}", graph.view().stats().unwrap().entities), format!("{:?}", entities.entities));
}

#[test]
fn a_comparison_finds_what_no_event_told() {
    let rig = Rig::new(Plan::default());
    let graph = Graph::options().in_memory().unwrap();
    finish(&rig, &graph, &mut account(&rig));
    finish(&rig, &graph, &mut corp(&rig));
    rig.clock.pass(3_600_000);
    let gone = rig.sim.contacts()[7];
    rig.sim.lose_contact(gone.0, gone.1);
    rig.sim.add_contact(3, 2, "summer", 0);
    rig.sim.unfollow(5);
    rig.sim.follow(700, "door");
    rig.sim.join_group(4, 1);
    rig.clock.pass(3_600_000);
    let before = rig.sim.calls();
    let names = &rig.names;
    let mut compared = CorpReconcile::new(rig.corp(), &names.corp, Some(&names.open_account), None);
    let report = finish(&rig, &graph, &mut compared);
    let calls = since(&rig.sim, &before);
    assert_eq!(calls["/cgi-bin/externalcontact/get"], 1, "only who is new is asked for");
    assert!(report.recorded <= 8, "{report:?}");
    let contacts = |account: u32| {
        let external = Id::new(Kind::ExternalUserid, &names.corp, &rig.sim.external_ids(account).0).unwrap();
        let found = graph.view().contacts_of(&external, &names.corp).unwrap();
        let open = found.iter().filter(|contact| contact.until.is_none());
        open.map(|contact| (contact.userid.spelling().to_owned(), contact.state.clone())).collect::<Vec<_>>()
    };
    assert!(!contacts(gone.0).iter().any(|(userid, _)| *userid == rig.sim.userid(gone.1)));
    assert!(contacts(3).contains(&(rig.sim.userid(2), Some("summer".to_owned()))), "{:?}", contacts(3));
    let mut compared =
        AccountReconcile::new(rig.app(&names.official), &names.official, Some(&names.open_account));
    let report = finish(&rig, &graph, &mut compared);
    assert!((2..=3).contains(&report.recorded), "{report:?}");
    let again = finish(&rig, &graph, &mut compared);
    assert_eq!(again.recorded, 0, "{again:?}");
    assert_eq!(scored(&rig.sim, &graph).1, 0);
}

#[test]
fn an_app_that_is_bound_elsewhere_is_not_compared() {
    let rig = Rig::new(Plan::default());
    let graph = Graph::options().in_memory().unwrap();
    let names = &rig.names;
    let other = Some("wx00000000000000ff");
    let mut compared = AccountReconcile::new(rig.app(&names.official), &names.official, other);
    let refused = run(&mut compared, &graph, &rig.platform(None), &mut |_| {}).unwrap_err();
    assert!(refused.to_string().contains("another open account"), "{refused}");
    assert_eq!(graph.view().seq(), 0);
}

#[test]
fn a_provider_gets_its_own_values_of_all_that_a_corp_had() {
    let rig = Rig::new(Plan::default());
    let graph = Graph::options().in_memory().unwrap();
    finish(&rig, &graph, &mut corp(&rig));
    let names = &rig.names;
    let mut upgrade = GenerationUpgrade::new(rig.developed(), &names.corp, &names.provider);
    let planned = plan_of(&rig, &graph, &mut upgrade);
    let report = finish(&rig, &graph, &mut upgrade);
    assert_eq!(planned, [3, 1, 1], "of customers, employees, groups");
    let view = format!("{}@{}", names.corp, names.provider);
    let now = Time::from_ms(rig.sim.contacts().len() as i64 + 1_750_000_000_000);
    for (account, employee) in rig.sim.contacts() {
        let (own, provided) = rig.sim.external_ids(account);
        let own = Id::new(Kind::ExternalUserid, &names.corp, &own).unwrap();
        let found = translated(&graph, &own, (Kind::ExternalUserid, &view), now);
        assert_eq!(found, Some(provided), "{employee}");
    }
    assert_eq!((report.refused, scored(&rig.sim, &graph).1), (0, 0));
    // Strangers in groups are nobody's customers: their groups are asked.
    let calls = rig.sim.calls();
    assert!(calls["/cgi-bin/externalcontact/groupchat/get_new_external_userid"] > 0, "{calls:?}");
    for entity in graph.view().entities() {
        let ids = entity.unwrap().ids;
        let has =
            |scope: &str| ids.iter().any(|id| *id.kind() == Kind::ExternalUserid && id.scope() == scope);
        assert!(!has(&names.corp) || has(&view), "one has no counterpart");
    }
    let again = finish(&rig, &graph, &mut upgrade);
    assert_eq!(again.recorded, 0, "nothing is left to convert");
    // The corp itself is for its provider to ask.
    let corpid = |tallies: &[Tally]| {
        let found = tallies.iter().find(|tally| tally.kind == Kind::Corpid).unwrap();
        (found.known, found.linked, found.unlinked.clone())
    };
    let not_asked = BTreeMap::from([(Unlinked::NotAsked, 1)]);
    assert_eq!(corpid(&upgrade.tally(&graph).unwrap()), (1, 0, not_asked));
    let mut upgrade = GenerationUpgrade::new(rig.developed(), &names.corp, &names.provider);
    upgrade = upgrade.with_provider(rig.provider());
    assert_eq!(finish(&rig, &graph, &mut upgrade).recorded, 1);
    let corp = Id::new(Kind::Corpid, "", &names.corp).unwrap();
    let found = translated(&graph, &corp, (Kind::Corpid, &format!("@{}", names.provider)), now);
    assert_eq!(found.as_ref(), Some(&names.open_corp));
    for tally in upgrade.tally(&graph).unwrap() {
        assert!(tally.known > 0 && tally.linked == tally.known && tally.unlinked.is_empty(), "{tally:?}");
    }
}

/// The calls that a job plans, one by one.
fn plan_of(rig: &Rig, graph: &Graph, job: &mut dyn Job) -> Vec<u64> {
    let planned = idweave::sync::job::plan(job, graph, &rig.platform(None)).unwrap();
    planned.into_iter().filter(|planned| !planned.is_least).map(|planned| planned.calls).collect()
}

#[test]
fn what_has_no_counterpart_before_the_switch_is_told_with_the_reason() {
    let rig = Rig::new(Plan::default());
    let graph = Graph::options().in_memory().unwrap();
    finish(&rig, &graph, &mut corp(&rig));
    let names = &rig.names;
    let in_corp = |kind: Kind, value: &str| Id::new(kind, &names.corp, value).unwrap();
    let now = rig.platform(None).now();
    // A customer and an employee of long ago, and one whose employee lost the name to another.
    let follows = |userid: &str, external: &str| {
        let (from, to) = (in_corp(Kind::Userid, userid), in_corp(Kind::ExternalUserid, external));
        let source = "work.contact_list".to_owned();
        let op = Op::Relate { kind: RelationKind::Follows, from, to, source, attrs: BTreeMap::new() };
        Fact { at: now, batch: None, op }
    };
    let block = |userid: &str| {
        let (reason, actor) = ("given to another".to_owned(), "li".to_owned());
        Fact { at: now, batch: None, op: Op::Block { id: in_corp(Kind::Userid, userid), reason, actor } }
    };
    let told = [follows("LongGone", "wmNobodyAnyMore0001"), block(&rig.sim.userid(2))];
    graph.write(now, |tx| told.iter().try_for_each(|fact| tx.apply(fact).map(drop))).unwrap();
    rig.sim.set_faults(vec![Fault {
        path: "/cgi-bin/idconvert/chatid".to_owned(),
        when: When::Every(1),
        what: Misbehaviour::Errcode(40096),
    }]);
    let mut upgrade = GenerationUpgrade::new(rig.developed(), &names.corp, &names.provider);
    finish(&rig, &graph, &mut upgrade);
    let tallies = upgrade.tally(&graph).unwrap();
    let of = |kind: Kind| tallies.iter().find(|tally| tally.kind == kind).unwrap();
    let customers = of(Kind::ExternalUserid);
    assert_eq!(customers.unlinked, BTreeMap::from([(Unlinked::LeftOut, 1)]));
    assert_eq!(customers.known, customers.linked + 1);
    let employees = of(Kind::Userid);
    assert_eq!(employees.unlinked, BTreeMap::from([(Unlinked::LeftOut, 1), (Unlinked::Rejected, 1)]));
    let chats = of(Kind::ChatId);
    assert_eq!((chats.known, chats.linked), (4, 0));
    assert_eq!(chats.unlinked, BTreeMap::from([(Unlinked::Refused(40096), 4)]));
    // A process that did not ask knows how many, and why only where the graph says.
    let another = GenerationUpgrade::new(rig.developed(), &names.corp, &names.provider);
    let tallies = another.tally(&graph).unwrap();
    let employees = tallies.iter().find(|tally| tally.kind == Kind::Userid).unwrap();
    assert_eq!(employees.unlinked, BTreeMap::from([(Unlinked::NotAsked, 1), (Unlinked::Rejected, 1)]));
}

#[test]
fn a_sweep_joins_customers_with_the_visitors_they_were() {
    let rig = Rig::new(Plan::default());
    let graph = Graph::options().in_memory().unwrap();
    let names = &rig.names;
    super::live::keep_ticket(&rig);
    // Three visitors, of whom two become customers of an employee whom the provider sees.
    for account in [20, 21, 22] {
        super::live::visit(&rig, &graph, account);
    }
    rig.clock.pass(60_000);
    for account in [20, 21] {
        rig.sim.add_contact(account, 1, "", 0);
    }
    // What the provider imports has no unionid.
    let mut import = CorpImport::new(rig.suite_corp(), &names.open_corp, None, Some(&names.provider));
    finish(&rig, &graph, &mut import);
    let unionid = |account: u32| {
        let unionid = rig.sim.ids_in(&names.mini, account).unwrap().1.unwrap();
        Id::new(Kind::Unionid, &names.open_account, &unionid).unwrap()
    };
    let view = format!("{}@{}", names.open_corp, names.provider);
    let now = Time::from_ms(1_750_000_100_000);
    assert_eq!(translated(&graph, &unionid(20), (Kind::ExternalUserid, &view), now), None);
    let mut sweep = PendingSweep::new(rig.suite_corp(), &names.open_corp, &names.provider);
    let report = finish(&rig, &graph, &mut sweep);
    assert_eq!(report.recorded, 2, "{report:?}");
    for (account, expected) in [(20, true), (21, true), (22, false)] {
        let found = translated(&graph, &unionid(account), (Kind::ExternalUserid, &view), now);
        assert_eq!(found, expected.then(|| rig.sim.external_ids(account).1));
    }
    assert_eq!(scored(&rig.sim, &graph).1, 0);
}
