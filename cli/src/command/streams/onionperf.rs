//! Streams in the form of OnionPerf's analysis: the object `tor.streams` of its schema.
//!
//! OnionPerf groups events by rules of its own, which its users' programs rely on: a stream ends with FAILED or CLOSED,
//! whichever is first, begins with its first NEW, and has every event of flow control. Its source is that of the last
//! NEW before the end. A *life* is the library's grouping: it may be a part of such a stream, or hold several. So the events of
//! a life are kept in its note, and grouped here once more.

use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use core::time::Duration;
use std::io::{self, Write};

use serde::ser::{SerializeSeq, Serializer};
use serde_json::value::RawValue;
use tor_stream_event::{CircuitId, Outcome, StreamClosureReason, StreamId, StreamPurpose, StreamStatus};

use crate::command::lives::FromLife;
use crate::command::note::Life;
use crate::input;
use crate::input::time::Time;
use crate::output::table::{count, count_as};
use crate::output::{mask, text};
use crate::report;

/// A word of tor. Nearly every word has a name in the library and is borrowed: the thread that prints would take long to free words
/// that another thread has allocated.
type Word = Cow<'static, str>;

/// An event with a time and the fields that OnionPerf reads.
#[derive(Clone, Debug)]
pub(crate) struct TimedEvent {
    /// Status as printed.
    status: Word,
    /// Unix time of the event.
    time: Duration,
    /// Circuit of the event, if there is one.
    circuit_id: Option<CircuitId>,
    /// Target as `host:port`.
    target: Box<str>,
    /// PURPOSE.
    purpose: Option<Word>,
    /// SOURCE_ADDR.
    source_addr: Option<Box<str>>,
    /// REASON.
    reason: Option<Word>,
    /// REMOTE_REASON.
    remote_reason: Option<Word>,
}

impl TimedEvent {
    /// Returns the event in OnionPerf's form. `None` without a time: OnionPerf skips such events.
    pub(crate) fn new(event: &input::reader::Event<'_>) -> Option<Self> {
        let time = event.time.and_then(Time::unix)?;
        let event = event.event;
        let target = format!("{}:{}", mask::target_host(event), event.target_port);
        let is_known = false;
        // Returns a word that the library has no name for, with credentials masked.
        let unnamed = |printed: &str| Word::Owned(mask::word(event, printed, is_known).into());
        let reason_word = |reason: Option<StreamClosureReason>, printed: Option<&str>| match reason {
            Some(StreamClosureReason::Unrecognized) | None => printed.map(unnamed),
            Some(reason) => Some(Word::Borrowed(reason.as_str())),
        };
        Some(Self {
            status: match event.status {
                StreamStatus::Unrecognized => unnamed(event.status_str()),
                status => Word::Borrowed(status.as_str()),
            },
            time,
            circuit_id: event.circuit_id.and_then(|id| id.parse().ok()),
            // OnionPerf reads a log as ASCII, and has a question mark for any other character.
            target: target.replace(|character: char| !character.is_ascii(), "?").into(),
            purpose: match event.purpose {
                Some(StreamPurpose::Unrecognized) | None => event.purpose_str().map(unnamed),
                Some(purpose) => Some(Word::Borrowed(purpose.as_str())),
            },
            source_addr: event.source_addr.map(|address| mask::source_addr(event, address).into()),
            reason: reason_word(event.reason, event.reason_str()),
            remote_reason: reason_word(event.remote_reason, event.remote_reason_str()),
        })
    }

    /// Returns the number of bytes of the event's text.
    fn text_len(&self) -> usize {
        let words = [Some(&self.status), self.purpose.as_ref(), self.reason.as_ref(), self.remote_reason.as_ref()];
        let words_len: usize = words.into_iter().flatten().map(|word| word.len()).sum();
        words_len + self.target.len() + self.source_addr.as_ref().map_or(0, |address| address.len())
    }

    /// Returns `true` if the event has this status.
    fn has_status(&self, status: StreamStatus) -> bool {
        self.status == status.as_str()
    }

    /// Returns `true` if a stream begins with the event.
    fn begins(&self) -> bool {
        self.has_status(StreamStatus::New) || self.has_status(StreamStatus::NewResolve)
    }

    /// Returns `true` if a stream ends with the event.
    fn ends(&self) -> bool {
        self.has_status(StreamStatus::Failed) || self.has_status(StreamStatus::Closed)
    }
}

/// The events of a stream, in bounded memory: all of them, or if they are too many or too long, the first ones and the last one.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeptEvents {
    /// Events that are kept.
    events: Vec<TimedEvent>,
    /// Number of bytes of text in all events that were added to `events`, also in those that a later one has replaced.
    text_len: usize,
    /// Number of events that were left out.
    left_out: u64,
}

impl KeptEvents {
    /// Maximum number of events that are kept of one stream: as many as the library's tracker keeps steps.
    const MAX: usize = 1000;
    /// Number of bytes of text after which a stream has no room for further events but the last. tor prints less in
    /// [`MAX`](Self::MAX) events: targets of up to 255 bytes, and a few words. A hostile log may have a MiB in each event.
    const MAX_TEXT_LEN: usize = 512 * 1024;

    /// Adds an event.
    pub(crate) fn push(&mut self, event: TimedEvent) {
        let is_full = self.events.len() >= Self::MAX || (self.events.len() > 1 && self.text_len >= Self::MAX_TEXT_LEN);
        if is_full {
            self.events.pop();
            self.left_out += 1;
        }
        self.text_len += event.text_len();
        self.events.push(event);
    }

    /// Adds later events of the same stream. The result is that of adding them one by one.
    pub(crate) fn append(&mut self, later: Self) {
        self.left_out += later.left_out;
        // Events that were replaced in `later` would fill this stream as well.
        let text_len = self.text_len + later.text_len;
        self.extend(later.events);
        self.text_len = text_len;
    }

    /// Adds events in order.
    fn extend(&mut self, events: Vec<TimedEvent>) {
        events.into_iter().for_each(|event| self.push(event));
    }
}

/// The ID of a stream as a number, and the stream as JSON. `None` for a stream that OnionPerf leaves out.
type EncodedStream = Option<(u64, Box<RawValue>)>;

/// The events of a life that has ended, grouped into OnionPerf's streams. The first stream may have begun in an earlier life,
/// and the last one may go on in a later life.
pub(crate) struct LifeEvents {
    /// ID of the life and its streams.
    id: StreamId,
    /// Events of the first stream: up to its end, or all if no stream ends in the life.
    first: Vec<TimedEvent>,
    /// Streams that end in the life, encoded as if the first one had no events in an earlier life.
    encoded: Vec<EncodedStream>,
    /// Events after the last end; empty if no stream ends in the life.
    rest: Vec<TimedEvent>,
    /// Set if the life may be followed by another one with its ID: it was not open at the end of the log.
    may_go_on: bool,
    /// Number of events of the life that were left out.
    left_out: u64,
}

impl FromLife for LifeEvents {
    fn from_life(life: Life) -> io::Result<Self> {
        let Life { id, note, outcome, .. } = life;
        let (mut first, mut encoded, mut current) = (None, Vec::new(), Vec::new());
        for event in note.onionperf.events {
            let ends = event.ends();
            current.push(event);
            if ends {
                encoded.push(encode(&id, &current)?);
                let ended = core::mem::take(&mut current);
                first.get_or_insert(ended);
            }
        }
        let (first, rest) = match first {
            Some(first) => (first, current),
            None => (current, Vec::new()),
        };
        Ok(Self { id, first, encoded, rest, may_go_on: outcome != Outcome::Live, left_out: note.onionperf.left_out })
    }
}

/// OnionPerf's streams, kept until the last log is read: its object has one stream for each ID, the last one with that ID.
pub(crate) struct OnionPerfStreams {
    /// Events of streams without an end, from lives that have ended.
    open: BTreeMap<StreamId, KeptEvents>,
    /// Maximum number of streams in `open`.
    limit: usize,
    /// Number of streams without an end for which there was no room in `open`.
    without_room: u64,
    /// Streams by ID, as JSON.
    streams: BTreeMap<u64, Box<RawValue>>,
    /// Number of streams that a later one with the same ID has replaced.
    replaced: u64,
    /// Number of events that were left out, since those of their streams are too many or too long.
    left_out: u64,
}

/// A stream in OnionPerf's schema.
#[derive(serde::Serialize)]
struct StreamObject<'e> {
    /// The last circuit.
    circuit_id: Option<&'e str>,
    /// Each event as `PURPOSE:STATUS`, with the seconds since the first NEW.
    #[serde(serialize_with = "elapsed_seconds")]
    elapsed_seconds: (&'e [TimedEvent], Duration),
    /// The reason of FAILED.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_reason_local: Option<&'e str>,
    /// The remote reason of FAILED.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_reason_remote: Option<&'e str>,
    /// The client's address and port.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'e str>,
    /// The stream's number.
    stream_id: u64,
    /// The last target.
    target: &'e str,
    /// Unix time of its end.
    unix_ts_end: f64,
    /// Unix time of its beginning.
    unix_ts_start: f64,
}

impl OnionPerfStreams {
    /// Returns an empty table that keeps the events of at most `limit` streams without an end.
    pub(crate) const fn new(limit: usize) -> Self {
        Self { open: BTreeMap::new(), limit, without_room: 0, streams: BTreeMap::new(), replaced: 0, left_out: 0 }
    }

    /// Returns `true` if there is no stream to print.
    pub(crate) fn is_empty(&self) -> bool {
        self.streams.is_empty()
    }

    /// Adds the streams of a life that has ended.
    pub(crate) fn add_life(&mut self, life: LifeEvents) -> io::Result<()> {
        let LifeEvents { id, mut first, mut encoded, rest, may_go_on, left_out } = life;
        self.left_out += left_out;
        // For OnionPerf a stream that was replaced, or dropped, goes on with the next life of its ID.
        if let Some(mut earlier) = self.open.remove(&id) {
            earlier.extend(first);
            self.left_out += earlier.left_out;
            first = earlier.events;
            // The first stream is encoded again, with its earlier events.
            if let Some(encoded_first) = encoded.first_mut() {
                *encoded_first = encode(&id, &first)?;
            }
        }
        let open = if encoded.is_empty() { first } else { rest };
        encoded.into_iter().for_each(|stream| self.add(stream));
        if open.is_empty() || !may_go_on {
            return Ok(());
        }
        if self.open.len() < self.limit {
            let mut kept = KeptEvents::default();
            kept.extend(open);
            self.open.insert(id, kept);
        } else {
            self.without_room += 1;
        }
        Ok(())
    }

    /// Adds a stream as JSON.
    fn add(&mut self, encoded: EncodedStream) {
        if let Some((id, json)) = encoded {
            self.replaced += u64::from(self.streams.insert(id, json).is_some());
        }
    }

    /// Ends a log: the streams that are open in it do not go on in another one.
    pub(crate) fn end_of_log(&mut self) {
        self.open.clear();
    }

    /// Prints the object. Returns `false` if streams or events are missing in it, or may be, which is reported.
    pub(crate) fn finish(&self, output: &mut impl Write) -> io::Result<bool> {
        let mut before = "{";
        let mut json = Vec::new();
        for (id, stream) in &self.streams {
            write!(json, "{before}\n\"{id}\": {}", stream.get())?;
            let start = 0;
            text::escape_json(&mut json, start);
            output.write_all(&json)?;
            json.clear();
            before = ",";
        }
        writeln!(output, "{}", if self.streams.is_empty() { "{}" } else { "\n}" })?;
        if self.replaced > 0 {
            report(format_args!(
                "tor-streams: {} the ID of a later one, which is printed instead, as in OnionPerf's analysis",
                count_as(self.replaced, "stream has", "streams have")
            ));
        }
        if self.left_out > 0 {
            report(format_args!(
                "tor-streams: of streams with more than {} events, or {} KiB of text, {} left out",
                KeptEvents::MAX,
                KeptEvents::MAX_TEXT_LEN / 1024,
                count_as(self.left_out, "event is", "events are")
            ));
        }
        if self.without_room > 0 {
            report(format_args!(
                "tor-streams: {} let go for want of room, and missing, or without their first events, if more events \
                 followed; --max-live makes room",
                count(self.without_room, "stream")
            ));
        }
        Ok(self.replaced == 0 && self.left_out == 0 && self.without_room == 0)
    }
}

/// Returns a stream with these events as JSON. `None` without a NEW or NEWRESOLVE, or if the ID is not a number.
fn encode(id: &StreamId, events: &[TimedEvent]) -> io::Result<EncodedStream> {
    let (Some(first), Some(last), Ok(stream_id)) =
        (events.iter().find(|event| event.begins()), events.last(), id.to_string().parse())
    else {
        return Ok(None);
    };
    let failed = events.iter().find(|event| event.has_status(StreamStatus::Failed));
    let last_new = events.iter().rfind(|event| event.begins());
    let stream = StreamObject {
        circuit_id: events.iter().rev().find_map(|event| event.circuit_id.as_ref()).map(AsRef::as_ref),
        elapsed_seconds: (events, first.time),
        failure_reason_local: failed.and_then(|event| event.reason.as_deref()),
        failure_reason_remote: failed.and_then(|event| event.remote_reason.as_deref()),
        source: last_new.and_then(|event| event.source_addr.as_deref()),
        stream_id,
        target: &last.target,
        unix_ts_end: last.time.as_secs_f64(),
        unix_ts_start: first.time.as_secs_f64(),
    };
    Ok(Some((stream_id, serde_json::value::to_raw_value(&stream)?)))
}

/// Serializes events as pairs: the last purpose so far and the status, and the seconds since the beginning.
fn elapsed_seconds<S: Serializer>(
    (events, start): &(&[TimedEvent], Duration),
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut list = serializer.serialize_seq(Some(events.len()))?;
    // OnionPerf, a Python program, prints `None` as the purpose of a stream that has had none so far.
    let mut purpose = "None";
    for event in *events {
        purpose = event.purpose.as_deref().unwrap_or(purpose);
        let seconds = match event.time.checked_sub(*start) {
            Some(after) => after.as_secs_f64(),
            None => -start.saturating_sub(event.time).as_secs_f64(),
        };
        list.serialize_element(&(format!("{purpose}:{}", event.status), seconds))?;
    }
    list.end()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// However the events of a stream are cut into parts, the same ones are kept. The third one fills the stream, and is replaced.
    #[test]
    fn parts_keep_what_the_whole_keeps() {
        const LENS: [usize; 7] = [1, 1, KeptEvents::MAX_TEXT_LEN, 1, 1, 1, 1];
        let event = |index: usize| TimedEvent {
            status: Cow::Borrowed(""),
            time: Duration::from_secs(index as u64),
            circuit_id: None,
            target: "x".repeat(LENS[index]).into(),
            purpose: None,
            source_addr: None,
            reason: None,
            remote_reason: None,
        };
        let part = |events: core::ops::Range<usize>| {
            let mut kept = KeptEvents::default();
            events.for_each(|index| kept.push(event(index)));
            kept
        };
        let facts = |kept: &KeptEvents| {
            (kept.events.iter().map(|event| event.time.as_secs()).collect::<Vec<_>>(), kept.left_out)
        };
        let whole = facts(&part(0..7));
        assert_eq!(whole, (vec![0, 1, 6], 4));
        for (first, second) in (0..=7).flat_map(|first| (first..=7).map(move |second| (first, second))) {
            let mut kept = part(0..first);
            kept.append(part(first..second));
            kept.append(part(second..7));
            assert_eq!(facts(&kept), whole, "{first}, {second}");
        }
    }
}
