//! A persistent hash trie: from 64-bit hashes to small values, several to a hash where hashes collide.
//!
//! # Invariants
//!   H1 the caller compares the full key: an entry of the same hash may be another key's.
//!   H2 a leaf above `LEAF_MAX` entries splits unless all 64 bits of the hash are used up.

use std::sync::Arc;

const BITS: u32 = 4;
const FANOUT: usize = 1 << BITS;
const LEAF_MAX: usize = 16;
const DEPTH_MAX: u32 = 64 / BITS;

#[derive(Debug, Clone)]
enum Node<V> {
    Inner([Option<Arc<Node<V>>>; FANOUT]),
    Leaf(Vec<(u64, V)>),
}

/// A persistent map from hashes to values. Clone is O(1).
#[derive(Debug, Clone)]
pub(crate) struct Trie<V> {
    root: Arc<Node<V>>,
}

impl<V> Default for Trie<V> {
    fn default() -> Trie<V> {
        Trie { root: Arc::new(Node::Leaf(Vec::new())) }
    }
}

fn slot(hash: u64, depth: u32) -> usize {
    (hash >> (depth * BITS)) as usize & (FANOUT - 1)
}

/// Where in a leaf an entry lies if the leaf was filled in order of the digit that is used last, as numbers that
/// follow each other fill theirs.
fn guess(hash: u64) -> usize {
    slot(hash, 7)
}

impl<V: Clone> Trie<V> {
    /// The first value of `hash` that `is_it` recognises.
    pub(crate) fn find(&self, hash: u64, mut is_it: impl FnMut(&V) -> bool) -> Option<&V> {
        let mut node = &*self.root;
        let mut depth = 0;
        loop {
            match node {
                Node::Inner(children) => node = children.get(slot(hash, depth))?.as_deref()?,
                Node::Leaf(entries) => {
                    let mut is_it = |(h, value): &&(u64, V)| *h == hash && is_it(value);
                    let guessed = entries.get(guess(hash)).filter(&mut is_it);
                    return guessed.or_else(|| entries.iter().find(is_it)).map(|(_, value)| value);
                }
            }
            depth += 1;
        }
    }

    /// Every value of `hash`.
    pub(crate) fn find_all(&self, hash: u64) -> impl Iterator<Item = &V> {
        let mut node = Some(&*self.root);
        let mut depth = 0;
        let entries = loop {
            match node {
                Some(Node::Inner(children)) => {
                    node = children.get(slot(hash, depth)).and_then(|c| c.as_deref())
                }
                Some(Node::Leaf(entries)) => break entries.as_slice(),
                None => break &[],
            }
            depth += 1;
        };
        entries.iter().filter(move |(h, _)| *h == hash).map(|(_, value)| value)
    }

    /// Every value, in order of nothing.
    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        let mut stack = vec![&*self.root];
        let leaves = std::iter::from_fn(move || {
            loop {
                match stack.pop()? {
                    Node::Inner(children) => stack.extend(children.iter().filter_map(|c| c.as_deref())),
                    Node::Leaf(entries) => return Some(entries),
                }
            }
        });
        leaves.flatten().map(|(_, value)| value)
    }

    /// The same, to change.
    pub(crate) fn find_mut(&mut self, hash: u64, mut is_it: impl FnMut(&V) -> bool) -> Option<&mut V> {
        let mut node = Arc::make_mut(&mut self.root);
        let mut depth = 0;
        loop {
            match node {
                Node::Inner(children) => {
                    node = Arc::make_mut(children.get_mut(slot(hash, depth))?.as_mut()?);
                }
                Node::Leaf(entries) => {
                    let mut is_it = |(h, value): &(u64, V)| *h == hash && is_it(value);
                    let at = entries.get(guess(hash)).filter(|entry| is_it(entry)).map(|_| guess(hash));
                    let at = at.or_else(|| entries.iter().position(is_it))?;
                    return entries.get_mut(at).map(|(_, value)| value);
                }
            }
            depth += 1;
        }
    }

    /// Adds an entry; the caller has looked that its key is not there yet.
    pub(crate) fn insert(&mut self, hash: u64, value: V) {
        let mut node = Arc::make_mut(&mut self.root);
        let mut depth = 0;
        loop {
            if let Node::Leaf(entries) = node
                && entries.len() >= LEAF_MAX
                && depth < DEPTH_MAX
            {
                *node = split(std::mem::take(entries), depth);
            }
            match node {
                Node::Inner(children) => {
                    let Some(child) = children.get_mut(slot(hash, depth)) else { return };
                    let child = child.get_or_insert_with(|| Arc::new(Node::Leaf(Vec::new())));
                    node = Arc::make_mut(child);
                }
                Node::Leaf(entries) => {
                    entries.push((hash, value));
                    return;
                }
            }
            depth += 1;
        }
    }

    /// Removes the first entry of `hash` that `is_it` recognises; whether there was one.
    pub(crate) fn remove(&mut self, hash: u64, mut is_it: impl FnMut(&V) -> bool) -> bool {
        let mut node = Arc::make_mut(&mut self.root);
        let mut depth = 0;
        loop {
            match node {
                Node::Inner(children) => match children.get_mut(slot(hash, depth)) {
                    Some(Some(child)) => node = Arc::make_mut(child),
                    _ => return false,
                },
                Node::Leaf(entries) => {
                    let Some(at) = entries.iter().position(|(h, value)| *h == hash && is_it(value)) else {
                        return false;
                    };
                    entries.swap_remove(at);
                    return true;
                }
            }
            depth += 1;
        }
    }
}

/// A value of one version and of another; `None` = it is not there.
type Visit<'v, 't, V> = dyn FnMut(Option<&'t V>, Option<&'t V>) + 'v;

impl<V> Trie<V> {
    /// Visits what may differ from an earlier version of this trie: values before and now. What both share is not looked
    /// into. For tries whose hashes are keys: no two keys have the same.
    pub(crate) fn differences<'t>(&'t self, before: &'t Trie<V>, visit: &mut Visit<'_, 't, V>) {
        differences(&before.root, &self.root, visit);
    }
}

fn differences<'t, V>(before: &'t Arc<Node<V>>, now: &'t Arc<Node<V>>, visit: &mut Visit<'_, 't, V>) {
    if Arc::ptr_eq(before, now) {
        return;
    }
    if let (Node::Inner(before), Node::Inner(now)) = (&**before, &**now) {
        for children in before.iter().zip(now) {
            match children {
                (Some(before), Some(now)) => differences(before, now, visit),
                (Some(before), None) => {
                    entries(before).iter().for_each(|(_, value)| visit(Some(value), None))
                }
                (None, Some(now)) => entries(now).iter().for_each(|(_, value)| visit(None, Some(value))),
                (None, None) => {}
            }
        }
        return;
    }
    let (before, now) = (entries(before), entries(now));
    for (at, (hash, value)) in now.iter().enumerate() {
        visit(find_among(&before, *hash, at).map(|(_, value)| value), Some(value));
    }
    for (at, (hash, value)) in before.iter().enumerate() {
        if find_among(&now, *hash, at).is_none() {
            visit(Some(value), None);
        }
    }
}

/// The entry of a hash, which is mostly where it was.
fn find_among<'t, V>(entries: &[&'t (u64, V)], hash: u64, at: usize) -> Option<&'t (u64, V)> {
    let is_it = |entry: &&&'t (u64, V)| entry.0 == hash;
    entries.get(at).filter(is_it).or_else(|| entries.iter().find(is_it)).copied()
}

/// Every entry of a node.
fn entries<V>(node: &Node<V>) -> Vec<&(u64, V)> {
    match node {
        Node::Leaf(leaf) => leaf.iter().collect(),
        Node::Inner(children) => children.iter().flatten().flat_map(|child| entries(child)).collect(),
    }
}

fn split<V: Clone>(entries: Vec<(u64, V)>, depth: u32) -> Node<V> {
    let mut parts: [Vec<(u64, V)>; FANOUT] = Default::default();
    for entry in entries {
        if let Some(part) = parts.get_mut(slot(entry.0, depth)) {
            part.push(entry);
        }
    }
    Node::Inner(parts.map(|part| (!part.is_empty()).then(|| Arc::new(Node::Leaf(part)))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_inserted_and_only_that_also_where_hashes_collide() {
        let mut trie = Trie::default();
        // A poor hash: 64 keys share each, and the low bits hardly differ.
        let hash = |key: u32| u64::from(key / 64) << 40;
        for key in 0..20_000_u32 {
            trie.insert(hash(key), key);
        }
        let before = trie.clone();
        for key in (0..20_000).filter(|key| key % 3 == 0) {
            assert!(trie.remove(hash(key), |value| *value == key));
        }
        for key in 0..20_000 {
            assert_eq!(trie.find(hash(key), |value| *value == key).is_some(), key % 3 != 0);
            assert_eq!(before.find(hash(key), |value| *value == key), Some(&key));
        }
        assert!(!trie.remove(hash(0), |value| *value == 0));
    }

    #[test]
    fn differences_are_what_was_added_removed_or_replaced() {
        use std::collections::BTreeMap;
        // Keys in no order, so that leaves split and are filled unevenly.
        let hash = |key: u32| u64::from(key).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        for (count, changes) in [(0_u32, 40), (7, 9), (16, 1), (17, 60), (300, 5), (20_000, 400)] {
            let mut trie: Trie<(u32, u32)> = Trie::default();
            (0..count).for_each(|key| trie.insert(hash(key), (key, 0)));
            let (before, mut now) = (trie.clone(), trie);
            let mut expected: BTreeMap<u32, (Option<u32>, Option<u32>)> = BTreeMap::new();
            for turn in 0..changes {
                let (old, new) = (turn * 37 % count.max(1), count + turn);
                now.insert(hash(new), (new, 1));
                expected.insert(new, (None, Some(1)));
                if turn % 3 == 0 && now.remove(hash(old), |(key, _)| *key == old && old < count) {
                    expected.insert(old, (Some(0), None));
                } else if let Some((_, value)) =
                    now.find_mut(hash(old), |(key, _)| *key == old && old < count)
                {
                    *value = turn + 2;
                    expected.insert(old, (Some(0), Some(turn + 2)));
                }
            }
            let (mut found, mut visits) = (BTreeMap::new(), 0);
            now.differences(&before, &mut |was, is| {
                visits += 1;
                if was != is {
                    let key = was.or(is).map(|(key, _)| *key).unwrap();
                    let values = (was.map(|(_, value)| *value), is.map(|(_, value)| *value));
                    assert!(found.insert(key, values).is_none(), "visited twice");
                }
            });
            assert_eq!(found, expected, "{count} entries");
            assert!(visits <= 64 * changes + 32, "{visits} visits of {count} entries for {changes} changes");
            now.differences(&now, &mut |_, _| panic!("nothing differs from itself"));
        }
    }
}
