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
    at: u32,
    /// What was found when the line was read, if tor printed it in an order that we know.
    found: Option<Found>,
}

/// Where values end that are long, so that nobody looks for their ends again.
#[derive(Clone, Copy)]
pub(crate) struct Found {
    /// The index after `SOCKS_USERNAME`, or 0.
    pub(crate) username_end: u32,
    /// The index after `SOCKS_PASSWORD`, or 0.
    pub(crate) password_end: u32,
    /// Whether no keyword is unknown, so that `ISO_FIELDS` ends the line.
    pub(crate) all_known: bool,
}

/// Where an argument stands in an event's content.
#[derive(Clone, Copy)]
pub(crate) struct Arg {
    /// The key's first byte.
    pub(crate) key: u32,
    /// What the key is, if we know it.
    pub(crate) keyword: Option<Keyword>,
    /// The `=` after the key.
    pub(crate) equals: u32,
    /// The value's first byte.
    pub(crate) value: u32,
    /// The index after the value's last byte.
    pub(crate) end: u32,
}

impl<'a> Args<'a> {
    /// Returns the arguments from index `tail` of `text` on.
    pub(crate) const fn new(text: Text<'a>, tail: u32, found: Option<Found>) -> Self {
        Self { text, at: tail, found }
    }

    /// Returns where the next argument stands.
    #[inline]
    pub(crate) fn next_arg(&mut self) -> Option<Arg> {
        let line = self.text.bytes();
        while (self.at as usize) < line.len() {
            let key = self.at;
            let (low, high) = scan::words(line, key, b' ');
            let (keyword, equals) = match Keyword::of_words(low, high) {
                Some((keyword, len)) => (Some(keyword), key + len),
                None => (None, scan::space_or_equals(line, key)),
            };
            if keyword.is_some() || (equals > key && line.get(equals as usize) == Some(&b'=')) {
                let (value, end) = self.value(keyword, equals + 1);
                self.at = end + 1;
                return Some(Arg { key, keyword, equals, value, end });
            }
            self.at = scan::space(line, equals) + 1;
        }
        None
    }

    /// Returns where the value of `keyword` at index `start` begins and ends.
    #[inline]
    fn value(&self, keyword: Option<Keyword>, start: u32) -> (u32, u32) {
        let line = self.text.bytes();
        let len = line.len() as u32;
        match (keyword, self.found) {
            (Some(Keyword::SocksUsername), Some(Found { username_end: end @ 1.., .. }))
            | (Some(Keyword::SocksPassword), Some(Found { password_end: end @ 1.., .. })) => return (start, end),
            (Some(Keyword::IsoFields), Some(Found { all_known: true, .. })) => return (start, len),
            _ => {}
        }
        match (line.get(start as usize), keyword) {
            (Some(b'"'), _) => (start, grammar::quoted_end(line, start).map_or(len, |end| scan::space(line, end))),
            // Only in an order that we know is a space part of a socket's path.
            (Some(b'/'), Some(Keyword::SourceAddr)) if self.found.is_some() => (start, grammar::path_end(line, start)),
            (Some(b' '), Some(Keyword::Reason | Keyword::RemoteReason)) => {
                grammar::code_end(line, start + 1).map_or((start, start), |end| (start + 1, end))
            }
            _ => (start, scan::space(line, start)),
        }
    }
}

impl<'a> Args<'a> {
    /// Iterates over the keys that are left, as they may be shown.
    pub(crate) fn keys(mut self) -> impl Iterator<Item = Redacted<'a>> {
        let bytes = self.text.bytes();
        core::iter::from_fn(move || {
            self.next_arg().map(|arg| Redacted::new(bytes, arg.key as usize, arg.equals as usize))
        })
    }
}

impl<'a> Iterator for Args<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<(&'a str, &'a str)> {
        let text = self.text;
        self.next_arg().map(|arg| {
            let part = |start: u32, end: u32| text.get(start as usize, end as usize);
            let key = match arg.keyword {
                Some(keyword) => keyword.as_str(),
                None => part(arg.key, arg.equals),
            };
            (key, part(arg.value, arg.end))
        })
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
