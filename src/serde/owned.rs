//! Data of the owned form, and reading it.

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
    /// Gives what the borrowed form gives: **user name and password are in it**.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_event_ref().serialize(serializer)
    }
}

/// The serialized fields of an event. Other fields are passed over.
#[derive(serde::Deserialize)]
#[serde(rename = "StreamEvent")]
struct Form {
    /// The stream's ID.
    id: String,
    /// The status.
    status: String,
    /// The circuit ID. `None` for 0.
    circuit_id: Option<String>,
    /// The target's host.
    target_host: String,
    /// The target's port.
    target_port: u16,
    /// `REASON`.
    reason: Option<String>,
    /// `REMOTE_REASON`.
    remote_reason: Option<String>,
    /// `SOURCE`.
    source: Option<String>,
    /// `SOURCE_ADDR`.
    source_addr: Option<String>,
    /// `PURPOSE`.
    purpose: Option<String>,
    /// `SOCKS_USERNAME`, between the quotes.
    #[serde(default, deserialize_with = "secret")]
    socks_username: Option<String>,
    /// `SOCKS_PASSWORD`, between the quotes.
    #[serde(default, deserialize_with = "secret")]
    socks_password: Option<String>,
    /// `CLIENT_PROTOCOL`.
    client_protocol: Option<String>,
    /// `NYM_EPOCH`.
    nym_epoch: Option<u32>,
    /// `SESSION_GROUP`.
    session_group: Option<i32>,
    /// `ISO_FIELDS`.
    iso_fields: Option<Vec<String>>,
    /// Names of anomalies. Those that do not come from the line that the event was found in follow from the rest.
    #[serde(default)]
    anomalies: Vec<String>,
    /// The line, if tor would print another one for these fields.
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

/// Anomalies that an event may have from the line that it was found in, and that its content does not show.
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
    /// Reads an event that was serialized, which then is equal to what it was, or one that `tor-streams events` printed.
    ///
    /// The latter has no `content`, and so loses what no field holds: unknown keywords, the order of fields in lines that
    /// no known tor prints, bytes that are not UTF-8, and credentials that are shown as `***`. What is odd
    /// about an event is found anew, but for the anomalies that come from the line in which it was found.
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
        // Reading takes one line end off.
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
