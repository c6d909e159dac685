//! A measure of growth: whether the time for a text grows no faster than the text.

use core::time::Duration;
use std::time::Instant;

/// Length of a longer text, as a multiple of that of a shorter one, and number of times that the shorter one is read.
pub(crate) const GROWTH: usize = 8;

/// Limit of the time for the longer text, as a multiple of that for the readings of the shorter one, which is 1 for linear work and
/// [`GROWTH`] for quadratic work.
const MAX_RATIO: u32 = 4;

/// Number of times that a text is measured before its times are compared, so that each shortest time is likely one without interruption.
const FIRST: usize = 3;

/// Number of times that a text above the limit is measured before it fails.
const ATTEMPTS: usize = 50;

/// Returns the time of reading a text a number of times.
fn time_of(read: &dyn Fn(&[u8]), text: &[u8], times: usize) -> Duration {
    let start = Instant::now();
    (0..times).for_each(|_| read(text));
    start.elapsed()
}

/// Asserts that the work of `read` is linear, given a text and one that is [`GROWTH`] times as long.
///
/// The time for the longer text is compared with that for [`GROWTH`] readings of the shorter one. Work that starts over at each part of a
/// text takes [`GROWTH`] times as long. The shortest times count: another process that takes the processor away makes some
/// of them longer, but not all.
pub(crate) fn assert_linear(name: &str, read: &dyn Fn(&[u8]), short: &[u8], long: &[u8]) {
    let (mut time_of_short, mut time_of_long) = (Duration::MAX, Duration::MAX);
    let is_linear = (1..=ATTEMPTS).any(|attempt| {
        time_of_short = time_of_short.min(time_of(read, short, GROWTH));
        time_of_long = time_of_long.min(time_of(read, long, 1));
        attempt >= FIRST && time_of_long < MAX_RATIO * time_of_short
    });
    let shown = short.get(..short.len().min(60)).unwrap_or_default().escape_ascii();
    assert!(is_linear, "{name}: {time_of_long:?} and {time_of_short:?} for {shown}...");
}
