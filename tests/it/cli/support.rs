//! A database of one test, and the program run on it.

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

/// What a run left: its exit code and what it printed.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// The lines of stdout.
    pub(crate) fn lines(&self) -> Vec<&str> {
        self.stdout.lines().collect()
    }

    /// Stdout as one JSON object.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    /// Stdout as one JSON object a line.
    pub(crate) fn json_lines(&self) -> Vec<Value> {
        self.lines().iter().map(|l| serde_json::from_str(l).unwrap_or_else(|e| panic!("{e}: {l}"))).collect()
    }

    /// Asserts the exit code.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Ran {
        assert_eq!(self.code, code, "{self:?}");
        self
    }
}

/// Runs the program.
pub(crate) fn run(args: &[&str], stdin: &str) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_idweave"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).env_remove("IDWEAVE_SESSION_KEY");
    let output = command.args(args).write_stdin(stdin).output().unwrap();
    Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// The time all facts and runs of these tests are near.
pub(crate) const NOW: &str = "2025-06-01T08:00:00+08:00";

/// A database in a directory of its own.
pub(crate) struct Db {
    dir: TempDir,
}

impl Db {
    /// An empty one.
    pub(crate) fn new() -> Db {
        Db::new_in("native")
    }

    /// An empty one in this home.
    pub(crate) fn new_in(home: &str) -> Db {
        let db = Db { dir: TempDir::new().unwrap() };
        db.run(&["init", "--home", home]).exits(0);
        db
    }

    /// One that holds these facts.
    pub(crate) fn with(facts: &[&str]) -> Db {
        let db = Db::new();
        db.run_with(&["import", "-"], &facts.join("\n")).exits(0);
        db
    }

    /// The database's directory.
    pub(crate) fn path(&self) -> PathBuf {
        self.dir.path().join("db")
    }

    /// A file beside the database.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a file beside the database; its path.
    pub(crate) fn file(&self, name: &str, text: impl AsRef<[u8]>) -> String {
        let path = self.beside(name);
        std::fs::write(&path, text).unwrap();
        text_of(&path)
    }

    /// Runs the program on this database.
    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        self.run_with(args, "")
    }

    /// The same with something on stdin.
    pub(crate) fn run_with(&self, args: &[&str], stdin: &str) -> Ran {
        let db = text_of(&self.path());
        run(&[args, &["--db", &db, "--now", NOW]].concat(), stdin)
    }
}

/// A path as an argument.
pub(crate) fn text_of(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

pub(crate) const OPENID: &str = "openid:wx00000000000000a1:oA1bcdefgh";
pub(crate) const UNIONID: &str = "unionid:wx00000000000000f0:oU1bcdefgh";
pub(crate) const EXTERNAL: &str = "external_userid:ww00000000000000c0:wmA1bcdefgh";
pub(crate) const USERID: &str = "userid:ww00000000000000c0:zhangsan";

/// A link, as the line that `dump facts` prints: the smaller end first.
pub(crate) fn link(a: &str, b: &str, source: &str) -> String {
    let (a, b) = (a.min(b), a.max(b));
    format!(r#"{{"op":"link","a":"{a}","b":"{b}","source":"{source}","at":1748000000000}}"#)
}
