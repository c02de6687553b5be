//! Who makes the calls that the events of a callback URL make due.

use std::collections::BTreeMap;

use crate::model::{Id, split_scope};
use crate::sync::client::Credential;
use crate::wechat::{IngestOptions, Opt};

/// Who calls for the events of one callback URL, and what he knows of its apps and corps.
#[derive(Debug, Clone)]
pub struct Source {
    credential: Credential,
    viewer: Option<String>,
    open_accounts: BTreeMap<String, String>,
}

impl Source {
    /// Calls as `credential`: an app or corp for its own events; a suite for the corps that authorised it, whose
    /// ids `viewer`, its provider, sees; a third-party platform for the apps that authorised it.
    pub fn new(credential: Credential, viewer: Option<&str>) -> Source {
        Source { credential, viewer: viewer.map(str::to_owned), open_accounts: BTreeMap::new() }
    }

    /// An app (by its appid) or a corp is bound to an open-platform account: without it, an answer that holds a unionid is
    /// refused whole, told in [`Followed::failed`](crate::sync::live::Followed::failed), and asked for again.
    #[must_use]
    pub fn bound(mut self, app_or_corp: &str, open_account: &str) -> Source {
        self.open_accounts.insert(app_or_corp.to_owned(), open_account.to_owned());
        self
    }

    pub(super) fn credential(&self) -> &Credential {
        &self.credential
    }

    /// The one corp whose events they are, if it is one.
    pub(super) fn own_corp(&self) -> Option<&str> {
        match &self.credential {
            Credential::Corp { corp, .. } | Credential::SuiteCorp { corp, .. } => Some(corp),
            _ => None,
        }
    }

    /// Who reads what belongs to an app or corp.
    pub(super) fn caller(&self, app_or_corp: &str) -> Credential {
        let boxed = || Box::new(self.credential.clone());
        match &self.credential {
            Credential::Suite { .. } => {
                Credential::SuiteCorp { suite: boxed(), corp: app_or_corp.to_owned() }
            }
            Credential::Component { .. } => {
                Credential::Authorizer { component: boxed(), appid: app_or_corp.to_owned() }
            }
            own => own.clone(),
        }
    }

    /// The corp of an id of WeCom, or the app of an openid.
    pub(super) fn owner_of(id: &Id) -> &str {
        split_scope(id.scope()).0
    }

    /// What parsers are told of a corp.
    pub(super) fn corp_options(&self, corp: &str) -> IngestOptions {
        let mut options = IngestOptions::new().with(Opt::Corp, corp);
        self.viewer.iter().for_each(|viewer| options.set(Opt::Viewer, viewer));
        self.bind(corp, &mut options);
        options
    }

    /// What parsers are told of an app.
    pub(super) fn app_options(&self, appid: &str) -> IngestOptions {
        let mut options = IngestOptions::new().with(Opt::Appid, appid);
        self.bind(appid, &mut options);
        options
    }

    fn bind(&self, app_or_corp: &str, options: &mut IngestOptions) {
        let account = self.open_accounts.get(app_or_corp);
        account.into_iter().for_each(|account| options.set(Opt::OpenAccount, account));
    }
}
