//! The state: apps, corps, the provider, and what happened to them so far.

use std::collections::{BTreeMap, BTreeSet};

use crate::simulator::app::{App, Code, Subject};
use crate::simulator::binding::OpenAccount;
use crate::simulator::call::Caller;
use crate::simulator::convert::Pendings;
use crate::simulator::corp::{BY_CODE, Contact, Corp, Externals};
use crate::simulator::fault::Faults;
use crate::simulator::flight::Flights;
use crate::simulator::ids::{Space, drawn_number};
use crate::simulator::limit::Limits;
use crate::simulator::plan::{Plan, Topology};
use crate::simulator::push::Push;
use crate::simulator::range::Ranges;
use crate::simulator::service::Authority;
use crate::simulator::shop::Order;
use crate::simulator::ticket::{COMPONENT_TICKET_MS, ROTATE_MS, SUITE_TICKET_MS, Tickets};
use crate::simulator::token::Tokens;
use crate::simulator::upgrade::Upgrade;

// Apps by their place in the list; others are found by their appid.
pub(super) const OFFICIAL: usize = 0;
pub(super) const OLD_OFFICIAL: usize = 1;
pub(super) const MINI: usize = 2;
pub(super) const SHOP: usize = 4;
pub(super) const PROVIDER_MINI: usize = 6;

// Corps, and the own agents that may see them: the corp's has another one.
pub(super) const CORP: usize = 0;
pub(super) const DOWNSTREAM: usize = 1;
pub(super) const BRANCH: usize = 2;

/// What the provider sees of the corp.
pub(super) struct Provided {
    pub(super) external: Externals,
    pub(super) chats: Space,
    pub(super) tags: Space,
    pub(super) users: Space,
    /// Openids of visitors of the provider's web pages.
    pub(super) web: Space,
    /// Temporary ids of meetings and forms.
    pub(super) temporary: Space,
    pub(super) suite_tickets: Tickets,
    pub(super) component_tickets: Tickets,
    pub(super) authority: Authority,
    pub(super) upgrade: Upgrade,
    /// Whether the chats of the developed agent have their new ids.
    pub(super) chats_upgraded_ms: Option<i64>,
}

/// All of it.
pub(super) struct World {
    pub(super) plan: Plan,
    pub(super) topology: Topology,
    pub(super) now_ms: i64,
    pub(super) apps: Vec<App>,
    /// The owner's, the provider's, and those that came to be.
    pub(super) open_accounts: Vec<OpenAccount>,
    pub(super) corps: [Corp; 2],
    pub(super) provided: Provided,
    pub(super) ranges: Ranges,
    /// What the corp sees of the downstream corp's contacts.
    pub(super) linked: Externals,
    pub(super) tokens: Tokens,
    pub(super) codes: BTreeMap<String, Code>,
    /// The session key of a login, by app and account.
    pub(super) sessions: BTreeMap<(usize, u32), [u8; 16]>,
    /// Visitors, by app and account, whose snapshot page has lacked its flag.
    pub(super) unflagged: BTreeSet<(usize, u32)>,
    pub(super) pendings: Pendings,
    pub(super) orders: BTreeMap<String, Order>,
    /// Whose messages customer service has.
    pub(super) kf_messages: Vec<u32>,
    /// Whose first message an acquisition link brought, and to which employee.
    pub(super) chat_keys: BTreeMap<String, (u32, u32)>,
    pub(super) limits: Limits,
    pub(super) flights: Flights,
    pub(super) faults: Faults,
    /// The cursor that each cursor was answered to.
    pub(super) before: BTreeMap<String, String>,
    /// What lifts quotas of lookups, once it was applied for, and until when.
    pub(super) mass_call: Option<(String, i64)>,
    pub(super) pushes: Vec<Push>,
    /// When the newest tickets were pushed.
    rotated_ms: i64,
    pub(super) calls: BTreeMap<&'static str, u64>,
    /// Counts what is drawn: codes, tokens, tickets.
    pub(super) serial: u64,
}

impl World {
    pub(super) fn of(plan: Plan) -> World {
        let (seed, topology) = (plan.seed, Topology::of(&plan));
        let app = |appid: &str, original: &str, open, subject| App::new(seed, appid, original, open, subject);
        let apps = vec![
            app(&topology.official, &topology.official_original, Some(0), Subject::Owner),
            app(&topology.old_official, "gh_00000000000a", Some(0), Subject::Owner),
            app(&topology.mini, "gh_00000000000b", Some(0), Subject::Owner),
            app(&topology.website, "", Some(0), Subject::Owner),
            app(&topology.shop, "gh_00000000000c", Some(0), Subject::Owner),
            app(&topology.unbound, "gh_00000000000d", None, Subject::Owner),
            app(&topology.provider_mini, "gh_00000000000e", Some(1), Subject::Provider),
        ];
        let open_accounts = vec![
            OpenAccount::new(seed, &topology.open_account, Subject::Owner, false),
            OpenAccount::new(seed, &topology.provider_open_account, Subject::Provider, false),
        ];
        let provider = &topology.provider;
        let view = format!("{provider} {}", topology.corp);
        let provided = Provided {
            external: Externals::new(seed, provider, &view, plan.accounts),
            chats: Space::of_work(seed, "wr", provider, &view),
            tags: Space::of_work(seed, "et", provider, &view),
            users: Space::of_work(seed, "wo", provider, &format!("users {view}")),
            web: Space::of_weixin(seed, "web", provider),
            temporary: Space::of_work(seed, "tm", &topology.corp, &topology.corp),
            suite_tickets: Tickets::new(SUITE_TICKET_MS),
            component_tickets: Tickets::new(COMPONENT_TICKET_MS),
            authority: Authority::default(),
            upgrade: Upgrade::of(plan.is_before_upgrade),
            chats_upgraded_ms: None,
        };
        let linked_view = format!("{} {}", topology.corp, topology.downstream);
        let linked = Externals::new(seed, &topology.corp, &linked_view, plan.accounts);
        let corps =
            [&topology.corp, &topology.downstream].map(|corpid| Corp::new(seed, corpid, plan.accounts));
        let mut world = World {
            now_ms: plan.start_ms,
            apps,
            open_accounts,
            corps,
            provided,
            ranges: Ranges::of(&plan),
            linked,
            topology,
            tokens: Tokens::default(),
            codes: BTreeMap::new(),
            sessions: BTreeMap::new(),
            unflagged: BTreeSet::new(),
            pendings: Pendings::default(),
            orders: BTreeMap::new(),
            kf_messages: Vec::new(),
            chat_keys: BTreeMap::new(),
            limits: Limits::default(),
            flights: Flights::default(),
            faults: Faults::default(),
            before: BTreeMap::new(),
            mass_call: None,
            pushes: Vec::new(),
            rotated_ms: plan.start_ms,
            calls: BTreeMap::new(),
            serial: 0,
            plan,
        };
        world.rotate_tickets();
        world.populate();
        world
    }

    /// Followers, customers and groups, as the plan has them.
    fn populate(&mut self) {
        let plan = self.plan.clone();
        for account in 0..plan.followers.min(plan.accounts) {
            let since_ms = self.earlier(&format!("followed {account}"));
            let scene = if account % 3 == 0 { "shop-12" } else { "" };
            self.follow_at(OFFICIAL, account, since_ms, scene);
            if account % 10 == 0 {
                self.follow_at(OLD_OFFICIAL, account, since_ms, "");
            }
        }
        let employees = plan.employees.max(1);
        if let Some(corp) = self.corps.get_mut(CORP) {
            corp.employees = (0..employees).map(|number| format!("Emp{number:04}")).collect();
        }
        if let Some(corp) = self.corps.get_mut(DOWNSTREAM) {
            corp.employees = vec!["DownEmp".to_owned()];
        }
        let customers = plan.customers.min(plan.accounts);
        for account in plan.accounts - customers..plan.accounts {
            let drawn = drawn_number(plan.seed, &format!("customer {account}"));
            let employee = u32::try_from(drawn % u64::from(employees)).unwrap_or(0);
            let since_ms = self.earlier(&format!("added {account}"));
            self.befriend(CORP, account, employee, (since_ms, if account % 5 == 0 { "spring" } else { "" }));
            if account % 4 == 0 && employees > 1 {
                // By the QR code of a shop.
                let (since_ms, state) = (since_ms + 1_000, "shop-12".to_owned());
                let contact = Contact { since_ms, add_way: BY_CODE, state, readable_ms: 0 };
                self.acquaint(CORP, account, (employee + 1) % employees, contact);
            }
        }
        // Users of another company's WeCom, who have no account of WeChat here.
        for partner in 0..customers / 100 {
            let account = plan.accounts + partner;
            self.befriend(CORP, account, partner % employees, (plan.start_ms - 1_000, ""));
        }
        for account in 0..plan.downstream.min(plan.accounts) {
            self.befriend(DOWNSTREAM, account, 0, (plan.start_ms - 2_000, ""));
        }
        for group in 0..plan.groups {
            self.found_group(group, customers);
        }
    }

    /// A time within a year before the beginning, on a whole second.
    fn earlier(&self, name: &str) -> i64 {
        let seconds = drawn_number(self.plan.seed, name) % (365 * 86_400);
        (self.plan.start_ms / 1_000 - 1 - i64::try_from(seconds).unwrap_or(0)) * 1_000
    }

    /// The time in seconds, as the platforms say it.
    pub(super) fn now_s(&self) -> i64 {
        self.now_ms.div_euclid(1_000)
    }

    /// A text that was not drawn before.
    pub(super) fn draw(&mut self, what: &str, digits: usize) -> String {
        self.serial += 1;
        let mut text = String::new();
        while text.len() < digits {
            let name = format!("{what} {} {}", self.serial, text.len());
            text.push_str(&crate::simulator::ids::drawn_hex(
                self.plan.seed,
                &name,
                64.min(digits - text.len()),
            ));
        }
        text
    }

    pub(super) fn app(&self, number: usize) -> Option<&App> {
        self.apps.get(number)
    }

    pub(super) fn app_of(&self, appid: &str) -> Option<usize> {
        self.apps.iter().position(|app| app.appid == appid)
    }

    /// The unionid of an account, as an app's open account has it.
    pub(super) fn unionid(&self, app: usize, account: u64) -> Option<String> {
        let open = self.app(app)?.open?;
        Some(self.open_accounts.get(open)?.unionids.id(account))
    }

    /// The corp that a caller asks about.
    pub(super) fn corp_number(&self, caller: Caller) -> usize {
        if caller == Caller::Own(DOWNSTREAM) { DOWNSTREAM } else { CORP }
    }

    /// New tickets, if it is ten minutes since the last ones; and what is over is forgotten.
    pub(super) fn tick(&mut self) -> bool {
        let is_time = self.now_ms - self.rotated_ms >= ROTATE_MS;
        if is_time {
            self.rotate_tickets();
            self.limits.forget(self.now_ms);
        }
        is_time
    }

    /// New tickets for the suite and the platform, which are pushed.
    pub(super) fn rotate_tickets(&mut self) {
        let (suite, component) = (self.draw("suite ticket", 64), self.draw("component ticket", 64));
        self.rotated_ms = self.now_ms;
        self.provided.suite_tickets.push(suite, self.now_ms);
        self.provided.component_tickets.push(format!("ticket@@@{component}"), self.now_ms);
        self.push_tickets();
    }
}
