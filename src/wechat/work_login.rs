//! WeCom logins, payment identities and visitor tokens (wechat reference 15.1, 12.9, 11, 12.10).

use crate::error::{AnswerError, Error};
use crate::model::{Kind, RelationKind};
use crate::wechat::draft::{Draft, Relation};
use crate::wechat::json::Object;
use crate::wechat::mp::answer;
use crate::wechat::options::Opt;

/// `GET /cgi-bin/auth/getuserinfo` and the older `user/getuserinfo` (wechat reference 15.1). A visitor who is
/// no member has an `openid`, unique to the corp whoever looks, and, being a customer in range, an
/// `external_userid`. A member asserts nothing, and so does the answer of `getuserinfo3rd`.
pub(crate) fn login(body: &[u8], draft: &mut Draft<'_>) -> Result<(), Error> {
    let external_space = draft.options().view_space(Kind::ExternalUserid)?;
    let web_space = draft.options().space(Kind::WecomWebOpenid, Opt::Corp)?;
    let tree = answer(body)?;
    draft.one(|record| {
        let visitor = tree.object("the answer")?;
        let is_member = either(visitor, "userid", "UserId")?.is_some();
        let external = visitor.id_if_given("external_userid", &external_space)?;
        let openid = match either(visitor, "openid", "OpenId")? {
            Some(field) => Some(visitor.id(field, &web_space)?),
            None => None,
        };
        match (is_member, external, openid) {
            (true, Some(_), _) => Err(AnswerError::Malformed("an answer about a member or a visitor")),
            (true, None, _) => Ok(()),
            (false, None, Some(_)) => Ok(()),
            (false, Some(external), Some(openid)) => record.link(external, openid, "work.login"),
            (false, _, None) => Err(AnswerError::Missing("openid")),
        }
    })
}

/// The name under which one of two spellings of a field is there (wechat reference 1.2).
fn either(
    body: Object<'_>,
    new: &'static str,
    old: &'static str,
) -> Result<Option<&'static str>, AnswerError> {
    Ok(match (body.text(new)?, body.text(old)?) {
        (Some(_), _) => Some(new),
        (None, Some(_)) => Some(old),
        (None, None) => None,
    })
}

/// `externalcontact/convert_to_openid` and `user/convert_to_openid` (wechat reference 12.9, 11): the openid
/// of the corp's own payment identity. The answer does not say whose it is: `--external` or `--userid` does.
pub(crate) fn pay_openid(body: &[u8], draft: &mut Draft<'_>) -> Result<(), Error> {
    const SOURCE: &str = "work.pay_openid";
    let options = draft.options();
    let pay_space = options.space(Kind::WecomPayOpenid, Opt::Corp)?;
    let tree = answer(body)?;
    match (options.get(Opt::Userid), options.get(Opt::External)) {
        (None, None) => Err(AnswerError::OptionMissing("--external or --userid").into()),
        (Some(_), Some(_)) => {
            let option = Opt::Userid.flag();
            Err(AnswerError::BadOption { option, expected: "given together with --external" }.into())
        }
        (None, Some(_)) => {
            let external = options.id(&options.view_space(Kind::ExternalUserid)?, Opt::External)?;
            draft.one(|record| {
                let openid = tree.object("the answer")?.id("openid", &pay_space)?;
                record.link(external, openid, SOURCE)
            })
        }
        (Some(_), None) => {
            let userid = options.id(&options.view_space(Kind::Userid)?, Opt::Userid)?;
            draft.one(|record| {
                let openid = tree.object("the answer")?.id("openid", &pay_space)?;
                let relation = Relation::new(RelationKind::UsesAccount, userid, openid, SOURCE);
                record.relate(record.at()?, relation)
            })
        }
    }
}

/// A one-visit token that came back in `state` with a customer (wechat reference 12.10): the fact is in the
/// options. The body may be empty, or the answer the token was found in, which must not be an error.
pub(crate) fn state(body: &[u8], draft: &mut Draft<'_>) -> Result<(), Error> {
    let options = draft.options();
    let token = options.id(&options.space(Kind::StateToken, Opt::Corp)?, Opt::StateToken)?;
    let external = options.id(&options.view_space(Kind::ExternalUserid)?, Opt::External)?;
    if !body.trim_ascii().is_empty() {
        answer(body)?;
    }
    draft.one(|record| record.link(token, external, "work.state"))
}
