//! The coverage matrix: how many entities hold ids of two spaces.

use std::collections::BTreeMap;

use crate::analytics::pass::{Columns, FamilySeen};
use crate::model::KindScope;

/// For each pair of spaces (kind and scope) the number of entities that hold ids of both.
///
/// # Definition
/// An entity *holds* a space if at least one of its ids has that kind and scope and is not superseded. `both(x, y)` counts
/// the entities that hold x and hold y; on the diagonal, those that hold x. All classes are in it; spaces of two classes
/// never meet. Group openids, which have a scope for each chat, are taken together by app: as `group_openid:APPID@-`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Coverage {
    /// The spaces that some entity holds, sorted.
    pub spaces: Vec<KindScope>,
    /// (place of x, place of y) in `spaces`, the smaller place first, with the number of entities; none is zero.
    pub both: BTreeMap<(usize, usize), u64>,
}

impl Coverage {
    /// How many entities hold both spaces, by their places in `spaces`; of one place, how many hold that.
    pub fn at(&self, x: usize, y: usize) -> u64 {
        self.both.get(&(x.min(y), x.max(y))).copied().unwrap_or(0)
    }

    /// How many entities hold both spaces.
    pub fn of(&self, x: &KindScope, y: &KindScope) -> u64 {
        match (self.spaces.binary_search(x), self.spaces.binary_search(y)) {
            (Ok(x), Ok(y)) => self.at(x, y),
            _ => 0,
        }
    }
}

/// Columns up to which the matrix is one array; beyond them pairs are kept one by one.
const DENSE_MAX: usize = 512;

/// The matrix as it grows.
pub(crate) struct CoverageCount {
    columns: usize,
    dense: Vec<u64>,
    sparse: BTreeMap<(u32, u32), u64>,
    /// The columns of an entity, in memory that serves again.
    held: Vec<u32>,
}

impl CoverageCount {
    pub(crate) fn new(columns: &Columns) -> CoverageCount {
        let count = columns.len();
        let cells = if count <= DENSE_MAX { count * count } else { 0 };
        CoverageCount { columns: count, dense: vec![0; cells], sparse: BTreeMap::new(), held: Vec::new() }
    }

    pub(crate) fn family(&mut self, family: &FamilySeen) {
        for entity in family.entities() {
            self.held.clear();
            for member in entity.iter().filter(|member| !member.superseded) {
                if let Err(place) = self.held.binary_search(&member.column) {
                    self.held.insert(place, member.column);
                }
            }
            for (place, x) in self.held.iter().enumerate() {
                for y in self.held.iter().skip(place) {
                    if self.dense.is_empty() {
                        *self.sparse.entry((*x, *y)).or_default() += 1;
                    } else if let Some(cell) = self.dense.get_mut(*x as usize * self.columns + *y as usize) {
                        *cell += 1;
                    }
                }
            }
        }
    }

    pub(crate) fn add(&mut self, other: CoverageCount) {
        self.dense.iter_mut().zip(other.dense).for_each(|(cell, more)| *cell += more);
        for (pair, more) in other.sparse {
            *self.sparse.entry(pair).or_default() += more;
        }
    }

    pub(crate) fn finish(self, columns: &Columns) -> Coverage {
        let CoverageCount { columns: count, dense, sparse, .. } = self;
        let of_dense = dense.into_iter().enumerate().map(|(at, cell)| ((at / count, at % count), cell));
        let of_sparse = sparse.into_iter().map(|((x, y), cell)| ((x as usize, y as usize), cell));
        let both: BTreeMap<(usize, usize), u64> =
            of_dense.chain(of_sparse).filter(|(_, cell)| *cell > 0).collect();
        // Columns are in order of their text; those that nobody holds are left out.
        let held: Vec<usize> = both.keys().filter(|(x, y)| x == y).map(|(x, _)| *x).collect();
        let place = |column: usize| held.binary_search(&column).unwrap_or(0);
        let spaces = held.iter().filter_map(|column| columns.space(*column)).cloned().collect();
        let both = both.into_iter().map(|((x, y), cell)| ((place(x), place(y)), cell)).collect();
        Coverage { spaces, both }
    }
}
