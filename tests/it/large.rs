//! Large changes: crashes, failing calls and a full disk while they are settled, and what others tell meanwhile.

use std::cell::Cell;

use idweave::model::Placeholders;
use idweave::{Durability, Error, Fact, Graph, Options, Outcome, Result, Time, ndjson};

use crate::laws::engine::{dump, numbers};
use crate::segments::history::leftovers;
use crate::support::oracle::Outcome as Dump;
use crate::support::sim_disk::{Fault, Mode, SimDisk};

const DIR: &str = "/db";
const NOW: Time = Time::from_ms(1_735_689_600_000);
const ACCOUNTS: u32 = 24;

fn fact(line: &str) -> Fact {
    ndjson::parse(line, 1, &Placeholders::default()).unwrap()
}

fn openid(account: u32) -> String {
    format!("openid:wx00000000000000a{}:oAccount{account:04}", account % 4)
}

fn link(account: u32, other: u32, source: &str) -> Fact {
    let openid = openid(account);
    fact(&format!(
        r#"{{"op":"link","a":"{openid}","b":"custom.card:crm:card{other:04}","source":"{source}","strength":"asserted","at":{}}}"#,
        NOW.ms()
    ))
}

fn retraction() -> Fact {
    fact(&format!(r#"{{"op":"retract","source":"import.bad","to":{0},"at":{0}}}"#, NOW.ms()))
}

fn options(disk: &SimDisk) -> Options {
    // Records of a few accounts fill it, so that a change of all is written out several times.
    Graph::options().vfs(disk.vfs()).auto_checkpoint(false).create_if_missing(true).delta_bytes(12_000)
}

fn commit(graph: &Graph, facts: &[Fact]) -> Result<()> {
    let fill = |tx: &mut idweave::Tx| facts.iter().try_for_each(|fact| tx.apply(fact).map(drop));
    graph.write_with(NOW, Durability::Sync, fill).map(drop)
}

/// A graph of accounts that a bad import joined in chains of four.
fn harmed() -> SimDisk {
    let disk = SimDisk::new();
    let graph = options(&disk).open(DIR).unwrap();
    let cards = format!(r#"{{"op":"kind","name":"custom.card","per_scope":"many","at":{}}}"#, NOW.ms());
    commit(&graph, &[fact(&cards)]).unwrap();
    let own: Vec<Fact> = (0..ACCOUNTS).map(|account| link(account, account, "import.crm")).collect();
    let bad = (0..ACCOUNTS).filter(|account| account % 4 < 3);
    let bad: Vec<Fact> = bad.map(|account| link(account, account + 1, "import.bad")).collect();
    for facts in own.chunks(6).chain(bad.chunks(6)) {
        commit(&graph, facts).unwrap();
    }
    graph.close().unwrap();
    SimDisk::from_image(&disk.live_image())
}

fn files_of_segments(disk: &SimDisk) -> usize {
    disk.live_image().files().filter(|(path, _)| path.starts_with("/db/segments")).count()
}

fn answers(graph: &Graph) -> Dump {
    dump(&graph.view())
}

/// What there was before the retraction, and what there is after it.
fn before_and_after() -> (Dump, Dump) {
    let graph = options(&harmed()).open(DIR).unwrap();
    let before = answers(&graph);
    graph.apply(NOW, &retraction()).unwrap();
    let after = answers(&graph);
    assert_eq!((before.entities.len(), after.entities.len()), (ACCOUNTS as usize / 4, ACCOUNTS as usize));
    (before, after)
}

#[test]
fn every_crash_while_a_large_change_is_settled_leaves_all_of_it_or_nothing() {
    let (before, after) = before_and_after();
    let disk = harmed();
    let graph = options(&disk).open(DIR).unwrap();
    let begun = disk.cuts();
    let most_files = Cell::new(0);
    let progress = |_| most_files.set(most_files.get().max(files_of_segments(&disk)));
    graph.write_large(NOW, |tx| tx.apply(&retraction()), progress).unwrap();
    let acknowledged = disk.cuts();
    assert_eq!(answers(&graph), after);
    assert!(most_files.get() > 4, "{} files: it was not written out", most_files.get());
    graph.checkpoint().unwrap();
    std::mem::forget(graph);
    let (mut with, mut without) = (0, 0);
    for cut in begun..=disk.cuts() {
        for mode in [Mode::ALL[0], Mode::ALL[cut % Mode::ALL.len()]] {
            for image in disk.crash_images(cut, mode, 1, cut as u64) {
                let left = SimDisk::from_image(&image);
                let graph = options(&left).open(DIR).unwrap();
                let found = answers(&graph);
                assert!(found == after || (found == before && cut < acknowledged), "cut {cut} {mode:?}");
                assert_eq!(leftovers(&left), Vec::<String>::new(), "cut {cut} {mode:?}");
                assert_eq!(graph.check().unwrap(), [], "cut {cut} {mode:?}");
                *(if found == after { &mut with } else { &mut without }) += 1;
                if cut % 7 == 0 {
                    // It is there, or can be told again.
                    graph.write_large(NOW, |tx| tx.apply(&retraction()), |_| {}).unwrap();
                    assert_eq!(answers(&graph), after, "cut {cut} {mode:?}");
                }
            }
        }
    }
    println!("crashes in a large change: {with} with it, {without} without");
    assert!(with > 20 && without > 100, "{with} with it, {without} without");
}

#[test]
fn a_call_that_fails_while_a_large_change_is_settled_loses_nothing_and_leaves_nothing_behind() {
    let (before, after) = before_and_after();
    let (mut failed, mut poisoned) = (0, 0);
    for index in 0.. {
        let disk = harmed();
        let graph = options(&disk).open(DIR).unwrap();
        let failing = disk.calls() + index;
        disk.inject(Some(Fault::Call { index: failing, forever: false }));
        let written = graph.write_large(NOW, |tx| tx.apply(&retraction()), |_| {});
        let is_over = disk.calls() <= failing;
        disk.inject(None);
        let found = answers(&graph);
        match &written {
            Ok(_) => assert_eq!(found, after, "call {index}"),
            Err(Error::Io { .. } | Error::Poisoned) => {
                assert!(found == before || found == after, "call {index}")
            }
            Err(other) => panic!("call {index}: {other}"),
        }
        failed += u32::from(written.is_err());
        if graph.sync().is_ok() {
            // It goes on as if nothing had been, and what was left is removed.
            graph.write_large(NOW, |tx| tx.apply(&retraction()), |_| {}).unwrap();
            graph.checkpoint().unwrap();
            assert_eq!(answers(&graph), after, "call {index}, gone on");
            assert_eq!(leftovers(&disk), Vec::<String>::new(), "call {index}");
        } else {
            poisoned += 1;
        }
        drop(graph);
        let graph = options(&disk).open(DIR).unwrap();
        let found = answers(&graph);
        assert!(found == after || (found == before && written.is_err()), "call {index}, reopened");
        assert_eq!(leftovers(&disk), Vec::<String>::new(), "call {index}, reopened");
        if is_over {
            break;
        }
    }
    assert!(failed > 40 && poisoned < failed, "{failed} calls failed, {poisoned} of them for good");
}

#[test]
fn a_full_disk_ends_a_large_change_and_nothing_else() {
    let (before, after) = before_and_after();
    let mut refused = 0;
    for bytes in (0..40_000).step_by(1_500) {
        let disk = harmed();
        let graph = options(&disk).open(DIR).unwrap();
        graph.checkpoint().unwrap();
        disk.inject(Some(Fault::Space { bytes }));
        let written = graph.write_large(NOW, |tx| tx.apply(&retraction()), |_| {});
        disk.inject(None);
        match written {
            Ok(_) => assert_eq!(answers(&graph), after),
            Err(Error::Io { .. }) => {
                refused += 1;
                assert_eq!(answers(&graph), before, "{bytes} bytes");
                if graph.sync().is_ok() {
                    graph.write_large(NOW, |tx| tx.apply(&retraction()), |_| {}).unwrap();
                    assert_eq!(answers(&graph), after, "{bytes} bytes");
                }
            }
            Err(other) => panic!("{other}"),
        }
    }
    assert!(refused > 2, "{refused}");
}

#[test]
fn what_numbers_ids_is_no_large_change() {
    let graph = Graph::options().in_memory().unwrap();
    let refused = graph.write_large(NOW, |tx| tx.apply(&link(1, 2, "import.crm")), |_| {});
    assert!(matches!(refused, Err(Error::InvalidFact(_))), "{refused:?}");
    assert_eq!(graph.view().seq(), 0);
    let known = graph.write_large(NOW, |_| Ok(7), |_| {}).unwrap();
    assert_eq!((known.seq, known.value), (0, 7), "nothing to write");
}

#[test]
fn a_corp_with_aliases_is_no_large_change() {
    let graph = Graph::options().in_memory().unwrap();
    let line = |aliases| format!(r#"{{"op":"corp","key":"ww00000000000000aa"{aliases},"at":{}}}"#, NOW.ms());
    let with = fact(&line(r#","aliases":["wpAAAA"]"#));
    let refused = graph.write_large(NOW, |tx| tx.apply(&with), |_| {});
    assert!(matches!(refused, Err(Error::InvalidFact(_))), "{refused:?}");
    let written = graph.write_large(NOW, |tx| tx.apply(&fact(&line(""))), |_| {}).unwrap();
    assert_eq!((written.seq, written.value), (1, Outcome::Recorded));
}

#[test]
fn what_comes_last_may_be_more_than_the_bound() {
    let disk = harmed();
    let graph = options(&disk).delta_bytes(100_000).open(DIR).unwrap();
    let crowd: Vec<Fact> = (100..1_600).map(|account| link(account, account, "import.crm")).collect();
    let told = Cell::new(false);
    let progress = |_| {
        if !told.replace(true) {
            commit(&graph, &crowd).unwrap();
        }
    };
    graph.write_large(NOW, |tx| tx.apply(&retraction()), progress).unwrap();
    assert!(told.get());
    assert_eq!(answers(&graph).entities.len(), ACCOUNTS as usize + crowd.len());
}

#[test]
fn who_told_the_same_meanwhile_has_told_it() {
    let disk = harmed();
    let graph = options(&disk).open(DIR).unwrap();
    let other = fact(&format!(r#"{{"op":"rules","set":{{"hub_limit":7}},"at":{}}}"#, NOW.ms()));
    let (seq, told) = (graph.view().seq(), Cell::new(false));
    let progress = |_| {
        if !told.replace(true) {
            commit(&graph, &[retraction()]).unwrap();
        }
    };
    let fill = |tx: &mut idweave::Tx| {
        assert_eq!(tx.apply(&retraction())?, Outcome::Recorded);
        tx.apply(&other)
    };
    assert_eq!(graph.write_large(NOW, fill, progress).unwrap().seq, seq + 2);
    let as_of = |seq| dump(&graph.view().as_of(seq).unwrap()).entities.len();
    assert_eq!((as_of(seq), as_of(seq + 1)), (ACCOUNTS as usize / 4, ACCOUNTS as usize));
    // Alone, it has nothing left to say.
    let again = graph.write_large(NOW, |tx| tx.apply(&retraction()), |_| {}).unwrap();
    assert_eq!((again.seq, again.value), (seq + 2, Outcome::AlreadyKnown));
}

#[test]
fn an_id_that_is_erased_meanwhile_is_not_told_of_again() {
    let disk = harmed();
    let graph = options(&disk).open(DIR).unwrap();
    let gone = openid(5);
    let of_pair = fact(&format!(
        r#"{{"op":"retract","a":"{gone}","b":"custom.card:crm:card0005","source":"import.crm","at":{}}}"#,
        NOW.ms()
    ));
    let erase =
        fact(&format!(r#"{{"op":"erase","id":"{gone}","reach":"id","reason":"asked","at":{}}}"#, NOW.ms()));
    let told = Cell::new(false);
    let progress = |_| {
        if !told.replace(true) {
            commit(&graph, std::slice::from_ref(&erase)).unwrap();
        }
    };
    let fill = |tx: &mut idweave::Tx| tx.apply(&of_pair).and_then(|_| tx.apply(&retraction()));
    graph.write_large(NOW, fill, progress).unwrap();
    assert!(told.get());
    graph.checkpoint().unwrap();
    let expected = (answers(&graph), numbers(&graph.view()));
    assert_eq!(expected.0.entities.len(), ACCOUNTS as usize);
    for (path, bytes) in disk.live_image().files() {
        assert!(!bytes.windows(12).any(|part| part == b"oAccount0005"), "{} has it", path.display());
    }
    graph.close().unwrap();
    let graph = options(&disk).open(DIR).unwrap();
    assert_eq!((answers(&graph), numbers(&graph.view())), expected);
}
