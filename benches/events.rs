//! Criterion benchmarks of the library: `cargo bench -p benches`.
//!
//! Throughput is in bytes; with `THROUGHPUT=events` in the environment it is in events. `operation/input` as an
//! argument picks one measurement. The library has its feature `std`, as for most users.
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "a benchmark has them all")]
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a benchmark stops at any surprise")]

mod common;

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput};
use tor_stream_event::{
    EventDecoder, EventReader, LineEnd, Quoted, StreamEvent, StreamEventRef, StreamTracker, stream_events,
};

use crate::common::corpus::{self, Corpus};
use crate::common::reading::{every_field, glance};

/// Minimum size of an input in bytes: more than the 1 MiB of the cache next to a core, on the machine of RESULTS.md.
const SIZE: usize = 2_000_000;

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    for corpus in [corpus::modern(), corpus::legacy(), corpus::credentials(), corpus::hostile()] {
        let corpus = corpus.repeated(SIZE);
        bench_events(&mut Bench { criterion: &mut criterion, input: corpus.name }, &corpus);
        let glances = corpus.contents.iter().map(|line| glance(&StreamEventRef::parse_bytes(line))).sum();
        let input = Buffer { bytes: corpus.buffer, line_end: LineEnd::CrLf, events: corpus.contents.len(), glances };
        bench_entry_points(&mut Bench { criterion: &mut criterion, input: corpus.name }, &input);
    }
    for (name, file, line_end) in [("log", corpus::log(), LineEnd::Lf), ("wire", corpus::wire(), LineEnd::CrLf)] {
        let bytes = corpus::repeated(file, SIZE);
        let times = bytes.len() / file.len();
        let glances_of_file: Vec<_> = stream_events(file).map(|line| glance(&line.event)).collect();
        let glances = glances_of_file.iter().sum::<u64>() * times as u64;
        let input = Buffer { bytes, line_end, events: glances_of_file.len() * times, glances };
        bench_entry_points(&mut Bench { criterion: &mut criterion, input: name }, &input);
    }
    criterion.final_summary();
}

/// Measurements of one input.
struct Bench<'a> {
    /// Criterion, which takes the measurements.
    criterion: &'a mut Criterion,
    /// The input's name.
    input: &'static str,
}

impl Bench<'_> {
    /// Measures `run`, which reads `events` events of `bytes` bytes and has to return `expected` every time.
    fn measure(&mut self, operation: &str, events: usize, bytes: usize, expected: u64, mut run: impl FnMut() -> u64) {
        let in_events = std::env::var("THROUGHPUT").is_ok_and(|unit| unit == "events");
        let mut group = self.criterion.benchmark_group(operation);
        group.throughput(if in_events { Throughput::Elements(events as u64) } else { Throughput::Bytes(bytes as u64) });
        group.bench_function(self.input, |bencher| bencher.iter(|| assert_eq!(run(), expected)));
        group.finish();
    }
}

/// Measures operations on contents and on single events.
fn bench_events(bench: &mut Bench<'_>, corpus: &Corpus) {
    let (contents, texts) = (corpus.contents, corpus.texts);
    let content_size = contents.iter().map(|content| content.len()).sum();
    let text_size = texts.iter().map(|text| text.len()).sum();
    let events: Vec<_> = texts.iter().filter_map(|text| StreamEventRef::parse(text).ok()).collect();
    let event_size = events.iter().map(|event| event.content().len()).sum();

    let glances = texts.iter().map(|text| glance(&StreamEventRef::parse_bytes(text.as_bytes()))).sum();
    bench.measure("parse", texts.len(), text_size, glances, || {
        texts.iter().map(|text| glance(black_box(&StreamEventRef::parse(text)))).sum()
    });

    let glances = contents.iter().map(|content| glance(&StreamEventRef::parse_bytes(content))).sum();
    bench.measure("parse_bytes", contents.len(), content_size, glances, || {
        contents.iter().map(|content| glance(black_box(&StreamEventRef::parse_bytes(content)))).sum()
    });

    // Lenient reading returns the same event wherever strict reading accepts the content.
    let strict_or_lenient =
        |content| StreamEventRef::parse_bytes(content).or_else(|_| StreamEventRef::parse_lenient(content));
    let glances = contents.iter().map(|content| glance(&strict_or_lenient(content))).sum();
    bench.measure("parse_lenient", contents.len(), content_size, glances, || {
        contents.iter().map(|content| glance(black_box(&StreamEventRef::parse_lenient(content)))).sum()
    });

    let readings = events.iter().map(every_field).sum();
    bench.measure("parse_and_read", texts.len(), text_size, readings, || {
        texts.iter().map(|text| black_box(&StreamEventRef::parse(text)).as_ref().map_or(0, every_field)).sum()
    });

    let ports = events.iter().map(|event| u64::from(event.target_port)).sum();
    bench.measure("parse_owned", texts.len(), text_size, ports, || {
        texts
            .iter()
            .map(|text| black_box(&StreamEvent::parse(text)).as_ref().map_or(0, |event| event.target_port.into()))
            .sum()
    });
    bench.measure("into_owned", events.len(), event_size, ports, || {
        events.iter().map(|event| u64::from(black_box(&event.into_owned()).target_port)).sum()
    });

    let steps = follow(&events);
    bench.measure("tracker", events.len(), event_size, steps, || follow(&events));

    let mut printed = String::new();
    bench.measure("display", events.len(), event_size, event_size as u64, || {
        let mut sum = 0;
        for event in &events {
            printed.clear();
            write!(printed, "{event}").expect("a string takes any text");
            sum += black_box(&printed).len() as u64;
        }
        sum
    });

    let quoted: Vec<Quoted<'_>> =
        events.iter().flat_map(|event| [event.socks_username(), event.socks_password()]).flatten().collect();
    if !quoted.is_empty() {
        let size = quoted.iter().map(|quoted| quoted.escaped().len()).sum();
        let bytes = quoted.iter().flat_map(|quoted| quoted.to_vec()).map(u64::from).sum();
        bench.measure("unescape", quoted.len(), size, bytes, || {
            quoted.iter().flat_map(|quoted| quoted.bytes()).map(u64::from).sum()
        });
    }
}

/// Tracks the streams of `events`, and sums up the steps of the lives that the tracker returns. A repeated corpus has the same IDs
/// again: with a NEW another stream begins, and any other event of a closed stream is a life of its own.
fn follow(events: &[StreamEventRef<'_>]) -> u64 {
    // More than the streams of any corpus that are live at a time.
    let mut tracker = StreamTracker::new(1000);
    let lives = events.iter().zip(0_u64..).filter_map(|(event, time)| tracker.update(event, time));
    lives.map(|life| black_box(&life).steps.len() as u64).sum()
}

/// An input of whole lines; lines without an event may be among them.
#[derive(Clone, Copy)]
struct Buffer {
    /// The lines.
    bytes: &'static [u8],
    /// The line end.
    line_end: LineEnd,
    /// Number of events.
    events: usize,
    /// Sum of [`glance`] at each event.
    glances: u64,
}

/// Measures each entry point for whole lines, and two limits of their speed: the counting of newlines, and the check that the
/// same bytes are UTF-8. The second one is a limit only where nearly all bytes belong to events: an entry point does not check
/// other lines.
fn bench_entry_points(bench: &mut Bench<'_>, input: &Buffer) {
    let &Buffer { bytes, line_end, events, glances } = input;
    let mut measure = |operation: &str, expected, run: &mut dyn FnMut() -> u64| {
        bench.measure(operation, events, bytes.len(), expected, run)
    };

    measure("whole_buffer", glances, &mut || {
        stream_events(bytes).line_end(line_end).map(|line| glance(black_box(&line.event))).sum()
    });
    // The number in the name is the length of the chunks.
    for (operation, chunk_length) in [("decoder_64", 64), ("decoder_4k", 4096), ("decoder_64k", 65536)] {
        measure(operation, glances, &mut || {
            let mut decoder = EventDecoder::<4096>::new().line_end(line_end);
            let mut sum = 0;
            for mut chunk in bytes.chunks(chunk_length) {
                while let Some(line) = decoder.next_event(&mut chunk) {
                    sum += glance(black_box(&line.event));
                }
            }
            sum
        });
    }
    measure("reader", glances, &mut || {
        let mut reader = EventReader::new(bytes).line_end(line_end);
        let mut sum = 0;
        while let Some(line) = reader.next_event().expect("memory can be read") {
            sum += glance(black_box(&line.event));
        }
        sum
    });

    let newlines = bytes.iter().filter(|&&byte| byte == b'\n').count() as u64;
    measure("limit_newlines", newlines, &mut || memchr::memchr_iter(b'\n', black_box(bytes)).count() as u64);
    // ASCII, since the check would stop at the first byte that is not UTF-8.
    let ascii: Vec<u8> = bytes.iter().map(|byte| byte & 0x7f).collect();
    measure("limit_from_utf8", 1, &mut || std::str::from_utf8(black_box(&ascii)).is_ok().into());
}
