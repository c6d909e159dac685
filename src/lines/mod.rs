//! Events out of bytes: out of a buffer, out of chunks, out of a reader.
//!
//! # The files
//!
//! - [`buffer`], [`decoder`], [`reader`], [`codec`]: the entry points, which differ in the source of the bytes. The
//!   last three keep an incomplete line in a [`splitter`].
//! - [`finder`]: which lines are events. Every entry point has one.
//! - [`event_line`], [`format`](mod@format), [`skipped`], [`state`]: the public types that the entry points share.
//!
//! # The words
//!
//! - **Reply**: a line of tor's that begins with a code, such as `250 OK`. Events are replies with the code 650. After
//!   a reply with a `+` behind its code come lines of **data**, up to a line with a single dot.
//! - **Input**: all the bytes in which events are searched, either wire or log. **Wire**: the bytes of a control
//!   connection; saved to a file they are a **capture**. **Log**: lines that a program wrote to a file, with LF or CR LF
//!   at their ends, and often with a **prefix** before each reply, such as a date and time.
//! - **Chunk**: bytes that arrive together, cut anywhere. **Part**: a run of whole lines of an input, which is read with
//!   a state of its own.
//! - **Terminator**: the bytes that end one line. **Line end**: the convention by which all lines of an input end.
//! - **Content**: the text of an event after `650 STREAM `.

mod buffer;
#[cfg(feature = "tokio-util")]
mod codec;
mod decoder;
mod event_line;
mod finder;
mod format;
#[cfg(feature = "std")]
mod reader;
mod skipped;
mod splitter;
mod state;

pub use self::buffer::{StreamEvents, stream_events};
#[cfg(feature = "tokio-util")]
pub use self::codec::EventCodec;
pub use self::decoder::EventDecoder;
pub use self::event_line::{EventLine, LineEnd};
pub use self::format::LogFormat;
#[cfg(feature = "std")]
pub use self::reader::{EventReader, IntoEvents};
pub use self::skipped::{Skipped, SkippedLines};
pub use self::state::LineState;

/// Byte order mark of UTF-8, which some editors write at the beginning of a file.
const BOM: &[u8] = b"\xef\xbb\xbf";
