//! The circuits with the slowest first answers.

use core::cmp::Reverse;
use core::time::Duration;

use serde::{Deserialize, Serialize};

use super::circuit::{LogCircuit, is_stream_id};

/// The circuits with the slowest first answers, the slowest first. Each circuit is there once, with its slowest answer.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(try_from = "Vec<SlowAnswer>")]
pub(crate) struct Slowest(Vec<SlowAnswer>);

/// The first answer to a stream.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SlowAnswer {
    /// Time from NEW to SUCCEEDED.
    pub(crate) time: Duration,
    /// Circuit of the answer.
    pub(crate) circuit: LogCircuit,
    /// The stream's ID.
    pub(crate) stream_id: String,
}

impl TryFrom<Vec<SlowAnswer>> for Slowest {
    type Error = &'static str;

    /// Returns answers that were deserialized, after checks.
    fn try_from(answers: Vec<SlowAnswer>) -> Result<Self, Self::Error> {
        if answers.len() > Self::MAX_CIRCUITS || !answers.iter().all(|answer| is_stream_id(&answer.stream_id)) {
            return Err("there are too many answers, or an ID is wrong");
        }
        let mut slowest = Self::default();
        answers.into_iter().for_each(|answer| slowest.add(answer));
        Ok(slowest)
    }
}

impl Slowest {
    /// Maximum number of circuits: as many as the text prints by default.
    const MAX_CIRCUITS: usize = 10;

    /// Returns `false` if an answer that took so long is certainly not among the slowest. `true` is no promise: the answer's
    /// circuit may have a slower one.
    pub(super) fn may_keep(&self, time: Duration) -> bool {
        self.0.len() < Self::MAX_CIRCUITS || self.0.last().is_none_or(|last| time >= last.time)
    }

    /// Adds an answer, if it is among the slowest.
    pub(super) fn add(&mut self, answer: SlowAnswer) {
        // Equal times are ordered by circuit and stream, so that the result does not depend on the order of adding.
        let order = |answer: &SlowAnswer| (Reverse(answer.time), answer.circuit.clone(), answer.stream_id.clone());
        match self.0.iter().position(|kept| kept.circuit == answer.circuit) {
            Some(index) => match self.0.get_mut(index) {
                Some(kept) if order(&answer) < order(kept) => *kept = answer,
                _ => return,
            },
            None if !self.may_keep(answer.time) => return,
            None => self.0.push(answer),
        }
        self.0.sort_by_cached_key(order);
        self.0.truncate(Self::MAX_CIRCUITS);
    }

    /// Adds the answers of another tally.
    pub(super) fn merge(&mut self, other: Self) {
        other.0.into_iter().for_each(|answer| self.add(answer));
    }

    /// Replaces each circuit. The answers stay sorted, so `circuit` has to keep the order of circuits.
    pub(super) fn replace_circuits(&mut self, circuit: impl Fn(LogCircuit) -> LogCircuit) {
        self.0.iter_mut().for_each(|answer| answer.circuit = circuit(answer.circuit.clone()));
    }

    /// Iterates over the answers, the slowest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &SlowAnswer> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeMap;

    use super::*;

    /// Returns the slowest answers in order, as milliseconds, circuit and stream.
    fn rows(slowest: &Slowest) -> Vec<(u128, &str, &str)> {
        slowest.iter().map(|slow| (slow.time.as_millis(), slow.circuit.circuit_id.as_str(), &*slow.stream_id)).collect()
    }

    /// The ten slowest circuits, each with its slowest answer, are the same for every cut of a log and order of
    /// answers.
    #[test]
    fn slowest_circuits_of_ranges() {
        // Times without order, halved so that some are equal, on 17 circuits: more than are kept, each with several answers.
        let answer = |n: u64| SlowAnswer {
            time: Duration::from_millis(n * 7919 % 101 / 2),
            circuit: LogCircuit::new((n * 31 % 17 + 1).to_string().parse().expect("an ID")),
            stream_id: n.to_string(),
        };
        let collect = |numbers: &mut dyn Iterator<Item = u64>| {
            let mut slowest = Slowest::default();
            numbers.for_each(|n| slowest.add(answer(n)));
            slowest
        };
        let whole = collect(&mut (0..60));
        let mut by_circuit: BTreeMap<String, SlowAnswer> = BTreeMap::new();
        for answer in (0..60).map(answer) {
            let known = by_circuit.entry(answer.circuit.circuit_id.to_string()).or_insert_with(|| answer.clone());
            if (answer.time, Reverse(&answer.stream_id)) > (known.time, Reverse(&known.stream_id)) {
                *known = answer;
            }
        }
        let mut expected: Vec<_> = by_circuit.values().cloned().collect();
        expected.sort_by_key(|answer| (Reverse(answer.time), answer.circuit.clone()));
        expected.truncate(10);
        assert_eq!(rows(&whole), rows(&Slowest(expected)));
        assert_eq!(rows(&whole), rows(&collect(&mut (0..60).rev())));
        for cut in 0..60 {
            let mut first = collect(&mut (0..cut));
            first.merge(collect(&mut (cut..60)));
            assert_eq!(rows(&whole), rows(&first), "{cut}");
        }
    }
}
