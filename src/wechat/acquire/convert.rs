//! Ways of id conversion: unionids to customers, pending ids, generations and views of ids (wechat reference 13).

use crate::wechat::acquire::condition::{Condition as C, Party};
use crate::wechat::acquire::way::{
    CORPID, Calls, Credential, Gives, Interrupts, OPEN_CORPID, OPENID, OWN_CHAT, OWN_EXTERNAL, OWN_USERID,
    PENDING, Per, Quota, Shared, UNIONID, VIEW_CHAT, VIEW_EXTERNAL, VIEW_USERID, WECOM_BASE, Way, Window,
    Yield, by, same,
};

const OR_PENDING: &[Yield] = &[same(VIEW_EXTERNAL), Yield { space: PENDING, gives: Gives::Pending }];
const CONVERT: &[&str] = &["cgi-bin/idconvert/unionid_to_external_userid"];
const CLOSE: &[&str] = &["cgi-bin/idconvert/batch/external_userid_to_pending_id"];
const BATCH_1000: Quota = Quota { count: 1_000, per: Per::Call, shared: Shared::Call };

const fn convert_quota(shared: Shared) -> [Quota; 3] {
    [
        Quota { count: 100_000, per: Per::Hour, shared },
        Quota { count: 480_000, per: Per::Day, shared },
        Quota { count: 7_500_000, per: Per::Month, shared },
    ]
}

pub(crate) static WAYS: &[Way] = &[
    Way {
        name: "idconvert.unionid_corp",
        from: &[UNIONID],
        with: &[OPENID],
        yields: OR_PENDING,
        access: &[by(Credential::ProviderApp, CONVERT)],
        conditions: &[
            C::ProviderView,
            C::AppBoundToOpenAccount,
            C::SameSubject(Party::Corp),
            C::NoPendingLives,
            C::Certified,
            C::CorpAuthorised,
            C::FollowerInRange,
        ],
        quota: &convert_quota(Shared::CorpAndProviders),
        pitfalls: 4,
        reference: "13.1, 13.2",
        ingest: Some("work.unionid_to_external"),
        ..Way::EMPTY
    },
    Way {
        name: "idconvert.unionid_provider",
        from: &[UNIONID],
        with: &[OPENID],
        yields: OR_PENDING,
        access: &[by(Credential::ProviderApp, CONVERT)],
        conditions: &[
            C::ProviderView,
            C::AppBoundToOpenAccount,
            C::SameSubject(Party::Provider),
            C::NoPendingLives,
            C::Certified,
            C::CorpAuthorised,
            C::FollowerInRange,
        ],
        quota: &convert_quota(Shared::Provider),
        pitfalls: 4,
        reference: "13.1, 13.2",
        ingest: Some("work.unionid_to_external"),
        ..Way::EMPTY
    },
    Way {
        name: "idconvert.unionid_old",
        from: &[UNIONID],
        with: &[OPENID],
        yields: &[same(VIEW_EXTERNAL)],
        access: &[by(Credential::ProviderApp, &["cgi-bin/externalcontact/unionid_to_external_userid"])],
        conditions: &[
            C::ProviderView,
            C::AppBoundToOpenAccount,
            C::SameSubject(Party::Corp),
            C::NoPendingLives,
            C::Certified,
            C::CorpAuthorised,
            C::FollowerInRange,
        ],
        quota: WECOM_BASE,
        older: true,
        pitfalls: 1,
        reference: "13.4",
        ingest: Some("work.unionid_to_external"),
        ..Way::EMPTY
    },
    Way {
        name: "idconvert.unionid_3rd",
        from: &[UNIONID],
        with: &[OPENID],
        yields: &[same(VIEW_EXTERNAL)],
        access: &[by(Credential::Suite, &["cgi-bin/service/externalcontact/unionid_to_external_userid_3rd"])],
        conditions: &[
            C::ProviderView,
            C::AppBoundToOpenAccount,
            C::SameSubject(Party::Provider),
            C::NoPendingLives,
            C::Certified,
            C::CorpAuthorised,
            C::FollowerInRange,
        ],
        quota: &[
            Quota { count: 50_000, per: Per::Hour, shared: Shared::Provider },
            Quota { count: 240_000, per: Per::Day, shared: Shared::Provider },
        ],
        older: true,
        pitfalls: 2,
        reference: "13.4",
        ingest: Some("work.unionid_to_external"),
        ..Way::EMPTY
    },
    Way {
        name: "idconvert.close_pending",
        from: &[PENDING],
        yields: &[same(VIEW_EXTERNAL)],
        access: &[by(Credential::ProviderApp, CLOSE)],
        interrupts: Interrupts::Acts,
        conditions: &[
            C::ProviderView,
            C::PendingLives,
            C::CallbackSetUp,
            C::FollowerInRange,
            C::BecomesContact,
        ],
        window: Some(Window::PendingDays90),
        quota: WECOM_BASE,
        pitfalls: 2,
        reference: "13.3, 23 C",
        ingest: Some("work.external_to_pending"),
        ..Way::EMPTY
    },
    Way {
        name: "idconvert.external_to_pending",
        from: &[VIEW_EXTERNAL],
        yields: &[same(PENDING), same(UNIONID)],
        access: &[by(Credential::ProviderApp, CLOSE)],
        conditions: &[C::ProviderView, C::LookedUpInTime, C::FollowerInRange],
        window: Some(Window::PendingDays90),
        quota: &[Quota { count: 100, per: Per::Call, shared: Shared::Call }],
        pitfalls: 2,
        reference: "13.3, 23 C",
        ingest: Some("work.external_to_pending"),
        ..Way::EMPTY
    },
    Way {
        name: "convert.new_external",
        from: &[OWN_EXTERNAL],
        yields: &[same(VIEW_EXTERNAL)],
        access: &[by(Credential::ProviderApp, &["cgi-bin/externalcontact/get_new_external_userid"])],
        conditions: &[C::ProviderView, C::BeforeMigrationEnds, C::FollowerInRange],
        window: Some(Window::UntilMigrationEnds),
        quota: &[BATCH_1000],
        pitfalls: 2,
        reference: "13.5, 22.4, 23 E",
        ingest: Some("work.new_external"),
        ..Way::EMPTY
    },
    Way {
        name: "convert.new_external_group",
        from: &[OWN_EXTERNAL],
        yields: &[same(VIEW_EXTERNAL)],
        access: &[by(
            Credential::ProviderApp,
            &["cgi-bin/externalcontact/groupchat/get_new_external_userid"],
        )],
        conditions: &[C::ProviderView, C::InChat, C::BeforeMigrationEnds, C::FollowerInRange],
        window: Some(Window::UntilMigrationEnds),
        quota: &[BATCH_1000],
        pitfalls: 1,
        reference: "13.5",
        ingest: Some("work.new_external"),
        ..Way::EMPTY
    },
    Way {
        name: "convert.to_service",
        from: &[OWN_EXTERNAL],
        yields: &[same(VIEW_EXTERNAL)],
        access: &[by(Credential::ProviderApp, &["cgi-bin/externalcontact/to_service_external_userid"])],
        conditions: &[C::ProviderView, C::BeforeMigrationEnds, C::FollowerInRange],
        window: Some(Window::UntilMigrationEnds),
        quota: WECOM_BASE,
        pitfalls: 1,
        reference: "13.5",
        ingest: Some("work.to_service_external"),
        ..Way::EMPTY
    },
    Way {
        name: "convert.from_service",
        from: &[VIEW_EXTERNAL],
        yields: &[same(OWN_EXTERNAL)],
        access: &[by(Credential::Corp, &["cgi-bin/externalcontact/from_service_external_userid"])],
        conditions: &[C::ProviderView, C::CustomerContactApp, C::FollowerInRange],
        quota: WECOM_BASE,
        pitfalls: 1,
        reference: "13.5",
        ingest: Some("work.from_service_external"),
        ..Way::EMPTY
    },
    Way {
        name: "convert.temporary",
        yields: &[same(VIEW_EXTERNAL), same(OWN_EXTERNAL)],
        access: &[
            by(Credential::Corp, &["cgi-bin/idconvert/convert_tmp_external_userid"]),
            by(Credential::ProviderApp, &["cgi-bin/idconvert/convert_tmp_external_userid"]),
        ],
        conditions: &[C::SameAppGotIt],
        quota: &[Quota { count: 100, per: Per::Call, shared: Shared::Call }],
        pitfalls: 1,
        reference: "13.5",
        ..Way::EMPTY
    },
    Way {
        name: "convert.userid_to_open",
        from: &[OWN_USERID],
        yields: &[same(VIEW_USERID)],
        access: &[by(Credential::ProviderApp, &["cgi-bin/batch/userid_to_openuserid"])],
        conditions: &[C::ProviderView, C::CorpAuthorised],
        quota: &[BATCH_1000],
        pitfalls: 1,
        reference: "13.6",
        ingest: Some("work.userid_convert"),
        ..Way::EMPTY
    },
    Way {
        name: "convert.open_to_userid",
        from: &[VIEW_USERID],
        yields: &[same(OWN_USERID)],
        access: &[by(Credential::Corp, &["cgi-bin/batch/openuserid_to_userid"])],
        conditions: &[C::ProviderView],
        quota: &[BATCH_1000],
        pitfalls: 1,
        reference: "13.6",
        ingest: Some("work.userid_convert"),
        ..Way::EMPTY
    },
    Way {
        name: "convert.corpid",
        from: &[CORPID],
        yields: &[same(OPEN_CORPID)],
        access: &[by(Credential::Provider, &["cgi-bin/service/corpid_to_opencorpid"])],
        conditions: &[C::CorpAuthorised],
        pitfalls: 1,
        reference: "13.6",
        ingest: Some("work.corpid_convert"),
        ..Way::EMPTY
    },
    Way {
        name: "convert.chatid",
        from: &[OWN_CHAT],
        yields: &[Yield { space: VIEW_CHAT, gives: Gives::Successor }],
        access: &[by(
            Credential::ProviderApp,
            &["cgi-bin/idconvert/apply_to_upgrade_chatid", "cgi-bin/idconvert/chatid"],
        )],
        conditions: &[C::ProviderView, C::BeforeChatUpgrade],
        window: Some(Window::UntilChatUpgrade),
        calls: Calls::One,
        pitfalls: 2,
        reference: "13.9",
        ingest: Some("work.chatid_convert"),
        ..Way::EMPTY
    },
];
