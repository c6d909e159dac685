//! What a summary of the events so far says.

use alloc::collections::{BTreeMap, VecDeque};
use core::cmp::Reverse;
use core::fmt::Write;
use core::time::Duration;
use std::time::Instant;

use tor_stream_event::{StreamEventRef, StreamLife, StreamStatus, StreamTracker};

/// How many streams are shown.
const SHOWN: usize = 10;

/// Numbers of the events so far, and the last streams.
pub(crate) struct Summary {
    /// When it began.
    begin: Instant,
    /// How many events there were.
    events: u64,
    /// How many of them could not be read.
    unreadable: u64,
    /// How many streams ended.
    closed: u64,
    /// How many events there were of each status.
    statuses: Counts,
    /// How many streams ended for each reason.
    reasons: Counts,
    /// How many streams the other end ended for each reason.
    remote_reasons: Counts,
    /// The streams that are open.
    tracker: StreamTracker<Instant>,
    /// How many of them are followed at most.
    max_live: usize,
    /// The streams that ended last, with the oldest first.
    ended: VecDeque<StreamLife<Instant>>,
}

/// How often there was each word. There is no end of words that the library does not know; they count as one.
type Counts = BTreeMap<&'static str, u64>;

impl Summary {
    /// Returns the summary of no events.
    pub(crate) fn new(max_live: usize) -> Self {
        Self {
            begin: Instant::now(),
            events: 0,
            unreadable: 0,
            closed: 0,
            statuses: Counts::new(),
            reasons: Counts::new(),
            remote_reasons: Counts::new(),
            tracker: StreamTracker::new(max_live),
            max_live,
            ended: VecDeque::new(),
        }
    }

    /// Adds an event.
    pub(crate) fn update(&mut self, event: &StreamEventRef<'_>) {
        self.events += 1;
        count(&mut self.statuses, event.status.as_str());
        let over = self.tracker.update(event, Instant::now());
        if event.status == StreamStatus::Closed {
            self.closed += 1;
            let reason = event.reason.map_or("(none)", |reason| reason.as_str());
            count(&mut self.reasons, reason);
            if let Some(reason) = event.remote_reason {
                count(&mut self.remote_reasons, reason.as_str());
            }
        }
        if let Some(life) = over {
            self.ended.push_back(life);
            if self.ended.len() > SHOWN {
                self.ended.pop_front();
            }
        }
    }

    /// Adds an event that cannot be read.
    pub(crate) const fn add_unreadable(&mut self) {
        self.events += 1;
        self.unreadable += 1;
    }

    /// Forgets which streams are open: nobody says how they end once the connection is lost.
    pub(crate) fn disconnected(&mut self) {
        self.tracker = StreamTracker::new(self.max_live);
    }

    /// Returns the lines to be shown.
    pub(crate) fn lines(&self) -> Vec<String> {
        let now = Instant::now();
        let mut lines = vec![format!(
            "events {}, unreadable {}; streams open {}, closed {}; {}",
            self.events,
            self.unreadable,
            self.tracker.live().count(),
            self.closed,
            duration(now - self.begin),
        )];
        for (name, counts) in
            [("status", &self.statuses), ("reason", &self.reasons), ("remote reason", &self.remote_reasons)]
        {
            if !counts.is_empty() {
                lines.push(format!("{name:13}  {}", list(counts)));
            }
        }
        let mut streams: Vec<_> = self.tracker.live().chain(&self.ended).collect();
        streams.sort_by_key(|life| Reverse(life.last));
        lines.extend(streams.into_iter().take(SHOWN).map(|life| line(life, now)));
        lines
    }
}

/// Counts a word.
fn count(counts: &mut Counts, word: &'static str) {
    *counts.entry(word).or_default() += 1;
}

/// Returns the words and how often there were, the most frequent first.
fn list(counts: &Counts) -> String {
    let mut counts: Vec<_> = counts.iter().collect();
    counts.sort_by_key(|&(_, &number)| Reverse(number));
    counts.iter().map(|(word, number)| format!("{word} {number}")).collect::<Vec<_>>().join("  ")
}

/// Returns the line of a stream.
fn line(life: &StreamLife<Instant>, now: Instant) -> String {
    let status = life.steps.last().map_or("-", |step| step.status.as_str());
    let circuit = life.circuits.last().map_or("-", AsRef::as_ref);
    let ago = duration(now - life.last);
    let target = format!("{}:{}", escape(&life.target.host), life.target.port);
    let mut line = format!("{:>6}  {status:15}  {circuit:>6}  {ago:>7} ago  {target}", life.id.as_ref());
    if let Some(reason) = life.reason {
        // Writing to a text cannot fail.
        let _ = write!(line, "  {reason}");
        if let Some(remote) = life.remote_reason {
            let _ = write!(line, "/{remote}");
        }
    }
    line
}

/// Returns a duration for a person: its two greatest units.
fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    match (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60) {
        (0, 0, 0, s) => format!("{s} s"),
        (0, 0, m, s) => format!("{m} m {s} s"),
        (0, h, m, _) => format!("{h} h {m} m"),
        (d, h, ..) => format!("{d} d {h} h"),
    }
}

/// Returns text of others with everything escaped that can move the cursor of a terminal or change the order of its text.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '"' | '\'' => escaped.push(character),
            _ => escaped.extend(character.escape_debug()),
        }
    }
    escaped
}
