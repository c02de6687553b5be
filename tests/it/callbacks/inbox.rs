//! The queue and the replay cache over restarts, kills and failing disks.

use std::path::Path;

use idweave::sync::callback::{AppMode, Inbox, InboxOptions, Receiver, Stage};
use idweave::{Error, Graph, Read, Time, ndjson};

use super::{
    APP_B, NOW, Query, app, body, inbox, inbox_on, platform, push, push_at, query as query_of, subscribe,
    suite,
};
use crate::support::sim_disk::{Fault, Fill, Mode, SimDisk};

fn url() -> Receiver {
    app(AppMode::Encrypted)
}

fn post(inbox: &Inbox, push: &(Query, Vec<u8>), now: Time) -> u16 {
    inbox.post(&url(), &push.0, &push.1, now).status
}

fn graph_on(disk: &SimDisk) -> Graph {
    Graph::options().vfs(disk.vfs()).create_if_missing(true).open("/graph").unwrap()
}

/// All facts, as lines.
fn facts(graph: &Graph) -> Vec<String> {
    let mut lines: Vec<String> = graph.view().facts().map(|fact| ndjson::print(&fact.unwrap())).collect();
    lines.sort();
    lines
}

/// Makes facts of all that waits, and finishes what is due.
fn drain(inbox: &Inbox, graph: &Graph) -> Result<(), Error> {
    while let Some(item) = inbox.take(Stage::New)? {
        inbox.apply(item, &url(), graph, NOW)?;
    }
    while let Some(item) = inbox.take(Stage::Due)? {
        inbox.done(item)?;
    }
    Ok(())
}

#[test]
fn a_push_that_comes_again_is_answered_alike_and_queued_once_also_after_restarts() {
    let disk = SimDisk::new();
    let first = push(&subscribe("oX1"), APP_B);
    // The same event in an envelope of its own: what it says is what counts.
    let again = push(&subscribe("oX1"), APP_B);
    let other = push(&subscribe("oX2"), APP_B);
    let inbox = inbox_on(&disk);
    for repeated in [&first, &first, &again] {
        assert_eq!(post(&inbox, repeated, NOW), 200);
    }
    assert_eq!(inbox.len(Stage::New), 1);
    drop(inbox);
    let inbox = inbox_on(&disk);
    for repeated in [&first, &again] {
        assert_eq!(post(&inbox, repeated, NOW), 200);
    }
    assert_eq!(inbox.len(Stage::New), 1, "known from the spool");
    let graph = graph_on(&disk);
    drain(&inbox, &graph).unwrap();
    assert!(inbox.is_empty());
    drop(inbox);
    let inbox = inbox_on(&disk);
    for repeated in [&first, &again] {
        assert_eq!(post(&inbox, repeated, NOW), 200);
    }
    assert!(inbox.is_empty(), "known from the cache");
    assert_eq!(post(&inbox, &other, NOW), 200);
    assert_eq!(inbox.len(Stage::New), 1);
}

/// The signature is made over texts joined with nothing between them. Moving characters between nonce and time keeps it, and
/// brings nothing: it is the signature that is remembered.
#[test]
fn a_push_split_another_way_is_the_same_push() {
    let (_disk, inbox) = inbox();
    let (query, sealed) = push_at(&subscribe("oX1"), APP_B, 1_718_000_003, "1718000004");
    let swapped: Query = query
        .iter()
        .map(|(name, value)| match name.as_str() {
            "timestamp" => ("nonce".to_owned(), value.clone()),
            "nonce" => ("timestamp".to_owned(), value.clone()),
            _ => (name.clone(), value.clone()),
        })
        .collect();
    let moved =
        [("msg_signature", query[0].1.as_str()), ("timestamp", "17180000031"), ("nonce", "718000004")];
    assert_eq!(inbox.post(&url(), &query_of(&moved), &sealed, NOW).status, 403);
    assert_eq!(inbox.post(&url(), &query, &sealed, NOW).status, 200);
    assert_eq!(inbox.post(&url(), &swapped, &sealed, NOW).status, 200);
    assert_eq!(inbox.len(Stage::New), 1);
}

#[test]
fn messages_are_told_apart_by_their_id_and_events_by_all_that_they_say() {
    let (_disk, inbox) = inbox();
    let message = |id: u32, text: &str| {
        let rest = "<CreateTime>1718000000</CreateTime><MsgType>text</MsgType>";
        format!(
            "<xml><FromUserName>o1x</FromUserName>{rest}<Content>{text}</Content><MsgId>{id}</MsgId></xml>"
        )
    };
    let event = |change: &str, code: &str| {
        format!(
            "<xml><FromUserName>sys</FromUserName><CreateTime>1718000000</CreateTime><MsgType>event</MsgType>\
             <Event>change_external_contact</Event><ChangeType>{change}</ChangeType><UserID>zhangsan</UserID>\
             <ExternalUserID>wm1x</ExternalUserID><WelcomeCode>{code}</WelcomeCode></xml>"
        )
    };
    let lines = [
        (message(1, "a"), 1),
        (message(1, "a"), 1),
        (message(2, "a"), 2),
        (event("add_external_contact", "c1"), 3),
        (event("add_external_contact", "c2"), 3),
        (event("del_follow_user", "c2"), 4),
    ];
    for (message, expected) in lines {
        assert_eq!(post(&inbox, &push(&message, APP_B), NOW), 200);
        assert_eq!(inbox.len(Stage::New), expected);
    }
}

#[test]
fn what_was_forgotten_is_too_old_to_be_accepted_again() {
    let disk = SimDisk::new();
    let open = || {
        let options = InboxOptions::default().vfs(disk.vfs()).window_ms(10_000).marks_max(4);
        Inbox::open("/inbox", options).unwrap()
    };
    let second = NOW.ms() / 1000;
    let at = |number: i64| {
        push_at(&subscribe(&format!("oX{number}")), APP_B, second + number, &number.to_string())
    };
    let inbox = open();
    // Room for two pushes: the third makes the first forgotten, and with it all that is not newer.
    for number in 1..=3 {
        assert_eq!(post(&inbox, &at(number), NOW), 200);
    }
    let unseen = push_at(&subscribe("oY"), APP_B, second + 1, "y");
    assert_eq!((post(&inbox, &at(1), NOW), post(&inbox, &unseen, NOW)), (403, 403));
    assert_eq!((post(&inbox, &at(2), NOW), post(&inbox, &at(3), NOW)), (200, 200));
    drain(&inbox, &graph_on(&disk)).unwrap();
    drop(inbox);
    let inbox = open();
    assert_eq!(post(&inbox, &at(1), NOW), 403, "over a restart too");
    assert_eq!((post(&inbox, &at(2), NOW), post(&inbox, &at(3), NOW)), (200, 200));
    assert_eq!(inbox.len(Stage::New), 0);
    // By its time alone.
    assert_eq!(post(&inbox, &at(3), NOW.plus_ms(13_000)), 200, "at the edge of the window it is known");
    assert_eq!(post(&inbox, &at(3), NOW.plus_ms(13_001)), 403, "after it, too old");
}

#[test]
fn an_inbox_that_is_full_sends_the_platform_away_and_takes_what_it_brings_again() {
    let disk = SimDisk::new();
    let inbox = Inbox::open("/inbox", InboxOptions::default().vfs(disk.vfs()).items_max(1)).unwrap();
    let (first, second) = (push(&subscribe("oX1"), APP_B), push(&subscribe("oX2"), APP_B));
    assert_eq!(
        (post(&inbox, &first, NOW), post(&inbox, &second, NOW), post(&inbox, &first, NOW)),
        (200, 503, 200)
    );
    drain(&inbox, &graph_on(&disk)).unwrap();
    assert_eq!(post(&inbox, &second, NOW), 200);
}

/// Eight threads bring the same forty pushes, in orders of their own, while two take them.
#[test]
fn pushes_that_come_at_once_are_kept_once() {
    let (_disk, inbox) = inbox();
    let pushes: Vec<_> = (0..40).map(|number| push(&subscribe(&format!("oX{number}")), APP_B)).collect();
    let taken = std::sync::Mutex::new(Vec::new());
    let pushing = std::sync::atomic::AtomicUsize::new(8);
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let (inbox, pushes, pushing) = (&inbox, &pushes, &pushing);
            scope.spawn(move || {
                for turn in 0..pushes.len() {
                    let push = &pushes[(turn * (2 * thread + 1) + thread * 5) % pushes.len()];
                    assert_eq!(post(inbox, push, NOW), 200);
                }
                pushing.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
            });
        }
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let is_last = pushing.load(std::sync::atomic::Ordering::SeqCst) == 0;
                    while let Some(item) = inbox.take(Stage::New).unwrap() {
                        taken.lock().unwrap().push(String::from_utf8(item.body().to_vec()).unwrap());
                        inbox.done(item).unwrap();
                    }
                    if is_last {
                        return;
                    }
                    inbox.wait(std::time::Duration::from_millis(5));
                }
            });
        }
    });
    let mut taken = taken.into_inner().unwrap();
    assert_eq!(taken.len(), 40);
    taken.sort();
    taken.dedup();
    assert_eq!(taken.len(), 40);
    assert!(inbox.is_empty());
}

#[test]
fn an_inbox_is_opened_once_at_a_time() {
    let (disk, _inbox) = inbox();
    let second = Inbox::open("/inbox", InboxOptions::default().vfs(disk.vfs()));
    assert!(matches!(second, Err(Error::Locked { .. })));
}

/// Whatever call fails, for once or for good: what was answered with success is there afterwards, and what was not is
/// taken when the platform brings it again.
#[test]
fn after_any_failing_call_nothing_that_was_acknowledged_is_lost() {
    let pushes: Vec<_> = (0..4).map(|number| push(&subscribe(&format!("oX{number}")), APP_B)).collect();
    let mut met = 0;
    for forever in [false, true] {
        for index in 0.. {
            let (disk, inbox) = inbox();
            disk.inject(Some(Fault::Call { index, forever }));
            let answers: Vec<u16> = pushes.iter().map(|push| post(&inbox, push, NOW)).collect();
            let failed = answers.iter().any(|status| *status != 200);
            met += u32::from(failed);
            assert!(answers.iter().all(|status| matches!(status, 200 | 503)), "call {index}");
            let kept = answers.iter().filter(|status| **status == 200).count();
            disk.inject(None);
            drop(inbox);
            // The process is killed and the system crashes: what was durable is left.
            let disk = SimDisk::from_image(&disk.live_image());
            let inbox = inbox_on(&disk);
            assert!((kept..=4).contains(&inbox.len(Stage::New)), "call {index}");
            assert!(pushes.iter().all(|push| post(&inbox, push, NOW) == 200));
            assert_eq!(inbox.len(Stage::New), 4, "call {index}: each once");
            if !failed {
                break;
            }
        }
    }
    assert!(met > 10, "the faults hit nothing: {met}");
}

#[test]
fn a_full_disk_makes_the_platform_come_again() {
    let mut met = 0;
    for room in (0..3_000).step_by(61) {
        let (disk, inbox) = inbox();
        disk.inject(Some(Fault::Space { bytes: room }));
        let pushes: Vec<_> = (0..4).map(|number| push(&subscribe(&format!("oX{number}")), APP_B)).collect();
        let answers: Vec<u16> = pushes.iter().map(|push| post(&inbox, push, NOW)).collect();
        met += usize::from(answers.contains(&503));
        disk.inject(None);
        for push in &pushes {
            assert_eq!(post(&inbox, push, NOW), 200);
        }
        assert_eq!(inbox.len(Stage::New), 4, "room {room}: each once");
    }
    assert!(met > 5, "the disk was never full");
}

/// Whatever a crash leaves: every push that was answered is there, whole, once.
#[test]
fn no_crash_loses_a_push_that_was_answered() {
    let disk = SimDisk::new();
    let inbox = inbox_on(&disk);
    let pushes: Vec<_> = (0..3).map(|number| push(&subscribe(&format!("oX{number}")), APP_B)).collect();
    let mut answered = vec![(disk.cuts(), 0)];
    for (number, push) in pushes.iter().enumerate() {
        assert_eq!(post(&inbox, push, NOW), 200);
        answered.push((disk.cuts(), number + 1));
    }
    let modes = [
        Mode::Prefix,
        Mode::Subset { sector: 0, fill: Fill::Lost },
        Mode::Subset { sector: 512, fill: Fill::Zeros },
        Mode::Subset { sector: 512, fill: Fill::Noise },
    ];
    let mut images = 0;
    for cut in answered[0].0..=disk.cuts() {
        let certain = answered.iter().filter(|(at, _)| *at <= cut).map(|(_, count)| *count).max().unwrap();
        for image in modes.iter().flat_map(|mode| disk.crash_images(cut, *mode, 4, 7)) {
            images += 1;
            let after = SimDisk::from_image(&image);
            let inbox = inbox_on(&after);
            let found = inbox.len(Stage::New);
            assert!((certain..=3).contains(&found), "cut {cut}: {found} of {certain}");
            assert_eq!(inbox.damaged(), 0, "S1: what has its name is whole");
            assert!(pushes.iter().all(|push| post(&inbox, push, NOW) == 200));
            assert_eq!(inbox.len(Stage::New), 3, "each once");
        }
    }
    assert!(images > 50, "{images}");
}

/// Killed at every step between the file and the graph, and run again: the same graph as without.
#[test]
fn being_killed_between_facts_and_file_changes_nothing() {
    let texts = [subscribe("oX1"), subscribe("oX2"), body("event.mp.unsubscribe.json")];
    let run = |disk: &SimDisk| {
        let (inbox, graph) = (inbox_on(disk), graph_on(disk));
        drain(&inbox, &graph).map(|()| (facts(&graph), inbox.is_empty()))
    };
    let begin = SimDisk::new();
    let inbox = inbox_on(&begin);
    for text in &texts {
        assert_eq!(post(&inbox, &push(text, APP_B), NOW), 200);
    }
    drop(inbox);
    drop(graph_on(&begin));
    let filled = begin.live_image();
    let undisturbed = SimDisk::from_image(&filled);
    let (expected, _) = run(&undisturbed).unwrap();
    assert_eq!(expected.len(), 3);
    let mut killed = 0;
    for cut in 0..=undisturbed.cuts() {
        for image in undisturbed.crash_images(cut, Mode::Prefix, 2, 3) {
            killed += 1;
            let disk = SimDisk::from_image(&image);
            assert_eq!(run(&disk).unwrap(), (expected.clone(), true), "cut {cut}");
        }
    }
    assert!(killed > 30, "{killed}");
    let mut failed = 0;
    for index in 0..200 {
        let disk = SimDisk::from_image(&filled);
        {
            let (inbox, graph) = (inbox_on(&disk), graph_on(&disk));
            disk.inject(Some(Fault::Call { index, forever: false }));
            failed += u32::from(drain(&inbox, &graph).is_err());
            disk.inject(None);
        }
        assert_eq!(run(&disk).unwrap(), (expected.clone(), true), "call {index}");
    }
    assert!(failed > 10, "{failed}");
}

#[test]
fn calls_wait_in_their_own_stage_until_they_are_made() {
    let disk = SimDisk::new();
    let (inbox, graph) = (inbox_on(&disk), graph_on(&disk));
    assert_eq!(post(&inbox, &push(&subscribe("oX1"), APP_B), NOW), 200);
    assert_eq!(post(&inbox, &push(&body("event.mp.unsubscribe.json"), APP_B), NOW), 200);
    let item = inbox.take(Stage::New).unwrap().unwrap();
    let applied = inbox.apply(item, &url(), &graph, NOW).unwrap();
    assert_eq!((applied.recorded, applied.known, applied.refused, applied.follow_ups), (1, 0, 0, 1));
    let item = inbox.take(Stage::New).unwrap().unwrap();
    assert_eq!(inbox.apply(item, &url(), &graph, NOW).unwrap().follow_ups, 0);
    assert_eq!((inbox.len(Stage::New), inbox.len(Stage::Due)), (0, 1));
    drop(inbox);
    let inbox = inbox_on(&disk);
    assert_eq!((inbox.len(Stage::New), inbox.len(Stage::Due)), (0, 1), "they survive");
    let item = inbox.take(Stage::Due).unwrap().unwrap();
    let work = url().work(&item).unwrap();
    let event_at = 1_718_000_000_000;
    let tries: Vec<i64> = work.follow_ups[0].tries_at.iter().map(|at| at.ms() - event_at).collect();
    assert_eq!(tries, [2_000, 10_000, 60_000, 600_000]);
    // Told again, it is known, and the calls are still due.
    let applied = inbox.apply(item, &url(), &graph, NOW).unwrap();
    assert_eq!((applied.recorded, applied.known, applied.follow_ups), (0, 1, 1));
    // A day later nobody needs them.
    let item = inbox.take(Stage::Due).unwrap().unwrap();
    let later = NOW.plus_ms(2 * Time::DAY_MS);
    assert_eq!(inbox.apply(item, &url(), &graph, later).unwrap().follow_ups, 0);
    assert!(inbox.is_empty());
}

#[test]
fn a_damaged_file_is_set_aside_and_the_others_go_on() {
    let (disk, inbox) = inbox();
    for number in 0..3 {
        assert_eq!(post(&inbox, &push(&subscribe(&format!("oX{number}")), APP_B), NOW), 200);
    }
    let path = Path::new("/inbox/0000000002.new");
    let len = disk.live_image().file(path).unwrap().len();
    for at in [0, 8, 30, 60, len / 2, len - 1] {
        let damaged = disk.damage(path, |bytes| bytes[at] ^= 0x10);
        let damaged = SimDisk::from_image(&damaged.live_image());
        let inbox = inbox_on(&damaged);
        assert_eq!((inbox.len(Stage::New), inbox.damaged()), (2, 1), "byte {at}");
        drain(&inbox, &graph_on(&damaged)).unwrap();
        drop(inbox);
        assert_eq!(inbox_on(&damaged).damaged(), 1, "it stays for people to see");
    }
    // While it runs.
    let running = disk.damage(path, |bytes| bytes.truncate(20));
    let running = SimDisk::from_image(&running.live_image());
    assert_eq!(inbox_on(&running).len(Stage::New), 2);
}

#[test]
fn a_damaged_cache_is_told_where_its_key_is_lost_and_else_costs_its_record_only() {
    let (disk, inbox) = inbox();
    let pushes: Vec<_> = (0..2).map(|number| push(&subscribe(&format!("oX{number}")), APP_B)).collect();
    assert!(pushes.iter().all(|push| post(&inbox, push, NOW) == 200));
    drain(&inbox, &graph_on(&disk)).unwrap();
    drop(inbox);
    let path = Path::new("/inbox/SEEN");
    let clean = SimDisk::from_image(&disk.live_image());
    let head = clean.damage(path, |bytes| bytes[20] ^= 1);
    let opened = Inbox::open("/inbox", InboxOptions::default().vfs(head.vfs()));
    assert!(matches!(opened, Err(Error::Corrupt { .. })));
    // Both marks of the first push; those of the second are good still.
    let record = clean.damage(path, |bytes| {
        bytes[50] ^= 1;
        bytes[80] ^= 1;
        bytes.extend_from_slice(b"cut off");
    });
    let inbox = inbox_on(&record);
    assert_eq!((post(&inbox, &pushes[1], NOW), inbox.len(Stage::New)), (200, 0));
    assert_eq!((post(&inbox, &pushes[0], NOW), inbox.len(Stage::New)), (200, 1));
}

/// No id, ticket, code or key in what is shown, in errors, or in the names and the cache on disk.
#[test]
fn nothing_that_a_callback_brings_is_ever_shown() {
    let canaries = ["oCANARYx", "TICKETCANARY", "CODECANARY", "wmCANARY", "pamtest"];
    let ticket = format!(
        "<xml><SuiteId>{}</SuiteId><InfoType>suite_ticket</InfoType><TimeStamp>1718000000</TimeStamp>\
         <SuiteTicket>TICKETCANARY</SuiteTicket></xml>",
        super::SUITE
    );
    let authorized = format!(
        "<xml><AppId>{}</AppId><CreateTime>1718000000</CreateTime><InfoType>authorized</InfoType>\
         <AuthorizerAppid>{APP_B}</AuthorizerAppid><AuthorizationCode>CODECANARY</AuthorizationCode></xml>",
        super::COMPONENT
    );
    let contact = body("event.work.provider.xml").replace("wmG1jkDwAA6h12XX3FpiA1JUkGsylm9Q", "wmCANARY");
    let disk = SimDisk::new();
    let (inbox, graph) = (inbox_on(&disk), graph_on(&disk));
    let bad = subscribe("oCANARYx").replace("1718000000", "oCANARYx");
    let mut shown = String::new();
    for (url, message, receiveid) in [
        (url(), subscribe("oCANARYx"), APP_B),
        (url(), bad, APP_B),
        (suite(), ticket, super::SUITE),
        (suite(), contact, super::SUITE),
        (platform(), authorized, super::COMPONENT),
    ] {
        let (query, sealed) = push(&message, receiveid);
        let reply = inbox.post(&url, &query, &sealed, NOW);
        assert_eq!(reply.status, 200);
        let item = inbox.take(Stage::New).unwrap().unwrap();
        let work = url.work(&item).unwrap();
        let errors: Vec<String> = work.refused.iter().map(ToString::to_string).collect();
        shown.push_str(&format!("{reply:?} {item:?} {work:?} {errors:?} {url:?} {inbox:?}"));
        let applied = inbox.apply(item, &url, &graph, NOW).unwrap();
        shown.push_str(&format!("{applied:?}"));
    }
    assert!(shown.contains("StoreSuiteTicket") && shown.contains("ExchangeAuthorization"), "{shown}");
    while let Some(item) = inbox.take(Stage::Due).unwrap() {
        inbox.done(item).unwrap();
    }
    let image = disk.live_image();
    for (path, bytes) in image.files().filter(|(path, _)| path.starts_with("/inbox")) {
        shown.push_str(&format!("{path:?}{}", String::from_utf8_lossy(bytes)));
    }
    for canary in canaries {
        assert!(!shown.contains(canary), "{canary}");
    }
}
