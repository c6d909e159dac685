//! The keyword arguments of an event, parsed on demand.

use core::fmt;
use core::iter::FusedIterator;

use crate::format::content::Content;
use crate::format::grammar;
use crate::format::keyword::Keyword;
use crate::format::scan;
use crate::value::Redacted;

/// An iterator over the keyword arguments of an event, from [`args`](crate::StreamEventRef::args): key and value as
/// printed, in the order of the line.
///
/// Tokens without a `=` are left out; [`content`](crate::StreamEventRef::content) has them.
#[derive(Clone)]
pub struct Args<'a> {
    /// Content of the event.
    content: Content<'a>,
    /// Index at which the search for the next argument begins.
    at: u32,
    /// Ends found when the event was parsed. `None` if tor does not print its fields in this order.
    ends: Option<KnownEnds>,
}

/// The ends of values that take long to search for, from the parser, which finds them if the fields are in tor's order.
#[derive(Clone, Copy)]
pub(crate) struct KnownEnds {
    /// Index after the value of `SOCKS_USERNAME`, or 0 without a known one: an `Option` would be larger.
    pub(crate) socks_username: u32,
    /// Index after the value of `SOCKS_PASSWORD`, or 0 without a known one.
    pub(crate) socks_password: u32,
    /// Set if no unknown keyword can follow `ISO_FIELDS`: its value then ends the content.
    pub(crate) iso_fields_is_last: bool,
}

/// A keyword argument by its indexes in the event's content.
#[derive(Clone, Copy)]
pub(crate) struct Arg {
    /// Index of the key's first byte.
    pub(crate) key_start: u32,
    /// The key as a keyword. `None` for a key that no known tor prints.
    pub(crate) keyword: Option<Keyword>,
    /// Index of the `=` after the key.
    pub(crate) equals: u32,
    /// Index of the value's first byte.
    pub(crate) value_start: u32,
    /// Index after the value's last byte.
    pub(crate) value_end: u32,
}

impl<'a> Args<'a> {
    /// Returns the arguments after a target that ends at index `target_end` of `content`: at a space, or at the content's end.
    pub(crate) const fn new(content: Content<'a>, target_end: u32, ends: Option<KnownEnds>) -> Self {
        Self { content, at: target_end + 1, ends }
    }

    /// Returns the next argument.
    ///
    /// Inlined: with a call, reading every field and argument of an event takes a tenth more time.
    #[cfg_attr(feature = "std", inline(always))]
    pub(crate) fn next_arg(&mut self) -> Option<Arg> {
        let line = self.content.bytes();
        while (self.at as usize) < line.len() {
            let key = self.at;
            let arg = match Keyword::of_start(scan::sixteen_bytes(line, key, b' ')) {
                Some((keyword, len)) => Some(self.read_value(key, Some(keyword), key + len)),
                None => self.next_token(),
            };
            if arg.is_some() {
                return arg;
            }
        }
        None
    }

    /// Steps over one token that begins with no known keyword. Returns it if it is an argument.
    #[cold]
    fn next_token(&mut self) -> Option<Arg> {
        let (line, key) = (self.content.bytes(), self.at);
        let equals = scan::space_or_equals(line, key);
        if equals > key && line.get(equals as usize) == Some(&b'=') {
            return Some(self.read_value(key, None, equals));
        }
        self.at = scan::space(line, equals) + 1;
        None
    }

    /// Steps over the value after the `=` at index `equals`. Returns the argument.
    #[cfg_attr(feature = "std", inline)]
    fn read_value(&mut self, key_start: u32, keyword: Option<Keyword>, equals: u32) -> Arg {
        let (value_start, value_end) = self.value_range(keyword, equals + 1);
        self.at = value_end + 1;
        Arg { key_start, keyword, equals, value_start, value_end }
    }

    /// Returns the range of the value after the `=` before index `at`. The parser's ends are used where they are known.
    #[cfg_attr(feature = "std", inline)]
    fn value_range(&self, keyword: Option<Keyword>, at: u32) -> (u32, u32) {
        let line = self.content.bytes();
        let len = line.len() as u32;
        match (keyword, self.ends) {
            (Some(Keyword::SocksUsername), Some(KnownEnds { socks_username: end @ 1.., .. }))
            | (Some(Keyword::SocksPassword), Some(KnownEnds { socks_password: end @ 1.., .. })) => return (at, end),
            (Some(Keyword::IsoFields), Some(KnownEnds { iso_fields_is_last: true, .. })) => return (at, len),
            _ => {}
        }
        match (line.get(at as usize), keyword) {
            // Text that touches the closing quotation mark belongs to the value.
            (Some(b'"'), _) => (at, grammar::closing_quote(line, at).map_or(len, |quote| scan::space(line, quote))),
            // A socket's path may hold spaces. In other orders than tor's, nothing tells where it would end.
            (Some(b'/'), Some(Keyword::SourceAddr)) if self.ends.is_some() => (at, grammar::path_end(line, at)),
            // tor prints a space before a code. Without a code, the value is empty.
            (Some(b' '), Some(Keyword::Reason | Keyword::RemoteReason)) => {
                grammar::unknown_code_end(line, at + 1).map_or((at, at), |end| (at + 1, end))
            }
            _ => (at, scan::space(line, at)),
        }
    }

    /// Iterates over the keys that are left, in a form that may be shown.
    pub(crate) fn keys(mut self) -> impl Iterator<Item = Redacted<'a>> {
        let bytes = self.content.bytes();
        core::iter::from_fn(move || {
            self.next_arg().map(|arg| Redacted::new(bytes, arg.key_start as usize, arg.equals as usize))
        })
    }
}

impl<'a> Iterator for Args<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<(&'a str, &'a str)> {
        let content = self.content;
        self.next_arg().map(|arg| {
            let key = match arg.keyword {
                Some(keyword) => keyword.as_str(),
                None => content.get(arg.key_start, arg.equals),
            };
            (key, content.get(arg.value_start, arg.value_end))
        })
    }
}

impl FusedIterator for Args<'_> {}

impl fmt::Debug for Args<'_> {
    /// Formats the keys that are left. Values may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Args")?;
        f.debug_list().entries(self.clone().keys()).finish()
    }
}
