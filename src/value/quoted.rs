//! Quoted strings: SOCKS credentials as tor escapes them.

use core::fmt;
use core::iter::FusedIterator;

#[cfg(feature = "alloc")]
use alloc::{string::String, vec::Vec};

/// A quoted string of the control protocol: the value of `SOCKS_USERNAME` or `SOCKS_PASSWORD`.
///
/// Inside the quotes tor writes `\\`, `\"`, `\'`, `\n`, `\t` and `\r`, and a backslash with exactly three octal digits for
/// every other byte below 0x20 or from 0x7f up. In text from elsewhere, a backslash before any other character stands for
/// that character. What a client sent is bytes, not text.
///
/// `Debug` does not show it: it is a secret.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Quoted<'a>(&'a str);

impl<'a> Quoted<'a> {
    /// Returns the string with this escaped text.
    pub(crate) const fn new(escaped: &'a str) -> Self {
        Self(escaped)
    }

    /// Returns the text between the quotes, with its escapes.
    #[inline]
    #[must_use]
    pub const fn escaped(self) -> &'a str {
        self.0
    }

    /// Iterates over the decoded bytes.
    #[inline]
    #[must_use]
    pub const fn bytes(self) -> QuotedBytes<'a> {
        QuotedBytes { rest: self.0.as_bytes() }
    }

    /// Returns the decoded bytes.
    #[cfg(feature = "alloc")]
    #[must_use]
    pub fn to_vec(self) -> Vec<u8> {
        self.bytes().collect()
    }

    /// Returns the decoded text, with U+FFFD for bytes that are not UTF-8.
    #[cfg(feature = "alloc")]
    #[must_use]
    pub fn to_string_lossy(self) -> String {
        String::from_utf8(self.to_vec()).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
    }
}

impl fmt::Debug for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Quoted(***)")
    }
}

/// An iterator over the decoded bytes of a quoted string, from [`Quoted::bytes`].
#[derive(Clone)]
pub struct QuotedBytes<'a> {
    /// Escaped text that was not decoded yet.
    rest: &'a [u8],
}

impl Iterator for QuotedBytes<'_> {
    type Item = u8;

    #[inline]
    fn next(&mut self) -> Option<u8> {
        let (byte, rest) = match *self.rest {
            [b'\\', a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', ref rest @ ..] => {
                (((a & 3) << 6) | ((b & 7) << 3) | (c & 7), rest)
            }
            [b'\\', b'n', ref rest @ ..] => (b'\n', rest),
            [b'\\', b't', ref rest @ ..] => (b'\t', rest),
            [b'\\', b'r', ref rest @ ..] => (b'\r', rest),
            [b'\\', byte, ref rest @ ..] | [byte, ref rest @ ..] => (byte, rest),
            [] => return None,
        };
        self.rest = rest;
        Some(byte)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.rest.len().div_ceil(4), Some(self.rest.len()))
    }
}

impl FusedIterator for QuotedBytes<'_> {}

impl fmt::Debug for QuotedBytes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("QuotedBytes(***)")
    }
}
