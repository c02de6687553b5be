//! Kinds, sources, strengths and rules, from the tables of design sections 1, 2 and 3.

use std::collections::BTreeMap;

use idweave::model::RuleValue;
use idweave::{Fact, Op, Time};

use super::outcome::Power;

/// The class of a kind: the table of section 1.
pub(crate) fn class_of(kind: &str) -> &'static str {
    match kind {
        "userid" => "staff",
        "chat_id" | "opengid" => "chat",
        "corpid" => "corp",
        "department" => "department",
        "app" => "app",
        _ => "account",
    }
}

/// `family.*`, `*.name`, `*`, or the name itself.
fn fits(pattern: &str, source: &str) -> bool {
    match (pattern.strip_suffix('*'), pattern.strip_prefix('*')) {
        (Some(family), _) => source.starts_with(family),
        (_, Some(name)) => source.ends_with(name),
        _ => pattern == source,
    }
}

/// The default strength of a source: first match of the list in section 2.
fn default_power(source: &str) -> Power {
    let family = |name: &str| source.starts_with(&format!("{name}."));
    if family("operator") {
        Power::Asserted
    } else if family("phone") || family("hint") {
        Power::Hint
    } else if source.ends_with(".web_oauth") || source.ends_with(".state") {
        Power::Provisional
    } else if ["mp", "mini", "open", "work", "shop", "app"].into_iter().any(family) {
        Power::Platform
    } else {
        Power::Business
    }
}

/// The rules and kinds in force: for each name the greatest `at`, then the greater text.
#[derive(Default)]
pub(crate) struct Settings {
    rules: BTreeMap<String, (Time, String, RuleValue)>,
    kinds: BTreeMap<String, (Time, &'static str)>,
}

/// Reading: the text of a number is its decimal digits, of a list its JSON. So at one `at` 9 beats 10.
fn text_of(value: &RuleValue) -> String {
    match value {
        RuleValue::Number(number) => number.to_string(),
        RuleValue::Text(text) => text.clone(),
        RuleValue::List(words) => {
            let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
            format!("[{}]", quoted.join(","))
        }
    }
}

impl Settings {
    pub(crate) fn of(facts: &[&Fact]) -> Settings {
        let mut settings = Settings::default();
        for fact in facts {
            match &fact.op {
                Op::Rules { set } => {
                    for (name, value) in set {
                        let text = text_of(value);
                        let known = settings.rules.get(name);
                        if known.is_none_or(|(at, old, _)| (*at, old) < (fact.at, &text)) {
                            settings.rules.insert(name.clone(), (fact.at, text, value.clone()));
                        }
                    }
                }
                Op::Kind { name, per_scope } => {
                    let statement = (fact.at, per_scope.name());
                    if settings.kinds.get(name).is_none_or(|known| *known < statement) {
                        settings.kinds.insert(name.clone(), statement);
                    }
                }
                _ => {}
            }
        }
        settings
    }

    fn number(&self, name: &str) -> Option<usize> {
        match self.rules.get(name) {
            Some((_, _, RuleValue::Number(number))) => usize::try_from(*number).ok(),
            _ => None,
        }
    }

    pub(crate) fn hub_limit(&self) -> usize {
        self.number("hub_limit").unwrap_or(8)
    }

    pub(crate) fn max_family(&self) -> usize {
        self.number("max_family").unwrap_or(4096)
    }

    pub(crate) fn max_ids(&self) -> usize {
        self.number("max_ids").unwrap_or(256)
    }

    pub(crate) fn hint_hub_limit(&self) -> usize {
        self.number("hint_hub_limit").unwrap_or(8)
    }

    pub(crate) fn max_entities(&self) -> usize {
        self.number("max_entities").unwrap_or(16)
    }

    /// Whether a source's word joins persons.
    pub(crate) fn is_person_source(&self, source: &str) -> bool {
        match self.rules.get("person_sources") {
            Some((_, _, RuleValue::List(patterns))) => patterns.iter().any(|pattern| fits(pattern, source)),
            _ => fits("operator.*", source),
        }
    }

    /// The strength of a source where no telling states one.
    ///
    /// Reading: of the `strength.PATTERN` rules that fit the longest pattern wins (ties: the smaller text);
    /// any of them, even `*`, comes before the list of section 2.
    pub(crate) fn power_of(&self, source: &str) -> Power {
        let mut best: Option<(&str, Power)> = None;
        for (name, (_, _, value)) in &self.rules {
            let Some(pattern) = name.strip_prefix("strength.") else { continue };
            let RuleValue::Text(text) = value else { continue };
            let Some(power) = Power::of_name(text) else { continue };
            // The rules come by text, so the first of one length is the smallest.
            if fits(pattern, source) && best.is_none_or(|(longest, _)| longest.len() < pattern.len()) {
                best = Some((pattern, power));
            }
        }
        best.map_or_else(|| default_power(source), |(_, power)| power)
    }

    /// How many ids of a kind and one scope an entity may hold; `None` = any number.
    ///
    /// Reading: `limit.KIND` comes before what a `kind` fact declares.
    pub(crate) fn limit_of(&self, kind: &str) -> Option<usize> {
        if let Some(limit) = self.number(&format!("limit.{kind}")) {
            return Some(limit);
        }
        let is_many = match self.kinds.get(kind) {
            Some((_, per_scope)) => *per_scope == "many",
            None => matches!(kind, "pending_id" | "state_token" | "phone"),
        };
        if is_many { None } else { Some(1) }
    }
}
