//! Any bytes as the body of any answer or event: never a panic, and every fact keeps the rules of the format.
#![no_main]

use idweave::Time;
use idweave::model::validate;
use idweave::wechat::{IngestOptions, Opt, parse, sources};
use libfuzzer_sys::fuzz_target;

/// A value for every option, so that every parser gets as far as its body lets it.
const GIVEN: [(Opt, &str); 15] = [
    (Opt::Batch, "run-7"),
    (Opt::Appid, "wx4f4bc4dec97d474b"),
    (Opt::OpenAccount, "wx9f00aa11bb22cc33"),
    (Opt::FromAppid, "wx13974bf780d3dc89"),
    (Opt::FromOpenAccount, "wx5555555555555555"),
    (Opt::Corp, "ww1234567890abcdef"),
    (Opt::Provider, "ww00000000feedbeef"),
    (Opt::Openid, "oEybTlWjnsVDpi4qUfqqrkqNu_hY"),
    (Opt::Opengid, "GaZk4GtB7nYw1Rc6mLs9pXe2vJd5"),
    (Opt::Unionid, "odLdHGlKAxzT7l56QMqSruVPDlSM"),
    (Opt::StateToken, "tok-7Qm2Vn5c"),
    (Opt::Flow, "login-81"),
    (Opt::External, "wmQTOWDwAA28iecsHZY1RVUTNIhXJL4g"),
    (Opt::FromView, "ww1234567890abcdef"),
    (Opt::ToView, "ww1234567890abcdef@ww00000000feedbeef"),
];

fuzz_target!(|data: &[u8]| {
    // The first byte picks the parser, the second what the options leave open; the rest is the body.
    let [which, mode, body @ ..] = data else { return };
    let table = sources();
    let source = &table[usize::from(*which) % table.len()];
    let mut options = IngestOptions::new();
    for (option, value) in GIVEN {
        options.set(option, value);
    }
    if mode & 1 == 0 {
        options.set_at(Time::from_seconds(1_718_000_000));
    }
    if mode & 2 == 0 {
        options.set(Opt::Viewer, "ww00000000feedbeef");
    }
    if source.needed.contains(&Opt::Userid) {
        options.set(Opt::Userid, "zhangsan");
    }
    let Ok(ingest) = parse(source.name, body, &options) else { return };
    for fact in &ingest.facts {
        assert!(validate(fact).is_ok(), "every fact keeps the rules of the format");
    }
    assert!(ingest.refused.len() <= ingest.records);
});
