//! Reads every byte of a segment and holds its parts against each other.

use std::collections::BTreeSet;

use crate::error::Result;
use crate::model::Id;
use crate::segment::file::FileSegment;
use crate::segment::format::{Form, LINE_BYTES, Section};
use crate::segment::hash::hash_id;
use crate::segment::index::{Line, verify_dense};
use crate::segment::known::{Known, Record};
use crate::segment::record::{Family, Key, Member, Spaces, take_family};

/// What was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Read {
    pub(crate) bytes: u64,
    pub(crate) records: u64,
    pub(crate) ids: u64,
    pub(crate) rows: u64,
}

impl FileSegment {
    /// Reads everything: every record decodes, both indexes lead to each of its members, every line, every row and
    /// every byte between holds.
    pub(crate) fn verify(&self, spaces: &impl Spaces) -> Result<Read> {
        let mut read = Read { bytes: self.header().file_len, ..Read::default() };
        for known in self.scan() {
            match known? {
                Known::Nothing => {}
                Known::Gone(gone) => match self.find_node(gone.number)? {
                    Known::Gone(found) if found == gone => {}
                    _ => return Err(self.corrupt(self.header().nodes.at, "a gone number is not found")),
                },
                Known::Family(record) => {
                    let family = self.family(&record, spaces)?;
                    for ((number, node), member) in family.nodes.iter().zip(self.members_of(&record)?) {
                        let found = match self.find_node(*number)? {
                            Known::Family(found) => found.at() == record.at(),
                            Known::Nothing | Known::Gone(_) => false,
                        };
                        if !found || !self.leads_to(&node.id, member.space, record.at())? {
                            return Err(self.corrupt(record.at(), "an index does not lead to this record"));
                        }
                        read.ids += 1;
                    }
                    read.records += 1;
                }
            }
        }
        self.verify_lines(&self.header().ids)?;
        match self.header().form {
            Form::Hashed => self.verify_lines(&self.header().nodes)?,
            Form::Dense => {
                self.each_line(&self.header().nodes, |at, bytes| verify_dense(self.identity(), at, bytes))?
            }
        }
        self.verify_gap()?;
        let table = self.table()?;
        table.check(self.header().table_at)?;
        read.rows = table.entry_count();
        Ok(read)
    }

    fn family(&self, record: &Record<'_>, spaces: &impl Spaces) -> Result<Family> {
        let tail = self.tail(record)?;
        take_family(record.head(), &tail, spaces).map_err(|what| self.corrupt(record.at(), what))
    }

    fn members_of<'r>(&self, record: &'r Record<'_>) -> Result<Vec<Member<'r>>> {
        record.members().map_err(|what| self.corrupt(record.at(), what))
    }

    fn leads_to(&self, id: &Id, space: u32, at: u64) -> Result<bool> {
        let hash = hash_id(self.name().seed, id);
        match self.find_id(hash, id, &Key::new(space, id.value()))? {
            Known::Family(found) => Ok(found.at() == at),
            Known::Nothing | Known::Gone(_) => Ok(false),
        }
    }

    fn verify_lines(&self, section: &Section) -> Result<()> {
        let mut places = BTreeSet::new();
        self.each_line(section, |at, bytes| {
            let line = Line::read(self.identity(), at, bytes)?;
            places.extend(line.all());
            Ok(())
        })?;
        for place in places {
            self.record(place)?;
        }
        Ok(())
    }

    fn each_line(
        &self,
        section: &Section,
        mut check: impl FnMut(u64, &[u8]) -> Result<(), crate::codec::What>,
    ) -> Result<()> {
        for line in 0..section.len {
            let at = section.at + line * LINE_BYTES as u64;
            let bytes = self.bytes().get(at, LINE_BYTES)?;
            check(at, &bytes).map_err(|what| self.corrupt(at, what))?;
        }
        Ok(())
    }

    /// The bytes between records and index are zero.
    fn verify_gap(&self) -> Result<()> {
        let records = self.header().records;
        let end = records.at + records.len;
        let gap = usize::try_from(self.header().ids.at - end).unwrap_or(0);
        if self.bytes().get(end, gap)?.iter().all(|byte| *byte == 0) {
            Ok(())
        } else {
            Err(self.corrupt(end, "bytes between the parts that are not zero"))
        }
    }
}
