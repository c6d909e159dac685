//! Reads the STREAM events of Tor's control port exactly, in place, without allocating.
//!
//! ```
//! use tor_stream_event::{StreamClosureReason, StreamEventRef, StreamStatus};
//!
//! // What follows `650 STREAM ` in a line.
//! let event = StreamEventRef::parse(
//!     "144 CLOSED 0 x:1 REASON=DONE PURPOSE=DIR_FETCH y:80 REASON=SOCKS_PROTOCOL CLIENT_PROTOCOL=SOCKS5 \
//!      NYM_EPOCH=0 SESSION_GROUP=-4 ISO_FIELDS=SOCKS_USERNAME,SOCKS_PASSWORD",
//! )?;
//! assert_eq!((event.id, event.status), ("144", StreamStatus::Closed));
//! // The client asked for a host with this name. The host is one field; keywords inside it are text.
//! assert_eq!((event.target_host, event.target_port), ("x:1 REASON=DONE PURPOSE=DIR_FETCH y", 80));
//! assert_eq!(event.reason, Some(StreamClosureReason::SocksProtocol));
//! assert_eq!((event.purpose, event.session_group()), (None, Some(-4)));
//! assert!(!event.anomalies().is_empty());
//! # Ok::<(), tor_stream_event::Error>(())
//! ```
//!
//! The source of the events decides the entry point:
//!
//! - the content of one event: [`StreamEventRef::parse`], or [`parse_bytes`](StreamEventRef::parse_bytes) for bytes that may
//!   not be UTF-8;
//! - one line, `650 STREAM ` included: [`StreamEventRef::parse_line`];
//! - a whole log or capture in memory: [`stream_events`];
//! - a socket, in fixed memory: [`EventDecoder`];
//! - a file or other reader: `EventReader` (feature `std`);
//! - an asynchronous connection: `EventCodec` (feature `tokio-util`);
//! - the life of each stream, from its events: `StreamTracker` (feature `alloc`);
//! - the parts of a log, read side by side: [`LineState`], and `StreamTracker::part`.
//!
//! # Scope
//!
//! This crate reads one kind of event, and steps over all others. It does not connect to a control port, authenticate or
//! subscribe; `examples/control_port.rs` shows how little that takes.
//!
//! # Guarantees
//!
//! - **Exact.** tor prints the host name that a client asks for as it is, so that clients can write fields of their own into
//!   a line. Every field here is what tor meant; where tor itself cut the text, so that this cannot be known,
//!   [`anomalies`](StreamEventRef::anomalies) says so or the line is refused. [`StreamEventRef`] explains how.
//! - **Nothing lost.** Words, keywords and tokens that this version does not know are data and can be read. One bad line
//!   never costs the next.
//! - **No allocation, no `unsafe`, no panic**, and work that is linear in the length of a line, whatever the line holds.
//! - **No secret shown.** SOCKS user names and passwords are in no `Debug` output and no error, wherever a damaged line has
//!   them. `Display` of an event gives its text back, and shows them; so does serializing it.
//!   [`redact`](StreamEventRef::redact) masks them in any text of an event.
//!
//! # Owned values
//!
//! `StreamEvent` (feature `alloc`) is the same event with text of its own. [`StreamId`] and [`CircuitId`] hold their text in
//! place, to be used as keys without an allocator.
//!
//! # Errors
//!
//! [`Error`] is `Copy` and `'static`. An [`Error::Protocol`] has a kind and a byte offset, says what was expected and what
//! was found, and holds no text of the line.
//!
//! # Crate features
//!
//! - `std` (default): `EventReader`, and searches for line ends that choose the widest vectors at run time. Turns on
//!   `alloc`.
//! - `alloc`: `StreamEvent`, `StreamTracker` and text that has to be built.
//! - `defmt`: `defmt::Format` for all that is data, as `Debug` shows it; not for decoders, readers and trackers.
//! - `serde`: `Serialize` for both forms of an event, for words, IDs and anomalies, and `Deserialize` for the owned form, words
//!   and IDs, with the names and values of `tor-streams events`. **Serializing an event reveals its credentials.** Both for
//!   `StreamLife`, in which there are none.
//! - `tokio-util`: `EventCodec`. Turns on `std`.
//!
//! Without features the crate needs neither an allocator nor an operating system.
//!
//! # Minimum supported Rust version
//!
//! Rust 1.85. A higher one comes with a new minor version.

#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(any(feature = "alloc", test))]
extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

mod anomaly;
#[cfg(feature = "defmt")]
mod defmt;
mod error;
mod event;
mod format;
mod lines;
#[cfg(feature = "alloc")]
mod owned;
mod parse;

#[cfg(feature = "serde")]
mod serde;

mod token;
#[cfg(feature = "alloc")]
mod tracker;
mod value;

pub use crate::anomaly::{Anomalies, Anomaly, AnomalyIter};
pub use crate::error::{Error, ErrorKind, Field, ProtocolError};
pub use crate::event::StreamEventRef;
#[cfg(feature = "tokio-util")]
pub use crate::lines::EventCodec;
pub use crate::lines::{
    EventDecoder, EventLine, LineEnd, LineState, LogFormat, Skipped, SkippedLines, StreamEvents, stream_events,
};
#[cfg(feature = "std")]
pub use crate::lines::{EventReader, IntoEvents};
#[cfg(feature = "alloc")]
pub use crate::owned::StreamEvent;
pub use crate::token::{ClientProtocol, IsoField, StreamClosureReason, StreamPurpose, StreamSource, StreamStatus};
#[cfg(feature = "alloc")]
pub use crate::tracker::{Appended, Failure, Note, Outcome, Step, StreamLife, StreamTracker, Target};
pub use crate::value::{Args, CircuitId, IsoFields, Quoted, QuotedBytes, Redacted, StreamId};

/// Compiles the examples of the README.
#[cfg(all(doctest, feature = "std"))]
#[doc = include_str!("../README.md")]
struct Readme;
