//! Events of a third-party platform (wechat reference 9.1): who authorised it, and who no longer does.
//!
//! # Invariants
//!   A1 no facts: an authorisation says nothing about the ids of users. It hints at the topology, which an operator
//!      confirms.

use crate::error::{AnswerError, Error};
use crate::model::{Id, Kind, KindScope, normalise_key};
use crate::wechat::draft::{Draft, Record};
use crate::wechat::event::Event;
use crate::wechat::ingest::{Authorisation, Note};
use crate::wechat::options::Opt;

/// One decrypted event of the authorisation URL. Tickets and others are counted.
pub(crate) fn event(body: &[u8], draft: &mut Draft<'_>) -> Result<(), Error> {
    let component = draft.options().key(Opt::Component)?;
    let event = Event::parse(body)?;
    draft.one(|record| {
        let name = event.text("InfoType")?.ok_or(AnswerError::Missing("InfoType"))?;
        let named = event.text("AppId")?.ok_or(AnswerError::Missing("AppId"))?;
        if normalise_key(named).ok().as_ref() != Some(&component) {
            return Err(AnswerError::ForeignApp("AppId"));
        }
        record.set_platform_time(event.time()?);
        match name {
            "authorized" => authorisation(record, &event, Authorisation::Granted),
            "updateauthorized" => authorisation(record, &event, Authorisation::Changed),
            "unauthorized" => authorisation(record, &event, Authorisation::Withdrawn),
            _ => Ok(()),
        }
    })
}

fn authorisation(record: &mut Record<'_>, event: &Event, change: Authorisation) -> Result<(), AnswerError> {
    const FIELD: &str = "AuthorizerAppid";
    let apps = KindScope::new(Kind::App, "").map_err(|rule| AnswerError::BadId { field: FIELD, rule })?;
    let app: Id = event.id(FIELD, &apps)?;
    let at = record.at()?;
    record.note(Note::AuthorisationChanged { app, change, at });
    Ok(())
}
