//! The followers of an official account (wechat reference 23 B): the list, page by page, and who they are, by hundreds.

use std::collections::VecDeque;

use serde_json::{Value, json};

use crate::error::{CallFailure, Error, Result};
use crate::model::{Id, Kind, KindScope, Time};
use crate::sync::api::{OPEN_GET, Request, USER_BATCHGET, USER_GET};
use crate::sync::client::{Credential, Platform};
use crate::sync::job::paging::{TRIES_MAX, halved, object, text};
use crate::sync::job::step::{Job, Place, Planned, Step, Turn};
use crate::wechat::{self, Ingest, IngestOptions, Opt, app_id};

/// Followers of a page (wechat reference 6.5). A shorter page is the last one.
const PAGE_MAX: usize = 10_000;
/// Followers of a call (wechat reference 6.4).
const CHUNK_MAX: usize = 100;
/// The app is bound to no open account.
const UNBOUND: i64 = 89002;
/// `openid invalid`: one bad openid fails the whole call.
const BAD_OPENID: i64 = 40003;

/// Reads all followers of an official account. It begins by asking which open account the app is bound to (wechat reference 9.4):
/// where that is another than the settings say, or none, unionids are another's too, and it stops. Where the settings have a name of
/// the user's own for it, only that there is one can be told.
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

/// What is left of a page of the list.
struct Page {
    /// The follower before the first of these; what asks for the list from there on.
    after: String,
    openids: VecDeque<String>,
    /// Whether there may be more behind it.
    goes_on: bool,
    total: Option<u64>,
    facts: Ingest,
    lacking: u64,
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
        vec![(OPEN_GET.path, 1), (USER_GET.path, pages), (USER_BATCHGET.path, followers.div_ceil(chunk))]
    }

    /// The open-platform account whose unionids its followers have.
    pub(super) fn unionids(&self) -> Result<Option<KindScope>> {
        let is_bound = self.options.get(Opt::OpenAccount).is_some();
        is_bound.then(|| Ok(self.options.space(Kind::Unionid, Opt::OpenAccount)?)).transpose()
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

    /// The list behind a follower, of whom so many were read before.
    fn read_page(&mut self, platform: &Platform, after: &str, read: u64, at: Time) -> Result<()> {
        if self.page.as_ref().is_some_and(|page| page.after == after && !page.openids.is_empty()) {
            return Ok(());
        }
        let List { openids, goes_on, total, lacking, body } = list_page(platform, &self.caller, after, read)?;
        let facts = wechat::parse("mp.user_get", &body, &self.options_at(at))?;
        let after = after.to_owned();
        self.page = Some(Page { after, openids: openids.into(), goes_on, total, facts, lacking });
        Ok(())
    }

    /// Who some of them are. A bad openid fails a whole call: its half is asked again, and that one's half, until it is alone.
    /// The bad ones are given back.
    pub(super) fn read_users(
        &self,
        platform: &Platform,
        openids: &[String],
        at: Time,
        step: &mut Step,
    ) -> Result<Vec<String>> {
        let bad = halved(openids, |part| {
            let users: Vec<Value> = part.iter().map(|openid| json!({"openid": openid})).collect();
            let request = Request::post(&USER_BATCHGET, &json!({"user_list": users}));
            match platform.call(&self.caller, &request) {
                Ok(body) => {
                    step.take(wechat::parse("mp.user_batchget", &body, &self.options_at(at))?);
                    Ok(None)
                }
                Err(Error::Call { failure: CallFailure::Refused(BAD_OPENID), .. }) => Ok(Some(BAD_OPENID)),
                Err(error) => Err(error),
            }
        })?;
        step.refused += bad.len() as u64;
        Ok(bad.into_iter().map(|(openid, _)| openid.clone()).collect())
    }
}

/// Whether a key has the form of the platform's own (wechat reference 2): a name of the user's own has not.
fn is_appid(key: &str) -> bool {
    let digits = key.strip_prefix("wx").unwrap_or_default();
    digits.len() == 16 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A page of the list.
pub(super) struct List {
    pub(super) openids: Vec<String>,
    /// Whether there may be more behind the last of them.
    pub(super) goes_on: bool,
    pub(super) total: Option<u64>,
    /// How many the list lacks of those whom it counts, at its end.
    pub(super) lacking: u64,
    body: Vec<u8>,
}

/// The list behind a follower, of whom so many were read before; from the beginning where that is empty. One that ends before
/// the platform's own count of followers is asked for again; if it stays so, it is taken at its word.
pub(super) fn list_page(platform: &Platform, caller: &Credential, after: &str, read: u64) -> Result<List> {
    let params = [("next_openid", after)];
    let params = if after.is_empty() { &params[..0] } else { &params[..] };
    let request = Request::get(&USER_GET, params);
    let mut tries = 1;
    loop {
        let body = platform.call(caller, &request)?;
        let answer = object(USER_GET.path, &body)?;
        let listed = answer.pointer("/data/openid").and_then(Value::as_array);
        let openids = listed.into_iter().flatten().filter_map(|openid| Some(openid.as_str()?.to_owned()));
        let openids: Vec<String> = openids.collect();
        let total = answer.get("total").and_then(Value::as_u64);
        let lacking = total.unwrap_or(0).saturating_sub(read + openids.len() as u64);
        if openids.is_empty() && lacking > 0 && tries < TRIES_MAX {
            tries += 1;
            continue;
        }
        if openids.last().is_some_and(|last| last == after) {
            return Err(Error::Call { api: USER_GET.path, failure: CallFailure::NotAnAnswer });
        }
        // A page that is not full is the last one, unless the platform itself says that there are more.
        let goes_on = openids.len() >= PAGE_MAX || (lacking > 0 && !openids.is_empty());
        return Ok(List { openids, goes_on, total, lacking: if goes_on { 0 } else { lacking }, body });
    }
}

impl Job for AccountImport {
    fn name(&self) -> String {
        format!("account {}", self.appid)
    }

    fn outline(&mut self, platform: &Platform) -> Result<String> {
        let request = Request::post(&OPEN_GET, &json!({"appid": self.appid}));
        let expected = self.options.get(Opt::OpenAccount);
        let bound = match platform.call(&self.caller, &request) {
            Ok(body) => Some(text(&object(OPEN_GET.path, &body)?, "open_appid").to_owned()),
            Err(Error::Call { failure: CallFailure::Settings(UNBOUND), .. }) => None,
            // Who calls for himself has no permission to ask it.
            Err(Error::Call { failure: CallFailure::Settings(_) | CallFailure::Refused(_), .. }) => {
                expected.map(str::to_owned)
            }
            Err(error) => return Err(error),
        };
        // What a name of the user's own stands for, the platform cannot say.
        let is_named = expected.is_some_and(|expected| !is_appid(expected));
        if bound.as_deref() != expected && !(is_named && bound.is_some()) {
            return Err(Error::Call { api: OPEN_GET.path, failure: CallFailure::OtherBinding });
        }
        Ok(String::new())
    }

    fn resume(&mut self, _: &str) -> Result<()> {
        self.page = None;
        Ok(())
    }

    fn plan(&mut self, turn: &Turn<'_>) -> Result<Vec<Planned>> {
        let total = list_page(turn.platform, &self.caller, "", 0)?.total.unwrap_or(0);
        let (page, chunk) = (PAGE_MAX as u64, CHUNK_MAX as u64);
        let pages = total / page + 1;
        Ok(vec![
            Planned::exactly(&OPEN_GET, 1),
            Planned::exactly(&USER_GET, pages),
            Planned::exactly(&USER_BATCHGET, total.div_ceil(chunk)),
        ])
    }

    /// Some followers. The cursor is the last of those before, so that a run that goes on misses nobody whom the list has
    /// moved meanwhile; the place's chunk counts followers.
    fn step(&mut self, turn: &Turn<'_>) -> Result<Step> {
        let Turn { platform, place, cursor, begun_at, .. } = *turn;
        self.read_page(platform, cursor, place.chunk, begun_at)?;
        let mut step = Step::default();
        let Some(page) = &self.page else { return Ok(step) };
        let openids: Vec<String> = page.openids.iter().take(CHUNK_MAX).cloned().collect();
        self.read_users(platform, &openids, begun_at, &mut step)?;
        let Some(page) = &mut self.page else { return Ok(step) };
        step.take(std::mem::take(&mut page.facts));
        step.refused += std::mem::take(&mut page.lacking);
        step.records = openids.len() as u64;
        step.total = page.total;
        page.openids.drain(..openids.len());
        let is_over = page.openids.is_empty() && !page.goes_on;
        if let Some(last) = openids.last().filter(|_| !is_over) {
            page.after.clone_from(last);
            let place = Place { page: place.page + 1, chunk: place.chunk + step.records, ..place };
            step.next = Some((place, Some(last.clone())));
        }
        Ok(step)
    }
}
