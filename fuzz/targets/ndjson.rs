//! Lines: no panic; what parses prints canonically, and the canonical line parses to the same fact.
#![no_main]

use idweave::model::Placeholders;
use idweave::ndjson::{parse, print};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|line: &str| {
    let placeholders = Placeholders::default();
    if let Ok(fact) = parse(line, 1, &placeholders) {
        let canonical = print(&fact);
        let again = parse(&canonical, 1, &placeholders).expect("the canonical line parses");
        assert!(again == fact, "the canonical line says the same");
        assert_eq!(print(&again), canonical, "the canonical line prints back");
    }
});
