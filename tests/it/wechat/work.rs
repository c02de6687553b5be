//! WeCom customers, groups, logins: the exact facts of each row.

use idweave::wechat::{Note, Opt};

use super::{
    AT, CHAT, CORP, EXTERNAL, OPEN, PROVIDER, UNIONID, at, body, lines, read, read_text, refusal, refused,
    timeless,
};

const OWN: [(Opt, &str); 2] = [(Opt::Corp, CORP), (Opt::OpenAccount, OPEN)];
const SEEN: [(Opt, &str); 3] = [(Opt::Corp, CORP), (Opt::Viewer, PROVIDER), (Opt::OpenAccount, OPEN)];
const OPENID: &str = "oVTC1YDQPYfxU8I-rWi-X2gSFhkw";

#[test]
fn a_customer_is_linked_in_the_corps_own_view_and_followed_since_then() {
    let ingest = read("work.contact_get", "work.contact_get.json", &at(&OWN));
    assert_eq!(
        lines(&ingest),
        [
            format!(
                "link external_userid:{CORP}:{EXTERNAL} unionid:{OPEN}:{UNIONID} source=work.contact_get at={AT}"
            ),
            format!(
                "relate follows userid:{CORP}:zhangsan external_userid:{CORP}:{EXTERNAL} source=work.contact_get \
             {{\"add_way\": \"1\", \"state\": \"shop-12\", \"type\": \"1\"}} at=1718000000000"
            ),
            format!(
                "relate follows userid:{CORP}:lisi external_userid:{CORP}:{EXTERNAL} source=work.contact_get \
             {{\"add_way\": \"16\", \"state\": \"LIVE-0618\", \"type\": \"1\"}} at=1718100000000"
            ),
        ]
    );
    let text = lines(&ingest).join("\n");
    for private in ["\u{5c0f}\u{6ee1}", "\u{95e8}\u{5e97}", "13800000000", "etQTOWDw", "wx.qlogo"] {
        assert!(!text.contains(private), "{private} must not be stored");
    }
}

#[test]
fn a_providers_view_of_a_customer_has_its_own_scope_and_no_unionid() {
    let view = format!("{CORP}@{PROVIDER}");
    let ingest = read("work.contact_get", "work.contact_get.json", &at(&SEEN));
    assert_eq!(lines(&ingest).len(), 2);
    assert!(lines(&ingest).iter().all(|line| line.contains(&format!("follows userid:{view}:"))
        && line.contains(&format!("external_userid:{view}:{EXTERNAL}"))));
    assert!(matches!(ingest.notes[..], [Note::UnionidIgnored { .. }]));
}

#[test]
fn a_bad_follower_is_listed_and_a_bad_contact_ends_the_body() {
    let text = format!(
        r#"{{"errcode":0,"external_contact":{{"external_userid":"{EXTERNAL}","type":1}},"follow_user":[
            {{"userid":"a","createtime":"soon"}},{{"userid":"","createtime":1718000000}},
            {{"userid":"b","createtime":1718000000,"add_way":"1"}},{{"userid":"c","createtime":1718000000000}},
            {{"userid":"d","createtime":1718000000,"state":"x\u0007"}},{{"userid":"e","createtime":"1718000000"}}]}}"#
    );
    let ingest = read_text("work.contact_get", &text, &timeless(&OWN)).unwrap();
    assert_eq!(
        lines(&ingest),
        [format!(
            "relate follows userid:{CORP}:e external_userid:{CORP}:{EXTERNAL} source=work.contact_get \
         {{\"type\": \"1\"}} at=1718000000000"
        )]
    );
    assert_eq!(
        refused(&ingest),
        [
            "follow_user[0]: the field createtime is not a time in Unix seconds",
            "follow_user[1]: the field userid: the value is empty",
            "follow_user[2]: the field add_way is not an integer",
            "follow_user[3]: the field createtime is not a time in Unix seconds",
            "follow_user[4]: attribute value is empty, too long or holds control characters",
        ]
    );
    let bad = text.replace(EXTERNAL, "undefined");
    assert!(refusal("work.contact_get", &bad, &at(&OWN)).contains("external_userid"));
    // On failures WeCom sends empty lists next to the code: they are no data.
    let failed = r#"{"errcode":84061,"errmsg":"not external contact, hint: [1]","follow_user":[]}"#;
    assert_eq!(refusal("work.contact_get", failed, &at(&OWN)), "the platform answered errcode 84061");
}

#[test]
fn a_batch_of_contacts_gives_a_pair_a_row_and_no_unionid_to_wecom_contacts() {
    let ingest = read("work.contact_batch", "work.contact_batch.json", &at(&OWN));
    assert_eq!(
        lines(&ingest),
        [
            format!(
                "link external_userid:{CORP}:{EXTERNAL} unionid:{OPEN}:{UNIONID} source=work.contact_get at={AT}"
            ),
            format!(
                "relate follows userid:{CORP}:zhangsan external_userid:{CORP}:{EXTERNAL} source=work.contact_get \
             {{\"add_way\": \"1\", \"state\": \"shop-12\", \"type\": \"1\"}} at=1718000000000"
            ),
            format!(
                "relate follows userid:{CORP}:zhangsan external_userid:{CORP}:woQTOWDwAAYsnPqSM2AgixT4lvFGlpSA \
             source=work.contact_get {{\"add_way\": \"6\", \"type\": \"2\"}} at=1718000500000"
            ),
        ]
    );
    assert!(matches!(ingest.notes[..], [Note::UnionidIgnored { place }] if place.item == 1));
    let text = String::from_utf8(body("work.contact_batch.json")).unwrap().replace(UNIONID, "0000");
    let ingest = read_text("work.contact_batch", &text, &at(&OWN)).unwrap();
    assert_eq!(lines(&ingest).len(), 1, "no fact of the bad row, the other row goes on");
    assert_eq!(
        refused(&ingest),
        ["external_contact_list[0]: the field unionid: the value is a placeholder, not an id"]
    );
}

#[test]
fn a_contact_list_follows_for_the_employee_asked_about() {
    let options = at(&[(Opt::Corp, CORP), (Opt::Userid, "ZhangSan")]);
    assert_eq!(
        lines(&read("work.contact_list", "work.contact_list.json", &options)),
        [EXTERNAL, "woQTOWDwAAYsnPqSM2AgixT4lvFGlpSA"].map(|external| format!(
            "relate follows userid:{CORP}:zhangsan external_userid:{CORP}:{external} source=work.contact_list \
             {{}} at={AT}"
        ))
    );
    let bad = r#"{"errcode":0,"external_userid":"wmQ"}"#;
    assert_eq!(refusal("work.contact_list", bad, &options), "the field external_userid is not a list");
    assert!(refusal("work.contact_list", bad, &at(&OWN)).contains("--userid"));
}

#[test]
fn group_members_belong_to_the_chat_and_strangers_bring_unionids() {
    let ingest = read("work.group_get", "work.group_get.json", &at(&OWN));
    assert_eq!(
        lines(&ingest),
        [
            format!(
                "relate member_of userid:{CORP}:zhangsan chat_id:{CORP}:{CHAT} source=work.group_get {{}} \
             at=1718000000000"
            ),
            format!(
                "relate member_of external_userid:{CORP}:{EXTERNAL} chat_id:{CORP}:{CHAT} source=work.group_get {{}} \
             at=1718000100000"
            ),
            format!(
                "link external_userid:{CORP}:{EXTERNAL} unionid:{OPEN}:{UNIONID} source=work.group_get at={AT}"
            ),
        ]
    );
    let text = String::from_utf8(body("work.group_get.json")).unwrap().replace(r#""type":2"#, r#""type":3"#);
    let ingest = read_text("work.group_get", &text, &at(&OWN)).unwrap();
    assert_eq!(lines(&ingest).len(), 1);
    assert_eq!(refused(&ingest), ["member_list[1]: the field type is not 1 or 2"]);
    let seen = read("work.group_get", "work.group_get.json", &at(&SEEN));
    assert_eq!(lines(&seen).len(), 2);
    assert!(lines(&seen).iter().all(|line| line.contains(&format!("chat_id:{CORP}@{PROVIDER}:"))));
}

#[test]
fn a_visitor_at_the_web_login_is_the_customer() {
    for file in ["work.login.json", "work.login.old.json"] {
        assert_eq!(
            lines(&read("work.login", file, &at(&OWN))),
            [format!(
                "link external_userid:{CORP}:{EXTERNAL} wecom_web_openid:{CORP}:{OPENID} source=work.login at={AT}"
            )]
        );
    }
    // Through a provider the contact has the provider's scope; the openid stays unique to the corp.
    assert_eq!(
        lines(&read("work.login", "work.login.json", &at(&SEEN))),
        [format!(
            "link external_userid:{CORP}@{PROVIDER}:{EXTERNAL} wecom_web_openid:{CORP}:{OPENID} source=work.login \
         at={AT}"
        )]
    );
    let member = read("work.login", "work.login.member.json", &at(&OWN));
    assert!(member.facts.is_empty() && matches!(member.notes[..], [Note::NothingAsserted { .. }]));
    let stranger = read_text("work.login", r#"{"errcode":0,"openid":"oVTC1Y"}"#, &at(&OWN)).unwrap();
    assert!(stranger.facts.is_empty());
    let both = format!(r#"{{"errcode":0,"userid":"x","openid":"oVTC1Y","external_userid":"{EXTERNAL}"}}"#);
    assert!(refusal("work.login", &both, &at(&OWN)).contains("a member or a visitor"));
    let half = format!(r#"{{"errcode":0,"external_userid":"{EXTERNAL}"}}"#);
    assert_eq!(refusal("work.login", &half, &at(&OWN)), "the field openid is missing");
}

#[test]
fn a_payment_openid_is_the_customers_or_used_by_the_employee() {
    let customer = at(&[(Opt::Corp, CORP), (Opt::External, EXTERNAL)]);
    assert_eq!(
        lines(&read("work.pay_openid", "work.pay_openid.json", &customer)),
        [format!(
            "link external_userid:{CORP}:{EXTERNAL} wecom_pay_openid:{CORP}:{OPENID} source=work.pay_openid at={AT}"
        )]
    );
    let staff = at(&[(Opt::Corp, CORP), (Opt::Userid, "ZhangSan")]);
    assert_eq!(
        lines(&read("work.pay_openid", "work.pay_openid.json", &staff)),
        [format!(
            "relate uses_account userid:{CORP}:zhangsan wecom_pay_openid:{CORP}:{OPENID} source=work.pay_openid {{}} \
         at={AT}"
        )]
    );
    let text = String::from_utf8(body("work.pay_openid.json")).unwrap();
    assert!(refusal("work.pay_openid", &text, &at(&OWN)).contains("--external or --userid"));
    assert!(refusal("work.pay_openid", &text, &staff.with(Opt::External, EXTERNAL)).contains("--userid"));
    assert_eq!(
        refusal("work.pay_openid", r#"{"errcode":0,"openid":["o"]}"#, &customer),
        "the field openid is not a string"
    );
}

#[test]
fn a_state_token_is_the_customer_it_came_back_with() {
    let options = at(&[(Opt::Corp, CORP), (Opt::StateToken, "tok-7Qm2Vn5c"), (Opt::External, EXTERNAL)]);
    for text in ["", "{}", "\n", r#"{"errcode":0,"errmsg":"ok"}"#] {
        assert_eq!(
            lines(&read_text("work.state", text, &options).unwrap()),
            [format!(
                "link state_token:{CORP}:tok-7Qm2Vn5c external_userid:{CORP}:{EXTERNAL} source=work.state at={AT}"
            )]
        );
    }
    assert_eq!(
        refusal("work.state", r#"{"errcode":84061}"#, &options),
        "the platform answered errcode 84061"
    );
    assert!(refusal("work.state", "{}", &at(&OWN)).contains("--state-token"));
}
