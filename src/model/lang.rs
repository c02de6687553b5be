//! Languages of texts for people, and files of such texts: a key and a text a line.

/// A language of the texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// Chinese.
    Zh,
}

/// The keys of a file and their texts, in its order. A line is `key = text`; one that begins with `#` says nothing.
pub(crate) fn texts_of(file: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let told = file.lines().filter(|line| !line.starts_with('#'));
    told.filter_map(|line| line.split_once(" = ")).map(|(key, text)| (key.trim(), text.trim()))
}
