//! The customer groups that an app of a corp sees (wechat reference 12.7), group by group.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::error::Result;
use crate::sync::api::{GROUP_LIST, Request};
use crate::sync::client::{Credential, Platform};
use crate::sync::job::paging::{Cursors, RESTARTS_MAX, is_dead_cursor, text};
use crate::sync::job::step::Place;

/// Groups of a page.
pub(super) const GROUPS_MAX: usize = 1_000;

/// A walk over the list. Each group is a page of its own to the run: a run that goes on finds the group it was at by its
/// name, since the list may have moved.
#[derive(Default)]
pub(super) struct Groups {
    page: Option<GroupPage>,
    cursors: Cursors,
    restarts: u32,
}

struct GroupPage {
    cursor: String,
    chats: Vec<String>,
    next: Option<String>,
}

/// Where a walk goes on: the platform's cursor of a page, and the group of it that was the last; empty = from its beginning.
type Behind = (String, String);

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
        let (cursor, last): Behind = serde_json::from_str(cursor).unwrap_or_default();
        let behind = |behind: Behind| {
            let next = Place { page: place.page + 1, ..place };
            (next, Some(json!(behind).to_string()))
        };
        let page = match self.page.take().filter(|page| page.cursor == cursor) {
            Some(page) => page,
            None => match list_groups(platform, caller, &cursor, &mut self.cursors) {
                Ok((chats, next)) => GroupPage { cursor, chats, next },
                Err(error) if is_dead_cursor(&error, &cursor) && self.restarts < RESTARTS_MAX => {
                    self.restarts += 1;
                    self.cursors = Cursors::default();
                    return Ok(AtGroup::Between(Some(behind(Behind::default()))));
                }
                Err(error) => return Err(error),
            },
        };
        // One that is gone from its page: the page is walked again.
        let number = page.chats.iter().position(|chat| *chat == last).map_or(0, |last| last + 1);
        let chat = page.chats.get(number).cloned();
        let next = match &chat {
            Some(chat) if number + 1 < page.chats.len() => Some(behind((page.cursor.clone(), chat.clone()))),
            _ => page.next.clone().map(|next| behind((next, String::new()))),
        };
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
    let mut chats: Vec<String> = Vec::new();
    let mut seen = BTreeSet::new();
    for chat in listed.into_iter().flatten().map(|chat| text(chat, "chat_id")) {
        chats.extend(seen.insert(chat).then(|| chat.to_owned()));
    }
    let next = text(&answer, "next_cursor");
    Ok((chats, (!next.is_empty()).then(|| next.to_owned())))
}
