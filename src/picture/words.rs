//! The words of a picture: its language, and how much of a value is shown.

use std::collections::BTreeMap;
use std::ops::Deref;

use crate::model::{Id, Kind, Lang};
use crate::page::{Texts, shortened};

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
    texts: Texts,
    values: Values,
    /// The numbers of ids within the picture.
    numbers: BTreeMap<Id, usize>,
}

impl Deref for Words {
    type Target = Texts;

    fn deref(&self) -> &Texts {
        &self.texts
    }
}

impl Words {
    pub(crate) fn new<'a>(style: &Style, ids: impl Iterator<Item = &'a Id>) -> Words {
        let numbers = ids.enumerate().map(|(at, id)| (id.clone(), at + 1)).collect();
        Words { texts: Texts::new(style.lang, [EN, ZH]), values: style.values, numbers }
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
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{EN, Style, Values, Words, ZH};
    use crate::model::{Id, Lang, texts_of};
    use crate::page::shortened;

    #[test]
    fn both_languages_have_the_same_keys() {
        let keys = |file| texts_of(file).map(|(key, _)| key).collect::<BTreeSet<_>>();
        assert_eq!(keys(EN), keys(ZH));
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
        let wide = shortened("\u{5f20}\u{4e09}\u{674e}\u{56db}\u{738b}\u{4e94}\u{8d75}\u{516d}", 13);
        assert_eq!(wide, "\u{5f20}\u{4e09}\u{2026}\u{738b}\u{4e94}\u{8d75}\u{516d}");
    }
}
