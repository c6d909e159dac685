//! Durations, counted by intervals.
//!
//! Each power of two of nanoseconds, up to the next one, is divided into 32 intervals of equal width. The number of an
//! interval is made of the position of the duration's highest bit and the five bits after it. So the start of the
//! interval, which is printed for all durations in it, is at most a thirty-second too low.

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
        let last = intervals.last_key_value().map_or(0, |(&interval, _)| interval);
        if last < u64::BITS as u16 * Self::PARTS { Ok(Self(intervals)) } else { Err("there is no such interval") }
    }
}

impl Histogram {
    /// Number of bits after the highest one that select an interval.
    const PART_BITS: u32 = 5;
    /// Number of intervals between two powers of two.
    const PARTS: u16 = 1 << Self::PART_BITS;

    /// Counts a duration.
    pub(super) fn add(&mut self, time: Duration) {
        let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let exponent = nanoseconds.max(1).ilog2();
        // The highest bit becomes `PARTS`, which the remainder takes off; the bits after it are left.
        let part = (u128::from(nanoseconds) << Self::PART_BITS >> exponent) as u16 % Self::PARTS;
        *self.0.entry(exponent as u16 * Self::PARTS + part).or_default() += 1;
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
        let (exponent, part) = (interval / Self::PARTS, interval % Self::PARTS);
        2_f64.powi(exponent.into()) * (1.0 + f64::from(part) / f64::from(Self::PARTS)) / 1e9
    }

    /// Returns the start, in seconds, of the interval with the given percentile. `None` without durations.
    pub(crate) fn percentile(&self, percent: u64) -> Option<f64> {
        // A percentile is the lowest duration that so many percent of all do not exceed. The product does not overflow:
        // `OverflowGuard` keeps each sum of what others have sent below 2^53.
        let rank = (self.total() * percent).div_ceil(100).max(1);
        let mut durations = 0;
        let interval = self.0.iter().find(|&(_, count)| {
            durations += count;
            durations >= rank
        });
        interval.map(|(&interval, _)| Self::start(interval))
    }

    /// Returns the number of durations in each decade of seconds, by its exponent: 0 is from 1 to 10 seconds. The lowest
    /// decade, -4, has all durations below a millisecond.
    pub(crate) fn decades(&self) -> BTreeMap<i32, u64> {
        let mut decades = BTreeMap::new();
        for (&interval, count) in &self.0 {
            *decades.entry((Self::start(interval).log10().floor() as i32).max(-4)).or_default() += count;
        }
        decades
    }
}
