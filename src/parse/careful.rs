//! The careful reading: where the target ends, found from the right.
//!
//! A client chooses the target, and can make it look like anything; what tor prints after it is unambiguous as a whole.
//! So the fields are taken off the end of the line, one after the other, in the reverse of tor's order. The target is what
//! stands before the longest row of them that leaves one.
//!
//! Why no client can lengthen that row: it would have to begin inside the target, and so have tor's own colon and port in
//! one of its fields. No word or number holds a colon. A `SOURCE_ADDR` does, but tor's own makes a second one. A quoted
//! string opened in the target would end at a quotation mark that tor printed; those come in pairs, so that one is left
//! over, and it fits nowhere. What remains is a client of a tor before 0.4.7, which prints few fields: one that writes all
//! fields of a newer tor into its target, and an unknown keyword behind them, cannot be told from that newer tor. The
//! keyword raises [`UnknownKeyword`](crate::Anomaly::UnknownKeyword).
//!
//! The work is linear: each search runs over bytes that no other search of its kind sees again, or ends the reading.

use super::predicted::is_unknown_field;
use crate::format::grammar;
use crate::format::keyword::{self, Keyword};
use crate::token::StreamStatus;

/// Where a target ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TargetEnd {
    /// Here, after its port.
    Port(usize),
    /// Here, where tor cut it and took its port.
    Cut(usize),
}

/// Returns where the target that begins at `target` ends, or `None` if tor did not print this line.
pub(super) fn find(bytes: &[u8], target: usize, status: StreamStatus) -> Option<TargetEnd> {
    let text = bytes.get(target..)?;
    let mut fields = Fields { rest: text, status, follows: Follows::End, has_colon: false, newer_fields: 0 };
    let mut found = None;
    loop {
        if !fields.has_colon || fields.newer_fields == Keyword::NEWER.len() {
            let end = target + fields.rest.len();
            if grammar::split_port(fields.rest).is_some() {
                found = Some(TargetEnd::Port(end));
            } else if fields.rest.len() == grammar::TARGET_MAX {
                found = Some(TargetEnd::Cut(end));
            }
        }
        if fields.take_last().is_none() {
            return found;
        }
    }
}

/// A line from which fields are taken off at the end.
struct Fields<'b> {
    /// What is left.
    rest: &'b [u8],
    /// The event's status.
    status: StreamStatus,
    /// What was taken off last.
    follows: Follows,
    /// Whether an unknown keyword was taken off whose value holds a colon: it can only stand after [`Keyword::NEWER`].
    has_colon: bool,
    /// How many of those were taken off.
    newer_fields: usize,
}

/// What follows the part of a line that is left.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Follows {
    /// The end of the line, or unknown keywords.
    End,
    /// This keyword.
    Known(Keyword),
}

impl<'b> Fields<'b> {
    /// Takes off the last field, if tor prints it before what follows.
    fn take_last(&mut self) -> Option<()> {
        let (before, key, value) = self.split_last()?;
        let Some(keyword) = Keyword::from_bytes(key) else {
            if self.follows != Follows::End || !is_unknown_field(key, value) {
                return None;
            }
            self.has_colon |= memchr::memchr(b':', value).is_some();
            self.rest = before;
            return Some(());
        };
        if !self.fits(keyword, value) {
            return None;
        }
        (self.rest, self.follows) = match keyword {
            Keyword::RemoteReason => (before.strip_suffix(b" REASON=END")?, Follows::Known(Keyword::Reason)),
            _ => (before, Follows::Known(keyword)),
        };
        self.newer_fields += usize::from(Keyword::NEWER.contains(&keyword));
        Some(())
    }

    /// Splits off the last field: what stands before its space, its key and its value.
    fn split_last(&self) -> Option<(&'b [u8], &'b [u8], &'b [u8])> {
        let space = if self.follows == Follows::Known(Keyword::Purpose) && self.status != StreamStatus::Unrecognized {
            self.space_before_source_addr()?
        } else if let Some(text) = self.rest.strip_suffix(b"\"") {
            memchr::memrchr(b' ', text.get(..opening_quote(text)?)?)?
        } else {
            let space = memchr::memrchr(b' ', self.rest)?;
            match self.rest.get(..space)?.strip_suffix(b"REASON=") {
                Some(before) if grammar::is_unknown_code(self.rest.get(space + 1..)?) => memchr::memrchr(b' ', before)?,
                _ => space,
            }
        };
        let (before, field) = self.rest.split_at_checked(space)?;
        let field = field.strip_prefix(b" ")?;
        let equals = memchr::memchr(b'=', field)?;
        Some((before, field.get(..equals)?, field.get(equals + 1..)?))
    }

    /// Returns the space before the `SOURCE_ADDR` that is the last field: its value may hold spaces, but no keyword.
    fn space_before_source_addr(&self) -> Option<usize> {
        let mut rest = self.rest;
        loop {
            let space = memchr::memrchr(b' ', rest)?;
            if grammar::begins_with_keyword(self.rest.get(space + 1..)?) {
                return self.rest.get(space..)?.starts_with(keyword::SOURCE_ADDR).then_some(space);
            }
            rest = rest.get(..space)?;
        }
    }

    /// Returns `true` if tor prints `keyword` with `value` before what follows.
    fn fits(&self, keyword: Keyword, value: &[u8]) -> bool {
        let in_order = match self.follows {
            Follows::End => true,
            // Only one of the two says where a new address is from.
            Follows::Known(Keyword::Source) if self.status == StreamStatus::Remap => false,
            Follows::Known(next) => keyword < next,
        };
        in_order && keyword.belongs_to(self.status) && self.is_value(keyword, value)
    }

    /// Returns `true` if tor prints `value` for `keyword`.
    fn is_value(&self, keyword: Keyword, value: &[u8]) -> bool {
        match keyword {
            Keyword::Reason if self.status == StreamStatus::Remap => grammar::is_unknown_code(value),
            Keyword::Reason | Keyword::RemoteReason => {
                grammar::is_word(value) || value.strip_prefix(b" ").is_some_and(grammar::is_unknown_code)
            }
            Keyword::Source | Keyword::Purpose | Keyword::ClientProtocol => grammar::is_word(value),
            Keyword::SourceAddr if value.first() == Some(&b'/') => self.follows == Follows::Known(Keyword::Purpose),
            Keyword::SourceAddr => grammar::is_addr_port(value),
            Keyword::SocksUsername | Keyword::SocksPassword => grammar::is_quoted(value),
            Keyword::NymEpoch => grammar::decimal(value).is_some(),
            Keyword::SessionGroup => grammar::signed_decimal(value).is_some(),
            Keyword::IsoFields => grammar::is_list(value),
        }
    }
}

/// Returns the last quotation mark in `text` that no backslash escapes.
fn opening_quote(text: &[u8]) -> Option<usize> {
    memchr::memrchr_iter(b'"', text).find(|&quote| {
        let before = text.get(..quote).unwrap_or_default();
        before.iter().rev().take_while(|&&byte| byte == b'\\').count() % 2 == 0
    })
}
