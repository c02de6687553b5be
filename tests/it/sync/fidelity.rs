//! The simulator spells as the platforms do: its answers against the samples of the reference.

use std::collections::{BTreeMap, BTreeSet};

use idweave::simulator::{Authorization, Plan};
use idweave::sync::api::{self, Request};
use idweave::sync::client::Credential;
use serde_json::{Value, json};

use crate::sync::rig::Rig;

/// Samples of the reference, by section. What is cut there with an ellipsis is whole here.
const SAMPLES: &[(&str, &str)] = &[
    (
        "6.3",
        r#"{"subscribe":1,"openid":"o","nickname":"","sex":0,"language":"zh_CN","city":"","province":"","country":"","headimgurl":"","subscribe_time":1718000000,"unionid":"o","remark":"","groupid":0,"tagid_list":[128,2],"subscribe_scene":"ADD_SCENE_QR_CODE","qr_scene":98765,"qr_scene_str":"shop-12"}"#,
    ),
    ("6.5", r#"{"total":23000,"count":10000,"data":{"openid":["o"]},"next_openid":"o"}"#),
    (
        "6.6",
        r#"{"access_token":"81_user","expires_in":7200,"refresh_token":"81_r","openid":"o","scope":"snsapi_userinfo","is_snapshotuser":1,"unionid":"o"}"#,
    ),
    (
        "6.7",
        r#"{"openid":"o","nickname":"","sex":0,"province":"","city":"","country":"","headimgurl":"","privilege":[],"unionid":"o"}"#,
    ),
    (
        "6.9",
        r#"{"errcode":0,"errmsg":"ok","result_list":[{"ori_openid":"o","new_openid":"o","err_msg":"ok"}]}"#,
    ),
    ("7.1", r#"{"openid":"o","session_key":"k","unionid":"o"}"#),
    ("7.2", r#"{"errcode":0,"errmsg":"ok","unionid":"o"}"#),
    (
        "7.6",
        r#"{"errcode":0,"errmsg":"ok","phone_info":{"phoneNumber":"+86","purePhoneNumber":"1","countryCode":"86","watermark":{"timestamp":1718000000,"appid":"wx"}}}"#,
    ),
    ("12.1", r#"{"errcode":0,"errmsg":"ok","follow_user":["zhangsan"]}"#),
    ("12.2", r#"{"errcode":0,"errmsg":"ok","external_userid":["wm"]}"#),
    (
        "12.3",
        r#"{"errcode":0,"errmsg":"ok","external_contact":{"external_userid":"wm","name":"","type":1,"avatar":"","gender":0,"unionid":"o"},"follow_user":[{"userid":"zhangsan","remark":"","description":"","createtime":1718000000,"tags":[{"group_name":"","tag_name":"","tag_id":"et","type":1}],"remark_corp_name":"","remark_mobiles":["1"],"oper_userid":"zhangsan","add_way":1,"state":"shop-12"}],"next_cursor":""}"#,
    ),
    (
        "12.4",
        r#"{"errcode":0,"errmsg":"ok","external_contact_list":[{"external_contact":{"external_userid":"wm","name":"","type":1,"gender":0,"unionid":"o"},"follow_info":{"userid":"zhangsan","remark":"","description":"","createtime":1718000000,"tag_id":["et"],"oper_userid":"zhangsan","add_way":1,"state":"shop-12"}}],"next_cursor":"r"}"#,
    ),
    (
        "12.7 list",
        r#"{"errcode":0,"errmsg":"ok","group_chat_list":[{"chat_id":"wr","status":0}],"next_cursor":""}"#,
    ),
    (
        "12.7",
        r#"{"errcode":0,"errmsg":"ok","group_chat":{"chat_id":"wr","name":"","owner":"zhangsan","create_time":1718000000,"notice":"","member_list":[{"userid":"zhangsan","type":1,"join_time":1718000000,"join_scene":1,"invitor":{"userid":"zhangsan"},"group_nickname":"","name":""},{"userid":"wm","type":2,"unionid":"o","join_time":1718000100,"join_scene":3,"state":"grp-7","group_nickname":"","name":""}],"admin_list":[{"userid":"lisi"}],"member_version":"7"}}"#,
    ),
    ("13.1", r#"{"errcode":0,"errmsg":"ok","external_userid":"wm"}"#),
    ("13.1 pending", r#"{"errcode":0,"errmsg":"ok","pending_id":"p"}"#),
    (
        "17",
        r#"{"errcode":0,"errmsg":"ok","customer_list":[{"external_userid":"wm","nickname":"","avatar":"","gender":0,"unionid":"o","enter_session_context":{"scene":"h5","scene_param":"abc"}}],"invalid_external_userid":[]}"#,
    ),
    ("15.1", r#"{"errcode":0,"errmsg":"ok","openid":"o","external_userid":"wm"}"#),
];

/// Every key, with the way to it.
fn keys(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let path = format!("{path}.{name}");
                found.insert(path.clone());
                keys(value, &path, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| keys(item, &format!("{path}[]"), found)),
        _ => {}
    }
}

fn keys_of(text: &[u8]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    keys(&serde_json::from_slice(text).unwrap(), "", &mut found);
    found
}

/// Keys that carry ids or say whose they are: these must be there, not only allowed.
fn is_of_ids(key: &str) -> bool {
    let last = key.rsplit('.').next().unwrap_or_default();
    [
        "openid",
        "unionid",
        "userid",
        "external_userid",
        "chat_id",
        "pending_id",
        "new_openid",
        "ori_openid",
        "next_openid",
        "follow_user",
        "subscribe",
        "createtime",
        "join_time",
        "add_way",
        "next_cursor",
        "phoneNumber",
        "appid",
    ]
    .contains(&last)
}

#[test]
fn answers_have_the_keys_of_the_samples() {
    let mut plan = Plan::default();
    (plan.accounts, plan.followers, plan.customers, plan.employees, plan.visible) = (900, 600, 400, 4, 4);
    let rig = Rig::new(plan);
    super::live::keep_ticket(&rig);
    let (names, sim) = (rig.names.clone(), rig.sim.clone());
    let (app, mini, corp, suite) =
        (rig.app(&names.official), rig.app(&names.mini), rig.corp(), rig.suite_corp());
    // Account 510 follows by a QR code with a scene, and is a customer by a link with a state.
    let account = 510;
    let (openid, unionid) = sim.ids_in(&names.official, account).unwrap();
    let (secret, mini_secret) = (names.secret(&names.official), names.secret(&names.mini));
    let external = sim.external_ids(account).0;
    let visit = sim.visit(&names.official, account, Authorization::Snapshot).unwrap();
    let consent = sim.visit(&names.official, account, Authorization::Consent).unwrap();
    let login = sim.login(&names.mini, account).unwrap();
    let phone = sim.phone_button(&names.mini, account).unwrap();
    let order = sim.buy(&names.mini, account).unwrap();
    let mini_openid = sim.ids_in(&names.mini, account).unwrap().0;
    let stranger = sim.ids_in(&names.mini, 899 - 399 - 1).unwrap();
    let old = sim.ids_in(&names.old_official, 20).unwrap().0;
    let page = sim.visit_corp(account);
    let call = |caller: &Credential, request: &Request| {
        rig.platform(None).call(caller, request).unwrap_or_else(|error| panic!("{error}"))
    };
    let consented = call(
        &app,
        &Request::get(
            &api::WEB_TOKEN,
            &[("appid", &names.official), ("secret", &secret), ("code", &consent)],
        ),
    );
    let user_token: Value = serde_json::from_slice(&consented).unwrap();
    let token = user_token["access_token"].as_str().unwrap();
    let users: Vec<String> = (0..4).map(|user| sim.userid(user)).collect();
    let listed = call(&corp, &Request::post(&api::GROUP_LIST, &json!({"limit": 1})));
    let chat = serde_json::from_slice::<Value>(&listed).unwrap()["group_chat_list"][0]["chat_id"].clone();
    let visitor = |unionid: &str, openid: &str| json!({"unionid": unionid, "openid": openid});
    let unionid = unionid.unwrap();
    let answers: Vec<(&str, Vec<u8>)> = vec![
        ("6.3", call(&app, &Request::get(&api::USER_INFO, &[("openid", &openid)]))),
        ("6.5", call(&app, &Request::get(&api::USER_GET, &[]))),
        (
            "6.6",
            call(
                &app,
                &Request::get(
                    &api::WEB_TOKEN,
                    &[("appid", &names.official), ("secret", &secret), ("code", &visit)],
                ),
            ),
        ),
        ("6.7", call(&app, &Request::get(&api::WEB_USER, &[("access_token", token), ("openid", &openid)]))),
        (
            "6.9",
            call(
                &app,
                &Request::post(
                    &api::CHANGE_OPENID,
                    &json!({"from_appid": names.old_official, "openid_list": [old]}),
                ),
            ),
        ),
        (
            "7.1",
            call(
                &mini,
                &Request::get(
                    &api::CODE2SESSION,
                    &[("appid", &names.mini), ("secret", &mini_secret), ("js_code", &login)],
                ),
            ),
        ),
        (
            "7.2",
            call(
                &mini,
                &Request::get(&api::PAID_UNIONID, &[("openid", &mini_openid), ("transaction_id", &order)]),
            ),
        ),
        ("7.6", call(&mini, &Request::post(&api::PHONE_NUMBER, &json!({"code": phone})))),
        ("12.1", call(&corp, &Request::get(&api::FOLLOW_USERS, &[]))),
        ("12.2", call(&corp, &Request::get(&api::CONTACT_LIST, &[("userid", &users[0])]))),
        ("12.3", call(&corp, &Request::get(&api::CONTACT_GET, &[("external_userid", &external)]))),
        (
            "12.4",
            call(&corp, &Request::post(&api::CONTACT_BATCH, &json!({"userid_list": users, "limit": 100}))),
        ),
        ("12.7 list", listed),
        ("12.7", call(&corp, &Request::post(&api::GROUP_GET, &json!({"chat_id": chat})))),
        ("13.1", call(&suite, &Request::post(&api::UNIONID_TO_EXTERNAL, &visitor(&unionid, &mini_openid)))),
        (
            "13.1 pending",
            call(
                &suite,
                &Request::post(&api::UNIONID_TO_EXTERNAL, &visitor(&stranger.1.unwrap(), &stranger.0)),
            ),
        ),
        ("17", call(&corp, &Request::post(&api::KF_CUSTOMERS, &json!({"external_userid_list": [external]})))),
        ("15.1", call(&corp, &Request::get(&api::WORK_LOGIN, &[("code", &page)]))),
    ];
    let samples: BTreeMap<&str, &str> = SAMPLES.iter().copied().collect();
    assert_eq!(answers.len(), samples.len());
    for (section, answer) in answers {
        let (sample, found) = (keys_of(samples[section].as_bytes()), keys_of(&answer));
        let foreign: Vec<&String> = found.difference(&sample).collect();
        assert!(foreign.is_empty(), "{section}: {foreign:?} are in no sample");
        let lacking: Vec<&String> = sample.difference(&found).filter(|key| is_of_ids(key)).collect();
        // Who has few followers needs no other page, and nobody is an administrator here.
        let optional =
            |key: &String| (section == "12.3" && key == ".next_cursor") || key.contains("admin_list");
        let lacking: Vec<&&String> = lacking.iter().filter(|key| !optional(key)).collect();
        assert!(lacking.is_empty(), "{section}: {lacking:?} are not answered");
    }
}

#[test]
fn a_refusal_is_status_200_with_an_errcode_and_the_hosts_own_tail() {
    let rig = Rig::new(Plan::default());
    let send = |request: &Request, token: &str| {
        use idweave::sync::Transport;
        rig.transport().send(request, Some(token)).unwrap()
    };
    let weixin = send(&Request::get(&api::USER_INFO, &[("openid", "o")]), "dead");
    let weixin: Value = serde_json::from_slice(&weixin).unwrap();
    assert_eq!(weixin["errcode"], 40014);
    assert!(weixin["errmsg"].as_str().unwrap().contains("rid: "));
    let work = send(&Request::get(&api::FOLLOW_USERS, &[]), "dead");
    let work: Value = serde_json::from_slice(&work).unwrap();
    assert!(
        work["errmsg"]
            .as_str()
            .unwrap()
            .contains("more info at https://open.work.weixin.qq.com/devtool/query?e=40014")
    );
}
