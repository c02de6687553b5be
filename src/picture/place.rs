//! Where the cards stand: in columns, by how many steps they are away from what was asked about.
//!
//! `rust-sugiyama` orders each column so that few lines cross, and leaves room for each card. It was chosen for what it
//! is: the layered layout of Sugiyama with the coordinates of Brandes and Koepf, sizes of boxes heeded, equal answers for
//! equal questions, on the petgraph that we link anyway. `layout-rs` draws whole documents of its own and tells no
//! coordinates apart; force layouts (`fdg`, `forceatlas2`) begin at random places and let boxes overlap.

use std::collections::{BTreeSet, VecDeque};

use rust_sugiyama::configure::Config;
use rust_sugiyama::from_vertices_and_edges;

use crate::picture::fold::Board;

/// Width of a card, in pixels as all here.
pub(crate) const CARD_WIDTH: i32 = 184;
/// Between two columns: room for what is said of a line.
const COLUMN_GAP: i32 = 154;
/// Between two cards of a column.
const ROW_GAP: i32 = 22;
/// Around everything.
pub(crate) const MARGIN: i32 = 16;

/// Where a card stands: its upper left corner, and its height.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Place {
    pub(crate) x: i32,
    pub(crate) y: i32,
    pub(crate) height: i32,
}

/// Where everything stands.
#[derive(Debug)]
pub(crate) struct Places {
    /// In the order of the cards.
    pub(crate) cards: Vec<Place>,
    pub(crate) width: i32,
    pub(crate) height: i32,
}

/// Places cards of these heights.
pub(crate) fn place(board: &Board, heights: &[i32]) -> Places {
    let rank = ranks(board);
    let mut edges = BTreeSet::new();
    for line in &board.lines {
        let of = |card: usize| rank.get(card).copied().unwrap_or_default();
        let (from, to) =
            if of(line.from) < of(line.to) { (line.from, line.to) } else { (line.to, line.from) };
        edges.insert((index(from), index(to)));
    }
    let edges: Vec<(u32, u32)> = edges.into_iter().collect();
    // The layout has its layers one below the other: widths and heights change places.
    let length = f64::from(CARD_WIDTH + COLUMN_GAP - ROW_GAP);
    let vertices: Vec<(u32, (f64, f64))> =
        heights.iter().enumerate().map(|(at, height)| (index(at), (f64::from(*height), length))).collect();
    let config = Config { vertex_spacing: f64::from(ROW_GAP), ..Config::default() };
    let mut parts: Vec<Vec<(usize, (f64, f64))>> = from_vertices_and_edges(&vertices, &edges, &config)
        .into_iter()
        .map(|(mut part, _, _)| {
            part.sort_unstable_by_key(|(card, _)| *card);
            part
        })
        .collect();
    // What was asked about comes first, the larger part before the smaller.
    let is_asked = |part: &[(usize, (f64, f64))]| {
        part.iter().any(|(card, _)| board.cards.get(*card).is_some_and(|card| card.asked.is_some()))
    };
    parts.sort_by_key(|part| (!is_asked(part), usize::MAX - part.len(), part.first().map(|first| first.0)));
    stack(&parts, heights)
}

/// Puts the parts that nothing joins one below the other.
fn stack(parts: &[Vec<(usize, (f64, f64))>], heights: &[i32]) -> Places {
    let mut cards = vec![Place::default(); heights.len()];
    let (mut width, mut top) = (0, MARGIN);
    for part in parts {
        let height_of = |card: usize| heights.get(card).copied().unwrap_or_default();
        // Centres, columns from the left.
        let uppers = part.iter().map(|(card, (across, _))| pixels(*across) - height_of(*card) / 2);
        let (upper, left) =
            (uppers.min().unwrap_or_default(), part.iter().map(|(_, (_, along))| pixels(*along)).min());
        let mut bottom = top;
        for (card, (across, along)) in part {
            let place = Place {
                x: MARGIN + pixels(*along) - left.unwrap_or_default(),
                y: top + pixels(*across) - height_of(*card) / 2 - upper,
                height: height_of(*card),
            };
            bottom = bottom.max(place.y + place.height);
            width = width.max(place.x + CARD_WIDTH);
            if let Some(slot) = cards.get_mut(*card) {
                *slot = place;
            }
        }
        top = bottom + ROW_GAP;
    }
    Places { cards, width: width + MARGIN, height: top - ROW_GAP + MARGIN }
}

/// The order in which cards are met on the way from what was asked about.
fn ranks(board: &Board) -> Vec<usize> {
    let mut beside: Vec<Vec<usize>> = vec![Vec::new(); board.cards.len()];
    for line in &board.lines {
        for (from, to) in [(line.from, line.to), (line.to, line.from)] {
            if let Some(others) = beside.get_mut(from) {
                others.push(to);
            }
        }
    }
    let mut rank = vec![usize::MAX; board.cards.len()];
    let mut next = 0;
    let asked = board.cards.iter().enumerate().filter_map(|(at, card)| Some((card.asked?, at)));
    let asked: BTreeSet<(usize, usize)> = asked.collect();
    for start in asked.into_iter().map(|(_, at)| at).chain(0..board.cards.len()) {
        let mut queue = VecDeque::from([start]);
        while let Some(card) = queue.pop_front() {
            let Some(slot) = rank.get_mut(card).filter(|slot| **slot == usize::MAX) else { continue };
            *slot = next;
            next += 1;
            queue.extend(beside.get(card).into_iter().flatten());
        }
    }
    rank
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a float turned into an integer saturates, and a picture is not that large"
)]
fn pixels(length: f64) -> i32 {
    length.round() as i32
}

fn index(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::{CARD_WIDTH, place};
    use crate::picture::fold::{Board, Card, Drawn, Line};

    fn mix(state: &mut u64) -> usize {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        (*state >> 33) as usize
    }

    /// Cards with lines between some of them, in one part or several.
    fn board(random: &mut u64) -> Board {
        let count = 1 + mix(random) % 48;
        let card = |at| Card { ids: Vec::new(), asked: (at == 0).then_some(0), within: Vec::new() };
        let cards = (0..count).map(card).collect();
        let one_in = 1 + mix(random) % 4;
        let mut lines = Vec::new();
        for to in (1..count).filter(|at| at % one_in == 0) {
            lines.push(Line { from: mix(random) % to, to, drawn: Drawn::Edges(Vec::new()) });
        }
        for _ in 0..mix(random) % 30 {
            let (from, to) = (mix(random) % count, mix(random) % count);
            if from != to {
                lines.push(Line { from, to, drawn: Drawn::Bans(Vec::new()) });
            }
        }
        Board { cards, lines }
    }

    #[test]
    fn no_card_stands_on_another_and_equal_boards_stand_alike() {
        let mut random = 88_172_645_463_325_252;
        for _ in 0..300 {
            let board = board(&mut random);
            let heights: Vec<i32> =
                board.cards.iter().map(|_| 60 + i32::try_from(mix(&mut random) % 90).unwrap()).collect();
            let places = place(&board, &heights);
            for (at, card) in places.cards.iter().enumerate() {
                assert!(card.x >= 0 && card.y >= 0);
                assert!(card.x + CARD_WIDTH <= places.width && card.y + card.height <= places.height);
                for other in &places.cards[at + 1..] {
                    let apart = (card.x - other.x).abs() >= CARD_WIDTH
                        || card.y + card.height <= other.y
                        || other.y + other.height <= card.y;
                    assert!(apart, "{card:?} {other:?}");
                }
            }
            // A line leads from a column to a later one.
            for line in &board.lines {
                assert_ne!(places.cards[line.from].x, places.cards[line.to].x);
            }
            assert_eq!(places.cards, place(&board, &heights).cards);
        }
    }
}
