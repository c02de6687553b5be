//! The encrypted envelope of callbacks: one algorithm for official accounts, mini programs, third-party
//! platforms and WeCom (wechat reference 5.1).
//!
//! # Layout
//! ```text
//! plain     random(16) | length of message, big endian (4) | message | receiveid
//! padded    plain + PKCS#7 to blocks of 32: the last byte is 1..=32, not 1..=16
//! encrypt   base64(AES-256-CBC(padded)), key = base64(EncodingAESKey + "="), iv = first 16 bytes of the key
//! signature hex(SHA-1(token, timestamp, nonce, encrypt: sorted bytewise and joined))
//! ```
//!
//! # Invariants
//!   P1 nothing is decrypted before its signature holds.
//!   P2 a failure never says which check failed; keys and plain bytes are wiped when dropped.

use std::fmt;

use aes::Aes256;
use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use cbc::cipher::block_padding::NoPadding;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use sha1::{Digest, Sha1};
use zeroize::Zeroizing;

use crate::error::AnswerError;
use crate::wechat::crypto::{hex, same, unpad};

/// Padding fills blocks of this many bytes.
const PAD_LEN: usize = 32;
/// AES block and iv.
const BLOCK_LEN: usize = 16;
/// Random bytes in front of the message.
const RANDOM_LEN: usize = 16;
/// The message's length behind them.
const LENGTH_LEN: usize = 4;

/// The 43 characters of an EncodingAESKey hold 258 bits, of which the last two are usually not zero.
const KEY_ENGINE: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

/// The token and key of one callback URL. Never shown by Debug.
pub struct CallbackKey {
    token: Zeroizing<String>,
    key: Zeroizing<Vec<u8>>,
}

impl CallbackKey {
    /// From the console's Token and EncodingAESKey (43 characters).
    ///
    /// # Errors
    /// [`AnswerError::BadOption`] where the key is not 43 characters of base64.
    pub fn new(token: &str, encoding_aes_key: &str) -> Result<CallbackKey, AnswerError> {
        let bad = AnswerError::BadOption { option: "EncodingAESKey", expected: "43 characters of base64" };
        let key = KEY_ENGINE.decode(encoding_aes_key).map(Zeroizing::new);
        match key {
            Ok(key) if encoding_aes_key.len() == 43 && key.len() == 32 => {
                Ok(CallbackKey { token: Zeroizing::new(token.to_owned()), key })
            }
            _ => Err(bad),
        }
    }

    /// For a URL in plain mode, which has a Token and no EncodingAESKey: it signs, and opens nothing.
    pub fn of_token(token: &str) -> CallbackKey {
        CallbackKey { token: Zeroizing::new(token.to_owned()), key: Zeroizing::default() }
    }

    /// The `msg_signature` of an encrypted text (an `Encrypt`, an `echostr` after percent-decoding).
    pub fn signature(&self, timestamp: &str, nonce: &str, encrypt: &str) -> String {
        let mut parts = [self.token.as_str(), timestamp, nonce, encrypt];
        parts.sort_unstable();
        hex(&parts.iter().fold(Sha1::new(), |hash, part| hash.chain_update(part)).finalize())
    }

    /// Checks the signature, decrypts, and checks that the message is for one of `receiveids` (the appid, the
    /// corpid, the suite_id: wechat reference 5.1 says which URL gets which).
    ///
    /// # Errors
    /// [`AnswerError::Decrypt`], whatever does not hold.
    pub fn open(
        &self,
        signature: &str,
        timestamp: &str,
        nonce: &str,
        encrypt: &str,
        receiveids: &[&str],
    ) -> Result<Zeroizing<Vec<u8>>, AnswerError> {
        if !same(&self.signature(timestamp, nonce, encrypt), signature) {
            return Err(AnswerError::Decrypt);
        }
        self.decrypt(encrypt, receiveids).ok_or(AnswerError::Decrypt)
    }

    fn decrypt(&self, encrypt: &str, receiveids: &[&str]) -> Option<Zeroizing<Vec<u8>>> {
        let mut data = Zeroizing::new(STANDARD.decode(encrypt).ok()?);
        let iv = self.key.get(..BLOCK_LEN)?;
        let cipher = cbc::Decryptor::<Aes256>::new_from_slices(&self.key, iv).ok()?;
        cipher.decrypt_padded::<NoPadding>(&mut data).ok()?;
        unpad(&mut data, PAD_LEN).ok()?;
        let rest = data.get(RANDOM_LEN..)?;
        let (length, rest) = rest.split_first_chunk::<LENGTH_LEN>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (message, receiveid) = rest.split_at_checked(length)?;
        let is_ours = receiveids.iter().any(|ours| ours.as_bytes() == receiveid);
        is_ours.then(|| Zeroizing::new(message.to_vec()))
    }

    /// Encrypts a reply (or, in tests and mock servers, a message). `random` comes from the caller and must
    /// be new every time.
    ///
    /// # Errors
    /// [`AnswerError::Malformed`] for a message of 4 GiB or more.
    pub fn seal(
        &self,
        random: [u8; RANDOM_LEN],
        message: &[u8],
        receiveid: &str,
    ) -> Result<String, AnswerError> {
        let too_long = AnswerError::Malformed("a message shorter than 4 GiB");
        let length = u32::try_from(message.len()).map_err(|_| too_long.clone())?;
        // Room for everything at once: a vector that grows leaves unwiped copies behind.
        let room = RANDOM_LEN + LENGTH_LEN + message.len() + receiveid.len() + PAD_LEN;
        let mut data = Zeroizing::new(Vec::with_capacity(room));
        data.extend_from_slice(&random);
        data.extend_from_slice(&length.to_be_bytes());
        data.extend_from_slice(message);
        data.extend_from_slice(receiveid.as_bytes());
        let pad = PAD_LEN - data.len() % PAD_LEN;
        let padded = data.len() + pad;
        data.resize(padded, u8::try_from(pad).map_err(|_| too_long.clone())?);
        let iv = self.key.get(..BLOCK_LEN).ok_or(too_long.clone())?;
        let cipher =
            cbc::Encryptor::<Aes256>::new_from_slices(&self.key, iv).map_err(|_| too_long.clone())?;
        let sealed = cipher.encrypt_padded::<NoPadding>(&mut data, padded).map_err(|_| too_long)?;
        Ok(STANDARD.encode(sealed))
    }
}

impl fmt::Debug for CallbackKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CallbackKey")
    }
}
