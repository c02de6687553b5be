//! Counters: an observer that adds up, to be read by a program or scraped as Prometheus text.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::observe::observer::{CheckpointSeen, CommitSeen, LookupSeen, Observer, Verb};

/// Upper bounds of what a commit takes, in milliseconds; what takes longer is counted beyond the last.
const COMMIT_MS: [u64; 8] = [1, 2, 5, 10, 50, 100, 1_000, 10_000];
/// Buckets of a histogram: one a bound, and one beyond.
const BUCKETS: usize = COMMIT_MS.len() + 1;

/// A clock: the time since some moment.
type Clock = Box<dyn Fn() -> Duration + Send + Sync>;

/// Adds up what a graph tells, since it was made. Reading it stops nobody.
///
/// ```
/// use std::sync::Arc;
/// use std::time::Instant;
/// use idweave::Graph;
/// use idweave::observe::Counters;
///
/// let begin = Instant::now();
/// let counters = Arc::new(Counters::default().with_clock(move || begin.elapsed()));
/// let graph = Graph::options().observer(counters.clone()).in_memory()?;
/// graph.sync()?;
/// assert!(counters.prometheus().contains("idweave_commits_total 0"));
/// # Ok::<(), idweave::Error>(())
/// ```
#[derive(Default)]
pub struct Counters {
    clock: Option<Clock>,
    commits: AtomicU64,
    failed_commits: AtomicU64,
    recorded: AtomicU64,
    already_known: AtomicU64,
    refused: AtomicU64,
    delta_bytes: AtomicU64,
    commit_buckets: [AtomicU64; BUCKETS],
    commit_ns: AtomicU64,
    synced_ns: AtomicU64,
    checkpoints: AtomicU64,
    failed_checkpoints: AtomicU64,
    checkpoint_ns: AtomicU64,
    written_bytes: AtomicU64,
    merged_bytes: AtomicU64,
    segments: AtomicU64,
    lookups: [[AtomicU64; 5]; Verb::ALL.len()],
    lookup_ns: [AtomicU64; Verb::ALL.len()],
}

impl std::fmt::Debug for Counters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Counters").field("commits", &self.commits).finish_non_exhaustive()
    }
}

fn add(counter: &AtomicU64, more: u64) {
    counter.fetch_add(more, Ordering::Relaxed);
}

fn get(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

fn ns(took: Option<Duration>) -> u64 {
    took.map_or(0, |took| u64::try_from(took.as_nanos()).unwrap_or(u64::MAX))
}

impl Counters {
    /// With a clock, so that times are added up too.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Fn() -> Duration + Send + Sync + 'static) -> Counters {
        self.clock = Some(Box::new(clock));
        self
    }

    /// Lookups of a verb that ended as `answer` says: `found`, `provisional`, `pending`, `absent`, `unknown`.
    pub fn lookups(&self, verb: Verb, answer: &str) -> u64 {
        let names = crate::observe::observer::Answered::default().named();
        let at = names.iter().position(|(name, _)| *name == answer);
        let row = self.lookups.get(verb as usize);
        row.zip(at).and_then(|(row, at)| row.get(at)).map_or(0, get)
    }

    /// Writes that returned with success.
    pub fn commits(&self) -> u64 {
        get(&self.commits)
    }

    /// New facts, known ones, refused ones.
    pub fn facts(&self) -> (u64, u64, u64) {
        (get(&self.recorded), get(&self.already_known), get(&self.refused))
    }

    /// Checkpoints that ended well.
    pub fn checkpoints(&self) -> u64 {
        get(&self.checkpoints)
    }

    /// Everything in the text format of Prometheus, version 0.0.4.
    pub fn prometheus(&self) -> String {
        let mut text = String::new();
        let mut one = |name: &str, kind: &str, help: &str, rows: &[(String, u64)]| {
            // Writing to a string cannot fail.
            let head = writeln!(text, "# HELP idweave_{name} {help}\n# TYPE idweave_{name} {kind}");
            let rows =
                rows.iter().try_for_each(|(labels, value)| writeln!(text, "idweave_{name}{labels} {value}"));
            debug_assert!(head.and(rows).is_ok());
        };
        let plain = |counter: &AtomicU64| vec![(String::new(), get(counter))];
        one("commits_total", "counter", "writes that returned with success", &plain(&self.commits));
        one("commits_failed_total", "counter", "writes that failed", &plain(&self.failed_commits));
        let facts = [
            ("recorded", &self.recorded),
            ("already_known", &self.already_known),
            ("refused", &self.refused),
        ];
        let facts = facts.map(|(outcome, counter)| (format!("{{outcome=\"{outcome}\"}}"), get(counter)));
        one("facts_total", "counter", "facts by what became of them", &facts);
        one("delta_bytes", "gauge", "bytes of changes in memory, about", &plain(&self.delta_bytes));
        one(
            "sync_nanoseconds_total",
            "counter",
            "time that writes waited for the medium",
            &plain(&self.synced_ns),
        );
        one("checkpoints_total", "counter", "checkpoints that ended well", &plain(&self.checkpoints));
        one(
            "checkpoints_failed_total",
            "counter",
            "checkpoints that failed",
            &plain(&self.failed_checkpoints),
        );
        one(
            "checkpoint_nanoseconds_total",
            "counter",
            "time that checkpoints took",
            &plain(&self.checkpoint_ns),
        );
        let bytes = [("written", &self.written_bytes), ("merged", &self.merged_bytes)];
        let bytes = bytes.map(|(what, counter)| (format!("{{what=\"{what}\"}}"), get(counter)));
        one("checkpoint_bytes_total", "counter", "bytes of segments", &bytes);
        one("segments", "gauge", "segments after the last checkpoint", &plain(&self.segments));
        one("lookups_total", "counter", "lookups by verb and answer", &self.lookup_rows());
        let times = Verb::ALL.into_iter().zip(&self.lookup_ns);
        let times: Vec<(String, u64)> =
            times.map(|(verb, counter)| (format!("{{verb=\"{}\"}}", verb.name()), get(counter))).collect();
        one("lookup_nanoseconds_total", "counter", "time that lookups took", &times);
        self.histogram(&mut text);
        text
    }

    fn lookup_rows(&self) -> Vec<(String, u64)> {
        let names = crate::observe::observer::Answered::default().named();
        let rows = Verb::ALL.into_iter().zip(&self.lookups).flat_map(|(verb, row)| {
            let label = move |answer: &str| format!("{{verb=\"{}\",answer=\"{answer}\"}}", verb.name());
            names.iter().zip(row).map(move |((answer, _), counter)| (label(answer), get(counter)))
        });
        rows.collect()
    }

    /// What commits took, as a histogram in seconds.
    fn histogram(&self, text: &mut String) {
        let name = "idweave_commit_seconds";
        let mut written = writeln!(text, "# HELP {name} what writes took\n# TYPE {name} histogram");
        let mut below = 0;
        let bounds =
            COMMIT_MS.iter().map(|ms| format!("{}", *ms as f64 / 1_000.0)).chain(["+Inf".to_owned()]);
        for (bound, counter) in bounds.zip(&self.commit_buckets) {
            below += get(counter);
            written = written.and(writeln!(text, "{name}_bucket{{le=\"{bound}\"}} {below}"));
        }
        let sum = get(&self.commit_ns) as f64 / 1e9;
        written = written.and(writeln!(text, "{name}_sum {sum}\n{name}_count {below}"));
        debug_assert!(written.is_ok());
    }
}

impl Observer for Counters {
    fn clock(&self) -> Option<Duration> {
        self.clock.as_ref().map(|clock| clock())
    }

    fn committed(&self, commit: &CommitSeen) {
        add(if commit.has_failed { &self.failed_commits } else { &self.commits }, 1);
        add(&self.recorded, commit.facts.recorded);
        add(&self.already_known, commit.facts.already_known);
        add(&self.refused, commit.facts.refused);
        self.delta_bytes.store(commit.delta_bytes, Ordering::Relaxed);
        add(&self.synced_ns, ns(commit.synced));
        if let Some(took) = commit.took {
            let over = |ms: &&u64| took > Duration::from_millis(**ms);
            let at = COMMIT_MS.iter().take_while(over).count();
            self.commit_buckets.get(at).into_iter().for_each(|bucket| add(bucket, 1));
            add(&self.commit_ns, ns(Some(took)));
        }
    }

    fn checkpointed(&self, checkpoint: &CheckpointSeen) {
        add(if checkpoint.has_failed { &self.failed_checkpoints } else { &self.checkpoints }, 1);
        add(&self.written_bytes, checkpoint.written_bytes);
        add(&self.merged_bytes, checkpoint.merged_bytes);
        add(&self.checkpoint_ns, ns(checkpoint.took));
        self.segments.store(checkpoint.segments, Ordering::Relaxed);
    }

    fn looked_up(&self, lookup: &LookupSeen) {
        if let Some(row) = self.lookups.get(lookup.verb as usize) {
            let told = lookup.answered.named();
            row.iter()
                .zip(told)
                .filter(|(_, (_, times))| *times > 0)
                .for_each(|(counter, (_, times))| add(counter, times));
        }
        if let Some(took) = lookup.took {
            self.lookup_ns
                .get(lookup.verb as usize)
                .into_iter()
                .for_each(|counter| add(counter, ns(Some(took))));
        }
    }
}
