//! What bodies of the platforms say that is no fact, carried out against the graph.
//!
//! # Userids given out again
//!   When a userid that the graph knows was given out last, and when one was deleted last, is remembered as attributes of a relation
//!   of its own, from the userid to its corp: so it lasts, is erased with the userid and undone with its commit. A userid that is given out
//!   after it was deleted is blocked from then on, in whichever order the two are told: what was known of it is still there, binds
//!   nothing and says why, until a person lifts the block. One that was renamed away is banned from its successors.

use std::collections::BTreeMap;

use crate::engine::Read;
use crate::error::Result;
use crate::model::{Direction, Fact, Id, Kind, Op, Reach, RelationKind, Time, When, split_scope};
use crate::wechat::{Note, revoke_phone};

/// Who tells of it, and decides where a userid is given out again.
const EVENTS: &str = "event.work";
const RENAMED: &str = "a userid that was renamed away was given to an employee again";
const DELETED: &str = "a userid that was deleted was given to an employee again";
/// From a userid to its corp: when it was given out and deleted last.
const USERID_LIFE: &str = "custom.userid_life";
const CREATED_AT: &str = "created_at";
const DELETED_AT: &str = "deleted_at";

/// The facts that notes ask for, which need the graph: phones that were taken back, userids that were given out or deleted, and
/// those given out again. Commit them with the facts of the same body.
///
/// # Errors
/// What reading fails with.
pub fn carry_out(notes: &[Note], view: &impl Read) -> Result<Vec<Fact>> {
    let mut facts = Vec::new();
    for note in notes {
        match note {
            Note::RevokePhone { openid, at } => {
                facts.extend(revoke_phone(openid, &phone_evidence(view, openid)?, *at)?);
            }
            Note::UseridCreated { userid, at } => {
                facts.extend(bans(view, userid, *at)?);
                facts.extend(created(view, userid, *at)?);
            }
            Note::UseridDeleted { userid, at } => facts.extend(deleted(view, userid, *at)?),
            _ => {}
        }
    }
    Ok(facts)
}

/// The phones linked to an openid, and who said so. No verb lists an id's edges by kind, so all facts are
/// scanned: a revocation is rare.
fn phone_evidence(view: &impl Read, openid: &Id) -> Result<Vec<(Id, String)>> {
    let mut found = Vec::new();
    if view.resolve(openid)?.is_none() {
        return Ok(found);
    }
    for fact in view.facts() {
        let Op::Link { a, b, source, .. } = fact?.op else { continue };
        let other = match (a == *openid, b == *openid) {
            (true, _) => b,
            (_, true) => a,
            _ => continue,
        };
        if *other.kind() == Kind::Phone {
            found.push((other, source));
        }
    }
    Ok(found)
}

/// A userid that was renamed away is an employee's again: most likely another person. A ban between the old
/// userid and its successors makes that a conflict for people to see instead of a silent reuse.
fn bans(view: &impl Read, userid: &Id, at: Time) -> Result<Vec<Fact>> {
    let Some(entity) = view.resolve(userid)? else { return Ok(Vec::new()) };
    if !entity.members.iter().any(|member| member.id == *userid && member.superseded) {
        return Ok(Vec::new());
    }
    let successors = entity.members.iter().filter(|member| !member.superseded);
    let same_space = successors.filter(|member| member.id.space() == userid.space());
    Ok(same_space
        .map(|member| Fact {
            at,
            batch: None,
            op: Op::Ban {
                a: userid.clone(),
                b: member.id.clone(),
                reason: RENAMED.to_owned(),
                actor: EVENTS.to_owned(),
            },
        })
        .collect())
}

/// A userid was given to an employee: a conflict if it was deleted before, and remembered where the graph knows it; where it does
/// not, there is nothing that somebody could inherit.
fn created(view: &impl Read, userid: &Id, at: Time) -> Result<Vec<Fact>> {
    let Some(life) = Life::of(view, userid)?.filter(|life| life.is_known) else { return Ok(Vec::new()) };
    let is_again = life.deleted_at.is_some_and(|deleted_at| deleted_at <= at);
    let block = is_again.then(|| given_again(userid, at));
    Ok(block.into_iter().chain([life.told(userid, CREATED_AT, at)]).collect())
}

/// A userid was deleted: remembered, and a conflict if it was given out since, as was told earlier.
fn deleted(view: &impl Read, userid: &Id, at: Time) -> Result<Vec<Fact>> {
    let Some(life) = Life::of(view, userid)? else { return Ok(Vec::new()) };
    let since = life.created_at.filter(|created_at| *created_at > at);
    let block = since.map(|created_at| given_again(userid, created_at));
    Ok(block.into_iter().chain([life.told(userid, DELETED_AT, at)]).collect())
}

/// What binds the userid to others counts no more: it may be another person's.
fn given_again(userid: &Id, at: Time) -> Fact {
    let (reason, actor) = (DELETED.to_owned(), EVENTS.to_owned());
    Fact { at, batch: None, op: Op::Block { id: userid.clone(), reason, actor } }
}

/// What is remembered of a userid.
struct Life {
    kind: RelationKind,
    corp: Id,
    /// Whether anything is known of it.
    is_known: bool,
    created_at: Option<Time>,
    deleted_at: Option<Time>,
}

impl Life {
    /// `None` of a userid whose scope names no corp: a provider's own generation before 2022.
    fn of(view: &impl Read, userid: &Id) -> Result<Option<Life>> {
        let (corp, viewer) = split_scope(userid.scope());
        let scope = viewer.map_or_else(String::new, |viewer| format!("@{viewer}"));
        let (Ok(corp), Ok(kind)) = (Id::new(Kind::Corpid, &scope, corp), RelationKind::parse(USERID_LIFE))
        else {
            return Ok(None);
        };
        let remembering = kind.clone();
        let mut life = Life { kind, corp, is_known: true, created_at: None, deleted_at: None };
        // By whichever name of the corp it was told.
        for told in view.neighbors(userid, &remembering, Direction::Out, When::Open) {
            life.remember(&told?.attrs);
        }
        if view.resolve(userid)?.is_none() {
            // Unknown, or restricted: what is not answered is held all the same.
            let held = view.export_subject(userid, Reach::Id)?;
            life.is_known = held.is_some();
            for told in held.into_iter().flat_map(|held| held.facts) {
                if let Op::Relate { kind, attrs, .. } = told.fact.op
                    && kind == remembering
                {
                    life.remember(&attrs);
                }
            }
        }
        Ok(Some(life))
    }

    /// Takes the latest of what is remembered.
    fn remember(&mut self, attrs: &BTreeMap<String, String>) {
        let time = |name: &str| attrs.get(name).and_then(|ms| ms.parse().ok()).map(Time::from_ms);
        self.created_at = self.created_at.max(time(CREATED_AT));
        self.deleted_at = self.deleted_at.max(time(DELETED_AT));
    }

    /// The fact that remembers a moment of it.
    fn told(&self, userid: &Id, what: &str, at: Time) -> Fact {
        let op = Op::Relate {
            kind: self.kind.clone(),
            from: userid.clone(),
            to: self.corp.clone(),
            source: EVENTS.to_owned(),
            attrs: BTreeMap::from([(what.to_owned(), at.ms().to_string())]),
        };
        Fact { at, batch: None, op }
    }
}
