//! Calls every function of the library that returns a value and needs no allocator, on input that the compiler cannot know.
//! `display.rs` and `debug.rs` call those that write.
//!
//! The program copies the events on standard input to standard output, which shows that it works. `ci/no-panic` checks that the
//! linked program has no panic, no allocator and nothing undefined, and that no public function is forgotten here.
//!
//! The program is built without checks for overflow, as releases are. With these checks the compiler would keep panics for additions
//! to an index, though none overflows: an index within a slice is at most half of `usize::MAX`.
#![no_std]
#![no_main]
#![allow(clippy::clone_on_copy, reason = "`Clone` is part of what is called")]

mod bare;

use core::error::Error as _;
use core::hash::{Hash, Hasher};
use core::hint::black_box;
use core::str::FromStr;

use tor_stream_event::{
    Anomalies, Anomaly, Args, CircuitId, ClientProtocol, Error, EventDecoder, EventLine, IsoField, IsoFields, LineEnd,
    LineState, LogFormat, Quoted, Skipped, StreamClosureReason, StreamEventRef, StreamId, StreamPurpose, StreamSource,
    StreamStatus, stream_events,
};

extern "C" fn main() -> ! {
    let input = bare::input();
    for line in stream_events(input) {
        use_line(&line);
        if let Ok(event) = line.event {
            bare::write(b"650 STREAM ");
            bare::write(event.content());
            bare::write(b"\r\n");
        }
    }
    // Every line end that is set, in a buffer and in chunks.
    for line_end in [LineEnd::CrLf, LineEnd::Lf] {
        for line in stream_events(input).lenient(true).line_end(line_end).clone() {
            use_line(&line);
        }
        for len in [1, 7, 4096] {
            use_decoder(input, len, line_end);
        }
    }
    // The format of each line, and one made of any two texts.
    let mut rest = input;
    while let Some((line, next)) =
        rest.iter().position(|&byte| byte == b'\n').and_then(|at| rest.split_at_checked(at + 1))
    {
        rest = next;
        let (before, after) = line.split_at_checked(line.len() / 2).unwrap_or_default();
        for format in [LogFormat::of_line(line), LogFormat::like(before, after)].into_iter().flatten() {
            use_format(&format, input);
        }
    }
    use_states(input);
    bare::exit(0)
}

/// Gives `input` to a decoder in chunks of `len` bytes.
#[inline(never)]
fn use_decoder(input: &[u8], len: usize, line_end: LineEnd) {
    /// Small enough to meet lines that do not fit.
    type Small = EventDecoder<200>;
    let mut decoder = if len == 1 { Small::default() } else { Small::new().lenient(true) }.line_end(line_end);
    // The compiler does not know that `len` is never 0, with which `chunks` panics.
    for chunk in input.chunks(len.max(1)) {
        let mut rest = chunk;
        while let Some(line) = decoder.next_event(&mut rest) {
            use_line(&line);
        }
    }
    if let Some(line) = decoder.finish() {
        use_line(&line);
    }
    // Once more, after the end.
    black_box(decoder.finish());
}

/// Reads a log whose lines may have a format around them.
#[inline(never)]
fn use_format(format: &LogFormat, log: &[u8]) {
    black_box((format.before(), format.after(), format.fits(log), *format == format.clone()));
    format.hash(&mut Sum(0));
    // A second format is one more: it does not replace the first.
    for line in stream_events(log).log_format(*format).log_format(*format) {
        use_line(&line);
    }
    let mut decoder = EventDecoder::<200>::new().log_format(*format);
    let mut rest = log;
    while let Some(line) = decoder.next_event(&mut rest) {
        use_line(&line);
    }
    black_box(decoder.replies());
    use_skipped(decoder.skipped());
}

/// Reads a log in two ranges, cut at many places.
#[inline(never)]
fn use_states(log: &[u8]) {
    // A prime number, so that the cuts are at any place of a line; and large, since each cut reads the whole log.
    for at in (0..=log.len()).step_by(1999) {
        let Some((first, second)) = log.split_at_checked(at) else { continue };
        let mut events = stream_events(first);
        events.by_ref().for_each(|line| use_line(&line));
        black_box(events.replies());
        use_skipped(events.skipped());
        let mut state = events.state();
        use_state(&state, second);
        if let Some(part) = state.part() {
            let mut events = stream_events(second).resume(&part);
            events.by_ref().for_each(|line| use_line(&line));
            let part = events.state();
            let (lines, bytes, replies) = (part.lines(), part.bytes(), part.replies());
            black_box(state.clone().append_counts(lines, bytes, replies, &part.skipped()));
            if let Err(part) = state.append(part) {
                use_state(&part, second);
            }
        }
        for line in stream_events(second).resume(&state.clone()) {
            use_line(&line);
        }
    }
}

/// Calls the functions of a state.
#[inline(never)]
fn use_state(state: &LineState, line: &[u8]) {
    black_box((state.line_end(), state.lines(), state.bytes(), state.replies(), state.reply_prefix(line)));
    use_skipped(state.skipped());
}

/// Calls the functions of counts of skipped lines.
#[inline(never)]
fn use_skipped(skipped: Skipped) {
    black_box((skipped.is_empty(), skipped == Skipped::default()));
    skipped.hash(&mut Sum(0));
}

/// Calls the functions of a line, of its event or error, and those that read the event's content again.
#[inline(never)]
fn use_line(line: &EventLine<'_>) {
    black_box((line.number, line.offset, line.prefix, line.line));
    black_box((line.unix_time(), line.is_terminated()));
    black_box(*line == line.clone());
    match &line.event {
        Ok(event) => {
            use_event(event);
            use_args(event.args());
            use_readings(event.content());
            use_words(event.status_str());
        }
        Err(error) => use_error(error),
    }
}

/// Reads `content` in every way, whole and cut anywhere.
#[inline(never)]
fn use_readings(content: &[u8]) {
    for end in 0..=content.len() {
        let content = content.get(..end).unwrap_or_default();
        for event in [
            StreamEventRef::parse_bytes(content),
            StreamEventRef::parse_lenient(content),
            StreamEventRef::try_from(content),
            StreamEventRef::parse_line(content),
        ] {
            use_event_or_error(event);
        }
        if let Ok(content) = core::str::from_utf8(content) {
            use_event_or_error(StreamEventRef::parse(content));
            use_event_or_error(StreamEventRef::try_from(content));
            use_ids(content);
        }
    }
}

/// Calls the functions of an event, or of an error.
#[inline(never)]
fn use_event_or_error(event: Result<StreamEventRef<'_>, Error>) {
    match event {
        Ok(event) => use_event(&event),
        Err(error) => use_error(&error),
    }
}

/// Calls the functions of an event.
#[inline(never)]
fn use_event(event: &StreamEventRef<'_>) {
    black_box((event.id, event.status, event.circuit_id, event.target_host, event.target_port));
    black_box((event.reason, event.remote_reason, event.source, event.source_addr, event.purpose));
    black_box((event.status_str(), event.reason_str(), event.remote_reason_str(), event.source_str()));
    black_box((event.purpose_str(), event.client_protocol_str(), event.client_protocol()));
    black_box((event.nym_epoch(), event.session_group(), event.iso_fields_str()));
    black_box((event.source_host(), event.source_port(), event.exit_relay()));
    black_box((event.target_bytes(), event.content()));
    for text in [event.content(), event.target_bytes(), event.id.as_bytes(), b"a"] {
        black_box(event.redact(text).as_str());
    }
    black_box(event.arg(black_box("REASON")));
    black_box(*event == event.clone());
    event.hash(&mut Sum(0));
    use_anomalies(event.anomalies());
    use_iso_fields(event.iso_fields());
    for quoted in [event.socks_username(), event.socks_password()].into_iter().flatten() {
        use_quoted(quoted);
    }
}

/// Calls the functions of an event's arguments.
#[inline(never)]
fn use_args(args: Args<'_>) {
    black_box(args.clone().count());
    for (key, value) in args {
        black_box((key, value));
        use_words(value);
    }
}

/// Calls the functions of a list of isolation fields.
#[inline(never)]
fn use_iso_fields(fields: IsoFields<'_>) {
    black_box(IsoFields::default().next());
    black_box(fields.clone().words().map(str::len).sum::<usize>());
    for field in fields {
        black_box(field.as_str());
    }
}

/// Calls the functions of a quoted string.
#[inline(never)]
fn use_quoted(quoted: Quoted<'_>) {
    black_box((quoted.escaped(), quoted.bytes().size_hint(), quoted == quoted.clone()));
    quoted.hash(&mut Sum(0));
    for byte in quoted.bytes().clone() {
        black_box(byte);
    }
}

/// Calls the functions of a set of anomalies, and of each anomaly.
#[inline(never)]
fn use_anomalies(anomalies: Anomalies) {
    black_box((anomalies.is_empty(), anomalies == Anomalies::NONE, anomalies == Anomalies::default()));
    anomalies.hash(&mut Sum(0));
    black_box(anomalies.iter().chain(&anomalies).collect::<Anomalies>() | anomalies);
    for anomaly in anomalies {
        black_box((anomaly.as_str(), anomaly));
    }
    for &anomaly in Anomaly::ALL {
        black_box((anomalies.contains(anomaly), anomaly < Anomaly::TargetQuote));
        anomaly.hash(&mut Sum(0));
    }
}

/// Calls the functions of an error.
#[inline(never)]
fn use_error(error: &Error) {
    black_box((*error == error.clone(), error.source().is_some()));
    error.hash(&mut Sum(0));
    match error {
        Error::Protocol(error) => {
            black_box((error.kind(), error.offset(), error.word(), *error == error.clone()));
            black_box(Error::from(*error));
        }
        Error::LineTooLong { length, limit, .. } => {
            black_box((length, limit));
        }
        _ => {}
    }
}

/// Parses `text` as IDs, and calls the functions of these.
#[inline(never)]
fn use_ids(text: &str) {
    if let (Ok(id), Ok(circuit)) = (StreamId::from_str(text), CircuitId::from_str(text)) {
        black_box((id.as_str(), id.as_ref(), id == *text, id == text, id < id.clone(), id == id.clone()));
        black_box((circuit.as_str(), circuit.as_ref(), circuit == *text, circuit == text));
        black_box((circuit < circuit.clone(), circuit == circuit.clone()));
        id.hash(&mut Sum(0));
        circuit.hash(&mut Sum(0));
    }
    if let Err(error) = StreamId::from_str(text) {
        use_error(&error);
    }
}

/// Looks `word` up in every table.
#[inline(never)]
fn use_words(word: &str) {
    macro_rules! tables {
        ($($table:ident)+) => {$(
            let found = $table::from_word(word).unwrap_or($table::Unrecognized);
            black_box((word.parse() == Ok(found), AsRef::<str>::as_ref(&found)));
            black_box((found.as_str(), found < $table::Unrecognized, $table::ALL.contains(&found)));
            found.hash(&mut Sum(0));
        )+};
    }
    black_box(Quoted::parse(word));
    tables! { StreamStatus StreamClosureReason StreamSource StreamPurpose ClientProtocol IsoField }
}

/// A simple hasher: `core` has none.
struct Sum(u64);

impl Hasher for Sum {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }

    fn finish(&self) -> u64 {
        black_box(self.0)
    }
}
