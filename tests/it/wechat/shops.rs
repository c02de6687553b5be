//! Phones, WeChat shops, the customer service, third-party platforms: the exact facts of each row.

use idweave::wechat::{Authorisation, Note, Opt, PhoneKey};
use idweave::{Kind, ndjson};

use super::{
    APP, AT, COMPONENT, CORP, EXTERNAL, MINI, OPEN, OPENID, PHONE_KEY, PROVIDER, UNIONID, at, body, lines,
    read, read_text, refusal, refused, timeless,
};

const PHONE: [(Opt, &str); 3] = [(Opt::Appid, MINI), (Opt::Openid, OPENID), (Opt::PhoneKey, PHONE_KEY)];
/// HMAC-SHA-256 of `+8613800138000` under the bytes 0 to 31, by OpenSSL.
const HASH: &str = "eee9810e7b839a5c52ae4093c2785f71089272caa6d14ea9956bc905af031e79";

fn phone_body(info: &str) -> String {
    format!(
        r#"{{"errcode":0,"phone_info":{{{info},"watermark":{{"timestamp":1718000000,"appid":"{MINI}"}}}}}}"#
    )
}

#[test]
fn a_phone_is_linked_as_a_keyed_hash_and_the_number_is_nowhere() {
    let expected = format!("link openid:{MINI}:{OPENID} phone:crm-2026:{HASH} source=phone.mini");
    for file in ["mini.phone.json", "mini.phone.decrypted.json"] {
        let ingest = read("mini.phone", file, &at(&PHONE));
        assert_eq!(lines(&ingest), [format!("{expected} at={AT}")], "{file}");
        let shown = format!("{ingest:?} {}", ndjson::print(&ingest.facts[0]));
        assert!(!shown.contains("13800138000"), "{shown}");
        // The watermark says when.
        let ingest = read("mini.phone", file, &timeless(&PHONE));
        assert_eq!(lines(&ingest), [format!("{expected} at=1718000000000")], "{file}");
    }
    let key = PhoneKey::parse(PHONE_KEY).unwrap();
    assert_eq!(key.id("86", "13800138000").unwrap().to_string(), format!("phone:crm-2026:{HASH}"));
}

#[test]
fn every_spelling_of_a_number_is_the_same_phone() {
    let expected = lines(&read("mini.phone", "mini.phone.json", &at(&PHONE)));
    for info in [
        r#""phoneNumber":"+8613800138000","purePhoneNumber":"13800138000","countryCode":86"#,
        r#""phoneNumber":"8613800138000","purePhoneNumber":"13800138000","countryCode":"86""#,
        r#""phoneNumber":"","purePhoneNumber":"13800138000","countryCode":"86""#,
        r#""purePhoneNumber":"13800138000","countryCode":"86""#,
    ] {
        let ingest = read_text("mini.phone", &phone_body(info), &at(&PHONE)).unwrap();
        assert_eq!(lines(&ingest), expected, "{info}");
    }
    let other = PhoneKey::parse("crm-2026:AQECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap();
    assert_ne!(other.id("86", "13800138000").unwrap().value(), HASH, "another key, another hash");
    let key = PhoneKey::parse(PHONE_KEY).unwrap();
    assert_ne!(key.id("1", "13800138000").unwrap().value(), HASH, "another country, another hash");
}

#[test]
fn what_is_no_whole_number_is_refused_without_showing_it() {
    for (info, expected) in [
        (
            r#""purePhoneNumber":"138****8000","countryCode":"86""#,
            "the field purePhoneNumber is not a phone number",
        ),
        (r#""purePhoneNumber":"138001380001380","countryCode":"86""#, "the field purePhoneNumber is not"),
        (r#""purePhoneNumber":"138","countryCode":"86""#, "the field purePhoneNumber is not a phone number"),
        (r#""purePhoneNumber":" 13800138000","countryCode":"86""#, "the field purePhoneNumber is not"),
        (r#""purePhoneNumber":"00000000000","countryCode":"86""#, "the value is a placeholder"),
        (r#""purePhoneNumber":13800138000,"countryCode":"86""#, "the field purePhoneNumber is not a string"),
        (r#""purePhoneNumber":"","countryCode":"86""#, "the field purePhoneNumber is missing"),
        (r#""purePhoneNumber":"13800138000""#, "the field countryCode is missing"),
        (
            r#""purePhoneNumber":"13800138000","countryCode":"+86""#,
            "the field countryCode is not a country code",
        ),
        (
            r#""purePhoneNumber":"13800138000","countryCode":-86"#,
            "the field countryCode is not a country code",
        ),
        (
            r#""purePhoneNumber":"13800138000","countryCode":"""#,
            "the field countryCode is not a country code",
        ),
        (
            r#""phoneNumber":"+8613800138001","purePhoneNumber":"13800138000","countryCode":"86""#,
            "the field phoneNumber is not the number of purePhoneNumber",
        ),
        (
            r#""phoneNumber":"+113800138000","purePhoneNumber":"13800138000","countryCode":"86""#,
            "the field phoneNumber is not the number of purePhoneNumber",
        ),
    ] {
        let error = refusal("mini.phone", &phone_body(info), &at(&PHONE));
        assert!(error.contains(expected) && !error.contains("138"), "{info}: {error}");
    }
}

#[test]
fn a_phone_of_another_app_or_user_is_refused() {
    let text = String::from_utf8(body("mini.phone.json")).unwrap();
    let foreign = text.replace(MINI, APP);
    assert_eq!(refusal("mini.phone", &foreign, &at(&PHONE)), "the watermark names another appid");
    let named = |openid: &str| text.replacen('{', &format!(r#"{{"openid":"{openid}","#), 1);
    assert!(read_text("mini.phone", &named(OPENID), &at(&PHONE)).is_ok());
    let error = refusal("mini.phone", &named("oMwZmXother"), &at(&PHONE));
    assert_eq!(error, "the option --openid is not the user the answer names");
    let error = refusal("mini.phone", r#"{"errcode":40029,"errmsg":"invalid code"}"#, &at(&PHONE));
    assert_eq!(error, "the platform answered errcode 40029");
}

#[test]
fn a_phone_key_has_a_name_and_is_long_enough() {
    for bad in [
        "",
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        ":AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        "crm@x:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        "crm:AAECAwQFBgcICQoLDA0ODw==",
        "crm:not base64 at all, but long enough to be a key",
    ] {
        let error = PhoneKey::parse(bad).err().unwrap().to_string();
        assert_eq!(
            error,
            "the option --phone-key is not NAME:KEY, the key at least 32 random bytes in base64"
        );
    }
    assert!(PhoneKey::parse(&format!("{PHONE_KEY}\n")).is_ok(), "a file ends with a line break");
}

#[test]
fn a_customer_of_the_service_is_linked_by_the_services_own_binding() {
    let own = at(&[(Opt::Corp, CORP), (Opt::OpenAccount, OPEN)]);
    let ingest = read("work.kf_customers", "work.kf_customers.json", &own);
    assert_eq!(
        lines(&ingest),
        [format!("link external_userid:{CORP}:{EXTERNAL} unionid:{OPEN}:{UNIONID} source=work.kf at={AT}")]
    );
    assert!(matches!(ingest.notes[..], [Note::NothingAsserted { .. }]), "the second has no unionid");
    assert_eq!(refused(&ingest), ["invalid_external_userid[0]: the platform refused this item"]);
    assert_eq!(ingest.records, 3);

    let text = String::from_utf8(body("work.kf_customers.json")).unwrap();
    assert!(refusal("work.kf_customers", &text, &at(&[(Opt::Corp, CORP)])).contains("--open-account"));
    // A provider is given none; should one come, another open account issued it.
    let seen = at(&[(Opt::Corp, CORP), (Opt::Viewer, PROVIDER), (Opt::OpenAccount, OPEN)]);
    let ingest = read("work.kf_customers", "work.kf_customers.json", &seen);
    assert!(ingest.facts.is_empty());
    assert!(ingest.notes.iter().any(|note| matches!(note, Note::UnionidIgnored { .. })));
}

#[test]
fn the_buyer_of_an_order_is_linked_and_nobody_else() {
    let options = at(&[(Opt::Appid, APP), (Opt::OpenAccount, OPEN)]);
    let expected = [format!("link openid:{APP}:{OPENID} unionid:{OPEN}:{UNIONID} source=shop.order at={AT}")];
    let ingest = read("shop.order", "shop.order.json", &options);
    assert_eq!(lines(&ingest), expected);
    // Order ids and times come as numbers or as strings (wechat reference 1.1, 18).
    let text = String::from_utf8(body("shop.order.json")).unwrap();
    for (old, new) in [
        (r#""order_id":"3705115058471208928""#, r#""order_id":3705115058471208928"#),
        (r#""pay_time":"1718000300""#, r#""pay_time":1718000300"#),
        (r#""create_time":1718000000"#, r#""create_time":"1718000000""#),
    ] {
        let other = text.replace(old, new);
        assert_ne!(other, text);
        assert_eq!(lines(&read_text("shop.order", &other, &options).unwrap()), expected, "{new}");
    }
    // An order says when was bought, not when the platform answered.
    assert!(
        refusal("shop.order", &text, &timeless(&[(Opt::Appid, APP), (Opt::OpenAccount, OPEN)]))
            .contains("--at")
    );
}

#[test]
fn an_order_of_a_shop_that_is_not_bound_asserts_nothing() {
    let options = at(&[(Opt::Appid, APP)]);
    for unionid in ["", r#","unionid":"""#] {
        let text = format!(
            r#"{{"errcode":0,"order":{{"order_id":7,"openid":"{OPENID}"{unionid},
                "sharer_info":{{"sharer_openid":"oMwZmXs","sharer_unionid":"odLdHGs"}}}}}}"#
        );
        let ingest = read_text("shop.order", &text, &options).unwrap();
        assert!(ingest.facts.is_empty() && matches!(ingest.notes[..], [Note::NothingAsserted { .. }]));
    }
    assert_eq!(refusal("shop.order", r#"{"errcode":0}"#, &options), "the field order is missing");
    assert_eq!(
        refusal("shop.order", r#"{"order":{"openid":7}}"#, &options),
        "the field openid is not a string"
    );
}

#[test]
fn an_authorisation_is_a_hint_for_the_operator_and_no_fact() {
    let options = timeless(&[(Opt::Component, COMPONENT)]);
    for (file, expected, ms) in [
        ("event.open.xml", Authorisation::Granted, 1_718_000_000_000),
        ("event.open.unauthorized.json", Authorisation::Withdrawn, 1_718_000_900_000),
    ] {
        let ingest = read("event.open", file, &options);
        assert!(ingest.facts.is_empty());
        let [Note::AuthorisationChanged { app, change, at }] = &ingest.notes[..] else {
            panic!("{ingest:?}")
        };
        assert_eq!((app.kind(), app.value(), *change, at.ms()), (&Kind::App, APP, expected, ms));
    }
    let changed =
        String::from_utf8(body("event.open.xml")).unwrap().replace("[authorized]", "[updateauthorized]");
    let ingest = read_text("event.open", &changed, &options).unwrap();
    assert!(matches!(&ingest.notes[..], [Note::AuthorisationChanged { change: Authorisation::Changed, .. }]));
    let ticket = read("event.open", "event.open.ticket.xml", &options);
    assert!(ticket.facts.is_empty() && matches!(ticket.notes[..], [Note::NothingAsserted { .. }]));
}

#[test]
fn an_event_of_another_platform_or_of_nobody_is_refused() {
    let text = String::from_utf8(body("event.open.xml")).unwrap();
    let other = timeless(&[(Opt::Component, "wx0000000000000000")]);
    assert_eq!(
        refusal("event.open", &text, &other),
        "the field AppId names another app than the option says"
    );
    let options = timeless(&[(Opt::Component, COMPONENT)]);
    let nobody = text.replace("AuthorizerAppid", "Other");
    assert_eq!(refusal("event.open", &nobody, &options), "the field AuthorizerAppid is missing");
    let nothing = text.replace("InfoType", "Other");
    assert_eq!(refusal("event.open", &nothing, &options), "the field InfoType is missing");
    let sealed = "<xml><AppId>wx5e5eaa11bb22cc33</AppId><Encrypt>AAAA</Encrypt></xml>";
    assert!(refusal("event.open", sealed, &options).contains("decrypted"));
}
