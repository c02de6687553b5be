//! What the caller knows of the credential and the question behind an answer: scopes, ids, keys.
//!
//! # Invariants
//!   O1 scopes come from here only, never from the look of a value.
//!   O2 no value is ever shown by Debug or put into an error; every value is wiped when dropped.

use std::collections::BTreeMap;
use std::fmt;

use zeroize::Zeroizing;

use crate::error::{AnswerError, IdRule};
use crate::model::{Id, Kind, KindScope, Time, normalise_key};

/// One thing a caller may have to say about a body. The command-line tool has a flag for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Opt {
    /// The label of all facts: a sync run, an import.
    Batch,
    /// The app whose credential was used.
    Appid,
    /// The open-platform account the app is bound to (for a corp: its bound developer id's).
    OpenAccount,
    /// The app the users come from: the old one of a migration, the calling one of a shared cloud.
    FromAppid,
    /// The open-platform account of that app.
    FromOpenAccount,
    /// The third-party platform.
    Component,
    /// The corp.
    Corp,
    /// Who looks at the corp if not the corp itself: a provider, an upstream corp.
    Viewer,
    /// The service provider of an open_corpid.
    Provider,
    /// The whole VIEW of the ids that were asked about, where it is not the usual one.
    FromView,
    /// The whole VIEW of the ids that were answered, where it is not the usual one.
    ToView,
    /// The employee that was asked about.
    Userid,
    /// The customer that was asked about.
    External,
    /// The user that was asked about.
    Openid,
    /// The WeChat group that was asked about.
    Opengid,
    /// The account that was asked about.
    Unionid,
    /// The one-visit token passed in `state`.
    StateToken,
    /// The key of one web login: the same for its token answer and its userinfo.
    Flow,
    /// The session key of the login the data was taken in.
    SessionKey,
    /// The initial vector that came with the data.
    Iv,
    /// The key that phone numbers are hashed with, `NAME:KEY` (see [`crate::wechat::PhoneKey`]).
    PhoneKey,
}

impl Opt {
    /// Every option, in the order a help page shows them.
    pub const ALL: [Opt; 21] = [
        Opt::Batch,
        Opt::Appid,
        Opt::OpenAccount,
        Opt::FromAppid,
        Opt::FromOpenAccount,
        Opt::Component,
        Opt::Corp,
        Opt::Viewer,
        Opt::Provider,
        Opt::FromView,
        Opt::ToView,
        Opt::Userid,
        Opt::External,
        Opt::Openid,
        Opt::Opengid,
        Opt::Unionid,
        Opt::StateToken,
        Opt::Flow,
        Opt::SessionKey,
        Opt::Iv,
        Opt::PhoneKey,
    ];

    /// The flag of the command-line tool.
    pub fn flag(self) -> &'static str {
        self.row().0
    }

    /// What the option means, one clause.
    pub fn doc(self) -> &'static str {
        self.row().1
    }

    /// Whether the value is a key: to be taken from a file or a prompt, never from a command line.
    pub fn is_secret(self) -> bool {
        matches!(self, Opt::SessionKey | Opt::PhoneKey)
    }

    /// Whether the flag of the command-line tool names a file that holds the value.
    pub fn is_file(self) -> bool {
        matches!(self, Opt::PhoneKey)
    }

    fn row(self) -> (&'static str, &'static str) {
        match self {
            Opt::Batch => ("--batch", "label of all facts: a sync run, an import"),
            Opt::Appid => ("--appid", "app whose credential was used"),
            Opt::OpenAccount => ("--open-account", "open account that issued the unionids"),
            Opt::FromAppid => ("--from-appid", "app the users come from (its appid, not its gh_ id)"),
            Opt::FromOpenAccount => ("--from-open-account", "open account of that app"),
            Opt::Component => ("--component", "third-party platform the event was sent to"),
            Opt::Corp => ("--corp", "corp"),
            Opt::Viewer => ("--viewer", "provider or upstream corp that looks at the corp"),
            Opt::Provider => ("--provider", "service provider of the open_corpid"),
            Opt::FromView => ("--from-view", "VIEW of the ids asked about, if not the usual one"),
            Opt::ToView => ("--to-view", "VIEW of the ids answered, if not the usual one"),
            Opt::Userid => ("--userid", "employee that was asked about"),
            Opt::External => ("--external", "external_userid that was asked about"),
            Opt::Openid => ("--openid", "openid that was asked about"),
            Opt::Opengid => ("--opengid", "opengid that was asked about"),
            Opt::Unionid => ("--unionid", "unionid that was asked about"),
            Opt::StateToken => ("--state-token", "one-visit token passed in state"),
            Opt::Flow => ("--flow", "key of one web login, the same for both of its bodies"),
            Opt::SessionKey => ("--session-key", "session key of the login the data was taken in"),
            Opt::Iv => ("--iv", "initial vector that came with the data"),
            Opt::PhoneKey => (
                "--phone-key",
                "file of the key that phones are hashed with: NAME:KEY, 32 bytes or more in base64",
            ),
        }
    }
}

/// The options of one body. Values are wiped when dropped and never shown.
#[derive(Clone, Default)]
pub struct IngestOptions {
    at: Option<Time>,
    values: BTreeMap<Opt, Zeroizing<String>>,
}

impl IngestOptions {
    /// Options without a time: for bodies that carry a platform time.
    pub fn new() -> IngestOptions {
        IngestOptions::default()
    }

    /// Options for a body observed at `at` (milliseconds, the engine's own unit).
    pub fn at(at: Time) -> IngestOptions {
        IngestOptions { at: Some(at), ..IngestOptions::default() }
    }

    /// The same options with one more.
    #[must_use]
    pub fn with(mut self, option: Opt, value: &str) -> IngestOptions {
        self.set(option, value);
        self
    }

    /// Sets an option; an earlier value is replaced.
    pub fn set(&mut self, option: Opt, value: &str) {
        self.values.insert(option, Zeroizing::new(value.to_owned()));
    }

    /// Sets the time of observation.
    pub fn set_at(&mut self, at: Time) {
        self.at = Some(at);
    }

    /// The time of observation, if it was given.
    pub fn observed_at(&self) -> Option<Time> {
        self.at
    }

    /// The value of an option, if it was given.
    pub(crate) fn get(&self, option: Opt) -> Option<&str> {
        self.values.get(&option).map(|value| value.as_str())
    }

    /// The value of an option that must be there.
    pub(crate) fn need(&self, option: Opt) -> Result<&str, AnswerError> {
        self.get(option).ok_or(AnswerError::OptionMissing(option.flag()))
    }

    /// An issuer's key (appid, open account, corp, provider) in key form.
    pub(crate) fn key(&self, option: Opt) -> Result<String, AnswerError> {
        checked_key(option, self.need(option)?)
    }

    /// The space of a kind whose scope is one issuer's key.
    pub(crate) fn space(&self, kind: Kind, option: Opt) -> Result<KindScope, AnswerError> {
        KindScope::new(kind, &self.key(option)?).map_err(|rule| bad_id(option, rule))
    }

    /// As [`IngestOptions::space`], for an option that only some bodies need.
    pub(crate) fn space_if_given(&self, kind: Kind, option: Opt) -> Result<Option<KindScope>, AnswerError> {
        self.get(option).map(|_| self.space(kind, option)).transpose()
    }

    /// VIEW: `CORP`, or `CORP@VIEWER`.
    pub(crate) fn view(&self) -> Result<String, AnswerError> {
        let corp = self.key(Opt::Corp)?;
        match self.get(Opt::Viewer) {
            None => Ok(corp),
            Some(viewer) => Ok(format!("{corp}@{}", checked_key(Opt::Viewer, viewer)?)),
        }
    }

    /// The space of a kind whose scope is VIEW.
    pub(crate) fn view_space(&self, kind: Kind) -> Result<KindScope, AnswerError> {
        KindScope::new(kind, &self.view()?).map_err(|rule| bad_id(Opt::Corp, rule))
    }

    /// Whether the corp itself looks: only its own view may see unionids (wechat reference 3.2).
    pub(crate) fn is_own_view(&self) -> bool {
        self.get(Opt::Viewer).is_none()
    }

    /// An id the caller asked about.
    pub(crate) fn id(&self, space: &KindScope, option: Opt) -> Result<Id, AnswerError> {
        Id::in_space(space, self.need(option)?).map_err(|rule| bad_id(option, rule))
    }
}

fn checked_key(option: Opt, value: &str) -> Result<String, AnswerError> {
    normalise_key(value).map_err(|rule| bad_id(option, rule))
}

fn bad_id(option: Opt, rule: IdRule) -> AnswerError {
    AnswerError::BadId { field: option.flag(), rule }
}

impl fmt::Debug for IngestOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flags = self.values.keys().map(|option| option.flag());
        f.debug_struct("IngestOptions")
            .field("at", &self.at)
            .field("given", &flags.collect::<Vec<_>>())
            .finish()
    }
}
