//! Ways of a corp's customer contact: customers, groups, acquisition links, logins (wechat reference 11, 12, 15).

use crate::wechat::acquire::condition::Condition as C;
use crate::wechat::acquire::way::{
    Also, CHAT, CORP_TOKEN, Calls, Credential, EXTERNAL, Gives, Interrupts, OPENGID, OWN_EXTERNAL,
    OWN_USERID, PAY_OPENID, UNIONID, WEB_OPENID, WECOM_BASE, Way, Window, Yield, by, same,
};

pub(crate) static WAYS: &[Way] = &[
    Way {
        name: "work.contact_get",
        from: &[EXTERNAL],
        yields: &[same(UNIONID)],
        also: &[Also::Follows],
        access: &[by(Credential::Corp, &["cgi-bin/externalcontact/get"])],
        conditions: &[
            C::OwnView,
            C::WechatContact,
            C::CorpBoundToApp,
            C::IsContact,
            C::CustomerContactApp,
            C::FollowerInRange,
        ],
        quota: WECOM_BASE,
        pitfalls: 3,
        reference: "12.3, 3.3",
        ingest: Some("work.contact_get"),
        ..Way::EMPTY
    },
    Way {
        name: "work.contact_batch",
        from: &[UNIONID, OWN_EXTERNAL],
        yields: &[same(OWN_EXTERNAL), same(UNIONID)],
        also: &[Also::Follows],
        access: &[by(
            Credential::Corp,
            &["cgi-bin/externalcontact/get_follow_user_list", "cgi-bin/externalcontact/batch/get_by_user"],
        )],
        conditions: &[
            C::WechatContact,
            C::CorpBoundToApp,
            C::IsContact,
            C::CustomerContactApp,
            C::FollowerInRange,
        ],
        quota: WECOM_BASE,
        calls: Calls::List,
        pitfalls: 2,
        reference: "12.4, 23 A",
        ingest: Some("work.contact_batch"),
        ..Way::EMPTY
    },
    Way {
        name: "work.group_get",
        from: &[UNIONID, OWN_EXTERNAL],
        yields: &[same(OWN_EXTERNAL), same(UNIONID)],
        also: &[Also::MemberOf],
        access: &[by(
            Credential::Corp,
            &["cgi-bin/externalcontact/groupchat/list", "cgi-bin/externalcontact/groupchat/get"],
        )],
        conditions: &[
            C::WechatContact,
            C::CorpBoundToApp,
            C::InChat,
            C::CustomerContactApp,
            C::FollowerInRange,
        ],
        quota: WECOM_BASE,
        calls: Calls::List,
        pitfalls: 2,
        reference: "12.7",
        ingest: Some("work.group_get"),
        ..Way::EMPTY
    },
    Way {
        name: "work.contact_list",
        also: &[Also::Follows, Also::ExternalUserid],
        access: &[
            by(Credential::Corp, &["cgi-bin/externalcontact/list", "cgi-bin/externalcontact/contact_list"]),
            by(Credential::ProviderApp, &["cgi-bin/externalcontact/list"]),
        ],
        conditions: &[C::CustomerContactApp, C::FollowerInRange],
        quota: WECOM_BASE,
        pitfalls: 2,
        reference: "12.2, 12.5",
        ingest: Some("work.contact_list"),
        ..Way::EMPTY
    },
    Way {
        name: "work.provider_contact",
        also: &[Also::Follows, Also::ExternalUserid],
        access: &[by(
            Credential::ProviderApp,
            &["cgi-bin/externalcontact/get", "cgi-bin/externalcontact/batch/get_by_user"],
        )],
        conditions: &[C::CorpAuthorised, C::FollowerInRange],
        quota: WECOM_BASE,
        pitfalls: 1,
        reference: "12.3, 12.4",
        ingest: Some("work.contact_get"),
        ..Way::EMPTY
    },
    Way {
        name: "work.unassigned",
        also: &[Also::Follows],
        access: &[by(Credential::Corp, &["cgi-bin/externalcontact/get_unassigned_list"])],
        conditions: &[C::CustomerContactApp],
        quota: WECOM_BASE,
        pitfalls: 1,
        reference: "12.6",
        ..Way::EMPTY
    },
    Way {
        name: "work.contact_event",
        also: &[Also::Follows, Also::MemberOf, Also::ExternalUserid],
        access: &[
            by(Credential::Corp, &["event:change_external_contact", "event:change_external_chat"]),
            by(Credential::ProviderApp, &["event:change_external_contact", "event:change_external_chat"]),
        ],
        conditions: &[C::CallbackSetUp, C::FollowerInRange],
        calls: Calls::Free,
        pitfalls: 2,
        reference: "16.2, 16.3",
        ingest: Some("event.work"),
        ..Way::EMPTY
    },
    Way {
        name: "work.userid_renamed",
        also: &[Also::Renamed],
        access: &[by(Credential::Corp, &["event:change_contact update_user"])],
        conditions: &[C::CallbackSetUp],
        calls: Calls::Free,
        pitfalls: 1,
        reference: "11, 18b",
        ingest: Some("event.work"),
        ..Way::EMPTY
    },
    Way {
        name: "work.contact_way",
        from: &[CORP_TOKEN],
        yields: &[same(EXTERNAL)],
        also: &[Also::Follows],
        access: &[
            by(
                Credential::Corp,
                &["event:change_external_contact add_external_contact", "cgi-bin/externalcontact/get"],
            ),
            by(
                Credential::ProviderApp,
                &["event:change_external_contact add_external_contact", "cgi-bin/externalcontact/get"],
            ),
        ],
        front_end: true,
        interrupts: Interrupts::Acts,
        conditions: &[C::UserAtHand, C::CallbackSetUp, C::FollowerInRange, C::BecomesContact],
        quota: WECOM_BASE,
        pitfalls: 2,
        reference: "12.3, 12.10, 16.2",
        ingest: Some("work.state"),
        ..Way::EMPTY
    },
    Way {
        name: "work.acquisition_link",
        from: &[CORP_TOKEN],
        yields: &[same(EXTERNAL)],
        also: &[Also::Follows],
        access: &[
            by(
                Credential::Corp,
                &[
                    "cgi-bin/externalcontact/customer_acquisition/create_link",
                    "cgi-bin/externalcontact/customer_acquisition/customer",
                    "cgi-bin/externalcontact/customer_acquisition/get_chat_info",
                ],
            ),
            by(
                Credential::ProviderApp,
                &[
                    "cgi-bin/externalcontact/customer_acquisition/customer",
                    "cgi-bin/externalcontact/customer_acquisition/get_chat_info",
                ],
            ),
        ],
        front_end: true,
        interrupts: Interrupts::Acts,
        conditions: &[C::UserAtHand, C::FollowerInRange, C::BecomesContact],
        quota: WECOM_BASE,
        calls: Calls::List,
        pitfalls: 2,
        reference: "12.10, 16.4",
        ingest: Some("work.state"),
        ..Way::EMPTY
    },
    Way {
        name: "work.pay_openid",
        from: &[OWN_EXTERNAL],
        yields: &[same(PAY_OPENID)],
        access: &[by(Credential::Corp, &["cgi-bin/externalcontact/convert_to_openid"])],
        conditions: &[C::WechatContact, C::CustomerContactApp, C::FollowerInRange],
        quota: WECOM_BASE,
        pitfalls: 1,
        reference: "12.9",
        ingest: Some("work.pay_openid"),
        ..Way::EMPTY
    },
    Way {
        name: "work.staff_pay_openid",
        from: &[OWN_USERID],
        yields: &[Yield { space: PAY_OPENID, gives: Gives::Related }],
        also: &[Also::UsesAccount],
        access: &[by(
            Credential::Corp,
            &["cgi-bin/user/convert_to_openid", "cgi-bin/user/convert_to_userid"],
        )],
        conditions: &[C::EmployeeUsesWechat, C::FollowerInRange],
        quota: WECOM_BASE,
        pitfalls: 1,
        reference: "11, 15.3",
        ingest: Some("work.pay_openid"),
        ..Way::EMPTY
    },
    Way {
        name: "work.opengid_to_chat",
        from: &[OPENGID],
        yields: &[same(CHAT)],
        access: &[
            by(Credential::Corp, &["cgi-bin/externalcontact/opengid_to_chatid"]),
            by(Credential::ProviderApp, &["cgi-bin/externalcontact/opengid_to_chatid"]),
        ],
        conditions: &[C::OwnGroup, C::FollowerInRange],
        quota: WECOM_BASE,
        pitfalls: 2,
        reference: "12.8",
        ingest: Some("work.opengid_to_chat"),
        ..Way::EMPTY
    },
    Way {
        name: "work.login",
        from: &[WEB_OPENID, EXTERNAL, CORP_TOKEN],
        yields: &[same(EXTERNAL), same(WEB_OPENID)],
        access: &[
            by(Credential::Corp, &["connect/oauth2/authorize", "cgi-bin/auth/getuserinfo"]),
            by(Credential::ProviderApp, &["connect/oauth2/authorize", "cgi-bin/auth/getuserinfo"]),
        ],
        front_end: true,
        conditions: &[C::IsContact, C::FollowerInRange],
        window: Some(Window::CodeMinutes5),
        calls: Calls::Free,
        pitfalls: 2,
        reference: "15.1",
        ingest: Some("work.login"),
        ..Way::EMPTY
    },
    Way {
        name: "work.login_third_party",
        also: &[Also::Openid],
        access: &[by(
            Credential::Suite,
            &["connect/oauth2/authorize", "cgi-bin/service/auth/getuserinfo3rd"],
        )],
        front_end: true,
        window: Some(Window::CodeMinutes5),
        calls: Calls::Free,
        pitfalls: 1,
        reference: "15.2",
        ..Way::EMPTY
    },
];
