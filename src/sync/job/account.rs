//! The followers of an official account (wechat reference 23 B): the list, page by page, and who they are, by hundreds.

use serde_json::{Value, json};

use crate::error::{CallFailure, Error, Result};
use crate::model::{Id, Kind, KindScope, Time};
use crate::sync::api::{Request, USER_BATCHGET, USER_GET};
use crate::sync::client::{Credential, Platform};
use crate::sync::job::paging::{object, text};
use crate::sync::job::step::{Job, Place, Planned, Step, Turn};
use crate::wechat::{self, Ingest, IngestOptions, Opt, app_id};

/// Followers of a page (wechat reference 6.5). A shorter page is the last one.
const PAGE_MAX: usize = 10_000;
/// Followers of a call (wechat reference 6.4).
const CHUNK_MAX: usize = 100;
/// `openid invalid`: one bad openid fails the whole call.
const BAD_OPENID: i64 = 40003;

/// Reads all followers of an official account.
pub struct AccountImport {
    caller: Credential,
    appid: String,
    options: IngestOptions,
    page: Option<Page>,
}

impl std::fmt::Debug for AccountImport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccountImport").field("appid", &self.appid).finish_non_exhaustive()
    }
}

/// A page of the list.
struct Page {
    number: u64,
    openids: Vec<String>,
    /// What asks for the next one, if there is one.
    next: Option<String>,
    total: Option<u64>,
    facts: Ingest,
}

impl AccountImport {
    /// For an app, as `caller`, which is bound to this open-platform account, if to any.
    pub fn new(caller: Credential, appid: &str, open_account: Option<&str>) -> AccountImport {
        let mut options = IngestOptions::new().with(Opt::Appid, appid);
        open_account.into_iter().for_each(|account| options.set(Opt::OpenAccount, account));
        AccountImport { caller, appid: appid.to_owned(), options, page: None }
    }

    /// The calls that so many followers take, by path: no way takes fewer.
    pub fn calls_for(followers: u64) -> Vec<(&'static str, u64)> {
        let (page, chunk) = (PAGE_MAX as u64, CHUNK_MAX as u64);
        // A full page may have another behind it.
        let pages = followers / page + 1;
        vec![(USER_GET.path, pages), (USER_BATCHGET.path, followers.div_ceil(chunk))]
    }

    pub(super) fn appid(&self) -> &str {
        &self.appid
    }

    /// The app, as relations have it.
    pub(super) fn app(&self) -> Result<Id> {
        Ok(app_id(&self.options)?)
    }

    pub(super) fn openids(&self) -> Result<KindScope> {
        Ok(self.options.space(Kind::Openid, Opt::Appid)?)
    }

    fn options_at(&self, at: Time) -> IngestOptions {
        let mut options = self.options.clone();
        options.set_at(at);
        options
    }

    fn read_page(&mut self, platform: &Platform, number: u64, cursor: &str, at: Time) -> Result<()> {
        if self.page.as_ref().is_some_and(|page| page.number == number) {
            return Ok(());
        }
        let (openids, next, body) = list_page(platform, &self.caller, cursor)?;
        let facts = wechat::parse("mp.user_get", &body, &self.options_at(at))?;
        let total = object(USER_GET.path, &body)?.get("total").and_then(Value::as_u64);
        self.page = Some(Page { number, openids, next, total, facts });
        Ok(())
    }

    /// Who some of them are. A bad openid fails a whole call: its half is asked again, and that one's half, until it is alone.
    pub(super) fn read_users(
        &self,
        platform: &Platform,
        openids: &[String],
        at: Time,
        step: &mut Step,
    ) -> Result<()> {
        let mut parts = vec![openids];
        while let Some(part) = parts.pop() {
            if part.is_empty() {
                continue;
            }
            let users: Vec<Value> = part.iter().map(|openid| json!({"openid": openid})).collect();
            let request = Request::post(&USER_BATCHGET, &json!({"user_list": users}));
            match platform.call(&self.caller, &request) {
                Ok(body) => {
                    step.take(wechat::parse("mp.user_batchget", &body, &self.options_at(at))?);
                }
                Err(Error::Call { failure: CallFailure::Refused(BAD_OPENID), .. }) if part.len() > 1 => {
                    let (first, second) = part.split_at(part.len() / 2);
                    parts.extend([second, first]);
                }
                Err(Error::Call { failure: CallFailure::Refused(BAD_OPENID), .. }) => step.refused += 1,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// A page of the list, what asks for the next one, and the body.
pub(super) fn list_page(
    platform: &Platform,
    caller: &Credential,
    cursor: &str,
) -> Result<(Vec<String>, Option<String>, Vec<u8>)> {
    let params = [("next_openid", cursor)];
    let params = if cursor.is_empty() { &params[..0] } else { &params[..] };
    let body = platform.call(caller, &Request::get(&USER_GET, params))?;
    let answer = object(USER_GET.path, &body)?;
    let listed = answer.pointer("/data/openid").and_then(Value::as_array);
    let openids = listed.into_iter().flatten().filter_map(|openid| Some(openid.as_str()?.to_owned()));
    let openids: Vec<String> = openids.collect();
    let next = text(&answer, "next_openid");
    // A page that is not full is the last one.
    let goes_on = openids.len() >= PAGE_MAX && !next.is_empty();
    if goes_on && next == cursor {
        return Err(Error::Call { api: USER_GET.path, failure: CallFailure::NotAnAnswer });
    }
    let next = goes_on.then(|| next.to_owned());
    Ok((openids, next, body))
}

impl Job for AccountImport {
    fn name(&self) -> String {
        format!("account {}", self.appid)
    }

    fn outline(&mut self, _: &Platform) -> Result<String> {
        Ok(String::new())
    }

    fn resume(&mut self, _: &str) -> Result<()> {
        self.page = None;
        Ok(())
    }

    fn plan(&mut self, turn: &Turn<'_>) -> Result<Vec<Planned>> {
        let (_, _, body) = list_page(turn.platform, &self.caller, "")?;
        let total = object(USER_GET.path, &body)?.get("total").and_then(Value::as_u64).unwrap_or(0);
        let (page, chunk) = (PAGE_MAX as u64, CHUNK_MAX as u64);
        let pages = total / page + 1;
        Ok(vec![Planned::exactly(&USER_GET, pages), Planned::exactly(&USER_BATCHGET, total.div_ceil(chunk))])
    }

    fn step(&mut self, turn: &Turn<'_>) -> Result<Step> {
        let Turn { platform, place, cursor, begun_at, .. } = *turn;
        self.read_page(platform, place.page, cursor, begun_at)?;
        let mut step = Step::default();
        let Some(page) = &mut self.page else { return Ok(step) };
        if place.chunk == 0 {
            step.take(std::mem::take(&mut page.facts));
        }
        let chunk = usize::try_from(place.chunk).unwrap_or(usize::MAX);
        let Some(page) = &self.page else { return Ok(step) };
        let openids = page.openids.chunks(CHUNK_MAX).nth(chunk).unwrap_or_default();
        self.read_users(platform, openids, begun_at, &mut step)?;
        step.records = openids.len() as u64;
        step.total = page.total;
        let chunks = page.openids.len().div_ceil(CHUNK_MAX);
        step.next = if chunk + 1 < chunks {
            Some((Place { chunk: place.chunk + 1, ..place }, None))
        } else {
            let next = page.next.clone();
            next.map(|next| (Place { page: place.page + 1, chunk: 0, ..place }, Some(next)))
        };
        Ok(step)
    }
}
