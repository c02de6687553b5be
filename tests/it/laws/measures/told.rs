//! Naive measures of what facts say about time: growth, contacts, the funnel.

use std::collections::{BTreeMap, BTreeSet};

use idweave::analytics::{
    AppFunnel, Began, BeganCount, Came, ChinaDay, Funnel, FunnelSteps, Growth, OwnerBegan, PathSteps,
    ViewFunnel,
};
use idweave::model::RelationKind;
use idweave::{Id, Op, Time};

use super::world::{Entity, World, id};
use crate::support::oracle::Bound;

/// The days of a fact: of its commit, and of its own.
fn days(world: &World<'_>, seq: u64, at: Time) -> [ChinaDay; 2] {
    [ChinaDay::of(world.times[seq as usize - 1]), ChinaDay::of(at)]
}

pub(super) fn growth(world: &World<'_>) -> Growth {
    // By clock: the first day of each id, and of each pair's edges.
    let mut ids: [BTreeMap<Id, ChinaDay>; 2] = Default::default();
    let mut pairs: [BTreeMap<(Id, Id), ChinaDay>; 2] = Default::default();
    let binds = |a: &Id, b: &Id, is_supersede: bool| {
        world.edges.iter().any(|edge| {
            edge.binds()
                && edge.is_supersede == is_supersede
                && ((&edge.a, &edge.b) == (a, b) || (!is_supersede && (&edge.b, &edge.a) == (a, b)))
        })
    };
    for (seq, fact) in world.told() {
        let (x, y, edge) = match &fact.op {
            Op::Link { a, b, .. } => (a, b, Some(false)),
            Op::Supersede { old, new, .. } => (old, new, Some(true)),
            Op::Relate { from, to, .. } | Op::Unrelate { from, to, .. } => (from, to, None),
            _ => continue,
        };
        for (clock, day) in days(world, seq, fact.at).into_iter().enumerate() {
            for id in [x, y] {
                let first = ids[clock].entry(id.clone()).or_insert(day);
                *first = day.min(*first);
            }
            if edge.is_some_and(|is_supersede| binds(x, y, is_supersede)) {
                let key = if x < y { (x.clone(), y.clone()) } else { (y.clone(), x.clone()) };
                let first = pairs[clock].entry(key).or_insert(day);
                *first = day.min(*first);
            }
        }
    }
    let mut growth = Growth { undated: (world.ids().count() - ids[0].len()) as u64, ..Growth::default() };
    for clock in 0..2 {
        let mut note = |day: ChinaDay, came: Came| {
            let day = growth.days.entry(day).or_default();
            let own = if clock == 0 { &mut day.recorded } else { &mut day.observed };
            own.ids += came.ids;
            own.joins += came.joins;
            own.merges += came.merges;
        };
        ids[clock].values().for_each(|day| note(*day, Came { ids: 1, ..Came::default() }));
        let all: BTreeSet<ChinaDay> = pairs[clock].values().copied().collect();
        for day in all {
            let groups = |fits: &dyn Fn(ChinaDay) -> bool| {
                let edges = pairs[clock].iter().filter(|(_, at)| fits(**at)).map(|(pair, _)| pair);
                groups_of(world.ids(), edges)
            };
            let (before, after) = (groups(&|at| at < day), groups(&|at| at <= day));
            let joins = (before.len() - after.len()) as u64;
            let large = before.iter().filter(|group| group.len() > 1);
            let merges: usize = after
                .iter()
                .map(|group| large.clone().filter(|old| old.is_subset(group)).count().saturating_sub(1))
                .sum();
            if joins > 0 {
                note(day, Came { ids: 0, joins, merges: merges as u64 });
            }
        }
    }
    growth
}

/// Groups of ids that pairs join.
fn groups_of<'w>(
    ids: impl Iterator<Item = &'w Id>,
    pairs: impl Iterator<Item = &'w (Id, Id)>,
) -> Vec<BTreeSet<&'w Id>> {
    let mut groups: Vec<BTreeSet<&Id>> = ids.map(|id| BTreeSet::from([id])).collect();
    for (a, b) in pairs {
        let place =
            |groups: &[BTreeSet<&Id>], id| groups.iter().position(|group| group.contains(id)).unwrap();
        let (x, y) = (place(&groups, a), place(&groups, b));
        if x != y {
            let moved = groups[y].clone();
            groups[x].extend(moved);
            groups.remove(y);
        }
    }
    groups
}

/// The relations of a kind that counting facts speak of.
fn related(world: &World<'_>, kind: &RelationKind) -> Vec<(Id, Id)> {
    let all = world.oracle.relations().into_iter().filter(|(name, _, _)| name == kind.name());
    all.map(|(_, from, to)| (id(&from), id(&to))).collect()
}

pub(super) fn contacts(world: &World<'_>) -> Began {
    began(world, &RelationKind::Follows, ["add_way", "state"], |from, _| from)
}

pub(super) fn followers(world: &World<'_>) -> Began {
    began(world, &RelationKind::Subscribes, ["scene", "qr_scene_str"], |_, to| to)
}

fn began(
    world: &World<'_>,
    kind: &RelationKind,
    [way, channel]: [&str; 2],
    owner: impl Fn(Id, Id) -> Id,
) -> Began {
    let mut began = Began::default();
    let mut channels: BTreeMap<Option<String>, BeganCount> = BTreeMap::new();
    let mut owners: BTreeMap<Id, BeganCount> = BTreeMap::new();
    for (from, to) in related(world, kind) {
        let intervals = world.oracle.intervals(kind, &from, &to);
        for (place, interval) in intervals.iter().enumerate() {
            if !world.began.contains(&interval.from) {
                continue;
            }
            let moment = interval.to.unwrap_or(Time::MAX);
            let (_, attrs) = world.oracle.relation_at(kind, &from, &to, moment);
            let attr = |name: &str| attrs.get(name).cloned();
            let note = |count: &mut BeganCount| {
                count.began += 1;
                count.first += u64::from(place == 0);
                count.open += u64::from(interval.to.is_none());
            };
            note(&mut began.total);
            note(began.days.entry(ChinaDay::of(interval.from)).or_default());
            note(began.ways.entry(attr(way)).or_default());
            note(channels.entry(attr(channel)).or_default());
            note(owners.entry(owner(from.clone(), to.clone())).or_default());
        }
    }
    began.channel_count = channels.len() as u64;
    began.owner_count = owners.len() as u64;
    began.channels = channels.into_iter().collect();
    began.channels.sort_by_key(|(_, count)| std::cmp::Reverse(count.began));
    let told = owners.into_iter().filter(|(id, _)| !world.restricted.contains(id));
    began.owners = told.map(|(id, count)| OwnerBegan { id, count }).collect();
    began.owners.sort_by_key(|owner| std::cmp::Reverse(owner.count.began));
    began
}

/// What the funnel looks at of an entity.
struct Account<'w> {
    living: Vec<&'w Id>,
}

impl<'w> Account<'w> {
    fn of(entity: &'w Entity) -> Account<'w> {
        Account { living: entity.living().collect() }
    }

    fn scopes(&self, kind: &str) -> BTreeSet<&'w str> {
        self.living.iter().filter(|id| id.kind().name() == kind).map(|id| id.scope()).collect()
    }
}

pub(super) fn funnel(world: &World<'_>) -> Funnel {
    let (mut open, mut ever): (BTreeSet<Id>, BTreeSet<Id>) = Default::default();
    for (from, to) in related(world, &RelationKind::Follows) {
        let intervals = world.oracle.intervals(&RelationKind::Follows, &from, &to);
        if intervals.iter().any(|interval| interval.to.is_none()) {
            open.insert(to.clone());
        }
        if !intervals.is_empty() {
            ever.insert(to);
        }
    }
    let ends = world.oracle.state().pending_ends();
    let bindings = world.oracle.state().bindings;
    let mut funnel = Funnel::default();
    for entity in world.entities.iter().filter(|entity| entity.class.name() == "account") {
        let account = Account::of(entity);
        let (apps, accounts) = (account.scopes("openid"), account.scopes("unionid"));
        let views = account.scopes("external_userid");
        let seen_in = |view: Option<&str>, ids: &BTreeSet<Id>| {
            let externals = account.living.iter().filter(|id| id.kind().name() == "external_userid");
            let mut fitting = externals.filter(|id| view.is_none_or(|view| id.scope() == view));
            fitting.any(|id| ids.contains(*id))
        };
        let count = |steps: &mut FunnelSteps, has_unionid: bool| {
            steps.entities += 1;
            steps.with_unionid += u64::from(has_unionid);
            steps.with_external += u64::from(has_unionid && !views.is_empty());
            steps.contacts += u64::from(has_unionid && seen_in(None, &open));
        };
        if !apps.is_empty() {
            count(&mut funnel.all, !accounts.is_empty());
        }
        for app in &apps {
            let bound = bindings.open_account(app, world.now);
            let has_unionid = match &bound {
                Bound::Unknown => !accounts.is_empty(),
                Bound::ToNone => false,
                Bound::To(key) => accounts.contains(key.as_str()),
            };
            let own: &mut AppFunnel = funnel.apps.entry((*app).to_owned()).or_default();
            own.open_account = match bound {
                Bound::To(key) => Some(key),
                Bound::Unknown | Bound::ToNone => None,
            };
            count(&mut own.steps, has_unionid);
            let is_only = account.living.iter().all(|id| id.space() == format!("openid:{app}"));
            own.openid_only += u64::from(is_only);
            for view in views.iter().filter(|_| has_unionid) {
                let path: &mut PathSteps =
                    funnel.paths.entry(((*app).to_owned(), (*view).to_owned())).or_default();
                path.external += 1;
                path.contacts += u64::from(seen_in(Some(view), &open));
            }
        }
        for open_account in &accounts {
            count(funnel.open_accounts.entry((*open_account).to_owned()).or_default(), true);
        }
        let pendings = account.scopes("pending_id");
        for view in views.union(&pendings) {
            let own: &mut ViewFunnel = funnel.views.entry((*view).to_owned()).or_default();
            if views.contains(view) {
                own.external += 1;
                own.with_unionid += u64::from(!accounts.is_empty());
                own.contacts += u64::from(seen_in(Some(view), &open));
                own.former += u64::from(seen_in(Some(view), &ever) && !seen_in(Some(view), &open));
            }
            if pendings.contains(view) {
                let mut of_view =
                    account.living.iter().filter(|id| id.space() == format!("pending_id:{view}"));
                let is_alive = of_view.any(|id| ends.get(*id).is_none_or(|end| *end >= world.now));
                let is_closed = views.contains(view);
                own.pending_closed += u64::from(is_closed);
                own.pending_open += u64::from(!is_closed && is_alive);
                own.pending_expired += u64::from(!is_closed && !is_alive);
            }
        }
    }
    funnel
}
