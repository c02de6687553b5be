//! Ways of official accounts: followers, web authorisation, scans, migration (wechat reference 6).

use crate::wechat::acquire::condition::{AppSort, Condition as C};
use crate::wechat::acquire::way::{
    APP_TOKEN, Access, Also, Calls, Credential, Gives, Interrupts, OLD_OPENID, OPENID, Per, Quota, Shared,
    UNIONID, Way, Window, Yield, by, same,
};

const IS_OFFICIAL: C = C::AppIs(AppSort::OfficialAccount);
const OAUTH: Access =
    by(Credential::App, &["connect/oauth2/authorize", "sns/oauth2/access_token", "sns/userinfo"]);
const OAUTH_BY_PLATFORM: Access = by(
    Credential::Authorizer,
    &["connect/oauth2/authorize", "sns/oauth2/component/access_token", "sns/userinfo"],
);
const OAUTH_QUOTA: &[Quota] = &[Quota { count: 50_000, per: Per::Minute, shared: Shared::App }];
const INFO_QUOTA: Quota = Quota { count: 5_000_000, per: Per::Day, shared: Shared::App };

pub(crate) static WAYS: &[Way] = &[
    Way {
        name: "mp.user_info",
        from: &[OPENID],
        yields: &[same(UNIONID)],
        also: &[Also::Subscribes],
        access: &[
            by(Credential::App, &["cgi-bin/user/info", "cgi-bin/user/info/batchget"]),
            by(Credential::Authorizer, &["cgi-bin/user/info", "cgi-bin/user/info/batchget"]),
        ],
        conditions: &[IS_OFFICIAL, C::AppBoundToOpenAccount, C::Follows, C::ApiPermission],
        quota: &[INFO_QUOTA, Quota { count: 100, per: Per::Call, shared: Shared::Call }],
        pitfalls: 2,
        reference: "6.3, 6.4",
        ingest: Some("mp.user_info"),
        ..Way::EMPTY
    },
    Way {
        name: "mp.list_followers",
        from: &[UNIONID],
        yields: &[same(OPENID)],
        also: &[Also::Subscribes],
        access: &[
            by(Credential::App, &["cgi-bin/user/get", "cgi-bin/user/info/batchget"]),
            by(Credential::Authorizer, &["cgi-bin/user/get", "cgi-bin/user/info/batchget"]),
        ],
        conditions: &[IS_OFFICIAL, C::AppBoundToOpenAccount, C::Follows, C::ApiPermission],
        quota: &[Quota { count: 500, per: Per::Day, shared: Shared::App }, INFO_QUOTA],
        calls: Calls::List,
        pitfalls: 2,
        reference: "6.5, 23 B",
        ingest: Some("mp.user_batchget"),
        ..Way::EMPTY
    },
    Way {
        name: "mp.oauth_base",
        from: &[APP_TOKEN],
        yields: &[same(OPENID)],
        access: &[
            by(Credential::App, &["connect/oauth2/authorize", "sns/oauth2/access_token"]),
            by(Credential::Authorizer, &["connect/oauth2/authorize", "sns/oauth2/component/access_token"]),
        ],
        front_end: true,
        conditions: &[IS_OFFICIAL],
        window: Some(Window::CodeMinutes5),
        quota: OAUTH_QUOTA,
        pitfalls: 2,
        reference: "6.6",
        ingest: Some("mp.web_oauth"),
        ..Way::EMPTY
    },
    Way {
        name: "mp.oauth_userinfo",
        from: &[OPENID, UNIONID, APP_TOKEN],
        yields: &[same(UNIONID), same(OPENID)],
        access: &[OAUTH, OAUTH_BY_PLATFORM],
        front_end: true,
        interrupts: Interrupts::Asks,
        conditions: &[IS_OFFICIAL, C::AppBoundToOpenAccount],
        window: Some(Window::CodeMinutes5),
        quota: OAUTH_QUOTA,
        pitfalls: 3,
        reference: "6.6, 6.7, 22.5",
        ingest: Some("mp.web_oauth"),
        ..Way::EMPTY
    },
    Way {
        name: "mp.scan_event",
        from: &[APP_TOKEN],
        yields: &[same(OPENID)],
        also: &[Also::Subscribes],
        access: &[
            by(Credential::App, &["event:subscribe", "event:SCAN"]),
            by(Credential::Authorizer, &["event:subscribe", "event:SCAN"]),
        ],
        front_end: true,
        interrupts: Interrupts::Acts,
        conditions: &[IS_OFFICIAL, C::CallbackSetUp, C::ComesThroughIt],
        calls: Calls::Free,
        pitfalls: 2,
        reference: "6.8",
        ingest: Some("event.mp"),
        ..Way::EMPTY
    },
    Way {
        name: "mp.changeopenid",
        from: &[OLD_OPENID],
        yields: &[Yield { space: OPENID, gives: Gives::Successor }],
        access: &[by(Credential::App, &["cgi-bin/changeopenid"])],
        conditions: &[IS_OFFICIAL, C::FollowedOldApp, C::DuringAccountMigration],
        window: Some(Window::MigrationDays15),
        quota: &[Quota { count: 100, per: Per::Call, shared: Shared::Call }],
        pitfalls: 3,
        reference: "6.9, 22.3",
        ingest: Some("mp.changeopenid"),
        ..Way::EMPTY
    },
    Way {
        name: "mp.account_cancelled",
        also: &[Also::Erased],
        access: &[by(Credential::App, &["event:user_authorization_cancellation"])],
        conditions: &[C::CallbackSetUp],
        calls: Calls::Free,
        pitfalls: 1,
        reference: "6.10, 22.11",
        ingest: Some("event.mp"),
        ..Way::EMPTY
    },
];
