//! The columns of a circuit.

use core::fmt::Write;

use serde::ser::{Serialize, Serializer};
use tor_stream_event::CircuitId;

use super::table::Circuit;
use crate::command::identity::Identities;
use crate::input::time::Time;
use crate::output::table;
use crate::output::text::escape;
use crate::output::width;

/// Defines [`Row`] and the names of its columns from one list.
macro_rules! row {
    ($($(#[$meta:meta])* $name:ident: $type:ty,)+) => {
        /// The columns of a circuit.
        #[allow(clippy::missing_docs_in_private_items, reason = "the help explains the columns")]
        #[derive(serde::Serialize)]
        pub(crate) struct Row<'c> {
            $($(#[$meta])* pub(super) $name: $type,)+
        }

        impl Row<'_> {
            /// The names of the columns.
            pub(crate) const NAMES: &'static [&'static str] = &[$(stringify!($name)),+];
        }
    };
}

row! {
    file: &'c str,
    circuit_id: &'c str,
    unix_ts_first: Option<f64>,
    unix_ts_last: Option<f64>,
    seconds: Option<f64>,
    streams: u64,
    detached: u64,
    failed: u64,
    targets: List,
    other_targets: u64,
    identities: List,
    unknown_identity: u64,
    changed_identity: u64,
    differs_in: List,
}

/// A list, or its items as one text in CSV.
pub(super) struct List {
    /// Items of the list.
    pub(super) items: Vec<String>,
    /// Set to print one text, as in CSV.
    joined: bool,
}

impl<'c> Row<'c> {
    /// Returns the row of a circuit. A `flat` row has text in place of lists.
    pub(super) fn new(
        file: &'c str,
        id: &'c CircuitId,
        circuit: &Circuit,
        identities: &Identities,
        flat: bool,
    ) -> Self {
        let unix = |time: Option<Time>| time.and_then(Time::unix).map(|time| time.as_secs_f64());
        let between = circuit.last.zip(circuit.first).and_then(|(last, first)| last.since(first));
        let list = |items| List { items, joined: flat };
        Row {
            file,
            circuit_id: id.as_str(),
            unix_ts_first: unix(circuit.first),
            unix_ts_last: unix(circuit.last),
            seconds: between.map(|time| time.as_secs_f64()),
            streams: circuit.streams,
            detached: circuit.detached,
            failed: circuit.failed,
            targets: list(circuit.targets.iter().cloned().collect()),
            other_targets: circuit.other_targets,
            identities: list(circuit.identities.iter().map(|&place| identities.label(place)).collect()),
            unknown_identity: circuit.unknown,
            changed_identity: circuit.changed,
            differs_in: list(circuit.differs_in().names().map(Into::into).collect()),
        }
    }

    /// Returns the row as text for a person.
    pub(super) fn text(&self) -> String {
        let mut text = format!("circuit {}: ", escape(self.circuit_id));
        text += &table::count(self.streams, "stream");
        for (number, state) in [(self.failed, "failed"), (self.detached, "detached")] {
            if number > 0 {
                // Writing to a text cannot fail.
                let _ = write!(text, ", {} {state}", table::thousands(number));
            }
        }
        if let Some(seconds) = self.seconds {
            let _ = write!(text, ", {seconds:.1} s");
        }
        let columns = table::width();
        let mut line = |name: &str, list: &List, others: u64| {
            const INDENT: usize = 16;
            let others = (others > 0).then(|| table::count(others, "other stream"));
            let items = list.items.iter().map(String::as_str).chain(others.as_deref());
            let items = width::list(items, INDENT, columns);
            if !items.is_empty() {
                let _ = write!(text, "\n    {name:11} {items}");
            }
        };
        line("targets", &self.targets, self.other_targets);
        let mut unknown = self.unknown_identity;
        if self.identities.items.is_empty() {
            // The identity of every stream is unknown.
            unknown = 0;
        }
        line("identities", &self.identities, unknown);
        line("differ in", &self.differs_in, 0);
        text.push('\n');
        text
    }
}

impl Serialize for List {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.joined {
            return serializer.serialize_str(&self.items.join(","));
        }
        serializer.collect_seq(&self.items)
    }
}
