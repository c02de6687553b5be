//! What a body says that is no fact: carried out against the graph, counted, handed to the caller.

use idweave::wechat::{self, Authorisation, Note};
use idweave::{Error, Fact, Id, Kind, Op, Read, Time, View};
use serde::Serialize;

use crate::moment::show;

/// Who decides where a userid is given out again.
const REUSE_ACTOR: &str = "event.work";
const REUSE_REASON: &str = "a userid that was renamed away was given to an employee again";

/// The facts that notes ask for, which need the graph.
pub(crate) fn carry_out(notes: &[Note], view: &View) -> Result<Vec<Fact>, Error> {
    let mut facts = Vec::new();
    for note in notes {
        match note {
            Note::RevokePhone { openid, at } => {
                facts.extend(wechat::revoke_phone(openid, &phone_evidence(view, openid)?, *at)?);
            }
            Note::UseridCreated { userid, at } => facts.extend(bans(view, userid, *at)?),
            _ => {}
        }
    }
    Ok(facts)
}

/// The phones linked to an openid, and who said so. No verb lists an id's edges by kind, so all facts are
/// scanned: a revocation is rare.
fn phone_evidence(view: &View, openid: &Id) -> Result<Vec<(Id, String)>, Error> {
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
fn bans(view: &View, userid: &Id, at: Time) -> Result<Vec<Fact>, Error> {
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

/// Something the caller has to read from the platform or to remember.
#[derive(Debug, Serialize)]
struct Due {
    id: String,
    at: i64,
}

/// Notes, counted; those that ask for something with their ids.
#[derive(Debug, Default, Serialize)]
pub(crate) struct NoteCounts {
    nothing_asserted: usize,
    unionid_ignored: usize,
    echoed: usize,
    phones_revoked: usize,
    read_due: Vec<Due>,
    userids_created: Vec<Due>,
    userids_deleted: Vec<Due>,
    authorised: Vec<Due>,
    authorisations_changed: Vec<Due>,
    unauthorised: Vec<Due>,
}

impl NoteCounts {
    pub(crate) fn of(notes: &[Note]) -> NoteCounts {
        let mut counts = NoteCounts::default();
        let due = |id: &Id, at: &Time| Due { id: id.to_string(), at: at.ms() };
        for note in notes {
            match note {
                Note::NothingAsserted { .. } => counts.nothing_asserted += 1,
                Note::UnionidIgnored { .. } => counts.unionid_ignored += 1,
                Note::Echoed { .. } => counts.echoed += 1,
                Note::RevokePhone { .. } => counts.phones_revoked += 1,
                Note::ReadDue { id, at } => counts.read_due.push(due(id, at)),
                Note::UseridCreated { userid, at } => counts.userids_created.push(due(userid, at)),
                Note::UseridDeleted { userid, at } => counts.userids_deleted.push(due(userid, at)),
                Note::AuthorisationChanged { app, change, at } => {
                    let list = match change {
                        Authorisation::Granted => &mut counts.authorised,
                        Authorisation::Changed => &mut counts.authorisations_changed,
                        Authorisation::Withdrawn => &mut counts.unauthorised,
                    };
                    list.push(due(app, at));
                }
                _ => {}
            }
        }
        counts
    }

    /// For people: one line for each sort of note that occurs.
    pub(crate) fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let mut counted = |number: usize, what: &str| {
            if number > 0 {
                lines.push(format!("{number} {what}"));
            }
        };
        counted(self.nothing_asserted, "asserted nothing");
        counted(self.unionid_ignored, "with a unionid that must not be linked");
        counted(self.echoed, "answered with the id that was asked about: not converted");
        counted(self.phones_revoked, "took back a phone number");
        let dues = [
            (&self.read_due, "changed, read it from the platform"),
            (
                &self.userids_created,
                "is an employee's userid now; if it was somebody else's before, ban the two",
            ),
            (
                &self.authorised,
                "authorised the platform: ask which open account it is bound to (cgi-bin/open/get), then say so in an app fact",
            ),
            (
                &self.authorisations_changed,
                "changed what the platform may do: read its permission sets (api_get_authorizer_info)",
            ),
            (
                &self.unauthorised,
                "no longer authorises the platform: stop fetching for it; what is known stays",
            ),
            (&self.userids_deleted, "was deleted; watch for its being given out again"),
        ];
        for (dues, what) in dues {
            let line = |due: &Due| format!("{} {what} ({})", due.id, show(Time::from_ms(due.at)));
            lines.extend(dues.iter().map(line));
        }
        lines
    }
}
