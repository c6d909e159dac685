//! The owned form of an event as data, and how it is deserialized.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write};

use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

use super::{Expected, LossyHost, PrintedFields};
use crate::anomaly::Anomaly;
use crate::event::StreamEventRef;
use crate::owned::StreamEvent;
use crate::parse;

impl Serialize for StreamEvent {
    /// Serializes the same data as the borrowed form: **user name and password are in it**.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_event_ref().serialize(serializer)
    }
}

/// The serialized form of an event. Unknown fields are ignored.
#[allow(clippy::missing_docs_in_private_items, reason = "the names are those of the event's fields")]
#[derive(serde::Deserialize)]
#[serde(rename = "StreamEvent")]
struct EventForm {
    id: String,
    status: String,
    /// Circuit ID; `None` for 0.
    circuit_id: Option<String>,
    target_host: String,
    target_port: u16,
    reason: Option<String>,
    remote_reason: Option<String>,
    source: Option<String>,
    source_addr: Option<String>,
    purpose: Option<String>,
    /// User name as tor escapes it, without the quotation marks.
    #[serde(default, deserialize_with = "secret")]
    socks_username: Option<String>,
    /// Password as tor escapes it, without the quotation marks.
    #[serde(default, deserialize_with = "secret")]
    socks_password: Option<String>,
    client_protocol: Option<String>,
    nym_epoch: Option<u32>,
    session_group: Option<i32>,
    iso_fields: Option<Vec<String>>,
    /// Names of anomalies. Only `malformed_id`, `target_may_be_cut` and [`OF_LOG_LINE`] are used: the others follow from the
    /// fields.
    #[serde(default)]
    anomalies: Vec<String>,
    /// Content of the event, if tor would print another text for these fields.
    #[serde(default, deserialize_with = "secret")]
    content: Option<ContentBytes>,
}

impl EventForm {
    /// Returns the content to parse: the serialized one, or the one that tor prints for `fields`, which are the fields of this form.
    ///
    /// # Errors
    ///
    /// A message, if the circuit ID is `0`, or if the content would end its line, by a CR LF in it.
    fn content(&self, fields: &PrintedFields<'_>) -> Result<Vec<u8>, &'static str> {
        let content = match &self.content {
            Some(content) => content.0.clone(),
            None => {
                let mut content = String::new();
                fields.print(&mut content).map_err(|_| "expected no circuit ID, found 0")?;
                content.into_bytes()
            }
        };
        if content.windows(2).any(|bytes| bytes == b"\r\n") {
            return Err("expected one line, found a line end in it");
        }
        Ok(content)
    }

    /// Returns `true` if `event` has the fields of this form, `fields`, and if a malformed ID is listed as an anomaly.
    fn is_form_of<'a>(&'a self, event: &StreamEventRef<'a>, fields: PrintedFields<'a>) -> bool {
        let ids_are_allowed = self.lists(Anomaly::MalformedId) || !event.anomalies().contains(Anomaly::MalformedId);
        ids_are_allowed
            && self.has_host_of(event)
            // The host was compared above: the serialized one may have more than one U+FFFD.
            && PrintedFields { target_host: event.target_host, ..fields }.are_those_of(event)
    }

    /// Returns `true` if `anomalies` lists the name of `anomaly`.
    fn lists(&self, anomaly: Anomaly) -> bool {
        self.anomalies.iter().any(|name| name == anomaly.as_str())
    }

    /// Returns `true` if the host is that of `event`. In the serialized form, each invalid sequence of a host is U+FFFD.
    fn has_host_of(&self, event: &StreamEventRef<'_>) -> bool {
        match LossyHost::of(event) {
            Some(host) => {
                let mut expected = Expected(self.target_host.as_bytes());
                write!(expected, "{host}").is_ok() && expected.0.is_empty()
            }
            None => self.target_host == event.target_host,
        }
    }

    /// Returns the fields as text. `iso_fields` are the items of that field, which the caller has joined.
    fn fields<'a>(&'a self, iso_fields: Option<&'a str>) -> PrintedFields<'a> {
        PrintedFields {
            id: &self.id,
            status: &self.status,
            circuit_id: self.circuit_id.as_deref(),
            target_host: &self.target_host,
            target_port: self.target_port,
            reason: self.reason.as_deref(),
            remote_reason: self.remote_reason.as_deref(),
            source: self.source.as_deref(),
            source_addr: self.source_addr.as_deref(),
            purpose: self.purpose.as_deref(),
            socks_username: self.socks_username.as_deref(),
            socks_password: self.socks_password.as_deref(),
            client_protocol: self.client_protocol.as_deref(),
            nym_epoch: self.nym_epoch,
            session_group: self.session_group,
            iso_fields,
        }
    }
}

/// Anomalies of an event's line in its log, which do not follow from its content.
const OF_LOG_LINE: [Anomaly; 3] = [Anomaly::Unterminated, Anomaly::InData, Anomaly::Escaped];

/// Deserializes a credential or content. An error does not show the value, as errors of a format may.
fn secret<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    T::deserialize(deserializer).map_err(|_| D::Error::custom("a credential or content of an unexpected type"))
}

/// The content of an event, serialized as text or as bytes.
struct ContentBytes(Vec<u8>);

impl<'de> Deserialize<'de> for ContentBytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            deserializer.deserialize_any(ContentVisitor)
        } else {
            deserializer.deserialize_byte_buf(ContentVisitor)
        }
    }
}

/// Visitor that makes [`ContentBytes`] of text, bytes, or a list of numbers.
struct ContentVisitor;

impl<'de> Visitor<'de> for ContentVisitor {
    type Value = ContentBytes;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text or bytes")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<ContentBytes, E> {
        Ok(ContentBytes(text.into()))
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<ContentBytes, E> {
        Ok(ContentBytes(bytes.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut bytes: A) -> Result<ContentBytes, A::Error> {
        let mut content = Vec::new();
        while let Some(byte) = bytes.next_element()? {
            content.push(byte);
        }
        Ok(ContentBytes(content))
    }
}

impl<'de> Deserialize<'de> for StreamEvent {
    /// Deserializes an event that was serialized, or that `tor-streams events` printed.
    ///
    /// The event is parsed from its `content` or, without it, from the content that tor prints for the fields. The result
    /// equals the event that was serialized, unless a caller had changed its public fields: then the content differs.
    ///
    /// An event that the tool printed has no `content`, and so loses data that is not in a field: unknown keywords, the order
    /// of fields in lines that no known tor prints, bytes that are not UTF-8, and credentials that are shown as `***`.
    /// An event is refused if no content has its fields together, as can be the case for a line in an unknown order.
    /// Anomalies are detected again, except those of the event's line in its log, which are kept.
    ///
    /// # Errors
    ///
    /// - Fields that differ from those of `content`, or that no content has together.
    /// - A CR LF in the content, which would end the line.
    /// - An ID that is not 1 to 20 letters or digits, unless `anomalies` has `malformed_id`; a circuit ID of `0`.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let form = EventForm::deserialize(deserializer)?;
        let iso_fields = form.iso_fields.as_ref().map(|words| words.join(","));
        let fields = form.fields(iso_fields.as_deref());
        let mut line = form.content(&fields).map_err(D::Error::custom)?;
        // The parser removes one line end: with this one, a CR or LF at the end of the content stays.
        line.extend_from_slice(b"\r\n");
        let mut event = StreamEventRef::parse_lenient(&line).map_err(D::Error::custom)?;
        if !form.is_form_of(&event, fields) {
            let expected = if form.content.is_some() { "those of its content" } else { "those of one line" };
            return Err(D::Error::custom(format_args!(
                "expected the fields of an event to be {expected}, found others"
            )));
        }
        event.add_anomalies(OF_LOG_LINE.into_iter().filter(|&anomaly| form.lists(anomaly)).collect());
        // A CR or LF alone may have been removed from the event's end: it is not in the content, and the event was flagged for it.
        if form.lists(Anomaly::TargetMayBeCut) {
            parse::flag_cut_at_lone_line_end(&mut event);
        }
        Ok(event.into_owned())
    }
}
