//! The bytes of a number that is gone.

use crate::codec::{Reader, What};
use crate::records::NodeNo;
use crate::segment::format::GONE_BYTES;

/// Three hashes of an id, so that nobody is taken for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct IdHashes {
    /// The one that indexes use.
    pub(crate) first: u64,
    pub(crate) others: [u64; 2],
}

/// A number that is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gone {
    pub(crate) number: NodeNo,
    /// Where it leads.
    pub(crate) next: Option<NodeNo>,
    /// The id it named, where something that names it lies below.
    pub(crate) hashes: Option<IdHashes>,
}

/// Writes it.
pub(crate) fn put_gone(gone: &Gone) -> [u8; GONE_BYTES] {
    let hashes = gone.hashes.map_or([0; 3], |hashes| [hashes.first, hashes.others[0], hashes.others[1]]);
    let numbers = [gone.number, gone.next.unwrap_or(0), u32::from(gone.next.is_some())];
    let mut bytes = [0; GONE_BYTES];
    let fields = numbers.iter().flat_map(|number| number.to_le_bytes());
    let fields = fields.chain(hashes.iter().flat_map(|hash| hash.to_le_bytes()));
    bytes.iter_mut().zip(fields).for_each(|(to, from)| *to = from);
    bytes
}

/// Reads it.
pub(crate) fn take_gone(bytes: &[u8]) -> Result<Gone, What> {
    let mut reader = Reader::new(bytes);
    let number = u32::from_le_bytes(reader.array()?);
    let next = u32::from_le_bytes(reader.array()?);
    let next = match u32::from_le_bytes(reader.array()?) {
        0 if next == 0 => None,
        1 => Some(next),
        _ => return Err("a number that leads nowhere and somewhere"),
    };
    let mut hash = || reader.array().map(u64::from_le_bytes);
    let (first, others) = (hash()?, [hash()?, hash()?]);
    if reader.left() > 0 {
        return Err("more bytes than a gone number has");
    }
    let hashes = (first != 0 || others != [0; 2]).then_some(IdHashes { first, others });
    Ok(Gone { number, next, hashes })
}
