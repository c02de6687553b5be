//! Streams about hubs of relations: a chat with many members, an employee with many contacts.

use std::collections::BTreeMap;

use idweave::model::{Reach, RelationKind, Selector};
use idweave::{Fact, Id, Op, Time};

use super::Random;

const SOURCES: [&str; 3] = ["work.contact_get", "work.group_get", "import.crm"];
const BASE_MS: i64 = 1_717_200_000_000;

/// A stream of `count` facts.
pub(crate) fn hub_stream(seed: u64, count: usize) -> Vec<Fact> {
    let mut random = Random::new(seed);
    let random = &mut random;
    let members = 70 + random.below(130);
    let mut fresh = 0;
    let mut facts: Vec<Fact> = Vec::with_capacity(count);
    while facts.len() < count {
        let earlier = random.below(facts.len().max(1));
        if let Some(earlier) = facts.get(earlier).filter(|_| random.one_in(12)) {
            facts.push(earlier.clone());
            continue;
        }
        // Mostly one who was not there yet, so that lists grow long.
        let number = if random.one_in(3) { random.below(members) } else { fresh };
        fresh = if number == fresh { (fresh + 1) % members } else { fresh };
        facts.push(fact(number, random));
    }
    facts
}

fn id(text: &str) -> Id {
    let id = text.parse();
    assert!(id.is_ok(), "an id of the generator is good");
    id.unwrap_or_else(|_| unreachable!("asserted above"))
}

fn fact(number: usize, random: &mut Random) -> Fact {
    let at = Time::from_ms(BASE_MS + random.below(20) as i64 * Time::DAY_MS);
    let batch = random.one_in(3).then(|| format!("b{}", random.below(4)));
    let member = id(&format!("external_userid:ww00000000000000c1:wm{number}"));
    let source = (*random.pick(&SOURCES)).to_owned();
    let op = match random.below(100) {
        0..80 => {
            let chat = id("chat_id:ww00000000000000c1:wrHub");
            let staff = id("userid:ww00000000000000c1:hub");
            let (kind, from, to) = if random.one_in(2) {
                (RelationKind::MemberOf, member, chat)
            } else {
                (RelationKind::Follows, staff, member)
            };
            if random.one_in(4) {
                Op::Unrelate { kind, from, to, source }
            } else {
                let state = random.one_in(3).then(|| ("state".to_owned(), format!("{}", random.below(9))));
                let attrs: BTreeMap<String, String> = state.into_iter().collect();
                Op::Relate { kind, from, to, source, attrs }
            }
        }
        80..88 => {
            let selector = if random.one_in(2) {
                Selector::Batch(format!("b{}", random.below(4)))
            } else {
                let scope = random.one_in(2).then(|| member.kind_scope().ok()).flatten();
                Selector::Source { source, scope, from: None, to: at }
            };
            if random.one_in(2) { Op::Retract(selector) } else { Op::Unretract(selector) }
        }
        88..92 if random.one_in(2) => Op::Restrict { id: member, reason: "asked".to_owned() },
        88..92 => Op::Unrestrict { id: member },
        92..95 => {
            Op::Erase { id: member, reach: Reach::Id, reason: "asked".to_owned(), sticky: random.one_in(3) }
        }
        _ => {
            let b = id(&format!("unionid:openA:u{}", number / 2));
            Op::Link { a: member, b, source, strength: None, event: None, expires_at: None }
        }
    };
    let has_selector = matches!(op, Op::Retract(_) | Op::Unretract(_));
    Fact { at, batch: batch.filter(|_| !has_selector), op }
}
