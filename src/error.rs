//! The one public error: kinds a caller would treat differently, each telling the reader what to do.
//!
//! # Invariants
//!   E1 no message, field or Debug output holds an identifier's value or a secret; ids appear as
//!      `kind:scope` at most.
//!   E2 messages are one lower-case clause and do not repeat their source.
//!
//! # Not here
//!   lawful answers ("already known", "nothing joins them") are outcomes of the verbs, not errors.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// The crate's result type.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What was being done to a file when it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum IoOp {
    /// Opening or creating a file.
    Open,
    /// Creating a directory.
    CreateDir,
    /// Reading.
    Read,
    /// Writing or growing.
    Write,
    /// Flushing to the medium.
    Sync,
    /// Renaming.
    Rename,
    /// Removing.
    Remove,
    /// Listing a directory or asking for a length.
    Stat,
    /// Taking the process lock.
    Lock,
}

impl fmt::Display for IoOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            IoOp::Open => "open",
            IoOp::CreateDir => "create the directory",
            IoOp::Read => "read",
            IoOp::Write => "write",
            IoOp::Sync => "flush",
            IoOp::Rename => "rename",
            IoOp::Remove => "remove",
            IoOp::Stat => "look at",
            IoOp::Lock => "lock",
        })
    }
}

/// The rule of design section 1 that an identifier broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum IdRule {
    /// Not `kind:scope:value`.
    #[error("an id is written kind:scope:value")]
    Shape,
    /// A kind this engine does not know.
    #[error("the kind is not known")]
    UnknownKind,
    /// A temporary id of the platform.
    #[error("tmp_* ids are temporary ids of the platform and are not stored")]
    TemporaryKind,
    /// `custom.NAME` with a bad name.
    #[error("a custom kind's name is 1-32 of [a-z0-9_-]")]
    CustomName,
    /// The scope is empty where one is needed.
    #[error("this kind needs a scope")]
    ScopeMissing,
    /// The scope is given where none is allowed.
    #[error("this kind has no scope")]
    ScopeForbidden,
    /// The scope is longer than 128 bytes.
    #[error("a scope is at most 128 bytes")]
    ScopeTooLong,
    /// The scope holds a character outside `[A-Za-z0-9_.@-]`.
    #[error("a scope is made of [A-Za-z0-9_.@-]")]
    ScopeCharacter,
    /// The scope does not have the shape its kind asks for.
    #[error("the scope does not have the form this kind asks for")]
    ScopeForm,
    /// The value is empty.
    #[error("the value is empty")]
    ValueEmpty,
    /// The value is longer than 128 bytes.
    #[error("a value is at most 128 bytes")]
    ValueTooLong,
    /// The value holds a control character.
    #[error("a value holds no control characters")]
    ValueControl,
    /// The value starts or ends with white space.
    #[error("a value has no leading or trailing white space")]
    ValueWhiteSpace,
    /// A phone value that is not a keyed hash.
    #[error("a phone value is a keyed hash: 64 lower-case hex digits, never the number")]
    PhoneNotHashed,
    /// A placeholder such as `null` or `0000`.
    #[error("the value is a placeholder, not an id")]
    Placeholder,
}

/// Everything that can go wrong. Match on the kinds you can act on and print the rest.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused. After a failed write or flush the writer is poisoned.
    #[error("could not {op} {}", path.display())]
    Io {
        /// What was being done.
        op: IoOp,
        /// The file or directory.
        path: PathBuf,
        /// The system's own error.
        #[source]
        source: io::Error,
    },
    /// Bytes on disk that were acknowledged once are damaged. Restore from a backup.
    #[error("{} is damaged at byte {offset}: {what}; restore the database from a backup", file.display())]
    Corrupt {
        /// The damaged file.
        file: PathBuf,
        /// Where the damage was found.
        offset: u64,
        /// What did not hold.
        what: &'static str,
    },
    /// Another process (or another handle of this one) has the database open for writing.
    #[error("{} is in use by another process; close it there first", path.display())]
    Locked {
        /// The database directory.
        path: PathBuf,
    },
    /// There is no database here.
    #[error("{} holds no database; create one with `init`", path.display())]
    NotFound {
        /// The directory that was asked for.
        path: PathBuf,
    },
    /// There is something here already that `create` must not touch.
    #[error("{} already holds a database or other files", path.display())]
    AlreadyExists {
        /// The directory that was asked for.
        path: PathBuf,
    },
    /// The files were written by a version of idweave this one cannot read.
    #[error("the database has format {found}; this version reads {oldest} to {newest}, use a matching one")]
    FormatVersion {
        /// The version found on disk.
        found: u32,
        /// The oldest version that can be read.
        oldest: u32,
        /// The newest version that can be read.
        newest: u32,
    },
    /// An earlier write failed, so nothing can be promised any more. Reopen the database.
    #[error("an earlier write failed; close and reopen the database to recover what was acknowledged")]
    Poisoned,
    /// An identifier that breaks a rule of its kind.
    #[error("bad id: {0}")]
    InvalidId(IdRule),
    /// A fact that breaks a rule of the format or the model.
    #[error("bad fact: {0}")]
    InvalidFact(FactRule),
    /// A line of NDJSON that is not a fact.
    #[error("line {line}, column {column}: {rule}")]
    Parse {
        /// The line, from 1.
        line: u64,
        /// The column in bytes, from 1.
        column: u64,
        /// What was wrong, without quoting the input.
        rule: ParseRule,
    },
    /// A time before 2011 or more than a day after the commit: most often seconds given as milliseconds.
    #[error("a time before 2011 or more than a day ahead; times are milliseconds, not seconds")]
    ImplausibleTime,
    /// The id was erased, and the fact is not newer than its erasure (or the erasure is sticky).
    #[error("the id was erased; facts not newer than its erasure are refused")]
    Erased,
    /// `strict_topology`: the fact's issuers are unknown or do not fit each other.
    #[error("strict topology: {what}")]
    ScopeMismatch {
        /// Which issuer is unknown or mismatched.
        what: &'static str,
    },
    /// A limit was exceeded.
    #[error("{what} is larger than {limit}")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
    /// A view fell further behind than the graph's options allow. It keeps memory until it is dropped.
    #[error(
        "this view fell further behind than max_view_age_ms or max_pinned_bytes allow; drop it and take a new one"
    )]
    ViewExpired,
    /// The past was asked for something of which only the present is kept.
    #[error("{what} of the past are not kept; ask the present")]
    NotKept {
        /// What is not kept.
        what: &'static str,
    },
    /// Changes were asked for that the feed does not go back to.
    #[error(
        "the change feed begins at commit {oldest}; read the graph as it is, and follow the changes from there"
    )]
    ChangesNotKept {
        /// The first commit that can be asked for.
        oldest: u64,
    },
    /// A commit was to be undone that does not exist, or does not yet.
    #[error("there is no such commit to undo; the last one is {last}")]
    NoSuchCommit {
        /// The last commit.
        last: u64,
    },
    /// A commit was to be undone that holds what can not be undone.
    #[error("this commit can not be undone: it holds {what}")]
    NotUndone {
        /// What it holds.
        what: &'static str,
    },
    /// The home of the database cannot do what was asked: why, and what to do.
    #[error("the database cannot be opened like this: {0}")]
    Home(&'static str),
    /// A fact of the transaction failed half-way (its error said why): nothing of the transaction was written.
    #[error("a fact of this transaction failed half-way and nothing of it was written; begin it again")]
    Broken,
    /// A promise of idweave's own code did not hold. What was being done was given up; nothing of it was kept.
    #[error("a bug in idweave: {what}; nothing was changed, please report it")]
    Internal {
        /// The promise.
        what: &'static str,
    },
    /// The operating system refused a socket.
    #[error("could not {what}")]
    Network {
        /// What was being done.
        what: &'static str,
        /// The system's own error.
        #[source]
        source: io::Error,
    },
    /// A platform answer that could not be turned into facts.
    #[error("{0}")]
    Answer(AnswerError),
    /// A call to a platform that gave no answer to use.
    #[error("{api}: {failure}")]
    Call {
        /// The call, by its path.
        api: &'static str,
        /// Why not.
        failure: CallFailure,
    },
}

/// Why a call to a platform gave no answer to use, and what is to be done about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallFailure {
    /// No answer came, or none that was whole, however often it was tried.
    #[error("no whole answer came; try again later")]
    Unreachable,
    /// The platform was busy, however often it was tried.
    #[error("the platform is busy (errcode {0}); try again later")]
    Busy(i64),
    /// The quota of this call is used up.
    #[error("its quota is used up; go on after {until_ms} (milliseconds since 1970)")]
    Limit {
        /// When it can be tried again.
        until_ms: i64,
    },
    /// The platform refuses what was asked, and will tomorrow.
    #[error("the platform refuses what was asked (errcode {0})")]
    Refused(i64),
    /// The platform refuses who asks: a secret, a permission, an address.
    #[error("the platform refuses who asks (errcode {0}); correct the settings or the permissions there")]
    Settings(i64),
    /// A code or ticket that counts once is spent or too old: it takes a new one.
    #[error("a code or ticket that counts once is spent (errcode {0}); a new one is needed")]
    Spent(i64),
    /// The answer is not what this call answers.
    #[error("the answer is not JSON of this call")]
    NotAnAnswer,
    /// This run may make no more calls.
    #[error("the calls allowed for this run are used up; run it again to go on")]
    CallsUsedUp,
    /// The caller ended the run while a call waited for its turn.
    #[error("the run was ended; run it again to go on")]
    Ended,
    /// Something that the platform pushes has not come yet.
    #[error("no good {0} is stored yet; the platform pushes one to the callback URL")]
    NotPushedYet(&'static str),
    /// Whoever it is for authorises the caller no longer, and nothing is asked until he does again.
    #[error("its authorisation was taken back; nothing is asked until it is given again")]
    Stopped,
    /// The address may not be called: not https, not one of the platforms, and not on this machine.
    #[error("only https to the platforms, or an address given for it, is called")]
    ForeignAddress,
    /// A logger would be given all that the HTTP client traces, tokens among it: nothing is sent.
    #[error("let no logger take more than debug of `ureq` and `ureq_proto`: what they trace holds tokens")]
    Traced,
    /// The app is bound to another open account than the settings say, or to none: its unionids are not theirs.
    #[error("the app is bound to another open account than the settings say")]
    OtherBinding,
}

/// A rule about facts that a fact broke.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FactRule {
    /// Both ends are the same id.
    #[error("both ends are the same id")]
    SelfLink,
    /// The ends belong to different classes.
    #[error("the ends belong to different classes")]
    ClassMismatch,
    /// A phone edge that claims to be more than a hint, or supersedes.
    #[error("an edge of a phone is always a hint")]
    PhoneStrength,
    /// A relation kind that is unknown, or whose ends do not fit.
    #[error("the relation does not fit its ends: {0}")]
    Relation(&'static str),
    /// A combination of selector fields that is not one of the four.
    #[error(
        "a retraction selects by a and b (and source), by source and to (scope, from), by source and event, \
         or by batch"
    )]
    Selector,
    /// A rule name or value that does not exist.
    #[error("no such rule, or a wrong value for it: {0}")]
    Rule(String),
    /// A name (source, event, batch, key...) that is empty, too long or holds control characters.
    #[error("{0} is empty, too long or holds control characters")]
    Name(&'static str),
    /// An interval whose end lies before its start.
    #[error("the interval ends before it starts")]
    Interval,
    /// Anything else the format forbids.
    #[error("{0}")]
    Other(&'static str),
}

impl From<IdRule> for Error {
    fn from(rule: IdRule) -> Error {
        Error::InvalidId(rule)
    }
}

impl From<AnswerError> for Error {
    fn from(error: AnswerError) -> Error {
        Error::Answer(error)
    }
}

impl From<FactRule> for Error {
    fn from(rule: FactRule) -> Error {
        Error::InvalidFact(rule)
    }
}

/// What was wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseRule {
    /// Not JSON, or not one object.
    #[error("not a JSON object: {0}")]
    Json(String),
    /// A key that occurs twice.
    #[error("the key occurs twice: {0}")]
    DuplicateKey(String),
    /// A field the operation does not have.
    #[error("unknown field: {0}")]
    UnknownField(String),
    /// A field the operation needs.
    #[error("missing field: {0}")]
    MissingField(&'static str),
    /// A field of the wrong JSON type or form.
    #[error("field {field}: expected {expected}")]
    WrongType {
        /// The field.
        field: String,
        /// What it must be.
        expected: &'static str,
    },
    /// An `op` that does not exist.
    #[error("unknown operation")]
    UnknownOp,
    /// A bad identifier.
    #[error("field {field}: {rule}")]
    Id {
        /// The field.
        field: String,
        /// The rule it broke.
        rule: IdRule,
    },
    /// A bad fact.
    #[error("{0}")]
    Fact(FactRule),
    /// The line is longer than the limit.
    #[error("the line is longer than {0} bytes")]
    TooLong(usize),
}

/// What was wrong with a platform's answer or event (the `wechat` module).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnswerError {
    /// The body is not the JSON or XML it should be.
    #[error("the body is not {0}")]
    Malformed(&'static str),
    /// The platform said no.
    #[error("the platform answered errcode {0}")]
    Errcode(i64),
    /// A field is missing.
    #[error("the field {0} is missing")]
    Missing(&'static str),
    /// A field has the wrong type or form.
    #[error("the field {field} is not {expected}")]
    WrongType {
        /// The field.
        field: &'static str,
        /// What it must be.
        expected: &'static str,
    },
    /// A field holds a value that is no valid id.
    #[error("the field {field}: {rule}")]
    BadId {
        /// The field.
        field: &'static str,
        /// The rule it broke.
        rule: IdRule,
    },
    /// The data was made for another app.
    #[error("the watermark names another appid")]
    ForeignWatermark,
    /// Encrypted data that does not decrypt.
    #[error("the data does not decrypt: wrong key, wrong iv or changed bytes")]
    Decrypt,
    /// The caller left out an option the answer needs.
    #[error("the option {0} is needed for this answer")]
    OptionMissing(&'static str),
    /// An option has a value, or stands in a combination, that cannot be.
    #[error("the option {option} is not {expected}")]
    BadOption {
        /// The option.
        option: &'static str,
        /// What it must be.
        expected: &'static str,
    },
    /// The field names another app than the option does.
    #[error("the field {0} names another app than the option says")]
    ForeignApp(&'static str),
    /// No parser has this name; `wechat::sources()` lists them.
    #[error("no such kind of answer or event")]
    UnknownSource,
    /// A virtual account of snapshot mode: counted, never stored.
    #[error("a snapshot-mode account is virtual and is not stored")]
    SnapshotUser,
    /// The item failed at the platform.
    #[error("the platform refused this item")]
    ItemFailed,
    /// A fact built from the answer breaks a rule.
    #[error("{0}")]
    Fact(FactRule),
}

impl Error {
    /// Whether it says no to one fact, and nothing of the graph.
    #[cfg(feature = "sync")]
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(
            self,
            Error::InvalidFact(_)
                | Error::InvalidId(_)
                | Error::ImplausibleTime
                | Error::Erased
                | Error::ScopeMismatch { .. }
        )
    }

    /// An I/O error with what was done and to which file.
    pub(crate) fn io(op: IoOp, path: impl Into<PathBuf>, source: io::Error) -> Error {
        Error::Io { op, path: path.into(), source }
    }

    /// True where bytes on disk are damaged, so that only a backup helps.
    pub fn is_corruption(&self) -> bool {
        matches!(self, Error::Corrupt { .. })
    }
}
