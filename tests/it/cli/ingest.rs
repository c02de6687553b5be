//! `ingest`: bodies of answers become facts; refusals, notes, secrets, the table of names.

use serde_json::json;

use crate::cli::support::{Db, NOW, run};

const APP: [&str; 4] = ["--appid", "wx00000000000000a1", "--open-account", "wx00000000000000f0"];
const LOGIN: &str =
    r#"{"openid":"oA1bcdefgh","session_key":"HyVFkGl5F5OQWJZZaNzBBg==","unionid":"oU1bcdefgh"}"#;

fn ingest<'a>(name: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["ingest", "--from", name, "-", "--at", NOW], more].concat()
}

#[test]
fn a_body_becomes_facts_and_is_known_the_second_time() {
    let db = Db::new();
    let ran = db.run_with(&ingest("mini.code2session", &APP), LOGIN).exits(0);
    assert_eq!(ran.stdout, "1 record, 1 fact: 1 new, 0 already known; 0 refused\n");
    let args = [&ingest("mini.code2session", &APP)[..], &["--json"]].concat();
    let answer = db.run_with(&args, LOGIN).exits(0).json();
    assert_eq!((&answer["facts"], &answer["already_known"]), (&json!(1), &json!(1)));
    db.run(&["same", "openid:wx00000000000000a1:oA1bcdefgh", "unionid:wx00000000000000f0:oU1bcdefgh"])
        .exits(0);
}

#[test]
fn a_dry_run_prints_facts_and_needs_no_database() {
    let args = [&ingest("mini.code2session", &APP)[..], &["--dry-run", "--batch", "sync-1"]].concat();
    let ran = run(&args, LOGIN).exits(0);
    assert_eq!(
        ran.stdout,
        "{\"op\":\"link\",\"a\":\"openid:wx00000000000000a1:oA1bcdefgh\",\
         \"b\":\"unionid:wx00000000000000f0:oU1bcdefgh\",\"source\":\"mini.code2session\",\
         \"at\":1748736000000,\"batch\":\"sync-1\"}\n"
    );
}

#[test]
fn refused_records_are_listed_by_their_place_and_the_others_go_on() {
    let db = Db::new();
    let body = r#"{"errcode":0,"result_list":[{"ori_openid":"oA1bcdefgh","new_openid":"oN1bcdefgh","err_msg":"ok"},
        {"ori_openid":"oB2bcdefgh","err_msg":"ori_openid error"}]}"#;
    let args =
        ingest("mp.changeopenid", &["--from-appid", "wx00000000000000a1", "--appid", "wx00000000000000a2"]);
    let ran = db.run_with(&args, body).exits(0);
    assert!(ran.stderr.contains("stdin: result_list[1]: the platform refused this item"), "{ran:?}");
    assert!(ran.stdout.contains("1 new"), "{ran:?}");

    // What the platform failed is lawful; what is wrong with the body is not.
    let body =
        r#"{"errcode":0,"result_list":[{"ori_openid":"null","new_openid":"oN1bcdefgh","err_msg":"ok"}]}"#;
    let ran = db.run_with(&args, body).exits(3);
    assert!(
        ran.stderr.contains("result_list[0]: the field ori_openid: the value is a placeholder"),
        "{ran:?}"
    );
}

#[test]
fn a_body_that_is_refused_as_a_whole_exits_3_and_a_wrong_option_2() {
    let db = Db::new();
    let args = ingest("mini.code2session", &APP);
    assert!(db.run_with(&args, r#"{"errcode":40029}"#).exits(3).stderr.contains("errcode 40029"));
    db.run_with(&args, "no json").exits(3);
    assert!(db.run_with(&ingest("mini.code2session", &[]), LOGIN).exits(2).stderr.contains("--appid"));
    assert!(db.run_with(&ingest("mini.nonsense", &APP), LOGIN).exits(2).stderr.contains("ingest --list"));
    let no_time = ["ingest", "--from", "mini.code2session", "-", APP[0], APP[1], APP[2], APP[3]];
    assert!(db.run_with(&no_time, LOGIN).exits(2).stderr.contains("--at"));
    assert_eq!(db.run(&["stats", "--json"]).json()["ids"], 0);
}

#[test]
fn a_revoked_phone_is_taken_back_against_the_graph() {
    let (openid, other) = ("openid:wx00000000000000a1:oA1bcdefgh", "openid:wx00000000000000a1:oB2bcdefgh");
    let phone = "phone:key:00000000000000000000000000000000000000000000000000000000000000ff";
    let link = |id: &str, source: &str| {
        format!(r#"{{"op":"link","a":"{phone}","b":"{id}","source":"{source}","at":1748000000000}}"#)
    };
    let db =
        Db::with(&[&link(openid, "phone.mini"), &link(openid, "import.crm"), &link(other, "phone.mini")]);
    let body = r#"{"ToUserName":"gh_x","FromUserName":"oSys","CreateTime":1748700000,"MsgType":"event",
        "Event":"user_authorization_revoke","OpenID":"oA1bcdefgh","AppID":"wx00000000000000a1","RevokeInfo":"8"}"#;
    let args = ["ingest", "--from", "event.mp", "-", "--appid", "wx00000000000000a1"];
    let ran = db.run_with(&args, body).exits(0);
    assert!(ran.stdout.contains("1 new") && ran.stdout.contains("1 took back a phone number"), "{ran:?}");
    let evidence = |id: &str| {
        let edges = db.run(&["dump", "edges"]).json_lines();
        edges.iter().find(|edge| edge["a"] == id).map(|edge| edge["evidence"].clone())
    };
    assert_eq!(evidence(openid), Some(json!(1)), "what the company recorded itself stays");
    assert_eq!(evidence(other), Some(json!(1)), "the other user's stays");
}

#[test]
fn a_userid_that_was_renamed_away_is_not_reused_silently() {
    let db = Db::new();
    let event = |change: &str, userid: &str, more: &str, at: i64| {
        format!(
            r#"{{"MsgType":"event","Event":"change_contact","ChangeType":"{change}","UserID":"{userid}"{more},"CreateTime":{at}}}"#
        )
    };
    let args = ["ingest", "--from", "event.work", "-", "--corp", "ww00000000000000c0"];
    db.run_with(&args, &event("update_user", "zhangsan", r#","NewUserID":"zhang3""#, 1_748_000_000)).exits(0);
    let (old, new) = ("userid:ww00000000000000c0:zhangsan", "userid:ww00000000000000c0:zhang3");
    db.run(&["same", old, new]).exits(0);
    let ran = db.run_with(&args, &event("create_user", "zhangsan", "", 1_748_600_000)).exits(0);
    assert!(ran.stdout.contains(old), "{ran:?}");
    db.run(&["same", old, new]).exits(1);
    let explained = db.run(&["explain", old, new]).exits(1);
    assert!(explained.stdout.contains("banned"), "{explained:?}");
}

#[test]
fn what_has_to_be_read_is_handed_to_the_caller() {
    let db = Db::new();
    let body = r#"{"MsgType":"event","Event":"change_external_chat","ChangeType":"update","ChatId":"wrA1bcdefgh","CreateTime":1748000000}"#;
    let args = ["ingest", "--from", "event.work", "-", "--corp", "ww00000000000000c0", "--json"];
    let answer = db.run_with(&args, body).exits(0).json();
    let due = json!([{"id": "chat_id:ww00000000000000c0:wrA1bcdefgh", "at": 1_748_000_000_000_i64}]);
    assert_eq!(answer["notes"]["read_due"], due);
}

/// A body that does not decrypt is told apart from one that is read as plain JSON: that shows whether the key
/// arrived.
#[test]
fn a_session_key_comes_from_a_flag_a_file_or_the_environment() {
    let db = Db::new();
    let file = db.file("key", "tiihtNczf5v6AKRyjwEUhQ==\n");
    let appid = ["--appid", "wx4f4bc4dec97d474b", "--iv", "r7BXXKkLb8qrSNn05n0qiA=="];
    let body = db.file("body", "bm9uc2Vuc2U=");
    let with = |more: &[&str]| {
        let args = ["ingest", "--from", "mini.open_data", &body, "--at", NOW];
        db.run(&[&args[..], &appid, more].concat())
    };
    for more in [&["--session-key", "tiihtNczf5v6AKRyjwEUhQ=="][..], &["--session-key-file", &file]] {
        let ran = with(more).exits(3);
        assert!(ran.stderr.contains("does not decrypt"), "the key was used: {ran:?}");
        assert!(!ran.stderr.contains("tiih"), "{ran:?}");
    }
    assert!(!with(&[]).exits(3).stderr.contains("decrypt"));
    let from_env = assert_cmd::Command::new(env!("CARGO_BIN_EXE_idweave"))
        .args(["ingest", "--from", "mini.open_data", &body, "--at", NOW, "--dry-run"])
        .args(appid)
        .env("IDWEAVE_SESSION_KEY", "tiihtNczf5v6AKRyjwEUhQ==")
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&from_env.stderr).contains("does not decrypt"), "{from_env:?}");
    with(&["--session-key", "x", "--session-key-file", &file]).exits(2);
}

#[test]
fn a_phone_key_comes_from_a_file_and_neither_key_nor_number_is_shown() {
    let db = Db::new();
    let key = db.file("phone-key", "crm-2026:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n");
    let body = db.file(
        "body",
        r#"{"errcode":0,"phone_info":{"phoneNumber":"13800138000","purePhoneNumber":"13800138000","countryCode":"86",
            "watermark":{"timestamp":1748000000,"appid":"wx4f4bc4dec97d474b"}}}"#,
    );
    let args =
        ["ingest", "--from", "mini.phone", &body, "--appid", "wx4f4bc4dec97d474b", "--openid", "oA1bcdefgh"];
    db.run(&[&args[..], &["--phone-key", &key]].concat()).exits(0);
    let facts = db.run(&["dump", "facts"]).exits(0);
    assert!(facts.stdout.contains("phone:crm-2026:eee9810e"), "{facts:?}");
    assert!(!facts.stdout.contains("138001"), "{facts:?}");
    let revoked = r#"{"MsgType":"event","Event":"user_authorization_revoke","OpenID":"oA1bcdefgh","RevokeInfo":"8","CreateTime":1748000900}"#;
    let args_of_event = ["ingest", "--from", "event.mp", "-", "--appid", "wx4f4bc4dec97d474b"];
    assert!(db.run_with(&args_of_event, revoked).exits(0).stdout.contains("1 took back a phone number"));
    assert!(db.run(&["dump", "edges"]).exits(0).stdout.is_empty());

    // The key itself on the command line is no file, and is not repeated.
    let misused = db.run(&[&args[..], &["--phone-key", "/nowhere/AAECAwQFBgcICQoLDA0ODw=="]].concat());
    assert!(misused.exits(5).stderr.contains("open"));
    let short = db.file("short", "crm:AAEC");
    let refused = db.run(&[&args[..], &["--phone-key", &short]].concat()).exits(2);
    assert!(refused.stderr.contains("NAME:KEY") && !refused.stderr.contains("AAEC"), "{refused:?}");
}

#[test]
fn who_authorised_the_platform_is_told_to_the_operator() {
    let db = Db::new();
    let body = "<xml><AppId>wx5e5eaa11bb22cc33</AppId><CreateTime>1748000000</CreateTime><InfoType>unauthorized</InfoType>\
        <AuthorizerAppid>wx4f4bc4dec97d474b</AuthorizerAppid></xml>";
    let args = ["ingest", "--from", "event.open", "-", "--component", "wx5e5eaa11bb22cc33"];
    let ran = db.run_with(&args, body).exits(0);
    assert!(ran.stdout.contains("app::wx4f4bc4dec97d474b no longer authorises the platform"), "{ran:?}");
    let answer = db.run_with(&[&args[..], &["--json"]].concat(), body).exits(0).json();
    assert_eq!(
        answer["notes"]["unauthorised"],
        json!([{"id": "app::wx4f4bc4dec97d474b", "at": 1_748_000_000_000_i64}])
    );
}

#[test]
fn the_table_of_names_is_printed() {
    let ran = run(&["ingest", "--list"], "").exits(0);
    assert!(ran.stdout.contains("mini.code2session") && ran.stdout.contains("--appid"), "{ran:?}");
    let rows = run(&["ingest", "--list", "--json"], "").exits(0).json_lines();
    assert_eq!(rows.len(), idweave::wechat::sources().len());
    assert!(rows.iter().all(|row| row["name"].is_string() && row["needed"].is_array()));
}
