//! Ids and scopes: no panic; the key form is its own key form, and its parts put it together again.
#![no_main]

use idweave::{Id, KindScope};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(id) = text.parse::<Id>() {
        let again: Id = id.to_string().parse().expect("the key form parses");
        assert_eq!(again.as_str(), id.as_str());
        assert_eq!(again.spelling(), id.value(), "a key is spelt like itself");
        assert_eq!(format!("{}:{}:{}", id.kind(), id.scope(), id.value()), id.as_str());
        let space = id.kind_scope().expect("an id lies in a space");
        assert_eq!(space.as_str(), id.space());
        assert_eq!(Id::in_space(&space, id.spelling()).as_ref(), Ok(&id));
    }
    if let Ok(space) = text.parse::<KindScope>() {
        assert_eq!(space.to_string().parse(), Ok(space));
    }
});
