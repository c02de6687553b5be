//! Orders of a shop and of a mini program, and customer service (wechat reference 7.2, 17, 18).

use serde_json::{Value, json};

use crate::simulator::call::{Answer, Call, Caller, ok, refused, with};
use crate::simulator::world::{OFFICIAL, SHOP, World};

/// A payment tells a unionid for so long.
const PAID_MS: i64 = 300_000;
const KF_MAX: usize = 100;

/// An order.
pub(super) struct Order {
    pub(super) app: usize,
    pub(super) account: u32,
    pub(super) at_ms: i64,
}

impl World {
    /// An account buys something in an app: the order's number.
    pub(super) fn order(&mut self, app: usize, account: u32) -> String {
        self.serial += 1;
        let id = format!("37{:017}", self.serial);
        self.orders.insert(id.clone(), Order { app, account, at_ms: self.now_ms });
        id
    }

    pub(super) fn paid_unionid(&mut self, call: &Call<'_>) -> Answer {
        let Caller::App(number) = call.caller else { return refused(48001) };
        let account = self.app(number).and_then(|app| app.openids.account(call.param("openid")));
        let Some(account) = account else { return refused(40003) };
        let Some(unionid) = self.unionid(number, account.into()) else { return refused(89002) };
        match self.orders.get(call.param("transaction_id")) {
            Some(order)
                if (order.app, order.account) == (number, account) && order.at_ms + PAID_MS > self.now_ms =>
            {
                Ok(json!({"errcode": 0, "errmsg": "ok", "unionid": unionid}))
            }
            _ => refused(89300),
        }
    }

    pub(super) fn shop_orders(&mut self, call: &Call<'_>) -> Answer {
        let Caller::App(number) = call.caller else { return refused(48001) };
        let ids = self.orders.iter().filter(|(_, order)| order.app == number).map(|(id, _)| id);
        let ids: Vec<&String> = ids.collect();
        Ok(json!({"errcode": 0, "errmsg": "ok", "order_id_list": ids, "has_more": false, "next_key": ""}))
    }

    pub(super) fn shop_order(&mut self, call: &Call<'_>) -> Answer {
        let id = call.text("order_id");
        let (Some(order), Some(shop)) = (self.orders.get(id), self.app(SHOP)) else { return refused(10020) };
        // Who shared it is another person.
        let sharer = (order.account + 1) % self.plan.accounts.max(1);
        let unionid = self.unionid(SHOP, sharer.into());
        let sharer =
            with(json!({"sharer_openid": shop.openids.id(sharer.into())}), "sharer_unionid", unionid);
        let found = json!({
            "order_id": id, "status": 20, "openid": shop.openids.id(order.account.into()),
            "create_time": order.at_ms / 1_000,
            "order_detail": {"sharer_info": sharer},
        });
        let found = with(found, "unionid", self.unionid(SHOP, order.account.into()));
        Ok(json!({"errcode": 0, "errmsg": "ok", "order": found}))
    }

    /// Who wrote a first message by an acquisition link, by the key that the event of it has.
    pub(super) fn chat_info(&mut self, call: &Call<'_>) -> Answer {
        let Some((account, employee)) = self.chat_keys.get(call.text("chat_key")).copied() else {
            return refused(40058);
        };
        let corp = self.corp(self.corp_number(call.caller));
        let contact = corp.contacts.get(&(account, employee));
        Ok(ok(json!({
            "userid": self.userid(call.caller, employee),
            "external_userid": self.external_id(call.caller, account),
            "chat_info": {
                "recv_msg_cnt": 1, "link_id": "cawcdea7783d7330c7",
                "state": contact.map_or("", |contact| contact.state.as_str()),
            },
        })))
    }

    /// Who wrote to customer service; a cursor is how many messages were read.
    pub(super) fn kf_messages(&mut self, call: &Call<'_>) -> Answer {
        let read: usize = call.text("cursor").parse().unwrap_or(0);
        let written = self.kf_messages.iter().skip(read).take(KF_MAX).enumerate();
        let messages = written.map(|(at, account)| {
            let external = self.external_id(call.caller, *account);
            json!({"msgid": format!("m{}", read + at), "open_kfid": call.text("open_kfid"), "external_userid": external, "origin": 3})
        });
        let messages: Vec<Value> = messages.collect();
        let next = read + messages.len();
        let has_more = i32::from(next < self.kf_messages.len());
        Ok(ok(json!({"next_cursor": next.to_string(), "has_more": has_more, "msg_list": messages})))
    }

    /// Anybody who wrote to customer service; he need not be a contact.
    pub(super) fn kf_customers(&mut self, call: &Call<'_>) -> Answer {
        let (mut rows, mut invalid) = (Vec::<Value>::new(), Vec::new());
        let entered = call.number("need_enter_session_context") == Some(1);
        for id in call.list("external_userid_list", KF_MAX)? {
            match self.external_account(call.caller, id).filter(|account| *account < self.plan.accounts) {
                Some(account) => {
                    let row = json!({
                        "external_userid": id, "nickname": "\u{5c0f}\u{6ee1}", "avatar": "", "gender": 0,
                    });
                    let is_told = matches!(call.caller, Caller::Own(_));
                    let unionid = is_told.then(|| self.unionid(OFFICIAL, account.into())).flatten();
                    let row = with(row, "unionid", unionid);
                    rows.push(with(row, "enter_session_context", entered.then(entered_by)));
                }
                None => invalid.push(id),
            }
        }
        Ok(ok(json!({"customer_list": rows, "invalid_external_userid": invalid})))
    }
}

/// Where a customer of customer service came from.
fn entered_by() -> Value {
    let channels = json!({"nickname": "\u{67d0}\u{67d0}", "scene": 1});
    json!({"scene": "h5", "scene_param": "abc", "wechat_channels": channels})
}
