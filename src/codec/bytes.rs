//! The pieces every binary form is made of.
//!
//! # Layout
//!
//! | piece | bytes |
//! |---|---|
//! | `u8` | one byte |
//! | `varint` | a u64, seven bits a byte, least significant first, the high bit set on all but the last byte; shortest form only, so 1-10 bytes |
//! | `signed` | an i64 as the varint of `(n << 1) ^ (n >> 63)` |
//! | `text` | varint length in bytes, then UTF-8 |
//! | `flags` | one byte, bit i = the i-th flag; unused bits are zero |
//!
//! # Invariants
//!   B1 every value has exactly one encoding: anything else is refused, so equal bytes and equal values are
//!      the same thing.
//!   B2 a reader never looks beyond its bytes, never panics, and never reserves memory by a length it read.

/// What was wrong with the bytes.
pub(crate) type What = &'static str;

/// Bytes being written.
#[derive(Default)]
pub(crate) struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    /// An empty writer with room for `len` bytes.
    pub(crate) fn with_capacity(len: usize) -> Writer {
        Writer { bytes: Vec::with_capacity(len) }
    }

    /// How many bytes were written.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// What was written.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// One byte.
    pub(crate) fn u8(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    /// Bytes as they are.
    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// A varint.
    pub(crate) fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            // The low seven bits, with the bit that says more follow.
            self.bytes.push((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }

    /// A signed number.
    pub(crate) fn signed(&mut self, value: i64) {
        self.varint((value.cast_unsigned() << 1) ^ (value >> 63).cast_unsigned());
    }

    /// A text with its length.
    pub(crate) fn text(&mut self, text: &str) {
        self.varint(text.len() as u64);
        self.raw(text.as_bytes());
    }

    /// A flag and up to seven more.
    pub(crate) fn flags<const N: usize>(&mut self, first: bool, more: [bool; N]) {
        const { assert!(N < 8, "flags fit one byte") };
        let more = more.iter().rev().fold(0, |byte, flag| byte << 1 | u8::from(*flag));
        self.u8(more << 1 | u8::from(first));
    }
}

/// Bytes being read.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Reads `bytes` from their start.
    pub(crate) fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { rest: bytes }
    }

    /// How many bytes are left.
    pub(crate) fn left(&self) -> usize {
        self.rest.len()
    }

    /// One byte.
    #[inline(always)]
    pub(crate) fn u8(&mut self) -> Result<u8, What> {
        let (first, rest) = self.rest.split_first().ok_or("cut short")?;
        self.rest = rest;
        Ok(*first)
    }

    /// `len` bytes as they are.
    #[inline(always)]
    pub(crate) fn raw(&mut self, len: usize) -> Result<&'a [u8], What> {
        let (bytes, rest) = self.rest.split_at_checked(len).ok_or("cut short")?;
        self.rest = rest;
        Ok(bytes)
    }

    /// `N` bytes as they are.
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], What> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or("cut short")?;
        self.rest = rest;
        Ok(*bytes)
    }

    /// A varint in its shortest form.
    #[inline(always)]
    pub(crate) fn varint(&mut self) -> Result<u64, What> {
        // Mostly one byte.
        if let Some((byte, rest)) = self.rest.split_first()
            && *byte < 0x80
        {
            self.rest = rest;
            return Ok(u64::from(*byte));
        }
        let word = self.rest.first_chunk().map_or(u64::MAX, |bytes| u64::from_le_bytes(*bytes));
        let ends = !word & 0x8080_8080_8080_8080;
        if ends == 0 {
            return self.long_varint();
        }
        // The bytes up to the first that has no high bit, put together in pairs.
        let value = word & (ends ^ (ends - 1)) & 0x7f7f_7f7f_7f7f_7f7f;
        let len = (ends.trailing_zeros() / 8 + 1) as usize;
        if value >> (8 * (len - 1)) == 0 {
            return Err("a number not in its shortest form");
        }
        let value = value & 0x007f_007f_007f_007f | (value & 0x7f00_7f00_7f00_7f00) >> 1;
        let value = value & 0x0000_3fff_0000_3fff | (value & 0x3fff_0000_3fff_0000) >> 2;
        let value = value & 0x0000_0000_0fff_ffff | (value & 0x0fff_ffff_0000_0000) >> 4;
        self.raw(len)?;
        Ok(value)
    }

    /// One at the end of the bytes, or of more than eight.
    #[cold]
    fn long_varint(&mut self) -> Result<u64, What> {
        let mut value = 0u64;
        for shift in (0..70).step_by(7) {
            let byte = self.u8()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                return Err("a number beyond 64 bits");
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                let is_shortest = byte != 0 || shift == 0;
                return if is_shortest { Ok(value) } else { Err("a number not in its shortest form") };
            }
        }
        Err("a number beyond 64 bits")
    }

    /// A signed number.
    pub(crate) fn signed(&mut self) -> Result<i64, What> {
        let value = self.varint()?;
        Ok((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
    }

    /// A text with its length.
    pub(crate) fn text(&mut self) -> Result<&'a str, What> {
        let len = usize::try_from(self.varint()?).map_err(|_| "cut short")?;
        std::str::from_utf8(self.raw(len)?).map_err(|_| "a text that is not UTF-8")
    }

    /// A flag and `N` more.
    #[inline(always)]
    pub(crate) fn flags<const N: usize>(&mut self) -> Result<(bool, [bool; N]), What> {
        const { assert!(N < 8, "flags fit one byte") };
        let byte = self.bits(N + 1)?;
        Ok((byte & 1 == 1, std::array::from_fn(|bit| byte >> (bit + 1) & 1 == 1)))
    }

    /// So many flags as they lie, the first one lowest.
    #[inline(always)]
    pub(crate) fn bits(&mut self, count: usize) -> Result<u8, What> {
        let byte = self.u8()?;
        if u32::from(byte) >> count == 0 { Ok(byte) } else { Err("an unknown flag") }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop, prop_assert_eq, proptest};

    use super::{Reader, Writer};

    proptest! {
        #[test]
        fn numbers_read_back(unsigned: u64, signed: i64, small in 0u64..300) {
            let mut writer = Writer::default();
            writer.varint(unsigned);
            writer.signed(signed);
            writer.varint(small);
            let bytes = writer.into_bytes();
            let mut reader = Reader::new(&bytes);
            prop_assert_eq!(reader.varint(), Ok(unsigned));
            prop_assert_eq!(reader.signed(), Ok(signed));
            prop_assert_eq!(reader.varint(), Ok(small));
            prop_assert_eq!(reader.left(), 0);
        }

        #[test]
        fn a_number_that_reads_is_written_the_same(bytes in prop::collection::vec(any::<u8>(), 0..12)) {
            let mut reader = Reader::new(&bytes);
            if let Ok(value) = reader.varint() {
                let mut writer = Writer::default();
                writer.varint(value);
                prop_assert_eq!(writer.into_bytes(), &bytes[..bytes.len() - reader.left()]);
            }
        }
    }

    #[test]
    fn extremes_take_the_bytes_the_table_says() {
        let bytes = |write: &dyn Fn(&mut Writer)| {
            let mut writer = Writer::default();
            write(&mut writer);
            writer.into_bytes()
        };
        assert_eq!(bytes(&|w| w.varint(127)), [0x7f]);
        assert_eq!(bytes(&|w| w.varint(300)), [0xac, 0x02]);
        assert_eq!(bytes(&|w| w.varint(u64::MAX)), [255, 255, 255, 255, 255, 255, 255, 255, 255, 1]);
        assert_eq!(bytes(&|w| w.signed(-1)), [1]);
        assert_eq!(bytes(&|w| w.signed(1)), [2]);
        assert_eq!(bytes(&|w| w.signed(i64::MIN)), bytes(&|w| w.varint(u64::MAX)));
        assert_eq!(bytes(&|w| w.flags(true, [false, true])), [5]);
        assert_eq!(bytes(&|w| w.text("\u{e9}")), [2, 0xc3, 0xa9]);
    }

    #[test]
    fn other_encodings_of_a_number_are_refused() {
        for (bytes, what) in [
            (&[][..], "cut short"),
            (&[0x80], "cut short"),
            (&[0x80, 0x00], "a number not in its shortest form"),
            (&[0xff, 0x80, 0x00], "a number not in its shortest form"),
            (&[255, 255, 255, 255, 255, 255, 255, 255, 255, 2], "a number beyond 64 bits"),
            (&[255, 255, 255, 255, 255, 255, 255, 255, 255, 0x81, 0], "a number beyond 64 bits"),
        ] {
            assert_eq!(Reader::new(bytes).varint(), Err(what), "{bytes:?}");
        }
        assert_eq!(Reader::new(&[4]).flags::<1>(), Err("an unknown flag"));
        assert_eq!(Reader::new(&[2, 0xc3, 0x28]).text(), Err("a text that is not UTF-8"));
        assert_eq!(Reader::new(&[255, 255, 255, 255, 255, 255, 255, 255, 255, 1]).text(), Err("cut short"));
    }
}
