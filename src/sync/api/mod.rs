//! The calls of the platforms as values: what can be asked, and what an answer without success means. No I/O.

mod endpoint;
mod endpoints;
mod failure;
mod request;

pub use endpoint::{Carries, Endpoint, Host, Method, Quota, Window};
pub use endpoints::{
    AUTHORIZER_TOKEN, COMPONENT_TOKEN, CONTACT_BATCH, CONTACT_GET, CORP_TOKEN, ENDPOINTS,
    EXTERNAL_TO_PENDING, FOLLOW_USERS, GROUP_GET, GROUP_LIST, OPEN_GET, PROVIDER_TOKEN, QUERY_AUTH,
    STABLE_TOKEN, SUITE_CORP_TOKEN, SUITE_TOKEN, UNIONID_TO_EXTERNAL, USER_BATCHGET, USER_GET, USER_INFO,
};
pub(crate) use failure::check;
pub use failure::{Class, class_of};
pub use request::Request;
