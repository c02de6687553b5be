//! Reads every row of a segment and holds them against each other.

use crate::error::Result;
use crate::model::Id;
use crate::segment::hash::hash_id;
use crate::segment::kept::chain::Chain;
use crate::segment::kept::reader::KeptSegment;
use crate::segment::kept::row::Kind;
use crate::segment::kept::scan::KeptScan;
use crate::segment::known::Known;
use crate::segment::record::{Key, Spaces, take_family};
use crate::segment::table::Walk;
use crate::segment::verify::Read;

impl KeptSegment {
    /// Reads everything: every record decodes, numbers and ids lead to it, and the chains are as long as the header says.
    pub(crate) fn verify(&self, spaces: &impl Spaces) -> Result<Read> {
        let mut read = Read { bytes: self.bytes(), ..Read::default() };
        let mut numbers = 0;
        for known in self.scan() {
            match known? {
                Known::Nothing => {}
                Known::Gone(_) => numbers += 1,
                Known::Family(record) => {
                    let tail = record.tail.as_deref().unwrap_or_default();
                    let family =
                        take_family(record.head(), tail, spaces).map_err(|what| self.corrupt(what))?;
                    for (number, node) in &family.nodes {
                        let is_found = matches!(self.find_node(*number)?, Known::Family(found) if found.at() == record.at());
                        if !is_found || !self.leads_to(&node.id, node.space, record.at())? {
                            return Err(self.corrupt("a row does not lead to its record"));
                        }
                        numbers += 1;
                        read.ids += 1;
                    }
                    read.records += 1;
                }
            }
        }
        let mut entries = KeptScan::new(self, b"", b"");
        while entries.next()?.is_some() {
            read.rows += 1;
        }
        let header = self.header();
        let ids = self.length(Kind::Id)?;
        let found = [numbers, self.length(Kind::Number)?, ids, read.rows];
        if found != [header.numbers_here, header.numbers_here, header.ids_here, header.entries_here] {
            return Err(self.corrupt("a segment does not hold what its header says"));
        }
        Ok(read)
    }

    fn leads_to(&self, id: &Id, space: u32, at: u64) -> Result<bool> {
        let hash = hash_id(self.name().seed, id);
        match self.find_id(hash, id, &Key::new(space, id.value()))? {
            Known::Family(found) => Ok(found.at() == at),
            Known::Nothing | Known::Gone(_) => Ok(false),
        }
    }

    /// How many rows a chain has.
    fn length(&self, kind: Kind) -> Result<u64> {
        let (mut chain, mut rows) = (Chain::new(self, kind, &[]), 0);
        while chain.next()?.is_some() {
            rows += 1;
        }
        Ok(rows)
    }
}
