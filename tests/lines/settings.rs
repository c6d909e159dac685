//! Settings of a buffer, a decoder and a reader: in any order, and between two events.

use super::*;
use common::filled;
use common::printed::TARGET_BUFFER;
use tor_stream_event::{Anomalies, Anomaly, StreamEventRef};

/// A setting of [`StreamEvents`], [`EventDecoder`] and [`EventReader`](tor_stream_event::EventReader).
#[derive(Clone, Copy, Debug)]
enum Setting {
    /// Lenient reading.
    Lenient,
    /// LF as the line end.
    LineEnd,
    /// The format of a log with `gw: ` before each reply.
    Format,
}

/// Makes a setting on each of the three types, which have the same methods.
macro_rules! set {
    ($reader:expr, $setting:expr) => {
        match $setting {
            Setting::Lenient => $reader.lenient(true),
            Setting::LineEnd => $reader.line_end(LineEnd::Lf),
            Setting::Format => $reader.log_format(LogFormat::like(b"gw: ", b"").unwrap()),
        }
    };
}

/// A setting leaves those before it as they are.
#[test]
fn any_order() {
    // The log needs each setting: its status is of no version of tor, its line ends differ, which is counted unless one is set, and the
    // text before its replies is no date.
    let log = b"gw: 650 STREAM 1 BORN 0 a:1\r\ngw: 650 STREAM 2 BORN 0 a:1\n";
    for order in [
        [Setting::Lenient, Setting::LineEnd, Setting::Format],
        [Setting::Lenient, Setting::Format, Setting::LineEnd],
        [Setting::LineEnd, Setting::Lenient, Setting::Format],
        [Setting::LineEnd, Setting::Format, Setting::Lenient],
        [Setting::Format, Setting::Lenient, Setting::LineEnd],
        [Setting::Format, Setting::LineEnd, Setting::Lenient],
    ] {
        let mut events = order.iter().fold(stream_events(log), |events, setting| set!(events, setting));
        assert_eq!(events.by_ref().map(|line| line.event.is_ok()).collect::<Vec<_>>(), [true, true], "{order:?}");
        assert!(events.skipped().is_empty(), "{order:?}: {:?}", events.skipped());

        let decoder = EventDecoder::<64>::new();
        let mut decoder = order.iter().fold(decoder, |decoder, setting| set!(decoder, setting));
        let mut rest = &log[..];
        assert!(decoder.next_event(&mut rest).unwrap().event.is_ok(), "{order:?}");
        assert!(decoder.next_event(&mut rest).unwrap().event.is_ok(), "{order:?}");
        assert!(decoder.skipped().is_empty(), "{order:?}: {:?}", decoder.skipped());

        #[cfg(feature = "std")]
        {
            let reader = tor_stream_event::EventReader::new(&log[..]);
            let mut reader = order.iter().fold(reader, |reader, setting| set!(reader, setting));
            assert!(reader.next_event().unwrap().unwrap().event.is_ok(), "{order:?}");
            assert!(reader.next_event().unwrap().unwrap().event.is_ok(), "{order:?}");
            assert!(reader.skipped().is_empty(), "{order:?}: {:?}", reader.skipped());
        }
    }
}

/// A setting between two events changes neither the numbers of lines nor the counts: the next line is not taken for the input's first.
#[test]
fn between_two_events() {
    // Three lines: a byte order mark and another reply, a mark, and an event.
    let first = b"\xef\xbb\xbf650 BW 1 2\ngw: 650 STREAM 9 NEW 0 a:1\n650 STREAM 1 NEW 0 a:1\n";
    let log = [&first[..], b"\xef\xbb\xbf650 STREAM 2 NEW 0 a:1\n650 STREAM 3 BORN 0 a:1\n"].concat();
    for line_end in [LineEnd::Lf, LineEnd::CrLf] {
        let mut events = stream_events(&log).lenient(true);
        assert_eq!(events.next().unwrap().number, 3);
        let mut events = events.line_end(line_end);
        assert_eq!((events.replies(), events.skipped().marks.count, events.skipped().marks.first), (2, 1, Some(2)));
        assert_eq!((events.state().lines(), events.state().bytes()), (3, first.len() as u64));
        let line = events.next().unwrap();
        assert!(line.event.is_ok());
        match line_end {
            // A byte order mark may stand before the input's first line only, so line 4 is a mark.
            LineEnd::Lf => assert_eq!((line.number, events.skipped().marks.count, events.replies()), (5, 2, 3)),
            // On the wire, too, LF ends a line without a reply, such as line 4. The event of line 5 has no end, which would be CR LF.
            _ => assert_eq!((line.number, line.is_terminated()), (5, false)),
        }
    }
}

/// A log with a format stays a log even if the line end of the wire is set, before the format or after it.
#[test]
fn a_format_and_the_line_end_of_the_wire() {
    let log = b"gw: 650 BW 1 2\n650 STREAM 1 NEW 0 a:1\ngw: 650 STREAM 2 NEW 0 a:1\n";
    let format = LogFormat::like(b"gw: ", b"").unwrap();
    let numbers = |events: StreamEvents<'_>| events.map(|line| line.number).collect::<Vec<_>>();
    for line_end in [LineEnd::CrLf, LineEnd::Lf] {
        assert_eq!(numbers(stream_events(log).line_end(line_end).log_format(format)), [3], "{line_end:?}");
        assert_eq!(numbers(stream_events(log).log_format(format).line_end(line_end)), [3], "{line_end:?}");
    }
}

/// On the wire a CR before a LF is never a byte of the target, however long that is.
#[test]
fn a_long_target_on_the_wire() {
    // With one byte more, tor may have cut the target.
    let log = format!("650 STREAM 1 NEW 0 {}\r\n", filled("", ":80", TARGET_BUFFER - 1));
    let anomalies = |events: StreamEvents<'_>| events.map(|line| line.event.unwrap().anomalies()).collect::<Vec<_>>();
    let [detected, set] = [stream_events(log.as_bytes()), stream_events(log.as_bytes()).line_end(LineEnd::CrLf)];
    assert_eq!(anomalies(set), [Anomalies::NONE]);
    assert_eq!(anomalies(detected), [Anomalies::NONE]);
}

/// A reader that resumes after a state is as lenient as it was set itself, whatever the setting of the reader that had the state.
#[test]
fn leniency_after_a_state() {
    let log = b"650 STREAM 1 BORN 0 a:1\r\n";
    for lenient in [true, false] {
        let state = stream_events(log).lenient(!lenient).state();
        let mut events = stream_events(log).lenient(lenient).resume(&state);
        assert_eq!(events.next().unwrap().event.is_ok(), lenient);
    }
}

/// A state replaces the settings before it. A setting after it makes the reader forget open data, unless it is the line end of the wire,
/// which a log with a format cannot have.
#[test]
fn settings_after_a_state() {
    let [gw, x] = ["gw: ", "x: "].map(|before| LogFormat::like(before.as_bytes(), b"").unwrap());
    let mut first = stream_events(b"gw: 650 BW 1 2\ngw: 650+NS\n").log_format(gw);
    assert!(first.next().is_none());
    let (state, rest) = (first.state(), b"gw: 650 STREAM 1 NEW 0 a:1\nx: 650 STREAM 2 NEW 0 a:1\n");
    let read = |events: StreamEvents<'_>| {
        let in_data = |event: StreamEventRef<'_>| event.anomalies().contains(Anomaly::InData);
        events.map(|line| (line.number, in_data(line.event.unwrap()))).collect::<Vec<_>>()
    };
    let new = || stream_events(rest);
    assert_eq!(read(new().resume(&state)), [(3, true)]);
    assert_eq!(read(new().log_format(x).line_end(LineEnd::Lf).resume(&state)), [(3, true)]);
    assert_eq!(read(new().resume(&state).line_end(LineEnd::CrLf)), [(3, true)]);
    assert_eq!(read(new().resume(&state).line_end(LineEnd::Lf)), [(3, false)]);
    assert_eq!(read(new().resume(&state).log_format(x)), [(3, false), (4, false)]);
}
