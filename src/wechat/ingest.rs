//! What a body gives: facts, refused records, notes; and the one entry that reads any body.

use std::fmt;

use crate::error::{AnswerError, Error};
use crate::model::{Fact, Id, Time};
use crate::wechat::draft::Draft;
use crate::wechat::options::IngestOptions;
use crate::wechat::sources;

/// Largest body, in bytes. WeChat's longest answers are lists of ids of well under 2 MiB.
pub(crate) const BODY_LEN_MAX: usize = 4 << 20;

/// Where a record stands in its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Place {
    /// The list, by the platform's name; empty where the body is one record.
    pub list: &'static str,
    /// The place in the list, from 0.
    pub item: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.list.is_empty() { f.write_str("the body") } else { write!(f, "{}[{}]", self.list, self.item) }
    }
}

/// A record that gave no facts because something is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Which record.
    pub place: Place,
    /// What is wrong with it: field and rule, never the value.
    pub error: AnswerError,
}

/// What a body says that is no fact: for the caller to count, to read again, or to check against the graph.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note {
    /// Read, counted, asserts nothing: no unionid, an employee at a web login, an event without ids.
    NothingAsserted {
        /// Which record.
        place: Place,
    },
    /// A unionid that must not be linked: seen through a provider (another open account issued it,
    /// wechat reference 3.3), or on a WeCom contact, which has none (22.8).
    UnionidIgnored {
        /// Which record.
        place: Place,
    },
    /// A conversion that answered with the id it was asked about: nothing was converted, and the id belongs
    /// to the new scope already (wechat reference 13.5). No fact: stored under the old scope it is wrong.
    Echoed {
        /// Which record.
        place: Place,
    },
    /// The state behind this id changed and the event does not say to what: read it from the platform.
    ReadDue {
        /// A customer or a chat.
        id: Id,
        /// When it changed.
        at: Time,
    },
    /// The user took back the phone number given to this app. Pair retractions need the other end, so give
    /// the openid's `phone` neighbours to [`crate::wechat::revoke_phone`] and commit what it returns.
    RevokePhone {
        /// The user.
        openid: Id,
        /// When it was taken back.
        at: Time,
    },
    /// A userid was given to an employee. Where the graph holds it as superseded (renamed away) or deleted
    /// ([`Note::UseridDeleted`]), this may be another person under an old name, who must not inherit silently. The parser sees
    /// one event only and cannot know; [`crate::carry_out`] does: a ban between old and new userid undoes the renaming,
    /// visibly, and a block keeps a deleted one from binding anything until a person lifts it.
    UseridCreated {
        /// The employee's new userid.
        userid: Id,
        /// When.
        at: Time,
    },
    /// An app authorised the third-party platform, or no longer does: a hint for the operator, who says in `app` facts
    /// what is bound to which open account. After [`Authorisation::Withdrawn`] fetching for that app stops, and
    /// nothing that was learned is wrong (wechat reference 9.1).
    AuthorisationChanged {
        /// The app.
        app: Id,
        /// What became of its authorisation.
        change: Authorisation,
        /// When.
        at: Time,
    },
    /// An employee was deleted; what the userid said stays. [`crate::carry_out`] makes the graph remember it for
    /// [`Note::UseridCreated`].
    UseridDeleted {
        /// The deleted userid.
        userid: Id,
        /// When.
        at: Time,
    },
}

/// What became of an app's authorisation of a third-party platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authorisation {
    /// It was given.
    Granted,
    /// What it covers changed.
    Changed,
    /// It was withdrawn.
    Withdrawn,
}

/// What one body gives.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ingest {
    /// The facts, in the order of the body; each keeps the rules of the format.
    pub facts: Vec<Fact>,
    /// Records that gave none, and why.
    pub refused: Vec<Refusal>,
    /// What else there is to know.
    pub notes: Vec<Note>,
    /// How many records the body held.
    pub records: usize,
}

/// Reads the body of an answer or a decrypted event.
///
/// `name` is one of [`crate::wechat::sources`]. Scopes are stamped from the options; the time of the facts
/// is the options' or, where the body carries a platform time, that one. Relations begin when the platform
/// says they began. The same body and options always give the same facts.
///
/// # Errors
/// An unknown name, a missing or bad option, a body that is too large, malformed or an error answer, and,
/// where the body is one record, whatever is wrong with that record. Errors name field and rule, never a
/// value. Bad records of a list are in [`Ingest::refused`] instead and the others go on.
pub fn parse(name: &str, body: &[u8], options: &IngestOptions) -> Result<Ingest, Error> {
    let source = sources::find(name).ok_or(AnswerError::UnknownSource)?;
    if body.len() > BODY_LEN_MAX {
        return Err(Error::TooLarge { what: "the body", limit: BODY_LEN_MAX as u64 });
    }
    for option in source.needed {
        options.need(*option)?;
    }
    let mut draft = Draft::new(options);
    (source.read)(body, &mut draft)?;
    Ok(draft.finish())
}
