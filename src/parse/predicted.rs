//! The predicted order: what tor prints after a target, read from left to right.

use crate::anomaly::{Anomalies, Anomaly};
use crate::format::grammar;
use crate::format::keyword::{self, Keyword};
use crate::format::scan;
use crate::format::text::Span;
use crate::token::{ClientProtocol, StreamClosureReason, StreamPurpose, StreamSource, StreamStatus, Word};

/// What tor prints for a listener that nothing is configured for: most lines end so, and it takes a quarter of the time to
/// compare the list as a whole.
const DEFAULT_ISO_FIELDS: &[u8] = b"SOCKS_USERNAME,SOCKS_PASSWORD,CLIENTADDR,SESSION_GROUP,NYM_EPOCH";

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
    /// `NYM_EPOCH`.
    pub(super) nym_epoch: Option<u32>,
    /// `SESSION_GROUP`.
    pub(super) session_group: Option<i32>,
    /// `ISO_FIELDS`.
    pub(super) iso_fields: Option<Span>,
    /// What is odd about the fields.
    pub(super) anomalies: Anomalies,
}

/// Reads the fields that end `bytes`, an event, from index `at` on. `None` if tor does not print these, in this order, after
/// a target of an event with this status.
#[inline]
pub(super) fn read(tail: &mut Tail, bytes: &[u8], at: usize, status: StreamStatus) -> Option<()> {
    let mut rest = Reader { rest: bytes.get(at..)?, len: bytes.len() };
    match status {
        StreamStatus::New | StreamStatus::NewResolve => {
            rest.source_addr(tail)?;
            rest.purpose(tail)?;
        }
        StreamStatus::Failed | StreamStatus::Closed | StreamStatus::Detached => rest.reasons(tail)?,
        StreamStatus::Remap => rest.remap_source(tail)?,
        StreamStatus::Unrecognized => {
            rest.reasons(tail)?;
            rest.source(tail)?;
            rest.purpose(tail)?;
        }
        _ => {}
    }
    if rest.skip(keyword::SOCKS_USERNAME) {
        tail.username = Some(rest.quoted()?);
    }
    if rest.skip(keyword::SOCKS_PASSWORD) {
        tail.password = Some(rest.quoted()?);
    }
    if rest.skip(keyword::CLIENT_PROTOCOL) {
        let protocol = rest.word(ClientProtocol::Unrecognized)?;
        tail.client_protocol = Some(protocol);
        if protocol == ClientProtocol::Unrecognized {
            tail.anomalies.insert(Anomaly::UnknownWord);
        }
    }
    if rest.skip(keyword::NYM_EPOCH) {
        tail.nym_epoch = Some(rest.number()?);
    }
    if rest.skip(keyword::SESSION_GROUP) {
        let negative = rest.skip(b"-");
        let number = rest.number()?;
        tail.session_group = Some(grammar::with_sign(negative, number)?);
    }
    if rest.skip(keyword::ISO_FIELDS) {
        let start = rest.at();
        rest.list()?;
        tail.iso_fields = Span::new(start, rest.at());
    }
    if !rest.rest.is_empty() {
        let newer_fields = tail.client_protocol.is_some()
            && tail.nym_epoch.is_some()
            && tail.session_group.is_some()
            && tail.iso_fields.is_some();
        rest.unknown_keywords(newer_fields)?;
        tail.anomalies.insert(Anomaly::UnknownKeyword);
    }
    Some(())
}

/// What was not read yet of an event.
///
/// A value need not be followed by a space for its method to succeed: what comes next is either the end or has to begin
/// with one.
struct Reader<'b> {
    /// What is left.
    rest: &'b [u8],
    /// How long the whole event is.
    len: usize,
}

impl<'b> Reader<'b> {
    /// Returns the index of the first byte that was not read.
    #[inline]
    const fn at(&self) -> usize {
        self.len - self.rest.len()
    }

    /// Steps over `text` if it comes next.
    #[inline]
    fn skip(&mut self, text: &[u8]) -> bool {
        let after = self.rest.strip_prefix(text);
        self.rest = after.unwrap_or(self.rest);
        after.is_some()
    }

    /// Steps over so many bytes, and returns them.
    #[inline]
    fn take(&mut self, len: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.rest.split_at_checked(len)?;
        self.rest = rest;
        Some(taken)
    }

    /// Reads up to the next space.
    #[inline]
    fn token(&mut self) -> Option<&'b [u8]> {
        self.take(scan::space(self.rest))
    }

    /// Reads a word, and gives it its name or `other`.
    #[inline]
    fn word<W: Word>(&mut self, other: W) -> Option<W> {
        match self.named() {
            None => self.unnamed().then_some(other),
            word => word,
        }
    }

    /// Steps over a word that has no name here.
    #[cold]
    fn unnamed(&mut self) -> bool {
        self.token().is_some_and(grammar::is_word)
    }

    /// Reads a word that has a name.
    #[inline]
    fn named<W: Word>(&mut self) -> Option<W> {
        let (word, len) = match self.rest.first_chunk() {
            Some(chunk) => W::of_prefix(chunk)?,
            // The line ends before long.
            None => W::of_start(self.rest)?,
        };
        self.take(len)?;
        Some(word)
    }

    /// Reads a quoted string, and returns where its text stands.
    #[inline]
    fn quoted(&mut self) -> Option<Span> {
        if !self.skip(b"\"") {
            return None;
        }
        let start = self.at();
        self.take(grammar::tor_quoted_len(self.rest)?)?;
        let end = self.at();
        self.take(1)?;
        Span::new(start, end)
    }

    /// Reads a number without a sign.
    #[inline]
    fn number(&mut self) -> Option<u32> {
        let (len, number) = grammar::leading_number(self.rest)?;
        self.take(len)?;
        Some(number)
    }

    /// Reads a list of words, which may be empty.
    #[inline]
    fn list(&mut self) -> Option<()> {
        if self.rest == DEFAULT_ISO_FIELDS || grammar::is_list(self.rest) {
            self.rest = &[];
            return Some(());
        }
        grammar::is_list(self.token()?).then_some(())
    }

    /// Reads `REASON` and, after `END`, `REMOTE_REASON`.
    #[inline]
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
    #[inline]
    fn reason(&mut self, tail: &mut Tail) -> Option<StreamClosureReason> {
        self.named().or_else(|| self.unknown_reason(tail))
    }

    /// Reads a reason that has no name here.
    #[cold]
    fn unknown_reason(&mut self, tail: &mut Tail) -> Option<StreamClosureReason> {
        let word = self.token()?;
        if word.is_empty() {
            self.take(grammar::unknown_code(self.rest)?)?;
        } else if grammar::is_word(word) {
            tail.anomalies.insert(Anomaly::UnknownWord);
        } else {
            return None;
        }
        Some(StreamClosureReason::Unrecognized)
    }

    /// Reads what tor prints for the source of a new address: `SOURCE`, or `REASON` if it has no word for it.
    #[inline]
    fn remap_source(&mut self, tail: &mut Tail) -> Option<()> {
        if self.skip(keyword::REASON) {
            tail.reason = Some(StreamClosureReason::Unrecognized);
            return grammar::is_unknown_code(self.token()?).then_some(());
        }
        self.source(tail)
    }

    /// Reads `SOURCE`.
    #[inline]
    fn source(&mut self, tail: &mut Tail) -> Option<()> {
        if self.skip(keyword::SOURCE) {
            tail.source = Some(self.word(StreamSource::Unrecognized)?);
        }
        Some(())
    }

    /// Reads `SOURCE_ADDR`.
    #[inline]
    fn source_addr(&mut self, tail: &mut Tail) -> Option<()> {
        if self.skip(keyword::SOURCE_ADDR) {
            let start = self.at();
            if self.rest.first() == Some(&b'/') {
                self.path()?;
            } else if !grammar::is_addr_port(self.token()?) {
                return None;
            }
            tail.source_addr = Span::new(start, self.at());
        }
        Some(())
    }

    /// Reads a path, which may hold spaces: it ends at `PURPOSE`.
    #[cold]
    fn path(&mut self) -> Option<()> {
        self.take(grammar::path_len(self.rest))?;
        self.rest.starts_with(keyword::PURPOSE).then_some(())
    }

    /// Reads `PURPOSE`.
    #[inline]
    fn purpose(&mut self, tail: &mut Tail) -> Option<()> {
        if self.skip(keyword::PURPOSE) {
            tail.purpose = Some(self.word(StreamPurpose::Unrecognized)?);
        }
        Some(())
    }

    /// Reads keywords that a newer tor may have added at the end.
    ///
    /// A value that holds a colon could be part of a target with its port. A tor new enough to print unknown keywords prints
    /// all of [`Keyword::NEWER`] before them, and only there such a value is taken for one.
    #[cold]
    fn unknown_keywords(&mut self, after_newer_fields: bool) -> Option<()> {
        while !self.rest.is_empty() {
            if !self.skip(b" ") {
                return None;
            }
            let key = self.take(memchr::memchr(b'=', self.rest)?)?;
            let value = self.rest.strip_prefix(b"=")?;
            self.rest = value;
            if value.first() == Some(&b'"') {
                self.quoted()?;
            } else {
                self.token()?;
            }
            let value = value.get(..value.len() - self.rest.len())?;
            if !is_unknown_field(key, value) || (!after_newer_fields && memchr::memchr(b':', value).is_some()) {
                return None;
            }
        }
        Some(())
    }
}

/// Returns `true` if `key` is a keyword that we do not know, and `value` could stand behind it: a quoted string, or text
/// without a space. Nor may such text hold a quotation mark, since a client's could pair up with one of tor's.
pub(super) fn is_unknown_field(key: &[u8], value: &[u8]) -> bool {
    grammar::is_word(key)
        && Keyword::from_bytes(key).is_none()
        && (grammar::is_quoted(value) || !value.iter().any(|byte| matches!(byte, b'"' | b' ')))
}
