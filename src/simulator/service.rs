//! What a suite is told of a corp that authorised it, and a platform of an app (wechat reference 9.1, 10).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::simulator::app::Subject;
use crate::simulator::call::{Answer, Call, Caller, Errcode, ok, refused};
use crate::simulator::server::Simulator;
use crate::simulator::token::Way;
use crate::simulator::world::{CORP, World};

/// A code of an authorisation is good for so long.
const CODE_MS: i64 = 600_000;
/// Apps of a page.
const APPS_MAX: usize = 500;

/// A code of an authorisation.
struct AuthCode {
    /// The app that authorised the platform; a suite is authorised by the corp.
    app: Option<usize>,
    until_ms: i64,
    is_used: bool,
}

/// The app's refresh token, and when it authorised the platform.
struct Refresh {
    token: String,
    since_ms: i64,
}

/// Who authorised the suite and the platform.
#[derive(Default)]
pub(super) struct Authority {
    codes: BTreeMap<String, AuthCode>,
    apps: BTreeMap<usize, Refresh>,
    /// The corp took its authorisation of the suite back.
    pub(super) is_cancelled: bool,
}

impl Authority {
    /// Takes a code: once, and in time. Refuses with these errcodes one that is late, and one that is used or unknown.
    fn redeem(
        &mut self,
        text: &str,
        now_ms: i64,
        (late, wrong): (i64, i64),
    ) -> Result<Option<usize>, Errcode> {
        match self.codes.get_mut(text) {
            Some(code) if code.is_used => refused(wrong),
            Some(code) if code.until_ms <= now_ms => refused(late),
            Some(code) => {
                code.is_used = true;
                Ok(code.app)
            }
            None => refused(wrong),
        }
    }
}

impl World {
    /// A code of an authorisation: by the corp, or by an app.
    fn auth_code(&mut self, app: Option<usize>) -> (String, i64) {
        let drawn = self.draw("auth code", 43);
        let text = if app.is_some() { format!("queryauthcode@@@{drawn}") } else { drawn };
        let until_ms = self.now_ms + CODE_MS;
        self.provided.authority.codes.insert(text.clone(), AuthCode { app, until_ms, is_used: false });
        (text, until_ms)
    }

    fn auth_corp(&self) -> Value {
        json!({
            "corpid": self.corpid(Caller::SuiteCorp), "corp_name": "", "corp_type": "verified", "corp_full_name": "",
            "subject_type": 1, "verified_end_time": self.now_s() + 31_536_000, "corp_scale": "", "corp_industry": "",
        })
    }

    fn auth_info(&self) -> Value {
        let employees = u32::try_from(self.corp(CORP).employees.len()).unwrap_or(u32::MAX);
        let seen = (0..employees).filter(|user| self.sees(Caller::SuiteCorp, *user));
        let users: Vec<String> = seen.map(|user| self.userid(Caller::SuiteCorp, user)).collect();
        // Who may see everybody may see the department that all are in.
        let parties = if users.len() == self.corp(CORP).employees.len() { json!([1]) } else { json!([]) };
        let privilege = json!({"level": 1, "allow_party": parties, "allow_user": users, "allow_tag": []});
        json!({"agent": [{
            "agentid": 1_000_012, "name": "", "appid": 1, "auth_mode": 1, "is_customized_app": false,
            "privilege": privilege,
        }]})
    }

    pub(super) fn permanent_code(&mut self, call: &Call<'_>) -> Answer {
        let now_ms = self.now_ms;
        if self.provided.authority.redeem(call.text("auth_code"), now_ms, (40078, 40078))?.is_some() {
            return refused(40078);
        }
        let (token, expires_in) = self.issue(Caller::SuiteCorp, Way::Own, false);
        let (admin, open) = (self.userid(Caller::SuiteCorp, 0), self.provided.users.id(0));
        Ok(ok(json!({
            "access_token": token, "expires_in": expires_in, "permanent_code": self.topology.permanent_code(),
            "auth_corp_info": self.auth_corp(), "auth_info": self.auth_info(),
            "auth_user_info": {"userid": admin, "open_userid": open, "name": ""},
        })))
    }

    pub(super) fn suite_auth_info(&mut self, call: &Call<'_>) -> Answer {
        if !self.is_corpid(Caller::SuiteCorp, call.text("auth_corpid")) {
            return refused(40013);
        }
        if call.text("permanent_code") != self.topology.permanent_code() {
            return refused(40084);
        }
        if self.provided.authority.is_cancelled {
            return refused(48004);
        }
        Ok(ok(json!({"auth_corp_info": self.auth_corp(), "auth_info": self.auth_info()})))
    }

    pub(super) fn authorizer_info(&mut self, call: &Call<'_>) -> Answer {
        let (Caller::Component, Some(app)) = (call.caller, self.app_of(call.text("authorizer_appid"))) else {
            return refused(61003);
        };
        let original = self.app(app).map(|app| app.original.clone()).unwrap_or_default();
        let is_owners = self.app(app).is_some_and(|app| app.subject == Subject::Owner);
        let principal = if is_owners { "owner" } else { "provider" };
        Ok(json!({
            "authorizer_info": {
                "nick_name": "", "user_name": original, "principal_name": principal, "service_type_info": {"id": 2},
                "verify_type_info": {"id": 0},
            },
            "authorization_info": {
                "authorizer_appid": call.text("authorizer_appid"),
                "func_info": [{"funcscope_category": {"id": 1}}],
            },
        }))
    }

    /// A new refresh token of an app.
    fn rotate(&mut self, app: usize) -> String {
        let token = format!("refreshtoken@@@{}", self.draw("refresh", 43));
        let now_ms = self.now_ms;
        let known = self.provided.authority.apps.entry(app);
        known.or_insert(Refresh { token: String::new(), since_ms: now_ms }).token.clone_from(&token);
        token
    }

    /// What a code of an authorisation stands for: the app, its token, its first refresh token.
    pub(super) fn query_auth(&mut self, call: &Call<'_>) -> Answer {
        let (code, now_ms) = (call.text("authorization_code"), self.now_ms);
        let Some(number) = self.provided.authority.redeem(code, now_ms, (61010, 61009))? else {
            return refused(61009);
        };
        let appid = self.app(number).map(|app| app.appid.clone()).unwrap_or_default();
        let refresh = self.rotate(number);
        let (token, expires_in) = self.issue(Caller::App(number), Way::Authorized, false);
        Ok(json!({"authorization_info": {
            "authorizer_appid": appid, "authorizer_access_token": token, "expires_in": expires_in,
            "authorizer_refresh_token": refresh, "func_info": [{"funcscope_category": {"id": 1}}],
        }}))
    }

    /// The refresh token may be another each time: here it is, and the one before is dead.
    pub(super) fn authorizer_token(&mut self, call: &Call<'_>) -> Answer {
        let app = self.app_of(call.text("authorizer_appid"));
        let known = app.and_then(|app| Some((app, self.provided.authority.apps.get(&app)?)));
        let Some((app, known)) = known else { return refused(61003) };
        if known.token != call.text("authorizer_refresh_token") {
            return refused(61023);
        }
        let refresh = self.rotate(app);
        let (token, expires_in) = self.issue(Caller::App(app), Way::Authorized, true);
        Ok(json!({
            "authorizer_access_token": token, "expires_in": expires_in, "authorizer_refresh_token": refresh,
        }))
    }

    /// The apps that authorised the platform, with the refresh tokens that are good now.
    pub(super) fn authorizer_list(&mut self, call: &Call<'_>) -> Answer {
        let number = |name| call.number(name).and_then(|number| usize::try_from(number).ok());
        let (first, most) = (number("offset").unwrap_or(0), number("count").unwrap_or(APPS_MAX));
        if most == 0 || most > APPS_MAX {
            return refused(40097);
        }
        let apps = &self.provided.authority.apps;
        let rows = apps.iter().skip(first).take(self.faults.page_len(most)).filter_map(|(app, refresh)| {
            Some(json!({
                "authorizer_appid": self.app(*app)?.appid, "refresh_token": refresh.token,
                "auth_time": refresh.since_ms / 1_000,
            }))
        });
        let rows: Vec<Value> = rows.collect();
        Ok(json!({"total_count": apps.len(), "list": rows}))
    }
}

impl Simulator {
    /// The corp authorises the suite: an event with a code is pushed, which is good once and for ten minutes. The code.
    pub fn authorize_suite(&self) -> String {
        self.with(|world| {
            let (code, _) = world.auth_code(None);
            world.provided.authority.is_cancelled = false;
            world.push_create_auth(&code);
            code
        })
    }

    /// The corp takes that back: an event is pushed, and the suite's calls for the corp are refused from now on.
    pub fn cancel_suite(&self) {
        self.with(|world| {
            world.provided.authority.is_cancelled = true;
            world.push_cancel_auth();
        });
    }

    /// An app authorises the platform: an event with a code is pushed, which is good once and for ten minutes. The code;
    /// `None` if there is no such app.
    pub fn authorize_component(&self, appid: &str) -> Option<String> {
        self.with(|world| {
            let (code, until_ms) = world.auth_code(Some(world.app_of(appid)?));
            world.push_authorized(appid, &code, until_ms / 1_000);
            Some(code)
        })
    }

    /// An app takes that back: an event is pushed, and its refresh token is dead.
    pub fn cancel_component(&self, appid: &str) {
        self.with(|world| {
            if let Some(app) = world.app_of(appid) {
                world.provided.authority.apps.remove(&app);
                world.push_unauthorized(appid);
            }
        });
    }
}
