//! Times on the command line and in answers, and the one clock of the tool.

use idweave::Time;
use jiff::Timestamp;

use crate::cli::Common;
use crate::exit::Failure;

/// The time all of a command's questions and commits are about: `--now` or `--recorded-at`, or the system's clock.
pub(crate) fn now(common: &Common) -> Result<Time, Failure> {
    Ok(given(common)?.unwrap_or_else(clock))
}

/// The time that the command line says, if it does.
pub(crate) fn given(common: &Common) -> Result<Option<Time>, Failure> {
    match (&common.now, &common.recorded_at) {
        (Some(text), _) => parse("--now", text).map(Some),
        (None, Some(text)) => parse("--recorded-at", text).map(Some),
        (None, None) => Ok(None),
    }
}

/// The system's clock.
#[expect(clippy::disallowed_methods, reason = "the tool is where a clock is read; the engine gets its time")]
pub(crate) fn clock() -> Time {
    let since_1970 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Time::from_ms(i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX))
}

/// Reads integer milliseconds or RFC 3339 no finer than a millisecond.
pub(crate) fn parse(option: &str, text: &str) -> Result<Time, Failure> {
    if let Ok(ms) = text.parse() {
        return Ok(Time::from_ms(ms));
    }
    let whole = text.parse().ok().filter(|t: &Timestamp| t.subsec_nanosecond() % 1_000_000 == 0);
    whole.map(|t| Time::from_ms(t.as_millisecond())).ok_or_else(|| {
        Failure::Usage(format!(
            "{option}: expected RFC 3339 (2025-03-01T08:00:00+08:00, no finer than a millisecond) or integer \
             milliseconds"
        ))
    })
}

/// A time for people: RFC 3339 in UTC.
pub(crate) fn show(time: Time) -> String {
    Timestamp::from_millisecond(time.ms()).map_or_else(|_| time.to_string(), |t| t.to_string())
}

/// The same for an end that may be open.
pub(crate) fn show_end(time: Option<Time>) -> String {
    time.map_or_else(|| "-".to_owned(), show)
}

/// A span of time for people: its two largest parts, such as `8d 12h`.
pub(crate) fn show_span(ms: i64) -> String {
    let parts = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s")];
    let mut left = ms.max(0);
    let mut shown: Vec<String> = Vec::new();
    for (unit, name) in parts {
        if left >= unit && shown.len() < 2 {
            shown.push(format!("{}{name}", left / unit));
        } else if !shown.is_empty() {
            break;
        }
        left %= unit;
    }
    if shown.is_empty() { "0s".to_owned() } else { shown.join(" ") }
}

/// Reads a span such as `14d`, `12h`, `90m` or `30s`, in milliseconds.
pub(crate) fn parse_span(option: &str, text: &str) -> Result<i64, Failure> {
    let wrong = || Failure::Usage(format!("{option}: expected a span such as 14d, 12h, 90m or 30s"));
    let unit = match text.chars().next_back() {
        Some('d') => 86_400_000,
        Some('h') => 3_600_000,
        Some('m') => 60_000,
        Some('s') => 1_000,
        _ => return Err(wrong()),
    };
    let number: u32 = text.get(..text.len() - 1).and_then(|digits| digits.parse().ok()).ok_or_else(wrong)?;
    Ok(i64::from(number) * unit)
}
