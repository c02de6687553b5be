//! Days as China counts them: from midnight to midnight at UTC+8, without daylight saving.

use std::fmt;

use jiff::civil::Date;

use crate::model::Time;

/// China's time is ahead of UTC by this.
const AHEAD_MS: i64 = 8 * 3_600_000;
const EPOCH: Date = jiff::civil::date(1970, 1, 1);

/// A day in China. It is written `2025-01-31` and orders as days do.
///
/// Days reach from 1970-01-01 to 2149-06-06; a time before or after that counts to the first or the last of them.
///
/// ```
/// use idweave::{Time, analytics::ChinaDay};
/// let evening = Time::from_ms(1_735_660_800_000); // 2024-12-31T16:00:00Z
/// assert_eq!(ChinaDay::of(evening).to_string(), "2025-01-01");
/// assert_eq!(ChinaDay::of(evening.plus_ms(-1)).to_string(), "2024-12-31");
/// assert_eq!(ChinaDay::of(evening).begin(), evening);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChinaDay(u16);

impl ChinaDay {
    /// The day of a time.
    pub fn of(time: Time) -> ChinaDay {
        let day = time.ms().saturating_add(AHEAD_MS).div_euclid(Time::DAY_MS);
        ChinaDay(day.clamp(0, i64::from(u16::MAX)) as u16)
    }

    /// Its place: 1970-01-01 is 0.
    pub fn number(self) -> u16 {
        self.0
    }

    /// The day of a place.
    pub(crate) fn from_number(number: u16) -> ChinaDay {
        ChinaDay(number)
    }

    /// Its first moment.
    pub fn begin(self) -> Time {
        Time::from_ms(i64::from(self.0) * Time::DAY_MS - AHEAD_MS)
    }

    /// The day after it; the last one has itself.
    #[must_use]
    pub fn next(self) -> ChinaDay {
        ChinaDay(self.0.saturating_add(1))
    }
}

impl fmt::Display for ChinaDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let date = EPOCH.saturating_add(jiff::SignedDuration::from_hours(24 * i64::from(self.0)));
        fmt::Display::fmt(&date, f)
    }
}

#[cfg(test)]
mod tests {
    use super::ChinaDay;
    use crate::model::Time;

    #[test]
    fn days_end_at_both_ends_of_what_can_be_said() {
        assert_eq!(ChinaDay::of(Time::MIN).to_string(), "1970-01-01");
        assert_eq!(ChinaDay::of(Time::MAX).to_string(), "2149-06-06");
        assert_eq!(ChinaDay::of(Time::MAX).next(), ChinaDay::of(Time::MAX));
        assert_eq!(ChinaDay::of(Time::from_ms(0)).number(), 0);
    }
}
