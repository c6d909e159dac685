//! `defmt::Format` where the derived one would differ from `Debug`: for types that may hold secrets, and for [`Anomalies`], a set.
//!
//! Like `Debug`, these show no user name, password or line. [`Redacted`] has its own in `value/redacted.rs`, beside its `Debug`.

use defmt::{Format, Formatter, write};

use crate::anomaly::Anomalies;
use crate::error::ProtocolError;
use crate::event::StreamEventRef;
use crate::lines::EventLine;
use crate::value::{Args, CircuitId, IsoFields, Quoted, QuotedBytes, Redacted, StreamId};

impl Format for StreamEventRef<'_> {
    fn format(&self, f: Formatter<'_>) {
        event(self, "StreamEventRef", f);
    }
}

#[cfg(feature = "alloc")]
impl Format for crate::StreamEvent {
    fn format(&self, f: Formatter<'_>) {
        event(&self.as_event_ref(), "StreamEvent", f);
    }
}

/// Formats the fields of either form of an event.
fn event(event: &StreamEventRef<'_>, name: &str, f: Formatter<'_>) {
    let redacted = event.redacted_fields();
    write!(
        f,
        "{=str} {{ id: {}, status: {}, circuit_id: {}, target_host: {}, target_port: {=u16}, reason: {}, \
         remote_reason: {}, source: {}, source_addr: {}, purpose: {}, socks_username: {}, socks_password: {}, \
         client_protocol: {}, nym_epoch: {}, session_group: {}, iso_fields: {}, args: {}, anomalies: {} }}",
        name,
        redacted.id,
        event.status,
        redacted.circuit_id,
        redacted.target_host,
        event.target_port,
        event.reason,
        event.remote_reason,
        event.source,
        redacted.source_addr,
        event.purpose,
        event.socks_username(),
        event.socks_password(),
        event.client_protocol(),
        event.nym_epoch(),
        event.session_group(),
        redacted.iso_fields,
        event.args(),
        event.anomalies(),
    );
}

impl Format for EventLine<'_> {
    fn format(&self, f: Formatter<'_>) {
        write!(
            f,
            "EventLine {{ number: {=u64}, offset: {=u64}, prefix: {}, event: {}, terminated: {=bool}, .. }}",
            self.number,
            self.offset,
            Redacted::alone(self.prefix),
            self.event,
            self.is_terminated(),
        );
    }
}

impl Format for ProtocolError {
    fn format(&self, f: Formatter<'_>) {
        write!(f, "ProtocolError {{ kind: {}, offset: {=usize}, .. }}", self.kind(), self.offset());
    }
}

impl Format for StreamId {
    fn format(&self, f: Formatter<'_>) {
        write!(f, "{=str:?}", self.as_str());
    }
}

impl Format for CircuitId {
    fn format(&self, f: Formatter<'_>) {
        write!(f, "{=str:?}", self.as_str());
    }
}

impl Format for Quoted<'_> {
    fn format(&self, f: Formatter<'_>) {
        write!(f, "Quoted(***)");
    }
}

impl Format for QuotedBytes<'_> {
    fn format(&self, f: Formatter<'_>) {
        write!(f, "QuotedBytes(***)");
    }
}

impl Format for Args<'_> {
    fn format(&self, f: Formatter<'_>) {
        write!(f, "Args[");
        list(self.clone().keys(), f);
        write!(f, "]");
    }
}

impl Format for IsoFields<'_> {
    fn format(&self, f: Formatter<'_>) {
        write!(f, "IsoFields[");
        list(self.clone(), f);
        write!(f, "]");
    }
}

impl Format for Anomalies {
    fn format(&self, f: Formatter<'_>) {
        write!(f, "{{");
        list(self.iter(), f);
        write!(f, "}}");
    }
}

/// Formats items with commas between them.
fn list(items: impl Iterator<Item: Format>, f: Formatter<'_>) {
    let mut comma = "";
    for item in items {
        write!(f, "{=str}{}", comma, item);
        comma = ", ";
    }
}
