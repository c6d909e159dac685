//! Line ends, and the line of an event.

use core::fmt;
use core::time::Duration;

use super::finder::prefix;
use crate::error::Error;
use crate::event::StreamEventRef;
use crate::value::Redacted;

/// The line end of an input: the convention by which its lines end.
///
/// On a control connection lines end with CR LF, and a lone CR or LF is part of a line: a client's host name may hold
/// one. In a log lines may end with LF, and then a LF in a host name cannot be told from the end of a line.
///
/// ```
/// use tor_stream_event::{LineEnd, stream_events};
///
/// // A client asked for a host whose name holds a LF and a line of its own.
/// let wire = b"650 STREAM 18 NEW 0 a\n650 STREAM 9 NEW 0 b:1:80\r\n";
/// assert_eq!(stream_events(wire).line_end(LineEnd::CrLf).count(), 1);
/// assert_eq!(stream_events(wire).line_end(LineEnd::Lf).count(), 2);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum LineEnd {
    /// CR LF only, as on the wire. Replies begin where their lines do. A line that is neither a reply nor data of one,
    /// such as a program's own note in a capture, may end with a LF alone.
    CrLf,
    /// LF or CR LF, as in logs. A reply may have a date and time before it, or the text of a
    /// [`LogFormat`](crate::LogFormat).
    Lf,
}

/// A line that begins like a STREAM event, and the event or the error in it.
///
/// ```
/// let log = b"2026-11-25 10:00:00 650 STREAM 18 CLOSED 7 a.test:443 REASON=DONE\n";
/// let line = tor_stream_event::stream_events(log).next().expect("an event");
/// assert_eq!((line.number, line.offset), (1, 0));
/// assert_eq!(line.prefix, b"2026-11-25 10:00:00 ");
/// assert_eq!(line.event?.target_host, "a.test");
/// # Ok::<(), tor_stream_event::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventLine<'a> {
    /// The line's number, from 1. Lines of every kind count.
    pub number: u64,
    /// The number of bytes before the line.
    pub offset: u64,
    /// The text before the `650`, such as a date, a time and spaces. Empty on the wire.
    pub prefix: &'a [u8],
    /// The whole line without its end: prefix, reply, and the text that a log writes after a reply. Only the beginning
    /// of a line that is too long.
    pub line: &'a [u8],
    /// The event. An offset in its error counts from the end of `650 STREAM `.
    pub event: Result<StreamEventRef<'a>, Error>,
    /// Set if the line had an end.
    pub(super) terminated: bool,
}

impl EventLine<'_> {
    /// Returns the Unix time in the prefix that OnionPerf writes before a line: the `1548934191.51` of
    /// `2019-01-31 11:29:51 1548934191.51 650 STREAM`, as the time since 1970.
    ///
    /// Only the third word is looked at. `None` unless the prefix is three words with one space after each, and the
    /// third one is a number of seconds below 2^64: with a fraction of one to nine digits, or with no fraction and at
    /// least nine digits.
    ///
    /// ```
    /// let log = b"2019-01-31 11:29:51 1548934191.51 650 STREAM 18 NEW 0 a.test:443\n";
    /// let line = tor_stream_event::stream_events(log).next().expect("an event");
    /// assert_eq!(line.unix_time().map(|time| time.as_millis()), Some(1_548_934_191_510));
    /// ```
    #[must_use]
    pub fn unix_time(&self) -> Option<Duration> {
        prefix::unix_time(self.prefix)
    }

    /// Returns `true` if the line had an end. The last line of a log may have none, and may have lost text with it: its
    /// event has the anomaly [`Unterminated`](crate::Anomaly::Unterminated).
    ///
    /// # Examples
    ///
    /// ```
    /// let mut lines = tor_stream_event::stream_events(b"650 STREAM 9 NEW 0 a:44");
    /// assert!(lines.next().is_some_and(|line| !line.is_terminated()));
    /// ```
    #[must_use]
    pub const fn is_terminated(&self) -> bool {
        self.terminated
    }
}

impl fmt::Debug for EventLine<'_> {
    /// Formats every field but `line`, which may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventLine")
            .field("number", &self.number)
            .field("offset", &self.offset)
            .field("prefix", &Redacted::alone(self.prefix))
            .field("event", &self.event)
            .field("terminated", &self.terminated)
            .finish_non_exhaustive()
    }
}
