//! Open data of mini programs and the signatures made with a session key (wechat reference 5.4, 5.5).
//!
//! # Invariants
//!   C1 secrets and signatures are compared in constant time, and a failed decryption never says why.
//!   C2 plain bytes are wiped when dropped.

use std::fmt::Write as _;

use aes::Aes128;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cbc::cipher::block_padding::NoPadding;
use cbc::cipher::{BlockModeDecrypt, KeyIvInit};
use hmac::{Hmac, KeyInit, Mac};
use sha1::{Digest, Sha1};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::error::AnswerError;

/// Block and key size of AES-128, in bytes.
const BLOCK_LEN: usize = 16;

/// Decrypts the `encryptedData` of open data: AES-128-CBC, PKCS#7 with blocks of 16, everything in base64.
/// Check the watermark of what comes out, or let `mini.open_data` do it.
///
/// # Errors
/// [`AnswerError::Decrypt`]: a wrong key or iv, changed or truncated bytes. A wrong iv garbles the first 16
/// bytes only, which the JSON inside shows, not this function.
pub fn decrypt_open_data(
    session_key: &str,
    iv: &str,
    encrypted_data: &str,
) -> Result<Zeroizing<Vec<u8>>, AnswerError> {
    let decode = |text: &str| STANDARD.decode(text).map(Zeroizing::new).map_err(|_| AnswerError::Decrypt);
    let (key, iv, mut data) = (decode(session_key)?, decode(iv)?, decode(encrypted_data)?);
    let cipher = cbc::Decryptor::<Aes128>::new_from_slices(&key, &iv).map_err(|_| AnswerError::Decrypt)?;
    cipher.decrypt_padded::<NoPadding>(&mut data).map_err(|_| AnswerError::Decrypt)?;
    unpad(&mut data, BLOCK_LEN)?;
    Ok(data)
}

/// Cuts a PKCS#7 padding off that fills blocks of `block` bytes. Every padding byte is looked at.
pub(crate) fn unpad(data: &mut Vec<u8>, block: usize) -> Result<(), AnswerError> {
    let pad = data.last().copied().ok_or(AnswerError::Decrypt)?;
    let count = usize::from(pad);
    let keep = data.len().checked_sub(count).ok_or(AnswerError::Decrypt)?;
    let (_, tail) = data.split_at_checked(keep).ok_or(AnswerError::Decrypt)?;
    let differing = tail.iter().fold(0, |sum: u8, byte| sum | (byte ^ pad));
    if count == 0 || count > block || differing != 0 {
        return Err(AnswerError::Decrypt);
    }
    data.truncate(keep);
    Ok(())
}

/// Whether `signature` is that of `rawData` in `wx.getUserInfo`: SHA-1 in hex over the text and the session
/// key as its base64 text (wechat reference 5.5).
pub fn verify_raw_data_signature(raw_data: &str, session_key: &str, signature: &str) -> bool {
    let digest = Sha1::new().chain_update(raw_data).chain_update(session_key).finalize();
    same(&hex(&digest), signature)
}

/// The login-state signature of `checksession`, `resetusersessionkey` and `getuserencryptkey`: HMAC-SHA-256
/// in hex, keyed with the session key's base64 text, not its bytes. Their data is empty (wechat reference
/// 5.5, 7.5).
pub fn login_state_signature(session_key: &str, data: &[u8]) -> String {
    // HMAC takes a key of any length, so there is nothing to refuse.
    let Ok(mac) = Hmac::<Sha256>::new_from_slice(session_key.as_bytes()) else { return String::new() };
    hex(&mac.chain_update(data).finalize().into_bytes())
}

/// Compares two texts in a time that tells nothing about where they differ (C1).
pub(crate) fn same(a: &str, b: &str) -> bool {
    a.as_bytes().ct_eq(b.as_bytes()).into()
}

/// Lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _infallible = write!(text, "{byte:02x}");
        text
    })
}
