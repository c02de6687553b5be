//! Events of WeCom, in the shape of the data callback and of a provider's command URL (wechat reference 16,
//! 11).
//!
//! # Invariants
//!   V1 an event is a hint that something changed: what it does not say is asked for (`Note::ReadDue`),
//!      never guessed. No event carries a unionid.

use crate::error::{AnswerError, Error};
use crate::model::{Id, Kind, RelationKind, Strength};
use crate::wechat::draft::{Draft, Record, Relation};
use crate::wechat::event::Event;
use crate::wechat::ingest::Note;
use crate::wechat::work_contact::ViewScopes;

const SOURCE: &str = "event.work";

/// One decrypted event of a corp as one viewer sees it. Events without a meaning for identities are counted.
/// The corp is the options': `ToUserName` or `AuthCorpId` may spell it as an open_corpid of the viewer.
pub(crate) fn event(body: &[u8], draft: &mut Draft<'_>) -> Result<(), Error> {
    let scopes = ViewScopes::of(draft.options())?;
    let event = Event::parse(body)?;
    draft.one(|record| {
        record.set_platform_time(event.time()?);
        let name = event.either("Event", "InfoType")?;
        let change = event.text("ChangeType")?;
        match (name, change) {
            (Some("change_external_contact"), Some(change)) => {
                external_contact(record, &scopes, &event, change)
            }
            (Some("change_external_chat"), Some(_)) => {
                let chats = record.options().view_space(Kind::ChatId)?;
                read_due(record, event.id("ChatId", &chats)?)
            }
            (Some("change_contact"), Some(change)) => employee(record, &scopes, &event, change),
            (Some("change_external_contact" | "change_external_chat" | "change_contact"), None) => {
                Err(AnswerError::Missing("ChangeType"))
            }
            (Some(_), _) => Ok(()),
            (None, _) => match event.text("MsgType")? {
                Some(kind) if kind != "event" => Ok(()),
                _ => Err(AnswerError::Missing("Event")),
            },
        }
    })
}

fn read_due(record: &mut Record<'_>, id: Id) -> Result<(), AnswerError> {
    let at = record.at()?;
    record.note(Note::ReadDue { id, at });
    Ok(())
}

/// `change_external_contact` (wechat reference 16.2). None of its changes retires an external_userid.
fn external_contact(
    record: &mut Record<'_>,
    scopes: &ViewScopes,
    event: &Event,
    change: &str,
) -> Result<(), AnswerError> {
    let opens = matches!(change, "add_external_contact" | "add_half_external_contact");
    let closes = matches!(change, "del_external_contact" | "del_follow_user");
    if !opens && !closes && change != "edit_external_contact" {
        return Ok(());
    }
    let userid = event.id("UserID", &scopes.userid)?;
    let external = event.id("ExternalUserID", &scopes.external)?;
    let relation = Relation::new(RelationKind::Follows, userid, external.clone(), SOURCE);
    if closes {
        return record.unrelate(record.at()?, relation);
    }
    if opens {
        // A full add ends the state that a half one began, so both say which they are.
        let is_half = change == "add_half_external_contact";
        let state = event.text("State")?.map(str::to_owned);
        record.relate(record.at()?, relation.attr("state", state).attr("half", Some(is_half.to_string())))?;
    }
    read_due(record, external)
}

/// `change_contact` (wechat reference 11): a renamed userid is dead, its successor carries on.
fn employee(
    record: &mut Record<'_>,
    scopes: &ViewScopes,
    event: &Event,
    change: &str,
) -> Result<(), AnswerError> {
    match change {
        "update_user" => {
            let old = event.id("UserID", &scopes.userid)?;
            match event.id_if_given("NewUserID", &scopes.userid)? {
                // Plaintext userids compare without case: a new spelling is no new id.
                Some(new) if new != old => record.supersede(old, new, SOURCE, Some(Strength::Platform)),
                _ => Ok(()),
            }
        }
        "create_user" => {
            let note = Note::UseridCreated { userid: event.id("UserID", &scopes.userid)?, at: record.at()? };
            record.note(note);
            Ok(())
        }
        "delete_user" => {
            let note = Note::UseridDeleted { userid: event.id("UserID", &scopes.userid)?, at: record.at()? };
            record.note(note);
            Ok(())
        }
        _ => Ok(()),
    }
}
