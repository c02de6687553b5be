//! What a report is made of, and what its chapters write on.

use crate::analytics::{Analysis, Comparison};
use crate::error::Result;
use crate::model::{Id, KindScope, Lang};
use crate::page::{Markup, Texts, shortened};

pub(crate) const EN: &str = include_str!("texts/en.txt");
pub(crate) const ZH: &str = include_str!("texts/zh.txt");

/// Columns of a kind and scope beside a bar.
const SPACE_COLUMNS: usize = 26;

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReportStyle {
    /// The language of its words.
    pub lang: Lang,
    /// Whether ids of people, and channels (which are a company's own words, and may name somebody), are in it. Without,
    /// entities have their numbers, employees and channels those of their ranks.
    pub with_ids: bool,
}

/// The measures of a graph as a page: one file that asks nobody for anything, for screens of any width and for paper. Measures
/// that were not counted are left out.
///
/// ```
/// use idweave::analytics::{Analyze, Measuring};
/// use idweave::report::{Report, ReportStyle};
/// use idweave::{Graph, Time};
/// let view = Graph::options().in_memory()?.view();
/// let analysis = view.analyze(&Measuring::at(Time::from_ms(1_735_689_600_000)))?;
/// let page = Report::new(&analysis).html(&ReportStyle::default())?;
/// assert!(page.starts_with("<!DOCTYPE html>"));
/// # Ok::<(), idweave::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Report<'a> {
    pub(crate) analysis: &'a Analysis,
    pub(crate) change: Option<&'a Comparison>,
}

impl<'a> Report<'a> {
    /// A report of measures.
    pub fn new(analysis: &'a Analysis) -> Report<'a> {
        Report { analysis, change: None }
    }

    /// With a chapter on what changed since an earlier state.
    #[must_use]
    pub fn since(self, change: &'a Comparison) -> Report<'a> {
        Report { change: Some(change), ..self }
    }
}

/// What a chapter is written on.
pub(crate) struct Sheet<'s> {
    pub(crate) out: &'s mut Markup,
    pub(crate) texts: &'s Texts,
    pub(crate) with_ids: bool,
}

impl Sheet<'_> {
    /// The text of a key.
    pub(crate) fn text(&self, key: &str) -> &'static str {
        self.texts.text(key)
    }

    /// A chapter: its heading, what it says, and the rest.
    pub(crate) fn chapter(
        &mut self,
        name: &str,
        fill: impl FnOnce(&mut Sheet<'_>) -> Result<()>,
    ) -> Result<()> {
        let (texts, with_ids) = (self.texts, self.with_ids);
        let mut filled = Ok(());
        self.out.element("section", &[("id", &name)], |out| {
            out.said("h2", &[], texts.text(&format!("{name}.title")));
            out.said("p", &[("class", &"what")], texts.text(&format!("{name}.what")));
            filled = fill(&mut Sheet { out, texts, with_ids });
        });
        self.out.line();
        filled
    }

    /// A chart under its heading. What it shows stands in a table too, so that those who cannot see it miss nothing.
    pub(crate) fn chart(&mut self, key: &str, svg: &str) {
        self.figure(key, "chart", svg);
    }

    /// A chart that would be too small to read if it were made as narrow as a phone.
    pub(crate) fn wide_chart(&mut self, key: &str, svg: &str) {
        self.figure(key, "chart wide", svg);
    }

    fn figure(&mut self, key: &str, class: &str, svg: &str) {
        let text = self.text(key);
        self.out.element("figure", &[], |figure| {
            figure.said("figcaption", &[], text);
            figure.element("div", &[("class", &class), ("aria-hidden", &"true")], |div| div.raw(svg));
        });
        self.out.line();
    }

    /// A sentence.
    pub(crate) fn say(&mut self, text: &str) {
        self.out.said("p", &[], text);
    }

    /// An id, if ids are shown; else nothing.
    pub(crate) fn id(&self, id: &Id) -> String {
        if self.with_ids { id.to_string() } else { String::new() }
    }
}

/// A kind and scope, short enough to stand beside a bar.
pub(crate) fn short_space(space: &KindScope) -> String {
    shortened(&format!("{} {}", space.kind().name(), space.scope()), SPACE_COLUMNS)
}

/// A share in percent: `37.5 %`, and never `100 %` or `0 %` of what is not all or nothing.
pub(crate) fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "\u{2013}".to_owned();
    }
    // Tenths, rounded; counts of ids are far below the integers that this could overflow.
    let tenths = (u128::from(part) * 2_000 + u128::from(whole)) / (2 * u128::from(whole));
    match tenths {
        0 if part > 0 => "<0.1 %".to_owned(),
        1_000 if part < whole => ">99.9 %".to_owned(),
        tenths => format!("{}.{} %", tenths / 10, tenths % 10),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{EN, ZH, percent};
    use crate::model::texts_of;

    #[test]
    fn both_languages_have_the_same_keys() {
        let keys = |file| texts_of(file).map(|(key, _)| key).collect::<BTreeSet<_>>();
        assert_eq!(keys(EN), keys(ZH));
    }

    #[test]
    fn a_share_is_all_or_nothing_only_if_it_is() {
        let shown = [(1, 3), (2, 3), (3, 3), (0, 3), (1, 100_000), (99_999, 100_000), (0, 0), (1, 8)];
        let shown = shown.map(|(part, whole)| percent(part, whole));
        assert_eq!(
            shown,
            ["33.3 %", "66.7 %", "100.0 %", "0.0 %", "<0.1 %", ">99.9 %", "\u{2013}", "12.5 %"]
        );
    }
}
