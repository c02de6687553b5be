//! Ways of websites and mobile apps (wechat reference 8), and the tokens of one's own links.

use crate::wechat::acquire::condition::{AppSort, Condition as C};
use crate::wechat::acquire::way::{
    ANY_ACCOUNT, APP_TOKEN, CORP_TOKEN, Calls, Credential, Interrupts, OPENID, Per, Quota, Shared, UNIONID,
    Way, Window, by, same,
};

const QUOTA: &[Quota] = &[Quota { count: 50_000, per: Per::Minute, shared: Shared::App }];

pub(crate) static WAYS: &[Way] = &[
    Way {
        name: "app.website_login",
        from: &[OPENID, UNIONID, APP_TOKEN],
        yields: &[same(UNIONID), same(OPENID)],
        access: &[by(Credential::App, &["connect/qrconnect", "sns/oauth2/access_token", "sns/userinfo"])],
        front_end: true,
        interrupts: Interrupts::Asks,
        conditions: &[C::AppIs(AppSort::Website), C::AppBoundToOpenAccount],
        window: Some(Window::CodeMinutes5),
        quota: QUOTA,
        pitfalls: 1,
        reference: "8",
        ingest: Some("app.login"),
        ..Way::EMPTY
    },
    Way {
        name: "app.mobile_login",
        from: &[OPENID, UNIONID, APP_TOKEN],
        yields: &[same(UNIONID), same(OPENID)],
        access: &[by(Credential::App, &["sns/oauth2/access_token", "sns/userinfo"])],
        front_end: true,
        interrupts: Interrupts::Asks,
        conditions: &[C::AppIs(AppSort::MobileApp), C::AppBoundToOpenAccount],
        window: Some(Window::CodeMinutes5),
        quota: QUOTA,
        pitfalls: 1,
        reference: "8, 22.1",
        ingest: Some("app.login"),
        ..Way::EMPTY
    },
    Way {
        name: "own.token",
        from: &[ANY_ACCOUNT],
        yields: &[same(APP_TOKEN), same(CORP_TOKEN)],
        access: &[by(Credential::Nobody, &["state=TOKEN"])],
        front_end: true,
        interrupts: Interrupts::Acts,
        conditions: &[C::WechatContact, C::OpensLink],
        calls: Calls::Free,
        pitfalls: 2,
        reference: "12.10, 22.12",
        ..Way::EMPTY
    },
];
