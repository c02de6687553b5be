//! Kinds of identifiers and the classes they belong to (design section 1).
//!
//! # Invariants
//!   K1 a kind's name is part of the text form and never changes its meaning.

use std::fmt;

use crate::error::IdRule;

/// What an identifier names. Only ids of one class can be linked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// A WeChat account or a WeCom external contact, seen by somebody.
    Account,
    /// An employee of a corp.
    Staff,
    /// A group chat.
    Chat,
    /// A corp.
    Corp,
    /// A department of a corp.
    Department,
    /// An official account, mini program, website or mobile app.
    App,
}

impl Class {
    /// The name used in answers and dumps.
    pub fn name(self) -> &'static str {
        match self {
            Class::Account => "account",
            Class::Staff => "staff",
            Class::Chat => "chat",
            Class::Corp => "corp",
            Class::Department => "department",
            Class::App => "app",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// How many ids of one (kind, scope) an entity may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PerScope {
    /// Any number.
    Many,
    /// One.
    One,
}

impl PerScope {
    /// `one` or `many`.
    pub fn name(self) -> &'static str {
        match self {
            PerScope::One => "one",
            PerScope::Many => "many",
        }
    }
}

/// Which form a kind's scope has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ScopeForm {
    /// Any non-empty scope.
    Key,
    /// `CORP`, `CORP@VIEWER` or `@PROVIDER`.
    View,
    /// `APPID@OPENGID`.
    AppAndGroup,
    /// Empty, or `@PROVIDER`.
    EmptyOrProvider,
    /// Always empty.
    Empty,
}

/// The kind of an identifier. The vendors' own names are kept.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// One WeChat account under one open account.
    Unionid,
    /// One WeChat account under one app.
    Openid,
    /// A customer as one viewer of one corp sees it.
    ExternalUserid,
    /// Stands for a unionid that is not a customer yet; lives 90 days.
    PendingId,
    /// One WeChat account under one plugin.
    Openpid,
    /// One user inside one chat, as one app sees it.
    GroupOpenid,
    /// The corp's WeChat-pay identity of a user.
    WecomPayOpenid,
    /// A non-member at a corp's web login.
    WecomWebOpenid,
    /// One-visit token passed in `state`.
    StateToken,
    /// A keyed hash of a phone number.
    Phone,
    /// An employee.
    Userid,
    /// A customer group chat.
    ChatId,
    /// A WeChat group chat as one app sees it.
    Opengid,
    /// A corp.
    Corpid,
    /// A department.
    Department,
    /// An app.
    App,
    /// The company's own kind; holds the whole name, `custom.NAME`.
    Custom(Box<str>),
}

/// Kind, name, class, how many per entity and scope, form of the scope: the table of design section 1.
const KINDS: [(Kind, &str, Class, PerScope, ScopeForm); 16] = {
    use Class::{Account, App, Chat, Corp, Department, Staff};
    use PerScope::{Many, One};
    use ScopeForm::{AppAndGroup, Empty, EmptyOrProvider, Key, View};
    [
        (Kind::Unionid, "unionid", Account, One, Key),
        (Kind::Openid, "openid", Account, One, Key),
        (Kind::ExternalUserid, "external_userid", Account, One, View),
        (Kind::PendingId, "pending_id", Account, Many, View),
        (Kind::Openpid, "openpid", Account, One, Key),
        (Kind::GroupOpenid, "group_openid", Account, One, AppAndGroup),
        (Kind::WecomPayOpenid, "wecom_pay_openid", Account, One, Key),
        (Kind::WecomWebOpenid, "wecom_web_openid", Account, One, Key),
        (Kind::StateToken, "state_token", Account, Many, Key),
        (Kind::Phone, "phone", Account, Many, Key),
        (Kind::Userid, "userid", Staff, One, View),
        (Kind::ChatId, "chat_id", Chat, One, View),
        (Kind::Opengid, "opengid", Chat, One, Key),
        (Kind::Corpid, "corpid", Corp, One, EmptyOrProvider),
        (Kind::Department, "department", Department, One, Key),
        (Kind::App, "app", App, One, Empty),
    ]
};

impl Kind {
    /// Every kind but the custom ones, in the order of the design's table.
    pub fn builtin() -> impl Iterator<Item = Kind> {
        KINDS.iter().map(|row| row.0.clone())
    }

    /// Parses a kind's name.
    ///
    /// # Errors
    /// An unknown kind, a `tmp_*` kind, or a bad custom name.
    pub fn parse(name: &str) -> Result<Kind, IdRule> {
        if let Some(row) = KINDS.iter().find(|row| row.1 == name) {
            return Ok(row.0.clone());
        }
        if let Some(custom) = name.strip_prefix("custom.") {
            let fits = (1..=32).contains(&custom.len())
                && custom.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-'));
            return if fits { Ok(Kind::Custom(name.into())) } else { Err(IdRule::CustomName) };
        }
        if name.starts_with("tmp_") { Err(IdRule::TemporaryKind) } else { Err(IdRule::UnknownKind) }
    }

    fn row(&self) -> (&str, Class, PerScope, ScopeForm) {
        match self {
            Kind::Custom(name) => (name, Class::Account, PerScope::One, ScopeForm::Key),
            known => KINDS
                .iter()
                .find(|row| row.0 == *known)
                .map_or(("", Class::Account, PerScope::One, ScopeForm::Key), |r| (r.1, r.2, r.3, r.4)),
        }
    }

    /// The name in the text form.
    pub fn name(&self) -> &str {
        self.row().0
    }

    /// The class; only ids of one class can be linked.
    pub fn class(&self) -> Class {
        self.row().1
    }

    /// How many ids of this kind and one scope an entity may hold, before any `kind` fact or rule.
    pub fn per_scope(&self) -> PerScope {
        self.row().2
    }

    pub(crate) fn scope_form(&self) -> ScopeForm {
        self.row().3
    }

    /// Pending ids and state tokens: not counted in a degree, since one account has many of them in time.
    pub fn is_passing(&self) -> bool {
        matches!(self, Kind::PendingId | Kind::StateToken)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
