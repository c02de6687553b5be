//! The job on rows: a link looks both ids up, keeps its evidence, and unites their entities, the smaller into
//! the larger, unless the union would hold two ids of one kind and scope.

use std::path::Path;

use anyhow::{Context, Result};

use crate::data::{Fact, Id, Space};
use crate::kv::rows::{
    ACCEPTED, Evidence, Member, NEXT, Place, REJECTED, id_key, members, number, push_member,
};
use crate::kv::seam::{Kv, ReadRows, Table, WriteRows};
use crate::kv::split;
use crate::store::{Lookup, Sizing, Store};

/// Any key-value store, doing the job.
pub struct OnKv<K> {
    kv: K,
    next_node: u32,
}

/// A state of a key-value store, answering.
pub struct Reader<R> {
    rows: R,
}

pub struct Prepared {
    a: (u8, Vec<u8>),
    b: (u8, Vec<u8>),
    source: u8,
    strength: u8,
    at: i64,
    batch: u32,
}

/// An end of a link: its row, and its entity's members.
struct End {
    place: Place,
    is_new: bool,
    key: Vec<u8>,
    space: u8,
    value: Vec<u8>,
}

pub fn place_of(rows: &impl ReadRows, key: &[u8]) -> Result<Option<Place>> {
    rows.with(Table::Ids, key, |row| row.map(Place::decode).transpose())?
}

pub fn members_of(rows: &impl ReadRows, entity: u32) -> Result<Vec<Member>> {
    let mut found = Vec::new();
    rows.with(Table::Entities, &entity.to_be_bytes(), |row| {
        members(row.context("an entity has a row")?, |space, node, value| {
            found.push(Member { space, node, value: value.to_vec() });
        })
    })??;
    Ok(found)
}

pub fn put_entity(rows: &mut impl WriteRows, entity: u32, members: &[Member]) -> Result<()> {
    let mut row = Vec::with_capacity(members.len() * 40);
    for member in members {
        push_member(&mut row, member)?;
    }
    rows.put(Table::Entities, &entity.to_be_bytes(), &row)
}

pub fn put_place(rows: &mut impl WriteRows, member: &Member, entity: u32) -> Result<()> {
    let place = Place { node: member.node, entity };
    rows.put(Table::Ids, &id_key(member.space, &member.value), &place.encode())
}

/// Keeps an evidence; `near` is the key of its `from` end.
pub fn put_evidence(rows: &mut impl WriteRows, evidence: &Evidence, near: &[u8]) -> Result<()> {
    rows.put(Table::Edges, &evidence.key(), &evidence.value())?;
    if evidence.status == REJECTED {
        let turned = evidence.turned(near);
        rows.put(Table::Edges, &turned.key(), &turned.value())?;
    }
    Ok(())
}

pub fn share_a_space(one: &[Member], other: &[Member]) -> bool {
    one.iter().any(|member| other.iter().any(|theirs| theirs.space == member.space))
}

fn end(rows: &impl ReadRows, next: &mut u32, (space, value): &(u8, Vec<u8>)) -> Result<End> {
    let key = id_key(*space, value);
    let known = place_of(rows, &key)?;
    let place = known.unwrap_or_else(|| {
        let node = *next;
        *next += 1;
        Place { node, entity: node }
    });
    Ok(End { place, is_new: known.is_none(), key, space: *space, value: value.clone() })
}

fn family(rows: &impl ReadRows, end: &End) -> Result<Vec<Member>> {
    if end.is_new {
        return Ok(vec![Member { space: end.space, node: end.place.node, value: end.value.clone() }]);
    }
    members_of(rows, end.place.entity)
}

/// Joins two entities: the members of the smaller get the number of the larger.
fn unite(rows: &mut impl WriteRows, a: &End, b: &End, of_a: Vec<Member>, of_b: Vec<Member>) -> Result<()> {
    let a_stays = of_a.len() > of_b.len() || (of_a.len() == of_b.len() && !a.is_new);
    let (stays, mut kept, goes, moved) = if a_stays { (a, of_a, b, of_b) } else { (b, of_b, a, of_a) };
    let entity = stays.place.entity;
    for member in &moved {
        put_place(rows, member, entity)?;
    }
    if stays.is_new {
        rows.put(Table::Ids, &stays.key, &stays.place.encode())?;
    }
    if !goes.is_new {
        rows.delete(Table::Entities, &goes.place.entity.to_be_bytes())?;
    }
    kept.extend(moved);
    put_entity(rows, entity, &kept)
}

/// A link with its evidence; whether it was new.
fn link(rows: &mut impl WriteRows, next: &mut u32, fact: &Prepared) -> Result<bool> {
    let (a, b) = (end(rows, next, &fact.a)?, end(rows, next, &fact.b)?);
    let (low, high) = if a.place.node < b.place.node { (&a, &b) } else { (&b, &a) };
    let mut evidence = Evidence {
        from: low.place.node,
        to: high.place.node,
        source: fact.source,
        batch: fact.batch,
        at: fact.at,
        strength: fact.strength,
        status: ACCEPTED,
        far: high.key.clone(),
    };
    let known = !a.is_new && !b.is_new;
    if known && rows.with(Table::Edges, &evidence.key(), |row| row.is_some())? {
        return Ok(false);
    }
    if a.place.entity != b.place.entity {
        let (of_a, of_b) = (family(rows, &a)?, family(rows, &b)?);
        if share_a_space(&of_a, &of_b) {
            evidence.status = REJECTED;
            for (end, alone) in [(&a, &of_a), (&b, &of_b)] {
                if end.is_new {
                    rows.put(Table::Ids, &end.key, &end.place.encode())?;
                    put_entity(rows, end.place.entity, alone)?;
                }
            }
        } else {
            unite(rows, &a, &b, of_a, of_b)?;
        }
    }
    put_evidence(rows, &evidence, &low.key)?;
    Ok(true)
}

impl<K: Kv> Store for OnKv<K> {
    type Key = Vec<u8>;
    type Commit = Vec<Prepared>;
    type Answer = Vec<String>;
    type Reader<'a>
        = Reader<K::Read<'a>>
    where
        K: 'a;

    fn open(dir: &Path, sizing: Sizing) -> Result<OnKv<K>> {
        OnKv::over(K::open(dir, sizing)?)
    }

    fn key(&self, id: &Id) -> Result<Vec<u8>> {
        Ok(id_key(id.space as u8, id.value.as_bytes()))
    }

    fn prepare(&self, facts: &[Fact]) -> Result<Vec<Prepared>> {
        let end = |id: &Id| (id.space as u8, id.value.clone().into_bytes());
        let prepared = facts.iter().map(|fact| Prepared {
            a: end(&fact.a),
            b: end(&fact.b),
            source: fact.source as u8,
            strength: fact.source.strength(),
            at: fact.at,
            batch: fact.batch,
        });
        Ok(prepared.collect())
    }

    fn ingest(&mut self, commit: &Vec<Prepared>) -> Result<u64> {
        let (mut next, mut new) = (self.next_node, 0);
        self.kv.write(|rows| {
            for fact in commit {
                new += u64::from(link(rows, &mut next, fact)?);
            }
            if next != self.next_node {
                rows.put(Table::Entities, NEXT, &next.to_le_bytes())?;
            }
            Ok(new > 0)
        })?;
        self.next_node = next;
        Ok(new)
    }

    fn retract(&mut self, a: &Id, b: &Id, at: i64) -> Result<()> {
        let (a, b) = (self.key(a)?, self.key(b)?);
        self.kv.write(|rows| split::retract(rows, &a, &b, at).map(|()| true))
    }

    fn reader(&self) -> Result<Reader<K::Read<'_>>> {
        Ok(Reader { rows: self.kv.read()? })
    }

    fn values(answer: &Vec<String>) -> Vec<String> {
        answer.clone()
    }

    fn settle(&mut self) -> Result<()> {
        self.kv.settle()
    }

    fn reopen(self, dir: &Path, sizing: Sizing) -> Result<OnKv<K>> {
        OnKv::over(self.kv.reopen(dir, sizing)?)
    }
}

impl<K: Kv> OnKv<K> {
    fn over(kv: K) -> Result<OnKv<K>> {
        let next = kv.read()?.with(Table::Entities, NEXT, |row| row.map(number).transpose())??;
        Ok(OnKv { kv, next_node: next.unwrap_or(0) })
    }
}

impl<R: ReadRows> Lookup for Reader<R> {
    type Key = Vec<u8>;
    type Answer = Vec<String>;

    fn translate(&self, key: &Vec<u8>, target: Space) -> Result<Vec<String>> {
        let Some(place) = place_of(&self.rows, key)? else { return Ok(Vec::new()) };
        let mut found = Vec::new();
        self.rows.with(Table::Entities, &place.entity.to_be_bytes(), |row| {
            members(row.context("an entity has a row")?, |space, _, value| {
                if space == target as u8 {
                    found.push(String::from_utf8_lossy(value).into_owned());
                }
            })
        })??;
        Ok(found)
    }
}
