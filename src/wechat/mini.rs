//! Mini programs: login, paid orders, cloud functions (wechat reference 7.1-7.3).

use crate::error::{AnswerError, Error};
use crate::model::{Kind, KindScope, normalise_key};
use crate::wechat::draft::{Draft, Record};
use crate::wechat::json::Object;
use crate::wechat::mp::{AppScopes, answer, login};
use crate::wechat::options::Opt;

/// `GET /sns/jscode2session` and its component form (wechat reference 7.1, 9.3). The session key is skipped
/// while parsing and never held.
pub(crate) fn code2session(body: &[u8], draft: &mut Draft<'_>) -> Result<(), Error> {
    let scopes = AppScopes::of(draft.options())?;
    let tree = answer(body)?;
    draft.one(|record| login(record, &scopes, tree.object("the answer")?, "mini.code2session"))
}

/// `GET /wxa/getpaidunionid` (wechat reference 7.2): the answer holds the unionid only.
pub(crate) fn paid_unionid(body: &[u8], draft: &mut Draft<'_>) -> Result<(), Error> {
    let scopes = AppScopes::of(draft.options())?;
    let openid = draft.options().id(&scopes.openid, Opt::Openid)?;
    let tree = answer(body)?;
    draft.one(|record| match scopes.unionid_in(tree.object("the answer")?, "unionid")? {
        Some(unionid) => record.link(openid, unionid, "mini.paid_unionid"),
        None => Ok(()),
    })
}

/// The field names of one of the two users of a cloud context, and the options about its app.
struct CloudUser {
    openid: &'static str,
    appid: &'static str,
    unionid: &'static str,
    app: Opt,
    open_account: Opt,
}

/// `cloud.getWXContext()` (wechat reference 7.3): the app's own user, and with shared resources the calling
/// app's. The two sets never mix. The appids are fields of the context, which the cloud fills, not the user;
/// `--appid` and `--from-appid` are compared with them where given.
pub(crate) fn cloud_context(body: &[u8], draft: &mut Draft<'_>) -> Result<(), Error> {
    let tree = answer(body)?;
    draft.one(|record| {
        let context = tree.object("the answer")?;
        let own = CloudUser {
            openid: "OPENID",
            appid: "APPID",
            unionid: "UNIONID",
            app: Opt::Appid,
            open_account: Opt::OpenAccount,
        };
        let calling = CloudUser {
            openid: "FROM_OPENID",
            appid: "FROM_APPID",
            unionid: "FROM_UNIONID",
            app: Opt::FromAppid,
            open_account: Opt::FromOpenAccount,
        };
        cloud_user(record, context, &own)?;
        cloud_user(record, context, &calling)
    })
}

fn cloud_user(record: &mut Record<'_>, context: Object<'_>, user: &CloudUser) -> Result<(), AnswerError> {
    let Some(appid) = context.text(user.appid)? else {
        // Ids without their app have no scope.
        let has_ids = context.text(user.openid)?.is_some() || context.text(user.unionid)?.is_some();
        return if has_ids { Err(AnswerError::Missing(user.appid)) } else { Ok(()) };
    };
    let appid = normalise_key(appid).map_err(|rule| AnswerError::BadId { field: user.appid, rule })?;
    if record.options().get(user.app).is_some() && record.options().key(user.app)? != appid {
        return Err(AnswerError::ForeignApp(user.appid));
    }
    let space = KindScope::new(Kind::Openid, &appid);
    let space = space.map_err(|rule| AnswerError::BadId { field: user.appid, rule })?;
    let openid = context.id_if_given(user.openid, &space)?;
    if context.text(user.unionid)?.is_none() {
        return Ok(());
    }
    let unionid = context.id(user.unionid, &record.options().space(Kind::Unionid, user.open_account)?)?;
    record.link(openid.ok_or(AnswerError::Missing(user.openid))?, unionid, "mini.cloud_context")
}
