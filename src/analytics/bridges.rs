//! Bridges of an entity: which of the edges that bind its ids hold two parts of it together alone.

use crate::analytics::pass::Seen;
use crate::engine::binds;
use crate::records::{Edge, NodeNo, Pair};

/// An edge that is a bridge.
pub(crate) struct Bridge<'p> {
    pub(crate) pair: &'p Pair,
    pub(crate) edge: &'p Edge,
    /// Ids of the smaller of the two parts.
    pub(crate) smaller: u32,
}

/// The bridges of an entity, in memory that serves again.
#[derive(Default)]
pub(crate) struct Bridges {
    /// For each id the ids it is joined with and the place of the pair.
    joined: Vec<Vec<(usize, usize)>>,
    /// When the walk came to an id, from 1 on; 0 = not yet.
    came: Vec<usize>,
    /// The earliest id that what lies behind an id leads back to.
    back: Vec<usize>,
    /// How many ids lie behind an id, itself among them.
    behind: Vec<u32>,
}

/// An id on the way of the walk.
struct Stop {
    id: usize,
    /// The pair it was reached by.
    by: Option<usize>,
    /// The next of its neighbours to look at.
    next: usize,
}

impl Bridges {
    /// Shows the bridges among the pairs of an entity whose ids are in order of their numbers.
    pub(crate) fn each<'p>(&mut self, entity: &[Seen], pairs: &[&'p Pair], mut show: impl FnMut(Bridge<'p>)) {
        self.begin(entity, pairs);
        let mut way: Vec<Stop> = Vec::new();
        for start in 0..entity.len() {
            if self.came.get(start) != Some(&0) {
                continue;
            }
            let mut count = self.come(start, 0);
            way.push(Stop { id: start, by: None, next: 0 });
            while let Some(stop) = way.last_mut() {
                let (id, by) = (stop.id, stop.by);
                let next = self.joined.get(id).and_then(|others| others.get(stop.next)).copied();
                stop.next += 1;
                match next {
                    Some((_, pair)) if Some(pair) == by => {}
                    Some((other, pair)) => match self.came.get(other).copied() {
                        Some(0) => {
                            count = self.come(other, count);
                            way.push(Stop { id: other, by: Some(pair), next: 0 });
                        }
                        came => self.lead_back(id, came.unwrap_or(0)),
                    },
                    None => {
                        way.pop();
                        if let (Some(above), Some(by)) = (way.last(), by) {
                            self.leave(above.id, id);
                            self.show_if_bridge(above.id, id, entity.len(), pairs.get(by), &mut show);
                        }
                    }
                }
            }
        }
    }

    fn begin(&mut self, entity: &[Seen], pairs: &[&Pair]) {
        let count = entity.len();
        self.joined.iter_mut().take(count).for_each(Vec::clear);
        self.joined.resize_with(count.max(self.joined.len()), Vec::new);
        for list in [&mut self.came, &mut self.back] {
            list.clear();
            list.resize(count, 0);
        }
        self.behind.clear();
        self.behind.resize(count, 1);
        let place = |number: NodeNo| entity.binary_search_by_key(&number, |member| member.number).ok();
        for (at, pair) in pairs.iter().enumerate().filter(|(_, pair)| pair.edges.iter().any(binds)) {
            let (Some(a), Some(b)) = (place(pair.a), place(pair.b)) else { continue };
            for (own, other) in [(a, b), (b, a)] {
                self.joined.get_mut(own).into_iter().for_each(|others| others.push((other, at)));
            }
        }
    }

    fn come(&mut self, id: usize, count: usize) -> usize {
        for list in [&mut self.came, &mut self.back] {
            list.get_mut(id).into_iter().for_each(|place| *place = count + 1);
        }
        count + 1
    }

    fn lead_back(&mut self, id: usize, to: usize) {
        self.back.get_mut(id).into_iter().for_each(|back| *back = to.min(*back));
    }

    fn leave(&mut self, above: usize, id: usize) {
        let (back, behind) = (self.back.get(id).copied(), self.behind.get(id).copied());
        self.lead_back(above, back.unwrap_or(usize::MAX));
        self.behind.get_mut(above).into_iter().for_each(|count| *count += behind.unwrap_or(0));
    }

    fn show_if_bridge<'p>(
        &self,
        above: usize,
        id: usize,
        ids: usize,
        pair: Option<&&'p Pair>,
        show: &mut impl FnMut(Bridge<'p>),
    ) {
        let (Some(back), Some(came), Some(pair)) = (self.back.get(id), self.came.get(above), pair) else {
            return;
        };
        // Two edges between the same ids are no bridge, either of them.
        let mut binding = pair.edges.iter().filter(|edge| binds(edge));
        if let (true, Some(edge), None) = (back > came, binding.next(), binding.next()) {
            let behind = self.behind.get(id).copied().unwrap_or(1);
            show(Bridge { pair, edge, smaller: behind.min((ids as u32).saturating_sub(behind)) });
        }
    }
}
