//! Relations over time (design section 3.9).

use std::collections::{BTreeMap, BTreeSet};

use idweave::model::RelationKind;
use idweave::{Id, Time};

use super::counting::{RelationFact, State};
use super::outcome::Interval;

impl State {
    pub(crate) fn relations(&self) -> BTreeSet<(String, String, String)> {
        self.relation_facts
            .iter()
            .map(|fact| (fact.kind.name().to_owned(), fact.from.to_string(), fact.to.to_string()))
            .collect()
    }

    fn about<'a>(
        &'a self,
        kind: &'a RelationKind,
        from: &'a Id,
        to: &'a Id,
    ) -> impl Iterator<Item = &'a RelationFact> {
        self.relation_facts
            .iter()
            .filter(move |fact| fact.kind == *kind && fact.from == *from && fact.to == *to)
    }

    /// Sorted by `at`, unrelate first on a tie: relate opens unless open, unrelate closes.
    pub(crate) fn intervals(&self, kind: &RelationKind, from: &Id, to: &Id) -> Vec<Interval> {
        let mut steps: Vec<(Time, bool)> =
            self.about(kind, from, to).map(|fact| (fact.at, fact.attrs.is_some())).collect();
        steps.sort_unstable();
        let mut closed = Vec::new();
        let mut open: Option<Time> = None;
        for (at, opens) in steps {
            match (opens, open) {
                (true, None) => open = Some(at),
                (false, Some(from)) => {
                    closed.push(Interval { from, to: Some(at) });
                    open = None;
                }
                _ => {}
            }
        }
        closed.extend(open.map(|from| Interval { from, to: None }));
        closed
    }

    /// Open at `t` from the opening on, no longer at the closing; attributes whether open or not.
    pub(crate) fn relation_at(
        &self,
        kind: &RelationKind,
        from: &Id,
        to: &Id,
        t: Time,
    ) -> (bool, BTreeMap<String, String>) {
        let is_open = self
            .intervals(kind, from, to)
            .iter()
            .any(|interval| interval.from <= t && interval.to.is_none_or(|to| t < to));
        let mut greatest: BTreeMap<&str, (Time, &str)> = BTreeMap::new();
        for fact in self.about(kind, from, to).filter(|fact| fact.at <= t) {
            for (name, value) in fact.attrs.iter().flatten() {
                let told = (fact.at, value.as_str());
                let known = greatest.entry(name).or_insert(told);
                *known = (*known).max(told);
            }
        }
        let attrs = greatest.into_iter().map(|(name, (_, value))| (name.to_owned(), value.to_owned()));
        (is_open, attrs.collect())
    }
}
