//! Calls with all that belongs to them: quotas, tokens, tries, and what an errcode asks for.
//!
//! # Order
//!   wait for the quota, take a token, count, send, read the errcode; again, as its class says.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::{CallFailure, Error, Result};
use crate::model::Time;
use crate::observe::Span;
use crate::sync::api::{Carries, Class, Endpoint, Host, Request, Window, check, class_of};
use crate::sync::client::backoff::{TRIES_MAX, random, wait_ms};
use crate::sync::client::credential::Credential;
use crate::sync::client::quota::{Ledger, OwnQuota};
use crate::sync::client::store::Store;
use crate::sync::client::timer::Timer;
use crate::sync::secret::Secret;
use crate::sync::transport::Transport;

/// Times that one call is told that a quota is used up, before the run is.
const LIMITS_MAX: u32 = 3;

/// What the calls of a run may do.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CallOptions {
    /// Calls, those for tokens too; `None` = as many as the quotas allow.
    pub calls_max: Option<u64>,
    /// How long a call waits for a quota before the run ends, in milliseconds.
    pub wait_ms_max: i64,
    /// Quotas that are not those of the table.
    pub quotas: Vec<OwnQuota>,
}

impl Default for CallOptions {
    /// Any number of calls, which wait for minutes and hours, and not for the next day.
    fn default() -> CallOptions {
        CallOptions { calls_max: None, wait_ms_max: 2 * 3_600_000, quotas: Vec::new() }
    }
}

#[derive(Default)]
struct Meter {
    made: BTreeMap<&'static str, u64>,
    total: u64,
}

/// The platforms, as one process calls them. Threads share it.
pub struct Platform {
    transport: Box<dyn Transport>,
    store: Box<dyn Store>,
    timer: Box<dyn Timer>,
    options: CallOptions,
    ledger: Ledger,
    meter: Mutex<Meter>,
    /// A lock for each token.
    flights: Mutex<BTreeMap<String, Arc<Mutex<()>>>>,
}

impl fmt::Debug for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Platform").field("options", &self.options).finish_non_exhaustive()
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Platform {
    /// Calls over a transport, with tokens and used quotas in a store, at the times of a timer.
    pub fn new(
        transport: impl Transport + 'static,
        store: impl Store + 'static,
        timer: impl Timer + 'static,
        options: CallOptions,
    ) -> Platform {
        let ledger = Ledger::new(&options.quotas);
        Platform {
            transport: Box::new(transport),
            store: Box::new(store),
            timer: Box::new(timer),
            options,
            ledger,
            meter: Mutex::default(),
            flights: Mutex::default(),
        }
    }

    /// The time.
    pub fn now(&self) -> Time {
        self.timer.now()
    }

    /// Where tokens, tickets and used quotas are.
    pub fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// How many calls were made of each path.
    pub fn calls(&self) -> BTreeMap<&'static str, u64> {
        held(&self.meter).made.clone()
    }

    /// How many more calls the quotas allow now, and in which window; `None` = none is known.
    ///
    /// # Errors
    /// The store's.
    pub fn left(&self, caller: &Credential, endpoint: &Endpoint) -> Result<Option<(u64, Window)>> {
        self.ledger.left(endpoint, caller.subject(), self.now(), &*self.store)
    }

    /// Makes a call: the body of an answer that says yes.
    ///
    /// # Errors
    /// `Call`, with what is to be done; the store's.
    pub fn call(&self, caller: &Credential, request: &Request) -> Result<Vec<u8>> {
        let endpoint = request.endpoint;
        let subject = request.subject().unwrap_or(caller.subject());
        let _span = Span::call(endpoint.path);
        let (mut tries, mut limits, mut is_renewed) = (0, 0, false);
        loop {
            self.await_quota(endpoint, subject)?;
            let token = match endpoint.carries {
                Carries::Secret => None,
                Carries::Token(_) => Some(self.token(caller)?),
            };
            self.count(endpoint)?;
            let failure = match self.transport.send(request, token.as_ref().map(Secret::expose)) {
                Err(CallFailure::Unreachable) => CallFailure::Unreachable,
                Err(failure) => return Err(failed(endpoint, failure)),
                Ok(body) => match check(endpoint, &body) {
                    Ok(()) => return Ok(body),
                    // A page of something between, or one that was cut off.
                    Err(None) => CallFailure::NotAnAnswer,
                    Err(Some(errcode)) => match (class_of(endpoint.host, errcode), &token) {
                        (Class::Transient, _) => CallFailure::Busy(errcode),
                        (Class::Token, Some(dead)) if !is_renewed => {
                            is_renewed = true;
                            self.renew(caller, dead)?;
                            continue;
                        }
                        (Class::Limit(window), _) if limits < LIMITS_MAX => {
                            self.block(endpoint, subject, window, limits)?;
                            limits += 1;
                            continue;
                        }
                        (Class::Limit(window), _) => {
                            let until_ms = window.start(self.now()).plus_ms(window.len_ms()).ms();
                            return Err(failed(endpoint, CallFailure::Limit { until_ms }));
                        }
                        (Class::Token | Class::Settings, _) => {
                            return Err(failed(endpoint, CallFailure::Settings(errcode)));
                        }
                        (Class::Final, _) => return Err(failed(endpoint, CallFailure::Refused(errcode))),
                        (Class::Spent, _) => return Err(failed(endpoint, CallFailure::Spent(errcode))),
                    },
                },
            };
            tries += 1;
            if tries == TRIES_MAX {
                return Err(failed(endpoint, failure));
            }
            self.wait(endpoint, wait_ms(tries - 1, random()))?;
        }
    }

    /// Takes note that a quota is used up, for longer each time that waiting did not help: WeCom does not say which.
    fn block(&self, endpoint: &Endpoint, subject: &str, window: Window, limits: u32) -> Result<()> {
        let window = match (endpoint.host, limits) {
            (Host::Work, 0) => Window::Minute,
            (Host::Work, 1) => Window::Hour,
            (Host::Work, _) => Window::Day,
            (Host::Weixin, _) => window,
        };
        let now = self.now();
        let until = match (endpoint.host, window) {
            (Host::Work, Window::Minute | Window::Hour) => now.plus_ms(window.len_ms()),
            _ => window.start(now).plus_ms(window.len_ms()),
        };
        self.ledger.block(endpoint, subject, until, &*self.store)
    }

    /// Waits until a call may be made, and counts it.
    pub(super) fn await_quota(&self, endpoint: &'static Endpoint, subject: &str) -> Result<()> {
        let begun = self.now();
        loop {
            let now = self.now();
            let Some(until) = self.ledger.take(endpoint, subject, now, &*self.store)? else {
                return Ok(());
            };
            if until.ms() - begun.ms() > self.options.wait_ms_max {
                return Err(failed(endpoint, CallFailure::Limit { until_ms: until.ms() }));
            }
            self.wait(endpoint, u64::try_from(until.ms() - now.ms()).unwrap_or(1))?;
        }
    }

    fn wait(&self, endpoint: &'static Endpoint, ms: u64) -> Result<()> {
        if self.timer.wait(ms) { Ok(()) } else { Err(failed(endpoint, CallFailure::Ended)) }
    }

    fn count(&self, endpoint: &'static Endpoint) -> Result<()> {
        let mut meter = held(&self.meter);
        if self.options.calls_max.is_some_and(|max| meter.total >= max) {
            return Err(failed(endpoint, CallFailure::CallsUsedUp));
        }
        meter.total += 1;
        *meter.made.entry(endpoint.path).or_default() += 1;
        Ok(())
    }

    /// The lock of a token.
    pub(super) fn flight(&self, name: &str) -> Arc<Mutex<()>> {
        held(&self.flights).entry(name.to_owned()).or_default().clone()
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        // Where that fails, others find less room than there is until the windows end.
        self.ledger.give_back(&*self.store).unwrap_or(());
    }
}

fn failed(endpoint: &Endpoint, failure: CallFailure) -> Error {
    Error::Call { api: endpoint.path, failure }
}
