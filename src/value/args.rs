//! The keyword arguments of an event, read where they are asked for.

use core::fmt;
use core::iter::FusedIterator;

use crate::parse::grammar;
use crate::parse::keyword::Keyword;
use crate::scan;
use crate::text::Text;

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
    pub(crate) fn next_arg(&mut self) -> Option<Arg> {
        let bytes = self.text.bytes();
        while self.at < bytes.len() {
            let key = self.at;
            let token_end = scan::space(bytes, key);
            let equals =
                bytes.get(key..token_end).and_then(|token| memchr::memchr(b'=', token)).map_or(token_end, |i| key + i);
            if equals == key || equals == token_end {
                self.at = token_end + 1;
                continue;
            }
            let (value, end) = self.value(bytes.get(key..equals).unwrap_or_default(), equals + 1, token_end);
            self.at = end + 1;
            return Some(Arg { key, equals, value, end });
        }
        None
    }

    /// Returns where the value of `key` begins and ends, which begins at `start`, in a token that ends at `token_end`.
    fn value(&self, key: &[u8], start: usize, token_end: usize) -> (usize, usize) {
        let bytes = self.text.bytes();
        match bytes.get(start) {
            Some(b'"') => match grammar::quoted_end(bytes, start + 1) {
                Some(quote) => (start, scan::space(bytes, quote)),
                None => (start, bytes.len()),
            },
            Some(b'/') if self.known_order && key == Keyword::SourceAddr.as_bytes() => {
                (start, grammar::path_end(bytes, start))
            }
            Some(b' ') if Keyword::is_reason(key) => match grammar::unknown_code(bytes, start) {
                Some(end) => (start + 1, end),
                None => (start, start),
            },
            _ => (start, token_end),
        }
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
        f.debug_list().entries(self.clone().map(|(key, _)| key)).finish()
    }
}
