//! Counts of the lines that looked like events and are none.

/// The lines that look like events and were not read as such, by kind. See `skipped()` of [`StreamEvents`](crate::StreamEvents),
/// [`EventDecoder`](crate::EventDecoder) and `EventReader`.
///
/// An input of which all was understood has none. One that has some was perhaps not read as it should be: a
/// [`LogFormat`](crate::LogFormat) or a [`LineEnd`](crate::LineEnd) may help.
///
/// **An attacker can make it speak.** A client can ask for a host whose name holds a line end and a reply, and an onion service
/// can publish a descriptor with lines like events. Both are counted, and neither changes an event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Skipped {
    /// Lines without a reply that hold `650 STREAM ` further on: behind a prefix that is no date, or in the text of a note.
    pub marks: SkippedLines,
    /// Lines without a reply that hold an event without its code, as programs print it: `STREAM 18 NEW `, with or without a
    /// colon behind the name. None of them is one of the [marks](Self::marks).
    pub bare: SkippedLines,
    /// Lines without a reply behind an event that begin with one of its keywords and `=`, or with one word before that: the rest
    /// of an event that was wrapped, for example by mail or a terminal. The event was read without it.
    pub wrapped: SkippedLines,
    /// Lines that begin like an event, with or without a prefix, among the data of a multi-line reply. Those with a prefix
    /// are events all the same, and [flagged](crate::Anomaly::InData).
    pub in_data: SkippedLines,
    /// Line ends unlike the first reply's: on the wire, a LF alone in a reply or its data (in a STREAM event only where a
    /// reply stands behind it); in a log, a reply that ends with LF where the first one did with CR LF, or the other way
    /// round. None is counted if the line end was [set](crate::StreamEvents::line_end).
    pub line_ends: SkippedLines,
    /// The number of the line with the multi-line reply whose data has not ended.
    pub open: Option<u64>,
    /// The number of the last line, if it has no end. If it is an event, that one is [flagged](crate::Anomaly::Unterminated).
    pub unterminated: Option<u64>,
}

/// A number of lines, and where the first of them is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct SkippedLines {
    /// The number of lines, or of line ends.
    pub count: u64,
    /// The number of the first of those lines.
    pub first: Option<u64>,
}

impl Skipped {
    /// Nothing.
    pub(super) const NONE: Self = Self {
        marks: SkippedLines::NONE,
        bare: SkippedLines::NONE,
        wrapped: SkippedLines::NONE,
        in_data: SkippedLines::NONE,
        line_ends: SkippedLines::NONE,
        open: None,
        unterminated: None,
    };

    /// Returns `true` if nothing was skipped.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.marks.count == 0
            && self.bare.count == 0
            && self.wrapped.count == 0
            && self.in_data.count == 0
            && self.line_ends.count == 0
            && self.open.is_none()
            && self.unterminated.is_none()
    }

    /// Adds what was skipped in later lines, of which `lines` lines come before the first. Data that was open is so no longer.
    pub(super) const fn append(&mut self, later: &Self, lines: u64) {
        self.marks.append(later.marks, lines);
        self.bare.append(later.bare, lines);
        self.wrapped.append(later.wrapped, lines);
        self.in_data.append(later.in_data, lines);
        self.line_ends.append(later.line_ends, lines);
        self.open = behind(later.open, lines);
        self.unterminated = behind(later.unterminated, lines);
    }
}

impl SkippedLines {
    /// No lines.
    const NONE: Self = Self { count: 0, first: None };

    /// Adds `count` at the line with this number.
    pub(super) fn add(&mut self, count: u64, number: u64) {
        if count > 0 {
            self.count += count;
            self.first.get_or_insert(number);
        }
    }

    /// Adds later lines, before whose first there are `lines` lines.
    const fn append(&mut self, later: Self, lines: u64) {
        self.count += later.count;
        if self.first.is_none() {
            self.first = behind(later.first, lines);
        }
    }
}

/// Returns a line's number behind `lines` other lines.
const fn behind(number: Option<u64>, lines: u64) -> Option<u64> {
    match number {
        Some(number) => Some(number + lines),
        None => None,
    }
}
