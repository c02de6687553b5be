//! What a URL accepts, and that whatever it does not accept looks the same.

use idweave::Time;
use idweave::sync::callback::{AppMode, Product, Receiver, Reply, Stage};
use idweave::wechat::{CallbackKey, Opt};

use super::{
    APP_B, CORP, CORP_A, KEY_A, KEY_B, NOW, SUCCESS, SUITE, app, body, corp, envelope, inbox, key_a, key_b,
    options, platform, push, push_at, push_json, query, receiver, subscribe, suite, vector,
};

const ECHO: &str = "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ==";

fn refused() -> Reply {
    Reply { status: 403, body: Vec::new() }
}

fn ok(body: &str) -> Reply {
    Reply { status: 200, body: body.as_bytes().to_vec() }
}

fn vector_a() -> Receiver {
    let ids = ["another", CORP_A];
    Receiver::new("a", Product::Corp, vec![key_a()], &ids, options(&[(Opt::Corp, CORP)])).unwrap()
}

#[test]
fn the_official_url_check_of_wecom_is_answered_in_plain() {
    let check = |echo: &str, signature: &str| {
        let pairs = [("msg_signature", signature), ("timestamp", "1409659589"), ("nonce", "263014780")];
        vector_a().get(&[query(&pairs), query(&[("echostr", echo)])].concat())
    };
    assert_eq!(check(ECHO, "5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3"), ok("1616140317555161061"));
    assert_eq!(check(&ECHO.replace('+', " "), "5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3"), refused());
    assert_eq!(check(ECHO, "5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd4"), refused());
}

#[test]
fn the_url_check_of_an_app_is_answered_with_what_was_sent() {
    let key = key_b();
    let signature = key.signature("1718000000", "nonce", "");
    let pairs = [("signature", signature.as_str()), ("timestamp", "1718000000"), ("nonce", "nonce")];
    for receiver in [app(AppMode::Plain), app(AppMode::Compatible), app(AppMode::Encrypted), platform()] {
        let asked = [query(&pairs), query(&[("echostr", "5+6/7=")])].concat();
        assert_eq!(receiver.get(&asked), ok("5+6/7="));
        let twice = [asked.clone(), query(&[("echostr", "x")])].concat();
        assert_eq!(receiver.get(&twice), refused(), "two of one parameter");
        assert_eq!(receiver.get(&asked[1..]), refused());
        assert_eq!(receiver.get(&asked[..3]), refused());
    }
    assert_eq!(corp().get(&[query(&pairs), query(&[("echostr", "5")])].concat()), refused());
}

#[test]
fn the_official_messages_are_accepted_and_come_out_as_published() {
    let message = |file: &str, signature: &str, stamp: &str, nonce: &str, url: &Receiver, answer: &str| {
        let (query, body) = envelope(signature, stamp, nonce, &vector(&format!("{file}.encrypt")));
        let (_disk, inbox) = inbox();
        let now = Time::from_seconds(stamp.parse().unwrap());
        assert_eq!(inbox.post(url, &query, &body, now), ok(answer), "{file}");
        let item = inbox.take(Stage::New).unwrap().unwrap();
        assert_eq!(String::from_utf8(item.body().to_vec()).unwrap(), vector(&format!("{file}.xml")));
        let work = url.work(&item).unwrap();
        assert!(work.facts.is_empty() && work.follow_ups.is_empty() && work.refused.is_empty());
    };
    let a2 = "477715d11cdb4164915debcba66cb864d751f3e6";
    message("a2", a2, "1409659813", "1372623149", &vector_a(), "");
    let b2 = key_b().signature("1409304348", "xxxxxx", &vector("b2.encrypt"));
    message("b2", &b2, "1409304348", "xxxxxx", &app(AppMode::Encrypted), SUCCESS);
    let b3 = "4f3ad57b6989f09f4eb392acce4f9e93942ed890";
    message("b3", b3, "1458300676", "260774613", &app(AppMode::Compatible), SUCCESS);
}

/// A3 is a signature over a text that nobody has the key of: it holds, and still nothing is believed.
#[test]
fn a_right_signature_over_what_does_not_open_is_refused() {
    let key = CallbackKey::new("ovAkP0Tb", KEY_A).unwrap();
    let url = Receiver::new("a3", Product::Corp, vec![key], &[CORP_A], options(&[])).unwrap();
    let signature = "8128e41a38892d814e4aa67753425da9dc8ec2b3";
    let (query, body) = envelope(signature, "1628737717", "1811081856", &vector("a3.encrypt"));
    let (_disk, inbox) = inbox();
    assert_eq!(inbox.post(&url, &query, &body, Time::from_seconds(1_628_737_717)), refused());
    assert!(inbox.is_empty());
}

/// Lengths 0 to 63 beyond a whole event: every pad from 1 to 32, twice.
#[test]
fn messages_of_every_length_are_accepted() {
    let (_disk, inbox) = inbox();
    for length in 0..64 {
        let text = subscribe(&format!("o{}", "x".repeat(length)));
        let (query, body) = push(&text, APP_B);
        assert_eq!(inbox.post(&app(AppMode::Encrypted), &query, &body, NOW), ok(SUCCESS), "{length}");
        let item = inbox.take(Stage::New).unwrap().unwrap();
        assert_eq!(item.body(), text.as_bytes());
    }
}

#[test]
fn each_product_is_answered_as_it_wants() {
    let ticket = body("event.open.ticket.xml");
    let text = subscribe("oX1");
    let event = body("event.work.xml");
    let lines = [
        (app(AppMode::Encrypted), &text, APP_B, SUCCESS),
        (app(AppMode::Compatible), &text, APP_B, SUCCESS),
        (corp(), &event, CORP, ""),
        (suite(), &event, SUITE, SUCCESS),
        (platform(), &ticket, super::COMPONENT, SUCCESS),
    ];
    for (url, message, receiveid, answer) in lines {
        let (_disk, inbox) = inbox();
        let (query, sealed) = push(message, receiveid);
        assert_eq!(inbox.post(&url, &query, &sealed, NOW), ok(answer), "{url:?}");
        let (query, sealed) = push_json(&subscribe("oX2"), receiveid);
        assert_eq!(inbox.post(&url, &query, &sealed, NOW), ok(answer), "{url:?} in JSON");
        assert_eq!(inbox.len(Stage::New), 2);
    }
}

#[test]
fn plain_bodies_are_accepted_only_where_that_was_asked_for() {
    let text = subscribe("oX1");
    let signature = key_b().signature("1718000000", "n1", "");
    let asked = query(&[("signature", &signature), ("timestamp", "1718000000"), ("nonce", "n1")]);
    for mode in [AppMode::Compatible, AppMode::Encrypted] {
        let (_disk, inbox) = inbox();
        assert_eq!(inbox.post(&app(mode), &asked, text.as_bytes(), NOW), refused());
    }
    let token = CallbackKey::of_token("pamtest");
    let url = Receiver::new(
        "plain",
        Product::App(AppMode::Plain),
        vec![token],
        &[],
        options(&[(Opt::Appid, APP_B)]),
    );
    let url = url.unwrap();
    let (_disk, inbox) = inbox();
    assert_eq!(inbox.post(&url, &asked, text.as_bytes(), NOW), ok(SUCCESS));
    assert_eq!(inbox.len(Stage::New), 1);
    // One signature is good for one body: another with it is taken for a repetition.
    assert_eq!(inbox.post(&url, &asked, subscribe("oX9").as_bytes(), NOW), ok(SUCCESS));
    assert_eq!(inbox.len(Stage::New), 1);
    let (sealed_query, sealed) = push(&subscribe("oX3"), APP_B);
    assert_eq!(inbox.post(&url, &sealed_query, &sealed, NOW), refused(), "there is no key to open it with");
    assert_eq!(inbox.post(&app(AppMode::Plain), &sealed_query, &sealed, NOW), ok(SUCCESS));
    // What is not encrypted and brings an envelope, or the other way round, is neither.
    assert_eq!(inbox.post(&url, &asked, &sealed, NOW), refused());
    let mixed = [sealed_query, asked].concat();
    assert_eq!(inbox.post(&app(AppMode::Plain), &mixed, text.as_bytes(), NOW), refused());
}

#[test]
fn two_keys_are_good_while_they_are_being_changed() {
    let old = CallbackKey::new("old", KEY_A).unwrap();
    let appid = options(&[(Opt::Appid, APP_B)]);
    let product = Product::App(AppMode::Encrypted);
    let url = Receiver::new("both", product, vec![old, key_b()], &[APP_B], appid.clone()).unwrap();
    let only = Receiver::new("one", product, vec![CallbackKey::new("old", KEY_B).unwrap()], &[APP_B], appid);
    let (_disk, inbox) = inbox();
    let (query, sealed) = push(&subscribe("oX1"), APP_B);
    assert_eq!(inbox.post(&url, &query, &sealed, NOW), ok(SUCCESS));
    assert_eq!(inbox.post(&only.unwrap(), &query, &sealed, NOW), refused());
}

#[test]
fn a_message_for_somebody_else_is_refused_and_any_of_the_set_is_accepted() {
    let set = ["", "wwfirst", CORP];
    let url = Receiver::new("set", Product::Corp, vec![key_b()], &set, options(&[])).unwrap();
    let (_disk, inbox) = inbox();
    for (receiveid, answer) in [
        (CORP, ok("")),
        ("wwfirst", ok("")),
        ("", ok("")),
        ("wwFirst", refused()),
        ("wwfirst ", refused()),
        ("ww", refused()),
    ] {
        let (query, sealed) = push(&subscribe(&format!("o{receiveid}x")), receiveid);
        assert_eq!(inbox.post(&url, &query, &sealed, NOW), answer, "{receiveid}");
    }
}

/// Everything that may be wrong with a push, and one answer to all of it, byte for byte.
#[test]
fn every_refusal_is_the_same() {
    let (_disk, inbox) = inbox();
    let url = app(AppMode::Encrypted);
    let (good, sealed) = push(&subscribe("oX1"), APP_B);
    let change = |name: &str, value: &str| {
        let pairs =
            good.iter().map(|(n, v)| (n.clone(), if n == name { value.to_owned() } else { v.clone() }));
        (pairs.collect::<super::Query>(), sealed.clone())
    };
    let without = |name: &str| (good.iter().filter(|(n, _)| n != name).cloned().collect(), sealed.clone());
    let upper = good[0].1.to_uppercase();
    let text = |text: &str| (good.clone(), text.as_bytes().to_vec());
    let inner = |text: &str| push(text, APP_B);
    let deep = format!("<xml>{}{}</xml>", "<a>".repeat(4), "</a>".repeat(4));
    let wrong: Vec<(&str, (super::Query, Vec<u8>))> = vec![
        ("no parameters", (Vec::new(), sealed.clone())),
        ("no signature", without("msg_signature")),
        ("no time", without("timestamp")),
        ("no nonce", without("nonce")),
        ("an empty signature", change("msg_signature", "")),
        ("upper case", change("msg_signature", &upper)),
        ("another nonce", change("nonce", "2")),
        ("another time", change("timestamp", "1718000004")),
        ("a parameter too long", change("nonce", &"9".repeat(5000))),
        ("a parameter twice", ([good.clone(), query(&[("nonce", "1")])].concat(), sealed.clone())),
        ("no body", text("")),
        ("no envelope", text("<xml></xml>")),
        ("not XML", text("<xml><Encrypt>")),
        ("not JSON", text("{\"Encrypt\":")),
        ("a list", text("[]")),
        ("a document type", text("<!DOCTYPE xml><xml><Encrypt>x</Encrypt></xml>")),
        ("two texts", text("<xml><Encrypt>a</Encrypt><encrypt>b</encrypt></xml>")),
        ("another receiveid", push(&subscribe("oX1"), "wx0000000000000000")),
        ("an event that is none", inner("hello")),
        ("an event of another root", inner("<html></html>")),
        ("an envelope inside", inner("<xml><Encrypt>x</Encrypt></xml>")),
        ("an entity", inner("<xml><a>&b;</a></xml>")),
        ("an attribute", inner("<xml a=\"b\"><c>d</c></xml>")),
        ("a level too many", inner(&deep)),
        ("a long past time", push_at(&subscribe("oX1"), APP_B, NOW.ms() / 1000 - 6 * 3600 - 1, "p")),
        ("a far future time", push_at(&subscribe("oX1"), APP_B, NOW.ms() / 1000 + 601, "f")),
        ("a time below zero", push_at(&subscribe("oX1"), APP_B, -1, "z")),
    ];
    for (what, (query, body)) in wrong {
        assert_eq!(inbox.post(&url, &query, &body, NOW), refused(), "{what}");
    }
    assert!(inbox.is_empty(), "nothing of it was kept");
    assert_eq!(inbox.post(&url, &good, &sealed, NOW), ok(SUCCESS), "what is right is accepted still");
}

#[test]
fn every_limit_holds_at_it_and_beyond_it() {
    let (_disk, inbox) = inbox();
    let url = app(AppMode::Encrypted);
    let accepts = |message: &str| {
        let (query, sealed) = push(message, APP_B);
        inbox.post(&url, &query, &sealed, NOW) == ok(SUCCESS)
    };
    let elements = |count: usize| format!("<xml>{}</xml>", "<a></a>".repeat(count - 1));
    assert!(accepts(&elements(64)) && !accepts(&elements(65)));
    let levels = |count: usize| format!("<xml>{}{}</xml>", "<a>".repeat(count - 1), "</a>".repeat(count - 1));
    assert!(accepts(&levels(4)) && !accepts(&levels(5)));
    let text = |count: usize| format!("<xml><a>{}</a></xml>", "t".repeat(count));
    assert!(accepts(&text(16 * 1024)) && !accepts(&text(16 * 1024 + 1)));
    let split = |count: usize| format!("<xml><a>t<![CDATA[{}]]></a></xml>", "t".repeat(count - 1));
    assert!(accepts(&split(16 * 1024)) && !accepts(&split(16 * 1024 + 1)));

    let lists = |count: usize| format!(r#"{{"a":{}1{}}}"#, "[".repeat(count - 1), "]".repeat(count - 1));
    assert!(accepts(&lists(8)) && !accepts(&lists(9)));
    let values = |count: usize| format!(r#"{{"a":[1{}]}}"#, ",1".repeat(count - 2));
    assert!(accepts(&values(1024)) && !accepts(&values(1025)));
    let json = |count: usize| format!(r#"{{"a\"[{{":"\u0041","b":"{}"}}"#, ",".repeat(count));
    assert!(accepts(&json(16 * 1024)) && !accepts(&json(16 * 1024 + 1)));

    let (query, sealed) = push(&subscribe("oX1"), APP_B);
    let padded = |len: usize| [sealed.clone(), vec![b' '; len - sealed.len()]].concat();
    assert_eq!(inbox.post(&url, &query, &padded(64 * 1024 + 1), NOW), refused());
    assert_eq!(inbox.post(&url, &query, &padded(64 * 1024), NOW), ok(SUCCESS));
}

#[test]
fn a_url_that_cannot_be_is_an_error_of_its_own() {
    let make = |product, keys: Vec<CallbackKey>, ids: &[&str], given: &[(Opt, &str)]| {
        Receiver::new("url", product, keys, ids, options(given)).err().unwrap().to_string()
    };
    let app = Product::App(AppMode::Encrypted);
    let appid = [(Opt::Appid, APP_B)];
    assert_eq!(make(app, vec![key_b()], &[APP_B], &[]), "the option --appid is needed for this answer");
    assert!(make(Product::Suite, vec![key_b()], &[SUITE], &[]).contains("--viewer"));
    assert!(make(Product::Platform, vec![key_b()], &[SUITE], &[]).contains("--component"));
    assert!(make(Product::Corp, vec![key_b()], &[CORP], &[(Opt::Corp, "a corp")]).contains("--corp"));
    assert!(make(Product::Corp, vec![key_b()], &[CORP], &[(Opt::Viewer, "a@b")]).contains("--viewer"));
    assert!(make(app, vec![], &[APP_B], &appid).contains("one key"));
    assert!(make(app, vec![key_a(), key_b(), key_b()], &[APP_B], &appid).contains("one key"));
    assert!(make(app, vec![key_b()], &[], &appid).contains("receiveids"));
    let shown = format!("{:?}", receiver(app, APP_B, &appid));
    assert!(!shown.contains(APP_B) && !shown.contains("pamtest"), "{shown}");
}
