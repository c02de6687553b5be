//! Ways of the customer service (wechat reference 17).

use crate::wechat::acquire::condition::Condition as C;
use crate::wechat::acquire::way::{
    CORP_TOKEN, Credential, EXTERNAL, Interrupts, OWN_EXTERNAL, Per, Quota, Shared, UNIONID, Way, by, same,
};

pub(crate) static WAYS: &[Way] = &[
    Way {
        name: "kf.customer",
        from: &[EXTERNAL],
        yields: &[same(UNIONID)],
        access: &[by(Credential::Corp, &["cgi-bin/kf/customer/batchget"])],
        conditions: &[C::OwnView, C::WechatContact, C::CorpKfBoundToApp, C::ServiceSession],
        quota: &[Quota { count: 100, per: Per::Call, shared: Shared::Call }],
        pitfalls: 2,
        reference: "17",
        ingest: Some("work.kf_customers"),
        ..Way::EMPTY
    },
    Way {
        name: "kf.scene",
        from: &[CORP_TOKEN],
        yields: &[same(OWN_EXTERNAL)],
        access: &[by(
            Credential::Corp,
            &["event:kf_msg_or_event", "cgi-bin/kf/sync_msg", "cgi-bin/kf/customer/batchget"],
        )],
        front_end: true,
        interrupts: Interrupts::Acts,
        conditions: &[C::UserAtHand, C::CallbackSetUp, C::ComesThroughIt],
        quota: &[Quota { count: 100, per: Per::Call, shared: Shared::Call }],
        pitfalls: 1,
        reference: "17",
        ingest: Some("work.state"),
        ..Way::EMPTY
    },
];
