//! Events of official accounts and mini programs (wechat reference 6.8, 6.10).

use crate::error::{AnswerError, Error};
use crate::model::{
    Fact, Id, Kind, KindScope, Op, Reach, RelationKind, Selector, Time, normalise_key, validate,
};
use crate::wechat::draft::{Draft, Record, Relation};
use crate::wechat::event::Event;
use crate::wechat::ingest::Note;
use crate::wechat::mp::app_id;
use crate::wechat::options::Opt;

const SOURCE: &str = "event.mp";
/// `RevokeInfo` codes that take back the phone number: a mini program's, a service account's, and a mobile
/// app's "everything" (wechat reference 6.10; 208 by the rules of ingestion).
const REVOKED_PHONE: [&str; 3] = ["8", "208", "301"];
/// Every phone source begins with this.
const PHONE_FAMILY: &str = "phone.";

/// One decrypted event of the app. Events without a meaning for identities are counted.
pub(crate) fn event(body: &[u8], draft: &mut Draft<'_>) -> Result<(), Error> {
    let openids = draft.options().space(Kind::Openid, Opt::Appid)?;
    let app = app_id(draft.options())?;
    let event = Event::parse(body)?;
    draft.one(|record| {
        if event.text("MsgType")?.ok_or(AnswerError::Missing("MsgType"))? != "event" {
            return Ok(());
        }
        record.set_platform_time(event.time()?);
        let name = event.text("Event")?.ok_or(AnswerError::Missing("Event"))?;
        let subscription = |record: &Record<'_>| -> Result<_, AnswerError> {
            let openid = event.id("FromUserName", &openids)?;
            Ok((record.at()?, Relation::new(RelationKind::Subscribes, openid, app.clone(), SOURCE)))
        };
        match name {
            "subscribe" => {
                let (at, relation) = subscription(record)?;
                record.relate(at, relation)
            }
            "unsubscribe" => {
                let (at, relation) = subscription(record)?;
                record.unrelate(at, relation)
            }
            "user_authorization_cancellation" => {
                let id = authorising_user(&event, record, &openids)?;
                let reason = name.to_owned();
                record.push(record.at()?, Op::Erase { id, reach: Reach::Entity, reason, sticky: true })
            }
            "user_authorization_revoke" => {
                let openid = authorising_user(&event, record, &openids)?;
                if revokes_phone(event.text("RevokeInfo")?.ok_or(AnswerError::Missing("RevokeInfo"))?) {
                    record.note(Note::RevokePhone { openid, at: record.at()? });
                }
                Ok(())
            }
            _ => Ok(()),
        }
    })
}

/// The user of an authorisation event: `OpenID`, since `FromUserName` is the platform's own sender. The app
/// it names must be ours, or another app's user would be erased.
fn authorising_user(event: &Event, record: &Record<'_>, openids: &KindScope) -> Result<Id, AnswerError> {
    if let Some(appid) = event.text("AppID")? {
        let appid = normalise_key(appid).map_err(|rule| AnswerError::BadId { field: "AppID", rule })?;
        if record.options().key(Opt::Appid)? != appid {
            return Err(AnswerError::ForeignApp("AppID"));
        }
    }
    event.id("OpenID", openids)
}

/// Whether one of the codes is a phone's; some senders list several.
fn revokes_phone(codes: &str) -> bool {
    codes.split(|c: char| !c.is_ascii_digit()).any(|code| REVOKED_PHONE.contains(&code))
}

/// The facts that take back a user's phone ([`Note::RevokePhone`]).
///
/// A retraction of one user's evidence selects the pair, so the phone's id is needed, which the event does
/// not hold and only the graph knows. `evidence` is what the graph has on the openid's edges to phones: the
/// phone and the source of each evidence. Sources outside `phone.*` are left alone: what the company itself
/// recorded is not the platform's to take back. A number the user gives again later counts again.
///
/// # Errors
/// [`Error::InvalidFact`] where a source's name breaks the rules of the format.
pub fn revoke_phone(openid: &Id, evidence: &[(Id, String)], at: Time) -> Result<Vec<Fact>, Error> {
    let mut facts: Vec<Fact> = Vec::new();
    for (phone, source) in evidence {
        if *phone.kind() != Kind::Phone || !source.starts_with(PHONE_FAMILY) {
            continue;
        }
        let selector = Selector::Pair { a: openid.clone(), b: phone.clone(), source: Some(source.clone()) };
        let fact = Fact { at, batch: None, op: Op::Retract(selector) };
        validate(&fact)?;
        if !facts.contains(&fact) {
            facts.push(fact);
        }
    }
    Ok(facts)
}
