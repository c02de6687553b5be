//! The settings of `sync`: who calls the platforms, and what he knows of his apps and corps.
//!
//! Secrets are never in the file itself: it names files or environment variables.

use std::path::{Path, PathBuf};

use idweave::sync::Secret;
use idweave::sync::api::{ENDPOINTS, Quota, Window};
use idweave::sync::client::{Credential, OwnQuota};
use idweave::sync::job::{
    AccountImport, AccountReconcile, CorpImport, CorpReconcile, GenerationUpgrade, Job, PendingSweep,
};
use idweave::sync::live::Source;
use serde::Deserialize;

use crate::exit::Failure;
use crate::lines::read_body;
use crate::secret_file::secret;
use crate::sync::JobName;

/// Longest settings, in bytes.
const CONFIG_LEN_MAX: u64 = 1 << 20;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    /// Where tokens, tickets and used quotas are kept.
    store: PathBuf,
    #[serde(default)]
    caller: Vec<Caller>,
    /// Quotas that are not those of the table.
    #[serde(default)]
    quota: Vec<QuotaRow>,
}

/// What a call allows in a window.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct QuotaRow {
    path: String,
    window: WindowName,
    calls: u64,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WindowName {
    Minute,
    Hour,
    Day,
    Month,
}

/// Somebody who calls.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Caller {
    /// What the command line calls him; that of a callback URL, whose calls he makes.
    name: String,
    kind: CallerKind,
    /// An app's, or that of an app that authorised a platform.
    appid: Option<String>,
    /// A corp's, as whoever calls sees it; a provider's own.
    corp: Option<String>,
    /// Which of the corp's apps.
    agent: Option<String>,
    suite: Option<String>,
    component: Option<String>,
    secret_file: Option<PathBuf>,
    secret_env: Option<String>,
    open_account: Option<String>,
    /// The provider that looks, where it is not the corp itself.
    viewer: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum CallerKind {
    App,
    Corp,
    Suite,
    SuiteCorp,
    Provider,
    Component,
    Authorizer,
}

/// What a settings file says.
pub(crate) struct Settings {
    path: PathBuf,
    pub(crate) store: PathBuf,
    pub(crate) quotas: Vec<OwnQuota>,
    callers: Vec<Caller>,
}

/// Reads a settings file.
pub(crate) fn read(path: &Path) -> Result<Settings, Failure> {
    let place = path.display();
    let text = String::from_utf8(read_body(path, CONFIG_LEN_MAX)?)
        .map_err(|_| Failure::Usage(format!("{place}: not text")))?;
    let config: Config = toml::from_str(&text).map_err(|error| {
        let line =
            error.span().map_or(1, |span| text.get(..span.start).unwrap_or_default().lines().count().max(1));
        Failure::Usage(format!("{place}: line {line}: {}", error.message()))
    })?;
    let mut names: Vec<&str> = config.caller.iter().map(|caller| caller.name.as_str()).collect();
    names.sort_unstable();
    if names.windows(2).any(|pair| pair.first() == pair.last()) {
        return Err(Failure::Usage(format!("{place}: two callers have the same name")));
    }
    let store = path.parent().unwrap_or(Path::new("")).join(&config.store);
    let quotas = quotas(config.quota, &place.to_string())?;
    Ok(Settings { path: path.to_owned(), store, quotas, callers: config.caller })
}

/// The rows of each call as one.
fn quotas(rows: Vec<QuotaRow>, place: &str) -> Result<Vec<OwnQuota>, Failure> {
    let mut quotas: Vec<OwnQuota> = Vec::new();
    for QuotaRow { path, window, calls } in rows {
        if !ENDPOINTS.iter().any(|endpoint| endpoint.path == path) {
            return Err(Failure::Usage(format!("{place}: [[quota]]: no call has this path")));
        }
        let window = match window {
            WindowName::Minute => Window::Minute,
            WindowName::Hour => Window::Hour,
            WindowName::Day => Window::Day,
            WindowName::Month => Window::Month,
        };
        let quota = Quota { window, calls };
        match quotas.iter_mut().find(|own| own.path == path) {
            Some(own) if own.quotas.iter().any(|known| known.window == window) => {
                return Err(Failure::Usage(format!("{place}: [[quota]]: {path} has this window twice")));
            }
            Some(own) => own.quotas.push(quota),
            None => quotas.push(OwnQuota { path, quotas: vec![quota] }),
        }
    }
    Ok(quotas)
}

impl Settings {
    fn caller(&self, name: &str) -> Result<&Caller, Failure> {
        let known = || self.callers.iter().map(|caller| caller.name.as_str()).collect::<Vec<_>>().join(", ");
        let found = self.callers.iter().find(|caller| caller.name == name);
        found.ok_or_else(|| Failure::Usage(format!("no caller of this name; there are: {}", known())))
    }

    /// The caller of this name.
    pub(crate) fn credential(&self, name: &str) -> Result<Credential, Failure> {
        self.credential_of(self.caller(name)?)
    }

    fn credential_of(&self, caller: &Caller) -> Result<Credential, Failure> {
        let lacks = |field: &str| {
            Failure::Usage(format!("{}: caller {}: say {field}", self.path.display(), caller.name))
        };
        let need = |value: &Option<String>, field: &str| value.clone().ok_or_else(|| lacks(field));
        let own_secret = || -> Result<Secret, Failure> {
            let text =
                secret("secret", caller.secret_file.as_deref(), caller.secret_env.as_deref(), &self.path)?;
            text.map(|text| Secret::new(&text)).ok_or_else(|| lacks("secret_file or secret_env"))
        };
        // The suite or the platform is another caller of the file.
        let other = |kind: CallerKind, is_it: &dyn Fn(&Caller) -> bool, field: &str| {
            let found = self.callers.iter().find(|other| other.kind == kind && is_it(other));
            let found = found.ok_or_else(|| lacks(&format!("{field} of another caller")))?;
            self.credential_of(found).map(Box::new)
        };
        Ok(match caller.kind {
            CallerKind::App => {
                Credential::App { appid: need(&caller.appid, "appid")?, secret: own_secret()? }
            }
            CallerKind::Corp => Credential::Corp {
                corp: need(&caller.corp, "corp")?,
                agent: need(&caller.agent, "agent")?,
                secret: own_secret()?,
            },
            CallerKind::Suite => {
                Credential::Suite { suite: need(&caller.suite, "suite")?, secret: own_secret()? }
            }
            CallerKind::SuiteCorp => {
                let suite = need(&caller.suite, "suite")?;
                let is_it = |other: &Caller| other.suite.as_ref() == Some(&suite);
                let suite = other(CallerKind::Suite, &is_it, "suite")?;
                Credential::SuiteCorp { suite, corp: need(&caller.corp, "corp")? }
            }
            CallerKind::Provider => {
                Credential::Provider { corp: need(&caller.corp, "corp")?, secret: own_secret()? }
            }
            CallerKind::Component => Credential::Component {
                component: need(&caller.component, "component")?,
                secret: own_secret()?,
            },
            CallerKind::Authorizer => {
                let component = need(&caller.component, "component")?;
                let is_it = |other: &Caller| other.component.as_ref() == Some(&component);
                let component = other(CallerKind::Component, &is_it, "component")?;
                Credential::Authorizer { component, appid: need(&caller.appid, "appid")? }
            }
        })
    }

    /// A job of a caller.
    pub(crate) fn job(&self, job: JobName, name: &str) -> Result<Box<dyn Job>, Failure> {
        let caller = self.caller(name)?;
        let credential = self.credential_of(caller)?;
        let (account, viewer) = (caller.open_account.as_deref(), caller.viewer.as_deref());
        let of_app = matches!(caller.kind, CallerKind::App | CallerKind::Authorizer);
        let of_corp = matches!(caller.kind, CallerKind::Corp | CallerKind::SuiteCorp);
        let (appid, corp) = (caller.appid.as_deref(), caller.corp.as_deref());
        let job: Box<dyn Job> = match (job, appid.filter(|_| of_app), corp.filter(|_| of_corp), viewer) {
            (JobName::Import, Some(appid), _, _) => Box::new(AccountImport::new(credential, appid, account)),
            (JobName::Reconcile, Some(appid), _, _) => {
                Box::new(AccountReconcile::new(credential, appid, account))
            }
            (JobName::Import, _, Some(corp), viewer) => {
                Box::new(CorpImport::new(credential, corp, account, viewer))
            }
            (JobName::Reconcile, _, Some(corp), viewer) => {
                Box::new(CorpReconcile::new(credential, corp, account, viewer))
            }
            (JobName::Pending, _, Some(corp), Some(viewer)) => {
                Box::new(PendingSweep::new(credential, corp, viewer))
            }
            (JobName::Generation, _, Some(corp), Some(viewer)) => {
                let upgrade = GenerationUpgrade::new(credential, corp, viewer);
                // The provider itself, if he is among the callers, may ask for more.
                let is_provider = |other: &&Caller| {
                    other.kind == CallerKind::Provider && other.corp.as_deref() == Some(viewer)
                };
                match self.callers.iter().find(is_provider) {
                    Some(provider) => Box::new(upgrade.with_provider(self.credential_of(provider)?)),
                    None => Box::new(upgrade),
                }
            }
            (JobName::Pending | JobName::Generation, _, Some(_), None) => {
                return Err(Failure::Usage(format!("{name}: this job is a provider's; say viewer")));
            }
            _ => return Err(Failure::Usage(format!("{name}: this job is none of such a caller"))),
        };
        Ok(job)
    }

    /// Who calls for the events of each callback URL of the same name.
    pub(crate) fn sources(&self) -> Result<Vec<(String, Source)>, Failure> {
        let sources = self.callers.iter().map(|caller| {
            let mut source = Source::new(self.credential_of(caller)?, caller.viewer.as_deref());
            for of in [&caller.appid, &caller.corp].into_iter().flatten() {
                if let Some(account) = &caller.open_account {
                    source = source.bound(of, account);
                }
            }
            Ok((caller.name.clone(), source))
        });
        sources.collect()
    }
}
