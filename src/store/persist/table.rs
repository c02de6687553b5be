//! A persistent array: numbers from 0 to their records.

use std::sync::Arc;

/// Children of an inner node, and records of a leaf.
const FANOUT_BITS: u32 = 4;
const FANOUT: usize = 1 << FANOUT_BITS;

#[derive(Debug, Clone)]
enum Node<T> {
    Inner(Vec<Arc<Node<T>>>),
    Leaf(Vec<T>),
}

/// A persistent array that grows at its end. Clone is O(1); reading and writing cost O(log len).
#[derive(Debug, Clone)]
pub(crate) struct Table<T> {
    root: Arc<Node<T>>,
    /// Levels of inner nodes above the leaves.
    height: u32,
    len: u32,
}

impl<T> Default for Table<T> {
    fn default() -> Table<T> {
        Table { root: Arc::new(Node::Leaf(Vec::new())), height: 0, len: 0 }
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
        let mut node = &*self.root;
        let mut level = self.height;
        loop {
            match node {
                Node::Inner(children) => node = children.get(slot(index, level))?,
                Node::Leaf(records) => return records.get(slot(index, 0)),
            }
            level = level.saturating_sub(1);
        }
    }

    /// The record at `index`, to change.
    pub(crate) fn get_mut(&mut self, index: u32) -> Option<&mut T> {
        if index >= self.len {
            return None;
        }
        let mut node = Arc::make_mut(&mut self.root);
        let mut level = self.height;
        loop {
            match node {
                Node::Inner(children) => node = Arc::make_mut(children.get_mut(slot(index, level))?),
                Node::Leaf(records) => return records.get_mut(slot(index, 0)),
            }
            level = level.saturating_sub(1);
        }
    }

    /// Adds a record at the end; its index, or `None` when 2^32 - 1 numbers are used up.
    pub(crate) fn push(&mut self, record: T) -> Option<u32> {
        let index = self.len;
        let next = self.len.checked_add(1)?;
        if u64::from(index) == 1_u64 << (FANOUT_BITS * (self.height + 1)) {
            let old = std::mem::replace(&mut self.root, Arc::new(Node::Leaf(Vec::new())));
            self.root = Arc::new(Node::Inner(vec![old]));
            self.height += 1;
        }
        let mut node = Arc::make_mut(&mut self.root);
        let mut level = self.height;
        loop {
            match node {
                Node::Inner(children) => {
                    let at = slot(index, level);
                    if at == children.len() {
                        let fresh = if level == 1 { Node::Leaf(Vec::new()) } else { Node::Inner(Vec::new()) };
                        children.push(Arc::new(fresh));
                    }
                    node = Arc::make_mut(children.get_mut(at)?);
                }
                Node::Leaf(records) => {
                    records.push(record);
                    break;
                }
            }
            level -= 1;
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
