//! `rules`: the rules in force, every value they had, and changes of them.

use std::collections::BTreeMap;

use clap::Args;
use idweave::model::{PerScope, RuleValue, Rules, validate};
use idweave::{Fact, Op, Outcome, RuleVersion, Time, Tx};
use serde_json::{Value, json};

use crate::cli::Common;
use crate::database;
use crate::dry_run;
use crate::exit::{Done, Failure};
use crate::large::{show_progress, told_text};
use crate::moment;
use crate::output::Out;

#[derive(Debug, Args)]
pub(crate) struct RulesArgs {
    /// Give a rule a value: a number, a word, or a list as JSON
    #[arg(long, value_name = "RULE=VALUE")]
    set: Vec<String>,
    /// Say how many ids of a custom kind an entity may hold in one scope: one or many
    #[arg(long, value_name = "custom.NAME=one|many")]
    kind: Vec<String>,
    /// Since when it holds; of several values the one of the greatest time counts. Default: the time of the command
    #[arg(long, value_name = "T")]
    at: Option<String>,
    /// Write nothing: print what it would change about identities
    #[arg(long)]
    dry_run: bool,
    /// Every value that was ever given, not only those in force
    #[arg(long, conflicts_with_all = ["set", "kind"])]
    versions: bool,
}

pub(crate) fn run(args: &RulesArgs, common: &Common, out: &mut Out) -> Result<Done, Failure> {
    if args.set.is_empty() && args.kind.is_empty() {
        return show(args.versions, common, out);
    }
    let now = moment::now(common)?;
    let at = args.at.as_deref().map(|text| moment::parse("--at", text)).transpose()?.unwrap_or(now);
    let facts = facts(args, at)?;
    let fill = |tx: &mut Tx| {
        let mut is_new = false;
        for fact in &facts {
            is_new |= tx.apply(fact)? == Outcome::Recorded;
        }
        Ok(is_new)
    };
    if args.dry_run {
        let foreseen = dry_run::foresee(now, common, fill)?;
        dry_run::tell(&foreseen, common, out)?;
        return Ok(Done::Yes);
    }
    let graph = database::open(common)?;
    let committed = show_progress(|progress| graph.write_large(now, fill, progress))?;
    graph.close()?;
    if common.json {
        out.json(&json!({ "seq": committed.seq, "new": committed.value }))?;
    } else {
        out.line(&told_text(committed.seq, committed.value))?;
    }
    Ok(Done::Yes)
}

/// The facts of the command line.
fn facts(args: &RulesArgs, at: Time) -> Result<Vec<Fact>, Failure> {
    let parts = |option: &str, text: &str| match text.split_once('=') {
        Some((name, value)) => Ok((name.trim().to_owned(), value.trim().to_owned())),
        None => Err(Failure::Usage(format!("{option}: a name, = and a value"))),
    };
    let mut ops = Vec::new();
    let mut set = BTreeMap::new();
    for text in &args.set {
        let (name, value) = parts("--set", text)?;
        set.insert(name, value_of(&value));
    }
    if !set.is_empty() {
        ops.push(Op::Rules { set });
    }
    for text in &args.kind {
        let (name, value) = parts("--kind", text)?;
        let per_scope = match value.as_str() {
            "one" => PerScope::One,
            "many" => PerScope::Many,
            _ => return Err(Failure::Usage("--kind: one or many".to_owned())),
        };
        ops.push(Op::Kind { name, per_scope });
    }
    let facts: Vec<Fact> = ops.into_iter().map(|op| Fact { at, batch: None, op }).collect();
    facts.iter().try_for_each(validate).map_err(|rule| Failure::Usage(rule.to_string()))?;
    Ok(facts)
}

/// A number, a list as JSON, or a word.
fn value_of(text: &str) -> RuleValue {
    match (text.parse::<u64>(), serde_json::from_str::<Vec<String>>(text)) {
        (Ok(number), _) => RuleValue::Number(number),
        (_, Ok(list)) => RuleValue::List(list),
        _ => RuleValue::Text(text.to_owned()),
    }
}

fn value_json(value: &RuleValue) -> Value {
    match value {
        RuleValue::Number(number) => json!(number),
        RuleValue::Text(text) => json!(text),
        RuleValue::List(list) => json!(list),
    }
}

/// The rules that have a value without anybody giving them one.
fn defaults() -> [(&'static str, RuleValue); 6] {
    let rules = Rules::default();
    let number = |value: usize| RuleValue::Number(value as u64);
    [
        ("hub_limit", number(rules.hub_limit)),
        ("max_family", number(rules.max_family)),
        ("max_ids", number(rules.max_ids)),
        ("hint_hub_limit", number(rules.hint_hub_limit)),
        ("max_entities", number(rules.max_entities)),
        ("person_sources", RuleValue::List(rules.person_sources)),
    ]
}

fn show(all: bool, common: &Common, out: &mut Out) -> Result<Done, Failure> {
    let told = database::read(common)?.rule_versions()?;
    let is_given = |name: &str| told.iter().any(|version| version.name == name);
    let defaults = defaults().into_iter().filter(|(name, _)| !is_given(name));
    let mut lines: Vec<Line<'_>> = defaults.map(|(name, value)| Line { name, value, told: None }).collect();
    let shown = told.iter().filter(|version| all || version.in_force);
    lines.extend(shown.map(|version| Line {
        name: &version.name,
        value: version.value.clone(),
        told: Some(version),
    }));
    lines.sort_by_key(|line| line.name);
    if common.json {
        lines.iter().try_for_each(|line| out.json(&line.json()))?;
    } else {
        out.table(["RULE", "VALUE", "SINCE", "COMMIT", "IN FORCE"], lines.iter().map(Line::row))?;
    }
    Ok(Done::Yes)
}

/// A value of a rule: its default, unless it was told.
struct Line<'a> {
    name: &'a str,
    value: RuleValue,
    told: Option<&'a RuleVersion>,
}

impl Line<'_> {
    fn in_force(&self) -> bool {
        self.told.is_none_or(|version| version.in_force)
    }

    fn json(&self) -> Value {
        json!({
            "rule": self.name,
            "value": value_json(&self.value),
            "at": self.told.map(|version| version.at.ms()),
            "seq": self.told.map(|version| version.recorded_seq),
            "in_force": self.in_force(),
        })
    }

    fn row(&self) -> [String; 5] {
        let since = self.told.map_or_else(|| "default".to_owned(), |version| moment::show(version.at));
        let seq = self.told.map_or_else(|| "-".to_owned(), |version| version.recorded_seq.to_string());
        let in_force = if self.in_force() { "yes" } else { "no" };
        [self.name.to_owned(), value_json(&self.value).to_string(), since, seq, in_force.to_owned()]
    }
}
