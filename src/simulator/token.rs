//! Tokens: whose they are, how long they live, and what a dead one is answered.

use std::collections::BTreeMap;

use serde_json::json;

use crate::simulator::call::{Answer, Call, Caller, Errcode, ok, refused};
use crate::simulator::world::{BRANCH, CORP, DOWNSTREAM, World};

/// A token is renewed when so little of its life is left; both are good until the old one ends.
const OVERLAP_MS: i64 = 300_000;

#[derive(Default)]
pub(super) struct Tokens {
    by_text: BTreeMap<String, Token>,
    /// By whose they are, and how they were asked for.
    latest: BTreeMap<(Caller, Way), String>,
}

/// How a token was asked for: an app's tokens of one way do not end those of another (wechat reference 6.2, 9.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Way {
    /// By the owner's secret, and the like.
    Own,
    /// As a stable one.
    Stable,
    /// By the platform that the app authorised.
    Authorized,
}

struct Token {
    caller: Caller,
    way: Way,
    until_ms: i64,
    is_replaced: bool,
}

impl World {
    /// The caller's token, which is the one it has while that lives, with the seconds that are left.
    pub(super) fn issue(&mut self, caller: Caller, way: Way, is_forced: bool) -> (String, i64) {
        let now_ms = self.now_ms;
        if let Some(text) = self.tokens.latest.get(&(caller, way)) {
            let token = self.tokens.by_text.get(text);
            if let Some(token) = token.filter(|token| token.until_ms - OVERLAP_MS > now_ms && !is_forced) {
                return (text.clone(), (token.until_ms - now_ms) / 1_000);
            }
        }
        let text = format!("81_{}", self.draw("token", 160));
        let until_ms = now_ms + self.plan.token_s * 1_000;
        let old = self.tokens.latest.insert((caller, way), text.clone());
        if let Some(old) = old.and_then(|old| self.tokens.by_text.get_mut(&old)) {
            old.is_replaced = is_forced;
        }
        self.tokens.by_text.insert(text.clone(), Token { caller, way, until_ms, is_replaced: false });
        (text, self.plan.token_s)
    }

    /// Whose a token is.
    pub(super) fn caller_of(&self, host: &str, token: &str) -> Result<Caller, Errcode> {
        let is_suite = |caller| matches!(caller, Caller::Suite);
        match self.tokens.by_text.get(token) {
            _ if token.is_empty() => refused(41001),
            None => refused(40014),
            Some(token) if token.is_replaced && !host.starts_with("qyapi") => refused(40001),
            Some(token) if token.is_replaced => refused(40014),
            Some(token) if token.until_ms <= self.now_ms && is_suite(token.caller) => refused(42009),
            Some(token) if token.until_ms <= self.now_ms => refused(42001),
            Some(token) if token.caller == Caller::SuiteCorp && self.provided.authority.is_cancelled => {
                refused(48004)
            }
            Some(token) => Ok(token.caller),
        }
    }

    /// Ends a token before its time, as a platform may.
    pub(super) fn revoke(&mut self, token: &str) {
        if let Some(token) = self.tokens.by_text.get_mut(token) {
            token.is_replaced = true;
            self.tokens.latest.remove(&(token.caller, token.way));
        }
    }

    fn answer_token(&mut self, caller: Caller, field: &str) -> Answer {
        let (token, expires_in) = self.issue(caller, Way::Own, false);
        Ok(json!({field: token, "expires_in": expires_in}))
    }

    pub(super) fn app_token(&mut self, call: &Call<'_>) -> Answer {
        let is_stable = call.body.is_object();
        let said = |name| if is_stable { call.text(name) } else { call.param(name) };
        let (appid, secret, grant) = (said("appid"), said("secret"), said("grant_type"));
        if grant != "client_credential" {
            return refused(40002);
        }
        let Some(app) = self.app_of(appid) else { return refused(40013) };
        if secret != self.topology.secret(appid) {
            return refused(40125);
        }
        // An ordinary one is another by each call.
        let is_forced = call.body.get("force_refresh").and_then(|is| is.as_bool()).unwrap_or(!is_stable);
        let way = if is_stable { Way::Stable } else { Way::Own };
        let (token, expires_in) = self.issue(Caller::App(app), way, is_forced);
        Ok(json!({"access_token": token, "expires_in": expires_in}))
    }

    pub(super) fn corp_token(&mut self, call: &Call<'_>) -> Answer {
        let (corpid, secret) = (call.param("corpid"), call.param("corpsecret"));
        let topology = &self.topology;
        let agent = |corp: &str| topology.secret(&format!("{corp} {}", topology.agent));
        let caller = if corpid == topology.corp && secret == agent(corpid) {
            Caller::Own(CORP)
        } else if corpid == topology.corp
            && secret == topology.secret(&format!("{corpid} {}", topology.branch_agent))
        {
            Caller::Own(BRANCH)
        } else if corpid == topology.downstream && secret == agent(corpid) {
            Caller::Own(DOWNSTREAM)
        } else if self.is_corpid(Caller::Developed, corpid) && secret == topology.permanent_code() {
            Caller::Developed
        } else if [&topology.corp, &topology.downstream, &topology.open_corp].contains(&&corpid.to_owned()) {
            return refused(40001);
        } else {
            return refused(40013);
        };
        Ok(ok(self.answer_token(caller, "access_token")?))
    }

    pub(super) fn suite_token(&mut self, call: &Call<'_>) -> Answer {
        if call.text("suite_id") != self.topology.suite {
            return refused(40083);
        }
        if call.text("suite_secret") != self.topology.secret(&self.topology.suite) {
            return refused(40080);
        }
        self.provided.suite_tickets.check(call.text("suite_ticket"), self.now_ms, (40085, 40085))?;
        Ok(ok(self.answer_token(Caller::Suite, "suite_access_token")?))
    }

    pub(super) fn suite_corp_token(&mut self, call: &Call<'_>) -> Answer {
        if !self.is_corpid(Caller::SuiteCorp, call.text("auth_corpid")) {
            return refused(40013);
        }
        if call.text("permanent_code") != self.topology.permanent_code() {
            return refused(40084);
        }
        if self.provided.authority.is_cancelled {
            return refused(48004);
        }
        Ok(ok(self.answer_token(Caller::SuiteCorp, "access_token")?))
    }

    pub(super) fn provider_token(&mut self, call: &Call<'_>) -> Answer {
        if call.text("corpid") != self.topology.provider {
            return refused(40013);
        }
        if call.text("provider_secret") != self.topology.secret(&self.topology.provider) {
            return refused(40001);
        }
        Ok(ok(self.answer_token(Caller::Provider, "provider_access_token")?))
    }

    pub(super) fn component_token(&mut self, call: &Call<'_>) -> Answer {
        if call.text("component_appid") != self.topology.component {
            return refused(61011);
        }
        if call.text("component_appsecret") != self.topology.secret(&self.topology.component) {
            return refused(40001);
        }
        let ticket = call.text("component_verify_ticket");
        self.provided.component_tickets.check(ticket, self.now_ms, (61005, 61006))?;
        self.answer_token(Caller::Component, "component_access_token")
    }
}
