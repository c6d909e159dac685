//! The caller's notes about events.

/// A caller's note about an event, and about all events of a stream.
///
/// A tracker merges the notes of a stream's events into [`note`](crate::StreamLife::note): facts that it does not keep
/// itself, such as counts or line numbers. Merging has to be associative, or
/// [`append`](crate::StreamTracker::append) has another result than one tracker.
///
/// # Examples
///
/// ```
/// # use tor_stream_event::{Note, StreamEventRef, StreamTracker};
/// /// The numbers of a stream's lines.
/// struct Lines(Vec<u64>);
/// impl Note for Lines {
///     fn append(&mut self, later: Self) { self.0.extend(later.0) }
/// }
/// let mut tracker = StreamTracker::with_notes(1000);
/// let [new, closed] = ["18 NEW 0 a:443", "18 CLOSED 0 a:443"].map(StreamEventRef::parse);
/// tracker.update_with(&new?, (), Lines(vec![7]));
/// let life = tracker.update_with(&closed?, (), Lines(vec![9]));
/// assert_eq!(life.map(|life| life.note.0), Some(vec![7, 9]));
/// # Ok::<(), tor_stream_event::Error>(())
/// ```
pub trait Note {
    /// Adds the note about later events of the same stream.
    fn append(&mut self, later: Self);
}

impl Note for () {
    fn append(&mut self, (): Self) {}
}
