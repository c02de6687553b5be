//! The acquisition funnel: how far accounts have come from an openid to somebody's contact.

use std::collections::BTreeMap;

use crate::analytics::pass::{Columns, FamilySeen, Seen, Shared};
use crate::model::{Binding, Kind, Time, Topology};

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
    /// By view (`CORP`, `CORP@VIEWER`, `@PROVIDER`), of the entities with an external_userid or a pending id of it.
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

/// What a view sees.
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

/// What an id of a column is to the funnel: a place among the apps, open accounts or views.
#[derive(Debug, Clone, Copy)]
enum Role {
    Openid(usize),
    Unionid(usize),
    External(usize),
    Pending(usize),
    Other,
}

/// Apps, open accounts and views by place, and what each column is.
pub(crate) struct FunnelPlan {
    roles: Vec<Role>,
    apps: Vec<String>,
    /// Which unionids count for an app.
    unionids_of: Vec<Wants>,
    open_accounts: Vec<String>,
    views: Vec<String>,
}

/// Which unionids count.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Wants {
    Any,
    None,
    /// Of this open account; no place if no id is of it.
    Of(String, Option<usize>),
}

fn place(all: &mut Vec<String>, scope: &str) -> usize {
    all.iter().position(|known| known == scope).unwrap_or_else(|| {
        all.push(scope.to_owned());
        all.len() - 1
    })
}

impl FunnelPlan {
    pub(crate) fn new(columns: &Columns, topology: &Topology, now: Time) -> FunnelPlan {
        let (mut apps, mut open_accounts, mut views) = (Vec::new(), Vec::new(), Vec::new());
        let role = |column: u32| {
            let Some(space) = columns.space(column as usize) else { return Role::Other };
            match space.kind() {
                Kind::Openid => Role::Openid(place(&mut apps, space.scope())),
                Kind::Unionid => Role::Unionid(place(&mut open_accounts, space.scope())),
                Kind::ExternalUserid => Role::External(place(&mut views, space.scope())),
                Kind::PendingId => Role::Pending(place(&mut views, space.scope())),
                _ => Role::Other,
            }
        };
        let roles = (0..columns.len() as u32).map(role).collect();
        let wants = |app: &String| match topology.open_account_of(app, now) {
            Binding::Unknown => Wants::Any,
            Binding::Unbound => Wants::None,
            Binding::To(key) => {
                Wants::Of(key.to_owned(), open_accounts.iter().position(|known| known == key))
            }
        };
        let unionids_of = apps.iter().map(wants).collect();
        FunnelPlan { roles, apps, unionids_of, open_accounts, views }
    }

    fn role(&self, column: u32) -> Role {
        self.roles.get(column as usize).copied().unwrap_or(Role::Other)
    }
}

/// What an entity has, in memory that serves again.
#[derive(Default)]
struct Held {
    apps: Vec<usize>,
    open_accounts: Vec<usize>,
    /// Views, and whether it is, and was, a contact there.
    externals: Vec<(usize, bool, bool)>,
    /// Views, and whether the pending id is alive.
    pendings: Vec<(usize, bool)>,
    /// Whether all of its ids that are not superseded are openids.
    openids_only: bool,
}

impl Held {
    fn read(&mut self, entity: &[Seen], shared: &Shared<'_>, plan: &FunnelPlan) {
        self.apps.clear();
        self.open_accounts.clear();
        self.externals.clear();
        self.pendings.clear();
        self.openids_only = true;
        for member in entity.iter().filter(|member| !member.superseded) {
            let role = plan.role(member.column);
            self.openids_only &= matches!(role, Role::Openid(_));
            match role {
                Role::Openid(app) => self.apps.push(app),
                Role::Unionid(open_account) => self.open_accounts.push(open_account),
                Role::External(view) => {
                    let (is_contact, was_contact) = shared.followed(member.number);
                    self.externals.push((view, is_contact, was_contact));
                }
                Role::Pending(view) => self.pendings.push((view, member.valid_to >= shared.wanted.now)),
                Role::Other => {}
            }
        }
        // Of several ids of a view, one that says yes is enough.
        self.externals.sort_unstable();
        self.pendings.sort_unstable();
        let contacts = |x: &mut (usize, bool, bool), y: &mut (usize, bool, bool)| {
            (y.1, y.2) = (y.1 || (x.0 == y.0 && x.1), y.2 || (x.0 == y.0 && x.2));
            x.0 == y.0
        };
        self.externals.dedup_by(contacts);
        self.pendings.dedup_by(|x, y| {
            y.1 |= x.0 == y.0 && x.1;
            x.0 == y.0
        });
        self.apps.sort_unstable();
        self.apps.dedup();
        self.open_accounts.sort_unstable();
        self.open_accounts.dedup();
    }

    fn has(&self, wants: &Wants) -> bool {
        match wants {
            Wants::Any => !self.open_accounts.is_empty(),
            Wants::None => false,
            Wants::Of(_, place) => place.is_some_and(|place| self.open_accounts.contains(&place)),
        }
    }

    fn is_contact(&self) -> bool {
        self.externals.iter().any(|(_, is_contact, _)| *is_contact)
    }

    fn count(&self, steps: &mut FunnelSteps, has_unionid: bool) {
        let has_external = has_unionid && !self.externals.is_empty();
        steps.entities += 1;
        steps.with_unionid += u64::from(has_unionid);
        steps.with_external += u64::from(has_external);
        steps.contacts += u64::from(has_external && self.is_contact());
    }
}

/// The counts, by place.
pub(crate) struct FunnelCount {
    all: FunnelSteps,
    apps: Vec<(FunnelSteps, u64)>,
    open_accounts: Vec<FunnelSteps>,
    views: Vec<ViewFunnel>,
    paths: BTreeMap<(usize, usize), PathSteps>,
    held: Held,
}

impl FunnelCount {
    pub(crate) fn new(plan: &FunnelPlan) -> FunnelCount {
        FunnelCount {
            all: FunnelSteps::default(),
            apps: vec![(FunnelSteps::default(), 0); plan.apps.len()],
            open_accounts: vec![FunnelSteps::default(); plan.open_accounts.len()],
            views: vec![ViewFunnel::default(); plan.views.len()],
            paths: BTreeMap::new(),
            held: Held::default(),
        }
    }

    pub(crate) fn family(&mut self, family: &FamilySeen, shared: &Shared<'_>, plan: &FunnelPlan) {
        let mut held = std::mem::take(&mut self.held);
        for entity in family.entities() {
            held.read(entity, shared, plan);
            self.entity(&held, plan);
        }
        self.held = held;
    }

    fn entity(&mut self, held: &Held, plan: &FunnelPlan) {
        if !held.apps.is_empty() {
            held.count(&mut self.all, !held.open_accounts.is_empty());
        }
        for app in &held.apps {
            let Some(((steps, only), wants)) = self.apps.get_mut(*app).zip(plan.unionids_of.get(*app)) else {
                continue;
            };
            let has_unionid = held.has(wants);
            held.count(steps, has_unionid);
            *only += u64::from(held.apps.len() == 1 && held.openids_only);
            for (view, is_contact, _) in held.externals.iter().filter(|_| has_unionid) {
                let path = self.paths.entry((*app, *view)).or_default();
                path.external += 1;
                path.contacts += u64::from(*is_contact);
            }
        }
        for open_account in &held.open_accounts {
            let steps = self.open_accounts.get_mut(*open_account);
            steps.into_iter().for_each(|steps| held.count(steps, true));
        }
        for (view, is_contact, was_contact) in &held.externals {
            let Some(counts) = self.views.get_mut(*view) else { continue };
            counts.external += 1;
            counts.with_unionid += u64::from(!held.open_accounts.is_empty());
            counts.contacts += u64::from(*is_contact);
            counts.former += u64::from(*was_contact && !is_contact);
        }
        for (view, is_alive) in &held.pendings {
            let Some(counts) = self.views.get_mut(*view) else { continue };
            let is_closed = held.externals.iter().any(|(seen, _, _)| seen == view);
            counts.pending_closed += u64::from(is_closed);
            counts.pending_open += u64::from(!is_closed && *is_alive);
            counts.pending_expired += u64::from(!is_closed && !is_alive);
        }
    }

    pub(crate) fn add(&mut self, other: FunnelCount) {
        self.all.add(other.all);
        for ((steps, only), (more, more_only)) in self.apps.iter_mut().zip(other.apps) {
            steps.add(more);
            *only += more_only;
        }
        self.open_accounts.iter_mut().zip(other.open_accounts).for_each(|(steps, more)| steps.add(more));
        self.views.iter_mut().zip(other.views).for_each(|(view, more)| view.add(more));
        for (path, more) in other.paths {
            let own = self.paths.entry(path).or_default();
            own.external += more.external;
            own.contacts += more.contacts;
        }
    }

    pub(crate) fn finish(self, plan: &FunnelPlan) -> Funnel {
        let apps = plan.apps.iter().zip(&plan.unionids_of).zip(self.apps);
        let apps = apps.map(|((app, wants), (steps, openid_only))| {
            let open_account = match wants {
                Wants::Of(key, _) => Some(key.clone()),
                Wants::Any | Wants::None => None,
            };
            (app.clone(), AppFunnel { open_account, steps, openid_only })
        });
        let paths = self.paths.into_iter().filter_map(|((app, view), steps)| {
            Some(((plan.apps.get(app)?.clone(), plan.views.get(view)?.clone()), steps))
        });
        let apps: BTreeMap<String, AppFunnel> = apps.filter(|(_, app)| app.steps.entities > 0).collect();
        let open_accounts = plan.open_accounts.iter().cloned().zip(self.open_accounts);
        let views = plan.views.iter().cloned().zip(self.views);
        Funnel {
            all: self.all,
            apps,
            open_accounts: open_accounts.filter(|(_, steps)| steps.entities > 0).collect(),
            views: views.filter(|(_, view)| *view != ViewFunnel::default()).collect(),
            paths: paths.collect(),
        }
    }
}

impl FunnelSteps {
    fn add(&mut self, other: FunnelSteps) {
        self.entities += other.entities;
        self.with_unionid += other.with_unionid;
        self.with_external += other.with_external;
        self.contacts += other.contacts;
    }
}

impl ViewFunnel {
    fn add(&mut self, other: ViewFunnel) {
        self.external += other.external;
        self.with_unionid += other.with_unionid;
        self.contacts += other.contacts;
        self.former += other.former;
        self.pending_closed += other.pending_closed;
        self.pending_open += other.pending_open;
        self.pending_expired += other.pending_expired;
    }
}
