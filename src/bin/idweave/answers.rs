//! Answers as JSON: one shape for each, shared by the commands.

use std::collections::BTreeMap;

use idweave::{
    Conflict, Contact, Decision, EdgeDump, Entity, EntityDump, EvidenceInfo, Explanation, Fact, HistoryStep,
    Person, RelationInterval, Suggestion, Time, Translation, Verdict, ndjson,
};
use serde::Serialize;

use crate::moment;

/// A line of `dump entities`: exactly these keys in this order.
#[derive(Debug, Serialize)]
pub(crate) struct EntityLine {
    entity: u64,
    class: &'static str,
    person: u64,
    ids: Vec<String>,
    superseded: Vec<String>,
}

impl From<&EntityDump> for EntityLine {
    fn from(entity: &EntityDump) -> EntityLine {
        EntityLine {
            entity: entity.entity.0,
            class: entity.class.name(),
            person: entity.person.0,
            ids: texts(&entity.ids),
            superseded: texts(&entity.superseded),
        }
    }
}

/// A line of `dump edges`: exactly these keys in this order.
#[derive(Debug, Serialize)]
pub(crate) struct EdgeLine {
    a: String,
    b: String,
    kind: &'static str,
    strength: &'static str,
    status: &'static str,
    reason: Option<&'static str>,
    level: &'static str,
    evidence: usize,
}

impl From<&EdgeDump> for EdgeLine {
    fn from(edge: &EdgeDump) -> EdgeLine {
        EdgeLine {
            a: edge.a.to_string(),
            b: edge.b.to_string(),
            kind: edge.kind.name(),
            strength: edge.strength.name(),
            status: edge.status.name(),
            reason: edge.status.reason().map(|reason| reason.name()),
            level: edge.level.name(),
            evidence: edge.evidence,
        }
    }
}

/// What an edge rejected as `cardinality` would have brought together.
#[derive(Debug, Serialize)]
pub(crate) struct TooMany {
    space: String,
    ids: Vec<String>,
}

impl From<&Conflict> for TooMany {
    fn from(conflict: &Conflict) -> TooMany {
        TooMany { space: conflict.space.to_string(), ids: texts(&conflict.ids) }
    }
}

/// An edge in conflict with what is known.
#[derive(Debug, Serialize)]
struct ConflictAnswer {
    edge: EdgeLine,
    too_many: Option<TooMany>,
}

#[derive(Debug, Serialize)]
struct MemberAnswer {
    id: String,
    superseded: bool,
    blocked: bool,
}

/// A line of `history`.
#[derive(Debug, Serialize)]
pub(crate) struct HistoryAnswer {
    seq: u64,
    recorded_at: String,
    entity: Option<u64>,
    ids: Vec<String>,
    superseded: Vec<String>,
    joined: Vec<String>,
    left: Vec<String>,
    because: Vec<serde_json::Value>,
    undid: Vec<u64>,
}

impl From<&HistoryStep> for HistoryAnswer {
    fn from(step: &HistoryStep) -> HistoryAnswer {
        HistoryAnswer {
            seq: step.seq,
            recorded_at: moment::show(step.recorded_at),
            entity: step.entity.map(|entity| entity.0),
            ids: texts(&step.ids),
            superseded: texts(&step.superseded),
            joined: texts(&step.joined),
            left: texts(&step.left),
            because: step.because.iter().map(fact_value).collect(),
            undid: step.undid.clone(),
        }
    }
}

/// A fact as the object that its line is.
fn fact_value(fact: &Fact) -> serde_json::Value {
    serde_json::from_str(&ndjson::print(fact)).unwrap_or_default()
}

/// The answer of `resolve`.
#[derive(Debug, Serialize)]
pub(crate) struct EntityAnswer {
    entity: u64,
    class: &'static str,
    person: u64,
    ids: Vec<MemberAnswer>,
    conflicts: Vec<ConflictAnswer>,
}

impl From<&Entity> for EntityAnswer {
    fn from(entity: &Entity) -> EntityAnswer {
        let member = |m: &idweave::Member| MemberAnswer {
            id: m.id.to_string(),
            superseded: m.superseded,
            blocked: m.blocked,
        };
        let conflict = |edge: &EdgeDump| ConflictAnswer {
            edge: edge.into(),
            too_many: edge.conflict.as_ref().map(TooMany::from),
        };
        EntityAnswer {
            entity: entity.entity.0,
            class: entity.class.name(),
            person: entity.person.0,
            ids: entity.members.iter().map(member).collect(),
            conflicts: entity.conflicts.iter().map(conflict).collect(),
        }
    }
}

/// The answer of `resolve` and `person` where the id is not known.
#[derive(Debug, Serialize)]
pub(crate) struct NobodyAnswer {
    /// Always null.
    pub(crate) entity: Option<u64>,
}

/// The answer of `person`.
#[derive(Debug, Serialize)]
pub(crate) struct PersonAnswer {
    person: u64,
    entities: Vec<EntityAnswer>,
}

impl From<&Person> for PersonAnswer {
    fn from(person: &Person) -> PersonAnswer {
        PersonAnswer {
            person: person.person.0,
            entities: person.entities.iter().map(EntityAnswer::from).collect(),
        }
    }
}

/// A line of `suggestions`.
#[derive(Debug, Serialize)]
pub(crate) struct SuggestionAnswer {
    entity: u64,
    person: u64,
    edge: EdgeLine,
    via: Option<String>,
}

impl From<&Suggestion> for SuggestionAnswer {
    fn from(s: &Suggestion) -> SuggestionAnswer {
        SuggestionAnswer {
            entity: s.entity.0,
            person: s.person.0,
            edge: (&s.edge).into(),
            via: s.via.as_ref().map(ToString::to_string),
        }
    }
}

/// A line of `contacts-of`.
#[derive(Debug, Serialize)]
pub(crate) struct ContactAnswer {
    userid: String,
    external_userid: String,
    since: i64,
    until: Option<i64>,
    add_way: Option<String>,
    state: Option<String>,
    attrs: BTreeMap<String, String>,
}

impl From<&Contact> for ContactAnswer {
    fn from(contact: &Contact) -> ContactAnswer {
        ContactAnswer {
            userid: contact.userid.to_string(),
            external_userid: contact.external_userid.to_string(),
            since: contact.since.ms(),
            until: contact.until.map(Time::ms),
            add_way: contact.add_way.clone(),
            state: contact.state.clone(),
            attrs: contact.attrs.clone(),
        }
    }
}

/// A line of `neighbors`.
#[derive(Debug, Serialize)]
pub(crate) struct NeighborAnswer<'a> {
    from: &'a str,
    to: &'a str,
    since: i64,
    until: Option<i64>,
    attrs: &'a BTreeMap<String, String>,
}

impl<'a> From<&'a RelationInterval> for NeighborAnswer<'a> {
    fn from(interval: &'a RelationInterval) -> NeighborAnswer<'a> {
        NeighborAnswer {
            from: interval.from.as_str(),
            to: interval.to.as_str(),
            since: interval.since.ms(),
            until: interval.until.map(Time::ms),
            attrs: &interval.attrs,
        }
    }
}

/// The answer of `translate`.
#[derive(Debug, Serialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub(crate) enum TranslationAnswer {
    Found { ids: Vec<String> },
    Provisional { ids: Vec<String> },
    Pending { id: String, valid_to: Option<i64> },
    Absent { as_of: i64, source: String, age_ms: i64 },
    Unknown,
    Error { rule: String },
}

impl TranslationAnswer {
    /// The answer to a question of `now`.
    pub(crate) fn at(now: Time, translation: &Translation) -> TranslationAnswer {
        match translation {
            Translation::Found(ids) => TranslationAnswer::Found { ids: texts(ids) },
            Translation::Provisional(ids) => TranslationAnswer::Provisional { ids: texts(ids) },
            Translation::Pending { id, valid_to } => {
                TranslationAnswer::Pending { id: id.to_string(), valid_to: valid_to.map(Time::ms) }
            }
            Translation::Absent { as_of, source } => {
                let age_ms = now.since(*as_of).max(0);
                TranslationAnswer::Absent { as_of: as_of.ms(), source: source.clone(), age_ms }
            }
            Translation::Unknown => TranslationAnswer::Unknown,
        }
    }
}

/// The word for a verdict.
pub(crate) fn verdict_word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::SameEntity => "same_entity",
        Verdict::SamePerson => "same_person",
        Verdict::Different => "different",
        Verdict::Unknown => "unknown",
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct EvidenceAnswer {
    source: String,
    strength: &'static str,
    at: i64,
    batch: Option<String>,
    expires_at: Option<i64>,
    seq: u64,
    stands: bool,
}

#[derive(Debug, Serialize)]
struct StepAnswer {
    from: String,
    to: String,
    edge: EdgeLine,
    evidence: Vec<EvidenceAnswer>,
}

/// The answer of `explain`.
#[derive(Debug, Serialize)]
pub(crate) struct ExplainAnswer {
    verdict: &'static str,
    steps: Vec<StepAnswer>,
    bans: Vec<(String, String)>,
    decisions: Vec<DecisionAnswer>,
    complete: bool,
}

#[derive(Debug, Serialize)]
struct DecisionAnswer {
    what: &'static str,
    id: String,
    other: Option<String>,
    actor: String,
    reason: Option<String>,
    at: i64,
    seq: u64,
    in_force: bool,
}

impl From<&Decision> for DecisionAnswer {
    fn from(decision: &Decision) -> DecisionAnswer {
        DecisionAnswer {
            what: decision.ruling.name(),
            id: decision.id.to_string(),
            other: decision.other.as_ref().map(ToString::to_string),
            actor: decision.actor.clone(),
            reason: decision.reason.clone(),
            at: decision.at.ms(),
            seq: decision.recorded_seq,
            in_force: decision.in_force,
        }
    }
}

impl From<&EvidenceInfo> for EvidenceAnswer {
    fn from(e: &EvidenceInfo) -> EvidenceAnswer {
        EvidenceAnswer {
            source: e.source.clone(),
            strength: e.strength.name(),
            at: e.observed_at.ms(),
            batch: e.batch.clone(),
            expires_at: e.expires_at.map(Time::ms),
            seq: e.recorded_seq,
            stands: e.stands,
        }
    }
}

impl From<&Explanation> for ExplainAnswer {
    fn from(explanation: &Explanation) -> ExplainAnswer {
        let step = |step: &idweave::Step| StepAnswer {
            from: step.from.to_string(),
            to: step.to.to_string(),
            edge: (&step.edge).into(),
            evidence: step.evidence.iter().map(EvidenceAnswer::from).collect(),
        };
        ExplainAnswer {
            verdict: verdict_word(explanation.verdict),
            steps: explanation.steps.iter().map(step).collect(),
            bans: explanation.bans.iter().map(|(a, b)| (a.to_string(), b.to_string())).collect(),
            decisions: explanation.decisions.iter().map(DecisionAnswer::from).collect(),
            complete: explanation.complete,
        }
    }
}

pub(crate) fn texts(ids: &[idweave::Id]) -> Vec<String> {
    ids.iter().map(idweave::Id::to_string).collect()
}
