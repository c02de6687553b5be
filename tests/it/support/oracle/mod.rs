//! The oracle: design sections 1-5 read literally, from scratch at every question, as slow as it likes.
//!
//! # Invariants
//!   O1 nothing of the engine is used but the plain values of the model (ids, facts, times); rules, topology,
//!      source patterns, classes and limits are derived here again from the text of the design.
//!   O2 state is the list of accepted facts; every answer is computed from the whole list.
//!   O3 only three things happen at commit: the door (erased ids, self-links made by aliases), the expansion
//!      of an erasure that reaches the entity, and the aliases of corps.
//!
//! Where the design leaves a choice, the comment at that place begins with `Reading:`.

mod counting;
mod outcome;
mod persons;
mod relations;
mod resolve;
mod settings;
mod topology;

use std::collections::{BTreeMap, BTreeSet};

use idweave::model::{Placeholders, Reach, RelationKind, Selector};
use idweave::{Fact, Id, KindScope, Op, Time};

pub(crate) use outcome::{Absence, Edge, Entity, Interval, Outcome};

pub(crate) use topology::Bound;

use counting::State;

/// What the door said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    Accepted,
    /// Accepted, and no part of the commit: what counts says as much.
    Known,
    /// Refused, with the rule.
    Refused(&'static str),
}

/// An accepted fact and the commit that brought it.
#[derive(Clone)]
struct Accepted {
    seq: u64,
    fact: Fact,
}

/// The greatest time of an id's erasures, and whether one of them is sticky.
#[derive(Clone, Copy)]
struct Tombstone {
    at: Time,
    sticky: bool,
}

/// A graph as a list of facts.
#[derive(Clone, Default)]
pub(crate) struct Oracle {
    accepted: Vec<Accepted>,
    /// alias -> (time of the fact that said so, the corp's key).
    aliases: BTreeMap<String, (Time, String)>,
    /// Which commit was undone, by which.
    undos: Vec<(u64, u64)>,
    seq: u64,
}

/// What an undo came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Undo {
    New,
    AlreadyKnown,
    /// There is no such commit, or it holds an erasure.
    Refused,
}

impl Oracle {
    pub(crate) fn new() -> Oracle {
        Oracle::default()
    }

    /// The facts in one commit: one by one, in order.
    pub(crate) fn commit(&mut self, facts: &[Fact]) -> Vec<Door> {
        self.seq += 1;
        let seq = self.seq;
        facts.iter().map(|fact| self.apply(fact, seq)).collect()
    }

    /// One fact of the commit `seq`.
    pub(crate) fn apply(&mut self, fact: &Fact, seq: u64) -> Door {
        self.seq = self.seq.max(seq);
        let fact = self.under_corp_keys(fact);
        if let Some(rule) = broken_rule(&fact) {
            return Door::Refused(rule);
        }
        if let Op::Erase { id, reach, reason, sticky } = &fact.op {
            // Reading: an erasure is never refused as `Erased`, else two erasures would not commute.
            for id in self.reached(id, *reach) {
                let known = self.tombstones().get(&id).copied();
                if known.is_some_and(|known| known.at >= fact.at && known.sticky >= *sticky) {
                    continue;
                }
                let op = Op::Erase { id, reach: Reach::Id, reason: reason.clone(), sticky: *sticky };
                self.accepted.push(Accepted { seq, fact: Fact { op, ..fact.clone() } });
            }
            return Door::Accepted;
        }
        if is_erased(&self.tombstones(), &fact) {
            return Door::Refused("erased");
        }
        // Reading: what counts already is no part of a commit that tells it again.
        if self.is_known(&fact) {
            return Door::Known;
        }
        self.accepted.push(Accepted { seq, fact: fact.clone() });
        if let Op::Corp { key, aliases, .. } = &fact.op {
            self.name_aliases(&normal_key(key), aliases, fact.at, seq);
        }
        Door::Accepted
    }

    /// Undoes the commit `seq` as part of the commit `by`.
    pub(crate) fn undo(&mut self, seq: u64, by: u64) -> Undo {
        self.seq = self.seq.max(by);
        let holds_erasure =
            |accepted: &Accepted| accepted.seq == seq && matches!(accepted.fact.op, Op::Erase { .. });
        if seq == 0 || seq >= by {
            return Undo::Refused;
        }
        if self.is_undone(seq, u64::MAX) {
            return Undo::AlreadyKnown;
        }
        if self.accepted.iter().any(holds_erasure) {
            return Undo::Refused;
        }
        self.undos.push((seq, by));
        self.read_aliases_again();
        Undo::New
    }

    /// Whether an undo up to the commit `last` undoes a commit, which is not undone itself by then.
    fn is_undone(&self, seq: u64, last: u64) -> bool {
        self.undos.iter().any(|(undone, by)| *undone == seq && *by <= last && !self.is_undone(*by, last))
    }

    /// What the corp facts that count say of aliases.
    fn read_aliases_again(&mut self) {
        self.aliases.clear();
        for Accepted { seq, fact } in &self.accepted {
            let Op::Corp { key, aliases, .. } = &fact.op else { continue };
            if self.is_undone(*seq, u64::MAX) {
                continue;
            }
            for alias in
                aliases.iter().map(|alias| normal_key(alias)).filter(|alias| *alias != normal_key(key))
            {
                let statement = (fact.at, normal_key(key));
                let known = self.aliases.entry(alias).or_insert_with(|| statement.clone());
                *known = known.clone().max(statement);
            }
        }
    }

    /// Whether facts that count say as much.
    fn is_known(&self, fact: &Fact) -> bool {
        let counting: Vec<&Accepted> =
            self.accepted.iter().filter(|accepted| !self.is_undone(accepted.seq, u64::MAX)).collect();
        let living = self.living_of(&counting);
        counting::is_known(fact, &living)
    }

    /// Who is who, by everything accepted so far.
    pub(crate) fn resolve(&self) -> Outcome {
        self.state().resolve()
    }

    /// Who was who by the commits up to `seq`, less what was erased since.
    pub(crate) fn as_of(&self, seq: u64) -> Outcome {
        self.state_of(|accepted| accepted.seq <= seq, seq).resolve()
    }

    /// Who is who by the facts observed up to `t`. Reading: an erasure is not undone by looking back.
    pub(crate) fn observed_until(&self, t: Time) -> Outcome {
        self.state_of(|accepted| accepted.fact.at <= t, u64::MAX).resolve()
    }

    /// The intervals of one relation.
    pub(crate) fn intervals(&self, kind: &RelationKind, from: &Id, to: &Id) -> Vec<Interval> {
        self.state().intervals(kind, from, to)
    }

    /// Whether the relation is open at `t`, and its attributes then.
    pub(crate) fn relation_at(
        &self,
        kind: &RelationKind,
        from: &Id,
        to: &Id,
        t: Time,
    ) -> (bool, BTreeMap<String, String>) {
        self.state().relation_at(kind, from, to, t)
    }

    /// Every relation some counting fact speaks of, as (kind, from, to).
    pub(crate) fn relations(&self) -> BTreeSet<(String, String, String)> {
        self.state().relations()
    }

    /// Everything that counts.
    pub(crate) fn state(&self) -> State {
        self.state_of(|_| true, u64::MAX)
    }

    /// Everything that counted of some facts with the undos up to a commit. Ids stay that only undone facts name.
    fn state_of(&self, fits: impl Fn(&Accepted) -> bool, last: u64) -> State {
        let counts = |accepted: &Accepted| {
            // Marks are no evidence: an undo leaves them.
            matches!(accepted.fact.op, Op::Mark { .. }) || !self.is_undone(accepted.seq, last)
        };
        let mut state = State::of(&self.living(|accepted| fits(accepted) && counts(accepted)));
        state.ids.extend(counting::existing(&self.living(fits)));
        state
    }

    /// Every relation that a fact tells of, retracted or not.
    pub(crate) fn relations_told(&self) -> BTreeSet<(RelationKind, Id, Id)> {
        let told = self.living(|_| true).into_iter().filter_map(|fact| match &fact.op {
            Op::Relate { kind, from, to, .. } | Op::Unrelate { kind, from, to, .. } => {
                Some((kind.clone(), from.clone(), to.clone()))
            }
            _ => None,
        });
        told.collect()
    }

    /// Every fact that was accepted and that no erasure took, with the commit that brought it.
    pub(crate) fn told(&self) -> Vec<(u64, &Fact)> {
        let tombstones = self.tombstones();
        let accepted = self.accepted.iter().map(|accepted| (accepted.seq, &accepted.fact));
        accepted.filter(|(_, fact)| !is_erased(&tombstones, fact)).collect()
    }

    /// The recorded negative answers that count.
    pub(crate) fn absents(&self) -> BTreeSet<Absence> {
        self.state().absents()
    }

    /// The ids whose restriction stands.
    pub(crate) fn restricted(&self) -> BTreeSet<String> {
        self.state().restricted.iter().map(ToString::to_string).collect()
    }

    /// The marks in force.
    pub(crate) fn marks(&self) -> BTreeMap<String, String> {
        self.state().marks
    }

    /// The accepted facts that no erasure took.
    fn living(&self, fits: impl Fn(&Accepted) -> bool) -> Vec<&Fact> {
        self.living_of(&self.accepted.iter().filter(|accepted| fits(accepted)).collect::<Vec<_>>())
    }

    fn living_of<'a>(&self, accepted: &[&'a Accepted]) -> Vec<&'a Fact> {
        let tombstones = self.tombstones();
        let facts = accepted.iter().map(|accepted| &accepted.fact);
        facts.filter(|fact| !is_erased(&tombstones, fact)).collect()
    }

    fn tombstones(&self) -> BTreeMap<Id, Tombstone> {
        let mut tombstones: BTreeMap<Id, Tombstone> = BTreeMap::new();
        for accepted in &self.accepted {
            if let Op::Erase { id, sticky, .. } = &accepted.fact.op {
                let at = accepted.fact.at;
                let entry = tombstones.entry(id.clone()).or_insert(Tombstone { at, sticky: *sticky });
                entry.at = entry.at.max(at);
                entry.sticky |= *sticky;
            }
        }
        tombstones
    }

    /// The ids an erasure takes at this moment.
    fn reached(&self, id: &Id, reach: Reach) -> BTreeSet<Id> {
        let mut ids = BTreeSet::from([id.clone()]);
        if reach == Reach::Entity {
            let text = id.to_string();
            let entity = self.resolve().entities.into_iter().find(|entity| entity.ids.contains(&text));
            for member in entity.map(|entity| entity.ids).unwrap_or_default() {
                ids.insert(stored_id(&member));
            }
        }
        // Reading: under an alias stands the same id, so what was stored there before goes with it.
        let under_alias = |id: &Id| {
            let meaning = self.aliases.iter().filter(|(_, (_, key))| key == corp_part(id.scope()));
            meaning
                .map(|(alias, _)| id.to_string().replacen(corp_part(id.scope()), alias, 1))
                .collect::<Vec<_>>()
        };
        let twins: Vec<Id> = ids.iter().flat_map(under_alias).map(|text| stored_id(&text)).collect();
        ids.extend(twins);
        ids
    }

    /// From now on the aliases mean `key`; ids stored under one are linked to their twins.
    fn name_aliases(&mut self, key: &str, aliases: &[String], at: Time, seq: u64) {
        for alias in aliases {
            let alias = normal_key(alias);
            let statement = (at, key.to_owned());
            // Reading: the greatest `at` says what an alias means (ties: the greater key), and the twins are
            // linked when that changes what it means, not again by each later statement of the same.
            let known = self.aliases.get(&alias).cloned();
            if alias == key || known.as_ref().is_some_and(|known| *known >= statement) {
                continue;
            }
            let is_new = known.is_none_or(|(_, meant)| meant != key);
            self.aliases.insert(alias.clone(), statement);
            if !is_new {
                continue;
            }
            let stored = self.state().ids;
            for old in stored.into_iter().filter(|id| corp_part(id.scope()) == alias) {
                let Some(twin) = self.id_under_corp_key(&old) else { continue };
                // Reading: the link carries the fact's `at`, no batch, no event and no stated strength.
                let source = "operator.topology_alias".to_owned();
                let op = Op::Link { a: old, b: twin, source, strength: None, event: None, expires_at: None };
                let fact = Fact { at, batch: None, op };
                if !is_erased(&self.tombstones(), &fact) {
                    self.accepted.push(Accepted { seq, fact });
                }
            }
        }
    }

    /// The scope under the corp's key, if it names an alias.
    ///
    /// Reading: only the part before the `@` names the corp looked at; the viewer is left alone.
    fn scope_under_corp_key(&self, scope: &str) -> Option<String> {
        let (_, key) = self.aliases.get(corp_part(scope))?;
        Some(match scope.split_once('@') {
            Some((_, viewer)) => format!("{key}@{viewer}"),
            None => key.clone(),
        })
    }

    fn id_under_corp_key(&self, id: &Id) -> Option<Id> {
        let scope = self.scope_under_corp_key(id.scope())?;
        Id::with_placeholders(id.kind().clone(), &scope, id.spelling(), &Placeholders::none()).ok()
    }

    fn under_corp_keys(&self, fact: &Fact) -> Fact {
        let id = |id: &Id| self.id_under_corp_key(id).unwrap_or_else(|| id.clone());
        let space = |space: &KindScope| {
            self.scope_under_corp_key(space.scope())
                .and_then(|scope| KindScope::new(space.kind().clone(), &scope).ok())
                .unwrap_or_else(|| space.clone())
        };
        let selector = |selector: &Selector| match selector {
            Selector::Pair { a, b, source } => Selector::Pair { a: id(a), b: id(b), source: source.clone() },
            Selector::Source { source, scope, from, to } => Selector::Source {
                source: source.clone(),
                scope: scope.as_ref().map(space),
                from: *from,
                to: *to,
            },
            other => other.clone(),
        };
        let mut fact = fact.clone();
        match &mut fact.op {
            Op::Link { a, b, .. } | Op::Ban { a, b, .. } | Op::Unban { a, b, .. } => {
                (*a, *b) = (id(a), id(b));
            }
            Op::Supersede { old, new, .. } => (*old, *new) = (id(old), id(new)),
            Op::Retract(chosen) | Op::Unretract(chosen) => *chosen = selector(chosen),
            Op::Relate { from, to, .. } | Op::Unrelate { from, to, .. } => (*from, *to) = (id(from), id(to)),
            Op::Absent { id: named, target, .. } => (*named, *target) = (id(named), space(target)),
            Op::Block { id: named, .. }
            | Op::Unblock { id: named, .. }
            | Op::Restrict { id: named, .. }
            | Op::Unrestrict { id: named }
            | Op::Erase { id: named, .. } => *named = id(named),
            _ => {}
        }
        fact
    }
}

/// The ids a fact names.
fn named(op: &Op) -> Vec<&Id> {
    match op {
        Op::Link { a, b, .. } | Op::Ban { a, b, .. } | Op::Unban { a, b, .. } => vec![a, b],
        Op::Retract(Selector::Pair { a, b, .. }) | Op::Unretract(Selector::Pair { a, b, .. }) => vec![a, b],
        Op::Supersede { old, new, .. } => vec![old, new],
        Op::Relate { from, to, .. } | Op::Unrelate { from, to, .. } => vec![from, to],
        Op::Block { id, .. }
        | Op::Unblock { id, .. }
        | Op::Restrict { id, .. }
        | Op::Unrestrict { id }
        | Op::Absent { id, .. } => vec![id],
        _ => Vec::new(),
    }
}

/// A fact that names an erased id does not count unless it is later; of a sticky erasure never.
fn is_erased(tombstones: &BTreeMap<Id, Tombstone>, fact: &Fact) -> bool {
    named(&fact.op)
        .into_iter()
        .filter_map(|id| tombstones.get(id))
        .any(|tombstone| tombstone.sticky || fact.at <= tombstone.at)
}

/// Rules an alias can break after `validate` saw the fact, and the phone that cannot be superseded.
fn broken_rule(fact: &Fact) -> Option<&'static str> {
    if let Op::Supersede { old, new, .. } = &fact.op
        && [old, new].into_iter().any(|id| id.kind().name() == "phone")
    {
        return Some("phone");
    }
    match named(&fact.op).as_slice() {
        [a, b] if a == b => Some("self link"),
        _ => None,
    }
}

/// The part of a scope that names the corp looked at.
fn corp_part(scope: &str) -> &str {
    scope.split_once('@').map_or(scope, |(corp, _)| corp)
}

/// A plaintext corpid or appid (`ww` or `wx` and 16 hex digits) is lower-cased, all else is kept.
fn normal_key(key: &str) -> String {
    let lower = key.to_ascii_lowercase();
    let is_issuer = lower
        .strip_prefix("ww")
        .or_else(|| lower.strip_prefix("wx"))
        .is_some_and(|digits| digits.len() == 16 && digits.bytes().all(|b| b.is_ascii_hexdigit()));
    if is_issuer { lower } else { key.to_owned() }
}

/// An id from the text the oracle itself wrote.
fn stored_id(text: &str) -> Id {
    let stored = Id::parse_with(text, &Placeholders::none());
    assert!(stored.is_ok(), "the oracle wrote a text that is no id");
    stored.unwrap_or_else(|_| unreachable!("asserted above"))
}
