//! Logs that are read in ranges: wherever a range begins with a line, the events are those of the whole log.
//!
//! A [`LineState`] is what a reader knows of the lines so far. `resume` reads on after it. `part` makes of it a state for a range whose
//! lines before are not read yet, and `append` joins the state after that range to the state before it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use super::common;
use proptest::prelude::*;
use tor_stream_event::{EventLine, EventReader, LineEnd, LineState, LogFormat, Skipped, StreamEvents, stream_events};

/// A line with an event.
#[derive(Debug, PartialEq)]
struct FoundEvent {
    /// The line's number.
    number: u64,
    /// Number of bytes before the line.
    offset: u64,
    /// Text before the event.
    prefix: Vec<u8>,
    /// The `Debug` text of the event or error.
    event: String,
}

impl From<EventLine<'_>> for FoundEvent {
    fn from(line: EventLine<'_>) -> Self {
        let event = format!("{:?}", line.event);
        Self { number: line.number, offset: line.offset, prefix: line.prefix.to_vec(), event }
    }
}

impl FoundEvent {
    /// Returns the event of a range as the whole log has it, after the lines and bytes of the ranges before.
    fn after(self, lines: u64, bytes: u64) -> Self {
        Self { number: self.number + lines, offset: self.offset + bytes, ..self }
    }
}

/// Reads a range of a log from a buffer or a reader, from its beginning or after a state. Returns its events and the state at its end.
fn read(range: &[u8], before: Option<&LineState>, by_reader: bool) -> (Vec<FoundEvent>, LineState) {
    let mut events = Vec::new();
    if by_reader {
        let mut reader = EventReader::new(range);
        if let Some(state) = before {
            reader = reader.resume(state);
        }
        while let Some(line) = reader.next_event().unwrap() {
            events.push(line.into());
        }
        return (events, reader.state());
    }
    let mut lines = stream_events(range);
    if let Some(state) = before {
        lines = lines.resume(state);
    }
    events.extend(lines.by_ref().map(FoundEvent::from));
    (events, lines.state())
}

/// Whether a line exceeds a reader's limit does not depend on the state after which the reader reads.
#[test]
fn a_small_limit_after_a_state() {
    // The prefix has 31 bytes, the line 55.
    let line = b"2019-01-31 11:29:51 1548934191 650 STREAM 1 NEW 0 a:80\n";
    let mut first = stream_events(line);
    assert!(first.by_ref().all(|line| line.event.is_ok()));
    for limit in 1..80 {
        let is_found = |mut reader: EventReader<&[u8]>| reader.next_event().unwrap().map(|line| line.event.is_ok());
        let alone = is_found(EventReader::with_limit(&line[..], limit).line_end(LineEnd::Lf));
        let resumed = is_found(EventReader::with_limit(&line[..], limit).resume(&first.state()));
        assert_eq!(alone, resumed, "{limit}");
    }
}

/// A log to be read in ranges.
#[derive(Clone, Debug)]
struct Log {
    /// The lines without their ends.
    lines: Vec<&'static str>,
    /// Indexes of the lines with which the ranges after the first begin, in any order. An index past the lines is that of their end.
    cuts: [usize; 3],
    /// Line end of each line.
    line_end: &'static str,
    /// `true` if a reader reads the ranges, `false` if they are buffers.
    by_reader: bool,
    /// `true` if the log is read with the format of `gw: ` before a reply.
    has_format: bool,
}

impl Log {
    /// Returns lines with their ends.
    fn text(&self, lines: &[&str]) -> String {
        lines.iter().map(|line| format!("{line}{}", self.line_end)).collect()
    }

    /// Returns the state before the first line.
    fn start(&self) -> LineState {
        let format = LogFormat::like(b"gw: ", b"").filter(|_| self.has_format);
        format.into_iter().fold(stream_events(b""), StreamEvents::log_format).state()
    }

    /// Returns replies, which show whether the input is the wire or a log, and its line end. A range can be read only after these.
    fn first(&self) -> String {
        self.text(if self.has_format { &["gw: 650 BW 1 2"] } else { &["650 BW 1 2", "1:2 650 BW 1 2"] })
    }

    /// Returns the text of each range. None but the first begins with [`REST`], which a part does not count.
    fn ranges(&self) -> [String; 4] {
        let lines = &self.lines;
        let mut cuts = self.cuts.map(|cut| (cut..lines.len()).find(|&at| lines[at] != REST).unwrap_or(lines.len()));
        cuts.sort_unstable();
        let [second, third, fourth] = cuts;
        [&lines[..second], &lines[second..third], &lines[third..fourth], &lines[fourth..]].map(|range| self.text(range))
    }
}

/// A line that is counted as the rest of an event if it follows an event, or more such lines after one.
const REST: &str = "PURPOSE=USER";

/// Generates logs: events, data with and without its end, prefixes, other text, and an event that cannot be read.
fn log() -> impl Strategy<Value = Log> {
    let line = prop::sample::select(vec![
        "650 STREAM 1 NEW 0 a:1",
        "650 STREAM 2 CLOSED 0 b:1 REASON=DONE",
        "650 BW 1 2",
        "250+data=",
        "650+NS",
        ".",
        "..",
        "text",
        "",
        "1:2 650 STREAM 3 NEW 0 a:1",
        "1:2 250+data",
        "1:2 650 OK",
        "1:2 .",
        "650 STREAM 4 NEW 0",
        "gw: 650 STREAM 5 NEW 0 a:1",
        "gw: 250+data",
        "gw: .",
        REST,
    ]);
    let line_end = prop::sample::select(vec!["\r\n", "\n"]);
    let cuts = prop::array::uniform3(0_usize..24);
    (prop::collection::vec(line, 0..24), cuts, line_end, any::<bool>(), any::<bool>())
        .prop_map(|(lines, cuts, line_end, by_reader, has_format)| Log { lines, cuts, line_end, by_reader, has_format })
}

/// The counts of a state are those of the reader whose state it is.
#[test]
fn counts_of_a_state() {
    let mut reader = EventReader::new(&b"650 BW 1 2\n650 STREAM 1 NEW 0 a:1\nx 650 STREAM 2 NEW 0 b:1\n"[..]);
    while reader.next_event().unwrap().is_some() {}
    let state = reader.state();
    assert_eq!((state.replies(), state.skipped().marks.count), (2, 1));
    assert_eq!((state.replies(), state.skipped()), (reader.replies(), reader.skipped()));
}

proptest! {
    #![proptest_config(common::config(256))]

    /// The events of the ranges are those of the whole log, and so is the state at the end. Each range after the first is read as a part,
    /// and again after the state before it if it began inside of data.
    #[test]
    fn parts_are_the_whole(log in log()) {
        let (by_reader, start) = (log.by_reader, log.start());
        let [first, later @ ..] = log.ranges();
        let first = log.first() + &first;
        let whole = first.clone() + &later.concat();
        let (expected, at_end) = read(whole.as_bytes(), Some(&start), by_reader);

        let (mut events, mut state) = read(first.as_bytes(), Some(&start), by_reader);
        prop_assert_eq!(state.bytes(), first.len() as u64);
        // Threads read all parts at the same time, so none is read after the state of the part before.
        let part = state.part().unwrap();
        for range in later {
            let (lines, bytes) = (state.lines(), state.bytes());
            let (of_part, at_part_end) = read(range.as_bytes(), Some(&part), by_reader);
            if state.append(at_part_end).is_ok() {
                events.extend(of_part.into_iter().map(|event| event.after(lines, bytes)));
            } else {
                let (resumed, at_resumed_end) = read(range.as_bytes(), Some(&state), by_reader);
                events.extend(resumed);
                state = at_resumed_end;
            }
        }
        prop_assert_eq!(events, expected);
        prop_assert_eq!((state.lines(), state.bytes()), (at_end.lines(), at_end.bytes()));
        prop_assert_eq!(format!("{state:?}"), format!("{at_end:?}"));
    }

    /// After a range of which only the counts were appended, the next range is read as in the whole log. Its first line is a reply here.
    /// Another line could be the rest of an event, and the counts do not say whether the range before ended with one.
    #[test]
    fn counts_for_a_part(log in log()) {
        let (by_reader, start) = (log.by_reader, log.start());
        let (first, [range, ..]) = (log.first(), log.ranges());
        let last = log.first() + &log.text(&log.lines);
        let (_, mut state) = read(first.as_bytes(), Some(&start), by_reader);
        let (_, part) = read(range.as_bytes(), state.part().as_ref(), by_reader);
        let before = format!("{state:?}");
        let is_data_closed = part.skipped().open.is_none();
        prop_assert_eq!(
            state.append_counts(part.lines(), part.bytes(), part.replies(), &part.skipped()),
            is_data_closed
        );
        if !is_data_closed {
            prop_assert_eq!(format!("{state:?}"), before);
            return Ok(());
        }
        let whole = [&*first, &*range, &*last].concat();
        let (expected, at_end) = read(whole.as_bytes(), Some(&start), by_reader);
        let (events, state) = read(last.as_bytes(), Some(&state), by_reader);
        let expected: Vec<_> = expected.into_iter().filter(|event| event.offset >= (first.len() + range.len()) as u64).collect();
        prop_assert_eq!(events, expected);
        prop_assert_eq!(format!("{state:?}"), format!("{at_end:?}"));
    }
}

/// Counts that cannot be those of one range are refused, and change nothing.
#[test]
fn counts_that_cannot_be() {
    let mut reader = EventReader::new(&b"650 BW 1 2\n"[..]);
    assert!(reader.next_event().unwrap().is_none());
    let mut state = reader.state();
    let good = Skipped::default();
    let with = |change: fn(&mut Skipped)| {
        let mut skipped = Skipped::default();
        change(&mut skipped);
        skipped
    };
    // Numbers of lines, bytes and replies, and skipped lines.
    let wrong = [
        // Two lines in one byte; a byte without a line; more replies than lines; more bytes than a number can count with those
        // before.
        (2, 1, 0, good),
        (0, 1, 0, good),
        (2, 9, 3, good),
        (1, u64::MAX, 1, good),
        // Data that is open, or a line without an end: another range cannot follow.
        (2, 9, 2, with(|skipped| skipped.open = Some(1))),
        (2, 9, 2, with(|skipped| skipped.unterminated = Some(2))),
        // A count without a first line, a first line without a count, and a first line that is not in the range.
        (2, 9, 2, with(|skipped| skipped.marks.count = 1)),
        (2, 9, 2, with(|skipped| skipped.bare.first = Some(1))),
        (2, 9, 2, with(|skipped| (skipped.wrapped.count, skipped.wrapped.first) = (1, Some(3)))),
        (2, 9, 2, with(|skipped| (skipped.in_data.count, skipped.in_data.first) = (1, Some(0)))),
        // More lone LFs than bytes: two of the nine end the lines.
        (2, 9, 2, with(|skipped| (skipped.line_ends.count, skipped.line_ends.first) = (8, Some(1)))),
        // Two lines of which the first is the last one.
        (2, 9, 0, with(|skipped| (skipped.marks.count, skipped.marks.first) = (2, Some(2)))),
        // Two lines without a reply are counted, but with one reply among two lines only one can be.
        (2, 9, 1, with(|skipped| (skipped.marks.count, skipped.marks.first) = (2, Some(1)))),
        (2, 9, 1, with(|skipped| (skipped.wrapped.count, skipped.wrapped.first) = (2, Some(1)))),
        (
            2,
            9,
            1,
            with(|skipped| {
                (skipped.marks.count, skipped.marks.first) = (1, Some(1));
                (skipped.bare.count, skipped.bare.first) = (1, Some(1));
            }),
        ),
    ];
    for (lines, bytes, replies, skipped) in wrong {
        assert!(!state.append_counts(lines, bytes, replies, &skipped), "{lines} {bytes} {replies} {skipped:?}");
        assert_eq!((state.lines(), state.bytes(), state.skipped().is_empty()), (1, 11, true));
    }
    let right = with(|skipped| (skipped.line_ends.count, skipped.line_ends.first) = (7, Some(2)));
    assert!(state.append_counts(2, 9, 1, &right));
    assert_eq!((state.lines(), state.bytes(), state.replies()), (3, 20, 2));
    assert_eq!((state.skipped().line_ends.count, state.skipped().line_ends.first), (7, Some(3)));
    // Counts are not appended where data is open, where the line before them has no end, or where the line end is not known.
    for before in ["650 BW 1 2\n250+data=\n", "650 BW 1 2\n650 BW 1", ""] {
        let mut reader = EventReader::new(before.as_bytes());
        assert!(reader.next_event().unwrap().is_none());
        assert!(!reader.state().append_counts(1, 1, 0, &good), "{before:?}");
    }
}

/// A part after a line without an end is refused: it begins within that line.
#[test]
fn a_part_inside_of_a_line() {
    let mut events = stream_events(b"650 BW 1 2\r\n650 STREAM 1 NEW 0 a");
    assert_eq!(events.by_ref().count(), 1);
    let mut state = events.state();
    let (_, part) = read(b":1\r\n", state.part().as_ref(), false);
    assert_eq!(part.lines(), 1);
    assert!(state.append(part).is_err());
    assert_eq!((state.lines(), state.skipped().unterminated), (2, Some(2)));
}

/// A part that begins inside of data is refused, and read again after the state before it.
#[test]
fn a_part_inside_of_data() {
    let mut events = stream_events(b"650 BW 1 2\r\n250+data=\r\n");
    assert!(events.by_ref().next().is_none());
    let mut state = events.state();
    assert_eq!(state.line_end(), Some(LineEnd::CrLf));
    let part = b"650 STREAM 1 NEW 0 a:1\r\n.\r\n650 STREAM 2 NEW 0 a:1\r\n";
    let (of_part, wrong) = read(part, state.part().as_ref(), false);
    assert_eq!((of_part.len(), wrong.lines()), (2, 3));
    assert!(state.append(wrong).is_err());
    let right: Vec<_> = stream_events(part).resume(&state).map(|line| (line.number, line.offset)).collect();
    assert_eq!(right, [(5, 50)]);
    // Whatever its first line is like, a part is read as if it began outside of data.
    let part = b"251 OK\r\n650 STREAM 1 NEW 0 a:1\r\n";
    assert_eq!(stream_events(part).resume(&state.part().unwrap()).count(), 1);
}

/// After ranges were put together, the next line is read as if they had been one range: also a field that is the rest of the last
/// range's event.
#[test]
fn a_third_range() {
    let [first, second] = ["650 BW 1 2\n", "650 BW 1 2\n650 STREAM 1 NEW 0 a:1\n"];
    // The first text begins with the rest of an event that a line end cut in two; in the others, another line is between.
    for third in ["PURPOSE=USER\n650 BW 1 2\n", "650 BW 1 2\nPURPOSE=USER\n", "text\nPURPOSE=USER\n"] {
        for by_reader in [false, true] {
            let (_, mut state) = read(first.as_bytes(), None, by_reader);
            let (_, part) = read(second.as_bytes(), state.part().as_ref(), by_reader);
            state.append(part).unwrap();
            let (_, state) = read(third.as_bytes(), Some(&state), by_reader);
            let (_, whole) = read([first, second, third].concat().as_bytes(), None, by_reader);
            assert_eq!(format!("{state:?}"), format!("{whole:?}"), "{third}");
            let wrapped = whole.skipped().wrapped.first;
            assert_eq!(wrapped, third.starts_with("PURPOSE").then_some(4), "{third}");
        }
    }
}

/// A range without lines changes nothing: after it, a field is still the rest of the event before it, and a byte order mark still
/// begins the log.
#[test]
fn an_empty_range() {
    let before_log = stream_events(b"").line_end(LineEnd::Lf).state();
    let cases = [
        (read(b"650 STREAM 1 NEW 0 a:1\n", None, false).1, "PURPOSE=USER\n", (0, 1)),
        (before_log, "\u{feff}650 STREAM 1 NEW 0 a:1\n", (1, 0)),
    ];
    for (before, next, events_and_wrapped) in cases {
        let expected = read(next.as_bytes(), Some(&before), false);
        assert_eq!((expected.0.len(), expected.1.skipped().wrapped.count), events_and_wrapped);
        let mut appended = before.clone();
        appended.append(read(b"", before.part().as_ref(), false).1).unwrap();
        let mut counted = before;
        assert!(counted.append_counts(0, 0, 0, &Skipped::default()));
        for state in [appended, counted] {
            let found = read(next.as_bytes(), Some(&state), false);
            assert_eq!(format!("{found:?}"), format!("{expected:?}"), "{next}");
        }
    }
}

/// A part does not take a field for the rest of an event in the range before it.
#[test]
fn no_rest_of_an_event_of_another_part() {
    // Line 1 of the state is an event. Line 2 of the part is not its next line, though its number is.
    let (_, state) = read(b"650 STREAM 1 NEW 0 a:1\n", None, false);
    let (_, part) = read(b"text\nPURPOSE=USER\n", state.part().as_ref(), false);
    assert!(part.skipped().is_empty());
}

/// The `Debug` text of a state, by which the tests of this file compare states, has each of its values.
#[test]
fn shown_states() {
    let (_, state) = read(b"650 BW 1 2\nx 650 STREAM 1 NEW 0 a:1\n", None, false);
    let shown = format!("{state:?}");
    for part in
        ["input: Log", "lenient: false", "lines: 2", "bytes: 36", "replies: 1", "marks: SkippedLines { count: 1"]
    {
        assert!(shown.contains(part), "{part} in {shown}");
    }
}

/// A byte order mark may begin a log, and no later range of it.
#[test]
fn a_byte_order_mark() {
    let state = stream_events(b"").line_end(LineEnd::Lf).state();
    let log = b"\xef\xbb\xbf650 STREAM 1 NEW 0 a:1\n";
    let prefixes =
        |state: &LineState| stream_events(log).resume(state).map(|line| line.prefix.len()).collect::<Vec<_>>();
    assert_eq!(prefixes(&state), [0]);
    assert!(prefixes(&state.part().unwrap()).is_empty());
}

/// `reply_prefix` returns the length of the text before a reply in a line, as the state's input has it, or `None`. Before the first
/// reply, a state has no part.
#[test]
fn prefixes_of_replies() {
    let of = |start: &'static [u8]| {
        let mut events = stream_events(start);
        assert!(events.next().is_none());
        events.state()
    };
    let (wire, log) = (of(b"250 OK\r\n"), of(b"Starting\n"));
    assert_eq!(wire.reply_prefix(b"650 STREAM 1 NEW 0 a:1"), Some(0));
    assert_eq!(wire.reply_prefix(b"1:2 650 STREAM 1 NEW 0 a:1"), None);
    assert_eq!(log.reply_prefix(b"1:2 650 BW 1 2"), Some(4));
    assert_eq!(log.reply_prefix(b"650 BW 1 2"), Some(0));
    assert_eq!(log.reply_prefix(b"BW 1 2"), None);
    assert!(EventReader::new(&b""[..]).state().part().is_none());
}
