//! Which events count.

use core::time::Duration;

use tor_stream_event::StreamEventRef;

use crate::input::time::{self, Time};

/// The options that say which events count. One that is repeated takes any of its values.
#[derive(Debug, clap::Args)]
pub(crate) struct Filter {
    /// Events with this status, such as CLOSED
    #[arg(long, help_heading = "Filters", value_name = "WORD")]
    status: Vec<String>,
    /// Events with this REASON or REMOTE_REASON, such as TIMEOUT
    #[arg(long, help_heading = "Filters", value_name = "WORD")]
    reason: Vec<String>,
    /// Events with this PURPOSE, such as USER; tor prints it with NEW and NEWRESOLVE only
    #[arg(long, help_heading = "Filters", value_name = "WORD")]
    purpose: Vec<String>,
    /// Events whose target's host is like this, such as '*.onion'
    #[arg(long, help_heading = "Filters", value_name = "GLOB")]
    target: Vec<glob::Pattern>,
    /// Events whose target has this port
    #[arg(long, help_heading = "Filters", value_name = "N")]
    port: Vec<u16>,
    /// Events of streams on this circuit
    #[arg(long, help_heading = "Filters", value_name = "ID")]
    circuit: Vec<String>,
    /// Events of this stream
    #[arg(long, help_heading = "Filters", value_name = "ID")]
    stream: Vec<String>,
    /// Events from this time on: Unix time, or a date and time in UTC such as '2026-11-23 10:00:00'
    #[arg(long, help_heading = "Filters", value_name = "TIME", value_parser = time::argument)]
    since: Option<Duration>,
    /// Events before this time
    #[arg(long, help_heading = "Filters", value_name = "TIME", value_parser = time::argument)]
    until: Option<Duration>,
    /// Events with something odd about them
    #[arg(long, help_heading = "Filters")]
    anomalous: bool,
}

impl Filter {
    /// Returns `true` if an event passes. One without a time does not if there is a limit to it.
    pub(crate) fn passes(&self, event: &StreamEventRef<'_>, time: Option<Time>) -> bool {
        let one_of =
            |words: &[String], word: Option<&str>| words.is_empty() || words.iter().any(|w| Some(&**w) == word);
        let no_limit = self.since.is_none() && self.until.is_none();
        one_of(&self.status, Some(event.status_str()))
            && (one_of(&self.reason, event.reason_str()) || one_of(&self.reason, event.remote_reason_str()))
            && one_of(&self.purpose, event.purpose_str())
            && one_of(&self.circuit, event.circuit_id)
            && one_of(&self.stream, Some(event.id))
            && (self.port.is_empty() || self.port.contains(&event.target_port))
            && (self.target.is_empty() || self.target.iter().any(|glob| glob.matches(event.target_host)))
            && (!self.anomalous || !event.anomalies().is_empty())
            && (no_limit || time.and_then(Time::unix).is_some_and(|time| self.passes_time(time)))
    }

    /// Returns `true` if a time is within the limits.
    fn passes_time(&self, time: Duration) -> bool {
        self.since.is_none_or(|since| since <= time) && self.until.is_none_or(|until| time < until)
    }
}
