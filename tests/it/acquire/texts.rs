//! The texts of both languages: the same keys, none missing, none unused, all filled in.

use std::collections::BTreeSet;

use idweave::wechat::acquire::{Lang, keys, needed_keys, text, ways};

/// The keys that the tool names in its sources: `ui.` and what follows.
fn keys_of_the_tool() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for file in ["acquire.rs", "acquire_text.rs", "acquire_json.rs"] {
        let source = std::fs::read_to_string(
            std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/bin/idweave").join(file),
        )
        .unwrap();
        for literal in source.split('"').skip(1).step_by(2) {
            if literal.starts_with("ui.") {
                found.insert(literal.to_owned());
            }
        }
    }
    found
}

#[test]
fn both_languages_have_the_same_keys_in_the_same_order() {
    assert_eq!(keys(Lang::En), keys(Lang::Zh));
    let distinct: BTreeSet<&str> = keys(Lang::En).into_iter().collect();
    assert_eq!(distinct.len(), keys(Lang::En).len(), "a key stands twice");
}

#[test]
fn every_key_that_is_needed_is_there_and_no_other() {
    let mut needed: BTreeSet<String> = needed_keys().into_iter().collect();
    needed.extend(keys_of_the_tool());
    let written: BTreeSet<String> = keys(Lang::En).into_iter().map(str::to_owned).collect();
    let missing: Vec<_> = needed.difference(&written).collect();
    let unused: Vec<_> = written.difference(&needed).collect();
    assert!(missing.is_empty(), "no text: {missing:?}");
    assert!(unused.is_empty(), "nobody shows: {unused:?}");
}

#[test]
fn the_languages_are_what_they_say_and_fill_in_the_same_names() {
    let places = |text: &str| -> BTreeSet<String> {
        text.split('{')
            .skip(1)
            .filter_map(|rest| rest.split_once('}'))
            .map(|(name, _)| name.to_owned())
            .collect()
    };
    for key in keys(Lang::En) {
        let (en, zh) = (text(Lang::En, key).unwrap(), text(Lang::Zh, key).unwrap());
        assert!(en.is_ascii() && !en.is_empty(), "{key}: {en}");
        let is_han = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
        assert!(zh.chars().any(is_han) || zh.starts_with('{'), "{key}: {zh}");
        assert_eq!(places(en), places(zh), "{key}");
    }
}

#[test]
fn every_way_has_its_title_and_its_pitfalls_in_both_languages() {
    for lang in [Lang::En, Lang::Zh] {
        for way in ways() {
            assert!(!way.title(lang).is_empty(), "{}", way.name);
            assert_eq!(way.pitfalls(lang).len(), way.pitfalls, "{}", way.name);
        }
    }
}
