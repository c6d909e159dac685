//! Logs that are read in ranges: for any cuts, the events are those of the whole log.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use proptest::prelude::*;
use tor_stream_event::{EventLine, EventReader, LineEnd, LineState, Skipped, stream_events};

/// An event's number, offset, prefix and text.
type FoundEvent = (u64, u64, Vec<u8>, String);

/// Returns what identifies an event, counted from the lines and bytes before.
fn found(line: &EventLine<'_>, lines: u64, bytes: u64) -> FoundEvent {
    (line.number + lines, line.offset + bytes, line.prefix.to_vec(), format!("{:?}", line.event))
}

/// Reads a range of a log from a buffer or a reader.
fn read(part: &[u8], state: Option<&LineState>, by_reader: bool) -> (Vec<FoundEvent>, LineState) {
    let mut events = Vec::new();
    if by_reader {
        let mut reader = EventReader::new(part);
        if let Some(state) = state {
            reader = reader.resume(state);
        }
        while let Some(line) = reader.next_event().unwrap() {
            events.push(found(&line, 0, 0));
        }
        return (events, reader.state());
    }
    let mut lines = stream_events(part);
    if let Some(state) = state {
        lines = lines.resume(state);
    }
    events.extend(lines.by_ref().map(|line| found(&line, 0, 0)));
    (events, lines.state())
}

/// A reader with a small limit finds the same lines after the state of one without a limit.
#[test]
fn a_small_limit_after_a_state_without_one() {
    let line = b"2019-01-31 11:29:51 1548934191 650 STREAM 1 NEW 0 a:80\n";
    let mut first = stream_events(line);
    assert!(first.by_ref().all(|line| line.event.is_ok()));
    for limit in 12..80 {
        let is_found = |mut reader: EventReader<&[u8]>| reader.next_event().unwrap().map(|line| line.event.is_ok());
        let alone = is_found(EventReader::with_limit(&line[..], limit).line_end(LineEnd::Lf));
        let resumed = is_found(EventReader::with_limit(&line[..], limit).resume(&first.state()));
        assert_eq!(alone, resumed, "{limit}");
    }
}

/// Generates lines of a log, the index of the line that a later range begins with, whether lines end with CR LF, and
/// whether a reader reads them instead of a buffer.
fn log() -> impl Strategy<Value = (Vec<&'static str>, usize, bool, bool)> {
    let lines = prop::sample::select(vec![
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
    ]);
    (prop::collection::vec(lines, 0..24), 0_usize..24, any::<bool>(), any::<bool>())
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
    #[test]
    fn parts_are_the_whole((lines, cut, crlf, by_reader) in log()) {
        let end = if crlf { "\r\n" } else { "\n" };
        // Two lines that show whether the input is a log, and its line end.
        let first = ["650 BW 1 2", "1:2 650 BW 1 2"].map(|line| format!("{line}{end}")).concat();
        let text = |lines: &[&str]| lines.iter().map(|line| format!("{line}{end}")).collect::<String>();
        let (before, after) = lines.split_at(cut.min(lines.len()));
        let (before, after) = (first + &text(before), text(after));
        let whole = [&*before, &*after].concat();
        let (expected, at_end) = read(whole.as_bytes(), None, by_reader);

        let (mut events, mut state) = read(before.as_bytes(), None, by_reader);
        prop_assert_eq!(state.bytes(), before.len() as u64);
        let (lines, bytes) = (state.lines(), state.bytes());
        let (part, part_state) = read(after.as_bytes(), state.part().as_ref(), by_reader);
        if state.append(part_state).is_ok() {
            events.extend(part.into_iter().map(|(number, offset, prefix, event)| (number + lines, offset + bytes, prefix, event)));
        } else {
            // The part begins inside of data.
            let (part, resumed) = read(after.as_bytes(), Some(&state), by_reader);
            events.extend(part);
            state = resumed;
        }
        prop_assert_eq!(events, expected);
        prop_assert_eq!((state.lines(), state.bytes()), (at_end.lines(), at_end.bytes()));
        prop_assert_eq!(format!("{state:?}"), format!("{at_end:?}"));
    }
}

proptest! {
    /// After a range of which only the counts were appended, the next range is read as in the whole log.
    #[test]
    fn counts_for_a_part((lines, cut, crlf, by_reader) in log()) {
        let end = if crlf { "\r\n" } else { "\n" };
        let first = ["650 BW 1 2", "1:2 650 BW 1 2"].map(|line| format!("{line}{end}")).concat();
        let range: String = lines.iter().take(cut).map(|line| format!("{line}{end}")).collect();
        let last: String = ["650 BW 1 2"].iter().chain(&lines).map(|line| format!("{line}{end}")).collect();
        let (_, mut state) = read(first.as_bytes(), None, by_reader);
        let (_, part) = read(range.as_bytes(), state.part().as_ref(), by_reader);
        let before = format!("{state:?}");
        let is_closed = part.skipped().open.is_none();
        prop_assert_eq!(
            state.append_counts(part.lines(), part.bytes(), part.replies(), &part.skipped()),
            is_closed
        );
        if !is_closed {
            prop_assert_eq!(format!("{state:?}"), before);
            return Ok(());
        }
        let whole = [&*first, &*range, &*last].concat();
        let (expected, at_end) = read(whole.as_bytes(), None, by_reader);
        let (events, state) = read(last.as_bytes(), Some(&state), by_reader);
        let expected: Vec<_> = expected.into_iter().filter(|event| event.1 >= (first.len() + range.len()) as u64).collect();
        prop_assert_eq!(events, expected);
        prop_assert_eq!(format!("{state:?}"), format!("{at_end:?}"));
    }
}

/// Counts that cannot be those of one range are refused.
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
    let wrong = [
        (2, 1, 0, good),
        (2, 9, 3, good),
        (1, u64::MAX, 1, good),
        (2, 9, 2, with(|skipped| skipped.open = Some(1))),
        (2, 9, 2, with(|skipped| skipped.unterminated = Some(2))),
        (2, 9, 2, with(|skipped| skipped.marks.count = 1)),
        (2, 9, 2, with(|skipped| skipped.bare.first = Some(1))),
        (2, 9, 2, with(|skipped| (skipped.wrapped.count, skipped.wrapped.first) = (1, Some(3)))),
        (2, 9, 2, with(|skipped| (skipped.in_data.count, skipped.in_data.first) = (1, Some(0)))),
        // Two of the nine bytes end the lines.
        (2, 9, 2, with(|skipped| (skipped.line_ends.count, skipped.line_ends.first) = (8, Some(1)))),
        // From the second line on there is one.
        (2, 9, 0, with(|skipped| (skipped.marks.count, skipped.marks.first) = (2, Some(2)))),
        // One line has no reply.
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
    // Nor are they appended where data is open, or where the line before them has no end.
    let mut reader = EventReader::new(&b"650 BW 1 2\n250+data=\n"[..]);
    assert!(reader.next_event().unwrap().is_none());
    assert!(!reader.state().append_counts(1, 1, 0, &good));
    let mut reader = EventReader::new(&b"650 BW 1 2\n650 BW 1"[..]);
    assert!(reader.next_event().unwrap().is_none());
    assert!(!reader.state().append_counts(1, 1, 0, &good));
    assert!(!EventReader::new(&b""[..]).state().append_counts(1, 1, 0, &good), "the line end is not known");
}

/// No part follows a line without an end: it would begin within that line.
#[test]
fn a_part_inside_of_a_line() {
    let mut events = stream_events(b"650 BW 1 2\r\n650 STREAM 1 NEW 0 a");
    assert_eq!(events.by_ref().count(), 1);
    let mut state = events.state();
    let part = stream_events(b":1\r\n").resume(&state.part().unwrap());
    assert!(state.append(part.state()).is_err());
    assert_eq!((state.lines(), state.skipped().unterminated), (2, Some(2)));
}

#[test]
fn a_part_inside_of_data() {
    let mut events = stream_events(b"650 BW 1 2\r\n250+data=\r\n");
    assert!(events.by_ref().next().is_none());
    let mut state = events.state();
    assert_eq!(state.line_end(), Some(LineEnd::CrLf));
    let part = b"650 STREAM 1 NEW 0 a:1\r\n.\r\n650 STREAM 2 NEW 0 a:1\r\n";
    let wrong = stream_events(part).resume(&state.part().unwrap());
    assert_eq!(wrong.clone().count(), 2);
    assert!(state.append(wrong.state()).is_err());
    let right: Vec<_> = stream_events(part).resume(&state).map(|line| (line.number, line.offset)).collect();
    assert_eq!(right, [(5, 50)]);
    // A part begins outside of data, whatever its first line is like.
    let part = b"251 OK\r\n650 STREAM 1 NEW 0 a:1\r\n";
    assert_eq!(stream_events(part).resume(&state.part().unwrap()).count(), 1);
}

/// After ranges were put together, the next line is looked at as if they had been read in one.
#[test]
fn a_third_range() {
    let [first, second] = ["650 BW 1 2\n", "650 BW 1 2\n650 STREAM 1 NEW 0 a:1\n"];
    // The rest of an event that was wrapped, and lines that are none.
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

/// Lines of a part are numbered from its start, also where the rest of a wrapped event is looked for.
#[test]
fn no_rest_of_an_event_of_another_part() {
    let (_, state) = read(b"650 STREAM 1 NEW 0 a:1\n", None, false);
    let (_, part) = read(b"text\nPURPOSE=USER\n", state.part().as_ref(), false);
    assert!(part.skipped().is_empty());
}

/// The states that are compared here as text say something.
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

#[test]
fn what_is_a_reply() {
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
