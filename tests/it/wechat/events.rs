//! Events of both platforms: exact facts, notes, and hostile envelopes.

use idweave::Id;
use idweave::wechat::{Note, Opt, parse, revoke_phone};

use super::{
    APP, AT, CHAT, CORP, EXTERNAL, EXTERNAL_NEW, OPENID, PROVIDER, at, body, line, lines, read, read_text,
    refusal, timeless,
};

const T: &str = "at=1718000000000";

fn mp() -> idweave::wechat::IngestOptions {
    timeless(&[(Opt::Appid, APP)])
}

fn work() -> idweave::wechat::IngestOptions {
    timeless(&[(Opt::Corp, CORP)])
}

fn id(text: &str) -> Id {
    text.parse().unwrap()
}

#[test]
fn following_and_unfollowing_open_and_close_the_subscription() {
    let ends = format!("openid:{APP}:{OPENID} app::{APP} source=event.mp");
    assert_eq!(
        lines(&read("event.mp", "event.mp.xml", &mp())),
        [format!("relate subscribes {ends} {{}} {T}")]
    );
    assert_eq!(
        lines(&read("event.mp", "event.mp.unsubscribe.json", &mp())),
        [format!("unrelate subscribes {ends} at=1718000900000")]
    );
    let told = at(&[(Opt::Appid, APP)]);
    assert!(lines(&read("event.mp", "event.mp.xml", &told))[0].ends_with(&format!("at={AT}")));
}

#[test]
fn a_cancelled_account_is_erased_for_good_whatever_the_spelling() {
    for file in ["event.mp.cancellation.json", "event.mp.odd_keys.json"] {
        assert_eq!(
            lines(&read("event.mp", file, &mp())),
            [format!(
                "erase openid:{APP}:{OPENID} entity=true reason=user_authorization_cancellation sticky=true {T}"
            )]
        );
        let other = timeless(&[(Opt::Appid, "wx0000000000000000")]);
        let text = String::from_utf8(body(file)).unwrap();
        assert!(refusal("event.mp", &text, &other).contains("AppID names another app"));
    }
    // Two spellings of the user: nobody is erased on a guess.
    let two = r#"{"MsgType":"event","Event":"user_authorization_cancellation","CreateTime":1718000000,
        "OpenID":"oMwZmXa","openid":"oMwZmXb"}"#;
    assert_eq!(refusal("event.mp", two, &mp()), "the field OpenID is not given once");
    // The sender is the platform, never the user.
    let nobody = r#"{"MsgType":"event","Event":"user_authorization_cancellation","CreateTime":1718000000,
        "FromUserName":"oMwZmXa"}"#;
    assert_eq!(refusal("event.mp", nobody, &mp()), "the field OpenID is missing");
}

#[test]
fn a_revoked_phone_is_a_note_until_the_graph_names_the_phone() {
    let openid = id(&format!("openid:{APP}:{OPENID}"));
    let ingest = read("event.mp", "event.mp.revoke_phone.json", &mp());
    let at = idweave::Time::from_seconds(1_718_000_000);
    assert!(ingest.facts.is_empty());
    assert_eq!(ingest.notes, [Note::RevokePhone { openid: openid.clone(), at }]);
    let name = read("event.mp", "event.mp.revoke_name.json", &mp());
    assert!(name.facts.is_empty() && matches!(name.notes[..], [Note::NothingAsserted { .. }]));

    let phone = id(&format!("phone:k1:{}", "0123456789abcdef".repeat(4)));
    let evidence = [
        (phone.clone(), "phone.mini".to_owned()),
        (phone.clone(), "phone.mini".to_owned()),
        (phone.clone(), "phone.shop".to_owned()),
        (phone.clone(), "import.crm".to_owned()),
        (id("unionid:open:oX1"), "phone.mini".to_owned()),
    ];
    let facts: Vec<String> = revoke_phone(&openid, &evidence, at).unwrap().iter().map(line).collect();
    assert_eq!(
        facts,
        ["phone.mini", "phone.shop"].map(|source| format!("retract {openid} {phone} source={source} {T}"))
    );
}

#[test]
fn messages_and_unknown_events_are_counted_and_assert_nothing() {
    for (name, options, file) in [
        ("event.mp", mp(), "event.mp.text.xml"),
        ("event.work", work(), "event.mp.text.xml"),
        ("event.work", work(), "event.work.transfer_fail.xml"),
    ] {
        let ingest = read(name, file, &options);
        assert!(ingest.facts.is_empty() && ingest.records == 1, "{file}");
        assert!(matches!(ingest.notes[..], [Note::NothingAsserted { .. }]), "{file}");
    }
    let scan = r#"{"MsgType":"event","Event":"SCAN","FromUserName":"o","CreateTime":1718000000}"#;
    assert!(read_text("event.mp", scan, &mp()).unwrap().facts.is_empty());
}

#[test]
fn a_new_customer_is_followed_and_due_for_reading() {
    let ends = format!("userid:{CORP}:zhangsan external_userid:{CORP}:{EXTERNAL} source=event.work");
    for (file, half) in [("event.work.xml", "false"), ("event.work.half.xml", "true")] {
        let ingest = read("event.work", file, &work());
        assert_eq!(
            lines(&ingest),
            [format!("relate follows {ends} {{\"half\": \"{half}\", \"state\": \"shop-12\"}} {T}")]
        );
        assert!(matches!(&ingest.notes[..], [Note::ReadDue { id, .. }] if id.value() == EXTERNAL));
    }
    for file in ["event.work.del.xml", "event.work.del_follow.xml"] {
        assert_eq!(lines(&read("event.work", file, &work())), [format!("unrelate follows {ends} {T}")]);
    }
}

#[test]
fn the_command_url_of_a_provider_gives_the_same_facts_in_its_own_scope() {
    let options = timeless(&[(Opt::Corp, CORP), (Opt::Viewer, PROVIDER)]);
    assert_eq!(
        lines(&read("event.work", "event.work.provider.xml", &options)),
        [format!(
            "relate follows userid:{CORP}@{PROVIDER}:wo3QwsDwAAaI4LyqecgAfeudNB5O2TOw \
         external_userid:{CORP}@{PROVIDER}:{EXTERNAL_NEW} source=event.work \
         {{\"half\": \"false\", \"state\": \"shop-12\"}} {T}"
        )]
    );
}

#[test]
fn a_changed_chat_is_due_for_reading_and_nothing_is_guessed() {
    let ingest = read("event.work", "event.work.chat.xml", &work());
    assert!(ingest.facts.is_empty());
    assert_eq!(
        ingest.notes,
        [Note::ReadDue {
            id: id(&format!("chat_id:{CORP}:{CHAT}")),
            at: idweave::Time::from_seconds(1_718_000_000)
        }]
    );
}

#[test]
fn a_renamed_userid_supersedes_and_a_created_one_is_for_the_graph_to_check() {
    let ingest = read("event.work", "event.work.rename.xml", &work());
    assert_eq!(
        lines(&ingest),
        [format!(
            "supersede userid:{CORP}:zhangsan userid:{CORP}:zhangsan001 source=event.work strength=platform {T}"
        )]
    );
    let respelled =
        String::from_utf8(body("event.work.rename.xml")).unwrap().replace("zhangsan001", "ZhangSan");
    assert!(read_text("event.work", &respelled, &work()).unwrap().facts.is_empty());
    let at = idweave::Time::from_seconds(1_718_000_000);
    let userid = id(&format!("userid:{CORP}:zhangsan"));
    let created = read("event.work", "event.work.create_user.xml", &work());
    assert!(created.facts.is_empty());
    assert_eq!(created.notes, [Note::UseridCreated { userid: userid.clone(), at }]);
    let deleted = read("event.work", "event.work.delete_user.xml", &work());
    assert_eq!(deleted.notes, [Note::UseridDeleted { userid, at }]);
}

#[test]
fn a_document_type_is_refused_before_anything_can_grow() {
    let bomb = r#"<?xml version="1.0"?><!DOCTYPE xml [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>
        <xml><MsgType>event</MsgType><Event>&b;</Event></xml>"#;
    let file = r#"<!DOCTYPE xml [<!ENTITY f SYSTEM "file:///etc/passwd">]><xml><Event>&f;</Event></xml>"#;
    for text in [bomb, file] {
        for (name, options) in [("event.mp", mp()), ("event.work", work())] {
            assert_eq!(refusal(name, text, &options), "the body is not XML without a document type");
        }
    }
    let entity = "<xml><MsgType>event</MsgType><Event>&boom;</Event></xml>";
    assert_eq!(refusal("event.mp", entity, &mp()), "the body is not XML without entities of its own");
}

#[test]
fn text_cdata_and_references_join_and_cdata_is_kept_to_the_byte() {
    let event = |openid: &str| {
        format!(
            "<xml><MsgType> <![CDATA[event]]>\n</MsgType><Event>sub<![CDATA[scri]]>be</Event>\
             <CreateTime> 1718000000 </CreateTime><FromUserName>{openid}</FromUserName></xml>"
        )
    };
    for openid in ["o<![CDATA[Mw]]>Z", "oM&#119;Z", "oM&#x77;Z", " oMwZ\n", "\n<![CDATA[oMwZ]]> "] {
        let ingest = read_text("event.mp", &event(openid), &mp()).unwrap();
        assert_eq!(
            lines(&ingest),
            [format!("relate subscribes openid:{APP}:oMwZ app::{APP} source=event.mp {{}} {T}")],
            "{openid}"
        );
    }
    assert!(refusal("event.mp", &event("<![CDATA[ oMwZ]]>"), &mp()).contains("white space"));
    assert!(refusal("event.mp", &event("<Item>oMwZ</Item>"), &mp()).contains("FromUserName is not a text"));
    let twice = event("oMwZ</FromUserName><FromUserName>oMwY");
    assert!(refusal("event.mp", &twice, &mp()).contains("FromUserName is not given once"));
}

#[test]
fn broken_xml_is_refused() {
    for text in [
        "<xml>",
        "<xml></xml><xml></xml>",
        "<a></a>",
        "<!-- -->x<xml></xml>",
        "<xml></xml>y",
        "<xml><a></b></xml>",
        "<xml><a>",
        "<xml>]]></a>",
        "<xml/><![CDATA[x]]>",
        "<",
        "<xml><a>&#0;</a></xml>",
        "<xml><a>&#xD800;</a></xml>",
        "<!DOCTYPE",
        "<xml><![CDATA[</xml>",
        "<?xml",
    ] {
        assert!(refusal("event.mp", text, &mp()).starts_with("the body is not XML"), "{text}");
    }
    let deep = format!("<xml>{}{}</xml>", "<a>".repeat(100_000), "</a>".repeat(100_000));
    assert_eq!(refusal("event.mp", &deep, &mp()), "the body is not XML of at most 16 levels");
    assert!(parse("event.mp", b"<xml><MsgType>\xff</MsgType></xml>", &mp()).is_err());
    assert_eq!(refusal("event.mp", "<xml/>", &mp()), "the field MsgType is missing");
}

#[test]
fn an_encrypted_envelope_is_not_taken_for_an_event() {
    for text in [
        "<xml><ToUserName>gh_1</ToUserName><Encrypt>abcd</Encrypt></xml>",
        r#"{"tousername":"gh_1","encrypt":"abcd","agentid":"1"}"#,
    ] {
        assert_eq!(refusal("event.mp", text, &mp()), "the body is not a decrypted event");
        assert_eq!(refusal("event.work", text, &work()), "the body is not a decrypted event");
    }
}

#[test]
fn an_events_time_must_be_one() {
    let event =
        |time: &str| format!(r#"{{"MsgType":"event","Event":"subscribe","FromUserName":"oMwZ"{time}}}"#);
    assert_eq!(refusal("event.mp", &event(""), &mp()), "the option --at is needed for this answer");
    for bad in
        ["0", "-1", "1718000000000", r#""1e9""#, r#""+1718000000""#, "99999999999999999999", "1.5", "null"]
    {
        let text = event(&format!(r#","CreateTime":{bad}"#));
        assert!(refusal("event.mp", &text, &mp()).contains("CreateTime"), "{bad}");
    }
    for (name, missing) in [
        (r#"{"Event":"change_external_contact","MsgType":"event"}"#, "ChangeType"),
        (r#"{"InfoType":"change_contact","ChangeType":"update_user","TimeStamp":1718000000}"#, "UserID"),
        (r#"{"MsgType":"event"}"#, "Event"),
    ] {
        assert_eq!(refusal("event.work", name, &work()), format!("the field {missing} is missing"));
    }
}
