//! What went wrong once does not stay wrong: answers that cannot be read, URLs nobody calls for, lists that move, calls that
//! were lost.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use idweave::model::{Direction, RelationKind, When as Whenever};
use idweave::simulator::{Fault, Misbehaviour, Plan, Push, Target, When};
use idweave::sync::callback::{Inbox, InboxOptions, Product, Receiver, Stage};
use idweave::sync::job::{AccountReconcile, CorpImport, CorpReconcile, GenerationUpgrade, run};
use idweave::sync::live::{Due, Followed, Source};
use idweave::wechat::{CallbackKey, IngestOptions, Opt};
use idweave::{Error, Graph, Id, Kind, KindScope, Read, Translation, error::CallFailure};

use crate::support::sim_disk::SimDisk;
use crate::sync::jobs::{account, corp, finish};
use crate::sync::rig::{Rig, facts, scored, since};

/// The corp's own callback URL, with or without somebody who calls for it.
struct Url {
    receiver: Arc<Receiver>,
    inbox: Inbox,
    due: Due,
}

impl Url {
    fn new(rig: &Rig, source: Option<Source>) -> Url {
        let corp = &rig.names.corp;
        let key =
            CallbackKey::new(&rig.names.callback_token(corp), &rig.names.callback_aes_key(corp)).unwrap();
        let receiver = Receiver::new("corp", Product::Corp, vec![key], &[corp], IngestOptions::new());
        let receiver = Arc::new(receiver.unwrap());
        let receivers = BTreeMap::from([("corp".to_owned(), receiver.clone())]);
        let sources = source.map(|source| ("corp".to_owned(), source)).into_iter().collect();
        let inbox = Inbox::open("/inbox", InboxOptions::default().vfs(SimDisk::new().vfs())).unwrap();
        Url { receiver, inbox, due: Due::new(receivers, sources) }
    }

    fn follow(&mut self, rig: &Rig, graph: &Graph) -> Followed {
        let platform = rig.platform(None);
        for push in rig.sim.take_pushes().iter().filter(|push| push.target == Target::Corp) {
            let sealed = Push::sealed(push, &rig.names).unwrap();
            let reply = self.inbox.post(&self.receiver, &sealed.query, &sealed.body, platform.now());
            assert_eq!(reply.status, 200);
        }
        while let Some(item) = self.inbox.take(Stage::New).unwrap() {
            self.inbox.apply(item, &self.receiver, graph, platform.now()).unwrap();
        }
        self.due.follow(&self.inbox, graph, &platform).unwrap()
    }
}

fn external(rig: &Rig, account: u32) -> Id {
    Id::new(Kind::ExternalUserid, &rig.names.corp, &rig.sim.external_ids(account).0).unwrap()
}

fn unionid_of(rig: &Rig, graph: &Graph, id: &Id) -> Translation {
    let space = KindScope::new(Kind::Unionid, &rig.names.open_account).unwrap();
    graph.view().translate(id, &space, rig.platform(None).now()).unwrap()
}

fn has_unionid(rig: &Rig, graph: &Graph, id: &Id) -> bool {
    matches!(unionid_of(rig, graph, id), Translation::Found(_))
}

#[test]
fn an_answer_that_cannot_be_read_costs_nobody_else_his_call() {
    let rig = Rig::new(Plan::default());
    let graph = Graph::options().in_memory().unwrap();
    // The settings do not say whose unionids the corp's customers have.
    let mut url = Url::new(&rig, Some(Source::new(rig.corp(), None)));
    url.follow(&rig, &graph);
    for account in [30, 31] {
        rig.sim.add_contact(account, 2, "", 0);
    }
    url.follow(&rig, &graph);
    rig.clock.pass(3_000);
    let followed = url.follow(&rig, &graph);
    assert_eq!((followed.done, followed.failed.len()), (0, 2), "{followed:?}");
    assert_eq!(url.inbox.len(Stage::Due), 2, "they wait for settings that do");
    // They are corrected, and the same items are read.
    let bound = Source::new(rig.corp(), None).bound(&rig.names.corp, &rig.names.open_account);
    let receivers = BTreeMap::from([("corp".to_owned(), url.receiver.clone())]);
    url.due = Due::new(receivers, BTreeMap::from([("corp".to_owned(), bound)]));
    let followed = url.follow(&rig, &graph);
    assert_eq!((followed.done, followed.failed.len()), (2, 0), "{followed:?}");
    assert!(has_unionid(&rig, &graph, &external(&rig, 30)) && has_unionid(&rig, &graph, &external(&rig, 31)));
}

#[test]
fn where_nobody_calls_for_a_url_its_items_go_when_it_is_too_late() {
    let rig = Rig::new(Plan::default());
    let graph = Graph::options().in_memory().unwrap();
    let mut url = Url::new(&rig, None);
    url.follow(&rig, &graph);
    rig.sim.add_contact(30, 2, "", 0);
    let followed = url.follow(&rig, &graph);
    assert_eq!((followed.done, url.inbox.len(Stage::Due)), (0, 1));
    rig.clock.pass(2 * 86_400_000);
    let followed = url.follow(&rig, &graph);
    assert_eq!((followed.done, followed.expired, url.inbox.len(Stage::Due)), (1, 1, 0));
}

#[test]
fn while_the_network_is_down_one_call_a_url_is_tried_and_not_one_an_item() {
    let rig = Rig::new(Plan::default());
    let graph = Graph::options().in_memory().unwrap();
    let bound = Source::new(rig.corp(), None).bound(&rig.names.corp, &rig.names.open_account);
    let mut url = Url::new(&rig, Some(bound));
    url.follow(&rig, &graph);
    for account in 30..40 {
        rig.sim.add_contact(account, 2, "", 0);
    }
    url.follow(&rig, &graph);
    rig.clock.pass(3_000);
    let down = Fault { path: String::new(), when: When::Every(1), what: Misbehaviour::Status(502) };
    rig.sim.set_faults(vec![down]);
    let followed = url.follow(&rig, &graph);
    assert_eq!((followed.done, followed.failed.len()), (0, 1), "{followed:?}");
    rig.sim.set_faults(Vec::new());
    rig.clock.pass(120_000);
    assert_eq!(url.follow(&rig, &graph).done, 10);
}

#[test]
fn a_command_that_names_no_corp_is_refused_and_stops_nobody() {
    let rig = Rig::new(Plan::default());
    let graph = Graph::options().in_memory().unwrap();
    let names = &rig.names;
    let key = CallbackKey::new(&names.callback_token(&names.suite), &names.callback_aes_key(&names.suite));
    let key = key.unwrap();
    let options = IngestOptions::new().with(Opt::Viewer, &names.provider);
    let keys = vec![
        CallbackKey::new(&names.callback_token(&names.suite), &names.callback_aes_key(&names.suite)).unwrap(),
    ];
    let receiver = Receiver::new("suite", Product::Suite, keys, &[&names.suite], options).unwrap();
    let inbox = Inbox::open("/inbox", InboxOptions::default().vfs(SimDisk::new().vfs())).unwrap();
    let event = |corp: &str| {
        format!(
            "<xml>{corp}<CreateTime>1750000000</CreateTime><MsgType>event</MsgType>\
             <Event>change_external_contact</Event><ChangeType>add_external_contact</ChangeType>\
             <UserID>wo1</UserID><ExternalUserID>wmBAtQDAAA4b-cRjEaWi-_a8K1eyOuYA</ExternalUserID></xml>"
        )
    };
    let now = rig.platform(None).now();
    let recorded = |xml: &str, nonce: &str| {
        let encrypt = key.seal([3; 16], xml.as_bytes(), &names.suite).unwrap();
        let stamp = (now.ms() / 1_000).to_string();
        let signature = key.signature(&stamp, nonce, &encrypt);
        let query = [("msg_signature", signature.as_str()), ("timestamp", &stamp), ("nonce", nonce)];
        let query: Vec<_> =
            query.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        let body = format!("<xml><Encrypt>{encrypt}</Encrypt></xml>");
        assert_eq!(inbox.post(&receiver, &query, body.as_bytes(), now).status, 200);
        let item = inbox.take(Stage::New).unwrap().unwrap();
        let applied = inbox.apply(item, &receiver, &graph, now).unwrap();
        (applied.recorded, applied.refused)
    };
    let of_suite = format!("<SuiteId>{}</SuiteId>", names.suite);
    assert_eq!(recorded(&event(&of_suite), "1"), (0, 1), "nobody knows whose contact it is");
    let of_data = format!("<ToUserName>{}</ToUserName>", names.open_corp);
    assert_eq!(recorded(&event(&of_data), "2"), (1, 0), "data callbacks are written to the corp");
}

#[test]
fn a_run_that_goes_on_misses_nobody_when_the_list_has_moved() {
    let mut plan = Plan::default();
    (plan.followers, plan.accounts) = (900, 1_000);
    let rig = Rig::new(plan);
    let graph = Graph::options().in_memory().unwrap();
    let ended = run(&mut account(&rig), &graph, &rig.platform(Some(4)), &mut |_| {}).unwrap_err();
    assert!(matches!(ended, Error::Call { failure: CallFailure::CallsUsedUp, .. }), "{ended}");
    // While nobody reads, some of those who were read leave, so that all others move up.
    for account in (0..150).step_by(7) {
        rig.sim.unfollow(account);
    }
    finish(&rig, &graph, &mut account(&rig));
    for follower in rig.sim.followers() {
        let openid = rig.sim.ids_in(&rig.names.official, follower).unwrap().0;
        let openid = Id::new(Kind::Openid, &rig.names.official, &openid).unwrap();
        assert!(has_unionid(&rig, &graph, &openid), "follower {follower}");
    }
    assert_eq!(scored(&rig.sim, &graph).1, 0);
}

#[test]
fn a_comparison_asks_for_the_unionids_that_nobody_read() {
    let rig = Rig::new(Plan::default());
    let graph = Graph::options().in_memory().unwrap();
    finish(&rig, &graph, &mut account(&rig));
    finish(&rig, &graph, &mut corp(&rig));
    rig.sim.take_pushes();
    // The events of a follower and of a customer came, and the calls that they made due were lost.
    let mut url = Url::new(&rig, None);
    rig.clock.pass(60_000);
    rig.sim.follow(700, "door");
    rig.sim.add_contact(3, 2, "summer", 0);
    let key = CallbackKey::new(
        &rig.names.callback_token(&rig.names.official),
        &rig.names.callback_aes_key(&rig.names.official),
    )
    .unwrap();
    let options = IngestOptions::new().with(Opt::Appid, &rig.names.official);
    let app = idweave::sync::callback::AppMode::Encrypted;
    let receiver =
        Receiver::new("app", Product::App(app), vec![key], &[&rig.names.official], options).unwrap();
    let pushes = rig.sim.take_pushes();
    let subscribe = pushes.iter().find(|push| push.xml.contains("subscribe")).unwrap();
    let sealed = subscribe.sealed(&rig.names).unwrap();
    let now = rig.platform(None).now();
    assert_eq!(url.inbox.post(&receiver, &sealed.query, &sealed.body, now).status, 200);
    let item = url.inbox.take(Stage::New).unwrap().unwrap();
    url.inbox.apply(item, &receiver, &graph, now).unwrap();
    rig.sim.add_contact(4, 2, "summer", 0);
    url.follow(&rig, &graph);
    let openid = rig.sim.ids_in(&rig.names.official, 700).unwrap().0;
    let openid = Id::new(Kind::Openid, &rig.names.official, &openid).unwrap();
    assert!(!has_unionid(&rig, &graph, &openid) && !has_unionid(&rig, &graph, &external(&rig, 4)));
    rig.clock.pass(3_600_000);
    let names = &rig.names;
    let mut compared = CorpReconcile::new(rig.corp(), &names.corp, Some(&names.open_account), None);
    finish(&rig, &graph, &mut compared);
    let mut compared =
        AccountReconcile::new(rig.app(&names.official), &names.official, Some(&names.open_account));
    finish(&rig, &graph, &mut compared);
    for id in [&openid, &external(&rig, 3), &external(&rig, 4)] {
        assert!(has_unionid(&rig, &graph, id), "{id:?}");
    }
}

#[test]
fn a_list_that_leaves_somebody_out_ends_no_subscription() {
    let rig = Rig::new(Plan::default());
    let graph = Graph::options().in_memory().unwrap();
    finish(&rig, &graph, &mut account(&rig));
    let told = facts(&graph);
    rig.clock.pass(3_600_000);
    let names = &rig.names;
    // The platform's list is the least there are.
    let path = "/cgi-bin/user/get".to_owned();
    let at_first = Fault { path: path.clone(), when: When::Nth(1), what: Misbehaviour::ShortList(500) };
    let ever_since = Fault { path, when: When::Every(1), what: Misbehaviour::ShortList(0) };
    rig.sim.set_faults(vec![at_first, ever_since]);
    let before = rig.sim.calls();
    let mut compared =
        AccountReconcile::new(rig.app(&names.official), &names.official, Some(&names.open_account));
    let report = finish(&rig, &graph, &mut compared);
    assert_eq!(report.refused, 100);
    assert!(facts(&graph) == told);
    let asked = since(&rig.sim, &before)["/cgi-bin/user/info/batchget"];
    assert_eq!(asked, 1, "who was left out is asked for");
}

#[test]
fn a_comparison_that_is_ended_goes_on_with_its_list_and_sees_who_came_and_went_meanwhile() {
    let rig = Rig::new(Plan::default());
    let graph = Graph::options().in_memory().unwrap();
    finish(&rig, &graph, &mut account(&rig));
    rig.clock.pass(3_600_000);
    (0..250).for_each(|account| rig.sim.unfollow(account));
    rig.clock.pass(3_600_000);
    let names = &rig.names;
    let compared =
        || AccountReconcile::new(rig.app(&names.official), &names.official, Some(&names.open_account));
    // Lists of a hundred at a time.
    let short = Misbehaviour::ShortList(100);
    rig.sim.set_faults(vec![Fault {
        path: "/cgi-bin/user/get".to_owned(),
        when: When::Every(1),
        what: short,
    }]);
    let mut runs = 0;
    loop {
        runs += 1;
        assert!(runs < 30, "it does not come further");
        match run(&mut compared(), &graph, &rig.platform(Some(2)), &mut |_| {}) {
            Ok(_) => break,
            Err(Error::Call { failure: CallFailure::CallsUsedUp, .. }) => {}
            Err(error) => panic!("{error}"),
        }
        // While nobody reads: some leave whom the list has or has not yet, one comes, one comes back.
        if runs == 2 {
            [300, 301, 598, 599].into_iter().for_each(|account| rig.sim.unfollow(account));
            [7, 700].into_iter().for_each(|account| rig.sim.follow(account, "door"));
        }
        rig.clock.pass(60_000);
    }
    assert!(runs > 3, "{runs}");
    let lists = rig.sim.calls()["/cgi-bin/user/get"];
    assert!(lists <= 7, "no page is read twice: {lists}");
    rig.sim.set_faults(Vec::new());
    rig.clock.pass(86_400_000);
    finish(&rig, &graph, &mut compared());
    let app = Id::new(Kind::App, "", &names.official).unwrap();
    let kind = RelationKind::Subscribes;
    let view = graph.view();
    let open = view.neighbors(&app, &kind, Direction::In, Whenever::Open).map(|found| found.unwrap().from);
    let open: BTreeSet<String> = open.map(|openid| openid.spelling().to_owned()).collect();
    let expected =
        rig.sim.followers().into_iter().map(|account| rig.sim.ids_in(&names.official, account).unwrap().0);
    assert_eq!(open, expected.collect());
}

#[test]
fn a_run_that_goes_on_misses_no_group_when_one_was_dissolved() {
    let chats = KindScope::new(Kind::ChatId, &Rig::new(Plan::default()).names.corp).unwrap();
    let known = |graph: &Graph| graph.view().ids_in(&chats).count();
    for calls_max in [2, 3] {
        let rig = Rig::new(Plan::default());
        let graph = Graph::options().in_memory().unwrap();
        let mut is_dissolved = false;
        loop {
            match run(&mut corp(&rig), &graph, &rig.platform(Some(calls_max)), &mut |_| {}) {
                Ok(_) => break,
                Err(Error::Call { failure: CallFailure::CallsUsedUp, .. }) => {}
                Err(error) => panic!("{error}"),
            }
            // The first of them goes when it was read, so that all others move up.
            if known(&graph) == 2 && !is_dissolved {
                rig.sim.dismiss_group(0);
                is_dissolved = true;
            }
        }
        assert!(is_dissolved);
        assert_eq!(known(&graph), 4, "{calls_max} calls at a time");
    }
}

#[test]
fn an_employee_who_gets_the_userid_of_one_who_left_inherits_nothing() {
    let rig = Rig::new(Plan::default());
    let graph = Graph::options().in_memory().unwrap();
    finish(&rig, &graph, &mut corp(&rig));
    let names = &rig.names;
    finish(&rig, &graph, &mut GenerationUpgrade::new(rig.developed(), &names.corp, &names.provider));
    let mut url = Url::new(&rig, None);
    url.follow(&rig, &graph);
    let userid = Id::new(Kind::Userid, &names.corp, &rig.sim.userid(3)).unwrap();
    let of_provider = KindScope::new(Kind::Userid, &format!("{}@{}", names.corp, names.provider)).unwrap();
    let now = rig.platform(None).now();
    let is_linked = || {
        let answer = graph.view().translate(&userid, &of_provider, now).unwrap();
        matches!(answer, Translation::Found(_))
    };
    rig.clock.pass(60_000);
    rig.sim.depart(3);
    url.follow(&rig, &graph);
    assert!(is_linked(), "who left is who he was");
    rig.clock.pass(60_000);
    rig.sim.hire_again(3);
    url.follow(&rig, &graph);
    assert!(!is_linked());
    let entity = graph.view().resolve(&userid).unwrap().unwrap();
    assert!(entity.members.iter().any(|member| member.id == userid && member.blocked));
}

#[test]
fn a_corp_whose_cursors_die_is_begun_again_a_few_times_and_no_more() {
    let mut plan = Plan::default();
    (plan.customers, plan.employees) = (900, 4);
    let rig = Rig::new(plan);
    let graph = Graph::options().in_memory().unwrap();
    // Each second page is refused, so that the first one is read again and again.
    rig.sim.set_faults(vec![Fault {
        path: "/cgi-bin/externalcontact/batch/get_by_user".to_owned(),
        when: When::Every(2),
        what: Misbehaviour::Errcode(40058),
    }]);
    let mut job = CorpImport::new(rig.corp(), &rig.names.corp, Some(&rig.names.open_account), None);
    let ended = run(&mut job, &graph, &rig.platform(Some(500)), &mut |_| {}).unwrap_err();
    assert!(matches!(ended, Error::Call { failure: CallFailure::Settings(40058), .. }), "{ended}");
    assert!(rig.sim.calls()["/cgi-bin/externalcontact/batch/get_by_user"] < 12);
    rig.sim.set_faults(Vec::new());
    finish(&rig, &graph, &mut job);
    assert_eq!(scored(&rig.sim, &graph).1, 0);
    let customers: BTreeSet<u32> = rig.sim.contacts().iter().map(|(account, _)| *account).collect();
    assert!(
        customers.iter().all(|account| graph.view().resolve(&external(&rig, *account)).unwrap().is_some())
    );
}
