//! Suspects: entities that may be several, and several that may be one.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use hashbrown::HashMap;

use crate::analytics::joints::{Joint, JointRank};
use crate::analytics::pass::Shared;
use crate::analytics::ranked::Ranked;
use crate::error::Result;
use crate::model::{EntityId, Id, Kind, Strength};
use crate::records::{Edge, Node, NodeNo, Pair, Phase};
use crate::resolve::Reason;
use crate::segment::Spaces;
use crate::store::{Lens, Source, State};

/// Entities that are worth a look.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Suspects {
    /// Entities that may be several accounts, by rule. An entity is counted once a rule, and once under each that fits.
    pub over: BTreeMap<OverRule, u64>,
    /// Pairs of entities that may be one account or person, by rule; of [`UnderRule::SharedHint`], ids that several share.
    pub under: BTreeMap<UnderRule, u64>,
    /// Those that may be several, the worst rule first, then the larger smaller part, then by entity; one line for each
    /// entity and rule.
    pub over_listed: Vec<OverMerge>,
    /// Those that may be one, the strongest rule first, then the larger sum of their ids, then by entities.
    pub under_listed: Vec<UnderMerge>,
}

/// Why an entity may be several. All rules are about its weakest bridge between groups (see
/// [`WeakJoints`](crate::analytics::WeakJoints)): weakest strength, then fewest evidences, then the greatest smaller part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OverRule {
    /// That bridge has one evidence, and a conflict (an edge rejected as `cardinality`, `cycle`, `size` or `oversize`) ends in
    /// the entity: somebody else claims a part of it.
    Contested,
    /// That bridge has one evidence, and is `provisional` or `business`: nothing of WeChat's own word joins the parts.
    WeakBridge,
    /// The entity has many ids (see [`Measuring::crowded_ids`](crate::analytics::Measuring::crowded_ids)), and that bridge.
    Crowded,
}

/// Why two entities may be one account, or one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum UnderRule {
    /// An edge between them was rejected as `cardinality`, and they are not one person: one account with two ids where one can
    /// be, or a human with two accounts.
    Cardinality,
    /// An edge between them was rejected as `provisional`: one web login, which a second would confirm.
    Provisional,
    /// An edge between them, neither end a phone, was rejected as `suggestion`, and they are not one person.
    Suggestion,
    /// A phone, which is no hint hub, has hint edges not rejected as `scope_mismatch` or `pending_expired` to two or more
    /// entities, which are not all one person.
    SharedHint,
}

impl OverRule {
    /// Every rule, the worst first.
    pub const ALL: [OverRule; 3] = [OverRule::Contested, OverRule::WeakBridge, OverRule::Crowded];

    /// The name in answers.
    pub fn name(self) -> &'static str {
        match self {
            OverRule::Contested => "contested",
            OverRule::WeakBridge => "weak_bridge",
            OverRule::Crowded => "crowded",
        }
    }
}

impl UnderRule {
    /// Every rule, the strongest first.
    pub const ALL: [UnderRule; 4] =
        [UnderRule::Cardinality, UnderRule::Provisional, UnderRule::Suggestion, UnderRule::SharedHint];

    /// The name in answers.
    pub fn name(self) -> &'static str {
        match self {
            UnderRule::Cardinality => "cardinality",
            UnderRule::Provisional => "provisional",
            UnderRule::Suggestion => "suggestion",
            UnderRule::SharedHint => "shared_hint",
        }
    }
}

/// An entity that may be several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverMerge {
    /// Why.
    pub rule: OverRule,
    /// The bridge, with the entity.
    pub joint: Joint,
    /// How many ids the entity has.
    pub ids: u64,
    /// How many conflicts end in it.
    pub conflicts: u64,
}

/// Entities that may be one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnderMerge {
    /// Why.
    pub rule: UnderRule,
    /// The entities, in order of their numbers.
    pub entities: Vec<EntityId>,
    /// Ids of all of them together.
    pub ids: u64,
    /// The ends of an edge that says so, the smaller id first: of several between the two entities the least; of
    /// [`UnderRule::SharedHint`], the shared id alone.
    pub by: Vec<Id>,
}

/// An entity that may be several, by numbers, the worst least.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct OverRank {
    rule: OverRule,
    smaller: Reverse<u32>,
    entity: NodeNo,
    joint: JointRank,
    conflicts: u64,
}

/// A rule and the entities it is about: two, in order of their numbers; of a shared hint, the id's own and the least other.
type UnderKey = (UnderRule, NodeNo, NodeNo);

/// What speaks for entities that may be one.
struct Because {
    ids: u64,
    /// The ends of the edge, of several the least; of a shared hint, the id twice.
    by: (Id, Id),
    is_restricted: bool,
    /// Of a shared hint.
    entities: Vec<NodeNo>,
}

/// The suspects that were met.
pub(crate) struct SuspectCount {
    over: BTreeMap<OverRule, u64>,
    over_listed: Ranked<OverRank>,
    under: BTreeMap<UnderKey, Because>,
    /// Of entities, the conflicts that end in them of pairs that lie by themselves.
    conflicts: HashMap<NodeNo, u64>,
}

/// Ids of a conflict, as many as are counted in both entities.
fn conflicts_in(pair: &Pair) -> u64 {
    pair.edges.iter().filter(|edge| edge.state.conflict_reason().is_some()).count() as u64
}

/// Under which rule an edge makes its entities suspects, as far as the edge says.
fn rule_of(edge: &Edge) -> Option<UnderRule> {
    match edge.state.status.reason().filter(|_| edge.state.phase != Phase::Silent)? {
        Reason::Cardinality => Some(UnderRule::Cardinality),
        Reason::Provisional => Some(UnderRule::Provisional),
        Reason::Suggestion => Some(UnderRule::Suggestion),
        _ => None,
    }
}

fn has_phone(pair: &Pair, shared: &Shared<'_>) -> Result<bool> {
    for number in [pair.a, pair.b] {
        let space = shared.state.brief(number)?.and_then(|brief| shared.state.space(brief.space));
        if space.is_some_and(|space| *space.kind() == Kind::Phone) {
            return Ok(true);
        }
    }
    Ok(false)
}

impl SuspectCount {
    pub(crate) fn new(listed: usize) -> SuspectCount {
        SuspectCount {
            over: BTreeMap::new(),
            over_listed: Ranked::of(listed),
            under: BTreeMap::new(),
            conflicts: HashMap::new(),
        }
    }

    /// Looks at a pair, of whatever entities.
    pub(crate) fn pair(&mut self, pair: &Pair, shared: &Shared<'_>) -> Result<()> {
        let Some(strongest) = pair.edges.iter().filter_map(rule_of).min() else { return Ok(()) };
        // Most suggestions are those of phones, which are looked at as shared hints: their families are not read.
        if strongest == UnderRule::Suggestion && has_phone(pair, shared)? {
            return Ok(());
        }
        Lens::on(shared.state).answer(|lens| self.look(lens, pair)).map(drop)
    }

    fn look(&mut self, lens: &Lens<&State>, pair: &Pair) -> Option<()> {
        let (a, b) = (lens.node(pair.a)?, lens.node(pair.b)?);
        let (x, y) = (lens.node(a.entity)?, lens.node(b.entity)?);
        let size = |root: &Node| root.members.as_ref().map_or(1, |members| members.len()) as u64;
        let has_phone = [a, b].iter().any(|node| *node.id.kind() == Kind::Phone);
        for rule in pair.edges.iter().filter_map(rule_of) {
            let fits = match rule {
                UnderRule::Provisional => a.entity != b.entity,
                UnderRule::Suggestion => x.person != y.person && !has_phone,
                UnderRule::Cardinality | UnderRule::SharedHint => x.person != y.person,
            };
            if fits {
                let by =
                    if a.id < b.id { (a.id.clone(), b.id.clone()) } else { (b.id.clone(), a.id.clone()) };
                let is_restricted = a.restricted || b.restricted;
                let because = Because { ids: size(x) + size(y), by, is_restricted, entities: Vec::new() };
                self.note((rule, a.entity.min(b.entity), a.entity.max(b.entity)), because);
            }
        }
        Some(())
    }

    /// Notes one reason; of several for the same entities that which may be told, then the least, stays.
    fn note(&mut self, key: UnderKey, because: Because) {
        match self.under.entry(key) {
            Entry::Vacant(entry) => drop(entry.insert(because)),
            Entry::Occupied(mut entry) => {
                let known = entry.get_mut();
                if (because.is_restricted, &because.by) < (known.is_restricted, &known.by) {
                    *known = because;
                }
            }
        }
    }

    /// Notes the conflicts of a pair that lies by itself, for when its entities come.
    pub(crate) fn conflicts_outside(&mut self, pair: &Pair, shared: &Shared<'_>) -> Result<()> {
        let conflicts = conflicts_in(pair);
        if conflicts == 0 {
            return Ok(());
        }
        let entity =
            |number| -> Result<Option<NodeNo>> { Ok(shared.state.brief(number)?.map(|brief| brief.entity)) };
        let (x, y) = (entity(pair.a)?, entity(pair.b)?);
        for entity in x.into_iter().chain(y.filter(|_| x != y)) {
            *self.conflicts.entry(entity).or_default() += conflicts;
        }
        Ok(())
    }

    /// The conflicts of entities that were noted so far.
    pub(crate) fn take_conflicts(&mut self) -> HashMap<NodeNo, u64> {
        std::mem::take(&mut self.conflicts)
    }

    /// Looks at an entity by its weakest bridge between groups.
    pub(crate) fn entity(
        &mut self,
        weakest: JointRank,
        is_restricted: bool,
        conflicts: u64,
        crowded_ids: usize,
    ) {
        let single = weakest.is_single();
        let is_weak = matches!(weakest.strength(), Strength::Business | Strength::Provisional);
        let fits = |rule| match rule {
            OverRule::Contested => single && conflicts > 0,
            OverRule::WeakBridge => single && is_weak,
            OverRule::Crowded => weakest.ids() as usize >= crowded_ids,
        };
        for rule in OverRule::ALL.into_iter().filter(|rule| fits(*rule)) {
            *self.over.entry(rule).or_default() += 1;
            if !is_restricted {
                let (smaller, entity) = (Reverse(weakest.smaller()), weakest.entity());
                self.over_listed.show(OverRank { rule, smaller, entity, joint: weakest, conflicts });
            }
        }
    }

    /// Looks at a phone that has more than one hint.
    pub(crate) fn phone(&mut self, number: NodeNo, shared: &Shared<'_>) -> Result<()> {
        Lens::on(shared.state).answer(|lens| self.look_at_phone(lens, number)).map(drop)
    }

    fn look_at_phone(&mut self, lens: &Lens<&State>, number: NodeNo) -> Option<()> {
        let phone = lens.node(number).filter(|node| !node.hint_hub)?;
        let mut is_restricted = phone.restricted;
        let mut entities = Vec::new();
        for other in lens.hints(number, phone) {
            let node = lens.node(other)?;
            is_restricted |= node.restricted;
            entities.push(node.entity);
        }
        entities.sort_unstable();
        entities.dedup();
        let roots: Vec<&Node> = entities.iter().filter_map(|root| lens.node(*root)).collect();
        let persons = roots.iter().map(|root| root.person);
        if persons.clone().min() == persons.max() {
            return None;
        }
        let ids = roots.iter().map(|root| root.members.as_ref().map_or(1, |all| all.len()) as u64).sum();
        let by = (phone.id.clone(), phone.id.clone());
        let key = (UnderRule::SharedHint, number, *entities.first()?);
        self.note(key, Because { ids, by, is_restricted, entities });
        Some(())
    }

    pub(crate) fn add(&mut self, other: SuspectCount) {
        other.over.into_iter().for_each(|(rule, count)| *self.over.entry(rule).or_default() += count);
        self.over_listed.add(other.over_listed);
        other.under.into_iter().for_each(|(key, because)| self.note(key, because));
        for (entity, count) in other.conflicts {
            *self.conflicts.entry(entity).or_default() += count;
        }
    }

    pub(crate) fn finish(self, shared: &Shared<'_>) -> Result<Suspects> {
        let named = |rank: OverRank| {
            let joint = rank.joint.named(shared.state)?;
            let (ids, conflicts) = (u64::from(rank.joint.ids()), rank.conflicts);
            Ok(joint.map(|joint| OverMerge { rule: rank.rule, joint, ids, conflicts }))
        };
        let over_listed = self.over_listed.into_sorted().into_iter();
        let over_listed =
            over_listed.filter_map(|rank| named(rank).transpose()).collect::<Result<Vec<_>>>()?;
        let mut under: BTreeMap<UnderRule, u64> = BTreeMap::new();
        let mut listed = Ranked::of(shared.wanted.listed);
        for ((rule, x, y), because) in &self.under {
            *under.entry(*rule).or_default() += 1;
            if !because.is_restricted {
                listed.show((*rule, Reverse(because.ids), *x, *y));
            }
        }
        let told = |(rule, _, x, y): (UnderRule, Reverse<u64>, NodeNo, NodeNo)| {
            let because = self.under.get(&(rule, x, y))?;
            let entities = if rule == UnderRule::SharedHint { because.entities.clone() } else { vec![x, y] };
            let (a, b) = &because.by;
            let by = if a == b { vec![a.clone()] } else { vec![a.clone(), b.clone()] };
            let entities = entities.into_iter().map(|entity| EntityId(u64::from(entity))).collect();
            Some(UnderMerge { rule, entities, ids: because.ids, by })
        };
        let under_listed = listed.into_sorted().into_iter().filter_map(told).collect();
        Ok(Suspects { over: self.over, under, over_listed, under_listed })
    }
}

/// Conflicts that end in an entity of a family, of the pairs in it.
pub(crate) fn conflicts_at(pairs: &[&Pair]) -> u64 {
    pairs.iter().map(|pair| conflicts_in(pair)).sum()
}
