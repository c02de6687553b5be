//! Scripted misbehaviour: which calls go wrong, and how.

use crate::simulator::ids::drawn_number;

/// When a fault strikes, of the calls it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

/// How a call goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    /// A page holds at most so many, though there are more.
    ShortPage(usize),
    /// The cursor that is answered is the one that was asked with.
    CursorLoop,
}

/// A line of the table of faults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The path of the calls it is about; empty = all.
    pub path: String,
    /// When it strikes.
    pub when: When,
    /// What happens.
    pub what: Misbehaviour,
}

#[derive(Default)]
pub(super) struct Faults {
    table: Vec<(Fault, u64)>,
    page_len_max: Option<usize>,
    has_loop: bool,
}

impl Faults {
    pub(super) fn set(&mut self, faults: Vec<Fault>) {
        self.table = faults.into_iter().map(|fault| (fault, 0)).collect();
    }

    /// What happens to a call: of several lines that strike, the first.
    pub(super) fn strike(&mut self, path: &str) -> Option<Misbehaviour> {
        (self.page_len_max, self.has_loop) = (None, false);
        let mut struck = None;
        for (fault, calls) in &mut self.table {
            if !fault.path.is_empty() && fault.path != path {
                continue;
            }
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
        match struck {
            Some(Misbehaviour::ShortPage(most)) => self.page_len_max = Some(most.max(1)),
            Some(Misbehaviour::CursorLoop) => self.has_loop = true,
            _ => {}
        }
        struck
    }

    /// How many rows a page holds that was asked for so many.
    pub(super) fn page_len(&self, asked: usize) -> usize {
        self.page_len_max.map_or(asked, |most| most.min(asked)).max(1)
    }

    pub(super) fn take_loop(&mut self) -> bool {
        std::mem::take(&mut self.has_loop)
    }
}
