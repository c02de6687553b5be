//! Who calls, and the call that gives him a token (wechat reference 6.2, 9.1, 10).

use std::fmt;

use serde_json::json;

use crate::error::{CallFailure, Error, Result};
use crate::sync::api::{
    AUTHORIZER_TOKEN, COMPONENT_TOKEN, CORP_TOKEN, Endpoint, PROVIDER_TOKEN, Request, STABLE_TOKEN,
    SUITE_CORP_TOKEN, SUITE_TOKEN,
};
use crate::sync::client::store::Store;
use crate::sync::secret::Secret;

/// Who calls. `Debug` shows names, never secrets.
#[derive(Clone)]
#[non_exhaustive]
pub enum Credential {
    /// An official account or mini program with its own secret.
    App {
        /// Its appid.
        appid: String,
        /// Its secret.
        secret: Secret,
    },
    /// An app of a corp's own, or one that a provider develops for it.
    Corp {
        /// The corp.
        corp: String,
        /// Which of the corp's apps: any name that tells them apart. They see different employees.
        agent: String,
        /// The app's secret; the permanent code for an app that a provider develops.
        secret: Secret,
    },
    /// A provider's suite. Its ticket comes by callback: [`suite_ticket`].
    Suite {
        /// The suite_id.
        suite: String,
        /// Its secret.
        secret: Secret,
    },
    /// A corp that authorised a suite. Its permanent code is stored under [`permanent_code`].
    SuiteCorp {
        /// The suite.
        suite: Box<Credential>,
        /// The corp, as the suite sees it.
        corp: String,
    },
    /// A provider.
    Provider {
        /// The provider's corp.
        corp: String,
        /// Its secret.
        secret: Secret,
    },
    /// A third-party platform. Its ticket comes by callback: [`component_ticket`].
    Component {
        /// Its appid.
        component: String,
        /// Its secret.
        secret: Secret,
    },
    /// An app that authorised a third-party platform. Its refresh token is stored under [`refresh_token`], and replaced there.
    Authorizer {
        /// The platform.
        component: Box<Credential>,
        /// The app.
        appid: String,
    },
}

/// Where a suite's newest ticket is stored.
pub fn suite_ticket(suite: &str) -> String {
    format!("suite_ticket {suite}")
}

/// Where a third-party platform's newest ticket is stored.
pub fn component_ticket(component: &str) -> String {
    format!("component_verify_ticket {component}")
}

/// Keeps a ticket that was pushed, and the one before it, which lives on for a while.
///
/// # Errors
/// The store's.
pub fn keep_ticket(store: &dyn Store, name: &str, ticket: &Secret) -> Result<()> {
    match store.load(name)? {
        Some(newest) if newest.expose() == ticket.expose() => return Ok(()),
        Some(newest) => store.save(&before(name), &newest)?,
        None => {}
    }
    store.save(name, ticket)
}

/// Where the ticket before the newest one is stored.
fn before(name: &str) -> String {
    format!("{name} before")
}

/// Which ticket a call for a token carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ticket {
    /// The one that was pushed last.
    Newest,
    /// The one before.
    Before,
}

impl Ticket {
    fn name(self, name: String) -> String {
        match self {
            Ticket::Newest => name,
            Ticket::Before => before(&name),
        }
    }
}

/// Forgets what a corp gave a suite, or an app a third-party platform, to call for it, and its token: it took its authorisation
/// back. Its calls end with [`CallFailure::Stopped`] until another code is stored. Whether it is one that authorises others at all;
/// who calls for himself has nothing to forget.
///
/// # Errors
/// The store's.
pub fn forget_authorisation(store: &dyn Store, caller: &Credential) -> Result<bool> {
    let Some(needed) = caller.authorisation() else { return Ok(false) };
    // In this order: whoever has got a token meanwhile looks whether this is still there when he has stored it (K4 of `token`).
    store.save(&needed, &Secret::new(""))?;
    store.save(&caller.token_name(), &Secret::new(""))?;
    if let Credential::SuiteCorp { suite, corp } = caller {
        // Whatever it lets the suite see when it comes back, events were missed.
        store.save(&auth_info(suite.subject(), corp), &Secret::new(""))?;
    }
    Ok(true)
}

/// Where what a corp lets a suite see is stored, as `service/get_auth_info` told it last.
pub fn auth_info(suite: &str, corp: &str) -> String {
    format!("auth_info {suite} {corp}")
}

/// Where the permanent code of a corp that authorised a suite is stored.
pub fn permanent_code(suite: &str, corp: &str) -> String {
    format!("permanent_code {suite} {corp}")
}

/// Where the refresh token of an app that authorised a third-party platform is stored.
pub fn refresh_token(component: &str, appid: &str) -> String {
    format!("authorizer_refresh_token {component} {appid}")
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credential({})", self.name())
    }
}

/// How a token is asked for.
pub(crate) struct TokenCall {
    pub(crate) request: Request,
    /// The field of the answer.
    pub(crate) field: &'static str,
    /// Whose token the call itself carries.
    pub(crate) carried: Option<Credential>,
    /// Where a refresh token that comes with it is stored.
    pub(crate) refresh: Option<String>,
}

impl Credential {
    /// What tells it from others; where its token is stored.
    pub fn name(&self) -> String {
        match self {
            Credential::App { appid, .. } => format!("app {appid}"),
            Credential::Corp { corp, agent, .. } => format!("corp {corp} {agent}"),
            Credential::Suite { suite, .. } => format!("suite {suite}"),
            Credential::SuiteCorp { suite, corp } => format!("{} corp {corp}", suite.name()),
            Credential::Provider { corp, .. } => format!("provider {corp}"),
            Credential::Component { component, .. } => format!("component {component}"),
            Credential::Authorizer { component, appid } => format!("{} app {appid}", component.name()),
        }
    }

    /// Where that is stored by which somebody else lets it call for him; `None` = it calls for itself.
    pub(crate) fn authorisation(&self) -> Option<String> {
        match self {
            Credential::SuiteCorp { suite, corp } => Some(permanent_code(suite.subject(), corp)),
            Credential::Authorizer { component, appid } => Some(refresh_token(component.subject(), appid)),
            _ => None,
        }
    }

    /// Where its token is stored.
    pub(crate) fn token_name(&self) -> String {
        format!("token {}", self.name())
    }

    /// Whose quotas its calls count against.
    pub(crate) fn subject(&self) -> &str {
        match self {
            Credential::App { appid, .. } | Credential::Authorizer { appid, .. } => appid,
            Credential::Corp { corp, .. }
            | Credential::SuiteCorp { corp, .. }
            | Credential::Provider { corp, .. } => corp,
            Credential::Suite { suite, .. } => suite,
            Credential::Component { component, .. } => component,
        }
    }

    /// The call that gives it a token. `force` asks for another one than the platform last gave.
    pub(crate) fn token_call(&self, store: &dyn Store, force: bool, ticket: Ticket) -> Result<TokenCall> {
        let stored = |endpoint: &'static Endpoint, name: &str, what: &'static str| {
            let failed = |failure| Error::Call { api: endpoint.path, failure };
            let text = store.load(name)?.ok_or(failed(CallFailure::NotPushedYet(what)))?;
            if text.expose().is_empty() { Err(failed(CallFailure::Stopped)) } else { Ok(text) }
        };
        let (mut field, mut carried, mut refresh) = ("access_token", None, None);
        let request = match self {
            Credential::App { appid, secret } => {
                let body = json!({
                    "grant_type": "client_credential", "appid": appid, "secret": secret.expose(),
                    "force_refresh": force,
                });
                Request::post(&STABLE_TOKEN, &body)
            }
            Credential::Corp { corp, secret, .. } => {
                Request::get(&CORP_TOKEN, &[("corpid", corp), ("corpsecret", secret.expose())])
            }
            Credential::Suite { suite, secret } => {
                field = "suite_access_token";
                let ticket = stored(&SUITE_TOKEN, &ticket.name(suite_ticket(suite)), "suite_ticket")?;
                let body = json!({
                    "suite_id": suite, "suite_secret": secret.expose(), "suite_ticket": ticket.expose(),
                });
                Request::post(&SUITE_TOKEN, &body)
            }
            Credential::SuiteCorp { suite, corp } => {
                carried = Some(Credential::clone(suite));
                let code = permanent_code(suite.subject(), corp);
                let code = stored(&SUITE_CORP_TOKEN, &code, "permanent_code")?;
                Request::post(
                    &SUITE_CORP_TOKEN,
                    &json!({"auth_corpid": corp, "permanent_code": code.expose()}),
                )
            }
            Credential::Provider { corp, secret } => {
                field = "provider_access_token";
                let body = json!({"corpid": corp, "provider_secret": secret.expose()});
                Request::post(&PROVIDER_TOKEN, &body)
            }
            Credential::Component { component, secret } => {
                field = "component_access_token";
                let name = ticket.name(component_ticket(component));
                let ticket = stored(&COMPONENT_TOKEN, &name, "component_verify_ticket")?;
                let body = json!({
                    "component_appid": component, "component_appsecret": secret.expose(),
                    "component_verify_ticket": ticket.expose(),
                });
                Request::post(&COMPONENT_TOKEN, &body)
            }
            Credential::Authorizer { component, appid } => {
                field = "authorizer_access_token";
                carried = Some(Credential::clone(component));
                let name = refresh_token(component.subject(), appid);
                let token = stored(&AUTHORIZER_TOKEN, &name, "authorizer_refresh_token")?;
                refresh = Some(name);
                let body = json!({
                    "component_appid": component.subject(), "authorizer_appid": appid,
                    "authorizer_refresh_token": token.expose(),
                });
                Request::post(&AUTHORIZER_TOKEN, &body)
            }
        };
        Ok(TokenCall { request, field, carried, refresh })
    }
}
