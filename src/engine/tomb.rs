//! Tombstones: what is left of an erased id is an HMAC under the database's secret, and a time.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::model::{Id, Time};
use crate::store::Draft;

/// The HMAC an id is buried under.
pub(crate) fn mac_of(secret: &[u8; 32], id: &Id) -> [u8; 32] {
    let mut mac = match Hmac::<Sha256>::new_from_slice(secret) {
        Ok(mac) => mac,
        Err(never) => unreachable_key(never),
    };
    mac.update(id.as_str().as_bytes());
    mac.finalize().into_bytes().into()
}

/// HMAC takes keys of any length, ours has 32 bytes.
#[expect(clippy::panic, reason = "only a bug of ours can lead here")]
fn unreachable_key(error: hmac::digest::InvalidLength) -> ! {
    panic!("an HMAC key of 32 bytes was refused: {error}")
}

/// Whether a fact naming `id` observed at `at` comes too late: the id was erased.
pub(crate) fn is_erased(state: &Draft, secret: &[u8; 32], id: &Id, at: Time) -> bool {
    if state.tomb_count == 0 {
        return false;
    }
    state.tomb(&mac_of(secret, id)).is_some_and(|tomb| tomb.sticky || at <= tomb.at)
}
