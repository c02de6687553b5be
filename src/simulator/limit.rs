//! How often calls may be made (wechat reference 20). A call beyond a limit is refused, and remembered as a violation.

use std::collections::BTreeMap;

use crate::simulator::call::{Caller, Errcode};

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
    /// How long the window of the limit is, in milliseconds.
    pub window_ms: i64,
    /// What it allows.
    pub calls_max: u64,
}

#[derive(Default)]
pub(super) struct Limits {
    counted: BTreeMap<(&'static str, String, i64, i64), u64>,
    blocked: BTreeMap<(&'static str, String), i64>,
    pub(super) violations: Vec<Violation>,
}

/// The windows of a call and what they allow.
fn windows(host: &str, path: &str, list_calls_max: u64) -> Vec<(i64, u64)> {
    match path {
        "/cgi-bin/user/get" => vec![(DAY_MS, list_calls_max)],
        "/cgi-bin/user/info" | "/cgi-bin/user/info/batchget" => vec![(DAY_MS, 5_000_000)],
        "/cgi-bin/token" => vec![(DAY_MS, 2_000)],
        "/cgi-bin/stable_token" => vec![(MINUTE_MS, 10_000), (DAY_MS, 500_000)],
        "/sns/oauth2/access_token" => vec![(MINUTE_MS, 50_000)],
        "/cgi-bin/idconvert/unionid_to_external_userid" | "/cgi-bin/corpgroup/unionid_to_pending_id" => {
            vec![(MINUTE_MS, 10_000), (HOUR_MS, 100_000), (DAY_MS, 480_000), (MONTH_MS, 7_500_000)]
        }
        "/cgi-bin/corpgroup/unionid_to_external_userid" => vec![(HOUR_MS, 20_000), (DAY_MS, 240_000)],
        "/cgi-bin/service/externalcontact/unionid_to_external_userid_3rd" => {
            vec![(HOUR_MS, 50_000), (DAY_MS, 240_000)]
        }
        _ if host.starts_with("qyapi") => vec![(MINUTE_MS, 10_000), (HOUR_MS, 150_000)],
        _ => Vec::new(),
    }
}

impl Limits {
    /// Counts a call at a time.
    pub(super) fn count(
        &mut self,
        (host, path): (&'static str, &'static str),
        caller: Caller,
        now_ms: i64,
        list_calls_max: u64,
    ) -> Result<(), Errcode> {
        let subject = format!("{caller:?}");
        if self.blocked.get(&(path, subject.clone())).is_some_and(|until| *until > now_ms) {
            return self.violated(path, (0, 0));
        }
        for (window_ms, calls_max) in windows(host, path, list_calls_max) {
            let start = (now_ms + CHINA_MS).div_euclid(window_ms);
            let counted = self.counted.entry((path, subject.clone(), window_ms, start)).or_default();
            *counted += 1;
            if *counted > calls_max {
                // WeCom stays shut for as long as the window is, however much of it was left.
                let until = if host.starts_with("qyapi") && window_ms < DAY_MS {
                    now_ms + window_ms
                } else {
                    (start + 1) * window_ms - CHINA_MS
                };
                self.blocked.insert((path, subject), until);
                return self.violated(path, (window_ms, calls_max));
            }
        }
        Ok(())
    }

    fn violated(&mut self, path: &'static str, (window_ms, calls_max): (i64, u64)) -> Result<(), Errcode> {
        self.violations.push(Violation { path, window_ms, calls_max });
        Err(Errcode(45009))
    }
}
