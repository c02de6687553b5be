//! What bodies of the platforms say that is no fact, carried out against the graph.

use crate::engine::Read;
use crate::error::Result;
use crate::model::{Fact, Id, Kind, Op, Time};
use crate::wechat::{Note, revoke_phone};

/// Who decides where a userid is given out again.
const REUSE_ACTOR: &str = "event.work";
const REUSE_REASON: &str = "a userid that was renamed away was given to an employee again";

/// The facts that notes ask for, which need the graph: phones that were taken back, and userids given out again. Commit
/// them with the facts of the same body.
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
            Note::UseridCreated { userid, at } => facts.extend(bans(view, userid, *at)?),
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
                reason: REUSE_REASON.to_owned(),
                actor: REUSE_ACTOR.to_owned(),
            },
        })
        .collect())
}
