//! The catalogue holds every way that the reference names: its summary table row by row, and every way to a unionid or
//! an external_userid.

use std::collections::BTreeSet;

use idweave::Kind;
use idweave::wechat::acquire::{Also, Gives, Way, ways};
use idweave::wechat::sources;

/// The summary table of the reference, 18b: its endpoints and events in its words, and the ways that stand for them.
const TABLE_18B: &[(&[&str], &[&str])] = &[
    (&["cgi-bin/user/info", "cgi-bin/user/info/batchget"], &["mp.user_info", "mp.list_followers"]),
    (&["cgi-bin/user/get"], &["mp.list_followers"]),
    (
        &["sns/oauth2/access_token", "sns/userinfo"],
        &["mp.oauth_userinfo", "app.website_login", "app.mobile_login"],
    ),
    (&["sns/jscode2session", "sns/component/jscode2session"], &["mini.code2session", "mini.visit"]),
    (&["wxa/getpaidunionid"], &["mini.paid_unionid"]),
    (&["wx.getUserInfo"], &["mini.open_data"]),
    (&["cloud.getWXContext FROM_OPENID, FROM_UNIONID"], &["mini.cloud_shared"]),
    (&["wxa/business/getuserphonenumber"], &["mini.phone"]),
    (&["wx.getGroupEnterInfo", "wx.getChatToolInfo", "wx.getShareInfo"], &["mini.group_openid"]),
    (&["cgi-bin/changeopenid"], &["mp.changeopenid"]),
    (&["cgi-bin/open/get", "cgi-bin/open/bind", "cgi-bin/open/unbind"], &["open.get", "open.bind"]),
    (
        &["cgi-bin/externalcontact/get", "cgi-bin/externalcontact/batch/get_by_user"],
        &["work.contact_get", "work.contact_batch", "work.provider_contact"],
    ),
    (&["cgi-bin/externalcontact/groupchat/get"], &["work.group_get"]),
    (&["cgi-bin/externalcontact/opengid_to_chatid"], &["work.opengid_to_chat"]),
    (&["cgi-bin/externalcontact/convert_to_openid"], &["work.pay_openid"]),
    (
        &["cgi-bin/idconvert/unionid_to_external_userid"],
        &["idconvert.unionid_corp", "idconvert.unionid_provider"],
    ),
    (
        &["cgi-bin/idconvert/batch/external_userid_to_pending_id"],
        &["idconvert.close_pending", "idconvert.external_to_pending"],
    ),
    (&["cgi-bin/corpgroup/unionid_to_external_userid"], &["upstream.unionid"]),
    (
        &[
            "cgi-bin/externalcontact/get_new_external_userid",
            "cgi-bin/externalcontact/groupchat/get_new_external_userid",
            "cgi-bin/externalcontact/to_service_external_userid",
            "cgi-bin/externalcontact/from_service_external_userid",
        ],
        &["convert.new_external", "convert.new_external_group", "convert.to_service", "convert.from_service"],
    ),
    (&["cgi-bin/idconvert/convert_tmp_external_userid"], &["convert.temporary"]),
    (
        &["cgi-bin/batch/userid_to_openuserid", "cgi-bin/batch/openuserid_to_userid"],
        &["convert.userid_to_open", "convert.open_to_userid"],
    ),
    (&["cgi-bin/service/corpid_to_opencorpid"], &["convert.corpid"]),
    (&["cgi-bin/idconvert/chatid"], &["convert.chatid"]),
    (&["cgi-bin/auth/getuserinfo"], &["work.login"]),
    (&["cgi-bin/service/auth/getuserinfo3rd"], &["work.login_third_party"]),
    (&["cgi-bin/user/convert_to_openid"], &["work.staff_pay_openid"]),
    (&["cgi-bin/kf/customer/batchget"], &["kf.customer", "kf.scene"]),
    (
        &["channels/ec/order/get", "channels/ec/vip/user/info/get", "channels/ec/vip/user/list/get"],
        &["shop.order", "shop.orders_read", "shop.member"],
    ),
    (&["event:change_contact update_user"], &["work.userid_renamed"]),
    (&["event:change_external_contact", "event:change_external_chat"], &["work.contact_event"]),
    (&["event:user_authorization_cancellation"], &["mp.account_cancelled"]),
];

/// Endpoints that the other sections name and that lead to a unionid or an external_userid, or close a pending id.
const BEYOND_18B: &[&str] = &[
    "sns/oauth2/component/access_token",
    "connect/oauth2/authorize",
    "connect/qrconnect",
    "cloud.getWXContext",
    "wx.getUserProfile",
    "wxa/getpluginopenpid",
    "cgi-bin/externalcontact/unionid_to_external_userid",
    "cgi-bin/service/externalcontact/unionid_to_external_userid_3rd",
    "cgi-bin/corpgroup/unionid_to_pending_id",
    "cgi-bin/corpgroup/batch/external_userid_to_pending_id",
    "cgi-bin/externalcontact/list",
    "cgi-bin/externalcontact/contact_list",
    "cgi-bin/externalcontact/get_unassigned_list",
    "cgi-bin/externalcontact/get_follow_user_list",
    "cgi-bin/externalcontact/customer_acquisition/customer",
    "cgi-bin/externalcontact/customer_acquisition/get_chat_info",
    "event:subscribe",
    "event:SCAN",
    "event:authorized",
    "channels/ec/order/list/get",
];

fn way(name: &str) -> &'static Way {
    ways().find(|way| way.name == name).unwrap_or_else(|| panic!("no way {name}"))
}

#[test]
fn every_row_of_the_references_table_has_its_ways() {
    for (endpoints, names) in TABLE_18B {
        for endpoint in *endpoints {
            let called = names.iter().any(|name| way(name).endpoints().any(|known| known == *endpoint));
            assert!(called, "none of {names:?} calls {endpoint}");
        }
        for name in *names {
            let calls = way(name).endpoints().any(|known| endpoints.contains(&known));
            assert!(calls, "{name} calls none of {endpoints:?}");
        }
    }
}

#[test]
fn every_other_endpoint_that_leads_to_an_id_is_in_some_way() {
    let known: BTreeSet<&str> = ways().flat_map(Way::endpoints).collect();
    let missing: Vec<_> = BEYOND_18B.iter().filter(|endpoint| !known.contains(*endpoint)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn the_ways_to_a_unionid_and_to_an_external_userid_are_these() {
    let to = |kind: &Kind| -> BTreeSet<&str> {
        let leads = |way: &&'static Way| {
            way.yields.iter().any(|given| given.space.kind == Some(kind) && given.gives == Gives::Same)
        };
        ways().filter(leads).map(|way| way.name).collect()
    };
    let unionid = [
        "mp.user_info",
        "mp.oauth_userinfo",
        "mini.code2session",
        "mini.cloud_context",
        "mini.cloud_shared",
        "mini.paid_unionid",
        "mini.open_data",
        "app.website_login",
        "app.mobile_login",
        "work.contact_get",
        "work.contact_batch",
        "work.group_get",
        "idconvert.external_to_pending",
        "upstream.external_to_pending",
        "kf.customer",
        "shop.order",
        "shop.member",
        "shop.other_records",
    ];
    assert_eq!(to(&Kind::Unionid), BTreeSet::from(unionid));
    let external = [
        "work.contact_batch",
        "work.group_get",
        "work.contact_way",
        "work.acquisition_link",
        "work.login",
        "idconvert.unionid_corp",
        "idconvert.unionid_provider",
        "idconvert.unionid_old",
        "idconvert.unionid_3rd",
        "idconvert.close_pending",
        "convert.new_external",
        "convert.new_external_group",
        "convert.to_service",
        "convert.from_service",
        "convert.temporary",
        "upstream.unionid",
        "upstream.close_pending",
        "kf.scene",
    ];
    assert_eq!(to(&Kind::ExternalUserid), BTreeSet::from(external));
}

#[test]
fn every_way_is_complete_and_named_once() {
    let names: Vec<&str> = ways().map(|way| way.name).collect();
    let distinct: BTreeSet<&str> = names.iter().copied().collect();
    assert_eq!(names.len(), distinct.len());
    let parsers: BTreeSet<&str> = sources().iter().map(|source| source.name).collect();
    for way in ways() {
        let name = way.name;
        assert!(!way.access.is_empty() && !way.reference.is_empty() && way.pitfalls > 0, "{name}");
        assert!(way.endpoints().all(|endpoint| !endpoint.starts_with('/') && !endpoint.is_empty()), "{name}");
        assert!(!way.yields.is_empty() || !way.also.is_empty(), "{name} tells nothing");
        assert!(way.with.is_empty() || !way.from.is_empty(), "{name}");
        assert!(way.ingest.is_none_or(|parser| parsers.contains(parser)), "{name}");
        assert!(way.quota.iter().all(|quota| quota.count > 0), "{name}");
        let distinct: BTreeSet<_> = way.conditions.iter().collect();
        assert_eq!(distinct.len(), way.conditions.len(), "{name}");
        // What needs no credential needs no quota either.
        let is_metered = !way.quota.is_empty();
        assert!(!is_metered || way.endpoints().any(|e| e.contains('/')), "{name}");
    }
}

#[test]
fn every_sort_of_extra_news_is_told_by_some_way() {
    let told: BTreeSet<Also> = ways().flat_map(|way| way.also).copied().collect();
    assert_eq!(told, BTreeSet::from(Also::ALL));
}
