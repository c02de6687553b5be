//! Apps of WeChat: who follows them, and the codes that front ends bring.

use std::collections::BTreeMap;

use crate::simulator::call::{Errcode, refused};
use crate::simulator::front::Authorization;
use crate::simulator::ids::Space;
use crate::simulator::world::World;

/// A code is answered for so long.
const CODE_MS: i64 = 300_000;

/// Whose an app is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject {
    /// The same as the corp's.
    Owner,
    /// The same as the provider's.
    Provider,
}

/// A follower of an app.
pub(super) struct Follow {
    serial: u64,
    pub(super) since_ms: i64,
    pub(super) is_open: bool,
    pub(super) qr_scene: String,
}

/// An app.
pub(super) struct App {
    pub(super) appid: String,
    pub(super) original: String,
    /// Which open account it is bound to.
    pub(super) open: Option<usize>,
    pub(super) subject: Subject,
    pub(super) openids: Space,
    pub(super) follows: BTreeMap<u32, Follow>,
    in_order: BTreeMap<u64, u32>,
    next: u64,
}

impl App {
    pub(super) fn new(seed: u64, appid: &str, original: &str, open: Option<usize>, subject: Subject) -> App {
        App {
            appid: appid.to_owned(),
            original: original.to_owned(),
            open,
            subject,
            openids: Space::of_weixin(seed, "openid", appid),
            follows: BTreeMap::new(),
            in_order: BTreeMap::new(),
            next: 0,
        }
    }

    pub(super) fn follower_count(&self) -> usize {
        self.in_order.len()
    }

    /// Followers behind one, in the order in which they came.
    pub(super) fn followers_after(&self, account: Option<u32>, most: usize) -> Vec<u32> {
        let serial = account.and_then(|account| self.follows.get(&account)).map_or(0, |follow| follow.serial);
        self.in_order.range(serial + 1..).take(most).map(|(_, account)| *account).collect()
    }

    pub(super) fn is_followed_by(&self, account: u32) -> bool {
        self.follows.get(&account).is_some_and(|follow| follow.is_open)
    }

    fn follow(&mut self, account: u32, since_ms: i64, qr_scene: &str) {
        self.unfollow(account);
        self.next += 1;
        let serial = self.next;
        let follow = Follow { serial, since_ms, is_open: true, qr_scene: qr_scene.to_owned() };
        self.follows.insert(account, follow);
        self.in_order.insert(serial, account);
    }

    fn unfollow(&mut self, account: u32) {
        if let Some(follow) = self.follows.get_mut(&account) {
            follow.is_open = false;
            self.in_order.remove(&follow.serial);
        }
    }
}

/// What a code is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A login of a mini program.
    Login,
    /// A web page, or a website.
    Web(Authorization),
    /// A phone number.
    Phone,
    /// A page of the corp, or of the provider's suite.
    Work,
    Suite,
    /// The same, opened by an employee: the code's account is the number of the employee.
    WorkStaff,
    SuiteStaff,
}

/// A code that a front end brings.
pub(super) struct Code {
    purpose: Purpose,
    app: usize,
    account: u32,
    until_ms: i64,
    is_used: bool,
}

impl World {
    pub(super) fn follow_at(&mut self, app: usize, account: u32, since_ms: i64, qr_scene: &str) {
        if let Some(app) = self.apps.get_mut(app) {
            app.follow(account, since_ms, qr_scene);
        }
    }

    pub(super) fn unfollow_at(&mut self, app: usize, account: u32) {
        if let Some(app) = self.apps.get_mut(app) {
            app.unfollow(account);
        }
    }

    /// A new code.
    pub(super) fn code(&mut self, purpose: Purpose, app: usize, account: u32) -> String {
        let text = self.draw("code", 32);
        let code = Code { purpose, app, account, until_ms: self.now_ms + CODE_MS, is_used: false };
        self.codes.insert(text.clone(), code);
        text
    }

    /// Takes a code: once, in time, and for its own app only.
    pub(super) fn redeem(
        &mut self,
        text: &str,
        app: usize,
        is_for: impl Fn(Purpose) -> bool,
    ) -> Result<(Purpose, u32), Errcode> {
        if text.is_empty() {
            return refused(41008);
        }
        let now_ms = self.now_ms;
        match self.codes.get_mut(text) {
            Some(code) if code.app == app && is_for(code.purpose) => {
                if code.until_ms <= now_ms {
                    return refused(40029);
                }
                if std::mem::replace(&mut code.is_used, true) {
                    return refused(40163);
                }
                Ok((code.purpose, code.account))
            }
            _ => refused(40029),
        }
    }
}
