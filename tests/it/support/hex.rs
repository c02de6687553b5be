//! Bytes as text that can be read and compared: hex, 32 bytes a line after the offset; lines of zeros are left out, the
//! last line is the length.

use std::fmt::Write;

pub(crate) fn to_hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for (i, line) in bytes.chunks(32).enumerate() {
        if line.iter().any(|b| *b != 0) {
            write!(text, "{:06x}:", i * 32).unwrap();
            line.iter().for_each(|b| write!(text, " {b:02x}").unwrap());
            text.push('\n');
        }
    }
    writeln!(text, "{:06x}", bytes.len()).unwrap();
    text
}

pub(crate) fn from_hex(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for line in text.lines() {
        let (at, rest) = line.split_once(':').unwrap_or((line, ""));
        bytes.resize(usize::from_str_radix(at, 16).unwrap(), 0);
        bytes.extend(rest.split_whitespace().map(|b| u8::from_str_radix(b, 16).unwrap()));
    }
    bytes
}
