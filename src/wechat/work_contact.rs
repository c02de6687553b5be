//! WeCom customers: contacts, their followers (wechat reference 12.2-12.4).
//!
//! # Not here
//!   remarks, names, mobiles, tags and pictures: private, never stored.

use crate::error::{AnswerError, Error};
use crate::model::{Id, Kind, KindScope, RelationKind};
use crate::wechat::draft::{Draft, Record, Relation};
use crate::wechat::ingest::Note;
use crate::wechat::json::{Json, Object, new_id};
use crate::wechat::mp::answer;
use crate::wechat::options::{IngestOptions, Opt};

const SOURCE: &str = "work.contact_get";
/// `external_contact.type` of a user of another company's WeCom.
const TYPE_WECOM: i64 = 2;

/// What a corp's credential says about scopes.
pub(crate) struct ViewScopes {
    pub(crate) userid: KindScope,
    pub(crate) external: KindScope,
    unionid: Option<KindScope>,
    is_own: bool,
}

impl ViewScopes {
    pub(crate) fn of(options: &IngestOptions) -> Result<ViewScopes, AnswerError> {
        Ok(ViewScopes {
            userid: options.view_space(Kind::Userid)?,
            external: options.view_space(Kind::ExternalUserid)?,
            unionid: options.space_if_given(Kind::Unionid, Opt::OpenAccount)?,
            is_own: options.is_own_view(),
        })
    }

    /// The unionid of a contact that may be linked: in the corp's own view only, because any other viewer
    /// gets none or another open account's (wechat reference 3.2, 3.3).
    pub(crate) fn unionid_in(
        &self,
        record: &mut Record<'_>,
        contact: Object<'_>,
        is_wechat: bool,
    ) -> Result<Option<Id>, AnswerError> {
        if contact.text("unionid")?.is_none() {
            return Ok(None);
        }
        if !self.is_own || !is_wechat {
            record.note(Note::UnionidIgnored { place: record.place() });
            return Ok(None);
        }
        let space = self.unionid.as_ref().ok_or(AnswerError::OptionMissing(Opt::OpenAccount.flag()))?;
        contact.id("unionid", space).map(Some)
    }
}

/// The contact of an answer: its id and its type.
struct Contact {
    external: Id,
    contact_type: Option<i64>,
}

/// Reads `external_contact` and links its unionid.
fn contact(record: &mut Record<'_>, scopes: &ViewScopes, body: Object<'_>) -> Result<Contact, AnswerError> {
    let body = body.object("external_contact")?;
    let external = body.id("external_userid", &scopes.external)?;
    let contact_type = body.int("type")?;
    // A WeCom contact never has a unionid, though doc samples show one (wechat reference 12.3, 22.8).
    if let Some(unionid) = scopes.unionid_in(record, body, contact_type != Some(TYPE_WECOM))? {
        record.link(external.clone(), unionid, SOURCE)?;
    }
    Ok(Contact { external, contact_type })
}

/// One employee who follows a contact (`follow_user[]`, `follow_info`).
fn follower(
    record: &mut Record<'_>,
    scopes: &ViewScopes,
    contact: &Contact,
    follow: Object<'_>,
) -> Result<(), AnswerError> {
    let userid = follow.id("userid", &scopes.userid)?;
    let since = follow.time("createtime")?.map_or_else(|| record.at(), Ok)?;
    let relation = Relation::new(RelationKind::Follows, userid, contact.external.clone(), SOURCE)
        .attr("add_way", follow.int("add_way")?.map(|way| way.to_string()))
        .attr("state", follow.text("state")?.map(str::to_owned))
        .attr("type", contact.contact_type.map(|contact_type| contact_type.to_string()));
    record.relate(since, relation)
}

/// `GET /cgi-bin/externalcontact/get` (wechat reference 12.3): the contact is one record, each follower
/// another.
pub(crate) fn contact_get(body: &[u8], draft: &mut Draft<'_>) -> Result<(), Error> {
    let scopes = ViewScopes::of(draft.options())?;
    let tree = answer(body)?;
    let body = tree.object("the answer")?;
    let followers = body.list_or_empty("follow_user")?;
    let contact = draft.one(|record| contact(record, &scopes, body))?;
    draft.each("follow_user", followers, |record, follow| {
        follower(record, &scopes, &contact, follow.object("follow_user")?)
    })
}

/// `POST /cgi-bin/externalcontact/batch/get_by_user` (wechat reference 12.4): a row is a pair of contact and
/// follower, and one record.
pub(crate) fn contact_batch(body: &[u8], draft: &mut Draft<'_>) -> Result<(), Error> {
    let scopes = ViewScopes::of(draft.options())?;
    let tree = answer(body)?;
    let rows = tree.object("the answer")?.list("external_contact_list")?;
    draft.each("external_contact_list", rows, |record, row| {
        let row = row.object("external_contact_list")?;
        let contact = contact(record, &scopes, row)?;
        follower(record, &scopes, &contact, row.object("follow_info")?)
    })
}

/// `GET /cgi-bin/externalcontact/list` (wechat reference 12.2): the contacts of one employee.
pub(crate) fn contact_list(body: &[u8], draft: &mut Draft<'_>) -> Result<(), Error> {
    let userid = draft.options().id(&draft.options().view_space(Kind::Userid)?, Opt::Userid)?;
    let external = draft.options().view_space(Kind::ExternalUserid)?;
    let tree = answer(body)?;
    let contacts = tree.object("the answer")?.list("external_userid")?;
    draft.each("external_userid", contacts, |record, value: &Json| {
        let external = new_id(&external, "external_userid", value.text("external_userid")?)?;
        let relation = Relation::new(RelationKind::Follows, userid.clone(), external, "work.contact_list");
        record.relate(record.at()?, relation)
    })
}
