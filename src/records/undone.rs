//! Which commits were undone, and by which: what such a commit told counts no more.
//!
//! # Invariants
//!   W1 an undo is later than what it undoes. A commit is undone if one of its undos is not undone itself.

use std::collections::{BTreeMap, BTreeSet};

/// The undos that were told, and what follows from them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Undone {
    /// By commit: those that undo it, in order.
    told: BTreeMap<u64, Vec<u64>>,
    /// By commit: those that it undoes, in order.
    by: BTreeMap<u64, Vec<u64>>,
    /// Those that are undone.
    in_force: BTreeSet<u64>,
}

impl Undone {
    /// What these undos do, each commit with those that undo it; `None` if one of them cannot be (W1).
    pub(crate) fn of(told: impl IntoIterator<Item = (u64, Vec<u64>)>) -> Option<Undone> {
        let mut undone = Undone::default();
        for (seq, undos) in told {
            if undos.is_empty() || undos.iter().any(|by| *by <= seq) || !undos.is_sorted_by(|x, y| x < y) {
                return None;
            }
            undos.iter().for_each(|by| undone.by.entry(*by).or_default().push(seq));
            undone.told.insert(seq, undos);
        }
        undone.settle(undone.told.keys().copied().collect());
        Some(undone)
    }

    /// Those undos that were told by a commit or earlier ones.
    pub(crate) fn until(&self, last: u64) -> Undone {
        let then = |undos: &[u64]| undos.iter().copied().filter(|by| *by <= last).collect::<Vec<u64>>();
        let told = self.told.iter().map(|(seq, undos)| (*seq, then(undos)));
        Undone::of(told.filter(|(_, undos)| !undos.is_empty())).unwrap_or_default()
    }

    /// Whether nothing was ever undone.
    pub(crate) fn is_empty(&self) -> bool {
        self.told.is_empty()
    }

    /// Whether what a commit told counts.
    pub(crate) fn counts(&self, seq: u64) -> bool {
        !self.in_force.contains(&seq)
    }

    /// Notes that a commit undoes an earlier one; the commits that count otherwise for it.
    pub(crate) fn tell(&mut self, seq: u64, by: u64) -> BTreeSet<u64> {
        let undos = self.told.entry(seq).or_default();
        if by <= seq || undos.contains(&by) {
            return BTreeSet::new();
        }
        undos.push(by);
        self.by.entry(by).or_default().push(seq);
        self.settle(BTreeSet::from([seq]))
    }

    /// Gives a commit that was told of before it had a number its own, which is later than all others.
    pub(crate) fn renumber(&mut self, from: u64, to: u64) {
        let Some(undoes) = self.by.remove(&from) else { return };
        for seq in &undoes {
            let undos = self.told.get_mut(seq).into_iter().flatten();
            undos.filter(|by| **by == from).for_each(|by| *by = to);
        }
        self.by.insert(to, undoes);
    }

    /// The undos of each commit that was ever undone.
    pub(crate) fn told(&self) -> impl Iterator<Item = (u64, &[u64])> {
        self.told.iter().map(|(seq, undos)| (*seq, undos.as_slice()))
    }

    /// The undos of a commit.
    pub(crate) fn told_of(&self, seq: u64) -> &[u64] {
        self.told.get(&seq).map_or(&[], Vec::as_slice)
    }

    /// The commits that a commit undoes.
    pub(crate) fn undone_by(&self, by: u64) -> &[u64] {
        self.by.get(&by).map_or(&[], Vec::as_slice)
    }

    /// The commits that undo something.
    pub(crate) fn undos(&self) -> impl Iterator<Item = u64> {
        self.by.keys().copied()
    }

    /// The first undo of a commit that is not undone itself.
    pub(crate) fn undo_of(&self, seq: u64) -> Option<u64> {
        self.told_of(seq).iter().copied().find(|by| self.counts(*by))
    }

    /// The commits that count otherwise here than there.
    pub(crate) fn differing(&self, other: &Undone) -> BTreeSet<u64> {
        self.in_force.symmetric_difference(&other.in_force).copied().collect()
    }

    /// Decides about these commits again, and about those that they undo; those that changed.
    fn settle(&mut self, mut open: BTreeSet<u64>) -> BTreeSet<u64> {
        let mut changed = BTreeSet::new();
        // The latest first: whatever undoes it is decided already.
        while let Some(seq) = open.pop_last() {
            let is_undone = self.undo_of(seq).is_some();
            if is_undone == self.counts(seq) {
                changed.insert(seq);
                open.extend(self.undone_by(seq));
                if is_undone {
                    self.in_force.insert(seq);
                } else {
                    self.in_force.remove(&seq);
                }
            }
        }
        changed
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::collection::vec;
    use proptest::prelude::{prop_assert_eq, proptest};

    use super::Undone;

    /// The sentence of W1, as it stands.
    fn is_undone(told: &[(u64, u64)], seq: u64) -> bool {
        told.iter().any(|(undone, by)| *undone == seq && !is_undone(told, *by))
    }

    proptest! {
        #[test]
        fn what_counts_follows_from_what_was_told(steps in vec(0u64..1_000, 1..24)) {
            let mut undone = Undone::default();
            let mut told: Vec<(u64, u64)> = Vec::new();
            for (place, step) in steps.iter().enumerate() {
                let by = place as u64 + 2;
                let seq = 1 + step % (by - 1);
                let before: BTreeSet<u64> = (1..=by).filter(|seq| is_undone(&told, *seq)).collect();
                told.push((seq, by));
                let after: BTreeSet<u64> = (1..=by).filter(|seq| is_undone(&told, *seq)).collect();
                let changed: BTreeSet<u64> = before.symmetric_difference(&after).copied().collect();
                prop_assert_eq!(undone.tell(seq, by), changed);
                for seq in 1..=by {
                    prop_assert_eq!(undone.counts(seq), !after.contains(&seq));
                }
                let again = Undone::of(undone.told().map(|(seq, undos)| (seq, undos.to_vec())));
                prop_assert_eq!(again.as_ref(), Some(&undone));
            }
            for last in 0..steps.len() as u64 + 2 {
                let then: Vec<_> = told.iter().copied().filter(|(_, by)| *by <= last).collect();
                for seq in 1..=last {
                    prop_assert_eq!(undone.until(last).counts(seq), !is_undone(&then, seq));
                }
            }
        }
    }

    #[test]
    fn an_undo_of_what_is_later_cannot_be() {
        assert_eq!(Undone::of([(3, vec![3])]), None);
        assert_eq!(Undone::of([(3, vec![2])]), None);
        assert_eq!(Undone::of([(3, vec![5, 4])]), None);
        assert_eq!(Undone::of([(3, vec![])]), None);
        assert!(Undone::default().tell(3, 3).is_empty());
    }
}
