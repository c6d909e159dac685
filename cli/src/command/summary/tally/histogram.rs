//! Durations, counted by their first three decimal digits.
//!
//! The nanoseconds from each power of ten to the next one are divided into 900 intervals of equal width. So the start of an
//! interval, which is printed for all durations in it, is at most a hundredth too low, and whole seconds are exact up to 999.
//!
//! The number of a duration's interval is 1000 times the exponent of the power of ten, plus the three digits: 1.5 s are
//! 1.50 * 10^9 ns, so their interval is 9150.

use alloc::collections::BTreeMap;
use core::time::Duration;

use serde::{Deserialize, Serialize};

/// The number of durations in each interval, by the number of the interval. Intervals without durations are absent.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<u16, u64>")]
pub(crate) struct Histogram(BTreeMap<u16, u64>);

impl TryFrom<BTreeMap<u16, u64>> for Histogram {
    type Error = &'static str;

    /// Returns a histogram that was serialized.
    fn try_from(intervals: BTreeMap<u16, u64>) -> Result<Self, Self::Error> {
        let exists = |&interval: &u16| interval <= Self::LAST && Self::digits(interval) >= Self::LEAST_DIGITS;
        if intervals.keys().all(exists) { Ok(Self(intervals)) } else { Err("there is no such interval") }
    }
}

impl Histogram {
    /// Step between the numbers of intervals whose durations have the same digits: three digits fit below it.
    const PER_EXPONENT: u16 = 1000;
    /// Least number that three digits make, since the first one is not 0.
    const LEAST_DIGITS: u16 = 100;
    /// Exponent of the power of ten in [`LEAST_DIGITS`](Self::LEAST_DIGITS).
    const DIGITS_EXPONENT: u16 = 2;
    /// Exponent of the number of nanoseconds in a second.
    const SECOND_EXPONENT: u16 = 9;
    /// Number of the last interval: that of `u64::MAX` nanoseconds, about 1.84 * 10^19.
    const LAST: u16 = 19 * Self::PER_EXPONENT + 184;
    /// Exponent, in seconds, of the decade that [`decades`](Self::decades) counts all durations below a millisecond in.
    pub(crate) const LOWEST_DECADE: i32 = -4;

    /// Counts a duration; 0 counts as a nanosecond.
    pub(super) fn add(&mut self, time: Duration) {
        let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX).max(1);
        let exponent = nanoseconds.ilog10() as u16;
        let digits = match exponent.checked_sub(Self::DIGITS_EXPONENT) {
            Some(more) => nanoseconds / 10_u64.pow(more.into()),
            None => nanoseconds * 10_u64.pow((Self::DIGITS_EXPONENT - exponent).into()),
        };
        *self.0.entry(exponent * Self::PER_EXPONENT + digits as u16).or_default() += 1;
    }

    /// Returns the exponent of the durations in an interval: 9 for 1 to 9.99 s, since they are 10^9 ns or more.
    const fn exponent(interval: u16) -> u16 {
        interval / Self::PER_EXPONENT
    }

    /// Returns the first three digits of the durations in an interval.
    const fn digits(interval: u16) -> u16 {
        interval % Self::PER_EXPONENT
    }

    /// Adds the counts of another histogram.
    pub(super) fn merge(&mut self, other: Self) {
        for (interval, count) in other.0 {
            *self.0.entry(interval).or_default() += count;
        }
    }

    /// Returns the number of durations; `u64::MAX` if it is greater than that.
    pub(crate) fn total(&self) -> u64 {
        self.0.values().fold(0, |total, &count| total.saturating_add(count))
    }

    /// Returns the start of an interval, in seconds.
    fn start(interval: u16) -> f64 {
        // A division by a power of ten rounds once, so that 123 ms are 0.123; a product with its inverse rounds twice.
        let exponent = i32::from(Self::exponent(interval)) - i32::from(Self::SECOND_EXPONENT + Self::DIGITS_EXPONENT);
        let (digits, power) = (f64::from(Self::digits(interval)), 10_f64.powi(exponent.abs()));
        if exponent < 0 { digits / power } else { digits * power }
    }

    /// Returns the start, in seconds, of the interval that has the percentile: the lowest duration which at least `percent`
    /// percent of all durations do not exceed. `None` without durations.
    pub(crate) fn percentile(&self, percent: u64) -> Option<f64> {
        // The product does not overflow: `OverflowGuard` keeps each sum of the counts that others have sent below 2^53.
        let rank = (self.total() * percent).div_ceil(100).max(1);
        let mut durations = 0;
        let interval = self.0.iter().find(|&(_, count)| {
            durations += count;
            durations >= rank
        });
        interval.map(|(&interval, _)| Self::start(interval))
    }

    /// Returns the number of durations in each decade of seconds, by its exponent: 0 is from 1 second to less than 10, and
    /// [`LOWEST_DECADE`](Self::LOWEST_DECADE) is below a millisecond.
    pub(crate) fn decades(&self) -> BTreeMap<i32, u64> {
        let mut decades = BTreeMap::new();
        for (&interval, count) in &self.0 {
            let decade = i32::from(Self::exponent(interval)) - i32::from(Self::SECOND_EXPONENT);
            *decades.entry(decade.max(Self::LOWEST_DECADE)).or_default() += count;
        }
        decades
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    /// Returns a histogram of some durations in nanoseconds.
    fn histogram(nanoseconds: impl IntoIterator<Item = u64>) -> Histogram {
        let mut histogram = Histogram::default();
        nanoseconds.into_iter().for_each(|time| histogram.add(Duration::from_nanos(time)));
        histogram
    }

    /// A duration of exactly a power of ten is in the decade that begins there, and a nanosecond less is in the one before.
    #[test]
    fn decades_at_their_ends() {
        // Nanoseconds, and the exponent of the decade in seconds. A millisecond are 10^6 ns.
        for (nanoseconds, decade) in [
            (0, -4),
            (1, -4),
            (999_999, -4),
            (1_000_000, -3),
            (9_999_999, -3),
            (10_000_000, -2),
            (99_999_999, -2),
            (100_000_000, -1),
            (999_999_999, -1),
            (1_000_000_000, 0),
            (9_999_999_999, 0),
            (10_000_000_000, 1),
            (99_999_999_999, 1),
            (100_000_000_000, 2),
            (1_000_000_000_000, 3),
            (u64::MAX, 10),
        ] {
            assert_eq!(histogram([nanoseconds]).decades(), BTreeMap::from([(decade, 1)]), "{nanoseconds}");
        }
    }

    /// The start of an interval has the first three digits of each duration in it.
    #[test]
    fn starts_of_intervals() {
        for (nanoseconds, start) in [
            (1, 1e-9),
            (57, 57e-9),
            (123_999_999, 0.123),
            (300_000_000, 0.3),
            (999_999_999, 0.999),
            (1_000_000_000, 1.0),
            (17_000_000_000, 17.0),
            (999_999_999_999, 999.0),
            (1_239_000_000_000, 1230.0),
            (u64::MAX, 18_400_000_000.0),
        ] {
            // The only duration has each percentile.
            let found = histogram([nanoseconds]).percentile(50).unwrap();
            assert!(found == start, "{nanoseconds}: {found}");
        }
    }

    /// No duration is more than a hundredth longer than its interval's start.
    #[test]
    fn at_most_a_hundredth_too_low() {
        // Some 300 durations over the whole range, each about a seventh longer than the one before.
        let mut nanoseconds = 1_u64;
        while let Some(longer) = nanoseconds.checked_add(nanoseconds / 7 + 1) {
            nanoseconds = longer;
            let (start, seconds) = (histogram([nanoseconds]).percentile(99).unwrap(), nanoseconds as f64 / 1e9);
            // The numbers of `f64` are not exact, hence a little more at each end.
            assert!(start <= seconds * (1.0 + 1e-12) && seconds < start * (1.01 + 1e-12), "{nanoseconds}: {start}");
        }
    }

    /// Intervals in the form in which they are sent. Digits below 100 have no interval, and no `u64` has a later one than the
    /// last.
    #[test]
    fn intervals_as_data() {
        let json = serde_json::to_string(&histogram([0, 1_500_000_000, u64::MAX])).unwrap();
        assert_eq!(json, r#"{"100":1,"9150":1,"19184":1}"#);
        let read: Histogram = serde_json::from_str(&json).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), json);
        for wrong in [r#"{"99":1}"#, r#"{"9099":1}"#, r#"{"19185":1}"#, r#"{"9100":-1}"#] {
            assert!(serde_json::from_str::<Histogram>(wrong).is_err(), "{wrong}");
        }
    }
}
