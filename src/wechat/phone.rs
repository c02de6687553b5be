//! Phone numbers as keyed hashes (wechat reference 7.6; design 1): the number itself goes no further than here.
//!
//! # Invariants
//!   P1 a number is in no fact, error or Debug; what is built of it is wiped when dropped.
//!   P2 the hash is HMAC-SHA-256, in lower-case hex, of the number in the form `+` country code, number, digits only:
//!      `+8613800000000`. Whoever brings phones from elsewhere hashes the same text with the same key.
//!   P3 the scope of a phone is the name of its key, so that hashes under two keys never meet.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::error::{AnswerError, Error, IdRule};
use crate::model::{Id, Kind, KindScope, normalise_key};
use crate::wechat::crypto::hex;
use crate::wechat::draft::Draft;
use crate::wechat::json::{Json, Object};
use crate::wechat::mp::answer;
use crate::wechat::options::Opt;

const SOURCE: &str = "phone.mini";
/// A shorter key could be tried out: there are few phone numbers.
const KEY_LEN_MIN: usize = 32;
/// Most digits of a number with its country code, and of a country code (E.164).
const DIGITS_MAX: usize = 15;
const COUNTRY_DIGITS_MAX: usize = 3;
/// Fewest digits of a number without its country code.
const DIGITS_MIN: usize = 4;

/// A named key that phone numbers are hashed with.
///
/// ```
/// use idweave::wechat::PhoneKey;
/// let key = PhoneKey::parse("crm-2026:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")?;
/// let phone = key.id("86", "13800000000")?;
/// assert_eq!(phone.space(), "phone:crm-2026");
/// # Ok::<(), idweave::Error>(())
/// ```
pub struct PhoneKey {
    space: KindScope,
    key: Zeroizing<Vec<u8>>,
}

impl PhoneKey {
    /// Reads `NAME:KEY`: a name of the user's own, which becomes the scope, and at least 32 random bytes in base64.
    ///
    /// # Errors
    /// [`AnswerError::BadOption`] where it has another form or the key is too short.
    pub fn parse(text: &str) -> Result<PhoneKey, Error> {
        Ok(PhoneKey::read(text)?)
    }

    fn read(text: &str) -> Result<PhoneKey, AnswerError> {
        const EXPECTED: &str = "NAME:KEY, the key at least 32 random bytes in base64";
        let bad = AnswerError::BadOption { option: Opt::PhoneKey.flag(), expected: EXPECTED };
        let (name, key) = text.trim().split_once(':').ok_or_else(|| bad.clone())?;
        let name = normalise_key(name).map_err(|_| bad.clone())?;
        let space = KindScope::new(Kind::Phone, &name).map_err(|_| bad.clone())?;
        let key = STANDARD.decode(key.trim()).map(Zeroizing::new).map_err(|_| bad.clone())?;
        if key.len() < KEY_LEN_MIN {
            return Err(bad);
        }
        Ok(PhoneKey { space, key })
    }

    /// The id of a number: its country code (`86`) and the number within the country, digits only.
    ///
    /// # Errors
    /// [`AnswerError::WrongType`] where it is no whole phone number: letters, a masked one, too long;
    /// [`AnswerError::BadId`] for a placeholder of one digit repeated.
    pub fn id(&self, country_code: &str, number: &str) -> Result<Id, Error> {
        Ok(self.hash(country_code, number)?)
    }

    fn hash(&self, country_code: &str, number: &str) -> Result<Id, AnswerError> {
        let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let code = 1..=COUNTRY_DIGITS_MAX;
        if !code.contains(&country_code.len()) || !is_digits(country_code) || country_code.starts_with('0') {
            return Err(AnswerError::WrongType { field: "countryCode", expected: "a country code" });
        }
        let digits = DIGITS_MIN..=DIGITS_MAX - country_code.len();
        if !digits.contains(&number.len()) || !is_digits(number) {
            return Err(AnswerError::WrongType {
                field: "purePhoneNumber",
                expected: "a phone number in digits",
            });
        }
        if number.bytes().all(|byte| number.bytes().next() == Some(byte)) {
            return Err(AnswerError::BadId { field: "purePhoneNumber", rule: IdRule::Placeholder });
        }
        let whole = Zeroizing::new(format!("+{country_code}{number}"));
        // HMAC takes a key of any length, so there is nothing to refuse.
        let mac = Hmac::<Sha256>::new_from_slice(&self.key);
        let mac =
            mac.map_err(|_| AnswerError::BadOption { option: Opt::PhoneKey.flag(), expected: "a key" })?;
        let digest = hex(&mac.chain_update(whole.as_bytes()).finalize().into_bytes());
        let bad_id = |rule| AnswerError::BadId { field: "purePhoneNumber", rule };
        Id::in_space(&self.space, &digest).map_err(bad_id)
    }
}

/// `POST /wxa/business/getuserphonenumber` (wechat reference 7.6), or the decrypted data of the older phone button.
/// The answer does not say whose number it is: `--openid` does, from the session that asked.
pub(crate) fn phone(body: &[u8], draft: &mut Draft<'_>) -> Result<(), Error> {
    let appid = draft.options().key(Opt::Appid)?;
    let openids = draft.options().space(Kind::Openid, Opt::Appid)?;
    let openid = draft.options().id(&openids, Opt::Openid)?;
    let key = PhoneKey::read(draft.options().need(Opt::PhoneKey)?)?;
    let tree = answer(body)?;
    draft.one(|record| {
        let whole = tree.object("the answer")?;
        let info = if whole.get("phone_info").is_some() { whole.object("phone_info")? } else { whole };
        let watermark = info.object("watermark")?;
        let named = watermark.text("appid")?.ok_or(AnswerError::Missing("appid"))?;
        if normalise_key(named).ok().as_ref() != Some(&appid) {
            return Err(AnswerError::ForeignWatermark);
        }
        record.set_platform_time(watermark.time("timestamp")?);
        // Recent versions may name the user (wechat reference 7.6): then it must be the one the caller means.
        if let Some(answered) = whole.id_if_given("openid", &openids)?
            && answered != openid
        {
            let option = Opt::Openid.flag();
            return Err(AnswerError::BadOption { option, expected: "the user the answer names" });
        }
        record.link(openid, number(info, &key)?, SOURCE)
    })
}

fn number(info: Object<'_>, key: &PhoneKey) -> Result<Id, AnswerError> {
    let code = country_code(info)?;
    let pure = info.text("purePhoneNumber")?.ok_or(AnswerError::Missing("purePhoneNumber"))?;
    let phone = key.hash(&code, pure)?;
    // With or without its country code, it is the same number twice.
    if let Some(whole) = info.text("phoneNumber")? {
        let rest = whole.strip_suffix(pure).map(|rest| rest.strip_prefix('+').unwrap_or(rest));
        if !rest.is_some_and(|rest| rest.is_empty() || rest == code) {
            let expected = "the number of purePhoneNumber";
            return Err(AnswerError::WrongType { field: "phoneNumber", expected });
        }
    }
    Ok(phone)
}

/// `countryCode` comes as text or number (wechat reference 7.6).
fn country_code(info: Object<'_>) -> Result<String, AnswerError> {
    match info.get("countryCode") {
        None => Err(AnswerError::Missing("countryCode")),
        Some(Json::Int(code)) => Ok(code.to_string()),
        Some(Json::Text(code)) => Ok(code.to_string()),
        Some(_) => Err(AnswerError::WrongType { field: "countryCode", expected: "a country code" }),
    }
}
