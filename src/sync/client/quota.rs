//! How often calls were made, so that no quota of the platforms is exceeded: not by a run, and not by several after each
//! other.
//!
//! # Invariants
//!   Q1 a call is counted before it is sent, and what is counted is kept before the call it allows: a process that is
//!      killed has counted too much rather than too little, by at most `LEASE_MAX` calls a window.
//!   Q2 a minute, an hour and a month of WeCom may begin anywhere on its clock, so no more than a window's calls are made
//!      in any span of its length.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::model::Time;
use crate::sync::api::{Endpoint, Host, Quota, Window};
use crate::sync::client::store::Store;
use crate::sync::secret::Secret;

/// Calls that are counted ahead at once, at most.
const LEASE_MAX: u64 = 100;
/// Of a window's calls, one in so many is counted ahead.
const LEASE_PART: u64 = 1_000;
/// Name in the store.
const STORED: &str = "quotas";

/// A quota as it is for oneself, where that is another than the table's: some grow with the followers of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnQuota {
    /// The call, by its path.
    pub path: String,
    /// What it allows; all of the table's windows of this call count no more.
    pub quotas: Vec<Quota>,
}

/// Calls of a window, by the starts of its slices.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Used {
    slices: BTreeMap<Time, u64>,
    /// Calls of the last slice that the store has counted and nobody has made.
    ahead: u64,
}

/// How a window is counted: in slices of so many milliseconds, so many of which count at a time.
#[derive(Debug, Clone, Copy)]
struct Slicing {
    slice_ms: i64,
    count: usize,
}

impl Slicing {
    fn of(host: Host, window: Window) -> Slicing {
        let (slice_ms, count) = match (host, window) {
            (Host::Work, Window::Minute) => (10_000, 7),
            (Host::Work, Window::Hour) => (60_000, 61),
            (Host::Work, Window::Month) => (Time::DAY_MS, 31),
            // A window of the clock.
            _ => (window.len_ms(), 1),
        };
        Slicing { slice_ms, count }
    }

    fn start(self, window: Window, at: Time) -> Time {
        let start = window.start(at);
        Time::from_ms(start.ms() + (at.ms() - start.ms()).div_euclid(self.slice_ms) * self.slice_ms)
    }

    /// When a slice that began at a time counts no more.
    fn end(self, start: Time) -> Time {
        start.plus_ms(self.slice_ms.saturating_mul(i64::try_from(self.count).unwrap_or(i64::MAX)))
    }
}

/// A call, for whom, and a window of it.
type Key = (String, String, Window);

#[derive(Default)]
struct Counts {
    is_loaded: bool,
    used: BTreeMap<Key, Used>,
    /// Until when the platform said no.
    blocked: BTreeMap<(String, String), Time>,
}

/// The counts as they are stored: calls by path, subject, window and slice; until when a subject's calls of a path are shut.
#[derive(Default, Serialize, Deserialize)]
struct Kept {
    used: Vec<(String, String, String, i64, u64)>,
    blocked: Vec<(String, String, i64)>,
}

/// Counts calls against quotas.
#[derive(Default)]
pub(crate) struct Ledger {
    counts: Mutex<Counts>,
    /// Those that are not the table's, by path.
    own: BTreeMap<String, Vec<Quota>>,
}

impl Ledger {
    /// With quotas of one's own.
    pub(crate) fn new(own: &[OwnQuota]) -> Ledger {
        let own = own.iter().map(|own| (own.path.clone(), own.quotas.clone())).collect();
        Ledger { counts: Mutex::default(), own }
    }

    fn quotas<'l>(&'l self, endpoint: &'l Endpoint) -> &'l [Quota] {
        self.own.get(endpoint.path).map_or(endpoint.quotas, Vec::as_slice)
    }

    fn held(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a call, if it may be made now: `Some` = not before that time.
    ///
    /// # Errors
    /// The store's.
    pub(crate) fn take(
        &self,
        endpoint: &Endpoint,
        subject: &str,
        now: Time,
        store: &dyn Store,
    ) -> Result<Option<Time>> {
        let mut counts = self.held();
        counts.load(store)?;
        let blocked = counts.blocked.get(&(endpoint.path.to_owned(), subject.to_owned())).copied();
        if let Some(until) = blocked.filter(|until| *until > now) {
            return Ok(Some(until));
        }
        let mut until: Option<Time> = None;
        for quota in self.quotas(endpoint) {
            let slicing = Slicing::of(endpoint.host, quota.window);
            until =
                until.max(counts.of(endpoint, subject, quota.window).full_until(slicing, quota.calls, now));
        }
        if until.is_some() {
            return Ok(until);
        }
        let mut is_kept = true;
        for quota in self.quotas(endpoint) {
            let slicing = Slicing::of(endpoint.host, quota.window);
            let start = slicing.start(quota.window, now);
            is_kept &= counts.of(endpoint, subject, quota.window).count(start, *quota);
        }
        if !is_kept {
            counts.save(store)?;
        }
        Ok(None)
    }

    /// How many more calls the tightest window allows now, and which it is; `None` = no limit is known.
    ///
    /// # Errors
    /// The store's.
    pub(crate) fn left(
        &self,
        endpoint: &Endpoint,
        subject: &str,
        now: Time,
        store: &dyn Store,
    ) -> Result<Option<(u64, Window)>> {
        let mut counts = self.held();
        counts.load(store)?;
        let lefts = self.quotas(endpoint).iter().map(|quota| {
            let slicing = Slicing::of(endpoint.host, quota.window);
            let used = counts.of(endpoint, subject, quota.window);
            used.full_until(slicing, quota.calls, now);
            (quota.calls.saturating_sub(used.slices.values().sum()), quota.window)
        });
        // A minute passes while one looks.
        let lefts = lefts.filter(|(_, window)| *window != Window::Minute);
        Ok(lefts.min_by_key(|(left, _)| *left))
    }

    /// The platform said that a quota is used up: nothing more until its window ends, for the next process neither.
    ///
    /// # Errors
    /// The store's.
    pub(crate) fn block(
        &self,
        endpoint: &Endpoint,
        subject: &str,
        until: Time,
        store: &dyn Store,
    ) -> Result<()> {
        let key = (endpoint.path.to_owned(), subject.to_owned());
        let mut counts = self.held();
        counts.load(store)?;
        let blocked = counts.blocked.entry(key).or_insert(until);
        *blocked = until.max(*blocked);
        counts.save(store)
    }
}

impl Used {
    /// Forgets what counts no more; until when there is no room for a call, if there is none.
    fn full_until(&mut self, slicing: Slicing, calls: u64, now: Time) -> Option<Time> {
        self.slices.retain(|start, _| slicing.end(*start) > now);
        let mut counted: u64 = self.slices.values().sum();
        let mut until = None;
        for (start, made) in &self.slices {
            if counted < calls {
                break;
            }
            counted -= made;
            until = Some(slicing.end(*start));
        }
        until
    }

    /// Counts a call; `false` if the store has not counted it (Q1).
    fn count(&mut self, start: Time, quota: Quota) -> bool {
        if !self.slices.contains_key(&start) {
            self.ahead = 0;
        }
        *self.slices.entry(start).or_default() += 1;
        // A minute is not worth a write for each call; what a process that is killed and back at once loses of it, the
        // platform counts, and says no.
        if quota.window == Window::Minute {
            return true;
        }
        if let Some(left) = self.ahead.checked_sub(1) {
            self.ahead = left;
            return true;
        }
        self.ahead = (quota.calls / LEASE_PART).min(LEASE_MAX);
        false
    }
}

impl Counts {
    fn of(&mut self, endpoint: &Endpoint, subject: &str, window: Window) -> &mut Used {
        self.used.entry((endpoint.path.to_owned(), subject.to_owned(), window)).or_default()
    }

    fn load(&mut self, store: &dyn Store) -> Result<()> {
        if self.is_loaded {
            return Ok(());
        }
        let stored = store.load(STORED)?;
        self.is_loaded = true;
        // What cannot be read counts as nothing: the platform still says no.
        let kept: Kept = stored.and_then(|text| serde_json::from_str(text.expose()).ok()).unwrap_or_default();
        let blocked = kept.blocked.into_iter();
        self.blocked = blocked.map(|(path, of, until)| ((path, of), Time::from_ms(until))).collect();
        for (path, subject, window, start, calls) in kept.used {
            let Some(window) = Window::of_name(&window) else { continue };
            let used = self.used.entry((path, subject, window)).or_default();
            used.slices.insert(Time::from_ms(start), calls);
        }
        Ok(())
    }

    fn save(&self, store: &dyn Store) -> Result<()> {
        let mut kept = Kept::default();
        for ((path, subject, window), used) in &self.used {
            let last = used.slices.last_key_value().map(|(start, _)| *start);
            for (start, calls) in used.slices.iter().filter(|_| *window != Window::Minute) {
                let ahead = if Some(*start) == last { used.ahead } else { 0 };
                let window = window.name().to_owned();
                kept.used.push((path.clone(), subject.clone(), window, start.ms(), calls + ahead));
            }
        }
        let blocked = self.blocked.iter();
        kept.blocked = blocked.map(|((path, of), until)| (path.clone(), of.clone(), until.ms())).collect();
        let text =
            serde_json::to_string(&kept).map_err(|_| Error::Internal { what: "quotas that are no JSON" })?;
        store.save(STORED, &Secret::new(&text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::api::{CONTACT_GET, STABLE_TOKEN, USER_GET};
    use crate::sync::client::store::MemoryStore;

    const NOW: Time = Time::from_ms(1_767_225_600_000);

    #[test]
    fn a_day_of_china_allows_its_calls_and_no_more_over_many_processes() {
        let store = MemoryStore::default();
        let mut made = 0;
        let until = loop {
            // Every tenth call the process is killed.
            let ledger = Ledger::default();
            let refused = (0..10).find_map(|_| {
                ledger.take(&USER_GET, "wx1", NOW, &store).unwrap().or_else(|| {
                    made += 1;
                    None
                })
            });
            if let Some(until) = refused {
                break until;
            }
        };
        assert_eq!(made, 500);
        assert_eq!(until, Window::Day.start(NOW).plus_ms(Time::DAY_MS));
        // Midnight in China is 16:00 UTC.
        assert_eq!(until.ms().rem_euclid(Time::DAY_MS), 16 * 3_600_000);
        assert_eq!(Ledger::default().take(&USER_GET, "wx2", NOW, &store).unwrap(), None);
        assert_eq!(Ledger::default().take(&USER_GET, "wx1", until, &store).unwrap(), None);
    }

    #[test]
    fn no_span_of_an_hour_holds_more_calls_of_wecom_than_one_allows() {
        let (ledger, store) = (Ledger::default(), MemoryStore::default());
        let mut at = NOW.plus_ms(59 * 60_000);
        let mut made: Vec<Time> = Vec::new();
        while made.len() < 400_000 {
            match ledger.take(&CONTACT_GET, "ww1", at, &store).unwrap() {
                None => made.push(at),
                Some(until) => {
                    assert!(until > at, "time goes on");
                    at = until;
                }
            }
        }
        for (window, calls) in [(Window::Minute, 10_000), (Window::Hour, 150_000)] {
            let too_many = made
                .iter()
                .zip(made.iter().skip(calls))
                .find(|(first, last)| last.ms() - first.ms() < window.len_ms());
            assert_eq!(too_many, None);
        }
    }

    #[test]
    fn a_refusal_of_the_platform_holds_until_its_end() {
        let (ledger, store) = (Ledger::default(), MemoryStore::default());
        let until = NOW.plus_ms(60_000);
        ledger.block(&STABLE_TOKEN, "wx1", until, &store).unwrap();
        let ledger = Ledger::default();
        assert_eq!(ledger.take(&STABLE_TOKEN, "wx1", NOW, &store).unwrap(), Some(until));
        assert_eq!(ledger.take(&STABLE_TOKEN, "wx2", NOW, &store).unwrap(), None);
        assert_eq!(ledger.take(&STABLE_TOKEN, "wx1", until, &store).unwrap(), None);
    }

    #[test]
    fn a_quota_of_ones_own_stands_in_place_of_the_tables() {
        let own = OwnQuota {
            path: USER_GET.path.to_owned(),
            quotas: vec![Quota { window: Window::Day, calls: 2 }],
        };
        let (ledger, store) = (Ledger::new(&[own]), MemoryStore::default());
        for expected in [true, true, false] {
            assert_eq!(ledger.take(&USER_GET, "wx1", NOW, &store).unwrap().is_none(), expected);
        }
        assert_eq!(ledger.left(&USER_GET, "wx1", NOW, &store).unwrap(), Some((0, Window::Day)));
    }
}
