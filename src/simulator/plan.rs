//! What there is: how many of each, and the names that the seed gives them.

use crate::simulator::ids::{Space, drawn_hex};

/// How large the simulated world is. The same plan gives the same world.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Plan {
    /// What names, ids and times are drawn from.
    pub seed: u64,
    /// WeChat accounts: numbers from 0. Followers and customers are among them.
    pub accounts: u32,
    /// Followers of the official account: the first ones.
    pub followers: u32,
    /// Employees of the corp.
    pub employees: u32,
    /// Employees whom the provider's apps may see: the first ones.
    pub visible: u32,
    /// Employees whom the corp's own agent may see: the first ones; more than there are is all.
    pub own_visible: u32,
    /// Employees whom the corp's other agent, that of a branch, may see: the first ones.
    pub branch_visible: u32,
    /// Customers of the corp: the last ones. Every fourth has two employees.
    pub customers: u32,
    /// Customer groups, each of an employee, of eleven accounts, of which one is nobody's contact.
    pub groups: u32,
    /// Customers of the downstream corp, the first ones.
    pub downstream: u32,
    /// How long a token lives, in seconds.
    pub token_s: i64,
    /// Calls of a day that `user/get` allows: 500, or as many as a test wants.
    pub list_calls_max: u64,
    /// Whether an employee's list goes on showing a customer who deleted the employee, though reads of the customer do not:
    /// the platforms say nothing certain of it.
    pub lists_who_left: bool,
    /// For how long reads of a contact go on showing a pair that ended, in milliseconds.
    pub stale_ms: i64,
    /// How many calls of one app WeCom answers at a time; the platform does not say how many it does.
    pub in_flight_max: u32,
    /// Whether the corp authorised the provider before ids were upgraded: the provider's apps are answered with the corp's
    /// own values then, until the provider says that it has converted all (`finish_openid_migration`).
    pub is_before_upgrade: bool,
    /// When it begins, in milliseconds.
    pub start_ms: i64,
}

impl Default for Plan {
    fn default() -> Plan {
        Plan {
            seed: 1,
            accounts: 1_000,
            followers: 600,
            employees: 12,
            visible: 8,
            own_visible: u32::MAX,
            branch_visible: 3,
            customers: 500,
            groups: 4,
            downstream: 20,
            token_s: 7_200,
            list_calls_max: 500,
            lists_who_left: false,
            stale_ms: 0,
            in_flight_max: u32::MAX,
            is_before_upgrade: false,
            start_ms: 1_750_000_000_000,
        }
    }
}

/// The names of the simulated apps and corps, and the secrets that their owners hold. It is all made up, so it is no
/// secret here.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Topology {
    /// The open-platform account that the apps of the corp's owner are bound to.
    pub open_account: String,
    /// An official account (a service account), which the corp bound as its developer id.
    pub official: String,
    /// Its original id.
    pub official_original: String,
    /// An official account that migrates to `official`.
    pub old_official: String,
    /// A mini program.
    pub mini: String,
    /// A website.
    pub website: String,
    /// A shop.
    pub shop: String,
    /// An official account that is bound to no open account.
    pub unbound: String,
    /// The provider's open-platform account.
    pub provider_open_account: String,
    /// The provider's mini program.
    pub provider_mini: String,
    /// The corp.
    pub corp: String,
    /// Its agent with customer contacts.
    pub agent: String,
    /// Another agent of it, that of a branch, who may see fewer employees: another secret, other tokens, the same ids.
    pub branch_agent: String,
    /// The downstream corp, and the agent that it shares with the corp.
    pub downstream: String,
    /// The provider's own corp.
    pub provider: String,
    /// The provider's suite.
    pub suite: String,
    /// The corp, as the provider sees it.
    pub open_corp: String,
    /// The agent that the provider develops for the corp.
    pub developed_agent: String,
    /// The third-party platform that apps authorised.
    pub component: String,
    seed: u64,
}

impl Topology {
    pub(super) fn of(plan: &Plan) -> Topology {
        let seed = plan.seed;
        let wx = |name: &str| format!("wx{}", drawn_hex(seed, name, 16));
        let ww = |name: &str| format!("ww{}", drawn_hex(seed, name, 16));
        let (corp, provider) = (ww("corp"), ww("provider"));
        Topology {
            open_account: wx("open account"),
            official: wx("official"),
            official_original: format!("gh_{}", drawn_hex(seed, "original", 12)),
            old_official: wx("old official"),
            mini: wx("mini"),
            website: wx("website"),
            shop: wx("shop"),
            unbound: wx("unbound"),
            provider_open_account: wx("provider open account"),
            provider_mini: wx("provider mini"),
            open_corp: Space::of_work(seed, "wp", &provider, &provider).id(1),
            downstream: ww("downstream"),
            suite: ww("suite"),
            component: wx("component"),
            agent: "1000002".to_owned(),
            branch_agent: "1000003".to_owned(),
            developed_agent: "1000012".to_owned(),
            corp,
            provider,
            seed,
        }
    }

    /// The secret of one of the above: an appid, a suite, a component, a provider's corp; of an agent, `CORP AGENT`.
    pub fn secret(&self, of: &str) -> String {
        drawn_hex(self.seed, &format!("secret {of}"), 32)
    }

    /// The Token of the callbacks of one of the above.
    pub fn callback_token(&self, of: &str) -> String {
        drawn_hex(self.seed, &format!("callback token {of}"), 24)
    }

    /// The EncodingAESKey of the callbacks of one of the above: 43 characters.
    pub fn callback_aes_key(&self, of: &str) -> String {
        // Hex digits are base64 characters; the last one must end in two zero bits, so A.
        format!("{}A", drawn_hex(self.seed, &format!("callback key {of}"), 42))
    }

    /// The permanent code with which the corp authorised the suite, and the secret of the agent developed for it.
    pub fn permanent_code(&self) -> String {
        drawn_hex(self.seed, "permanent code", 48)
    }
}
