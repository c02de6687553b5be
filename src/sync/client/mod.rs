//! Calls of the platforms: who calls, with which token, how often, and what an answer without success asks for.

mod backoff;
mod credential;
mod platform;
mod quota;
mod store;
mod timer;
mod token;

#[cfg(test)]
mod tests;

pub use credential::{
    Credential, auth_info, component_ticket, forget_authorisation, keep_ticket, permanent_code,
    refresh_token, suite_ticket,
};
pub use platform::{CallOptions, Platform};
pub use quota::OwnQuota;
pub use store::{FileStore, MemoryStore, Store, Update};
pub use timer::Timer;
