//! Writes a segment to a file: records as they come, then both indexes, then the table, and the header last.
//!
//! What is held in memory is twelve to sixteen bytes for each id and each number.

use std::path::Path;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::records::NodeNo;
use crate::segment::any::Segment;
use crate::segment::checksum::{quick_sum, sum};
use crate::segment::format::{
    Counts, DENSE_ENTRIES, Form, GONE_BIT, HEADER_BYTES, Header, LINE_BYTES, Name, PLACE_MAX, RECORD_ALIGN,
    Section,
};
use crate::segment::hash::{hash_id, hash_node, hash_text};
use crate::segment::index::{line_count, write_dense, write_hashed};
use crate::segment::known::Record;
use crate::segment::record::{Family, Gone, Spaces, put_family, put_gone};
use crate::segment::table::{Sink, TableWriter};
use crate::vfs::{OpenMode, Vfs, VfsFile};

/// How much is written to the file at once.
const BUFFER_BYTES: usize = 1 << 20;

/// A file that grows at its end, written in large pieces.
struct Output {
    file: Box<dyn VfsFile>,
    buffer: Vec<u8>,
    /// Where the buffer goes.
    at: u64,
}

impl Output {
    fn len(&self) -> u64 {
        self.at + self.buffer.len() as u64
    }

    fn flush(&mut self) -> Result<()> {
        self.file.write_at(self.at, &self.buffer)?;
        self.at += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    fn align(&mut self, to: u64) -> Result<()> {
        let zeros = self.len().next_multiple_of(to) - self.len();
        self.append(&vec![0; usize::try_from(zeros).unwrap_or(0)])
    }
}

impl Sink for Output {
    fn append(&mut self, bytes: &[u8]) -> Result<()> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= BUFFER_BYTES { self.flush() } else { Ok(()) }
    }
}

/// Bytes after their length, which has a flag in its highest bit.
fn with_len(bytes: &[u8], flag: u32) -> Result<Vec<u8>> {
    let len = u32::try_from(bytes.len()).ok().filter(|len| *len < GONE_BIT);
    let len = len.ok_or(Error::TooLarge { what: "a family", limit: u64::from(GONE_BIT) })? | flag;
    Ok([&len.to_le_bytes()[..], bytes].concat())
}

/// Calls `take` with the text and the number of each member of a record.
pub(in crate::segment) fn each_member(
    from: &Segment,
    record: &Record<'_>,
    spaces: &impl Spaces,
    mut take: impl FnMut(&str, NodeNo),
) -> Result<()> {
    let mut text = String::new();
    for member in from.members(record)? {
        let space = spaces.space(member.space).ok_or("a member of an unknown kind and scope");
        let value = space.and_then(|space| Ok((space, member.value.unpack()?)));
        let (space, value) = value.map_err(|what| from.corrupt(record.at(), what))?;
        text.clear();
        text.push_str(space.as_str());
        text.push(':');
        text.push_str(&value);
        take(&text, member.number);
    }
    Ok(())
}

/// A segment being written. It is no segment, and its file is to be removed, unless `finish` returns.
pub(crate) struct FileWriter {
    out: Output,
    name: Name,
    identity: u32,
    ids: Vec<(u64, u32)>,
    nodes: Vec<(NodeNo, u32)>,
    records_len: u64,
    ids_at: Section,
    nodes_at: Section,
    first_node: u64,
    form: Form,
    id_homes: u64,
    node_homes: u64,
    table_at: u64,
    table: Option<TableWriter>,
}

impl FileWriter {
    /// Begins a segment in a new file, on a medium that has room for about `room` bytes.
    pub(crate) fn create(vfs: &Arc<dyn Vfs>, path: &Path, name: Name, room: u64) -> Result<FileWriter> {
        let file = vfs.open(path, OpenMode::Create)?;
        file.set_len(0)?;
        file.reserve(room)?;
        let buffer = vec![0; HEADER_BYTES];
        Ok(FileWriter {
            out: Output { file, buffer, at: 0 },
            name,
            identity: name.identity(),
            ids: Vec::new(),
            nodes: Vec::new(),
            records_len: 0,
            ids_at: Section::default(),
            nodes_at: Section::default(),
            first_node: 0,
            form: Form::Hashed,
            id_homes: 0,
            node_homes: 0,
            table_at: 0,
            table: None,
        })
    }

    /// Adds a family.
    pub(crate) fn add_family(&mut self, family: &Family) -> Result<()> {
        let (head, tail) = put_family(family);
        let place = self.add_record(&head, Some(&tail))?;
        for (number, node) in &family.nodes {
            self.ids.push((hash_id(self.name.seed, &node.id), place));
            self.nodes.push((*number, place));
        }
        Ok(())
    }

    /// Adds a number that is gone, and hides the id it named from what lies below.
    pub(crate) fn add_gone(&mut self, gone: &Gone) -> Result<()> {
        let place = self.add_record(&put_gone(gone), None)?;
        self.nodes.push((gone.number, place));
        if let Some(hashes) = gone.hashes {
            self.ids.push((hashes.first, place));
        }
        Ok(())
    }

    /// Adds a family that lies in another segment as it is.
    pub(crate) fn copy_family(
        &mut self,
        from: &Segment,
        record: &Record<'_>,
        spaces: &impl Spaces,
    ) -> Result<()> {
        let place = self.add_record(record.head(), Some(&from.tail(record)?))?;
        each_member(from, record, spaces, |text, number| {
            self.ids.push((hash_text(self.name.seed, text), place));
            self.nodes.push((number, place));
        })
    }

    /// A record of a head and, of a family, a tail.
    fn add_record(&mut self, head: &[u8], tail: Option<&[u8]>) -> Result<u32> {
        let at = self.out.len();
        let place = (at - HEADER_BYTES as u64) / RECORD_ALIGN + 1;
        let place = u32::try_from(place).ok().filter(|place| *place <= PLACE_MAX);
        let limit = u64::from(PLACE_MAX) * RECORD_ALIGN;
        let place = place.ok_or(Error::TooLarge { what: "the records of a segment", limit })?;
        let covered = with_len(head, if tail.is_some() { 0 } else { GONE_BIT })?;
        self.out.append(&quick_sum(self.identity, at, &covered).to_le_bytes())?;
        self.out.append(&covered)?;
        if let Some(tail) = tail {
            let at = self.out.len();
            let covered = with_len(tail, 0)?;
            self.out.append(&sum(self.identity, at, &covered).to_le_bytes())?;
            self.out.append(&covered)?;
        }
        self.out.align(RECORD_ALIGN)?;
        Ok(place)
    }

    /// Ends the records and begins the table.
    fn begin_table(&mut self) -> Result<()> {
        self.records_len = self.out.len() - HEADER_BYTES as u64;
        self.out.align(LINE_BYTES as u64)?;
        self.ids.sort_unstable();
        self.ids_at.at = self.out.len();
        self.id_homes = line_count(self.ids.len() as u64);
        self.ids_at.len = write_hashed(self.identity, self.ids_at.at, &self.ids, &mut self.out)?;
        self.ids = Vec::new();
        self.nodes_at.at = self.out.len();
        self.nodes.sort_unstable();
        let nodes = std::mem::take(&mut self.nodes);
        self.nodes_at.len = self.write_nodes(&nodes)?;
        self.table_at = self.out.len();
        self.table = Some(TableWriter::new(self.identity, self.table_at));
        Ok(())
    }

    /// Dense where that is the smaller form.
    fn write_nodes(&mut self, nodes: &[(NodeNo, u32)]) -> Result<u64> {
        let first = nodes.first().map_or(0, |(number, _)| u64::from(*number));
        let span = nodes.last().map_or(0, |(number, _)| u64::from(*number) - first + 1);
        let at = self.nodes_at.at;
        if span.div_ceil(DENSE_ENTRIES as u64) <= line_count(nodes.len() as u64) {
            self.form = Form::Dense;
            self.first_node = first;
            let entries: Vec<_> =
                nodes.iter().map(|(number, place)| (u64::from(*number) - first, *place)).collect();
            return write_dense(self.identity, at, &entries, &mut self.out);
        }
        let mut entries: Vec<_> = nodes.iter().map(|(number, place)| (hash_node(*number), *place)).collect();
        entries.sort_unstable();
        self.node_homes = line_count(entries.len() as u64);
        write_hashed(self.identity, at, &entries, &mut self.out)
    }

    /// Adds an entry of the table: a value, or that what lies below is gone. After the first no record comes.
    pub(crate) fn put(&mut self, key: &[u8], value: Option<&[u8]>) -> Result<()> {
        if self.table.is_none() {
            self.begin_table()?;
        }
        let Some(table) = &mut self.table else { return Ok(()) };
        table.add(&mut self.out, key, value)
    }

    /// Ends the segment and makes its bytes durable; its name is not yet. The length of the file.
    pub(crate) fn finish(mut self, counts: Counts) -> Result<u64> {
        if self.table.is_none() {
            self.begin_table()?;
        }
        let Some(table) = self.table.take() else { return Ok(0) };
        let root = table.finish(&mut self.out)?;
        let header = Header {
            name: self.name,
            counts,
            records: Section { at: HEADER_BYTES as u64, len: self.records_len },
            ids: self.ids_at,
            nodes: self.nodes_at,
            first_node: self.first_node,
            form: self.form,
            id_homes: self.id_homes,
            node_homes: self.node_homes,
            table_at: self.table_at,
            root,
            file_len: self.out.len(),
        };
        if header.misplaced(header.file_len).is_some() {
            return Err(Error::Internal { what: "a segment's parts do not lie as they should" });
        }
        self.out.flush()?;
        self.out.file.write_at(0, &header.encode())?;
        self.out.file.set_len(header.file_len)?;
        self.out.file.sync_all()?;
        Ok(header.file_len)
    }
}
