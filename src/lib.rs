//! Reads the STREAM events of Tor's control port exactly, in place, without allocating.
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

mod anomaly;
mod error;
mod event;
mod lines;
#[cfg(feature = "alloc")]
mod owned;
mod parse;
mod scan;
mod text;
mod token;
#[cfg(feature = "alloc")]
mod tracker;
mod value;

pub use crate::anomaly::{Anomalies, Anomaly};
pub use crate::error::{Error, ErrorKind, Field, ProtocolError};
pub use crate::event::StreamEventRef;
#[cfg(feature = "tokio-util")]
pub use crate::lines::EventCodec;
#[cfg(feature = "std")]
pub use crate::lines::EventReader;
pub use crate::lines::{Decoder, EventLine, LineEnd, StreamEvents, stream_events};
#[cfg(feature = "alloc")]
pub use crate::owned::StreamEvent;
pub use crate::token::{ClientProtocol, IsoField, StreamClosureReason, StreamPurpose, StreamSource, StreamStatus};
#[cfg(feature = "alloc")]
pub use crate::tracker::{Outcome, Step, StreamLife, StreamTracker, Target};
pub use crate::value::{Args, CircuitId, IsoFields, Quoted, QuotedBytes, StreamId};
