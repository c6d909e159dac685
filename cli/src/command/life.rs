//! Facts of a stream's life that several commands tell.

use core::fmt;
use core::time::Duration;

use serde::{Deserialize, Serialize};
use tor_stream_event::{CircuitId, Outcome, Step, StreamClosureReason, StreamLife, StreamStatus};

use crate::input::time::Time;

/// The life of a stream.
pub(crate) type Life = StreamLife<Option<Time>>;

/// Why a stream failed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Cause {
    /// The reason, if there is one.
    pub(crate) reason: Option<String>,
    /// The other end's reason.
    pub(crate) remote_reason: Option<String>,
}

impl Cause {
    /// Returns the length of the longest text in it.
    pub(crate) fn longest(&self) -> usize {
        self.reason.iter().chain(&self.remote_reason).map(String::len).max().unwrap_or_default()
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason.as_deref().unwrap_or("no reason"))?;
        self.remote_reason.as_ref().map_or(Ok(()), |remote| write!(f, "/{remote}"))
    }
}

/// Returns the first step with a status.
fn step(life: &Life, status: StreamStatus) -> Option<&Step<Option<Time>>> {
    life.steps.iter().find(|step| step.status == status)
}

/// Returns `true` if the stream's beginning was seen.
pub(crate) fn began(life: &Life) -> bool {
    let first = life.steps.first().map(|step| step.status);
    matches!(first, Some(StreamStatus::New | StreamStatus::NewResolve))
}

/// Returns `true` if the stream's end was seen.
pub(crate) fn ended(life: &Life) -> bool {
    life.outcome == Outcome::Closed || step(life, StreamStatus::Failed).is_some()
}

/// Returns what the client asked for: to connect, or to resolve a name or an address.
pub(crate) fn asked(life: &Life) -> Option<&'static str> {
    life.steps.iter().find_map(|step| match step.status {
        StreamStatus::New | StreamStatus::SentConnect => Some("connect"),
        StreamStatus::NewResolve | StreamStatus::SentResolve => Some("resolve"),
        _ => None,
    })
}

/// Returns why a stream failed, if it did: with a FAILED, or, if it was to resolve, with a CLOSED for another reason than DONE
/// before any answer. For the latter tor prints no FAILED.
pub(crate) fn failure(life: &Life) -> Option<Cause> {
    let failed = step(life, StreamStatus::Failed).is_some();
    let unanswered = asked(life) == Some("resolve")
        && life.outcome == Outcome::Closed
        && step(life, StreamStatus::Succeeded).is_none()
        && life.reason.is_some_and(|reason| reason != StreamClosureReason::Done);
    (failed || unanswered).then(|| Cause {
        reason: life.reason.map(|reason| reason.to_string()),
        remote_reason: life.remote_reason.map(|reason| reason.to_string()),
    })
}

/// Returns the time from the first event to the end. `None` if either was not seen, or if the clock was set back.
pub(crate) fn duration(life: &Life) -> Option<Duration> {
    let (first, last) = life.first.zip(life.last)?;
    if began(life) && ended(life) { last.since(first) } else { None }
}

/// Returns the time from NEW to SUCCEEDED, and the circuit on which the answer came.
pub(crate) fn first_answer(life: &Life) -> Option<(Duration, Option<CircuitId>)> {
    let answer = step(life, StreamStatus::Succeeded)?;
    let time = began(life).then_some(life.first)??;
    Some((answer.time?.since(time)?, answer.circuit_id))
}
