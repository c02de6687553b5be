//! The rules of resolution: limits and source strengths, changed by `rules` and `kind` facts.
//!
//! # Invariants
//!   R1 every rule has a default, a type and a name; an unknown name or a wrong value is an error at the door.

use std::collections::BTreeMap;

use crate::error::FactRule;
use crate::model::kind::{Kind, PerScope};
use crate::model::strength::{Strength, default_strength, source_matches};

/// The value of a rule in a `rules` fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuleValue {
    /// A count.
    Number(u64),
    /// A word.
    Text(String),
    /// A list of words.
    List(Vec<String>),
}

/// The rules in force.
///
/// | rule | value | default | section |
/// |---|---|---|---|
/// | `hub_limit` | number | 8 | 3.4 |
/// | `max_family` | number, at least 2 | 4096 | 3.6 |
/// | `max_ids` | number, at least 2 | 256 | 3.7 |
/// | `hint_hub_limit` | number | 8 | 3.8 |
/// | `max_entities` | number, at least 2 | 16 | 3.8 |
/// | `person_sources` | list of source patterns | `["operator.*"]` | 3.8 |
/// | `strength.PATTERN` | a strength but `confirmed` | design section 2 | 2 |
/// | `limit.KIND` | number, at least 1 | design section 1 | 3.7 |
///
/// Where several `strength.PATTERN` fit a source, the longest pattern wins (ties: the smaller text).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Above this many ids of one (kind, scope) around an id, those edges are a hub's.
    pub hub_limit: usize,
    /// Most ids in a family.
    pub max_family: usize,
    /// Most ids in an entity.
    pub max_ids: usize,
    /// Above this many entities reached by an id's hint edges, they are a hub's.
    pub hint_hub_limit: usize,
    /// Most entities in a person.
    pub max_entities: usize,
    /// Patterns of the sources whose word joins persons.
    pub person_sources: Vec<String>,
    strengths: BTreeMap<String, Strength>,
    limits: BTreeMap<String, usize>,
    kinds: BTreeMap<String, PerScope>,
}

impl Default for Rules {
    fn default() -> Rules {
        Rules {
            hub_limit: 8,
            max_family: 4096,
            max_ids: 256,
            hint_hub_limit: 8,
            max_entities: 16,
            person_sources: vec!["operator.*".to_owned()],
            strengths: BTreeMap::new(),
            limits: BTreeMap::new(),
            kinds: BTreeMap::new(),
        }
    }
}

/// A rule's name as an error may show it: an id put in its place is not repeated (E1 of `error`).
fn shown(name: &str) -> String {
    let is_name = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'.' | b'*');
    if name.len() <= 64 && name.bytes().all(is_name) { name.to_owned() } else { "(not shown)".to_owned() }
}

impl Rules {
    /// Sets one rule.
    ///
    /// # Errors
    /// An unknown rule or a value it cannot have; the rules stay as they were.
    pub fn set(&mut self, name: &str, value: &RuleValue) -> Result<(), FactRule> {
        let wrong = || FactRule::Rule(shown(name));
        let number = |least: u64| match value {
            RuleValue::Number(n) if *n >= least => usize::try_from(*n).map_err(|_| wrong()),
            _ => Err(wrong()),
        };
        match (name, value) {
            ("hub_limit", _) => self.hub_limit = number(0)?,
            ("max_family", _) => self.max_family = number(2)?,
            ("max_ids", _) => self.max_ids = number(2)?,
            ("hint_hub_limit", _) => self.hint_hub_limit = number(0)?,
            ("max_entities", _) => self.max_entities = number(2)?,
            ("person_sources", RuleValue::List(patterns)) => self.person_sources.clone_from(patterns),
            (name, value) => {
                if let (Some(pattern), RuleValue::Text(text)) = (name.strip_prefix("strength."), value) {
                    let strength = Strength::parse_stated(text).ok_or_else(wrong)?;
                    if pattern.is_empty() {
                        return Err(wrong());
                    }
                    self.strengths.insert(pattern.to_owned(), strength);
                } else if let Some(kind) = name.strip_prefix("limit.") {
                    Kind::parse(kind).map_err(|_| wrong())?;
                    self.limits.insert(kind.to_owned(), number(1)?);
                } else {
                    return Err(wrong());
                }
            }
        }
        Ok(())
    }

    /// Declares how many ids of a custom kind an entity may hold in one scope.
    pub fn set_kind(&mut self, name: &str, per_scope: PerScope) {
        self.kinds.insert(name.to_owned(), per_scope);
    }

    /// The strength of a source's evidence where no telling states one.
    pub fn strength_of(&self, source: &str) -> Strength {
        let fitting = self.strengths.iter().filter(|(pattern, _)| source_matches(pattern, source));
        // `rev` so that of equal lengths the smaller text, which comes first, wins.
        match fitting.rev().max_by_key(|(pattern, _)| pattern.len()) {
            Some((_, strength)) => *strength,
            None => default_strength(source),
        }
    }

    /// Whether a source's word joins persons.
    pub fn joins_persons(&self, source: &str) -> bool {
        self.person_sources.iter().any(|pattern| source_matches(pattern, source))
    }

    /// How many ids of a kind an entity may hold in one scope; `None` = any number.
    pub fn limit_of(&self, kind: &Kind) -> Option<usize> {
        if let Some(limit) = self.limits.get(kind.name()) {
            return Some(*limit);
        }
        match self.kinds.get(kind.name()).copied().unwrap_or_else(|| kind.per_scope()) {
            PerScope::One => Some(1),
            PerScope::Many => None,
        }
    }
}
