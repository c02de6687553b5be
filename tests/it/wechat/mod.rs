//! Bodies of the documented shapes in, exact facts out; hostile bodies in, typed errors out.

/// Official accounts, web logins and mini programs.
mod apps;
/// Events of both platforms.
mod events;
/// What every parser must withstand.
mod hostile;
/// Thousands of changed bodies.
mod mutation;
/// Userids that are given out again.
mod reused;
/// Phones, shops, customer service, third-party platforms.
mod shops;
/// The official vectors of both encryptions.
mod vectors;
/// WeCom customers, groups, logins.
mod work;
/// WeCom conversions.
mod work_convert;

use idweave::model::{Reach, Selector};
use idweave::wechat::{self, Ingest, IngestOptions, Opt};
use idweave::{Error, Fact, Op, Time};

/// The time of observation in these tests: 2024-06-11, later than every time in the bodies.
pub(super) const AT: Time = Time::from_ms(1_718_100_500_123);

pub(super) const APP: &str = "wx13974bf780d3dc89";
pub(super) const MINI: &str = "wx4f4bc4dec97d474b";
pub(super) const OPEN: &str = "wx9f00aa11bb22cc33";
pub(super) const CORP: &str = "ww1234567890abcdef";
pub(super) const COMPONENT: &str = "wx5e5eaa11bb22cc33";
pub(super) const PROVIDER: &str = "ww00000000feedbeef";

pub(super) const OPENID: &str = "oMwZmXj8OWfx0iSA_3TnoX74_AGw";
pub(super) const OPENID_2: &str = "oMwZmXlVeTSfm3i0YkLY3YDb0fwI";
pub(super) const UNIONID: &str = "odLdHGlKAxzT7l56QMqSruVPDlSM";
pub(super) const EXTERNAL: &str = "wmQTOWDwAA28iecsHZY1RVUTNIhXJL4g";
pub(super) const EXTERNAL_NEW: &str = "wmG1jkDwAA6h12XX3FpiA1JUkGsylm9Q";
pub(super) const CHAT: &str = "wrQTOWDwAAipxmRpV-mSg1iBSpDEEPBg";
pub(super) const PENDING: &str = "pG1jkDwAAexample0x7Qm2Vn5cRk8";

/// The bytes 0 to 31.
pub(super) const PHONE_KEY: &str = "crm-2026:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

pub(super) fn body(file: &str) -> Vec<u8> {
    let path = format!("{}/testdata/bodies/{file}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Options observed at [`AT`].
pub(super) fn at(given: &[(Opt, &str)]) -> IngestOptions {
    given.iter().fold(IngestOptions::at(AT), |options, (option, value)| options.with(*option, value))
}

/// Options without a time.
pub(super) fn timeless(given: &[(Opt, &str)]) -> IngestOptions {
    given.iter().fold(IngestOptions::new(), |options, (option, value)| options.with(*option, value))
}

pub(super) fn read(name: &str, file: &str, options: &IngestOptions) -> Ingest {
    wechat::parse(name, &body(file), options).unwrap_or_else(|error| panic!("{file}: {error}"))
}

pub(super) fn read_text(name: &str, text: &str, options: &IngestOptions) -> Result<Ingest, Error> {
    wechat::parse(name, text.as_bytes(), options)
}

/// The message of the error a body must give.
pub(super) fn refusal(name: &str, text: &str, options: &IngestOptions) -> String {
    match read_text(name, text, options) {
        Err(error) => error.to_string(),
        Ok(ingest) => panic!("{name} took {text}: {:?}", lines(&ingest)),
    }
}

/// The refused records, one a line.
pub(super) fn refused(ingest: &Ingest) -> Vec<String> {
    ingest.refused.iter().map(|refusal| format!("{}: {}", refusal.place, refusal.error)).collect()
}

/// The facts in a form a reader can check, values and all.
pub(super) fn lines(ingest: &Ingest) -> Vec<String> {
    ingest.facts.iter().map(line).collect()
}

pub(super) fn line(fact: &Fact) -> String {
    let extra = |name: &str, value: Option<&str>| value.map_or(String::new(), |v| format!(" {name}={v}"));
    let text = match &fact.op {
        Op::Link { a, b, source, strength, event, expires_at } => {
            let strength = strength.map(|s| s.name());
            let expires_at = expires_at.map(|t| t.to_string());
            format!(
                "link {a} {b} source={source}{}{}{}",
                extra("strength", strength),
                extra("event", event.as_deref()),
                extra("expires_at", expires_at.as_deref())
            )
        }
        Op::Supersede { old, new, source, strength, event } => format!(
            "supersede {old} {new} source={source}{}{}",
            extra("strength", strength.map(|s| s.name())),
            extra("event", event.as_deref())
        ),
        Op::Retract(Selector::Pair { a, b, source }) => {
            format!("retract {a} {b}{}", extra("source", source.as_deref()))
        }
        Op::Relate { kind, from, to, source, attrs } => {
            format!("relate {kind} {from} {to} source={source} {attrs:?}")
        }
        Op::Unrelate { kind, from, to, source } => format!("unrelate {kind} {from} {to} source={source}"),
        Op::Absent { id, target, source } => format!("absent {id} {target} source={source}"),
        Op::Erase { id, reach, reason, sticky } => {
            format!("erase {id} entity={} reason={reason} sticky={sticky}", *reach == Reach::Entity)
        }
        other => format!("unexpected {}", other.name()),
    };
    format!("{text} at={}{}", fact.at, extra("batch", fact.batch.as_deref()))
}

/// Every fixture with the options that read it: what the sweeps run over.
pub(super) fn fixtures() -> Vec<(&'static str, &'static str, IngestOptions)> {
    let app = [(Opt::Appid, APP), (Opt::OpenAccount, OPEN)];
    let mini =
        [(Opt::Appid, MINI), (Opt::OpenAccount, OPEN), (Opt::Openid, OPENID), (Opt::Opengid, "Gx7Qm2Vn5c")];
    let own =
        [(Opt::Corp, CORP), (Opt::OpenAccount, OPEN), (Opt::Unionid, UNIONID), (Opt::Userid, "zhangsan")];
    let seen = [(Opt::Corp, CORP), (Opt::Viewer, PROVIDER), (Opt::Provider, PROVIDER)];
    let pair =
        [(Opt::Corp, CORP), (Opt::Viewer, PROVIDER), (Opt::External, "wmOQpTDwAAkOscTrtUlSli0YLU2jcpUg")];
    let chat = [(Opt::Corp, CORP), (Opt::Appid, MINI), (Opt::Opengid, "Gx7Qm2Vn5c")];
    let cloud = [(Opt::OpenAccount, OPEN), (Opt::FromOpenAccount, "wx5555555555555555")];
    let phone = [(Opt::Appid, MINI), (Opt::Openid, OPENID), (Opt::PhoneKey, PHONE_KEY)];
    let platform = [(Opt::Component, COMPONENT)];
    let migrated = [(Opt::FromAppid, APP), (Opt::Appid, MINI)];
    let pay = [(Opt::Corp, CORP), (Opt::External, EXTERNAL), (Opt::StateToken, "tok-7Qm2Vn5c")];
    vec![
        ("mp.user_info", "mp.user_info.json", at(&app)),
        ("mp.user_info", "mp.user_info.not_following.json", at(&app)),
        ("mp.user_batchget", "mp.user_batchget.json", at(&app)),
        ("mp.user_get", "mp.user_get.json", at(&app)),
        ("mp.web_oauth", "mp.web_oauth.json", at(&app)),
        ("mp.web_oauth", "mp.web_oauth.snapshot.json", at(&app)),
        ("app.login", "app.login.json", at(&app)),
        ("mp.changeopenid", "mp.changeopenid.json", at(&migrated)),
        ("mini.code2session", "mini.code2session.json", at(&mini)),
        ("mini.paid_unionid", "mini.paid_unionid.json", at(&mini)),
        ("mini.cloud_context", "mini.cloud_context.json", at(&cloud)),
        ("mini.open_data", "mini.open_data.json", at(&mini)),
        ("mini.open_data", "mini.open_data.group.json", at(&mini)),
        ("mini.phone", "mini.phone.json", at(&phone)),
        ("mini.phone", "mini.phone.decrypted.json", at(&phone)),
        ("work.contact_get", "work.contact_get.json", at(&own)),
        ("work.contact_batch", "work.contact_batch.json", at(&own)),
        ("work.contact_list", "work.contact_list.json", at(&own)),
        ("work.group_get", "work.group_get.json", at(&own)),
        ("work.unionid_to_external", "work.unionid_to_external.json", at(&own)),
        ("work.unionid_to_external", "work.unionid_to_external.pending.json", at(&own)),
        ("work.external_to_pending", "work.external_to_pending.json", at(&seen)),
        ("work.new_external", "work.new_external.json", at(&seen)),
        ("work.to_service_external", "work.to_service_external.json", at(&pair)),
        ("work.from_service_external", "work.from_service_external.json", at(&pair)),
        ("work.userid_convert", "work.userid_convert.json", at(&seen)),
        ("work.userid_convert", "work.userid_convert.back.json", at(&seen)),
        ("work.corpid_convert", "work.corpid_convert.json", at(&seen)),
        ("work.opengid_to_chat", "work.opengid_to_chat.json", at(&chat)),
        ("work.chatid_convert", "work.chatid_convert.json", at(&own)),
        ("work.login", "work.login.json", at(&own)),
        ("work.pay_openid", "work.pay_openid.json", at(&pay)),
        ("work.kf_customers", "work.kf_customers.json", at(&own)),
        ("work.state", "work.contact_list.json", at(&pay)),
        ("shop.order", "shop.order.json", at(&app)),
        ("event.mp", "event.mp.xml", at(&app)),
        ("event.mp", "event.mp.unsubscribe.json", at(&app)),
        ("event.mp", "event.mp.cancellation.json", at(&app)),
        ("event.mp", "event.mp.revoke_phone.json", at(&app)),
        ("event.work", "event.work.xml", at(&own)),
        ("event.work", "event.work.chat.xml", at(&own)),
        ("event.work", "event.work.rename.xml", at(&own)),
        ("event.work", "event.work.provider.xml", at(&seen)),
        ("event.open", "event.open.xml", at(&platform)),
        ("event.open", "event.open.unauthorized.json", at(&platform)),
    ]
}
