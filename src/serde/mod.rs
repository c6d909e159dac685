//! Events and their values as data of any format. Names and values are those of `tor-streams events`.
//!
//! tor's line of an event follows from its fields, and so the owned form is parsed from the line that they make. An
//! event of another line, such as one with a newer tor's keyword, has that line as one more field, `content`. It is parsed
//! again when the event is read, and has to give the other fields.

#[cfg(feature = "alloc")]
mod life;
#[cfg(feature = "alloc")]
mod owned;
#[cfg(feature = "alloc")]
mod target;

use core::fmt::{self, Write};
use core::str;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, SerializeStruct, Serializer};

use crate::anomaly::{Anomalies, Anomaly};
use crate::error::Error;
use crate::event::StreamEventRef;
use crate::format::grammar;
use crate::format::keyword::Keyword;
use crate::parse;
use crate::token::{ClientProtocol, IsoField, StreamClosureReason, StreamPurpose, StreamSource, StreamStatus};
use crate::value::{CircuitId, IsoFields, Quoted, StreamId};

impl Serialize for StreamEventRef<'_> {
    /// Serializes the event's fields with their names, and words as tor prints them. **User name and password are among
    /// them**, as tor escaped them.
    ///
    /// If tor would print another line for these fields, `content` is the line that the event was read from, as text or
    /// as bytes. An event whose public fields were changed since has no `content`: it is serialized as its fields are.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fields = Fields::of(self);
        let mut rest = Comparison(self.content());
        let is_printed_so = fields.print(&mut rest).is_ok() && rest.0.is_empty();
        let is_unchanged = || parse::read(self.content, true).is_ok_and(|event| fields.are_those_of(&event));
        let content = (!is_printed_so && is_unchanged()).then(|| Line(self.content()));
        // A format without names needs every field in its position.
        let with_content = content.is_some() || !serializer.is_human_readable();
        let mut form = serializer.serialize_struct("StreamEvent", 17 + usize::from(with_content))?;
        form.serialize_field("id", fields.id)?;
        form.serialize_field("status", fields.status)?;
        form.serialize_field("circuit_id", &fields.circuit_id)?;
        match Host::of(self) {
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
        form.serialize_field("iso_fields", &fields.iso_fields.map(|list| List(move || IsoFields::new(list).words())))?;
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
struct Fields<'a> {
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
    /// User name as tor escapes it, without the quotes.
    socks_username: Option<&'a str>,
    /// Password as tor escapes it, without the quotes.
    socks_password: Option<&'a str>,
    client_protocol: Option<&'a str>,
    nym_epoch: Option<u32>,
    session_group: Option<i32>,
    /// List with commas between the words.
    iso_fields: Option<&'a str>,
}

impl<'a> Fields<'a> {
    /// Returns the fields of an event.
    fn of(event: &StreamEventRef<'a>) -> Self {
        Self {
            id: event.id,
            status: text(event.status, Some(event.status_str())),
            circuit_id: event.circuit_id,
            target_host: event.target_host,
            target_port: event.target_port,
            reason: event.reason.map(|word| text(word, event.reason_str())),
            remote_reason: event.remote_reason.map(|word| text(word, event.remote_reason_str())),
            source: event.source.map(|word| text(word, event.source_str())),
            source_addr: event.source_addr,
            purpose: event.purpose.map(|word| text(word, event.purpose_str())),
            socks_username: event.socks_username().map(Quoted::escaped),
            socks_password: event.socks_password().map(Quoted::escaped),
            client_protocol: event.client_protocol_str(),
            nym_epoch: event.nym_epoch(),
            session_group: event.session_group(),
            iso_fields: event.iso_fields_str(),
        }
    }

    /// Returns `true` if `event` has these fields.
    fn are_those_of(&self, event: &StreamEventRef<'a>) -> bool {
        let other = Self::of(event);
        let words = |list: Option<&'a str>| list.map(|list| IsoFields::new(list).words());
        let is_same_list = match (words(self.iso_fields), words(other.iso_fields)) {
            (Some(words), Some(others)) => words.eq(others),
            (words, others) => words.is_none() && others.is_none(),
        };
        is_same_list
            && is_same_id(self.id, other.id)
            && match (self.circuit_id, other.circuit_id) {
                (Some(id), Some(other)) => is_same_id(id, other),
                (id, other) => id == other,
            }
            && *self == Self { id: self.id, circuit_id: self.circuit_id, iso_fields: self.iso_fields, ..other }
    }

    /// Writes tor's line for these fields. A circuit `0` is `None`, so no line has that ID.
    fn print(&self, line: &mut impl Write) -> fmt::Result {
        let circuit_id = match self.circuit_id {
            Some("0") => return Err(fmt::Error),
            id => id.unwrap_or("0"),
        };
        write!(line, "{} {} {circuit_id} {}:{}", self.id, self.status, self.target_host, self.target_port)?;
        for (keyword, reason) in [(Keyword::Reason, self.reason), (Keyword::RemoteReason, self.remote_reason)] {
            // tor's space before a code, which REMAP lacks.
            let is_code = reason.is_some_and(|word| word.starts_with("UNKNOWN_"));
            let space = if is_code && self.status != StreamStatus::Remap.as_str() { " " } else { "" };
            field(line, keyword, space, reason, "")?;
        }
        field(line, Keyword::Source, "", self.source, "")?;
        field(line, Keyword::SourceAddr, "", self.source_addr, "")?;
        field(line, Keyword::Purpose, "", self.purpose, "")?;
        field(line, Keyword::SocksUsername, "\"", self.socks_username, "\"")?;
        field(line, Keyword::SocksPassword, "\"", self.socks_password, "\"")?;
        field(line, Keyword::ClientProtocol, "", self.client_protocol, "")?;
        field(line, Keyword::NymEpoch, "", self.nym_epoch, "")?;
        field(line, Keyword::SessionGroup, "", self.session_group, "")?;
        field(line, Keyword::IsoFields, "", self.iso_fields.map(Words), "")
    }
}

/// Returns `true` if two IDs are the same one: the owned form of an event has a long ID abridged.
fn is_same_id(id: &str, other: &str) -> bool {
    #[cfg(feature = "alloc")]
    let is_same = StreamId::of_any(id) == StreamId::of_any(other);
    #[cfg(not(feature = "alloc"))]
    let is_same = id == other;
    is_same
}

/// Returns a word's text: the printed one, unless the event's public field was changed since.
fn text<W: Word>(word: W, printed: Option<&str>) -> &str {
    printed.filter(|text| W::read(text) == word).unwrap_or(word.as_str())
}

/// Writes a field after the target, if there is a value.
fn field(
    line: &mut impl Write,
    keyword: Keyword,
    before: &str,
    value: Option<impl fmt::Display>,
    after: &str,
) -> fmt::Result {
    match value {
        Some(value) => write!(line, " {}={before}{value}{after}", keyword.as_str()),
        None => Ok(()),
    }
}

/// The list of isolation fields, without its empty items.
struct Words<'a>(&'a str);

impl fmt::Display for Words<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut words = IsoFields::new(self.0).words();
        f.write_str(words.next().unwrap_or_default())?;
        words.try_for_each(|word| write!(f, ",{word}"))
    }
}

/// The rest of an expected text, matched against the text that is written.
struct Comparison<'a>(&'a [u8]);

impl Write for Comparison<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 = self.0.strip_prefix(text.as_bytes()).ok_or(fmt::Error)?;
        Ok(())
    }
}

/// A target's host with U+FFFD for each sequence that is not UTF-8; the event has a single one for the whole host.
struct Host<'a>(&'a [u8]);

impl<'a> Host<'a> {
    /// Returns the host of an event with a target that is not UTF-8, if the field was not changed since.
    fn of(event: &StreamEventRef<'a>) -> Option<Self> {
        let target = event.target_bytes();
        if !event.anomalies().contains(Anomaly::TargetNotUtf8) || event.target_host != "\u{FFFD}" {
            return None;
        }
        Some(Self(target.get(..grammar::split_port(target).map_or(target.len(), |(host, _)| host))?))
    }
}

impl fmt::Display for Host<'_> {
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

impl Serialize for Host<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// An event's line: text if the format is human-readable and the line is UTF-8, else bytes.
struct Line<'a>(&'a [u8]);

impl Serialize for Line<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match str::from_utf8(self.0) {
            Ok(text) if serializer.is_human_readable() => serializer.serialize_str(text),
            _ => serializer.serialize_bytes(self.0),
        }
    }
}

/// An enum of words.
trait Word: Copy + PartialEq {
    /// Returns the word with this name, or the unrecognized word.
    fn read(word: &str) -> Self;

    /// Returns the word as tor prints it.
    fn as_str(self) -> &'static str;
}

/// Implements serialization of enums of words: as the word, or as `UNRECOGNIZED` without a name. Any word can be read.
macro_rules! words {
    ($($name:ident)+) => {$(
        impl Word for $name {
            fn read(word: &str) -> Self {
                Self::from_word(word).unwrap_or(Self::Unrecognized)
            }

            fn as_str(self) -> &'static str {
                self.as_str()
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            /// Reads a word; a word without a name is `Unrecognized`.
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(Text { expected: "a word", read: |word| Ok(Word::read(word)) })
            }
        }
    )+};
}

words! { StreamStatus StreamClosureReason StreamSource StreamPurpose ClientProtocol IsoField }

/// Implements serialization of IDs as text, which is checked when it is read.
macro_rules! ids {
    ($($name:ident)+) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(Text { expected: "1 to 20 letters or digits", read: str::parse })
            }
        }
    )+};
}

ids! { StreamId CircuitId }

/// An ID of an event that may have been parsed leniently: any token, as the ID's type holds it.
#[cfg(feature = "alloc")]
pub(super) struct Token<T>(pub(super) T);

/// Implements reading of [`Token`].
#[cfg(feature = "alloc")]
macro_rules! tokens {
    ($($name:ident)+) => {$(
        impl<'de> Deserialize<'de> for Token<$name> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(Text { expected: "an ID", read: $name::of_token }).map(Self)
            }
        }
    )+};
}

#[cfg(feature = "alloc")]
tokens! { StreamId CircuitId }

/// A visitor that parses a value from text.
struct Text<T> {
    /// Description of the expected text, for errors.
    expected: &'static str,
    /// Function that parses the text.
    read: fn(&str) -> Result<T, Error>,
}

impl<T> Visitor<'_> for Text<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        (self.read)(text).map_err(E::custom)
    }
}

impl Serialize for Anomaly {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl Serialize for Anomalies {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        List(|| self.iter()).serialize(serializer)
    }
}

/// A list that is counted first: some formats write its length before its items.
struct List<F>(F);

impl<I: Iterator<Item: Serialize>, F: Fn() -> I> Serialize for List<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeSeq;

        let mut list = serializer.serialize_seq(Some((self.0)().count()))?;
        (self.0)().try_for_each(|item| list.serialize_element(&item))?;
        list.end()
    }
}
