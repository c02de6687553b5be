//! Events carried over HTTP to a listening callback server, with the platforms' tries and their mishaps.

use std::collections::BTreeMap;
use std::sync::Arc;

use idweave::simulator::{Courier, Fault, Misbehaviour, Plan, Target, When};
use idweave::sync::callback::{Inbox, InboxOptions, Product, Receiver, Stage, serve};
use idweave::sync::job::{CorpReconcile, run};
use idweave::wechat::{CallbackKey, IngestOptions};
use idweave::{Error, Graph, Read, error::CallFailure};

use crate::support::sim_disk::SimDisk;
use crate::sync::rig::{Rig, facts};

/// A corp's callback URL, with its inbox.
struct Url {
    receiver: Arc<Receiver>,
    inbox: Arc<Inbox>,
}

impl Url {
    fn new(rig: &Rig) -> Url {
        let corp = &rig.names.corp;
        let key =
            CallbackKey::new(&rig.names.callback_token(corp), &rig.names.callback_aes_key(corp)).unwrap();
        let receiver = Receiver::new("corp", Product::Corp, vec![key], &[corp], IngestOptions::new());
        let inbox = Inbox::open("/inbox", InboxOptions::default().vfs(SimDisk::new().vfs())).unwrap();
        Url { receiver: Arc::new(receiver.unwrap()), inbox: Arc::new(inbox) }
    }

    fn serve(&self, rig: &Rig) -> idweave::sync::callback::Listening {
        let now = rig.platform(None).now();
        let receivers = BTreeMap::from([("/corp".to_owned(), self.receiver.clone())]);
        serve("127.0.0.1:0".parse().unwrap(), receivers, self.inbox.clone(), Arc::new(move || now)).unwrap()
    }

    fn tell(&self, rig: &Rig, graph: &Graph) {
        while let Some(item) = self.inbox.take(Stage::New).unwrap() {
            self.inbox.apply(item, &self.receiver, graph, rig.platform(None).now()).unwrap();
        }
    }
}

/// Forty customers come, and every third leaves again; what the corp's graph then says.
fn after(faults: Vec<Fault>) -> (Rig, Graph, u64) {
    let rig = Rig::new(Plan::default());
    let url = Url::new(&rig);
    let listening = url.serve(&rig);
    let at = format!("http://{}/corp", listening.addr());
    let graph = Graph::options().in_memory().unwrap();
    rig.sim.take_pushes();
    let mut courier = Courier::new(&rig.sim, [(Target::Corp, at)]).unwrap();
    rig.sim.set_faults(faults);
    let (mut accepted, mut lost) = (0, 0);
    for account in 0..40 {
        rig.clock.pass(1_000);
        rig.sim.add_contact(account, 2, "spring", 0);
        if account % 3 == 0 {
            rig.clock.pass(1_000);
            rig.sim.remove_contact(account, 2, true);
        }
        if account % 8 == 7 {
            let round = courier.round();
            assert_eq!((round.failed, round.given_up), (0, 0));
            (accepted, lost) = (accepted + round.accepted, lost + round.lost);
            url.tell(&rig, &graph);
        }
    }
    assert!(accepted > 0);
    (rig, graph, lost)
}

fn faults(what: Misbehaviour) -> Vec<Fault> {
    vec![Fault { path: Fault::PUSH.to_owned(), when: When::Every(3), what }]
}

#[test]
fn pushes_that_come_twice_or_late_tell_what_they_tell_in_order() {
    let (_, graph, _) = after(Vec::new());
    let expected = facts(&graph);
    // Forty relations are opened, fourteen are closed.
    assert_eq!(expected.len(), 54, "{expected:?}");
    for what in [Misbehaviour::Twice, Misbehaviour::Late] {
        let (_, graph, _) = after(faults(what));
        assert_eq!(facts(&graph), expected, "{what:?}");
    }
}

#[test]
fn what_a_lost_push_would_have_told_is_found_by_comparing() {
    // Events of the suite have no URL here, and are lost as well.
    let (rig, graph, lost) = after(faults(Misbehaviour::Lost));
    assert!(lost >= 18, "{lost}");
    let names = &rig.names;
    let mut job = CorpReconcile::new(rig.corp(), &names.corp, Some(&names.open_account), None);
    run(&mut job, &graph, &rig.platform(None), &mut |_| {}).unwrap();
    let open = |external: &str| {
        let id = format!("external_userid:{}:{external}", names.corp).parse().unwrap();
        let contacts = graph.view().contacts_of(&id, &names.corp).unwrap();
        contacts.iter().filter(|contact| contact.until.is_none()).count()
    };
    for account in 0..40 {
        let pairs = rig.sim.contacts().iter().filter(|(known, _)| *known == account).count();
        assert_eq!(open(&rig.sim.external_ids(account).0), pairs, "{account}");
    }
}

#[test]
fn an_event_is_pushed_three_times_and_then_no_more() {
    let rig = Rig::new(Plan::default());
    let url = Url::new(&rig);
    rig.sim.take_pushes();
    // Nobody listens yet.
    let listening = url.serve(&rig);
    let addr = listening.addr();
    listening.stop();
    let mut courier = Courier::new(&rig.sim, [(Target::Corp, format!("http://{addr}/corp"))]).unwrap();
    rig.sim.add_contact(20, 11, "", 0);
    let rounds = [courier.round(), courier.round()];
    assert!(rounds.iter().all(|round| round.failed == 1), "{rounds:?}");
    let now = rig.platform(None).now();
    let receivers = BTreeMap::from([("/corp".to_owned(), url.receiver.clone())]);
    let again = serve(addr, receivers, url.inbox.clone(), Arc::new(move || now)).unwrap();
    assert_eq!(courier.round().accepted, 1, "the third try arrives");
    assert_eq!(url.inbox.len(Stage::New), 1);
    again.stop();
    rig.sim.add_contact(21, 11, "", 0);
    courier.round();
    courier.round();
    assert_eq!(courier.round().given_up, 1);
    assert_eq!(courier.round(), Default::default());
}

#[test]
fn a_courier_goes_nowhere_but_to_this_machine() {
    let rig = Rig::new(Plan::default());
    for url in ["http://example.com/", "https://127.0.0.1/", "http://127.0.0.1@example.com/", "127.0.0.1"] {
        let refused = Courier::new(&rig.sim, [(Target::Corp, url)]).unwrap_err();
        assert!(matches!(refused, Error::Call { failure: CallFailure::ForeignAddress, .. }), "{url}");
    }
}
