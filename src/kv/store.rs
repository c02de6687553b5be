//! What is asked of a key-value store, and of what makes and opens them.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use crate::error::Result;
use crate::kv::batch::Batch;

/// A row: its key and its value.
pub type Row = (Vec<u8>, Vec<u8>);

/// Rows in the order of their keys. After an error nothing more is asked of it.
pub type Scan<'k> = Box<dyn Iterator<Item = Result<Row>> + 'k>;

/// An open key-value store. Keys are at most 2 KiB, values at most 4 KiB.
///
/// One batch is written at a time, while any thread reads. A scan need not be a snapshot: rows are written once, under
/// keys that nobody reads yet, and removed when nobody reads them any more.
pub trait Kv: fmt::Debug + Send + Sync {
    /// The value of a key.
    ///
    /// # Errors
    /// `Io`, `Corrupt`, `Poisoned`.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>>;

    /// The values of several keys, in their order.
    ///
    /// # Errors
    /// See [`Kv::get`].
    fn multi_get(&self, keys: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>> {
        keys.iter().map(|key| self.get(key)).collect()
    }

    /// The rows from a key on whose keys are less than `below`.
    fn scan<'k>(&'k self, from: &[u8], below: &[u8]) -> Scan<'k>;

    /// Writes a batch: whole or not at all, whatever happens, and never before an earlier one.
    ///
    /// # Errors
    /// `Io`, `Corrupt`, `Poisoned`. Nothing more may be written then.
    fn write(&self, batch: Batch) -> Result<()>;

    /// Returns when every batch so far is on the medium.
    ///
    /// # Errors
    /// `Io`, `Corrupt`, `Poisoned`. Nothing more may be written then.
    fn sync(&self) -> Result<()>;

    /// Bytes that it takes on its medium.
    ///
    /// # Errors
    /// `Io`.
    fn size(&self) -> Result<u64>;

    /// What errors name: the directory of the store, or a name of it.
    fn path(&self) -> &Path;
}

/// Makes, opens and removes key-value stores: the generations of a database, of which one counts.
pub trait Store: fmt::Debug + Send + Sync {
    /// What the store is called in the file `HOME`; 1-32 bytes.
    fn name(&self) -> &'static str;

    /// A new, empty store in the place of whatever a creation that was cut short left.
    ///
    /// # Errors
    /// `Io`, `Corrupt`.
    fn create(&self, dir: &Path, generation: u64) -> Result<Arc<dyn Kv>>;

    /// Opens a store.
    ///
    /// # Errors
    /// `NotFound` if there is none; `Io`, `Corrupt`.
    fn open(&self, dir: &Path, generation: u64) -> Result<Arc<dyn Kv>>;

    /// The generations that there are, or of which something was left.
    ///
    /// # Errors
    /// `Io`.
    fn generations(&self, dir: &Path) -> Result<Vec<u64>>;

    /// Removes a generation, of which views may still be reading.
    ///
    /// # Errors
    /// `Io`.
    fn remove(&self, dir: &Path, generation: u64) -> Result<()>;
}
