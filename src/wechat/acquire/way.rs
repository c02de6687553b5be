//! A way the platforms offer to get from one id to another: the form of the catalogue's rows.

use crate::model::Kind;
use crate::wechat::acquire::condition::Condition;

/// One way from an id to another, as the platform's documents describe it.
#[derive(Debug)]
pub struct Way {
    /// Its name: `product.what`. The texts about it are found by it.
    pub name: &'static str,
    /// What one must have: any one of these.
    pub from: &'static [Space],
    /// What the request takes besides: all of these.
    pub with: &'static [Space],
    /// What the answer gives.
    pub yields: &'static [Yield],
    /// What else it tells.
    pub also: &'static [Also],
    /// Who may call it and how: with one's own credential first, then through a platform.
    pub access: &'static [Access],
    /// Whether the user's device takes part: a page, a mini program, an app.
    pub front_end: bool,
    /// What the user notices.
    pub interrupts: Interrupts,
    /// When it works.
    pub conditions: &'static [Condition],
    /// How long it stays possible.
    pub window: Option<Window>,
    /// How often it may be used.
    pub quota: &'static [Quota],
    /// How many calls one id costs.
    pub calls: Calls,
    /// It is an older interface, for which there is a newer one.
    pub older: bool,
    /// How many pitfalls the texts tell of.
    pub pitfalls: usize,
    /// The section of the reference.
    pub reference: &'static str,
    /// The name under which `ingest` reads the answer, where it does.
    pub ingest: Option<&'static str>,
}

impl Way {
    /// A row with nothing in it, to be filled in by the catalogue.
    pub(crate) const EMPTY: Way = Way {
        name: "",
        from: &[],
        with: &[],
        yields: &[],
        also: &[],
        access: &[],
        front_end: false,
        interrupts: Interrupts::Silent,
        conditions: &[],
        window: None,
        quota: &[],
        calls: Calls::One,
        older: false,
        pitfalls: 0,
        reference: "",
        ingest: None,
    };

    /// Every endpoint and event of it, of every access: paths without the leading slash, as the platforms write them.
    pub fn endpoints(&self) -> impl Iterator<Item = &'static str> {
        self.access.iter().flat_map(|access| access.endpoints.iter().copied())
    }
}

/// A kind of id in a scope that the way's names fill in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// The kind; `None` = any id of an account that is known already.
    pub kind: Option<&'static Kind>,
    /// The scope.
    pub scope: Scope,
}

/// What stands in the scope of a [`Space`]: the names of one way are the same wherever they occur in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The app.
    App,
    /// The app the account moved away from.
    OldApp,
    /// The open account.
    Open,
    /// The corp: its own view, or its own payment and web identities.
    Corp,
    /// Somebody else's view of the corp: `CORP@VIEWER`.
    View,
    /// Any view of the corp.
    AnyView,
    /// The viewer by itself: a provider's own space.
    Viewer,
    /// `@PROVIDER`.
    AtViewer,
    /// One chat as one app sees it: `APPID@OPENGID`.
    Chat,
    /// Nothing.
    Empty,
    /// Whatever the target says: the name of a phone key, of a plugin.
    Named,
}

/// What an answer gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Yield {
    /// The id.
    pub space: Space,
    /// What it is to the id that was asked with.
    pub gives: Gives,
}

/// What an id that was got is to the one that was asked with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gives {
    /// The same account, employee, chat or corp.
    Same,
    /// The same if it is closed in time: a pending id.
    Pending,
    /// Its successor: the old one is dead.
    Successor,
    /// An account that an employee uses: related, not the same.
    Related,
    /// A hint only: several may share it.
    Hint,
}

/// What else an answer or event tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Also {
    /// Who subscribes to the app.
    Subscribes,
    /// Which employees have the customer, and how they got it.
    Follows,
    /// Who is in a chat.
    MemberOf,
    /// Which account an employee uses.
    UsesAccount,
    /// What the app is bound to.
    Binding,
    /// The openid alone: an id without a counterpart.
    Openid,
    /// The external_userid alone.
    ExternalUserid,
    /// The phone number, as a keyed hash.
    Phone,
    /// That a userid was given up for another.
    Renamed,
    /// That the account is gone and must be erased.
    Erased,
}

/// A credential and what is called with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access {
    /// Whose token.
    pub credential: Credential,
    /// Paths without the leading slash in the order they are called; `event:NAME` for an event; client calls by name.
    pub endpoints: &'static [&'static str],
}

/// Whose token a call needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Credential {
    /// The app's own access token (or its appid and secret, for logins).
    App,
    /// The token an app gave a third-party platform, or the platform's own for logins.
    Authorizer,
    /// A corp's own app.
    Corp,
    /// A provider's app in a corp: third-party, or developed on the corp's behalf.
    ProviderApp,
    /// The provider's suite token.
    Suite,
    /// The provider's own token.
    Provider,
    /// The app an upstream corp shares with its downstream corps.
    SharedApp,
    /// None: the user's device, or one's own systems.
    Nobody,
}

/// What the user notices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Interrupts {
    /// Nothing.
    Silent,
    /// A prompt that can be refused.
    Asks,
    /// Has to do something: follow, scan, add an employee, open a link.
    Acts,
}

/// How long a way stays possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Window {
    /// The code of the login: 5 minutes, once.
    CodeMinutes5,
    /// 5 minutes after the payment.
    PaymentMinutes5,
    /// 15 days after the migration was confirmed.
    MigrationDays15,
    /// 90 days after the pending id was given.
    PendingDays90,
    /// Until the provider finishes the migration of ids.
    UntilMigrationEnds,
    /// At most 7 days, until the new chat ids take effect.
    UntilChatUpgrade,
}

/// How many calls it takes to find the counterpart of one id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Calls {
    /// None that is metered.
    Free,
    /// One.
    One,
    /// All pages of a list: it is found by reading everybody.
    List,
}

/// How often something may be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// How often.
    pub count: u64,
    /// In what span.
    pub per: Per,
    /// Who shares it.
    pub shared: Shared,
}

/// The span of a quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Per {
    /// A clock minute.
    Minute,
    /// An hour.
    Hour,
    /// A day.
    Day,
    /// A month.
    Month,
    /// One call: the length of its list.
    Call,
}

/// Who shares a quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shared {
    /// One user.
    User,
    /// The app.
    App,
    /// The corp, for this call.
    Corp,
    /// The corp with all of its providers.
    CorpAndProviders,
    /// The provider with all of its corps.
    Provider,
    /// The upstream corp.
    Upstream,
    /// The call itself.
    Call,
}

/// WeCom's base limits, which hold for each corp and call (reference 20).
pub(crate) const WECOM_BASE: &[Quota] = &[
    Quota { count: 10_000, per: Per::Minute, shared: Shared::Corp },
    Quota { count: 150_000, per: Per::Hour, shared: Shared::Corp },
];

const fn space(kind: &'static Kind, scope: Scope) -> Space {
    Space { kind: Some(kind), scope }
}

/// Any id of an account that is known already.
pub(crate) const ANY_ACCOUNT: Space = Space { kind: None, scope: Scope::Empty };
pub(crate) const OPENID: Space = space(&Kind::Openid, Scope::App);
pub(crate) const OLD_OPENID: Space = space(&Kind::Openid, Scope::OldApp);
pub(crate) const UNIONID: Space = space(&Kind::Unionid, Scope::Open);
pub(crate) const APP_TOKEN: Space = space(&Kind::StateToken, Scope::App);
pub(crate) const CORP_TOKEN: Space = space(&Kind::StateToken, Scope::Corp);
pub(crate) const OWN_EXTERNAL: Space = space(&Kind::ExternalUserid, Scope::Corp);
pub(crate) const VIEW_EXTERNAL: Space = space(&Kind::ExternalUserid, Scope::View);
pub(crate) const EXTERNAL: Space = space(&Kind::ExternalUserid, Scope::AnyView);
pub(crate) const PENDING: Space = space(&Kind::PendingId, Scope::View);
pub(crate) const PAY_OPENID: Space = space(&Kind::WecomPayOpenid, Scope::Corp);
pub(crate) const WEB_OPENID: Space = space(&Kind::WecomWebOpenid, Scope::Corp);
pub(crate) const GROUP_OPENID: Space = space(&Kind::GroupOpenid, Scope::Chat);
pub(crate) const OPENPID: Space = space(&Kind::Openpid, Scope::Named);
pub(crate) const PHONE: Space = space(&Kind::Phone, Scope::Named);
pub(crate) const OWN_USERID: Space = space(&Kind::Userid, Scope::Corp);
pub(crate) const VIEW_USERID: Space = space(&Kind::Userid, Scope::View);
pub(crate) const OWN_CHAT: Space = space(&Kind::ChatId, Scope::Corp);
pub(crate) const VIEW_CHAT: Space = space(&Kind::ChatId, Scope::View);
pub(crate) const CHAT: Space = space(&Kind::ChatId, Scope::AnyView);
pub(crate) const OPENGID: Space = space(&Kind::Opengid, Scope::App);
pub(crate) const CORPID: Space = space(&Kind::Corpid, Scope::Empty);
pub(crate) const OPEN_CORPID: Space = space(&Kind::Corpid, Scope::AtViewer);

/// The same as the id that was asked with.
pub(crate) const fn same(space: Space) -> Yield {
    Yield { space, gives: Gives::Same }
}

/// One's own credential and what is called with it.
pub(crate) const fn by(credential: Credential, endpoints: &'static [&'static str]) -> Access {
    Access { credential, endpoints }
}
