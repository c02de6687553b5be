//! The planner: a bounded search backwards from what is wanted to what is held, over kinds and scopes.
//!
//! # Invariants
//!   R1 no step of a route has a condition that is known not to hold.
//!   R2 no route comes by a (kind, scope) twice, none gives what is held already, and none uses a way twice.
//!   R3 the answer is a function of what is known: equal input, equal order.
//!   R4 the search is bounded: by the steps of a route, the plans kept for a spot, and the plans tried in all.

use std::collections::BTreeSet;

use crate::model::{Kind, KindScope, Surroundings, Time};
use crate::wechat::acquire::catalogue::ways;
use crate::wechat::acquire::condition::{Condition, Reason, Standing};
use crate::wechat::acquire::ground::Ground;
use crate::wechat::acquire::names::{Names, Spot};
use crate::wechat::acquire::route::{Asked, Blocked, Route, RouteKind, Routes, Step, Usability};
use crate::wechat::acquire::way::{Gives, Scope, Space, Way, Yield};

/// Most steps of a route.
pub const STEPS_MAX: usize = 4;
/// Most routes that are told.
pub const ROUTES_MAX: usize = 24;
/// Most plans kept for something on the way.
const PLANS_MAX: usize = 6;
/// Most uses of ways that are looked at.
const TRIES_MAX: usize = 20_000;
/// Most uses of one way that are told as blocked.
const BLOCKED_MAX: usize = 4;
/// A no is believed for so long: 7 days.
pub const BELIEVED_MS: i64 = 7 * 24 * 3600 * 1000;

/// How an id of `target` can be had, from what is known around an id, at the time `now`.
pub fn routes(around: &Surroundings, target: &KindScope, now: Time) -> Routes {
    let ground = Ground::new(around, target, now);
    let target = ground.target.clone();
    let goal = Spot::new(target.kind(), target.scope());
    let known: Vec<_> = ground.held(&goal).cloned().collect();
    if !known.is_empty() {
        return Routes { routes: vec![Route::known(RouteKind::Known(known))], blocked: Vec::new() };
    }
    let of_target = around.provisional.iter().filter(|id| Spot::of_id(id) == goal);
    let provisional: Vec<_> = of_target.cloned().collect();
    let mut search = Search { ground, goal: goal.clone(), noted: Vec::new(), tries: 0 };
    let plans = search.deeper(&goal);
    let mut routes = best(plans.into_iter().map(|plan| Route::of(plan.steps)).collect(), ROUTES_MAX);
    if !provisional.is_empty() {
        routes.insert(0, Route::known(RouteKind::KnownProvisionally(provisional)));
    }
    let blocked = search.all_blocked(&routes);
    Routes { routes, blocked }
}

/// In order of rank, without those that only add steps to a better one.
fn best(mut routes: Vec<Route>, most: usize) -> Vec<Route> {
    routes.sort_by(|a, b| a.rank().cmp(&b.rank()));
    routes.dedup();
    // To send somebody through several doors makes no sense while one of them is open.
    if routes.iter().any(|route| route.usability != Usability::Later) {
        routes.retain(|route| route.steps.len() <= 2 || !route.begins_with_a_link());
    }
    let short: Vec<Route> = routes
        .iter()
        .filter(|route| !routes.iter().any(|other| route.is_longer_than(other)))
        .take(most)
        .cloned()
        .collect();
    short
}

/// Steps, and what they give.
#[derive(Clone, Default)]
struct Plan {
    steps: Vec<Step>,
    gives: BTreeSet<Spot>,
}

/// One use of a way for a goal.
struct Use<'n> {
    way: &'static Way,
    given: Yield,
    names: &'n Names,
    goal: &'n Spot,
}

struct Search<'a> {
    ground: Ground<'a>,
    goal: Spot,
    noted: Vec<Noted>,
    tries: usize,
}

/// A use that is blocked, and whether all that it begins with is held.
struct Noted {
    blocked: Blocked,
    is_near: bool,
}

impl Search<'_> {
    /// The plans that give the goal: short ones are looked for first, so that where the
    /// long ones are too many these are there.
    fn deeper(&mut self, goal: &Spot) -> Vec<Plan> {
        let mut plans = Vec::new();
        for steps in 1..=STEPS_MAX {
            self.tries = 0;
            let found = self.reach(goal, &[], &BTreeSet::new(), steps);
            if self.tries > TRIES_MAX {
                plans.extend(found);
                break;
            }
            plans = found;
        }
        plans
    }

    /// The plans that give `goal`. `path` is what they are for, `had` what is there besides what is held.
    fn reach(&mut self, goal: &Spot, path: &[Spot], had: &BTreeSet<Spot>, left: usize) -> Vec<Plan> {
        if self.ground.holds(goal) || had.contains(goal) {
            return vec![Plan::default()];
        }
        if left == 0 || path.contains(goal) {
            return Vec::new();
        }
        let path = [path, std::slice::from_ref(goal)].concat();
        let mut plans = Vec::new();
        for way in ways() {
            let at_end = path.len() == 1;
            let leads = |given: &&Yield| {
                at_end || matches!(given.gives, Gives::Same | Gives::Pending | Gives::Successor)
            };
            for given in way.yields.iter().filter(leads) {
                let mut names = Names::default();
                let fits = given.space.kind.is_some_and(|kind| kind.name() == goal.kind())
                    && names.bind(given.space, goal.scope());
                if !fits {
                    continue;
                }
                for names in self.ground.completed(way, names) {
                    let used = Use { way, given: *given, names: &names, goal };
                    plans.extend(self.by(&used, &path, had, left));
                }
            }
        }
        if path.len() == 1 { plans } else { kept(plans) }
    }

    /// The plans that end with one use of a way.
    fn by(&mut self, used: &Use<'_>, path: &[Spot], had: &BTreeSet<Spot>, left: usize) -> Vec<Plan> {
        self.tries += 1;
        let with: Option<Vec<Spot>> = used.way.with.iter().map(|space| used.names.spot(*space)).collect();
        let Some(with) = with.filter(|_| self.tries <= TRIES_MAX) else { return Vec::new() };
        let starts = self.starts(used);
        let there = |spot: &Spot| self.ground.holds(spot) || had.contains(spot);
        let (near, far): (Vec<Spot>, Vec<Spot>) = starts.into_iter().partition(there);
        let mut plans = Vec::new();
        for (starts, is_near) in [(near, true), (far, false)] {
            for from in starts.into_iter().filter(|from| !path.contains(from)) {
                let Some(conditions) = self.conditions(used, &from, is_near) else { continue };
                for plan in self.reach(&from, path, had, left - 1) {
                    plans.extend(self.beside(&with, plan, path, had, left).into_iter().filter_map(|plan| {
                        let spots = [std::slice::from_ref(&from), &with[..]].concat();
                        self.ended(used, plan, spots, conditions.clone(), left)
                    }));
                }
            }
            // What is held is asked with before anything else is looked for.
            if is_near && !plans.is_empty() {
                break;
            }
        }
        plans
    }

    /// What a use of a way can begin with.
    fn starts(&self, used: &Use<'_>) -> Vec<Spot> {
        let spot = |space: &Space| match space.kind {
            None => self.ground.reachable_account(),
            Some(_) => used.names.spot(*space),
        };
        let mut starts: Vec<Spot> = used.way.from.iter().filter_map(spot).collect();
        starts.retain(|start| start != used.goal);
        starts.dedup();
        starts
    }

    /// The plans that also have what the request takes besides.
    fn beside(
        &mut self,
        with: &[Spot],
        plan: Plan,
        path: &[Spot],
        had: &BTreeSet<Spot>,
        left: usize,
    ) -> Vec<Plan> {
        let mut plans = vec![plan];
        for needed in with {
            let mut longer = Vec::new();
            for plan in plans {
                let has: BTreeSet<Spot> = had.union(&plan.gives).cloned().collect();
                let Some(left) = left.checked_sub(plan.steps.len() + 1) else { continue };
                for more in self.reach(needed, path, &has, left) {
                    let mut plan = plan.clone();
                    plan.steps.extend(more.steps);
                    plan.gives.extend(more.gives);
                    longer.push(plan);
                }
            }
            plans = longer;
        }
        plans
    }

    /// The conditions of a use; `None` if one is broken, which is noted.
    fn conditions(
        &mut self,
        used: &Use<'_>,
        from: &Spot,
        is_near: bool,
    ) -> Option<Vec<(Condition, Standing)>> {
        let standing = |condition: &Condition| {
            (*condition, self.ground.standing(used.way, *condition, used.names, from))
        };
        let conditions: Vec<_> = used.way.conditions.iter().map(standing).collect();
        let reasons: Vec<Reason> = conditions
            .iter()
            .filter_map(|(_, standing)| match standing {
                Standing::Broken(reason) => Some(reason.clone()),
                _ => None,
            })
            .collect();
        if reasons.is_empty() {
            return Some(conditions);
        }
        let with_held = used.way.with.iter().filter_map(|space| used.names.spot(*space));
        let is_near = is_near && with_held.into_iter().all(|spot| self.ground.holds(&spot));
        self.note(used, reasons, is_near);
        None
    }

    /// Notes what stands in the way of a use, if it tells something: about what is wanted, or about the unionid or pending id
    /// on the way to it. That an app is of another sort tells something of an app the user is known in, or that is asked for.
    fn note(&mut self, used: &Use<'_>, reasons: Vec<Reason>, is_near: bool) {
        let is_wanted = *used.goal == self.goal;
        let is_between = [Kind::Unionid.name(), Kind::PendingId.name()].contains(&used.goal.kind());
        let of_other_sort = reasons.iter().any(|reason| matches!(reason, Reason::OtherAppSort(_)));
        let is_asked_for = used.names.app() == Some(self.goal.scope());
        let tells = if is_wanted {
            is_near || !of_other_sort || is_asked_for
        } else {
            is_near && is_between && !of_other_sort
        };
        let of_way = self.noted.iter().filter(|known| known.blocked.way.name == used.way.name);
        let is_known = of_way.clone().any(|known| known.blocked.names == *used.names);
        if tells && !is_known && of_way.count() < BLOCKED_MAX {
            let blocked = Blocked { way: used.way, names: used.names.clone(), reasons };
            self.noted.push(Noted { blocked, is_near });
        }
    }

    /// A plan with the step that gives the goal.
    fn ended(
        &self,
        used: &Use<'_>,
        mut plan: Plan,
        from: Vec<Spot>,
        conditions: Vec<(Condition, Standing)>,
        left: usize,
    ) -> Option<Plan> {
        // A pending id comes in place of what else the answer could give.
        let is_pending = used.given.gives == Gives::Pending;
        let gives =
            used.way.yields.iter().filter(|given| {
                if is_pending { **given == used.given } else { given.gives != Gives::Pending }
            });
        let spots: Vec<Spot> = gives.filter_map(|given| used.names.spot(given.space)).collect();
        let step = Step {
            way: used.way,
            names: used.names.clone(),
            asked: self.asked(used, &from),
            or_pending: self.or_pending(used),
            from,
            to: used.goal.clone(),
            gives: used.given.gives,
            conditions,
        };
        let again = plan.steps.iter().any(|earlier| earlier.way.name == used.way.name);
        if again || plan.steps.len() >= left || plan.gives.contains(used.goal) {
            return None;
        }
        plan.steps.push(step);
        plan.gives.extend(spots);
        Some(plan)
    }

    fn or_pending(&self, used: &Use<'_>) -> Option<Spot> {
        let pending = used.way.yields.iter().find(|given| given.gives == Gives::Pending)?;
        used.names.spot(pending.space).filter(|spot| spot != used.goal)
    }

    /// A no to the same question that is on record.
    fn asked(&self, used: &Use<'_>, from: &[Spot]) -> Option<Asked> {
        let given: Vec<Spot> =
            used.way.yields.iter().filter_map(|given| used.names.spot(given.space)).collect();
        let is_given = |target: &KindScope| given.iter().any(|spot| spot.is(target));
        let absents = self.ground.around.absents.iter();
        let same =
            absents.filter(|absent| is_given(&absent.target) && from.contains(&Spot::of_id(&absent.id)));
        let latest = same.max_by_key(|absent| absent.as_of)?;
        let recent = self.ground.now.since(latest.as_of) < BELIEVED_MS;
        Some(Asked { as_of: latest.as_of, source: latest.source.clone(), recent })
    }

    /// What does not apply: what was found broken, and the ways to the goal that nothing leads to.
    fn all_blocked(self, routes: &[Route]) -> Vec<Blocked> {
        let used: BTreeSet<&str> =
            routes.iter().flat_map(|route| &route.steps).map(|step| step.way.name).collect();
        let near: BTreeSet<&str> =
            self.noted.iter().filter(|noted| noted.is_near).map(|noted| noted.blocked.way.name).collect();
        // Of a way that is used, or nearer with another app, what is far tells nothing; nor does another sort of app.
        let tells = |noted: &&Noted| {
            let (name, is_used) = (noted.blocked.way.name, used.contains(noted.blocked.way.name));
            let of_other_sort = matches!(&noted.blocked.reasons[..], [Reason::OtherAppSort(_), ..]);
            noted.is_near && !(is_used && of_other_sort) || !is_used && !near.contains(name)
        };
        let mut blocked: Vec<Blocked> =
            self.noted.iter().filter(tells).map(|noted| noted.blocked.clone()).collect();
        let gives = |given: &Yield| {
            let mut names = Names::default();
            let kind = given.space.kind.is_some_and(|kind| kind.name() == self.goal.kind());
            (kind && names.bind(given.space, self.goal.scope())).then_some(names)
        };
        for way in ways() {
            let Some(names) = way.yields.iter().find_map(gives) else { continue };
            if used.contains(way.name) || blocked.iter().any(|known| known.way.name == way.name) {
                continue;
            }
            let reason = match way.from {
                [] => Reason::TemporaryId,
                from => self.why_not(from, &names),
            };
            blocked.push(Blocked { way, names, reasons: vec![reason] });
        }
        blocked.sort_by(|a, b| a.rank().cmp(&b.rank()));
        blocked
    }

    fn why_not(&self, from: &[Space], names: &Names) -> Reason {
        let spots = from.iter().filter_map(|space| names.spot(*space));
        if let Some(died) = spots.filter_map(|spot| self.ground.died(&spot)).max() {
            return Reason::PendingDied(died);
        }
        let kinds = from.iter().filter_map(|space| Some((space.kind?.name(), space.scope)));
        let named = kinds.map(|(kind, scope)| match scope {
            Scope::View => format!("{kind}@"),
            _ => kind.to_owned(),
        });
        Reason::NothingToStartFrom(named.collect())
    }
}

/// The plans for something on the way that are in some respect better than all others: now, silent, without a front end, surely.
fn kept(plans: Vec<Plan>) -> Vec<Plan> {
    let mut ranked: Vec<(Route, Plan)> =
        plans.into_iter().map(|plan| (Route::of(plan.steps.clone()), plan)).collect();
    ranked.sort_by(|a, b| a.0.rank().cmp(&b.0.rank()));
    let mut kept: Vec<(Route, Plan)> = Vec::new();
    for (route, plan) in ranked {
        let is_no_worse = |(other, _): &(Route, Plan)| {
            other.usability <= route.usability
                && other.interrupts <= route.interrupts
                && other.front_end <= route.front_end
        };
        if kept.len() < PLANS_MAX && !kept.iter().any(is_no_worse) {
            kept.push((route, plan));
        }
    }
    kept.into_iter().map(|(_, plan)| plan).collect()
}
