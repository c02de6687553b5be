//! What the open platform tells of apps, and third-party platforms of who authorised them (wechat reference 9).
//!
//! These give no id of a user: they settle what apps are bound to, which the other ways depend on.

use crate::wechat::acquire::condition::Condition as C;
use crate::wechat::acquire::way::{Also, Calls, Credential, Way, by};

pub(crate) static WAYS: &[Way] = &[
    Way {
        name: "open.get",
        also: &[Also::Binding],
        access: &[by(Credential::Authorizer, &["cgi-bin/open/get", "cgi-bin/open/have"])],
        conditions: &[C::PermissionSet],
        pitfalls: 1,
        reference: "9.4",
        ..Way::EMPTY
    },
    Way {
        name: "open.bind",
        also: &[Also::Binding],
        access: &[by(
            Credential::Authorizer,
            &["cgi-bin/open/create", "cgi-bin/open/bind", "cgi-bin/open/unbind", "cgi-bin/open/sameentity"],
        )],
        conditions: &[C::PermissionSet],
        pitfalls: 2,
        reference: "9.4, 22.1",
        ..Way::EMPTY
    },
    Way {
        name: "open.authorised",
        also: &[Also::Binding],
        access: &[by(
            Credential::Authorizer,
            &["event:authorized", "event:updateauthorized", "event:unauthorized"],
        )],
        conditions: &[C::CallbackSetUp],
        calls: Calls::Free,
        pitfalls: 1,
        reference: "9.1",
        ingest: Some("event.open"),
        ..Way::EMPTY
    },
];
