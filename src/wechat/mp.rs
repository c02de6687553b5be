//! Official accounts, web and app login: followers, OAuth, account migration (wechat reference 6 and 8).

use crate::error::{AnswerError, Error};
use crate::model::{Id, Kind, KindScope, RelationKind};
use crate::wechat::draft::{Draft, Record, Relation};
use crate::wechat::json::{Json, Object, new_id};
use crate::wechat::options::{IngestOptions, Opt};

/// What an app's credential says about scopes: its openids, itself, and the unionids it sees.
pub(crate) struct AppScopes {
    pub(crate) openid: KindScope,
    pub(crate) unionid: Option<KindScope>,
}

impl AppScopes {
    pub(crate) fn of(options: &IngestOptions) -> Result<AppScopes, AnswerError> {
        Ok(AppScopes {
            openid: options.space(Kind::Openid, Opt::Appid)?,
            unionid: options.space_if_given(Kind::Unionid, Opt::OpenAccount)?,
        })
    }

    /// The unionid in a field, if there is one; it needs `--open-account` then.
    pub(crate) fn unionid_in(
        &self,
        fields: Object<'_>,
        field: &'static str,
    ) -> Result<Option<Id>, AnswerError> {
        if fields.text(field)?.is_none() {
            return Ok(None);
        }
        let space = self.unionid.as_ref().ok_or(AnswerError::OptionMissing(Opt::OpenAccount.flag()))?;
        fields.id(field, space).map(Some)
    }
}

/// The app itself, as the target of `subscribes`.
pub(crate) fn app_id(options: &IngestOptions) -> Result<Id, AnswerError> {
    let app = KindScope::new(Kind::App, "");
    let app = app.map_err(|rule| AnswerError::BadId { field: Opt::Appid.flag(), rule })?;
    options.id(&app, Opt::Appid)
}

/// Reads the one object of an answer and refuses an error answer.
pub(crate) fn answer(body: &[u8]) -> Result<Json, AnswerError> {
    let tree = Json::parse(body)?;
    tree.object("the answer")?.check_errcode()?;
    Ok(tree)
}

/// `GET /cgi-bin/user/info` (wechat reference 6.3).
pub(crate) fn user_info(body: &[u8], draft: &mut Draft<'_>) -> Result<(), Error> {
    let (scopes, app) = (AppScopes::of(draft.options())?, app_id(draft.options())?);
    let tree = answer(body)?;
    draft.one(|record| follower(record, &scopes, &app, &tree))
}

/// `POST /cgi-bin/user/info/batchget` (wechat reference 6.4): the same facts under the same source.
pub(crate) fn user_batchget(body: &[u8], draft: &mut Draft<'_>) -> Result<(), Error> {
    let (scopes, app) = (AppScopes::of(draft.options())?, app_id(draft.options())?);
    let tree = answer(body)?;
    let users = tree.object("the answer")?.list("user_info_list")?;
    draft.each("user_info_list", users, |record, user| follower(record, &scopes, &app, user))
}

fn follower(record: &mut Record<'_>, scopes: &AppScopes, app: &Id, user: &Json) -> Result<(), AnswerError> {
    const SOURCE: &str = "mp.user_info";
    let user = user.object("the user")?;
    let openid = user.id("openid", &scopes.openid)?;
    let subscription = Relation::new(RelationKind::Subscribes, openid.clone(), app.clone(), SOURCE);
    match user.int("subscribe")? {
        // Not a follower: the platform fills nothing else, so nothing else is read.
        Some(0) => record.unrelate(record.at()?, subscription),
        Some(1) => {
            if let Some(unionid) = scopes.unionid_in(user, "unionid")? {
                record.link(openid, unionid, SOURCE)?;
            }
            let since = user.time("subscribe_time")?.map_or_else(|| record.at(), Ok)?;
            let scene = user.text("subscribe_scene")?.map(str::to_owned);
            let qr_scene_str = user.text("qr_scene_str")?.map(str::to_owned);
            record.relate(since, subscription.attr("scene", scene).attr("qr_scene_str", qr_scene_str))
        }
        Some(_) => Err(AnswerError::WrongType { field: "subscribe", expected: "0 or 1" }),
        None => Err(AnswerError::Missing("subscribe")),
    }
}

/// `GET /cgi-bin/user/get` (wechat reference 6.5). After the last page `data` is absent and `count` 0.
pub(crate) fn user_get(body: &[u8], draft: &mut Draft<'_>) -> Result<(), Error> {
    let (openid, app) = (draft.options().space(Kind::Openid, Opt::Appid)?, app_id(draft.options())?);
    let tree = answer(body)?;
    let page = tree.object("the answer")?;
    if page.get("data").is_none() && page.int("count")? == Some(0) {
        return Ok(());
    }
    let openids = page.object("data")?.list("openid")?;
    draft.each("openid", openids, |record, value| {
        let openid = new_id(&openid, "openid", value.text("openid")?)?;
        record
            .relate(record.at()?, Relation::new(RelationKind::Subscribes, openid, app.clone(), "mp.user_get"))
    })
}

/// `GET /sns/oauth2/access_token` and `GET /sns/userinfo` (wechat reference 6.6, 6.7).
///
/// An account of snapshot mode is virtual: its pair is not linked, and what the same source said of exactly
/// that pair before is taken back, since a first answer may lack the flag (22.5). Nothing else is deleted:
/// some flagged answers carry a real user's ids.
pub(crate) fn web_oauth(body: &[u8], draft: &mut Draft<'_>) -> Result<(), Error> {
    const SOURCE: &str = "mp.web_oauth";
    let scopes = AppScopes::of(draft.options())?;
    let tree = answer(body)?;
    draft.one(|record| {
        let user = tree.object("the answer")?;
        let openid = user.id("openid", &scopes.openid)?;
        let unionid = scopes.unionid_in(user, "unionid")?;
        match (is_snapshot(user)?, unionid) {
            (false, None) => Ok(()),
            (false, Some(unionid)) => {
                let flow = record.options().get(Opt::Flow);
                record.link_in_event(openid, unionid, SOURCE, flow)
            }
            (true, unionid) => {
                if let Some(unionid) = unionid {
                    record.retract_pair(openid, unionid, SOURCE)?;
                }
                record.refuse(AnswerError::SnapshotUser);
                Ok(())
            }
        }
    })
}

fn is_snapshot(user: Object<'_>) -> Result<bool, AnswerError> {
    match user.int("is_snapshotuser")? {
        None | Some(0) => Ok(false),
        Some(1) => Ok(true),
        Some(_) => Err(AnswerError::WrongType { field: "is_snapshotuser", expected: "0 or 1" }),
    }
}

/// The login of a website or mobile app (wechat reference 8): the same answer, never a snapshot page. Should
/// one be flagged all the same it is refused like any virtual account.
pub(crate) fn app_login(body: &[u8], draft: &mut Draft<'_>) -> Result<(), Error> {
    let scopes = AppScopes::of(draft.options())?;
    let tree = answer(body)?;
    draft.one(|record| {
        let user = tree.object("the answer")?;
        if is_snapshot(user)? {
            record.refuse(AnswerError::SnapshotUser);
            return Ok(());
        }
        login(record, &scopes, user, "app.login")
    })
}

/// A login that gives `openid` and, where the app is bound, `unionid`.
pub(crate) fn login(
    record: &mut Record<'_>,
    scopes: &AppScopes,
    user: Object<'_>,
    source: &str,
) -> Result<(), AnswerError> {
    let openid = user.id("openid", &scopes.openid)?;
    match scopes.unionid_in(user, "unionid")? {
        Some(unionid) => record.link(openid, unionid, source),
        None => Ok(()),
    }
}

/// `POST /cgi-bin/changeopenid` (wechat reference 6.9): old openids are dead, new ones took their place.
pub(crate) fn changeopenid(body: &[u8], draft: &mut Draft<'_>) -> Result<(), Error> {
    let old_space = draft.options().space(Kind::Openid, Opt::FromAppid)?;
    let new_space = draft.options().space(Kind::Openid, Opt::Appid)?;
    if old_space == new_space {
        let option = Opt::FromAppid.flag();
        return Err(AnswerError::BadOption { option, expected: "another app than --appid" }.into());
    }
    let tree = answer(body)?;
    let results = tree.object("the answer")?.list("result_list")?;
    draft.each("result_list", results, |record, result| {
        let result = result.object("the result")?;
        let old = result.id("ori_openid", &old_space)?;
        match result.text("err_msg")? {
            Some("ok") => {
                let new = result.id("new_openid", &new_space)?;
                record.supersede(old, new, "mp.changeopenid", None)
            }
            Some(_) => Err(AnswerError::ItemFailed),
            None => Err(AnswerError::Missing("err_msg")),
        }
    })
}
