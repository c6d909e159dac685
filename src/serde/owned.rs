//! Serialization of the owned form.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

use super::{Fields, Host, Word};
use crate::anomaly::Anomaly;
use crate::event::StreamEventRef;
use crate::owned::StreamEvent;
use crate::value::{CircuitId, StreamId};

impl Serialize for StreamEvent {
    /// Serializes the same data as the borrowed form: **user name and password are in it**.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_event_ref().serialize(serializer)
    }
}

/// The serialized fields of an event. Unknown fields are ignored.
#[allow(clippy::missing_docs_in_private_items, reason = "the names are those of the event's fields")]
#[derive(serde::Deserialize)]
#[serde(rename = "StreamEvent")]
struct Form {
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
    /// User name as tor escapes it, without the quotes.
    #[serde(default, deserialize_with = "secret")]
    socks_username: Option<String>,
    /// Password as tor escapes it, without the quotes.
    #[serde(default, deserialize_with = "secret")]
    socks_password: Option<String>,
    client_protocol: Option<String>,
    nym_epoch: Option<u32>,
    session_group: Option<i32>,
    iso_fields: Option<Vec<String>>,
    /// Names of anomalies. Only those of the event's line in its log are read; the others follow from the fields.
    #[serde(default)]
    anomalies: Vec<String>,
    /// Line of the event, if tor would print another line for these fields.
    #[serde(default, deserialize_with = "secret")]
    content: Option<Line>,
}

impl Form {
    /// Returns the fields, with the list `iso_fields`.
    fn fields<'a>(&'a self, iso_fields: Option<&'a str>) -> Fields<'a> {
        Fields {
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

/// Anomalies that come from an event's line in its log, and that its content does not show.
const OF_LINE: [Anomaly; 5] =
    [Anomaly::TargetMayBeCut, Anomaly::FieldAtCut, Anomaly::Unterminated, Anomaly::InData, Anomaly::Escaped];

/// Reads a value and keeps it out of any error.
fn secret<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    T::deserialize(deserializer).map_err(|_| D::Error::custom("a credential or content of an unexpected type"))
}

/// An event's line, which may be text or bytes.
struct Line(Vec<u8>);

impl<'de> Deserialize<'de> for Line {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            deserializer.deserialize_any(LineVisitor)
        } else {
            deserializer.deserialize_byte_buf(LineVisitor)
        }
    }
}

/// Reads a [`Line`].
struct LineVisitor;

impl<'de> Visitor<'de> for LineVisitor {
    type Value = Line;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text or bytes")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Line, E> {
        Ok(Line(text.into()))
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Line, E> {
        Ok(Line(bytes.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut bytes: A) -> Result<Line, A::Error> {
        let mut line = Vec::new();
        while let Some(byte) = bytes.next_element()? {
            line.push(byte);
        }
        Ok(Line(line))
    }
}

impl<'de> Deserialize<'de> for StreamEvent {
    /// Reads an event that was serialized, which then equals the original, or one that `tor-streams events` printed.
    ///
    /// The latter has no `content`, and so loses data that is not in a field: unknown keywords, the order of fields in
    /// lines that no known tor prints, bytes that are not UTF-8, and credentials that are shown as `***`. Anomalies are
    /// found anew, except those that come from the event's line in its log.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let form = Form::deserialize(deserializer)?;
        let iso_fields = form.iso_fields.as_ref().map(|words| words.join(","));
        let fields = form.fields(iso_fields.as_deref());
        let refused = || D::Error::custom("expected the fields of an event, found some that no line gives");
        let mut line = match &form.content {
            Some(content) => content.0.clone(),
            None => {
                let mut line = String::new();
                fields.print(&mut line).map_err(|_| refused())?;
                line.into_bytes()
            }
        };
        // The parser removes one line end.
        line.extend_from_slice(b"\r\n");
        let mut event = StreamEventRef::parse_lenient(&line).map_err(D::Error::custom)?;
        let is_there = |anomaly: &Anomaly| form.anomalies.iter().any(|name| name == anomaly.as_str());
        event.add_anomalies(OF_LINE.iter().copied().filter(is_there).collect());
        if form.content.is_none() && Fields::of(&event) != fields {
            return Err(refused());
        }

        let mut owned = event.into_owned();
        owned.id = StreamId::of_any(fields.id);
        owned.status = Word::read(fields.status);
        owned.circuit_id = fields.circuit_id.map(CircuitId::of_any);
        if Host::of(&event).is_none_or(|host| fields.target_host != alloc::format!("{host}")) {
            owned.target_host = form.target_host.clone();
        }
        owned.target_port = fields.target_port;
        owned.reason = fields.reason.map(Word::read);
        owned.remote_reason = fields.remote_reason.map(Word::read);
        owned.source = fields.source.map(Word::read);
        owned.source_addr = fields.source_addr.map(Into::into);
        owned.purpose = fields.purpose.map(Word::read);
        Ok(owned)
    }
}
