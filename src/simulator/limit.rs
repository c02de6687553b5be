//! How often calls may be made (wechat reference 20). A call beyond a limit is refused, and remembered as a violation.

use std::collections::BTreeMap;

use crate::simulator::call::{Call, Caller, Errcode};
use crate::simulator::world::World;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 86_400_000;
const MONTH_MS: i64 = 30 * DAY_MS;
/// Days begin so much before those of UTC.
const CHINA_MS: i64 = 8 * HOUR_MS;

/// A call that a limit refused.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Violation {
    /// The call.
    pub path: &'static str,
    /// How long the window of the limit is, in milliseconds; 0 = calls at one time.
    pub window_ms: i64,
    /// What it allows.
    pub calls_max: u64,
}

/// One limit: of a path, of somebody, in windows of a length, and what it allows.
type Limit = (&'static str, String, i64, u64);

#[derive(Default)]
pub(super) struct Limits {
    /// Calls in the window of this number.
    counted: BTreeMap<(Limit, i64), u64>,
    /// Until when a limit refuses calls.
    blocked: BTreeMap<Limit, i64>,
    pub(super) violations: Vec<Violation>,
}

/// What is counted: a call, and whose it is.
pub(super) struct Counted {
    pub(super) host: &'static str,
    pub(super) path: &'static str,
    /// Whose base quota it is of: a corp's, whichever of its apps calls; an app's elsewhere.
    pub(super) subject: String,
    /// Whose business quota it is of: that of a lookup of visitors may be the provider's.
    pub(super) business: String,
    /// A mass-call ticket lifts the business quota.
    pub(super) has_ticket: bool,
    pub(super) list_calls_max: u64,
}

/// What a call's business quota allows, if it has one.
fn business(path: &str) -> &'static [(i64, u64)] {
    match path {
        "/cgi-bin/idconvert/unionid_to_external_userid" | "/cgi-bin/corpgroup/unionid_to_pending_id" => {
            &[(HOUR_MS, 100_000), (DAY_MS, 480_000), (MONTH_MS, 7_500_000)]
        }
        "/cgi-bin/corpgroup/unionid_to_external_userid" => &[(HOUR_MS, 20_000), (DAY_MS, 240_000)],
        "/cgi-bin/service/externalcontact/unionid_to_external_userid_3rd" => {
            &[(HOUR_MS, 50_000), (DAY_MS, 240_000)]
        }
        _ => &[],
    }
}

impl Counted {
    /// The windows of the call, whose they are, and what they allow.
    fn windows(&self) -> Vec<(&str, i64, u64)> {
        let own: &[(i64, u64)] = match self.path {
            "/cgi-bin/user/get" => &[(DAY_MS, self.list_calls_max)],
            "/cgi-bin/user/info" | "/cgi-bin/user/info/batchget" => &[(DAY_MS, 5_000_000)],
            "/cgi-bin/token" => &[(DAY_MS, 2_000)],
            "/cgi-bin/stable_token" => &[(MINUTE_MS, 10_000), (DAY_MS, 500_000)],
            "/sns/oauth2/access_token" => &[(MINUTE_MS, 50_000)],
            // Calls with a code that is good are not counted.
            "/cgi-bin/auth/getuserinfo" => &[],
            _ if self.host.starts_with("qyapi") => &[(MINUTE_MS, 10_000), (HOUR_MS, 150_000)],
            _ => &[],
        };
        let lifted = if self.has_ticket { &[] } else { business(self.path) };
        let own = own.iter().map(|(window, most)| (self.subject.as_str(), *window, *most));
        own.chain(lifted.iter().map(|(window, most)| (self.business.as_str(), *window, *most))).collect()
    }
}

impl Limits {
    /// Counts a call at a time.
    pub(super) fn count(&mut self, call: &Counted, now_ms: i64) -> Result<(), Errcode> {
        let path = call.path;
        for (subject, window_ms, calls_max) in call.windows() {
            let limit = (path, subject.to_owned(), window_ms, calls_max);
            if self.blocked.get(&limit).is_some_and(|until| *until > now_ms) {
                return self.violated(path, (window_ms, calls_max));
            }
            let start = (now_ms + CHINA_MS).div_euclid(window_ms);
            let counted = self.counted.entry((limit.clone(), start)).or_default();
            *counted += 1;
            if *counted > calls_max {
                // WeCom stays shut for as long as the window is, however much of it was left.
                let until = if call.host.starts_with("qyapi") && window_ms < DAY_MS {
                    now_ms + window_ms
                } else {
                    (start + 1) * window_ms - CHINA_MS
                };
                self.blocked.insert(limit, until);
                return self.violated(path, (window_ms, calls_max));
            }
        }
        Ok(())
    }

    /// Forgets windows that are over, and what they shut.
    pub(super) fn forget(&mut self, now_ms: i64) {
        self.blocked.retain(|_, until_ms| *until_ms > now_ms);
        self.counted.retain(|((_, _, window_ms, _), start), _| (start + 1) * window_ms - CHINA_MS > now_ms);
    }

    fn violated(&mut self, path: &'static str, (window_ms, calls_max): (i64, u64)) -> Result<(), Errcode> {
        self.violations.push(Violation { path, window_ms, calls_max });
        Err(Errcode(45009))
    }
}

impl World {
    /// What is counted of a call.
    pub(super) fn counted(&self, host: &'static str, path: &'static str, call: &Call<'_>) -> Counted {
        let names = &self.topology;
        let said = |name: &str| [call.param(name), call.text(name)].concat();
        let subject = match call.caller {
            Caller::App(number) => self.app(number).map(|app| app.appid.clone()).unwrap_or_default(),
            Caller::Own(number) => self.corp(number).corpid.clone(),
            Caller::Developed | Caller::SuiteCorp => names.corp.clone(),
            Caller::Suite | Caller::Provider => names.provider.clone(),
            Caller::Component => names.component.clone(),
            Caller::Nobody => ["appid", "corpid", "suite_id", "component_appid"].map(said).concat(),
        };
        let is_of_provider = call.number("subject_type") == Some(1);
        let business = if is_of_provider { names.provider.clone() } else { subject.clone() };
        let has_ticket = self.has_mass_call_ticket(call.text("mass_call_ticket"));
        let list_calls_max = self.plan.list_calls_max;
        Counted { host, path, subject, business, has_ticket, list_calls_max }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(path: &'static str, subject: &str, business: &str) -> Counted {
        Counted {
            host: "qyapi.weixin.qq.com",
            path,
            subject: subject.to_owned(),
            business: business.to_owned(),
            has_ticket: false,
            list_calls_max: 500,
        }
    }

    #[test]
    fn a_lookup_has_a_base_quota_of_the_corp_and_a_business_quota_of_whose_it_is() {
        let mut limits = Limits::default();
        let path = "/cgi-bin/idconvert/unionid_to_external_userid";
        // Ten corps of one provider, none beyond its own ten thousand a minute, use up the provider's hour.
        let mut refused = 0;
        for call in 0..101_000_u32 {
            let corp = format!("corp {}", call % 11);
            refused += u64::from(limits.count(&counted(path, &corp, "provider"), 0).is_err());
        }
        assert_eq!(refused, 1_000);
        assert!(limits.violations.iter().all(|violation| violation.window_ms == HOUR_MS));
        let mut lifted = counted(path, "corp 1", "provider");
        lifted.has_ticket = true;
        assert_eq!(limits.count(&lifted, MINUTE_MS), Ok(()), "a ticket lifts it");
        assert_eq!(limits.count(&counted(path, "corp 1", "corp 1"), MINUTE_MS), Ok(()), "the corp's own");
    }

    #[test]
    fn lookups_in_linked_corps_have_the_base_quota_as_well() {
        let mut limits = Limits::default();
        let call = counted("/cgi-bin/corpgroup/unionid_to_external_userid", "corp", "corp");
        assert!((0..10_000).all(|_| limits.count(&call, 0).is_ok()));
        assert_eq!(limits.count(&call, 59_999), Err(Errcode(45009)));
        // Shut for a minute from then on, not until the clock's next one.
        assert_eq!(limits.count(&call, 119_998), Err(Errcode(45009)));
        assert_eq!(limits.count(&call, 119_999), Ok(()));
    }
}
