//! The flags of `ingest`: one for each option that a body can need, from the table of the library.

use std::path::{Path, PathBuf};

use clap::{Arg, ArgMatches, Args, Command, Error as ClapError, FromArgMatches};
use idweave::wechat::{IngestOptions, Opt};
use zeroize::Zeroizing;

use crate::exit::Failure;
use crate::lines::read_body;
use crate::moment;

/// The environment variable that holds the session key.
const SESSION_KEY_ENV: &str = "IDWEAVE_SESSION_KEY";
/// More than any key is long.
const KEY_LEN_MAX: u64 = 4096;

/// The flags that were given. Their values are not shown: some are ids, one is a key.
#[derive(Clone, Default)]
pub(crate) struct BodyOptions {
    given: Vec<(Opt, String)>,
}

impl std::fmt::Debug for BodyOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.given.iter().map(|(option, _)| option.flag())).finish()
    }
}

/// A flag without its dashes.
fn name(option: Opt) -> &'static str {
    option.flag().trim_start_matches('-')
}

/// The option of a name without dashes.
pub(crate) fn find(wanted: &str) -> Option<Opt> {
    Opt::ALL.into_iter().find(|option| name(*option) == wanted)
}

impl Args for BodyOptions {
    fn augment_args(command: Command) -> Command {
        Opt::ALL.into_iter().fold(command, |command, option| {
            let help = if option.is_secret() && !option.is_file() {
                format!(
                    "{} (seen by others in a list of processes: better --{}-file)",
                    option.doc(),
                    name(option)
                )
            } else {
                option.doc().to_owned()
            };
            let value_name = if option.is_file() { "FILE" } else { "VALUE" };
            command.arg(Arg::new(name(option)).long(name(option)).value_name(value_name).help(help))
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        BodyOptions::augment_args(command)
    }
}

impl FromArgMatches for BodyOptions {
    fn from_arg_matches(matches: &ArgMatches) -> Result<BodyOptions, ClapError> {
        let value = |option| matches.get_one::<String>(name(option)).map(|value| (option, value.clone()));
        Ok(BodyOptions { given: Opt::ALL.into_iter().filter_map(value).collect() })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), ClapError> {
        *self = BodyOptions::from_arg_matches(matches)?;
        Ok(())
    }
}

impl BodyOptions {
    /// The options of the body. The session key comes from its flag, its file or the environment, in this
    /// order.
    pub(crate) fn read(&self, at: Option<&str>, key_file: Option<&Path>) -> Result<IngestOptions, Failure> {
        let mut options = IngestOptions::new();
        if let Some(at) = at {
            options.set_at(moment::parse("--at", at)?);
        }
        for (option, value) in &self.given {
            if option.is_file() {
                options.set(*option, key_in(*option, Path::new(value))?.trim());
            } else {
                options.set(*option, value);
            }
        }
        if self.given.iter().all(|(option, _)| *option != Opt::SessionKey)
            && let Some(key) = session_key(key_file)?
        {
            options.set(Opt::SessionKey, key.trim());
        }
        Ok(options)
    }
}

fn session_key(file: Option<&Path>) -> Result<Option<String>, Failure> {
    let Some(file) = file else { return Ok(std::env::var(SESSION_KEY_ENV).ok()) };
    let key = String::from_utf8(read_body(file, KEY_LEN_MAX)?);
    key.map(Some).map_err(|_| Failure::Usage("--session-key-file: not a key in base64".to_owned()))
}

/// The key in the file that an option names.
fn key_in(option: Opt, file: &Path) -> Result<Zeroizing<String>, Failure> {
    let key = String::from_utf8(read_body(file, KEY_LEN_MAX)?).map(Zeroizing::new);
    key.map_err(|_| Failure::Usage(format!("{}: not a key in base64", option.flag())))
}

/// The flag that names the file of a key.
#[derive(Debug, Args)]
pub(crate) struct KeyFile {
    /// File of the session key; without it the environment variable IDWEAVE_SESSION_KEY is looked at
    #[arg(long = "session-key-file", value_name = "FILE", conflicts_with = "session-key")]
    pub(crate) path: Option<PathBuf>,
}
