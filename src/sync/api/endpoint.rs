//! What a call of a platform is: where it goes, what it carries, how often it may be made.

use crate::model::Time;

/// Whose server answers (wechat reference 1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Host {
    /// `api.weixin.qq.com`: official accounts, mini programs, third-party platforms.
    Weixin,
    /// `qyapi.weixin.qq.com`: WeCom.
    Work,
}

impl Host {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Host::Weixin => "api.weixin.qq.com",
            Host::Work => "qyapi.weixin.qq.com",
        }
    }
}

/// How a call is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Parameters in the query.
    Get,
    /// A JSON object as body.
    Post,
}

/// For how long a quota counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Window {
    /// A minute of the clock.
    Minute,
    /// An hour of the clock.
    Hour,
    /// A day in China (UTC+8).
    Day,
    /// 30 days.
    Month,
}

/// China's clocks are so far ahead of UTC.
const CHINA_MS: i64 = 8 * 3_600_000;

impl Window {
    /// How long it is, in milliseconds.
    pub fn len_ms(self) -> i64 {
        match self {
            Window::Minute => 60_000,
            Window::Hour => 3_600_000,
            Window::Day => Time::DAY_MS,
            Window::Month => 30 * Time::DAY_MS,
        }
    }

    /// When the one that holds a time began.
    pub fn start(self, at: Time) -> Time {
        Time::from_ms((at.ms() + CHINA_MS).div_euclid(self.len_ms()) * self.len_ms() - CHINA_MS)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Window::Minute => "minute",
            Window::Hour => "hour",
            Window::Day => "day",
            Window::Month => "month",
        }
    }

    /// The one of a name.
    pub(crate) fn of_name(name: &str) -> Option<Window> {
        [Window::Minute, Window::Hour, Window::Day, Window::Month].into_iter().find(|w| w.name() == name)
    }
}

/// How many calls a window allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// The window.
    pub window: Window,
    /// Calls in it.
    pub calls: u64,
}

/// What a call must carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carries {
    /// Nothing: the secret is among its own parameters.
    Secret,
    /// An app's or a corp's token, in this parameter of the query.
    Token(&'static str),
}

/// A call that a platform answers.
#[derive(Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Whose it is.
    pub host: Host,
    /// How it is sent.
    pub method: Method,
    /// Its path, which is its name too.
    pub path: &'static str,
    /// What it carries.
    pub carries: Carries,
    /// How often it may be made with one app or corp (wechat reference 20).
    pub quotas: &'static [Quota],
}
