//! Scripted misbehaviour: which calls go wrong, and how.

use serde::Deserialize;

use crate::simulator::ids::drawn_number;

/// When a fault strikes, of the calls it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// The call of this number, from 1, and no other.
    Nth(u64),
    /// Every so many calls.
    Every(u64),
    /// One in so many, as a seed draws them.
    OneIn {
        /// How many.
        calls: u64,
        /// What draws them.
        seed: u64,
    },
}

/// How a call goes wrong, or a push of an event (the last three).
///
/// What is about pages is about calls whose answers have a `next_cursor`, unless it says more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Misbehaviour {
    /// It is refused with an errcode, and nothing is done.
    Errcode(i64),
    /// The token it carries is dead from now on, before its time.
    DeadToken,
    /// It is done, and what is answered is a page of HTML.
    Html,
    /// It is done, and the answer breaks off.
    Cut,
    /// It is done, and half of the JSON is answered as if it were whole.
    Half,
    /// It is done, and the connection is closed without an answer.
    HangUp,
    /// It is not done, and something between answers with this status.
    Status(u16),
    /// It is done, and the answer drips.
    Slow {
        /// So many bytes at a time.
        bytes: usize,
        /// The pause before each, in milliseconds.
        pause_ms: u64,
    },
    /// A page holds at most so many, though there are more; its cursor leads on to them.
    ShortPage(usize),
    /// A page is empty, though there are more. The list of an official account's followers ends there as well, and only its
    /// `total` says otherwise.
    EmptyPage,
    /// The list of an official account's followers ends after so many, and only its `total` says otherwise.
    ShortList(usize),
    /// The cursor that is answered is the one that was asked with.
    CursorLoop,
    /// The cursor that is answered is the one before it.
    CursorBack,
    /// The cursor that is answered is a new one that leads to the same page.
    PageTwice,
    /// Cursors that so many pages lead up to are not known any more: 40058.
    CursorsDie(u64),
    /// It is never pushed.
    Lost,
    /// It is pushed twice.
    Twice,
    /// It is pushed after those that happened later.
    Late,
}

/// A line of the table of faults.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The path of the calls it is about, empty = all; [`Fault::PUSH`] = not calls, but pushes of events.
    #[serde(default)]
    pub path: String,
    /// When it strikes.
    pub when: When,
    /// What happens.
    pub what: Misbehaviour,
}

impl Fault {
    /// The path of lines that are about pushes of events.
    pub const PUSH: &str = "push";
}

#[derive(Default)]
pub(super) struct Faults {
    table: Vec<(Fault, u64)>,
    /// What happens to the call that is being answered.
    struck: Option<Misbehaviour>,
}

impl Faults {
    pub(super) fn set(&mut self, faults: Vec<Fault>) {
        self.table = faults.into_iter().map(|fault| (fault, 0)).collect();
    }

    /// What happens to a call: of several lines that strike, the first.
    pub(super) fn strike(&mut self, path: &str) -> Option<Misbehaviour> {
        self.struck = self.first(|fault| fault.path.is_empty() || fault.path == path);
        self.struck
    }

    /// What happens to a push.
    pub(super) fn strike_push(&mut self) -> Option<Misbehaviour> {
        self.first(|fault| fault.path == Fault::PUSH)
    }

    /// The first line that strikes, of those that are about it; all of these count it.
    fn first(&mut self, is_about_it: impl Fn(&Fault) -> bool) -> Option<Misbehaviour> {
        let mut struck = None;
        for (fault, calls) in self.table.iter_mut().filter(|(fault, _)| is_about_it(fault)) {
            *calls += 1;
            let is_it = match fault.when {
                When::Nth(number) => *calls == number,
                When::Every(number) => calls.checked_rem(number) == Some(0),
                When::OneIn { calls: number, seed } => {
                    drawn_number(seed, &format!("{} {calls}", fault.path)).checked_rem(number) == Some(0)
                }
            };
            if is_it && struck.is_none() {
                struck = Some(fault.what);
            }
        }
        struck
    }

    /// What happens to the call that is being answered.
    pub(super) fn struck(&self) -> Option<Misbehaviour> {
        self.struck
    }

    /// How many rows a page holds that was asked for so many.
    pub(super) fn page_len(&self, asked: usize) -> usize {
        match self.struck {
            Some(Misbehaviour::ShortPage(most)) => most.max(1).min(asked),
            Some(Misbehaviour::EmptyPage) => 0,
            _ => asked,
        }
    }

    /// How many followers a list ends after that goes on.
    pub(super) fn list_len(&self) -> Option<usize> {
        match self.struck {
            Some(Misbehaviour::ShortList(most)) => Some(most),
            Some(Misbehaviour::EmptyPage) => Some(0),
            _ => None,
        }
    }
}
