//! What a commit changes: told before it is written, and enough to follow the graph by.

use std::collections::{BTreeMap, BTreeSet};

use idweave::{ChangeRecord, ChangedId, Changes, ConflictChange, Id, Op, Read};

use crate::laws::campaign::{campaign, report};
use crate::laws::engine::{feed, new_graph};
use crate::laws::{Check, SMALL};
use crate::support::generate::{Flavour, NOW, commits};

/// What somebody knows who began with nothing and followed every commit.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Mirror {
    entity: BTreeMap<u64, u64>,
    person: BTreeMap<u64, u64>,
    superseded: BTreeSet<u64>,
    conflicts: BTreeSet<(u64, u64, &'static str, &'static str)>,
    names: BTreeMap<u64, Id>,
}

impl Mirror {
    pub(crate) fn follow(&mut self, changes: &Changes<ChangedId>) -> Check {
        let mut put = |ids: &[ChangedId], entity: u64| {
            for id in ids {
                self.entity.insert(id.number, entity);
                if let Some(name) = &id.id {
                    self.names.insert(id.number, name.clone());
                }
            }
        };
        for created in changes.created.iter().chain(&changes.grown) {
            put(&created.ids, created.entity.0);
        }
        for merged in &changes.merged {
            put(&merged.ids, merged.entity.0);
        }
        for split in &changes.split {
            split.into.iter().for_each(|part| put(&part.ids, part.entity.0));
        }
        for rekeyed in &changes.rekeyed {
            put(&rekeyed.ids, rekeyed.to.0);
        }
        for erased in &changes.erased {
            if self.entity.remove(&erased.number).is_none() {
                return Err(format!("{erased:?} goes and was never there"));
            }
            self.superseded.remove(&erased.number);
        }
        self.superseded.extend(changes.superseded.iter().map(|id| id.number));
        for id in &changes.revived {
            self.superseded.remove(&id.number);
        }
        let alive: BTreeSet<u64> = self.entity.values().copied().collect();
        self.person.retain(|entity, _| alive.contains(entity));
        for entity in alive {
            self.person.entry(entity).or_insert(entity);
        }
        for person in &changes.persons {
            self.person.insert(person.entity.0, person.person.0);
        }
        let key = |conflict: &ConflictChange<ChangedId>| {
            (conflict.a.number, conflict.b.number, conflict.kind.name(), conflict.reason.name())
        };
        for conflict in &changes.closed {
            if !self.conflicts.remove(&key(conflict)) {
                return Err(format!("{conflict:?} is closed and was not open"));
            }
        }
        for conflict in &changes.opened {
            if !self.conflicts.insert(key(conflict)) {
                return Err(format!("{conflict:?} is opened twice"));
            }
        }
        Ok(())
    }

    /// Whether that is what the graph says.
    pub(crate) fn shows(&self, view: &impl Read) -> Check {
        let mut entities: BTreeMap<u64, (u64, BTreeSet<Id>, BTreeSet<Id>)> = BTreeMap::new();
        for (number, entity) in &self.entity {
            let person = self.person.get(entity).copied().unwrap_or(*entity);
            let (_, ids, superseded) =
                entities.entry(*entity).or_insert((person, BTreeSet::new(), BTreeSet::new()));
            let name = self.names.get(number).ok_or_else(|| format!("number {number} has no name"))?;
            ids.insert(name.clone());
            if self.superseded.contains(number) {
                superseded.insert(name.clone());
            }
        }
        let mut expected = BTreeMap::new();
        for entity in view.entities() {
            let entity = entity.map_err(|error| error.to_string())?;
            let (ids, superseded) =
                (entity.ids.into_iter().collect(), entity.superseded.into_iter().collect());
            expected.insert(entity.entity.0, (entity.person.0, ids, superseded));
        }
        if entities != expected {
            return Err(format!("followed: {entities:#?}\nthe graph: {expected:#?}"));
        }
        let name = |number: &u64| self.names.get(number).map(ToString::to_string);
        let mut conflicts: Vec<_> = self
            .conflicts
            .iter()
            .map(|(a, b, kind, reason)| {
                let (a, b) = (name(a), name(b));
                // Undirected edges are dumped with the smaller text first.
                let (a, b) = if *kind == "same" && b < a { (b, a) } else { (a, b) };
                (a, b, *kind, *reason)
            })
            .collect();
        conflicts.sort();
        let mut expected = Vec::new();
        for edge in view.conflicts() {
            let edge = edge.map_err(|error| error.to_string())?;
            let edge = edge.edge;
            let reason = edge.status.reason().map_or("", |reason| reason.name());
            expected.push((Some(edge.a.to_string()), Some(edge.b.to_string()), edge.kind.name(), reason));
        }
        expected.sort();
        if conflicts == expected {
            Ok(())
        } else {
            Err(format!("conflicts followed: {conflicts:#?}\nthe graph: {expected:#?}"))
        }
    }
}

/// All changes so far, in a mirror; that commits have one record each, without gaps.
pub(crate) fn followed(
    changes: impl Iterator<Item = idweave::Result<ChangeRecord>>,
    last: u64,
) -> Result<Mirror, String> {
    let mut mirror = Mirror::default();
    let mut seq = 0;
    for record in changes {
        let record = record.map_err(|error| format!("a record after {seq}: {error}"))?;
        if record.seq != seq + 1 {
            return Err(format!("record {} follows {seq}", record.seq));
        }
        seq = record.seq;
        mirror.follow(&record.changes)?;
    }
    if seq == last { Ok(mirror) } else { Err(format!("records end at {seq}, commits at {last}")) }
}

#[test]
pub(super) fn who_follows_the_feed_knows_the_graph() {
    for flavour in Flavour::ALL {
        report(campaign("feed", flavour, SMALL, |facts, random| {
            let graph = new_graph()?;
            let mut told: Vec<ChangeRecord> = Vec::new();
            let mut mirror = Mirror::default();
            for commit in commits(facts, random) {
                let commit: Vec<_> =
                    commit.into_iter().filter(|fact| !matches!(fact.op, Op::Restrict { .. })).collect();
                feed(&graph, &commit)?;
                // Now and then it catches up.
                if random.one_in(2) {
                    let from = told.last().map_or(1, |record| record.seq + 1);
                    for record in graph.changes(from).map_err(|error| format!("changes: {error}"))? {
                        let record = record.map_err(|error| error.to_string())?;
                        mirror.follow(&record.changes)?;
                        told.push(record);
                    }
                    mirror.shows(&graph.view())?;
                }
            }
            if told.windows(2).any(|pair| pair[0].seq + 1 != pair[1].seq) {
                return Err("a gap".to_owned());
            }
            // Read again from the beginning it is the same, but for the names of what was erased since.
            let again = graph.changes(1).map_err(|error| error.to_string())?;
            let again = again.collect::<idweave::Result<Vec<_>>>().map_err(|error| error.to_string())?;
            if again.len() as u64 != graph.view().seq() || again.len() < told.len() {
                return Err(format!("{} records of {} commits", again.len(), graph.view().seq()));
            }
            for (first, again) in told.iter().zip(&again) {
                let numbers = |record: &ChangeRecord| format!("{:?}", numbers_of(&record.changes));
                if (first.seq, numbers(first)) != (again.seq, numbers(again)) {
                    return Err(format!("read twice: {first:?}\n{again:?}"));
                }
            }
            Ok(())
        }));
    }
}

/// The numbers of all lists.
fn numbers_of(changes: &Changes<ChangedId>) -> Vec<Vec<u64>> {
    let numbers = |ids: &[ChangedId]| ids.iter().map(|id| id.number).collect::<Vec<u64>>();
    let mut all: Vec<Vec<u64>> = Vec::new();
    for entity in changes.created.iter().chain(&changes.grown) {
        all.push(vec![entity.entity.0]);
        all.push(numbers(&entity.ids));
    }
    for merged in &changes.merged {
        all.push(merged.from.iter().map(|entity| entity.0).collect());
        all.push(numbers(&merged.ids));
    }
    for split in &changes.split {
        all.extend(split.into.iter().map(|part| numbers(&part.ids)));
    }
    for rekeyed in &changes.rekeyed {
        all.push(vec![rekeyed.from.0, rekeyed.to.0]);
        all.push(numbers(&rekeyed.ids));
    }
    all.extend([&changes.superseded, &changes.revived, &changes.erased].map(|ids| numbers(ids)));
    all.extend(changes.persons.iter().map(|person| vec![person.entity.0, person.person.0]));
    for conflict in changes.opened.iter().chain(&changes.closed) {
        all.push(vec![conflict.a.number, conflict.b.number]);
    }
    all
}

#[test]
pub(super) fn what_if_tells_what_the_commit_then_does() {
    for flavour in Flavour::ALL {
        report(campaign("what-if = doing it", flavour, SMALL, |facts, random| {
            let graph = new_graph()?;
            let mut mirror = Mirror::default();
            for commit in commits(facts, random) {
                // Restricted ids are followed by number only: their names are not told.
                let commit: Vec<_> =
                    commit.into_iter().filter(|fact| !matches!(fact.op, Op::Restrict { .. })).collect();
                let before = graph.view().seq();
                let told = graph.what_if(NOW, |tx| {
                    commit.iter().for_each(|fact| drop(tx.apply(fact)));
                    Ok(tx.len())
                });
                let told = told.map_err(|error| format!("what if: {error}"))?;
                if graph.view().seq() != before {
                    return Err("a question was written".to_owned());
                }
                feed(&graph, &commit)?;
                if (graph.view().seq() > before) != (told.facts > 0) || told.value != told.facts {
                    return Err(format!("{} facts were foreseen", told.facts));
                }
                if told.facts > 0 {
                    is_record(&told.changes, graph.changes(before + 1).map_err(|error| error.to_string())?)?;
                }
                mirror.follow(&told.changes)?;
                mirror.shows(&graph.view())?;
            }
            Ok(())
        }));
    }
}

/// Whether the next record says what was foreseen; ids that are gone are named by what was foreseen only.
fn is_record(
    told: &Changes<ChangedId>,
    mut records: impl Iterator<Item = idweave::Result<ChangeRecord>>,
) -> Check {
    let record = records.next().ok_or("no record")?.map_err(|error| error.to_string())?;
    let gone: BTreeSet<u64> = record.changes.erased.iter().map(|id| id.number).collect();
    let mut foreseen = told.clone();
    let forget = |id: &mut ChangedId| id.id = id.id.take().filter(|_| !gone.contains(&id.number));
    foreseen.erased.iter_mut().for_each(forget);
    for conflict in &mut foreseen.closed {
        [&mut conflict.a, &mut conflict.b].into_iter().for_each(forget);
    }
    if foreseen == record.changes {
        return Ok(());
    }
    Err(format!("foreseen: {foreseen:#?}\nrecorded: {:#?}", record.changes))
}
