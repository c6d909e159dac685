//! Columns to group by, and their values for a stream and for an event.

use core::fmt::Write;
use core::time::Duration;

use clap::ValueEnum;
use clap::builder::PossibleValue;
use tor_stream_event::StreamStatus;

use crate::command::events::EventRow;
use crate::command::life::Cause;
use crate::command::note::{Life, asked_host};
use crate::input::reader::Event;
use crate::input::time::{Time, rfc3339};

/// Seconds of an hour.
const HOUR: Duration = Duration::from_secs(3600);

/// A column to group by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    /// Last status but those of flow control.
    Status,
    /// Last REASON.
    Reason,
    /// Cause of a failure.
    Cause,
    /// Host of the target.
    Target,
    /// Port of the target.
    Port,
    /// Circuit.
    Circuit,
    /// Identity.
    Identity,
    /// Address of the client.
    SourceHost,
    /// PURPOSE.
    Purpose,
    /// CLIENT_PROTOCOL.
    Protocol,
    /// File.
    File,
    /// Hour of the start.
    Hour,
    /// Interval of this length, as `--every` sets it, that has the start. No word of `--by` names this column.
    Every(Duration),
}

impl ValueEnum for Column {
    fn value_variants<'a>() -> &'a [Self] {
        &[
            Self::Status,
            Self::Reason,
            Self::Cause,
            Self::Target,
            Self::Port,
            Self::Circuit,
            Self::Identity,
            Self::SourceHost,
            Self::Purpose,
            Self::Protocol,
            Self::File,
            Self::Hour,
        ]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        // The underscore is that of the name in the output; the hyphen is that of options.
        let alias = (*self == Self::SourceHost).then_some("source-host");
        Some(PossibleValue::new(self.name()).aliases(alias))
    }
}

impl Column {
    /// Returns the name of the column.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Reason => "reason",
            Self::Cause => "cause",
            Self::Target => "target",
            Self::Port => "port",
            Self::Circuit => "circuit",
            Self::Identity => "identity",
            Self::SourceHost => "source_host",
            Self::Purpose => "purpose",
            Self::Protocol => "protocol",
            Self::File => "file",
            Self::Hour => "hour",
            Self::Every(_) => "time",
        }
    }

    /// Returns the length of the column's intervals of time. `None` if its values are no times.
    pub(super) const fn interval(self) -> Option<Duration> {
        match self {
            Self::Hour => Some(HOUR),
            Self::Every(interval) => Some(interval),
            _ => None,
        }
    }

    /// Returns the value of a stream that began in this file and has this identity.
    pub(super) fn of_stream(self, life: &Life, file: &str, identity: Option<&str>) -> Value {
        match self {
            Self::Status => Value::text(life.steps.last().map(|step| step.status_str())),
            Self::Reason => Value::text(life.reason_str()),
            Self::Cause => Value::text(Cause::of(life).map(|cause| cause.to_string()).as_deref()),
            Self::Target => Value::text(Some(asked_host(life))),
            Self::Port => Value::Number(life.asked.port.into()),
            Self::Circuit => Value::id(life.circuit_id.as_ref().map(AsRef::as_ref)),
            Self::Identity => Value::id(identity),
            Self::SourceHost => Value::text(life.source_addr.as_deref().map(host)),
            Self::Purpose => Value::text(life.purpose_str()),
            Self::Protocol => Value::text(life.client_protocol_str()),
            Self::File => Value::text(Some(file)),
            Self::Hour => Value::interval(life.first, HOUR),
            Self::Every(interval) => Value::interval(life.first, interval),
        }
    }

    /// Returns the value of an event in this file. `row` is the event's row, without credentials.
    pub(super) fn of_event(self, event: &Event<'_>, row: &EventRow<'_>, file: &str) -> Value {
        match self {
            Self::Status => Value::text(Some(&row.status)),
            Self::Reason => Value::text(row.reason.as_deref()),
            Self::Cause if event.event.status == StreamStatus::Failed => {
                let (reason, remote_reason) = (row.reason.as_deref(), row.remote_reason.as_deref());
                let cause = Cause { reason: reason.map(Into::into), remote_reason: remote_reason.map(Into::into) };
                Value::text(Some(&cause.to_string()))
            }
            Self::Target => Value::text(Some(&row.target_host)),
            Self::Port => Value::Number(row.target_port.into()),
            Self::Circuit => Value::id(row.circuit_id.as_deref()),
            Self::SourceHost => Value::text(row.source_addr.as_deref().map(host)),
            Self::Purpose => Value::text(row.purpose.as_deref()),
            Self::Protocol => Value::text(row.client_protocol.as_deref()),
            Self::File => Value::text(Some(file)),
            Self::Hour => Value::interval(event.time, HOUR),
            Self::Every(interval) => Value::interval(event.time, interval),
            Self::Cause | Self::Identity => Value::Absent,
        }
    }

    /// Returns a value of this column as text for a person.
    pub(super) fn text(self, value: &Value) -> String {
        match value {
            Value::Number(number) => number.to_string(),
            Value::Text(text) | Value::Id(_, text) => match self.interval() {
                Some(interval) => date_and_time(text, interval),
                None => text.to_string(),
            },
            Value::Absent => "(none)".into(),
        }
    }
}

/// Returns `2026-11-25T10:00:00Z` as `2026-11-25 10:00`, with the seconds if the intervals do not begin with a minute.
fn date_and_time(rfc3339: &str, interval: Duration) -> String {
    let text = rfc3339.trim_end_matches('Z').replace('T', " ");
    let seconds = if interval.as_secs().is_multiple_of(60) { ":00" } else { "" };
    text.strip_suffix(seconds).unwrap_or(&text).into()
}

/// Returns the host of `SOURCE_ADDR`, or all of that if it has no port.
fn host(source_addr: &str) -> &str {
    let parts = source_addr.rsplit_once(':');
    parts.filter(|(_, port)| port.parse::<u16>().is_ok()).map_or(source_addr, |(host, _)| host)
}

/// A value of a column. The variants are in the order of the output: groups without a value come last.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Value {
    /// A number.
    Number(u64),
    /// An ID such as `12` or `#12`, after its length, which puts 9 before 10.
    Id(usize, Box<str>),
    /// Text.
    Text(Box<str>),
    /// No value.
    Absent,
}

impl Value {
    /// Maximum length of a text in a table, in bytes. tor prints no longer field. A hostile log may have another longer one in each
    /// line, and a table without this limit would keep them all.
    pub(super) const MAX_LEN: usize = 1024;

    /// Returns a text, if there is one.
    fn text(text: Option<&str>) -> Self {
        text.map_or(Self::Absent, |text| Self::Text(text.into()))
    }

    /// Returns an ID, if there is one.
    fn id(id: Option<&str>) -> Self {
        id.map_or(Self::Absent, |id| Self::Id(id.len(), id.into()))
    }

    /// Returns the start of the interval that has a time, counted from 1970. Absent without Unix time.
    fn interval(time: Option<Time>, interval: Duration) -> Self {
        let start = time.and_then(Time::unix).and_then(|time| {
            let seconds = time.as_secs();
            // The remainder is never `None`: an interval has a second at least.
            rfc3339(Duration::from_secs(seconds - seconds.checked_rem(interval.as_secs())?))
        });
        Self::text(start.as_deref())
    }

    /// Returns `true` for a text that is too long for a table.
    pub(super) fn is_too_long(&self) -> bool {
        matches!(self, Self::Id(_, text) | Self::Text(text) if text.len() > Self::MAX_LEN)
    }

    /// Adds the value to a JSON text.
    pub(super) fn write_json(&self, json: &mut String) -> serde_json::Result<()> {
        match self {
            // Writing to a text cannot fail.
            Self::Number(number) => drop(write!(json, "{number}")),
            Self::Id(_, text) | Self::Text(text) => json.push_str(&serde_json::to_string(text)?),
            Self::Absent => json.push_str("null"),
        }
        Ok(())
    }

    /// Returns the value as a cell of CSV.
    pub(super) fn csv(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Id(_, text) | Self::Text(text) => text.to_string(),
            Self::Absent => String::new(),
        }
    }
}
