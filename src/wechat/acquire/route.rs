//! What the planner answers: routes, their steps, and the ways that do not apply.

use crate::model::{Id, Time};
use crate::wechat::acquire::condition::{Condition, Reason, Standing};
use crate::wechat::acquire::names::{Names, Spot};
use crate::wechat::acquire::way::{Calls, Gives, Interrupts, Per, Shared, Way};

/// How the id that was asked for can be had.
#[derive(Debug, Clone)]
pub struct Routes {
    /// The best first.
    pub routes: Vec<Route>,
    /// What does not apply, and why; what is nearest to applying first.
    pub blocked: Vec<Blocked>,
}

/// A route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// What kind of answer it is.
    pub kind: RouteKind,
    /// Its steps, in order; none if it is known already.
    pub steps: Vec<Step>,
    /// Whether it can be gone now.
    pub usability: Usability,
    /// The most that a step asks of the user.
    pub interrupts: Interrupts,
    /// Whether a step needs the user's device.
    pub front_end: bool,
    /// How much of the quotas one id takes: a billionth of a day's is 1.
    pub cost: u64,
}

/// What kind of answer a route is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RouteKind {
    /// The graph knows it: these.
    Known(Vec<Id>),
    /// The graph knows these by one web login, which may have been a virtual account: confirm it.
    KnownProvisionally(Vec<Id>),
    /// It is to be asked for.
    Asked,
}

/// Whether a route can be gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Usability {
    /// Now.
    Now,
    /// If what is not known turns out to be so.
    IfConfirmed,
    /// When something has happened.
    Later,
}

/// A step: one use of a way.
#[derive(Debug, Clone)]
pub struct Step {
    /// The way.
    pub way: &'static Way,
    /// Who and what it is about.
    pub names: Names,
    /// What it begins with.
    pub from: Vec<Spot>,
    /// What the route goes on with.
    pub to: Spot,
    /// What that is to the id it begins with.
    pub gives: Gives,
    /// What else the answer may be instead: a pending id.
    pub or_pending: Option<Spot>,
    /// Its conditions and whether they hold; none is broken.
    pub conditions: Vec<(Condition, Standing)>,
    /// The same was asked before and the answer was no.
    pub asked: Option<Asked>,
}

/// A negative answer that is on record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// When.
    pub as_of: Time,
    /// Who answered.
    pub source: String,
    /// It is so young that asking again is not worth a call yet.
    pub recent: bool,
}

/// A way that would lead there and does not apply.
#[derive(Debug, Clone)]
pub struct Blocked {
    /// The way.
    pub way: &'static Way,
    /// Who and what it is about, as far as that is known.
    pub names: Names,
    /// What stands in the way.
    pub reasons: Vec<Reason>,
}

impl PartialEq for Step {
    fn eq(&self, other: &Step) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Step {}

impl Step {
    /// What makes it the same step as another.
    pub(crate) fn key(&self) -> (&'static str, &[Spot], &Spot) {
        (self.way.name, &self.from, &self.to)
    }

    /// Something has to happen first, or a no was answered lately.
    pub(crate) fn usability(&self) -> Usability {
        let has = |standing: &Standing| self.conditions.iter().any(|(_, found)| found == standing);
        if has(&Standing::Awaited) || self.asked.as_ref().is_some_and(|asked| asked.recent) {
            Usability::Later
        } else if has(&Standing::NotKnown) {
            Usability::IfConfirmed
        } else {
            Usability::Now
        }
    }

    /// How many of its conditions may hold or not.
    fn not_known(&self) -> usize {
        self.conditions.iter().filter(|(_, standing)| *standing == Standing::NotKnown).count()
    }

    /// Billionths of a day's quota, of the tightest quota.
    pub(crate) fn cost(&self) -> u64 {
        const DAY: u64 = 1_000_000_000;
        // A newer interface comes first, whatever it costs; reading everybody comes last.
        const OLDER: u64 = 100_000;
        let a_day = |count: u64, per: Per| match per {
            Per::Minute => Some(count.saturating_mul(1440)),
            Per::Hour => Some(count.saturating_mul(24)),
            Per::Day => Some(count),
            Per::Month => Some(count / 30),
            Per::Call => None,
        };
        // What one user may do takes nothing from the others.
        let shared = self.way.quota.iter().filter(|quota| quota.shared != Shared::User);
        let a_call = shared.filter_map(|quota| a_day(quota.count, quota.per));
        let a_call = a_call.map(|count| DAY / count.max(1)).max().unwrap_or(1);
        let older = if self.way.older { OLDER } else { 0 };
        match self.way.calls {
            Calls::Free => 0,
            Calls::One => a_call.saturating_add(older),
            // Everybody has to be read to find one.
            Calls::List => a_call.saturating_add(1).saturating_mul(1_000_000),
        }
    }
}

impl Route {
    /// A route that the graph answers by itself.
    pub(crate) fn known(kind: RouteKind) -> Route {
        Route {
            kind,
            steps: Vec::new(),
            usability: Usability::Now,
            interrupts: Interrupts::Silent,
            front_end: false,
            cost: 0,
        }
    }

    /// A route of steps.
    pub(crate) fn of(steps: Vec<Step>) -> Route {
        Route {
            kind: RouteKind::Asked,
            usability: steps.iter().map(Step::usability).max().unwrap_or(Usability::Now),
            interrupts: steps.iter().map(|step| step.way.interrupts).max().unwrap_or(Interrupts::Silent),
            front_end: steps.iter().any(|step| step.way.front_end),
            cost: steps.iter().fold(0, |sum, step| sum.saturating_add(step.cost())),
            steps,
        }
    }

    /// Usable now, then silent, then no front end, then with less that is not known, then the cheapest; then shorter, then by
    /// name. What may turn out not to be so can be tried now: a silent call that may give nothing comes before a prompt.
    pub(crate) fn rank(&self) -> impl Ord + '_ {
        let keys: Vec<_> = self.steps.iter().map(Step::key).collect();
        let is_later = self.usability == Usability::Later;
        let open = self.steps.iter().map(Step::not_known).sum::<usize>();
        (is_later, self.interrupts, self.front_end, open, self.cost, self.steps.len(), keys)
    }

    /// Whether it begins with a link or code that we send to the user.
    pub(crate) fn begins_with_a_link(&self) -> bool {
        self.steps.first().is_some_and(|step| step.conditions.iter().any(|(c, _)| *c == Condition::OpensLink))
    }

    /// Whether another route does the same with some of its steps only. To wait for a pending id to be closed is another
    /// outcome of the same question, not a detour.
    pub(crate) fn is_longer_than(&self, other: &Route) -> bool {
        if self.steps.iter().any(|step| step.gives == Gives::Pending) {
            return false;
        }
        let names = |route: &Route| route.steps.iter().map(|step| step.way.name).collect::<Vec<_>>();
        let (own, others) = (names(self), names(other));
        !others.is_empty() && others.len() < own.len() && others.iter().all(|name| own.contains(name))
    }
}

impl Blocked {
    /// What is about the user before what is about the setup, and that before what can never be.
    pub(crate) fn rank(&self) -> impl Ord + '_ {
        let weight = |reason: &Reason| match reason {
            Reason::PendingLives(_) | Reason::PendingDied(_) => 0,
            Reason::NotFollowing(_)
            | Reason::NotFollowingOldApp(_)
            | Reason::ContactEnded(_)
            | Reason::LeftChat(_) => 1,
            Reason::AppNotBound | Reason::CorpNotBound | Reason::KfNotBound => 2,
            Reason::AppBoundElsewhere(_) | Reason::CorpBoundElsewhere(_) | Reason::OtherSubject(_) => 3,
            Reason::NotOwnView | Reason::NotProviderView | Reason::NotUpstreamView => 4,
            Reason::WecomContact => 5,
            Reason::OtherAppSort(_) => 6,
            Reason::NothingToStartFrom(_) => 7,
            Reason::TemporaryId => 8,
        };
        (self.reasons.iter().map(weight).max(), self.way.name, &self.names)
    }
}
