//! What a graph tells whoever watches it: commits, checkpoints and lookups, in numbers.
//!
//! # Invariants
//!   O1 nothing that is told holds an identifier, a scope, or the name of a source.
//!   O2 an observer is called after the fact and without a lock of the graph, but in the thread that waits for it: it
//!      counts and returns.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Whoever watches a graph: given to [`crate::Options::observer`], called by whatever thread did what is told of.
///
/// The engine reads no clock. An observer that wants to know how long things took hands one in:
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use std::time::{Duration, Instant};
/// use idweave::Graph;
/// use idweave::observe::{CommitSeen, Observer};
///
/// struct Slowest { begin: Instant, ns: AtomicU64 }
///
/// impl Observer for Slowest {
///     fn clock(&self) -> Option<Duration> {
///         Some(self.begin.elapsed())
///     }
///
///     fn committed(&self, commit: &CommitSeen) {
///         let took = commit.took.unwrap_or_default().as_nanos();
///         self.ns.fetch_max(u64::try_from(took).unwrap_or(u64::MAX), Ordering::Relaxed);
///     }
/// }
///
/// let slowest = Arc::new(Slowest { begin: Instant::now(), ns: AtomicU64::new(0) });
/// let graph = Graph::options().observer(slowest.clone()).in_memory()?;
/// # let line = r#"{"op":"link","a":"openid:wx0123456789abcdef:oA1","b":"unionid:shop:oU1","source":"mini.code2session","at":1735689600000}"#;
/// # let fact = idweave::ndjson::parse(line, 1, &idweave::model::Placeholders::default())?;
/// graph.apply(idweave::Time::from_ms(1_735_689_600_500), &fact)?;
/// assert!(slowest.ns.load(Ordering::Relaxed) > 0);
/// # Ok::<(), idweave::Error>(())
/// ```
pub trait Observer: Send + Sync {
    /// The time since some moment that the observer chose, never earlier than what it said before. `None`: nobody asks
    /// how long things take, and no clock is read for it.
    fn clock(&self) -> Option<Duration> {
        None
    }

    /// A write returned.
    fn committed(&self, commit: &CommitSeen) {
        let _ = commit;
    }

    /// A checkpoint ended that had something to do.
    fn checkpointed(&self, checkpoint: &CheckpointSeen) {
        let _ = checkpoint;
    }

    /// One lookup, or a batch of them, was answered by a view of the graph.
    fn looked_up(&self, lookup: &LookupSeen) {
        let _ = lookup;
    }
}

/// What became of the facts of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct FactsSeen {
    /// New: they are part of the commit.
    pub recorded: u64,
    /// Known before.
    pub already_known: u64,
    /// Refused at the door.
    pub refused: u64,
}

/// A write that returned, whether with a commit or without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct CommitSeen {
    /// The last commit when it returned; of a failure 0.
    pub seq: u64,
    /// Whether it failed: none of its facts counts.
    pub has_failed: bool,
    /// Its facts. Of a write that failed nobody knows the recorded ones.
    pub facts: FactsSeen,
    /// About how many bytes of changes are in memory now, frozen ones too.
    pub delta_bytes: u64,
    /// From its call to its return, the wait for other writers and for the medium included.
    pub took: Option<Duration>,
    /// Of that the wait for the medium (`fdatasync`, shared with other writers).
    pub synced: Option<Duration>,
}

/// A checkpoint that ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct CheckpointSeen {
    /// Whether it failed.
    pub has_failed: bool,
    /// Bytes of the segment it wrote.
    pub written_bytes: u64,
    /// Bytes of the segment that it merged others into.
    pub merged_bytes: u64,
    /// Segments there are now.
    pub segments: u64,
    /// How long it took, the wait for one under way included.
    pub took: Option<Duration>,
}

/// What was asked of a view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Verb {
    /// `translate`.
    Translate,
    /// `translate_many`.
    TranslateMany,
    /// `resolve`, `entity`, `person`.
    Resolve,
    /// `same`.
    Same,
    /// `explain`.
    Explain,
    /// `contacts_of`, `contacts_of_entity`.
    ContactsOf,
}

impl Verb {
    /// Every verb.
    pub const ALL: [Verb; 6] =
        [Verb::Translate, Verb::TranslateMany, Verb::Resolve, Verb::Same, Verb::Explain, Verb::ContactsOf];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Verb::Translate => "translate",
            Verb::TranslateMany => "translate_many",
            Verb::Resolve => "resolve",
            Verb::Same => "same",
            Verb::Explain => "explain",
            Verb::ContactsOf => "contacts_of",
        }
    }
}

/// How lookups were answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Answered {
    /// Found; of `same` and `explain`: the same.
    pub found: u64,
    /// Of translations: over an edge that is too weak.
    pub provisional: u64,
    /// Of translations: a pending id stands for it.
    pub pending: u64,
    /// Of translations: the platform was asked and had none.
    pub absent: u64,
    /// Not known; of `same` and `explain`: different.
    pub unknown: u64,
}

impl Answered {
    /// All of them, with their names.
    pub fn named(self) -> [(&'static str, u64); 5] {
        [
            ("found", self.found),
            ("provisional", self.provisional),
            ("pending", self.pending),
            ("absent", self.absent),
            ("unknown", self.unknown),
        ]
    }
}

/// A lookup that was answered, or a batch of them. One that failed is not told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct LookupSeen {
    /// What was asked.
    pub verb: Verb,
    /// How it was answered.
    pub answered: Answered,
    /// How long all of it took.
    pub took: Option<Duration>,
}

/// The observer of a graph, if it has one.
#[derive(Clone, Default)]
pub(crate) struct Watch(Option<Arc<dyn Observer>>);

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "watched" } else { "unwatched" })
    }
}

impl Watch {
    pub(crate) fn by(observer: Arc<dyn Observer>) -> Watch {
        Watch(Some(observer))
    }

    /// Who watches.
    #[inline]
    pub(crate) fn observer(&self) -> Option<&dyn Observer> {
        self.0.as_deref()
    }

    /// The observer's time.
    pub(crate) fn clock(&self) -> Option<Duration> {
        self.observer()?.clock()
    }

    /// The time since it was so late.
    pub(crate) fn since(&self, begun: Option<Duration>) -> Option<Duration> {
        Some(self.clock()?.saturating_sub(begun?))
    }
}

impl LookupSeen {
    pub(crate) fn new(verb: Verb, answered: Answered, took: Option<Duration>) -> LookupSeen {
        LookupSeen { verb, answered, took }
    }
}
