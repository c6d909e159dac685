//! The end of a stream.

/// The end of a stream, or the reason for which it is returned without one.
///
/// # Examples
///
/// ```
/// use tor_stream_event::{Outcome, StreamEventRef, StreamTracker};
///
/// let mut tracker = StreamTracker::new(1000);
/// let event = StreamEventRef::parse("18 CLOSED 7 a.test:443")?;
/// let life = tracker.update(&event, 9.0).expect("the end of the stream");
/// assert_eq!(life.outcome, Outcome::Closed);
/// // tor prints nothing about a stream after its CLOSED.
/// let life = tracker.update(&event, 9.5);
/// assert!(life.is_some_and(|life| life.outcome == Outcome::AfterClosed));
/// # Ok::<(), tor_stream_event::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
#[non_exhaustive]
pub enum Outcome {
    /// The stream has not ended.
    Live,
    /// The stream ended with CLOSED, without FAILED.
    Closed,
    /// The stream ended with FAILED, with or without the CLOSED that tor prints after it. A FAILED that came only after
    /// CLOSED is [`AfterClosed`](Self::AfterClosed).
    Failed,
    /// Another stream began with the same ID while this one was open. Either tor was restarted, or the log has events
    /// of two tors, or has them twice.
    Replaced,
    /// The tracker had its maximum number of live streams, and this one had the oldest last event.
    Dropped,
    /// A single event that came after CLOSED, which tor never prints.
    #[cfg_attr(feature = "serde", serde(rename = "after closed"))]
    AfterClosed,
}
