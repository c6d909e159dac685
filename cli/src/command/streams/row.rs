//! The row of a stream: its columns in order.

use core::net::{Ipv4Addr, Ipv6Addr};
use core::time::Duration;

use serde::ser::{Serialize, Serializer};
use tor_stream_event::{CircuitId, Outcome};

use crate::command::life;
use crate::command::list_form::ListForm;
use crate::command::note::{Life, asked_host, final_host};
use crate::input::time::Time;

/// Defines [`Row`] and the names of its columns from one list.
macro_rules! row {
    ($($(#[$meta:meta])* $name:ident: $type:ty,)+) => {
        /// The columns of a stream.
        #[allow(clippy::missing_docs_in_private_items, reason = "the help explains the columns")]
        #[derive(serde::Serialize)]
        pub(crate) struct Row<'l> {
            $($(#[$meta])* pub(super) $name: $type,)+
        }

        impl Row<'_> {
            /// The names of the columns.
            pub(crate) const NAMES: &'static [&'static str] = &[$(stringify!($name)),+];
        }
    };
}

row! {
    stream_id: &'l str,
    circuit_id: Option<&'l str>,
    unix_ts_start: Option<f64>,
    unix_ts_end: Option<f64>,
    seconds: Option<f64>,
    failure_reason_local: Option<&'l str>,
    failure_reason_remote: Option<&'l str>,
    remap_source: Option<&'l str>,
    target: String,
    outcome: &'static str,
    last_status: Option<&'l str>,
    final_target: String,
    source_addr: Option<&'l str>,
    purpose: Option<&'l str>,
    client_protocol: Option<&'l str>,
    circuits: CircuitList<'l>,
    xoff_sent: u64,
    xoff_recv: u64,
    xon_sent: u64,
    xon_recv: u64,
    reason: Option<&'l str>,
    remote_reason: Option<&'l str>,
    seconds_to_answer: Option<f64>,
    attempts: u64,
    detached: u64,
    seconds_waiting: Option<f64>,
    asked: Option<&'static str>,
    target_kind: Option<&'static str>,
    began: bool,
    has_username: bool,
    nym_epoch: Option<u32>,
    session_group: Option<i32>,
    file: &'l str,
    // Has to stay the last column: `rows` replaces the end of a row.
    identity: Option<&'l str>,
}

/// A list of circuits, in a form of lists.
pub(super) struct CircuitList<'l> {
    /// IDs of the circuits.
    ids: &'l [CircuitId],
    /// Form of the list.
    form: ListForm,
}

impl<'l> Row<'l> {
    /// Returns the row of a stream that began in this file, with its list in this form. `identity` is the label of its
    /// identity, if that is known.
    pub(crate) fn new(life: &'l Life, file: &'l str, identity: Option<&'l str>, form: ListForm) -> Self {
        // The event may be missing in the log, and the time before the event.
        let unix = |time: Option<&Option<Time>>| time.copied().flatten().and_then(Time::unix).map(|t| t.as_secs_f64());
        let seconds = |time: Option<Duration>| time.map(|time| time.as_secs_f64());
        let (failure_reason_local, failure_reason_remote) = life::failure_reasons(life).unwrap_or_default();
        Row {
            stream_id: life.id.as_ref(),
            circuit_id: life.circuit_id.as_ref().map(AsRef::as_ref),
            unix_ts_start: unix(life.started()),
            unix_ts_end: unix(life.ended()),
            seconds: seconds(life::duration(life)),
            failure_reason_local,
            failure_reason_remote,
            remap_source: life.source_str(),
            target: format!("{}:{}", asked_host(life), life.asked.port),
            outcome: outcome(life.outcome),
            last_status: life.steps.last().map(|step| step.status_str()),
            final_target: format!("{}:{}", final_host(life), life.target.port),
            source_addr: life.source_addr.as_deref(),
            purpose: life.purpose_str(),
            client_protocol: life.client_protocol_str(),
            circuits: CircuitList { ids: &life.circuits, form },
            xoff_sent: life.xoff_sent,
            xoff_recv: life.xoff_recv,
            xon_sent: life.xon_sent,
            xon_recv: life.xon_recv,
            reason: life.reason_str(),
            remote_reason: life.remote_reason_str(),
            seconds_to_answer: seconds(life::time_to_answer(life)),
            attempts: life.attempts,
            detached: life.detached,
            seconds_waiting: seconds(life::waiting(life)),
            asked: life.is_resolve.map(asked),
            target_kind: target_kind(asked_host(life)),
            began: life.began && !life.note.was_open,
            has_username: life.has_username,
            nym_epoch: life.nym_epoch,
            session_group: life.session_group,
            file,
            identity,
        }
    }
}

/// Returns the word for an outcome.
pub(super) const fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Closed => "closed",
        Outcome::Failed => "failed",
        Outcome::Replaced => "replaced",
        Outcome::Dropped => "dropped",
        Outcome::AfterClosed => "after closed",
        Outcome::Live => "live",
        // No outcome of this version of the library, whose enum may grow.
        _ => "unknown",
    }
}

/// Returns the word for a request: to resolve a name, or else to connect to a target.
pub(super) const fn asked(is_resolve: bool) -> &'static str {
    if is_resolve { "resolve" } else { "connect" }
}

/// The words that [`target_kind`] returns.
#[cfg(feature = "arrow")]
pub(super) const TARGET_KINDS: [&str; 4] = ["name", "address", "onion", "exit"];

/// Returns the kind of a host. `None` if there is no host, or if it is tor itself.
fn target_kind(host: &str) -> Option<&'static str> {
    let last_label = host.rsplit_once('.').map(|(_, label)| label.to_ascii_lowercase());
    let in_brackets = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    Some(match host {
        "" | "(Tor_internal)" => return None,
        _ if last_label.as_deref() == Some("onion") => "onion",
        _ if last_label.as_deref() == Some("exit") => "exit",
        _ if host.parse::<Ipv4Addr>().is_ok() => "address",
        _ if in_brackets.unwrap_or(host).parse::<Ipv6Addr>().is_ok() => "address",
        _ => "name",
    })
}

impl CircuitList<'_> {
    /// Iterates over the IDs as printed.
    pub(super) fn ids(&self) -> impl Iterator<Item = &str> {
        self.ids.iter().map(<CircuitId as AsRef<str>>::as_ref)
    }
}

impl Serialize for CircuitList<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.form.serialize(self.ids(), serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_targets() {
        for (host, kind) in [
            ("www.example.com", Some("name")),
            ("192.0.2.7", Some("address")),
            ("192.0.2.700", Some("name")),
            ("[2001:db8::7]", Some("address")),
            ("2001:db8::7", Some("address")),
            ("example.ONION", Some("onion")),
            ("192.0.2.7.$AAAA.exit", Some("exit")),
            ("onion", Some("name")),
            ("\u{fffd}onion", Some("name")),
            ("", None),
            ("(Tor_internal)", None),
        ] {
            assert_eq!(target_kind(host), kind, "{host}");
        }
    }
}
