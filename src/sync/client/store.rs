//! Where tokens, refresh tokens, tickets and used quotas are kept between runs: texts by name.
//!
//! # Layout
//!   A JSON object of texts by name. `null` = the text is long and lies in a file beside it, whose ending is a hash of the name: so
//!   that the tokens, which every call reads, stay a short file.
//!
//! # Invariants
//!   S1 a file is its owner's alone, and has its name only when all of it is durable.
//!   S2 what is loaded is what was last saved by whichever process: the file is read each time. Who saves waits for others
//!      who do, so that what counts once (a refresh token, a permanent code, a call of a quota) is never dropped for being in
//!      somebody's way.
//!   S3 a long text that is removed goes before its name, so that no file is left that nobody names; a name whose file is gone
//!      has no text.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::sync::secret::Secret;
use crate::vfs::{OpenMode, RealVfs, Vfs};

/// Longest file, in bytes.
const FILE_BYTES_MAX: u64 = 64 << 20;
/// Longest text that lies in the file itself, in bytes.
const INLINE_BYTES_MAX: usize = 32 << 10;

/// What is to be saved in place of what is there; `None` = nothing.
pub type Update<'u> = dyn FnMut(Option<Secret>) -> Result<Option<Secret>> + 'u;

/// Keeps texts by name: give your own to share tokens between machines.
pub trait Store: Send + Sync {
    /// What was saved under a name last.
    ///
    /// # Errors
    /// It cannot be read.
    fn load(&self, name: &str) -> Result<Option<Secret>>;

    /// Saves what `change` makes of what is there, durably; nothing, where it gives `None` or an error. Nobody else, be it
    /// another process, saves under this name in between; `change` may be called several times for one update, and calls no
    /// store itself.
    ///
    /// # Errors
    /// It cannot be read or written; those of `change`.
    fn update(&self, name: &str, change: &mut Update<'_>) -> Result<()>;

    /// Lets go of a name and what is saved under it, if anything is.
    ///
    /// # Errors
    /// It cannot be written.
    fn remove(&self, name: &str) -> Result<()>;

    /// Saves, whatever is there.
    ///
    /// # Errors
    /// It cannot be written.
    fn save(&self, name: &str, text: &Secret) -> Result<()> {
        self.update(name, &mut |_| Ok(Some(text.clone())))
    }
}

impl<S: Store + ?Sized> Store for Arc<S> {
    fn load(&self, name: &str) -> Result<Option<Secret>> {
        (**self).load(name)
    }

    fn update(&self, name: &str, change: &mut Update<'_>) -> Result<()> {
        (**self).update(name, change)
    }

    fn remove(&self, name: &str) -> Result<()> {
        (**self).remove(name)
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

    fn update(&self, name: &str, change: &mut Update<'_>) -> Result<()> {
        let mut texts = held(&self.texts);
        if let Some(text) = change(texts.get(name).cloned())? {
            texts.insert(name.to_owned(), text);
        }
        Ok(())
    }

    fn remove(&self, name: &str) -> Result<()> {
        held(&self.texts).remove(name);
        Ok(())
    }
}

/// Keeps them in one file, which only its owner may read, and long ones beside it.
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

    /// Where a long text lies.
    fn long(&self, name: &str) -> PathBuf {
        let hash: String =
            Sha256::digest(name.as_bytes()).iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        self.beside(&format!(".{hash}"))
    }

    fn remove_long(&self, name: &str) -> Result<()> {
        let path = self.long(name);
        if self.vfs.exists(&path)? { self.vfs.remove(&path) } else { Ok(()) }
    }

    /// The texts by name; `None` = a long one.
    fn read(&self) -> Result<BTreeMap<String, Option<Zeroizing<String>>>> {
        if !self.vfs.exists(&self.path)? {
            return Ok(BTreeMap::new());
        }
        let bytes = whole(&*self.vfs, &self.path)?;
        let texts: BTreeMap<String, Option<String>> =
            serde_json::from_slice(&bytes).map_err(|_| damaged(&self.path))?;
        Ok(texts.into_iter().map(|(name, text)| (name, text.map(Zeroizing::new))).collect())
    }

    fn text_of(
        &self,
        name: &str,
        texts: &BTreeMap<String, Option<Zeroizing<String>>>,
    ) -> Result<Option<Secret>> {
        match texts.get(name) {
            None => Ok(None),
            Some(Some(text)) => Ok(Some(Secret::new(text))),
            Some(None) => {
                let path = self.long(name);
                // A process ended while it removed it (S3).
                if !self.vfs.exists(&path)? {
                    return Ok(None);
                }
                let bytes = whole(&*self.vfs, &path)?;
                let text = std::str::from_utf8(&bytes).map_err(|_| damaged(&path))?;
                Ok(Some(Secret::new(text)))
            }
        }
    }

    /// All of it, or what was there.
    fn replace(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        let temporary = self.beside(".tmp");
        let file = self.vfs.open(&temporary, OpenMode::Create)?;
        file.set_len(0)?;
        file.write_at(0, bytes)?;
        file.sync_all()?;
        drop(file);
        self.vfs.rename(&temporary, path)?;
        match path.parent().filter(|dir| !dir.as_os_str().is_empty()) {
            Some(dir) => self.vfs.sync_dir(dir),
            None => Ok(()),
        }
    }

    fn write(&self, texts: &BTreeMap<String, Option<Zeroizing<String>>>) -> Result<()> {
        let text = |text: &Option<Zeroizing<String>>| {
            text.as_ref().map_or(Value::Null, |text| Value::from(text.as_str()))
        };
        let object: serde_json::Map<String, Value> =
            texts.iter().map(|(name, kept)| (name.clone(), text(kept))).collect();
        let bytes = Zeroizing::new(Value::Object(object).to_string());
        self.replace(&self.path, bytes.as_bytes())
    }
}

fn damaged(file: &Path) -> Error {
    Error::Corrupt { file: file.to_owned(), offset: 0, what: "the names and texts of a store" }
}

impl Store for FileStore {
    fn load(&self, name: &str) -> Result<Option<Secret>> {
        // A long one may become a short one between the two looks.
        let found = self.text_of(name, &self.read()?);
        found.or_else(|_| self.text_of(name, &self.read()?))
    }

    fn update(&self, name: &str, change: &mut Update<'_>) -> Result<()> {
        let _writing = held(&self.writing);
        let _alone = self.vfs.lock_in_turn(&self.beside(".lock"))?;
        let mut texts = self.read()?;
        let Some(text) = change(self.text_of(name, &texts)?)? else { return Ok(()) };
        let (was_long, is_long) =
            (matches!(texts.get(name), Some(None)), text.expose().len() > INLINE_BYTES_MAX);
        if is_long {
            self.replace(&self.long(name), text.expose().as_bytes())?;
        }
        if !(was_long && is_long) {
            let inline = (!is_long).then(|| Zeroizing::new(text.expose().to_owned()));
            texts.insert(name.to_owned(), inline);
            self.write(&texts)?;
        }
        // It has been replaced, so nobody looks for it.
        if was_long && !is_long { self.remove_long(name) } else { Ok(()) }
    }

    fn remove(&self, name: &str) -> Result<()> {
        let _writing = held(&self.writing);
        let _alone = self.vfs.lock_in_turn(&self.beside(".lock"))?;
        let mut texts = self.read()?;
        let Some(text) = texts.remove(name) else { return Ok(()) };
        if text.is_none() {
            self.remove_long(name)?;
        }
        self.write(&texts)
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
    fn what_is_removed_leaves_neither_a_name_nor_a_file() {
        let dir = tempfile::tempdir().unwrap();
        let store = FileStore::new(dir.path().join("tokens"));
        let files = || std::fs::read_dir(dir.path()).unwrap().count();
        store.save("short", &Secret::new("1")).unwrap();
        let before = files();
        let long = Secret::new(&"x".repeat(INLINE_BYTES_MAX + 1));
        store.save("long", &long).unwrap();
        assert_eq!(files(), before + 1);
        store.remove("long").unwrap();
        store.remove("nothing").unwrap();
        assert_eq!(files(), before);
        assert!(store.load("long").unwrap().is_none() && !store.read().unwrap().contains_key("long"));
        assert_eq!(store.load("short").unwrap().unwrap().expose(), "1");
        // Ended after the file went and before the name did.
        store.save("long", &long).unwrap();
        std::fs::remove_file(store.long("long")).unwrap();
        assert!(store.load("long").unwrap().is_none());
        store.save("long", &long).unwrap();
        assert_eq!(store.load("long").unwrap().unwrap().expose(), long.expose());
        std::fs::remove_file(store.long("long")).unwrap();
        store.remove("long").unwrap();
        assert_eq!(files(), before);
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
    fn a_long_text_lies_beside_the_file_for_as_long_as_it_is_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("tokens");
        let (one, other) = (FileStore::new(&path), FileStore::new(&path));
        let long = |letter: &str| Secret::new(&letter.repeat(INLINE_BYTES_MAX + 1));
        one.save("token", &Secret::new("T")).unwrap();
        for letter in ["a", "b"] {
            one.save("list", &long(letter)).unwrap();
            assert!(other.load("list").unwrap().unwrap().expose() == long(letter).expose());
            assert!(std::fs::metadata(&path).unwrap().len() < 100);
        }
        let files = || std::fs::read_dir(dir.path()).unwrap().count();
        assert_eq!(files(), 3, "the file, its lock, the list");
        one.save("list", &Secret::new("")).unwrap();
        assert_eq!((other.load("list").unwrap().unwrap().expose(), files()), ("", 2));
        assert_eq!(other.load("token").unwrap().unwrap().expose(), "T");
    }

    #[test]
    fn what_is_updated_at_the_same_time_is_updated_each_time() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("tokens");
        std::thread::scope(|scope| {
            for _ in 0..4 {
                let store = FileStore::new(&path);
                scope.spawn(move || {
                    for _ in 0..20 {
                        let add = &mut |text: Option<Secret>| {
                            let count: u64 = text.map_or(0, |text| text.expose().parse().unwrap());
                            Ok(Some(Secret::new(&(count + 1).to_string())))
                        };
                        store.update("count", add).unwrap();
                        store.update("count", &mut |_| Ok(None)).unwrap();
                    }
                });
            }
        });
        assert_eq!(FileStore::new(&path).load("count").unwrap().unwrap().expose(), "80");
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
