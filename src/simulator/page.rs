//! Pages: where each begins, as its cursor says it, and how cursors go wrong.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::simulator::call::{Call, Errcode, refused};
use crate::simulator::fault::Misbehaviour;
use crate::simulator::world::World;

/// The cursor that a page is asked for with.
pub(super) struct Cursor {
    text: String,
    /// Where the page begins; empty for the first one.
    pub(super) place: String,
    /// How many pages lead up to it.
    page: u64,
}

/// The cursor of a place, so many pages from the beginning.
fn text(place: &str, page: u64) -> String {
    URL_SAFE_NO_PAD.encode(format!("{page}.{place}"))
}

impl Cursor {
    fn parsed(text: &str) -> Option<Cursor> {
        if text.is_empty() {
            return Some(Cursor { text: String::new(), place: String::new(), page: 0 });
        }
        let plain = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        let (page, place) = plain.split_once('.')?;
        Some(Cursor { text: text.to_owned(), place: place.to_owned(), page: page.parse().ok()? })
    }

    /// The place, if it is a number; the first page is at 0.
    pub(super) fn number(&self) -> Result<usize, Errcode> {
        if self.place.is_empty() { Ok(0) } else { self.place.parse().map_err(|_| Errcode(40058)) }
    }
}

impl World {
    /// The cursor of a call, in its body or among its parameters.
    pub(super) fn cursor(&self, call: &Call<'_>) -> Result<Cursor, Errcode> {
        let asked = [call.text("cursor"), call.param("cursor")].concat();
        let Some(cursor) = Cursor::parsed(&asked) else { return refused(40058) };
        match self.faults.struck() {
            Some(Misbehaviour::CursorsDie(pages)) if cursor.page >= pages.max(1) => refused(40058),
            _ => Ok(cursor),
        }
    }

    /// The cursor that leads on from a page: to a place, or nowhere, or wherever the fault of the call leads.
    pub(super) fn next_cursor(&mut self, asked: &Cursor, next: Option<String>) -> String {
        let here = if asked.text.is_empty() { text(&asked.place, 0) } else { asked.text.clone() };
        let next = match self.faults.struck() {
            Some(Misbehaviour::CursorLoop) => here.clone(),
            Some(Misbehaviour::CursorBack) => self.before.get(&here).cloned().unwrap_or_else(|| here.clone()),
            Some(Misbehaviour::PageTwice) => text(&asked.place, asked.page + 1),
            _ => next.map_or(String::new(), |place| text(&place, asked.page + 1)),
        };
        if !next.is_empty() {
            self.before.entry(next.clone()).or_insert(here);
        }
        next
    }
}
