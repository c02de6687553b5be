//! WeCom id conversions: one identity in two views, generations or systems (wechat reference 13, 12.8).
//!
//! The usual pair of views is the corp's own (`CORP`) and a provider's (`CORP@VIEWER`), from `--corp` and
//! `--viewer`. Where a corp's ids are of another generation (`@PROVIDER`, before the 2022 upgrade), `--from-view` and
//! `--to-view` say the whole VIEW of the ids asked about and answered.

use crate::error::{AnswerError, Error};
use crate::model::{Id, Kind, KindScope, Op, normalise_key};
use crate::wechat::draft::{Draft, Record};
use crate::wechat::ingest::Note;
use crate::wechat::json::{Json, Object};
use crate::wechat::mp::answer;
use crate::wechat::options::{IngestOptions, Opt};

const SOURCE: &str = "work.idconvert";
/// The rows of an answer about several corps.
const INFO: &str = "external_userid_info";

/// `POST /cgi-bin/idconvert/unionid_to_external_userid` (wechat reference 13.1).
///
/// That the call succeeded implies that the unionid and the openid sent with it are one account (13.1), but
/// nothing in the answer says which openid was sent: `--openid` and `--appid` are checked and assert nothing.
///
/// The `_3rd` and `corpgroup` forms (13.4, 14.1) answer with `external_userid_info`: a row for each corp, which names it. A
/// row's VIEW is its own corp as `--viewer` sees it, which such an answer needs; no row at all is absence in the
/// VIEW of `--corp`.
pub(crate) fn unionid_to_external(body: &[u8], draft: &mut Draft<'_>) -> Result<(), Error> {
    let options = draft.options();
    let unionid = options.id(&options.space(Kind::Unionid, Opt::OpenAccount)?, Opt::Unionid)?;
    let external_space = options.view_space(Kind::ExternalUserid)?;
    let pending_space = options.view_space(Kind::PendingId)?;
    if options.get(Opt::Openid).is_some() {
        options.id(&options.space(Kind::Openid, Opt::Appid)?, Opt::Openid)?;
    }
    let tree = answer(body)?;
    let rows = tree.object("the answer")?.list_or_empty(INFO)?;
    if !rows.is_empty() {
        return in_corps(rows, &unionid, draft);
    }
    draft.one(|record| {
        let answer = tree.object("the answer")?;
        let external = answer.id_if_given("external_userid", &external_space)?;
        let pending = answer.id_if_given("pending_id", &pending_space)?;
        if external.is_none() && pending.is_none() {
            // A negative answer is remembered, so it must really be one: WeCom always sends errcode.
            answer.int("errcode")?.ok_or(AnswerError::Missing("errcode"))?;
            let (id, target, source) = (unionid, external_space.clone(), SOURCE.to_owned());
            return record.push(record.at()?, Op::Absent { id, target, source });
        }
        for id in [external, pending].into_iter().flatten() {
            record.link(unionid.clone(), id, SOURCE)?;
        }
        Ok(())
    })
}

/// A visitor's external_userids in corps, each of which its row names.
fn in_corps(rows: &[Json], unionid: &Id, draft: &mut Draft<'_>) -> Result<(), Error> {
    let viewer = draft.options().key(Opt::Viewer)?;
    draft.each(INFO, rows, |record, row| {
        let row = row.object(INFO)?;
        let corp = row.text("corpid")?.ok_or(AnswerError::Missing("corpid"))?;
        let bad = |rule| AnswerError::BadId { field: "corpid", rule };
        let corp = normalise_key(corp).map_err(bad)?;
        let space = KindScope::new(Kind::ExternalUserid, &format!("{corp}@{viewer}")).map_err(bad)?;
        record.link(unionid.clone(), row.id("external_userid", &space)?, SOURCE)
    })
}

/// `POST /cgi-bin/idconvert/batch/external_userid_to_pending_id` (wechat reference 13.3). Ids without a live
/// pending_id are missing or empty: no evidence either way.
pub(crate) fn external_to_pending(body: &[u8], draft: &mut Draft<'_>) -> Result<(), Error> {
    let external_space = draft.options().view_space(Kind::ExternalUserid)?;
    let pending_space = draft.options().view_space(Kind::PendingId)?;
    let tree = answer(body)?;
    let results = tree.object("the answer")?.list("result")?;
    draft.each("result", results, |record, result| {
        let result = result.object("result")?;
        let external = result.id("external_userid", &external_space)?;
        match result.id_if_given("pending_id", &pending_space)? {
            Some(pending) => record.link(external, pending, SOURCE),
            None => Ok(()),
        }
    })
}

/// The spaces of the two sides of a conversion.
struct Sides {
    from: KindScope,
    to: KindScope,
}

impl Sides {
    /// From the corp's own view to a provider's, or back.
    fn of(options: &IngestOptions, kind: Kind, to_provider: bool) -> Result<Sides, AnswerError> {
        let usual = |is_provider: bool| {
            if is_provider {
                options.need(Opt::Viewer)?;
                return options.view_space(kind.clone());
            }
            options.space(kind.clone(), Opt::Corp)
        };
        let side = |stated: Opt, is_provider: bool| match options.get(stated) {
            None => usual(is_provider),
            Some(view) => KindScope::new(kind.clone(), view)
                .map_err(|rule| AnswerError::BadId { field: stated.flag(), rule }),
        };
        let sides = Sides { from: side(Opt::FromView, !to_provider)?, to: side(Opt::ToView, to_provider)? };
        if sides.from == sides.to {
            let option = Opt::ToView.flag();
            return Err(AnswerError::BadOption { option, expected: "another view than the ids asked about" });
        }
        Ok(sides)
    }
}

/// Links the two sides of a conversion; an id answered with itself was not converted.
fn converted(record: &mut Record<'_>, from: Id, to: Id) -> Result<(), AnswerError> {
    if from.spelling() == to.spelling() {
        record.note(Note::Echoed { place: record.place() });
        return Ok(());
    }
    record.link(from, to, SOURCE)
}

/// A list of pairs under two names.
struct Pairs<'a> {
    list: &'static str,
    items: &'a [Json],
    from: (&'static str, &'a KindScope),
    to: (&'static str, &'a KindScope),
}

impl Pairs<'_> {
    fn read(
        &self,
        draft: &mut Draft<'_>,
        mut write: impl FnMut(&mut Record<'_>, Id, Id) -> Result<(), AnswerError>,
    ) -> Result<(), Error> {
        draft.each(self.list, self.items, |record, item| {
            let item = item.object(self.list)?;
            let from = item.id(self.from.0, self.from.1)?;
            let to = item.id(self.to.0, self.to.1)?;
            write(record, from, to)
        })
    }
}

/// The ids an answer lists as refused: counted, listed, no facts.
pub(crate) fn refused_items(
    draft: &mut Draft<'_>,
    answer: Object<'_>,
    list: &'static str,
) -> Result<(), Error> {
    draft.each(list, answer.list_or_empty(list)?, |_, _| Err(AnswerError::ItemFailed))
}

/// `POST /cgi-bin/externalcontact/get_new_external_userid` and its `groupchat` form (wechat reference 13.5):
/// the corp's values become a provider's.
pub(crate) fn new_external(body: &[u8], draft: &mut Draft<'_>) -> Result<(), Error> {
    let sides = Sides::of(draft.options(), Kind::ExternalUserid, true)?;
    let tree = answer(body)?;
    let pairs = Pairs {
        list: "items",
        items: tree.object("the answer")?.list("items")?,
        from: ("external_userid", &sides.from),
        to: ("new_external_userid", &sides.to),
    };
    pairs.read(draft, converted)
}

/// `POST /cgi-bin/externalcontact/to_service_external_userid` (wechat reference 13.5): corp value to provider
/// value. The answer holds the provider's only; the other is `--external`.
pub(crate) fn to_service_external(body: &[u8], draft: &mut Draft<'_>) -> Result<(), Error> {
    service_external(body, draft, true)
}

/// `POST /cgi-bin/externalcontact/from_service_external_userid` (wechat reference 13.5): the way back.
pub(crate) fn from_service_external(body: &[u8], draft: &mut Draft<'_>) -> Result<(), Error> {
    service_external(body, draft, false)
}

fn service_external(body: &[u8], draft: &mut Draft<'_>, to_provider: bool) -> Result<(), Error> {
    let sides = Sides::of(draft.options(), Kind::ExternalUserid, to_provider)?;
    let asked = draft.options().id(&sides.from, Opt::External)?;
    let tree = answer(body)?;
    draft.one(|record| {
        let answered = tree.object("the answer")?.id("external_userid", &sides.to)?;
        converted(record, asked, answered)
    })
}

/// `POST /cgi-bin/batch/userid_to_openuserid` and `openuserid_to_userid` (wechat reference 13.6): the fields
/// say which side is which, whatever the direction.
pub(crate) fn userid_convert(body: &[u8], draft: &mut Draft<'_>) -> Result<(), Error> {
    let sides = Sides::of(draft.options(), Kind::Userid, true)?;
    let tree = answer(body)?;
    let answer = tree.object("the answer")?;
    let list = ["open_userid_list", "userid_list"].into_iter().find(|list| answer.get(list).is_some());
    let list = list.ok_or(AnswerError::Missing("open_userid_list"))?;
    let pairs = Pairs {
        list,
        items: answer.list(list)?,
        from: ("userid", &sides.from),
        to: ("open_userid", &sides.to),
    };
    pairs.read(draft, converted)?;
    refused_items(draft, answer, "invalid_userid_list")?;
    refused_items(draft, answer, "invalid_open_userid_list")
}

/// `POST /cgi-bin/service/corpid_to_opencorpid` (wechat reference 13.6): the answer holds the open_corpid
/// only, unique to the provider.
pub(crate) fn corpid_convert(body: &[u8], draft: &mut Draft<'_>) -> Result<(), Error> {
    let space = |scope: &str, option: Opt| {
        KindScope::new(Kind::Corpid, scope).map_err(|rule| AnswerError::BadId { field: option.flag(), rule })
    };
    let corp = draft.options().id(&space("", Opt::Corp)?, Opt::Corp)?;
    let open_space = space(&format!("@{}", draft.options().key(Opt::Provider)?), Opt::Provider)?;
    let tree = answer(body)?;
    draft.one(|record| {
        let open_corpid = tree.object("the answer")?.id("open_corpid", &open_space)?;
        record.link(corp, open_corpid, SOURCE)
    })
}

/// `POST /cgi-bin/externalcontact/opengid_to_chatid` (wechat reference 12.8): a WeChat group as a mini
/// program sees it is a customer group of the corp.
pub(crate) fn opengid_to_chat(body: &[u8], draft: &mut Draft<'_>) -> Result<(), Error> {
    let options = draft.options();
    let opengid = options.id(&options.space(Kind::Opengid, Opt::Appid)?, Opt::Opengid)?;
    let chats = options.view_space(Kind::ChatId)?;
    let tree = answer(body)?;
    draft.one(|record| {
        let chat = tree.object("the answer")?.id("chat_id", &chats)?;
        record.link(opengid, chat, SOURCE)
    })
}

/// `POST /cgi-bin/idconvert/chatid` (wechat reference 13.9): after the upgrade the viewer sees the new chat
/// ids only, so the old ones are dead in its view.
pub(crate) fn chatid_convert(body: &[u8], draft: &mut Draft<'_>) -> Result<(), Error> {
    let chats = draft.options().view_space(Kind::ChatId)?;
    let tree = answer(body)?;
    let answer = tree.object("the answer")?;
    let pairs = Pairs {
        list: "items",
        items: answer.list("items")?,
        from: ("chat_id", &chats),
        to: ("new_chat_id", &chats),
    };
    pairs.read(draft, |record, old, new| {
        if old == new {
            record.note(Note::Echoed { place: record.place() });
            return Ok(());
        }
        record.supersede(old, new, SOURCE, None)
    })?;
    refused_items(draft, answer, "invalid_chat_id_list")
}
