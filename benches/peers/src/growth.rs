//! Growth of the time to read a line with text that clients choose.

use std::hint::black_box;

use tor_stream_event::StreamEventRef;

use crate::rounds::{self, Contender};

/// Lines that make parsers read the same bytes again and again: name, text before, repeated text, text after.
const KINDS: [(&str, &str, &str, &str); 8] = [
    ("credentials", "18 CLOSED 5 a.example:80 REASON=DONE SOCKS_USERNAME=\"", "a", "\" CLIENT_PROTOCOL=SOCKS5"),
    ("escapes", "18 CLOSED 5 a.example:80 REASON=DONE SOCKS_USERNAME=\"", "\\\"", "\" CLIENT_PROTOCOL=SOCKS5"),
    ("keywords, known", "18 CLOSED 5 ", "x:1 REASON=DONE ", "y:80 REASON=SOCKS_PROTOCOL"),
    ("keywords, unknown", "18 CLOSED 5 a.example:80", " KEY=VALUE", ""),
    ("open quotes", "18 CLOSED 5 a.example:80", " SOCKS_USERNAME=\"", ""),
    ("quotation marks", "18 CLOSED 5 ", "\"", ":80 REASON=DONE"),
    ("backslashes", "18 CLOSED 5 ", "\\", "\":80 REASON=DONE"),
    ("spaces", "18 CLOSED 5 ", " ", "a.example:80 REASON=DONE"),
];

/// The shorter of the two lengths of the repeated text that are compared, in bytes: twice the 4 KiB of tor's longest line.
const LENGTH: usize = 8192;

/// Number of bytes of the repeated text that are read in one measurement of the shorter line: 0.1 to 2 milliseconds of work.
const BYTES: usize = 1 << 20;

/// Time of one kind of line.
#[derive(Debug)]
pub struct Growth {
    /// The kind.
    pub kind: &'static str,
    /// Nanoseconds for one byte of the shorter line.
    pub per_byte: f64,
    /// Time of the line of twice the length, divided by that of the shorter line.
    pub doubled: f64,
}

/// Measures lines of each kind, and lines twice as long.
pub fn growth() -> Vec<Growth> {
    let line = |(_, start, repeated, end): (&str, &str, &str, &str), length: usize| {
        format!("{start}{}{end}", repeated.repeat(length / repeated.len()))
    };
    let lines: Vec<String> = KINDS.iter().flat_map(|&kind| [line(kind, LENGTH), line(kind, 2 * LENGTH)]).collect();
    let medians = rounds::medians(&mut lines.iter().map(|line| often(line, BYTES / LENGTH)).collect::<Vec<_>>());
    let times = medians.chunks_exact(2);
    KINDS
        .iter()
        .zip(times)
        .map(|(&(kind, ..), times)| Growth { kind, per_byte: times[0] / BYTES as f64, doubled: times[1] / times[0] })
        .collect()
}

/// Compares hostile lines with plain lines of the same length. Returns the ratio of their times, and the hostile line, the
/// lowest ratio first.
pub fn hostile<'a>(lines: &[&'a [u8]]) -> Vec<(f64, &'a [u8])> {
    /// Number of times that a line of some hundred bytes is read in one measurement.
    const TIMES: usize = 1000;
    let plain: Vec<String> = lines.iter().map(|line| plain(line.len())).collect();
    let mut contenders: Vec<_> =
        lines.iter().zip(&plain).flat_map(|(line, plain)| [often(line, TIMES), often(plain, TIMES)]).collect();
    let medians = rounds::medians(&mut contenders);
    let mut ratios: Vec<_> =
        medians.chunks_exact(2).zip(lines).map(|(times, &line)| (times[0] / times[1], line)).collect();
    ratios.sort_by(|a, b| a.0.total_cmp(&b.0));
    ratios
}

/// Returns a plain line of a given length, or the shortest one if that is longer. A line that is long enough has a host of 64
/// bytes, and a user name that fills the rest.
fn plain(length: usize) -> String {
    const HOST: usize = 64;
    let (start, end) = ("18 CLOSED 5 ", ":80 REASON=DONE");
    let (name, tail) = (" SOCKS_USERNAME=\"", "\" CLIENT_PROTOCOL=SOCKS5 NYM_EPOCH=0 SESSION_GROUP=-4 ISO_FIELDS=");
    let around = start.len() + end.len() + name.len() + tail.len();
    match length.checked_sub(around + HOST) {
        Some(rest) => format!("{start}{}{end}{name}{}{tail}", "a".repeat(HOST), "a".repeat(rest)),
        None => format!("{start}{}{end}", "a".repeat(length.saturating_sub(start.len() + end.len()).max(1))),
    }
}

/// Returns a contender that reads one line many times.
fn often<'a>(line: &'a (impl AsRef<[u8]> + ?Sized), times: usize) -> Contender<'a> {
    let line = line.as_ref();
    Contender::new("a line", move || {
        (0..times).map(|_| u64::from(black_box(&StreamEventRef::parse_bytes(black_box(line))).is_ok())).sum()
    })
}
