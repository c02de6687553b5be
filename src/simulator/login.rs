//! Logins: codes of front ends for ids (wechat reference 6.6, 7, 8, 9.3, 15).

use aes::Aes128;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeEncrypt, KeyIvInit};
use serde_json::{Value, json};

use crate::simulator::app::{App, Purpose};
use crate::simulator::call::{Answer, Call, Caller, Errcode, ok, refused, with};
use crate::simulator::front::Authorization;
use crate::simulator::ids::{VIRTUAL, drawn, drawn_number};
use crate::simulator::world::{CORP, World};

/// Whose ids the answer to a page's code has.
struct Shown {
    openid_of: u64,
    unionid_of: u64,
    is_flagged: bool,
}

impl World {
    /// An app that says its secret.
    fn by_secret(&self, call: &Call<'_>) -> Result<usize, Errcode> {
        let Some(app) = self.app_of(call.param("appid")) else { return refused(40013) };
        if call.param("secret") != self.topology.secret(call.param("appid")) {
            refused(40125)
        } else {
            Ok(app)
        }
    }

    fn by_component(&self, call: &Call<'_>) -> Result<usize, Errcode> {
        let Some(app) = self.app_of(call.param("appid")) else { return refused(61003) };
        if call.caller != Caller::Component || call.param("component_appid") != self.topology.component {
            return refused(61011);
        }
        Ok(app)
    }

    pub(super) fn code2session(&mut self, call: &Call<'_>) -> Answer {
        let app = self.by_secret(call)?;
        self.session(app, call.param("js_code"))
    }

    pub(super) fn component_code2session(&mut self, call: &Call<'_>) -> Answer {
        let app = self.by_component(call)?;
        self.session(app, call.param("js_code"))
    }

    fn session(&mut self, app: usize, code: &str) -> Answer {
        let (_, account) = self.redeem(code, app, |purpose| purpose == Purpose::Login)?;
        let key = drawn(self.plan.seed, &format!("session {code}"));
        let key = key.first_chunk::<16>().copied().unwrap_or_default();
        self.sessions.insert((app, account), key);
        let Some(openid) = self.app(app).map(|app| app.openids.id(account.into())) else {
            return refused(40013);
        };
        let answer = json!({"openid": openid, "session_key": STANDARD.encode(key)});
        Ok(with(answer, "unionid", self.unionid(app, account.into())))
    }

    pub(super) fn web_token(&mut self, call: &Call<'_>) -> Answer {
        let app = self.by_secret(call)?;
        self.web(app, call.param("code"))
    }

    pub(super) fn component_web_token(&mut self, call: &Call<'_>) -> Answer {
        let app = self.by_component(call)?;
        self.web(app, call.param("code"))
    }

    fn web(&mut self, app: usize, code: &str) -> Answer {
        let is_web = |purpose| matches!(purpose, Purpose::Web(_));
        let (purpose, account) = self.redeem(code, app, is_web)?;
        let Purpose::Web(authorization) = purpose else { return refused(40029) };
        let shown = self.shown(authorization, app, account, code);
        let (has_consent, is_snapshot) =
            (authorization != Authorization::Silent, authorization.is_snapshot());
        let number = shown.openid_of;
        let Some(openid) = self.app(app).map(|app| app.openids.id(number)) else { return refused(40013) };
        let token = format!("user_{app}_{number}_{has_consent}_{is_snapshot}");
        let scope = if has_consent { "snsapi_userinfo" } else { "snsapi_base" };
        let answer = json!({
            "access_token": token, "expires_in": 7_200, "refresh_token": format!("r_{token}"),
            "openid": openid, "scope": scope,
        });
        let answer = with(answer, "is_snapshotuser", shown.is_flagged.then_some(1));
        Ok(with(answer, "unionid", has_consent.then(|| self.unionid(app, shown.unionid_of)).flatten()))
    }

    /// Whose ids a page is told.
    fn shown(&mut self, authorization: Authorization, app: usize, account: u32, code: &str) -> Shown {
        let seed = self.plan.seed;
        let drawn = |name: &str| drawn_number(seed, &format!("virtual {name}")) % (1 << 20);
        let real = Shown { openid_of: account.into(), unionid_of: account.into(), is_flagged: false };
        match authorization {
            Authorization::Silent | Authorization::Consent => real,
            Authorization::SnapshotWithRealIds => Shown { is_flagged: true, ..real },
            // A new virtual account each time; several of them may share a unionid.
            Authorization::Snapshot => {
                let drawn = drawn(code);
                Shown { openid_of: VIRTUAL + drawn, unionid_of: VIRTUAL + drawn % 16, is_flagged: true }
            }
            Authorization::SnapshotFlaggedLate => {
                let number = VIRTUAL + drawn(&format!("late {app} {account}"));
                let is_again = !self.unflagged.insert((app, account));
                Shown { openid_of: number, unionid_of: number, is_flagged: is_again }
            }
        }
    }

    pub(super) fn web_user(&mut self, call: &Call<'_>) -> Answer {
        let token = call.param("access_token");
        let parts: Vec<&str> = token.split('_').collect();
        let ["user", app, number, has_consent, is_snapshot] = parts.as_slice() else { return refused(40014) };
        let (Ok(app), Ok(number)) = (app.parse::<usize>(), number.parse::<u64>()) else {
            return refused(40014);
        };
        let openid = self.app(app).map(|app| app.openids.id(number));
        if openid.as_deref() != Some(call.param("openid")) {
            return refused(40003);
        }
        if (*has_consent, *is_snapshot) != ("true", "false") {
            return refused(48001);
        }
        let user = json!({
            "openid": openid, "nickname": "\u{5c0f}\u{6ee1}", "sex": 0, "province": "", "city": "", "country": "",
            "headimgurl": "", "privilege": [],
        });
        Ok(with(user, "unionid", self.unionid(app, number)))
    }

    pub(super) fn phone(&mut self, call: &Call<'_>) -> Answer {
        let Caller::App(app) = call.caller else { return refused(48001) };
        let (_, account) = self.redeem(call.text("code"), app, |purpose| purpose == Purpose::Phone)?;
        let number = phone_of(account);
        let appid = self.app(app).map(|app| app.appid.clone()).unwrap_or_default();
        Ok(json!({"errcode": 0, "errmsg": "ok", "phone_info": {
            "phoneNumber": format!("+86{number}"), "purePhoneNumber": number, "countryCode": "86",
            "watermark": {"timestamp": self.now_s(), "appid": appid},
        }}))
    }

    /// What the front end of a mini program hands over, under the session key of the last login: the data and the iv.
    pub(super) fn open_data(&self, app: usize, account: u32) -> Option<(String, String)> {
        let key = self.sessions.get(&(app, account))?;
        let known = self.app(app)?;
        let data = json!({
            "openId": known.openids.id(account.into()), "nickName": "\u{5fae}\u{4fe1}\u{7528}\u{6237}", "gender": 0,
            "watermark": {"timestamp": self.now_s(), "appid": known.appid},
        });
        let data = with(data, "unionId", self.unionid(app, account.into()));
        sealed(key, &data, self.plan.seed)
    }

    /// What a cloud function of the mini program is told of its visitor.
    pub(super) fn cloud_context(&self, app: &App, number: usize, account: u32) -> Value {
        let context = json!({"OPENID": app.openids.id(account.into()), "APPID": app.appid, "ENV": "release"});
        with(context, "UNIONID", self.unionid(number, account.into()))
    }

    pub(super) fn work_login(&mut self, call: &Call<'_>) -> Answer {
        let is_work = |purpose| matches!(purpose, Purpose::Work | Purpose::WorkStaff);
        let (purpose, account) = self.redeem(call.param("code"), CORP, is_work)?;
        if purpose == Purpose::WorkStaff {
            let ticket = self.draw("user ticket", 64);
            return Ok(ok(json!({"userid": self.userid(call.caller, account), "user_ticket": ticket})));
        }
        let corp = self.corp(self.corp_number(call.caller));
        let is_customer = corp.followers(account).any(|(user, _)| self.sees(call.caller, user));
        let external = is_customer.then(|| self.external_id(call.caller, account));
        let openid = corp.web.id(account.into());
        Ok(ok(with(json!({"openid": openid}), "external_userid", external)))
    }

    pub(super) fn suite_login(&mut self, call: &Call<'_>) -> Answer {
        let is_suite = |purpose| matches!(purpose, Purpose::Suite | Purpose::SuiteStaff);
        let (purpose, account) = self.redeem(call.param("code"), CORP, is_suite)?;
        if purpose == Purpose::SuiteStaff {
            let ticket = self.draw("user ticket", 64);
            return Ok(ok(json!({
                "corpid": self.corpid(call.caller), "userid": self.userid(call.caller, account),
                "user_ticket": ticket, "expires_in": 1_800, "open_userid": self.provided.users.id(account.into()),
            })));
        }
        Ok(ok(json!({"openid": self.provided.web.id(account.into())})))
    }
}

/// The phone number of an account: nobody else has it.
pub(super) fn phone_of(account: u32) -> String {
    format!("138{:08}", account % 100_000_000)
}

fn sealed(key: &[u8; 16], data: &Value, seed: u64) -> Option<(String, String)> {
    let iv = drawn(seed, &format!("iv {data}"));
    let iv = iv.first_chunk::<16>()?;
    let plain = data.to_string();
    let cipher = cbc::Encryptor::<Aes128>::new(key.into(), iv.into());
    let mut room = plain.clone().into_bytes();
    room.resize(plain.len() + 16, 0);
    let bytes = cipher.encrypt_padded::<Pkcs7>(&mut room, plain.len()).ok()?;
    Some((STANDARD.encode(bytes), STANDARD.encode(iv)))
}
