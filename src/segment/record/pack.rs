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
const NONE: u8 = 0xff;
const PLACES: [u8; 256] = places();

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

fn form_of(value: &str) -> u64 {
    let (mut is_hex, mut is_base64url) = (value.len().is_multiple_of(2), true);
    for byte in value.bytes() {
        is_hex &= byte.is_ascii_digit() | matches!(byte, b'a'..=b'f');
        is_base64url &= place(byte) != NONE;
    }
    if is_hex {
        HEX
    } else if is_base64url {
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
        let form = form_of(value);
        let mut packed =
            PackedValue { head: (value.len() as u64) << 2 | form, len: 0, bytes: [0; BYTES_MAX] };
        match form {
            BASE64URL => packed.pack_base64url(value.as_bytes()),
            HEX => packed.pack_bits(
                value.bytes().map(|b| if b.is_ascii_digit() { b - b'0' } else { b - b'a' + 10 }),
                4,
            ),
            _ => value.bytes().for_each(|byte| packed.push(byte)),
        }
        packed
    }

    fn push(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.len) {
            *place = byte;
        }
        self.len += 1;
    }

    /// Three bytes to four digits of six bits.
    fn pack_base64url(&mut self, value: &[u8]) {
        let (fours, rest) = value.as_chunks::<4>();
        let threes = self.bytes.as_chunks_mut::<3>().0;
        for (three, four) in threes.iter_mut().zip(fours) {
            let word = four.iter().fold(0, |word, digit| word << 6 | u32::from(place(*digit)));
            *three = [(word >> 16) as u8, (word >> 8) as u8, word as u8];
        }
        self.len = fours.len() * 3;
        self.pack_bits(rest.iter().map(|byte| place(*byte)), 6);
    }

    fn pack_bits(&mut self, digits: impl Iterator<Item = u8>, width: u32) {
        let (mut bits, mut count) = (0_u32, 0);
        for digit in digits {
            bits = bits << width | u32::from(digit);
            count += width;
            if count >= 8 {
                count -= 8;
                self.push((bits >> count) as u8);
                bits &= (1 << count) - 1;
            }
        }
        if count > 0 {
            self.push((bits << (8 - count)) as u8);
        }
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
        let len = (self.head >> 2) as usize;
        let start = out.len;
        match self.head & 3 {
            BASE64URL => unpack_bits(self.bytes, len, 6, DIGITS, out)?,
            HEX => unpack_bits(self.bytes, len, 4, b"0123456789abcdef", out)?,
            _ => out.push_bytes(self.bytes),
        }
        let value = out.from(start)?;
        if form_of(value) == self.head & 3 { Ok(()) } else { Err("a value not in its shortest form") }
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

    fn from(&self, start: usize) -> Result<&str, What> {
        let bytes = self.bytes.get(start..self.len).ok_or("a text too long for an id")?;
        std::str::from_utf8(bytes).map_err(|_| "a value that is not UTF-8")
    }

    /// The text.
    pub(crate) fn as_str(&self) -> Result<&str, What> {
        self.from(0)
    }
}

fn unpack_bits(bytes: &[u8], len: usize, width: u32, digits: &[u8], out: &mut Text) -> Result<(), What> {
    let unused = bytes.len() as u32 * 8 - len as u32 * width;
    if bytes.last().is_some_and(|last| u32::from(*last) & ((1 << unused) - 1) != 0) {
        return Err("a value with bits beyond its end");
    }
    let mut value = [0_u8; BYTES_MAX];
    let digit = |digit: u32| digits.get(digit as usize).copied().unwrap_or(0);
    // Four digits of six bits to three bytes; what is left, and other widths, one by one.
    let (whole, rest) = if width == 6 { bytes.as_chunks::<3>() } else { (&[][..], bytes) };
    let (fours, left) = value.split_at_mut_checked(whole.len() * 4).ok_or("a value too long")?;
    for (four, [x, y, z]) in fours.as_chunks_mut::<4>().0.iter_mut().zip(whole) {
        let word = u32::from(*x) << 16 | u32::from(*y) << 8 | u32::from(*z);
        *four = [digit(word >> 18), digit(word >> 12 & 63), digit(word >> 6 & 63), digit(word & 63)];
    }
    let mut rest = rest.iter();
    let (mut bits, mut count) = (0_u32, 0);
    for place in left.iter_mut().take(len.saturating_sub(whole.len() * 4)) {
        if count < width {
            bits = bits << 8 | u32::from(rest.next().copied().unwrap_or(0));
            count += 8;
        }
        count -= width;
        *place = digit(bits >> count);
        bits &= (1 << count) - 1;
    }
    out.push_bytes(value.get(..len).unwrap_or_default());
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
