//! Resolution, sections 3.1 to 3.7 of the design in their order, one function each.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use idweave::{Id, Time};

use super::counting::{EdgeKey, Evidence, State};
use super::outcome::{Edge, Entity, Outcome, Power};
use super::settings::class_of;
use super::topology::Bound;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// An edge on its way through resolution.
pub(crate) struct Work {
    pub(crate) key: EdgeKey,
    pub(crate) evidences: Vec<Evidence>,
    pub(crate) power: Power,
    /// The time its rank is told by.
    since: Time,
    pub(crate) rejected: Option<&'static str>,
    pub(crate) is_person_level: bool,
    /// Of a cardinality conflict: the (kind, scope) and its ids.
    conflict: Option<(String, Vec<String>)>,
}

impl Work {
    /// Stronger than hint and not yet rejected.
    fn binds(&self) -> bool {
        self.power > Power::Hint && self.rejected.is_none()
    }

    pub(crate) fn counting(&self) -> impl Iterator<Item = &Evidence> {
        self.evidences.iter().filter(|evidence| evidence.counts)
    }

    fn other_end(&self, id: &Id) -> Option<&Id> {
        if self.key.a == *id {
            Some(&self.key.b)
        } else if self.key.b == *id {
            Some(&self.key.a)
        } else {
            None
        }
    }

    /// 3.3: the order edges are taken in, first to last.
    fn rank(&self) -> (Reverse<Power>, Time, String, bool, String) {
        let EdgeKey { a, b, is_supersede } = &self.key;
        let joined = format!("{}|{}", a.min(b), a.max(b));
        (Reverse(self.power), self.since, joined, *is_supersede, a.to_string())
    }
}

/// Disjoint groups of ids (entities) or of entities (persons).
pub(crate) struct Groups<T> {
    group_of: BTreeMap<T, usize>,
    members: BTreeMap<usize, BTreeSet<T>>,
}

impl<T: Ord + Clone> Groups<T> {
    pub(crate) fn alone(items: impl IntoIterator<Item = T>) -> Groups<T> {
        let mut groups = Groups { group_of: BTreeMap::new(), members: BTreeMap::new() };
        for (number, item) in items.into_iter().enumerate() {
            groups.group_of.insert(item.clone(), number);
            groups.members.insert(number, BTreeSet::from([item]));
        }
        groups
    }

    pub(crate) fn number(&self, item: &T) -> usize {
        self.group_of.get(item).copied().unwrap_or(usize::MAX)
    }

    pub(crate) fn of(&self, item: &T) -> BTreeSet<T> {
        self.members.get(&self.number(item)).cloned().unwrap_or_default()
    }

    pub(crate) fn unite(&mut self, a: &T, b: &T) {
        let (kept, gone) = (self.number(a), self.number(b));
        if kept != gone {
            let moved = self.members.remove(&gone).unwrap_or_default();
            for item in &moved {
                self.group_of.insert(item.clone(), kept);
            }
            self.members.entry(kept).or_default().extend(moved);
        }
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &BTreeSet<T>> {
        self.members.values()
    }
}

impl State {
    pub(crate) fn resolve(&self) -> Outcome {
        let mut edges: Vec<Work> = Vec::new();
        let mut all = self.edges.clone();
        self.check_scopes(&mut all);
        self.check_pending(&mut all);
        for (key, evidences) in all {
            edges.push(weigh(key, evidences));
        }
        edges.sort_by_key(Work::rank);
        self.reject_hubs_and_blocks(&mut edges);
        let superseded_by = self.walk_supersedes(&mut edges);
        self.cut_families(&mut edges);
        let entities = self.build_entities(&mut edges, &superseded_by);
        let persons = self.build_persons(&mut edges, &entities);
        answer(&edges, &entities, &persons, &superseded_by)
    }

    /// 3.1
    fn check_scopes(&self, edges: &mut BTreeMap<EdgeKey, Vec<Evidence>>) {
        for (key, evidences) in edges {
            for (x, y) in [(&key.a, &key.b), (&key.b, &key.a)] {
                if y.kind().name() != "unionid" {
                    continue;
                }
                for evidence in evidences.iter_mut() {
                    let t = evidence.key.at;
                    let bound_to = match x.kind().name() {
                        "openid" => self.bindings.open_account(x.scope(), t),
                        // Reading: a corp known to have no bound app has no known bound app.
                        "external_userid" if !x.scope().contains('@') => {
                            match self.bindings.bound_app(x.scope(), t) {
                                Bound::To(appid) => self.bindings.open_account(&appid, t),
                                Bound::Unknown | Bound::ToNone => Bound::Unknown,
                            }
                        }
                        _ => Bound::Unknown,
                    };
                    evidence.counts &= match bound_to {
                        Bound::Unknown => true,
                        Bound::ToNone => false,
                        Bound::To(open_account) => open_account == y.scope(),
                    };
                }
            }
        }
    }

    /// 3.2. Reading: `valid_to` is taken once, over the evidences that count after 3.1.
    fn check_pending(&self, edges: &mut BTreeMap<EdgeKey, Vec<Evidence>>) {
        let valid_to = Self::ends_of_pending_ids(edges);
        for (key, evidences) in edges {
            for id in [&key.a, &key.b] {
                let Some(end) = valid_to.get(id) else { continue };
                for evidence in evidences.iter_mut() {
                    evidence.counts &= evidence.key.at <= *end;
                }
            }
        }
    }

    /// When each pending id dies; those that never do are not in it.
    pub(crate) fn pending_ends(&self) -> BTreeMap<Id, Time> {
        let mut all = self.edges.clone();
        self.check_scopes(&mut all);
        Self::ends_of_pending_ids(&all)
    }

    fn ends_of_pending_ids(edges: &BTreeMap<EdgeKey, Vec<Evidence>>) -> BTreeMap<Id, Time> {
        let mut valid_to: BTreeMap<Id, Time> = BTreeMap::new();
        for (key, evidences) in edges.iter() {
            for (pending, other) in [(&key.a, &key.b), (&key.b, &key.a)] {
                if pending.kind().name() != "pending_id"
                    || matches!(other.kind().name(), "external_userid" | "pending_id")
                {
                    continue;
                }
                for evidence in evidences.iter().filter(|evidence| evidence.counts) {
                    let at = evidence.key.at;
                    let end = evidence.expires_at.unwrap_or_else(|| at.plus_ms(90 * DAY_MS));
                    let known = valid_to.entry(pending.clone()).or_insert(end);
                    *known = (*known).max(end);
                }
            }
        }
        valid_to
    }

    /// 3.4. Reading: all degrees are taken before the first rejection of this step.
    fn reject_hubs_and_blocks(&self, edges: &mut [Work]) {
        let is_hub_toward = |edges: &[Work], x: &Id, space: &str| {
            let around: BTreeSet<&Id> = edges
                .iter()
                .filter(|edge| edge.binds())
                .filter_map(|edge| edge.other_end(x))
                .filter(|other| other.space() == space)
                .filter(|other| !matches!(other.kind().name(), "pending_id" | "state_token"))
                .collect();
            around.len() > self.settings.hub_limit()
        };
        let verdicts: Vec<Option<&'static str>> = edges
            .iter()
            .map(|edge| {
                let EdgeKey { a, b, .. } = &edge.key;
                if !edge.binds() {
                    None
                } else if is_hub_toward(edges, a, b.space()) || is_hub_toward(edges, b, a.space()) {
                    Some("hub")
                } else if self.blocked.contains(a) || self.blocked.contains(b) {
                    Some("blocked")
                } else {
                    None
                }
            })
            .collect();
        for (edge, verdict) in edges.iter_mut().zip(verdicts) {
            edge.rejected = edge.rejected.or(verdict);
        }
    }

    /// 3.5: who was superseded by whom.
    fn walk_supersedes(&self, edges: &mut [Work]) -> BTreeMap<Id, BTreeSet<Id>> {
        let mut accepted: BTreeMap<Id, BTreeSet<Id>> = BTreeMap::new();
        for edge in edges.iter_mut().filter(|edge| edge.key.is_supersede && edge.rejected.is_none()) {
            let (old, new) = (&edge.key.a, &edge.key.b);
            if self.bans.contains(&(old.clone(), new.clone())) {
                edge.rejected = Some("banned");
            } else if leads_to(&accepted, new, old) {
                edge.rejected = Some("cycle");
            } else {
                accepted.entry(old.clone()).or_default().insert(new.clone());
            }
        }
        accepted
    }

    /// 3.6
    fn cut_families(&self, edges: &mut [Work]) {
        loop {
            let mut families = Groups::alone(self.ids.iter().cloned());
            for edge in edges.iter().filter(|edge| edge.binds()) {
                families.unite(&edge.key.a, &edge.key.b);
            }
            let too_large: Vec<&BTreeSet<Id>> =
                families.all().filter(|family| family.len() > self.settings.max_family()).collect();
            if too_large.is_empty() {
                return;
            }
            for family in too_large {
                let inside = |edge: &&mut Work| edge.binds() && family.contains(&edge.key.a);
                let weakest = edges.iter_mut().filter(inside).map(|edge| edge.power).min();
                for edge in edges.iter_mut().filter(inside) {
                    if Some(edge.power) == weakest {
                        edge.rejected = Some("oversize");
                    }
                }
            }
        }
    }

    /// 3.7
    fn build_entities(&self, edges: &mut [Work], superseded_by: &BTreeMap<Id, BTreeSet<Id>>) -> Groups<Id> {
        let mut entities = Groups::alone(self.ids.iter().cloned());
        for edge in edges.iter_mut().filter(|edge| edge.binds()) {
            let (a, b) = (&edge.key.a, &edge.key.b);
            if entities.number(a) == entities.number(b) {
                continue;
            }
            let (left, right) = (entities.of(a), entities.of(b));
            let union: BTreeSet<Id> = left.union(&right).cloned().collect();
            if edge.power == Power::Provisional && left.len() > 1 && right.len() > 1 {
                edge.rejected = Some("provisional");
            } else if self.is_ban_between(&left, &right) {
                edge.rejected = Some("banned");
            } else if let Some(conflict) = self.conflict_in(&union, superseded_by) {
                edge.rejected = Some("cardinality");
                edge.conflict = Some(conflict);
            } else if union.len() > self.settings.max_ids() {
                edge.rejected = Some("size");
            } else {
                entities.unite(a, b);
            }
        }
        entities
    }

    pub(crate) fn is_ban_between(&self, left: &BTreeSet<Id>, right: &BTreeSet<Id>) -> bool {
        self.bans.iter().any(|(a, b)| left.contains(a) && right.contains(b))
    }

    /// The smallest (kind, scope) of which there are too many ids, and those ids.
    ///
    /// Reading: "superseded by one in the union" means by one accepted edge, not by a chain with a middle
    /// outside of the union.
    fn conflict_in(
        &self,
        union: &BTreeSet<Id>,
        superseded_by: &BTreeMap<Id, BTreeSet<Id>>,
    ) -> Option<(String, Vec<String>)> {
        let mut by_space: BTreeMap<String, Vec<&Id>> = BTreeMap::new();
        for id in union {
            let successors = superseded_by.get(id);
            if !successors.is_some_and(|successors| successors.iter().any(|new| union.contains(new))) {
                by_space.entry(id.space().to_owned()).or_default().push(id);
            }
        }
        by_space.into_iter().find_map(|(space, ids)| {
            let limit = ids.first().and_then(|id| self.settings.limit_of(id.kind().name()))?;
            (ids.len() > limit).then(|| (space, ids.iter().map(ToString::to_string).collect()))
        })
    }
}

/// 3.3: strength and the time of the rank. Of an edge left without evidence, over all its evidences.
fn weigh(key: EdgeKey, evidences: Vec<Evidence>) -> Work {
    let is_left_without = evidences.iter().all(|evidence| !evidence.counts);
    let has_pending = [&key.a, &key.b].into_iter().any(|id| id.kind().name() == "pending_id");
    let rejected = match (is_left_without, has_pending) {
        (false, _) => None,
        (true, true) => Some("pending_expired"),
        (true, false) => Some("scope_mismatch"),
    };
    let weighed: Vec<&Evidence> = evidences.iter().filter(|e| e.counts || is_left_without).collect();
    let greatest = weighed.iter().map(|evidence| evidence.power).max().unwrap_or(Power::Hint);
    let of_power = |power: Power| weighed.iter().filter(move |e| e.power == power).copied();
    let (power, timed): (Power, Vec<&Evidence>) = if key.is_supersede && greatest <= Power::Business {
        let business: Vec<&Evidence> = of_power(Power::Business).collect();
        (Power::Business, if business.is_empty() { weighed.clone() } else { business })
    } else if greatest == Power::Provisional && is_confirmed(&of_power(greatest).collect::<Vec<_>>()) {
        (Power::Confirmed, of_power(greatest).collect())
    } else {
        (greatest, of_power(greatest).collect())
    };
    let since = timed.iter().map(|evidence| evidence.key.at).min().unwrap_or(Time::MAX);
    Work { key, power, since, rejected, is_person_level: power == Power::Hint, conflict: None, evidences }
}

/// From two sources, or two of them, not of one event, at least 24 hours apart.
fn is_confirmed(provisional: &[&Evidence]) -> bool {
    let is_second = |x: &Evidence, y: &Evidence| {
        let is_one_happening = x.key.event.is_some() && x.key.event == y.key.event;
        x.key.source != y.key.source || (!is_one_happening && y.key.at.since(x.key.at) >= DAY_MS)
    };
    provisional.iter().any(|x| provisional.iter().any(|y| is_second(x, y)))
}

fn leads_to(edges: &BTreeMap<Id, BTreeSet<Id>>, from: &Id, to: &Id) -> bool {
    from == to || edges.get(from).into_iter().flatten().any(|next| leads_to(edges, next, to))
}

fn answer(
    edges: &[Work],
    entities: &Groups<Id>,
    persons: &Groups<usize>,
    superseded_by: &BTreeMap<Id, BTreeSet<Id>>,
) -> Outcome {
    let texts = |ids: &BTreeSet<Id>| ids.iter().map(ToString::to_string).collect::<BTreeSet<String>>();
    let mut outcome = Outcome::default();
    for ids in entities.all() {
        let superseded = ids.iter().filter(|id| superseded_by.contains_key(id)).cloned().collect();
        let class = ids.first().map_or("", |id| class_of(id.kind().name()));
        outcome.entities.insert(Entity { ids: texts(ids), superseded: texts(&superseded), class });
    }
    let entity_of_number: BTreeMap<usize, BTreeSet<String>> = entities
        .all()
        .filter_map(|ids| ids.first().map(|first| (entities.number(first), texts(ids))))
        .collect();
    for person in persons.all() {
        let entities = person.iter().filter_map(|number| entity_of_number.get(number)).cloned();
        outcome.persons.insert(entities.collect());
    }
    for edge in edges {
        let (a, b) = (edge.key.a.to_string(), edge.key.b.to_string());
        let kind = if edge.key.is_supersede { "supersede" } else { "same" };
        if let Some((space, ids)) = &edge.conflict {
            outcome.cardinality.insert((a.clone(), b.clone(), kind, space.clone(), ids.clone()));
        }
        outcome.edges.insert(Edge {
            a,
            b,
            kind,
            strength: edge.power.name(),
            status: if edge.rejected.is_some() { "rejected" } else { "accepted" },
            reason: edge.rejected,
            level: if edge.is_person_level { "person" } else { "entity" },
            evidence: edge.evidences.len(),
        });
    }
    outcome
}
