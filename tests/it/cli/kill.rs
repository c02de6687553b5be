//! kill -9 of a real import, again and again: every acknowledged line is there when the database is opened
//! again, and nothing that was never sent.
//!
//! `IDWEAVE_KILL_ROUNDS` says how often (default 5), `IDWEAVE_KILL_SEED` which random choices are made. A seed
//! repeats the choices (sizes of commits, waits), not the moments: how far a child gets before it is killed
//! depends on the machine, so the figure of acknowledged lines differs from run to run.
//!
//! # Not here
//!   loss of power: a killed process leaves its writes with the operating system. The simulated disk does that.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::cli::support::{Db, NOW, link, text_of};

/// Lines of one round; more than a child imports before it is killed, most of the time.
const LINES: usize = 30_000;

fn number_from(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

/// A small random generator of its own, so that a seed says everything (splitmix64).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }
}

/// The facts of a round: small families, so that commits touch what earlier ones wrote.
fn facts(round: u64) -> Vec<String> {
    let fact = |n: usize| {
        let (openid, family) = (format!("openid:wx{:016x}:o{n:08}r{round}", n % 4), n / 4);
        link(&openid, &format!("unionid:wx00000000000000f0:u{family:08}r{round}"), "mini.code2session")
    };
    (0..LINES).map(fact).collect()
}

/// Imports until killed; how many lines were acknowledged, and how many commits.
fn import_and_kill(db: &Db, file: &str, random: &mut Random) -> (usize, u64) {
    let every = (1 + random.below(50)).to_string();
    let mut child = Command::new(env!("CARGO_BIN_EXE_idweave"))
        .args(["import", file, "--ack", "--commit-every", &every, "--now", NOW, "--db", &text_of(&db.path())])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let stdout = child.stdout.take().unwrap();
    let (began, begins) = std::sync::mpsc::channel();
    let reader = std::thread::spawn(move || {
        let mut last = (0, 0);
        for line in BufReader::new(stdout).lines() {
            // A last line that the kill cut in two acknowledges nothing.
            let Ok(ack) = serde_json::from_str::<Value>(&line.unwrap()) else { break };
            if let (Some(line), Some(seq)) = (ack["line"].as_u64(), ack["seq"].as_u64()) {
                last = (usize::try_from(line).unwrap(), seq);
                began.send(()).unwrap_or_default();
            }
        }
        last
    });
    // Most kills come among the commits, some while the database is being opened.
    if random.below(4) > 0 {
        begins.recv().unwrap();
    }
    // The one place where time passes: a kill has to come at a moment of its own.
    let (_silent, silence) = std::sync::mpsc::channel::<()>();
    silence.recv_timeout(Duration::from_micros(random.below(60_000))).unwrap_err();
    child.kill().unwrap();
    child.wait().unwrap();
    drop(begins);
    reader.join().unwrap()
}

#[test]
fn every_acknowledged_line_survives_kill_9() {
    kill_again_and_again("native", 5);
}

#[cfg(feature = "sled")]
#[test]
fn every_acknowledged_line_survives_kill_9_on_sled() {
    kill_again_and_again("sled", 2);
}

#[expect(clippy::print_stdout, reason = "a campaign's figures are what it is run for")]
fn kill_again_and_again(home: &str, rounds: u64) {
    let rounds = number_from("IDWEAVE_KILL_ROUNDS", rounds);
    let seed = number_from("IDWEAVE_KILL_SEED", 1);
    let mut random = Random(seed);
    let (mut acknowledged, mut idle) = (0, 0);
    let mut db = Db::new_in(home);
    let mut kept = BTreeSet::new();
    for round in 0..rounds {
        if round % 20 == 0 {
            // A database grows old over many kills, but not without end.
            (db, kept) = (Db::new_in(home), BTreeSet::new());
        }
        let sent = facts(round);
        let file = db.file("facts", sent.join("\n"));
        let (lines, seq) = import_and_kill(&db, &file, &mut random);
        let check = db.run(&["check", "--json"]);
        assert_eq!(check.code, 0, "round {round}, seed {seed}: {check:?}");
        assert!(check.json()["seq"].as_u64().unwrap() >= seq, "round {round}, seed {seed}: {check:?}");
        let dump = db.run(&["dump", "facts"]).exits(0);
        let found: BTreeSet<String> = dump.stdout.lines().map(str::to_owned).collect();
        kept.extend(sent.iter().take(lines).cloned());
        let lost = kept.difference(&found).count();
        assert_eq!(lost, 0, "round {round}, seed {seed}: of {lines} acknowledged lines");
        // What was sent and not acknowledged may be there, but only a run of whole commits.
        let beyond = sent.iter().skip(lines).take_while(|fact| found.contains(*fact)).count();
        kept.extend(sent.iter().skip(lines).take(beyond).cloned());
        assert_eq!(found, kept, "round {round}, seed {seed}: nothing else");
        acknowledged += lines;
        idle += u64::from(lines == 0);
    }
    println!(
        "kill -9, {home}: {rounds} rounds, seed {seed}, {acknowledged} lines acknowledged, {idle} rounds none, 0 lost"
    );
    assert!(rounds < 5 || idle < rounds, "some kills come among commits");
}
