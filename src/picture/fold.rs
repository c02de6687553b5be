//! What is drawn as one card: every id by itself while there are few, ids of one sort together where all of them would
//! be too many to read. A card says how many it stands for.
//!
//! # Invariants
//!   C1 every id and every edge of every frame is on exactly one card, or line, or within one card.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Id, Strength};
use crate::picture::film::Film;
use crate::picture::scene::{EdgeKey, SeenId};
use crate::resolve::{EdgeKind, Status};

/// Cards that people still read.
const CARDS_MAX: usize = 48;
/// Ids alike that stand alone all the same.
const ALONE_MAX: usize = 3;

/// Ids that are drawn as one.
#[derive(Debug, Clone)]
pub(crate) struct Card {
    /// In order.
    pub(crate) ids: Vec<Id>,
    /// It is what was asked about: the first or the second id of that.
    pub(crate) asked: Option<usize>,
    /// Edges between its own ids.
    pub(crate) within: Vec<EdgeKey>,
}

/// What a line stands for.
#[derive(Debug, Clone)]
pub(crate) enum Drawn {
    /// Edges that ended alike.
    Edges(Vec<EdgeKey>),
    /// Bans.
    Bans(Vec<(Id, Id)>),
}

/// A line between two cards.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    /// The card of the first end; of supersede edges that of the old id.
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) drawn: Drawn,
}

/// The cards and lines of a film.
#[derive(Debug)]
pub(crate) struct Board {
    pub(crate) cards: Vec<Card>,
    pub(crate) lines: Vec<Line>,
}

/// What ids have in common that stand on one card.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Sort {
    Alone(Id),
    /// Ids of a kind and scope with one edge, to one id.
    Leaf {
        space: String,
        of: Id,
        ended: Ended,
        is_member: bool,
    },
    Space {
        space: String,
        is_member: bool,
    },
    Kind {
        kind: String,
        is_member: bool,
    },
    Any {
        is_member: bool,
    },
}

/// How an edge ended.
type Ended = (EdgeKind, Option<&'static str>, Strength);

/// All that a film shows at some moment, as it was shown last.
struct Everything<'f> {
    asked: BTreeSet<&'f Id>,
    ids: BTreeMap<&'f Id, &'f SeenId>,
    edges: BTreeMap<&'f EdgeKey, Ended>,
    bans: BTreeSet<&'f (Id, Id)>,
    /// The other ends of an id's edges.
    beside: BTreeMap<&'f Id, BTreeSet<&'f Id>>,
}

impl Everything<'_> {
    fn of(film: &Film) -> Everything<'_> {
        let mut all = Everything {
            asked: film.asked.ids().into_iter().collect(),
            ids: BTreeMap::new(),
            edges: BTreeMap::new(),
            bans: BTreeSet::new(),
            beside: BTreeMap::new(),
        };
        for (_, scene) in &film.frames {
            all.ids.extend(&scene.ids);
            all.bans.extend(&scene.bans);
            for (key, seen) in &scene.edges {
                let reason = match seen.edge.status {
                    Status::Accepted => None,
                    Status::Rejected(reason) => Some(reason.name()),
                };
                all.edges.insert(key, (key.2, reason, seen.edge.strength));
            }
        }
        let ends = all.edges.keys().map(|(a, b, _)| (a, b)).chain(all.bans.iter().map(|(a, b)| (a, b)));
        for (a, b) in ends.collect::<Vec<_>>() {
            all.beside.entry(a).or_default().insert(b);
            all.beside.entry(b).or_default().insert(a);
        }
        all
    }

    /// What sort an id is of, the more coarsely the greater the level.
    fn sort(&self, id: &Id, seen: &SeenId, level: usize) -> Sort {
        let (space, is_member) = (id.space().to_owned(), seen.is_member);
        match level {
            _ if level == 0 || self.asked.contains(id) => Sort::Alone(id.clone()),
            1 => self.leaf(id, is_member).unwrap_or_else(|| Sort::Alone(id.clone())),
            2 => Sort::Space { space, is_member },
            3 => Sort::Kind { kind: id.kind().name().to_owned(), is_member },
            _ => Sort::Any { is_member },
        }
    }

    fn leaf(&self, id: &Id, is_member: bool) -> Option<Sort> {
        let mut beside = self.beside.get(id)?.iter();
        let (of, None) = (*beside.next()?, beside.next()) else { return None };
        let of_both = |key: &&&EdgeKey| (&key.0 == id && &key.1 == of) || (&key.0 == of && &key.1 == id);
        let edge = self.edges.iter().find(|(key, _)| of_both(key));
        Some(Sort::Leaf { space: id.space().to_owned(), of: of.clone(), ended: *edge?.1, is_member })
    }

    fn cards(&self, level: usize) -> BTreeMap<Sort, Vec<Id>> {
        let mut cards: BTreeMap<Sort, Vec<Id>> = BTreeMap::new();
        for (id, seen) in &self.ids {
            cards.entry(self.sort(id, seen, level)).or_default().push((*id).clone());
        }
        let few: Vec<Sort> = cards
            .iter()
            .filter(|(sort, ids)| matches!(sort, Sort::Leaf { .. }) && ids.len() <= ALONE_MAX)
            .map(|(sort, _)| sort.clone())
            .collect();
        for sort in few {
            let alone = cards.remove(&sort).unwrap_or_default();
            cards.extend(alone.into_iter().map(|id| (Sort::Alone(id.clone()), vec![id])));
        }
        cards
    }
}

impl Board {
    /// The cards and lines of everything that a film shows at some moment.
    pub(crate) fn of(film: &Film) -> Board {
        let all = Everything::of(film);
        let mut sorted = BTreeMap::new();
        for level in 0..=4 {
            sorted = all.cards(level);
            if sorted.len() <= CARDS_MAX {
                break;
            }
        }
        let mut cards: Vec<Card> = Vec::new();
        let mut place: BTreeMap<Id, usize> = BTreeMap::new();
        for ids in sorted.into_values() {
            place.extend(ids.iter().map(|id| (id.clone(), cards.len())));
            let asked = film.asked.ids().into_iter().position(|asked| ids.contains(asked));
            cards.push(Card { ids, asked, within: Vec::new() });
        }
        let lines = lines(&all, &place, &mut cards);
        Board { cards, lines }
    }

    /// How many ids there are.
    pub(crate) fn id_count(&self) -> usize {
        self.cards.iter().map(|card| card.ids.len()).sum()
    }
}

/// The lines between cards: edges that ended alike are one.
fn lines(all: &Everything<'_>, place: &BTreeMap<Id, usize>, cards: &mut [Card]) -> Vec<Line> {
    let mut edges: BTreeMap<(usize, usize, EdgeKind, Option<&'static str>), Vec<EdgeKey>> = BTreeMap::new();
    for (key, (kind, reason, _)) in &all.edges {
        let (Some(from), Some(to)) = (place.get(&key.0), place.get(&key.1)) else { continue };
        if from == to {
            if let Some(card) = cards.get_mut(*from) {
                card.within.push((*key).clone());
            }
            continue;
        }
        // A same edge has no direction.
        let (from, to) = if *kind == EdgeKind::Same { (from.min(to), from.max(to)) } else { (from, to) };
        edges.entry((*from, *to, *kind, *reason)).or_default().push((*key).clone());
    }
    let mut bans: BTreeMap<(usize, usize), Vec<(Id, Id)>> = BTreeMap::new();
    for ban in &all.bans {
        let (Some(from), Some(to)) = (place.get(&ban.0), place.get(&ban.1)) else { continue };
        if from != to {
            bans.entry((*from.min(to), *from.max(to))).or_default().push((*ban).clone());
        }
    }
    let edges =
        edges.into_iter().map(|((from, to, _, _), keys)| Line { from, to, drawn: Drawn::Edges(keys) });
    let bans = bans.into_iter().map(|((from, to), bans)| Line { from, to, drawn: Drawn::Bans(bans) });
    edges.chain(bans).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Board, CARDS_MAX, Drawn};
    use crate::engine::EdgeDump;
    use crate::model::{Id, Strength, Time};
    use crate::picture::film::{Film, Moment};
    use crate::picture::scene::{Asked, Scene, SeenEdge, SeenId};
    use crate::resolve::{EdgeKind, Level, Reason, Status};

    fn id(text: &str) -> Id {
        text.parse().unwrap()
    }

    /// A film of one moment: these ids around one, every third edge rejected, and edges from each to the next.
    fn film(ids: &[Id]) -> Film {
        let centre = id("unionid:openA:centre");
        let mut scene = Scene::default();
        let mut see = |a: &Id, b: &Id, status| {
            let edge = EdgeDump {
                a: a.clone(),
                b: b.clone(),
                kind: EdgeKind::Same,
                strength: Strength::Platform,
                status,
                level: Level::Entity,
                evidence: 1,
                conflict: None,
            };
            scene
                .edges
                .insert((a.clone(), b.clone(), EdgeKind::Same), SeenEdge { edge, evidence: Vec::new() });
        };
        for (at, id) in ids.iter().enumerate() {
            let status = if at % 3 == 0 { Status::Rejected(Reason::Hub) } else { Status::Accepted };
            see(id, &centre, status);
            if let Some(next) = ids.get(at + 1).filter(|_| at % 5 == 0) {
                see(id, next, Status::Accepted);
            }
        }
        for (at, id) in ids.iter().chain([&centre]).enumerate() {
            let seen = SeenId { is_member: at % 3 != 0, ..SeenId::default() };
            scene.ids.insert(id.clone(), seen);
        }
        let moment = Moment { seq: 1, recorded_at: Time::default() };
        Film { asked: Asked::Entity(centre), frames: vec![(moment, scene)], skipped: 0 }
    }

    /// C1, whatever has to be drawn together.
    #[test]
    fn every_id_and_edge_is_drawn_once_and_no_board_is_too_large() {
        let same_space: Vec<Id> = (0..400).map(|n| id(&format!("openid:wx01:o{n}"))).collect();
        let few: Vec<Id> = same_space[..20].to_vec();
        let scopes: Vec<Id> = (0..300).map(|n| id(&format!("openid:wx{n:03}:o{n}"))).collect();
        let kinds: Vec<Id> = (0..300).map(|n| id(&format!("custom.k{n}:a:o{n}"))).collect();
        for (ids, folded) in [(&few, false), (&same_space, true), (&scopes, true), (&kinds, true)] {
            let film = film(ids);
            let (board, scene) = (Board::of(&film), film.last());
            assert!(board.cards.len() <= CARDS_MAX);
            assert_eq!(board.cards.len() < board.id_count(), folded);
            let drawn: BTreeSet<&Id> = board.cards.iter().flat_map(|card| &card.ids).collect();
            assert_eq!((drawn.len(), board.id_count()), (scene.ids.len(), scene.ids.len()));
            let within = board.cards.iter().flat_map(|card| &card.within);
            let between = board.lines.iter().flat_map(|line| match &line.drawn {
                Drawn::Edges(keys) => keys.as_slice(),
                Drawn::Bans(_) => &[],
            });
            let edges: Vec<_> = within.chain(between).collect();
            assert_eq!(edges.len(), scene.edges.len());
            assert_eq!(edges.into_iter().collect::<BTreeSet<_>>().len(), scene.edges.len());
        }
    }
}
