//! Durations, counted by intervals.
//!
//! The nanoseconds from each power of two to the next one are divided into 32 intervals of equal width. So the start of an
//! interval, which is printed for all durations in it, is at most a thirty-second (3 percent) too low.
//!
//! The number of a duration's interval is 32 times the position of its highest bit, plus the five bits after that one: for
//! 3 ns, 11 in binary, it is 32 * 1 + 16.

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
        if last < u64::BITS as u16 * Self::PER_POWER { Ok(Self(intervals)) } else { Err("there is no such interval") }
    }
}

impl Histogram {
    /// Number of bits after the highest one that select an interval.
    const BITS_AFTER: u32 = 5;
    /// Number of intervals between two powers of two.
    const PER_POWER: u16 = 1 << Self::BITS_AFTER;
    /// Exponent of the decade of the durations below a millisecond, which are no longer told apart.
    pub(crate) const LOWEST_DECADE: i32 = -4;

    /// Counts a duration.
    pub(super) fn add(&mut self, time: Duration) {
        let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let exponent = nanoseconds.max(1).ilog2();
        // The shifts keep the highest bit and the bits after it; the remainder is without the highest one.
        let bits_after = (u128::from(nanoseconds) << Self::BITS_AFTER >> exponent) as u16 % Self::PER_POWER;
        *self.0.entry(exponent as u16 * Self::PER_POWER + bits_after).or_default() += 1;
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
        let (exponent, bits_after) = (interval / Self::PER_POWER, interval % Self::PER_POWER);
        2_f64.powi(exponent.into()) * (1.0 + f64::from(bits_after) / f64::from(Self::PER_POWER)) / 1e9
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

    /// Returns the number of durations in each decade of seconds, by its exponent: 0 is from 1 to 10 seconds. The [lowest
    /// decade](Self::LOWEST_DECADE) has all durations below a millisecond.
    pub(crate) fn decades(&self) -> BTreeMap<i32, u64> {
        let mut decades = BTreeMap::new();
        for (&interval, count) in &self.0 {
            let decade = Self::start(interval).log10().floor() as i32;
            *decades.entry(decade.max(Self::LOWEST_DECADE)).or_default() += count;
        }
        decades
    }
}
