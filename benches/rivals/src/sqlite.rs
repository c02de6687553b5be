//! The job on SQLite, the way one writes it in SQL: a table of ids with the entity of each, an index by
//! entity that covers a translation, a table of evidence.

use std::path::Path;

use anyhow::Result;
use rusqlite::{Connection, OptionalExtension, params};

use crate::data::{Fact, Id, Space};
use crate::store::{Lookup, Sizing, Store};

const ACCEPTED: u8 = 0;
const REJECTED: u8 = 1;
const RETRACTED: u8 = 2;

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS ids(
        space INTEGER NOT NULL, value TEXT NOT NULL, node INTEGER NOT NULL, entity INTEGER NOT NULL,
        PRIMARY KEY(space, value)) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS ids_of_entity ON ids(entity, space, value, node);
    CREATE TABLE IF NOT EXISTS edges(
        low INTEGER NOT NULL, high INTEGER NOT NULL, source INTEGER NOT NULL, batch INTEGER NOT NULL,
        at INTEGER NOT NULL, strength INTEGER NOT NULL, status INTEGER NOT NULL,
        PRIMARY KEY(low, high, source, batch, at)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS rejected(
        near INTEGER NOT NULL, low INTEGER NOT NULL, high INTEGER NOT NULL, at INTEGER NOT NULL,
        strength INTEGER NOT NULL, space INTEGER NOT NULL, value TEXT NOT NULL,
        PRIMARY KEY(near, low, high, at)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS next(node INTEGER NOT NULL);
    INSERT INTO next SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM next);
";

const FIND: &str = "SELECT node, entity FROM ids WHERE space = ?1 AND value = ?2";
const ADD: &str = "INSERT INTO ids(space, value, node, entity) VALUES(?1, ?2, ?3, ?4)";
const MOVE: &str = "UPDATE ids SET entity = ?3 WHERE space = ?1 AND value = ?2";
const MEMBERS: &str = "SELECT space, value, node FROM ids WHERE entity = ?1";
const EVIDENCE: &str = "INSERT OR IGNORE INTO edges VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)";
const KNOWN: &str =
    "SELECT 1 FROM edges WHERE low = ?1 AND high = ?2 AND source = ?3 AND batch = ?4 AND at = ?5";
const TRANSLATE: &str = "SELECT other.value FROM ids AS one JOIN ids AS other \
     ON other.entity = one.entity AND other.space = ?3 WHERE one.space = ?1 AND one.value = ?2";
const TAKE_BACK: &str =
    "UPDATE edges SET status = ?4 WHERE low = ?1 AND high = ?2 AND at <= ?3 AND status <> ?4";
const EDGES: &str = "SELECT low, high FROM edges WHERE low = ?1 AND status <> 2 ORDER BY strength DESC, at";
const REJECT: &str = "INSERT OR IGNORE INTO rejected VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)";
const REJECTED_OF: &str =
    "SELECT low, high, at, space, value FROM rejected WHERE near = ?1 ORDER BY strength DESC, at";
const ACCEPT: &str = "UPDATE edges SET status = 0 WHERE low = ?1 AND high = ?2 AND at = ?3 AND status = 1";
const NO_LONGER: &str = "DELETE FROM rejected WHERE near IN (?1, ?2) AND low = ?1 AND high = ?2 AND at <= ?3";

pub struct Sqlite {
    db: Connection,
    next_node: i64,
}

pub struct Reader<'a> {
    db: &'a Connection,
}

struct Member {
    space: u8,
    value: String,
    node: i64,
}

fn members(db: &Connection, entity: i64) -> Result<Vec<Member>> {
    let mut statement = db.prepare_cached(MEMBERS)?;
    let rows = statement.query_map([entity], |row| {
        Ok(Member { space: row.get(0)?, value: row.get(1)?, node: row.get(2)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn share_a_space(one: &[Member], other: &[Member]) -> bool {
    one.iter().any(|member| other.iter().any(|theirs| theirs.space == member.space))
}

fn find(db: &Connection, id: &Id) -> Result<Option<(i64, i64)>> {
    let mut statement = db.prepare_cached(FIND)?;
    let place = statement.query_row(params![id.space as u8, id.value], |row| Ok((row.get(0)?, row.get(1)?)));
    Ok(place.optional()?)
}

fn move_to(db: &Connection, members: &[Member], entity: i64) -> Result<()> {
    let mut statement = db.prepare_cached(MOVE)?;
    for member in members {
        statement.execute(params![member.space, member.value, entity])?;
    }
    Ok(())
}

fn add(db: &Connection, id: &Id, node: i64, entity: i64) -> Result<()> {
    db.prepare_cached(ADD)?.execute(params![id.space as u8, id.value, node, entity])?;
    Ok(())
}

/// Members of an entity; of an id that is not stored yet, itself.
fn family(db: &Connection, id: &Id, place: Option<(i64, i64)>, node: i64) -> Result<Vec<Member>> {
    match place {
        Some((_, entity)) => members(db, entity),
        None => Ok(vec![Member { space: id.space as u8, value: id.value.clone(), node }]),
    }
}

fn link(db: &Connection, next: &mut i64, fact: &Fact) -> Result<bool> {
    let places = [find(db, &fact.a)?, find(db, &fact.b)?];
    let mut node = |place: Option<(i64, i64)>| {
        place.unwrap_or_else(|| {
            *next += 1;
            (*next - 1, *next - 1)
        })
    };
    let ((node_a, entity_a), (node_b, entity_b)) = (node(places[0]), node(places[1]));
    let (low, high) = (node_a.min(node_b), node_a.max(node_b));
    let evidence = params![low, high, fact.source as u8, fact.batch, fact.at];
    if places[0].is_some() && places[1].is_some() && db.prepare_cached(KNOWN)?.exists(evidence)? {
        return Ok(false);
    }
    let mut status = ACCEPTED;
    let (mut to_a, mut to_b) = (entity_a, entity_b);
    if entity_a != entity_b {
        let of_a = family(db, &fact.a, places[0], node_a)?;
        let of_b = family(db, &fact.b, places[1], node_b)?;
        if share_a_space(&of_a, &of_b) {
            status = REJECTED;
        } else if of_a.len() > of_b.len() || (of_a.len() == of_b.len() && places[0].is_some()) {
            to_b = entity_a;
            if places[1].is_some() {
                move_to(db, &of_b, to_b)?;
            }
        } else {
            to_a = entity_b;
            if places[0].is_some() {
                move_to(db, &of_a, to_a)?;
            }
        }
    }
    for (place, id, node, entity) in [(places[0], &fact.a, node_a, to_a), (places[1], &fact.b, node_b, to_b)]
    {
        if place.is_none() {
            add(db, id, node, entity)?;
        }
    }
    let (source, strength) = (fact.source as u8, fact.source.strength());
    db.prepare_cached(EVIDENCE)?
        .execute(params![low, high, source, fact.batch, fact.at, strength, status])?;
    if status == REJECTED {
        let mut reject = db.prepare_cached(REJECT)?;
        for (near, far) in [(node_a, &fact.b), (node_b, &fact.a)] {
            reject.execute(params![near, low, high, fact.at, strength, far.space as u8, far.value])?;
        }
    }
    Ok(true)
}

/// The entity is put together again from the evidence that is left; then rejected links are tried again.
fn settle(db: &Connection, entity: i64) -> Result<()> {
    let mut parts: Vec<Vec<Member>> = members(db, entity)?.into_iter().map(|member| vec![member]).collect();
    let nodes: Vec<i64> = parts.iter().map(|part| part[0].node).collect();
    let mut edges: Vec<(i64, i64)> = Vec::new();
    for node in &nodes {
        let mut statement = db.prepare_cached(EDGES)?;
        let rows = statement.query_map([node], |row| Ok((row.get(0)?, row.get(1)?)))?;
        edges.extend(rows.collect::<Result<Vec<_>, _>>()?);
    }
    for (low, high) in edges {
        let part_of = |node| parts.iter().position(|part| part.iter().any(|member| member.node == node));
        let (Some(one), Some(other)) = (part_of(low), part_of(high)) else { continue };
        if one != other && !share_a_space(&parts[one], &parts[other]) {
            let moved = parts.remove(one.max(other));
            parts[one.min(other)].extend(moved);
        }
    }
    if parts.len() == 1 {
        return Ok(());
    }
    for part in &parts {
        move_to(db, part, part.iter().map(|member| member.node).min().unwrap_or(entity))?;
    }
    for member in parts.iter().flatten() {
        try_again(db, member)?;
    }
    Ok(())
}

/// Rejected links of an id: do they hold now?
fn try_again(db: &Connection, near: &Member) -> Result<()> {
    let mut statement = db.prepare_cached(REJECTED_OF)?;
    let links = statement.query_map([near.node], |row| {
        Ok(((row.get(0)?, row.get(1)?, row.get(2)?), row.get::<_, u8>(3)?, row.get::<_, String>(4)?))
    })?;
    let mut find = db.prepare_cached(FIND)?;
    for (edge, space, value) in links.collect::<Result<Vec<(_, _, _)>, _>>()? {
        let mut entity = |space: u8, value: &str| find.query_row(params![space, value], |row| row.get(1));
        let (stays, goes): (i64, i64) = (entity(near.space, &near.value)?, entity(space, &value)?);
        let (kept, moved) = (members(db, stays)?, members(db, goes)?);
        if stays != goes && !share_a_space(&kept, &moved) {
            let (low, high, at): (i64, i64, i64) = edge;
            move_to(db, &moved, stays)?;
            db.prepare_cached(ACCEPT)?.execute([low, high, at])?;
            db.prepare_cached(NO_LONGER)?.execute([low, high, at])?;
        }
    }
    Ok(())
}

impl Store for Sqlite {
    type Key = Id;
    type Commit = Vec<Fact>;
    type Answer = Vec<String>;
    type Reader<'a> = Reader<'a>;

    fn open(dir: &Path, sizing: Sizing) -> Result<Sqlite> {
        let db = Connection::open(dir.join("ids.sqlite"))?;
        db.pragma_update(None, "journal_mode", "wal")?;
        db.pragma_update(None, "synchronous", "full")?;
        db.pragma_update(None, "cache_size", -((sizing.cache_bytes / 1_024) as i64))?;
        db.pragma_update(None, "mmap_size", 1_i64 << 40)?;
        // 64 MiB of log before it is copied back: fewer copies of the same page than with the default 4 MiB.
        db.pragma_update(None, "wal_autocheckpoint", 16_384)?;
        db.set_prepared_statement_cache_capacity(32);
        db.execute_batch(SCHEMA)?;
        let next_node = db.query_row("SELECT node FROM next", [], |row| row.get(0))?;
        Ok(Sqlite { db, next_node })
    }

    fn key(&self, id: &Id) -> Result<Id> {
        Ok(id.clone())
    }

    fn prepare(&self, facts: &[Fact]) -> Result<Vec<Fact>> {
        Ok(facts.to_vec())
    }

    fn ingest(&mut self, commit: &Vec<Fact>) -> Result<u64> {
        let (mut next, mut new) = (self.next_node, 0);
        let transaction = self.db.transaction()?;
        for fact in commit {
            new += u64::from(link(&transaction, &mut next, fact)?);
        }
        if next != self.next_node {
            transaction.prepare_cached("UPDATE next SET node = ?1")?.execute([next])?;
        }
        transaction.commit()?;
        self.next_node = next;
        Ok(new)
    }

    fn retract(&mut self, a: &Id, b: &Id, at: i64) -> Result<()> {
        let transaction = self.db.transaction()?;
        if let (Some((a, of_a)), Some((b, of_b))) = (find(&transaction, a)?, find(&transaction, b)?) {
            transaction.prepare_cached(TAKE_BACK)?.execute(params![a.min(b), a.max(b), at, RETRACTED])?;
            transaction.prepare_cached(NO_LONGER)?.execute([a.min(b), a.max(b), at])?;
            if of_a == of_b {
                settle(&transaction, of_a)?;
            }
        }
        Ok(transaction.commit()?)
    }

    fn reader(&self) -> Result<Reader<'_>> {
        Ok(Reader { db: &self.db })
    }

    fn values(answer: &Vec<String>) -> Vec<String> {
        answer.clone()
    }

    fn settle(&mut self) -> Result<()> {
        self.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(self.db.execute_batch("PRAGMA optimize")?)
    }
}

impl Lookup for Reader<'_> {
    type Key = Id;
    type Answer = Vec<String>;

    fn translate(&self, key: &Id, target: Space) -> Result<Vec<String>> {
        let mut statement = self.db.prepare_cached(TRANSLATE)?;
        let rows =
            statement.query_map(params![key.space as u8, key.value, target as u8], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn translate_many(&self, keys: &[Id], target: Space, out: &mut Vec<Vec<String>>) -> Result<()> {
        // One transaction: one lock and one look at the log for the batch.
        let transaction = self.db.unchecked_transaction()?;
        for key in keys {
            out.push(self.translate(key, target)?);
        }
        Ok(transaction.commit()?)
    }
}
