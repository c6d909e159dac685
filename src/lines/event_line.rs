//! How lines end, and the line of an event.

use core::fmt;
use core::time::Duration;

use super::finder::prefix;
use crate::error::Error;
use crate::event::StreamEventRef;
use crate::value::Redacted;

/// How lines end.
///
/// On a control connection they end with CR LF, and a CR or LF alone is part of a line: a client's host name may hold one.
/// In a log they may end with LF, and then a host name that holds one cannot be told from the end of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum LineEnd {
    /// With CR LF only, as on the wire. Replies begin where their lines do. Lines that are neither replies nor data of one,
    /// such as a program's own notes, end with LF too.
    CrLf,
    /// With LF or CR LF, as in logs. A reply may have a date and time before it, or what a [`LogFormat`](crate::LogFormat)
    /// says.
    Lf,
}

/// A line that is a STREAM event, or should be one.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventLine<'a> {
    /// The line's number, from 1. Every line counts, whatever it is.
    pub number: u64,
    /// The number of bytes before the line.
    pub offset: u64,
    /// The text that a log puts before the `650`, such as a date, a time and spaces. Empty on the wire.
    pub prefix: &'a [u8],
    /// The whole line without its end: prefix, reply, and the text that a log puts behind a reply. Of a line that is too
    /// long, the beginning.
    pub line: &'a [u8],
    /// The event. An offset in its error counts from the end of `650 STREAM `.
    pub event: Result<StreamEventRef<'a>, Error>,
    /// `true` if the line had an end.
    pub(super) terminated: bool,
}

impl EventLine<'_> {
    /// Returns the Unix time in the prefix that OnionPerf puts before a line, as the time since 1970: the `1548934191.51`
    /// of `2019-01-31 11:29:51 1548934191.51 650 STREAM`. `None` for any other prefix.
    #[must_use]
    pub fn unix_time(&self) -> Option<Duration> {
        prefix::unix_time(self.prefix)
    }

    /// Returns `true` if the line had an end. The last one of a log may have none, and so have lost some of its text: the
    /// anomalies of its event hold [`Unterminated`](crate::Anomaly::Unterminated).
    #[must_use]
    pub const fn is_terminated(&self) -> bool {
        self.terminated
    }
}

impl fmt::Debug for EventLine<'_> {
    /// Shows everything but the line, which may hold a password.
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
