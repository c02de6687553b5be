//! Values packed: characters of base64url in six bits, pairs of lower-case hex digits in eight, all else as it is.
//!
//! # Layout
//! `varint` characters * 4 + form (0 as it is, 1 base64url, 2 hex), then the bytes; unused bits are zero.
//!
//! # Invariants
//!   P1 a value has one form: packed values are equal exactly if the values are.

use crate::codec::{Reader, What, Writer};

const PLAIN: u64 = 0;
const BASE64URL: u64 = 1;
const HEX: u64 = 2;
/// Longest value.
const VALUE_LEN_MAX: u64 = 128;

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const HEX_DIGITS: &[u8; 16] = b"0123456789abcdef";
/// No place: beyond all of them, alone and together with any.
const NONE: u8 = 0xff;
static PLACES: [u8; 256] = places();

#[expect(
    clippy::indexing_slicing,
    reason = "evaluated when compiled, where a place out of range is an error"
)]
const fn places() -> [u8; 256] {
    let mut places = [NONE; 256];
    let mut at = 0;
    while at < DIGITS.len() {
        places[DIGITS[at] as usize] = at as u8;
        at += 1;
    }
    places
}

fn place(byte: u8) -> u8 {
    PLACES.get(usize::from(byte)).copied().unwrap_or(NONE)
}

fn is_hex(value: &[u8]) -> bool {
    // Most values fail at one of their first characters.
    value.len().is_multiple_of(2) && value.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn form_of(value: &[u8]) -> u64 {
    if is_hex(value) {
        HEX
    } else if value.iter().all(|byte| place(*byte) != NONE) {
        BASE64URL
    } else {
        PLAIN
    }
}

/// How many bytes a value of a form takes.
fn packed_len(head: u64) -> Result<usize, What> {
    let (len, form) = (head >> 2, head & 3);
    if len == 0 || len > VALUE_LEN_MAX {
        return Err("a value of an impossible length");
    }
    let len = len as usize;
    match form {
        PLAIN => Ok(len),
        BASE64URL => Ok((len * 6).div_ceil(8)),
        HEX if len.is_multiple_of(2) => Ok(len / 2),
        _ => Err("an unknown form of a value"),
    }
}

/// Most bytes a value takes.
const BYTES_MAX: usize = VALUE_LEN_MAX as usize;

/// A value packed in place.
#[derive(Clone)]
pub(crate) struct PackedValue {
    head: u64,
    len: usize,
    bytes: [u8; BYTES_MAX],
}

impl PackedValue {
    /// Packs a value.
    pub(crate) fn of(value: &str) -> PackedValue {
        let mut packed = PackedValue { head: 0, len: 0, bytes: [0; BYTES_MAX] };
        let form = packed.pack(value.as_bytes());
        packed.head = (value.len() as u64) << 2 | form;
        packed
    }

    /// Packs a value in its shortest form, and says which that is.
    fn pack(&mut self, value: &[u8]) -> u64 {
        if is_hex(value) {
            let digit = |byte: u8| if byte.is_ascii_digit() { byte - b'0' } else { byte - b'a' + 10 };
            let bytes = value.as_chunks::<2>().0.iter().map(|[x, y]| digit(*x) << 4 | digit(*y));
            self.bytes.iter_mut().zip(bytes).for_each(|(to, byte)| *to = byte);
            self.len = value.len() / 2;
            HEX
        } else if self.pack_base64url(value) {
            BASE64URL
        } else {
            self.bytes.iter_mut().zip(value).for_each(|(to, byte)| *to = *byte);
            self.len = value.len();
            PLAIN
        }
    }

    /// Four digits of six bits to three bytes; false if they are not all digits.
    fn pack_base64url(&mut self, value: &[u8]) -> bool {
        let mut seen = 0;
        let mut three = |four: [u8; 4]| {
            let [a, b, c, d] = four.map(|byte| u32::from(place(byte)));
            seen |= a | b | c | d;
            let [_, x, y, z] = (a << 18 | b << 12 | c << 6 | d).to_be_bytes();
            [x, y, z]
        };
        let (fours, rest) = value.as_chunks::<4>();
        let (threes, _) = self.bytes.as_chunks_mut::<3>();
        threes.iter_mut().zip(fours).for_each(|(to, four)| *to = three(*four));
        if let (Some(to), false) = (threes.get_mut(fours.len()), rest.is_empty()) {
            let mut last = [b'A'; 4];
            last.iter_mut().zip(rest).for_each(|(to, digit)| *to = *digit);
            *to = three(last);
        }
        self.len = (value.len() * 6).div_ceil(8);
        seen < 64
    }

    fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    /// Whether it is the same value.
    pub(crate) fn is(&self, value: Packed<'_>) -> bool {
        self.head == value.head && self.bytes() == value.bytes
    }
}

/// Writes a value.
pub(crate) fn pack(value: &str, out: &mut Writer) {
    let packed = PackedValue::of(value);
    out.varint(packed.head);
    out.raw(packed.bytes());
}

/// A packed value as it lies in a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Packed<'a> {
    head: u64,
    bytes: &'a [u8],
}

impl<'a> Packed<'a> {
    /// Reads a value.
    #[inline(always)]
    pub(crate) fn read(reader: &mut Reader<'a>) -> Result<Packed<'a>, What> {
        let head = reader.varint()?;
        let bytes = reader.raw(packed_len(head)?)?;
        Ok(Packed { head, bytes })
    }

    /// The value.
    pub(crate) fn unpack(self) -> Result<String, What> {
        let mut value = Text::default();
        self.unpack_to(&mut value)?;
        value.as_str().map(str::to_owned)
    }

    /// Adds the value to a text.
    pub(crate) fn unpack_to(self, out: &mut Text) -> Result<(), What> {
        let (form, len) = (self.head & 3, (self.head >> 2) as usize);
        let value = out.room(len).ok_or("a text too long for an id")?;
        match form {
            BASE64URL => unpack_base64url(self.bytes, value)?,
            HEX => {
                let digit = |bits: u8| HEX_DIGITS.get(usize::from(bits)).copied().unwrap_or(0);
                let pairs = value.as_chunks_mut::<2>().0;
                pairs
                    .iter_mut()
                    .zip(self.bytes)
                    .for_each(|(to, byte)| *to = [digit(byte >> 4), digit(byte & 15)]);
            }
            _ => value.iter_mut().zip(self.bytes).for_each(|(to, byte)| *to = *byte),
        }
        let is_shortest = match form {
            BASE64URL => !is_hex(value),
            HEX => true,
            _ => form_of(value) == PLAIN,
        };
        if is_shortest { Ok(()) } else { Err("a value not in its shortest form") }
    }
}

/// Longest key form of an id: kind, scope, value and two colons.
const TEXT_BYTES_MAX: usize = 39 + 128 + 128 + 2;

/// A short text being put together, without memory of its own.
pub(crate) struct Text {
    len: usize,
    bytes: [u8; TEXT_BYTES_MAX],
}

impl Default for Text {
    fn default() -> Text {
        Text { len: 0, bytes: [0; TEXT_BYTES_MAX] }
    }
}

impl Text {
    /// Adds bytes; what is beyond the longest id is lost, and `as_str` says so.
    pub(crate) fn push_bytes(&mut self, bytes: &[u8]) {
        let end = self.len + bytes.len();
        if let Some(room) = self.bytes.get_mut(self.len..end) {
            room.copy_from_slice(bytes);
        }
        self.len = end;
    }

    /// Room for so many bytes more.
    fn room(&mut self, len: usize) -> Option<&mut [u8]> {
        let start = self.len;
        self.len += len;
        self.bytes.get_mut(start..self.len)
    }

    /// The text.
    pub(crate) fn as_str(&self) -> Result<&str, What> {
        let bytes = self.bytes.get(..self.len).ok_or("a text too long for an id")?;
        std::str::from_utf8(bytes).map_err(|_| "a value that is not UTF-8")
    }
}

/// Three bytes to four digits of six bits.
fn unpack_base64url(bytes: &[u8], value: &mut [u8]) -> Result<(), What> {
    let unused = bytes.len() * 8 - value.len() * 6;
    if bytes.last().is_some_and(|last| last & ((1 << unused) - 1) != 0) {
        return Err("a value with bits beyond its end");
    }
    let digits = |[x, y, z]: [u8; 3]| {
        let word = u32::from_be_bytes([0, x, y, z]);
        let digit = |shift: u32| DIGITS.get((word >> shift & 63) as usize).copied().unwrap_or(0);
        [digit(18), digit(12), digit(6), digit(0)]
    };
    let (fours, left) = value.as_chunks_mut::<4>();
    let threes = bytes.as_chunks::<3>().0;
    fours.iter_mut().zip(threes).for_each(|(four, three)| *four = digits(*three));
    if !left.is_empty() {
        let mut last = [0; 3];
        let rest = bytes.get(fours.len() * 3..).unwrap_or_default();
        last.iter_mut().zip(rest).for_each(|(to, byte)| *to = *byte);
        left.iter_mut().zip(digits(last)).for_each(|(to, digit)| *to = digit);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert_eq, proptest};

    use super::*;

    fn packed(value: &str) -> Vec<u8> {
        let mut out = Writer::default();
        pack(value, &mut out);
        out.into_bytes()
    }

    #[test]
    fn platform_ids_take_the_bytes_the_design_says() {
        assert_eq!(packed("oMwZmXj8OWfx0iSA_3TnoX74_AGw").len(), 1 + 21);
        assert_eq!(packed("wmAbCdEfGhIjKlMnOpQrStUvWxYz0123").len(), 2 + 24);
        assert_eq!(packed(&"0f".repeat(32)).len(), 2 + 32);
        assert_eq!(packed("M 1001").len(), 1 + 6);
    }

    proptest! {
        #[test]
        fn values_unpack_to_themselves(value in "[A-Za-z0-9_-]{1,128}|[0-9a-f]{1,64}|[a-z0-9 .@\u{e9}]{1,40}") {
            let bytes = packed(&value);
            let mut reader = Reader::new(&bytes);
            let read = Packed::read(&mut reader).unwrap();
            prop_assert_eq!(reader.left(), 0);
            prop_assert_eq!(read.unpack(), Ok(value));
        }

        #[test]
        fn what_unpacks_packs_to_the_same_bytes(bytes in proptest::collection::vec(0u8.., 1..40)) {
            let mut reader = Reader::new(&bytes);
            if let Ok(Ok(value)) = Packed::read(&mut reader).map(Packed::unpack) {
                prop_assert_eq!(packed(&value), &bytes[..bytes.len() - reader.left()]);
            }
        }
    }
}
