//! The envelope of callbacks (wechat reference 5.1), spelled a second time: what opens it must not be what closed it.

use aes::Aes256;
use base64::Engine;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use cbc::cipher::block_padding::NoPadding;
use cbc::cipher::{BlockModeEncrypt, KeyIvInit};
use sha1::{Digest, Sha1};

use crate::error::AnswerError;

/// Padding fills blocks of so many bytes.
const BLOCK_LEN: usize = 32;

/// Base64 of an EncodingAESKey, whose last character has bits that nothing stands for.
const KEY_BASE64: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

/// The text of `Encrypt` for a message.
///
/// # Errors
/// [`AnswerError::BadOption`]: the key is no EncodingAESKey.
pub(super) fn encrypt(
    aes_key: &str,
    random: [u8; 16],
    message: &[u8],
    receiveid: &str,
) -> Result<String, AnswerError> {
    let bad = AnswerError::BadOption { option: "EncodingAESKey", expected: "43 characters of base64" };
    let key = KEY_BASE64.decode(aes_key).map_err(|_| bad.clone())?;
    let iv = key.first_chunk::<16>().ok_or_else(|| bad.clone())?;
    let cipher = cbc::Encryptor::<Aes256>::new_from_slices(&key, iv).map_err(|_| bad.clone())?;
    let len =
        u32::try_from(message.len()).map_err(|_| AnswerError::Malformed("a message shorter than 4 GiB"))?;
    let mut plain = [&random[..], &len.to_be_bytes(), message, receiveid.as_bytes()].concat();
    let pad = BLOCK_LEN - plain.len() % BLOCK_LEN;
    let filled = plain.len() + pad;
    plain.resize(filled, u8::try_from(pad).unwrap_or(0));
    let sealed = cipher.encrypt_padded::<NoPadding>(&mut plain, filled).map_err(|_| bad)?;
    Ok(STANDARD.encode(sealed))
}

/// The signature of these four, in whatever order they are.
pub(super) fn signature(mut parts: [&str; 4]) -> String {
    parts.sort_unstable();
    let digest = Sha1::digest(parts.concat());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vector(file: &str) -> String {
        std::fs::read_to_string(format!("{}/testdata/vectors/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap()
    }

    #[test]
    fn the_official_vectors_seal_to_their_published_text() {
        // Vector B of the reference, which is encrypted with a fixed prefix.
        let key = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
        let sealed =
            |plain: &str| encrypt(key, *b"aaaabbbbccccdddd", plain.as_bytes(), "wxb11529c136998cb6").unwrap();
        let b1 = "jn1L23DB+6ELqJ+6bruv21Y6MD7KeIfP82D6gU39rmkgczbWwt5+3bnyg5K55bgVtVzd832WzZGMhkP72vVOfg==";
        assert_eq!(sealed("\u{6211}\u{662f}\u{4e2d}\u{6587}abcd123"), b1);
        assert_eq!(sealed(&vector("b2.xml")), vector("b2.encrypt"));
        // Vector A2, whose prefix the reference tells.
        let key = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C";
        let sealed = encrypt(key, *b"0960688932c47ef1", vector("a2.xml").as_bytes(), "wx5823bf96d3bd56c7");
        assert_eq!(sealed.unwrap(), vector("a2.encrypt"));
        assert!(encrypt("AAAA", [0; 16], b"", "").is_err());
    }

    #[test]
    fn the_official_signatures_are_made() {
        let signed =
            |token, timestamp, nonce, file: &str| signature([token, timestamp, nonce, &vector(file)]);
        let a2 = signed("QDG6eK", "1409659813", "1372623149", "a2.encrypt");
        assert_eq!(a2, "477715d11cdb4164915debcba66cb864d751f3e6");
        let a3 = signed("ovAkP0Tb", "1628737717", "1811081856", "a3.encrypt");
        assert_eq!(a3, "8128e41a38892d814e4aa67753425da9dc8ec2b3");
        let b3 = signed("pamtest", "1458300676", "260774613", "b3.encrypt");
        assert_eq!(b3, "4f3ad57b6989f09f4eb392acce4f9e93942ed890");
    }
}
