//! The canonical line of a fact.
//!
//! # Invariants
//!   P1 for every fact that `validate` lets pass, `parse(print(f)) == f`, and printing that again gives the
//!      same bytes.

use std::collections::BTreeMap;
use std::fmt::Display;

use crate::model::{Fact, Id, Op, Reach, RuleValue, Selector, Time};

/// The canonical line of a fact, without a line break.
pub fn print(fact: &Fact) -> String {
    let mut out = String::with_capacity(256);
    write_to(fact, &mut out);
    out
}

/// Appends the canonical line of a fact, without a line break.
pub fn write_to(fact: &Fact, out: &mut String) {
    out.push_str("{\"op\":\"");
    out.push_str(fact.op.name());
    out.push('"');
    let mut line = Printer { out, at: fact.at };
    line.op(&fact.op);
    match fact.op {
        // For these two the batch is the selector.
        Op::Retract(_) | Op::Unretract(_) => {}
        _ => line.optional("batch", fact.batch.as_deref()),
    }
    line.out.push('}');
}

struct Printer<'a> {
    out: &'a mut String,
    at: Time,
}

impl Printer<'_> {
    fn op(&mut self, op: &Op) {
        match op {
            Op::Link { a, b, source, strength, event, expires_at } => {
                self.ids([("a", a), ("b", b)]);
                self.text("source", source);
                self.at();
                self.optional("strength", strength.map(|s| s.name()));
                self.optional("event", event.as_deref());
                self.optional_time("expires_at", *expires_at);
            }
            Op::Supersede { old, new, source, strength, event } => {
                self.ids([("old", old), ("new", new)]);
                self.text("source", source);
                self.at();
                self.optional("strength", strength.map(|s| s.name()));
                self.optional("event", event.as_deref());
            }
            Op::Retract(selector) | Op::Unretract(selector) => {
                self.selector(selector);
                self.at();
            }
            Op::Relate { kind, from, to, source, attrs } => {
                self.text("kind", kind.name());
                self.ids([("from", from), ("to", to)]);
                self.text("source", source);
                self.at();
                if !attrs.is_empty() {
                    self.map("attrs", attrs, |line, value| line.string(value));
                }
            }
            Op::Unrelate { kind, from, to, source } => {
                self.text("kind", kind.name());
                self.ids([("from", from), ("to", to)]);
                self.text("source", source);
                self.at();
            }
            Op::Absent { id, target, source } => {
                self.ids([("id", id)]);
                self.text("target", target.as_str());
                self.text("source", source);
                self.at();
            }
            Op::Ban { .. }
            | Op::Unban { .. }
            | Op::Block { .. }
            | Op::Unblock { .. }
            | Op::Restrict { .. }
            | Op::Unrestrict { .. }
            | Op::Erase { .. } => self.decision(op),
            Op::OpenAccount { .. }
            | Op::App { .. }
            | Op::Corp { .. }
            | Op::Provider { .. }
            | Op::Kind { .. }
            | Op::Rules { .. }
            | Op::Mark { .. } => self.setting(op),
        }
    }

    fn decision(&mut self, op: &Op) {
        match op {
            Op::Ban { a, b, reason, actor } => {
                self.ids([("a", a), ("b", b)]);
                self.text("reason", reason);
                self.text("actor", actor);
            }
            Op::Unban { a, b, actor } => {
                self.ids([("a", a), ("b", b)]);
                self.text("actor", actor);
            }
            Op::Block { id, reason, actor } => {
                self.ids([("id", id)]);
                self.text("reason", reason);
                self.text("actor", actor);
            }
            Op::Unblock { id, actor } => {
                self.ids([("id", id)]);
                self.text("actor", actor);
            }
            Op::Restrict { id, reason } => {
                self.ids([("id", id)]);
                self.text("reason", reason);
            }
            Op::Unrestrict { id } => self.ids([("id", id)]),
            Op::Erase { id, reach, reason, sticky } => {
                self.ids([("id", id)]);
                self.text("reach", if *reach == Reach::Id { "id" } else { "entity" });
                self.text("reason", reason);
                self.at();
                if *sticky {
                    self.key("sticky");
                    self.out.push_str("true");
                }
                return;
            }
            _ => {}
        }
        self.at();
    }

    fn setting(&mut self, op: &Op) {
        match op {
            Op::OpenAccount { key, subject } | Op::Provider { key, subject } => {
                self.text("key", key);
                self.optional("subject", subject.as_deref());
            }
            Op::App { appid, app_type, subject, open_account, from } => {
                self.text("appid", appid);
                self.optional("type", app_type.as_deref());
                self.optional("subject", subject.as_deref());
                self.nullable("open_account", open_account.as_deref());
                self.time("from", *from);
            }
            Op::Corp { key, subject, bound_appid, kf_bound_appid, from, aliases } => {
                self.text("key", key);
                self.optional("subject", subject.as_deref());
                for (field, bound) in [("bound_appid", bound_appid), ("kf_bound_appid", kf_bound_appid)] {
                    if let Some(bound) = bound {
                        self.nullable(field, bound.as_deref());
                    }
                }
                self.optional_time("from", *from);
                if !aliases.is_empty() {
                    self.key("aliases");
                    self.list(aliases);
                }
            }
            Op::Kind { name, per_scope } => {
                self.text("name", name);
                self.text("per_scope", per_scope.name());
            }
            Op::Rules { set } => self.map("set", set, |line, value| match value {
                RuleValue::Number(number) => line.plain(number),
                RuleValue::Text(text) => line.string(text),
                RuleValue::List(words) => line.list(words),
            }),
            Op::Mark { key, value } => {
                self.text("key", key);
                self.text("value", value);
            }
            _ => {}
        }
        self.at();
    }

    fn selector(&mut self, selector: &Selector) {
        match selector {
            Selector::Pair { a, b, source } => {
                self.ids([("a", a), ("b", b)]);
                self.optional("source", source.as_deref());
            }
            Selector::Source { source, scope, from, to } => {
                self.text("source", source);
                self.optional("scope", scope.as_ref().map(|scope| scope.as_str()));
                self.optional_time("from", *from);
                self.time("to", *to);
            }
            Selector::Event { source, event } => {
                self.text("source", source);
                self.text("event", event);
            }
            Selector::Batch(batch) => self.text("batch", batch),
        }
    }

    fn key(&mut self, field: &'static str) {
        self.out.push_str(",\"");
        self.out.push_str(field);
        self.out.push_str("\":");
    }

    fn at(&mut self) {
        self.time("at", self.at);
    }

    fn ids<const N: usize>(&mut self, ids: [(&'static str, &Id); N]) {
        for (field, id) in ids {
            self.text(field, id.as_str());
        }
    }

    fn text(&mut self, field: &'static str, text: &str) {
        self.key(field);
        self.string(text);
    }

    fn optional(&mut self, field: &'static str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(field, text);
        }
    }

    fn nullable(&mut self, field: &'static str, text: Option<&str>) {
        self.key(field);
        match text {
            Some(text) => self.string(text),
            None => self.out.push_str("null"),
        }
    }

    fn time(&mut self, field: &'static str, time: Time) {
        self.key(field);
        self.plain(&time.ms());
    }

    fn optional_time(&mut self, field: &'static str, time: Option<Time>) {
        if let Some(time) = time {
            self.time(field, time);
        }
    }

    fn map<T>(&mut self, field: &'static str, map: &BTreeMap<String, T>, value: impl Fn(&mut Self, &T)) {
        self.key(field);
        self.out.push('{');
        for (place, (name, item)) in map.iter().enumerate() {
            if place > 0 {
                self.out.push(',');
            }
            self.string(name);
            self.out.push(':');
            value(self, item);
        }
        self.out.push('}');
    }

    fn list(&mut self, words: &[String]) {
        self.out.push('[');
        for (place, word) in words.iter().enumerate() {
            if place > 0 {
                self.out.push(',');
            }
            self.string(word);
        }
        self.out.push(']');
    }

    fn plain(&mut self, value: &impl Display) {
        self.out.push_str(&value.to_string());
    }

    fn string(&mut self, text: &str) {
        if text.bytes().any(|b| b < 0x20 || matches!(b, b'"' | b'\\')) {
            self.plain(&serde_json::Value::from(text));
        } else {
            self.out.push('"');
            self.out.push_str(text);
            self.out.push('"');
        }
    }
}
