//! Every event that the platforms document (wechat reference 6.8, 6.10, 9.1, 11, 16, 17, 18), and what becomes of it:
//! facts, notes, calls, or nothing.

use idweave::sync::callback::{AppMode, Call, Receiver, Stage, Work};
use idweave::{Graph, Id, Read, Time, ndjson};

use super::{
    APP_B, COMPONENT, CORP, NOW, PROVIDER, SUITE, app, body, corp, inbox, options, platform, push, suite,
};

const EXTERNAL: &str = "wmQTOWDwAA28iecsHZY1RVUTNIhXJL4g";
const AUTH_CORP: &str = "wp3QwsDwAAmRUf2H-gtly-Sl-31Y2Wyw";

/// What a message says to a URL.
fn work(url: &Receiver, message: &str, receiveid: &str) -> Work {
    let (_disk, inbox) = inbox();
    let (query, sealed) = push(message, receiveid);
    assert_eq!(inbox.post(url, &query, &sealed, NOW).status, 200, "{message}");
    url.work(&inbox.take(Stage::New).unwrap().unwrap()).unwrap()
}

/// One line: operations and relations; calls; notes.
fn told(work: &Work) -> String {
    assert!(work.refused.is_empty(), "{:?}", work.refused);
    let fact = |fact| {
        let line: serde_json::Value = serde_json::from_str(&ndjson::print(fact)).unwrap();
        let (op, kind) = (line["op"].as_str().unwrap(), line["kind"].as_str());
        kind.map_or(op.to_owned(), |kind| format!("{op} {kind}"))
    };
    let name = |text: String| text.split([' ', '{', '(']).next().unwrap().to_owned();
    let facts: Vec<String> = work.facts.iter().map(fact).collect();
    let calls: Vec<String> = work.follow_ups.iter().map(|due| name(format!("{:?}", due.call))).collect();
    let notes = work.notes.iter().map(|note| name(format!("{note:?}")));
    // What is to be read is among the calls, and what asserts nothing says so by an empty line.
    let notes: Vec<String> = notes.filter(|note| note != "NothingAsserted" && note != "ReadDue").collect();
    [facts.join("+"), calls.join("+"), notes.join("+")].join(" | ").trim().to_owned()
}

fn app_event(event: &str, fields: &str) -> String {
    format!(
        "<xml><ToUserName>gh_870882ca4b1f</ToUserName><FromUserName>oMwZmXj8OWfx0iSA_3TnoX74_AGw</FromUserName>\
         <CreateTime>1718000000</CreateTime><MsgType>event</MsgType><Event>{event}</Event>{fields}</xml>"
    )
}

#[test]
fn every_event_of_apps() {
    let user = format!("<OpenID>oMwZmXj8OWfx0iSA_3TnoX74_AGw</OpenID><AppID>{APP_B}</AppID>");
    let with = |more: &str| format!("{user}{more}");
    let scan = "<EventKey>qrscene_shop-12</EventKey><Ticket>gQH</Ticket>".to_owned();
    let lines = [
        ("subscribe", scan.clone(), "relate subscribes | ReadFollower |"),
        ("unsubscribe", String::new(), "unrelate subscribes |  |"),
        ("SCAN", scan, "|  |"),
        ("CLICK", String::new(), "|  |"),
        ("VIEW", String::new(), "|  |"),
        ("LOCATION", String::new(), "|  |"),
        ("view_miniprogram", String::new(), "|  |"),
        ("user_info_modified", user.clone(), "|  |"),
        ("user_authorization_revoke", with("<RevokeInfo>8</RevokeInfo>"), "|  | RevokePhone"),
        ("user_authorization_revoke", with("<RevokeInfo>205</RevokeInfo>"), "|  |"),
        ("user_authorization_cancellation", user.clone(), "erase |  |"),
        ("cooperation_shop_order", String::new(), "|  |"),
        ("related_shop_order_submission", String::new(), "|  |"),
    ];
    for (event, fields, expected) in lines {
        let work = work(&app(AppMode::Encrypted), &app_event(event, &fields), APP_B);
        assert_eq!(told(&work), expected.trim(), "{event}");
    }
    let message = "<xml><FromUserName>oX1</FromUserName><CreateTime>1718000000</CreateTime>\
                   <MsgType>text</MsgType><Content>hi</Content><MsgId>1</MsgId></xml>";
    assert_eq!(told(&work(&app(AppMode::Encrypted), message, APP_B)), "|  |");
}

#[test]
fn every_event_of_shops() {
    let shop = |event: &str, inner: &str| {
        format!(
            r#"{{"ToUserName":"gh_x1","FromUserName":"oMwZmXj8OWfx0iSA_3TnoX74_AGw","CreateTime":1718000000,
            "MsgType":"event","Event":"{event}",{inner}}}"#
        )
    };
    for step in ["new", "pay", "deliver", "confirm", "cancel", "settle", "ext_info_update"] {
        let event = format!("channels_ec_order_{step}");
        for number in ["3705115058471208928", "\"3705115058471208928\""] {
            let message = shop(&event, &format!(r#""order_info":{{"order_id":{number},"pay_time":1}}"#));
            let work = work(&app(AppMode::Encrypted), &message, APP_B);
            assert_eq!(told(&work), "| ReadOrder |", "{event}");
            let Call::ReadOrder { order_id } = &work.follow_ups[0].call else { panic!() };
            assert_eq!(order_id, "3705115058471208928");
        }
    }
    let member = shop("channels_ec_vip_user_auto_add", r#""info":{"shop_appid":"wx1","outer_userid":"u1x"}"#);
    assert_eq!(told(&work(&app(AppMode::Encrypted), &member, APP_B)), "|  |");
    let order = shop("channels_ec_order_new", r#""order_info":{}"#);
    let refused = work(&app(AppMode::Encrypted), &order, APP_B).refused;
    assert_eq!(refused[0].to_string(), "the field order_info.order_id is missing");
}

/// The rows of WeCom's own events: what a corp's own app makes of it, and what a provider does.
fn work_rows() -> Vec<(&'static str, &'static str, String, &'static str, &'static str)> {
    let pair = format!("<UserID>zhangsan</UserID><ExternalUserID>{EXTERNAL}</ExternalUserID>");
    let with = |more: &str| format!("{pair}{more}");
    let chat = |more: &str| format!("<ChatId>wrQTOWDwAAipxmRpV-mSg1iBSpDEEPBg</ChatId>{more}");
    let plain = |text: &str| text.to_owned();
    let contact = "change_external_contact";
    let (chats, staff, gain) = ("change_external_chat", "change_contact", "customer_acquisition");
    let (opened, opened_3rd) =
        ("relate follows | ReadCustomer |", "relate follows | ReadCustomer+PendingIds |");
    let link = plain("<LinkId>cawcde1</LinkId><State>s</State>");
    let mut rows = vec![
        (contact, "add_external_contact", with("<State>shop-12</State>"), opened, opened_3rd),
        (contact, "add_half_external_contact", pair.clone(), opened, opened_3rd),
        (contact, "edit_external_contact", pair.clone(), "| ReadCustomer |", "| ReadCustomer |"),
        (contact, "del_external_contact", pair.clone(), "unrelate follows |  |", "unrelate follows |  |"),
        (contact, "del_follow_user", pair.clone(), "unrelate follows |  |", "unrelate follows |  |"),
        (contact, "transfer_fail", with("<FailReason>customer_refused</FailReason>"), "|  |", "|  |"),
        (contact, "msg_audit_approved", pair.clone(), "|  |", "|  |"),
        (chats, "create", chat(""), "| ReadChat |", "| ReadChat+PendingIds |"),
        (
            chats,
            "update",
            chat("<UpdateDetail>add_member</UpdateDetail>"),
            "| ReadChat |",
            "| ReadChat+PendingIds |",
        ),
        (chats, "dismiss", chat(""), "| ReadChat+EndChat |", "| ReadChat+EndChat |"),
        ("change_external_tag", "update", plain("<Id>et1</Id><TagType>tag</TagType>"), "|  |", "|  |"),
        (gain, "customer_start_chat", pair.clone(), "| ReadCustomer |", "| ReadCustomer |"),
        (
            gain,
            "message_from_customer",
            plain("<LinkId>l</LinkId><ChatKey>k1</ChatKey>"),
            "| ReadAcquisitionChat |",
            "| ReadAcquisitionChat |",
        ),
        (
            "kf_msg_or_event",
            "",
            plain("<Token>t1</Token><OpenKfId>wk1</OpenKfId>"),
            "| ReadKfMessages |",
            "| ReadKfMessages |",
        ),
        (
            staff,
            "create_user",
            plain("<UserID>zhangsan</UserID>"),
            "|  | UseridCreated",
            "|  | UseridCreated",
        ),
        (
            staff,
            "update_user",
            plain("<UserID>zhangsan</UserID><NewUserID>zhang.san</NewUserID>"),
            "supersede |  |",
            "supersede |  |",
        ),
        (staff, "update_user", plain("<UserID>zhangsan</UserID>"), "|  |", "|  |"),
        (
            staff,
            "delete_user",
            plain("<UserID>zhangsan</UserID>"),
            "|  | UseridDeleted",
            "|  | UseridDeleted",
        ),
    ];
    for detail in ["del_member", "change_owner", "change_name", "change_notice"] {
        let fields = chat(&format!("<UpdateDetail>{detail}</UpdateDetail>"));
        rows.push((chats, "update", fields, "| ReadChat |", "| ReadChat |"));
    }
    for quota in [
        "balance_low",
        "balance_exhausted",
        "balance_increased",
        "quota_expire_soon",
        "link_unavailable",
        "delete_link",
        "open_profile",
        "friend_request",
    ] {
        rows.push((gain, quota, link.clone(), "|  |", "|  |"));
    }
    for party in ["create_party", "update_party", "delete_party", "update_tag"] {
        rows.push((staff, party, plain("<Id>2</Id>"), "|  |", "|  |"));
    }
    for chain in [
        "create_chain",
        "update_chain",
        "delete_chain",
        "create_group",
        "corp_join",
        "update_corp",
        "remove_corp",
    ] {
        rows.push(("change_chain", chain, plain("<ChainId>c</ChainId>"), "|  |", "|  |"));
    }
    rows
}

#[test]
fn every_event_of_wecom_in_both_shapes() {
    let developed = Receiver::new(
        "dev",
        idweave::sync::callback::Product::Corp,
        vec![super::key_b()],
        &[CORP],
        options(&[(idweave::wechat::Opt::Viewer, PROVIDER)]),
    )
    .unwrap();
    for (event, change, fields, own, provider) in work_rows() {
        let change_type =
            if change.is_empty() { String::new() } else { format!("<ChangeType>{change}</ChangeType>") };
        let data = format!(
            "<xml><ToUserName>{CORP}</ToUserName><FromUserName>sys</FromUserName><CreateTime>1718000000</CreateTime>\
             <MsgType>event</MsgType><Event>{event}</Event>{change_type}{fields}</xml>"
        );
        let command = format!(
            "<xml><SuiteId>{SUITE}</SuiteId><AuthCorpId>{AUTH_CORP}</AuthCorpId><InfoType> <![CDATA[{event}]]></InfoType>\
             <TimeStamp>1718000000</TimeStamp>{change_type}{fields}</xml>"
        );
        assert_eq!(told(&work(&corp(), &data, CORP)), own.trim(), "{event} {change}");
        assert_eq!(told(&work(&developed, &data, CORP)), provider.trim(), "{event} {change}, developed");
        let suite_work = work(&suite(), &command, SUITE);
        assert_eq!(told(&suite_work), provider.trim(), "{event} {change} of a suite");
        // The corp is the event's, as the provider sees it.
        let view = format!("{}@{PROVIDER}", AUTH_CORP);
        for fact in &suite_work.facts {
            assert!(ndjson::print(fact).contains(&view), "{event} {change}");
        }
    }
}

#[test]
fn every_event_of_suites() {
    let corp = format!("<AuthCorpId>{AUTH_CORP}</AuthCorpId>");
    let lines = [
        ("suite_ticket", "<SuiteTicket>t1</SuiteTicket>".to_owned(), "| StoreSuiteTicket |"),
        ("create_auth", "<AuthCode>c1</AuthCode>".to_owned(), "| ExchangeAuthCode |"),
        ("reset_permanent_code", "<AuthCode>c1</AuthCode>".to_owned(), "| ExchangeAuthCode |"),
        ("change_auth", corp.clone(), "| ReadAuthInfo |"),
        ("cancel_auth", corp.clone(), "| StopCorp |"),
        ("share_agent_change", corp.clone(), "| ReadSharedApps |"),
        ("agree_external_userid_migration", corp.clone(), "| ConvertGeneration |"),
        ("approve_special_auth", corp.clone(), "|  |"),
        ("cancel_special_auth", corp.clone(), "|  |"),
        ("register_corp", "<CorpId>wp1</CorpId>".to_owned(), "|  |"),
        ("corp_arch_auth", corp.clone(), "|  |"),
        ("unlicensed_notify", corp, "|  |"),
    ];
    for (event, fields, expected) in lines {
        let message = format!(
            "<xml><SuiteId>{SUITE}</SuiteId><InfoType>{event}</InfoType><TimeStamp>1718000000</TimeStamp>{fields}</xml>"
        );
        assert_eq!(told(&work(&suite(), &message, SUITE)), expected.trim(), "{event}");
    }
    // In JSON too the ticket is there.
    let json = format!(
        r#"{{"SuiteId":"{SUITE}","InfoType":"suite_ticket","TimeStamp":1718000000,"SuiteTicket":"t1"}}"#
    );
    let work = work(&suite(), &json, SUITE);
    let Call::StoreSuiteTicket { suite, ticket } = &work.follow_ups[0].call else { panic!() };
    assert_eq!((suite.as_str(), ticket.expose()), (SUITE, "t1"));
    assert_eq!(work.follow_ups[0].tries_at, [Time::from_seconds(1_718_000_000)]);
}

#[test]
fn every_event_of_third_party_platforms() {
    let event = |kind: &str, fields: &str| {
        format!(
            "<xml><AppId>{COMPONENT}</AppId><CreateTime>1718000000</CreateTime><InfoType>{kind}</InfoType>{fields}</xml>"
        )
    };
    let code = format!("<AuthorizerAppid>{APP_B}</AuthorizerAppid><AuthorizationCode>c1</AuthorizationCode>");
    let lines = [
        (
            "component_verify_ticket",
            "<ComponentVerifyTicket>t1</ComponentVerifyTicket>",
            "| StoreComponentTicket |",
        ),
        ("authorized", &code, "| ExchangeAuthorization | AuthorisationChanged"),
        ("updateauthorized", &code, "| ExchangeAuthorization | AuthorisationChanged"),
        ("unauthorized", &code, "| StopAuthorizer | AuthorisationChanged"),
    ];
    for (kind, fields, expected) in lines {
        assert_eq!(told(&work(&platform(), &event(kind, fields), COMPONENT)), expected, "{kind}");
    }
}

#[test]
fn reads_are_tried_after_the_event_and_name_what_to_read() {
    let work = work(&corp(), &body("event.work.xml"), CORP);
    let customer: Id = format!("external_userid:{CORP}:{EXTERNAL}").parse().unwrap();
    let Call::ReadCustomer { external } = &work.follow_ups[0].call else { panic!() };
    assert_eq!(*external, customer);
    let at = Time::from_seconds(1_718_000_000);
    let expected = [2_000, 10_000, 60_000, 600_000].map(|after| at.plus_ms(after));
    assert_eq!(work.follow_ups[0].tries_at, expected);
    assert_eq!(work.follow_ups[0].until, at.plus_ms(Time::DAY_MS));
}

/// What is wrong with an event is told and counted; it does not stop what comes behind it.
#[test]
fn a_bad_event_is_counted_and_let_go() {
    let (disk, inbox) = inbox();
    let graph = Graph::options().vfs(disk.vfs()).create_if_missing(true).open("/graph").unwrap();
    let url = app(AppMode::Encrypted);
    let future = app_event("subscribe", "").replace("1718000000", "1718900000");
    for (message, recorded, refused) in [
        (app_event("subscribe", "").replace("oMwZmXj8OWfx0iSA_3TnoX74_AGw", "null"), 0, 2),
        (app_event("subscribe", "<CreateTime>1</CreateTime>"), 0, 1),
        (future, 0, 1),
        (app_event("subscribe", ""), 1, 0),
    ] {
        let (query, sealed) = push(&message, APP_B);
        assert_eq!(inbox.post(&url, &query, &sealed, NOW).status, 200);
        let item = inbox.take(Stage::New).unwrap().unwrap();
        let applied = inbox.apply(item, &url, &graph, NOW).unwrap();
        assert_eq!((applied.recorded, applied.refused), (recorded, refused), "{message}");
    }
    assert_eq!(inbox.len(Stage::New), 0);
}

/// A third-party platform gets the messages of all its apps at one URL: the signed message says whose it is.
#[test]
fn events_of_many_apps_are_told_apart_by_what_is_signed() {
    let apps = [("gh_870882ca4b1f", "WX13974bf780d3dc89"), ("gh_2", "wx4f4bc4dec97d474b")];
    let url = Receiver::of_authorizers("apps", vec![super::key_b()], &[COMPONENT], apps).unwrap();
    let of = |original: &str| {
        work(&url, &app_event("subscribe", "").replace("gh_870882ca4b1f", original), COMPONENT)
    };
    for (original, appid) in [("gh_870882ca4b1f", "wx13974bf780d3dc89"), ("gh_2", "wx4f4bc4dec97d474b")] {
        let work = of(original);
        assert_eq!(told(&work), "relate subscribes | ReadFollower |");
        assert!(ndjson::print(&work.facts[0]).contains(&format!("openid:{appid}:")));
    }
    let unknown = of("gh_3");
    assert!(unknown.facts.is_empty() && unknown.follow_ups.is_empty());
    assert_eq!(unknown.refused[0].to_string(), "the field ToUserName names another app than the option says");
    let bad = Receiver::of_authorizers("apps", vec![super::key_b()], &[COMPONENT], [("gh_1", "no app")]);
    assert!(bad.err().unwrap().to_string().contains("--appid"));
}

/// Cancelled at WeChat: the user is gone from the graph, for good, however often it is told.
#[test]
fn a_cancelled_account_is_erased_and_stays_so() {
    let (disk, inbox) = inbox();
    let graph = Graph::options().vfs(disk.vfs()).create_if_missing(true).open("/graph").unwrap();
    let url = app(AppMode::Encrypted);
    let apply = |message: &str| {
        let (query, sealed) = push(message, APP_B);
        assert_eq!(inbox.post(&url, &query, &sealed, NOW).status, 200);
        let item = inbox.take(Stage::New).unwrap().unwrap();
        inbox.apply(item, &url, &graph, NOW).unwrap()
    };
    let openid: Id = format!("openid:{APP_B}:oMwZmXj8OWfx0iSA_3TnoX74_AGw").parse().unwrap();
    let knows = || graph.view().resolve(&openid).unwrap().is_some();
    assert_eq!(apply(&app_event("subscribe", "")).recorded, 1);
    assert!(knows());
    let user = "<OpenID>oMwZmXj8OWfx0iSA_3TnoX74_AGw</OpenID>";
    let cancelled = app_event("user_authorization_cancellation", user).replace("1718000000", "1718000002");
    assert_eq!(apply(&cancelled).refused, 0);
    assert!(!knows());
    assert_eq!(apply(&cancelled.replace("</xml>", "<X>again</X></xml>")).refused, 0);
    assert_eq!(apply(&app_event("subscribe", "<X>late</X>")).refused, 1, "it comes too late");
    let later = app_event("subscribe", "").replace("1718000000", "1718000003");
    assert_eq!(apply(&later).refused, 1, "and no later one counts");
    assert!(!knows());
}

/// An employee's old name is given to another: a conflict for people, in the graph, and not twice when repeated.
#[test]
fn notes_that_need_the_graph_are_carried_out() {
    let (disk, inbox) = inbox();
    let graph = Graph::options().vfs(disk.vfs()).create_if_missing(true).open("/graph").unwrap();
    let url = corp();
    let apply = |message: &str| {
        let (query, sealed) = push(message, CORP);
        assert_eq!(inbox.post(&url, &query, &sealed, NOW).status, 200);
        let item = inbox.take(Stage::New).unwrap().unwrap();
        inbox.apply(item, &url, &graph, NOW).unwrap().recorded
    };
    let renamed = body("event.work.rename.xml");
    assert_eq!(apply(&renamed), 1);
    let old = renamed.split("<UserID><![CDATA[").nth(1).unwrap().split(']').next().unwrap();
    let created = body("event.work.create_user.xml");
    let named = created.split("<UserID><![CDATA[").nth(1).unwrap().split(']').next().unwrap();
    assert_eq!(apply(&created.replace(named, old)), 2, "a ban, and when it was given out");
    assert_eq!(apply(&created.replace(named, old).replace("</xml>", "<X>again</X></xml>")), 0);
}
