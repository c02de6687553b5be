//! Official accounts: followers (wechat reference 6.3 to 6.5), migration (6.9).

use serde_json::{Value, json};

use crate::simulator::app::App;
use crate::simulator::call::{Answer, Call, Caller, refused, text, with};
use crate::simulator::world::{OLD_OFFICIAL, World};

const PAGE_MAX: usize = 10_000;
const BATCH_MAX: usize = 100;

impl World {
    fn caller_app(&self, caller: Caller) -> Option<(usize, &App)> {
        match caller {
            Caller::App(number) => Some((number, self.app(number)?)),
            _ => None,
        }
    }

    fn user(&self, app: usize, account: u32) -> Option<Value> {
        let known = self.app(app)?;
        let openid = known.openids.id(account.into());
        let follow = match known.follows.get(&account) {
            Some(follow) if follow.is_open => follow,
            _ => return Some(json!({"subscribe": 0, "openid": openid})),
        };
        let scene = if follow.qr_scene.is_empty() { "ADD_SCENE_SEARCH" } else { "ADD_SCENE_QR_CODE" };
        // Who came by a QR code has the tag of its scene, and the one that the platform gives to stars.
        let tags = if follow.qr_scene.is_empty() { json!([]) } else { json!([128, 2]) };
        let user = json!({
            "subscribe": 1, "openid": openid, "nickname": "", "sex": 0, "language": "zh_CN", "city": "",
            "province": "", "country": "", "headimgurl": "", "subscribe_time": follow.since_ms / 1_000,
            "remark": "", "groupid": 0, "tagid_list": tags, "subscribe_scene": scene, "qr_scene": 0,
            "qr_scene_str": follow.qr_scene,
        });
        Some(with(user, "unionid", self.unionid(app, account.into())))
    }

    pub(super) fn user_info(&mut self, call: &Call<'_>) -> Answer {
        let Some((number, app)) = self.caller_app(call.caller) else { return refused(48001) };
        let account = app.openids.account(call.param("openid"));
        match account.and_then(|account| self.user(number, account)) {
            Some(user) => Ok(user),
            None => refused(40003),
        }
    }

    pub(super) fn user_batchget(&mut self, call: &Call<'_>) -> Answer {
        let Some((number, app)) = self.caller_app(call.caller) else { return refused(48001) };
        let asked = call.body.get("user_list").and_then(Value::as_array);
        let asked: Vec<&str> = asked.into_iter().flatten().map(|user| text(user, "openid")).collect();
        if asked.is_empty() {
            return refused(40031);
        }
        if asked.len() > BATCH_MAX {
            return refused(40032);
        }
        let users = asked.iter().map(|openid| self.user(number, app.openids.account(openid)?));
        match users.collect::<Option<Vec<Value>>>() {
            Some(users) => Ok(json!({"user_info_list": users})),
            None => refused(40003),
        }
    }

    pub(super) fn user_get(&mut self, call: &Call<'_>) -> Answer {
        let Some((_, app)) = self.caller_app(call.caller) else { return refused(48001) };
        let after = call.param("next_openid");
        let behind = app.openids.account(after);
        if behind.is_none() && !after.is_empty() {
            return refused(40003);
        }
        let total = app.follower_count();
        let page = app.followers_after(behind, self.faults.list_len().unwrap_or(PAGE_MAX));
        let Some(last) = page.last() else {
            return Ok(json!({"total": total, "count": 0, "next_openid": ""}));
        };
        let last = app.openids.id((*last).into());
        let openids: Vec<String> = page.iter().map(|account| app.openids.id((*account).into())).collect();
        Ok(json!({"total": total, "count": page.len(), "data": {"openid": openids}, "next_openid": last}))
    }

    pub(super) fn changeopenid(&mut self, call: &Call<'_>) -> Answer {
        let (Some((_, new)), Some(old)) = (self.caller_app(call.caller), self.app(OLD_OFFICIAL)) else {
            return refused(48001);
        };
        let from = call.text("from_appid");
        if from != old.appid && from != old.original {
            return refused(63178);
        }
        let listed = call.list("openid_list", BATCH_MAX)?;
        let rows = listed.iter().map(|openid| match old.openids.account(openid) {
            Some(account) if old.is_followed_by(account) => {
                json!({"ori_openid": openid, "new_openid": new.openids.id(account.into()), "err_msg": "ok"})
            }
            _ => json!({"ori_openid": openid, "err_msg": "ori_openid error"}),
        });
        let rows: Vec<Value> = rows.collect();
        Ok(json!({"errcode": 0, "errmsg": "ok", "result_list": rows}))
    }
}
