//! Receipts name what may still hold an erased id; the trail and the list of snapshots outlive what they tell of.

use idweave::model::Reach;
use idweave::{
    AuditedAct, EraseRequest, ErasedBytes, Error, Graph, Id, Outcome, Read, Snapshot, Time, VerifyLevel,
};

use crate::erasure::bytes::create;
use crate::erasure::world::{fact, tell};
use crate::support::generate::NOW;
use crate::support::sim_disk::SimDisk;

const AT: Time = Time::from_ms(1_735_700_000_000);
const OPENID: &str = "openid:wx00000000000000a1:oReceipt1";
const UNIONID: &str = "unionid:wx00000000000000f0:uReceipt1";

fn id(text: &str) -> Id {
    text.parse().unwrap()
}

fn link(a: &str, b: &str) -> idweave::Fact {
    fact(&format!(r#"{{"op":"link","a":"{a}","b":"{b}","source":"mp.user_info","at":1735689600000}}"#))
}

#[test]
fn a_receipt_lists_the_published_snapshots_that_hold_the_id_and_no_others() {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("db");
    let file = |name: &str| place.path().join(name);
    let graph = Graph::create(&dir).unwrap();
    graph.snapshot(file("empty")).unwrap();
    tell(&graph, &[link(OPENID, UNIONID)]);
    for name in ["monday", "tuesday", "removed", "ruined"] {
        graph.snapshot(file(name)).unwrap();
    }
    std::fs::remove_file(file("removed")).unwrap();
    std::fs::write(file("ruined"), b"not a snapshot any more").unwrap();
    // Kept over a close, as is the list.
    graph.close().unwrap();
    let graph = Graph::open(&dir).unwrap();
    assert_eq!(graph.published().unwrap().len(), 4);

    let request = EraseRequest::new(id(OPENID), Reach::Id, AT).reason("asked by letter");
    let receipt = graph.erase(NOW, &request).unwrap();
    assert_eq!((receipt.outcome, receipt.known_ids, receipt.ids.len()), (Outcome::Recorded, 1, 1));
    assert_eq!(receipt.bytes, ErasedBytes::AtNextCheckpoint);
    let listed: Vec<_> =
        receipt.published.iter().map(|one| (one.path.clone(), one.seq, one.is_readable)).collect();
    assert_eq!(listed, [(file("monday"), 1, true), (file("tuesday"), 1, true), (file("ruined"), 1, false)]);

    // A snapshot that takes the place of one that holds it makes it drop out.
    graph.snapshot(file("monday")).unwrap();
    std::fs::remove_file(file("ruined")).unwrap();
    let again = graph.erase(NOW, &request.clone().bytes_now(true)).unwrap();
    assert_eq!(
        (again.outcome, again.bytes, &again.ids),
        (Outcome::AlreadyKnown, ErasedBytes::Gone, &receipt.ids)
    );
    let listed: Vec<_> = again.published.iter().map(|one| one.path.clone()).collect();
    assert_eq!(listed, [file("tuesday")]);
    let told = format!("{receipt:?} {again:?} {:?}", graph.view().audits().unwrap());
    assert!(!told.contains("oReceipt1") && !told.contains("letter"), "{told}");
}

#[test]
fn a_receipt_of_bytes_now_is_given_when_they_are_gone() {
    let disk = SimDisk::new();
    let graph = create(&disk);
    tell(&graph, &[link(OPENID, UNIONID)]);
    graph.checkpoint().unwrap();
    let holds = || {
        let image = disk.live_image();
        // The beginning of either value, packed: six bits a character.
        let packed = [0xa1_u8, 0x17, 0x9c]; // oRec
        image.files().any(|(_, bytes)| {
            bytes.windows(3).any(|window| window == packed)
                || bytes.windows(8).any(|window| window == b"oReceipt")
        })
    };
    assert!(holds());
    let request = EraseRequest::new(id(UNIONID), Reach::Entity, AT).bytes_now(true).sticky(true);
    let receipt = graph.erase(NOW, &request).unwrap();
    assert_eq!((receipt.bytes, receipt.known_ids, receipt.ids.len()), (ErasedBytes::Gone, 2, 2));
    assert!(!holds());
    assert!(graph.view().resolve(&id(OPENID)).unwrap().is_none());
    let newer = fact(&format!(
        r#"{{"op":"link","a":"{OPENID}","b":"{UNIONID}","source":"mp.user_info","at":{}}}"#,
        AT.ms() + 1_000
    ));
    assert!(matches!(graph.apply(NOW, &newer), Err(Error::Erased)), "sticky");
}

#[test]
fn a_damaged_list_of_snapshots_is_told_before_anything_is_erased() {
    let place = tempfile::tempdir().unwrap();
    let graph = Graph::create(place.path().join("db")).unwrap();
    tell(&graph, &[link(OPENID, UNIONID)]);
    graph.snapshot(place.path().join("monday")).unwrap();
    let list = place.path().join("db").join("PUBLISHED");
    let mut bytes = std::fs::read(&list).unwrap();
    bytes[30] ^= 1;
    std::fs::write(&list, bytes).unwrap();
    let request = EraseRequest::new(id(OPENID), Reach::Id, AT);
    assert!(matches!(graph.erase(NOW, &request), Err(Error::Corrupt { file, .. }) if file == list));
    assert!(graph.view().resolve(&id(OPENID)).unwrap().is_some());
    std::fs::remove_file(&list).unwrap();
    assert_eq!(graph.erase(NOW, &request).unwrap().outcome, Outcome::Recorded);
}

#[test]
fn the_audit_trail_is_the_same_in_the_delta_in_segments_in_snapshots_and_after_replay() {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("db");
    let mut graph = Graph::create(&dir).unwrap();
    tell(&graph, &[link(OPENID, UNIONID)]);
    let restrict =
        fact(&format!(r#"{{"op":"restrict","id":"{UNIONID}","reason":"asked","at":1735689600001}}"#));
    let unrestrict = fact(&format!(r#"{{"op":"unrestrict","id":"{UNIONID}","at":1735689600002}}"#));
    tell(&graph, &[restrict.clone(), unrestrict.clone()]);
    // Known already: nothing was done.
    tell(&graph, &[restrict, unrestrict]);
    graph.checkpoint().unwrap();
    let receipt = graph.erase(NOW, &EraseRequest::new(id(OPENID), Reach::Entity, AT).sticky(true)).unwrap();
    graph.erase(NOW, &EraseRequest::new(id("openid:wx00000000000000a1:nobody"), Reach::Id, AT)).unwrap();
    let trail = graph.view().audits().unwrap();
    let acts: Vec<_> =
        trail.iter().map(|audit| (audit.seq, audit.act, audit.ids.len(), audit.recorded_at)).collect();
    let erased = |reach, sticky| AuditedAct::Erased { reach, sticky };
    assert_eq!(
        acts,
        [
            (2, AuditedAct::Restricted, 1, NOW),
            (2, AuditedAct::Unrestricted, 1, NOW),
            (3, erased(Reach::Entity, true), 2, NOW),
            (4, erased(Reach::Id, false), 1, NOW)
        ]
    );
    assert_eq!(trail[2].ids, receipt.ids);
    assert!(receipt.ids.contains(&trail[0].ids[0]), "an id has one HMAC");
    for turn in 0..3 {
        graph.close().unwrap();
        graph = Graph::open(&dir).unwrap();
        assert_eq!(graph.view().audits().unwrap(), trail, "turn {turn}");
        let follower = Graph::options().open_read_only(&dir).unwrap();
        assert_eq!(follower.view().audits().unwrap(), trail, "turn {turn}");
        graph.checkpoint().unwrap();
        assert_eq!(graph.view().audits().unwrap(), trail, "turn {turn}");
        tell(&graph, &[link(&format!("openid:a:o{turn}xyz"), &format!("unionid:u:u{turn}xyz"))]);
    }
    graph.snapshot(place.path().join("snapshot")).unwrap();
    let snapshot = Snapshot::open(place.path().join("snapshot")).unwrap();
    assert_eq!(snapshot.audits().unwrap(), trail);
    let past = graph.view().as_of(3).unwrap();
    assert_eq!(past.audits().unwrap(), trail[..3]);
    graph.verify(VerifyLevel::Full).unwrap();
}

#[test]
fn an_export_holds_every_fact_that_names_the_id_and_tells_what_is_restricted() {
    let graph = Graph::options().in_memory().unwrap();
    let external = "external_userid:ww00000000000000c0:wReceipt1";
    let staff = "userid:ww00000000000000c0:zhangsan";
    let lines = [
        format!(
            r#"{{"op":"link","a":"{OPENID}","b":"{UNIONID}","source":"mp.user_info","at":1735689600000,"event":"login1"}}"#
        ),
        format!(
            r#"{{"op":"link","a":"{external}","b":"{UNIONID}","source":"work.contact_get","at":1735689600001}}"#
        ),
        format!(
            r#"{{"op":"relate","kind":"follows","from":"{staff}","to":"{external}","source":"work.contact_get","at":1735689600002,"attrs":{{"remark":"a friend"}}}}"#
        ),
        format!(
            r#"{{"op":"ban","a":"{external}","b":"{OPENID}","reason":"two people","actor":"alice","at":1735689600003}}"#
        ),
        format!(r#"{{"op":"block","id":"{UNIONID}","reason":"shared","actor":"alice","at":1735689600004}}"#),
        format!(r#"{{"op":"unblock","id":"{UNIONID}","actor":"alice","at":1735689600005}}"#),
        format!(
            r#"{{"op":"absent","id":"{UNIONID}","target":"pending_id:ww00000000000000c0","source":"work.unionid_to_external","at":1735689600006}}"#
        ),
        format!(
            r#"{{"op":"retract","a":"{external}","b":"{UNIONID}","source":"import.crm","at":1735689600007}}"#
        ),
        format!(r#"{{"op":"restrict","id":"{UNIONID}","reason":"asked","at":1735689600008}}"#),
    ];
    for line in &lines {
        graph.apply(NOW, &fact(line)).unwrap();
    }
    let other = link("openid:wx00000000000000a1:other", "unionid:wx00000000000000f0:other");
    graph.apply(NOW, &other).unwrap();
    let view = graph.view();
    assert!(view.resolve(&id(UNIONID)).unwrap().is_none(), "it is not answered");
    let names = |text: &str, line: &&String| line.contains(&format!("\"{text}\""));
    let parsed = |of: &[&str]| -> Vec<idweave::Fact> {
        lines.iter().filter(|line| of.iter().any(|text| names(text, line))).map(|line| fact(line)).collect()
    };
    let subject = view.export_subject(&id(UNIONID), Reach::Id).unwrap().unwrap();
    let told: Vec<_> = subject.facts.iter().map(|told| told.fact.clone()).collect();
    assert_eq!(told, parsed(&[UNIONID]));
    let seqs: Vec<u64> = subject.facts.iter().map(|told| told.seq).collect();
    assert_eq!(seqs, [1, 2, 5, 6, 7, 8, 9]);
    let [only] = &subject.ids[..] else { panic!("one id") };
    assert!(only.restricted && !only.blocked && only.entity.is_some());
    assert_eq!(subject.edges.len(), 2);
    let all = view.export_subject(&id(OPENID), Reach::Entity).unwrap().unwrap();
    let told: Vec<_> = all.facts.iter().map(|told| told.fact.clone()).collect();
    let named: Vec<&str> = all.ids.iter().map(|one| one.id.as_str()).collect();
    assert!(named.contains(&OPENID) && named.contains(&UNIONID), "{named:?}");
    assert_eq!(told, parsed(&named));
    assert!(told.iter().any(|fact| fact.op.name() == "ban"));
    let contact = view.export_subject(&id(external), Reach::Id).unwrap().unwrap();
    let told: Vec<_> = contact.facts.iter().map(|told| told.fact.clone()).collect();
    assert_eq!(told, parsed(&[external]));
    assert!(told.iter().any(|fact| fact.op.name() == "relate"));
    assert!(view.export_subject(&id("openid:a:nobody"), Reach::Entity).unwrap().is_none());
    graph.erase(NOW, &EraseRequest::new(id(UNIONID), Reach::Entity, AT)).unwrap();
    assert!(graph.view().export_subject(&id(UNIONID), Reach::Entity).unwrap().is_none());
}
