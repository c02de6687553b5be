//! Facts as NDJSON, format version 1: one JSON object a line.
//!
//! [`parse()`] reads a line; [`print()`] gives a fact's canonical line, which parses and prints back byte for
//! byte. `ID` is `kind:scope:value`, `T` a time (integer milliseconds since 1970, or RFC 3339 with at most
//! millisecond precision), `S` a string, `?` marks a field that may be left out. Every operation but
//! `retract` and `unretract` may carry `"batch":S` as well; for those two it is the selector.
//!
//! | op | fields, in canonical order |
//! |---|---|
//! | `link` | `a` ID, `b` ID, `source` S, `at` T, `strength`? S, `event`? S, `expires_at`? T |
//! | `supersede` | `old` ID, `new` ID, `source` S, `at` T, `strength`? S, `event`? S |
//! | `retract`, `unretract` | `a` ID, `b` ID, `source`? S, `at` T |
//! | | or `source` S, `scope`? `KIND:SCOPE`, `from`? T, `to` T, `at` T |
//! | | or `source` S, `event` S, `at` T |
//! | | or `batch` S, `at` T |
//! | `ban` | `a` ID, `b` ID, `reason` S, `actor` S, `at` T |
//! | `unban` | `a` ID, `b` ID, `actor` S, `at` T |
//! | `block` | `id` ID, `reason` S, `actor` S, `at` T |
//! | `unblock` | `id` ID, `actor` S, `at` T |
//! | `restrict` | `id` ID, `reason` S, `at` T |
//! | `unrestrict` | `id` ID, `at` T |
//! | `relate` | `kind` S, `from` ID, `to` ID, `source` S, `at` T, `attrs`? {S: S} |
//! | `unrelate` | `kind` S, `from` ID, `to` ID, `source` S, `at` T |
//! | `absent` | `id` ID, `target` `KIND:SCOPE`, `source` S, `at` T |
//! | `erase` | `id` ID, `reach` `id` or `entity`, `reason` S, `at` T, `sticky`? bool |
//! | `open_account`, `provider` | `key` S, `subject`? S, `at` T |
//! | `app` | `appid` S, `type`? S, `subject`? S, `open_account` S or null, `from` T, `at` T |
//! | `corp` | `key` S, `subject`? S, `bound_appid`? S or null, `kf_bound_appid`? S or null, `from`? T, `aliases`? list of S, `at` T |
//! | `kind` | `name` `custom.NAME`, `per_scope` `one` or `many`, `at` T |
//! | `rules` | `set` {RULE: number, string or list of strings}, `at` T |
//! | `mark` | `key` S, `value` S, `at` T |
//!
//! The canonical form: fields in the order above after `op`, then `batch`; no white space; ids and keys in key
//! form; times as integers; the keys of `attrs` and `set` sorted by bytes; no empty `attrs` or `aliases`;
//! `sticky` only where true; strings escaped only where JSON asks for it. `aliases` and lists keep their order.
//!
//! ```
//! use idweave::model::Placeholders;
//! let line = r#"{"at":"2024-05-01T08:00:00+08:00","op":"mark","key":"cursor","value":"17"}"#;
//! let fact = idweave::ndjson::parse(line, 1, &Placeholders::default())?;
//! assert_eq!(
//!     idweave::ndjson::print(&fact),
//!     r#"{"op":"mark","key":"cursor","value":"17","at":1714521600000}"#
//! );
//! # Ok::<(), idweave::Error>(())
//! ```

mod fields;
mod object;
mod parse;
mod print;
mod time;

pub use parse::{LINE_LEN_MAX, parse};
pub use print::{print, write_to};

#[cfg(test)]
mod tests;
