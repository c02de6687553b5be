//! Ways of upstream corps, which look at their downstream corps' customers (wechat reference 14).

use crate::wechat::acquire::condition::{Condition as C, Party};
use crate::wechat::acquire::way::{
    Credential, Gives, Interrupts, OPENID, PENDING, Per, Quota, Shared, UNIONID, VIEW_EXTERNAL, Way, Window,
    Yield, by, same,
};

const CLOSE: &[&str] = &["cgi-bin/corpgroup/batch/external_userid_to_pending_id"];
const BATCH_100: &[Quota] = &[Quota { count: 100, per: Per::Call, shared: Shared::Call }];

pub(crate) static WAYS: &[Way] = &[
    Way {
        name: "upstream.unionid",
        from: &[UNIONID],
        with: &[OPENID],
        yields: &[same(VIEW_EXTERNAL)],
        access: &[by(Credential::SharedApp, &["cgi-bin/corpgroup/unionid_to_external_userid"])],
        conditions: &[
            C::UpstreamView,
            C::AppBoundToOpenAccount,
            C::SameSubject(Party::Upstream),
            C::Certified,
            C::SharedApp,
            C::FollowerInRange,
        ],
        quota: &[
            Quota { count: 20_000, per: Per::Hour, shared: Shared::Upstream },
            Quota { count: 240_000, per: Per::Day, shared: Shared::Upstream },
        ],
        pitfalls: 2,
        reference: "14.1",
        ingest: Some("work.unionid_to_external"),
        ..Way::EMPTY
    },
    Way {
        name: "upstream.pending",
        from: &[UNIONID],
        with: &[OPENID],
        yields: &[Yield { space: PENDING, gives: Gives::Pending }],
        access: &[by(Credential::SharedApp, &["cgi-bin/corpgroup/unionid_to_pending_id"])],
        conditions: &[
            C::UpstreamView,
            C::AppBoundToOpenAccount,
            C::SameSubject(Party::Upstream),
            C::NoPendingLives,
            C::Certified,
            C::SharedApp,
        ],
        quota: &[
            Quota { count: 100_000, per: Per::Hour, shared: Shared::Upstream },
            Quota { count: 480_000, per: Per::Day, shared: Shared::Upstream },
            Quota { count: 7_500_000, per: Per::Month, shared: Shared::Upstream },
        ],
        pitfalls: 1,
        reference: "14.2",
        ingest: Some("work.unionid_to_external"),
        ..Way::EMPTY
    },
    Way {
        name: "upstream.close_pending",
        from: &[PENDING],
        yields: &[same(VIEW_EXTERNAL)],
        access: &[by(Credential::SharedApp, CLOSE)],
        interrupts: Interrupts::Acts,
        conditions: &[C::UpstreamView, C::PendingLives, C::SharedApp, C::BecomesContact],
        window: Some(Window::PendingDays90),
        quota: BATCH_100,
        pitfalls: 1,
        reference: "14.3",
        ingest: Some("work.external_to_pending"),
        ..Way::EMPTY
    },
    Way {
        name: "upstream.external_to_pending",
        from: &[VIEW_EXTERNAL],
        yields: &[same(PENDING), same(UNIONID)],
        access: &[by(Credential::SharedApp, CLOSE)],
        conditions: &[C::UpstreamView, C::LookedUpInTime, C::SharedApp],
        window: Some(Window::PendingDays90),
        quota: BATCH_100,
        pitfalls: 1,
        reference: "14.3",
        ingest: Some("work.external_to_pending"),
        ..Way::EMPTY
    },
];
