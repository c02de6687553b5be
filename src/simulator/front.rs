//! What people do: follow, log in, visit pages, add an employee, and what their front ends bring along.

use crate::simulator::app::Purpose;
use crate::simulator::server::Simulator;
use crate::simulator::world::{CORP, DOWNSTREAM, OFFICIAL, World};

/// How a visitor authorises a web page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authorization {
    /// Silently: `snsapi_base`.
    Silent,
    /// With consent: `snsapi_userinfo`, or the login of a website.
    Consent,
    /// On a snapshot page, where all ids are virtual; the unionid may be one that other visitors have, too.
    Snapshot,
    /// On a snapshot page whose answer has the visitor's real ids, under the flag of virtual ones (wechat reference 22.5 b).
    SnapshotWithRealIds,
    /// On a snapshot page whose answer lacks the flag at first (wechat reference 22.5 c): who loads it again, with another
    /// code, gets the same virtual ids with the flag.
    SnapshotFlaggedLate,
}

impl Authorization {
    pub(super) fn is_snapshot(self) -> bool {
        !matches!(self, Authorization::Silent | Authorization::Consent)
    }
}

impl World {
    fn readable(&mut self, account: u32, employee: u32, readable_ms: i64) {
        let contact = self.corps.get_mut(CORP).and_then(|corp| corp.contacts.get_mut(&(account, employee)));
        if let Some(contact) = contact {
            contact.readable_ms = readable_ms;
        }
    }
}

impl Simulator {
    /// An account follows the official account, by a QR code with a scene if there is one; an event is pushed.
    pub fn follow(&self, account: u32, scene: &str) {
        self.with(|world| {
            let now_ms = world.now_ms;
            world.follow_at(OFFICIAL, account, now_ms, scene);
            let key = if scene.is_empty() { String::new() } else { format!("qrscene_{scene}") };
            world.push_app(OFFICIAL, account, "subscribe", &key);
        });
    }

    /// It follows no longer; an event is pushed.
    pub fn unfollow(&self, account: u32) {
        self.with(|world| {
            world.unfollow_at(OFFICIAL, account);
            world.push_app(OFFICIAL, account, "unsubscribe", "");
        });
    }

    /// The code of a mini program's login; `None` if there is no such app.
    pub fn login(&self, appid: &str, account: u32) -> Option<String> {
        self.with(|world| world.app_of(appid).map(|app| world.code(Purpose::Login, app, account)))
    }

    /// The code that a visitor brings back to a web page of an app, or to a website.
    pub fn visit(&self, appid: &str, account: u32, authorization: Authorization) -> Option<String> {
        let purpose = Purpose::Web(authorization);
        self.with(|world| world.app_of(appid).map(|app| world.code(purpose, app, account)))
    }

    /// The code of a phone button.
    pub fn phone_button(&self, appid: &str, account: u32) -> Option<String> {
        self.with(|world| world.app_of(appid).map(|app| world.code(Purpose::Phone, app, account)))
    }

    /// The code that a visitor brings to a page of the corp's own agent.
    pub fn visit_corp(&self, account: u32) -> String {
        self.with(|world| world.code(Purpose::Work, CORP, account))
    }

    /// The code that a visitor brings to a page of the provider's suite.
    pub fn visit_suite(&self, account: u32) -> String {
        self.with(|world| world.code(Purpose::Suite, CORP, account))
    }

    /// The codes that an employee brings to a page of the corp's own agent, and to one of the provider's suite.
    pub fn visit_as_employee(&self, employee: u32) -> (String, String) {
        self.with(|world| {
            let own = world.code(Purpose::WorkStaff, CORP, employee);
            (own, world.code(Purpose::SuiteStaff, CORP, employee))
        })
    }

    /// The encrypted data and iv of a mini program whose visitor has logged in.
    pub fn open_data(&self, appid: &str, account: u32) -> Option<(String, String)> {
        self.with(|world| world.open_data(world.app_of(appid)?, account))
    }

    /// What a cloud function of an app is told of its visitor: the object, as JSON.
    pub fn cloud_context(&self, appid: &str, account: u32) -> Option<String> {
        self.with(|world| {
            let number = world.app_of(appid)?;
            Some(world.cloud_context(world.app(number)?, number, account).to_string())
        })
    }

    /// An account buys something in a mini program or a shop: the order's number.
    pub fn buy(&self, appid: &str, account: u32) -> Option<String> {
        self.with(|world| world.app_of(appid).map(|app| world.order(app, account)))
    }

    /// An account becomes a customer of an employee by a link or code with a state; an event is pushed. Calls show it
    /// `lag_ms` later.
    pub fn add_contact(&self, account: u32, employee: u32, state: &str, lag_ms: i64) {
        self.with(|world| {
            let now_ms = world.now_ms;
            world.befriend(CORP, account, employee, (now_ms, state));
            world.readable(account, employee, now_ms + lag_ms);
            world.push_contact("add_external_contact", account, employee, state);
        });
    }

    /// An account becomes a customer of the downstream corp. The corp hears of no event.
    pub fn add_downstream_contact(&self, account: u32) {
        self.with(|world| {
            let now_ms = world.now_ms;
            world.befriend(DOWNSTREAM, account, 0, (now_ms, ""));
        });
    }

    /// The temporary id that a form or a meeting of the corp shows of an account.
    pub fn temporary_id(&self, account: u32) -> String {
        self.with(|world| world.temporary().id(account.into()))
    }

    /// What the mini program calls a group.
    pub fn opengid(&self, group: usize) -> Option<String> {
        self.with(|world| world.opengid(group))
    }

    /// A customer whom an acquisition link brought writes his first message to the employee; an event with its key is pushed.
    pub fn write_to_employee(&self, account: u32, employee: u32) {
        self.with(|world| {
            let key = world.draw("chat key", 32);
            world.chat_keys.insert(key.clone(), (account, employee));
            world.push_first_message(employee, &key);
        });
    }

    /// An account writes to customer service; an event is pushed.
    pub fn write_to_service(&self, account: u32) {
        self.with(|world| {
            world.kf_messages.push(account);
            world.push_kf("wkAJ2GCAAASSm4_FhToWMFea0xAFfd3Q");
        });
    }

    /// What the platforms do as time goes by: new tickets are pushed ten minutes after the last ones. Whether there are any.
    /// The time is the clock's; somebody has to ask, as `idweave simulate` does all the time.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicI64, Ordering};
    /// use idweave::simulator::{Plan, Simulator};
    /// let plan = Plan::default();
    /// let time = Arc::new(AtomicI64::new(plan.start_ms));
    /// let simulator = Simulator::new(plan, Arc::new({
    ///     let time = time.clone();
    ///     move || time.load(Ordering::SeqCst)
    /// }));
    /// simulator.take_pushes();
    /// assert!(!simulator.tick());
    /// time.fetch_add(600_000, Ordering::SeqCst);
    /// assert!(simulator.tick());
    /// assert_eq!(simulator.take_pushes().len(), 2, "the suite's and the platform's");
    /// ```
    pub fn tick(&self) -> bool {
        self.with(World::tick)
    }

    /// New tickets of the suite and the platform are pushed, as every ten minutes.
    pub fn rotate_tickets(&self) {
        self.with(World::rotate_tickets);
    }
}
