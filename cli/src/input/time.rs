//! The time of an event.

use core::time::Duration;

use tor_stream_event::EventLine;

/// The time that a log gives an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Time(Duration);

impl Time {
    /// Returns the time before the event in a line, if there is one.
    pub(crate) fn of(line: &EventLine<'_>) -> Option<Self> {
        line.unix_time().map(Self)
    }

    /// Returns the Unix time, if it is known.
    #[allow(clippy::unnecessary_wraps, reason = "a log may have times of another kind")]
    pub(crate) fn unix(self) -> Option<Duration> {
        Some(self.0)
    }

    /// Returns the time that passed since an earlier one. `None` if that is not earlier, or of another kind.
    pub(crate) fn since(self, earlier: Self) -> Option<Duration> {
        self.0.checked_sub(earlier.0)
    }
}
