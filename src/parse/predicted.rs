//! The predicted order: what tor prints after a target, read from left to right.

use core::num::NonZeroU32;

use crate::anomaly::{Anomalies, Anomaly};
use crate::format::grammar;
use crate::format::keyword::{self, Keyword};
use crate::format::scan;
use crate::format::text::Span;
use crate::token::{ClientProtocol, StreamClosureReason, StreamPurpose, StreamSource, StreamStatus, Word};

/// What tor prints for a listener that nothing is configured for: most lines end so, and it takes a quarter of the time to
/// compare the list as a whole.
const USUAL_ISO_FIELDS: &[u8] = b" ISO_FIELDS=SOCKS_USERNAME,SOCKS_PASSWORD,CLIENTADDR,SESSION_GROUP,NYM_EPOCH";

/// What most lines have where a client speaks to tor: it takes a third of the time to compare it as a whole.
const USUAL_PROTOCOL: &[u8] = b" CLIENT_PROTOCOL=SOCKS5 NYM_EPOCH=";

/// The fields after the target.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tail {
    /// `REASON`.
    pub(super) reason: Option<StreamClosureReason>,
    /// `REMOTE_REASON`.
    pub(super) remote_reason: Option<StreamClosureReason>,
    /// `SOURCE`.
    pub(super) source: Option<StreamSource>,
    /// `SOURCE_ADDR`.
    pub(super) source_addr: Option<Span>,
    /// `PURPOSE`.
    pub(super) purpose: Option<StreamPurpose>,
    /// `SOCKS_USERNAME`, between the quotes.
    pub(super) username: Option<Span>,
    /// `SOCKS_PASSWORD`, between the quotes.
    pub(super) password: Option<Span>,
    /// `CLIENT_PROTOCOL`.
    pub(super) client_protocol: Option<ClientProtocol>,
    /// Where the number of `NYM_EPOCH` stands.
    pub(super) nym_epoch: Option<NonZeroU32>,
    /// Where the number of `SESSION_GROUP` stands.
    pub(super) session_group: Option<NonZeroU32>,
    /// `ISO_FIELDS`.
    pub(super) iso_fields: Option<Span>,
    /// What is odd about the fields.
    pub(super) anomalies: Anomalies,
}

/// Reads the fields that end `line`, an event, from index `at` on. `None` if tor does not print these, in this order, after
/// a target of an event with this status.
#[inline(never)]
pub(super) fn read(line: &[u8], at: usize, status: StreamStatus) -> Option<Tail> {
    read_inline(line, at.try_into().ok()?, status)
}

/// [`read`], to be made a part of its caller.
#[inline(always)]
pub(super) fn read_inline(line: &[u8], at: u32, status: StreamStatus) -> Option<Tail> {
    let mut tail = Tail::default();
    let mut rest = Reader { line, at };
    match status {
        _ if rest.is_empty() => return Some(tail),
        StreamStatus::New | StreamStatus::NewResolve => {
            rest.source_addr(&mut tail)?;
            rest.purpose(&mut tail)?;
        }
        StreamStatus::Failed | StreamStatus::Closed | StreamStatus::Detached => rest.reasons(&mut tail)?,
        StreamStatus::Remap => rest.remap_source(&mut tail)?,
        StreamStatus::Unrecognized => {
            rest.reasons(&mut tail)?;
            rest.source(&mut tail)?;
            rest.purpose(&mut tail)?;
        }
        _ => {}
    }
    if rest.is_empty() {
        return Some(tail);
    }
    // Most lines have none of the two, and four bytes are one comparison.
    if rest.next_is(b" SOC") {
        if rest.skip(keyword::SOCKS_USERNAME) {
            tail.username = Some(rest.quoted()?);
        }
        if rest.skip(keyword::SOCKS_PASSWORD) {
            tail.password = Some(rest.quoted()?);
        }
    }
    let is_usual = rest.skip(USUAL_PROTOCOL);
    if is_usual {
        tail.client_protocol = Some(ClientProtocol::Socks5);
    } else if rest.skip(keyword::CLIENT_PROTOCOL) {
        let protocol = rest.word(ClientProtocol::Unrecognized)?;
        tail.client_protocol = Some(protocol);
        if protocol == ClientProtocol::Unrecognized {
            tail.anomalies.insert(Anomaly::UnknownWord);
        }
    }
    if is_usual || rest.skip(keyword::NYM_EPOCH) {
        tail.nym_epoch = NonZeroU32::new(rest.at);
        rest.number()?;
    }
    if rest.skip(keyword::SESSION_GROUP) {
        tail.session_group = NonZeroU32::new(rest.at);
        rest.signed_number()?;
    }
    if rest.next_is(USUAL_ISO_FIELDS) && rest.left().len() == USUAL_ISO_FIELDS.len() {
        tail.iso_fields = Span::new(rest.at + keyword::ISO_FIELDS.len() as u32, line.len() as u32);
        return Some(tail);
    }
    if rest.skip(keyword::ISO_FIELDS) {
        let start = rest.at;
        rest.at = list_end(line, start)?;
        tail.iso_fields = Span::new(start, rest.at);
    }
    if !rest.is_empty() {
        let newer_fields = tail.client_protocol.is_some()
            && tail.nym_epoch.is_some()
            && tail.session_group.is_some()
            && tail.iso_fields.is_some();
        unknown_keywords(line, rest.at, newer_fields)?;
        tail.anomalies.insert(Anomaly::UnknownKeyword);
    }
    Some(tail)
}

/// What was not read yet of an event.
///
/// A value need not be followed by a space for its method to succeed: what comes next is either the end or has to begin
/// with one. What is rare is read by functions that return the index after it, so that the index stays in a register.
#[derive(Clone, Copy)]
struct Reader<'b> {
    /// The event.
    line: &'b [u8],
    /// The index of the first byte that was not read.
    at: u32,
}

impl<'b> Reader<'b> {
    /// Returns what is left.
    #[inline(always)]
    fn left(self) -> &'b [u8] {
        self.line.get(self.at as usize..).unwrap_or_default()
    }

    /// Returns `true` if nothing is left.
    #[inline(always)]
    fn is_empty(self) -> bool {
        self.at as usize >= self.line.len()
    }

    /// Returns `true` if `text` comes next.
    #[inline(always)]
    fn next_is(self, text: &'static [u8]) -> bool {
        let at = self.at as usize;
        let Some(next) = self.line.get(at..at.wrapping_add(text.len())) else { return false };
        // The compiler calls a function to compare more than 32 bytes.
        let piece = |text: &'b [u8]| text.split_at_checked(32).unwrap_or((text, &[]));
        let ((a, next), (b, text)) = (piece(next), piece(text));
        let ((c, next), (d, text)) = (piece(next), piece(text));
        a == b && c == d && next == text
    }

    /// Steps over `text` if it comes next.
    #[inline(always)]
    fn skip(&mut self, text: &'static [u8]) -> bool {
        let is_next = self.next_is(text);
        if is_next {
            self.at += text.len() as u32;
        }
        is_next
    }

    /// Reads a word, and gives it its name or `other`.
    #[inline(always)]
    fn word<W: Word>(&mut self, other: W) -> Option<W> {
        match self.named() {
            None => {
                self.at = word_end(self.line, self.at)?;
                Some(other)
            }
            word => word,
        }
    }

    /// Reads a word that has a name.
    #[inline(always)]
    fn named<W: Word>(&mut self) -> Option<W> {
        let (low, high) = scan::words(self.line, self.at, b' ');
        let (word, len) = W::of_words(low, high)?;
        self.at += len;
        Some(word)
    }

    /// Reads a quoted string, and returns where its text stands.
    #[inline(always)]
    fn quoted(&mut self) -> Option<Span> {
        let start = self.at + 1;
        let end = grammar::tor_quoted_end(self.line, self.at)?;
        self.at = end + 1;
        Span::new(start, end)
    }

    /// Steps over a number without a sign.
    #[inline(always)]
    fn number(&mut self) -> Option<()> {
        self.at = match scan::short_number_end(self.line, self.at) {
            None => number_end(self.line, self.at)?,
            Some(end) => end,
        };
        Some(())
    }

    /// Steps over a number that may have a minus sign.
    #[inline(always)]
    fn signed_number(&mut self) -> Option<()> {
        let start = self.at;
        let is_negative = self.next_is(b"-");
        self.at = match scan::short_number_end(self.line, start + u32::from(is_negative)) {
            None => signed_number_end(self.line, start)?,
            Some(end) => end,
        };
        Some(())
    }

    /// Reads `REASON` and, after `END`, `REMOTE_REASON`.
    #[inline(always)]
    fn reasons(&mut self, tail: &mut Tail) -> Option<()> {
        if self.skip(keyword::REASON) {
            let reason = self.reason(tail)?;
            tail.reason = Some(reason);
            if reason == StreamClosureReason::End && self.skip(keyword::REMOTE_REASON) {
                tail.remote_reason = Some(self.reason(tail)?);
            }
        }
        Some(())
    }

    /// Reads one reason.
    #[inline(always)]
    fn reason(&mut self, tail: &mut Tail) -> Option<StreamClosureReason> {
        let (low, high) = scan::words(self.line, self.at, b' ');
        match named_reason(low, high) {
            None => {
                let (end, is_code) = unnamed_reason_end(self.line, self.at)?;
                if !is_code {
                    tail.anomalies.insert(Anomaly::UnknownWord);
                }
                self.at = end;
                Some(StreamClosureReason::Unrecognized)
            }
            Some((reason, len)) => {
                self.at += len;
                Some(reason)
            }
        }
    }

    /// Reads what tor prints for the source of a new address: `SOURCE`, or `REASON` if it has no word for it.
    #[inline(always)]
    fn remap_source(&mut self, tail: &mut Tail) -> Option<()> {
        if self.skip(keyword::REASON) {
            tail.reason = Some(StreamClosureReason::Unrecognized);
            self.at = grammar::code_end(self.line, self.at)?;
            return Some(());
        }
        self.source(tail)
    }

    /// Reads `SOURCE`.
    #[inline(always)]
    fn source(&mut self, tail: &mut Tail) -> Option<()> {
        if self.skip(keyword::SOURCE) {
            tail.source = Some(self.word(StreamSource::Unrecognized)?);
        }
        Some(())
    }

    /// Reads `SOURCE_ADDR`.
    #[inline(always)]
    fn source_addr(&mut self, tail: &mut Tail) -> Option<()> {
        if self.skip(keyword::SOURCE_ADDR) {
            let start = self.at;
            self.at = match addr_port_end(self.line, start) {
                None => path_end(self.line, start)?,
                Some(end) => end,
            };
            tail.source_addr = Span::new(start, self.at);
        }
        Some(())
    }

    /// Reads `PURPOSE`.
    #[inline(always)]
    fn purpose(&mut self, tail: &mut Tail) -> Option<()> {
        if self.skip(keyword::PURPOSE) {
            tail.purpose = Some(self.word(StreamPurpose::Unrecognized)?);
        }
        Some(())
    }
}

/// Returns the text from index `at` to the next space, and the index after it.
fn token(line: &[u8], at: u32) -> Option<(&[u8], u32)> {
    let end = scan::space(line, at);
    Some((line.get(at as usize..end as usize)?, end))
}

/// Returns where the word ends that begins at index `at`.
#[cold]
fn word_end(line: &[u8], at: u32) -> Option<u32> {
    token(line, at).filter(|(word, _)| grammar::is_word(word)).map(|(_, end)| end)
}

/// [`Word::of_words`] of the longest list of words, which is needed in several places.
#[inline(never)]
fn named_reason(low: u64, high: u64) -> Option<(StreamClosureReason, u32)> {
    StreamClosureReason::of_words(low, high)
}

/// Returns where the reason ends that begins at index `at` and has no name here, and whether it is a code.
#[cold]
fn unnamed_reason_end(line: &[u8], at: u32) -> Option<(u32, bool)> {
    if line.get(at as usize) == Some(&b' ') {
        Some((grammar::code_end(line, at + 1)?, true))
    } else {
        Some((word_end(line, at)?, false))
    }
}

/// Returns where the list of words ends that begins at index `at`. It may be empty.
fn list_end(line: &[u8], at: u32) -> Option<u32> {
    let rest = line.get(at as usize..)?;
    if grammar::is_list(rest) {
        return Some(at + rest.len() as u32);
    }
    token(line, at).filter(|(list, _)| grammar::is_list(list)).map(|(_, end)| end)
}

/// Returns where the number without a sign ends that begins at index `at`.
#[cold]
fn number_end(line: &[u8], at: u32) -> Option<u32> {
    grammar::leading_number(line.get(at as usize..)?).map(|(len, _)| at + len as u32)
}

/// Returns where the number ends that begins at index `at`, and may have a minus sign.
#[cold]
fn signed_number_end(line: &[u8], at: u32) -> Option<u32> {
    let rest = line.get(at as usize..)?;
    let digits = rest.strip_prefix(b"-").unwrap_or(rest);
    let (len, number) = grammar::leading_number(digits)?;
    grammar::with_sign(digits.len() < rest.len(), number)?;
    Some(at + (rest.len() - digits.len() + len) as u32)
}

/// Returns where the address and port end that begin at index `at`.
#[inline(always)]
fn addr_port_end(line: &[u8], at: u32) -> Option<u32> {
    let end = scan::not_plain(line, at);
    let is_path = line.get(at as usize) == Some(&b'/');
    (!is_path && grammar::port_before(line, end).is_some()).then_some(end)
}

/// Returns where the path ends that begins at index `at`, and may hold spaces: at `PURPOSE`.
#[cold]
fn path_end(line: &[u8], at: u32) -> Option<u32> {
    let end = grammar::path_end(line, at);
    let is_path = line.get(at as usize) == Some(&b'/') && line.get(end as usize..)?.starts_with(keyword::PURPOSE);
    is_path.then_some(end)
}

/// Reads keywords that a newer tor may have added at the end.
///
/// A value that holds a colon could be part of a target with its port. A tor new enough to print unknown keywords prints
/// all of [`Keyword::NEWER`] before them, and only there such a value is taken for one.
#[cold]
fn unknown_keywords(line: &[u8], at: u32, after_newer_fields: bool) -> Option<()> {
    let mut at = at;
    while (at as usize) < line.len() {
        let field = line.get(at as usize..)?.strip_prefix(b" ")?;
        let equals = memchr::memchr(b'=', field)?;
        let start = at + 2 + equals as u32;
        let end = match line.get(start as usize) {
            Some(b'"') => grammar::tor_quoted_end(line, start)? + 1,
            _ => token(line, start)?.1,
        };
        let value = line.get(start as usize..end as usize)?;
        if !is_unknown_field(field.get(..equals)?, value)
            || (!after_newer_fields && memchr::memchr(b':', value).is_some())
        {
            return None;
        }
        at = end;
    }
    Some(())
}

/// Returns `true` if `key` is a keyword that we do not know, and `value` could stand behind it: a quoted string, or text
/// without a space. Nor may such text hold a quotation mark, since a client's could pair up with one of tor's.
pub(super) fn is_unknown_field(key: &[u8], value: &[u8]) -> bool {
    grammar::is_word(key)
        && Keyword::from_bytes(key).is_none()
        && (grammar::is_quoted(value) || !value.iter().any(|byte| matches!(byte, b'"' | b' ')))
}
