//! Checks of a tally that another process or a file has sent.
//!
//! Whoever sent the tally may have written anything. A tally that passes has no more rows than the limit, no time that cannot be
//! printed as a date, and no two counts that contradict each other. The bounds of several show whether their sums could overflow.

use super::Tally;
use super::events::EventTally;
use crate::input::time;

impl Tally {
    /// Checks the tally of a log, or of a range of one, that was deserialized. `lines` is the number of its lines, and `limit`
    /// the maximum number of rows in each table.
    ///
    /// # Errors
    ///
    /// The reason, without text of the tally.
    pub(crate) fn check(&self, lines: u64, limit: usize) -> Result<(), &'static str> {
        if !self.is_within(limit) {
            Err("damaged: more rows than --max-live")
        } else if !self.events.has_dates() {
            Err("damaged: a time without a date")
        } else if !self.is_possible() || !self.has_possible_events(lines) {
            Err("damaged: its counts contradict each other")
        } else {
            Ok(())
        }
    }

    /// Returns `true` if each table has at most `limit` rows.
    fn is_within(&self, limit: usize) -> bool {
        let words = [self.purposes.unknown(), self.protocols.unknown()];
        let tables = [self.failures.len(), self.failed_targets.len(), self.targets.len(), self.circuits.len()];
        words.into_iter().chain(tables).chain(self.events.rows_of_unknown_words()).all(|rows| rows <= limit)
    }

    /// Returns `true` if no count of streams contradicts another one.
    fn is_possible(&self) -> bool {
        let failed = self.failures.total();
        let begun = self.activity.values().fold(0_u64, |sum, step| sum.saturating_add(step.streams));
        let begun_and_failed = self.activity.values().fold(0_u64, |sum, step| sum.saturating_add(step.failed));
        // Each stream counts at most once in each of these.
        let at_most_streams = [
            self.dropped,
            self.purposes.total(),
            self.protocols.total(),
            failed,
            self.answers.total(),
            self.lifetimes.total(),
            begun,
        ];
        self.lines <= self.bytes
            && self.targets.total() == self.streams
            && at_most_streams.into_iter().all(|count| count <= self.streams)
            && self.failed_targets.total() == failed
            && begun_and_failed <= failed
            && self.activity.values().all(|step| step.failed <= step.streams)
            && self.slowest.iter().count() as u64 <= self.answers.total()
    }

    /// Returns `true` if no count of events contradicts another one, or the number of lines.
    fn has_possible_events(&self, lines: u64) -> bool {
        // A line has at most one event.
        let max_events = lines.checked_sub(self.unreadable);
        max_events.is_some_and(|max_events| self.events.total <= max_events) && self.events.is_possible(lines)
    }

    /// Returns an upper bound of each number in the tally, and of the sum of each table. If the bounds of several tallies add up
    /// without overflow, so do their numbers.
    pub(crate) fn overflow_bound(&self) -> u64 {
        // Without `..`, so that a new field has to be considered here.
        let Self {
            bytes,
            lines,
            unreadable,
            events,
            streams,
            dropped,
            purposes,
            protocols,
            failures,
            failed_targets,
            targets,
            circuits,
            answers,
            lifetimes,
            slowest: _,
            activity,
        } = self;
        let activity =
            activity.values().fold(0_u64, |sum, at| sum.saturating_add(at.streams).saturating_add(at.failed));
        let numbers = [*bytes, *lines, *unreadable, *streams, *dropped];
        let words = [events.overflow_bound(), purposes.total(), protocols.total()];
        let tables = [failures.total(), failed_targets.total(), targets.total(), circuits.total()];
        let times = [answers.total(), lifetimes.total(), activity];
        numbers.into_iter().chain(words).chain(tables).chain(times).max().unwrap_or_default()
    }
}

impl EventTally {
    /// Returns the number of rows with unknown words of each kind.
    fn rows_of_unknown_words(&self) -> [usize; 3] {
        [self.statuses.unknown(), self.reasons.unknown(), self.remote_reasons.unknown()]
    }

    /// Returns `true` if the times are dates that can be printed.
    fn has_dates(&self) -> bool {
        self.first.into_iter().chain(self.last).all(|time| time::rfc3339(time).is_some())
    }

    /// Returns `true` if no count contradicts another one, or the number of lines.
    fn is_possible(&self, lines: u64) -> bool {
        // Each event has one status, and at most one reason of either end.
        self.statuses.total() == self.total
            && self.reasons.total() <= self.total
            && self.remote_reasons.total() <= self.total
            && self.first.is_some() == self.last.is_some()
            && self.first <= self.last
            && self
                .anomalies
                .values()
                .all(|anomaly| (1..=self.total).contains(&anomaly.events) && (1..=lines).contains(&anomaly.line))
    }

    /// Returns an upper bound of each number, as [`Tally::overflow_bound`] does.
    fn overflow_bound(&self) -> u64 {
        // Without `..`, so that a new field has to be considered here.
        let Self { total, first: _, last: _, statuses, reasons, remote_reasons, anomalies } = self;
        let anomalies = anomalies.values().map(|anomaly| anomaly.events.max(anomaly.line)).max();
        let sums = [*total, statuses.total(), reasons.total(), remote_reasons.total()];
        sums.into_iter().chain(anomalies).max().unwrap_or_default()
    }
}
