//! What events make due: the calls are made, their facts told, and the item is done.
//!
//! # Order
//!   calls; the commit of their facts, durable; then the item goes. Killed in between, its calls are made again, and
//!   say what is known.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::error::{CallFailure, Error, Result};
use crate::graph::Graph;
use crate::model::Time;
use crate::sync::callback::{Call, FollowUp, Inbox, Item, Receiver, Stage};
use crate::sync::client::Platform;
use crate::sync::live::asking::{Asking, Ended, tell};
use crate::sync::live::source::Source;

/// A call that failed for another reason than that it was too early is made again after so long, and then twice as long.
const AGAIN_MS: i64 = 30_000;
const AGAIN_DOUBLINGS_MAX: u32 = 8;

/// What was done.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Followed {
    /// Items that are done.
    pub done: u64,
    /// Facts that are new.
    pub recorded: u64,
    /// Facts that were known.
    pub known: u64,
    /// Facts and records that were refused.
    pub refused: u64,
    /// Calls that are no longer worth it: nobody answered in time.
    pub expired: u64,
    /// Calls that are not made: whoever they are for authorises the caller no longer.
    pub stopped: u64,
    /// Calls that failed, and are made again later: their failures.
    pub failed: Vec<Error>,
    /// What an operator should hear: a corp or an app authorised no longer, or let see other things.
    pub told: Vec<Call>,
}

/// How often a call of an item was made, and when it is made next.
#[derive(Clone, Copy)]
struct Tried {
    tries: u32,
    next_at: Time,
    is_done: bool,
}

/// Makes the calls that wait in an inbox. What was tried is remembered for as long as the process lives.
pub struct Due {
    receivers: BTreeMap<String, Arc<Receiver>>,
    sources: BTreeMap<String, Source>,
    tried: BTreeMap<(u64, usize), Tried>,
}

impl std::fmt::Debug for Due {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Due").field("sources", &self.sources).finish_non_exhaustive()
    }
}

impl Due {
    /// For these URLs, and who calls for them, by the names of the URLs. The items of others stay where they are.
    pub fn new(receivers: BTreeMap<String, Arc<Receiver>>, sources: BTreeMap<String, Source>) -> Due {
        Due { receivers, sources, tried: BTreeMap::new() }
    }

    /// Makes all calls whose time has come, once; tickets and what is exchanged for them first, since others need them. A
    /// call that fails for a reason that is nobody's own (no network, no ticket, a quota, a permission) ends the pass for
    /// its URL: what waits there is not asked in vain, and is tried by the next pass.
    ///
    /// # Errors
    /// The inbox's, the graph's and the store's; calls that fail are told in [`Followed::failed`].
    pub fn follow(&mut self, inbox: &Inbox, graph: &Graph, platform: &Platform) -> Result<Followed> {
        let mut followed = Followed::default();
        let mut waiting = Vec::new();
        let mut result = loop {
            match inbox.take(Stage::Due) {
                Ok(Some(item)) => waiting.push(item),
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        let (mut down, mut awaited) = (BTreeSet::new(), BTreeSet::new());
        for is_first in [true, false] {
            let mut kept = Vec::new();
            for item in waiting {
                let due = if result.is_ok() { self.due_of(&item, is_first, &mut followed) } else { None };
                let Some(due) = due else {
                    kept.push(item);
                    continue;
                };
                let is_awaited = awaited.contains(item.receiver());
                let pass = Pass { graph, platform, is_awaited, down: &mut down, followed: &mut followed };
                match self.item(&item, &due, pass) {
                    Ok(false) => {
                        awaited.extend(is_first.then(|| item.receiver().to_owned()));
                        kept.push(item);
                    }
                    Ok(true) => {
                        followed.done += 1;
                        self.tried.retain(|(number, _), _| *number != item.number());
                        result = inbox.done(item);
                    }
                    Err(error) => {
                        kept.push(item);
                        result = Err(error);
                    }
                }
            }
            waiting = kept;
        }
        waiting.into_iter().for_each(|item| inbox.put_back(item));
        result.map(|()| followed)
    }

    /// The calls of an item, if it has its turn; `None` also of a URL that is not known here.
    fn due_of(&self, item: &Item, is_first: bool, followed: &mut Followed) -> Option<Vec<FollowUp>> {
        let receiver = self.receivers.get(item.receiver())?;
        let due = match receiver.work(item) {
            Ok(work) => work.follow_ups,
            // It was read before it came to wait here: the settings are other ones now.
            Err(error) => {
                followed.failed.extend((!is_first).then_some(error));
                return None;
            }
        };
        let comes_first = due.iter().any(|due| due.call.comes_first());
        (comes_first == is_first).then_some(due)
    }

    /// Whether an item is done.
    fn item(&mut self, item: &Item, due: &[FollowUp], pass: Pass<'_>) -> Result<bool> {
        let Pass { graph, platform, is_awaited, down, followed } = pass;
        let name = item.receiver();
        let source = self.sources.get(name);
        let mut is_done = true;
        for (index, due) in due.iter().enumerate() {
            let now = platform.now();
            let first = due.tries_at.first().copied().unwrap_or(now);
            let key = (item.number(), index);
            let tried = self.tried.entry(key).or_insert(Tried { tries: 0, next_at: first, is_done: false });
            if tried.is_done {
                continue;
            }
            if due.until <= now {
                (tried.is_done, followed.expired) = (true, followed.expired + 1);
                continue;
            }
            let source = source.filter(|_| !down.contains(name) && tried.next_at <= now);
            let Some(source) = source else {
                is_done = false;
                continue;
            };
            let asking = Asking { source, graph, platform };
            match asking.make(&due.call, followed) {
                Ok(Ended::Done(facts)) => {
                    tell(graph, now, &facts, followed)?;
                    tried.is_done = true;
                }
                Ok(Ended::Told) => {
                    followed.told.push(due.call.clone());
                    tried.is_done = true;
                }
                Ok(Ended::TooEarly) => is_done &= !later(tried, due, now),
                // It may be for him that a new code is not exchanged yet.
                Err(Error::Call { failure: CallFailure::Stopped, .. }) if is_awaited => {
                    (tried.next_at, is_done) = (now.plus_ms(AGAIN_MS), false);
                }
                Err(Error::Call { failure: CallFailure::Stopped, .. }) => {
                    (tried.is_done, followed.stopped) = (true, followed.stopped + 1);
                }
                Err(error @ Error::Call { failure: CallFailure::Refused(_) | CallFailure::Spent(_), .. }) => {
                    followed.failed.push(error);
                    tried.is_done = true;
                }
                Err(error) if matches!(error, Error::Call { .. } | Error::Answer(_)) => {
                    again(tried, &error, now);
                    // An answer that cannot be read is its own; all else would befall the next one too.
                    if matches!(error, Error::Call { .. }) {
                        down.insert(name.to_owned());
                    }
                    followed.failed.push(error);
                    is_done = false;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(is_done)
    }
}

/// What a pass has at hand.
struct Pass<'p> {
    graph: &'p Graph,
    platform: &'p Platform,
    /// Whether a code or a ticket of this URL still waits.
    is_awaited: bool,
    /// The URLs for which nothing more is asked in this pass.
    down: &'p mut BTreeSet<String>,
    followed: &'p mut Followed,
}

/// When a call that failed is made again: later each time, but for what is only waited for.
fn again(tried: &mut Tried, error: &Error, now: Time) {
    let is_awaited = matches!(error, Error::Call { failure: CallFailure::NotPushedYet(_), .. });
    if !is_awaited {
        tried.tries += 1;
    }
    tried.next_at = now.plus_ms(AGAIN_MS << tried.tries.min(AGAIN_DOUBLINGS_MAX));
}

/// The next time of the event, if there is one; whether there is.
fn later(tried: &mut Tried, due: &FollowUp, now: Time) -> bool {
    let next = due.tries_at.iter().find(|at| **at > now);
    match next {
        Some(at) => (tried.tries, tried.next_at) = (tried.tries + 1, *at),
        None => tried.is_done = true,
    }
    next.is_some()
}
