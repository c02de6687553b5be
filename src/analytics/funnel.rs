//! The acquisition funnel: how far accounts have come from an openid to somebody's contact.

use std::collections::BTreeMap;

/// How far the accounts of each app, open account and view have come.
///
/// # Definition
/// Only entities of class account are looked at, and of their ids those that are not superseded. An entity is a *contact* in
/// a view if an `external_userid` of that view in it is followed: a userid `follows` it, and the relation is open (3.9),
/// whatever the moment asked about. Steps are counted one in the other: who is counted at a step is counted at those before.
/// What the moment decides are the clocks of pending ids, and which open account an app is bound to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Funnel {
    /// Of all entities with an openid of any app.
    pub all: FunnelSteps,
    /// By app, as openids are scoped: of the entities with an openid of it.
    pub apps: BTreeMap<String, AppFunnel>,
    /// By open account, as unionids are scoped: of the entities with a unionid of it.
    pub open_accounts: BTreeMap<String, FunnelSteps>,
    /// By view (`CORP`, `CORP@VIEWER`, `@PROVIDER`).
    pub views: BTreeMap<String, ViewFunnel>,
    /// By app and view, of those in `apps`; none with `external` = 0.
    pub paths: BTreeMap<(String, String), PathSteps>,
}

/// Entities at each step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FunnelSteps {
    /// Where the funnel begins.
    pub entities: u64,
    /// Of those, with a unionid: of the open account the app is bound to at the moment, if that is known; else of any. An app
    /// that is known to be bound to none has none.
    pub with_unionid: u64,
    /// Of those, with an external_userid in any view.
    pub with_external: u64,
    /// Of those, contacts in any view.
    pub contacts: u64,
}

/// The funnel of an app.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AppFunnel {
    /// The open account it is bound to at the moment; `None` if it is bound to none, or nothing is known of it.
    pub open_account: Option<String>,
    /// The steps.
    pub steps: FunnelSteps,
    /// Entities all of whose ids that are not superseded are openids of this app.
    pub openid_only: u64,
}

/// From an app to a view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PathSteps {
    /// Of the app's `with_unionid`, those with an external_userid in the view.
    pub external: u64,
    /// Of those, contacts in the view.
    pub contacts: u64,
}

/// What a view sees. An entity may be counted in both halves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ViewFunnel {
    /// Entities with an external_userid in the view.
    pub external: u64,
    /// Of those, with a unionid of any open account.
    pub with_unionid: u64,
    /// Of those in `external`, contacts in the view.
    pub contacts: u64,
    /// Of those in `external`, contacts no more: there was an open relation once, and none is open.
    pub former: u64,
    /// Entities with a pending id of the view that also have an external_userid in it: closed.
    pub pending_closed: u64,
    /// Entities with a pending id of the view and no external_userid in it, at least one of the pending ids not dead at the
    /// moment (3.2): still open.
    pub pending_open: u64,
    /// The same, all of the pending ids dead.
    pub pending_expired: u64,
}
