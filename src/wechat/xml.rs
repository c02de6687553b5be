//! XML bodies of callbacks as a flat list of the root's children; nothing deeper is kept.
//!
//! # Invariants
//!   X1 a document type is refused, so there are no entities but the five of XML and character references:
//!      nothing can grow or fetch.
//!   X2 depth is bounded by `DEPTH_MAX`, size by the caller.
//!   X3 what stands in CDATA is kept to the byte; white space around it, which official samples show
//!      (wechat reference 16.1), and around plain text is dropped.

use quick_xml::Reader;
use quick_xml::events::{BytesRef, Event};

use crate::error::AnswerError;

/// Deepest nesting of elements, the root included.
const DEPTH_MAX: usize = 16;

/// A child of the root: its name and its text, or `None` where it has elements of its own.
pub(crate) struct Child {
    pub(crate) name: String,
    pub(crate) text: Option<String>,
}

/// The children of the root element `xml`.
pub(crate) fn children(body: &[u8]) -> Result<Vec<Child>, AnswerError> {
    let text = std::str::from_utf8(body).map_err(|_| malformed())?;
    let mut reader = Reader::from_str(text);
    let mut walk = Walk::default();
    loop {
        match reader.read_event().map_err(|_| malformed())? {
            Event::Start(tag) => walk.start(tag.name().as_ref())?,
            Event::Empty(tag) => {
                walk.start(tag.name().as_ref())?;
                walk.end();
            }
            Event::End(_) => walk.end(),
            Event::Text(text) => walk.text(&text)?,
            Event::CData(text) => walk.cdata(&text)?,
            Event::GeneralRef(reference) => walk.reference(&reference)?,
            Event::DocType(_) => return Err(AnswerError::Malformed("XML without a document type")),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::Eof => return walk.finish(),
        }
    }
}

fn malformed() -> AnswerError {
    AnswerError::Malformed("XML")
}

/// One piece of an element's text.
enum Piece {
    Plain(String),
    Verbatim(String),
}

#[derive(Default)]
struct Walk {
    depth: usize,
    has_root: bool,
    children: Vec<Child>,
    /// The child being read: its name, its pieces, and whether it has elements of its own.
    name: String,
    pieces: Vec<Piece>,
    is_nested: bool,
}

impl Walk {
    fn start(&mut self, name: &str) -> Result<(), AnswerError> {
        match self.depth {
            0 if self.has_root || name != "xml" => {
                return Err(AnswerError::Malformed("XML with the root xml"));
            }
            0 => self.has_root = true,
            1 => name.clone_into(&mut self.name),
            DEPTH_MAX.. => return Err(AnswerError::Malformed("XML of at most 16 levels")),
            _ => self.is_nested = true,
        }
        self.depth += 1;
        Ok(())
    }

    fn end(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        if self.depth == 1 {
            let pieces = std::mem::take(&mut self.pieces);
            let text = (!std::mem::take(&mut self.is_nested)).then(|| joined(pieces));
            self.children.push(Child { name: std::mem::take(&mut self.name), text });
        }
    }

    fn text(&mut self, text: &str) -> Result<(), AnswerError> {
        match self.depth {
            0 if !text.trim().is_empty() => return Err(malformed()),
            2 => self.pieces.push(Piece::Plain(text.to_owned())),
            _ => {}
        }
        Ok(())
    }

    fn cdata(&mut self, text: &str) -> Result<(), AnswerError> {
        match self.depth {
            0 => return Err(malformed()),
            2 => self.pieces.push(Piece::Verbatim(text.to_owned())),
            _ => {}
        }
        Ok(())
    }

    fn reference(&mut self, reference: &BytesRef<'_>) -> Result<(), AnswerError> {
        let character = match reference.resolve_char_ref().map_err(|_| malformed())? {
            Some(character) => character,
            None => match reference.as_ref() {
                "lt" => '<',
                "gt" => '>',
                "amp" => '&',
                "apos" => '\'',
                "quot" => '"',
                _ => return Err(AnswerError::Malformed("XML without entities of its own")),
            },
        };
        self.text(character.encode_utf8(&mut [0; 4]))
    }

    fn finish(self) -> Result<Vec<Child>, AnswerError> {
        if self.depth != 0 || !self.has_root { Err(malformed()) } else { Ok(self.children) }
    }
}

/// The text of an element (X3).
fn joined(pieces: Vec<Piece>) -> String {
    let is_verbatim = pieces.iter().any(|piece| matches!(piece, Piece::Verbatim(_)));
    let mut text = String::new();
    for piece in pieces {
        match piece {
            Piece::Verbatim(part) => text.push_str(&part),
            Piece::Plain(part) if is_verbatim && part.trim().is_empty() => {}
            Piece::Plain(part) => text.push_str(&part),
        }
    }
    if is_verbatim { text } else { text.trim().to_owned() }
}
