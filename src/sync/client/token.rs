//! Tokens: one refresher of each at a time, kept where all processes find them (wechat reference 21).
//!
//! # Invariants
//!   K1 a token that is stored and good is used; two threads that need one make one call.
//!   K2 a refresh token that came with a token is stored before the token is used: it replaced the old one.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use zeroize::{Zeroize, Zeroizing};

use crate::error::{CallFailure, Error, Result};
use crate::model::Time;
use crate::sync::client::credential::{Credential, TokenCall};
use crate::sync::client::platform::Platform;
use crate::sync::secret::Secret;

/// So long before its end a token is replaced, in milliseconds: then the next one is good already.
const EARLY_MS: i64 = 300_000;

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
        let name = format!("token {}", credential.name());
        let flight = self.flight(&name);
        let _alone = flight.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match self.stored(&name)? {
            Some(token) => Ok(token),
            None => self.fetch(credential, &name, false),
        }
    }

    /// Another token than one that the platform refused: the one that somebody else stored meanwhile, or a new one.
    pub(super) fn renew(&self, credential: &Credential, dead: &Secret) -> Result<()> {
        let name = format!("token {}", credential.name());
        let flight = self.flight(&name);
        let _alone = flight.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if self.stored(&name)?.is_some_and(|token| token.expose() != dead.expose()) {
            return Ok(());
        }
        let fetched = self.fetch(credential, &name, false)?;
        // The platform gives the same one until it ends, however dead it is: it takes force.
        if fetched.expose() == dead.expose() && matches!(credential, Credential::App { .. }) {
            self.fetch(credential, &name, true)?;
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
        let TokenCall { request, field, carried, refresh } = credential.token_call(self.store(), force)?;
        let asked_at = self.now();
        let caller = carried.as_ref().unwrap_or(credential);
        let body = Zeroizing::new(self.call(caller, &request)?);
        let not_one = || Error::Call { api: request.endpoint.path, failure: CallFailure::NotAnAnswer };
        let answer: Value = serde_json::from_slice(&body).map_err(|_| not_one())?;
        let text = |field: &str| answer.get(field).and_then(Value::as_str).filter(|text| !text.is_empty());
        let token = Secret::new(text(field).ok_or_else(not_one)?);
        let life = answer.get("expires_in").and_then(Value::as_i64).filter(|seconds| *seconds > 0);
        let until_ms = good_until(asked_at, life.ok_or_else(not_one)?);
        if let Some(refresh) = refresh {
            let renewed = Secret::new(text("authorizer_refresh_token").ok_or_else(not_one)?);
            self.store().save(&refresh, &renewed)?;
        }
        let kept = Kept { token: token.expose().to_owned(), until_ms };
        let text = serde_json::to_string(&kept).map_err(|_| not_one())?;
        self.store().save(name, &Secret::new(&Zeroizing::new(text)))?;
        Ok(token)
    }
}

/// Until when a token is used: a while before its end, but for half of its life at least.
fn good_until(asked_at: Time, life_seconds: i64) -> i64 {
    let life_ms = life_seconds.saturating_mul(1_000);
    asked_at.ms().saturating_add((life_ms - EARLY_MS).max(life_ms / 2))
}
