//! WeCom customer groups and who is in them (wechat reference 12.7).

use crate::error::{AnswerError, Error};
use crate::model::{Id, Kind, RelationKind};
use crate::wechat::draft::{Draft, Record, Relation};
use crate::wechat::json::Object;
use crate::wechat::mp::answer;
use crate::wechat::work_contact::ViewScopes;

const SOURCE: &str = "work.group_get";

/// `POST /cgi-bin/externalcontact/groupchat/get`. Members who are nobody's contact carry a unionid too.
pub(crate) fn group_get(body: &[u8], draft: &mut Draft<'_>) -> Result<(), Error> {
    let scopes = ViewScopes::of(draft.options())?;
    let chats = draft.options().view_space(Kind::ChatId)?;
    let tree = answer(body)?;
    let group = tree.object("the answer")?.object("group_chat")?;
    let chat = group.id("chat_id", &chats)?;
    draft.each("member_list", group.list("member_list")?, |record, value| {
        member(record, &scopes, &chat, value.object("member_list")?)
    })
}

/// A member. `type` is 1 for an employee and 2 for an external contact of either kind (another meaning than
/// `external_contact.type` has); both are spelled `userid`.
fn member(
    record: &mut Record<'_>,
    scopes: &ViewScopes,
    chat: &Id,
    body: Object<'_>,
) -> Result<(), AnswerError> {
    let (member, is_external) = match body.int("type")? {
        Some(1) => (body.id("userid", &scopes.userid)?, false),
        Some(2) => (body.id("userid", &scopes.external)?, true),
        Some(_) => return Err(AnswerError::WrongType { field: "type", expected: "1 or 2" }),
        None => return Err(AnswerError::Missing("type")),
    };
    let since = body.time("join_time")?.map_or_else(|| record.at(), Ok)?;
    record.relate(since, Relation::new(RelationKind::MemberOf, member.clone(), chat.clone(), SOURCE))?;
    match scopes.unionid_in(record, body, is_external)? {
        Some(unionid) => record.link(member, unionid, SOURCE),
        None => Ok(()),
    }
}
