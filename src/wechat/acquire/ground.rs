//! What a plan starts from: the ids that are held, who could be asked, and whether a condition holds.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Bound, Class, Id, Kind, KindScope, KnownId, RelationKind, Surroundings, Tie, Time};
use crate::wechat::acquire::condition::{AppSort, Condition, Party, Reason, Standing};
use crate::wechat::acquire::names::{Names, Spot, UNKNOWN_OPEN};
use crate::wechat::acquire::way::{Scope, Space, Way};

/// Most apps and views the user is known in that are tried.
const KNOWN_MAX: usize = 12;
/// Most apps that are tried beside those the user is known in.
const OTHER_APPS_MAX: usize = 4;
/// Most corps and viewers that are tried beside those the user is known to.
const OTHER_VIEWS_MAX: usize = 4;
/// The attribute of `follows` that says what a contact is, and its value for a user of another company's WeCom.
const TYPE: &str = "type";
const TYPE_WECOM: &str = "2";

/// What is known, as the planner asks for it.
pub(crate) struct Ground<'a> {
    pub(crate) around: &'a Surroundings,
    pub(crate) target: KindScope,
    pub(crate) now: Time,
    held: BTreeMap<Spot, Vec<&'a KnownId>>,
}

impl<'a> Ground<'a> {
    pub(crate) fn new(around: &'a Surroundings, target: &KindScope, now: Time) -> Ground<'a> {
        let scope = around.issuers.canonical_scope(target.scope());
        let target = KindScope::new(target.kind().clone(), &scope).unwrap_or_else(|_| target.clone());
        let mut held: BTreeMap<Spot, Vec<&KnownId>> = BTreeMap::new();
        // A dead pending id and an id that another took the place of lead nowhere.
        let leads =
            |known: &&KnownId| !known.superseded && known.valid_to.is_none_or(|valid_to| valid_to >= now);
        for known in around.members.iter().filter(leads) {
            held.entry(Spot::of_id(&known.id)).or_default().push(known);
        }
        Ground { around, target, now, held }
    }

    /// The ids that are held in a spot.
    pub(crate) fn held(&self, spot: &Spot) -> impl Iterator<Item = &'a Id> {
        self.held.get(spot).into_iter().flatten().map(|known| &known.id)
    }

    pub(crate) fn holds(&self, spot: &Spot) -> bool {
        self.held.contains_key(spot)
    }

    /// Where a link could be sent to: an id of an account that is no passing token itself.
    pub(crate) fn reachable_account(&self) -> Option<Spot> {
        let own = Some(&self.around.id);
        let others = self.held.values().flatten().map(|known| &known.id);
        let fits = |id: &&Id| {
            let is_passing = id.kind().is_passing() || *id.kind() == Kind::Phone;
            id.class() == Class::Account && !is_passing && self.holds(&Spot::of_id(id))
        };
        own.into_iter().chain(others).find(fits).map(Spot::of_id)
    }

    /// The scopes of the held ids of a kind.
    fn held_scopes(&self, kind: &Kind) -> Vec<&str> {
        let spots = self.held.keys().filter(|spot| spot.kind() == kind.name());
        spots.map(Spot::scope).collect()
    }

    /// Every way to fill in the names that a way uses and a goal does not say, the likeliest first.
    pub(crate) fn completed(&self, way: &Way, names: Names) -> Vec<Names> {
        let uses = |scopes: &[Scope]| spaces(way).any(|space| scopes.contains(&space.scope));
        let mut all = vec![names];
        if uses(&[Scope::Corp, Scope::View, Scope::AnyView]) {
            all = each(all, |names| self.with_views(names, uses(&[Scope::View, Scope::AnyView])));
        }
        if uses(&[Scope::AtViewer, Scope::Viewer]) {
            all.retain(|names| names.viewer().is_some());
        }
        if uses(&[Scope::OldApp]) {
            all = each(all, |names| self.with_old_apps(names));
        }
        if uses(&[Scope::App, Scope::Chat]) {
            all = each(all, |names| self.with_apps(names));
        }
        if uses(&[Scope::Open]) {
            all = each(all, |names| self.with_open_accounts(way, names));
        }
        all
    }

    fn with_views(&self, names: Names, needs_viewer: bool) -> Vec<Names> {
        let mut views: Vec<(String, Option<String>)> = Vec::new();
        let kinds = [Kind::ExternalUserid, Kind::PendingId, Kind::Userid, Kind::ChatId, Kind::WecomWebOpenid];
        let held = kinds.iter().flat_map(|kind| self.held_scopes(kind));
        for scope in held.chain([self.target.scope()].into_iter().filter(|_| is_of_corp(&self.target))) {
            let (corp, viewer) = scope.split_once('@').map_or((scope, None), |(c, v)| (c, Some(v)));
            views.push((corp.to_owned(), viewer.map(str::to_owned)));
            views.push((corp.to_owned(), None));
            if views.len() >= 2 * KNOWN_MAX {
                break;
            }
        }
        if views.is_empty() {
            let corps = self.around.issuers.corps.keys().take(OTHER_VIEWS_MAX);
            views.extend(corps.map(|corp| (corp.clone(), None)));
        }
        if let Some(corp) = names.corp() {
            let providers = self.around.issuers.providers.keys().take(OTHER_VIEWS_MAX);
            views.extend(providers.map(|provider| (corp.to_owned(), Some(provider.clone()))));
            // The corp alone is enough where no viewer is spoken of.
            views.push((corp.to_owned(), None));
        }
        let mut found: Vec<Names> = Vec::new();
        for (corp, viewer) in views.into_iter().filter(|(corp, _)| !corp.is_empty()) {
            let mut names = names.clone();
            let fits = match (needs_viewer, names.viewer.is_some()) {
                (true, false) => names.bind_view(&corp, viewer.as_deref()),
                _ => *names.corp.get_or_insert_with(|| corp.clone()) == corp,
            };
            if fits && !found.contains(&names) {
                found.push(names);
            }
        }
        found
    }

    fn with_old_apps(&self, names: Names) -> Vec<Names> {
        let old = self.held_scopes(&Kind::Openid).into_iter().filter(|app| names.app() != Some(app));
        old.map(|app| Names { old_app: Some(app.to_owned()), ..names.clone() }).collect()
    }

    /// The apps the user is known in, then a few others of the same open account.
    fn with_apps(&self, names: Names) -> Vec<Names> {
        if names.app.is_some() {
            return vec![names];
        }
        let mut apps: Vec<&str> = self.held_scopes(&Kind::Openid);
        apps.extend(self.held_scopes(&Kind::GroupOpenid).into_iter().filter_map(|s| s.split('@').next()));
        apps.extend(self.held_scopes(&Kind::Opengid));
        apps.extend(self.held_scopes(&Kind::StateToken).into_iter().filter(|key| !self.is_corp(key)));
        let open_accounts: Vec<&str> = match names.open.as_deref() {
            Some(open) => vec![open],
            None => self.held_scopes(&Kind::Unionid),
        };
        let bound = |app: &&String| match self.around.issuers.open_account_of(app) {
            Bound::To(open) => open_accounts.contains(&open.as_str()),
            _ => false,
        };
        let others = self.around.issuers.apps.keys().filter(bound).map(String::as_str);
        // Those of the open account first, those of another one last.
        apps.sort_by_key(|app| match self.around.issuers.open_account_of(app) {
            Bound::To(open) if open_accounts.contains(&open.as_str()) => 0,
            Bound::Unknown => 1,
            _ => 2,
        });
        apps.dedup();
        apps.truncate(KNOWN_MAX);
        let known: BTreeSet<&str> = apps.iter().copied().collect();
        apps.extend(others.filter(|app| !known.contains(app)).take(OTHER_APPS_MAX));
        let mut found: Vec<Names> = Vec::new();
        for app in apps {
            let names = Names { app: Some(app.to_owned()), ..names.clone() };
            if !found.contains(&names) {
                found.push(names);
            }
        }
        found
    }

    fn is_corp(&self, key: &str) -> bool {
        self.around.issuers.corps.contains_key(key)
    }

    fn with_open_accounts(&self, way: &Way, names: Names) -> Vec<Names> {
        if names.open.is_some() {
            return vec![names];
        }
        let bound = match (&names.app, &names.corp) {
            (Some(app), _) => self.around.issuers.open_account_of(app),
            (None, Some(corp)) => match self.bound_app(way, corp) {
                Bound::To(app) => self.around.issuers.open_account_of(app),
                Bound::Nothing => &Bound::Nothing,
                Bound::Unknown => &Bound::Unknown,
            },
            (None, None) => &Bound::Unknown,
        };
        let mut open_accounts: Vec<&str> = Vec::new();
        if let Bound::To(open) = bound {
            open_accounts.push(open);
        }
        // One that is known elsewhere too, if only to say why it does not fit.
        open_accounts.extend(self.held_scopes(&Kind::Unionid));
        if open_accounts.is_empty() {
            let tokens = self.held_scopes(&Kind::StateToken);
            let apps = self.held_scopes(&Kind::Openid).into_iter().chain(tokens);
            open_accounts.extend(apps.filter_map(|app| match self.around.issuers.open_account_of(app) {
                Bound::To(open) => Some(open.as_str()),
                _ => None,
            }));
        }
        if open_accounts.is_empty() {
            let wanted = *self.target.kind() == Kind::Unionid;
            open_accounts.push(if wanted { self.target.scope() } else { UNKNOWN_OPEN });
        }
        let mut seen = BTreeSet::new();
        open_accounts.retain(|open| seen.insert(*open));
        open_accounts.into_iter().map(|open| Names { open: Some(open.to_owned()), ..names.clone() }).collect()
    }

    fn bound_app(&self, way: &Way, corp: &str) -> &Bound {
        let Some(issuer) = self.around.issuers.corps.get(corp) else { return &Bound::Unknown };
        let by_service = way.conditions.contains(&Condition::CorpKfBoundToApp);
        if by_service { &issuer.kf_bound_app } else { &issuer.bound_app }
    }

    /// Whether a condition of a way holds, where `from` is what it begins with.
    pub(crate) fn standing(&self, way: &Way, condition: Condition, names: &Names, from: &Spot) -> Standing {
        use Condition as C;
        match condition {
            C::AppIs(sort) => self.app_is(names, sort),
            C::AppBoundToOpenAccount => self.app_bound(names),
            C::CorpBoundToApp => self.corp_bound(way, names, Reason::CorpNotBound),
            C::CorpKfBoundToApp => self.corp_bound(way, names, Reason::KfNotBound),
            C::OwnView => if_so(names.viewer().is_none(), Reason::NotOwnView),
            C::ProviderView => match names.viewer() {
                None => Standing::Broken(Reason::NotProviderView),
                Some(viewer) => if_so(!self.is_corp(viewer), Reason::NotProviderView),
            },
            C::UpstreamView => match names.viewer() {
                None => Standing::Broken(Reason::NotUpstreamView),
                Some(viewer) if self.is_corp(viewer) => Standing::Met,
                Some(viewer) if self.around.issuers.providers.contains_key(viewer) => {
                    Standing::Broken(Reason::NotUpstreamView)
                }
                Some(_) => Standing::NotKnown,
            },
            C::SameSubject(party) => self.same_subject(names, party),
            C::Follows => self.follows(names.app(), Reason::NotFollowing),
            C::FollowedOldApp => self.follows(names.old_app(), Reason::NotFollowingOldApp),
            C::WechatContact => self.is_wechat_contact(from),
            C::IsContact => self.in_relation(&RelationKind::Follows, Reason::ContactEnded, names),
            C::InChat => self.in_relation(&RelationKind::MemberOf, Reason::LeftChat, names),
            C::PendingLives => Standing::Met,
            C::NoPendingLives => self.no_pending(names),
            C::WithinMinutesOfPayment
            | C::BecomesContact
            | C::ComesThroughIt
            | C::DuringAccountMigration
            | C::OpensLink => Standing::Awaited,
            // About this user, or about how far something has gone: no graph holds it, and it may well not be so.
            C::CloudFunctions
            | C::SharedCloud
            | C::LiveSession
            | C::OwnGroup
            | C::ServiceSession
            | C::Bought
            | C::ShopMember
            | C::LookedUpInTime
            | C::EmployeeUsesWechat
            | C::BeforeMigrationEnds
            | C::BeforeChatUpgrade => Standing::NotKnown,
            _ => Standing::Presumed,
        }
    }

    fn app_is(&self, names: &Names, sort: AppSort) -> Standing {
        let app = names.app().and_then(|app| self.around.issuers.apps.get(app));
        match app.and_then(|app| app.app_type.as_deref()).and_then(AppSort::of) {
            None => Standing::NotKnown,
            Some(found) => if_so(found == sort, Reason::OtherAppSort(found)),
        }
    }

    fn app_bound(&self, names: &Names) -> Standing {
        let Some(app) = names.app() else { return Standing::NotKnown };
        self.leads_to(app, names, |found| match found {
            None => Reason::AppNotBound,
            Some(open) => Reason::AppBoundElsewhere(open),
        })
    }

    fn leads_to(&self, app: &str, names: &Names, reason: impl Fn(Option<String>) -> Reason) -> Standing {
        match self.around.issuers.open_account_of(app) {
            Bound::Unknown => Standing::NotKnown,
            Bound::Nothing => Standing::Broken(reason(None)),
            Bound::To(open) => {
                let fits = names.open_account().is_none_or(|wanted| wanted == open);
                if_so(fits, reason(Some(open.clone())))
            }
        }
    }

    fn corp_bound(&self, way: &Way, names: &Names, not_bound: Reason) -> Standing {
        let Some(corp) = names.corp() else { return Standing::NotKnown };
        match self.bound_app(way, corp) {
            Bound::Unknown => Standing::NotKnown,
            Bound::Nothing => Standing::Broken(not_bound),
            Bound::To(app) => self.leads_to(app, names, Reason::CorpBoundElsewhere),
        }
    }

    fn same_subject(&self, names: &Names, party: Party) -> Standing {
        let issuers = &self.around.issuers;
        let of_corp = |key: Option<&str>| issuers.corps.get(key?).and_then(|corp| corp.subject.as_deref());
        let theirs = match party {
            Party::Corp => of_corp(names.corp()),
            Party::Upstream => of_corp(names.viewer()),
            Party::Provider => names.viewer().and_then(|key| issuers.providers.get(key)?.as_deref()),
        };
        let app = names.app().and_then(|app| issuers.apps.get(app)).and_then(|app| app.subject.as_deref());
        let open = names.open_account().and_then(|open| issuers.open_accounts.get(open)?.as_deref());
        let (Some(theirs), Some(app)) = (theirs, app) else { return Standing::NotKnown };
        if_so(app == theirs && open.is_none_or(|open| open == theirs), Reason::OtherSubject(party))
    }

    /// The ties of the held ids of a kind in a scope.
    fn ties(&self, kind: &'a RelationKind) -> impl Iterator<Item = &'a Tie> + '_ {
        let is_held = |tie: &&Tie| self.holds(&Spot::of_id(&tie.id));
        self.around.ties.iter().filter(move |tie| tie.kind == *kind).filter(is_held)
    }

    fn follows(&self, app: Option<&str>, not: fn(Option<Time>) -> Reason) -> Standing {
        let Some(app) = app else { return Standing::NotKnown };
        let mine = |tie: &&Tie| tie.other.value() == app;
        let ties = self.around.ties.iter().filter(|tie| tie.kind == RelationKind::Subscribes).filter(mine);
        latest(ties, |until| not(Some(until)))
    }

    fn in_relation(&self, kind: &'a RelationKind, ended: fn(Time) -> Reason, names: &Names) -> Standing {
        let corp = names.corp().unwrap_or_default();
        let of_corp = |tie: &&Tie| tie.id.scope().split('@').next() == Some(corp);
        latest(self.ties(kind).filter(of_corp), ended)
    }

    fn is_wechat_contact(&self, from: &Spot) -> Standing {
        // What WeChat itself gave is a WeChat user's.
        if from.kind() != Kind::ExternalUserid.name() {
            return Standing::Met;
        }
        let follows = self.around.ties.iter().filter(|tie| Spot::of_id(&tie.id) == *from);
        let mut types = follows.filter_map(|tie| tie.attrs.get(TYPE));
        match types.next_back() {
            None if self.held_scopes(&Kind::Unionid).is_empty() => Standing::NotKnown,
            // Who has a unionid is a WeChat user.
            None => Standing::Met,
            Some(told) => if_so(told != TYPE_WECOM, Reason::WecomContact),
        }
    }

    fn no_pending(&self, names: &Names) -> Standing {
        let view = names.corp().zip(names.viewer()).map(|(corp, viewer)| format!("{corp}@{viewer}"));
        let Some(view) = view else { return Standing::Met };
        match self.held.get(&Spot::new(&Kind::PendingId, &view)).and_then(|known| known.first()) {
            None => Standing::Met,
            Some(known) => Standing::Broken(Reason::PendingLives(known.valid_to)),
        }
    }

    /// Until when a pending id lived that stood for the user in a view, if none lives now.
    pub(crate) fn died(&self, spot: &Spot) -> Option<Time> {
        if self.holds(spot) || spot.kind() != Kind::PendingId.name() {
            return None;
        }
        let known = self.around.members.iter().filter(|known| Spot::of_id(&known.id) == *spot);
        known.filter_map(|known| known.valid_to).max()
    }
}

/// The last of some ties: open is met, ended is broken, none is not known.
fn latest<'t>(ties: impl Iterator<Item = &'t Tie>, ended: impl Fn(Time) -> Reason) -> Standing {
    let mut last: Option<Time> = None;
    for tie in ties {
        match tie.until {
            None => return Standing::Met,
            Some(until) => last = last.max(Some(until)),
        }
    }
    last.map_or(Standing::NotKnown, |until| Standing::Broken(ended(until)))
}

fn if_so(holds: bool, otherwise: Reason) -> Standing {
    if holds { Standing::Met } else { Standing::Broken(otherwise) }
}

fn each(all: Vec<Names>, more: impl Fn(Names) -> Vec<Names>) -> Vec<Names> {
    all.into_iter().flat_map(more).collect()
}

fn is_of_corp(target: &KindScope) -> bool {
    matches!(target.kind(), Kind::ExternalUserid | Kind::PendingId | Kind::Userid | Kind::ChatId)
}

/// Every space a way speaks of.
fn spaces(way: &Way) -> impl Iterator<Item = Space> {
    let yields = way.yields.iter().map(|given| given.space);
    way.from.iter().copied().chain(way.with.iter().copied()).chain(yields)
}
