//! The keys of the texts about what stands in the columns of a way.

use crate::wechat::acquire::condition::snake;
use crate::wechat::acquire::route::Usability;
use crate::wechat::acquire::way::{Also, Calls, Credential, Gives, Interrupts, Per, Shared, Window};

impl Credential {
    /// Every one of them.
    pub const ALL: [Credential; 8] = [
        Credential::App,
        Credential::Authorizer,
        Credential::Corp,
        Credential::ProviderApp,
        Credential::Suite,
        Credential::Provider,
        Credential::SharedApp,
        Credential::Nobody,
    ];

    /// The key of the text about it.
    pub fn key(self) -> String {
        format!("credential.{}", snake(&format!("{self:?}")))
    }
}

impl Interrupts {
    /// Every one of them.
    pub const ALL: [Interrupts; 3] = [Interrupts::Silent, Interrupts::Asks, Interrupts::Acts];

    /// The key of the text about it.
    pub fn key(self) -> String {
        format!("interrupts.{}", snake(&format!("{self:?}")))
    }
}

impl Usability {
    /// Every one of them.
    pub const ALL: [Usability; 3] = [Usability::Now, Usability::IfConfirmed, Usability::Later];

    /// The key of the text about it.
    pub fn key(self) -> String {
        format!("usability.{}", snake(&format!("{self:?}")))
    }
}

impl Window {
    /// Every one of them.
    pub const ALL: [Window; 6] = [
        Window::CodeMinutes5,
        Window::PaymentMinutes5,
        Window::MigrationDays15,
        Window::PendingDays90,
        Window::UntilMigrationEnds,
        Window::UntilChatUpgrade,
    ];

    /// The key of the text about it.
    pub fn key(self) -> String {
        format!("window.{}", snake(&format!("{self:?}")))
    }
}

impl Per {
    /// Every one of them.
    pub const ALL: [Per; 5] = [Per::Minute, Per::Hour, Per::Day, Per::Month, Per::Call];

    /// The key of the text about it.
    pub fn key(self) -> String {
        format!("per.{}", snake(&format!("{self:?}")))
    }
}

impl Shared {
    /// Every one of them.
    pub const ALL: [Shared; 7] = [
        Shared::User,
        Shared::App,
        Shared::Corp,
        Shared::CorpAndProviders,
        Shared::Provider,
        Shared::Upstream,
        Shared::Call,
    ];

    /// The key of the text about it.
    pub fn key(self) -> String {
        format!("shared.{}", snake(&format!("{self:?}")))
    }
}

impl Calls {
    /// Every one of them.
    pub const ALL: [Calls; 3] = [Calls::Free, Calls::One, Calls::List];

    /// The key of the text about it.
    pub fn key(self) -> String {
        format!("calls.{}", snake(&format!("{self:?}")))
    }
}

impl Gives {
    /// Every one of them.
    pub const ALL: [Gives; 5] = [Gives::Same, Gives::Pending, Gives::Successor, Gives::Related, Gives::Hint];

    /// The key of the text about it.
    pub fn key(self) -> String {
        format!("gives.{}", snake(&format!("{self:?}")))
    }
}

impl Also {
    /// Every one of them.
    pub const ALL: [Also; 10] = [
        Also::Subscribes,
        Also::Follows,
        Also::MemberOf,
        Also::UsesAccount,
        Also::Binding,
        Also::Openid,
        Also::ExternalUserid,
        Also::Phone,
        Also::Renamed,
        Also::Erased,
    ];

    /// The key of the text about it.
    pub fn key(self) -> String {
        format!("also.{}", snake(&format!("{self:?}")))
    }
}

/// The keys of all of them.
pub(crate) fn column_keys() -> Vec<String> {
    let mut keys: Vec<String> = Vec::new();
    keys.extend(Credential::ALL.map(Credential::key));
    keys.extend(Interrupts::ALL.map(Interrupts::key));
    keys.extend(Usability::ALL.map(Usability::key));
    keys.extend(Window::ALL.map(Window::key));
    // What one call takes is told as the length of its list.
    keys.extend(Per::ALL.into_iter().filter(|per| *per != Per::Call).map(Per::key));
    keys.extend(Shared::ALL.into_iter().filter(|shared| *shared != Shared::Call).map(Shared::key));
    keys.extend(Calls::ALL.map(Calls::key));
    keys.extend(Gives::ALL.map(Gives::key));
    keys.extend(Also::ALL.map(Also::key));
    keys
}
