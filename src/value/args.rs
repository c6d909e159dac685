//! The keyword arguments of an event, parsed on demand.

use core::fmt;
use core::iter::FusedIterator;

use crate::format::content::Content;
use crate::format::grammar;
use crate::format::keyword::Keyword;
use crate::format::scan;
use crate::value::redacted::{Redacted, Secrets};

/// An iterator over the keyword arguments of an event, from [`args`](crate::StreamEventRef::args): key and value as
/// printed, in the order of the line.
///
/// Tokens without a key and a `=` are left out; [`content`](crate::StreamEventRef::content) has them.
///
/// # Examples
///
/// ```
/// use tor_stream_event::StreamEventRef;
///
/// let event = StreamEventRef::parse("9 CLOSED 3 a:80 REASON=DONE NEW_FIELD=7")?;
/// assert!(event.args().eq([("REASON", "DONE"), ("NEW_FIELD", "7")]));
/// # Ok::<(), tor_stream_event::Error>(())
/// ```
#[derive(Clone)]
pub struct Args<'a> {
    /// Content of the event.
    content: Content<'a>,
    /// Index at which the search for the next argument begins.
    at: u32,
    /// Ends of values, from the parser. `None` if the fields are not in tor's order.
    ends: Option<KnownEnds>,
}

/// The ends of values that take long to search for. The parser knows them if the fields are in tor's order.
#[derive(Clone, Copy)]
pub(crate) struct KnownEnds {
    /// Index after the value of `SOCKS_USERNAME`, or 0 if the event has no such value: an `Option` would be larger.
    pub(crate) socks_username: u32,
    /// Index after the value of `SOCKS_PASSWORD`, or 0 if the event has no such value.
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
        let content = self.content.bytes();
        while (self.at as usize) < content.len() {
            let key_start = self.at;
            let arg = match Keyword::of_start(scan::sixteen_bytes(content, key_start, b' ')) {
                Some((keyword, len)) => Some(self.read_value(key_start, Some(keyword), key_start + len)),
                None => self.next_token(),
            };
            if arg.is_some() {
                return arg;
            }
        }
        None
    }

    /// Steps over one token that begins with no known keyword, and returns it as an argument. `None` if it has no key or no `=`.
    #[cold]
    fn next_token(&mut self) -> Option<Arg> {
        let (content, key_start) = (self.content.bytes(), self.at);
        let key_end = scan::space_or_equals(content, key_start);
        if key_end > key_start && content.get(key_end as usize) == Some(&b'=') {
            return Some(self.read_value(key_start, None, key_end));
        }
        self.at = scan::space(content, key_end) + 1;
        None
    }

    /// Steps over the value after the `=` at index `equals`. Returns the argument.
    #[cfg_attr(feature = "std", inline)]
    fn read_value(&mut self, key_start: u32, keyword: Option<Keyword>, equals: u32) -> Arg {
        let (value_start, value_end) = self.value_range(keyword, equals + 1);
        self.at = value_end + 1;
        Arg { key_start, keyword, equals, value_start, value_end }
    }

    /// Returns the start and the end of a value, by the index after its `=`. The start is later only where tor prints a space
    /// before the value. Ends that the parser knows are not searched for.
    #[cfg_attr(feature = "std", inline)]
    fn value_range(&self, keyword: Option<Keyword>, at: u32) -> (u32, u32) {
        let content = self.content.bytes();
        let len = content.len() as u32;
        match (keyword, self.ends) {
            (Some(Keyword::SocksUsername), Some(KnownEnds { socks_username: end @ 1.., .. }))
            | (Some(Keyword::SocksPassword), Some(KnownEnds { socks_password: end @ 1.., .. })) => return (at, end),
            (Some(Keyword::IsoFields), Some(KnownEnds { iso_fields_is_last: true, .. })) => return (at, len),
            _ => {}
        }
        match (content.get(at as usize), keyword) {
            // Text that touches the closing quotation mark belongs to the value. Without a closing mark, all of the rest does.
            (Some(b'"'), _) => {
                (at, grammar::closing_quote(content, at).map_or(len, |quote| scan::space(content, quote)))
            }
            // A socket's path may hold spaces. In other orders than tor's, its end is unknown: there, it ends at a space.
            (Some(b'/'), Some(Keyword::SourceAddr)) if self.ends.is_some() => (at, grammar::path_end(content, at)),
            // tor prints a space before a code. Without a code, the value is empty.
            (Some(b' '), Some(Keyword::Reason | Keyword::RemoteReason)) => {
                grammar::unknown_code_end(content, at + 1).map_or((at, at), |end| (at + 1, end))
            }
            _ => (at, scan::space(content, at)),
        }
    }

    /// Iterates over the keys of the arguments that are left, without credentials.
    pub(crate) fn keys(mut self) -> impl Iterator<Item = Redacted<'a>> {
        let content = self.content.bytes();
        // A single search for all keys: a search for each, from the start of the content, would take quadratic time.
        let mut secrets = Secrets::START;
        core::iter::from_fn(move || {
            let arg = self.next_arg()?;
            let (start, end) = (arg.key_start as usize, arg.equals as usize);
            secrets.advance_to_end(content.get(..start)?);
            Some(secrets.redact(content, start, end))
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
    /// Formats the keys of the arguments that are left. Values may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Args")?;
        f.debug_list().entries(self.clone().keys()).finish()
    }
}
