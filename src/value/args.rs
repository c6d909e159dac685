//! The keyword arguments of an event, read where they are asked for.

use core::fmt;
use core::iter::FusedIterator;

use crate::format::grammar;
use crate::format::keyword::Keyword;
use crate::format::scan;
use crate::format::text::Text;
use crate::value::Redacted;

/// An iterator over the keyword arguments of an event, from [`args`](crate::StreamEventRef::args): key and value as
/// printed, in the order of the line.
///
/// Tokens without a `=` are left out; they stand in [`content`](crate::StreamEventRef::content).
#[derive(Clone)]
pub struct Args<'a> {
    /// The event's content.
    text: Text<'a>,
    /// Where the next argument is looked for.
    at: usize,
    /// Whether tor printed the line in an order that we know. Only then is a space part of a socket's path.
    known_order: bool,
}

/// Where an argument stands in an event's content.
#[derive(Clone, Copy)]
pub(crate) struct Arg {
    /// The key's first byte.
    pub(crate) key: usize,
    /// The `=` after the key.
    pub(crate) equals: usize,
    /// The value's first byte.
    pub(crate) value: usize,
    /// The index after the value's last byte.
    pub(crate) end: usize,
}

impl<'a> Args<'a> {
    /// Returns the arguments from index `tail` of `text` on.
    pub(crate) const fn new(text: Text<'a>, tail: usize, known_order: bool) -> Self {
        Self { text, at: tail, known_order }
    }

    /// Returns where the next argument stands.
    #[inline]
    pub(crate) fn next_arg(&mut self) -> Option<Arg> {
        let bytes = self.text.bytes();
        loop {
            let key = self.at;
            let rest = bytes.get(key..).filter(|rest| !rest.is_empty())?;
            let (name, value) = rest.split_at_checked(scan::space_or_equals(rest))?;
            let equals = key + name.len();
            match value.strip_prefix(b"=") {
                Some(text) if !name.is_empty() => {
                    let (skip, len) = self.value(name, text);
                    let value = equals + 1 + skip;
                    self.at = value + len + 1;
                    return Some(Arg { key, equals, value, end: value + len });
                }
                _ => self.at = equals + scan::space(value) + 1,
            }
        }
    }

    /// Returns how many bytes come before the value of `key` that `text` begins with, and how long it is.
    #[inline]
    fn value(&self, key: &[u8], text: &[u8]) -> (usize, usize) {
        match text {
            [b'"', string @ ..] => match grammar::quoted_len(string) {
                Some(len) => (0, 1 + len + scan::space(string.get(len..).unwrap_or_default())),
                None => (0, text.len()),
            },
            [b'/', ..] if self.known_order && key == Keyword::SourceAddr.as_bytes() => (0, grammar::path_len(text)),
            [b' ', ..] if Keyword::is_reason(key) => grammar::unknown_code(text).map_or((0, 0), |len| (1, len - 1)),
            _ => (0, scan::space(text)),
        }
    }
}

impl<'a> Args<'a> {
    /// Iterates over the keys that are left, as they may be shown.
    pub(crate) fn keys(mut self) -> impl Iterator<Item = Redacted<'a>> {
        let bytes = self.text.bytes();
        core::iter::from_fn(move || self.next_arg().map(|arg| Redacted::new(bytes, arg.key, arg.equals)))
    }
}

impl<'a> Iterator for Args<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<(&'a str, &'a str)> {
        let text = self.text;
        self.next_arg().map(|arg| (text.get(arg.key, arg.equals), text.get(arg.value, arg.end)))
    }
}

impl FusedIterator for Args<'_> {}

impl fmt::Debug for Args<'_> {
    /// Shows the keys that are left. Values may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Args")?;
        f.debug_list().entries(self.clone().keys()).finish()
    }
}
