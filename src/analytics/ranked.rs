//! The least of many, of which no more are held than are wanted.

use std::collections::BinaryHeap;

/// The `most` least items of all that were shown.
pub(crate) struct Ranked<T> {
    most: usize,
    kept: BinaryHeap<T>,
}

impl<T: Ord> Ranked<T> {
    pub(crate) fn of(most: usize) -> Ranked<T> {
        Ranked { most, kept: BinaryHeap::new() }
    }

    /// Shows an item.
    pub(crate) fn show(&mut self, item: T) {
        if self.kept.len() < self.most {
            self.kept.push(item);
        } else if let Some(mut last) = self.kept.peek_mut()
            && item < *last
        {
            *last = item;
        }
    }

    /// Shows what another has kept.
    pub(crate) fn add(&mut self, other: Ranked<T>) {
        other.kept.into_iter().for_each(|item| self.show(item));
    }

    /// What was kept, the least first.
    pub(crate) fn into_sorted(self) -> Vec<T> {
        self.kept.into_sorted_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::Ranked;

    #[test]
    fn the_least_are_kept_in_order_however_they_come() {
        let (mut one, mut other) = (Ranked::of(3), Ranked::of(3));
        [5, 1, 9, 7, 3].into_iter().for_each(|item| one.show(item));
        [2, 8, 6].into_iter().for_each(|item| other.show(item));
        one.add(other);
        assert_eq!(one.into_sorted(), [1, 2, 3]);
        let mut none = Ranked::of(0);
        none.show(1);
        assert!(none.into_sorted().is_empty());
    }
}
