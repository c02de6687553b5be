//! The drawing: cards, the lines between them, what is said of both, and the legend.
//!
//! Colour says nothing that is not said otherwise too: a rejected edge has a cross and its reason, strength is in the
//! line's width and dashes.

use std::collections::BTreeMap;

use crate::model::{Kind, Strength};
use crate::page::{Attributes, Markup};
use crate::picture::fold::{Board, Line};
use crate::picture::labels::{CardText, LineText, VALUES_SHOWN, card_text, line_text};
use crate::picture::place::{CARD_WIDTH, MARGIN, Place, Places, place};
use crate::picture::scene::Scene;
use crate::picture::words::Words;

const SANS: &str =
    "system-ui, -apple-system, 'Segoe UI', 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif";
const MONO: &str = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'Noto Sans Mono CJK SC', monospace";
const INK: &str = "#222222";
const SOFT: &str = "#5f6368";
const JOINS: &str = "#2b6a4d";
const REJECTED: &str = "#b3261e";

/// Height of a row of text.
const ROW: i32 = 15;
/// Between two lines that join the same cards: the rows of a label.
const LANE: i32 = 4 * ROW;

/// Within so many pixels a line comes to the height of its other end.
const BEND: i32 = 54;

/// A board, and where its parts stand.
pub(crate) struct Drawing {
    board: Board,
    places: Places,
}

impl Drawing {
    pub(crate) fn new(board: Board, frames: &[&Scene], words: &Words) -> Drawing {
        let mut lanes: BTreeMap<(usize, usize), i32> = BTreeMap::new();
        for line in &board.lines {
            *lanes.entry((line.from.min(line.to), line.from.max(line.to))).or_default() += 1;
        }
        let heights = board.cards.iter().enumerate().map(|(at, card)| {
            let values = card.ids.len().min(VALUES_SHOWN + 1);
            let feet =
                frames.iter().filter_map(|scene| card_text(card, scene, words)).map(|text| text.foot.len());
            let rows = 2 + values + feet.max().unwrap_or(0);
            let wide =
                lanes.iter().filter(|((x, y), _)| *x == at || *y == at).map(|(_, lanes)| lanes * LANE).max();
            (pixels(rows) * ROW + 14).max(wide.unwrap_or(0))
        });
        let heights: Vec<i32> = heights.collect();
        let places = place(&board, &heights);
        Drawing { board, places }
    }

    pub(crate) fn board(&self) -> &Board {
        &self.board
    }

    /// The picture of one moment as an element; with the legend and notes below if `below` says some.
    pub(crate) fn draw(
        &self,
        out: &mut Markup,
        scene: &Scene,
        words: &Words,
        title: &str,
        below: Option<&[String]>,
    ) {
        let legend = below.map_or(0, |notes| LEGEND_HEIGHT + pixels(notes.len()) * (ROW + 3));
        let width = self.places.width.max(below.map_or(0, |_| LEGEND_WIDTH + 2 * MARGIN));
        let height = self.places.height + legend;
        let view = format!("0 0 {width} {height}");
        let attributes: Attributes<'_> = &[
            ("xmlns", &"http://www.w3.org/2000/svg"),
            ("width", &width),
            ("height", &height),
            ("viewBox", &view),
            ("role", &"img"),
            ("font-family", &SANS),
            ("font-size", &12),
        ];
        out.element("svg", attributes, |svg| {
            svg.said("title", &[], title);
            svg.empty("rect", &[("width", &width), ("height", &height), ("fill", &"#ffffff")]);
            svg.line();
            self.draw_lines(svg, scene, words);
            for (card, place) in self.board.cards.iter().zip(&self.places.cards) {
                if let Some(text) = card_text(card, scene, words) {
                    let colour = colour_of(card.ids.first().map(crate::model::Id::kind));
                    draw_card(svg, place, &text, (colour, card.asked.is_some(), card.ids.len() > 1));
                }
            }
            if let Some(notes) = below {
                draw_legend(svg, words, self.places.height);
                for (at, note) in notes.iter().enumerate() {
                    let y = self.places.height + LEGEND_HEIGHT + pixels(at) * (ROW + 3) + 4;
                    svg.said("text", &[("x", &MARGIN), ("y", &y), ("fill", &SOFT)], note);
                }
            }
        });
        out.line();
    }

    fn draw_lines(&self, svg: &mut Markup, scene: &Scene, words: &Words) {
        let mut lanes: BTreeMap<(usize, usize), (i32, i32)> = BTreeMap::new();
        let between = |line: &Line| (line.from.min(line.to), line.from.max(line.to));
        let told: Vec<(&Line, LineText)> =
            self.board.lines.iter().filter_map(|line| Some((line, line_text(line, scene, words)?))).collect();
        for (line, _) in &told {
            lanes.entry(between(line)).or_default().0 += 1;
        }
        let mut crowd: BTreeMap<usize, i32> = BTreeMap::new();
        for line in &self.board.lines {
            *crowd.entry(line.from).or_default() += 1;
            *crowd.entry(line.to).or_default() += 1;
        }
        for (line, text) in &told {
            let (Some(from), Some(to)) = (self.places.cards.get(line.from), self.places.cards.get(line.to))
            else {
                continue;
            };
            let lane = lanes.entry(between(line)).or_default();
            let aside = lane.1 * LANE - (lane.0 - 1) * LANE / 2;
            lane.1 += 1;
            let crowded = |card: usize| crowd.get(&card).copied().unwrap_or_default();
            // From left to right; what is said stands at the end where fewer lines meet.
            let is_reversed = from.x > to.x;
            let (left, right) = if is_reversed { (to, from) } else { (from, to) };
            let (at_left, at_right) = if is_reversed { (line.to, line.from) } else { (line.from, line.to) };
            let near_left = crowded(at_left) < crowded(at_right);
            draw_line(svg, Span::between(left, right, aside), text, is_reversed, near_left);
        }
    }
}

/// A line from the right side of a card to the left side of another.
struct Span {
    x1: i32,
    y1: i32,
    x2: i32,
    y2: i32,
}

impl Span {
    fn between(left: &Place, right: &Place, aside: i32) -> Span {
        let middle = |place: &Place| place.y + place.height / 2 + aside;
        Span { x1: left.x + CARD_WIDTH, y1: middle(left), x2: right.x, y2: middle(right) }
    }
}

fn draw_line(svg: &mut Markup, span: Span, text: &LineText, is_reversed: bool, near_left: bool) {
    let Span { x1, y1, x2, y2 } = span;
    let colour = if text.rejected.is_some() { REJECTED } else { JOINS };
    let (width, dash) = stroke(text.strength);
    // It bends where nothing is written.
    let path = if near_left {
        format!("M{x1} {y1} H{} C{} {y1} {} {y2} {x2} {y2}", x2 - BEND, x2 - BEND / 3, x2 - 2 * BEND / 3)
    } else {
        format!("M{x1} {y1} C{} {y1} {} {y2} {} {y2} H{x2}", x1 + 2 * BEND / 3, x1 + BEND / 3, x1 + BEND)
    };
    svg.element("g", &[], |group| {
        group.said("title", &[], &text.whole);
        let attributes: Attributes<'_> = &[
            ("d", &path),
            ("fill", &"none"),
            ("stroke", &colour),
            ("stroke-width", &width),
            ("stroke-dasharray", &dash),
        ];
        group.empty("path", attributes);
        if text.has_arrow {
            // At the end of the id that took the place.
            let (x, y, back) = if is_reversed { (x1, y1, 10) } else { (x2, y2, -10) };
            let points = format!("{x},{y} {},{} {},{}", x + back, y - 6, x + back, y + 6);
            group.empty("polygon", &[("points", &points), ("fill", &colour)]);
        }
        let (x, y, anchor) = if near_left { (x1 + 8, y1, "start") } else { (x2 - 12, y2, "end") };
        let above = pixels(text.rows.len().min(2));
        let rows = text.rows.iter().cloned().map(|row| (row, SOFT));
        let rejected = text.rejected.iter().map(|why| (format!("\u{2715} {why}"), REJECTED));
        for (at, (row, ink)) in rows.chain(rejected).enumerate() {
            let below = if pixels(at) < above { -5 } else { 0 };
            let baseline = y + (pixels(at) - above + 1) * ROW + below - 1;
            write_row(group, (x, baseline), anchor, &row, ink);
        }
    });
    svg.line();
}

/// A row beside a line, readable where lines cross it.
fn write_row(out: &mut Markup, (x, y): (i32, i32), anchor: &str, row: &str, ink: &str) {
    let attributes: Attributes<'_> = &[
        ("x", &x),
        ("y", &y),
        ("font-size", &11),
        ("text-anchor", &anchor),
        ("fill", &ink),
        ("stroke", &"#ffffff"),
        ("stroke-width", &3),
        ("stroke-linejoin", &"round"),
        ("paint-order", &"stroke"),
    ];
    out.said("text", attributes, row);
}

fn draw_card(
    svg: &mut Markup,
    place: &Place,
    text: &CardText,
    (colour, is_asked, is_many): (&str, bool, bool),
) {
    let Place { x, y, height } = *place;
    let (fill, edge) = if text.is_member { ("#eef4fb", "#1f5fa8") } else { ("#f6f6f4", "#8a8a86") };
    let stroke = if is_asked { 3 } else { 1 };
    svg.element("g", &[], |group| {
        if is_many {
            // A second card behind it.
            let (x, y) = (x + 4, y + 4);
            let size: Attributes<'_> = &[
                ("x", &x),
                ("y", &y),
                ("width", &CARD_WIDTH),
                ("height", &height),
                ("rx", &6),
                ("fill", &fill),
                ("stroke", &edge),
            ];
            group.empty("rect", size);
        }
        let size: Attributes<'_> = &[
            ("x", &x),
            ("y", &y),
            ("width", &CARD_WIDTH),
            ("height", &height),
            ("rx", &6),
            ("fill", &fill),
            ("stroke", &edge),
            ("stroke-width", &stroke),
        ];
        group.empty("rect", size);
        let (top, tall) = (y + 6, height - 12);
        group.empty(
            "rect",
            &[("x", &(x + 4)), ("y", &top), ("width", &4), ("height", &tall), ("fill", &colour)],
        );
        let mut rows: Vec<(&str, &str, &str, &str)> =
            vec![(&text.kind, SANS, INK, "bold"), (&text.scope, SANS, SOFT, "normal")];
        rows.extend(text.values.iter().map(|value| (value.as_str(), MONO, INK, "normal")));
        rows.extend(text.foot.iter().map(|foot| (foot.as_str(), SANS, SOFT, "normal")));
        // In the middle, where lines made the card higher than its rows.
        let upper = y + (height - pixels(rows.len()) * ROW) / 2;
        for (at, (row, font, ink, weight)) in rows.into_iter().enumerate() {
            let struck = if text.is_superseded && font == MONO { "line-through" } else { "none" };
            let attributes: Attributes<'_> = &[
                ("x", &(x + 16)),
                ("y", &(upper + pixels(at) * ROW + 12)),
                ("font-family", &font),
                ("font-weight", &weight),
                ("fill", &ink),
                ("text-decoration", &struck),
            ];
            group.said("text", attributes, row);
        }
    });
    svg.line();
}

/// How wide a line of a strength is, and its dashes. A ban has none.
fn stroke(strength: Option<Strength>) -> (f32, &'static str) {
    match strength {
        Some(Strength::Asserted) => (4.0, "none"),
        Some(Strength::Platform) => (3.0, "none"),
        Some(Strength::Confirmed) => (2.0, "none"),
        Some(Strength::Business) => (1.4, "none"),
        Some(Strength::Provisional) => (1.8, "8 4"),
        Some(Strength::Hint) => (1.8, "2 4"),
        None => (1.8, "12 3 2 3"),
    }
}

fn colour_of(kind: Option<&Kind>) -> &'static str {
    match kind {
        Some(Kind::Unionid) => "#0072b2",
        Some(Kind::Openid | Kind::Openpid | Kind::GroupOpenid) => "#009e73",
        Some(Kind::ExternalUserid) => "#e69f00",
        Some(Kind::PendingId | Kind::StateToken) => "#c9b400",
        Some(Kind::Userid) => "#cc79a7",
        Some(Kind::Phone) => "#d55e00",
        Some(Kind::Custom(_)) => "#56b4e9",
        _ => "#999999",
    }
}

const LEGEND_WIDTH: i32 = 700;
const LEGEND_HEIGHT: i32 = 74;

/// What lines and cards mean.
fn draw_legend(svg: &mut Markup, words: &Words, top: i32) {
    svg.element("g", &[("fill", &INK), ("font-size", &11)], |group| {
        let mut sample = |column: i32, row: i32, colour: &str, strength: Option<Strength>, text: &str| {
            let (x, y) = (MARGIN + column * 116, top + 14 + row * 20);
            let (width, dash) = stroke(strength);
            let attributes: Attributes<'_> = &[
                ("x1", &x),
                ("y1", &(y - 4)),
                ("x2", &(x + 28)),
                ("y2", &(y - 4)),
                ("stroke", &colour),
                ("stroke-width", &width),
                ("stroke-dasharray", &dash),
            ];
            group.empty("line", attributes);
            group.said("text", &[("x", &(x + 34)), ("y", &y)], text);
        };
        for (column, strength) in (0..).zip(Strength::ALL.into_iter().rev()) {
            sample(column, 0, JOINS, Some(strength), words.strength(strength));
        }
        sample(
            0,
            1,
            REJECTED,
            Some(Strength::Platform),
            &format!("\u{2715} {}", words.text("legend.rejected")),
        );
        sample(
            3,
            1,
            JOINS,
            Some(Strength::Business),
            &format!("\u{25b6} {}", words.text("legend.supersede")),
        );
        for (at, fill, edge, key) in
            [(0, "#eef4fb", "#1f5fa8", "legend.member"), (3, "#f6f6f4", "#8a8a86", "legend.other")]
        {
            let (x, y) = (MARGIN + at * 116, top + 44);
            group.empty(
                "rect",
                &[
                    ("x", &x),
                    ("y", &y),
                    ("width", &28),
                    ("height", &12),
                    ("rx", &3),
                    ("fill", &fill),
                    ("stroke", &edge),
                ],
            );
            group.said("text", &[("x", &(x + 34)), ("y", &(y + 10))], words.text(key));
        }
    });
    svg.line();
}

fn pixels(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
