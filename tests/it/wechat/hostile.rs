//! What every parser withstands: error answers, wrong types, bad ids, repeated keys, size, depth, secrets.

use std::collections::BTreeSet;

use idweave::error::AnswerError;
use idweave::model::validate;
use idweave::wechat::{IngestOptions, Opt, parse, sources};
use idweave::{Error, Op};
use serde_json::Value;

use super::{APP, AT, CORP, OPEN, at, body, fixtures, line, refusal};

/// The fixtures that are JSON, as trees.
fn trees() -> Vec<(&'static str, &'static str, IngestOptions, Value)> {
    let json = fixtures().into_iter().filter(|(_, file, _)| file.ends_with(".json"));
    json.map(|(name, file, options)| (name, file, options, serde_json::from_slice(&body(file)).unwrap()))
        .collect()
}

/// A change made at every place of a tree: the path, and the changed tree.
fn changed_everywhere(tree: &Value, change: &Value) -> Vec<(String, Value)> {
    fn paths(tree: &Value, path: String, found: &mut Vec<String>) {
        match tree {
            Value::Object(fields) => {
                fields.iter().for_each(|(key, value)| paths(value, format!("{path}/{key}"), found));
            }
            Value::Array(items) => {
                items.iter().enumerate().for_each(|(i, value)| paths(value, format!("{path}/{i}"), found));
            }
            _ => {}
        }
        found.push(path);
    }
    let mut found = Vec::new();
    paths(tree, String::new(), &mut found);
    let replaced = found.into_iter().map(|path| {
        let mut tree = tree.clone();
        *tree.pointer_mut(&path).unwrap() = change.clone();
        (path, tree)
    });
    replaced.collect()
}

#[test]
fn every_source_has_a_fixture_and_says_what_it_needs() {
    let read: BTreeSet<&str> = fixtures().iter().map(|(name, ..)| *name).collect();
    let named: BTreeSet<&str> = sources().iter().map(|source| source.name).collect();
    assert_eq!(read, named);
    assert_eq!(sources().len(), named.len());
    for source in sources() {
        assert!(
            !source.doc.is_empty() && source.needed.iter().all(|option| !source.optional.contains(option))
        );
        let first = source.needed.first().map(|option| option.flag());
        if let Some(flag) = first {
            let error = parse(source.name, b"{}", &IngestOptions::new()).unwrap_err();
            assert_eq!(error.to_string(), format!("the option {flag} is needed for this answer"));
        }
    }
    assert!(matches!(
        parse("mp.nothing", b"{}", &at(&[])).unwrap_err(),
        Error::Answer(AnswerError::UnknownSource)
    ));
}

#[test]
fn every_fixture_gives_valid_facts_and_the_same_again() {
    for (name, file, options) in fixtures() {
        let first = parse(name, &body(file), &options).unwrap();
        assert_eq!(first, parse(name, &body(file), &options).unwrap(), "{file}");
        assert!(first.facts.iter().all(|fact| validate(fact).is_ok()), "{file}");
        assert!(first.records > 0, "{file}");
    }
}

#[test]
fn an_error_answer_gives_no_facts_whatever_stands_beside_it() {
    for (name, file, options, mut tree) in trees() {
        if name.starts_with("event.") {
            continue;
        }
        tree["errcode"] = 40001.into();
        assert_eq!(
            refusal(name, &tree.to_string(), &options),
            "the platform answered errcode 40001",
            "{file}"
        );
        for wrong in [Value::from("0"), Value::Null, 0.0.into(), false.into(), Value::Array(Vec::new())] {
            tree["errcode"] = wrong;
            assert_eq!(
                refusal(name, &tree.to_string(), &options),
                "the field errcode is not an integer",
                "{file}"
            );
        }
    }
}

#[test]
fn a_field_of_the_wrong_type_never_makes_a_fact() {
    for (name, file, options, tree) in trees() {
        let good: BTreeSet<String> =
            parse(name, tree.to_string().as_bytes(), &options).unwrap().facts.iter().map(line).collect();
        let changes = [
            Value::Null,
            true.into(),
            1.5.into(),
            u64::MAX.into(),
            Value::Array(Vec::new()),
            Value::Object(serde_json::Map::new()),
        ];
        for change in changes {
            for (path, tree) in changed_everywhere(&tree, &change) {
                let Ok(ingest) = parse(name, tree.to_string().as_bytes(), &options) else { continue };
                for fact in ingest.facts.iter().map(line) {
                    assert!(good.contains(&fact), "{file} {path} = {change}: {fact}");
                }
            }
        }
    }
}

#[test]
fn a_number_is_not_a_string_and_a_string_not_a_number() {
    for (name, file, options, tree) in trees() {
        // Events come as XML too, where everything is text.
        if name.starts_with("event.") {
            continue;
        }
        let good: BTreeSet<String> =
            parse(name, tree.to_string().as_bytes(), &options).unwrap().facts.iter().map(line).collect();
        for change in [Value::from(1), Value::from("1718000000")] {
            for (path, changed) in changed_everywhere(&tree, &change) {
                let old = tree.pointer(&path).unwrap();
                if old.is_number() == change.is_number()
                    || path.ends_with("time")
                    || path.ends_with("timestamp")
                    // Comes in both spellings (wechat reference 7.6).
                    || path.ends_with("countryCode")
                {
                    continue;
                }
                let Ok(ingest) = parse(name, changed.to_string().as_bytes(), &options) else { continue };
                for fact in ingest.facts.iter().map(line) {
                    assert!(good.contains(&fact), "{file} {path} = {change}: {fact}");
                }
            }
        }
    }
}

#[test]
fn a_bad_id_is_an_error_with_field_and_rule_and_never_its_value() {
    let long = "o".repeat(129);
    for bad in [
        " o7Qm2Vn5cSecret",
        "o7Qm2Vn5cSecret\t",
        "o7Qm\u{0}Secret",
        "undefined",
        "NULL",
        "-1",
        "zzzzzzzz",
        &long,
    ] {
        let mut refused = 0;
        for (name, file, options, tree) in trees() {
            for (path, changed) in changed_everywhere(&tree, &bad.into()) {
                if !tree.pointer(&path).unwrap().is_string() {
                    continue;
                }
                let errors: Vec<String> = match parse(name, changed.to_string().as_bytes(), &options) {
                    Err(error) => vec![format!("{error} {error:?}")],
                    Ok(ingest) => {
                        // A plaintext userid may be called anything that is an id at all.
                        let is_id = |fact: &idweave::Fact| fact.op.ids().iter().any(|id| id.value() == bad);
                        let staff = path.ends_with("userid") || path.ends_with("open_corpid");
                        assert!(staff || !ingest.facts.iter().any(is_id), "{file} {path} took {bad:?}");
                        ingest
                            .refused
                            .iter()
                            .map(|refusal| format!("{} {refusal:?}", refusal.error))
                            .collect()
                    }
                };
                refused += errors.iter().filter(|error| error.contains("BadId")).count();
                assert!(
                    errors.iter().all(|error| !error.contains("Secret") && !error.contains(&long)),
                    "{errors:?}"
                );
            }
        }
        assert!(refused > 30, "{bad:?} was refused {refused} times only");
    }
}

#[test]
fn a_repeated_key_makes_the_body_malformed() {
    for (name, file, options, tree) in trees() {
        let text = tree.to_string();
        // Once at the top, once at the innermost first object.
        for repeated in [
            text.replacen('{', r#"{"zz":1,"zz":2,"#, 1),
            text[..text.len() - 1].to_owned() + r#","zz":{"y":[{"x":1,"x":1}]}}"#,
            text.replacen('{', r#"{"zz":1,"z\u007a":1,"#, 1),
        ] {
            let error = refusal(name, &repeated, &options);
            assert_eq!(error, "the body is not JSON without repeated keys", "{file}");
        }
    }
}

#[test]
fn what_is_no_json_object_is_malformed() {
    for (name, _, options) in fixtures() {
        for text in [
            "[]",
            "7",
            "\"x\"",
            "null",
            "{",
            "{}x",
            "{}{}",
            "\u{feff}{}",
            "{'a':1}",
            "nul",
            "{\"a\":\"\\ud800\"}",
        ] {
            let error = parse(name, text.as_bytes(), &options).unwrap_err().to_string();
            assert!(
                error.contains("is not JSON") || error.contains("is not an object"),
                "{name} {text}: {error}"
            );
        }
        for bytes in [&b"{\"openid\":\"\xff\xfe\"}"[..], b"\x00", b"\xff"] {
            assert!(parse(name, bytes, &options).is_err(), "{name}");
        }
    }
}

#[test]
fn depth_and_size_are_bounded() {
    for (name, _, options) in fixtures() {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let deep = format!("{{\"deep\":{}1{}}}", open.repeat(200_000), close.repeat(200_000));
            assert_eq!(refusal(name, &deep, &options), "the body is not JSON", "{name}");
        }
        let huge = vec![b' '; (4 << 20) + 1];
        let error = parse(name, &huge, &options).unwrap_err();
        assert_eq!(error.to_string(), "the body is larger than 4194304", "{name}");
    }
    let many = format!(r#"{{"data":{{"openid":[{}0]}}}}"#, "0,".repeat(100_000));
    let error = refusal("mp.user_get", &many, &at(&[(Opt::Appid, APP)]));
    assert_eq!(error, "a list of the body is larger than 100000");
}

#[test]
fn scopes_come_from_the_options_and_bad_ones_are_refused() {
    let text = r#"{"openid":"oMwZmXa","unionid":"odLdHGa"}"#;
    for (appid, open_account, flag) in [
        ("", OPEN, "--appid"),
        ("a b", OPEN, "--appid"),
        ("a@b", OPEN, "--appid"),
        ("a:b", OPEN, "--appid"),
        (APP, "", "--open-account"),
        (APP, "x@y", "--open-account"),
        (APP, &"k".repeat(129), "--open-account"),
    ] {
        let options = at(&[(Opt::Appid, appid), (Opt::OpenAccount, open_account)]);
        assert!(refusal("app.login", text, &options).starts_with(&format!("the field {flag}: ")), "{appid}");
    }
    for (corp, viewer) in [("", "p"), ("c", ""), ("c@d", "p"), ("c", "p@q"), ("c", "p q")] {
        let options = at(&[(Opt::Corp, corp), (Opt::Viewer, viewer)]);
        assert!(parse("work.contact_get", b"{}", &options).is_err(), "{corp} {viewer}");
    }
    let batch =
        at(&[(Opt::Corp, CORP), (Opt::Batch, "a\nb"), (Opt::StateToken, "t-1"), (Opt::External, "wm1")]);
    assert!(refusal("work.state", "", &batch).contains("batch"));
}

#[test]
fn every_fact_but_a_retraction_carries_the_batch() {
    for (name, file, options) in fixtures() {
        let ingest = parse(name, &body(file), &options.with(Opt::Batch, "run-7")).unwrap();
        for fact in &ingest.facts {
            let labelled = fact.batch.as_deref() == Some("run-7");
            assert_eq!(labelled, !matches!(fact.op, Op::Retract(_)), "{file}");
        }
    }
}

#[test]
fn secrets_and_values_stay_out_of_debug() {
    let mut options = at(&[
        (Opt::SessionKey, "SECRET-1"),
        (Opt::Openid, "SECRET-2"),
        (Opt::StateToken, "SECRET-3"),
        (Opt::PhoneKey, "SECRET-5"),
    ]);
    options.set(Opt::Iv, "SECRET-4");
    let text = format!("{options:?}");
    assert!(
        !text.contains("SECRET") && text.contains("--session-key") && text.contains(&AT.ms().to_string())
    );
    for (name, file, options) in fixtures() {
        let text = format!("{:?}", parse(name, &body(file), &options).unwrap());
        for value in [
            "oMwZ",
            "odLd",
            "wmQT",
            "wmG1",
            "pG1j",
            "HyVF",
            "TICKET",
            "CODESECRET",
            "zhangsan",
            "81_",
            "13800138000",
        ] {
            assert!(!text.contains(value), "{file} shows {value}: {text}");
        }
    }
}
