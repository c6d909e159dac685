//! Events out of an asynchronous connection.

use alloc::vec::Vec;
use std::io;

use tokio_util::bytes::{Buf, BytesMut};
use tokio_util::codec::Decoder;

use super::finder::LineFinder;
use super::skipped::Skipped;
use super::splitter::{FoundLine, Splitter};
use crate::error::Error;
use crate::owned::StreamEvent;

/// A codec of `tokio_util` whose frames are the STREAM events of a control connection.
///
/// A frame is an event, or the error of a line that looks like one and cannot be read; more frames may follow either.
/// Lines end with CR LF. A line with an event may have up to 1 MiB.
///
/// # Examples
///
/// ```
/// use tokio_util::{bytes::BytesMut, codec::Decoder};
/// use tor_stream_event::EventCodec;
///
/// // `FramedRead::new(socket, EventCodec::new())` is a stream of these frames.
/// let mut received = BytesMut::from("650 STREAM 18 NEW 0 a.test:80\r\n650 STREAM 18 SENT");
/// let frame = EventCodec::new().decode(&mut received)?;
/// assert_eq!(frame.expect("an event")?.target_host, "a.test");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct EventCodec(Splitter<Vec<u8>>);

impl EventCodec {
    /// Maximum length of a line with an event, its end included, in bytes.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::EventCodec;
    ///
    /// assert_eq!(EventCodec::LIMIT, 1 << 20);
    /// ```
    pub const LIMIT: usize = 1024 * 1024;

    /// Returns a codec before the first byte.
    ///
    /// # Examples
    ///
    /// ```
    /// use tokio_util::codec::FramedRead;
    /// use tor_stream_event::EventCodec;
    ///
    /// let socket = &b"650 STREAM 18 NEW 0 a.test:80\r\n"[..];
    /// let events = FramedRead::new(socket, EventCodec::new());
    /// assert_eq!(events.decoder().replies(), 0);
    /// ```
    #[must_use]
    pub const fn new() -> Self {
        Self(Splitter::new(Vec::new(), LineFinder::wire(Self::LIMIT)))
    }

    /// Sets whether events are parsed with [`parse_lenient`](crate::StreamEventRef::parse_lenient).
    ///
    /// # Examples
    ///
    /// ```
    /// use tokio_util::{bytes::BytesMut, codec::Decoder};
    /// use tor_stream_event::{Anomaly, EventCodec};
    ///
    /// let mut received = BytesMut::from("650 STREAM 9 NEW 0 a.test\r\n");
    /// let frame = EventCodec::new().lenient(true).decode(&mut received)?;
    /// let event = frame.expect("an event")?;
    /// assert!(event.anomalies().contains(Anomaly::TargetWithoutPort));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn lenient(mut self, lenient: bool) -> Self {
        self.0.finder.lenient = lenient;
        self
    }

    /// Returns the counts of lines that look like an event and were not read as one: up to the frame that was returned
    /// last, and in all complete lines if there was none.
    ///
    /// A client can end a name with a line end and the start of a reply with data, so that no event is found from there on:
    /// [`open`](Skipped::open) then has the number of that line. A program that reads one connection for long should look
    /// at it.
    ///
    /// # Examples
    ///
    /// ```
    /// # use tokio_util::{bytes::BytesMut, codec::Decoder};
    /// # use tor_stream_event::EventCodec;
    /// let mut codec = EventCodec::new();
    /// // The client's host is `a`, a line end, and `650+x`.
    /// let text = "650 STREAM 7 NEW 0 a\r\n650+x:80\r\n650 STREAM 8 NEW 0 b:80\r\n";
    /// let mut received = BytesMut::from(text);
    /// while let Some(frame) = codec.decode(&mut received)? {
    ///     assert!(frame.is_err());
    /// }
    /// assert_eq!((codec.skipped().open, codec.skipped().in_data.count), (Some(2), 1));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub const fn skipped(&self) -> Skipped {
        self.0.finder.skipped()
    }

    /// Returns the number of lines with a reply, among the same lines as [`skipped`](Self::skipped).
    ///
    /// # Examples
    ///
    /// ```
    /// use tokio_util::{bytes::BytesMut, codec::Decoder};
    /// use tor_stream_event::EventCodec;
    ///
    /// let mut codec = EventCodec::new();
    /// assert!(codec.decode(&mut BytesMut::from("250 OK\r\n650 BW 2 3\r\n"))?.is_none());
    /// assert_eq!(codec.replies(), 2);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub const fn replies(&self) -> u64 {
        self.0.finder.replies()
    }

    /// Parses the event of a line that was found in `chunk` or in the kept bytes.
    fn frame(&self, chunk: &[u8], found: &FoundLine) -> Result<StreamEvent, Error> {
        self.0.event(chunk, found).event.map(StreamEvent::from)
    }
}

impl Default for EventCodec {
    fn default() -> Self {
        Self::new()
    }
}

impl core::fmt::Debug for EventCodec {
    /// Formats settings and position, without the kept bytes.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("EventCodec").field("finder", &self.0.finder).finish_non_exhaustive()
    }
}

impl Decoder for EventCodec {
    type Item = Result<StreamEvent, Error>;
    type Error = io::Error;

    fn decode(&mut self, src: &mut BytesMut) -> io::Result<Option<Self::Item>> {
        let mut at = 0;
        let found = self.0.find(src, &mut at);
        let frame = found.map(|found| self.frame(src, &found));
        src.advance(at);
        Ok(frame)
    }

    fn decode_eof(&mut self, src: &mut BytesMut) -> io::Result<Option<Self::Item>> {
        if let Some(frame) = self.decode(src)? {
            return Ok(Some(frame));
        }
        let found = self.0.find_last();
        Ok(found.map(|found| self.frame(&[], &found)))
    }
}
