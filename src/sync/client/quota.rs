//! How often calls were made, so that no quota of the platforms is exceeded: not by a run, not by several after each other, and
//! not by several at once that share a store.
//!
//! # Invariants
//!   Q1 a call is booked in the store before it is sent, against all that others have booked there. A process books some
//!      ahead, its lease, and gives back what it did not make of it; one that is killed has counted too much rather than too
//!      little, by at most a lease a window.
//!   Q2 a minute, an hour and a month of WeCom may begin anywhere on its clock, so no more than a window's calls are made
//!      in any span of its length. A lease is good for the slice it was booked in and no longer.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::model::Time;
use crate::sync::api::{Endpoint, Host, Quota, Window};
use crate::sync::client::store::Store;
use crate::sync::secret::Secret;

/// Calls of a lease, at most.
const LEASE_MAX: u64 = 100;
/// Of a window's calls, a lease is one in so many; of a minute's, which are made at once, one in fewer.
const LEASE_PART: u64 = 1_000;
const LEASE_PART_OF_MINUTE: u64 = 100;
/// What was booked longer ago counts in no window.
const BOOKED_MS_MAX: i64 = 32 * Time::DAY_MS;
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

/// Calls that the store has booked for this process, and that it has not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Lease {
    /// The slice that they are booked in.
    slice: Time,
    left: u64,
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

/// What this process knows.
#[derive(Default)]
struct Counts {
    is_loaded: bool,
    leases: BTreeMap<Key, Lease>,
    /// Until when the platform said no, as the store had it last.
    blocked: Blocked,
}

/// A call and for whom, and until when it is shut.
type Blocked = BTreeMap<(String, String), Time>;

/// What all processes have booked, as the store keeps it.
#[derive(Default)]
struct Books {
    /// Calls by the starts of the slices of their windows.
    used: BTreeMap<Key, BTreeMap<Time, u64>>,
    blocked: Blocked,
}

/// The books as they are stored: calls by path, subject, window and slice; until when a subject's calls of a path are shut.
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
        if !counts.is_loaded {
            counts.blocked = Books::of(store.load(STORED)?).blocked;
            counts.is_loaded = true;
        }
        let shut = shut_until(&counts.blocked, endpoint, subject, now);
        if shut.is_some() {
            return Ok(shut);
        }
        let windows: Vec<Counted> =
            self.quotas(endpoint).iter().map(|quota| Counted::of(endpoint, subject, *quota, now)).collect();
        if windows.iter().any(|window| !counts.has_lease(window)) {
            let shut = counts.book(&windows, (endpoint, subject, now), store)?;
            if shut.is_some() {
                return Ok(shut);
            }
        }
        for window in &windows {
            counts
                .leases
                .get_mut(&window.key)
                .into_iter()
                .for_each(|lease| lease.left = lease.left.saturating_sub(1));
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
        let counts = self.held();
        let mut books = Books::of(store.load(STORED)?);
        // A minute passes while one looks.
        let quotas = self.quotas(endpoint).iter().filter(|quota| quota.window != Window::Minute);
        let lefts = quotas.map(|quota| {
            let window = Counted::of(endpoint, subject, *quota, now);
            books.full_until(&window, now);
            let booked: u64 = books.used.get(&window.key).into_iter().flat_map(BTreeMap::values).sum();
            let own = counts.leases.get(&window.key).filter(|lease| lease.slice == window.slice);
            let used = booked.saturating_sub(own.map_or(0, |lease| lease.left));
            (quota.calls.saturating_sub(used), quota.window)
        });
        Ok(lefts.min_by_key(|(left, _)| *left))
    }

    /// The platform said that a quota is used up: nothing more until its window ends, for other processes neither.
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
        store.update(STORED, &mut |text| {
            let mut books = Books::of(text);
            let blocked = books.blocked.entry(key.clone()).or_insert(until);
            *blocked = until.max(*blocked);
            counts.blocked.clone_from(&books.blocked);
            books.kept().map(Some)
        })
    }

    /// What was booked and not made is there for others again: a process that ends does so.
    ///
    /// # Errors
    /// The store's.
    pub(crate) fn give_back(&self, store: &dyn Store) -> Result<()> {
        let mut counts = self.held();
        counts.leases.retain(|_, lease| lease.left > 0);
        if counts.leases.is_empty() {
            return Ok(());
        }
        store.update(STORED, &mut |text| {
            let mut books = Books::of(text);
            for (key, lease) in &counts.leases {
                books.give_back(key, lease);
            }
            books.kept().map(Some)
        })?;
        counts.leases.clear();
        Ok(())
    }
}

/// Until when a subject's calls of a path are shut, if they are.
fn shut_until(blocked: &Blocked, endpoint: &Endpoint, subject: &str, now: Time) -> Option<Time> {
    let until = blocked.get(&(endpoint.path.to_owned(), subject.to_owned())).copied();
    until.filter(|until| *until > now)
}

/// A window that a call counts in.
struct Counted {
    key: Key,
    slicing: Slicing,
    /// The slice of now.
    slice: Time,
    calls: u64,
}

impl Counted {
    fn of(endpoint: &Endpoint, subject: &str, Quota { window, calls }: Quota, now: Time) -> Counted {
        let slicing = Slicing::of(endpoint.host, window);
        let key = (endpoint.path.to_owned(), subject.to_owned(), window);
        Counted { key, slicing, slice: slicing.start(window, now), calls }
    }

    fn lease(&self) -> u64 {
        let part = if self.key.2 == Window::Minute { LEASE_PART_OF_MINUTE } else { LEASE_PART };
        (self.calls / part).clamp(1, LEASE_MAX)
    }
}

impl Counts {
    fn has_lease(&self, window: &Counted) -> bool {
        let lease = self.leases.get(&window.key);
        lease.is_some_and(|lease| lease.slice == window.slice && lease.left > 0)
    }

    /// Books a lease in each window that has none; `Some` = nothing was booked, and there is no room before that time.
    fn book(
        &mut self,
        windows: &[Counted],
        (endpoint, subject, now): (&Endpoint, &str, Time),
        store: &dyn Store,
    ) -> Result<Option<Time>> {
        let lacking: Vec<&Counted> = windows.iter().filter(|window| !self.has_lease(window)).collect();
        let (mut shut, mut booked, mut blocked) = (None, Vec::new(), Blocked::new());
        store.update(STORED, &mut |text| {
            let mut books = Books::of(text);
            books.forget(now);
            blocked.clone_from(&books.blocked);
            booked.clear();
            // What it did not make of the leases before.
            for window in &lacking {
                let old = self.leases.get(&window.key).into_iter();
                old.for_each(|lease| books.give_back(&window.key, lease));
            }
            shut = shut_until(&books.blocked, endpoint, subject, now);
            shut = lacking.iter().fold(shut, |shut, window| shut.max(books.full_until(window, now)));
            if shut.is_some() {
                return Ok(None);
            }
            for window in &lacking {
                let slices = books.used.entry(window.key.clone()).or_default();
                let room = window.calls.saturating_sub(slices.values().sum());
                let left = window.lease().min(room);
                *slices.entry(window.slice).or_default() += left;
                booked.push((window.key.clone(), Lease { slice: window.slice, left }));
            }
            books.kept().map(Some)
        })?;
        self.blocked = blocked;
        self.leases.extend(booked);
        Ok(shut)
    }
}

impl Books {
    /// What cannot be read counts as nothing: the platform still says no.
    fn of(stored: Option<Secret>) -> Books {
        let kept: Kept = stored.and_then(|text| serde_json::from_str(text.expose()).ok()).unwrap_or_default();
        let mut books = Books::default();
        let blocked = kept.blocked.into_iter();
        books.blocked = blocked.map(|(path, of, until)| ((path, of), Time::from_ms(until))).collect();
        for (path, subject, window, start, calls) in kept.used {
            let Some(window) = Window::of_name(&window) else { continue };
            books.used.entry((path, subject, window)).or_default().insert(Time::from_ms(start), calls);
        }
        books
    }

    fn give_back(&mut self, key: &Key, lease: &Lease) {
        let used = self.used.get_mut(key).and_then(|slices| slices.get_mut(&lease.slice));
        used.into_iter().for_each(|used| *used = used.saturating_sub(lease.left));
    }

    /// Lets go of what counts for nobody.
    fn forget(&mut self, now: Time) {
        self.blocked.retain(|_, until| *until > now);
        self.used.values_mut().for_each(|slices| slices.retain(|start, _| now.since(*start) < BOOKED_MS_MAX));
        self.used.retain(|_, slices| !slices.is_empty());
    }

    /// Until when there is no room for a call in a window, if there is none; forgets what counts no more there.
    fn full_until(&mut self, window: &Counted, now: Time) -> Option<Time> {
        let slices = self.used.entry(window.key.clone()).or_default();
        slices.retain(|start, _| window.slicing.end(*start) > now);
        let mut counted: u64 = slices.values().sum();
        // None at all is none in any slice.
        let mut until = (window.calls == 0).then(|| window.slicing.end(window.slice));
        for (start, made) in slices {
            if counted < window.calls {
                break;
            }
            counted -= *made;
            until = Some(window.slicing.end(*start));
        }
        until
    }

    fn kept(&self) -> Result<Secret> {
        let mut kept = Kept::default();
        for ((path, subject, window), slices) in &self.used {
            let row = |(start, calls): (&Time, &u64)| {
                (path.clone(), subject.clone(), window.name().to_owned(), start.ms(), *calls)
            };
            kept.used.extend(slices.iter().map(row));
        }
        let blocked = self.blocked.iter();
        kept.blocked = blocked.map(|((path, of), until)| (path.clone(), of.clone(), until.ms())).collect();
        let text =
            serde_json::to_string(&kept).map_err(|_| Error::Internal { what: "quotas that are no JSON" })?;
        Ok(Secret::new(&text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::api::{CONTACT_GET, STABLE_TOKEN, USER_GET};
    use crate::sync::client::store::{FileStore, MemoryStore, Update};

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

    /// Counts what is written.
    struct Writes<S>(S, std::sync::atomic::AtomicU64);

    impl<S: Store> Store for Writes<S> {
        fn load(&self, name: &str) -> Result<Option<Secret>> {
            self.0.load(name)
        }

        fn update(&self, name: &str, change: &mut Update<'_>) -> Result<()> {
            self.1.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            self.0.update(name, change)
        }

        fn remove(&self, name: &str) -> Result<()> {
            self.0.remove(name)
        }
    }

    #[test]
    fn processes_that_share_a_file_never_make_more_calls_than_one_may() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("tokens");
        let per = |window, calls| Quota { window, calls };
        let quotas = vec![per(Window::Minute, 300), per(Window::Day, 200)];
        let own = [OwnQuota { path: USER_GET.path.to_owned(), quotas }];
        // Two processes of two threads each, since each has a ledger and a handle of its own.
        let processes = [(); 2].map(|()| (Ledger::new(&own), FileStore::new(&path)));
        let made = std::sync::atomic::AtomicU64::new(0);
        std::thread::scope(|scope| {
            for (ledger, store) in processes.iter().flat_map(|process| [process, process]) {
                scope.spawn(|| {
                    while ledger.take(&USER_GET, "wx1", NOW, store).unwrap().is_none() {
                        made.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    }
                });
            }
        });
        assert_eq!(made.into_inner(), 200);
        let (ledger, store) = &processes[0];
        assert_eq!(ledger.left(&USER_GET, "wx1", NOW, store).unwrap(), Some((0, Window::Day)));
    }

    #[test]
    fn processes_that_take_turns_stay_within_every_window_and_write_for_few_of_their_calls() {
        let store = Writes(MemoryStore::default(), Default::default());
        let ledgers = [Ledger::default(), Ledger::default(), Ledger::default()];
        let mut at = NOW.plus_ms(59 * 60_000);
        let mut made: Vec<Time> = Vec::new();
        while made.len() < 60_000 {
            let ledger = &ledgers[made.len() % 3];
            match ledger.take(&CONTACT_GET, "ww1", at, &store).unwrap() {
                None => made.push(at),
                Some(until) => at = until,
            }
        }
        let too_many =
            made.iter().zip(made.iter().skip(10_000)).find(|(first, last)| last.ms() - first.ms() < 60_000);
        assert_eq!(too_many, None);
        let writes = store.1.into_inner();
        assert!(writes < 2_000, "{writes} writes for {} calls", made.len());
        // They lost nothing: each minute's calls were made in it, but for the end of each one's lease.
        assert!(at.since(NOW) < 59 * 60_000 + 8 * 60_000, "{at}");
    }

    #[test]
    fn a_call_that_may_be_made_no_times_is_never_made() {
        let quotas = vec![Quota { window: Window::Day, calls: 0 }];
        let ledger = Ledger::new(&[OwnQuota { path: USER_GET.path.to_owned(), quotas }]);
        let store = MemoryStore::default();
        for day in 0..3 {
            let now = NOW.plus_ms(day * Time::DAY_MS);
            let until = ledger.take(&USER_GET, "wx1", now, &store).unwrap();
            assert!(until.is_some_and(|until| until > now), "day {day}: {until:?}");
        }
    }

    #[test]
    fn what_a_process_did_not_make_of_its_lease_is_there_for_others() {
        let (one, other, store) = (Ledger::default(), Ledger::default(), MemoryStore::default());
        let left = |ledger: &Ledger, at| ledger.left(&CONTACT_GET, "ww1", at, &store).unwrap().unwrap().0;
        one.take(&CONTACT_GET, "ww1", NOW, &store).unwrap();
        assert_eq!((left(&one, NOW), left(&other, NOW)), (149_999, 149_900), "the lease is taken");
        let later = NOW.plus_ms(90_000);
        one.take(&CONTACT_GET, "ww1", later, &store).unwrap();
        assert_eq!((left(&one, later), left(&other, later)), (149_998, 149_899));
        one.give_back(&store).unwrap();
        assert_eq!((left(&one, later), left(&other, later)), (149_998, 149_998));
    }
}
