//! The second reading: a target of any text, and the fields that tor prints after one.
//!
//! A client chooses the target, and can make it look like anything; what tor prints after it is unambiguous as a whole. The
//! target ends where the longest row of fields begins that tor can have printed and that leaves a `host:port`, or 255
//! bytes, before it. [`read`] tries the first few ports from the left, since the first row that fits is the longest;
//! [`target_end`] removes fields from the right, in the reverse of tor's order.
//!
//! No client can lengthen that row. A longer row would begin inside the host, so one of its fields would hold tor's own
//! `:port`. No word or number holds a colon, and the value of an unknown keyword may hold one only after all of [`Keyword::NEWER`]. A
//! `SOURCE_ADDR` does, but tor prints one of its own after a client's target, and no row has two. (After targets of tor's own, and for
//! look-ups of a controller, tor prints none; no client wrote those.) A quoted string opened in the target would end at a quotation
//! mark that tor printed; those come in pairs, and the one left over fits nowhere. The gaps are old tors, which print few fields:
//! `docs/exact-reading.md` lists them.
//!
//! The work is linear in the content's length. [`read`] tries few ports. Each round of [`target_end`] searches the field that it removes,
//! for its start and in its value, and nothing before it. Only the last round, which removes no field, may search all that is left.

use super::fields::Fields;
use super::header::Header;
use super::predicted::{self, is_unknown_key, is_unknown_value};
use super::target::TargetRange;
use crate::format::keyword::{self, Keyword};
use crate::format::{grammar, scan};
use crate::word::StreamStatus;

/// Maximum number of ends of a target after which [`read`] tries to read fields, before it calls [`target_end`].
///
/// Nearly every hostile target has no more ports than that. To read the fields after each port takes half the time of finding the
/// end from the right and reading the fields then. Without a limit, the work would grow with the square of the number of ports.
const MAX_TRIES: usize = 4;

/// Reads the target, and the fields after it. `None` for a content that no known tor prints.
#[inline(never)]
pub(super) fn read(content: &[u8], header: &Header) -> Option<(TargetRange, Fields)> {
    let fields_after = |end| {
        let fields = read_fields(content, end, header.status)?;
        Some((TargetRange::new(content, header.target_start, end), fields))
    };
    let mut from = header.target_start;
    for _ in 0..MAX_TRIES {
        let end = next_end(content, header.target_start, from)?;
        let found = fields_after(end);
        if found.is_some() {
            return found;
        }
        from = end + 1;
    }
    // Returns here if there is no other end: then the search from the right would find none either.
    next_end(content, header.target_start, from)?;
    fields_after(target_end(content, header.target_start, header.status)?)
}

/// Returns the first index from `from` on at which a target that begins at index `target_start` can end: at a space, or at the
/// content's end.
fn next_end(content: &[u8], target_start: u32, from: u32) -> Option<u32> {
    let cut_at = super::cut_index(target_start) as u32;
    let mut end = from;
    while end as usize <= content.len() {
        end = scan::space(content, end);
        if may_be_target(content.get(target_start as usize..end as usize)?) {
            return Some(end);
        }
        end += 1;
        // Steps over further spaces: a target ends with its port, unless tor cut it.
        while end != cut_at && content.get(end as usize) == Some(&b' ') {
            end += 1;
        }
    }
    None
}

/// [`predicted::read_fields`], which is inlined and large: here once for this file.
#[inline(never)]
fn read_fields(content: &[u8], at: u32, status: StreamStatus) -> Option<Fields> {
    predicted::read_fields(content, at, status)
}

/// Returns `true` if tor can have printed the text from index `cut_at` on after a target that it cut there.
///
/// tor prints `PURPOSE` with every NEW and NEWRESOLVE (since 0.2.0.27), and either all of [`Keyword::NEWER`] or none. If
/// other text follows, tor did not cut the target there. (A tor before 0.2.0.27 may have cut a NEW that has no `PURPOSE`: that
/// cut is not found.)
#[cold]
pub(super) fn rest_may_follow_cut(content: &[u8], cut_at: u32, status: StreamStatus) -> bool {
    // tor 0.1.2 to 0.2.1 ends a line without a reason with a space.
    let fields = match content.get(cut_at as usize..) {
        None | Some([] | b" ") => Some(Fields::default()),
        Some(_) => read_fields(content, cut_at, status),
    };
    fields.is_some_and(|fields| {
        let needs_purpose = matches!(status, StreamStatus::New | StreamStatus::NewResolve);
        let all_or_none = [0, Keyword::NEWER.len()].contains(&fields.newer_fields());
        (!needs_purpose || fields.purpose.is_some()) && all_or_none
    })
}

/// Returns `true` for text that ends with a port, and for text of exactly 255 bytes, whose port tor may have cut off.
fn may_be_target(text: &[u8]) -> bool {
    text.len() == grammar::TARGET_MAX || grammar::split_port(text).is_some()
}

/// Returns the end of the target that begins at index `target_start`: after its port, or where tor cut it. `None` for a content
/// that no known tor prints.
#[cold]
pub(super) fn target_end(content: &[u8], target_start: u32, status: StreamStatus) -> Option<u32> {
    let rest = content.get(target_start as usize..)?;
    let follows = Follows::EndOrUnknown;
    let mut unread = Unread { content, target_start, rest, status, follows, has_colon: false, newer_fields: 0 };
    let mut last_found = None;
    // The end that is found last has the longest row of fields after it.
    loop {
        let may_have_colon = unread.newer_fields == Keyword::NEWER.len();
        if (!unread.has_colon || may_have_colon) && may_be_target(unread.rest) {
            last_found = Some(target_start + unread.rest.len() as u32);
        }
        if unread.remove_last_field().is_none() {
            return last_found;
        }
    }
}

/// A content from which fields are removed at the end.
struct Unread<'b> {
    /// The whole content.
    content: &'b [u8],
    /// Index of the target's first byte.
    target_start: u32,
    /// The target, and the fields that were not removed.
    rest: &'b [u8],
    /// The event's status.
    status: StreamStatus,
    /// The text after `rest`.
    follows: Follows,
    /// Set if a removed value of an unknown key has a colon. The colon may be that of tor's `:port`, after a client's host that
    /// ends like a field: only a newer tor prints such a field itself, after all of [`Keyword::NEWER`].
    has_colon: bool,
    /// Number of removed fields of [`Keyword::NEWER`].
    newer_fields: usize,
}

/// The text after the unread rest of a content.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Follows {
    /// The content's end, or fields with unknown keys.
    EndOrUnknown,
    /// A field with this keyword.
    Known(Keyword),
}

impl<'b> Unread<'b> {
    /// Removes the last field. `None` if there is none, or if tor does not print it before the text that follows.
    fn remove_last_field(&mut self) -> Option<()> {
        let (before, field) = self.split_last()?;
        let at = self.target_start + before.len() as u32 + 1;
        let Some((keyword, len)) = Keyword::of_start(scan::sixteen_bytes(self.content, at, b' ')) else {
            // An unknown key: a tor that prints one prints it after all keywords.
            let equals = memchr::memchr(b'=', field)?;
            let (key, value) = (field.get(..equals)?, field.get(equals + 1..)?);
            if self.follows != Follows::EndOrUnknown || !is_unknown_key(key) || !is_unknown_value(value) {
                return None;
            }
            self.has_colon |= memchr::memchr(b':', value).is_some();
            self.rest = before;
            return Some(());
        };
        if !self.fits(keyword, field.get(len as usize + 1..)?) {
            return None;
        }
        (self.rest, self.follows) = match keyword {
            // tor prints REMOTE_REASON only after REASON=END: both are removed at once.
            Keyword::RemoteReason => (before.strip_suffix(b" REASON=END")?, Follows::Known(Keyword::Reason)),
            _ => (before, Follows::Known(keyword)),
        };
        self.newer_fields += usize::from(Keyword::NEWER.contains(&keyword));
        Some(())
    }

    /// Returns the text before the last field, and that field. The space between them is in neither.
    fn split_last(&self) -> Option<(&'b [u8], &'b [u8])> {
        // Three values may hold spaces: a socket's path in the SOURCE_ADDR before PURPOSE (an unknown status has no SOURCE_ADDR), a
        // quoted string, and the code in `REASON= UNKNOWN_15`.
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
        Some((self.rest.get(..space)?, self.rest.get(space + 1..)?))
    }

    /// Returns the index of the space before the last field, which has to be a `SOURCE_ADDR`. Its value may hold spaces, but no
    /// space with a key, known or unknown, and its `=` after it.
    fn space_before_source_addr(&self) -> Option<usize> {
        let mut rest = self.rest;
        loop {
            let space = memchr::memrchr(b' ', rest)?;
            if grammar::begins_with_key(self.rest.get(space + 1..)?) {
                return self.rest.get(space..)?.starts_with(keyword::SOURCE_ADDR).then_some(space);
            }
            rest = rest.get(..space)?;
        }
    }

    /// Returns `true` if tor prints `keyword` with `value` before the text that follows.
    fn fits(&self, keyword: Keyword, value: &[u8]) -> bool {
        let in_order = match self.follows {
            Follows::EndOrUnknown => true,
            // REMAP has either a source or a reason, though REASON is before SOURCE in tor's order.
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
            // A path may hold spaces, and tor cuts a long one: only the PURPOSE after it shows where it ends.
            Keyword::SourceAddr if value.first() == Some(&b'/') => self.follows == Follows::Known(Keyword::Purpose),
            Keyword::SourceAddr => grammar::is_addr_port(value),
            Keyword::SocksUsername | Keyword::SocksPassword => grammar::is_quoted(value),
            Keyword::NymEpoch => grammar::decimal(value).is_some(),
            Keyword::SessionGroup => grammar::signed_decimal(value).is_some(),
            Keyword::IsoFields => grammar::is_list(value),
        }
    }
}

/// Returns the index of the last quotation mark in `text` that no backslash escapes: an even number of backslashes is before it, of
/// which each second one is escaped by the one before.
fn opening_quote(text: &[u8]) -> Option<usize> {
    memchr::memrchr_iter(b'"', text).find(|&quote| {
        let before = text.get(..quote).unwrap_or_default();
        before.iter().rev().take_while(|&&byte| byte == b'\\').count() % 2 == 0
    })
}
