//! The page around a picture: moments to move through, and all that is drawn as tables too.

use std::collections::BTreeSet;

use crate::engine::{Decision, EvidenceInfo, Verdict};
use crate::page::{Attributes, Frame, Markup, count, frame, moment};
use crate::picture::film::{Film, Moment};
use crate::picture::fold::Board;
use crate::picture::scene::{Asked, Scene, SeenEdge};
use crate::picture::svg::Drawing;
use crate::picture::words::{Style, Words};
use crate::resolve::{EdgeKind, Status};

/// Rows of a table; of more, the table says how many are not shown.
const ROWS_MAX: usize = 100;
/// Evidences of a row.
const EVIDENCE_MAX: usize = 12;

const CSS: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

impl Film {
    /// The last moment as an SVG document.
    pub fn svg(&self, style: &Style) -> String {
        let (words, drawing) = self.drawing(style);
        let mut out = Markup::default();
        let scene = self.last();
        let notes = notes(self, scene, drawing.board(), &words);
        drawing.draw(&mut out, scene, &words, &title(self, scene, &words), Some(&notes));
        out.into_text()
    }

    /// All moments as one HTML page that needs nothing but itself: a slider moves through them.
    pub fn html(&self, style: &Style) -> String {
        let (words, drawing) = self.drawing(style);
        let title = title(self, self.last(), &words);
        let has_moments = self.frames.len() > 1;
        let script = if has_moments { SCRIPT } else { "" };
        let around = Frame { lang: words.lang, title: &title, style: CSS, script };
        frame(&around, |body| {
            body.said("h1", &[], &title);
            if has_moments {
                slider(body, self.frames.len(), &words);
            }
            for (at, (moment, scene)) in self.frames.iter().enumerate() {
                let is_last = at + 1 == self.frames.len();
                let class = if is_last { "moment" } else { "moment past" };
                body.element("section", &[("class", &class)], |section| {
                    one_moment(section, self, (at, *moment, scene), &drawing, &words);
                });
            }
        })
    }

    fn drawing(&self, style: &Style) -> (Words, Drawing) {
        let ids: BTreeSet<_> = self.frames.iter().flat_map(|(_, scene)| scene.ids.keys()).collect();
        let words = Words::new(style, ids.into_iter());
        let scenes: Vec<&Scene> = self.frames.iter().map(|(_, scene)| scene).collect();
        let drawing = Drawing::new(Board::of(self), &scenes, &words);
        (words, drawing)
    }
}

fn title(film: &Film, scene: &Scene, words: &Words) -> String {
    match &film.asked {
        Asked::Entity(id) => match scene.ids.get(id).and_then(|seen| seen.entity) {
            Some(entity) => words.filled("title.entity", &[("entity", &entity.to_string())]),
            None => words.text("title.unknown").to_owned(),
        },
        Asked::Way(..) => words.text("title.way").to_owned(),
    }
}

/// What the picture leaves out or draws together.
fn notes(film: &Film, scene: &Scene, board: &Board, words: &Words) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(verdict) = scene.verdict {
        let key = match verdict {
            Verdict::SameEntity => "verdict.same_entity",
            Verdict::SamePerson => "verdict.same_person",
            Verdict::Different => "verdict.different",
            Verdict::Unknown => "verdict.unknown",
        };
        notes.push(words.text(key).to_owned());
    }
    if board.cards.len() < board.id_count() {
        let ids = words.counted("ids", board.id_count() as u64);
        let cards = count(board.cards.len() as u64);
        notes.push(words.filled("note.folded", &[("ids", &ids), ("cards", &cards)]));
    }
    for more in &scene.more {
        let (ids, space, id) = (count(more.ids), more.space.to_string(), words.id(&more.id));
        notes.push(words.filled("note.more", &[("ids", &ids), ("space", &space), ("id", &id)]));
    }
    if film.skipped > 0 {
        notes.push(words.filled("note.skipped", &[("n", &count(film.skipped as u64))]));
    }
    if scene.is_cut {
        notes.push(words.text("note.cut").to_owned());
    }
    notes
}

fn slider(body: &mut Markup, frames: usize, words: &Words) {
    let last = frames - 1;
    body.element("div", &[("class", &"slider")], |div| {
        div.said(
            "button",
            &[("type", &"button"), ("id", &"earlier"), ("aria-label", &words.text("page.earlier"))],
            "\u{25c0}",
        );
        let attributes: Attributes<'_> = &[
            ("type", &"range"),
            ("id", &"at"),
            ("min", &0),
            ("max", &last),
            ("value", &last),
            ("aria-label", &words.text("page.slider")),
        ];
        div.empty("input", attributes);
        div.said(
            "button",
            &[("type", &"button"), ("id", &"later"), ("aria-label", &words.text("page.later"))],
            "\u{25b6}",
        );
    });
}

fn one_moment(
    section: &mut Markup,
    film: &Film,
    (at, shown, scene): (usize, Moment, &Scene),
    drawing: &Drawing,
    words: &Words,
) {
    let (n, all) = (count(at as u64 + 1), count(film.frames.len() as u64));
    let (seq, time) = (shown.seq.to_string(), moment(shown.recorded_at));
    section.element("p", &[("class", &"when")], |p| {
        p.text(&words.filled("page.moment", &[("seq", &seq), ("time", &time)]));
        if film.frames.len() > 1 {
            p.text(&format!(" ({})", words.filled("page.of", &[("n", &n), ("all", &all)])));
        }
    });
    for note in notes(film, scene, drawing.board(), words) {
        section.said("p", &[("class", &"note")], &note);
    }
    let title = title(film, scene, words);
    section.element("div", &[("class", &"picture"), ("tabindex", &0)], |div| {
        drawing.draw(div, scene, words, &title, Some(&[]));
    });
    section.said("h2", &[], words.text("page.edges"));
    edges_table(section, scene, words);
    if !scene.decisions.is_empty() {
        section.said("h2", &[], words.text("page.decisions"));
        section.element("ul", &[], |list| {
            scene.decisions.iter().for_each(|decision| list.said("li", &[], &decision_text(decision, words)));
        });
    }
}

fn edges_table(out: &mut Markup, scene: &Scene, words: &Words) {
    if scene.edges.is_empty() {
        let key = if scene.verdict.is_some() { "page.nothing" } else { "page.none" };
        out.said("p", &[], words.text(key));
        return;
    }
    out.element("table", &[], |table| {
        table.element("thead", &[], |head| {
            head.element("tr", &[], |row| {
                for key in ["page.from", "page.edge", "page.to", "page.status", "page.evidence"] {
                    row.said("th", &[("scope", &"col")], words.text(key));
                }
            });
        });
        table.element("tbody", &[], |rows| {
            scene.edges.values().take(ROWS_MAX).for_each(|seen| edge_row(rows, seen, words));
        });
    });
    let unseen = scene.edges.len().saturating_sub(ROWS_MAX) as u64;
    if unseen > 0 {
        out.said("p", &[("class", &"note")], &words.filled("more.rows", &[("n", &count(unseen))]));
    }
}

fn edge_row(rows: &mut Markup, seen: &SeenEdge, words: &Words) {
    let edge = &seen.edge;
    rows.element("tr", &[], |row| {
        row.said("td", &[("class", &"id")], &words.id(&edge.a));
        let kind = match edge.kind {
            EdgeKind::Same => "edge.same",
            EdgeKind::Supersede => "edge.supersede",
        };
        row.said("td", &[], &format!("{}, {}", words.text(kind), words.strength(edge.strength)));
        row.said("td", &[("class", &"id")], &words.id(&edge.b));
        let level = words.text(&format!("page.level.{}", edge.level.name()));
        match edge.status {
            Status::Accepted => row.said("td", &[], &format!("{}, {level}", words.text("page.accepted"))),
            Status::Rejected(reason) => {
                let text = format!(
                    "{}: {} \u{2013} {}",
                    words.text("page.rejected"),
                    words.reason(reason),
                    words.why(reason)
                );
                row.said("td", &[("class", &"no")], &text);
            }
        }
        row.element("td", &[], |cell| {
            for told in seen.evidence.iter().take(EVIDENCE_MAX) {
                cell.said("div", &[], &evidence_text(told, words));
            }
            let unseen = seen.evidence.len().saturating_sub(EVIDENCE_MAX) as u64;
            if unseen > 0 {
                cell.said("div", &[], &words.filled("more.values", &[("n", &count(unseen))]));
            }
        });
    });
    rows.line();
}

fn evidence_text(told: &EvidenceInfo, words: &Words) -> String {
    let seq = told.recorded_seq.to_string();
    let mut text = format!(
        "{}, {}, {}, {}",
        told.source,
        words.strength(told.strength),
        moment(told.observed_at),
        words.filled("page.commit", &[("seq", &seq)])
    );
    if !told.stands {
        text.push_str(&format!(
            " ({})",
            words.text(if told.undone { "page.undone" } else { "page.retracted" })
        ));
    }
    text
}

fn decision_text(decision: &Decision, words: &Words) -> String {
    let mut what = format!("{} {}", decision.ruling.name(), words.id(&decision.id));
    if let Some(other) = &decision.other {
        what.push_str(&format!(" / {}", words.id(other)));
    }
    let (time, seq) = (moment(decision.at), decision.recorded_seq.to_string());
    let with = [("what", what.as_str()), ("actor", &decision.actor), ("time", &time), ("seq", &seq)];
    let mut text = words.filled("page.decision", &with);
    if let Some(reason) = &decision.reason {
        text.push_str(&format!(": {reason}"));
    }
    if !decision.in_force {
        text.push_str(&format!(" ({})", words.text("page.force")));
    }
    text
}
