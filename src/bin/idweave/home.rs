//! `--home`: where a database lives that is made.

use clap::{Args, ValueEnum};
use idweave::HomeKind;

/// A home by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Home {
    /// Files of its own
    Native,
    /// Rows of sled
    #[cfg(feature = "sled")]
    Sled,
}

/// The option of commands that make a database.
#[derive(Debug, Args)]
pub(crate) struct HomeArgs {
    /// Where the database lives; later commands find out by themselves
    #[arg(long, value_enum, default_value_t = Home::Native)]
    home: Home,
}

impl HomeArgs {
    pub(crate) fn kind(&self) -> HomeKind {
        self.home.kind()
    }
}

impl Home {
    pub(crate) fn kind(self) -> HomeKind {
        match self {
            Home::Native => HomeKind::Native,
            #[cfg(feature = "sled")]
            Home::Sled => HomeKind::sled(),
        }
    }
}
