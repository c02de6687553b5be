//! The ids: 5 of each account, 28 base64url characters that pack into 21 bytes, the same in every run of one seed.

use twox_hash::XxHash3_64;

/// Ids of one account.
pub const IDS_PER_ACCOUNT: u64 = 5;
/// Bytes of a packed value.
pub const PACKED: usize = 21;
/// Characters of a value.
const VALUE: usize = 28;
/// Characters of a key: `openid:wx0123456789abcdef:` and a value.
pub const KEY: usize = 26 + VALUE;

const SEED: u64 = 0x1d_aea7;
/// The file's own hash seed.
const FILE_SEED: u64 = 0x5eed_0000_0000_0001;
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const SCOPES: [&[u8; 26]; 5] = [
    b"unionid:wx00000000000000a:",
    b"openid:wx0123456789abcdef:",
    b"openid:wx1123456789abcdef:",
    b"openid:wx2123456789abcdef:",
    b"extern:ww0123456789abcdef:",
];

const VALUE_OF: [u8; 256] = {
    let mut table = [0xff_u8; 256];
    let mut i = 0;
    while i < 64 {
        table[ALPHABET[i] as usize] = i as u8;
        i += 1;
    }
    table
};

/// SplitMix64.
#[inline(always)]
pub fn mix(mut x: u64) -> u64 {
    x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// A question: the key as text, and the number the file gave its kind and scope (callers intern those).
#[derive(Clone, Copy)]
pub struct Query {
    /// `kind:scope:value`.
    pub key: [u8; KEY],
    /// Number of the kind and scope.
    pub space: u16,
}

/// The packed value of id `slot` of `account`.
pub fn packed(account: u64, slot: u64) -> [u8; PACKED] {
    let mut out = [0; PACKED];
    let base = mix(SEED ^ mix(account * IDS_PER_ACCOUNT + slot));
    for (i, chunk) in out.chunks_mut(8).enumerate() {
        let word = mix(base.wrapping_add(i as u64)).to_le_bytes();
        chunk.copy_from_slice(&word[..chunk.len()]);
    }
    out
}

/// The question for id `slot` of `account`.
pub fn query(account: u64, slot: u64) -> Query {
    let mut key = [0; KEY];
    key[..26].copy_from_slice(SCOPES[slot as usize % SCOPES.len()]);
    for (out, three) in key[26..].chunks_mut(4).zip(packed(account, slot).chunks(3)) {
        let bits = u32::from(three[0]) << 16 | u32::from(three[1]) << 8 | u32::from(three[2]);
        for (i, c) in out.iter_mut().enumerate() {
            *c = ALPHABET[(bits >> (18 - 6 * i)) as usize & 63];
        }
    }
    Query { key, space: slot as u16 }
}

impl Query {
    /// XXH3-64 of the key under the file's seed.
    #[inline(always)]
    pub fn hash(&self) -> u64 {
        XxHash3_64::oneshot_with_seed(FILE_SEED, &self.key)
    }

    /// The value in its packed form; `None` if a character is not base64url.
    #[inline(always)]
    pub fn pack(&self) -> Option<[u8; PACKED]> {
        let mut out = [0; PACKED];
        let mut bad = 0;
        let (fours, _) = self.key[26..].as_chunks::<4>();
        for (four, three) in fours.iter().zip(out.as_chunks_mut::<3>().0) {
            let [a, b, c, d] = four.map(|c| VALUE_OF[usize::from(c)]);
            bad |= a | b | c | d;
            let bits = u32::from(a) << 18 | u32::from(b) << 12 | u32::from(c) << 6 | u32::from(d);
            let [_, x, y, z] = bits.to_be_bytes();
            *three = [x, y, z];
        }
        (bad < 64).then_some(out)
    }
}
