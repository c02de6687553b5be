//! The settings of `serve-callbacks`: which URLs there are, and whose they are.
//!
//! Keys and tokens are never in the file itself: it names files or environment variables.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use idweave::sync::callback::{AppMode, Product, Receiver};
use idweave::wechat::{CallbackKey, IngestOptions, Opt};
use serde::Deserialize;

use crate::exit::Failure;
use crate::lines::read_body;
use crate::secret_file::secret;

/// Longest settings, in bytes.
const CONFIG_LEN_MAX: u64 = 1 << 20;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    callback: Vec<Callback>,
}

/// One URL.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Callback {
    path: String,
    /// What queued items call it; the path, if it is not said.
    name: Option<String>,
    product: ProductName,
    mode: Option<ModeName>,
    keys: Vec<Key>,
    #[serde(default)]
    receiveids: Vec<String>,
    appid: Option<String>,
    corp: Option<String>,
    viewer: Option<String>,
    component: Option<String>,
    /// Of a URL of many apps: which appid each original id is.
    apps: Option<BTreeMap<String, String>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ProductName {
    App,
    Corp,
    Suite,
    Platform,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ModeName {
    Plain,
    Compatible,
    Encrypted,
}

/// Where the Token and the EncodingAESKey are.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Key {
    token_file: Option<PathBuf>,
    token_env: Option<String>,
    key_file: Option<PathBuf>,
    key_env: Option<String>,
}

/// The receivers of a settings file, by path.
pub(crate) fn read(path: &Path) -> Result<BTreeMap<String, Arc<Receiver>>, Failure> {
    let place = path.display();
    let text = String::from_utf8(read_body(path, CONFIG_LEN_MAX)?)
        .map_err(|_| Failure::Usage(format!("{place}: not text")))?;
    // The error's own text would quote the line; nothing secret is in it, but where it is says enough.
    let config: Config = toml::from_str(&text).map_err(|error| {
        let line =
            error.span().map_or(1, |span| text.get(..span.start).unwrap_or_default().lines().count().max(1));
        Failure::Usage(format!("{place}: line {line}: {}", error.message()))
    })?;
    let mut receivers = BTreeMap::new();
    let mut names = std::collections::BTreeSet::new();
    for callback in config.callback {
        let at = callback.path.clone();
        let receiver =
            receiver(callback, path).map_err(|failure| within(&format!("{place}: {at}"), failure))?;
        if !names.insert(receiver.name().to_owned()) || receivers.contains_key(&at) {
            return Err(Failure::Usage(format!("{place}: {at}: its path or its name is there twice")));
        }
        receivers.insert(at, Arc::new(receiver));
    }
    if receivers.is_empty() {
        return Err(Failure::Usage(format!("{place}: names no [[callback]]")));
    }
    Ok(receivers)
}

fn within(place: &str, failure: Failure) -> Failure {
    match failure {
        Failure::Usage(text) => Failure::Usage(format!("{place}: {text}")),
        Failure::Engine(error) => Failure::Usage(format!("{place}: {error}")),
        failure => failure,
    }
}

fn receiver(callback: Callback, config: &Path) -> Result<Receiver, Failure> {
    let product = match (callback.product, callback.mode) {
        (ProductName::App, None | Some(ModeName::Encrypted)) => Product::App(AppMode::Encrypted),
        (ProductName::App, Some(ModeName::Compatible)) => Product::App(AppMode::Compatible),
        (ProductName::App, Some(ModeName::Plain)) => Product::App(AppMode::Plain),
        (ProductName::Corp, None) => Product::Corp,
        (ProductName::Suite, None) => Product::Suite,
        (ProductName::Platform, None) => Product::Platform,
        (_, Some(_)) => return Err(Failure::Usage("only the product app has a mode".to_owned())),
    };
    let is_plain = product == Product::App(AppMode::Plain);
    let keys = callback.keys.iter().map(|key| callback_key(key, config, is_plain));
    let keys = keys.collect::<Result<Vec<CallbackKey>, Failure>>()?;
    let receiveids: Vec<&str> = callback.receiveids.iter().map(String::as_str).collect();
    let name = callback.name.as_deref().unwrap_or(&callback.path);
    if let Some(apps) = &callback.apps {
        if product != Product::App(AppMode::Encrypted) || callback.appid.is_some() {
            return Err(Failure::Usage(
                "apps are for an encrypted URL of many apps, without an appid".to_owned(),
            ));
        }
        let apps = apps.iter().map(|(original, appid)| (original.as_str(), appid.as_str()));
        return Ok(Receiver::of_authorizers(name, keys, &receiveids, apps)?);
    }
    let mut options = IngestOptions::new();
    let scopes = [
        (Opt::Appid, callback.appid),
        (Opt::Corp, callback.corp),
        (Opt::Viewer, callback.viewer),
        (Opt::Component, callback.component),
    ];
    for (option, value) in scopes {
        value.into_iter().for_each(|value| options.set(option, &value));
    }
    Ok(Receiver::new(name, product, keys, &receiveids, options)?)
}

fn callback_key(key: &Key, config: &Path, is_plain: bool) -> Result<CallbackKey, Failure> {
    let token = secret("token", key.token_file.as_deref(), key.token_env.as_deref(), config)?;
    let token = token.ok_or_else(|| Failure::Usage("say token_file or token_env".to_owned()))?;
    let aes = secret("key", key.key_file.as_deref(), key.key_env.as_deref(), config)?;
    match aes {
        Some(aes) => CallbackKey::new(&token, &aes).map_err(|error| Failure::Usage(error.to_string())),
        None if is_plain => Ok(CallbackKey::of_token(&token)),
        None => Err(Failure::Usage("say key_file or key_env".to_owned())),
    }
}
