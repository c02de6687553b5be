//! One callback URL: the check that it is ours, and the opening of what is pushed to it. No I/O, no clock.
//!
//! # Invariants
//!   R1 nothing is decrypted, and nothing of a body believed, before its signature holds; signatures are compared in
//!      constant time. The one exception is plain mode, where the platform signs no body: it must be asked for.
//!   R2 a refusal is always the same: one status, no body, whatever did not hold.
//!   R3 nothing of a callback is in an error, in Debug or in a log.

use std::collections::BTreeMap;
use std::fmt;

use zeroize::Zeroizing;

use crate::error::{AnswerError, Result};
use crate::sync::callback::limits::{BODY_BYTES_MAX, PARAMETER_BYTES_MAX, TEXT_BYTES_MAX, fits};
use crate::wechat::{CallbackKey, Event, IngestOptions, Opt, same};

/// Most keys of one URL: that in force, and the one before or after it.
const KEYS_MAX: usize = 2;
/// Most receiveids of one URL.
const RECEIVEIDS_MAX: usize = 4096;

/// Whose callbacks a URL gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Product {
    /// An official account, a mini program, a shop; or one of the apps that authorised a third-party platform.
    App(AppMode),
    /// WeCom's data callbacks: a corp's own app, an app developed for it, a third-party app.
    Corp,
    /// WeCom's command callbacks of a suite: tickets, authorisations. Answered with `success`.
    Suite,
    /// The authorisation URL of a third-party platform. Answered with `success`.
    Platform,
}

/// How an official account or mini program is set up to push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AppMode {
    /// Bodies come as they are, and nothing in them is signed: whoever sees one request of the platform on its way could
    /// have written the body. What is encrypted all the same is opened.
    Plain,
    /// Bodies come both ways; only what is encrypted is believed.
    Compatible,
    /// Bodies come encrypted.
    Encrypted,
}

/// What is answered to the platform.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The body, plain text. Empty for most.
    pub body: Vec<u8>,
}

impl Reply {
    /// R2.
    pub(super) fn refused() -> Reply {
        Reply { status: 403, body: Vec::new() }
    }

    /// It could not be kept: the platform pushes it again.
    pub(super) fn not_kept() -> Reply {
        Reply { status: 503, body: Vec::new() }
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply").field("status", &self.status).field("body", &self.body.len()).finish()
    }
}

/// One callback URL.
pub struct Receiver {
    name: String,
    product: Product,
    keys: Vec<CallbackKey>,
    receiveids: Vec<String>,
    options: IngestOptions,
    /// Which app a `ToUserName` is, where the URL is of many.
    apps: BTreeMap<String, String>,
}

/// What was opened.
pub(super) struct Opened {
    /// The event, decrypted.
    pub(super) body: Zeroizing<Vec<u8>>,
    /// What the platform signed: the same for every try of one push.
    pub(super) stamp: String,
    pub(super) signature: String,
}

impl Receiver {
    /// A URL.
    ///
    /// `name` is the caller's own name for it; queued items carry it. `keys` are one or, while they are being changed,
    /// two. `receiveids` are what the platform may have put behind the message: the appid, the corpid, the suite_id, the
    /// component's appid (wechat reference 5.1 says which URL gets which); an empty text for a third-party app
    /// of an individual. `options` say what the events are about: [`Opt::Appid`] for an app, [`Opt::Component`] for a
    /// platform, [`Opt::Viewer`] where a provider looks. [`Opt::Corp`] is taken from the event where it is not said here.
    ///
    /// # Errors
    /// [`AnswerError::BadOption`], [`AnswerError::BadId`] and [`AnswerError::OptionMissing`] where these do not fit.
    pub fn new(
        name: &str,
        product: Product,
        keys: Vec<CallbackKey>,
        receiveids: &[&str],
        options: IngestOptions,
    ) -> Result<Receiver> {
        let bad = |option, expected| AnswerError::BadOption { option, expected };
        if name.is_empty() || name.len() > 128 || name.chars().any(char::is_control) {
            return Err(bad("name", "1 to 128 bytes without control characters").into());
        }
        if keys.is_empty() || keys.len() > KEYS_MAX {
            return Err(bad("keys", "one key, or two while they are being changed").into());
        }
        if receiveids.len() > RECEIVEIDS_MAX {
            return Err(bad("receiveids", "at most 4096").into());
        }
        if receiveids.is_empty() && product != Product::App(AppMode::Plain) {
            return Err(bad("receiveids", "at least one, or nothing would open").into());
        }
        match product {
            Product::App(_) => drop(options.key(Opt::Appid)?),
            Product::Platform => drop(options.key(Opt::Component)?),
            // A suite's ids are seen by its provider: without that they would be taken for the corp's own.
            Product::Suite => drop(options.key(Opt::Viewer)?),
            Product::Corp => {}
        }
        for option in [Opt::Appid, Opt::Component, Opt::Corp, Opt::Viewer] {
            if options.get(option).is_some() {
                options.key(option)?;
            }
        }
        let receiveids = receiveids.iter().map(|id| (*id).to_owned()).collect();
        Ok(Receiver { name: name.to_owned(), product, keys, receiveids, options, apps: BTreeMap::new() })
    }

    /// The message URL of a third-party platform, one for all apps that authorised it. `apps` say which appid each app's
    /// original id (`gh_...`, the `ToUserName` of its events) is, as `api_get_authorizer_info` tells: the appid that such a
    /// URL has in its path is not signed, what stands in the message is. Events of others are refused where they are read.
    /// `receiveids` are the component's appid.
    ///
    /// # Errors
    /// See [`Receiver::new`].
    pub fn of_authorizers<'a>(
        name: &str,
        keys: Vec<CallbackKey>,
        receiveids: &[&str],
        apps: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Receiver> {
        let mut known = BTreeMap::new();
        for (original, appid) in apps {
            let key = IngestOptions::new().with(Opt::Appid, appid).key(Opt::Appid)?;
            known.insert(original.to_owned(), key);
        }
        let product = Product::App(AppMode::Encrypted);
        // Any appid: it is never used.
        let none = IngestOptions::new().with(Opt::Appid, "wx0000000000000000");
        let receiver = Receiver::new(name, product, keys, receiveids, none)?;
        Ok(Receiver { options: IngestOptions::new(), apps: known, ..receiver })
    }

    /// The appid of a `ToUserName`, where the URL is of many apps.
    pub(super) fn app_of(&self, original: &str) -> Option<&str> {
        self.apps.get(original).map(String::as_str)
    }

    /// The caller's name for the URL.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whose callbacks come here.
    pub fn product(&self) -> Product {
        self.product
    }

    pub(super) fn options(&self) -> &IngestOptions {
        &self.options
    }

    /// Answers the check that the URL is ours (GET). `query` is percent-decoded; a `+` in it must have survived.
    pub fn get(&self, query: &[(String, String)]) -> Reply {
        self.echo(query).map_or_else(Reply::refused, |body| Reply { status: 200, body })
    }

    fn echo(&self, query: &[(String, String)]) -> Option<Vec<u8>> {
        let (stamp, nonce) = (one(query, "timestamp")?, one(query, "nonce")?);
        let echo = one(query, "echostr")?;
        match self.product {
            Product::App(_) | Product::Platform => {
                self.signs(one(query, "signature")?, stamp, nonce).then(|| echo.as_bytes().to_vec())
            }
            Product::Corp | Product::Suite => {
                let plain = self.decrypt(one(query, "msg_signature")?, stamp, nonce, echo)?;
                Some(plain.to_vec())
            }
        }
    }

    /// Opens a push (POST): none if anything does not hold.
    pub(super) fn open(&self, query: &[(String, String)], body: &[u8]) -> Option<Opened> {
        let (stamp, nonce) = (one(query, "timestamp")?, one(query, "nonce")?);
        if !fits(body, BODY_BYTES_MAX) {
            return None;
        }
        let has_plain = self.product == Product::App(AppMode::Plain);
        if has_plain && !query.iter().any(|(name, _)| name == "msg_signature") {
            let signature = one(query, "signature")?;
            if !self.signs(signature, stamp, nonce) || !is_event(body) {
                return None;
            }
            let (stamp, signature) = (stamp.to_owned(), signature.to_owned());
            return Some(Opened { body: Zeroizing::new(body.to_vec()), stamp, signature });
        }
        let signature = one(query, "msg_signature")?;
        let envelope = Event::parse_any(body).ok()?;
        let encrypt = envelope.text("Encrypt").ok()??;
        let body = self.decrypt(signature, stamp, nonce, encrypt)?;
        if !is_event(&body) {
            return None;
        }
        Some(Opened { body, stamp: stamp.to_owned(), signature: signature.to_owned() })
    }

    /// Whether one of the keys made the signature of a request that holds nothing secret. All are tried.
    fn signs(&self, signature: &str, stamp: &str, nonce: &str) -> bool {
        // An empty text adds nothing to what is hashed.
        let made = |key: &CallbackKey| same(&key.signature(stamp, nonce, ""), signature);
        self.keys.iter().fold(false, |found, key| found | made(key))
    }

    fn decrypt(
        &self,
        signature: &str,
        stamp: &str,
        nonce: &str,
        encrypt: &str,
    ) -> Option<Zeroizing<Vec<u8>>> {
        let receiveids: Vec<&str> = self.receiveids.iter().map(String::as_str).collect();
        let mut open = self.keys.iter();
        open.find_map(|key| key.open(signature, stamp, nonce, encrypt, &receiveids).ok())
    }
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Receiver");
        shown.field("name", &self.name).field("product", &self.product).finish_non_exhaustive()
    }
}

/// A parameter that must be there once, and not too long.
fn one<'a>(query: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let mut found = query.iter().filter(|(is, _)| is == name).map(|(_, value)| value.as_str());
    match (found.next(), found.next()) {
        (Some(value), None) if value.len() <= PARAMETER_BYTES_MAX => Some(value),
        _ => None,
    }
}

/// Whether a decrypted body is an event, within the limits.
fn is_event(body: &[u8]) -> bool {
    fits(body, TEXT_BYTES_MAX) && Event::parse(body).is_ok()
}
