//! A line of NDJSON becomes a fact, or an error that names line, column and rule.
//!
//! # Order
//!   length and line breaks, JSON syntax, `op`, unknown and repeated fields in line order, then the fields
//!   in canonical order, then the rules of the model.

use crate::codec::ndjson::fields::Fields;
use crate::codec::ndjson::object::Line;
use crate::error::{FactRule, ParseRule, Result};
use crate::model::{Fact, Op, PerScope, Placeholders, Reach, RelationKind, Selector, Strength, validate};

/// Longest line, in bytes, without its line break. Every fact that [`validate`] lets pass prints shorter.
pub const LINE_LEN_MAX: usize = 1 << 20;

/// The fields of a selector, as [`fields_of`] lists them.
const SELECTOR: &[&str] = &["a", "b", "source", "scope", "from", "to", "event"];

/// The fields of an operation besides `op`, `at` and `batch`; `None` for an unknown operation.
fn fields_of(op: &str) -> Option<&'static [&'static str]> {
    Some(match op {
        "link" => &["a", "b", "source", "strength", "event", "expires_at"],
        "supersede" => &["old", "new", "source", "strength", "event"],
        "retract" | "unretract" => SELECTOR,
        "ban" => &["a", "b", "reason", "actor"],
        "unban" => &["a", "b", "actor"],
        "block" => &["id", "reason", "actor"],
        "unblock" => &["id", "actor"],
        "restrict" => &["id", "reason"],
        "unrestrict" => &["id"],
        "relate" => &["kind", "from", "to", "source", "attrs"],
        "unrelate" => &["kind", "from", "to", "source"],
        "absent" => &["id", "target", "source"],
        "erase" => &["id", "reach", "reason", "sticky"],
        "open_account" | "provider" => &["key", "subject"],
        "app" => &["appid", "type", "subject", "open_account", "from"],
        "corp" => &["key", "subject", "bound_appid", "kf_bound_appid", "from", "aliases"],
        "kind" => &["name", "per_scope"],
        "rules" => &["set"],
        "mark" => &["key", "value"],
        _ => return None,
    })
}

/// Reads one line of the format, with or without its line break, and checks it with [`validate`].
///
/// Ids that `placeholders` holds are refused; use the list of the graph the fact goes to. `line_number`
/// counts from 1 and only serves the error.
///
/// # Errors
/// [`Parse`](crate::Error::Parse) with the byte column, from 1, of the key or value that is wrong (of the object, where a
/// field is missing or the fact as a whole breaks a rule) and the rule. It never quotes a value.
pub fn parse(line: &str, line_number: u64, placeholders: &Placeholders) -> Result<Fact> {
    let text = line.strip_suffix('\n').unwrap_or(line);
    let text = text.strip_suffix('\r').unwrap_or(text);
    let line = Line { text, number: line_number };
    if text.len() > LINE_LEN_MAX {
        return Err(line.error_at(LINE_LEN_MAX, ParseRule::TooLong(LINE_LEN_MAX)));
    }
    if let Some(offset) = text.find('\n') {
        return Err(line.error_at(offset, ParseRule::Json("a fact is one line".to_owned())));
    }
    let object = text.trim_start_matches([' ', '\t', '\r']);
    if !object.starts_with('{') {
        return Err(line.error(object, ParseRule::Json("expected `{`".to_owned())));
    }
    let fields = Fields::read(line, object, placeholders)?;
    let name = fields.text("op")?;
    let Some(known) = fields_of(&name) else {
        return Err(fields.error_at("op", ParseRule::UnknownOp));
    };
    fields.check_names(|key| matches!(key, "op" | "at" | "batch") || known.contains(&key))?;
    let op = read_op(&name, &fields)?;
    let at = fields.time("at")?;
    let batch = match op {
        Op::Retract(_) | Op::Unretract(_) => None,
        _ => fields.optional("batch", Fields::text)?,
    };
    let fact = Fact { at, batch, op };
    validate(&fact).map_err(|rule| fields.error(ParseRule::Fact(rule)))?;
    Ok(fact)
}

fn read_op(name: &str, fields: &Fields<'_>) -> Result<Op> {
    Ok(match name {
        "link" => Op::Link {
            a: fields.id("a")?,
            b: fields.id("b")?,
            source: fields.text("source")?,
            strength: fields.optional("strength", strength)?,
            event: fields.optional("event", Fields::text)?,
            expires_at: fields.optional("expires_at", Fields::time)?,
        },
        "supersede" => Op::Supersede {
            old: fields.id("old")?,
            new: fields.id("new")?,
            source: fields.text("source")?,
            strength: fields.optional("strength", strength)?,
            event: fields.optional("event", Fields::text)?,
        },
        "retract" => Op::Retract(selector(fields)?),
        "unretract" => Op::Unretract(selector(fields)?),
        "relate" => Op::Relate {
            kind: relation_kind(fields)?,
            from: fields.id("from")?,
            to: fields.id("to")?,
            source: fields.text("source")?,
            attrs: fields.strings("attrs")?,
        },
        "unrelate" => Op::Unrelate {
            kind: relation_kind(fields)?,
            from: fields.id("from")?,
            to: fields.id("to")?,
            source: fields.text("source")?,
        },
        "absent" => Op::Absent {
            id: fields.id("id")?,
            target: fields.kind_scope("target")?,
            source: fields.text("source")?,
        },
        "ban" | "unban" | "block" | "unblock" | "restrict" | "unrestrict" | "erase" => {
            return read_decision(name, fields);
        }
        _ => return read_setting(name, fields),
    })
}

/// What a person decided about ids.
fn read_decision(name: &str, fields: &Fields<'_>) -> Result<Op> {
    Ok(match name {
        "ban" => Op::Ban {
            a: fields.id("a")?,
            b: fields.id("b")?,
            reason: fields.text("reason")?,
            actor: fields.text("actor")?,
        },
        "unban" => Op::Unban { a: fields.id("a")?, b: fields.id("b")?, actor: fields.text("actor")? },
        "block" => {
            Op::Block { id: fields.id("id")?, reason: fields.text("reason")?, actor: fields.text("actor")? }
        }
        "unblock" => Op::Unblock { id: fields.id("id")?, actor: fields.text("actor")? },
        "restrict" => Op::Restrict { id: fields.id("id")?, reason: fields.text("reason")? },
        "unrestrict" => Op::Unrestrict { id: fields.id("id")? },
        _ => Op::Erase {
            id: fields.id("id")?,
            reach: fields.word("reach", "\"id\" or \"entity\"", |word| match word {
                "id" => Some(Reach::Id),
                "entity" => Some(Reach::Entity),
                _ => None,
            })?,
            reason: fields.text("reason")?,
            sticky: fields.flag("sticky")?,
        },
    })
}

/// Topology, kinds, rules and marks.
fn read_setting(name: &str, fields: &Fields<'_>) -> Result<Op> {
    Ok(match name {
        "open_account" => {
            Op::OpenAccount { key: fields.key("key")?, subject: fields.optional("subject", Fields::text)? }
        }
        "provider" => {
            Op::Provider { key: fields.key("key")?, subject: fields.optional("subject", Fields::text)? }
        }
        "app" => Op::App {
            appid: fields.key("appid")?,
            app_type: fields.optional("type", Fields::text)?,
            subject: fields.optional("subject", Fields::text)?,
            open_account: fields.nullable("open_account", Fields::key)?,
            from: fields.time("from")?,
        },
        "corp" => Op::Corp {
            key: fields.key("key")?,
            subject: fields.optional("subject", Fields::text)?,
            bound_appid: fields.optional("bound_appid", |f, field| f.nullable(field, Fields::key))?,
            kf_bound_appid: fields.optional("kf_bound_appid", |f, field| f.nullable(field, Fields::key))?,
            from: fields.optional("from", Fields::time)?,
            aliases: fields.keys("aliases")?,
        },
        "kind" => Op::Kind {
            name: fields.text("name")?,
            per_scope: fields.word("per_scope", "\"one\" or \"many\"", |word| {
                [PerScope::One, PerScope::Many].into_iter().find(|p| p.name() == word)
            })?,
        },
        "rules" => Op::Rules { set: fields.rules("set")? },
        "mark" => Op::Mark { key: fields.text("key")?, value: fields.text("value")? },
        // `fields_of` knows no other name.
        _ => return Err(fields.error_at("op", ParseRule::UnknownOp)),
    })
}

/// The selector of a retraction: one of four combinations of fields.
fn selector(fields: &Fields<'_>) -> Result<Selector> {
    let combination = |needed: &[&str], optional: &[&str]| -> Result<()> {
        let fits = needed.iter().all(|field| fields.has(field))
            && SELECTOR
                .iter()
                .chain(&["batch"])
                .all(|field| !fields.has(field) || needed.contains(field) || optional.contains(field));
        if fits { Ok(()) } else { Err(fields.error(ParseRule::Fact(FactRule::Selector))) }
    };
    if fields.has("a") || fields.has("b") {
        combination(&["a", "b"], &["source"])?;
        let source = fields.optional("source", Fields::text)?;
        return Ok(Selector::Pair { a: fields.id("a")?, b: fields.id("b")?, source });
    }
    if fields.has("batch") {
        combination(&["batch"], &[])?;
        return Ok(Selector::Batch(fields.text("batch")?));
    }
    if fields.has("event") {
        combination(&["source", "event"], &[])?;
        return Ok(Selector::Event { source: fields.text("source")?, event: fields.text("event")? });
    }
    combination(&["source", "to"], &["scope", "from"])?;
    Ok(Selector::Source {
        source: fields.text("source")?,
        scope: fields.optional("scope", Fields::kind_scope)?,
        from: fields.optional("from", Fields::time)?,
        to: fields.time("to")?,
    })
}

fn strength(fields: &Fields<'_>, field: &'static str) -> Result<Strength> {
    fields.word(field, "asserted, platform, business, provisional or hint", Strength::parse_stated)
}

fn relation_kind(fields: &Fields<'_>) -> Result<RelationKind> {
    let name = fields.text("kind")?;
    RelationKind::parse(&name).map_err(|rule| fields.error_at("kind", ParseRule::Fact(rule)))
}
