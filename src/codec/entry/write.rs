//! Entries become bytes; the tables are in `entry/mod.rs`.

use crate::codec::bytes::Writer;
use crate::codec::entry::dictionary::Numbering;
use crate::codec::entry::{Entry, Erasure, tag};
use crate::model::{Fact, Id, Op, PerScope, RelationKind, RuleValue, Selector, Time};

/// A guess that spares most growing: two 28-character ids, a time and a few references.
const ENTRY_LEN_GUESS: usize = 80;

/// The payload of a commit.
///
/// # Panics
/// On a fact that says `erase` (N3): that is a bug of the caller, who expands it to an [`Erasure`].
pub(crate) fn encode_commit(entries: &[Entry]) -> Vec<u8> {
    let mut encoder = Encoder {
        out: Writer::with_capacity(16 + entries.len() * ENTRY_LEN_GUESS),
        names: Numbering::default(),
        spaces: Numbering::default(),
        at: Time::default(),
        previous: Time::default(),
    };
    encoder.out.u8(tag::VERSION);
    encoder.out.varint(entries.len() as u64);
    for entry in entries {
        match entry {
            Entry::Fact(fact) => encoder.fact(fact),
            Entry::Erase(erasure) => encoder.erasure(erasure),
            Entry::Undo { seq } => {
                encoder.out.u8(tag::UNDO);
                encoder.out.varint(*seq);
            }
        }
    }
    encoder.out.into_bytes()
}

struct Encoder<'a> {
    out: Writer,
    names: Numbering<'a>,
    spaces: Numbering<'a>,
    /// The `at` of this entry, and of the one before.
    at: Time,
    previous: Time,
}

impl<'a> Encoder<'a> {
    fn fact(&mut self, fact: &'a Fact) {
        assert!(!matches!(fact.op, Op::Erase { .. }), "N3: an erase fact is never encoded");
        self.previous = self.at;
        self.at = fact.at;
        let batch = fact.batch.as_deref();
        match &fact.op {
            Op::Link { a, b, source, strength, event, expires_at } => {
                let flags = [strength.is_some(), event.is_some(), expires_at.is_some()];
                self.head(tag::LINK, flags, batch);
                self.ids([a, b]);
                self.name(source);
                self.optional(*strength, |e, s| e.out.u8(tag::of_strength(s)));
                self.optional(event.as_deref(), Encoder::text);
                self.optional(*expires_at, Encoder::time);
            }
            Op::Supersede { old, new, source, strength, event } => {
                let flags = [strength.is_some(), event.is_some()];
                self.head(tag::SUPERSEDE, flags, batch);
                self.ids([old, new]);
                self.name(source);
                self.optional(*strength, |e, s| e.out.u8(tag::of_strength(s)));
                self.optional(event.as_deref(), Encoder::text);
            }
            Op::Relate { kind, from, to, source, attrs } => {
                self.head(tag::RELATE, [], batch);
                self.relation(kind, from, to, source);
                self.out.varint(attrs.len() as u64);
                for (key, value) in attrs {
                    self.name(key);
                    self.text(value);
                }
            }
            Op::Unrelate { kind, from, to, source } => {
                self.head(tag::UNRELATE, [], batch);
                self.relation(kind, from, to, source);
            }
            Op::Absent { id, target, source } => {
                self.head(tag::ABSENT, [], batch);
                self.id(id);
                self.space(target.as_str());
                self.name(source);
            }
            Op::Retract(selector) => self.selector(RETRACTIONS, selector, batch),
            Op::Unretract(selector) => self.selector(UNRETRACTIONS, selector, batch),
            Op::Ban { .. }
            | Op::Unban { .. }
            | Op::Block { .. }
            | Op::Unblock { .. }
            | Op::Restrict { .. }
            | Op::Unrestrict { .. } => self.decision(&fact.op, batch),
            Op::OpenAccount { .. }
            | Op::App { .. }
            | Op::Corp { .. }
            | Op::Provider { .. }
            | Op::Kind { .. }
            | Op::Rules { .. }
            | Op::Mark { .. } => self.setting(&fact.op, batch),
            Op::Erase { .. } => {}
        }
    }

    fn decision(&mut self, op: &'a Op, batch: Option<&'a str>) {
        match op {
            Op::Ban { a, b, reason, actor } => {
                self.head(tag::BAN, [], batch);
                self.ids([a, b]);
                self.text(reason);
                self.name(actor);
            }
            Op::Unban { a, b, actor } => {
                self.head(tag::UNBAN, [], batch);
                self.ids([a, b]);
                self.name(actor);
            }
            Op::Block { id, reason, actor } => {
                self.head(tag::BLOCK, [], batch);
                self.id(id);
                self.text(reason);
                self.name(actor);
            }
            Op::Unblock { id, actor } => {
                self.head(tag::UNBLOCK, [], batch);
                self.id(id);
                self.name(actor);
            }
            Op::Restrict { id, reason } => {
                self.head(tag::RESTRICT, [], batch);
                self.id(id);
                self.text(reason);
            }
            Op::Unrestrict { id } => {
                self.head(tag::UNRESTRICT, [], batch);
                self.id(id);
            }
            _ => {}
        }
    }

    fn setting(&mut self, op: &'a Op, batch: Option<&'a str>) {
        match op {
            Op::OpenAccount { key, subject } => self.party(tag::OPEN_ACCOUNT, key, subject, batch),
            Op::Provider { key, subject } => self.party(tag::PROVIDER, key, subject, batch),
            Op::App { appid, app_type, subject, open_account, from } => {
                let flags = [app_type.is_some(), subject.is_some(), open_account.is_some()];
                self.head(tag::APP, flags, batch);
                self.text(appid);
                for text in [app_type, subject, open_account] {
                    self.optional(text.as_deref(), Encoder::text);
                }
                self.time(*from);
            }
            Op::Corp { key, subject, bound_appid, kf_bound_appid, from, aliases } => {
                let [bound, kf_bound] = [bound_appid, kf_bound_appid];
                let flags = [
                    subject.is_some(),
                    bound.is_some(),
                    bound.as_ref().is_some_and(Option::is_some),
                    kf_bound.is_some(),
                    kf_bound.as_ref().is_some_and(Option::is_some),
                    from.is_some(),
                ];
                self.head(tag::CORP, flags, batch);
                self.text(key);
                self.optional(subject.as_deref(), Encoder::text);
                for appid in [bound, kf_bound].into_iter().flatten() {
                    self.optional(appid.as_deref(), Encoder::text);
                }
                self.optional(*from, Encoder::time);
                self.texts(aliases);
            }
            Op::Kind { name, per_scope } => {
                self.head(tag::KIND, [], batch);
                self.text(name);
                self.out.u8(u8::from(*per_scope == PerScope::One));
            }
            Op::Rules { set } => {
                self.head(tag::RULES, [], batch);
                self.out.varint(set.len() as u64);
                for (rule, value) in set {
                    self.text(rule);
                    self.rule_value(value);
                }
            }
            Op::Mark { key, value } => {
                self.head(tag::MARK, [], batch);
                self.text(key);
                self.text(value);
            }
            _ => {}
        }
    }

    fn party(&mut self, tag: u8, key: &str, subject: &Option<String>, batch: Option<&'a str>) {
        self.head(tag, [subject.is_some()], batch);
        self.text(key);
        self.optional(subject.as_deref(), Encoder::text);
    }

    fn rule_value(&mut self, value: &RuleValue) {
        match value {
            RuleValue::Number(number) => {
                self.out.u8(tag::RULE_NUMBER);
                self.out.varint(*number);
            }
            RuleValue::Text(text) => {
                self.out.u8(tag::RULE_TEXT);
                self.text(text);
            }
            RuleValue::List(words) => {
                self.out.u8(tag::RULE_LIST);
                self.texts(words);
            }
        }
    }

    fn selector(&mut self, tags: SelectorTags, selector: &'a Selector, batch: Option<&'a str>) {
        match selector {
            Selector::Pair { a, b, source } => {
                self.head(tags.pair, [source.is_some()], batch);
                self.ids([a, b]);
                self.optional(source.as_deref(), Encoder::name);
            }
            Selector::Source { source, scope, from, to } => {
                self.head(tags.source, [scope.is_some(), from.is_some()], batch);
                self.name(source);
                self.optional(scope.as_ref().map(|scope| scope.as_str()), Encoder::space);
                self.optional(*from, Encoder::time);
                self.time(*to);
            }
            Selector::Event { source, event } => {
                self.head(tags.event, [], batch);
                self.name(source);
                self.text(event);
            }
            Selector::Batch(selected) => {
                self.head(tags.batch, [], batch);
                self.name(selected);
            }
        }
    }

    fn erasure(&mut self, erasure: &'a Erasure) {
        self.previous = self.at;
        self.at = erasure.at;
        self.out.u8(tag::ERASURE);
        self.out.flags(erasure.sticky, [erasure.entity]);
        self.delta();
        self.out.varint(erasure.ids.len() as u64);
        for id in &erasure.ids {
            self.out.u8(u8::from(id.number.is_some()));
            self.optional(id.number, |e, number| e.out.varint(number));
            self.out.raw(&id.mac);
        }
    }

    /// Tag, flags, time and batch.
    fn head<const N: usize>(&mut self, tag: u8, flags: [bool; N], batch: Option<&'a str>) {
        self.out.u8(tag);
        self.out.flags(batch.is_some(), flags);
        self.delta();
        self.optional(batch, Encoder::name);
    }

    fn delta(&mut self) {
        self.out.signed(self.at.ms().wrapping_sub(self.previous.ms()));
    }

    fn optional<T>(&mut self, value: Option<T>, write: impl Fn(&mut Self, T)) {
        if let Some(value) = value {
            write(self, value);
        }
    }

    fn relation(&mut self, kind: &'a RelationKind, from: &'a Id, to: &'a Id, source: &'a str) {
        match kind {
            RelationKind::Follows => self.out.u8(tag::RELATION_FOLLOWS),
            RelationKind::MemberOf => self.out.u8(tag::RELATION_MEMBER_OF),
            RelationKind::Subscribes => self.out.u8(tag::RELATION_SUBSCRIBES),
            RelationKind::WorksIn => self.out.u8(tag::RELATION_WORKS_IN),
            RelationKind::UsesAccount => self.out.u8(tag::RELATION_USES_ACCOUNT),
            RelationKind::Custom(name) => {
                self.out.u8(tag::RELATION_CUSTOM);
                self.name(name);
            }
        }
        self.ids([from, to]);
        self.name(source);
    }

    fn ids<const N: usize>(&mut self, ids: [&'a Id; N]) {
        for id in ids {
            self.id(id);
        }
    }

    fn id(&mut self, id: &'a Id) {
        self.space(id.space());
        self.text(id.spelling());
    }

    fn space(&mut self, space: &'a str) {
        self.spaces.write(space, &mut self.out);
    }

    fn name(&mut self, name: &'a str) {
        self.names.write(name, &mut self.out);
    }

    fn text(&mut self, text: &str) {
        self.out.text(text);
    }

    fn texts(&mut self, texts: &[String]) {
        self.out.varint(texts.len() as u64);
        for text in texts {
            self.text(text);
        }
    }

    fn time(&mut self, time: Time) {
        self.out.signed(time.ms().wrapping_sub(self.at.ms()));
    }
}

/// The tags of one direction of retraction.
struct SelectorTags {
    pair: u8,
    source: u8,
    event: u8,
    batch: u8,
}

const RETRACTIONS: SelectorTags = SelectorTags {
    pair: tag::RETRACT_PAIR,
    source: tag::RETRACT_SOURCE,
    event: tag::RETRACT_EVENT,
    batch: tag::RETRACT_BATCH,
};

const UNRETRACTIONS: SelectorTags = SelectorTags {
    pair: tag::UNRETRACT_PAIR,
    source: tag::UNRETRACT_SOURCE,
    event: tag::UNRETRACT_EVENT,
    batch: tag::UNRETRACT_BATCH,
};
