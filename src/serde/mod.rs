//! Events and their values as data of any format. Names and values are those of `tor-streams events`.
//!
//! - this file: the borrowed form of an event; [`owned`]: the owned form, and how it is deserialized
//! - [`life`], [`target`]: streams and their targets, as the tracker returns them
//! - [`value`]: words, IDs, anomalies and lists
//!
//! The text that tor prints follows from an event's fields, so an event is deserialized by parsing the content that tor prints for
//! its fields. An event whose content is another one, such as one with a newer tor's key, has it in one more field, `content`.
//! Deserialization parses `content`, and fails if the other fields differ from those of the parsed event.

#[cfg(feature = "alloc")]
mod life;
#[cfg(feature = "alloc")]
mod owned;
#[cfg(feature = "alloc")]
mod target;
mod value;

use core::fmt::{self, Write};
use core::str;

use serde::ser::{Serialize, SerializeStruct, Serializer};

use self::value::{CountedList, variant};
use crate::anomaly::Anomaly;
use crate::event::StreamEventRef;
use crate::format::grammar;
use crate::format::keyword::Keyword;
use crate::parse;
#[cfg(feature = "alloc")]
use crate::value::StreamId;
use crate::value::{IsoFields, Quoted};
use crate::word::{StreamStatus, WordEnum};

impl Serialize for StreamEventRef<'_> {
    /// Serializes the event's fields with their names, and words as tor prints them. **User name and password are among
    /// them**, as tor escaped them.
    ///
    /// If tor would print another text for these fields, `content` is the content that the event was parsed from, as text or
    /// as bytes. An event whose public fields were changed since has no `content`: only its fields are serialized.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        /// Number of the fields that are always serialized.
        const FIELDS: usize = 17;
        let fields = PrintedFields::of(self);
        let mut expected = Expected(self.content());
        let is_printed_so = fields.print(&mut expected).is_ok() && expected.0.is_empty();
        // Parsing again shows whether the caller has changed a public field.
        let is_unchanged = || parse::read(self.content, true).is_ok_and(|event| fields.are_those_of(&event));
        let content = (!is_printed_so && is_unchanged()).then(|| SerializedContent(self.content()));
        // A format that is not human-readable may have no names, and needs every field in its position.
        let with_content = content.is_some() || !serializer.is_human_readable();
        let mut form = serializer.serialize_struct("StreamEvent", FIELDS + usize::from(with_content))?;
        form.serialize_field("id", fields.id)?;
        form.serialize_field("status", fields.status)?;
        form.serialize_field("circuit_id", &fields.circuit_id)?;
        match LossyHost::of(self) {
            Some(host) => form.serialize_field("target_host", &host)?,
            None => form.serialize_field("target_host", fields.target_host)?,
        }
        form.serialize_field("target_port", &fields.target_port)?;
        form.serialize_field("reason", &fields.reason)?;
        form.serialize_field("remote_reason", &fields.remote_reason)?;
        form.serialize_field("source", &fields.source)?;
        form.serialize_field("source_addr", &fields.source_addr)?;
        form.serialize_field("purpose", &fields.purpose)?;
        form.serialize_field("socks_username", &fields.socks_username)?;
        form.serialize_field("socks_password", &fields.socks_password)?;
        form.serialize_field("client_protocol", &fields.client_protocol)?;
        form.serialize_field("nym_epoch", &fields.nym_epoch)?;
        form.serialize_field("session_group", &fields.session_group)?;
        form.serialize_field(
            "iso_fields",
            &fields.iso_fields.map(|list| CountedList(move || IsoFields::new(list).words())),
        )?;
        form.serialize_field("anomalies", &self.anomalies())?;
        if with_content {
            form.serialize_field("content", &content)?;
        }
        form.end()
    }
}

/// The fields of an event as text, in the order in which tor prints them.
#[allow(clippy::missing_docs_in_private_items, reason = "the names are those of the event's fields")]
#[derive(Clone, Copy, PartialEq, Eq)]
struct PrintedFields<'a> {
    id: &'a str,
    status: &'a str,
    /// Circuit ID; `None` for 0.
    circuit_id: Option<&'a str>,
    target_host: &'a str,
    target_port: u16,
    reason: Option<&'a str>,
    remote_reason: Option<&'a str>,
    source: Option<&'a str>,
    source_addr: Option<&'a str>,
    purpose: Option<&'a str>,
    /// User name as tor escapes it, without the quotation marks.
    socks_username: Option<&'a str>,
    /// Password as tor escapes it, without the quotation marks.
    socks_password: Option<&'a str>,
    client_protocol: Option<&'a str>,
    nym_epoch: Option<u32>,
    session_group: Option<i32>,
    /// Words with commas between them.
    iso_fields: Option<&'a str>,
}

impl<'a> PrintedFields<'a> {
    /// Returns the fields of an event.
    fn of(event: &StreamEventRef<'a>) -> Self {
        Self {
            id: event.id,
            status: printed_word(event.status, Some(event.status_str())),
            circuit_id: event.circuit_id,
            target_host: event.target_host,
            target_port: event.target_port,
            reason: event.reason.map(|word| printed_word(word, event.reason_str())),
            remote_reason: event.remote_reason.map(|word| printed_word(word, event.remote_reason_str())),
            source: event.source.map(|word| printed_word(word, event.source_str())),
            source_addr: event.source_addr,
            purpose: event.purpose.map(|word| printed_word(word, event.purpose_str())),
            socks_username: event.socks_username().map(Quoted::escaped),
            socks_password: event.socks_password().map(Quoted::escaped),
            client_protocol: event.client_protocol_str(),
            nym_epoch: event.nym_epoch(),
            session_group: event.session_group(),
            iso_fields: event.iso_fields_str(),
        }
    }

    /// Returns `true` if these are the fields of `event`. IDs are compared as [`is_same_id`] does, and empty items of
    /// `iso_fields` do not matter.
    fn are_those_of(&self, event: &StreamEventRef<'a>) -> bool {
        let of_event = Self::of(event);
        let is_same_list = match (self.iso_fields, of_event.iso_fields) {
            (Some(a), Some(b)) => IsoFields::new(a).words().eq(IsoFields::new(b).words()),
            (a, b) => a == b,
        };
        let is_same_circuit = match (self.circuit_id, of_event.circuit_id) {
            (Some(a), Some(b)) => is_same_id(a, b),
            (a, b) => a == b,
        };
        is_same_list
            && is_same_circuit
            && is_same_id(self.id, of_event.id)
            // The fields other than these three have to be equal.
            && *self == Self { id: self.id, circuit_id: self.circuit_id, iso_fields: self.iso_fields, ..of_event }
    }

    /// Writes the content that tor prints for these fields. Fails for a circuit ID of `0`, which a parsed event has as `None`.
    fn print(&self, content: &mut impl Write) -> fmt::Result {
        let circuit_id = match self.circuit_id {
            Some("0") => return Err(fmt::Error),
            id => id.unwrap_or("0"),
        };
        write!(content, "{} {} {circuit_id} {}:{}", self.id, self.status, self.target_host, self.target_port)?;
        for (keyword, reason) in [(Keyword::Reason, self.reason), (Keyword::RemoteReason, self.remote_reason)] {
            // tor prints a space before a code, except with REMAP.
            let is_code = reason.is_some_and(|word| grammar::is_unknown_code(word.as_bytes()));
            let space = if is_code && self.status != StreamStatus::Remap.as_str() { " " } else { "" };
            write_field(content, keyword, space, reason, "")?;
        }
        write_field(content, Keyword::Source, "", self.source, "")?;
        write_field(content, Keyword::SourceAddr, "", self.source_addr, "")?;
        write_field(content, Keyword::Purpose, "", self.purpose, "")?;
        write_field(content, Keyword::SocksUsername, "\"", self.socks_username, "\"")?;
        write_field(content, Keyword::SocksPassword, "\"", self.socks_password, "\"")?;
        write_field(content, Keyword::ClientProtocol, "", self.client_protocol, "")?;
        write_field(content, Keyword::NymEpoch, "", self.nym_epoch, "")?;
        write_field(content, Keyword::SessionGroup, "", self.session_group, "")?;
        write_field(content, Keyword::IsoFields, "", self.iso_fields.map(WithoutEmpty), "")
    }
}

/// Returns `true` if two IDs are the same in the owned form, which abridges some malformed ones: see `StreamId::of_any_token`. Without
/// `alloc` there is no owned form, and the IDs have to be equal.
fn is_same_id(id: &str, other: &str) -> bool {
    #[cfg(feature = "alloc")]
    let is_same = StreamId::of_any_token(id) == StreamId::of_any_token(other);
    #[cfg(not(feature = "alloc"))]
    let is_same = id == other;
    is_same
}

/// Returns `printed`, the text of a word that tor printed, if `word` is its variant. Otherwise the caller has changed the public
/// field: returns the text of `word`.
fn printed_word<W: WordEnum>(word: W, printed: Option<&str>) -> &str {
    printed.filter(|printed| variant::<W>(printed) == word).unwrap_or(word.as_str())
}

/// Writes a keyword argument, if there is a value, with the text that tor prints before and after the value.
fn write_field(
    content: &mut impl Write,
    keyword: Keyword,
    before: &str,
    value: Option<impl fmt::Display>,
    after: &str,
) -> fmt::Result {
    match value {
        Some(value) => write!(content, " {}={before}{value}{after}", keyword.as_str()),
        None => Ok(()),
    }
}

/// Isolation fields without the list's empty items.
struct WithoutEmpty<'a>(&'a str);

impl fmt::Display for WithoutEmpty<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut words = IsoFields::new(self.0).words();
        f.write_str(words.next().unwrap_or_default())?;
        words.try_for_each(|word| write!(f, ",{word}"))
    }
}

/// A writer that holds the rest of an expected text, compares the text written to it with that, and fails at the first difference.
struct Expected<'a>(&'a [u8]);

impl Write for Expected<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 = self.0.strip_prefix(text.as_bytes()).ok_or(fmt::Error)?;
        Ok(())
    }
}

/// A target's host that is not UTF-8, shown with U+FFFD for each invalid sequence. The event has a single U+FFFD for the
/// whole host.
struct LossyHost<'a>(&'a [u8]);

impl<'a> LossyHost<'a> {
    /// Returns the host of an event, if it is not UTF-8 and the public field was not changed since.
    fn of(event: &StreamEventRef<'a>) -> Option<Self> {
        let target = event.target_bytes();
        if !event.anomalies().contains(Anomaly::TargetNotUtf8) || event.target_host != "\u{FFFD}" {
            return None;
        }
        Some(Self(target.get(..grammar::split_port(target).map_or(target.len(), |(host, _)| host))?))
    }
}

impl fmt::Display for LossyHost<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            f.write_str(chunk.valid())?;
            if !chunk.invalid().is_empty() {
                f.write_char(char::REPLACEMENT_CHARACTER)?;
            }
        }
        Ok(())
    }
}

impl Serialize for LossyHost<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// An event's content: text if the format is human-readable and the content is UTF-8, else bytes.
struct SerializedContent<'a>(&'a [u8]);

impl Serialize for SerializedContent<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match str::from_utf8(self.0) {
            Ok(text) if serializer.is_human_readable() => serializer.serialize_str(text),
            _ => serializer.serialize_bytes(self.0),
        }
    }
}
