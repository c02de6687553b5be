//! Markup of SVG and HTML, written by elements: what is opened is closed, and every text and value is escaped.

use std::fmt::{Display, Write};

use quick_xml::escape::escape;

use crate::page::show::safe;

/// Attributes of an element.
pub(crate) type Attributes<'a> = &'a [(&'a str, &'a dyn Display)];

/// A piece of markup that grows.
#[derive(Default)]
pub(crate) struct Markup {
    text: String,
}

impl Markup {
    /// An element with what `fill` puts into it.
    pub(crate) fn element(&mut self, name: &str, attributes: Attributes<'_>, fill: impl FnOnce(&mut Markup)) {
        self.open(name, attributes);
        self.text.push('>');
        fill(self);
        self.text.push_str("</");
        self.text.push_str(name);
        self.text.push('>');
    }

    /// An element that holds nothing.
    pub(crate) fn empty(&mut self, name: &str, attributes: Attributes<'_>) {
        self.open(name, attributes);
        self.text.push_str("/>");
    }

    /// An element that holds a text.
    pub(crate) fn said(&mut self, name: &str, attributes: Attributes<'_>, text: &str) {
        self.element(name, attributes, |inside| inside.text(text));
    }

    /// A text; whatever it holds, it stays a text.
    pub(crate) fn text(&mut self, text: &str) {
        self.text.push_str(&escape(safe(text)));
    }

    /// Markup of our own.
    pub(crate) fn raw(&mut self, markup: &str) {
        self.text.push_str(markup);
    }

    /// The end of a line, for people who read the source.
    pub(crate) fn line(&mut self) {
        self.text.push('\n');
    }

    /// What was written.
    pub(crate) fn into_text(self) -> String {
        self.text
    }

    fn open(&mut self, name: &str, attributes: Attributes<'_>) {
        self.text.push('<');
        self.text.push_str(name);
        for (key, value) in attributes {
            let mut shown = String::new();
            // Writing to a string cannot fail.
            let written = write!(shown, "{value}");
            debug_assert!(written.is_ok(), "a value that does not show itself");
            self.text.push(' ');
            self.text.push_str(key);
            self.text.push_str("=\"");
            self.text.push_str(&escape(safe(&shown)));
            self.text.push('"');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Markup;

    #[test]
    fn whatever_a_text_holds_it_stays_a_text() {
        let mut markup = Markup::default();
        let hostile = "</text><script>alert('\"&\u{202e}\u{1}";
        markup.said("text", &[("title", &hostile)], hostile);
        let escaped = "&lt;/text&gt;&lt;script&gt;alert(&apos;&quot;&amp;&lt;U+202E&gt;\u{fffd}";
        assert_eq!(markup.into_text(), format!("<text title=\"{escaped}\">{escaped}</text>"));
    }
}
