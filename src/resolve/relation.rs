//! 3.9 Relations: from relate and unrelate facts to intervals with attributes.

use std::collections::BTreeMap;

use crate::model::Time;

/// A relate (`opens`) or unrelate fact that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RelationEvent<'a> {
    pub(crate) at: Time,
    pub(crate) opens: bool,
    pub(crate) attrs: &'a BTreeMap<String, String>,
}

/// The intervals of a relation, oldest first: from, and until (`None` = still open).
pub(crate) fn intervals(mut events: Vec<RelationEvent<'_>>) -> Vec<(Time, Option<Time>)> {
    events.sort_by_key(|event| (event.at, event.opens));
    let mut intervals: Vec<(Time, Option<Time>)> = Vec::new();
    for event in events {
        match intervals.last_mut() {
            Some((_, until @ None)) if !event.opens => *until = Some(event.at),
            Some((_, None)) => {}
            _ if event.opens => intervals.push((event.at, None)),
            _ => {}
        }
    }
    intervals
}

/// Each attribute's value at a moment: that of the greatest `at` up to it (ties: the greater text).
pub(crate) fn attributes(events: &[RelationEvent<'_>], moment: Time) -> BTreeMap<String, String> {
    let mut newest: BTreeMap<&str, (Time, &str)> = BTreeMap::new();
    for event in events.iter().filter(|event| event.opens && event.at <= moment) {
        for (name, value) in event.attrs {
            let told = (event.at, value.as_str());
            let known = newest.entry(name).or_insert(told);
            *known = told.max(*known);
        }
    }
    newest.into_iter().map(|(name, (_, value))| (name.to_owned(), value.to_owned())).collect()
}
