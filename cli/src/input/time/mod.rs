//! Times: those that a log writes before its events, and those of the command line.
//!
//! A prefix may have several times, such as a date and Unix time. Each has a [rank](stamp::Rank), and a [`Stamp`] is the time
//! with the best one, found with a [`Cursor`](clock::Cursor) over text: [`clock`] has the cursor, times of day and zones,
//! [`date`] has dates, and [`number`] has decimal numbers and Unix time. [`argument`](mod@argument) reads times of the command
//! line.

mod argument;
mod clock;
mod date;
mod number;
mod stamp;
#[cfg(test)]
mod tests;

use core::time::Duration;

use jiff::Timestamp;
use tor_stream_event::EventLine;

pub(crate) use self::argument::argument;
use self::number::YEAR_2000;
pub(crate) use self::stamp::Stamp;

/// The time of an event in a log.
///
/// Two times can be subtracted only if they are of the same kind, as nearly all times of a log are. Times of different kinds are
/// ordered, too, but that order has no meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub(crate) enum Time {
    /// Unix time, of a log that has it, or from a date with its year. A date without an offset is read as UTC.
    Unix(Duration),
    /// Time since the beginning of an unknown year: syslog's dates have none.
    Year(Duration),
    /// Time since 1970 on a clock of unknown zone: an abbreviation, such as the `CST` that `date` prints, stands for several zones.
    Local(Duration),
    /// Time since an unknown moment: the start of the log, of the system, or of a day.
    Elapsed(Duration),
}

/// First second for which no date can be printed: the one after [`Timestamp::MAX`], which is a day before the end of the year 9999.
/// A number from here on is not taken for Unix time; most likely its unit is another one.
pub(crate) const TOO_LATE: u64 = 253_402_207_201;

/// Number of seconds of a day.
const DAY: u64 = 86_400;

/// Number of days before the first of March in a leap year.
const DAYS_BEFORE_MARCH: u64 = 60;

impl Time {
    /// Returns the time before the event in a line, if there is one.
    #[inline]
    pub(crate) fn of_line(line: &EventLine<'_>) -> Option<Self> {
        if let Some(unix) = onionperf(line) {
            return Some(Self::Unix(unix));
        }
        match Stamp::in_prefix(line.prefix)? {
            Stamp::Time(time, _) => Some(time),
            Stamp::TooLate => None,
        }
    }

    /// Returns the Unix time, if it is known.
    pub(crate) fn unix(self) -> Option<Duration> {
        match self {
            Self::Unix(time) => Some(time),
            _ => None,
        }
    }

    /// Returns the time that passed since an earlier one. `None` if `earlier` is later or of another kind, or if the
    /// end of February or of the year may lie between two times without a year.
    pub(crate) fn since(self, earlier: Self) -> Option<Duration> {
        let (later, earlier) = match (self, earlier) {
            (Self::Unix(later), Self::Unix(earlier))
            | (Self::Local(later), Self::Local(earlier))
            | (Self::Elapsed(later), Self::Elapsed(earlier)) => (later, earlier),
            (Self::Year(later), Self::Year(earlier)) => {
                // The number of days between them depends on the year, if they have the end of February between them.
                let march = Duration::from_secs(DAYS_BEFORE_MARCH * DAY);
                ((earlier < march) == (later < march)).then_some((later, earlier))?
            }
            _ => return None,
        };
        later.checked_sub(earlier)
    }
}

/// Returns the Unix time in a prefix such as OnionPerf's: `2019-01-31 11:29:51 1548934191.51 `.
///
/// This is the form of most logs, so it is tried before any other form. OnionPerf's number has a fraction; a number without one may
/// be that of a thread.
#[inline]
fn onionperf(line: &EventLine<'_>) -> Option<Duration> {
    let [_, _, _, _, b'-', _, _, b'-', _, _, b' ', _, _, b':', _, _, b':', _, _, b' ', number @ ..] = line.prefix
    else {
        return None;
    };
    let has_fraction = memchr::memchr(b'.', number).is_some();
    line.unix_time().filter(|unix| has_fraction && (YEAR_2000..TOO_LATE).contains(&unix.as_secs()))
}

/// Returns Unix time as a date and time in UTC, to the second. `None` from [`TOO_LATE`] on.
pub(crate) fn rfc3339(time: Duration) -> Option<String> {
    let second = time.as_secs().try_into().ok()?;
    Some(Timestamp::from_second(second).ok()?.to_string())
}
