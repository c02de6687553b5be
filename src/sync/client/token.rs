//! Tokens: one refresher of each at a time, kept where all processes find them (wechat reference 21).
//!
//! # Invariants
//!   K1 a token that is stored and good is used; two threads that need one make one call.
//!   K2 a refresh token that came with a token is stored before the token is used: it replaced the old one. Where its
//!      answer was lost, the platform's list of authorisations has it.
//!   K3 a token that cannot be had is never taken for the failure of the call that needed it.
//!   K4 an authorisation that is taken back while its token is asked for stays taken back.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use zeroize::{Zeroize, Zeroizing};

use crate::error::{CallFailure, Error, Result};
use crate::model::Time;
use crate::sync::api::{AUTHORIZER_LIST, FORCED_TOKEN, Request};
use crate::sync::client::credential::{Credential, Ticket, TokenCall, refresh_token};
use crate::sync::client::platform::Platform;
use crate::sync::secret::Secret;

/// So long before its end a token is replaced, in milliseconds: then the next one is good already.
const EARLY_MS: i64 = 300_000;
/// Apps of a page of the list of authorisations.
const LIST_MAX: u64 = 100;
/// `not authorized`: the app took it back.
const NOT_AUTHORISED: i64 = 61003;

/// A token as it is stored.
#[derive(Serialize, Deserialize)]
struct Kept {
    token: String,
    until_ms: i64,
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.token.zeroize();
    }
}

impl Platform {
    /// A token, from the store or by a call.
    pub(super) fn token(&self, credential: &Credential) -> Result<Secret> {
        let name = credential.token_name();
        let flight = self.flight(&name);
        let _alone = flight.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match self.stored(&name)? {
            Some(token) => Ok(token),
            None => self.fetch(credential, &name, false).map_err(no_token),
        }
    }

    /// Another token than one that the platform refused: the one that somebody else stored meanwhile, or a new one.
    pub(super) fn renew(&self, credential: &Credential, dead: &Secret) -> Result<()> {
        let name = credential.token_name();
        let flight = self.flight(&name);
        let _alone = flight.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if self.stored(&name)?.is_some_and(|token| token.expose() != dead.expose()) {
            return Ok(());
        }
        let fetched = self.fetch(credential, &name, false).map_err(no_token)?;
        // The platform gives the same one until it ends, however dead it is: it takes force, which is counted.
        if fetched.expose() == dead.expose() && matches!(credential, Credential::App { .. }) {
            self.await_quota(&FORCED_TOKEN, credential.subject())?;
            self.fetch(credential, &name, true).map_err(no_token)?;
        }
        Ok(())
    }

    fn stored(&self, name: &str) -> Result<Option<Secret>> {
        let Some(text) = self.store().load(name)? else { return Ok(None) };
        let kept: Option<Kept> = serde_json::from_str(text.expose()).ok();
        let good = kept.filter(|kept| kept.until_ms > self.now().ms());
        Ok(good.map(|kept| Secret::new(&kept.token)))
    }

    fn fetch(&self, credential: &Credential, name: &str, force: bool) -> Result<Secret> {
        let asked_at = self.now();
        let TokenCall { request, field, carried, refresh } =
            credential.token_call(self.store(), force, Ticket::Newest)?;
        let caller = carried.as_ref().unwrap_or(credential);
        let answered = match (self.call(caller, &request), credential) {
            // It was pushed late, or is not known everywhere yet: the one before lives on for a while.
            (Err(error), Credential::Suite { .. } | Credential::Component { .. }) if is_of_ticket(&error) => {
                match credential.token_call(self.store(), force, Ticket::Before) {
                    Ok(earlier) => self.call(caller, &earlier.request),
                    Err(_) => Err(error),
                }
            }
            (Err(error), Credential::Authorizer { component, appid }) if is_lost(&error) => {
                self.recover(component, appid)?;
                let again = credential.token_call(self.store(), force, Ticket::Newest)?;
                self.call(caller, &again.request)
            }
            (answered, _) => answered,
        };
        let body = Zeroizing::new(answered?);
        let not_one = || Error::Call { api: request.endpoint.path, failure: CallFailure::NotAnAnswer };
        let answer: Value = serde_json::from_slice(&body).map_err(|_| not_one())?;
        let text = |field: &str| answer.get(field).and_then(Value::as_str).filter(|text| !text.is_empty());
        let token = Secret::new(text(field).ok_or_else(not_one)?);
        let life = answer.get("expires_in").and_then(Value::as_i64).filter(|seconds| *seconds > 0);
        let until_ms = good_until(asked_at, life.ok_or_else(not_one)?);
        if let Some(refresh) = refresh {
            let renewed = Secret::new(text("authorizer_refresh_token").ok_or_else(not_one)?);
            self.save_if_authorised(&refresh, &renewed)?;
        }
        let kept = Kept { token: token.expose().to_owned(), until_ms };
        let text = serde_json::to_string(&kept).map_err(|_| not_one())?;
        self.store().save(name, &Secret::new(&Zeroizing::new(text)))?;
        let needed = credential.authorisation().map(|needed| self.store().load(&needed)).transpose()?;
        if needed.flatten().is_some_and(|needed| needed.expose().is_empty()) {
            self.store().save(name, &Secret::new(""))?;
            return Err(Error::Call { api: request.endpoint.path, failure: CallFailure::Stopped });
        }
        Ok(token)
    }
}

impl Platform {
    /// Saves a newer refresh token, unless the one before it was taken back meanwhile.
    fn save_if_authorised(&self, name: &str, newer: &Secret) -> Result<()> {
        self.store().update(name, &mut |known| {
            let is_taken_back = known.is_some_and(|known| known.expose().is_empty());
            Ok((!is_taken_back).then(|| newer.clone()))
        })
    }

    /// Takes an app's refresh token from the list of those that authorised a platform: an answer that brought a newer one
    /// than is stored was lost on its way.
    fn recover(&self, component: &Credential, appid: &str) -> Result<()> {
        let mut offset = 0;
        loop {
            let body = json!({"component_appid": component.subject(), "offset": offset, "count": LIST_MAX});
            let body = Zeroizing::new(self.call(component, &Request::post(&AUTHORIZER_LIST, &body))?);
            let not_one = || Error::Call { api: AUTHORIZER_LIST.path, failure: CallFailure::NotAnAnswer };
            let answer: Value = serde_json::from_slice(&body).map_err(|_| not_one())?;
            let listed = answer.get("list").and_then(Value::as_array).ok_or_else(not_one)?;
            let text = |of: &Value, field: &str| of.get(field).and_then(Value::as_str).map(str::to_owned);
            let is_it = |listed: &&Value| text(listed, "authorizer_appid").as_deref() == Some(appid);
            if let Some(found) = listed.iter().find(is_it).and_then(|found| text(found, "refresh_token")) {
                let name = refresh_token(component.subject(), appid);
                return self.save_if_authorised(&name, &Secret::new(&Zeroizing::new(found)));
            }
            offset += LIST_MAX;
            if listed.is_empty() {
                return Err(Error::Call {
                    api: AUTHORIZER_LIST.path,
                    failure: CallFailure::Settings(NOT_AUTHORISED),
                });
            }
        }
    }
}

/// The failure of a token's call, as whoever needed the token has it (K3): nothing of his own was refused or spent.
fn no_token(error: Error) -> Error {
    match error {
        Error::Call { api, .. } if is_of_ticket(&error) => {
            Error::Call { api, failure: CallFailure::NotPushedYet("ticket") }
        }
        Error::Call { api, failure: CallFailure::Spent(errcode) | CallFailure::Refused(errcode) } => {
            Error::Call { api, failure: CallFailure::Settings(errcode) }
        }
        error => error,
    }
}

/// Whether a ticket is refused: it ended, or is none.
fn is_of_ticket(error: &Error) -> bool {
    let Error::Call { failure, .. } = error else { return false };
    matches!(failure, CallFailure::Spent(40085 | 61006) | CallFailure::Settings(61005))
}

/// Whether a refresh token is refused.
fn is_lost(error: &Error) -> bool {
    matches!(error, Error::Call { failure: CallFailure::Spent(61023), .. })
}

/// Until when a token is used: a while before its end, but for half of its life at least.
fn good_until(asked_at: Time, life_seconds: i64) -> i64 {
    let life_ms = life_seconds.saturating_mul(1_000);
    asked_at.ms().saturating_add((life_ms - EARLY_MS).max(life_ms / 2))
}
