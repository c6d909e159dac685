//! The row of a circuit: its columns in order, and its text for a person.

use core::fmt::Write;

use serde::ser::{Serialize, Serializer};
use tor_stream_event::CircuitId;

use super::table::CircuitFacts;
use crate::command::identity::Identities;
use crate::command::list_form::ListForm;
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
    targets: FormedList,
    other_targets: u64,
    identities: FormedList,
    unknown_identity: u64,
    changed_identity: u64,
    differs_in: FormedList,
}

/// A list of texts, in a form of lists.
pub(super) struct FormedList {
    /// Items of the list.
    pub(super) items: Vec<String>,
    /// Form of the list.
    form: ListForm,
}

impl<'c> Row<'c> {
    /// Returns the row of a circuit of this file, with lists in this form.
    pub(super) fn new(
        file: &'c str,
        id: &'c CircuitId,
        circuit: &CircuitFacts,
        identities: &Identities,
        form: ListForm,
    ) -> Self {
        let unix = |time: Option<Time>| time.and_then(Time::unix).map(|time| time.as_secs_f64());
        let between = circuit.last.zip(circuit.first).and_then(|(last, first)| last.since(first));
        let list = |items| FormedList { items, form };
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
            identities: list(circuit.identities.iter().map(|&index| identities.label(index)).collect()),
            unknown_identity: circuit.unknown,
            changed_identity: circuit.changed,
            differs_in: list(circuit.differs_in().names().map(Into::into).collect()),
        }
    }

    /// Returns the row as text for a person.
    pub(super) fn text(&self) -> String {
        let mut text = format!("circuit {}: ", escape(self.circuit_id));
        text += &table::count(self.streams, "stream");
        for (number, verb) in [(self.failed, "failed"), (self.detached, "detached")] {
            if number > 0 {
                // Writing to a text cannot fail.
                let _ = write!(text, ", {} {verb}", table::thousands(number));
            }
        }
        if let Some(seconds) = self.seconds {
            let _ = write!(text, ", {seconds:.1} s");
        }
        let columns = table::width();
        // Adds a line with a list, and the number of streams that the list does not cover; none if both are empty.
        let mut line = |name: &str, list: &FormedList, others: u64| {
            // Width of the longest name, with four spaces before it, and two after it.
            const NAME_WIDTH: usize = "identities".len();
            const INDENT: usize = 4 + NAME_WIDTH + 2;
            let others = (others > 0).then(|| table::count(others, "other stream"));
            let items = list.items.iter().map(String::as_str).chain(others.as_deref());
            // The list escapes its items, such as the hosts that clients asked for.
            let items = width::list(items, INDENT, columns);
            if !items.is_empty() {
                let _ = write!(text, "\n    {name:NAME_WIDTH$}  {items}");
            }
        };
        line("targets", &self.targets, self.other_targets);
        // Without any known identity the line would only repeat the number of streams.
        let unknown = if self.identities.items.is_empty() { 0 } else { self.unknown_identity };
        line("identities", &self.identities, unknown);
        line("differ in", &self.differs_in, 0);
        text.push('\n');
        text
    }
}

impl Serialize for FormedList {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.form.serialize(self.items.iter().map(String::as_str), serializer)
    }
}
