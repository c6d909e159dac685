//! The predicted order: what tor prints after a target, read from left to right.

use super::grammar;
use super::keyword::{self, Keyword};
use crate::anomaly::{Anomalies, Anomaly};
use crate::scan;
use crate::text::Span;
use crate::token::{ClientProtocol, StreamClosureReason, StreamPurpose, StreamSource, StreamStatus};

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

/// Reads the fields from index `at` of an event to its end. `None` if tor does not print these, in this order, after a
/// target of an event with this status.
#[inline]
pub(super) fn read(bytes: &[u8], at: usize, status: StreamStatus) -> Option<Tail> {
    let mut rest = Reader { bytes, at };
    let mut tail = Tail::default();
    match status {
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
    if rest.skip(keyword::SOCKS_USERNAME) {
        tail.username = Some(rest.quoted()?);
    }
    if rest.skip(keyword::SOCKS_PASSWORD) {
        tail.password = Some(rest.quoted()?);
    }
    if rest.skip(keyword::CLIENT_PROTOCOL) {
        let protocol = rest.word(ClientProtocol::from_bytes, ClientProtocol::Unrecognized)?;
        tail.client_protocol = Some(protocol);
        if protocol == ClientProtocol::Unrecognized {
            tail.anomalies.insert(Anomaly::UnknownWord);
        }
    }
    if rest.skip(keyword::NYM_EPOCH) {
        tail.nym_epoch = Some(grammar::decimal(rest.token())?);
    }
    if rest.skip(keyword::SESSION_GROUP) {
        tail.session_group = Some(grammar::signed_decimal(rest.token())?);
    }
    if rest.skip(keyword::ISO_FIELDS) {
        let start = rest.at;
        if !grammar::is_list(rest.token()) {
            return None;
        }
        tail.iso_fields = Span::new(start, rest.at);
    }
    if rest.at < bytes.len() {
        rest.unknown_keywords(tail.iso_fields.is_some())?;
        tail.anomalies.insert(Anomaly::UnknownKeyword);
    }
    Some(tail)
}

/// What was not read yet of an event.
struct Reader<'b> {
    /// The whole event.
    bytes: &'b [u8],
    /// The index of the first byte that was not read.
    at: usize,
}

impl<'b> Reader<'b> {
    /// Steps over `text` if it comes next.
    #[inline]
    fn skip(&mut self, text: &[u8]) -> bool {
        let found = self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(text));
        if found {
            self.at += text.len();
        }
        found
    }

    /// Reads up to the next space.
    #[inline]
    fn token(&mut self) -> &'b [u8] {
        let start = self.at;
        self.at = scan::space(self.bytes, start);
        self.bytes.get(start..self.at).unwrap_or_default()
    }

    /// Reads a word, and gives it its name or `other`.
    #[inline]
    fn word<T>(&mut self, named: fn(&[u8]) -> Option<T>, other: T) -> Option<T> {
        let word = self.token();
        named(word).or_else(|| grammar::is_word(word).then_some(other))
    }

    /// Reads a quoted string, and returns where its text stands.
    #[inline]
    fn quoted(&mut self) -> Option<Span> {
        if !self.skip(b"\"") {
            return None;
        }
        let start = self.at;
        let end = grammar::tor_quoted_end(self.bytes, start)?;
        self.at = end + 1;
        if self.at < self.bytes.len() && self.bytes.get(self.at) != Some(&b' ') {
            return None;
        }
        Span::new(start, end)
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
        let word = self.token();
        StreamClosureReason::from_bytes(word).or_else(|| self.unknown_reason(word, tail))
    }

    /// Goes on after `word`, a reason that has no name here.
    #[cold]
    fn unknown_reason(&mut self, word: &[u8], tail: &mut Tail) -> Option<StreamClosureReason> {
        if word.is_empty() {
            self.at = grammar::unknown_code(self.bytes, self.at)?;
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
            return grammar::is_unknown_code(self.token()).then_some(());
        }
        self.source(tail)
    }

    /// Reads `SOURCE`.
    #[inline]
    fn source(&mut self, tail: &mut Tail) -> Option<()> {
        if self.skip(keyword::SOURCE) {
            tail.source = Some(self.word(StreamSource::from_bytes, StreamSource::Unrecognized)?);
        }
        Some(())
    }

    /// Reads `SOURCE_ADDR`.
    #[inline]
    fn source_addr(&mut self, tail: &mut Tail) -> Option<()> {
        if self.skip(keyword::SOURCE_ADDR) {
            let start = self.at;
            if self.bytes.get(start) == Some(&b'/') {
                self.path()?;
            } else if !grammar::is_addr_port(self.token()) {
                return None;
            }
            tail.source_addr = Span::new(start, self.at);
        }
        Some(())
    }

    /// Reads a path, which may hold spaces: it ends at `PURPOSE`.
    #[cold]
    fn path(&mut self) -> Option<()> {
        self.at = grammar::path_end(self.bytes, self.at);
        self.bytes.get(self.at..)?.starts_with(keyword::PURPOSE).then_some(())
    }

    /// Reads `PURPOSE`.
    #[inline]
    fn purpose(&mut self, tail: &mut Tail) -> Option<()> {
        if self.skip(keyword::PURPOSE) {
            tail.purpose = Some(self.word(StreamPurpose::from_bytes, StreamPurpose::Unrecognized)?);
        }
        Some(())
    }

    /// Reads keywords that a newer tor may have added at the end.
    ///
    /// A value that holds a colon could be part of a target with its port. A tor new enough to print unknown keywords
    /// prints `ISO_FIELDS` before them, and only there such a value is taken for one.
    #[cold]
    fn unknown_keywords(&mut self, after_iso_fields: bool) -> Option<()> {
        while self.at < self.bytes.len() {
            if !self.skip(b" ") {
                return None;
            }
            let key = self.at;
            let equals = key + memchr::memchr(b'=', self.bytes.get(key..)?)?;
            self.at = equals + 1;
            if self.bytes.get(self.at) == Some(&b'"') {
                self.quoted()?;
            } else {
                self.token();
            }
            let value = self.bytes.get(equals + 1..self.at)?;
            if !is_unknown_field(self.bytes.get(key..equals)?, value) || (!after_iso_fields && value.contains(&b':')) {
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
        && (grammar::is_quoted(value) || memchr::memchr2(b'"', b' ', value).is_none())
}
