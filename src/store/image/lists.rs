//! Where a node's lists go: into its record while they are short, else into rows.

use std::collections::BTreeMap;

use crate::error::Result;
use crate::records::{List, ListKey, Node, NodeNo};
use crate::segment::rows::{ListFinder, RowItem, put_list_rows};
use crate::store::lens::Lens;
use crate::store::state::State;

/// Rows being collected: a value, or that what lies below is gone.
pub(super) type Rows = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// What lists are written to, and found by.
pub(super) struct ListsOut<'f> {
    pub(super) rows: Rows,
    /// The lists that lie below.
    pub(super) below: ListFinder<'f>,
}

/// A node as its record holds it; what its lists have beyond goes into rows.
pub(super) fn settle_lists(
    lens: &Lens<&State>,
    number: NodeNo,
    node: &Node,
    out: &mut ListsOut<'_>,
) -> Result<Node> {
    let mut node = node.clone();
    for group in &mut node.groups {
        let key = ListKey::Group { node: number, space: group.space, candidate: group.candidate };
        group.links = settle(lens, key, std::mem::take(&mut group.links), out)?;
    }
    node.groups.retain(|group| !group.links.is_empty());
    node.hints = settle(lens, ListKey::Hints(number), std::mem::take(&mut node.hints), out)?;
    for group in &mut node.relations {
        let key = ListKey::Relations { node: number, kind: group.kind, direction: group.direction };
        group.links = settle(lens, key, std::mem::take(&mut group.links), out)?;
    }
    node.relations.retain(|group| !group.links.is_empty());
    if let Some(clock) = &mut node.clock {
        clock.ends = settle(lens, ListKey::ClockEnds(number), std::mem::take(&mut clock.ends), out)?;
        clock.latest = settle(lens, ListKey::ClockLatest(number), std::mem::take(&mut clock.latest), out)?;
    }
    Ok(node)
}

/// A list as its record holds it.
fn settle<T: RowItem>(
    lens: &Lens<&State>,
    key: ListKey,
    list: List<T>,
    out: &mut ListsOut<'_>,
) -> Result<List<T>> {
    let len = u32::try_from(list.len()).unwrap_or(u32::MAX);
    if list.lies_below() {
        put(key, false, list.here().iter(), &mut out.rows)?;
        put(key, true, list.gone(), &mut out.rows)?;
        return Ok(List::below(len));
    }
    // Rows that lie below a list that is here whole are those of another delta: what the list lacks is gone.
    let may_lack = out.below.may_have(key)?;
    if !list.goes_below() {
        if may_lack {
            put(key, true, lens.items_below::<T>(key), &mut out.rows)?;
        }
        return Ok(list);
    }
    put(key, false, list.here().iter(), &mut out.rows)?;
    if may_lack {
        let lacks = |item: &T| list.here().first_from(*item) != Some(*item);
        put(key, true, lens.items_below::<T>(key).filter(lacks), &mut out.rows)?;
    }
    Ok(List::below(len))
}

/// Puts items that were added to a list, or removed from it, into rows.
fn put<T: RowItem>(
    key: ListKey,
    removed: bool,
    items: impl Iterator<Item = T>,
    rows: &mut Rows,
) -> Result<()> {
    let mut items = items.peekable();
    if items.peek().is_none() {
        return Ok(());
    }
    put_list_rows(key, removed, &mut items, |row, value| {
        rows.insert(row, Some(value));
        Ok(())
    })
}
