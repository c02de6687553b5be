//! Texts in two languages: those that all pages share, and a page's own.

use std::collections::BTreeMap;

use crate::model::{Kind, Lang, Strength, texts_of};
use crate::page::show::count;
use crate::resolve::Reason;

const EN: &str = include_str!("texts/en.txt");
const ZH: &str = include_str!("texts/zh.txt");

/// The texts of a page in one language.
pub(crate) struct Texts {
    pub(crate) lang: Lang,
    texts: BTreeMap<&'static str, &'static str>,
}

impl Texts {
    /// The shared texts, and those of files of a page's own, in English and Chinese.
    pub(crate) fn new(lang: Lang, own: [&'static str; 2]) -> Texts {
        let [en, zh] = own;
        let (shared, own) = match lang {
            Lang::En => (EN, en),
            Lang::Zh => (ZH, zh),
        };
        Texts { lang, texts: texts_of(shared).chain(texts_of(own)).collect() }
    }

    /// The text of a key.
    pub(crate) fn text(&self, key: &str) -> &'static str {
        self.texts.get(key).copied().unwrap_or_default()
    }

    /// The text of a key, with what its `{names}` stand for.
    pub(crate) fn filled(&self, key: &str, with: &[(&str, &str)]) -> String {
        let mut rest = self.text(key);
        let mut text = String::new();
        // Left to right, so that what is filled in is never looked into.
        while let Some((before, after)) = rest.split_once('{') {
            text.push_str(before);
            let Some((name, behind)) = after.split_once('}') else { break };
            text.push_str(with.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value));
            rest = behind;
        }
        text.push_str(rest);
        text
    }

    /// `1 edge`, `1,204 edges`.
    pub(crate) fn counted(&self, noun: &str, number: u64) -> String {
        let key = if number == 1 { format!("{noun}.one") } else { format!("{noun}.many") };
        self.filled(&key, &[("n", &count(number))])
    }

    /// What a kind is called.
    pub(crate) fn kind(&self, kind: &Kind) -> String {
        let known = self.text(&format!("kind.{}", kind.name()));
        if known.is_empty() { kind.name().to_owned() } else { known.to_owned() }
    }

    /// What a strength is called.
    pub(crate) fn strength(&self, strength: Strength) -> &'static str {
        self.text(&format!("strength.{}", strength.name()))
    }

    /// What a reason is called.
    pub(crate) fn reason(&self, reason: Reason) -> &'static str {
        self.text(&format!("reason.{}", reason.name()))
    }

    /// What a reason means.
    pub(crate) fn why(&self, reason: Reason) -> &'static str {
        match self.lang {
            Lang::En => reason.explanation(),
            Lang::Zh => self.text(&format!("why.{}", reason.name())),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{EN, Texts, ZH};
    use crate::model::{Lang, Strength, texts_of};
    use crate::resolve::Reason;

    #[test]
    fn both_languages_have_the_same_keys_and_all_that_are_needed() {
        let keys = |file| texts_of(file).map(|(key, _)| key).collect::<BTreeSet<_>>();
        let only_english: BTreeSet<_> = keys(EN).difference(&keys(ZH)).copied().collect();
        let only_chinese: BTreeSet<_> = keys(ZH).difference(&keys(EN)).copied().collect();
        assert!(only_english.is_empty(), "{only_english:?}");
        assert!(only_chinese.iter().all(|key| key.starts_with("why.")), "{only_chinese:?}");
        for lang in [Lang::En, Lang::Zh] {
            let texts = Texts::new(lang, ["", ""]);
            assert!(Strength::ALL.into_iter().all(|strength| !texts.strength(strength).is_empty()));
            assert!(
                Reason::ALL.into_iter().all(|it| !texts.reason(it).is_empty() && !texts.why(it).is_empty())
            );
        }
    }

    #[test]
    fn what_is_filled_in_is_not_looked_into() {
        let texts = Texts::new(Lang::En, ["x = {a} of {b}", ""]);
        assert_eq!(texts.filled("x", &[("a", "{b}"), ("b", "2")]), "{b} of 2");
    }
}
