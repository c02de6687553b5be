//! NDJSON: golden lines, canonical forms, every kind of bad line, round trips.

use std::collections::BTreeSet;

use proptest::prelude::{TestCaseError, prop, prop_assert, prop_assert_eq, proptest};

use crate::codec::arbitrary_fact::fact;
use crate::codec::ndjson::{LINE_LEN_MAX, parse, print, write_to};
use crate::error::{Error, FactRule, IdRule, ParseRule};
use crate::model::{Fact, Op, Placeholders};

const GOLDEN: &str = include_str!("../../../testdata/format_v1/facts.ndjson");

fn read(line: &str) -> Result<Fact, Error> {
    parse(line, 1, &Placeholders::default())
}

/// Parses `line` without its `§`, which marks where the error must be, and returns the rule.
#[track_caller]
fn rule_of(line: &str) -> ParseRule {
    let column = line.find('§').expect("a mark in the line") + 1;
    match parse(&line.replacen('§', "", 1), 7, &Placeholders::default()) {
        Err(Error::Parse { line: 7, column: found, rule }) => {
            assert_eq!(found, column as u64, "the column of {rule:?} in {line}");
            rule
        }
        other => panic!("{line} gave {other:?}"),
    }
}

fn wrong(field: &str, expected: &'static str) -> ParseRule {
    ParseRule::WrongType { field: field.to_owned(), expected }
}

fn bad_id(field: &str, rule: IdRule) -> ParseRule {
    ParseRule::Id { field: field.to_owned(), rule }
}

#[test]
fn golden_lines_print_back_byte_for_byte_and_cover_every_operation() {
    let mut ops = BTreeSet::new();
    let mut all = String::new();
    for line in GOLDEN.lines() {
        let fact = read(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        ops.insert(fact.op.name());
        write_to(&fact, &mut all);
        all.push('\n');
    }
    assert_eq!(all, GOLDEN);
    assert_eq!(ops.len(), 21, "{ops:?}");
}

#[test]
fn other_spellings_of_a_fact_print_canonically() {
    for (line, canonical) in [
        (
            " { \"at\" : \"2024-05-01T08:00:00+08:00\" , \"b\":\"unionid:acme:u1\",\"op\":\"unban\",\
             \"actor\":\"al\\u0069ce\",\"a\":\"unionid:acme:\\u4f1a\" } \r\n",
            r#"{"op":"unban","a":"unionid:acme:会","b":"unionid:acme:u1","actor":"alice","at":1714521600000}"#,
        ),
        (
            r#"{"op":"erase","id":"userid:WW0123456789ABCDEF:ZhangSan","reach":"id","reason":"","at":1,"sticky":false}"#,
            r#"{"op":"erase","id":"userid:ww0123456789abcdef:zhangsan","reach":"id","reason":"","at":1}"#,
        ),
        (
            r#"{"op":"corp","key":"WW0123456789ABCDEF","aliases":[],"bound_appid":"WX0123456789ABCDEF","at":1}"#,
            r#"{"op":"corp","key":"ww0123456789abcdef","bound_appid":"wx0123456789abcdef","at":1}"#,
        ),
        (
            r#"{"op":"rules","set":{"max_ids":2,"hub_limit":1},"at":"1970-01-01T00:00:00.001Z"}"#,
            r#"{"op":"rules","set":{"hub_limit":1,"max_ids":2},"at":1}"#,
        ),
        (
            r#"{"op":"relate","kind":"works_in","from":"userid:c:a","to":"department:c:1","source":"s","attrs":{},"at":-0}"#,
            r#"{"op":"relate","kind":"works_in","from":"userid:c:a","to":"department:c:1","source":"s","at":0}"#,
        ),
    ] {
        assert_eq!(print(&read(line).unwrap()), canonical);
        assert_eq!(print(&read(canonical).unwrap()), canonical);
    }
}

#[test]
fn a_userid_keeps_its_spelling_beside_its_key() {
    let fact = read(r#"{"op":"unrestrict","id":"userid:corp:ZhangSan","at":1}"#).unwrap();
    let Op::Unrestrict { id } = &fact.op else { panic!("{fact:?}") };
    assert_eq!((id.value(), id.spelling()), ("zhangsan", "ZhangSan"));
}

#[test]
fn null_absent_and_given_bindings_are_three_things() {
    for (given, bound) in [("", None), (r#","bound_appid":null"#, Some(None))] {
        let fact = read(&format!(r#"{{"op":"corp","key":"c"{given},"at":1}}"#)).unwrap();
        let Op::Corp { bound_appid, kf_bound_appid, from, .. } = fact.op else { panic!() };
        assert_eq!((bound_appid, kf_bound_appid, from), (bound, None, None));
    }
    assert_eq!(
        rule_of(r#"§{"op":"app","appid":"a","from":1,"at":1}"#),
        ParseRule::MissingField("open_account")
    );
}

#[test]
fn what_is_no_json_object_is_refused_where_it_breaks() {
    // Within the JSON, the column is serde_json's: of the last byte it looked at.
    for (line, what) in [
        ("§", "expected `{`"),
        ("  §", "expected `{`"),
        ("§[]", "expected `{`"),
        ("§\"openid:wx:secret\"", "expected `{`"),
        ("§null", "expected `{`"),
        ("§\u{feff}{}", "expected `{`"),
        ("{\"op\":\"mark\"}§x", "trailing characters"),
        ("{\"op\":\"mark§\"", "EOF while parsing an object"),
        ("{\"o§p", "EOF while parsing a string"),
        ("{\"op\" §1}", "expected `:`"),
        ("{\"op\":tru§}", "expected ident"),
        ("{\"a\":1,§}", "trailing comma"),
        ("{§a:1}", "key must be a string"),
        ("{\"a\":0§1}", "invalid number"),
        ("{\"a\":\"\\§q\"}", "invalid escape"),
        ("{\"op\":\"mark\",§\n\"at\":1}", "a fact is one line"),
    ] {
        assert_eq!(rule_of(line), ParseRule::Json(what.to_owned()), "{line}");
    }
}

#[test]
fn bad_escapes_inside_values_are_refused_where_they_stand() {
    let rule = rule_of("{\"op\":\"mark\",\"key\":\"ab\\ud800§\",\"value\":\"\",\"at\":1}");
    assert!(matches!(rule, ParseRule::Json(_)), "{rule:?}");
    let rule = rule_of("{\"op\":\"mark\",\"a\\udc0§0\":\"\"}");
    assert!(matches!(rule, ParseRule::Json(_)), "{rule:?}");
}

#[test]
fn operations_and_field_names_are_checked_first() {
    let unknown = |name: &str| ParseRule::UnknownField(name.to_owned());
    let twice = |name: &str| ParseRule::DuplicateKey(name.to_owned());
    for (line, rule) in [
        (r#"§{"at":1}"#, ParseRule::MissingField("op")),
        (r#"{"op":§7,"at":1}"#, wrong("op", "a string")),
        (r#"{"op":§"merge","at":1}"#, ParseRule::UnknownOp),
        (r#"{"op":"mark","key":"k","value":"v","at":1,§"extra":1}"#, unknown("extra")),
        (r#"{"op":"mark","key":"k","value":"v","at":1,§"openid:wx1:oSecret":1}"#, unknown("(not shown)")),
        (r#"{"op":"unblock","id":"unionid:a:b","actor":"x",§"reason":"r","at":1}"#, unknown("reason")),
        (r#"{"op":"mark","key":"k","value":"v","at":1,§"at":1}"#, twice("at")),
        (r#"{"op":"mark",§"op":"mark","key":"k","value":"v","at":1}"#, twice("op")),
        (r#"{"op":"mark","key":"k",§"\u006bey":"v","at":1}"#, twice("key")),
        (r#"§{"op":"mark","key":"k","value":"v"}"#, ParseRule::MissingField("at")),
        (r#"§{"op":"mark","key":"k","at":1}"#, ParseRule::MissingField("value")),
        (r#"{"op":"rules","set":{"hub_limit":1,"max_ids":5,§"hub_limit":1},"at":1}"#, twice("hub_limit")),
        (
            r#"{"op":"relate","kind":"works_in","from":"userid:c:a","to":"department:c:1","source":"s","at":1,"attrs":{"张三":"x",§"张三":"y"}}"#,
            twice("(not shown)"),
        ),
    ] {
        assert_eq!(rule_of(line), rule, "{line}");
    }
}

#[test]
fn values_of_the_wrong_type_or_form_are_refused() {
    const STRINGS: &str = "an object of strings";
    const RULES: &str = "an object whose values are whole numbers, strings or lists of strings";
    const STRENGTH: &str = "asserted, platform, business, provisional or hint";
    let link = |rest: &str| {
        format!(r#"{{"op":"link","a":"unionid:a:b","b":"unionid:a:c","source":"s","at":1,{rest}}}"#)
    };
    let relate = |attrs: &str| {
        format!(
            r#"{{"op":"relate","kind":"works_in","from":"userid:c:a","to":"department:c:1","source":"s","at":1,"attrs":{attrs}}}"#
        )
    };
    let corp = |rest: &str| format!(r#"{{"op":"corp","key":"c","at":1,{rest}}}"#);
    let rules = |set: &str| format!(r#"{{"op":"rules","set":{set},"at":1}}"#);
    let erase = |rest: &str| format!(r#"{{"op":"erase","id":"unionid:a:b","reason":"r","at":1,{rest}}}"#);
    for (line, rule) in [
        (link(r#""strength":§"confirmed""#), wrong("strength", STRENGTH)),
        (link(r#""strength":§"Hint""#), wrong("strength", STRENGTH)),
        (link(r#""strength":§null"#), wrong("strength", "a string")),
        (link(r#""event":§5"#), wrong("event", "a string")),
        (link(r#""batch":§["b"]"#), wrong("batch", "a string")),
        (relate(r#"§["a"]"#), wrong("attrs", STRINGS)),
        (relate("§null"), wrong("attrs", STRINGS)),
        (relate(r#"{"add_way":§1}"#), wrong("attrs", STRINGS)),
        (relate(r#"{"add_way":§{"a":[[[[1]]]]}}"#), wrong("attrs", STRINGS)),
        (rules("§7"), wrong("set", RULES)),
        (rules(r#"{"hub_limit":§-1}"#), wrong("set", RULES)),
        (rules(r#"{"hub_limit":§1.0}"#), wrong("set", RULES)),
        (rules(r#"{"hub_limit":§1e3}"#), wrong("set", RULES)),
        (rules(r#"{"hub_limit":§18446744073709551616}"#), wrong("set", RULES)),
        (rules(r#"{"hub_limit":§true}"#), wrong("set", RULES)),
        (rules(r#"{"person_sources":["a",§1]}"#), wrong("set", RULES)),
        (corp(r#""aliases":§"x""#), wrong("aliases", "a list of strings")),
        (corp(r#""aliases":["x",§null]"#), wrong("aliases", "a list of strings")),
        (corp(r#""bound_appid":§false"#), wrong("bound_appid", "a string")),
        (corp(r#""subject":§null"#), wrong("subject", "a string")),
        (erase(r#""reach":§"all""#), wrong("reach", "\"id\" or \"entity\"")),
        (erase(r#""reach":"id","sticky":§1"#), wrong("sticky", "true or false")),
        (erase(r#""reach":"id","sticky":§"true""#), wrong("sticky", "true or false")),
        (
            r#"{"op":"kind","name":"custom.x","per_scope":§"two","at":1}"#.to_owned(),
            wrong("per_scope", "\"one\" or \"many\""),
        ),
    ] {
        assert_eq!(rule_of(&line), rule, "{line}");
    }
}

#[test]
fn times_are_whole_milliseconds_with_an_offset() {
    for value in [
        "1.0",
        "1e3",
        "1714521600000.5",
        "9223372036854775808",
        "null",
        "true",
        "\"1714521600000\"",
        "\"2024-05-01\"",
        "\"2024-05-01T00:00:00\"",
        "\"2024-05-01T00:00:00.1234Z\"",
        "\"2024-05-01T00:00:60Z\"",
    ] {
        let line = format!(r#"{{"op":"mark","key":"k","value":"v","at":§{value}}}"#);
        let rule = rule_of(&line);
        assert!(matches!(&rule, ParseRule::WrongType { field, .. } if field == "at"), "{line}: {rule:?}");
    }
}

#[test]
fn bad_ids_scopes_and_keys_are_refused_by_their_rule() {
    let unban = |a: &str| format!(r#"{{"op":"unban","a":§"{a}","b":"unionid:a:b","actor":"x","at":1}}"#);
    for (line, rule) in [
        (unban("unionid"), bad_id("a", IdRule::Shape)),
        (unban("weixin:a:b"), bad_id("a", IdRule::UnknownKind)),
        (unban("tmp_openid:a:b"), bad_id("a", IdRule::TemporaryKind)),
        (unban("unionid::b"), bad_id("a", IdRule::ScopeMissing)),
        (unban("unionid:a b:c"), bad_id("a", IdRule::ScopeCharacter)),
        (unban("unionid:a: b"), bad_id("a", IdRule::ValueWhiteSpace)),
        (unban("unionid:a:b\\u0007"), bad_id("a", IdRule::ValueControl)),
        (unban("unionid:a:NULL"), bad_id("a", IdRule::Placeholder)),
        (unban("phone:k:13800138000"), bad_id("a", IdRule::PhoneNotHashed)),
        (
            r#"{"op":"absent","id":"unionid:a:b","target":§"unionid","source":"s","at":1}"#.to_owned(),
            bad_id("target", IdRule::Shape),
        ),
        (r#"{"op":"provider","key":§"","at":1}"#.to_owned(), bad_id("key", IdRule::ScopeMissing)),
        (
            r#"{"op":"corp","key":"c","aliases":["d",§"e@f"],"at":1}"#.to_owned(),
            bad_id("aliases", IdRule::ScopeForm),
        ),
        (
            r#"{"op":"corp","key":"c","bound_appid":§"会","at":1}"#.to_owned(),
            bad_id("bound_appid", IdRule::ScopeCharacter),
        ),
    ] {
        assert_eq!(rule_of(&line), rule, "{line}");
    }
    let words = Placeholders::none();
    assert!(parse(&unban("unionid:a:NULL").replacen('§', "", 1), 1, &words).is_ok());
}

#[test]
fn selectors_come_in_four_combinations_only() {
    for fields in [
        r#""source":"s""#,
        r#""to":1"#,
        r#""event":"e""#,
        r#""a":"unionid:a:b""#,
        r#""b":"unionid:a:b","source":"s""#,
        r#""a":"unionid:a:b","b":"unionid:a:c","event":"e","source":"s""#,
        r#""a":"unionid:a:b","b":"unionid:a:c","batch":"x""#,
        r#""a":"unionid:a:b","b":"unionid:a:c","to":1"#,
        r#""source":"s","event":"e","to":1"#,
        r#""source":"s","event":"e","scope":"unionid:a""#,
        r#""source":"s","from":1"#,
        r#""source":"s","scope":"unionid:a""#,
        r#""source":"s","to":1,"batch":"x""#,
        r#""batch":"x","event":"e","source":"s""#,
    ] {
        for op in ["retract", "unretract"] {
            let rule = rule_of(&format!(r#"§{{"op":"{op}",{fields},"at":1}}"#));
            assert_eq!(rule, ParseRule::Fact(FactRule::Selector), "{fields}");
        }
    }
    assert_eq!(rule_of(r#"§{"op":"retract","at":1}"#), ParseRule::Fact(FactRule::Selector));
}

#[test]
fn facts_that_break_a_rule_of_the_model_are_refused_as_a_whole() {
    for (line, rule) in [
        (r#" §{"op":"link","a":"unionid:a:b","b":"unionid:a:b","source":"s","at":1}"#, FactRule::SelfLink),
        (
            r#"§{"op":"ban","a":"unionid:a:b","b":"corpid::c","reason":"","actor":"x","at":1}"#,
            FactRule::ClassMismatch,
        ),
        (r#"§{"op":"mark","key":"","value":"v","at":1}"#, FactRule::Name("key")),
        (r#"§{"op":"retract","source":"s","from":2,"to":1,"at":3}"#, FactRule::Interval),
        (r#"§{"op":"rules","set":{"hub_limits":1},"at":3}"#, FactRule::Rule("hub_limits".to_owned())),
        (r#"§{"op":"rules","set":{"person_sources":["a\tb"]},"at":3}"#, FactRule::Name("rule value")),
        (
            r#"{"op":"unrelate","kind":§"likes","from":"unionid:a:b","to":"unionid:a:c","source":"s","at":1}"#,
            FactRule::Relation("no such kind of relation"),
        ),
    ] {
        assert_eq!(rule_of(line), ParseRule::Fact(rule), "{line}");
    }
}

#[test]
fn a_line_has_a_longest_length() {
    let line = format!("{{{}}}", " ".repeat(LINE_LEN_MAX));
    let Err(Error::Parse { column, rule, .. }) = read(&line) else { panic!() };
    assert_eq!((column, rule), (LINE_LEN_MAX as u64 + 1, ParseRule::TooLong(LINE_LEN_MAX)));
}

#[test]
fn the_longest_valid_facts_fit_a_line() {
    let long = |count: usize| -> String {
        let words: Vec<String> = (0..count).map(|n| format!(r#""{n}{}":"v""#, "\\\\".repeat(246))).collect();
        format!("{{{}}}", words.join(","))
    };
    let relate = |attrs: &str| {
        format!(
            r#"{{"op":"relate","kind":"works_in","from":"userid:c:a","to":"department:c:1","source":"s","at":1,"attrs":{attrs}}}"#
        )
    };
    let fact = read(&relate(&long(1024))).unwrap();
    assert_eq!(read(&print(&fact)).unwrap(), fact);
    assert!(matches!(
        read(&relate(&long(1024).replace(":\"v\"", &format!(":\"{}\"", "v".repeat(20))))),
        Err(Error::Parse { rule: ParseRule::Fact(FactRule::Other(_)), .. })
    ));
}

#[test]
fn deep_nesting_neither_overflows_nor_passes() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let deep = format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
        let whole = format!("{{\"op\":{deep}}}");
        assert!(read(&whole).is_err());
        let inner = format!(r#"{{"op":"rules","set":{{"hub_limit":{deep}}},"at":1}}"#);
        assert!(read(&inner).is_err());
        assert!(read(&inner[..inner.len() - 50_000]).is_err());
    }
}

#[test]
fn messages_never_quote_values() {
    for line in [
        r#"{"op":"SECRET","at":1}"#,
        r#"{"op":"unrestrict","id":"SECRET","at":1}"#,
        r#"{"op":"unrestrict","id":"unionid:a:b","at":"SECRET"}"#,
        r#"{"op":"unrestrict","id":["SECRET"],"at":1}"#,
        r#"{"op":"unrestrict","id":"unionid:a:b","at":1,"SECRET":2}"#,
        r#"{"op":"rules","set":{"openid:wx1:SECRET":1},"at":1}"#,
        r#""SECRET""#,
        r#"{"SECRET"#,
        r#"{"op":"absent","id":"unionid:a:b","target":"SECRET","source":"s","at":1}"#,
    ] {
        let error = read(line).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("SECRET"), "{error:?}");
    }
}

proptest! {
    #[test]
    fn every_fact_survives_its_line(fact in fact()) {
        let line = print(&fact);
        let again = read(&line).map_err(|e| TestCaseError::fail(format!("{e}: {line}")))?;
        prop_assert_eq!(print(&again), line);
        prop_assert!(again == fact);
    }

    #[test]
    fn damaged_lines_never_panic(fact in fact(), cut: prop::sample::Index, byte: u8) {
        let mut bytes = print(&fact).into_bytes();
        let place = cut.index(bytes.len());
        bytes[place] = byte;
        if let Ok(line) = std::str::from_utf8(&bytes) && let Ok(fact) = read(line) {
            let canonical = print(&fact);
            prop_assert_eq!(print(&read(&canonical).unwrap()), canonical);
        }
        bytes.truncate(place);
        if let Ok(line) = std::str::from_utf8(&bytes) {
            prop_assert!(read(line).is_err());
        }
    }
}
