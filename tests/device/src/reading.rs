//! The code by which both programs, the device's and the host's, count events and hash their fields.

use tor_stream_event::{Error, StreamEventRef};

/// 200 captured lines of four sessions.
pub const LINES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/lines.raw"));

/// Counts of the events, and a hash of their fields.
#[derive(Clone, Copy, Default)]
pub struct Reading {
    /// Number of events.
    pub events: u32,
    /// Number of events that were refused.
    pub refused: u32,
    /// Number of events with an anomaly.
    pub with_anomalies: u32,
    /// Number of anomalies.
    pub anomalies: u32,
    /// Hash of the fields that [`Self::add`] adds: FNV-1a for 32 bits, but beginning with 0.
    pub hash: u32,
}

impl Reading {
    /// Adds an event or an error to the counts, and the event's fields to the hash: each field by its accessor, and the anomalies.
    pub fn add(&mut self, event: &Result<StreamEventRef<'_>, Error>) {
        let event = match event {
            Ok(event) => event,
            Err(_) => {
                self.refused += 1;
                return self.field(Some(b"refused"));
            }
        };
        self.events += 1;
        self.with_anomalies += u32::from(!event.anomalies().is_empty());
        self.field(Some(event.id.as_bytes()));
        self.field(Some(event.status_str().as_bytes()));
        self.field(event.circuit_id.map(str::as_bytes));
        self.field(Some(event.target_bytes()));
        self.field(Some(event.target_host.as_bytes()));
        self.field(Some(&event.target_port.to_be_bytes()));
        self.field(event.reason_str().map(str::as_bytes));
        self.field(event.remote_reason_str().map(str::as_bytes));
        self.field(event.source_str().map(str::as_bytes));
        self.field(event.source_addr.map(str::as_bytes));
        self.field(event.purpose_str().map(str::as_bytes));
        for credential in [event.socks_username(), event.socks_password()] {
            self.field(credential.map(|_| &b"credential"[..]));
            credential.into_iter().flat_map(|quoted| quoted.bytes()).for_each(|byte| self.byte(byte));
        }
        self.field(event.client_protocol_str().map(str::as_bytes));
        self.field(event.nym_epoch().map(u32::to_be_bytes).as_ref().map(<[u8; 4]>::as_slice));
        self.field(event.session_group().map(i32::to_be_bytes).as_ref().map(<[u8; 4]>::as_slice));
        for word in event.iso_fields().words() {
            self.field(Some(word.as_bytes()));
        }
        for anomaly in event.anomalies().iter() {
            self.anomalies += 1;
            self.field(Some(anomaly.as_str().as_bytes()));
        }
    }

    /// Adds a field to the hash, in which an absent field differs from an empty one.
    fn field(&mut self, bytes: Option<&[u8]>) {
        self.byte(bytes.is_some().into());
        bytes.unwrap_or_default().iter().for_each(|&byte| self.byte(byte));
    }

    /// Adds a byte to the hash.
    fn byte(&mut self, byte: u8) {
        /// The prime of FNV-1a for 32 bits.
        const PRIME: u32 = 0x0100_0193;
        self.hash = (self.hash ^ u32::from(byte)).wrapping_mul(PRIME);
    }

    /// Returns the lines to print: names and numbers.
    pub fn rows(self) -> [(&'static str, u32); 5] {
        [
            ("events", self.events),
            ("refused", self.refused),
            ("events with anomalies", self.with_anomalies),
            ("anomalies", self.anomalies),
            ("hash of all fields", self.hash),
        ]
    }
}
