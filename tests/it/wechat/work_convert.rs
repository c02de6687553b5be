//! WeCom conversions: the exact facts of each row.

use idweave::wechat::{Note, Opt};

use super::{
    AT, CHAT, CORP, EXTERNAL, EXTERNAL_NEW, MINI, OPEN, OPENID, PENDING, PROVIDER, UNIONID, at, lines, read,
    read_text, refusal, refused,
};

const SEEN: [(Opt, &str); 2] = [(Opt::Corp, CORP), (Opt::Viewer, PROVIDER)];
const ASKED: [(Opt, &str); 4] =
    [(Opt::Corp, CORP), (Opt::Viewer, PROVIDER), (Opt::OpenAccount, OPEN), (Opt::Unionid, UNIONID)];

#[test]
fn a_unionid_is_a_customer_or_pending_or_recorded_as_absent() {
    let view = format!("{CORP}@{PROVIDER}");
    let name = "work.unionid_to_external";
    // The openid that was sent with it is checked and asserts nothing more.
    for options in [at(&ASKED), at(&ASKED).with(Opt::Openid, OPENID).with(Opt::Appid, MINI)] {
        assert_eq!(
            lines(&read(name, "work.unionid_to_external.json", &options)),
            [format!(
                "link unionid:{OPEN}:{UNIONID} external_userid:{view}:{EXTERNAL_NEW} source=work.idconvert at={AT}"
            )]
        );
        assert_eq!(
            lines(&read(name, "work.unionid_to_external.pending.json", &options)),
            [format!(
                "link unionid:{OPEN}:{UNIONID} pending_id:{view}:{PENDING} source=work.idconvert at={AT}"
            )]
        );
        assert_eq!(
            lines(&read(name, "work.unionid_to_external.neither.json", &options)),
            [format!("absent unionid:{OPEN}:{UNIONID} external_userid:{view} source=work.idconvert at={AT}")]
        );
    }
}

#[test]
fn nothing_but_a_clear_negative_answer_is_recorded_as_absent() {
    let name = "work.unionid_to_external";
    assert_eq!(refusal(name, "{}", &at(&ASKED)), "the field errcode is missing");
    assert_eq!(
        refusal(name, r#"{"errcode":84061,"external_userid":""}"#, &at(&ASKED)),
        "the platform answered errcode 84061"
    );
    for bad in [r#""external_userid":null"#, r#""pending_id":0"#, r#""external_userid":[]"#] {
        assert!(refusal(name, &format!(r#"{{"errcode":0,{bad}}}"#), &at(&ASKED)).ends_with("not a string"));
    }
    assert!(refusal(name, "{}", &at(&ASKED).with(Opt::Openid, OPENID)).contains("--appid"));
}

#[test]
fn rows_about_several_corps_name_their_own_scopes() {
    let name = "work.unionid_to_external";
    let third = r#"{"errcode":0,"external_userid_info":[{"corpid":"wp1","external_userid":"wm1"},{"corpid":"WW00000000FEEDBEE2","external_userid":"wm2"},{"external_userid":"wm3"},{"corpid":"a@b","external_userid":"wm4"}]}"#;
    let ingest = read_text(name, third, &at(&ASKED)).unwrap();
    let link = |view: &str, id: &str| {
        format!(
            "link unionid:{OPEN}:{UNIONID} external_userid:{view}@{PROVIDER}:{id} source=work.idconvert at={AT}"
        )
    };
    // A plain corpid is the same in capitals.
    assert_eq!(lines(&ingest), [link("wp1", "wm1"), link("ww00000000feedbee2", "wm2")]);
    let told = refused(&ingest);
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(told[0], "external_userid_info[2]: the field corpid is missing");
    assert!(told[1].starts_with("external_userid_info[3]: "), "{told:?}");
    // Who looks must be said; no row at all is an answer as well.
    let own = [(Opt::Corp, CORP), (Opt::OpenAccount, OPEN), (Opt::Unionid, UNIONID)];
    assert!(refusal(name, third, &at(&own)).contains("--viewer"));
    let none = r#"{"errcode":0,"external_userid_info":[]}"#;
    let absent = lines(&read_text(name, none, &at(&ASKED)).unwrap());
    let view = format!("{CORP}@{PROVIDER}");
    assert_eq!(
        absent,
        [format!("absent unionid:{OPEN}:{UNIONID} external_userid:{view} source=work.idconvert at={AT}")]
    );
    assert!(refusal(name, r#"{"external_userid_info":[]}"#, &at(&ASKED)).contains("errcode"));
}

#[test]
fn customers_are_joined_to_their_pending_ids() {
    let view = format!("{CORP}@{PROVIDER}");
    let ingest = read("work.external_to_pending", "work.external_to_pending.json", &at(&SEEN));
    assert_eq!(
        lines(&ingest),
        [format!(
            "link external_userid:{view}:{EXTERNAL_NEW} pending_id:{view}:{PENDING} source=work.idconvert at={AT}"
        )]
    );
    assert!(matches!(ingest.notes[..], [Note::NothingAsserted { place }] if place.item == 1));
    let bad = r#"{"errcode":0,"result":[{"external_userid":"wm1","pending_id":{}}]}"#;
    let ingest = read_text("work.external_to_pending", bad, &at(&SEEN)).unwrap();
    assert_eq!(refused(&ingest), ["result[0]: the field pending_id is not a string"]);
}

#[test]
fn corp_values_become_provider_values_and_echoed_ids_are_no_conversion() {
    let view = format!("{CORP}@{PROVIDER}");
    let ingest = read("work.new_external", "work.new_external.json", &at(&SEEN));
    assert_eq!(
        lines(&ingest),
        [format!(
            "link external_userid:{CORP}:{EXTERNAL} external_userid:{view}:{EXTERNAL_NEW} source=work.idconvert at={AT}"
        )]
    );
    assert!(matches!(ingest.notes[..], [Note::Echoed { place }] if place.item == 1));
    let older = at(&SEEN).with(Opt::FromView, "@ww00000000feedbeef");
    let ingest = read("work.new_external", "work.new_external.json", &older);
    assert!(lines(&ingest)[0].starts_with(&format!("link external_userid:@{PROVIDER}:{EXTERNAL} ")));
    let options = at(&[(Opt::Corp, CORP)]);
    assert!(refusal("work.new_external", r#"{"items":[]}"#, &options).contains("--viewer"));
    let folded = at(&SEEN).with(Opt::FromView, &view);
    assert!(refusal("work.new_external", r#"{"items":[]}"#, &folded).contains("--to-view"));
    let bad = r#"{"items":[{"external_userid":"wm1"},{"new_external_userid":"wm2"},"x"]}"#;
    assert_eq!(read_text("work.new_external", bad, &at(&SEEN)).unwrap().refused.len(), 3);
}

#[test]
fn single_conversions_take_the_asked_id_from_the_options() {
    let view = format!("{CORP}@{PROVIDER}");
    let to = at(&SEEN).with(Opt::External, EXTERNAL);
    assert_eq!(
        lines(&read("work.to_service_external", "work.to_service_external.json", &to)),
        [format!(
            "link external_userid:{CORP}:{EXTERNAL} external_userid:{view}:{EXTERNAL_NEW} source=work.idconvert at={AT}"
        )]
    );
    let from = at(&SEEN).with(Opt::External, EXTERNAL_NEW);
    assert_eq!(
        lines(&read("work.from_service_external", "work.from_service_external.json", &from)),
        [format!(
            "link external_userid:{view}:{EXTERNAL_NEW} external_userid:{CORP}:{EXTERNAL} source=work.idconvert at={AT}"
        )]
    );
    for name in ["work.to_service_external", "work.from_service_external"] {
        assert!(refusal(name, r#"{"external_userid":"wm1"}"#, &at(&SEEN)).contains("--external"));
        assert_eq!(refusal(name, r#"{"errcode":0}"#, &to), "the field external_userid is missing");
    }
}

#[test]
fn userids_are_linked_by_their_field_names_in_both_directions() {
    for file in ["work.userid_convert.json", "work.userid_convert.back.json"] {
        let ingest = read("work.userid_convert", file, &at(&SEEN));
        assert_eq!(
            lines(&ingest),
            [format!(
                "link userid:{CORP}:zhangsan userid:{CORP}@{PROVIDER}:wo3QwsDwAAaI4LyqecgAfeudNB5O2TOw \
             source=work.idconvert at={AT}"
            )]
        );
    }
    let ingest = read("work.userid_convert", "work.userid_convert.json", &at(&SEEN));
    assert_eq!(refused(&ingest), ["invalid_userid_list[0]: the platform refused this item"]);
    assert_eq!(
        refusal("work.userid_convert", r#"{"errcode":0}"#, &at(&SEEN)),
        "the field open_userid_list is missing"
    );
    assert!(refusal("work.userid_convert", r#"{"userid_list":7}"#, &at(&SEEN)).contains("not a list"));
}

#[test]
fn a_corpid_is_linked_to_the_providers_open_corpid() {
    let options = at(&[(Opt::Corp, "WW1234567890ABCDEF"), (Opt::Provider, PROVIDER)]);
    assert_eq!(
        lines(&read("work.corpid_convert", "work.corpid_convert.json", &options)),
        [format!(
            "link corpid::{CORP} corpid:@{PROVIDER}:wp3QwsDwAAmRUf2H-gtly-Sl-31Y2Wyw source=work.idconvert at={AT}"
        )]
    );
    assert!(refusal("work.corpid_convert", r#"{"open_corpid":1}"#, &options).contains("not a string"));
    assert!(refusal("work.corpid_convert", "{}", &at(&[(Opt::Corp, CORP)])).contains("--provider"));
}

#[test]
fn a_wechat_group_is_the_corps_customer_group() {
    let options =
        at(&[(Opt::Corp, CORP), (Opt::Appid, MINI), (Opt::Opengid, "GaZk4GtB7nYw1Rc6mLs9pXe2vJd5")]);
    assert_eq!(
        lines(&read("work.opengid_to_chat", "work.opengid_to_chat.json", &options)),
        [format!(
            "link opengid:{MINI}:GaZk4GtB7nYw1Rc6mLs9pXe2vJd5 chat_id:{CORP}:{CHAT} source=work.idconvert at={AT}"
        )]
    );
    assert_eq!(
        refusal("work.opengid_to_chat", r#"{"errcode":0,"chat_id":""}"#, &options),
        "the field chat_id: the value is empty"
    );
}

#[test]
fn upgraded_chat_ids_supersede_the_old_ones() {
    let ingest = read("work.chatid_convert", "work.chatid_convert.json", &at(&SEEN));
    assert_eq!(
        lines(&ingest),
        [format!(
            "supersede chat_id:{CORP}@{PROVIDER}:{CHAT} chat_id:{CORP}@{PROVIDER}:wrG1jkDwAAyPl84GBJ40W5eWxWtixSCA \
         source=work.idconvert at={AT}"
        )]
    );
    assert_eq!(refused(&ingest), ["invalid_chat_id_list[0]: the platform refused this item"]);
    let echoed = format!(r#"{{"items":[{{"chat_id":"{CHAT}","new_chat_id":"{CHAT}"}}]}}"#);
    let ingest = read_text("work.chatid_convert", &echoed, &at(&SEEN)).unwrap();
    assert!(ingest.facts.is_empty() && matches!(ingest.notes[..], [Note::Echoed { .. }]));
    assert!(refusal("work.chatid_convert", r#"{"items":{}}"#, &at(&SEEN)).contains("not a list"));
}
