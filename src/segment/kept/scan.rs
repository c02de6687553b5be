//! A walk over the sorted entries of a segment in rows.

use crate::error::{Error, Result};
use crate::segment::kept::chain::Chain;
use crate::segment::kept::reader::KeptSegment;
use crate::segment::kept::row::{Kind, Value};
use crate::segment::table::{Entry, Walk};

/// A walk over entries. It reads nothing before the first is asked for.
pub(crate) struct KeptScan<'f> {
    kept: &'f KeptSegment,
    prefix: Vec<u8>,
    state: State<'f>,
}

enum State<'f> {
    /// To begin at this key.
    Before(Vec<u8>),
    /// The last entry: its key, and its value or an absence.
    Within(Chain<'f>, Vec<u8>, Option<Vec<u8>>),
    Over,
    Failed,
}

impl<'f> KeptScan<'f> {
    /// The entries from `from` on whose keys begin with `prefix`.
    pub(crate) fn new(kept: &'f KeptSegment, from: &[u8], prefix: &[u8]) -> KeptScan<'f> {
        KeptScan { kept, prefix: prefix.to_vec(), state: State::Before(from.to_vec()) }
    }
}

impl Walk for KeptScan<'_> {
    fn next(&mut self) -> Result<Option<Entry<'_>>> {
        let mut chain = match std::mem::replace(&mut self.state, State::Failed) {
            State::Before(from) => Chain::new(self.kept, Kind::Entry, &from),
            State::Within(chain, ..) => chain,
            State::Over => {
                self.state = State::Over;
                return Ok(None);
            }
            State::Failed => return Err(Error::Internal { what: "a walk went on after its error" }),
        };
        let row = chain.next()?.filter(|row| row.rest().starts_with(&self.prefix));
        self.state = match row {
            None => State::Over,
            Some(row) => {
                let value = self.kept.bytes_of(row.says::<Value<'_>>(self.kept)?)?;
                State::Within(chain, row.rest().to_vec(), value)
            }
        };
        self.entry()
    }

    fn entry(&self) -> Result<Option<Entry<'_>>> {
        Ok(match &self.state {
            State::Within(_, key, value) => Some(Entry { key, value: value.as_deref() }),
            State::Before(_) | State::Over | State::Failed => None,
        })
    }
}
