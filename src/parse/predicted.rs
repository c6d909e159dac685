//! The first reading: fields in the order that tor prints, from left to right.
//!
//! Before you change this:
//! - This file decides the speed of the crate. Measure a change with `benches/instructions/run parse`, and its time. Fewer
//!   instructions are not always less time: the macro [`spelled`](crate::format::spelling) has an example.
//! - Content and index have to stay in registers: no closure, and no function that is not inlined, may borrow the [`Cursor`].
//!   Functions for rare values take an index and return one.
//! - Return `None` at the first surprise. The careful reading then reads the content, and has to find the same event in every
//!   content that this reading accepts: `tests.rs` compares the two.
//! - Text that most events have is compared as a whole first. Code for its general form follows each such comparison.

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

/// Usual beginning of the fields that tor prints with every event since 0.4.3.1, up to the number of `NYM_EPOCH`. A comparison of
/// the whole takes a third of the time of reading the fields.
const USUAL_PROTOCOL: &[u8] = b" CLIENT_PROTOCOL=SOCKS5 NYM_EPOCH=";

/// End of most contents: the isolation fields of a SOCKS port with tor's default flags. A comparison of the whole takes a
/// quarter of the time of reading the list.
const USUAL_ISO_FIELDS: &[u8] = b" ISO_FIELDS=SOCKS_USERNAME,SOCKS_PASSWORD,CLIENTADDR,SESSION_GROUP,NYM_EPOCH";

/// Parses a content with a short header, a plain target with its port, and fields in tor's order. `None` for any other one, and where
/// tor may have cut the target.
#[cfg_attr(feature = "std", inline(always))]
pub(super) fn read(text: &str) -> Option<StreamEventRef<'_>> {
    let content = text.as_bytes();
    if content.len() > MAX_CONTENT_LEN {
        return None;
    }
    let header = header::read_short(content)?;
    let end = scan::not_plain(content, header.target_start);
    // The header and a plain target are ASCII, and a space is before the host, as `port_before` needs it.
    let port = grammar::port_before(content, end)?;
    let fields = read_fields(content, end, header.status)?;
    // tor may have cut a target at this index if the target reaches it, or if one of the fields ends there: the careful reading
    // finds the anomalies.
    let cut_at = super::cut_index(header.target_start);
    if content.len() >= cut_at && (end as usize >= cut_at || matches!(content.get(cut_at), None | Some(b' '))) {
        return None;
    }
    let target = TargetRange { start: header.target_start, end, port: Some(port), anomalies: Anomalies::NONE };
    Some(super::assemble(Content::Str(text), &header, &target, &fields, fields.anomalies))
}

/// Reads the fields from index `at` on, which have to end `content`. `None` if tor does not print these, in this order, after a
/// target of an event with this status.
#[cfg_attr(feature = "std", inline(always))]
pub(super) fn read_fields(content: &[u8], at: u32, status: StreamStatus) -> Option<Fields> {
    let mut fields = Fields::default();
    let mut rest = Cursor { content, at };
    match status {
        _ if rest.is_empty() => return Some(fields),
        StreamStatus::New | StreamStatus::NewResolve => {
            rest.source_addr(&mut fields)?;
            rest.purpose(&mut fields)?;
        }
        StreamStatus::Failed | StreamStatus::Closed | StreamStatus::Detached => rest.reasons(&mut fields)?,
        StreamStatus::Remap => rest.remap_source(&mut fields)?,
        // The careful reading only: a short header has a status with a variant.
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
    // Most events have neither user name nor password: one comparison of four bytes shows that.
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
        fields.iso_fields = Span::new(rest.at + keyword::ISO_FIELDS.len() as u32, content.len() as u32);
        return Some(fields);
    }
    if rest.skip(keyword::ISO_FIELDS) {
        let start = rest.at;
        rest.iso_fields()?;
        fields.iso_fields = Span::new(start, rest.at);
    }
    if !rest.is_empty() {
        check_unknown_fields(content, rest.at, fields.newer_fields())?;
        fields.anomalies.insert(Anomaly::UnknownKeyword);
    }
    Some(fields)
}

/// The unread rest of a content.
///
/// A method that reads a field returns `Some` also if the field is absent, and `None` for a value that tor does not print. The
/// methods do not check the text after a value: a space begins the next keyword that is compared, and [`read_fields`] returns `None` if
/// text is left over.
#[derive(Clone, Copy)]
struct Cursor<'b> {
    /// The whole content.
    content: &'b [u8],
    /// The index of the first unread byte.
    at: u32,
}

impl<'b> Cursor<'b> {
    /// Returns the unread bytes.
    #[cfg_attr(feature = "std", inline(always))]
    fn unread(self) -> &'b [u8] {
        self.content.get(self.at as usize..).unwrap_or_default()
    }

    /// Returns `true` if nothing is left.
    #[cfg_attr(feature = "std", inline(always))]
    fn is_empty(self) -> bool {
        self.at as usize >= self.content.len()
    }

    /// Returns `true` if `text` comes next.
    #[cfg_attr(feature = "std", inline(always))]
    fn next_is(self, text: &'static [u8]) -> bool {
        let at = self.at as usize;
        let Some(next) = self.content.get(at..at.wrapping_add(text.len())) else { return false };
        // In three pieces of at most 32 bytes, since the compiler calls a function to compare more: no text here has over 96.
        let split = |text: &'b [u8]| text.split_at_checked(32).unwrap_or((text, &[]));
        let ((next_1, next), (text_1, text)) = (split(next), split(text));
        let ((next_2, next_3), (text_2, text_3)) = (split(next), split(text));
        next_1 == text_1 && next_2 == text_2 && next_3 == text_3
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

    /// Reads any word, and returns its variant, or `Unrecognized`.
    #[cfg_attr(feature = "std", inline(always))]
    fn word<W: WordEnum>(&mut self) -> Option<W> {
        match W::of_start(scan::sixteen_bytes(self.content, self.at, W::DELIMITER as u8)) {
            Some((word, len)) => {
                self.at += len;
                Some(word)
            }
            None => {
                self.at = grammar::word_end(self.content, self.at)?;
                Some(W::UNRECOGNIZED)
            }
        }
    }

    /// Reads a quoted string, and returns the range between its quotation marks.
    #[cfg_attr(feature = "std", inline(always))]
    fn quoted(&mut self) -> Option<Span> {
        let start = self.at + 1;
        let end = grammar::tor_closing_quote(self.content, self.at)?;
        self.at = end + 1;
        Span::new(start, end)
    }

    /// Steps over a number without a sign.
    #[cfg_attr(feature = "std", inline(always))]
    fn number(&mut self) -> Option<()> {
        self.at = match scan::short_number_end(self.content, self.at) {
            Some(end) => end,
            None => grammar::number_end(self.content, self.at)?,
        };
        Some(())
    }

    /// Steps over a number that may have a minus sign.
    #[cfg_attr(feature = "std", inline(always))]
    fn signed_number(&mut self) -> Option<()> {
        let start = self.at;
        let sign = u32::from(self.next_is(b"-"));
        self.at = match scan::short_number_end(self.content, start + sign) {
            Some(end) => end,
            None => grammar::signed_number_end(self.content, start)?,
        };
        Some(())
    }

    /// Steps over the list of `ISO_FIELDS`, which may be empty.
    ///
    /// First compares the content's rest with the lists that usual flags of a SOCKS port make: some of these words, in tor's order, and
    /// the last two. If that does not match up to the content's end, reads the list again from its start.
    #[cfg_attr(feature = "std", inline(always))]
    fn iso_fields(&mut self) -> Option<()> {
        let start = self.at;
        self.skip(b"DESTPORT,");
        self.skip(b"DESTADDR,");
        self.skip(b"SOCKS_USERNAME,SOCKS_PASSWORD,");
        self.skip(b"CLIENT_PROTOCOL,");
        self.skip(b"CLIENTADDR,");
        if self.skip(b"SESSION_GROUP,NYM_EPOCH") && self.is_empty() {
            return Some(());
        }
        self.at = grammar::list_end(self.content, start)?;
        Some(())
    }

    /// Reads `REASON` and, after the reason `END`, `REMOTE_REASON`.
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
        match StreamClosureReason::of_start(scan::sixteen_bytes(self.content, self.at, b' ')) {
            Some((reason, len)) => {
                self.at += len;
                Some(reason)
            }
            None => {
                let (end, is_code) = unrecognized_reason_end(self.content, self.at)?;
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
            self.at = grammar::unknown_code_end(self.content, self.at)?;
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
            self.at = match addr_port_end(self.content, start) {
                Some(end) => end,
                None => path_end_before_purpose(self.content, start)?,
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
/// before a code, newer ones do.
#[cold]
fn unrecognized_reason_end(content: &[u8], at: u32) -> Option<(u32, bool)> {
    if content.get(at as usize) == Some(&b' ') {
        return Some((grammar::unknown_code_end(content, at + 1)?, true));
    }
    let end = grammar::word_end(content, at)?;
    Some((end, grammar::unknown_code_end(content, at).is_some()))
}

/// Returns the end of the address and port after ` SOURCE_ADDR=`. `None` for a path, and for other text without a port.
#[cfg_attr(feature = "std", inline(always))]
fn addr_port_end(content: &[u8], at: u32) -> Option<u32> {
    let end = scan::not_plain(content, at);
    let is_path = content.get(at as usize) == Some(&b'/');
    // `port_before` needs ASCII: up to `end` the address is, and the keyword is longer than the eight bytes that may be read.
    (!is_path && grammar::port_before(content, end).is_some()).then_some(end)
}

/// Returns the end of a path that `PURPOSE` follows. `None` for any other text.
#[cold]
fn path_end_before_purpose(content: &[u8], at: u32) -> Option<u32> {
    let end = grammar::path_end(content, at);
    let is_path = content.get(at as usize) == Some(&b'/') && content.get(end as usize..)?.starts_with(keyword::PURPOSE);
    is_path.then_some(end)
}

/// Checks that the rest of the content, from index `at` on, is a row of fields with unknown keys, as a newer tor may print them.
///
/// A value that holds a colon could be the end of a target. A tor new enough to print unknown keys prints all of
/// [`Keyword::NEWER`] before them. So a colon is accepted only if the event has all of these; `newer_fields` is how many it has.
#[cold]
fn check_unknown_fields(content: &[u8], at: u32, newer_fields: usize) -> Option<()> {
    let may_have_colon = newer_fields == Keyword::NEWER.len();
    let mut at = at;
    while (at as usize) < content.len() {
        let key_start = at + 1;
        let equals = scan::space_or_equals(content, key_start);
        let value_start = equals + 1;
        if !matches!((content.get(at as usize), content.get(equals as usize)), (Some(b' '), Some(b'=')))
            || !is_unknown_key(content.get(key_start as usize..equals as usize)?)
        {
            return None;
        }
        let value_end = match content.get(value_start as usize) {
            Some(b'"') => grammar::tor_closing_quote(content, value_start)? + 1,
            _ => scan::space(content, value_start),
        };
        let value = content.get(value_start as usize..value_end as usize)?;
        if !is_unknown_value(value) || (!may_have_colon && memchr::memchr(b':', value).is_some()) {
            return None;
        }
        at = value_end;
    }
    Some(())
}

/// Returns `true` for a key that a newer tor may print: a word that is no known keyword.
pub(super) fn is_unknown_key(key: &[u8]) -> bool {
    grammar::is_word(key) && Keyword::from_bytes(key).is_none()
}

/// Returns `true` for a value that an unknown key can have: a quoted string, or text without spaces and quotation marks. (A
/// quotation mark that a client wrote could pair up with one of tor's.)
pub(super) fn is_unknown_value(value: &[u8]) -> bool {
    grammar::is_quoted(value) || !value.iter().any(|byte| matches!(byte, b'"' | b' '))
}
