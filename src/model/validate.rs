//! The rules of the fact format that need no graph: what every fact must keep before it reaches the door.
//!
//! # Not here
//!   plausible times and erasure (they need the commit and the graph: the door), ids (`Id` checks itself).

use crate::error::FactRule;
use crate::model::fact::{Fact, Op, Selector};
use crate::model::id::Id;
use crate::model::kind::Kind;
use crate::model::rules::{RuleValue, Rules};
use crate::model::scope::normalise_key;
use crate::model::strength::Strength;

/// Longest name (source, event, batch, actor, key, attribute name), in bytes.
const NAME_LEN_MAX: usize = 256;
/// Longest free text (reason, subject, attribute value, mark value), in bytes.
const TEXT_LEN_MAX: usize = 4096;
/// Most attributes of a relation, aliases of a corp, or rules in one fact.
const ITEM_COUNT_MAX: usize = 1024;
/// Most bytes of a relation's attributes, or of the rules in one fact, names and values together: a fact has
/// to fit one line of NDJSON (`codec/ndjson/parse.rs`), escapes included.
const ITEMS_LEN_MAX: usize = 256 * 1024;

/// Checks a fact against the format: names, classes, selectors, relation ends, rule names.
///
/// # Errors
/// The first rule that does not hold.
pub fn validate(fact: &Fact) -> Result<(), FactRule> {
    if let Some(batch) = &fact.batch {
        name("batch", batch)?;
        if matches!(fact.op, Op::Retract(_) | Op::Unretract(_)) {
            return Err(FactRule::Selector);
        }
    }
    match &fact.op {
        Op::Link { a, b, source, strength, event, .. } => {
            evidence(a, b, source, event.as_deref())?;
            let is_phone = *a.kind() == Kind::Phone || *b.kind() == Kind::Phone;
            if is_phone && strength.is_some_and(|s| s > Strength::Hint) {
                return Err(FactRule::PhoneStrength);
            }
            stated(*strength)
        }
        Op::Supersede { old, new, source, strength, event } => {
            evidence(old, new, source, event.as_deref())?;
            // A supersede edge is at least business, and an edge of a phone is always a hint.
            if *old.kind() == Kind::Phone || *new.kind() == Kind::Phone {
                return Err(FactRule::PhoneStrength);
            }
            stated(*strength)
        }
        Op::Retract(selector) | Op::Unretract(selector) => check_selector(selector),
        Op::Ban { a, b, reason, actor } => {
            same_class(a, b)?;
            text("reason", reason)?;
            name("actor", actor)
        }
        Op::Unban { a, b, actor } => {
            same_class(a, b)?;
            name("actor", actor)
        }
        Op::Block { reason, actor, .. } => {
            text("reason", reason)?;
            name("actor", actor)
        }
        Op::Unblock { actor, .. } => name("actor", actor),
        Op::Restrict { reason, .. } | Op::Erase { reason, .. } => text("reason", reason),
        Op::Unrestrict { .. } => Ok(()),
        Op::Relate { kind, from, to, source, attrs } => {
            kind.check_ends(from, to)?;
            name("source", source)?;
            if attrs.len() > ITEM_COUNT_MAX {
                return Err(FactRule::Other("too many attributes"));
            }
            together("the attributes are too long together", attrs.iter().map(|(k, v)| k.len() + v.len()))?;
            attrs.iter().try_for_each(|(key, value)| {
                name("attribute name", key)?;
                text("attribute value", value)
            })
        }
        Op::Unrelate { kind, from, to, source } => {
            kind.check_ends(from, to)?;
            name("source", source)
        }
        Op::Absent { source, .. } => name("source", source),
        _ => check_setting(&fact.op),
    }
}

/// The operations that set up topology, kinds, rules and marks.
fn check_setting(op: &Op) -> Result<(), FactRule> {
    match op {
        Op::OpenAccount { key: k, subject } | Op::Provider { key: k, subject } => {
            key(k)?;
            optional_text("subject", subject.as_deref())
        }
        Op::App { appid, app_type, subject, open_account, .. } => {
            key(appid)?;
            open_account.as_deref().map_or(Ok(()), key)?;
            optional_text("type", app_type.as_deref())?;
            optional_text("subject", subject.as_deref())
        }
        Op::Corp { key: k, subject, bound_appid, kf_bound_appid, aliases, .. } => {
            key(k)?;
            optional_text("subject", subject.as_deref())?;
            [bound_appid, kf_bound_appid].into_iter().flatten().flatten().try_for_each(|appid| key(appid))?;
            if aliases.len() > ITEM_COUNT_MAX {
                return Err(FactRule::Other("too many aliases"));
            }
            aliases.iter().try_for_each(|alias| key(alias))
        }
        Op::Kind { name, .. } => match Kind::parse(name) {
            Ok(Kind::Custom(_)) => Ok(()),
            _ => Err(FactRule::Other("only custom.NAME kinds can be declared")),
        },
        Op::Rules { set } => {
            if set.is_empty() || set.len() > ITEM_COUNT_MAX {
                return Err(FactRule::Other("a rules fact sets between one and 1024 rules"));
            }
            together("the rules are too long together", set.iter().map(|(k, v)| k.len() + rule_len(v)))?;
            let mut scratch = Rules::default();
            set.iter().try_for_each(|(rule, value)| {
                name("rule name", rule)?;
                if let RuleValue::List(words) = value {
                    words.iter().try_for_each(|word| name("rule value", word))?;
                }
                scratch.set(rule, value)
            })
        }
        Op::Mark { key: k, value } => {
            name("key", k)?;
            text("value", value)
        }
        _ => Ok(()),
    }
}

fn rule_len(value: &RuleValue) -> usize {
    match value {
        RuleValue::Number(_) => 0,
        RuleValue::Text(text) => text.len(),
        RuleValue::List(words) => words.iter().map(String::len).sum(),
    }
}

fn check_selector(selector: &Selector) -> Result<(), FactRule> {
    match selector {
        Selector::Pair { a, b, source } => {
            same_class(a, b)?;
            source.as_deref().map_or(Ok(()), |s| name("source", s))
        }
        Selector::Source { source, from, to, .. } => {
            name("source", source)?;
            if from.is_some_and(|from| from > *to) {
                return Err(FactRule::Interval);
            }
            Ok(())
        }
        Selector::Event { source, event } => {
            name("source", source)?;
            name("event", event)
        }
        Selector::Batch(batch) => name("batch", batch),
    }
}

fn evidence(a: &Id, b: &Id, source: &str, event: Option<&str>) -> Result<(), FactRule> {
    same_class(a, b)?;
    name("source", source)?;
    event.map_or(Ok(()), |event| name("event", event))
}

fn same_class(a: &Id, b: &Id) -> Result<(), FactRule> {
    if a == b {
        return Err(FactRule::SelfLink);
    }
    if a.class() != b.class() {
        return Err(FactRule::ClassMismatch);
    }
    Ok(())
}

fn stated(strength: Option<Strength>) -> Result<(), FactRule> {
    if strength == Some(Strength::Confirmed) {
        return Err(FactRule::Other("confirmed is derived, never stated"));
    }
    Ok(())
}

fn name(what: &'static str, text: &str) -> Result<(), FactRule> {
    if text.is_empty() || text.len() > NAME_LEN_MAX || text.chars().any(char::is_control) {
        return Err(FactRule::Name(what));
    }
    Ok(())
}

fn text(what: &'static str, text: &str) -> Result<(), FactRule> {
    if text.len() > TEXT_LEN_MAX || text.chars().any(char::is_control) {
        return Err(FactRule::Name(what));
    }
    Ok(())
}

fn together(what: &'static str, lens: impl Iterator<Item = usize>) -> Result<(), FactRule> {
    if lens.sum::<usize>() > ITEMS_LEN_MAX { Err(FactRule::Other(what)) } else { Ok(()) }
}

fn optional_text(what: &'static str, value: Option<&str>) -> Result<(), FactRule> {
    value.map_or(Ok(()), |value| text(what, value))
}

fn key(key: &str) -> Result<(), FactRule> {
    normalise_key(key).map(|_| ()).map_err(|_| FactRule::Name("a key"))
}
