//! Places that are to be looked at again: marked in any order, many times over, then walked in order, each once.

/// A set for writing often and reading once.
#[derive(Debug)]
pub(crate) struct Marks<T> {
    items: Vec<T>,
    /// How many there were when they were last put in order.
    distinct: usize,
}

/// Marks that are kept before they are put in order.
const LOOSE_MIN: usize = 1_024;

impl<T> Default for Marks<T> {
    fn default() -> Marks<T> {
        Marks { items: Vec::new(), distinct: 0 }
    }
}

impl<T: Ord + Copy> Marks<T> {
    /// Whether nothing is marked.
    pub(crate) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Marks an item.
    pub(crate) fn insert(&mut self, item: T) {
        self.items.push(item);
        // Memory is in proportion to what is marked, however often it is.
        if self.items.len() > LOOSE_MIN.max(2 * self.distinct) {
            self.put_in_order();
        }
    }

    /// What is marked, in no order; some of it may come twice.
    pub(crate) fn iter(&self) -> impl Iterator<Item = T> {
        self.items.iter().copied()
    }

    /// What is marked, in order; nothing is then.
    pub(crate) fn take(&mut self) -> Vec<T> {
        self.put_in_order();
        self.distinct = 0;
        std::mem::take(&mut self.items)
    }

    fn put_in_order(&mut self) {
        self.items.sort_unstable();
        self.items.dedup();
        self.distinct = self.items.len();
    }
}

impl<T: Ord + Copy> Extend<T> for Marks<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, items: I) {
        items.into_iter().for_each(|item| self.insert(item));
    }
}

impl<'i, T: Ord + Copy + 'i> Extend<&'i T> for Marks<T> {
    fn extend<I: IntoIterator<Item = &'i T>>(&mut self, items: I) {
        self.extend(items.into_iter().copied());
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::{prop_assert, prop_assert_eq, proptest};

    use super::{LOOSE_MIN, Marks};

    proptest! {
        #[test]
        fn marks_come_in_order_each_once(items in proptest::collection::vec(0u16..600, 0..4_000)) {
            let mut marks: Marks<u16> = Marks::default();
            marks.extend(&items);
            prop_assert!(marks.items.len() <= LOOSE_MIN.max(2 * 600));
            let distinct: BTreeSet<u16> = items.iter().copied().collect();
            prop_assert_eq!(marks.is_empty(), distinct.is_empty());
            prop_assert!(marks.take().into_iter().eq(distinct));
            prop_assert!(marks.is_empty());
        }
    }
}
