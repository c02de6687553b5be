//! The data of the benches: accounts of five ids, the same in every run.

use idweave::{Fact, Id, KindScope, Op, Time};

pub(crate) const IDS_PER_ACCOUNT: u64 = 5;
pub(crate) const COMMIT_FACTS: usize = 1_000;
pub(crate) const SEED: u64 = 0x1d_aea7;
pub(crate) const START_MS: i64 = 1_735_689_600_000;
pub(crate) const NOW: Time = Time::from_ms(START_MS + 400_000_000);

/// SplitMix64: the same ids in every run.
pub(crate) fn mix(mut x: u64) -> u64 {
    x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// `len` characters of base64url that belong to (seed, kind, account).
fn text(prefix: &str, kind: u64, account: u64, len: usize) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut out = prefix.to_owned();
    let mut state = mix(SEED ^ mix(kind ^ mix(account)));
    while out.len() < len {
        out.push(char::from(ALPHABET[usize::try_from(state & 63).expect("six bits")]));
        state = mix(state);
    }
    out
}

/// The kinds and scopes of an account.
pub(crate) struct Spaces {
    pub(crate) unionid: KindScope,
    pub(crate) openids: [KindScope; 3],
    pub(crate) external: KindScope,
}

impl Spaces {
    pub(crate) fn new() -> Spaces {
        let space = |text: &str| text.parse().expect("a kind and scope");
        Spaces {
            unionid: space("unionid:wx00000000000000aa"),
            openids: [
                space("openid:wx00000000000000a1"),
                space("openid:wx00000000000000a2"),
                space("openid:wx00000000000000a3"),
            ],
            external: space("external_userid:ww00000000000000c1"),
        }
    }

    pub(crate) fn unionid(&self, account: u64) -> Id {
        Id::in_space(&self.unionid, &text("o", 0, account, 28)).expect("an id")
    }

    pub(crate) fn openid(&self, app: usize, account: u64) -> Id {
        Id::in_space(&self.openids[app], &text("o", 1 + app as u64, account, 28)).expect("an id")
    }

    pub(crate) fn external(&self, account: u64) -> Id {
        Id::in_space(&self.external, &text("wm", 9, account, 32)).expect("an id")
    }

    /// The four links of an account.
    pub(crate) fn facts(&self, account: u64) -> Vec<Fact> {
        let unionid = self.unionid(account);
        let at = Time::from_ms(START_MS + i64::try_from(account).expect("small"));
        let to_unionid = |a: Id, source: &str| link(a, unionid.clone(), source, at);
        vec![
            to_unionid(self.openid(0, account), "mp.user_info"),
            to_unionid(self.openid(1, account), "mp.user_info"),
            to_unionid(self.openid(2, account), "mini.code2session"),
            to_unionid(self.external(account), "work.contact_get"),
        ]
    }
}

pub(crate) fn link(a: Id, b: Id, source: &str, at: Time) -> Fact {
    let op = Op::Link { a, b, source: source.to_owned(), strength: None, event: None, expires_at: None };
    Fact { at, batch: None, op }
}
