//! Ids in the shapes that were measured on public samples (wechat reference 2.2): a prefix, then base64url of a few bytes
//! that all ids of a scope share and of sixteen that are the account's own.

use aes::Aes128;
use aes::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// Numbers from here on are virtual accounts, as snapshot pages give them.
pub(super) const VIRTUAL: u64 = 1 << 40;

/// What is drawn from a seed for a name: the same for the same, and nothing alike for another.
pub(super) fn drawn(seed: u64, name: &str) -> [u8; 32] {
    let mut bytes = [0; 32];
    if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&seed.to_le_bytes()) {
        mac.update(name.as_bytes());
        bytes.copy_from_slice(&mac.finalize().into_bytes());
    }
    bytes
}

/// A number drawn from a seed for a name.
pub(super) fn drawn_number(seed: u64, name: &str) -> u64 {
    let bytes = drawn(seed, name);
    bytes.first_chunk::<8>().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// Lower-case hex digits drawn from a seed for a name: at most 64.
pub(super) fn drawn_hex(seed: u64, name: &str, digits: usize) -> String {
    let hex: String = drawn(seed, name).iter().map(|byte| format!("{byte:02x}")).collect();
    hex.chars().take(digits).collect()
}

/// The ids of one scope. An id is its number under a key of the scope, so it leads back to the number.
pub(super) struct Space {
    prefix: &'static str,
    issuer: Vec<u8>,
    cipher: Aes128,
}

impl Space {
    /// Openids of an app, unionids of an open account: `o` and 4 bytes of the scope.
    pub(super) fn of_weixin(seed: u64, kind: &str, scope: &str) -> Space {
        let issuer = drawn(seed, &format!("issuer {kind} {scope}"));
        Space::new(seed, "o", &issuer, 4, &format!("{kind} {scope}"))
    }

    /// Ids of WeCom, of one view: two letters and 6 bytes of whoever issues it, which mostly end in `AA`.
    pub(super) fn of_work(seed: u64, prefix: &'static str, issuer: &str, view: &str) -> Space {
        let mut bytes = drawn(seed, &format!("issuer {issuer}"));
        let [_, _, _, _, last_but_one, last, ..] = &mut bytes;
        (*last_but_one, *last) = (*last_but_one & 0xf0, 0);
        Space::new(seed, prefix, &bytes, 6, &format!("{prefix} {view}"))
    }

    fn new(seed: u64, prefix: &'static str, issuer: &[u8], len: usize, name: &str) -> Space {
        let key = drawn(seed, &format!("key {name}"));
        let mut half = [0; 16];
        half.iter_mut().zip(key).for_each(|(to, from)| *to = from);
        let issuer = issuer.get(..len).unwrap_or_default().to_vec();
        Space { prefix, issuer, cipher: Aes128::new(&half.into()) }
    }

    /// The id of a number.
    pub(super) fn id(&self, number: u64) -> String {
        let mut block = [0; 16];
        block.iter_mut().zip(number.to_be_bytes()).for_each(|(to, from)| *to = from);
        let mut block = block.into();
        self.cipher.encrypt_block(&mut block);
        let bytes = [self.issuer.as_slice(), block.as_slice()].concat();
        format!("{}{}", self.prefix, URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The number of an id; `None` for one of another scope, and for one that nobody issued.
    pub(super) fn number(&self, id: &str) -> Option<u64> {
        let bytes = URL_SAFE_NO_PAD.decode(id.strip_prefix(self.prefix)?).ok()?;
        let block = bytes.strip_prefix(self.issuer.as_slice())?.first_chunk::<16>()?;
        if bytes.len() != self.issuer.len() + 16 {
            return None;
        }
        let mut block = (*block).into();
        self.cipher.decrypt_block(&mut block);
        let number = block.first_chunk::<8>().map(|bytes| u64::from_be_bytes(*bytes))?;
        block.iter().skip(8).all(|byte| *byte == 0).then_some(number)
    }

    /// The account of an id; `None` for what [`Space::number`] does not know, and for virtual ones.
    pub(super) fn account(&self, id: &str) -> Option<u32> {
        self.number(id).filter(|number| *number < VIRTUAL).and_then(|number| u32::try_from(number).ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_the_measured_shapes_and_lead_back() {
        let openids = Space::of_weixin(7, "openid", "wx0000000000000001");
        let id = openids.id(12_345);
        assert_eq!((id.len(), id.get(..1)), (28, Some("o")));
        assert_eq!(openids.account(&id), Some(12_345));
        assert_eq!(openids.id(3).get(..6), id.get(..6), "one scope");
        assert!("AEIMQUYcgkosw048".contains(id.chars().last().unwrap()));
        let contacts = Space::of_work(7, "wm", "corp", "corp");
        let id = contacts.id(12_345);
        assert_eq!((id.len(), id.get(..2), id.get(8..10)), (32, Some("wm"), Some("AA")));
        assert!("AQgw".contains(id.chars().last().unwrap()), "{id}");
    }

    #[test]
    fn ids_of_other_scopes_and_made_up_ones_lead_nowhere() {
        let (one, other) = (Space::of_weixin(7, "openid", "wx1"), Space::of_weixin(7, "openid", "wx2"));
        assert_eq!(other.number(&one.id(5)), None);
        assert_eq!(Space::of_weixin(8, "openid", "wx1").number(&one.id(5)), None);
        for made_up in ["", "o", "oAAAAAAAAAAAAAAAAAAAAAAAAAAA", "wm"] {
            assert_eq!(one.number(made_up), None);
        }
        assert_eq!(one.account(&one.id(VIRTUAL + 5)), None);
    }
}
