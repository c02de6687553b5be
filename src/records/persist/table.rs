//! A persistent array: numbers from 0 to their records.
//!
//! Records and children lie in their nodes, not behind one more pointer: a read costs one load a level.

use std::array;
use std::sync::Arc;

/// Children of an inner node, and records of a leaf.
const FANOUT_BITS: u32 = 5;
const FANOUT: usize = 1 << FANOUT_BITS;

#[expect(clippy::large_enum_variant, reason = "records of two words make both variants large")]
#[derive(Debug, Clone)]
enum Node<T> {
    Inner([Option<Arc<Node<T>>>; FANOUT]),
    Leaf([Option<T>; FANOUT]),
}

impl<T> Node<T> {
    fn leaf() -> Node<T> {
        Node::Leaf(array::from_fn(|_| None))
    }

    fn inner() -> Node<T> {
        Node::Inner(array::from_fn(|_| None))
    }
}

/// A persistent array that grows at its end. Clone is O(1); reading and writing cost O(log len).
#[derive(Debug, Clone)]
pub(crate) struct Table<T> {
    root: Option<Arc<Node<T>>>,
    /// Levels of inner nodes above the leaves.
    height: u32,
    len: u32,
}

impl<T> Default for Table<T> {
    fn default() -> Table<T> {
        Table { root: None, height: 0, len: 0 }
    }
}

/// Which child of a node at `level` leads to `index`.
fn slot(index: u32, level: u32) -> usize {
    (index >> (level * FANOUT_BITS)) as usize & (FANOUT - 1)
}

impl<T: Clone> Table<T> {
    /// How many records there are.
    pub(crate) fn len(&self) -> u32 {
        self.len
    }

    /// The record at `index`.
    pub(crate) fn get(&self, index: u32) -> Option<&T> {
        if index >= self.len {
            return None;
        }
        let mut node = self.root.as_deref()?;
        let mut level = self.height;
        loop {
            match node {
                Node::Inner(children) => node = children.get(slot(index, level))?.as_deref()?,
                Node::Leaf(records) => return records.get(slot(index, 0))?.as_ref(),
            }
            level = level.saturating_sub(1);
        }
    }

    /// The record at `index`, to change.
    pub(crate) fn get_mut(&mut self, index: u32) -> Option<&mut T> {
        if index >= self.len {
            return None;
        }
        let mut node = Arc::make_mut(self.root.as_mut()?);
        let mut level = self.height;
        loop {
            match node {
                Node::Inner(children) => {
                    node = Arc::make_mut(children.get_mut(slot(index, level))?.as_mut()?);
                }
                Node::Leaf(records) => return records.get_mut(slot(index, 0))?.as_mut(),
            }
            level = level.saturating_sub(1);
        }
    }

    /// Adds a record at the end; its index, or `None` when 2^32 - 1 numbers are used up.
    pub(crate) fn push(&mut self, record: T) -> Option<u32> {
        let index = self.len;
        let next = self.len.checked_add(1)?;
        if u64::from(index) == 1_u64 << (FANOUT_BITS * (self.height + 1)) {
            let mut grown = Node::inner();
            if let Node::Inner(children) = &mut grown
                && let Some(first) = children.first_mut()
            {
                *first = self.root.take();
            }
            self.root = Some(Arc::new(grown));
            self.height += 1;
        }
        let height = self.height;
        let fresh = |level: u32| Arc::new(if level == 0 { Node::leaf() } else { Node::inner() });
        let mut node = Arc::make_mut(self.root.get_or_insert_with(|| fresh(height)));
        let mut level = height;
        loop {
            match node {
                Node::Inner(children) => {
                    level = level.saturating_sub(1);
                    let child = children.get_mut(slot(index, level + 1))?;
                    node = Arc::make_mut(child.get_or_insert_with(|| fresh(level)));
                }
                Node::Leaf(records) => {
                    *records.get_mut(slot(index, 0))? = Some(record);
                    break;
                }
            }
        }
        self.len = next;
        Some(index)
    }

    /// Every record with its index, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        (0..self.len).filter_map(|index| self.get(index).map(|record| (index, record)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clone_keeps_its_records_while_the_origin_grows_and_changes() {
        let mut table = Table::default();
        for number in 0..5_000_u32 {
            assert_eq!(table.push(number), Some(number));
        }
        let before = table.clone();
        for index in 0..5_000 {
            *table.get_mut(index).unwrap() += 1;
        }
        for number in 5_000..70_000_u32 {
            table.push(number);
        }
        assert!(before.iter().all(|(index, record)| index == *record));
        assert_eq!(before.len(), 5_000);
        assert!((0..5_000).all(|index| table.get(index) == Some(&(index + 1))));
        assert!((5_000..70_000).all(|index| table.get(index) == Some(&index)));
        assert_eq!(table.get(70_000), None);
    }
}
