//! The data of a run: ids of accounts, the stream of facts and the truth, all computed from a seed and kept nowhere.
//!
//! # Invariants
//!   D1 account `n` has five ids: unionid, two openids, external_userid, and a member card (even `n`) or a
//!      third openid (odd `n`); four links make them one entity.
//!   D2 facts arrive mixed over an eighth of all accounts at a time, observed in the order of arrival.
//!   D3 a conflicting fact (3 in 100) says that an openid of one account belongs to the unionid of another;
//!      both accounts are complete by then, so it unites nobody, under any order of equal strengths.

/// Ids of an account.
pub const IDS_PER_ACCOUNT: u64 = 5;
/// Links that make an account whole.
pub const LINKS_PER_ACCOUNT: u64 = 4;
/// When the first fact was observed.
pub const START_MS: i64 = 1_735_689_600_000;
/// When everything is read and recorded: later than every fact.
pub const NOW_MS: i64 = START_MS + 2_000_000_000;
/// Facts that carry the same batch label.
const BATCH_FACTS: u64 = 100_000;
/// Parts of the stream; accounts are mixed within a part.
const PARTS: u64 = 8;
/// Conflicting facts, in thousandths of the others.
const CONFLICT_PER_MILLE: u64 = 35;

/// A kind and scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Space {
    Unionid,
    OpenidA,
    OpenidB,
    External,
    Member,
    OpenidC,
}

impl Space {
    pub const ALL: [Space; 6] =
        [Space::Unionid, Space::OpenidA, Space::OpenidB, Space::External, Space::Member, Space::OpenidC];

    /// As idweave writes it.
    pub fn text(self) -> &'static str {
        match self {
            Space::Unionid => "unionid:wx00000000000000aa",
            Space::OpenidA => "openid:wx00000000000000a1",
            Space::OpenidB => "openid:wx00000000000000a2",
            Space::External => "external_userid:ww00000000000000c1",
            Space::Member => "custom.member:crm",
            Space::OpenidC => "openid:wx00000000000000a3",
        }
    }

    fn shape(self) -> (&'static str, usize) {
        match self {
            Space::External => ("wm", 32),
            Space::Member => ("M", 12),
            _ => ("o", 28),
        }
    }
}

/// Who says a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Source {
    UserInfo,
    Login,
    Contact,
    Crm,
}

impl Source {
    pub fn text(self) -> &'static str {
        match self {
            Source::UserInfo => "mp.user_info",
            Source::Login => "mini.code2session",
            Source::Contact => "work.contact_get",
            Source::Crm => "import.crm",
        }
    }

    /// Greater is stronger: what the platform says, then what the company says.
    pub fn strength(self) -> u8 {
        if self == Source::Crm { 1 } else { 2 }
    }
}

/// An identifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Id {
    pub space: Space,
    pub value: String,
}

/// A link with its evidence.
#[derive(Debug, Clone)]
pub struct Fact {
    pub a: Id,
    pub b: Id,
    pub source: Source,
    pub at: i64,
    pub batch: u32,
}

/// SplitMix64.
pub fn mix(mut x: u64) -> u64 {
    x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// A stream of numbers that depends on the seed alone.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(mix(seed))
    }

    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(1);
        mix(self.0) % limit.max(1)
    }
}

/// Everything that a run says, and what is true.
#[derive(Debug, Clone, Copy)]
pub struct World {
    pub seed: u64,
    pub accounts: u64,
}

impl World {
    pub fn new(ids: u64, seed: u64) -> World {
        World { seed, accounts: (ids / IDS_PER_ACCOUNT).max(PARTS) }
    }

    /// The `n`th id of an account, `n` below [`IDS_PER_ACCOUNT`].
    pub fn id(&self, account: u64, n: u64) -> Id {
        let space = match n {
            0 => Space::Unionid,
            1 => Space::OpenidA,
            2 => Space::OpenidB,
            3 => Space::External,
            _ if account.is_multiple_of(2) => Space::Member,
            _ => Space::OpenidC,
        };
        Id { space, value: self.value(space, account) }
    }

    fn value(&self, space: Space, account: u64) -> String {
        const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let (prefix, len) = space.shape();
        let mut value = String::with_capacity(len);
        value.push_str(prefix);
        let mut state = mix(self.seed ^ mix(space as u64 ^ mix(account)));
        let mut bits = state;
        while value.len() < len {
            if bits < 64 {
                state = mix(state);
                bits = state | 1 << 63;
            }
            value.push(char::from(ALPHABET[(bits & 63) as usize]));
            bits >>= 6;
        }
        value
    }

    /// The `n`th link of an account, observed as the `moment`th fact.
    pub fn link(&self, account: u64, n: u64, moment: u64) -> Fact {
        let (a, b, source) = match n {
            0 => (1, 0, Source::UserInfo),
            1 => (2, 0, Source::Login),
            2 => (3, 0, Source::Contact),
            _ if account.is_multiple_of(2) => (4, 1, Source::Crm),
            _ => (4, 0, Source::Login),
        };
        self.say(self.id(account, a), self.id(account, b), source, moment)
    }

    pub fn say(&self, a: Id, b: Id, source: Source, moment: u64) -> Fact {
        Fact { a, b, source, at: START_MS + moment as i64, batch: (moment / BATCH_FACTS) as u32 }
    }

    /// First account of a part.
    fn first(&self, part: u64) -> u64 {
        self.accounts * part / PARTS
    }

    fn links_in(&self, part: u64) -> u64 {
        (self.first(part + 1) - self.first(part)) * LINKS_PER_ACCOUNT
    }

    fn conflicts_in(&self, part: u64) -> u64 {
        if part == 0 { 0 } else { self.links_in(part) * CONFLICT_PER_MILLE / 1_000 }
    }

    /// How many facts the stream holds.
    pub fn facts(&self) -> u64 {
        (0..PARTS).map(|part| self.links_in(part) + self.conflicts_in(part)).sum()
    }

    /// How many of them conflict.
    pub fn conflicts(&self) -> u64 {
        (0..PARTS).map(|part| self.conflicts_in(part)).sum()
    }

    /// The fact at a place of the stream.
    pub fn fact(&self, place: u64) -> Fact {
        let (mut part, mut offset) = (0, place);
        while part + 1 < PARTS && offset >= self.links_in(part) + self.conflicts_in(part) {
            offset -= self.links_in(part) + self.conflicts_in(part);
            part += 1;
        }
        let links = self.links_in(part);
        let slot = permuted(offset, links + self.conflicts_in(part), self.seed ^ part);
        if slot < links {
            let account = self.first(part) + slot / LINKS_PER_ACCOUNT;
            return self.link(account, slot % LINKS_PER_ACCOUNT, place);
        }
        let mut random = Random::new(self.seed ^ mix(place));
        let one = random.below(self.first(part));
        let other = (one + 1 + random.below(self.first(part) - 1)) % self.first(part);
        self.say(self.id(one, 1), self.id(other, 0), Source::UserInfo, place)
    }
}

/// Where `x` of `0..n` goes under a permutation that depends on the seed: a Feistel network over the next
/// even power of two, walked until it is back inside.
fn permuted(x: u64, n: u64, seed: u64) -> u64 {
    let half = (64 - n.saturating_sub(1).leading_zeros()).div_ceil(2).max(1);
    let mask = (1_u64 << half) - 1;
    let mut at = x;
    loop {
        let (mut left, mut right) = (at >> half, at & mask);
        for round in 0..4 {
            (left, right) = (right, left ^ (mix(right ^ mix(seed ^ (round << 56))) & mask));
        }
        at = left << half | right;
        if at < n {
            return at;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{IDS_PER_ACCOUNT, World, permuted};

    #[test]
    fn a_permutation_reaches_every_place_once() {
        for n in [1, 2, 7, 64, 1_000] {
            let reached: BTreeSet<u64> = (0..n).map(|x| permuted(x, n, 5)).collect();
            assert_eq!(reached.len() as u64, n);
            assert_eq!(reached.last(), Some(&(n - 1)));
        }
    }

    #[test]
    fn every_link_of_every_account_is_said_once() {
        let world = World::new(4_000, 1);
        let said: BTreeSet<String> = (0..world.facts())
            .map(|place| world.fact(place))
            .map(|fact| format!("{}:{}-{}", fact.a.space.text(), fact.a.value, fact.b.value))
            .collect();
        for account in 0..world.accounts {
            for n in 0..4 {
                let link = world.link(account, n, 0);
                assert!(said.contains(&format!("{}:{}-{}", link.a.space.text(), link.a.value, link.b.value)));
            }
        }
        assert!(world.conflicts() * 100 > world.facts() * 2);
    }

    #[test]
    fn ids_are_as_long_as_the_platform_makes_them_and_differ() {
        let world = World::new(5_000, 1);
        let mut seen = BTreeSet::new();
        for account in 0..world.accounts {
            for n in 0..IDS_PER_ACCOUNT {
                let id = world.id(account, n);
                assert_eq!(id.value.len(), id.space.shape().1);
                assert!(seen.insert(id.value));
            }
        }
    }
}
