//! Short words for facts and answers, for tests worked out by hand.
//!
//! An id is a letter and a name: `u1` is unionid 1 of open account openA, `w1` of openB, `o1`, `p1`, `q1`
//! openids of three apps, `e1`, `f1` external_userids of two corps, `g1` one of a provider's view, `x1` a
//! pending id, `s1` a state token, `t1` a phone, `k1` a card, `d1` a userid, `c1` a chat, `a1` an app.
//! Times are hours since 2024-06-01.
#![expect(clippy::expect_used, reason = "an example with a bad word is a mistake in the test")]

use std::collections::BTreeMap;

use idweave::model::{Reach, RelationKind, RuleValue, Selector, Strength};
use idweave::{Fact, Id, Op, Time};

use super::oracle::{Oracle, Outcome};

const SPACES: [(&str, &str); 15] = [
    ("u", "unionid:openA:"),
    ("w", "unionid:openB:"),
    ("o", "openid:wx00000000000000a1:"),
    ("p", "openid:wx00000000000000a2:"),
    ("q", "openid:wx00000000000000a3:"),
    ("e", "external_userid:ww00000000000000c1:"),
    ("f", "external_userid:ww00000000000000c2:"),
    ("g", "external_userid:ww00000000000000c1@provP:"),
    ("x", "pending_id:ww00000000000000c1:"),
    ("s", "state_token:ww00000000000000c1:"),
    ("t", "phone:key1:"),
    ("k", "custom.card:shop:"),
    ("d", "userid:ww00000000000000c1:"),
    ("c", "chat_id:ww00000000000000c1:"),
    ("a", "app::"),
];

pub(crate) const DAY: i64 = 24;

/// The id of a short word; a word with a colon is the id itself.
pub(crate) fn id(word: &str) -> Id {
    if word.contains(':') {
        return word.parse().expect("a good id");
    }
    let (letter, name) = word.split_at(1);
    let (_, space) = SPACES.iter().find(|(of, _)| *of == letter).expect("a known letter");
    let value = if letter == "t" { format!("{name:0>64}") } else { format!("v{name}") };
    format!("{space}{value}").parse().expect("a good id")
}

/// The short word of an id.
fn word(text: &str) -> String {
    let short = SPACES.iter().find_map(|(letter, space)| Some((letter, text.strip_prefix(space)?)));
    match short {
        Some((letter @ &"t", value)) => format!("{letter}{}", value.trim_start_matches('0')),
        Some((letter, value)) => format!("{letter}{}", value.trim_start_matches('v')),
        None => text.to_owned(),
    }
}

pub(crate) fn hour(hour: i64) -> Time {
    Time::from_ms(1_717_200_000_000 + hour * 3_600_000)
}

fn fact(at: i64, op: Op) -> Fact {
    Fact { at: hour(at), batch: None, op }
}

fn own(text: &str) -> String {
    text.to_owned()
}

pub(crate) fn link(a: &str, b: &str, source: &str, at: i64) -> Fact {
    let (a, b, source) = (id(a), id(b), own(source));
    fact(at, Op::Link { a, b, source, strength: None, event: None, expires_at: None })
}

pub(crate) fn supersede(old: &str, new: &str, source: &str, at: i64) -> Fact {
    let (old, new, source) = (id(old), id(new), own(source));
    fact(at, Op::Supersede { old, new, source, strength: None, event: None })
}

pub(crate) fn ban(a: &str, b: &str, at: i64) -> Fact {
    fact(at, Op::Ban { a: id(a), b: id(b), reason: own("test"), actor: own("alice") })
}

pub(crate) fn unban(a: &str, b: &str, at: i64) -> Fact {
    fact(at, Op::Unban { a: id(a), b: id(b), actor: own("alice") })
}

pub(crate) fn block(word: &str, at: i64) -> Fact {
    fact(at, Op::Block { id: id(word), reason: own("test"), actor: own("alice") })
}

pub(crate) fn unblock(word: &str, at: i64) -> Fact {
    fact(at, Op::Unblock { id: id(word), actor: own("alice") })
}

pub(crate) fn retract(selector: Selector, at: i64) -> Fact {
    fact(at, Op::Retract(selector))
}

pub(crate) fn unretract(selector: Selector, at: i64) -> Fact {
    fact(at, Op::Unretract(selector))
}

/// The selector of a pair, of one source if it is not empty.
pub(crate) fn pair(a: &str, b: &str, source: &str) -> Selector {
    Selector::Pair { a: id(a), b: id(b), source: Some(own(source)).filter(|source| !source.is_empty()) }
}

/// The selector of a source in hours, in one `kind:scope` if that is not empty.
pub(crate) fn source(source: &str, scope: &str, from: Option<i64>, to: i64) -> Selector {
    let scope = (!scope.is_empty()).then(|| scope.parse().expect("a good scope"));
    Selector::Source { source: own(source), scope, from: from.map(hour), to: hour(to) }
}

pub(crate) fn event(source: &str, event: &str) -> Selector {
    Selector::Event { source: own(source), event: own(event) }
}

pub(crate) fn batch(batch: &str) -> Selector {
    Selector::Batch(own(batch))
}

pub(crate) fn erase(word: &str, reach: Reach, at: i64) -> Fact {
    fact(at, Op::Erase { id: id(word), reach, reason: own("asked"), sticky: false })
}

pub(crate) fn erase_for_good(word: &str, at: i64) -> Fact {
    fact(at, Op::Erase { id: id(word), reach: Reach::Id, reason: own("cancelled"), sticky: true })
}

pub(crate) fn relate(kind: &str, from: &str, to: &str, at: i64) -> Fact {
    let kind = RelationKind::parse(kind).expect("a good relation");
    let (from, to, source) = (id(from), id(to), own("work.contact_get"));
    fact(at, Op::Relate { kind, from, to, source, attrs: BTreeMap::new() })
}

pub(crate) fn unrelate(kind: &str, from: &str, to: &str, at: i64) -> Fact {
    let kind = RelationKind::parse(kind).expect("a good relation");
    let (from, to, source) = (id(from), id(to), own("work.contact_get"));
    fact(at, Op::Unrelate { kind, from, to, source })
}

pub(crate) fn absent(word: &str, target: &str, source: &str, at: i64) -> Fact {
    let target = target.parse().expect("a good target");
    fact(at, Op::Absent { id: id(word), target, source: own(source) })
}

/// `app` is a short letter: o, p or q; `to` is A, B or empty for not bound.
pub(crate) fn app(letter: &str, to: &str, from: i64, at: i64) -> Fact {
    let op = Op::App {
        appid: own(id(&format!("{letter}1")).scope()),
        app_type: None,
        subject: None,
        open_account: (!to.is_empty()).then(|| format!("open{to}")),
        from: hour(from),
    };
    fact(at, op)
}

/// Binds the corp of `e` or `f` to the app of a letter, or to none.
pub(crate) fn corp(letter: &str, app: &str, from: Option<i64>, at: i64) -> Fact {
    let appid = (!app.is_empty()).then(|| own(id(&format!("{app}1")).scope()));
    let op = Op::Corp {
        key: own(id(&format!("{letter}1")).scope()),
        subject: None,
        bound_appid: Some(appid),
        kf_bound_appid: None,
        from: from.map(hour),
        aliases: Vec::new(),
    };
    fact(at, op)
}

/// Names another name of the corp of `e`.
pub(crate) fn alias(alias: &str, at: i64) -> Fact {
    let op = Op::Corp {
        key: own(id("e1").scope()),
        subject: None,
        bound_appid: None,
        kf_bound_appid: None,
        from: None,
        aliases: vec![own(alias)],
    };
    fact(at, op)
}

pub(crate) fn kind(name: &str, per_scope: idweave::model::PerScope, at: i64) -> Fact {
    fact(at, Op::Kind { name: own(name), per_scope })
}

pub(crate) fn rule(name: &str, value: u64, at: i64) -> Fact {
    fact(at, Op::Rules { set: BTreeMap::from([(own(name), RuleValue::Number(value))]) })
}

pub(crate) fn rule_text(name: &str, value: &str, at: i64) -> Fact {
    fact(at, Op::Rules { set: BTreeMap::from([(own(name), RuleValue::Text(own(value)))]) })
}

pub(crate) fn mark(key: &str, value: &str, at: i64) -> Fact {
    fact(at, Op::Mark { key: own(key), value: own(value) })
}

pub(crate) fn restrict(word: &str, at: i64) -> Fact {
    fact(at, Op::Restrict { id: id(word), reason: own("asked") })
}

/// Adds to a fact what most do not have.
pub(crate) trait With: Sized {
    fn in_batch(self, batch: &str) -> Self;
    fn in_event(self, event: &str) -> Self;
    fn stated(self, strength: &str) -> Self;
    fn until(self, expires_at: i64) -> Self;
    fn attr(self, key: &str, value: &str) -> Self;
}

impl With for Fact {
    fn in_batch(mut self, batch: &str) -> Fact {
        self.batch = Some(own(batch));
        self
    }

    fn in_event(mut self, name: &str) -> Fact {
        if let Op::Link { event, .. } | Op::Supersede { event, .. } = &mut self.op {
            *event = Some(own(name));
        }
        self
    }

    fn stated(mut self, name: &str) -> Fact {
        if let Op::Link { strength, .. } | Op::Supersede { strength, .. } = &mut self.op {
            *strength = Strength::parse_stated(name);
        }
        self
    }

    fn until(mut self, at: i64) -> Fact {
        if let Op::Link { expires_at, .. } = &mut self.op {
            *expires_at = Some(hour(at));
        }
        self
    }

    fn attr(mut self, key: &str, value: &str) -> Fact {
        if let Op::Relate { attrs, .. } = &mut self.op {
            attrs.insert(own(key), own(value));
        }
        self
    }
}

/// The oracle that was told the facts in one commit each.
pub(crate) fn told(facts: &[Fact]) -> Oracle {
    let mut oracle = Oracle::new();
    for fact in facts {
        assert_eq!(idweave::model::validate(fact), Ok(()), "an example is a good fact");
        oracle.commit(std::slice::from_ref(fact));
    }
    oracle
}

/// Who is who: entities as `a+b`, the superseded with a minus in front, in the order of the words.
pub(crate) fn entities(outcome: &Outcome) -> String {
    let mut told: Vec<String> = Vec::new();
    for entity in &outcome.entities {
        let mut words: Vec<String> = Vec::new();
        for text in &entity.ids {
            let sign = if entity.superseded.contains(text) { "-" } else { "" };
            words.push(format!("{sign}{}", word(text)));
        }
        words.sort_by_key(|word| word.trim_start_matches('-').to_owned());
        told.push(words.join("+"));
    }
    told.sort_by_key(|word| word.trim_start_matches('-').to_owned());
    told.join(" ")
}

/// The persons of more than one entity: entities by their first word, joined by `&`.
pub(crate) fn persons(outcome: &Outcome) -> String {
    let first =
        |ids: &std::collections::BTreeSet<String>| ids.iter().map(|id| word(id)).min().unwrap_or_default();
    let mut told: Vec<String> = Vec::new();
    for person in outcome.persons.iter().filter(|person| person.len() > 1) {
        let mut words: Vec<String> = person.iter().map(first).collect();
        words.sort();
        told.push(words.join("&"));
    }
    told.sort();
    told.join(" ")
}

/// How an edge ended: `strength accepted` or `strength REASON`, with `person` behind on that level.
pub(crate) fn edge(outcome: &Outcome, a: &str, b: &str) -> String {
    let (a, b) = (id(a).to_string(), id(b).to_string());
    let found: Vec<String> = outcome
        .edges
        .iter()
        .filter(|edge| (edge.a == a && edge.b == b) || (edge.kind == "same" && edge.a == b && edge.b == a))
        .map(|edge| {
            let level = if edge.level == "person" { " person" } else { "" };
            format!("{} {}{level}", edge.strength, edge.reason.unwrap_or(edge.status))
        })
        .collect();
    if found.is_empty() { own("no edge") } else { found.join(", ") }
}
