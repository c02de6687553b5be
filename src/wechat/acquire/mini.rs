//! Ways of mini programs: login, cloud, payment, open data, groups, phone (wechat reference 7, 9.3).

use crate::wechat::acquire::condition::{AppSort, Condition as C};
use crate::wechat::acquire::way::{
    APP_TOKEN, Also, Calls, Credential, GROUP_OPENID, Gives, Interrupts, OPENID, OPENPID, PHONE, Per, Quota,
    Shared, UNIONID, Way, Window, Yield, by, same,
};

const IS_MINI: C = C::AppIs(AppSort::MiniProgram);
const LOGIN_QUOTA: &[Quota] = &[Quota { count: 100, per: Per::Minute, shared: Shared::User }];

pub(crate) static WAYS: &[Way] = &[
    Way {
        name: "mini.code2session",
        from: &[OPENID, UNIONID, APP_TOKEN],
        yields: &[same(UNIONID), same(OPENID)],
        access: &[
            by(Credential::App, &["sns/jscode2session"]),
            by(Credential::Authorizer, &["sns/component/jscode2session"]),
        ],
        front_end: true,
        conditions: &[IS_MINI, C::AppBoundToOpenAccount],
        window: Some(Window::CodeMinutes5),
        quota: LOGIN_QUOTA,
        pitfalls: 2,
        reference: "7.1, 9.3",
        ingest: Some("mini.code2session"),
        ..Way::EMPTY
    },
    Way {
        name: "mini.visit",
        from: &[APP_TOKEN],
        yields: &[same(OPENID)],
        access: &[
            by(Credential::App, &["sns/jscode2session"]),
            by(Credential::Authorizer, &["sns/component/jscode2session"]),
        ],
        front_end: true,
        conditions: &[IS_MINI],
        window: Some(Window::CodeMinutes5),
        quota: LOGIN_QUOTA,
        pitfalls: 1,
        reference: "7.1, 9.3",
        ingest: Some("mini.code2session"),
        ..Way::EMPTY
    },
    Way {
        name: "mini.cloud_context",
        from: &[OPENID, UNIONID, APP_TOKEN],
        yields: &[same(UNIONID), same(OPENID)],
        access: &[by(Credential::Nobody, &["cloud.getWXContext"])],
        front_end: true,
        conditions: &[IS_MINI, C::AppBoundToOpenAccount, C::CloudFunctions],
        calls: Calls::Free,
        pitfalls: 1,
        reference: "7.3",
        ingest: Some("mini.cloud_context"),
        ..Way::EMPTY
    },
    Way {
        name: "mini.cloud_shared",
        from: &[OPENID, UNIONID, APP_TOKEN],
        yields: &[same(UNIONID), same(OPENID)],
        access: &[by(Credential::Nobody, &["cloud.getWXContext FROM_OPENID, FROM_UNIONID"])],
        front_end: true,
        conditions: &[IS_MINI, C::AppBoundToOpenAccount, C::SharedCloud],
        calls: Calls::Free,
        pitfalls: 1,
        reference: "7.3",
        ingest: Some("mini.cloud_context"),
        ..Way::EMPTY
    },
    Way {
        name: "mini.paid_unionid",
        from: &[OPENID],
        yields: &[same(UNIONID)],
        access: &[
            by(Credential::App, &["wxa/getpaidunionid"]),
            by(Credential::Authorizer, &["wxa/getpaidunionid"]),
        ],
        conditions: &[IS_MINI, C::AppBoundToOpenAccount, C::WithinMinutesOfPayment],
        window: Some(Window::PaymentMinutes5),
        pitfalls: 2,
        reference: "7.2",
        ingest: Some("mini.paid_unionid"),
        ..Way::EMPTY
    },
    Way {
        name: "mini.open_data",
        from: &[OPENID, UNIONID],
        yields: &[same(UNIONID), same(OPENID)],
        access: &[by(Credential::Nobody, &["wx.getUserInfo", "wx.getUserProfile"])],
        front_end: true,
        conditions: &[IS_MINI, C::AppBoundToOpenAccount, C::LiveSession],
        calls: Calls::Free,
        pitfalls: 2,
        reference: "7.4, 5.4",
        ingest: Some("mini.open_data"),
        ..Way::EMPTY
    },
    Way {
        name: "mini.group_openid",
        from: &[OPENID, GROUP_OPENID],
        yields: &[same(GROUP_OPENID), same(OPENID)],
        also: &[Also::MemberOf],
        access: &[by(Credential::Nobody, &["wx.getGroupEnterInfo", "wx.getChatToolInfo", "wx.getShareInfo"])],
        front_end: true,
        conditions: &[IS_MINI, C::LiveSession],
        calls: Calls::Free,
        pitfalls: 2,
        reference: "7.7",
        ingest: Some("mini.open_data"),
        ..Way::EMPTY
    },
    Way {
        name: "mini.phone",
        from: &[OPENID],
        yields: &[Yield { space: PHONE, gives: Gives::Hint }],
        also: &[Also::Phone],
        access: &[
            by(Credential::App, &["wxa/business/getuserphonenumber"]),
            by(Credential::Authorizer, &["wxa/business/getuserphonenumber"]),
        ],
        front_end: true,
        interrupts: Interrupts::Asks,
        conditions: &[IS_MINI, C::Certified],
        window: Some(Window::CodeMinutes5),
        pitfalls: 2,
        reference: "7.6, 22.7",
        ingest: Some("mini.phone"),
        ..Way::EMPTY
    },
    Way {
        name: "mini.plugin_openpid",
        from: &[OPENID],
        yields: &[same(OPENPID)],
        access: &[by(Credential::App, &["wxa/getpluginopenpid"])],
        front_end: true,
        conditions: &[IS_MINI],
        window: Some(Window::CodeMinutes5),
        pitfalls: 1,
        reference: "7.8",
        ..Way::EMPTY
    },
];
