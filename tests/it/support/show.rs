//! Shows facts as the NDJSON of design section 5, values and all: test ids are synthetic.

use std::fmt::Write as _;

use idweave::model::{Reach, RuleValue, Selector};
use idweave::{Fact, Op};

/// One fact a line.
pub(crate) fn show_all(facts: &[Fact]) -> String {
    facts.iter().map(|fact| show(fact) + "\n").collect()
}

/// One fact as one JSON object.
pub(crate) fn show(fact: &Fact) -> String {
    let mut line = Line(format!("{{\"op\":\"{}\"", fact.op.name()));
    match &fact.op {
        Op::Link { a, b, source, strength, event, expires_at } => {
            line.text("a", a).text("b", b).text("source", source);
            line.option("strength", strength.map(|s| s.name())).option("event", event.as_deref());
            line.number_option("expires_at", expires_at.map(|t| t.ms()));
        }
        Op::Supersede { old, new, source, strength, event } => {
            line.text("old", old).text("new", new).text("source", source);
            line.option("strength", strength.map(|s| s.name())).option("event", event.as_deref());
        }
        Op::Retract(selector) | Op::Unretract(selector) => line.selector(selector),
        Op::Ban { a, b, reason, actor } => {
            line.text("a", a).text("b", b).text("reason", reason).text("actor", actor);
        }
        Op::Unban { a, b, actor } => {
            line.text("a", a).text("b", b).text("actor", actor);
        }
        Op::Block { id, reason, actor } => {
            line.text("id", id).text("reason", reason).text("actor", actor);
        }
        Op::Unblock { id, actor } => {
            line.text("id", id).text("actor", actor);
        }
        Op::Restrict { id, reason } => {
            line.text("id", id).text("reason", reason);
        }
        Op::Unrestrict { id } => {
            line.text("id", id);
        }
        Op::Relate { kind, from, to, source, attrs } => {
            line.text("kind", kind).text("from", from).text("to", to).text("source", source);
            let pairs: Vec<String> =
                attrs.iter().map(|(key, value)| format!("{}:{}", quoted(key), quoted(value))).collect();
            line.raw("attrs", &format!("{{{}}}", pairs.join(",")));
        }
        Op::Unrelate { kind, from, to, source } => {
            line.text("kind", kind).text("from", from).text("to", to).text("source", source);
        }
        Op::Absent { id, target, source } => {
            line.text("id", id).text("target", target).text("source", source);
        }
        Op::Erase { id, reach, reason, sticky } => {
            let reach = if *reach == Reach::Id { "id" } else { "entity" };
            line.text("id", id).text("reach", reach).text("reason", reason);
            line.raw("sticky", &sticky.to_string());
        }
        setting => line.setting(setting),
    }
    line.number_option("at", Some(fact.at.ms())).option("batch", fact.batch.as_deref());
    line.0 + "}"
}

struct Line(String);

impl Line {
    fn raw(&mut self, name: &str, value: &str) -> &mut Line {
        assert!(write!(self.0, ",\"{name}\":{value}").is_ok(), "writing to a String does not fail");
        self
    }

    fn text(&mut self, name: &str, value: &(impl ToString + ?Sized)) -> &mut Line {
        self.raw(name, &quoted(&value.to_string()))
    }

    fn option(&mut self, name: &str, value: Option<&str>) -> &mut Line {
        match value {
            Some(value) => self.text(name, value),
            None => self,
        }
    }

    fn number_option(&mut self, name: &str, value: Option<i64>) -> &mut Line {
        match value {
            Some(value) => self.raw(name, &value.to_string()),
            None => self,
        }
    }

    /// `null` where it is known to be nothing.
    fn nullable(&mut self, name: &str, value: Option<&str>) -> &mut Line {
        match value {
            Some(value) => self.text(name, value),
            None => self.raw(name, "null"),
        }
    }

    fn selector(&mut self, selector: &Selector) {
        match selector {
            Selector::Pair { a, b, source } => {
                self.text("a", a).text("b", b).option("source", source.as_deref());
            }
            Selector::Source { source, scope, from, to } => {
                self.text("source", source).option("scope", scope.as_ref().map(|scope| scope.as_str()));
                self.number_option("from", from.map(|t| t.ms())).number_option("to", Some(to.ms()));
            }
            Selector::Event { source, event } => {
                self.text("source", source).text("event", event);
            }
            Selector::Batch(batch) => {
                self.text("batch", batch);
            }
        }
    }

    fn setting(&mut self, op: &Op) {
        match op {
            Op::OpenAccount { key, subject } | Op::Provider { key, subject } => {
                self.text("key", key).option("subject", subject.as_deref());
            }
            Op::App { appid, app_type, subject, open_account, from } => {
                self.text("appid", appid).option("type", app_type.as_deref());
                self.option("subject", subject.as_deref()).nullable("open_account", open_account.as_deref());
                self.number_option("from", Some(from.ms()));
            }
            Op::Corp { key, subject, bound_appid, kf_bound_appid, from, aliases } => {
                self.text("key", key).option("subject", subject.as_deref());
                for (name, appid) in [("bound_appid", bound_appid), ("kf_bound_appid", kf_bound_appid)] {
                    if let Some(appid) = appid {
                        self.nullable(name, appid.as_deref());
                    }
                }
                self.number_option("from", from.map(|t| t.ms())).raw("aliases", &list(aliases));
            }
            Op::Kind { name, per_scope } => {
                self.text("name", name).text("per_scope", per_scope.name());
            }
            Op::Rules { set } => {
                let value = |value: &RuleValue| match value {
                    RuleValue::Number(number) => number.to_string(),
                    RuleValue::Text(text) => quoted(text),
                    RuleValue::List(words) => list(words),
                };
                let rules: Vec<String> =
                    set.iter().map(|(name, rule)| format!("{}:{}", quoted(name), value(rule))).collect();
                self.raw("set", &format!("{{{}}}", rules.join(",")));
            }
            Op::Mark { key, value } => {
                self.text("key", key).text("value", value);
            }
            _ => {}
        }
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn list(words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    format!("[{}]", words.join(","))
}
