//! How many others ids are linked with.

use std::collections::BTreeMap;

use hashbrown::HashMap;

use crate::analytics::pass::{Columns, FamilySeen, Links};

/// Histograms of ids by how many other ids they are linked with.
///
/// # Definition
/// `links` counts for an id the distinct other ends of its edges that are stronger than hint and not rejected as
/// `scope_mismatch` or `pending_expired`, of all kinds and scopes: before hubs and blocks take edges out. `hints` counts the
/// distinct other ends of its edges of strength hint, with the same exception. Retracted edges do not count.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Degrees {
    /// By the id's kind: how many others, and how many ids have so many.
    pub links: BTreeMap<String, BTreeMap<u64, u64>>,
    /// The same of hints; ids without any are left out.
    pub hints: BTreeMap<String, BTreeMap<u64, u64>>,
}

/// Ids by column and degree.
#[derive(Default)]
pub(crate) struct DegreeCount {
    links: HashMap<(u32, u64), u64>,
    hints: HashMap<(u32, u64), u64>,
}

impl DegreeCount {
    pub(crate) fn family(&mut self, family: &FamilySeen) {
        for member in &family.members {
            let of_id = |links: &[Links]| links.iter().map(|links| links.count).sum::<u64>();
            let degree = of_id(family.links_of(member.number));
            *self.links.entry((member.column, degree)).or_default() += 1;
        }
        for (number, count) in &family.hints {
            let column = family.member(*number).map(|member| member.column);
            column.into_iter().for_each(|column| *self.hints.entry((column, *count)).or_default() += 1);
        }
    }

    pub(crate) fn add(&mut self, other: DegreeCount) {
        other.links.into_iter().for_each(|(key, count)| *self.links.entry(key).or_default() += count);
        other.hints.into_iter().for_each(|(key, count)| *self.hints.entry(key).or_default() += count);
    }

    pub(crate) fn finish(self, columns: &Columns) -> Degrees {
        let by_kind = |counts: HashMap<(u32, u64), u64>| {
            let mut kinds: BTreeMap<String, BTreeMap<u64, u64>> = BTreeMap::new();
            for ((column, degree), count) in counts {
                let Some(kind) = columns.kind(column) else { continue };
                *kinds.entry(kind.name().to_owned()).or_default().entry(degree).or_default() += count;
            }
            kinds
        };
        Degrees { links: by_kind(self.links), hints: by_kind(self.hints) }
    }
}
