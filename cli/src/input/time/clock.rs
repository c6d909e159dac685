//! Times of day and zones, and the words that a date is made of.

use core::time::Duration;

use super::number::{nanoseconds, number};

/// English names of months, as logs shorten them.
const MONTHS: [&[u8]; 12] =
    [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];

/// A time of day.
#[derive(Clone, Copy)]
pub(super) struct TimeOfDay {
    /// The hour.
    pub(super) hour: u8,
    /// The minute.
    pub(super) minute: u8,
    /// The second; a leap second is read as 59.
    pub(super) second: u8,
    /// The fraction of the second, in nanoseconds.
    pub(super) nanosecond: u32,
    /// Set if the text has seconds.
    pub(super) has_seconds: bool,
}

impl TimeOfDay {
    /// Returns the time since midnight.
    pub(super) fn since_midnight(self) -> Duration {
        let seconds = 3600 * u64::from(self.hour) + 60 * u64::from(self.minute) + u64::from(self.second);
        Duration::new(seconds, self.nanosecond)
    }
}

/// A zone, as written after a time.
#[derive(Clone, Copy)]
pub(super) enum Zone {
    /// Seconds to the east of UTC.
    Offset(i32),
    /// A zone of unknown offset, named by letters.
    Unknown,
}

impl Zone {
    /// UTC, the zone of a time without one.
    pub(super) const UTC: Self = Self::Offset(0);
}

/// A cursor over text: the rest that was not parsed yet.
///
/// After a step that returns `None`, the cursor may stand anywhere: a caller that tries another step uses
/// [`maybe`](Self::maybe).
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a>(pub(super) &'a [u8]);

impl<'a> Cursor<'a> {
    /// Skips a byte that is one of these.
    pub(super) fn byte(&mut self, bytes: &[u8]) -> Option<u8> {
        let (&first, rest) = self.0.split_first()?;
        self.0 = rest;
        bytes.contains(&first).then_some(first)
    }

    /// Skips a text.
    pub(super) fn text(&mut self, text: &[u8]) -> Option<()> {
        self.0 = self.0.strip_prefix(text)?;
        Some(())
    }

    /// Skips and returns all letters that follow.
    fn letters(&mut self) -> &'a [u8] {
        let len = self.0.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        let Some((letters, rest)) = self.0.split_at_checked(len) else { return &[] };
        self.0 = rest;
        letters
    }

    /// Skips one or more spaces.
    pub(super) fn spaces(&mut self) -> Option<()> {
        self.byte(b" ")?;
        while self.0.first() == Some(&b' ') {
            self.byte(b" ");
        }
        Some(())
    }

    /// Skips and returns all digits that follow. `None` unless there are between `least` and `most` of them.
    pub(super) fn digits(&mut self, least: usize, most: usize) -> Option<&'a [u8]> {
        let len = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (digits, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        (least..=most).contains(&len).then_some(digits)
    }

    /// Parses a number of one or two digits.
    pub(super) fn one_or_two_digits(&mut self) -> Option<u8> {
        number(self.digits(1, 2)?)?.try_into().ok()
    }

    /// Parses a year of four digits.
    pub(super) fn year(&mut self) -> Option<i16> {
        number(self.digits(4, 4)?)?.try_into().ok()
    }

    /// Parses the name of a month, and returns its number from 1.
    pub(super) fn month(&mut self) -> Option<u8> {
        let index = MONTHS.iter().position(|name| self.0.starts_with(name))?;
        self.text(MONTHS.get(index)?)?;
        self.word_ends().then_some(index as u8 + 1)
    }

    /// Runs a step, and stays where it is if the step fails.
    pub(super) fn maybe<T>(&mut self, step: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let before = *self;
        let result = step(self);
        if result.is_none() {
            *self = before;
        }
        result
    }

    /// Returns `true` if neither a letter nor a digit follows.
    pub(super) fn word_ends(self) -> bool {
        !self.0.first().is_some_and(u8::is_ascii_alphanumeric)
    }

    /// Returns `true` if a time may end here: a word ends, and no other word is joined to it, as in `10:00:00:5`.
    pub(super) fn at_boundary(self) -> bool {
        let goes_on = matches!(self.0, [b':' | b'-' | b'.' | b'/', next, ..] if next.is_ascii_alphanumeric());
        self.word_ends() && !goes_on
    }

    /// Parses a time of day, with AM or PM if it has that.
    pub(super) fn time(&mut self) -> Option<TimeOfDay> {
        let mut hour = self.one_or_two_digits()?;
        self.byte(b":")?;
        let minute = number(self.digits(2, 2)?)? as u8;
        let second = self.maybe(|cursor| {
            cursor.byte(b":")?;
            Some(number(cursor.digits(2, 2)?)? as u8)
        });
        let fraction = self.maybe(|cursor| {
            cursor.byte(b".,").filter(|_| second.is_some())?;
            nanoseconds(cursor.digits(1, usize::MAX)?)
        });
        let half = self.maybe(Self::half_of_day);
        if let Some(half) = half {
            (1..=12).contains(&hour).then_some(())?;
            // 12 AM is midnight, and 12 PM noon.
            hour = hour % 12 + if half == b'P' { 12 } else { 0 };
        }
        (hour < 24 && minute < 60 && second.unwrap_or(0) <= 60).then_some(())?;
        Some(TimeOfDay {
            hour,
            minute,
            second: second.unwrap_or(0).min(59),
            nanosecond: fraction.unwrap_or(0),
            has_seconds: second.is_some(),
        })
    }

    /// Parses `PM`, ` p.m.` and the like, and returns the first letter in upper case. A no-break space may come before
    /// it, as browsers and Java write it.
    fn half_of_day(&mut self) -> Option<u8> {
        let had_no_break_space =
            ["\u{202f}", "\u{a0}"].iter().any(|space| self.maybe(|cursor| cursor.text(space.as_bytes())).is_some());
        if !had_no_break_space {
            self.maybe(Self::spaces);
        }
        let half = self.byte(b"APap")?.to_ascii_uppercase();
        let has_point = self.maybe(|cursor| cursor.byte(b".")).is_some();
        self.byte(b"Mm")?;
        if has_point {
            self.byte(b".")?;
        }
        self.word_ends().then_some(half)
    }

    /// Parses a zone, if there is one: `Z`, an offset, or letters.
    pub(super) fn zone(&mut self) -> Option<Zone> {
        self.maybe(|cursor| {
            cursor.maybe(Self::spaces);
            cursor.maybe(|cursor| cursor.byte(b"\t"));
            let letters = cursor.letters();
            if !letters.is_empty() {
                if let (b"UTC" | b"GMT", [b'+' | b'-', b'0'..=b'9', ..]) = (letters, cursor.0) {
                    // With an impossible offset, such as `GMT+99`, the zone is at least not UTC.
                    return Some(cursor.maybe(|cursor| cursor.offset(1)).unwrap_or(Zone::Unknown));
                }
                let zone = match letters {
                    b"UTC" | b"GMT" | b"Z" => Zone::UTC,
                    _ if is_abbreviation(letters) => Zone::Unknown,
                    _ => return None,
                };
                return cursor.word_ends().then_some(zone);
            }
            cursor.offset(2)
        })
    }

    /// Parses an offset from UTC: `+01:00`, `+0100`, or only hours, such as ` -03`, which `date` prints in most places without an
    /// abbreviation. Hours have at least `least` digits: one after a name, as in `GMT+1`, else two.
    fn offset(&mut self, least: usize) -> Option<Zone> {
        /// Greatest offset of a zone in hours: Kiribati's.
        const MAX_HOURS: u64 = 14;

        let sign = if self.byte(b"+-")? == b'-' { -1 } else { 1 };
        let digits = self.digits(least, 4)?;
        let minutes = self.maybe(|cursor| {
            cursor.byte(b":")?;
            number(cursor.digits(2, 2)?)
        });
        let (hours, minutes) = match (digits.len(), minutes) {
            (1 | 2, minutes) => (number(digits)?, minutes.unwrap_or(0)),
            (4, None) => (number(digits)? / 100, number(digits)? % 100),
            _ => return None,
        };
        // Other numbers, and the beginnings of words, are no offset.
        let is_offset = hours <= MAX_HOURS && minutes < 60 && self.word_ends();
        is_offset.then_some(Zone::Offset(sign * (3600 * hours + 60 * minutes) as i32))
    }
}

/// Returns `true` for the abbreviation of a time zone, most of which stand for several zones.
///
/// Abbreviations have three or four capital letters and end with T, as `CET`, `AKDT` and `BRT`, but for those listed. Another word
/// of that form after a time is taken for one as well: no Unix time is better than one that is hours off.
fn is_abbreviation(letters: &[u8]) -> bool {
    const OTHERS: [&[u8]; 5] = [b"WIB", b"WITA", b"ChST", b"MSD", b"MSK"];
    let is_usual = matches!(letters, [.., b'T']) && (3..=4).contains(&letters.len());
    is_usual && letters.iter().all(u8::is_ascii_uppercase) || OTHERS.contains(&letters)
}
