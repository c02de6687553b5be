//! Times: milliseconds since 1970-01-01 UTC. The engine reads no clock; every time comes from the caller.

use std::fmt;

/// A point in time in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Time(i64);

impl Time {
    /// 2011-01-01T00:00:00Z, the year WeChat began: nothing can have been observed before.
    pub const WECHAT_EPOCH: Time = Time(1_293_840_000_000);
    /// Before every time.
    pub const MIN: Time = Time(i64::MIN);
    /// After every time.
    pub const MAX: Time = Time(i64::MAX);
    /// 24 hours, in milliseconds.
    pub const DAY_MS: i64 = 86_400_000;

    /// From milliseconds since 1970.
    pub const fn from_ms(ms: i64) -> Time {
        Time(ms)
    }

    /// From seconds since 1970, as the platforms give them; saturates.
    pub const fn from_seconds(seconds: i64) -> Time {
        Time(seconds.saturating_mul(1000))
    }

    /// Milliseconds since 1970.
    pub const fn ms(self) -> i64 {
        self.0
    }

    /// `ms` later; saturates.
    #[must_use]
    pub const fn plus_ms(self, ms: i64) -> Time {
        Time(self.0.saturating_add(ms))
    }

    /// Milliseconds since `earlier`; saturates.
    pub const fn since(self, earlier: Time) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
