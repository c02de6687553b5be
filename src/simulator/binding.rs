//! Which open-platform account an app is bound to, and the calls about it (wechat reference 9.4, 22.1). Unionids are functions
//! of the account, so all of an app's are others when it is bound to another, and the same again when it comes back. No
//! event tells of it.

use serde_json::json;

use crate::simulator::app::{App, Subject};
use crate::simulator::call::{Answer, Call, Caller, Errcode, refused};
use crate::simulator::ids::Space;
use crate::simulator::server::Simulator;
use crate::simulator::world::World;

/// An open-platform account.
pub(super) struct OpenAccount {
    pub(super) appid: String,
    pub(super) unionids: Space,
    subject: Subject,
    /// It was made by a call: only such a one can be bound and unbound by calls.
    is_by_call: bool,
}

impl OpenAccount {
    pub(super) fn new(seed: u64, appid: &str, subject: Subject, is_by_call: bool) -> OpenAccount {
        let unionids = Space::of_weixin(seed, "unionid", appid);
        OpenAccount { appid: appid.to_owned(), unionids, subject, is_by_call }
    }
}

impl World {
    /// The account of an appid.
    pub(super) fn open_account(&self, appid: &str) -> Option<usize> {
        self.open_accounts.iter().position(|account| account.appid == appid)
    }

    fn add_open_account(&mut self, appid: &str, subject: Subject, is_by_call: bool) -> usize {
        self.open_accounts.push(OpenAccount::new(self.plan.seed, appid, subject, is_by_call));
        self.open_accounts.len() - 1
    }

    fn bind(&mut self, app: usize, open: Option<usize>) {
        if let Some(app) = self.apps.get_mut(app) {
            app.open = open;
        }
    }

    /// The app whose token a call carries; where the call names one, it must be that.
    fn named_app(&self, call: &Call<'_>) -> Result<(usize, &App), Errcode> {
        let Caller::App(number) = call.caller else { return refused(48001) };
        let app = self.app(number).ok_or(Errcode(40013))?;
        let named = call.text("appid");
        if named.is_empty() || named == app.appid { Ok((number, app)) } else { refused(40013) }
    }

    pub(super) fn open_get(&mut self, call: &Call<'_>) -> Answer {
        let (_, app) = self.named_app(call)?;
        match app.open.and_then(|open| self.open_accounts.get(open)) {
            Some(account) => Ok(json!({"errcode": 0, "errmsg": "ok", "open_appid": account.appid})),
            None => refused(89002),
        }
    }

    /// A new account, to which the app is bound.
    pub(super) fn open_create(&mut self, call: &Call<'_>) -> Answer {
        let (number, app) = self.named_app(call)?;
        if app.open.is_some() {
            return refused(89000);
        }
        let subject = app.subject;
        let appid = format!("wx{}", self.draw("open account", 16));
        let open = self.add_open_account(&appid, subject, true);
        self.bind(number, Some(open));
        Ok(json!({"open_appid": appid, "errcode": 0, "errmsg": "ok"}))
    }

    pub(super) fn open_bind(&mut self, call: &Call<'_>) -> Answer {
        let (number, app) = self.named_app(call)?;
        if app.open.is_some() {
            return refused(89000);
        }
        let open = self.changeable(call, app)?;
        self.bind(number, Some(open));
        Ok(json!({"errcode": 0, "errmsg": "ok"}))
    }

    pub(super) fn open_unbind(&mut self, call: &Call<'_>) -> Answer {
        let (number, app) = self.named_app(call)?;
        let open = self.changeable(call, app)?;
        if app.open != Some(open) {
            return refused(89002);
        }
        self.bind(number, None);
        Ok(json!({"errcode": 0, "errmsg": "ok"}))
    }

    /// The account that a call names, if calls may change what is bound to it.
    fn changeable(&self, call: &Call<'_>, app: &App) -> Result<usize, Errcode> {
        let open = self.open_account(call.text("open_appid")).ok_or(Errcode(40013))?;
        match self.open_accounts.get(open) {
            Some(account) if account.subject != app.subject => refused(89001),
            Some(account) if !account.is_by_call => refused(89003),
            _ => Ok(open),
        }
    }
}

impl Simulator {
    /// An app is bound to another open account in the console, or with `None` to none: from now on its users have other
    /// unionids there, or none. An account that there is not yet comes to be. Whether there is such an app.
    pub fn bind(&self, appid: &str, open_account: Option<&str>) -> bool {
        self.with(|world| {
            let Some(app) = world.app_of(appid) else { return false };
            let subject = world.app(app).map_or(Subject::Owner, |app| app.subject);
            let open = open_account.map(|account| {
                let known = world.open_account(account);
                known.unwrap_or_else(|| world.add_open_account(account, subject, false))
            });
            world.bind(app, open);
            true
        })
    }
}
