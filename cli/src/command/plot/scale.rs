//! Scales: the places of values on an axis, and the ticks of an axis.

use core::ops::Range;
use core::time::Duration;

use jiff::civil::{Date, Time};
use jiff::tz::Offset;

use crate::input::time::rfc3339;

/// A linear map from values to places.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    /// Lowest and highest value.
    pub(super) values: (f64, f64),
    /// Places of the lowest and highest value.
    pub(super) places: (f64, f64),
}

impl Scale {
    /// Returns the place of a value. Values beyond the ends stand at the ends.
    pub(super) fn at(&self, value: f64) -> f64 {
        let ((low, high), (from, to)) = (self.values, self.places);
        // An axis of a single value has it in the middle.
        let share = if high > low { (value - low) / (high - low) } else { 0.5 };
        from + share.clamp(0.0, 1.0) * (to - from)
    }
}

/// A mark on an axis.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    /// Value of the mark.
    pub(super) value: f64,
    /// Label; empty at a minor mark.
    pub(super) label: String,
    /// Second line of the label; empty if there is none.
    pub(super) below: String,
}

impl Tick {
    /// Returns a mark with a label of one line.
    pub(super) fn new(value: f64, label: String) -> Self {
        Self { value, label, below: String::new() }
    }
}

/// Returns the decimal logarithm of seconds. A nanosecond stands for zero.
pub(super) fn log10(seconds: f64) -> f64 {
    seconds.max(1e-9).log10()
}

/// Returns two round times between which these times lie: a one, two or five, and zeros. Times below a microsecond do
/// not count: a log with coarse times has many zeros.
pub(super) fn round_ends(seconds: impl Iterator<Item = f64>) -> (f64, f64) {
    let counted = seconds.filter(|&seconds| seconds >= 1e-6);
    let (low, high) = counted.fold((f64::INFINITY, 0.0_f64), |(low, high), time| (time.min(low), time.max(high)));
    // Without a time that counts, any axis will do.
    if low > high {
        return (1e-3, 1.0);
    }
    // A tolerance of a nanosecond: rounding of sums moves no end.
    let low = round_times().take_while(|&time| time <= low + 1e-9).last().unwrap_or(1e-6);
    let high = round_times().find(|&time| time >= high - 1e-9 && time > low).unwrap_or(1e9);
    (low, high)
}

/// Powers of ten, in seconds, on an axis: from a microsecond to thirty years.
const EXPONENTS: Range<i32> = -6..10;

/// Iterates over round times, in order.
fn round_times() -> impl Iterator<Item = f64> {
    EXPONENTS.flat_map(|exponent| [1, 2, 5].map(|digit| decimal(digit, exponent)))
}

/// Returns a digit times a power of ten, as exact as a number with this decimal form can be.
fn decimal(digit: u8, exponent: i32) -> f64 {
    format!("{digit}e{exponent}").parse().unwrap_or_default()
}

/// Returns the marks of a logarithmic axis of seconds between round times, with labels at powers of ten and minor marks
/// between them.
pub(super) fn log_ticks((low, high): (f64, f64)) -> Vec<Tick> {
    // On an axis of less than two powers of ten, twos and fives are named as well. Both ends are round numbers, so 99 is as
    // good as 100, and is not missed by rounding.
    let is_short = high < low * 99.0;
    let marks = EXPONENTS.flat_map(|exponent| (1..10).map(move |digit| (digit, decimal(digit, exponent))));
    let marks = marks.filter(|&(_, seconds)| seconds >= low && seconds <= high);
    let named = |digit: u8| digit == 1 || is_short && (digit == 2 || digit == 5);
    let label = |digit, seconds| if named(digit) { round_label(seconds) } else { String::new() };
    let mark = |(digit, seconds)| Tick::new(log10(seconds), label(digit, seconds));
    marks.map(mark).collect()
}

/// Returns a round number of seconds as text. The limits are a little below a millisecond and a second, which rounding may
/// miss.
fn round_label(seconds: f64) -> String {
    match seconds {
        ..0.000_999 => format!("{:.0} µs", seconds * 1e6),
        ..0.999 => format!("{:.0} ms", seconds * 1e3),
        _ => format!("{seconds:.0} s"),
    }
}

/// Returns a time in seconds as text, with three digits. From the limits on, rounding to three digits gives the next unit,
/// or one digit less after the point.
pub(super) fn seconds(time: f64) -> String {
    let (number, unit) = match time {
        ..0.000_999_5 => (time * 1e6, "µs"),
        ..0.999_5 => (time * 1e3, "ms"),
        _ => (time, "s"),
    };
    match number {
        ..9.995 => format!("{number:.2} {unit}"),
        ..99.95 => format!("{number:.1} {unit}"),
        _ => format!("{number:.0} {unit}"),
    }
}

/// Returns the marks of an axis of counts from zero to at least `highest`, the last one at its end.
pub(super) fn count_ticks(highest: u64) -> Vec<Tick> {
    const MAX_GAPS: u64 = 5;
    // The distances of marks are 1, 2, 5, 10, 20 and so on: the first one with few enough gaps.
    let mut distance = 1_u64;
    for factor in [2, 5, 10].iter().cycle() {
        if highest.div_ceil(distance) <= MAX_GAPS {
            break;
        }
        let power_of_ten = 10_u64.saturating_pow(distance.ilog10());
        distance = power_of_ten.saturating_mul(*factor).max(distance);
    }
    let gaps = highest.div_ceil(distance).max(1);
    (0..=gaps).map(|n| Tick::new((n * distance) as f64, short(n * distance))).collect()
}

/// Returns a round number in few letters, such as `50k` or `1.5M`.
fn short(number: u64) -> String {
    let (divisor, letter) = match number {
        ..10_000 => return crate::output::table::thousands(number),
        10_000..1_000_000 => (1e3, "k"),
        1_000_000..1_000_000_000 => (1e6, "M"),
        _ => (1e9, "G"),
    };
    format!("{}{letter}", number as f64 / divisor)
}

/// Number of seconds of a day.
const DAY: u64 = 86_400;
/// Distances of marks, in seconds, that are shorter than a month.
const DISTANCES: [u64; 23] = [
    1,
    2,
    5,
    10,
    15,
    30,
    60,
    120,
    300,
    600,
    900,
    1800,
    3600,
    7200,
    10_800,
    21_600,
    43_200,
    DAY,
    2 * DAY,
    3 * DAY,
    5 * DAY,
    7 * DAY,
    14 * DAY,
];
/// Distances of marks in months, up to 500 years.
const MONTH_DISTANCES: [i32; 12] = [1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200, 6000];

/// Maximum number of gaps between the marks of an axis of time, so that their labels have room.
const MAX_TIME_GAPS: u8 = 6;

/// Returns the marks of an axis of Unix time, in seconds.
pub(super) fn time_ticks(from: u64, to: u64) -> Vec<Tick> {
    let max_gaps = u64::from(MAX_TIME_GAPS);
    let span = to.saturating_sub(from);
    match DISTANCES.iter().find(|&&distance| span / distance < max_gaps) {
        Some(&distance) => {
            let first = from.div_ceil(distance) * distance;
            let times = (0..=max_gaps).map(|n| first + n * distance).take_while(|&time| time <= to);
            labelled(
                times,
                match distance {
                    // Ranges of `2026-11-22T19:53:36Z`: the time of day with seconds, or without.
                    ..60 => Some(11..19),
                    60..DAY => Some(11..16),
                    _ => None,
                },
            )
        }
        None => months(from, to).unwrap_or_default(),
    }
}

/// Returns marks with labels: days, or the times of day that stand in this range of a date and time.
fn labelled(times: impl Iterator<Item = u64>, time_of_day: Option<Range<usize>>) -> Vec<Tick> {
    let mut last = String::new();
    let mark = |time: u64| {
        let text = rfc3339(Duration::from_secs(time)).unwrap_or_default();
        let (year, day) = (text.get(..4).unwrap_or_default(), day_and_month(&text));
        let (label, below) = match &time_of_day {
            Some(range) => (text.get(range.clone()).unwrap_or_default().to_owned(), format!("{day} {year}")),
            None => (day, year.to_owned()),
        };
        // The second line stands only where it changes.
        let is_new = last != below;
        last.clone_from(&below);
        Tick { value: time as f64, label, below: if is_new { below } else { String::new() } }
    };
    times.map(mark).collect()
}

/// Returns the day and month of a date such as `2026-11-22`.
fn day_and_month(date: &str) -> String {
    let day = date.get(8..10).unwrap_or_default().trim_start_matches('0');
    format!("{day} {}", month(date.get(5..7).and_then(|month| month.parse().ok()).unwrap_or_default()))
}

/// Returns the name of a month, from 1.
fn month(number: usize) -> &'static str {
    const NAMES: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    number.checked_sub(1).and_then(|index| NAMES.get(index)).copied().unwrap_or_default()
}

/// Returns marks at the first days of months, with the name of the month and the year, or with the year alone if marks are years
/// apart. `None` for a time that has no date.
fn months(from: u64, to: u64) -> Option<Vec<Tick>> {
    let date =
        |time: u64| Some(Offset::UTC.to_datetime(jiff::Timestamp::from_second(time.try_into().ok()?).ok()?).date());
    // Months are numbered from the year 0 on.
    let number_of = |date: Date| i32::from(date.year()) * 12 + i32::from(date.month()) - 1;
    let (first, last) = (number_of(date(from)?), number_of(date(to)?));
    // A thousand years are enough for any time with a date: none is after the year 9999.
    let distance =
        MONTH_DISTANCES.into_iter().find(|distance| (last - first) / distance < MAX_TIME_GAPS.into()).unwrap_or(12_000);
    let mut ticks = Vec::new();
    let mut number = (first + distance - 1) / distance * distance;
    let mut last_year = 0;
    while number <= last {
        let (year, month_number) = (i16::try_from(number / 12).ok()?, i8::try_from(number % 12 + 1).ok()?);
        let start = Date::new(year, month_number, 1).ok()?.to_datetime(Time::midnight());
        let seconds = Offset::UTC.to_timestamp(start).ok()?.as_second();
        if u64::try_from(seconds).is_ok_and(|seconds| (from..=to).contains(&seconds)) {
            let name = month(usize::try_from(month_number).ok()?).to_owned();
            // The year stands only where it changes.
            let is_new = last_year != year;
            last_year = year;
            let (label, below) = match distance {
                12.. => (year.to_string(), String::new()),
                _ if is_new => (name, year.to_string()),
                _ => (name, String::new()),
            };
            ticks.push(Tick { value: seconds as f64, label, below });
        }
        number += distance;
    }
    Some(ticks)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the labels of marks, both lines with a slash between.
    fn labels(ticks: &[Tick]) -> Vec<String> {
        let line = |tick: &Tick| {
            if tick.below.is_empty() { tick.label.clone() } else { format!("{}/{}", tick.label, tick.below) }
        };
        ticks.iter().map(line).collect()
    }

    #[test]
    fn marks_of_counts() {
        assert_eq!(labels(&count_ticks(0)), ["0", "1"]);
        assert_eq!(labels(&count_ticks(5)), ["0", "1", "2", "3", "4", "5"]);
        assert_eq!(labels(&count_ticks(59)), ["0", "20", "40", "60"]);
        assert_eq!(labels(&count_ticks(7300)), ["0", "2,000", "4,000", "6,000", "8,000"]);
        assert_eq!(labels(&count_ticks(230_000)), ["0", "50k", "100k", "150k", "200k", "250k"]);
        assert!(count_ticks(u64::MAX / 20).len() <= 6);
    }

    #[test]
    fn marks_of_durations() {
        assert_eq!(round_ends([0.0, 0.02, 0.15].into_iter()), (0.02, 0.2));
        assert_eq!(round_ends([0.01, 0.1].into_iter()), (0.01, 0.1));
        assert_eq!(round_ends([1.0].into_iter()), (1.0, 2.0));
        assert_eq!(round_ends([0.000_31, 7.3].into_iter()), (0.000_2, 10.0));
        assert_eq!(round_ends([0.0].into_iter()), (0.001, 1.0));
        let named = |low, high| {
            let labels = labels(&log_ticks((low, high)));
            labels.into_iter().filter(|label| !label.is_empty()).collect::<Vec<_>>()
        };
        assert_eq!(named(0.000_05, 200.0), ["100 µs", "1 ms", "10 ms", "100 ms", "1 s", "10 s", "100 s"]);
        assert_eq!(named(0.1, 1.0), ["100 ms", "200 ms", "500 ms", "1 s"]);
        assert_eq!(log_ticks((0.1, 1.0)).len(), 10);
        assert_eq!([0.06, 0.0, 1.5, 123.4].map(seconds), ["60.0 ms", "0.00 µs", "1.50 s", "123 s"]);
    }

    #[test]
    fn marks_of_times() {
        // 2026-11-22T19:53:36Z and on.
        let start = 1_795_377_216;
        let ticks = |span| labels(&time_ticks(start, start + span));
        assert_eq!(ticks(222), ["19:54/22 Nov 2026", "19:55", "19:56", "19:57"]);
        assert_eq!(ticks(20), ["19:53:40/22 Nov 2026", "19:53:45", "19:53:50", "19:53:55"]);
        assert_eq!(ticks(86_400), ["00:00/23 Nov 2026", "06:00", "12:00", "18:00"]);
        assert_eq!(ticks(5 * 86_400), ["23 Nov/2026", "24 Nov", "25 Nov", "26 Nov", "27 Nov"]);
        assert_eq!(ticks(200 * 86_400), ["Jan/2027", "Mar", "May"]);
        assert_eq!(ticks(3000 * 86_400), ["2028", "2030", "2032", "2034"]);
        assert_eq!(time_ticks(0, 0).len(), 1);
        for power in 0..38 {
            let number = time_ticks(start, start + (1 << power)).len();
            assert!((1..8).contains(&number), "{number} marks for 2^{power} seconds");
        }
        let scale = Scale { values: (0.0, 10.0), places: (100.0, 0.0) };
        assert_eq!([0.0, 2.5, 10.0, 11.0].map(|value| scale.at(value)), [100.0, 75.0, 0.0, 0.0]);
    }
}
