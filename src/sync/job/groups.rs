//! The customer groups that an app of a corp sees (wechat reference 12.7), group by group.

use serde_json::{Value, json};

use crate::error::Result;
use crate::sync::api::{GROUP_LIST, Request};
use crate::sync::client::{Credential, Platform};
use crate::sync::job::paging::{Cursors, RESTARTS_MAX, is_dead_cursor, text};
use crate::sync::job::step::Place;

/// Groups of a page.
pub(super) const GROUPS_MAX: usize = 1_000;

/// A walk over the list: a place's page is one of the list, and its chunk a group of the page.
#[derive(Default)]
pub(super) struct Groups {
    page: Option<GroupPage>,
    cursors: Cursors,
    restarts: u32,
}

struct GroupPage {
    number: u64,
    chats: Vec<String>,
    next: Option<String>,
}

/// Where a walk over groups is.
pub(super) enum AtGroup {
    /// At this one; the place behind it, if there is one.
    Chat(String, Option<(Place, Option<String>)>),
    /// At none: the page is empty, or it was the last of them, or the list is begun again.
    Between(Option<(Place, Option<String>)>),
}

impl Groups {
    /// The group of a place, whose page is read if it is another than that of before.
    pub(super) fn at(
        &mut self,
        platform: &Platform,
        caller: &Credential,
        place: Place,
        cursor: &str,
    ) -> Result<AtGroup> {
        let behind = |next: String| (Place { page: place.page + 1, chunk: 0, ..place }, Some(next));
        let known = self.page.take().filter(|page| page.number == place.page);
        let page = match known {
            Some(page) => page,
            None => match list_groups(platform, caller, cursor, &mut self.cursors) {
                Ok((chats, next)) => GroupPage { number: place.page, chats, next },
                Err(error) if is_dead_cursor(&error, cursor) && self.restarts < RESTARTS_MAX => {
                    self.restarts += 1;
                    self.cursors = Cursors::default();
                    return Ok(AtGroup::Between(Some(behind(String::new()))));
                }
                Err(error) => return Err(error),
            },
        };
        let next = if place.chunk + 1 < page.chats.len() as u64 {
            Some((Place { chunk: place.chunk + 1, ..place }, None))
        } else {
            page.next.clone().map(behind)
        };
        let chat = usize::try_from(place.chunk).ok().and_then(|chunk| page.chats.get(chunk)).cloned();
        self.page = Some(page);
        Ok(match chat {
            Some(chat) => AtGroup::Chat(chat, next),
            None => AtGroup::Between(next),
        })
    }
}

/// How many groups there are, and on how many pages.
pub(super) fn count_groups(platform: &Platform, caller: &Credential) -> Result<(u64, u64)> {
    let (mut groups, mut pages, mut cursor) = (0, 0, String::new());
    let mut cursors = Cursors::default();
    loop {
        let (chats, next) = list_groups(platform, caller, &cursor, &mut cursors)?;
        (groups, pages) = (groups + chats.len() as u64, pages + 1);
        match next {
            Some(next) => cursor = next,
            None => return Ok((groups, pages)),
        }
    }
}

/// A page of groups, and what asks for the next one.
fn list_groups(
    platform: &Platform,
    caller: &Credential,
    cursor: &str,
    cursors: &mut Cursors,
) -> Result<(Vec<String>, Option<String>)> {
    let body = json!({"status_filter": 0, "cursor": cursor, "limit": GROUPS_MAX});
    let (_, answer) = cursors.page(platform, caller, &Request::post(&GROUP_LIST, &body), cursor)?;
    let listed = answer.get("group_chat_list").and_then(Value::as_array);
    let chats = listed.into_iter().flatten().map(|chat| text(chat, "chat_id").to_owned()).collect();
    let next = text(&answer, "next_cursor");
    Ok((chats, (!next.is_empty()).then(|| next.to_owned())))
}
