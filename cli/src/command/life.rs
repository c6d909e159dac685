//! Facts of a stream's life that several commands print.

use core::fmt;
use core::time::Duration;

use serde::{Deserialize, Serialize};
use tor_stream_event::StreamStatus;

use crate::command::note::Life;
use crate::input::time::Time;

/// The cause of a stream's failure.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct Cause {
    /// Reason of this end, if there is one.
    pub(crate) reason: Option<String>,
    /// Reason of the other end, if there is one.
    pub(crate) remote_reason: Option<String>,
}

impl Cause {
    /// Returns the cause of a stream's failure, if it failed.
    pub(crate) fn of(life: &Life) -> Option<Self> {
        let (reason, remote) = failure_reasons(life)?;
        Some(Self { reason: reason.map(Into::into), remote_reason: remote.map(Into::into) })
    }

    /// Returns the length of the longer reason, in bytes.
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

/// Returns the reason and the remote reason of a stream's failure, if it failed: those of its event FAILED, or of the last event
/// with reasons if it is a look-up that failed without FAILED.
pub(crate) fn failure_reasons(life: &Life) -> Option<(Option<&str>, Option<&str>)> {
    let reasons = match &life.failure {
        Some(failure) => (failure.reason_str(), failure.remote_reason_str()),
        None => (life.reason_str(), life.remote_reason_str()),
    };
    life.failed().then_some(reasons)
}

/// Returns the time from NEW to the end. `None` if either was not seen or has no time, or if the time between them is unknown,
/// as after the clock was set back: see [`Time::since`].
pub(crate) fn duration(life: &Life) -> Option<Duration> {
    since(life.started(), life.ended())
}

/// Returns the time from NEW to SUCCEEDED. `None` in the same cases as the [duration].
pub(crate) fn time_to_answer(life: &Life) -> Option<Duration> {
    since(life.started(), life.answer.as_ref().map(|answer| &answer.time))
}

/// Returns the time from one event to another. `None` without one of the events, if one has no time, or if [`Time::since`] is
/// `None`.
fn since(start: Option<&Option<Time>>, end: Option<&Option<Time>>) -> Option<Duration> {
    end.copied()??.since(start.copied()??)
}

/// Returns the total time that the stream waited for a controller to attach it: the sum of the waits that have ended and whose
/// length is known. `None` if there are none.
pub(crate) fn waiting(life: &Life) -> Option<Duration> {
    // If steps were left out, they are those before the last one, which then ends no wait.
    let is_cut = life.step_count > life.steps.len() as u64;
    let successive = life.steps.get(..life.steps.len().saturating_sub(is_cut.into())).unwrap_or_default();
    let waits = successive.windows(2).filter_map(|steps| match steps {
        [wait, next] if wait.status == StreamStatus::ControllerWait => next.time?.since(wait.time?),
        _ => None,
    });
    waits.reduce(Duration::saturating_add)
}
