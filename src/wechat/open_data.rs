//! Open data of mini programs, encrypted or already decrypted (wechat reference 5.4, 7.4, 7.7).
//!
//! # Invariants
//!   W1 data whose watermark is missing or names another app gives no facts: it was made for somebody else.

use zeroize::Zeroizing;

use crate::error::{AnswerError, Error};
use crate::model::{Id, Kind, KindScope, RelationKind, normalise_key};
use crate::wechat::crypto::decrypt_open_data;
use crate::wechat::draft::{Draft, Record, Relation};
use crate::wechat::json::{Json, Object, new_id};
use crate::wechat::mp::{AppScopes, answer};
use crate::wechat::options::Opt;

const SOURCE: &str = "mini.open_data";

/// The user (`openId`, `unionId`) or the group of open data.
///
/// With `--session-key` the body is the `encryptedData`: its base64 text with `--iv`, or the JSON object that
/// `wx.getUserInfo` and its kin give, `iv` in it. Without, it is the decrypted JSON.
pub(crate) fn open_data(body: &[u8], draft: &mut Draft<'_>) -> Result<(), Error> {
    let scopes = AppScopes::of(draft.options())?;
    let appid = draft.options().key(Opt::Appid)?;
    let tree = match draft.options().get(Opt::SessionKey) {
        Some(key) => {
            let plain = decrypted(body, key, draft.options().get(Opt::Iv))?;
            // A wrong iv garbles the first block only, which the padding cannot show.
            Json::parse(&plain).map_err(|_| AnswerError::Decrypt)?
        }
        None => answer(body)?,
    };
    draft.one(|record| {
        let data = tree.object("the data")?;
        let watermark = data.object("watermark")?;
        let named = watermark.text("appid")?.ok_or(AnswerError::Missing("appid"))?;
        if normalise_key(named).ok().as_ref() != Some(&appid) {
            return Err(AnswerError::ForeignWatermark);
        }
        record.set_platform_time(watermark.time("timestamp")?);
        let has_group = ["opengid", "openGId", "open_single_roomid"].iter().any(|f| data.get(f).is_some());
        if has_group {
            group(record, &appid, &scopes.openid, data)?;
        }
        if !has_group || data.get("openId").is_some() {
            user(record, &scopes, data)?;
        }
        Ok(())
    })
}

fn decrypted(body: &[u8], key: &str, iv: Option<&str>) -> Result<Zeroizing<Vec<u8>>, AnswerError> {
    let text = std::str::from_utf8(body).map_err(|_| AnswerError::Malformed("base64"))?.trim();
    let missing_iv = AnswerError::OptionMissing(Opt::Iv.flag());
    if !text.starts_with('{') {
        return decrypt_open_data(key, iv.ok_or(missing_iv)?, text);
    }
    let tree = answer(body)?;
    let sent = tree.object("the answer")?;
    let encrypted = sent.text("encryptedData")?.ok_or(AnswerError::Missing("encryptedData"))?;
    let iv = match iv {
        Some(iv) => iv,
        None => sent.text("iv")?.ok_or(missing_iv)?,
    };
    decrypt_open_data(key, iv, encrypted)
}

fn user(record: &mut Record<'_>, scopes: &AppScopes, data: Object<'_>) -> Result<(), AnswerError> {
    let openid = data.id("openId", &scopes.openid)?;
    match scopes.unionid_in(data, "unionId")? {
        Some(unionid) => record.link(openid, unionid, SOURCE),
        None => Ok(()),
    }
}

/// A group chat. Who is in it the data does not say but by `group_openid`; the caller may know the openid of
/// the session. A one-to-one chat (`open_single_roomid`) is no group and gives nothing.
fn group(
    record: &mut Record<'_>,
    appid: &str,
    openids: &KindScope,
    data: Object<'_>,
) -> Result<(), AnswerError> {
    let (field, value) = match data.text("opengid")? {
        Some(value) => ("opengid", value),
        None => match data.text("openGId")? {
            Some(value) => ("openGId", value),
            None => return Ok(()),
        },
    };
    let bad_id = |rule| AnswerError::BadId { field, rule };
    let chat = new_id(&KindScope::new(Kind::Opengid, appid).map_err(bad_id)?, field, value)?;
    let in_chat = match data.text("group_openid")? {
        None => None,
        Some(member) => {
            let space = KindScope::new(Kind::GroupOpenid, &format!("{appid}@{value}")).map_err(bad_id)?;
            Some(new_id(&space, "group_openid", member)?)
        }
    };
    let openid: Option<Id> =
        record.options().get(Opt::Openid).map(|_| record.options().id(openids, Opt::Openid)).transpose()?;
    let Some(member) = openid.clone().or_else(|| in_chat.clone()) else { return Ok(()) };
    record.relate(record.at()?, Relation::new(RelationKind::MemberOf, member, chat, SOURCE))?;
    match (openid, in_chat) {
        (Some(openid), Some(in_chat)) => record.link(openid, in_chat, SOURCE),
        _ => Ok(()),
    }
}
