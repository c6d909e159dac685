//! Counts by time, in steps whose length fits the span of the logs.

use alloc::collections::BTreeMap;
use core::ops::{AddAssign, RangeInclusive};
use core::time::Duration;

use serde::{Deserialize, Serialize};

use crate::input::time::TOO_LATE;

/// Lengths of a step in seconds: from a second to ten years. Each is a multiple of the one before, since steps are
/// added up to longer ones: 364 days, which are whole weeks, stand for a year.
const LENGTHS: [u64; 17] = [
    1,
    5,
    10,
    30,
    MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    30 * MINUTE,
    HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    7 * DAY,
    28 * DAY,
    364 * DAY,
    3640 * DAY,
];
/// Number of seconds of a minute.
const MINUTE: u64 = 60;
/// Number of seconds of an hour.
const HOUR: u64 = 60 * MINUTE;
/// Number of seconds of a day.
const DAY: u64 = 24 * HOUR;

/// Values by time.
///
/// The steps are a second long at first, and longer once there are more than [`MAX_STEPS`](Self::MAX_STEPS). Timelines
/// can be merged in any order and grouping: the length of a step depends only on the times.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "TimelineForm<V>", bound(deserialize = "V: Deserialize<'de> + Clone + Default + AddAssign"))]
pub(crate) struct Timeline<V> {
    /// Index of the length of a step in [`LENGTHS`].
    #[serde(rename = "length")]
    length_index: usize,
    /// Values of the steps that have any, by the number of the step: steps are counted from 1970.
    steps: BTreeMap<u64, V>,
}

/// The serialized form of a [`Timeline`], from another process.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TimelineForm<V> {
    /// Index of the length of a step in [`LENGTHS`].
    #[serde(rename = "length")]
    length_index: usize,
    /// Values by the number of the step.
    steps: BTreeMap<u64, V>,
}

impl<V: Clone + Default + AddAssign> TryFrom<TimelineForm<V>> for Timeline<V> {
    type Error = &'static str;

    fn try_from(TimelineForm { length_index, steps }: TimelineForm<V>) -> Result<Self, Self::Error> {
        let length = LENGTHS.get(length_index).ok_or("the length of a step is unknown")?;
        let has_dates = steps.keys().all(|step| *step <= Self::END / length);
        if steps.len() > Self::MAX_STEPS || !has_dates {
            return Err("there are too many steps, or later ones than the year 9999");
        }
        Ok(Self { length_index, steps })
    }
}

/// Consecutive steps of a timeline, in order and without gaps.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Steps<V> {
    /// Unix time of the first step's start, in seconds.
    pub(crate) start: u64,
    /// Length of a step in seconds.
    pub(crate) length: u64,
    /// Values, one for each step.
    pub(crate) values: Vec<V>,
    /// Sum of the values of the steps that are [far](Timeline::near) from these.
    pub(crate) far: V,
}

impl<V> Default for Timeline<V> {
    fn default() -> Self {
        Self { length_index: 0, steps: BTreeMap::new() }
    }
}

impl<V: Clone + Default + AddAssign> Timeline<V> {
    /// Maximum number of steps that have a value: more than a table or a figure shows. Of the longest steps, of ten years, there are
    /// fewer up to the year 9999.
    const MAX_STEPS: usize = 1024;
    /// Unix time of the last second for which a date can be printed.
    const END: u64 = TOO_LATE - 1;

    /// Adds a value at a Unix time. A time beyond the last date counts as that date.
    pub(crate) fn add(&mut self, time: Duration, value: V) {
        let Some(length) = LENGTHS.get(self.length_index) else { return };
        *self.steps.entry(time.as_secs().min(Self::END) / length).or_default() += value;
        self.lengthen_to_limit();
    }

    /// Iterates over the values of all steps.
    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.steps.values()
    }

    /// Adds the values of another timeline.
    pub(crate) fn merge(&mut self, mut other: Self) {
        while self.length_index < other.length_index {
            self.lengthen();
        }
        while other.length_index < self.length_index {
            other.lengthen();
        }
        for (step, value) in other.steps {
            *self.steps.entry(step).or_default() += value;
        }
        self.lengthen_to_limit();
    }

    /// Makes the steps longer until there are at most [`MAX_STEPS`](Self::MAX_STEPS).
    fn lengthen_to_limit(&mut self) {
        while self.steps.len() > Self::MAX_STEPS && self.length_index + 1 < LENGTHS.len() {
            self.lengthen();
        }
    }

    /// Makes the steps as long as the next one of [`LENGTHS`], and adds up their values.
    fn lengthen(&mut self) {
        let lengths = LENGTHS.get(self.length_index).zip(LENGTHS.get(self.length_index + 1));
        let Some((length, next)) = lengths else { return };
        self.length_index += 1;
        for (step, value) in core::mem::take(&mut self.steps) {
            *self.steps.entry(step / (next / length)).or_default() += value;
        }
    }

    /// Returns the values in consecutive steps: the shortest ones of which there are at most `max`, or one step if that is 0.
    /// `None` without values.
    pub(crate) fn steps(&self, max: usize) -> Option<Steps<V>> {
        let own_length = *LENGTHS.get(self.length_index)?;
        let near = self.near()?;
        let (first, last) = (*near.start(), *near.end());
        // Beyond ten years lengths double, so that one of them always fits: the last of these are longer than all of time.
        let longer = (1..32).map(|power| LENGTHS.last().copied().unwrap_or(1) << power);
        let mut lengths = LENGTHS.into_iter().skip(self.length_index).chain(longer);
        let steps_of = |length: u64| (first * own_length / length, last * own_length / length);
        let length = lengths.find(|&length| {
            let (first, last) = steps_of(length);
            last - first < max.max(1) as u64
        })?;
        let (first, last) = steps_of(length);
        let mut values = vec![V::default(); usize::try_from(last - first + 1).ok()?];
        let mut far = V::default();
        for (step, value) in &self.steps {
            if near.contains(step) {
                let index = usize::try_from(step * own_length / length - first).ok()?;
                *values.get_mut(index)? += value.clone();
            } else {
                far += value.clone();
            }
        }
        Some(Steps { start: first * length, length, values, far })
    }

    /// Returns the range of the steps, without a few that are far from all others: more than a year, and more than ten
    /// times the length of the range, before or after it. A machine that does not know the date yet logs such times,
    /// most often of 1970, and steps that reach them would be years long. A few steps are at most a fifth of all. `None`
    /// without values.
    fn near(&self) -> Option<RangeInclusive<u64>> {
        let steps_of_year = 364 * DAY / LENGTHS.get(self.length_index)?;
        let steps: Vec<u64> = self.steps.keys().copied().collect();
        let groups = steps.chunk_by(|before, after| after - before <= steps_of_year);
        let largest = groups.max_by_key(|group| group.len())?;
        let (first, last) = (*largest.first()?, *largest.last()?);
        let min_distance = steps_of_year.max(10 * (last - first));
        let mut others = steps.iter().filter(|step| !(first..=last).contains(step));
        let are_few = 5 * (steps.len() - largest.len()) <= steps.len();
        if are_few && others.all(|&step| step + min_distance < first || step > last + min_distance) {
            return Some(first..=last);
        }
        Some(*steps.first()?..=*steps.last()?)
    }
}

impl<V> Steps<V> {
    /// Returns the length of a step as text.
    pub(crate) fn unit(&self) -> String {
        let (number, unit) = match self.length {
            length if length < MINUTE => (length, "second"),
            length if length < HOUR => (length / MINUTE, "minute"),
            length if length < DAY => (length / HOUR, "hour"),
            length => (length / DAY, "day"),
        };
        if number == 1 { unit.into() } else { format!("{number} {unit}s") }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Returns the timeline of some times in seconds, each counted once.
    fn timeline(times: &[u64]) -> Timeline<u64> {
        let mut timeline = Timeline::default();
        times.iter().for_each(|&time| timeline.add(Duration::from_secs(time), 1));
        timeline
    }

    #[test]
    fn lengths_are_multiples() {
        for pair in LENGTHS.windows(2) {
            assert!(matches!(pair, [length, next] if next % length == 0 && next > length), "{pair:?}");
        }
        assert!(Timeline::<u64>::END / LENGTHS[LENGTHS.len() - 1] < Timeline::<u64>::MAX_STEPS as u64);
    }

    #[test]
    fn steps_that_fit() {
        let line = timeline(&[7200, 7201, 7259, 7260, 7500]);
        let steps = |length, start, values: &[u64]| Steps { start, length, values: values.to_vec(), far: 0 };
        assert_eq!(line.steps(6), Some(steps(60, 7200, &[3, 1, 0, 0, 0, 1])));
        assert_eq!(line.steps(5), Some(steps(300, 7200, &[4, 1])));
        assert_eq!(line.steps(1), Some(steps(600, 7200, &[5])));
        assert_eq!(line.steps(0), line.steps(1));
        assert_eq!(line.steps(1000).unwrap().length, 1);
        assert_eq!(timeline(&[]).steps(9), None);
        // From 1970 to the end of the year 9999, in two steps of 5,100 years.
        let all = timeline(&[0, u64::MAX]).steps(2).unwrap();
        assert_eq!((all.values, all.length), (vec![1, 1], LENGTHS[16] << 9));
    }

    /// A few steps that are more than a year away from all others are no reason for longer steps.
    #[test]
    fn far_times() {
        let now = 1_700_000_000;
        let day = [now, now + 60, now + 120, now + 180, now + 240];
        let steps = |more: &[u64]| timeline(&[&day, more].concat()).steps(9).unwrap();
        assert_eq!((steps(&[]).length, steps(&[]).far), (30, 0));
        let year_2000 = 946_684_800;
        for far in [0, 5, year_2000, now - 366 * DAY, now + 366 * DAY] {
            let found = steps(&[far, far]);
            assert_eq!((found.length, found.start, found.far), (30, steps(&[]).start, 2), "{far}");
        }
        let found = steps(&[0, now * 2]);
        assert_eq!((found.length, found.far), (2 * 3640 * DAY, 0), "too many of them");
        let many: Vec<u64> = (now..now + 8).collect();
        let found = timeline(&[&[0, now * 2], &*many].concat()).steps(9).unwrap();
        assert_eq!((found.length, found.start, found.far), (1, now, 2), "one at each end");
        let found = steps(&[now - 300 * DAY]);
        assert_eq!((found.length, found.far), (364 * DAY, 0), "less than a year away");
        // Years of a log that has a stream each day.
        let days: Vec<u64> = (0..1000).map(|day| now + day * DAY).chain([now + 1500 * DAY]).collect();
        assert_eq!(timeline(&days).steps(100).unwrap().far, 0);
    }

    #[test]
    fn units() {
        for (length, unit) in
            [(1, "second"), (10, "10 seconds"), (60, "minute"), (21_600, "6 hours"), (604_800, "7 days")]
        {
            assert_eq!(Steps { start: 0, length, values: vec![0], far: 0 }.unit(), unit);
        }
    }

    #[test]
    fn decoded_if_valid() {
        let decode = serde_json::from_str::<Timeline<u64>>;
        // Length 6 is ten minutes, and the last date that can be printed is in the first of these steps. There are 17 lengths.
        assert!(decode(r#"{"length":6,"steps":{"422337012":1}}"#).is_ok());
        for json in
            [r#"{"length":6,"steps":{"422337013":1}}"#, r#"{"length":17,"steps":{}}"#, r#"{"length":-1,"steps":{}}"#]
        {
            assert!(decode(json).is_err(), "{json}");
        }
        let many: BTreeMap<u64, u64> = (0..1025).map(|step| (step, 1)).collect();
        let json = serde_json::json!({ "length": 0, "steps": many }).to_string();
        assert!(decode(&json).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        /// However times are cut into three timelines, these merge to the same one, which has every time once.
        #[test]
        fn merged_in_any_order(
            times in proptest::collection::vec(prop_oneof![0_u64..5000, 0_u64..1 << 40, 1_500_000_000_u64..1_600_000_000], 0..3000),
            cuts in (0_usize..3000, 0_usize..3000),
        ) {
            let whole = timeline(&times);
            let (a, b) = (cuts.0.min(cuts.1).min(times.len()), cuts.0.max(cuts.1).min(times.len()));
            let parts = [times.get(..a), times.get(a..b), times.get(b..)].map(|part| timeline(part.unwrap()));
            let [first, second, third] = parts.clone();
            let mut left = first;
            left.merge(second);
            left.merge(third);
            let [first, second, mut right] = parts;
            right.merge(first);
            right.merge(second);
            for merged in [&left, &right] {
                prop_assert_eq!((merged.length_index, &merged.steps), (whole.length_index, &whole.steps));
            }
            prop_assert_eq!(whole.steps.values().sum::<u64>(), times.len() as u64);
            prop_assert!(whole.steps.len() <= Timeline::<u64>::MAX_STEPS);
            let decoded: Timeline<u64> = serde_json::from_str(&serde_json::to_string(&whole).unwrap()).unwrap();
            prop_assert_eq!((decoded.length_index, decoded.steps), (whole.length_index, whole.steps));
        }
    }
}
