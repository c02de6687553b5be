//! New contacts: who won them, and by which way and channel.

use std::collections::BTreeMap;

use crate::analytics::day::ChinaDay;
use crate::model::Id;

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
