//! Times in facts: integer milliseconds, or RFC 3339 no finer than a millisecond.
//!
//! # Invariants
//!   X1 nothing is rounded: a time that is not a whole number of milliseconds is no time.
//!   X2 a leap second (`:60`) is refused, since it would silently become another second.

use jiff::civil::DateTime;

/// Milliseconds from the text of a JSON number; `None` for fractions, exponents and anything beyond i64.
pub(super) fn from_number(text: &str) -> Option<i64> {
    text.parse().ok()
}

/// Milliseconds from RFC 3339: `YYYY-MM-DDTHH:MM:SS[.fraction](Z|+HH:MM|-HH:MM)`, `t` and `z` in any case.
pub(super) fn from_rfc3339(text: &str) -> Option<i64> {
    // Nothing but ASCII, so that slicing by bytes below is slicing by characters.
    if !text.is_ascii() {
        return None;
    }
    let (local, rest) = text.split_at_checked(19)?;
    let digits = local.as_bytes();
    let separators = [(4, b'-'), (7, b'-'), (13, b':'), (16, b':')];
    if separators.iter().any(|(at, byte)| digits.get(*at) != Some(byte))
        || !digits.get(10).is_some_and(|b| b.eq_ignore_ascii_case(&b'T'))
    {
        return None;
    }
    let part = |from: usize, to: usize| number(local.get(from..to)?);
    let year = part(0, 4)?;
    let [month, day, hour, minute, second] =
        [part(5, 7)?, part(8, 10)?, part(11, 13)?, part(14, 16)?, part(17, 19)?]
            .map(|n| i8::try_from(n).unwrap_or(i8::MAX));
    let local = DateTime::new(year, month, day, hour, minute, second, 0).ok()?;
    let epoch = DateTime::new(1970, 1, 1, 0, 0, 0, 0).ok()?;
    let (ms, zone) = fraction(rest)?;
    let since_epoch = local.duration_since(epoch).as_secs() - i64::from(offset_minutes(zone)?) * 60;
    Some(since_epoch * 1000 + i64::from(ms))
}

/// A run of at most four ASCII digits.
fn number(text: &str) -> Option<i16> {
    if text.bytes().all(|b| b.is_ascii_digit()) { text.parse().ok() } else { None }
}

/// The milliseconds of an optional fraction, and what follows it.
fn fraction(text: &str) -> Option<(i16, &str)> {
    let Some(rest) = text.strip_prefix('.') else { return Some((0, text)) };
    let (digits, zone) = rest.split_at_checked(rest.bytes().take_while(u8::is_ascii_digit).count())?;
    let significant = digits.trim_end_matches('0');
    if digits.is_empty() || significant.len() > 3 {
        return None;
    }
    let scale = match significant.len() {
        0 => return Some((0, zone)),
        1 => 100,
        2 => 10,
        _ => 1,
    };
    Some((number(significant)? * scale, zone))
}

/// The offset from UTC in minutes.
fn offset_minutes(zone: &str) -> Option<i16> {
    if zone.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let (sign, rest) = match zone.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    if hours.len() != 2 || minutes.len() != 2 {
        return None;
    }
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (hours <= 23 && minutes <= 59).then_some(sign * (hours * 60 + minutes))
}

#[cfg(test)]
mod tests {
    use super::{from_number, from_rfc3339};

    #[test]
    fn rfc_3339_is_read_to_the_millisecond() {
        for (text, ms) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2024-05-01T08:00:00+08:00", 1_714_521_600_000),
            ("2024-05-01t00:00:00z", 1_714_521_600_000),
            ("2024-04-30T20:30:00-03:30", 1_714_521_600_000),
            ("2024-05-01T00:00:00.5Z", 1_714_521_600_500),
            ("2024-05-01T00:00:00.12Z", 1_714_521_600_120),
            ("2024-05-01T00:00:00.123000Z", 1_714_521_600_123),
            ("2024-05-01T00:00:00.000000000000Z", 1_714_521_600_000),
            ("1969-12-31T23:59:59.999Z", -1),
            ("2024-02-29T00:00:00-00:00", 1_709_164_800_000),
            ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
            ("9999-12-31T23:59:59-23:59", 253_402_300_799_000 + 86_340_000),
            ("0000-01-01T00:00:00Z", -62_167_219_200_000),
        ] {
            assert_eq!(from_rfc3339(text), Some(ms), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "2024",
            "2024-05-01",
            "2024-05-01T00:00Z",
            "2024-05-01T00:00:00",
            "2024-05-01 00:00:00Z",
            "2024-05-01T00:00:00.Z",
            "2024-05-01T00:00:00.1234Z",
            "2024-05-01T00:00:00.0001Z",
            "2024-05-01T00:00:00,5Z",
            "2024-05-01T00:00:60Z",
            "2024-05-01T24:00:00Z",
            "2024-02-30T00:00:00Z",
            "2023-02-29T00:00:00Z",
            "2024-13-01T00:00:00Z",
            "2024-00-01T00:00:00Z",
            "2024-05-01T00:00:00+0800",
            "2024-05-01T00:00:00+8:00",
            "2024-05-01T00:00:00+24:00",
            "2024-05-01T00:00:00+08:60",
            "2024-05-01T00:00:00Z ",
            " 2024-05-01T00:00:00Z",
            "+2024-05-01T00:00:00Z",
            "-024-05-01T00:00:00Z",
            "20240501T000000Z",
            "2024-05-01T00:00:00[UTC]",
            "2024-05-01T00:00:00Z[UTC]",
            "\u{ff12}024-05-01T00:00:00Z",
            "2024-05-01T+1:00:00Z",
        ] {
            assert_eq!(from_rfc3339(text), None, "{text}");
        }
    }

    #[test]
    fn only_plain_integers_within_64_bits_are_milliseconds() {
        assert_eq!(from_number("1714521600000"), Some(1_714_521_600_000));
        assert_eq!(from_number("-1"), Some(-1));
        assert_eq!(from_number("9223372036854775807"), Some(i64::MAX));
        for text in ["1.0", "1e3", "1E3", "9223372036854775808", "-9223372036854775809", "1.5"] {
            assert_eq!(from_number(text), None, "{text}");
        }
    }
}
