//! Events as they come, the calls that they make due, and visitors who are asked about.

use std::collections::BTreeMap;
use std::sync::Arc;

use idweave::simulator::{Fault, Misbehaviour, Plan, Push, Target, When};
use idweave::sync::Secret;
use idweave::sync::callback::Call;
use idweave::sync::callback::{Inbox, InboxOptions, Product, Receiver, Stage};
use idweave::sync::client::{Store, auth_info, suite_ticket};
use idweave::sync::job::{CorpImport, run};
use idweave::sync::live::{Due, Followed, Source, Visited, Visitor, ask_visitor};
use idweave::wechat::{CallbackKey, IngestOptions, Opt};
use idweave::{Error, Graph, Id, Kind, KindScope, Read, Time, Translation, error::CallFailure};

use crate::support::sim_disk::SimDisk;
use crate::sync::rig::{Rig, scored};

/// The provider's suite has its ticket, and the code of the corp that authorised it.
pub(super) fn keep_ticket(rig: &Rig) {
    let names = &rig.names;
    for push in rig.sim.take_pushes() {
        if push.target == Target::Suite && push.xml.contains("<SuiteTicket>") {
            let ticket = push.xml.split("<SuiteTicket><![CDATA[").nth(1).unwrap().split("]]").next().unwrap();
            rig.store.save(&suite_ticket(&names.suite), &Secret::new(ticket)).unwrap();
        }
    }
    let code = idweave::sync::client::permanent_code(&names.suite, &names.open_corp);
    rig.store.save(&code, &Secret::new(&names.permanent_code())).unwrap();
}

/// An account visits the mini program, and the provider asks who he is in the corp.
pub(super) fn visit(rig: &Rig, graph: &Graph, account: u32) -> Visited {
    let names = &rig.names;
    let (openid, unionid) = rig.sim.ids_in(&names.mini, account).unwrap();
    let visitor = Visitor {
        appid: &names.mini,
        openid: &openid,
        open_account: &names.open_account,
        unionid: &unionid.unwrap(),
        corp: &names.open_corp,
        viewer: &names.provider,
        is_of_provider: false,
    };
    ask_visitor(&visitor, &rig.suite_corp(), graph, &rig.platform(None)).unwrap()
}

/// URLs of the corp's own agent, the suite and the official account, with their inbox.
struct Urls {
    receivers: BTreeMap<String, Arc<Receiver>>,
    inbox: Inbox,
    due: Due,
}

impl Urls {
    fn new(rig: &Rig, disk: &SimDisk) -> Urls {
        let names = &rig.names;
        let key = |of: &str| {
            vec![CallbackKey::new(&names.callback_token(of), &names.callback_aes_key(of)).unwrap()]
        };
        let app = idweave::sync::callback::AppMode::Encrypted;
        let of_app = IngestOptions::new().with(Opt::Appid, &names.official);
        let of_suite = IngestOptions::new().with(Opt::Viewer, &names.provider);
        let receivers = [
            Receiver::new("corp", Product::Corp, key(&names.corp), &[&names.corp], IngestOptions::new()),
            Receiver::new("suite", Product::Suite, key(&names.suite), &[&names.suite], of_suite),
            Receiver::new("app", Product::App(app), key(&names.official), &[&names.official], of_app),
        ];
        let receivers = receivers.map(|receiver| Arc::new(receiver.unwrap()));
        let receivers: BTreeMap<String, Arc<Receiver>> =
            receivers.into_iter().map(|receiver| (receiver.name().to_owned(), receiver)).collect();
        let sources = [
            ("corp", Source::new(rig.corp(), None).bound(&names.corp, &names.open_account)),
            ("suite", Source::new(rig.suite(), Some(&names.provider))),
            ("app", Source::new(rig.app(&names.official), None).bound(&names.official, &names.open_account)),
        ];
        let sources = sources.map(|(name, source)| (name.to_owned(), source)).into_iter().collect();
        let inbox = Inbox::open("/inbox", InboxOptions::default().vfs(disk.vfs())).unwrap();
        Urls { due: Due::new(receivers.clone(), sources), receivers, inbox }
    }

    fn post(&self, rig: &Rig, push: &Push) {
        let name = match &push.target {
            Target::Corp => "corp",
            Target::Suite => "suite",
            Target::App(_) => "app",
            _ => return,
        };
        let sealed = push.sealed(&rig.names).unwrap();
        let now = Time::from_ms(1_750_000_000_000).max(rig.platform(None).now());
        let reply = self.inbox.post(&self.receivers[name], &sealed.query, &sealed.body, now);
        assert_eq!(reply.status, 200, "{push:?}");
    }

    /// All that was pushed is taken in and told; then the calls whose time has come are made.
    fn follow(&mut self, rig: &Rig, graph: &Graph) -> Followed {
        for push in rig.sim.take_pushes() {
            self.post(rig, &push);
        }
        let platform = rig.platform(None);
        while let Some(item) = self.inbox.take(Stage::New).unwrap() {
            let receiver = self.receivers[item.receiver()].clone();
            self.inbox.apply(item, &receiver, graph, platform.now()).unwrap();
        }
        self.due.follow(&self.inbox, graph, &platform).unwrap()
    }
}

fn found(graph: &Graph, from: &Id, to: (Kind, &str), rig: &Rig) -> Translation {
    let now = rig.platform(None).now();
    graph.view().translate(from, &KindScope::new(to.0, to.1).unwrap(), now).unwrap()
}

fn unionid(rig: &Rig, account: u32) -> Id {
    let unionid = rig.sim.ids_in(&rig.names.mini, account).unwrap().1.unwrap();
    Id::new(Kind::Unionid, &rig.names.open_account, &unionid).unwrap()
}

#[test]
fn an_event_comes_before_what_it_tells_of_can_be_read_and_is_followed_until_it_can() {
    let rig = Rig::new(Plan::default());
    let graph = Graph::options().in_memory().unwrap();
    let disk = SimDisk::new();
    keep_ticket(&rig);
    let mut urls = Urls::new(&rig, &disk);
    urls.follow(&rig, &graph);
    rig.sim.add_contact(30, 2, "shop-7", 8_000);
    let too_early = urls.follow(&rig, &graph);
    assert_eq!((too_early.done, too_early.failed.len()), (0, 0));
    let external = Id::new(Kind::ExternalUserid, &rig.names.corp, &rig.sim.external_ids(30).0).unwrap();
    // The event alone says whose contact he is, and by which state.
    let contacts = graph.view().contacts_of(&external, &rig.names.corp).unwrap();
    assert_eq!(contacts.first().and_then(|contact| contact.state.clone()).as_deref(), Some("shop-7"));
    rig.clock.pass(3_000);
    let still = urls.follow(&rig, &graph);
    assert_eq!(still.done, 0, "84061: tried again later");
    assert_eq!(
        found(&graph, &external, (Kind::Unionid, &rig.names.open_account), &rig),
        Translation::Unknown
    );
    rig.clock.pass(9_000);
    let read = urls.follow(&rig, &graph);
    assert!(read.done >= 1 && read.failed.is_empty(), "{read:?}");
    let expected = Translation::Found(vec![unionid(&rig, 30)]);
    assert_eq!(found(&graph, &external, (Kind::Unionid, &rig.names.open_account), &rig), expected);
    assert_eq!(scored(&rig.sim, &graph).1, 0);
}

#[test]
fn a_visitor_is_pending_until_he_is_added_and_then_met() {
    let rig = Rig::new(Plan::default());
    let graph = Graph::options().in_memory().unwrap();
    let disk = SimDisk::new();
    let mut urls = Urls::new(&rig, &disk);
    urls.follow(&rig, &graph);
    keep_ticket(&rig);
    // The ticket came by callback as well.
    let permanent = idweave::sync::client::permanent_code(&rig.names.suite, &rig.names.open_corp);
    assert!(rig.store.load(&permanent).unwrap().is_some());
    assert_eq!(visit(&rig, &graph, 40), Visited::Asked { recorded: 1 });
    let view = format!("{}@{}", rig.names.open_corp, rig.names.provider);
    let external = (Kind::ExternalUserid, view.as_str());
    assert!(matches!(found(&graph, &unionid(&rig, 40), external.clone(), &rig), Translation::Pending { .. }));
    let calls = rig.sim.calls();
    assert_eq!(visit(&rig, &graph, 40), Visited::Known, "a pending id needs no second lookup");
    assert_eq!(rig.sim.calls(), calls);
    rig.sim.add_contact(40, 1, "", 0);
    rig.clock.pass(3_000);
    let followed = urls.follow(&rig, &graph);
    assert_eq!(followed.failed.len(), 0, "{followed:?}");
    let met = Id::new(Kind::ExternalUserid, &view, &rig.sim.external_ids(40).1).unwrap();
    assert_eq!(found(&graph, &unionid(&rig, 40), external, &rig), Translation::Found(vec![met]));
    assert_eq!(scored(&rig.sim, &graph).1, 0);
}

#[test]
fn who_follows_is_read_at_once_since_his_unionid_is_gone_when_he_leaves() {
    let rig = Rig::new(Plan::default());
    let graph = Graph::options().in_memory().unwrap();
    let disk = SimDisk::new();
    let mut urls = Urls::new(&rig, &disk);
    rig.sim.follow(900, "door-3");
    urls.follow(&rig, &graph);
    rig.clock.pass(2_500);
    urls.follow(&rig, &graph);
    let openid = rig.sim.ids_in(&rig.names.official, 900).unwrap().0;
    let openid = Id::new(Kind::Openid, &rig.names.official, &openid).unwrap();
    let expected = Translation::Found(vec![unionid(&rig, 900)]);
    assert_eq!(found(&graph, &openid, (Kind::Unionid, &rig.names.open_account), &rig), expected);
}

#[test]
fn whoever_writes_to_customer_service_is_known_by_his_unionid() {
    let rig = Rig::new(Plan::default());
    let graph = Graph::options().in_memory().unwrap();
    let disk = SimDisk::new();
    let mut urls = Urls::new(&rig, &disk);
    for account in [50, 51, 50] {
        rig.sim.write_to_service(account);
    }
    let followed = urls.follow(&rig, &graph);
    assert!(followed.failed.is_empty(), "{followed:?}");
    for account in [50, 51] {
        let external =
            Id::new(Kind::ExternalUserid, &rig.names.corp, &rig.sim.external_ids(account).0).unwrap();
        let expected = Translation::Found(vec![unionid(&rig, account)]);
        assert_eq!(found(&graph, &external, (Kind::Unionid, &rig.names.open_account), &rig), expected);
    }
    let read = rig.sim.calls()["/cgi-bin/kf/customer/batchget"];
    rig.sim.write_to_service(52);
    urls.follow(&rig, &graph);
    assert_eq!(rig.sim.calls()["/cgi-bin/kf/customer/batchget"], read + 1, "only the new message");
}

#[test]
fn nothing_is_asked_for_a_corp_that_took_its_authorisation_back_until_it_gives_it_again() {
    let rig = Rig::new(Plan::default());
    let graph = Graph::options().in_memory().unwrap();
    let disk = SimDisk::new();
    keep_ticket(&rig);
    let mut urls = Urls::new(&rig, &disk);
    urls.follow(&rig, &graph);
    assert!(matches!(visit(&rig, &graph, 40), Visited::Asked { .. }), "it may be asked about");
    rig.sim.add_contact(41, 1, "", 0);
    rig.sim.cancel_suite();
    let followed = urls.follow(&rig, &graph);
    assert!(matches!(followed.told[..], [Call::StopCorp { .. }]), "{followed:?}");
    let calls = rig.sim.calls();
    let of_suite = |calls: &BTreeMap<&'static str, u64>| {
        calls
            .iter()
            .filter(|(path, _)| path.contains("idconvert") || path.contains("/service/"))
            .map(|(_, n)| *n)
            .sum::<u64>()
    };
    rig.clock.pass(3_000);
    let followed = urls.follow(&rig, &graph);
    assert!(followed.stopped >= 1 && followed.failed.is_empty(), "{followed:?}");
    assert_eq!(of_suite(&rig.sim.calls()), of_suite(&calls), "what waited for it is not asked");
    let mut import = CorpImport::new(rig.suite_corp(), &rig.names.open_corp, None, Some(&rig.names.provider));
    let ended = run(&mut import, &graph, &rig.platform(None), &mut |_| {}).unwrap_err();
    assert!(matches!(ended, Error::Call { failure: CallFailure::Stopped, .. }), "{ended}");
    // Taken back and given again before anybody looks: what came last holds.
    rig.sim.cancel_suite();
    rig.sim.authorize_suite();
    let followed = urls.follow(&rig, &graph);
    assert!(followed.failed.is_empty(), "{followed:?}");
    run(&mut import, &graph, &rig.platform(None), &mut |_| {}).unwrap();
}

#[test]
fn what_waits_for_a_corp_waits_on_while_the_code_of_its_new_authorisation_is_not_exchanged() {
    let rig = Rig::new(Plan::default());
    let graph = Graph::options().in_memory().unwrap();
    let disk = SimDisk::new();
    keep_ticket(&rig);
    let mut urls = Urls::new(&rig, &disk);
    urls.follow(&rig, &graph);
    rig.sim.cancel_suite();
    urls.follow(&rig, &graph);
    rig.sim.set_faults(vec![Fault {
        path: "/cgi-bin/service/get_permanent_code".to_owned(),
        when: When::Every(1),
        what: Misbehaviour::Errcode(-1),
    }]);
    rig.sim.authorize_suite();
    rig.sim.add_contact(41, 1, "", 0);
    assert!(!urls.follow(&rig, &graph).failed.is_empty(), "its code is not exchanged");
    for _ in 0..5 {
        rig.clock.pass(1_000);
        assert_eq!(urls.follow(&rig, &graph).stopped, 0, "it may come back");
    }
    rig.sim.set_faults(Vec::new());
    let mut recorded = 0;
    for _ in 0..3 {
        rig.clock.pass(60_000);
        let followed = urls.follow(&rig, &graph);
        assert_eq!(followed.stopped, 0, "{followed:?}");
        recorded += followed.recorded;
    }
    assert!(recorded > 0, "who was met meanwhile is known");
}

#[test]
fn what_a_corp_lets_a_suite_see_is_read_again_when_it_changed_and_told_if_it_is_another() {
    let rig = Rig::new(Plan::default());
    let graph = Graph::options().in_memory().unwrap();
    let disk = SimDisk::new();
    keep_ticket(&rig);
    let mut urls = Urls::new(&rig, &disk);
    urls.follow(&rig, &graph);
    let names = rig.names.clone();
    rig.sim.rotate_tickets();
    let template = rig.sim.take_pushes().into_iter().find(|push| push.target == Target::Suite).unwrap();
    let change = |at_s: i64| {
        let mut push = template.clone();
        push.xml = format!(
            "<xml><SuiteId>{}</SuiteId><InfoType>change_auth</InfoType><TimeStamp>{at_s}</TimeStamp>\
             <AuthCorpId>{}</AuthCorpId></xml>",
            names.suite, names.open_corp
        );
        push
    };
    let mut told = |nth: i64| {
        urls.post(&rig, &change(rig.platform(None).now().ms() / 1_000));
        rig.clock.pass(3_000);
        let followed = urls.follow(&rig, &graph);
        assert_eq!(urls.follow(&rig, &graph).told.len(), 0);
        let reads = rig.sim.calls().get("/cgi-bin/service/get_auth_info").copied();
        assert_eq!(reads, Some(nth as u64), "{followed:?}");
        followed.told.len()
    };
    assert_eq!(told(1), 1, "nobody had read it before");
    assert_eq!(told(2), 0, "it is as it was");
    let known = auth_info(&names.suite, &names.open_corp);
    rig.store.save(&known, &Secret::new("{}")).unwrap();
    assert_eq!(told(3), 1);
}

#[test]
fn what_waits_for_calls_waits_through_a_restart_and_is_forgotten_when_it_is_too_late() {
    let rig = Rig::new(Plan::default());
    let graph = Graph::options().in_memory().unwrap();
    let disk = SimDisk::new();
    let mut urls = Urls::new(&rig, &disk);
    urls.follow(&rig, &graph);
    rig.sim.add_contact(31, 2, "", 0);
    rig.sim.add_contact(32, 2, "", i64::from(u32::MAX));
    urls.follow(&rig, &graph);
    drop(urls);
    let mut urls = Urls::new(&rig, &disk);
    rig.clock.pass(2_500);
    let followed = urls.follow(&rig, &graph);
    assert!(followed.done >= 1, "{followed:?}");
    let waiting = urls.inbox.len(Stage::Due);
    assert!(waiting >= 1, "who cannot be read yet is asked for again");
    rig.clock.pass(2 * 86_400_000);
    let followed = urls.follow(&rig, &graph);
    assert!(followed.expired >= 1, "{followed:?}");
    assert_eq!(urls.inbox.len(Stage::Due), 0);
}
