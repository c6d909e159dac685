//! The events of a reader as an iterator.

use core::fmt;
use core::iter::FusedIterator;
use std::io::Read;

use super::EventReader;
use crate::error::Error;
use crate::owned::StreamEvent;

/// An iterator over the events of an [`EventReader`], as owned values, from [`EventReader::into_events`].
///
/// An item is an event, or the error of a line that looks like one and cannot be read; more items may follow either. After
/// an [`Error::Io`] the iterator ends.
///
/// # Examples
///
/// ```
/// use tor_stream_event::{EventReader, StreamEvent};
///
/// # let file: &[u8] = b"650 STREAM 18 SUCCEEDED 7 www.example.com:443\r\n";
/// let events = EventReader::new(file).into_events();
/// let events = events.collect::<Result<Vec<StreamEvent>, _>>()?;
/// assert_eq!(events[0].target_host, "www.example.com");
/// # Ok::<(), tor_stream_event::Error>(())
/// ```
pub struct IntoEvents<R> {
    /// Source of the events.
    reader: EventReader<R>,
    /// Set after the last item.
    done: bool,
}

impl<R> IntoEvents<R> {
    /// Returns an iterator over the events that `reader` has not returned yet.
    pub(super) const fn new(reader: EventReader<R>) -> Self {
        Self { reader, done: false }
    }

    /// Returns the reader of events, for its counts: [`skipped`](EventReader::skipped) and
    /// [`replies`](EventReader::replies).
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::EventReader;
    ///
    /// let mut events = EventReader::new(&b"tor: 650 STREAM 9 NEW 0 a:80\n"[..]).into_events();
    /// assert!(events.next().is_none());
    /// assert!(!events.reader().skipped().is_empty());
    /// ```
    #[must_use]
    pub const fn reader(&self) -> &EventReader<R> {
        &self.reader
    }
}

impl<R: Read> Iterator for IntoEvents<R> {
    type Item = Result<StreamEvent, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let next = self.reader.next_event();
        self.done = !matches!(next, Ok(Some(_)));
        match next {
            Ok(Some(line)) => Some(line.event.map(StreamEvent::from)),
            Ok(None) => None,
            Err(error) => Some(Err(error)),
        }
    }
}

impl<R: Read> FusedIterator for IntoEvents<R> {}

impl<R> fmt::Debug for IntoEvents<R> {
    /// Formats settings and position, without the bytes of the reader.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IntoEvents").field("reader", &self.reader).field("done", &self.done).finish()
    }
}
