//! The option `--lang`: the language of what is shown to people.

use clap::ValueEnum;
use idweave::model::Lang;

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Language {
    En,
    Zh,
}

impl Language {
    /// As the library names it.
    pub(crate) fn lang(self) -> Lang {
        match self {
            Language::En => Lang::En,
            Language::Zh => Lang::Zh,
        }
    }
}
