//! Durations: exact while there are few, else counted in intervals.
//!
//! The histogram of `summary` is not enough for a curve: it counts a few durations in intervals, too, and shows each at the start
//! of its interval, which is too short on average.

use alloc::collections::BTreeMap;
use core::ops::AddAssign;
use core::time::Duration;

/// Durations in memory that is bounded: at most `EXACT` are kept one by one. If there are more, all are counted in intervals
/// whose width is at most a sixty-fourth of their start.
#[derive(Clone, Debug)]
pub(super) struct Durations<const EXACT: usize> {
    /// Durations in nanoseconds, if there are few.
    few: Vec<u64>,
    /// Number of durations by the lower end of their interval, if there are many.
    many: BTreeMap<u64, u64>,
    /// Number of durations.
    total: u64,
}

/// A duration, and its rank among others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct DurationRank {
    /// The duration, in seconds.
    pub(super) seconds: f64,
    /// Number of durations that are not longer, this one among them.
    pub(super) not_longer: u64,
}

impl<const EXACT: usize> Default for Durations<EXACT> {
    fn default() -> Self {
        Self { few: Vec::new(), many: BTreeMap::new(), total: 0 }
    }
}

impl<const EXACT: usize> Durations<EXACT> {
    /// Shortest duration, in nanoseconds, that has an interval of its own: a microsecond. Shorter ones count as zero.
    const SHORTEST: u64 = 1 << 10;
    /// Number of bits after the highest one of a duration that the start of its interval keeps; the lower ones are 0. So
    /// there are 64 intervals between two powers of two.
    const KEPT_BITS: u32 = 6;

    /// Adds a duration.
    pub(super) fn add(&mut self, time: Duration) {
        let time = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.total += 1;
        if self.total <= EXACT as u64 {
            self.few.push(time);
        } else {
            self.count_few();
            self.count(time);
        }
    }

    /// Counts the durations that were kept one by one.
    fn count_few(&mut self) {
        for time in core::mem::take(&mut self.few) {
            self.count(time);
        }
    }

    /// Adds a duration, in nanoseconds, to the count of its interval.
    fn count(&mut self, time: u64) {
        let start = match time.checked_ilog2() {
            Some(exponent) if time >= Self::SHORTEST => {
                let lost_bits = exponent - Self::KEPT_BITS;
                time >> lost_bits << lost_bits
            }
            _ => 0,
        };
        *self.many.entry(start).or_default() += 1;
    }

    /// Returns the middle of the interval that has this start, both in nanoseconds. That of all durations below
    /// [`SHORTEST`](Self::SHORTEST) stands at zero.
    const fn middle(start: u64) -> u64 {
        match start.checked_ilog2() {
            Some(exponent) => start + (1 << exponent >> Self::KEPT_BITS) / 2,
            None => 0,
        }
    }

    /// Returns the number of durations.
    pub(super) const fn total(&self) -> u64 {
        self.total
    }

    /// Returns `true` if each duration is exact.
    pub(super) fn is_exact(&self) -> bool {
        self.many.is_empty()
    }

    /// Returns the different durations, in order. Counted ones stand at the middle of their interval.
    pub(super) fn ranks(&self) -> Vec<DurationRank> {
        let mut few = self.few.clone();
        few.sort_unstable();
        let exact = few.into_iter().map(|time| (time, 1));
        let counted = self.many.iter().map(|(&start, &count)| (Self::middle(start), count));
        let mut ranks: Vec<DurationRank> = Vec::new();
        let mut not_longer = 0;
        for (time, count) in exact.chain(counted) {
            let seconds = time as f64 / 1e9;
            not_longer += count;
            match ranks.last_mut() {
                // The same duration once more.
                Some(last) if last.seconds >= seconds => last.not_longer = not_longer,
                _ => ranks.push(DurationRank { seconds, not_longer }),
            }
        }
        ranks
    }
}

/// Returns the shortest duration, in seconds, that this percentage of the durations does not exceed, given their
/// [ranks](Durations::ranks). `None` without durations.
pub(super) fn percentile(ranks: &[DurationRank], percent: u64) -> Option<f64> {
    let total = u128::from(ranks.last()?.not_longer);
    let wanted = (total * u128::from(percent)).div_ceil(100).max(1);
    ranks.iter().find(|rank| u128::from(rank.not_longer) >= wanted).map(|rank| rank.seconds)
}

impl<const EXACT: usize> AddAssign for Durations<EXACT> {
    fn add_assign(&mut self, other: Self) {
        self.total += other.total;
        self.few.extend(other.few);
        for (start, count) in other.many {
            *self.many.entry(start).or_default() += count;
        }
        if self.total > EXACT as u64 {
            self.count_few();
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Returns durations of some nanoseconds.
    fn durations<const EXACT: usize>(times: &[u64]) -> Durations<EXACT> {
        let mut durations = Durations::default();
        times.iter().for_each(|&time| durations.add(Duration::from_nanos(time)));
        durations
    }

    /// Returns each duration in seconds, and the number of those that are not longer.
    fn pairs<const EXACT: usize>(durations: &Durations<EXACT>) -> Vec<(f64, u64)> {
        durations.ranks().iter().map(|rank| (rank.seconds, rank.not_longer)).collect()
    }

    #[test]
    fn few_are_exact() {
        let times = durations::<5>(&[3_000_000_000, 10_000_000, 10_000_000, 0, 500_000_000]);
        assert!(times.is_exact());
        assert_eq!(pairs(&times), [(0.0, 1), (0.01, 3), (0.5, 4), (3.0, 5)]);
        let found = [1, 20, 21, 60, 61, 80, 100].map(|percent| percentile(&times.ranks(), percent).unwrap());
        assert_eq!(found, [0.0, 0.0, 0.01, 0.01, 0.5, 0.5, 3.0]);
        assert_eq!(percentile(&durations::<5>(&[]).ranks(), 50), None);
    }

    #[test]
    fn many_are_counted() {
        let times = durations::<2>(&[1 << 20, (1 << 20) + (1 << 14) - 1, (1 << 20) + (1 << 14), 5, u64::MAX]);
        assert!(!times.is_exact());
        // Between 2^20 and 2^21 intervals have a width of 2^14; from 2^63 on, of 2^57.
        let [first, second] = [1 << 20, (1 << 20) + (1 << 14)].map(|start| (start + (1 << 13)) as f64 / 1e9);
        let last = ((127_u64 << 57) + (1 << 56)) as f64 / 1e9;
        assert_eq!(pairs(&times), [(0.0, 1), (first, 3), (second, 4), (last, 5)]);
    }

    /// A counted duration stands at the middle of its interval, wherever that is between two powers of two: so the mean
    /// of all durations of a power of two stays what it is.
    #[test]
    fn counted_durations_are_not_biased() {
        let every = |step: usize| (1_u64 << 20..1 << 21).step_by(step).collect::<Vec<_>>();
        let times = every(1 << 8);
        let ranks = durations::<2>(&times).ranks();
        let mean = times.iter().sum::<u64>() as f64 / times.len() as f64 / 1e9;
        let (mut counted, mut shorter) = (0.0, 0);
        for DurationRank { seconds, not_longer } in ranks {
            counted += seconds * (not_longer - shorter) as f64;
            shorter = not_longer;
        }
        let counted = counted / times.len() as f64;
        // The durations themselves stand at the starts of intervals of 2^8 ns.
        assert!((counted - mean).abs() < 2e-7, "{counted} {mean}");
    }

    proptest! {
        /// Sums of durations do not depend on their order, and percentiles are as exact as [`Durations`] says: to half of
        /// an interval, which is a sixty-fourth of the duration at most.
        #[test]
        fn any_order(
            mut times in proptest::collection::vec(prop_oneof![0_u64..3000, 1_u64 << 11..1 << 45, 1_u64 << 45..1 << 63], 1..60),
            cut in 0_usize..60,
        ) {
            let whole = durations::<20>(&times);
            let (first, second) = times.split_at(cut.min(times.len()));
            let mut sum = durations::<20>(second);
            sum += durations::<20>(first);
            prop_assert_eq!(sum.ranks(), whole.ranks());
            prop_assert_eq!((sum.total(), sum.is_exact()), (times.len() as u64, times.len() <= 20));
            times.sort_unstable();
            for percent in [1, 50, 90, 100] {
                let exact = times[(times.len() * percent).div_ceil(100).max(1) - 1] as f64 / 1e9;
                let found = percentile(&whole.ranks(), percent as u64).unwrap();
                // A duration below 1024 ns counts as zero.
                prop_assert!((found - exact).abs() <= if whole.is_exact() { 0.0 } else { exact / 128.0 + 1.1e-6 }, "{found} {exact}");
            }
        }
    }
}
