//! Where a node's lists go: into its record while they are short, else into rows.

use std::collections::BTreeMap;

use crate::error::Result;
use crate::records::{List, ListKey, Node, NodeNo};
use crate::segment::rows::{RowItem, put_list_rows};
use crate::store::lens::Lens;
use crate::store::state::State;

/// Items of a list that still lies in its record.
const INLINE_MAX: usize = 64;

/// Rows being collected: a value, or that what lies below is gone.
pub(super) type Rows = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// A node as its record holds it; what its lists have beyond goes into `rows`.
pub(super) fn settle_lists(
    lens: &Lens<&State>,
    number: NodeNo,
    node: &Node,
    rows: &mut Rows,
) -> Result<Node> {
    let mut node = node.clone();
    for group in &mut node.groups {
        let key = ListKey::Group { node: number, space: group.space, candidate: group.candidate };
        group.links = settle(lens, key, &group.links, rows)?;
    }
    node.groups.retain(|group| !group.links.is_empty());
    node.hints = settle(lens, ListKey::Hints(number), &node.hints, rows)?;
    for group in &mut node.relations {
        let key = ListKey::Relations { node: number, kind: group.kind, direction: group.direction };
        group.links = settle(lens, key, &group.links, rows)?;
    }
    node.relations.retain(|group| !group.links.is_empty());
    if let Some(clock) = &mut node.clock {
        clock.ends = settle(lens, ListKey::ClockEnds(number), &clock.ends, rows)?;
        clock.latest = settle(lens, ListKey::ClockLatest(number), &clock.latest, rows)?;
    }
    Ok(node)
}

/// A list as its record holds it.
fn settle<T: RowItem>(lens: &Lens<&State>, key: ListKey, list: &List<T>, rows: &mut Rows) -> Result<List<T>> {
    let len = u32::try_from(list.len()).unwrap_or(u32::MAX);
    let mut put = |removed: bool, items: &mut dyn Iterator<Item = T>| {
        put_list_rows(key, removed, items, |row, value| {
            rows.insert(row, Some(value));
            Ok(())
        })
    };
    if list.lies_below() {
        put(false, &mut list.here().iter())?;
        put(true, &mut list.gone())?;
        return Ok(List::below(len));
    }
    // Rows that lie below a list that is here whole are those of another delta: what the list lacks is gone.
    let lacking: Vec<T> =
        lens.items_below(key).filter(|item| list.here().first_from(*item) != Some(*item)).collect();
    if list.len() <= INLINE_MAX {
        let all: Vec<T> = lens.items_below(key).collect();
        put(true, &mut all.into_iter())?;
        return Ok(list.clone());
    }
    put(false, &mut list.here().iter())?;
    put(true, &mut lacking.into_iter())?;
    Ok(List::below(len))
}
