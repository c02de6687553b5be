//! Official accounts, web logins and mini programs: the exact facts of each row.

use idweave::wechat::{self, Note, Opt};

use super::{
    APP, AT, MINI, OPEN, OPENID, OPENID_2, UNIONID, at, body, lines, read, read_text, refusal, refused,
    timeless,
};

const APP_OPTIONS: [(Opt, &str); 2] = [(Opt::Appid, APP), (Opt::OpenAccount, OPEN)];
const MINI_OPTIONS: [(Opt, &str); 2] = [(Opt::Appid, MINI), (Opt::OpenAccount, OPEN)];

#[test]
fn a_follower_is_linked_and_subscribes_since_then() {
    let ingest = read("mp.user_info", "mp.user_info.json", &at(&APP_OPTIONS).with(Opt::Batch, "run-7"));
    assert_eq!(
        lines(&ingest),
        [
            format!(
                "link openid:{APP}:{OPENID} unionid:{OPEN}:{UNIONID} source=mp.user_info at={AT} batch=run-7"
            ),
            format!(
                "relate subscribes openid:{APP}:{OPENID} app::{APP} source=mp.user_info \
             {{\"qr_scene_str\": \"shop-12\", \"scene\": \"ADD_SCENE_QR_CODE\"}} at=1718000000000 batch=run-7"
            ),
        ]
    );
    assert_eq!((ingest.records, ingest.refused.len(), ingest.notes.len()), (1, 0, 0));
}

#[test]
fn who_does_not_follow_no_longer_subscribes() {
    let ingest = read("mp.user_info", "mp.user_info.not_following.json", &at(&[(Opt::Appid, APP)]));
    assert_eq!(
        lines(&ingest),
        [format!("unrelate subscribes openid:{APP}:{OPENID} app::{APP} source=mp.user_info at={AT}")]
    );
}

#[test]
fn an_unbound_app_needs_no_open_account_until_a_unionid_appears() {
    let bound = format!(r#"{{"subscribe":1,"openid":"{OPENID}","unionid":"{UNIONID}"}}"#);
    let options = at(&[(Opt::Appid, APP)]);
    assert!(refusal("mp.user_info", &bound, &options).contains("--open-account"));
    for unionid in ["", r#","unionid":"""#] {
        let text = format!(r#"{{"subscribe":1,"openid":"{OPENID}","subscribe_time":1718000000{unionid}}}"#);
        let ingest = read_text("mp.user_info", &text, &options).unwrap();
        assert_eq!(
            lines(&ingest),
            [format!(
                "relate subscribes openid:{APP}:{OPENID} app::{APP} source=mp.user_info {{}} at=1718000000000"
            )]
        );
    }
}

#[test]
fn a_batch_of_followers_gives_the_facts_of_each_and_lists_the_bad_ones() {
    let ingest = read("mp.user_batchget", "mp.user_batchget.json", &at(&APP_OPTIONS));
    assert_eq!(
        lines(&ingest),
        [
            format!("link openid:{APP}:{OPENID} unionid:{OPEN}:{UNIONID} source=mp.user_info at={AT}"),
            format!(
                "relate subscribes openid:{APP}:{OPENID} app::{APP} source=mp.user_info {{}} at=1718000000000"
            ),
            format!("unrelate subscribes openid:{APP}:{OPENID_2} app::{APP} source=mp.user_info at={AT}"),
        ]
    );
    let text = format!(
        r#"{{"user_info_list":[{{"subscribe":1,"openid":"null"}},{{"subscribe":"1","openid":"{OPENID}"}},
            {{"subscribe":1,"openid":"{OPENID}","unionid":" {UNIONID}"}},7,
            {{"subscribe":0,"openid":"{OPENID_2}"}}]}}"#
    );
    let ingest = read_text("mp.user_batchget", &text, &at(&APP_OPTIONS)).unwrap();
    assert_eq!(lines(&ingest).len(), 1);
    assert_eq!(ingest.records, 5);
    assert_eq!(
        refused(&ingest),
        [
            "user_info_list[0]: the field openid: the value is a placeholder, not an id",
            "user_info_list[1]: the field subscribe is not an integer",
            "user_info_list[2]: the field unionid: a value has no leading or trailing white space",
            "user_info_list[3]: the field the user is not an object",
        ]
    );
}

#[test]
fn a_follower_list_subscribes_each_openid_and_its_end_is_no_error() {
    let options = at(&[(Opt::Appid, APP)]);
    let ingest = read("mp.user_get", "mp.user_get.json", &options);
    assert_eq!(
        lines(&ingest),
        [OPENID, OPENID_2].map(|openid| format!(
            "relate subscribes openid:{APP}:{openid} app::{APP} source=mp.user_get {{}} at={AT}"
        ))
    );
    assert!(lines(&read("mp.user_get", "mp.user_get.end.json", &options)).is_empty());
    assert_eq!(refusal("mp.user_get", r#"{"total":9,"count":9}"#, &options), "the field data is missing");
    let mixed = format!(r#"{{"count":2,"data":{{"openid":[17,"{OPENID}"]}}}}"#);
    let ingest = read_text("mp.user_get", &mixed, &options).unwrap();
    assert_eq!(refused(&ingest), ["openid[0]: the field openid is not a string"]);
    assert_eq!(ingest.facts.len(), 1);
}

#[test]
fn both_bodies_of_a_web_login_carry_its_flow() {
    let options = at(&APP_OPTIONS).with(Opt::Flow, "login-81");
    for file in ["mp.web_oauth.json", "mp.web_oauth.userinfo.json"] {
        assert_eq!(
            lines(&read("mp.web_oauth", file, &options)),
            [format!(
                "link openid:{APP}:{OPENID} unionid:{OPEN}:{UNIONID} source=mp.web_oauth event=login-81 at={AT}"
            )]
        );
    }
    let base = read("mp.web_oauth", "mp.web_oauth.base.json", &options);
    assert!(base.facts.is_empty());
    assert!(matches!(base.notes[..], [Note::NothingAsserted { .. }]));
}

#[test]
fn a_snapshot_account_is_never_linked_and_its_pair_is_taken_back() {
    // Batch labels facts; for a retraction it would be the selector.
    let options = at(&APP_OPTIONS).with(Opt::Flow, "login-81").with(Opt::Batch, "run-7");
    let ingest = read("mp.web_oauth", "mp.web_oauth.snapshot.json", &options);
    assert_eq!(
        lines(&ingest),
        [format!(
            "retract openid:{APP}:oMwZmX0000virtual0000000000A unionid:{OPEN}:odLdHG0000virtual0000000000A \
         source=mp.web_oauth at={AT}"
        )]
    );
    assert_eq!(refused(&ingest), ["the body: a snapshot-mode account is virtual and is not stored"]);
    let alone = format!(r#"{{"openid":"{OPENID}","is_snapshotuser":1}}"#);
    let ingest = read_text("mp.web_oauth", &alone, &options).unwrap();
    assert_eq!((ingest.facts.len(), ingest.refused.len()), (0, 1));
    for flag in [r#""1""#, "true", "2", "null", "1.0"] {
        let text = format!(r#"{{"openid":"{OPENID}","unionid":"{UNIONID}","is_snapshotuser":{flag}}}"#);
        assert!(refusal("mp.web_oauth", &text, &options).contains("is_snapshotuser"), "{flag}");
        assert!(refusal("app.login", &text, &options).contains("is_snapshotuser"), "{flag}");
    }
}

#[test]
fn a_website_or_mobile_app_login_is_a_platform_link() {
    let ingest = read("app.login", "app.login.json", &at(&APP_OPTIONS));
    assert_eq!(
        lines(&ingest),
        [format!(
            "link openid:{APP}:oPq7LtA9xQm2Vn5cRk8sWd3yHb1U unionid:{OPEN}:{UNIONID} source=app.login at={AT}"
        )]
    );
    let flagged = format!(r#"{{"openid":"{OPENID}","unionid":"{UNIONID}","is_snapshotuser":1}}"#);
    let ingest = read_text("app.login", &flagged, &at(&APP_OPTIONS)).unwrap();
    assert_eq!((ingest.facts.len(), refused(&ingest).len()), (0, 1));
    assert_eq!(
        refusal(
            "app.login",
            r#"{"errcode":40029,"errmsg":"invalid code, rid: 67ab0f8a"}"#,
            &at(&APP_OPTIONS)
        ),
        "the platform answered errcode 40029"
    );
}

#[test]
fn migrated_openids_supersede_and_failed_items_are_listed() {
    let options = at(&[(Opt::FromAppid, APP), (Opt::Appid, MINI)]);
    let ingest = read("mp.changeopenid", "mp.changeopenid.json", &options);
    assert_eq!(
        lines(&ingest),
        [format!(
            "supersede openid:{APP}:{OPENID} openid:{MINI}:okr_58ZjcNglbcl3k-kBtMcqzZ2M source=mp.changeopenid at={AT}"
        )]
    );
    assert_eq!(refused(&ingest), ["result_list[1]: the platform refused this item"]);
    let half = format!(
        r#"{{"result_list":[{{"ori_openid":"{OPENID}","err_msg":"ok"}},{{"ori_openid":"{OPENID}","new_openid":"{OPENID_2}"}}]}}"#
    );
    let ingest = read_text("mp.changeopenid", &half, &options).unwrap();
    assert_eq!(
        refused(&ingest),
        ["result_list[0]: the field new_openid is missing", "result_list[1]: the field err_msg is missing",]
    );
    let same_app = at(&[(Opt::FromAppid, "WX13974BF780D3DC89"), (Opt::Appid, APP)]);
    assert!(refusal("mp.changeopenid", &half, &same_app).contains("--from-appid"));
}

#[test]
fn a_mini_program_login_drops_the_session_key() {
    let ingest = read("mini.code2session", "mini.code2session.json", &at(&MINI_OPTIONS));
    assert_eq!(
        lines(&ingest),
        [format!(
            "link openid:{MINI}:oEybTlWjnsVDpi4qUfqqrkqNu_hY unionid:{OPEN}:{UNIONID} source=mini.code2session at={AT}"
        )]
    );
    assert!(!format!("{ingest:?}{:?}", lines(&ingest)).contains("HyVFkGl5F5OQWJZZaNzBBg"));
    assert_eq!(
        refusal("mini.code2session", r#"{"errcode":40226,"errmsg":"high risk"}"#, &at(&MINI_OPTIONS)),
        "the platform answered errcode 40226"
    );
}

#[test]
fn a_paid_unionid_belongs_to_the_openid_asked_about() {
    let options = at(&MINI_OPTIONS).with(Opt::Openid, OPENID);
    assert_eq!(
        lines(&read("mini.paid_unionid", "mini.paid_unionid.json", &options)),
        [format!("link openid:{MINI}:{OPENID} unionid:{OPEN}:{UNIONID} source=mini.paid_unionid at={AT}")]
    );
    let text = String::from_utf8(body("mini.paid_unionid.json")).unwrap();
    assert!(refusal("mini.paid_unionid", &text, &at(&MINI_OPTIONS)).contains("--openid"));
    let bad = at(&MINI_OPTIONS).with(Opt::Openid, "undefined");
    assert_eq!(
        refusal("mini.paid_unionid", &text, &bad),
        "the field --openid: the value is a placeholder, not an id"
    );
    assert_eq!(
        refusal("mini.paid_unionid", r#"{"errcode":0,"unionid":7}"#, &options),
        "the field unionid is not a string"
    );
}

#[test]
fn the_two_users_of_a_cloud_context_never_mix() {
    let options = at(&[(Opt::OpenAccount, OPEN), (Opt::FromOpenAccount, "caller-account")]);
    let ingest = read("mini.cloud_context", "mini.cloud_context.json", &options);
    assert_eq!(
        lines(&ingest),
        [
            format!(
                "link openid:{MINI}:oEybTlWjnsVDpi4qUfqqrkqNu_hY unionid:{OPEN}:{UNIONID} \
             source=mini.cloud_context at={AT}"
            ),
            format!(
                "link openid:{APP}:oPq7LtA9xQm2Vn5cRk8sWd3yHb1U unionid:caller-account:oZk4GtB7nYw1Rc6mLs9pXe2vJd5A \
             source=mini.cloud_context at={AT}"
            ),
        ]
    );
    // A unionid of the caller never lands on the app's own openid, nor the other way round.
    let crossed = format!(
        r#"{{"OPENID":"{OPENID}","APPID":"{MINI}","FROM_UNIONID":"{UNIONID}","FROM_APPID":"{APP}"}}"#
    );
    assert_eq!(refusal("mini.cloud_context", &crossed, &options), "the field FROM_OPENID is missing");
    let alone = format!(r#"{{"OPENID":"{OPENID}","APPID":"{MINI}","FROM_OPENID":"","FROM_APPID":""}}"#);
    assert!(read_text("mini.cloud_context", &alone, &options).unwrap().facts.is_empty());
    let scopeless = format!(r#"{{"OPENID":"{OPENID}","UNIONID":"{UNIONID}"}}"#);
    assert_eq!(refusal("mini.cloud_context", &scopeless, &options), "the field APPID is missing");
    let other = format!(r#"{{"OPENID":"{OPENID}","APPID":"{MINI}","UNIONID":"{UNIONID}"}}"#);
    let mine = options.clone().with(Opt::Appid, APP);
    assert!(refusal("mini.cloud_context", &other, &mine).contains("APPID names another app"));
    let split = format!(r#"{{"OPENID":"{OPENID}","APPID":"a@b","UNIONID":"{UNIONID}"}}"#);
    assert!(refusal("mini.cloud_context", &split, &options).contains("APPID"));
}

#[test]
fn decrypted_open_data_is_dated_by_its_watermark() {
    let options = timeless(&MINI_OPTIONS);
    assert_eq!(
        lines(&read("mini.open_data", "mini.open_data.json", &options)),
        [format!(
            "link openid:{MINI}:oGZUI0egBJY1zhBYw2KhdUfwVJJE unionid:{OPEN}:ocMvos6NjeKLIBqg5Mr9QjxrP1FA \
         source=mini.open_data at=1477314187000"
        )]
    );
    let foreign = at(&[(Opt::Appid, APP), (Opt::OpenAccount, OPEN)]);
    let text = String::from_utf8(body("mini.open_data.json")).unwrap();
    assert_eq!(refusal("mini.open_data", &text, &foreign), "the watermark names another appid");
    let bare = format!(r#"{{"openId":"{OPENID}","unionId":"{UNIONID}"}}"#);
    assert_eq!(refusal("mini.open_data", &bare, &options), "the field watermark is missing");
}

#[test]
fn group_data_places_the_openid_of_the_session_in_the_group() {
    let chat = format!("opengid:{MINI}:GaZk4GtB7nYw1Rc6mLs9pXe2vJd5");
    let in_chat = format!("group_openid:{MINI}@GaZk4GtB7nYw1Rc6mLs9pXe2vJd5:oGr0upMemberQm2Vn5cRk8sWd3yU");
    let known = timeless(&MINI_OPTIONS).with(Opt::Openid, OPENID);
    let t = "at=1718000000000";
    assert_eq!(
        lines(&read("mini.open_data", "mini.open_data.group.json", &known)),
        [
            format!("relate member_of openid:{MINI}:{OPENID} {chat} source=mini.open_data {{}} {t}"),
            format!("link openid:{MINI}:{OPENID} {in_chat} source=mini.open_data {t}"),
        ]
    );
    let unknown = timeless(&MINI_OPTIONS);
    assert_eq!(
        lines(&read("mini.open_data", "mini.open_data.group.json", &unknown)),
        [format!("relate member_of {in_chat} {chat} source=mini.open_data {{}} {t}")]
    );
    assert_eq!(
        lines(&read("mini.open_data", "mini.open_data.share.json", &known)),
        [format!("relate member_of openid:{MINI}:{OPENID} {chat} source=mini.open_data {{}} {t}")]
    );
    assert!(read("mini.open_data", "mini.open_data.share.json", &unknown).facts.is_empty());
    assert!(read("mini.open_data", "mini.open_data.single.json", &known).facts.is_empty());
    let hostile = format!(
        r#"{{"opengid":"a@b","group_openid":"m","watermark":{{"timestamp":1718000000,"appid":"{MINI}"}}}}"#
    );
    assert!(refusal("mini.open_data", &hostile, &known).contains("the field opengid"));
}

#[test]
fn a_missing_time_is_asked_for() {
    let text = String::from_utf8(body("mini.code2session.json")).unwrap();
    let error = wechat::parse("mini.code2session", text.as_bytes(), &timeless(&MINI_OPTIONS)).unwrap_err();
    assert_eq!(error.to_string(), "the option --at is needed for this answer");
}
