//! Tickets that suites and platforms get their tokens by (wechat reference 9.1, 10, 21).

use crate::simulator::call::{Errcode, refused};

/// So long after a ticket the next one is pushed.
pub(super) const ROTATE_MS: i64 = 10 * 60_000;
/// How long a ticket of a suite is good.
pub(super) const SUITE_TICKET_MS: i64 = 30 * 60_000;
/// How long one of a platform is.
pub(super) const COMPONENT_TICKET_MS: i64 = 12 * 3_600_000;
/// Of those that were pushed, so many are good: the newest and the one before.
const GOOD_MAX: usize = 2;

/// The tickets of one receiver, the newest last.
pub(super) struct Tickets {
    life_ms: i64,
    pushed: Vec<(String, i64)>,
}

impl Tickets {
    pub(super) fn new(life_ms: i64) -> Tickets {
        Tickets { life_ms, pushed: Vec::new() }
    }

    pub(super) fn push(&mut self, ticket: String, now_ms: i64) {
        self.pushed.push((ticket, now_ms + self.life_ms));
        let old = self.pushed.len().saturating_sub(GOOD_MAX);
        self.pushed.drain(..old);
    }

    /// The one that was pushed last.
    pub(super) fn newest(&self) -> &str {
        self.pushed.last().map_or("", |(ticket, _)| ticket.as_str())
    }

    /// Refuses with the first errcode a ticket that is no longer good, with the second one that never was or is long gone.
    pub(super) fn check(&self, ticket: &str, now_ms: i64, (late, wrong): (i64, i64)) -> Result<(), Errcode> {
        match self.pushed.iter().find(|(known, _)| known == ticket) {
            Some((_, until_ms)) if *until_ms > now_ms => Ok(()),
            Some(_) => refused(late),
            None => refused(wrong),
        }
    }
}
