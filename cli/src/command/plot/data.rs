//! Counts of streams for the figures, in memory that is bounded.

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

/// Maximum number of durations of a curve that are kept one by one.
const EXACT: usize = 10_000;
/// Maximum number of durations of a step of time that are kept one by one.
const EXACT_IN_STEP: usize = 100;

/// The durations of a curve.
pub(super) type Curve = Durations<EXACT>;

/// The counts of all streams.
#[derive(Default)]
pub(super) struct Data {
    /// Number of streams.
    pub(super) streams: u64,
    /// Number of streams that failed.
    pub(super) failed: u64,
    /// Number of streams whose first event has Unix time.
    pub(super) dated: u64,
    /// Unix times of the first and the last event of a stream.
    pub(super) span: Option<(Duration, Duration)>,
    /// Times to the first answer, by curve.
    pub(super) answers: BTreeMap<usize, Curve>,
    /// Times from the beginning to the end, by curve.
    pub(super) lifetimes: BTreeMap<usize, Curve>,
    /// Causes of failures, and the number of streams of each.
    pub(super) causes: Causes,
    /// Streams by the time of their first event.
    pub(super) steps: Timeline<Step>,
}

/// The streams that began in a step of time.
#[derive(Clone, Debug, Default)]
pub(super) struct Step {
    /// Number of streams by how they ended.
    pub(super) ends: [u64; End::ALL.len()],
    /// Number of failed streams by the index of their cause.
    pub(super) causes: BTreeMap<usize, u64>,
    /// Times to the first answer.
    pub(super) answers: Durations<EXACT_IN_STEP>,
}

impl AddAssign for Step {
    fn add_assign(&mut self, other: Self) {
        self.ends.iter_mut().zip(other.ends).for_each(|(ours, theirs)| *ours += theirs);
        for (cause, count) in other.causes {
            *self.causes.entry(cause).or_default() += count;
        }
        self.answers += other.answers;
    }
}

/// The end of a stream, as far as the figures tell ends apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Answered, and did not fail.
    Answered,
    /// Failed.
    Failed,
    /// Closed without an answer.
    Unanswered,
    /// Neither answered nor closed in the log.
    Open,
}

impl End {
    /// The ends, in the order of the figures.
    pub(super) const ALL: [Self; 4] = [Self::Answered, Self::Failed, Self::Unanswered, Self::Open];

    /// Returns the end of a stream.
    fn of(life: &Life) -> Self {
        match life.outcome {
            _ if life.failed() => Self::Failed,
            _ if life.answer.is_some() => Self::Answered,
            Outcome::Closed => Self::Unanswered,
            _ => Self::Open,
        }
    }

    /// Returns the name of the end in a legend.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Failed => "failed",
            Self::Unanswered => "closed, no answer",
            Self::Open => "open at the end",
        }
    }
}

/// The kind of a stream whose answers are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Connection to an onion service.
    Onion,
    /// Any other connection.
    Connect,
    /// Look-up of a name or an address.
    LookUp,
}

impl Kind {
    /// The kinds, in the order of the figures.
    pub(super) const ALL: [Self; 3] = [Self::Onion, Self::Connect, Self::LookUp];

    /// Returns the kind of a stream.
    fn of(life: &Life) -> Self {
        let host = asked_host(life);
        let end = host.len().checked_sub(".onion".len()).and_then(|at| host.get(at..));
        match (life.is_resolve, end) {
            (Some(true), _) => Self::LookUp,
            (_, Some(end)) if end.eq_ignore_ascii_case(".onion") => Self::Onion,
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

/// Causes of failures. A log made for the purpose has another one in each line, so only the first ones are told apart.
#[derive(Default)]
pub(super) struct Causes {
    /// Index of each cause.
    indices: BTreeMap<Cause, usize>,
    /// Number of streams by the index of the cause.
    pub(super) counts: Vec<u64>,
}

impl Causes {
    /// Maximum number of causes.
    pub(super) const MOST: usize = 200;
    /// Maximum length of a cause's words, in bytes. tor's words have some twenty.
    const LONGEST: usize = 64;
    /// Index of all causes beyond the maximum.
    const OTHERS: usize = usize::MAX;

    /// Counts a cause, and returns its index.
    fn add(&mut self, cause: Cause) -> usize {
        let next = self.counts.len();
        let has_room = next < Self::MOST && cause.longest() <= Self::LONGEST;
        let index = match self.indices.get(&cause) {
            Some(&index) => index,
            None if has_room => {
                self.indices.insert(cause, next);
                self.counts.push(0);
                next
            }
            None => return Self::OTHERS,
        };
        if let Some(count) = self.counts.get_mut(index) {
            *count += 1;
        }
        index
    }

    /// Iterates over the causes, each with its index.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Cause, usize)> {
        self.indices.iter().map(|(cause, &index)| (cause, index))
    }
}

impl Data {
    /// Counts a stream. With `by_file`, each file has a curve of its own.
    fn stream(&mut self, life: &Life, by_file: bool) {
        if life.outcome == Outcome::AfterClosed {
            return;
        }
        let (end, cause) = (End::of(life), Cause::of(life));
        self.streams += 1;
        self.failed += u64::from(cause.is_some());
        let curve = |index: usize| if by_file { life.note.file } else { index };
        let answer = life::time_to_answer(life);
        if let Some(time) = answer {
            self.answers.entry(curve(Kind::of(life) as usize)).or_default().add(time);
        }
        if let Some(time) = life::duration(life) {
            self.lifetimes.entry(curve(end as usize)).or_default().add(time);
        }
        let cause = cause.map(|cause| self.causes.add(cause));
        let Some(first) = life.first.and_then(Time::unix) else { return };
        self.dated += 1;
        let last = life.last.and_then(Time::unix).unwrap_or(first);
        let (from, to) = self.span.unwrap_or((first, last));
        self.span = Some((from.min(first), to.max(last)));
        let mut step = Step { causes: cause.map(|cause| (cause, 1)).into_iter().collect(), ..Step::default() };
        if let Some(count) = step.ends.get_mut(end as usize) {
            *count += 1;
        }
        answer.into_iter().for_each(|time| step.answers.add(time));
        self.steps.add(first, step);
    }
}

/// The collector of all logs' streams.
pub(super) struct Counter {
    /// Counts so far.
    pub(super) data: Data,
    /// Set if each file has curves of its own.
    pub(super) by_file: bool,
}

impl LifeCollector<Vec<Life>> for Counter {
    fn lives(&mut self, lives: Vec<Life>) -> io::Result<()> {
        lives.iter().for_each(|life| self.data.stream(life, self.by_file));
        Ok(())
    }
}
