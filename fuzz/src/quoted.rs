//! Quoted strings: escaping and unescaping.

use core::str::from_utf8;

/// Escapes bytes as tor does, without the quotation marks.
#[must_use]
pub fn escape(bytes: &[u8]) -> String {
    crate::escape::escape(bytes)
}

/// Unescapes the text between quotation marks, by the rules of [`Quoted`](tor_stream_event::Quoted): three octal digits from
/// `000` to `377` are a byte, and any other character but n, t and r stands for itself. `None` for text with a
/// bare quotation mark, and for text with a lone backslash at its end, which would escape the closing mark.
#[must_use]
pub fn unescape(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((&byte, after)) = rest.split_first() {
        let octal = after.get(..3).and_then(|digits| u8::from_str_radix(from_utf8(digits).ok()?, 8).ok());
        let (byte, len) = match (byte, after.first()) {
            (b'"', _) | (b'\\', None) => return None,
            (b'\\', Some(b'0'..=b'3')) if octal.is_some() => (octal?, 4),
            (b'\\', Some(b'n')) => (b'\n', 2),
            (b'\\', Some(b't')) => (b'\t', 2),
            (b'\\', Some(b'r')) => (b'\r', 2),
            (b'\\', Some(&other)) => (other, 2),
            _ => (byte, 1),
        };
        bytes.push(byte);
        rest = &rest[len..];
    }
    Some(bytes)
}
