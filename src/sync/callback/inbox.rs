//! The queue of accepted callbacks: a directory, one file each, and the replay cache beside them.
//!
//! # Layout
//!   `LOCK`, `SEEN` (seen.rs), and for each item its number with ten digits and what is still to be done with it:
//!   `.new`, nothing was made of it yet; `.due`, its facts are in the graph and its calls are to be made; `.damaged`, its
//!   bytes do not hold together and it is left for people. `.tmp` is removed when the inbox is opened.
//!
//! # Invariants
//!   Q1 what is answered with success is in a file, durably, or was before.
//!   Q2 an item is gone only after its marks are durable in `SEEN`.
//!   Q3 two files of one delivery, which a crash may leave, are one item.
//!
//! # Order
//!   file, rename, directory, reply. Then: facts durable in the graph, marks durable, rename or removal, directory. Being
//!   killed anywhere repeats what was not finished: facts that are known already change nothing.

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::error::Result;
use crate::model::Time;
use crate::sync::callback::receiver::{Opened, Product, Receiver, Reply};
use crate::sync::callback::seen::{Mark, Seen};
use crate::sync::callback::spool::Spooled;
use crate::vfs::{RealVfs, Vfs, VfsLock};
use crate::wechat::Event;

/// How an inbox is kept.
#[derive(Debug, Clone)]
pub struct InboxOptions {
    vfs: Arc<dyn Vfs>,
    window_ms: i64,
    marks_max: usize,
    items_max: usize,
}

impl Default for InboxOptions {
    fn default() -> InboxOptions {
        InboxOptions {
            vfs: Arc::new(RealVfs),
            // Shops try for 3.6 hours (wechat reference 5.1), the others for seconds.
            window_ms: 6 * 3_600_000,
            marks_max: 500_000,
            items_max: 1_000_000,
        }
    }
}

impl InboxOptions {
    /// The file system (default: the operating system's).
    #[must_use]
    pub fn vfs(mut self, vfs: Arc<dyn Vfs>) -> InboxOptions {
        self.vfs = vfs;
        self
    }

    /// For how long a push is remembered, and after how long a new one is refused as stale (default: 6 hours).
    #[must_use]
    pub fn window_ms(mut self, window_ms: i64) -> InboxOptions {
        self.window_ms = window_ms.max(0);
        self
    }

    /// How many marks are remembered at most, two for each push (default: 500,000). Beyond it the oldest go, and what is not
    /// newer than they were is refused.
    #[must_use]
    pub fn marks_max(mut self, marks_max: usize) -> InboxOptions {
        self.marks_max = marks_max.max(2);
        self
    }

    /// How many items wait at most (default: 1,000,000). Beyond it the platform is told to come again.
    #[must_use]
    pub fn items_max(mut self, items_max: usize) -> InboxOptions {
        self.items_max = items_max;
        self
    }
}

/// What is still to be done with an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Nothing was made of it yet.
    New,
    /// Its facts are in the graph; its calls are to be made.
    Due,
}

impl Stage {
    fn ending(self) -> &'static str {
        match self {
            Stage::New => "new",
            Stage::Due => "due",
        }
    }
}

/// A callback that was accepted. An item that is neither finished nor put back comes again when the inbox is opened.
pub struct Item {
    pub(super) number: u64,
    pub(super) stage: Stage,
    pub(super) spooled: Spooled,
}

impl Item {
    /// What tells it from others of its inbox.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The name of the [`Receiver`] that accepted it.
    pub fn receiver(&self) -> &str {
        &self.spooled.name
    }

    /// When it was accepted.
    pub fn received_at(&self) -> Time {
        self.spooled.received_at
    }

    /// The event, decrypted. It holds ids, and may hold tickets and codes.
    pub fn body(&self) -> &[u8] {
        &self.spooled.body
    }
}

impl fmt::Debug for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Item");
        shown.field("number", &self.number).field("stage", &self.stage).finish_non_exhaustive()
    }
}

/// The queue. All of it may be called from many threads.
pub struct Inbox {
    vfs: Arc<dyn Vfs>,
    dir: PathBuf,
    items_max: usize,
    state: Mutex<State>,
    arrived: Condvar,
    _lock: Box<dyn VfsLock>,
}

struct State {
    next: u64,
    new: VecDeque<u64>,
    due: VecDeque<u64>,
    /// Files, queued or taken.
    items: usize,
    damaged: usize,
    seen: Seen,
}

impl State {
    fn queue(&mut self, stage: Stage) -> &mut VecDeque<u64> {
        match stage {
            Stage::New => &mut self.new,
            Stage::Due => &mut self.due,
        }
    }
}

impl fmt::Debug for Inbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbox").field("dir", &self.dir).finish_non_exhaustive()
    }
}

impl Inbox {
    /// Opens the inbox of a directory, which is made if it is not there (its parent must be).
    ///
    /// # Errors
    /// `Locked`: another has it open. `Io`. `Corrupt`: the head of its replay cache is damaged.
    pub fn open(dir: impl AsRef<Path>, options: InboxOptions) -> Result<Inbox> {
        let InboxOptions { vfs, window_ms, marks_max, items_max } = options;
        let dir = vfs.absolute(dir.as_ref())?;
        vfs.create_dir(&dir)?;
        dir.parent().map_or(Ok(()), |above| vfs.sync_dir(above))?;
        let lock = vfs.lock(&dir.join("LOCK"))?;
        let seen = Seen::open(vfs.clone(), &dir, window_ms, marks_max)?;
        let (new, due) = (VecDeque::new(), VecDeque::new());
        let state = State { next: 1, new, due, items: 0, damaged: 0, seen };
        let inbox =
            Inbox { vfs, dir, items_max, state: Mutex::new(state), arrived: Condvar::new(), _lock: lock };
        inbox.find_items()?;
        Ok(inbox)
    }

    fn find_items(&self) -> Result<()> {
        let mut state = self.held();
        let mut found: HashSet<Mark> = HashSet::new();
        for name in self.vfs.list(&self.dir)? {
            let path = self.dir.join(&name);
            let Some((digits, ending)) = name.split_once('.') else { continue };
            if ending == "tmp" {
                self.vfs.remove(&path)?;
                continue;
            }
            let Ok(number) = digits.parse::<u64>() else { continue };
            state.next = state.next.max(number.saturating_add(1));
            let stage = match ending {
                "new" => Stage::New,
                "due" => Stage::Due,
                _ => {
                    state.damaged += usize::from(ending == "damaged");
                    continue;
                }
            };
            let Some(spooled) = Spooled::read(&*self.vfs, &path)? else {
                self.set_aside(&mut state, number, stage)?;
                continue;
            };
            // Q3: the platform was not told of the first, and came again.
            if !found.insert(spooled.delivery) {
                self.vfs.remove(&path)?;
                continue;
            }
            state.seen.add(spooled.delivery, spooled.stamp_ms);
            state.seen.add(spooled.content, spooled.stamp_ms);
            state.queue(stage).push_back(number);
            state.items += 1;
        }
        self.vfs.sync_dir(&self.dir)
    }

    fn held(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves nothing half done that the next open does not find.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn path(&self, number: u64, ending: &str) -> PathBuf {
        self.dir.join(format!("{number:010}.{ending}"))
    }

    fn set_aside(&self, state: &mut State, number: u64, stage: Stage) -> Result<()> {
        state.damaged += 1;
        self.vfs.rename(&self.path(number, stage.ending()), &self.path(number, "damaged"))
    }

    /// Takes in a push (POST) and says what to answer: success once it is kept durably, or was before; the one refusal of
    /// all refusals; or, where it could not be kept, a status that makes the platform come again. `query` is
    /// percent-decoded; `now` is the time of the system's clock.
    pub fn post(&self, receiver: &Receiver, query: &[(String, String)], body: &[u8], now: Time) -> Reply {
        let accepted = receiver.open(query, body).and_then(|opened| self.take_in(receiver, opened, now));
        accepted.unwrap_or_else(Reply::refused)
    }

    fn take_in(&self, receiver: &Receiver, opened: Opened, now: Time) -> Option<Reply> {
        let Opened { body, stamp, signature } = opened;
        let stamp_ms = stamp_ms(&stamp)?;
        let body_answer = match receiver.product() {
            Product::Corp => Vec::new(),
            Product::App(_) | Product::Suite | Product::Platform => b"success".to_vec(),
        };
        let success = Reply { status: 200, body: body_answer };
        let mut state = self.held();
        state.seen.expire(now);
        let name = receiver.name().as_bytes();
        // The signature alone: it joins its texts without marks between them, so the same one may come with other splits.
        let delivery = state.seen.mark([b"push", name, signature.as_bytes()]);
        let content = content_mark(&state.seen, name, &body);
        if state.seen.knows(&delivery) || state.seen.knows(&content) {
            return Some(success);
        }
        if state.seen.is_stale(stamp_ms, now) {
            return None;
        }
        if state.items >= self.items_max {
            return Some(Reply::not_kept());
        }
        let number = state.next;
        state.next = number.saturating_add(1);
        let name = receiver.name().to_owned();
        let spooled = Spooled { received_at: now, stamp_ms, delivery, content, name, body };
        if spooled.write(&*self.vfs, &self.path(number, "tmp"), &self.path(number, "new")).is_err() {
            return Some(Reply::not_kept());
        }
        state.seen.add(delivery, stamp_ms);
        state.seen.add(content, stamp_ms);
        state.new.push_back(number);
        state.items += 1;
        self.arrived.notify_all();
        Some(success)
    }

    /// The oldest item of a stage that nobody has taken. A damaged one is set aside and passed over.
    ///
    /// # Errors
    /// `Io`: the item stays where it is in the queue.
    pub fn take(&self, stage: Stage) -> Result<Option<Item>> {
        let mut state = self.held();
        while let Some(number) = state.queue(stage).front().copied() {
            let read = Spooled::read(&*self.vfs, &self.path(number, stage.ending()))?;
            match read {
                Some(spooled) => {
                    state.queue(stage).pop_front();
                    return Ok(Some(Item { number, stage, spooled }));
                }
                None => {
                    self.set_aside(&mut state, number, stage)?;
                    state.queue(stage).pop_front();
                    state.items = state.items.saturating_sub(1);
                }
            }
        }
        Ok(None)
    }

    /// Gives an item back, to its place in the order of arrival.
    pub fn put_back(&self, item: Item) {
        let mut state = self.held();
        let queue = state.queue(item.stage);
        let place = queue.partition_point(|number| *number < item.number);
        queue.insert(place, item.number);
        self.arrived.notify_all();
    }

    /// Nothing more is to be done with an item: it is forgotten, all but its marks (Q2).
    ///
    /// # Errors
    /// `Io`: the item is back in the queue, or comes again when the inbox is opened.
    pub fn done(&self, item: Item) -> Result<()> {
        let marks = [item.spooled.delivery, item.spooled.content];
        let mut state = self.held();
        let gone = state.seen.keep(&marks, item.spooled.stamp_ms).and_then(|()| {
            self.vfs.remove(&self.path(item.number, item.stage.ending()))?;
            self.vfs.sync_dir(&self.dir)
        });
        match gone {
            Ok(()) => state.items = state.items.saturating_sub(1),
            Err(_) => {
                drop(state);
                self.put_back(item);
            }
        }
        gone
    }

    /// The facts of an item are in the graph; its calls are left.
    ///
    /// # Errors
    /// `Io`: the item is back in the queue, or comes again when the inbox is opened.
    pub(super) fn keep_due(&self, mut item: Item) -> Result<()> {
        let (from, to) = (self.path(item.number, "new"), self.path(item.number, "due"));
        if item.stage == Stage::New
            && let Err(error) = self.vfs.rename(&from, &to)
        {
            self.put_back(item);
            return Err(error);
        }
        item.stage = Stage::Due;
        self.put_back(item);
        self.vfs.sync_dir(&self.dir)
    }

    /// Waits until there is a new item, at most so long; whether there is one.
    pub fn wait(&self, at_most: Duration) -> bool {
        let waited = self.arrived.wait_timeout_while(self.held(), at_most, |state| state.new.is_empty());
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        !state.new.is_empty()
    }

    /// How many items of a stage wait.
    pub fn len(&self, stage: Stage) -> usize {
        self.held().queue(stage).len()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        let state = self.held();
        state.new.is_empty() && state.due.is_empty()
    }

    /// How many files were found damaged and set aside, those found before included.
    pub fn damaged(&self) -> usize {
        self.held().damaged
    }
}

/// The platform's time of a push, from the digits of Unix seconds: ten of them until 2286. No more and no less, for the
/// signature would also hold with some of them moved to the nonce.
fn stamp_ms(digits: &str) -> Option<i64> {
    let is_number = digits.len() == 10 && digits.bytes().all(|byte| byte.is_ascii_digit());
    let seconds: i64 = digits.parse().ok().filter(|_| is_number)?;
    seconds.checked_mul(1000)
}

/// What makes two pushes one happening: the message's id, or everything an event says but the code for a welcome, which may
/// be new each time (wechat reference 5.1).
fn content_mark(seen: &Seen, name: &[u8], body: &[u8]) -> Mark {
    let Ok(event) = Event::parse_any(body) else { return seen.mark([b"body", name, body]) };
    let text = |field| event.text(field).ok().flatten();
    if let Some(id) = text("MsgId") {
        let from = text("FromUserName").unwrap_or_default();
        return seen.mark([b"message", name, from.as_bytes(), id.as_bytes()]);
    }
    let said = event.texts().filter(|(field, _)| *field != "welcomecode");
    let said = said.flat_map(|(field, text)| [field.as_bytes(), text.as_bytes()]);
    seen.mark([b"event", name].into_iter().map(|part: &[u8]| part).chain(said))
}
