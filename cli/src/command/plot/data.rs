//! Counts of streams for the figures, in bounded memory.

use alloc::collections::BTreeMap;
use core::ops::AddAssign;
use core::time::Duration;
use std::io;

use tor_stream_event::Outcome;

use super::durations::Durations;
use crate::command::life::{self, Cause};
use crate::command::lives::LifeCollector;
use crate::command::note::{Life, asked_host};
use crate::command::timeline::Timeline;
use crate::input::time::Time;

/// Maximum number of exact durations of a curve, as the help says. With 8 bytes each, a curve takes 80 kB.
const EXACT: usize = 10_000;
/// Maximum number of exact durations of a step of time, of which there are many more than curves.
const EXACT_IN_STEP: usize = 100;

/// The streams that have a curve in common.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum CurveKeys {
    /// Streams of a kind of request, or with a kind of end.
    Kinds,
    /// Streams of a file.
    Files,
}

/// The durations of a curve.
pub(super) type Curve = Durations<EXACT>;

/// The counts of all streams.
#[derive(Default)]
pub(super) struct StreamCounts {
    /// Number of streams.
    pub(super) streams: u64,
    /// Number of streams that failed.
    pub(super) failed: u64,
    /// Number of streams whose first event has Unix time.
    pub(super) dated: u64,
    /// Unix times of the earliest first event of a stream, and of the latest last one.
    pub(super) span: Option<(Duration, Duration)>,
    /// Times to the first answer, by the index of the curve: a [`RequestKind`], or a file.
    pub(super) answers: BTreeMap<usize, Curve>,
    /// Times from the beginning to the end, by the index of the curve: a [`StreamEnd`], or a file.
    pub(super) lifetimes: BTreeMap<usize, Curve>,
    /// Causes of failures.
    pub(super) causes: Causes,
    /// Streams by the time of their first event.
    pub(super) steps: Timeline<StepCounts>,
}

/// The streams that began in a step of time.
#[derive(Clone, Debug, Default)]
pub(super) struct StepCounts {
    /// Number of streams by their [`StreamEnd`].
    pub(super) ends: [u64; StreamEnd::ALL.len()],
    /// Number of failed streams by the index of their cause in [`Causes`].
    pub(super) causes: BTreeMap<usize, u64>,
    /// Times to the first answer.
    pub(super) answers: Durations<EXACT_IN_STEP>,
}

impl StepCounts {
    /// Returns the counts of a single stream, given the index of its cause and the time to its first answer, if it has any.
    fn of_stream(end: StreamEnd, cause: Option<usize>, answer: Option<Duration>) -> Self {
        let mut counts = Self { causes: cause.map(|cause| (cause, 1)).into_iter().collect(), ..Self::default() };
        if let Some(count) = counts.ends.get_mut(end as usize) {
            *count = 1;
        }
        answer.into_iter().for_each(|time| counts.answers.add(time));
        counts
    }

    /// Returns the number of streams.
    pub(super) fn streams(&self) -> u64 {
        self.ends.iter().sum()
    }
}

impl AddAssign for StepCounts {
    fn add_assign(&mut self, other: Self) {
        self.ends.iter_mut().zip(other.ends).for_each(|(ours, theirs)| *ours += theirs);
        for (cause, count) in other.causes {
            *self.causes.entry(cause).or_default() += count;
        }
        self.answers += other.answers;
    }
}

/// The end of a stream, as the figures distinguish ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StreamEnd {
    /// Answered, and did not fail.
    Answered,
    /// Failed.
    Failed,
    /// Closed without an answer.
    Unanswered,
    /// Neither answered nor ended in the log: open at its end, replaced by another stream with its ID, or dropped to
    /// make room for others.
    NoEnd,
}

impl StreamEnd {
    /// The ends in the order of the figures, each at the index that is its value.
    pub(super) const ALL: [Self; 4] = [Self::Answered, Self::Failed, Self::Unanswered, Self::NoEnd];

    /// Returns the end of a stream.
    fn of(life: &Life) -> Self {
        match life.outcome {
            _ if life.failed() => Self::Failed,
            _ if life.answer.is_some() => Self::Answered,
            Outcome::Closed => Self::Unanswered,
            _ => Self::NoEnd,
        }
    }

    /// Returns the name of the end in a legend.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Failed => "failed",
            Self::Unanswered => "closed, no answer",
            Self::NoEnd => "no answer, no end",
        }
    }
}

/// The kind of a client's request, as the figures distinguish them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RequestKind {
    /// Connection to an onion service.
    Onion,
    /// Any other connection.
    Connect,
    /// Look-up of a name or an address.
    LookUp,
}

impl RequestKind {
    /// The kinds in the order of the figures, each at the index that is its value.
    pub(super) const ALL: [Self; 3] = [Self::Onion, Self::Connect, Self::LookUp];

    /// Returns the kind of a stream.
    fn of(life: &Life) -> Self {
        let last_label = asked_host(life).rsplit_once('.').map(|(_, label)| label);
        match life.is_resolve {
            Some(true) => Self::LookUp,
            _ if last_label.is_some_and(|label| label.eq_ignore_ascii_case("onion")) => Self::Onion,
            _ => Self::Connect,
        }
    }

    /// Returns the name of the kind in a legend.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Onion => "onion services",
            Self::Connect => "other connections",
            Self::LookUp => "look-ups",
        }
    }
}

/// Causes of failures, numbered as they are found. A hostile log has another one in each line, so only the first ones have an
/// index of their own.
#[derive(Default)]
pub(super) struct Causes {
    /// Index of each cause.
    indices: BTreeMap<Cause, usize>,
}

impl Causes {
    /// Maximum number of causes with an index of their own: a tor has some forty. Each has two words of at most 64 bytes, as
    /// many as a `StreamLife` keeps.
    const MAX: usize = 200;
    /// Index of all causes beyond the maximum.
    pub(super) const OTHERS: usize = usize::MAX;

    /// Returns the index of a cause: [`OTHERS`](Self::OTHERS) if it has none of its own.
    fn index_of(&mut self, cause: Cause) -> usize {
        let next = self.indices.len();
        match self.indices.get(&cause) {
            Some(&index) => index,
            None if next < Self::MAX => *self.indices.entry(cause).or_insert(next),
            None => Self::OTHERS,
        }
    }

    /// Iterates over the causes with an index of their own, each with its index.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Cause, usize)> {
        self.indices.iter().map(|(cause, &index)| (cause, index))
    }
}

impl StreamCounts {
    /// Counts a stream.
    fn add(&mut self, life: &Life, curves: CurveKeys) {
        let (end, cause) = (StreamEnd::of(life), Cause::of(life));
        self.streams += 1;
        self.failed += u64::from(cause.is_some());
        // Returns the index of the stream's curve, given that of its kind.
        let curve_of = |kind: usize| match curves {
            CurveKeys::Files => life.note.file,
            CurveKeys::Kinds => kind,
        };
        let answer = life::time_to_answer(life);
        if let Some(time) = answer {
            self.answers.entry(curve_of(RequestKind::of(life) as usize)).or_default().add(time);
        }
        if let Some(time) = life::duration(life) {
            self.lifetimes.entry(curve_of(end as usize)).or_default().add(time);
        }
        let cause = cause.map(|cause| self.causes.index_of(cause));
        if let Some(first) = life.first.and_then(Time::unix) {
            let last = life.last.and_then(Time::unix).unwrap_or(first);
            self.dated += 1;
            let (from, to) = self.span.unwrap_or((first, last));
            self.span = Some((from.min(first), to.max(last)));
            self.steps.add(first, StepCounts::of_stream(end, cause, answer));
        }
    }
}

/// The collector of all logs' streams.
pub(super) struct CountCollector {
    /// Counts so far.
    pub(super) counts: StreamCounts,
    /// Streams that have a curve in common.
    pub(super) curves: CurveKeys,
}

impl LifeCollector<Vec<Life>> for CountCollector {
    fn lives(&mut self, lives: Vec<Life>) -> io::Result<()> {
        lives.iter().for_each(|life| self.counts.add(life, self.curves));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The name and the look of a curve are looked up by its index, and a stream is counted by the value of its end or kind.
    #[test]
    fn ends_and_kinds_stand_at_their_values() {
        assert_eq!(StreamEnd::ALL.map(|end| end as usize), [0, 1, 2, 3]);
        assert_eq!(RequestKind::ALL.map(|kind| kind as usize), [0, 1, 2]);
    }
}
