//! Numbers, times and texts of others as people read them.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::model::Time;

/// A text that cannot hide anything: characters that turn the direction of writing or take no room are shown by their
/// numbers, and those that no document may hold by a mark.
pub(crate) fn safe(text: &str) -> Cow<'_, str> {
    if text.chars().all(|c| !is_hidden(c) && !is_forbidden(c)) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_hidden(c) {
            shown.push_str(&format!("<U+{:04X}>", u32::from(c)));
        } else {
            shown.push(if is_forbidden(c) { '\u{fffd}' } else { c });
        }
    }
    Cow::Owned(shown)
}

fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

fn is_forbidden(c: char) -> bool {
    (c.is_control() && c != '\n') || matches!(c, '\u{fffe}' | '\u{ffff}')
}

/// How many columns a text takes, about: a character that is no Latin one may take two.
pub(crate) fn width(text: &str) -> usize {
    text.chars().map(|c| if u32::from(c) < 0x1100 { 1 } else { 2 }).sum()
}

/// A text within so many columns: its beginning, and of a long one the last four characters.
pub(crate) fn shortened(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let characters: Vec<char> = text.chars().collect();
    let end: String = characters.iter().skip(characters.len().saturating_sub(4)).collect();
    let mut shown = String::new();
    for c in characters {
        if width(&shown) + width(c.encode_utf8(&mut [0; 4])) + width(&end) + 1 > columns {
            break;
        }
        shown.push(c);
    }
    format!("{shown}\u{2026}{end}")
}

/// A count with its thousands apart.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut shown = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// The day of a time, in UTC.
pub(crate) fn date(time: Time) -> String {
    written(time, "%Y-%m-%d")
}

/// A time to the minute, in UTC.
pub(crate) fn moment(time: Time) -> String {
    written(time, "%Y-%m-%d %H:%M")
}

fn written(time: Time, form: &str) -> String {
    let at = Timestamp::from_millisecond(time.ms());
    at.map_or_else(|_| time.to_string(), |at| at.to_zoned(TimeZone::UTC).strftime(form).to_string())
}

#[cfg(test)]
mod tests {
    use super::{count, date, moment, safe, width};
    use crate::model::Time;

    #[test]
    fn numbers_and_times_are_as_people_read_them() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        let time = Time::from_ms(1_748_736_000_000);
        assert_eq!((date(time), moment(time)), ("2025-06-01".to_owned(), "2025-06-01 00:00".to_owned()));
        assert_eq!(date(Time::MAX), Time::MAX.to_string());
    }

    #[test]
    fn nothing_hides_in_a_text() {
        assert_eq!(safe("plain \u{4f60}"), "plain \u{4f60}");
        assert_eq!(safe("a\u{202e}b\u{200b}c\u{7}"), "a<U+202E>b<U+200B>c\u{fffd}");
        assert_eq!(width("ab\u{4f60}"), 4);
    }
}
