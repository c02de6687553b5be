//! The topology: open accounts, apps, corps and providers, and what was bound to what at a time.
//!
//! # Invariants
//!   T1 the binding at t is the statement with the greatest `from` <= t, then the greatest `at`, then the
//!      greater text (not bound is the smallest text); before the first statement it is unknown.
//!   T2 the state is a function of the set of statements, not of their order.

use std::collections::BTreeMap;

use crate::model::scope::split_scope;
use crate::model::time::Time;

/// What something was bound to at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binding<'a> {
    /// Nothing is known for that time.
    Unknown,
    /// It was bound to nothing.
    Unbound,
    /// It was bound to this.
    To(&'a str),
}

/// Statements (from, at, bound to), kept sorted so that the last one not after t is the one in force (T1).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Timeline(Vec<(Time, Time, Option<String>)>);

impl Timeline {
    fn state(&mut self, from: Time, at: Time, to: Option<&str>) -> bool {
        let entry = (from, at, to.map(str::to_owned));
        match self.0.binary_search(&entry) {
            Ok(_) => false,
            Err(place) => {
                self.0.insert(place, entry);
                true
            }
        }
    }

    fn at(&self, t: Time) -> Binding<'_> {
        let count = self.0.partition_point(|(from, _, _)| *from <= t);
        match count.checked_sub(1).and_then(|last| self.0.get(last)) {
            None => Binding::Unknown,
            Some((_, _, None)) => Binding::Unbound,
            Some((_, _, Some(to))) => Binding::To(to),
        }
    }
}

/// Who issues ids, and how the issuers belong together over time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Topology {
    open_accounts: BTreeMap<String, ()>,
    apps: BTreeMap<String, Timeline>,
    corps: BTreeMap<String, ()>,
    bound_apps: BTreeMap<String, Timeline>,
    kf_bound_apps: BTreeMap<String, Timeline>,
    providers: BTreeMap<String, ()>,
    /// alias -> (at, corp key) of the statement in force.
    aliases: BTreeMap<String, (Time, String)>,
}

impl Topology {
    /// Records an open account; false if it was known.
    pub fn add_open_account(&mut self, key: &str) -> bool {
        self.open_accounts.insert(key.to_owned(), ()).is_none()
    }

    /// Records a provider; false if it was known.
    pub fn add_provider(&mut self, key: &str) -> bool {
        self.providers.insert(key.to_owned(), ()).is_none()
    }

    /// Records that an app is bound to an open account (or to none) from a time on; false if that was known.
    pub fn bind_app(&mut self, appid: &str, open_account: Option<&str>, from: Time, at: Time) -> bool {
        self.apps.entry(appid.to_owned()).or_default().state(from, at, open_account)
    }

    /// Records a corp; false if it was known.
    pub fn add_corp(&mut self, key: &str) -> bool {
        self.corps.insert(key.to_owned(), ()).is_none()
    }

    /// Records the app bound to a corp's customer contact from a time on.
    pub fn bind_corp(&mut self, key: &str, appid: Option<&str>, from: Time, at: Time) -> bool {
        self.bound_apps.entry(key.to_owned()).or_default().state(from, at, appid)
    }

    /// Records the app bound to a corp's customer service from a time on.
    pub fn bind_corp_kf(&mut self, key: &str, appid: Option<&str>, from: Time, at: Time) -> bool {
        self.kf_bound_apps.entry(key.to_owned()).or_default().state(from, at, appid)
    }

    /// Records another name of a corp: the greatest `at` wins, then the greater key. False if nothing changed.
    pub fn add_alias(&mut self, alias: &str, key: &str, at: Time) -> bool {
        let entry = (at, key.to_owned());
        if alias == key || self.aliases.get(alias).is_some_and(|known| *known >= entry) {
            return false;
        }
        self.aliases.insert(alias.to_owned(), entry);
        true
    }

    /// The open account an app was bound to at a time.
    pub fn open_account_of(&self, appid: &str, t: Time) -> Binding<'_> {
        self.apps.get(appid).map_or(Binding::Unknown, |timeline| timeline.at(t))
    }

    /// The app bound to a corp's customer contact at a time.
    pub fn bound_app_of(&self, corp: &str, t: Time) -> Binding<'_> {
        self.bound_apps.get(corp).map_or(Binding::Unknown, |timeline| timeline.at(t))
    }

    /// The app bound to a corp's customer service at a time.
    pub fn kf_bound_app_of(&self, corp: &str, t: Time) -> Binding<'_> {
        self.kf_bound_apps.get(corp).map_or(Binding::Unknown, |timeline| timeline.at(t))
    }

    /// Whether an open account was ever named.
    pub fn knows_open_account(&self, key: &str) -> bool {
        self.open_accounts.contains_key(key)
    }

    /// Whether an app was ever named.
    pub fn knows_app(&self, appid: &str) -> bool {
        self.apps.contains_key(appid)
    }

    /// Whether a corp was ever named.
    pub fn knows_corp(&self, key: &str) -> bool {
        self.corps.contains_key(key)
    }

    /// Whether a provider was ever named.
    pub fn knows_provider(&self, key: &str) -> bool {
        self.providers.contains_key(key)
    }

    /// The scope with an alias of a corp replaced by the corp's key; `None` if it names no alias.
    pub fn canonical_scope(&self, scope: &str) -> Option<String> {
        if self.aliases.is_empty() {
            return None;
        }
        let (first, viewer) = split_scope(scope);
        let (_, key) = self.aliases.get(first)?;
        Some(match viewer {
            Some(viewer) => format!("{key}@{viewer}"),
            None => key.clone(),
        })
    }

    /// The corps whose customer contact an app was ever bound to.
    pub fn corps_bound_to(&self, appid: &str) -> Vec<String> {
        let was = |timeline: &Timeline| timeline.0.iter().any(|(_, _, to)| to.as_deref() == Some(appid));
        self.bound_apps.iter().filter(|(_, timeline)| was(timeline)).map(|(corp, _)| corp.clone()).collect()
    }

    /// Whether any corp has an alias.
    pub fn has_aliases(&self) -> bool {
        !self.aliases.is_empty()
    }

    /// The aliases that stand for a corp's key.
    pub fn aliases_of(&self, key: &str) -> impl Iterator<Item = &str> {
        self.aliases.iter().filter(move |(_, (_, of))| of == key).map(|(alias, _)| alias.as_str())
    }
}
