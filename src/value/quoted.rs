//! Quoted strings: SOCKS credentials as tor escapes them.

use core::fmt;
use core::iter::FusedIterator;

#[cfg(feature = "alloc")]
use alloc::{string::String, vec::Vec};

use crate::format::{MAX_CONTENT_LEN, grammar};

/// A quoted string of the control protocol, such as the value of `SOCKS_USERNAME` or `SOCKS_PASSWORD`.
///
/// Inside the quotes tor writes `\\`, `\"`, `\'`, `\n`, `\t` and `\r`, and a backslash with exactly three octal digits for
/// every other byte below 0x20 or from 0x7f up. In text from elsewhere, a backslash before any other character stands for
/// that character. A decoded string is bytes, which need not be UTF-8. tor cuts a credential at its first NUL, so that
/// `SOCKS_USERNAME=""` stands for one that began with NUL; without a credential the field is absent.
///
/// `Debug` does not show the string: it is a secret.
///
/// # Examples
///
/// ```
/// use tor_stream_event::StreamEventRef;
///
/// let content = r#"5 NEW 0 a:80 PURPOSE=USER SOCKS_USERNAME="caf\303\251 \"x\"""#;
/// let event = StreamEventRef::parse(content)?;
/// let name = event.socks_username().expect("a user name");
/// assert_eq!(name.escaped(), r#"caf\303\251 \"x\""#);
/// assert!(name.bytes().eq("café \"x\"".bytes()));
/// # Ok::<(), tor_stream_event::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Quoted<'a>(&'a str);

impl<'a> Quoted<'a> {
    /// Returns the string with this escaped text.
    pub(crate) const fn new(escaped: &'a str) -> Self {
        Self(escaped)
    }

    /// Parses the quoted string at the start of `text`. Returns it and the text after its closing quotation mark.
    ///
    /// `None` if `text` does not begin with a quotation mark, if the string does not end, or if `text` has 2 GiB or more.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::Quoted;
    ///
    /// let (path, rest) = Quoted::parse(r#""/var/a \"b\"" VERSION"#).expect("a quoted string");
    /// assert!(path.bytes().eq(*br#"/var/a "b""#));
    /// assert_eq!(rest, " VERSION");
    /// assert_eq!(Quoted::parse(r#""it does not end\""#), None);
    /// ```
    #[must_use]
    pub fn parse(text: &'a str) -> Option<(Self, &'a str)> {
        let bytes = text.as_bytes();
        if bytes.len() > MAX_CONTENT_LEN || bytes.first() != Some(&b'"') {
            return None;
        }
        let end = grammar::closing_quote(bytes, 0)? as usize;
        Some((Self(text.get(1..end)?), text.get(end + 1..)?))
    }

    /// Returns the text between the quotes, with its escapes.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::Quoted;
    ///
    /// let (name, _) = Quoted::parse(r#""caf\303\251""#).expect("a quoted string");
    /// assert_eq!(name.escaped(), r"caf\303\251");
    /// ```
    #[inline]
    #[must_use]
    pub const fn escaped(self) -> &'a str {
        self.0
    }

    /// Iterates over the decoded bytes.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::Quoted;
    ///
    /// let (name, _) = Quoted::parse(r#""caf\303\251""#).expect("a quoted string");
    /// assert!(name.bytes().eq("café".bytes()));
    /// ```
    #[inline]
    #[must_use]
    pub const fn bytes(self) -> QuotedBytes<'a> {
        QuotedBytes { rest: self.0.as_bytes() }
    }

    /// Returns the decoded bytes.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::Quoted;
    ///
    /// let (name, _) = Quoted::parse(r#""\377\001""#).expect("a quoted string");
    /// assert_eq!(name.to_vec(), [0xff, 1]);
    /// ```
    #[cfg(feature = "alloc")]
    #[must_use]
    pub fn to_vec(self) -> Vec<u8> {
        self.bytes().collect()
    }

    /// Returns the decoded text, with U+FFFD for bytes that are not UTF-8.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::Quoted;
    ///
    /// let (name, _) = Quoted::parse(r#""caf\351""#).expect("a quoted string");
    /// assert_eq!(name.to_string_lossy(), "caf\u{FFFD}");
    /// ```
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
///
/// # Examples
///
/// ```
/// use tor_stream_event::Quoted;
///
/// let (name, _) = Quoted::parse(r#""a\n""#).expect("a quoted string");
/// let mut bytes = name.bytes();
/// assert_eq!((bytes.next(), bytes.next(), bytes.next()), (Some(b'a'), Some(b'\n'), None));
/// ```
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
            // The low bits of an octal digit are its value.
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
        // A byte takes one to four bytes of escaped text.
        (self.rest.len().div_ceil(4), Some(self.rest.len()))
    }
}

impl FusedIterator for QuotedBytes<'_> {}

impl fmt::Debug for QuotedBytes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("QuotedBytes(***)")
    }
}
