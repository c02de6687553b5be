//! From the living facts to what counts: evidences by edge, bans, blocks, relations (design sections 2 and 5).

use std::collections::{BTreeMap, BTreeSet};

use idweave::model::{RelationKind, Selector};
use idweave::{Fact, Id, KindScope, Op, Time};

use super::outcome::{Absence, Power};
use super::settings::Settings;
use super::topology::Bindings;

/// Which edge: of a `same` edge the smaller id first, of a `supersede` the old one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct EdgeKey {
    pub(crate) a: Id,
    pub(crate) b: Id,
    pub(crate) is_supersede: bool,
}

/// What tells one evidence of an edge from another.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct EvidenceKey {
    pub(crate) source: String,
    pub(crate) batch: Option<String>,
    pub(crate) event: Option<String>,
    pub(crate) at: Time,
}

/// An evidence: all its tellings together.
#[derive(Clone)]
pub(crate) struct Evidence {
    pub(crate) key: EvidenceKey,
    pub(crate) power: Power,
    pub(crate) expires_at: Option<Time>,
    /// Not late and not about another open account (3.1, 3.2).
    pub(crate) counts: bool,
}

/// A relate (with attributes) or an unrelate.
pub(crate) struct RelationFact {
    pub(crate) kind: RelationKind,
    pub(crate) from: Id,
    pub(crate) to: Id,
    pub(crate) at: Time,
    pub(crate) attrs: Option<BTreeMap<String, String>>,
}

/// Everything that counts.
pub(crate) struct State {
    pub(crate) settings: Settings,
    pub(crate) bindings: Bindings,
    /// Every id that exists.
    pub(crate) ids: BTreeSet<Id>,
    pub(crate) edges: BTreeMap<EdgeKey, Vec<Evidence>>,
    /// Both orders of each pair.
    pub(crate) bans: BTreeSet<(Id, Id)>,
    pub(crate) blocked: BTreeSet<Id>,
    pub(crate) restricted: BTreeSet<Id>,
    pub(crate) relation_facts: Vec<RelationFact>,
    pub(crate) absences: BTreeSet<Absence>,
    pub(crate) marks: BTreeMap<String, String>,
}

/// What a retraction may look at of a fact.
struct Seen<'a> {
    ends: [&'a Id; 2],
    /// Link or supersede: pairs and events select only these.
    is_evidence: bool,
    source: &'a str,
    event: Option<&'a str>,
    batch: Option<&'a str>,
    at: Time,
    /// The target of an absent.
    target: Option<&'a KindScope>,
}

/// The retractions that stand.
struct Retractions(Vec<(Selector, Time)>);

impl Retractions {
    fn of(facts: &[&Fact]) -> Retractions {
        let lifts = |selector: &Selector, at: Time| {
            facts.iter().any(|fact| match &fact.op {
                Op::Unretract(other) => in_order(other) == *selector && at <= fact.at,
                _ => false,
            })
        };
        let mut standing = Vec::new();
        for fact in facts {
            if let Op::Retract(selector) = &fact.op {
                let selector = in_order(selector);
                if !lifts(&selector, fact.at) {
                    standing.push((selector, fact.at));
                }
            }
        }
        Retractions(standing)
    }

    fn take(&self, seen: &Seen<'_>) -> bool {
        self.0.iter().any(|(selector, at)| match selector {
            Selector::Pair { a, b, source } => {
                seen.is_evidence
                    && (seen.ends == [a, b] || seen.ends == [b, a])
                    && source.as_deref().is_none_or(|source| source == seen.source)
                    && seen.at <= *at
            }
            Selector::Source { source, scope, from, to } => {
                source == seen.source
                    && from.is_none_or(|from| from <= seen.at)
                    && seen.at <= *to
                    && scope.as_ref().is_none_or(|scope| {
                        seen.ends.iter().any(|id| id.space() == scope.as_str())
                            || seen.target.is_some_and(|target| target.as_str() == scope.as_str())
                    })
            }
            Selector::Event { source, event } => {
                seen.is_evidence && source == seen.source && seen.event == Some(event.as_str())
            }
            Selector::Batch(batch) => seen.batch == Some(batch.as_str()),
        })
    }

    /// Of a fact without source (ban, block and their opposites): only a batch takes it.
    fn take_batch(&self, fact: &Fact) -> bool {
        self.0.iter().any(|(selector, _)| match selector {
            Selector::Batch(batch) => fact.batch.as_ref() == Some(batch),
            _ => false,
        })
    }
}

/// The selector with the ends of a pair in order: a pair has none.
fn in_order(selector: &Selector) -> Selector {
    match selector {
        Selector::Pair { a, b, source } if b < a => {
            Selector::Pair { a: b.clone(), b: a.clone(), source: source.clone() }
        }
        other => other.clone(),
    }
}

/// For each subject the operation with the greatest `at`; on a tie the one that forbids.
struct Toggles<T>(BTreeMap<T, (Time, bool)>);

impl<T: Ord + Clone> Toggles<T> {
    fn tell(&mut self, subject: T, at: Time, forbids: bool) {
        let told = (at, forbids);
        let state = self.0.entry(subject).or_insert(told);
        *state = (*state).max(told);
    }

    fn standing(self) -> BTreeSet<T> {
        self.0.into_iter().filter(|(_, (_, forbids))| *forbids).map(|(subject, _)| subject).collect()
    }
}

/// The tellings of one evidence.
#[derive(Default)]
struct Tellings {
    stated: Option<Power>,
    expires_at: Option<Time>,
}

impl State {
    pub(crate) fn of(facts: &[&Fact]) -> State {
        let settings = Settings::of(facts);
        let retractions = Retractions::of(facts);
        let mut tellings: BTreeMap<(EdgeKey, EvidenceKey), Tellings> = BTreeMap::new();
        let mut bans: Toggles<(Id, Id)> = Toggles(BTreeMap::new());
        let mut blocks: Toggles<Id> = Toggles(BTreeMap::new());
        let mut restrictions: Toggles<Id> = Toggles(BTreeMap::new());
        let mut relation_facts = Vec::new();
        let mut absences = BTreeSet::new();
        let mut marks: BTreeMap<String, (Time, String)> = BTreeMap::new();
        for fact in facts {
            let at = fact.at;
            match &fact.op {
                Op::Link { a, b, source, strength, event, expires_at } => {
                    let (a, b) = if a < b { (a, b) } else { (b, a) };
                    let edge = EdgeKey { a: a.clone(), b: b.clone(), is_supersede: false };
                    let key = evidence_key(fact, source, event.as_ref());
                    let telling = tellings.entry((edge, key)).or_default();
                    telling.stated = telling.stated.max(strength.and_then(|s| Power::of_name(s.name())));
                    telling.expires_at = telling.expires_at.max(*expires_at);
                }
                Op::Supersede { old, new, source, strength, event } => {
                    let edge = EdgeKey { a: old.clone(), b: new.clone(), is_supersede: true };
                    let key = evidence_key(fact, source, event.as_ref());
                    let telling = tellings.entry((edge, key)).or_default();
                    telling.stated = telling.stated.max(strength.and_then(|s| Power::of_name(s.name())));
                }
                Op::Ban { a, b, .. } | Op::Unban { a, b, .. } if !retractions.take_batch(fact) => {
                    let pair = if a < b { (a.clone(), b.clone()) } else { (b.clone(), a.clone()) };
                    bans.tell(pair, at, matches!(fact.op, Op::Ban { .. }));
                }
                Op::Block { id, .. } | Op::Unblock { id, .. } if !retractions.take_batch(fact) => {
                    blocks.tell(id.clone(), at, matches!(fact.op, Op::Block { .. }));
                }
                // A batch retraction does not take these.
                Op::Restrict { id, .. } | Op::Unrestrict { id } => {
                    restrictions.tell(id.clone(), at, matches!(fact.op, Op::Restrict { .. }));
                }
                Op::Relate { kind, from, to, source, .. } | Op::Unrelate { kind, from, to, source }
                    if !retractions.take(&seen(fact, [from, to], source, None)) =>
                {
                    let attrs = match &fact.op {
                        Op::Relate { attrs, .. } => Some(attrs.clone()),
                        _ => None,
                    };
                    let (kind, from, to) = (kind.clone(), from.clone(), to.clone());
                    relation_facts.push(RelationFact { kind, from, to, at, attrs });
                }
                Op::Absent { id, target, source }
                    if !retractions.take(&seen(fact, [id, id], source, Some(target))) =>
                {
                    let (id, target) = (id.to_string(), target.to_string());
                    absences.insert(Absence { id, target, source: source.clone(), at });
                }
                Op::Mark { key, value } => {
                    let told = (at, value.clone());
                    let mark = marks.entry(key.clone()).or_insert_with(|| told.clone());
                    if *mark < told {
                        *mark = told;
                    }
                }
                _ => {}
            }
        }
        let both = |(a, b): (Id, Id)| [(a.clone(), b.clone()), (b, a)];
        State {
            edges: unretracted(tellings, &retractions, &settings),
            bindings: Bindings::of(facts),
            ids: existing(facts),
            bans: bans.standing().into_iter().flat_map(both).collect(),
            blocked: blocks.standing(),
            restricted: restrictions.standing(),
            relation_facts,
            absences,
            marks: marks.into_iter().map(|(key, (_, value))| (key, value)).collect(),
            settings,
        }
    }

    pub(crate) fn absents(&self) -> BTreeSet<Absence> {
        self.absences.clone()
    }
}

fn evidence_key(fact: &Fact, source: &str, event: Option<&String>) -> EvidenceKey {
    EvidenceKey { source: source.to_owned(), batch: fact.batch.clone(), event: event.cloned(), at: fact.at }
}

fn seen<'a>(fact: &'a Fact, ends: [&'a Id; 2], source: &'a str, target: Option<&'a KindScope>) -> Seen<'a> {
    let batch = fact.batch.as_deref();
    Seen { ends, is_evidence: false, source, event: None, batch, at: fact.at, target }
}

/// The evidences by edge; an edge all of whose evidence is retracted is not there.
fn unretracted(
    tellings: BTreeMap<(EdgeKey, EvidenceKey), Tellings>,
    retractions: &Retractions,
    settings: &Settings,
) -> BTreeMap<EdgeKey, Vec<Evidence>> {
    let mut edges: BTreeMap<EdgeKey, Vec<Evidence>> = BTreeMap::new();
    for ((edge, key), telling) in tellings {
        let is_taken = retractions.take(&Seen {
            ends: [&edge.a, &edge.b],
            is_evidence: true,
            source: &key.source,
            event: key.event.as_deref(),
            batch: key.batch.as_deref(),
            at: key.at,
            target: None,
        });
        if is_taken {
            continue;
        }
        let has_phone = [&edge.a, &edge.b].into_iter().any(|id| id.kind().name() == "phone");
        let power = match telling.stated {
            _ if has_phone => Power::Hint,
            Some(stated) => stated,
            None => settings.power_of(&key.source),
        };
        let evidence = Evidence { key, power, expires_at: telling.expires_at, counts: true };
        edges.entry(edge).or_default().push(evidence);
    }
    edges
}

/// Whether one of these facts, or several together, say what a fact says.
pub(crate) fn is_known(fact: &Fact, facts: &[&Fact]) -> bool {
    let evidence = |fact: &Fact| match &fact.op {
        Op::Link { a, b, source, strength, event, expires_at } => {
            let (a, b) = if a < b { (a, b) } else { (b, a) };
            let edge = EdgeKey { a: a.clone(), b: b.clone(), is_supersede: false };
            Some(((edge, evidence_key(fact, source, event.as_ref())), *strength, *expires_at))
        }
        Op::Supersede { old, new, source, strength, event } => {
            let edge = EdgeKey { a: old.clone(), b: new.clone(), is_supersede: true };
            Some(((edge, evidence_key(fact, source, event.as_ref())), *strength, None))
        }
        _ => None,
    };
    if let Some((key, strength, expires_at)) = evidence(fact) {
        let power =
            |strength: Option<idweave::model::Strength>| strength.and_then(|s| Power::of_name(s.name()));
        let same = facts.iter().filter_map(|known| evidence(known)).filter(|(known, ..)| *known == key);
        let (powers, ends): (Vec<_>, Vec<_>) = same.map(|(_, s, expires_at)| (power(s), expires_at)).unzip();
        return powers.iter().any(|known| *known >= power(strength))
            && ends.iter().any(|end| *end >= expires_at);
    }
    facts.iter().any(|known| match (&known.op, &fact.op) {
        // A retraction has no batch.
        (Op::Retract(x), Op::Retract(y)) | (Op::Unretract(x), Op::Unretract(y)) => {
            in_order(x) == in_order(y) && known.at == fact.at
        }
        (Op::Ban { a, b, .. } | Op::Unban { a, b, .. }, Op::Ban { .. } | Op::Unban { .. }) => {
            let mut turned = (*known).clone();
            match &mut turned.op {
                Op::Ban { a: x, b: y, .. } | Op::Unban { a: x, b: y, .. } => {
                    (*x, *y) = (b.clone(), a.clone())
                }
                _ => {}
            }
            **known == *fact || turned == *fact
        }
        (Op::Mark { .. }, _) => false,
        _ => **known == *fact,
    })
}

/// Every id a link, supersede, ban, block, restrict, relate or unrelate names, retracted or not.
pub(crate) fn existing(facts: &[&Fact]) -> BTreeSet<Id> {
    let mut ids = BTreeSet::new();
    for fact in facts {
        match &fact.op {
            Op::Link { a, b, .. } | Op::Ban { a, b, .. } => ids.extend([a.clone(), b.clone()]),
            Op::Supersede { old, new, .. } => ids.extend([old.clone(), new.clone()]),
            Op::Relate { from, to, .. } | Op::Unrelate { from, to, .. } => {
                ids.extend([from.clone(), to.clone()]);
            }
            Op::Block { id, .. } | Op::Restrict { id, .. } => ids.extend([id.clone()]),
            _ => {}
        }
    }
    ids
}
