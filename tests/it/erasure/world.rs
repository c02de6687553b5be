//! Facts of every operation that name canaries, in every kind and form a value has, among facts that name keepers; and
//! the search for canaries in bytes.

use std::collections::{BTreeSet, HashSet};

use idweave::model::Placeholders;
use idweave::{Durability, Fact, Graph, Id, ndjson};

use crate::support::generate::NOW;
use crate::support::sim_disk::Image;

const START_MS: i64 = 1_735_689_600_000;
const CORP: &str = "ww00000000000000c0";
const APP: &str = "wx00000000000000a1";
const OPEN: &str = "wx00000000000000f0";

/// Pairs of keepers for each canary: the segment that they begin with is not merged with those of canaries.
const KEEPERS: usize = 80;
/// The first turns, after each of which there is a checkpoint.
const CHECKPOINTS: usize = 3;

/// How many letters tell one canary from another.
const TAIL: usize = 10;
/// What every canary begins with, and each form of it that a file may hold: as it is, in lower case, packed in six bits a
/// character; and the same of those that are hex digits.
const HEAD: &str = "CANARYxy";
const HEX_HEAD: &str = "c0ffeec0ffee";

pub(super) fn fact(line: &str) -> Fact {
    ndjson::parse(line, 1, &Placeholders::default()).unwrap_or_else(|error| panic!("{error}: {line}"))
}

/// Letters that no two numbers share.
fn tail(number: usize) -> String {
    let mut rest = (number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 17;
    (0..TAIL)
        .map(|_| {
            let letter = char::from(b'A' + (rest % 26) as u8);
            rest /= 26;
            letter
        })
        .collect()
}

fn value(number: usize) -> String {
    format!("{HEAD}{}", tail(number))
}

fn hex_value(number: usize) -> String {
    let digits: String = tail(number).bytes().map(|byte| format!("{byte:02x}")).collect();
    format!("{HEX_HEAD}{digits}{}", "0f".repeat(16))
}

/// Facts told in turns, a checkpoint after each of the first three; then what is erased.
pub(super) struct World {
    pub(super) turns: Vec<Vec<Fact>>,
    pub(super) erasures: Vec<Fact>,
    pub(super) canaries: Vec<Id>,
    /// Keepers that stood beside canaries, for questions.
    pub(super) keepers: Vec<Id>,
    at: i64,
    tails: HashSet<[u8; TAIL]>,
}

impl World {
    /// About so many canaries, and many keepers for each in a turn before all others.
    pub(super) fn new(count: usize) -> World {
        World::reaching(count, false)
    }

    /// The same with canaries in the first turn too.
    pub(super) fn deep(count: usize) -> World {
        World::reaching(count, true)
    }

    fn reaching(count: usize, is_deep: bool) -> World {
        let mut world = World {
            turns: vec![Vec::new(); 5],
            erasures: Vec::new(),
            canaries: Vec::new(),
            keepers: Vec::new(),
            at: START_MS,
            tails: HashSet::new(),
        };
        for number in 0..count * KEEPERS {
            let (a, b) =
                (format!("openid:{APP}:keepOnly{number}"), format!("unionid:{OPEN}:keepOnly{number}"));
            let line =
                format!(r#"{{"op":"link","a":"{a}","b":"{b}","source":"mp.user_info","at":{START_MS}}}"#);
            world.turns[0].push(fact(&line));
        }
        for number in (3_000_000..).take(if is_deep { count / 10 + 1 } else { 0 }) {
            let id = format!("unionid:{OPEN}:{}", value(number));
            world.new_canary(number, &id);
            let line =
                format!(r#"{{"op":"block","id":"{id}","reason":"{HEAD}","actor":"a","at":{START_MS}}}"#);
            world.turns[0].push(fact(&line));
            world.link(1, &id, &format!("openid:{APP}:keepOnly{}", number % 40), "import.crm", "");
        }
        for number in 0..count {
            world.canary(number);
        }
        world.tell(
            2,
            &format!(r#"{{"op":"corp","key":"{CORP}","aliases":["wpAliasOfTheCorp"],"at":{START_MS}}}"#),
        );
        world.finish();
        world
    }

    fn tell(&mut self, turn: usize, line: &str) {
        self.turns[turn + 1].push(fact(line));
    }

    fn next_at(&mut self) -> i64 {
        self.at += 1;
        self.at
    }

    fn link(&mut self, turn: usize, a: &str, b: &str, source: &str, more: &str) {
        let at = self.next_at();
        self.tell(
            turn,
            &format!(r#"{{"op":"link","a":"{a}","b":"{b}","source":"{source}","at":{at}{more}}}"#),
        );
    }

    fn new_canary(&mut self, number: usize, text: &str) {
        self.canaries.push(text.parse().unwrap());
        let tail = tail(number);
        for form in [tail.clone(), tail.to_ascii_lowercase()] {
            self.tails.insert(form.as_bytes().try_into().unwrap());
        }
    }

    /// One canary and what is said of it, by its kind.
    fn canary(&mut self, number: usize) {
        let value = value(number);
        let id = match number % 10 {
            0 => format!("openid:{APP}:{value}"),
            1 => format!("unionid:{OPEN}:{value}"),
            2 => format!("external_userid:{CORP}:{value}"),
            3 => format!("pending_id:{CORP}:{value}"),
            4 => format!("custom.card:crm:{value}.no"),
            5 => format!("phone:key1:{}", hex_value(number)),
            6 => format!("userid:{CORP}:{value}"),
            7 => format!("chat_id:{CORP}:{value}"),
            8 => format!("external_userid:wpAliasOfTheCorp:{value}"),
            _ => format!("state_token:{APP}:{value}"),
        };
        self.new_canary(number, &id);
        let peer = match number % 10 {
            1 | 3 => format!("external_userid:{CORP}:keepE{number}"),
            6 => format!("userid:{CORP}@wpProvider:keepStaff{number}"),
            7 => format!("opengid:{APP}:keepChat{number}"),
            _ => format!("unionid:{OPEN}:keepU{number}"),
        };
        self.keepers.push(peer.parse().unwrap());
        let turn = number % 3;
        let extra = format!(r#","event":"ev-{value}","batch":"b{}""#, number % 4);
        self.link(turn, &id, &peer, "mp.user_info", &extra);
        self.link(turn + 1, &id, &peer, "import.crm", "");
        self.sides(number, &id, &peer, &value);
        self.relations(number, &id, &value);
        if number.is_multiple_of(10) {
            self.conflict(number, &id, &peer, &value);
        }
        if number % 10 == 1 {
            self.family(number);
        }
        if number % 10 == 4 {
            self.memo_only(number);
        }
    }

    /// Bans, blocks, answers, restrictions and retractions.
    fn sides(&mut self, number: usize, id: &str, peer: &str, value: &str) {
        let batch = if number.is_multiple_of(2) { r#","batch":"toggles""# } else { "" };
        let turn = number % 4;
        let at = self.next_at();
        let other = peer.replace("keep", "keepOther");
        self.tell(turn, &format!(r#"{{"op":"ban","a":"{id}","b":"{other}","reason":"said {value}","actor":"a","at":{at}{batch}}}"#));
        if number % 3 == 1 {
            self.tell(
                turn,
                &format!(r#"{{"op":"block","id":"{id}","reason":"{value}","actor":"a","at":{at}{batch}}}"#),
            );
        }
        if number % 5 == 2 {
            self.tell(
                turn,
                &format!(r#"{{"op":"restrict","id":"{id}","reason":"{value}","at":{at}{batch}}}"#),
            );
        }
        self.tell(turn, &format!(r#"{{"op":"absent","id":"{id}","target":"external_userid:{CORP}","source":"work.contact_get","at":{at}{batch}}}"#));
        if number % 4 == 3 {
            let source = if number.is_multiple_of(3) { r#","source":"import.crm""# } else { "" };
            self.tell(3, &format!(r#"{{"op":"retract","a":"{id}","b":"{peer}"{source},"at":{at}}}"#));
        }
    }

    fn relations(&mut self, number: usize, id: &str, value: &str) {
        let (kind, from, to) = match number % 10 {
            2 => ("follows", format!("userid:{CORP}:keepStaff{}", number % 50), id.to_owned()),
            6 => ("follows", id.to_owned(), format!("external_userid:{CORP}:keepE{number}")),
            7 => ("member_of", format!("unionid:{OPEN}:keepOnly{}", number % 70), id.to_owned()),
            5 | 9 => ("custom.near", id.to_owned(), format!("unionid:{OPEN}:keepU{number}")),
            _ => ("member_of", id.to_owned(), format!("chat_id:{CORP}:keepChat{}", number % 50)),
        };
        let at = self.next_at();
        let turn = number % 4;
        self.tell(turn, &format!(r#"{{"op":"relate","kind":"{kind}","from":"{from}","to":"{to}","source":"work.contact_get","at":{at},"attrs":{{"remark":"{value}"}}}}"#));
        if number.is_multiple_of(6) {
            self.tell(3, &format!(r#"{{"op":"unrelate","kind":"{kind}","from":"{from}","to":"{to}","source":"work.contact_get","at":{}}}"#, at + 1));
        }
    }

    /// Two keepers that cannot be one account, because of the canary that one of them is; and the canary's successor.
    fn conflict(&mut self, number: usize, id: &str, peer: &str, value: &str) {
        let external = format!("external_userid:{CORP}:keepX{number}");
        self.link(0, &external, &format!("openid:{APP}:keepRival{number}"), "operator.a", "");
        self.link(1, &external, peer, "work.contact_get", "");
        let next = format!("{id}next");
        self.canaries.push(next.parse().unwrap());
        let at = self.next_at();
        let text = format!(
            r#"{{"op":"supersede","old":"{id}","new":"{next}","source":"mp.changeopenid","at":{at},"event":"{value}"}}"#
        );
        self.tell(2, &text);
    }

    /// Three canaries that are one account, to be erased with their entity.
    fn family(&mut self, number: usize) {
        let named = number + 1_000_000;
        let value = value(named);
        let ids = [
            format!("unionid:{OPEN}:{value}"),
            format!("openid:{APP}:{value}"),
            format!("external_userid:{CORP}:{value}"),
        ];
        ids.iter().for_each(|id| self.new_canary(named, id));
        self.link(0, &ids[0], &ids[1], "mp.user_info", "");
        self.link(number % 3, &ids[0], &ids[2], "work.contact_get", "");
        let at = START_MS + 900_000_000;
        self.erasures.push(fact(&format!(
            r#"{{"op":"erase","id":"{}","reach":"entity","reason":"{value}","at":{at},"sticky":true}}"#,
            ids[0]
        )));
    }

    /// A canary that only an answer and a retraction name.
    fn memo_only(&mut self, number: usize) {
        let named = number + 2_000_000;
        let id = format!("unionid:{OPEN}:{}", value(named));
        self.new_canary(named, &id);
        let at = self.next_at();
        self.tell(number % 4, &format!(r#"{{"op":"absent","id":"{id}","target":"external_userid:{CORP}","source":"work.unionid_to_external","at":{at}}}"#));
        self.tell(1, &format!(r#"{{"op":"retract","a":"{id}","b":"openid:{APP}:keepOnly1","at":{at}}}"#));
    }

    fn finish(&mut self) {
        let at = START_MS + 900_000_000;
        let taken: BTreeSet<&Id> = self.erasures.iter().flat_map(|fact| fact.op.ids()).collect();
        let erase =
            |id: &&Id| format!(r#"{{"op":"erase","id":"{id}","reach":"id","reason":"{HEAD}","at":{at}}}"#);
        let all: Vec<Fact> =
            self.canaries.iter().filter(|id| !taken.contains(id)).map(|id| fact(&erase(&id))).collect();
        self.erasures.extend(all);
    }

    /// How many restrictions there are.
    pub(super) fn restrictions(&self) -> usize {
        self.facts().filter(|fact| fact.op.name() == "restrict").count()
    }

    /// Every fact, in order.
    pub(super) fn facts(&self) -> impl Iterator<Item = &Fact> {
        self.turns.iter().flatten()
    }

    /// The facts that name no canary.
    pub(super) fn kept_facts(&self) -> Vec<Fact> {
        let canaries: BTreeSet<&Id> = self.canaries.iter().collect();
        let names = |fact: &&Fact| !fact.op.ids().iter().any(|id| canaries.contains(id));
        self.facts().filter(names).cloned().collect()
    }

    /// Tells the turns to a graph, a checkpoint after each of the first three.
    pub(super) fn tell_all(&self, graph: &Graph) {
        for (turn, facts) in self.turns.iter().enumerate() {
            tell(graph, facts);
            if turn < CHECKPOINTS {
                graph.checkpoint().unwrap();
            }
        }
    }

    /// Which files hold a canary, and in which form.
    pub(super) fn found_in<'i>(&self, files: impl Iterator<Item = (String, &'i [u8])>) -> Vec<String> {
        let six_bits = packed(HEAD);
        let eight_bits: Vec<u8> = vec![0xc0, 0xff, 0xee, 0xc0, 0xff, 0xee];
        let lower = HEAD.to_ascii_lowercase();
        let heads: [(&str, &[u8]); 5] = [
            ("as it is", HEAD.as_bytes()),
            ("in lower case", lower.as_bytes()),
            ("packed in six bits", &six_bits),
            ("hex digits", HEX_HEAD.as_bytes()),
            ("packed hex digits", &eight_bits),
        ];
        let mut found = Vec::new();
        for (name, bytes) in files {
            for (form, head) in heads {
                let count = bytes.windows(head.len()).filter(|window| *window == head).count();
                if count > 0 {
                    found.push(format!("{name} holds {count} canaries {form}"));
                }
            }
            let is_tail = |window: &&[u8]| self.tails.contains(*window);
            let tails = bytes.windows(TAIL).filter(is_tail).count();
            if tails > 0 {
                found.push(format!("{name} holds {tails} ends of canaries"));
            }
        }
        found
    }

    /// The same of all files of a disk, or of a part of them.
    pub(super) fn found_on(&self, image: &Image, dir: &str) -> Vec<String> {
        let files = image.files().map(|(path, bytes)| (path.to_string_lossy().into_owned(), bytes));
        self.found_in(files.filter(|(path, _)| path.starts_with(dir)))
    }
}

/// Facts in commits of some hundreds; all of them are accepted.
pub(super) fn tell(graph: &Graph, facts: &[Fact]) {
    for commit in facts.chunks(500) {
        graph
            .write_with(NOW, Durability::Buffered, |tx| {
                commit.iter().try_for_each(|fact| tx.apply(fact).map(drop))
            })
            .unwrap();
    }
    graph.sync().unwrap();
}

/// Characters of base64url in six bits each, as segments hold them; of the last bytes only those that are whole.
fn packed(text: &str) -> Vec<u8> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0);
    for byte in text.bytes() {
        let place = DIGITS.iter().position(|digit| *digit == byte).unwrap() as u32;
        (bits, held) = (bits << 6 | place, held + 6);
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held & 0xff) as u8);
        }
    }
    bytes
}
