//! The summary of the events so far, as `watch --summary` shows it.

use alloc::borrow::Cow;
use alloc::collections::{BTreeMap, VecDeque};
use core::cmp::Reverse;
use core::time::Duration;
use std::time::Instant;

use tor_stream_event::{Outcome, Step, StreamClosureReason, StreamEventRef, StreamLife, StreamStatus, StreamTracker};

use crate::command::watch::stream_status::StatusRow;
use crate::output::mask;
use crate::output::table::{self, ColumnKind, TextTable, thousands};
use crate::output::text::escape;

/// Maximum number of streams that are shown: with the counts above, few enough for a terminal of 24 lines.
const STREAMS_SHOWN: usize = 10;

/// The counts of the events so far, and the last streams.
pub(crate) struct LiveSummary {
    /// Time at which the program began to watch.
    begin: Instant,
    /// Number of events.
    events: u64,
    /// Number of events and open streams that could not be read.
    unreadable: u64,
    /// Number of CLOSED events.
    closed: u64,
    /// Number of events by status.
    statuses: WordLine,
    /// Number of CLOSED events by reason.
    reasons: WordLine,
    /// Number of CLOSED events by the other end's reason.
    remote_reasons: WordLine,
    /// Tracker of the open streams.
    tracker: StreamTracker<Instant>,
    /// Maximum number of open streams.
    max_live: usize,
    /// Set if open streams are read leniently, as events are.
    lenient: bool,
    /// The last [`STREAMS_SHOWN`] streams that the tracker let go, after CLOSED or to make room for others; the oldest first.
    ended: VecDeque<StreamLife<Instant>>,
}

/// The number of events with each word of one kind, as one line.
///
/// The program on the port may send any number of words that tor does not have: beyond [`Self::MAX_WORDS`], new ones are
/// counted together.
#[derive(Default)]
struct WordLine {
    /// Count of each word.
    words: BTreeMap<String, u64>,
    /// Total count of all other words.
    others: u64,
}

impl WordLine {
    /// Maximum number of words that are counted apart. tor has at most thirty of one kind.
    const MAX_WORDS: usize = 100;
    /// Maximum length of a word, in characters; the rest is cut off. tor's longest words have 15.
    const MAX_WORD_LEN: usize = 40;
    /// Maximum number of words in the line, the most frequent ones. The rest is summed up, so that the line can be read.
    const WORDS_SHOWN: usize = 20;

    /// Counts a word.
    fn add(&mut self, word: &str) {
        let word = word.char_indices().nth(Self::MAX_WORD_LEN).and_then(|(end, _)| word.get(..end)).unwrap_or(word);
        if let Some(count) = self.words.get_mut(word) {
            *count += 1;
        } else if self.words.len() < Self::MAX_WORDS {
            self.words.insert(word.into(), 1);
        } else {
            self.others += 1;
        }
    }

    /// Returns the words with their counts, the most frequent first. `None` without words.
    fn text(&self) -> Option<String> {
        let mut counts: Vec<_> = self.words.iter().collect();
        counts.sort_by_key(|&(_, &count)| Reverse(count));
        let rest = counts.iter().skip(Self::WORDS_SHOWN).map(|&(_, count)| count).sum::<u64>() + self.others;
        let shown = counts.iter().take(Self::WORDS_SHOWN);
        let shown = shown.map(|(word, count)| format!("{} {}", escape(word), thousands(**count)));
        let list = shown.chain((rest > 0).then(|| format!("(others) {}", thousands(rest)))).collect::<Vec<_>>();
        (!list.is_empty()).then(|| list.join("  "))
    }
}

impl LiveSummary {
    /// Returns an empty summary of at most `max_live` open streams.
    pub(crate) fn new(max_live: usize, lenient: bool) -> Self {
        Self {
            begin: Instant::now(),
            events: 0,
            unreadable: 0,
            closed: 0,
            statuses: WordLine::default(),
            reasons: WordLine::default(),
            remote_reasons: WordLine::default(),
            tracker: StreamTracker::new(max_live),
            max_live,
            lenient,
            ended: VecDeque::new(),
        }
    }

    /// Adds an event. Words are masked, since a damaged line may have a credential in place of one.
    pub(crate) fn update(&mut self, event: &StreamEventRef<'_>) {
        self.events += 1;
        self.statuses.add(&mask::word(event, event.status_str(), event.status != StreamStatus::Unrecognized));
        let ended = self.tracker.update(event, Instant::now());
        if event.status == StreamStatus::Closed {
            self.closed += 1;
            let masked = |word, reason| mask::word(event, word, reason != Some(StreamClosureReason::Unrecognized));
            let reason = event.reason_str().map_or(Cow::Borrowed("(none)"), |word| masked(word, event.reason));
            self.reasons.add(&reason);
            if let Some(word) = event.remote_reason_str() {
                self.remote_reasons.add(&masked(word, event.remote_reason));
            }
        }
        self.ended.extend(ended);
        self.limit_ended();
    }

    /// Forgets the oldest ended streams beyond those that may be shown.
    fn limit_ended(&mut self) {
        while self.ended.len() > STREAMS_SHOWN {
            self.ended.pop_front();
        }
    }

    /// Adds a stream that was open before the connection. Returns `false` if its row cannot be read.
    pub(crate) fn add_open_stream(&mut self, stream: &StatusRow) -> bool {
        let parse = if self.lenient { StreamEventRef::parse_lenient } else { StreamEventRef::parse_bytes };
        let event = match stream {
            StatusRow::Text(text) => parse(text).ok(),
            StatusRow::TooLong => None,
        };
        let Some(event) = event else {
            self.unreadable += 1;
            return false;
        };
        // If an event came before the reply, the tracker has the stream already, with more facts, such as a purpose.
        if self.tracker.get(&event.into_owned().id).is_none() {
            let ended = self.tracker.update(&event, Instant::now());
            // If the stream was closed while tor made the reply, its row seems to be an event after CLOSED.
            self.ended.extend(ended.filter(|life| life.outcome != Outcome::AfterClosed));
            self.limit_ended();
        }
        true
    }

    /// Counts an event that cannot be read.
    pub(crate) const fn add_unreadable(&mut self) {
        self.events += 1;
        self.unreadable += 1;
    }

    /// Removes the open streams: once the connection is lost, it is not known how they end.
    pub(crate) fn disconnected(&mut self) {
        self.tracker = StreamTracker::new(self.max_live);
    }

    /// Returns the lines to be shown.
    pub(crate) fn lines(&self) -> Vec<String> {
        let now = Instant::now();
        let mut lines = vec![format!(
            "events {}, unreadable {}; streams open {}, closed {}; {}",
            thousands(self.events),
            thousands(self.unreadable),
            thousands(self.tracker.live().count() as u64),
            thousands(self.closed),
            duration(now - self.begin),
        )];
        for (name, counts) in
            [("status", &self.statuses), ("reason", &self.reasons), ("remote reason", &self.remote_reasons)]
        {
            const WIDTH: usize = "remote reason".len();
            lines.extend(counts.text().map(|text| format!("{name:WIDTH$}  {text}")));
        }
        let table = self.last_streams(now);
        lines.extend(String::from_utf8_lossy(&table).lines().map(Into::into));
        lines
    }

    /// Returns a table of the streams, open or ended, whose last events are the latest.
    fn last_streams(&self, now: Instant) -> Vec<u8> {
        let mut streams: Vec<_> = self.tracker.live().chain(&self.ended).collect();
        streams.sort_by_key(|life| Reverse(life.last));
        let mut table = TextTable::new(COLUMNS);
        streams.into_iter().take(STREAMS_SHOWN).for_each(|life| table.row(cells(life, now)));
        let mut text = Vec::new();
        // Writing to a text cannot fail.
        let _ = table.print(&mut text, table::width());
        text
    }
}

/// Columns of the table of streams: ID, status, circuit, time since the last event, reasons and target.
const COLUMNS: [ColumnKind; 6] =
    [ColumnKind::Number, ColumnKind::Text, ColumnKind::Number, ColumnKind::Number, ColumnKind::Text, ColumnKind::Rest];

/// Returns the cells of a stream in [`COLUMNS`]. A stream that has failed shows FAILED, also after CLOSED. The tracker has
/// masked the credentials in all text.
fn cells(life: &StreamLife<Instant>, now: Instant) -> [String; COLUMNS.len()] {
    let status = match &life.failure {
        Some(_) => StreamStatus::Failed.as_str(),
        None => life.steps.last().map_or("-", Step::status_str),
    };
    let circuit = life.circuit_id.as_ref().map_or("-", AsRef::as_ref);
    let remote = life.remote_reason_str().map(|remote| format!("/{remote}")).unwrap_or_default();
    let reason = life.reason_str().map(|reason| format!("{reason}{remote}")).unwrap_or_default();
    [
        life.id.to_string(),
        status.into(),
        circuit.into(),
        format!("{} ago", duration(now - life.last)),
        reason,
        format!("{}:{}", life.target.host, life.target.port),
    ]
}

/// Returns a duration as text, in its two greatest units.
fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    match (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60) {
        (0, 0, 0, s) => format!("{s} s"),
        (0, 0, m, s) => format!("{m} m {s} s"),
        (0, h, m, _) => format!("{h} h {m} m"),
        (d, h, ..) => format!("{d} d {h} h"),
    }
}
