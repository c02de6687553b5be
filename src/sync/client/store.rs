//! Where tokens, refresh tokens, tickets and used quotas are kept between runs: texts by name.
//!
//! # Invariants
//!   S1 the file is its owner's alone, and has its name only when all of it is durable.
//!   S2 what is loaded is what was last saved by whichever process: the file is read each time. Who saves waits for others
//!      who do, so that what counts once (a refresh token, a permanent code) is never dropped for being in somebody's way.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::sync::secret::Secret;
use crate::vfs::{OpenMode, RealVfs, Vfs};

/// Longest file, in bytes.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// Keeps texts by name: give your own to share tokens between machines.
pub trait Store: Send + Sync {
    /// What was saved under a name last.
    ///
    /// # Errors
    /// It cannot be read.
    fn load(&self, name: &str) -> Result<Option<Secret>>;

    /// Saves; durably, where losing it would cost more than another call.
    ///
    /// # Errors
    /// It cannot be written.
    fn save(&self, name: &str, text: &Secret) -> Result<()>;
}

impl<S: Store + ?Sized> Store for Arc<S> {
    fn load(&self, name: &str) -> Result<Option<Secret>> {
        (**self).load(name)
    }

    fn save(&self, name: &str, text: &Secret) -> Result<()> {
        (**self).save(name, text)
    }
}

/// Keeps them for as long as the process lives.
#[derive(Default)]
pub struct MemoryStore {
    texts: Mutex<BTreeMap<String, Secret>>,
}

impl std::fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Store for MemoryStore {
    fn load(&self, name: &str) -> Result<Option<Secret>> {
        Ok(held(&self.texts).get(name).cloned())
    }

    fn save(&self, name: &str, text: &Secret) -> Result<()> {
        held(&self.texts).insert(name.to_owned(), text.clone());
        Ok(())
    }
}

/// Keeps them in one file, which only its owner may read.
pub struct FileStore {
    vfs: Arc<dyn Vfs>,
    path: PathBuf,
    writing: Mutex<()>,
}

impl std::fmt::Debug for FileStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FileStore").field("path", &self.path).finish_non_exhaustive()
    }
}

impl FileStore {
    /// A file, which need not be there yet.
    pub fn new(path: impl Into<PathBuf>) -> FileStore {
        FileStore { vfs: Arc::new(RealVfs), path: path.into(), writing: Mutex::new(()) }
    }

    fn beside(&self, ending: &str) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(ending);
        PathBuf::from(name)
    }

    fn read(&self) -> Result<BTreeMap<String, Zeroizing<String>>> {
        if !self.vfs.exists(&self.path)? {
            return Ok(BTreeMap::new());
        }
        let bytes = whole(&*self.vfs, &self.path)?;
        let damaged =
            |_| Error::Corrupt { file: self.path.clone(), offset: 0, what: "the names and texts of a store" };
        let texts: BTreeMap<String, String> = serde_json::from_slice(&bytes).map_err(damaged)?;
        Ok(texts.into_iter().map(|(name, text)| (name, Zeroizing::new(text))).collect())
    }
}

impl Store for FileStore {
    fn load(&self, name: &str) -> Result<Option<Secret>> {
        Ok(self.read()?.get(name).map(|text| Secret::new(text)))
    }

    fn save(&self, name: &str, text: &Secret) -> Result<()> {
        let _writing = held(&self.writing);
        let _alone = self.vfs.lock_in_turn(&self.beside(".lock"))?;
        let mut texts = self.read()?;
        texts.insert(name.to_owned(), Zeroizing::new(text.expose().to_owned()));
        let object: serde_json::Map<String, Value> =
            texts.iter().map(|(name, text)| (name.clone(), Value::from(text.as_str()))).collect();
        let bytes = Zeroizing::new(Value::Object(object).to_string());
        let temporary = self.beside(".tmp");
        let file = self.vfs.open(&temporary, OpenMode::Create)?;
        file.set_len(0)?;
        file.write_at(0, bytes.as_bytes())?;
        file.sync_all()?;
        drop(file);
        self.vfs.rename(&temporary, &self.path)?;
        match self.path.parent().filter(|dir| !dir.as_os_str().is_empty()) {
            Some(dir) => self.vfs.sync_dir(dir),
            None => Ok(()),
        }
    }
}

fn whole(vfs: &dyn Vfs, path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    let file = vfs.open(path, OpenMode::Read)?;
    let len = file.len()?;
    if len > FILE_BYTES_MAX {
        return Err(Error::TooLarge { what: "a store of tokens", limit: FILE_BYTES_MAX });
    }
    let mut bytes = Zeroizing::new(vec![0; usize::try_from(len).unwrap_or(0)]);
    let mut done = 0;
    while let Some(rest) = bytes.get_mut(done..).filter(|rest| !rest.is_empty()) {
        match file.read_at(done as u64, rest)? {
            0 => break,
            read => done += read,
        }
    }
    bytes.truncate(done);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_gives_back_what_another_handle_saved_and_is_its_owners_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("tokens");
        let (one, other) = (FileStore::new(&path), FileStore::new(&path));
        assert!(one.load("a").unwrap().is_none());
        one.save("a", &Secret::new("1")).unwrap();
        other.save("b", &Secret::new("2")).unwrap();
        one.save("a", &Secret::new("3 \"\u{5c0f}")).unwrap();
        assert_eq!(other.load("a").unwrap().unwrap().expose(), "3 \"\u{5c0f}");
        assert_eq!(one.load("b").unwrap().unwrap().expose(), "2");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn whoever_saves_at_the_same_time_waits_for_his_turn() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("tokens");
        std::thread::scope(|scope| {
            for number in 0..8 {
                let store = FileStore::new(&path);
                scope.spawn(move || {
                    for turn in 0..20 {
                        store.save(&format!("{number} {turn}"), &Secret::new("x")).unwrap();
                    }
                });
            }
        });
        assert_eq!(FileStore::new(&path).read().unwrap().len(), 160);
    }

    #[test]
    fn a_damaged_file_is_an_error_that_shows_nothing_of_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("tokens");
        std::fs::write(&path, "{\"a\":\"TOPSECRET").unwrap();
        let error = FileStore::new(&path).load("a").unwrap_err();
        assert!(matches!(error, Error::Corrupt { .. }));
        assert!(!format!("{error} {error:?}").contains("TOPSECRET"));
    }
}
