//! Durations, counted by intervals.

use alloc::collections::BTreeMap;
use core::time::Duration;

use serde::{Deserialize, Serialize};

/// The number of durations in each interval. The width of an interval is at most a thirty-second of its start.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<u16, u64>")]
pub(crate) struct Histogram(BTreeMap<u16, u64>);

impl TryFrom<BTreeMap<u16, u64>> for Histogram {
    type Error = &'static str;

    /// Returns a histogram that was serialized.
    fn try_from(intervals: BTreeMap<u16, u64>) -> Result<Self, Self::Error> {
        let last = intervals.last_key_value().map_or(0, |(&interval, _)| interval);
        // A duration in nanoseconds has 64 bits.
        if last < 64 * Self::PARTS { Ok(Self(intervals)) } else { Err("there is no such interval") }
    }
}

impl Histogram {
    /// Number of intervals between two powers of two.
    const PARTS: u16 = 32;

    /// Counts a duration.
    pub(super) fn add(&mut self, time: Duration) {
        let time = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        // The highest bit, and the five bits after it.
        let exponent = time.max(1).ilog2();
        let part = (u128::from(time) << 5 >> exponent) as u16 % Self::PARTS;
        *self.0.entry(exponent as u16 * Self::PARTS + part).or_default() += 1;
    }

    /// Adds the counts of another histogram.
    pub(super) fn merge(&mut self, other: Self) {
        for (interval, count) in other.0 {
            *self.0.entry(interval).or_default() += count;
        }
    }

    /// Returns the number of durations, or the maximum if it is greater than that.
    pub(crate) fn total(&self) -> u64 {
        self.0.values().fold(0, |total, &count| total.saturating_add(count))
    }

    /// Returns the start of an interval, in seconds.
    fn seconds(interval: u16) -> f64 {
        let (exponent, part) = (interval / Self::PARTS, interval % Self::PARTS);
        2_f64.powi(exponent.into()) * (1.0 + f64::from(part) / f64::from(Self::PARTS)) / 1e9
    }

    /// Returns the start, in seconds, of the interval with the given percentile. `None` without durations.
    pub(crate) fn percentile(&self, percent: u64) -> Option<f64> {
        let rank = (self.total() * percent).div_ceil(100).max(1);
        let mut seen = 0;
        let found = self.0.iter().find(|&(_, count)| {
            seen += count;
            seen >= rank
        });
        found.map(|(&interval, _)| Self::seconds(interval))
    }

    /// Returns the number of durations in each decade of seconds, by its exponent. The first decade includes all
    /// durations below a millisecond.
    pub(crate) fn decades(&self) -> BTreeMap<i32, u64> {
        let mut decades = BTreeMap::new();
        for (&interval, count) in &self.0 {
            *decades.entry((Self::seconds(interval).log10().floor() as i32).max(-4)).or_default() += count;
        }
        decades
    }
}
