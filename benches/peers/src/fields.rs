//! The fields of an event, in the same form for every parser.

use serde::Deserialize;
use tor_stream_event::StreamEventRef;

use crate::naive::NaiveEvent;

/// The fields that all parsers have, with words as tor prints them.
#[derive(Debug, Deserialize, PartialEq, Eq)]
pub struct Fields {
    pub id: String,
    pub status: String,
    pub circuit_id: Option<String>,
    pub target_host: String,
    pub target_port: u16,
    pub reason: Option<String>,
    pub remote_reason: Option<String>,
    pub source: Option<String>,
    pub source_addr: Option<String>,
    pub purpose: Option<String>,
}

/// The fields, or the reason why there are none.
pub type FieldsOrError = Result<Fields, String>;

impl Fields {
    /// Returns every field with its name.
    pub fn named(&self) -> [(&'static str, Option<String>); 10] {
        [
            ("id", Some(self.id.clone())),
            ("status", Some(self.status.clone())),
            ("circuit_id", self.circuit_id.clone()),
            ("target_host", Some(self.target_host.clone())),
            ("target_port", Some(self.target_port.to_string())),
            ("reason", self.reason.clone()),
            ("remote_reason", self.remote_reason.clone()),
            ("source", self.source.clone()),
            ("source_addr", self.source_addr.clone()),
            ("purpose", self.purpose.clone()),
        ]
    }
}

/// Reads with this crate.
pub fn ours(content: &str) -> FieldsOrError {
    let event = StreamEventRef::parse(content).map_err(|error| error.to_string())?;
    Ok(Fields {
        id: event.id.into(),
        status: event.status_str().into(),
        circuit_id: event.circuit_id.map(Into::into),
        target_host: event.target_host.into(),
        target_port: event.target_port,
        reason: event.reason_str().map(Into::into),
        remote_reason: event.remote_reason_str().map(Into::into),
        source: event.source_str().map(Into::into),
        source_addr: event.source_addr.map(Into::into),
        purpose: event.purpose_str().map(Into::into),
    })
}

/// Reads with stem-rs.
pub fn stem_rs(content: &str) -> FieldsOrError {
    let event = stem_rs::events::StreamEvent::parse(content).map_err(|error| error.to_string())?;
    Ok(Fields {
        id: event.id.to_string(),
        status: event.status.to_string(),
        circuit_id: event.circuit_id.map(|id| id.to_string()),
        target_host: event.target_host,
        target_port: event.target_port,
        reason: event.reason.map(|word| word.to_string()),
        remote_reason: event.remote_reason.map(|word| word.to_string()),
        source: event.source.map(|word| word.to_string()),
        source_addr: event.source_addr,
        purpose: event.purpose.map(|word| word.to_string()),
    })
}

/// Reads with the naive parser.
pub fn naive(content: &str) -> FieldsOrError {
    let event = NaiveEvent::parse(content)?;
    Ok(Fields {
        id: event.id,
        status: event.status,
        circuit_id: event.circuit_id,
        target_host: event.target_host,
        target_port: event.target_port,
        reason: event.reason,
        remote_reason: event.remote_reason,
        source: event.source,
        source_addr: event.source_addr,
        purpose: event.purpose,
    })
}
