//! Large changes: a commit of few facts whose effect may be as large as the graph (rules, topology, the retraction of an
//! import, an undo). It is settled beside the writer, which goes on, and takes effect at once.
//!
//! # Invariants
//!   X1 answers are the old ones until the change is complete, and the new ones then; nobody sees anything between.
//!   X2 the commit comes behind those that were made meanwhile, and the graph is as if it had begun there: facts commute,
//!      and it gives no id a number.
//!   X3 what it makes grows in memory up to the bound of the delta, and is written out then (`overflow`).
//!   X4 a crash before the journal has the commit leaves nothing of it; behind that, opening settles it again.
//!
//! # Order
//!   checkpoint, begin; settle, catch up (no lock but that on checkpoints); the rest of catching up, append, show (writer's
//!   lock); flush; checkpoint.

use std::sync::Arc;

use crate::codec::{Entry, decode_commit, encode_commit};
use crate::engine::{Change, Settling, changes_of, replay, settle_attended};
use crate::error::{Error, FactRule, Result};
use crate::graph::commit::TailCommit;
use crate::graph::handle::{Committed, Graph};
use crate::graph::options::Durability;
use crate::graph::overflow::Overflow;
use crate::graph::shared::{Shared, held};
use crate::graph::tx::Tx;
use crate::model::{Op, Time};
use crate::observe::CommitSeen;
use crate::store::{State, UNNUMBERED};

/// Commits that are caught up with while the writer waits.
const LAST_COMMITS: usize = 8;
/// Times that a large change catches up while the writer goes on.
const ROUNDS_MAX: usize = 64;

impl Graph {
    /// [`Graph::write`] for facts whose effect may be large: rules, kinds, topology (but aliases of corps), `retract` and
    /// `unretract` (of a source, a batch, an event, a pair), and undos of commits. Other facts are refused.
    ///
    /// It is one commit all the same. But it is settled beside the writer: other threads go on reading, with the old answers
    /// until this returns, and writing, up to twice [`crate::Options::delta_bytes`]; checkpoints wait. Memory stays within
    /// about that bound too: what grows past it goes to files meanwhile. `progress` is told how far it has come, often, by
    /// the thread that works: commits that it makes do not wait for room, and a checkpoint that it asked for would wait for
    /// itself.
    ///
    /// ```
    /// use idweave::model::Placeholders;
    /// use idweave::{Graph, Read, Time, ndjson};
    ///
    /// let graph = Graph::options().in_memory()?;
    /// let rules = ndjson::parse(r#"{"op":"rules","set":{"hub_limit":5},"at":1735689600000}"#, 1, &Placeholders::default())?;
    /// graph.write_large(Time::from_ms(1_735_689_600_500), |tx| tx.apply(&rules), |_| {})?;
    /// assert_eq!(graph.view().rules()?.hub_limit, 5);
    /// # Ok::<(), idweave::Error>(())
    /// ```
    ///
    /// # Errors
    /// What `fill` returned; `InvalidFact` where it told something else; `Io` (a full disk too), `Corrupt`, `Poisoned`. Nothing
    /// is written then.
    pub fn write_large<T>(
        &self,
        now: Time,
        fill: impl FnOnce(&mut Tx) -> Result<T>,
        mut progress: impl FnMut(Settling),
    ) -> Result<Committed<T>> {
        let committed = self.shared().write_large(now, fill, &mut progress)?;
        // The segments of the change are many.
        self.wake_checkpointer();
        Ok(committed)
    }

    /// Undoes an earlier commit by a new one; `false` if it is undone already. It is a large change: see
    /// [`Graph::write_large`], which takes undos too, several of them and with other facts.
    ///
    /// # Errors
    /// See [`Tx::undo`] and [`Graph::write_large`].
    pub fn undo(&self, now: Time, seq: u64) -> Result<Committed<bool>> {
        self.write_large(now, |tx| tx.undo(seq), |_| {})
    }
}

/// Whether an entry gives no id a number and says what may touch much.
fn is_large(entry: &Entry) -> bool {
    let fact = match entry {
        Entry::Fact(fact) => fact,
        Entry::Undo { .. } => return true,
        Entry::Erase(_) => return false,
    };
    match &fact.op {
        // What was stored under an alias is linked to what it means, and may be numbered for it.
        Op::Corp { aliases, .. } => aliases.is_empty(),
        Op::Retract(_) | Op::Unretract(_) | Op::Rules { .. } | Op::Kind { .. } | Op::Mark { .. } => true,
        Op::OpenAccount { .. } | Op::App { .. } | Op::Provider { .. } => true,
        _ => false,
    }
}

/// Ends the tail, however the change ends.
struct Tailed<'s>(&'s Shared);

impl Drop for Tailed<'_> {
    fn drop(&mut self) {
        held(&self.0.writer).end_tail();
    }
}

impl Shared {
    fn write_large<T>(
        &self,
        now: Time,
        fill: impl FnOnce(&mut Tx) -> Result<T>,
        progress: &mut dyn FnMut(Settling),
    ) -> Result<Committed<T>> {
        let mut watching = self.begin_to_watch();
        let written = self.write_large_seen(now, fill, progress, &mut watching.commit);
        self.tell_commit(watching, written.as_ref().ok().map(|committed| committed.seq));
        written
    }

    fn write_large_seen<T>(
        &self,
        now: Time,
        fill: impl FnOnce(&mut Tx) -> Result<T>,
        progress: &mut dyn FnMut(Settling),
        seen: &mut CommitSeen,
    ) -> Result<Committed<T>> {
        let mut checkpoints = held(&self.checkpoints);
        let turn = self.turn.take();
        self.write_delta(&mut checkpoints)?;
        let (mut begun, mut tx) = self.begin_large(now)?;
        let tailed = Tailed(self);
        let filled = fill(&mut tx);
        seen.facts = tx.told();
        let value = filled?;
        let seq = loop {
            if tx.change.broken {
                return Err(Error::Broken);
            }
            if !tx.change.entries.iter().all(is_large) {
                let what = "a large change takes rules, kinds, topology, retractions and undos";
                return Err(Error::InvalidFact(FactRule::Other(what)));
            }
            if tx.is_empty() {
                break begun.seq;
            }
            let facts = tx.change.entries.clone();
            let overflow = Overflow::begin(self, begun, true, &mut *progress);
            if let Some(seq) = self.complete(tx.change, now, overflow)? {
                break seq;
            }
            // Somebody told one of the facts meanwhile: it is his. Or he erased an id that one names, or both ends of a pair are
            // the same id now: that is dropped.
            (begun, tx) = self.begin_large(now)?;
            for entry in facts {
                let told = match entry {
                    Entry::Fact(fact) => tx.apply(&fact).map(drop),
                    Entry::Undo { seq } => tx.undo(seq).map(drop),
                    Entry::Erase(_) => Ok(()),
                };
                match told {
                    Ok(()) | Err(Error::Erased | Error::InvalidFact(FactRule::SelfLink)) => {}
                    Err(error) => return Err(error),
                }
            }
        };
        drop(tailed);
        if self.durability == Durability::Sync {
            let begun = self.watch().clock();
            self.sync_through(seq)?;
            seen.synced = self.watch().since(begun);
        }
        // The commit is made. What fails now is tried again by the next checkpoint.
        drop(self.write_delta(&mut checkpoints));
        drop(turn);
        Ok(Committed { seq, value })
    }

    /// A transaction without a number on the latest state, which is returned too; what is committed from now on is kept.
    fn begin_large(&self, now: Time) -> Result<(Arc<State>, Tx)> {
        let mut writer = held(&self.writer);
        let mut tx = writer.begin(now)?;
        tx.change.seq = UNNUMBERED;
        writer.begin_tail();
        Ok((writer.state().clone(), tx))
    }

    /// Settles a change, catches up with the commits made meanwhile, and commits it: its number, or `None` if it
    /// would be another behind these.
    fn complete(&self, mut change: Change, now: Time, mut overflow: Overflow<'_, '_>) -> Result<Option<u64>> {
        let payload = encode_commit(&change.entries);
        let first_setting = overflow.begun().settings.len();
        settle_attended(&mut change, &mut overflow)?;
        for _ in 0..ROUNDS_MAX {
            let commits = held(&self.writer).take_tail();
            let is_near = commits.len() <= LAST_COMMITS;
            if !catch_up(&mut change, commits, &mut overflow)? {
                return Ok(None);
            }
            if is_near {
                break;
            }
        }
        overflow.prepare()?;
        let mut writer = held(&self.writer);
        overflow.mute();
        if !catch_up(&mut change, writer.take_tail(), &mut overflow)? {
            return Ok(None);
        }
        change.seq = writer.seq() + 1;
        change.recorded_at = now.max(change.state.recorded_at);
        change.state.restamp(first_setting, change.seq);
        change.state.lead_as(overflow.begun(), writer.state());
        let changes = if writer.feed().has(change.seq) {
            None
        } else {
            let differing = overflow.differing(writer.state(), &mut change.state)?;
            Some(changes_of(&differing))
        };
        change.checked()?;
        let state = writer.append(change, payload, changes)?;
        overflow.keep();
        self.show(state);
        self.await_last();
        Ok(Some(writer.seq()))
    }
}

/// Applies commits that were made meanwhile; `false` if the change would be another behind them.
fn catch_up(change: &mut Change, commits: Vec<TailCommit>, overflow: &mut Overflow<'_, '_>) -> Result<bool> {
    let damaged = |_| Error::Internal { what: "a commit that cannot be read back" };
    // What they told was new to them, whatever it is to a graph that this change is in already.
    change.retelling = true;
    for TailCommit { seq, recorded_at, payload } in commits {
        (change.seq, change.recorded_at, change.audited) = (seq, recorded_at, 0);
        for entry in decode_commit(&payload).map_err(damaged)? {
            if change.entries.iter().any(|own| is_other_before(own, &entry)) {
                return Ok(false);
            }
            replay(change, entry)?;
        }
        change.state.note_commit(seq, recorded_at)?;
    }
    change.retelling = false;
    settle_attended(change, overflow)?;
    Ok(true)
}

/// Whether an entry would be another, or none, had this one come before it.
fn is_other_before(own: &Entry, before: &Entry) -> bool {
    match (own, before) {
        // An alias may mean another id, or the other end of the same pair.
        (Entry::Fact(_), Entry::Fact(before)) if names_aliases(&before.op) => true,
        (Entry::Fact(own), Entry::Fact(before)) => (own.at, &own.op) == (before.at, &before.op),
        (Entry::Fact(own), Entry::Erase(_)) => !own.op.ids().is_empty(),
        (Entry::Undo { seq: own }, Entry::Undo { seq: before }) => own == before,
        _ => false,
    }
}

fn names_aliases(op: &Op) -> bool {
    matches!(op, Op::Corp { aliases, .. } if !aliases.is_empty())
}
