//! New contacts: who won them, and by which way and channel.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::Range;

use hashbrown::HashMap;

use crate::analytics::day::ChinaDay;
use crate::analytics::pass::Shared;
use crate::analytics::ranked::Ranked;
use crate::engine::counting;
use crate::error::Result;
use crate::model::{Id, Time};
use crate::records::{NodeNo, Relation, RelationKey};
use crate::resolve::{RelationEvent, attributes};
use crate::store::{Lens, Source, State};

/// New contacts of employees in the time asked about.
///
/// # Definition
/// A new contact is an interval of a `follows` relation (3.9: a userid, an external_userid) that begins in that time. It is
/// counted under the employee, under the day in China it began, and under the `add_way` and `state` that are known of it at its
/// end, or now if it is open, as [`Contact`](crate::Contact) has them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NewContacts {
    /// All of them.
    pub total: ContactCount,
    /// By day.
    pub days: BTreeMap<ChinaDay, ContactCount>,
    /// By way: the platform's number for how the contact was added; `None` where it is not known.
    pub ways: BTreeMap<Option<String>, ContactCount>,
    /// Channels there are, `None` among them if contacts have none.
    pub channel_count: u64,
    /// By channel (`state`): the company's own word; those with the most contacts, then in order of their text, `None` first.
    pub channels: Vec<(Option<String>, ContactCount)>,
    /// Employees that have new contacts.
    pub employee_count: u64,
    /// Employees with the most new contacts, then in order of their ids.
    pub employees: Vec<EmployeeContacts>,
}

/// Intervals that began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord)]
pub struct ContactCount {
    /// All of them.
    pub began: u64,
    /// Of those, the first between that employee and that contact.
    pub first: u64,
    /// Of those that began, that are still open.
    pub open: u64,
}

/// The new contacts of an employee.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmployeeContacts {
    /// The employee.
    pub userid: Id,
    /// New contacts.
    pub count: ContactCount,
}

impl ContactCount {
    pub(crate) fn add(&mut self, other: ContactCount) {
        self.began += other.began;
        self.first += other.first;
        self.open += other.open;
    }
}

/// The counts.
#[derive(Default)]
pub(crate) struct NewContactCount {
    total: ContactCount,
    days: BTreeMap<ChinaDay, ContactCount>,
    ways: BTreeMap<Option<String>, ContactCount>,
    channels: BTreeMap<Option<String>, ContactCount>,
    employees: HashMap<NodeNo, ContactCount>,
}

impl NewContactCount {
    /// Counts the intervals of a relation that begin in the time asked about.
    pub(crate) fn relation(
        &mut self,
        employee: NodeNo,
        events: &[RelationEvent<'_>],
        intervals: &[(Time, Option<Time>)],
        asked: Range<Time>,
    ) {
        for (place, (since, until)) in intervals.iter().enumerate() {
            if *since < asked.start || *since >= asked.end {
                continue;
            }
            let count =
                ContactCount { began: 1, first: u64::from(place == 0), open: u64::from(until.is_none()) };
            let mut attrs = attributes(events, until.unwrap_or(Time::MAX));
            self.total.add(count);
            self.days.entry(ChinaDay::of(*since)).or_default().add(count);
            self.ways.entry(attrs.remove("add_way")).or_default().add(count);
            self.channels.entry(attrs.remove("state")).or_default().add(count);
            self.employees.entry(employee).or_default().add(count);
        }
    }

    pub(crate) fn add(&mut self, other: NewContactCount) {
        self.total.add(other.total);
        other.days.into_iter().for_each(|(key, count)| self.days.entry(key).or_default().add(count));
        other.ways.into_iter().for_each(|(key, count)| self.ways.entry(key).or_default().add(count));
        other.channels.into_iter().for_each(|(key, count)| self.channels.entry(key).or_default().add(count));
        other
            .employees
            .into_iter()
            .for_each(|(key, count)| self.employees.entry(key).or_default().add(count));
    }

    pub(crate) fn finish(self, shared: &Shared<'_>) -> Result<NewContacts> {
        let NewContactCount { total, days, ways, channels, employees } = self;
        let (channel_count, employee_count) = (channels.len() as u64, employees.len() as u64);
        let mut most = Ranked::of(shared.wanted.listed);
        channels.into_iter().for_each(|(channel, count)| most.show((Reverse(count.began), channel, count)));
        let channels = most.into_sorted().into_iter().map(|(_, channel, count)| (channel, count)).collect();
        let mut most = Ranked::of(shared.wanted.listed);
        for (number, count) in employees {
            let userid = Lens::on(shared.state).answer(|lens| {
                let node = lens.node(number).filter(|node| !node.restricted)?;
                Some(node.id.clone())
            })?;
            userid.into_iter().for_each(|userid| most.show((Reverse(count.began), userid, count)));
        }
        let employees = most.into_sorted().into_iter();
        let employees = employees.map(|(_, userid, count)| EmployeeContacts { userid, count }).collect();
        Ok(NewContacts { total, days, ways, channel_count, channels, employee_count, employees })
    }
}

/// The facts of a relation that count, as 3.9 takes them.
pub(crate) fn counting_events<'r>(
    state: &State,
    key: RelationKey,
    relation: &'r Relation,
    none: &'r BTreeMap<String, String>,
) -> Result<Vec<RelationEvent<'r>>> {
    let spaces = if state.source_retractions.is_empty() {
        [None, None]
    } else {
        [state.brief(key.from)?, state.brief(key.to)?].map(|brief| brief.map(|brief| brief.space))
    };
    let spaces: Vec<&str> = spaces.into_iter().flatten().map(|space| state.text(space)).collect();
    Ok(counting(&Lens::on(state), relation, &spaces, none))
}
