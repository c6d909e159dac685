//! Findings about a log that are reported at its end: lines that look like events and were not read, and odd events.
//!
//! The library counts the lines, [`Findings`] the events. Text that neither of them sees is found by [`UnreadText`], and
//! [`UnknownWords`] counts errors about words of a newer tor. [`EndedLog`] makes the messages.

mod ended;
mod unread;
mod words;

use memchr::memmem;
use tor_stream_event::{Anomaly, EventLine, StreamEventRef};

pub(crate) use self::ended::EndedLog;
pub(crate) use self::unread::UnreadText;
pub(crate) use self::words::UnknownWords;
use crate::input::filter::Filter;
use crate::input::layout::MARK;
use crate::input::time::{Stamp, Time};
use crate::output::table::count_as;

/// Findings about the events of a log, or of a range of it.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Findings {
    /// Events without Unix time, counted only with `--since` or `--until`.
    untimed: LineCount,
    /// Events without a time, since the number in the place of OnionPerf's Unix time is [too late](Stamp::TooLate).
    too_late: LineCount,
    /// Events that hold another one: either lines that were joined when a program was killed and started again, or an
    /// event whose client asked for a host with such a name.
    joined: LineCount,
    /// Events with a CR at their end: their lines end with CR CR LF. tor prints none there, unless it cut a target.
    with_cr: LineCount,
    /// Number of lines with the text of an event behind their first MiB, where no event is read.
    behind_limit: u64,
    /// Set if there is a NUL byte.
    has_nul: bool,
    /// Rows of streams in replies to `GETINFO stream-status`, which have no time, counted only with `--since` or `--until`.
    untimed_rows: LineCount,
    /// Replies to `GETINFO stream-status` that were not read: a client may have written them.
    refused_replies: LineCount,
    /// Set if there is a line with an event, readable or not.
    has_events: bool,
}

/// A number of lines, and the first of them.
#[derive(Clone, Copy, Debug, Default, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LineCount {
    /// Number of lines.
    pub(crate) count: u64,
    /// Number of the first line; `None` without lines.
    first: Option<u64>,
}

impl LineCount {
    /// Counts the line with this number.
    pub(crate) fn add(&mut self, number: u64) {
        self.count += 1;
        self.first.get_or_insert(number);
    }

    /// Returns `true` if this can be a count of lines among `lines` lines.
    #[cfg(feature = "cluster")]
    fn is_within(self, lines: u64) -> bool {
        match self.first {
            Some(first) => (1..=lines).contains(&first) && (1..=lines).contains(&self.count),
            None => self.count == 0,
        }
    }

    /// Adds the lines of a later range, before which there are `lines` lines.
    fn append(&mut self, later: Self, lines: u64) {
        self.count += later.count;
        self.first = self.first.or(later.first.map(|first| first + lines));
    }
}

/// Returns `true` if an event holds another one, which is not read.
///
/// Two lines are joined if the program that writes a log is killed within a line, and is started again. But a client may ask for a
/// host whose name has the text of an event, so the text alone is no sign. A joined line has an anomaly, which such a name has too,
/// and one of two further signs: fields in an order that tor does not print, or a prefix. The prefix shows a program's log; in
/// a capture of the wire, a client's name is more likely than two joined lines.
pub(crate) fn holds_another_event(line: &EventLine<'_>, event: &StreamEventRef<'_>) -> bool {
    let anomalies = event.anomalies();
    let may_be_joined = anomalies.contains(Anomaly::UnknownOrder) || (!anomalies.is_empty() && !line.prefix.is_empty());
    may_be_joined && memmem::find(event.content(), MARK).is_some()
}

impl Findings {
    /// Adds an event and its time.
    #[inline]
    pub(crate) fn add_event(
        &mut self,
        line: &EventLine<'_>,
        event: &StreamEventRef<'_>,
        time: Option<Time>,
        filter: &Filter,
    ) {
        self.has_events = true;
        if filter.limits_time() && time.and_then(Time::unix).is_none() {
            self.untimed.add(line.number);
        }
        // Only the stamp tells a number that is too late from no time at all.
        if time.is_none() && !line.prefix.is_empty() && Stamp::of_line(line) == Some(Stamp::TooLate) {
            self.too_late.add(line.number);
        }
        let anomalies = event.anomalies();
        // Where tor cuts a target, the CR may be a byte of the target.
        let may_be_cut = anomalies.contains(Anomaly::TargetMayBeCut);
        if event.content().last() == Some(&b'\r') && line.is_terminated() && !may_be_cut {
            self.with_cr.add(line.number);
        }
        if holds_another_event(line, event) {
            self.joined.add(line.number);
        }
    }

    /// Adds text that was not read.
    pub(crate) fn add_unread(&mut self, unread: &UnreadText) {
        self.behind_limit += unread.behind_limit;
        self.has_nul |= unread.has_nul;
    }

    /// Adds the row of a stream in a reply to `GETINFO stream-status`, by the number of its line.
    pub(crate) fn add_open_stream(&mut self, number: u64, filter: &Filter) {
        if filter.limits_time() {
            self.untimed_rows.add(number);
        }
    }

    /// Adds replies to `GETINFO stream-status` that were not read.
    pub(crate) fn add_refused_replies(&mut self, replies: LineCount) {
        self.refused_replies.append(replies, 0);
    }

    /// Adds an event that cannot be read.
    pub(crate) fn add_unreadable(&mut self) {
        self.has_events = true;
    }

    /// Adds the findings of a later range of the log. `lines` is the number of lines before the range, or 0 if its line
    /// numbers count them.
    pub(crate) fn append(&mut self, later: &Self, lines: u64) {
        self.untimed.append(later.untimed, lines);
        self.too_late.append(later.too_late, lines);
        self.joined.append(later.joined, lines);
        self.with_cr.append(later.with_cr, lines);
        self.untimed_rows.append(later.untimed_rows, lines);
        self.refused_replies.append(later.refused_replies, lines);
        self.behind_limit += later.behind_limit;
        self.has_nul |= later.has_nul;
        self.has_events |= later.has_events;
    }

    /// Returns `true` if findings that another process has sent can be those of a range of `lines` lines.
    #[cfg(feature = "cluster")]
    pub(crate) fn is_within(&self, lines: u64) -> bool {
        let findings =
            [self.untimed, self.too_late, self.joined, self.with_cr, self.untimed_rows, self.refused_replies];
        self.behind_limit <= lines && findings.iter().all(|found| found.is_within(lines))
    }

    /// Returns the messages about a log, and `true` if nothing was found: then the messages only say how the log was read.
    pub(crate) fn messages(&self, log: &EndedLog<'_>) -> (Vec<String>, bool) {
        let mut messages = log.not_read(self.has_events);
        messages.extend(self.about_events(log));
        let all_read = messages.is_empty();
        messages.splice(0..0, log.learned());
        (messages, all_read)
    }

    /// Returns the messages about events.
    fn about_events(&self, log: &EndedLog<'_>) -> Vec<String> {
        let mut messages = Vec::new();
        if self.behind_limit > 0 {
            let lines = count_as(self.behind_limit, "line has", "lines have");
            messages.push(format!("{}: {lines} `650 STREAM` behind the first MiB, where no event is read", log.name));
        }
        if self.has_nul {
            messages.push(log.nul());
        }
        if let Some(first) = self.joined.first {
            let events = count_as(self.joined.count, "event holds", "events hold");
            messages.push(format!("{}:{first}: {events} another one: lines may have been joined there", log.name));
        }
        if let Some(first) = self.with_cr.first {
            let events = count_as(self.with_cr.count, "event ends", "events end");
            messages.push(format!(
                "{}:{first}: {events} with a CR that is no part of it: try `tr -d '\\r' <FILE | tor-streams -`",
                log.name
            ));
        }
        if let Some(first) = self.untimed.first {
            let events = count_as(self.untimed.count, "event has", "events have");
            messages.push(format!("{}:{first}: {events} no date and time, which --since and --until need", log.name));
        }
        if let Some(first) = self.untimed_rows.first {
            let rows = count_as(
                self.untimed_rows.count,
                "row of `GETINFO stream-status` has",
                "rows of `GETINFO stream-status` have",
            );
            messages.push(format!("{}:{first}: {rows} no date and time, which --since and --until need", log.name));
        }
        if let Some(first) = self.refused_replies.first {
            let replies = count_as(self.refused_replies.count, "reply", "replies");
            messages.push(format!(
                "{}:{first}: {replies} to `GETINFO stream-status` not read, after a line with another line end: a client may \
                 have asked for a name that holds a line end",
                log.name
            ));
        }
        if let Some(first) = self.too_late.first {
            let events = count_as(self.too_late.count, "event has", "events have");
            messages
                .push(format!("{}:{first}: {events} a time after the year 9999, which is taken for none", log.name));
        }
        messages
    }
}

#[cfg(all(test, feature = "cluster"))]
mod tests {
    use super::*;

    /// A count without a first line would be in no message.
    #[test]
    fn counts_within_a_range() {
        for (count, first, is_within) in [
            (0, None, true),
            (1, Some(5), true),
            (5, Some(1), true),
            (1, None, false),
            (0, Some(1), false),
            (1, Some(0), false),
            (1, Some(6), false),
            (6, Some(1), false),
        ] {
            let findings = Findings { joined: LineCount { count, first }, ..Findings::default() };
            assert_eq!(findings.is_within(5), is_within, "{count} {first:?}");
        }
    }
}
