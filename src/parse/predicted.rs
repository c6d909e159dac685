//! The first reading: fields in the order that tor prints, from left to right.
//!
//! Before you change this:
//! - This file decides the speed of the crate. Measure a change with `benches/instructions/run parse`, and its time. Fewer
//!   instructions are not always less time: a length that is loaded from a table delays the next field, a length that a
//!   predicted branch implies does not.
//! - Line and index have to stay in registers: no closure and no function that is not inlined may borrow the [`Cursor`].
//!   Functions for rare values take an index and return one.
//! - Return `None` at the first surprise. The careful reading then reads the line, and has to find the same event in every
//!   line that this reading accepts: `tests.rs` compares the two.
//! - Text that most lines have is compared as a whole first; the general form follows each such comparison.

use core::num::NonZeroU32;

use super::fields::Fields;
use super::header;
use super::target::TargetRange;
use crate::anomaly::{Anomalies, Anomaly};
use crate::event::StreamEventRef;
use crate::format::content::{Content, Span};
use crate::format::keyword::{self, Keyword};
use crate::format::{MAX_CONTENT_LEN, grammar, scan};
use crate::word::{ClientProtocol, StreamClosureReason, StreamStatus, WordEnum};

/// Usual beginning of the fields that newer tors print with every event. A comparison of the whole takes a third of the time
/// of reading the fields.
const USUAL_PROTOCOL: &[u8] = b" CLIENT_PROTOCOL=SOCKS5 NYM_EPOCH=";

/// End of most lines: the isolation fields of a SOCKS port with tor's default flags. A comparison of the whole takes a quarter
/// of the time of reading the list.
const USUAL_ISO_FIELDS: &[u8] = b" ISO_FIELDS=SOCKS_USERNAME,SOCKS_PASSWORD,CLIENTADDR,SESSION_GROUP,NYM_EPOCH";

/// Parses a line with a plain target, its port, and fields in tor's order: nearly every line.
#[cfg_attr(feature = "std", inline(always))]
pub(super) fn read(text: &str) -> Option<StreamEventRef<'_>> {
    let line = text.as_bytes();
    if line.len() > MAX_CONTENT_LEN {
        return None;
    }
    let header = header::read_short(line)?;
    let end = scan::not_plain(line, header.target_start);
    let port = grammar::port_before(line, end)?;
    let fields = read_fields(line, end, header.status)?;
    // Where tor may have cut a target, in it or at the end of a field, the careful reading finds the anomalies.
    let cut_at = header.target_start as usize + grammar::TARGET_MAX;
    if line.len() >= cut_at && (end as usize >= cut_at || matches!(line.get(cut_at), None | Some(b' '))) {
        return None;
    }
    let target = TargetRange { start: header.target_start, end, port: Some(port), anomalies: Anomalies::NONE };
    Some(super::assemble(Content::Str(text), &header, &target, &fields, fields.anomalies))
}

/// Reads the fields that end `line` from index `at` on. `None` if tor does not print these, in this order, after a target of
/// an event with this status.
#[cfg_attr(feature = "std", inline(always))]
pub(super) fn read_fields(line: &[u8], at: u32, status: StreamStatus) -> Option<Fields> {
    let mut fields = Fields::default();
    let mut rest = Cursor { line, at };
    match status {
        _ if rest.is_empty() => return Some(fields),
        StreamStatus::New | StreamStatus::NewResolve => {
            rest.source_addr(&mut fields)?;
            rest.purpose(&mut fields)?;
        }
        StreamStatus::Failed | StreamStatus::Closed | StreamStatus::Detached => rest.reasons(&mut fields)?,
        StreamStatus::Remap => rest.remap_source(&mut fields)?,
        StreamStatus::Unrecognized => {
            rest.reasons(&mut fields)?;
            rest.source(&mut fields)?;
            rest.purpose(&mut fields)?;
        }
        _ => {}
    }
    if rest.is_empty() {
        return Some(fields);
    }
    // Most lines have neither user name nor password: one comparison of four bytes skips both.
    if rest.next_is(b" SOC") {
        if rest.skip(keyword::SOCKS_USERNAME) {
            fields.socks_username = Some(rest.quoted()?);
        }
        if rest.skip(keyword::SOCKS_PASSWORD) {
            fields.socks_password = Some(rest.quoted()?);
        }
    }
    let is_usual = rest.skip(USUAL_PROTOCOL);
    if is_usual {
        fields.client_protocol = Some(ClientProtocol::Socks5);
    } else if rest.skip(keyword::CLIENT_PROTOCOL) {
        let protocol = rest.word::<ClientProtocol>()?;
        fields.client_protocol = Some(protocol);
        if protocol == ClientProtocol::Unrecognized {
            fields.anomalies.insert(Anomaly::UnknownWord);
        }
    }
    if is_usual || rest.skip(keyword::NYM_EPOCH) {
        fields.nym_epoch = NonZeroU32::new(rest.at);
        rest.number()?;
    }
    if rest.skip(keyword::SESSION_GROUP) {
        fields.session_group = NonZeroU32::new(rest.at);
        rest.signed_number()?;
    }
    if rest.unread().len() == USUAL_ISO_FIELDS.len() && rest.next_is(USUAL_ISO_FIELDS) {
        fields.iso_fields = Span::new(rest.at + keyword::ISO_FIELDS.len() as u32, line.len() as u32);
        return Some(fields);
    }
    if rest.skip(keyword::ISO_FIELDS) {
        let start = rest.at;
        rest.iso_fields()?;
        fields.iso_fields = Span::new(start, rest.at);
    }
    if !rest.is_empty() {
        check_unknown_fields(line, rest.at, fields.newer_fields())?;
        fields.anomalies.insert(Anomaly::UnknownKeyword);
    }
    Some(fields)
}

/// The unread rest of a line.
///
/// A method that reads a field returns `Some` also where the field is absent; `None` stands for a value that tor does not
/// print. The text after a value is not checked there: the next field has to begin with a space, and [`read_fields`] checks
/// that none is left over.
#[derive(Clone, Copy)]
struct Cursor<'b> {
    /// The line.
    line: &'b [u8],
    /// The index of the first unread byte.
    at: u32,
}

impl<'b> Cursor<'b> {
    /// Returns the unread bytes.
    #[cfg_attr(feature = "std", inline(always))]
    fn unread(self) -> &'b [u8] {
        self.line.get(self.at as usize..).unwrap_or_default()
    }

    /// Returns `true` if nothing is left.
    #[cfg_attr(feature = "std", inline(always))]
    fn is_empty(self) -> bool {
        self.at as usize >= self.line.len()
    }

    /// Returns `true` if `text` comes next.
    #[cfg_attr(feature = "std", inline(always))]
    fn next_is(self, text: &'static [u8]) -> bool {
        let at = self.at as usize;
        let Some(next) = self.line.get(at..at.wrapping_add(text.len())) else { return false };
        // In pieces of at most 32 bytes, since the compiler calls a function to compare more. No text here has over 96.
        let split = |text: &'b [u8]| text.split_at_checked(32).unwrap_or((text, &[]));
        let ((next_1, next), (text_1, text)) = (split(next), split(text));
        let ((next_2, next), (text_2, text)) = (split(next), split(text));
        next_1 == text_1 && next_2 == text_2 && next == text
    }

    /// Steps over `text` if it comes next.
    #[cfg_attr(feature = "std", inline(always))]
    fn skip(&mut self, text: &'static [u8]) -> bool {
        let is_next = self.next_is(text);
        if is_next {
            self.at += text.len() as u32;
        }
        is_next
    }

    /// Reads a word of tor's letters, and returns its variant.
    #[cfg_attr(feature = "std", inline(always))]
    fn word<W: WordEnum>(&mut self) -> Option<W> {
        match W::of_start(scan::sixteen_bytes(self.line, self.at, W::DELIMITER as u8)) {
            Some((word, len)) => {
                self.at += len;
                Some(word)
            }
            None => {
                self.at = grammar::word_end(self.line, self.at)?;
                Some(W::UNRECOGNIZED)
            }
        }
    }

    /// Parses a quoted string, and returns the range of its text.
    #[cfg_attr(feature = "std", inline(always))]
    fn quoted(&mut self) -> Option<Span> {
        let start = self.at + 1;
        let end = grammar::tor_closing_quote(self.line, self.at)?;
        self.at = end + 1;
        Span::new(start, end)
    }

    /// Steps over a number without a sign.
    #[cfg_attr(feature = "std", inline(always))]
    fn number(&mut self) -> Option<()> {
        self.at = match scan::short_number_end(self.line, self.at) {
            Some(end) => end,
            None => grammar::number_end(self.line, self.at)?,
        };
        Some(())
    }

    /// Steps over a number that may have a minus sign.
    #[cfg_attr(feature = "std", inline(always))]
    fn signed_number(&mut self) -> Option<()> {
        let start = self.at;
        let sign = u32::from(self.next_is(b"-"));
        self.at = match scan::short_number_end(self.line, start + sign) {
            Some(end) => end,
            None => grammar::signed_number_end(self.line, start)?,
        };
        Some(())
    }

    /// Steps over the list of `ISO_FIELDS`, which may be empty.
    #[cfg_attr(feature = "std", inline(always))]
    fn iso_fields(&mut self) -> Option<()> {
        let start = self.at;
        // The words that usual flags of a SOCKS port add to the list, in tor's order.
        self.skip(b"DESTPORT,");
        self.skip(b"DESTADDR,");
        self.skip(b"SOCKS_USERNAME,SOCKS_PASSWORD,");
        self.skip(b"CLIENT_PROTOCOL,");
        self.skip(b"CLIENTADDR,");
        if self.skip(b"SESSION_GROUP,NYM_EPOCH") && self.is_empty() {
            return Some(());
        }
        self.at = grammar::list_end(self.line, start)?;
        Some(())
    }

    /// Reads `REASON` and, after `END`, `REMOTE_REASON`.
    #[cfg_attr(feature = "std", inline(always))]
    fn reasons(&mut self, fields: &mut Fields) -> Option<()> {
        if self.skip(keyword::REASON) {
            let reason = self.reason(fields)?;
            fields.reason = Some(reason);
            if reason == StreamClosureReason::End && self.skip(keyword::REMOTE_REASON) {
                fields.remote_reason = Some(self.reason(fields)?);
            }
        }
        Some(())
    }

    /// Reads the value of `REASON` or `REMOTE_REASON`.
    #[cfg_attr(feature = "std", inline(always))]
    fn reason(&mut self, fields: &mut Fields) -> Option<StreamClosureReason> {
        match StreamClosureReason::of_start(scan::sixteen_bytes(self.line, self.at, b' ')) {
            Some((reason, len)) => {
                self.at += len;
                Some(reason)
            }
            None => {
                let (end, is_code) = unrecognized_reason_end(self.line, self.at)?;
                if !is_code {
                    fields.anomalies.insert(Anomaly::UnknownWord);
                }
                self.at = end;
                Some(StreamClosureReason::Unrecognized)
            }
        }
    }

    /// Reads the source of a new address: `SOURCE`, or the `REASON=UNKNOWN_15` that tor prints for a source without a word.
    #[cfg_attr(feature = "std", inline(always))]
    fn remap_source(&mut self, fields: &mut Fields) -> Option<()> {
        if self.skip(keyword::REASON) {
            fields.reason = Some(StreamClosureReason::Unrecognized);
            self.at = grammar::unknown_code_end(self.line, self.at)?;
            return Some(());
        }
        self.source(fields)
    }

    /// Reads `SOURCE`.
    #[cfg_attr(feature = "std", inline(always))]
    fn source(&mut self, fields: &mut Fields) -> Option<()> {
        if self.skip(keyword::SOURCE) {
            fields.source = Some(self.word()?);
        }
        Some(())
    }

    /// Reads `SOURCE_ADDR`.
    #[cfg_attr(feature = "std", inline(always))]
    fn source_addr(&mut self, fields: &mut Fields) -> Option<()> {
        if self.skip(keyword::SOURCE_ADDR) {
            let start = self.at;
            self.at = match addr_port_end(self.line, start) {
                Some(end) => end,
                None => path_end_before_purpose(self.line, start)?,
            };
            fields.source_addr = Span::new(start, self.at);
        }
        Some(())
    }

    /// Reads `PURPOSE`.
    #[cfg_attr(feature = "std", inline(always))]
    fn purpose(&mut self, fields: &mut Fields) -> Option<()> {
        if self.skip(keyword::PURPOSE) {
            fields.purpose = Some(self.word()?);
        }
        Some(())
    }
}

/// Returns the end of a reason without a variant, and whether it is an `UNKNOWN_` code. A tor before 0.2.2 prints no space
/// before a code.
#[cold]
fn unrecognized_reason_end(line: &[u8], at: u32) -> Option<(u32, bool)> {
    if line.get(at as usize) == Some(&b' ') {
        return Some((grammar::unknown_code_end(line, at + 1)?, true));
    }
    let end = grammar::word_end(line, at)?;
    Some((end, grammar::unknown_code_end(line, at).is_some()))
}

/// Returns the end of an address and port.
#[cfg_attr(feature = "std", inline(always))]
fn addr_port_end(line: &[u8], at: u32) -> Option<u32> {
    let end = scan::not_plain(line, at);
    let is_path = line.get(at as usize) == Some(&b'/');
    (!is_path && grammar::port_before(line, end).is_some()).then_some(end)
}

/// Returns the end of a path that `PURPOSE` follows.
#[cold]
fn path_end_before_purpose(line: &[u8], at: u32) -> Option<u32> {
    let end = grammar::path_end(line, at);
    let is_path = line.get(at as usize) == Some(&b'/') && line.get(end as usize..)?.starts_with(keyword::PURPOSE);
    is_path.then_some(end)
}

/// Checks that the rest of the line, from index `at` on, is a row of fields with unknown keywords, as a newer tor may print
/// them.
///
/// A value that holds a colon could be the end of a target. A tor new enough to print unknown keywords prints all of
/// [`Keyword::NEWER`] before them, so such a value is accepted only after that number of `newer_fields`.
#[cold]
fn check_unknown_fields(line: &[u8], at: u32, newer_fields: usize) -> Option<()> {
    let may_have_colon = newer_fields == Keyword::NEWER.len();
    let mut at = at;
    while (at as usize) < line.len() {
        let key_start = at + 1;
        let equals = scan::space_or_equals(line, key_start);
        let value_start = equals + 1;
        if !matches!((line.get(at as usize), line.get(equals as usize)), (Some(b' '), Some(b'=')))
            || !is_unknown_key(line.get(key_start as usize..equals as usize)?)
        {
            return None;
        }
        let value_end = match line.get(value_start as usize) {
            Some(b'"') => grammar::tor_closing_quote(line, value_start)? + 1,
            _ => scan::space(line, value_start),
        };
        let value = line.get(value_start as usize..value_end as usize)?;
        if !is_unknown_value(value) || (!may_have_colon && memchr::memchr(b':', value).is_some()) {
            return None;
        }
        at = value_end;
    }
    Some(())
}

/// Returns `true` if `key` is a keyword that this version does not know.
pub(super) fn is_unknown_key(key: &[u8]) -> bool {
    grammar::is_word(key) && Keyword::from_bytes(key).is_none()
}

/// Returns `true` for a value that an unknown keyword can have: a quoted string, or text without spaces and quotation marks. (A
/// quotation mark of a client in such text could pair up with one of tor's.)
pub(super) fn is_unknown_value(value: &[u8]) -> bool {
    grammar::is_quoted(value) || !value.iter().any(|byte| matches!(byte, b'"' | b' '))
}
