//! What a body says that is no fact: counted, and told to who asked for it.

use idweave::wechat::{Authorisation, Note};
use idweave::{Id, Time};
use serde::Serialize;

use crate::moment::show;

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
