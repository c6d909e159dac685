//! Every type of data can be logged with `defmt`, and no log holds a credential.
//!
//! With `defmt` a device sends bytes, numbers and strings as they are, out of which a program on the developer's machine makes the log's
//! text. The tests look at the bytes.
#![allow(unsafe_code, reason = "defmt's logger is an unsafe trait")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "common/damaged.rs"]
mod damaged;
#[path = "common/property.rs"]
mod property;

use std::sync::{Mutex, PoisonError};

use damaged::{SECRET, damaged};
use defmt::Format;
use proptest::prelude::*;
use tor_stream_event::{
    Anomalies, Anomaly, AnomalyIter, Args, CircuitId, ClientProtocol, Error, ErrorKind, EventLine, Field, IsoField,
    IsoFields, LineEnd, ProtocolError, Quoted, QuotedBytes, Redacted, Skipped, SkippedLines, StreamClosureReason,
    StreamEventRef, StreamId, StreamPurpose, StreamSource, StreamStatus, stream_events,
};

/// Bytes that were sent.
static SENT: Mutex<Vec<u8>> = Mutex::new(Vec::new());
/// Held while one value is logged.
static TURN: Mutex<()> = Mutex::new(());

/// A logger that keeps the bytes it should send.
#[defmt::global_logger]
struct Logger;

// SAFETY: the callers of `sent` take turns, so that one value is logged at a time.
unsafe impl defmt::Logger for Logger {
    fn acquire() {}

    unsafe fn flush() {}

    unsafe fn release() {}

    unsafe fn write(bytes: &[u8]) {
        SENT.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
    }
}

defmt::timestamp!("");

/// The function that defmt calls in place of a panic.
#[defmt::panic_handler]
fn panic() -> ! {
    std::process::abort()
}

/// Returns the bytes that are sent for a value.
fn sent(value: impl Format) -> Vec<u8> {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    SENT.lock().unwrap_or_else(PoisonError::into_inner).clear();
    defmt::error!("{}", value);
    SENT.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// A value of which nothing is shown.
struct Nothing;

impl Format for Nothing {
    fn format(&self, _: defmt::Formatter<'_>) {}
}

/// Returns `true` if `bytes` hold `part`.
fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// A log of one line. The credentials, and the value of the unknown keyword, hold the word `hunter2`. The numbers are chosen so that their
/// bytes are in no other value: 287454020 is 0x11223344.
const LOG: &[u8] = b"650 STREAM 518 NEW 747 host.example:44321 SOURCE_ADDR=127.0.0.9:5 PURPOSE=USER \
    SOCKS_USERNAME=\"hunter2 u\" SOCKS_PASSWORD=\"hunter2\\\" p\" CLIENT_PROTOCOL=SOCKS5 NYM_EPOCH=287454020 \
    SESSION_GROUP=-4 ISO_FIELDS=DESTPORT,FUTURE NEW_KEY=hunter2\r\n";

/// Returns the line of [`LOG`].
fn line() -> EventLine<'static> {
    stream_events(LOG).next().unwrap()
}

/// Every type of data can be logged: all but decoders, readers and trackers, and the formats and states of logs.
#[test]
fn every_type_of_data_can_be_logged() {
    /// The trait of a type that can be logged.
    fn is_format<T: Format>() {}
    is_format::<(StreamEventRef<'_>, EventLine<'_>)>();
    is_format::<(StreamStatus, StreamClosureReason, StreamSource, StreamPurpose, ClientProtocol, IsoField)>();
    is_format::<(StreamId, CircuitId, Anomaly, Anomalies, AnomalyIter)>();
    is_format::<(Args<'_>, IsoFields<'_>, Quoted<'_>, QuotedBytes<'_>, Redacted<'_>)>();
    is_format::<(Skipped, SkippedLines)>();
    is_format::<(Error, ErrorKind, Field, ProtocolError, LineEnd)>();
    #[cfg(feature = "alloc")]
    {
        use tor_stream_event::{Appended, Failure, Outcome, Step, StreamEvent, StreamLife, Target};
        is_format::<(StreamEvent, StreamLife<u64>, Step<u64>, Failure<u64>, Target, Outcome, Appended<u64>)>();
    }
}

/// The data of a stream is sent, without the credentials of its events.
#[cfg(feature = "alloc")]
#[test]
fn a_stream_without_credentials() {
    let mut tracker = tor_stream_event::StreamTracker::new(1);
    tracker.update(&line().event.unwrap(), 287_454_020_u32);
    let log = sent(tracker.live().next());
    assert!(!holds(&log, b"hunter2"), "{}", log.escape_ascii());
    for part in [&b"518"[..], b"747", b"host.example", &44321_u16.to_le_bytes(), &287_454_020_u32.to_le_bytes()] {
        assert!(holds(&log, part), "{} in {}", part.escape_ascii(), log.escape_ascii());
    }
}

/// Credentials in a target or in another credential without an end are not sent, and the rest of the target is.
#[test]
fn misplaced_credentials() {
    for line in [
        &br#"650 STREAM 15 SUCCEEDED 3 a.example:443 SOCKS_PASSWORD="hunter2" NEW_ADDR=10.8.0.2:4567"#[..],
        br#"650 STREAM 15 SUCCEEDED 3 a.example:443 SOCKS_PASSWORD="x:80 hunter2=1 ISO_FIELDS=hunter2"#,
    ] {
        let log = sent(stream_events(line).next().unwrap().event.unwrap());
        assert!(!holds(&log, b"hunter2") && holds(&log, b"a.example"), "{}", log.escape_ascii());
    }
}

proptest! {
    #![proptest_config(property::config(1000))]

    /// No credential of a damaged line is sent: with its event, with its error, or with its stream.
    #[test]
    fn credentials_of_damaged_lines(content in damaged()) {
        let mut log = Vec::new();
        for event in [StreamEventRef::parse_bytes(&content), StreamEventRef::parse_lenient(&content)] {
            log.extend(sent(event));
            let Ok(event) = event else { continue };
            log.extend(sent(event.args()));
            log.extend(sent(event.iso_fields()));
            log.extend(sent(event.redact(event.content())));
            #[cfg(feature = "alloc")]
            {
                log.extend(sent(event.into_owned()));
                let mut tracker = tor_stream_event::StreamTracker::new(1);
                log.extend(sent(tracker.update(&event, 1_u32)));
                log.extend(sent(tracker.live().next()));
            }
        }
        let line = [b"650 STREAM ", &content[..], b"\r\n"].concat();
        log.extend(sent(stream_events(&line).next()));
        prop_assert!(!holds(&log, SECRET.as_bytes()), "{} of {}", log.escape_ascii(), content.escape_ascii());
    }
}

/// Text in which a credential is masked is escaped as `Debug` shows it: a client's escape sequence does not reach the developer's terminal.
#[test]
fn masked_text_is_escaped() {
    for content in [
        &b"9 NEW 0 \x1b[31m\"it's\xe2\x80\xae SOCKS_USERNAME=\"hunter2\" caf\xc3\xa9:80"[..],
        b"9 NEW 0 \x1b[31m\xff SOCKS_USERNAME=\"hunter2\":80",
    ] {
        let event = StreamEventRef::parse_bytes(content).unwrap();
        let host = event.redact(event.target_bytes());
        let shown = format!("{host:?}");
        assert!(shown.contains(r"\u{1b}[31m") && shown.contains("***"), "{shown}");
        let log = sent(host);
        assert!(holds(&log, shown.as_bytes()), "{}", log.escape_ascii());
        assert!(!holds(&sent(event), b"\x1b[31m"), "{}", sent(event).escape_ascii());
    }
}

/// Either form masks a field by its place in the content, not by its text. Here circuit ID and source address have the same text. Only
/// the address is masked: it is within a credential that has no end.
#[cfg(feature = "alloc")]
#[test]
fn each_field_is_masked_at_its_place() {
    let content = br#"84 NEW hunter2 a:1 NEW=SOCKS_PASSWORD="a SOURCE_ADDR=hunter2 PURPOSE=USER"#;
    let event = StreamEventRef::parse_lenient(content).unwrap();
    assert_eq!((event.circuit_id, event.source_addr), (Some("hunter2"), Some("hunter2")));
    for log in [sent(event), sent(event.into_owned())] {
        assert_eq!(log.windows(7).filter(|window| window == b"hunter2").count(), 1, "{}", log.escape_ascii());
    }
}

/// An event's parts are sent, its credentials are not.
#[test]
fn an_event_without_credentials() {
    let line = line();
    let event = line.event.unwrap();
    assert!(holds(LOG, b"hunter2"));
    for log in [
        sent(event),
        sent(line),
        #[cfg(feature = "alloc")]
        sent(event.into_owned()),
    ] {
        assert!(!holds(&log, b"hunter2"), "{}", log.escape_ascii());
        let number = 287_454_020_u32.to_le_bytes();
        for part in [
            &b"518"[..],
            b"747",
            b"host.example",
            &44321_u16.to_le_bytes(),
            b"127.0.0.9:5",
            &number,
            b"DESTPORT,FUTURE",
            b"SOCKS_PASSWORD",
            b"NEW_KEY",
        ] {
            assert!(holds(&log, part), "{} in {}", part.escape_ascii(), log.escape_ascii());
        }
    }
}

/// A credential as a value of its own is not sent either. Of the arguments every keyword is sent, and of a list or set every word.
#[test]
fn parts_of_an_event() {
    let event = line().event.unwrap();
    let password = event.socks_password().unwrap();
    for log in [sent(password), sent(password.bytes()), sent(event.args()), sent(event.socks_username())] {
        assert!(!holds(&log, b"hunter2"), "{}", log.escape_ascii());
    }
    let args = sent(event.args());
    for (key, _) in event.args() {
        assert!(holds(&args, key.as_bytes()), "{key} in {}", args.escape_ascii());
    }
    let mut iso_fields = event.iso_fields();
    let both = sent(iso_fields.clone());
    iso_fields.next();
    assert_ne!(both, sent(iso_fields));
    let id: StreamId = "18446744073709551615".parse().unwrap();
    assert!(holds(&sent(id), b"18446744073709551615"));
    let id: CircuitId = "18446744073709551614".parse().unwrap();
    assert!(holds(&sent(id), b"18446744073709551614"));
    // In place of a credential something is sent.
    for log in [sent(password), sent(password.bytes())] {
        assert_ne!(log, sent(Nothing));
    }
    assert_ne!(sent(StreamStatus::New), sent(StreamStatus::Closed));
    assert_ne!(sent(event.anomalies()), sent(Anomalies::NONE));
}

/// An error is sent with its offset, and without the line.
#[test]
fn an_error_without_its_line() {
    let text = "5 NEW 0 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa SOCKS_PASSWORD=\"hunter2\"";
    let error = StreamEventRef::parse(text).unwrap_err();
    let Error::Protocol(cause) = error else { panic!("{error}") };
    let log = sent(error);
    assert!(!holds(&log, b"hunter2") && !holds(&log, b"aaa"), "{}", log.escape_ascii());
    assert!(holds(&log, &u32::try_from(cause.offset()).unwrap().to_le_bytes()), "{}", log.escape_ascii());
}
