//! Lists in rows. Rows of JSON and CSV are serialized from the same types, and differ in the form of lists only.

use serde::ser::Serializer;

/// The form of a list in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListForm {
    /// A list of items, as in JSON.
    Separate,
    /// A text with commas between the items, as in CSV.
    Joined,
}

impl ListForm {
    /// Serializes a list in this form.
    ///
    /// # Errors
    ///
    /// If the serializer fails.
    pub(crate) fn serialize<'i, S: Serializer>(
        self,
        items: impl Iterator<Item = &'i str>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match self {
            Self::Separate => serializer.collect_seq(items),
            Self::Joined => serializer.serialize_str(&items.collect::<Vec<_>>().join(",")),
        }
    }
}
