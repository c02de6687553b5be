//! The texts about ways, conditions and reasons, in English and Chinese: data files, a key and a text a line.
//!
//! A `{name}` in a text stands for what is filled in where it is shown.

use crate::model::{Lang, texts_of};
use crate::wechat::acquire::catalogue::ways;
use crate::wechat::acquire::columns::column_keys;
use crate::wechat::acquire::condition::{AppSort, Condition, Reason};
use crate::wechat::acquire::way::Way;

const EN: &str = include_str!("texts/en.txt");
const ZH: &str = include_str!("texts/zh.txt");

/// The text of a key; of a key that is not there, nothing.
pub fn text(lang: Lang, key: &str) -> Option<&'static str> {
    lines(lang).find(|(known, _)| *known == key).map(|(_, text)| text)
}

/// Every key of a language's file, in its order.
pub fn keys(lang: Lang) -> Vec<&'static str> {
    lines(lang).map(|(key, _)| key).collect()
}

fn lines(lang: Lang) -> impl Iterator<Item = (&'static str, &'static str)> {
    texts_of(match lang {
        Lang::En => EN,
        Lang::Zh => ZH,
    })
}

impl Way {
    /// What it is, one clause.
    pub fn title(&self, lang: Lang) -> &'static str {
        text(lang, &format!("way.{}", self.name)).unwrap_or_default()
    }

    /// What goes wrong with it.
    pub fn pitfalls(&self, lang: Lang) -> Vec<&'static str> {
        (1..=self.pitfalls).filter_map(|number| text(lang, &self.pitfall_key(number))).collect()
    }

    fn pitfall_key(&self, number: usize) -> String {
        format!("pitfall.{}.{number}", self.name)
    }
}

/// The keys that ways, conditions and reasons need; the tool that shows them has its own besides.
pub fn needed_keys() -> Vec<String> {
    let mut needed = Vec::new();
    for way in ways() {
        needed.push(format!("way.{}", way.name));
        needed.extend((1..=way.pitfalls).map(|number| way.pitfall_key(number)));
    }
    needed.extend(Condition::all().into_iter().map(Condition::key));
    needed.extend(Reason::NAMES.iter().map(|name| format!("reason.{name}")));
    let sorts =
        [AppSort::OfficialAccount, AppSort::MiniProgram, AppSort::Website, AppSort::MobileApp, AppSort::Shop];
    needed.extend(sorts.map(|sort| Reason::OtherAppSort(sort).key()));
    needed.extend(column_keys());
    needed
}
