//! The words of a picture: its language, and how much of a value is shown.

use std::collections::BTreeMap;

use crate::model::{Id, Kind, Lang, Strength, texts_of};
use crate::page::{count, width};
use crate::resolve::Reason;

const EN: &str = include_str!("texts/en.txt");
const ZH: &str = include_str!("texts/zh.txt");

/// Columns of a value beyond which it is shortened.
const VALUE_COLUMNS: usize = 16;

/// How much of the values of ids is shown. Kind and scope always are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Values {
    /// The beginning and the end of a long one; of phones (keyed hashes) nothing but a number within the picture.
    #[default]
    Short,
    /// All of it.
    Full,
    /// A number within the picture only.
    Hidden,
}

/// How a picture is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Style {
    /// The language of its words.
    pub lang: Lang,
    /// How much of values is shown.
    pub values: Values,
}

/// The words for one picture.
pub(crate) struct Words {
    pub(crate) lang: Lang,
    values: Values,
    texts: BTreeMap<&'static str, &'static str>,
    /// The numbers of ids within the picture.
    numbers: BTreeMap<Id, usize>,
}

impl Words {
    pub(crate) fn new<'a>(style: &Style, ids: impl Iterator<Item = &'a Id>) -> Words {
        let file = match style.lang {
            Lang::En => EN,
            Lang::Zh => ZH,
        };
        let numbers = ids.enumerate().map(|(at, id)| (id.clone(), at + 1)).collect();
        Words { lang: style.lang, values: style.values, texts: texts_of(file).collect(), numbers }
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

    /// A value, as far as it is shown.
    pub(crate) fn value(&self, id: &Id) -> String {
        let is_private = *id.kind() == Kind::Phone;
        match self.values {
            Values::Full => id.spelling().to_owned(),
            Values::Short if !is_private => shortened(id.spelling(), VALUE_COLUMNS),
            Values::Short | Values::Hidden => {
                format!("#{}", self.numbers.get(id).copied().unwrap_or_default())
            }
        }
    }

    /// An id in a sentence or a table.
    pub(crate) fn id(&self, id: &Id) -> String {
        format!("{}:{}", id.space(), self.value(id))
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

/// A text within so many columns: its beginning, and of a long one the last four characters.
pub(crate) fn shortened(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let characters: Vec<char> = text.chars().collect();
    let end: String = characters.iter().skip(characters.len().saturating_sub(4)).collect();
    let mut shown = String::new();
    for c in characters {
        if width(&shown) + width(c.encode_utf8(&mut [0; 4])) + width(&end) + 1 > columns {
            break;
        }
        shown.push(c);
    }
    format!("{shown}\u{2026}{end}")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{EN, Style, Values, Words, ZH, shortened};
    use crate::model::{Id, Lang, Strength, texts_of};
    use crate::resolve::Reason;

    #[test]
    fn both_languages_have_the_same_keys_and_all_that_are_needed() {
        let keys = |file| texts_of(file).map(|(key, _)| key).collect::<BTreeSet<_>>();
        let only_english: BTreeSet<_> = keys(EN).difference(&keys(ZH)).copied().collect();
        let only_chinese: BTreeSet<_> = keys(ZH).difference(&keys(EN)).copied().collect();
        assert!(only_english.is_empty(), "{only_english:?}");
        assert!(only_chinese.iter().all(|key| key.starts_with("why.")), "{only_chinese:?}");
        for lang in [Lang::En, Lang::Zh] {
            let words = Words::new(&Style { lang, values: Values::Full }, [].into_iter());
            assert!(Strength::ALL.into_iter().all(|strength| !words.strength(strength).is_empty()));
            assert!(
                Reason::ALL.into_iter().all(|it| !words.reason(it).is_empty() && !words.why(it).is_empty())
            );
        }
    }

    #[test]
    fn a_value_is_shown_as_far_as_was_asked() {
        let id: Id = "openid:wx0000000000000001:oMwZmXj8OWfx0iSA_3TnoX74_AGw".parse().unwrap();
        let phone: Id = format!("phone:key:{}", "0f".repeat(32)).parse().unwrap();
        let words = |values| Words::new(&Style { lang: Lang::En, values }, [&id, &phone].into_iter());
        assert_eq!(words(Values::Short).value(&id), "oMwZmXj8OWf\u{2026}_AGw");
        assert_eq!(words(Values::Short).value(&phone), "#2");
        assert_eq!(words(Values::Hidden).value(&id), "#1");
        assert_eq!(words(Values::Full).value(&id), id.value());
        assert_eq!(
            shortened("\u{5f20}\u{4e09}\u{674e}\u{56db}\u{738b}\u{4e94}\u{8d75}\u{516d}", 13).chars().count(),
            6
        );
    }

    #[test]
    fn what_is_filled_in_is_not_looked_into() {
        let words = Words::new(&Style::default(), [].into_iter());
        assert_eq!(words.filled("more.around", &[("ids", "{space}"), ("space", "x")]), "and {space} more x");
    }
}
