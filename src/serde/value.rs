//! Words, IDs, anomalies and lists as data: values in the fields of events and streams.

use core::fmt;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, SerializeSeq, Serializer};

use crate::anomaly::{Anomalies, Anomaly};
use crate::error::Error;
use crate::value::{CircuitId, StreamId};
use crate::word::{ClientProtocol, IsoField, StreamClosureReason, StreamPurpose, StreamSource, StreamStatus, WordEnum};

/// Returns the variant of a word.
pub(super) fn variant<W: WordEnum>(word: &str) -> W {
    W::from_bytes(word.as_bytes()).unwrap_or(W::UNRECOGNIZED)
}

/// Implements serialization of enums of protocol words: as the word that tor prints, or as `UNRECOGNIZED`.
macro_rules! serialized_words {
    ($($name:ident)+) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            /// Deserializes any word; a word without a variant is `Unrecognized`.
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(FromText { expected: "a word", parse: |word| Ok(variant(word)) })
            }
        }
    )+};
}

serialized_words! { StreamStatus StreamClosureReason StreamSource StreamPurpose ClientProtocol IsoField }

/// Implements serialization of IDs as text. Deserialization refuses a malformed ID.
macro_rules! serialized_ids {
    ($($name:ident)+) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(FromText { expected: "1 to 20 letters or digits", parse: str::parse })
            }
        }
    )+};
}

serialized_ids! { StreamId CircuitId }

/// An ID that may be malformed, as in events that were parsed leniently: any text that `of_any_token` of its type returns.
#[cfg(feature = "alloc")]
pub(super) struct AnyId<T>(pub(super) T);

/// Implements deserialization of [`AnyId`].
#[cfg(feature = "alloc")]
macro_rules! any_ids {
    ($($name:ident)+) => {$(
        impl<'de> Deserialize<'de> for AnyId<$name> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(FromText { expected: "an ID", parse: $name::of_serialized }).map(Self)
            }
        }
    )+};
}

#[cfg(feature = "alloc")]
any_ids! { StreamId CircuitId }

/// A visitor that parses a value from text.
struct FromText<T> {
    /// Description of the expected text for an error about data that is no text.
    expected: &'static str,
    /// Parser of the text.
    parse: fn(&str) -> Result<T, Error>,
}

impl<T> Visitor<'_> for FromText<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        (self.parse)(text).map_err(E::custom)
    }
}

impl Serialize for Anomaly {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl Serialize for Anomalies {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        CountedList(|| self.iter()).serialize(serializer)
    }
}

/// A list, by a function that returns an iterator over its items. The function is called twice, first to count the items, since
/// some formats begin with the length.
pub(super) struct CountedList<F>(pub(super) F);

impl<I: Iterator<Item: Serialize>, F: Fn() -> I> Serialize for CountedList<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some((self.0)().count()))?;
        (self.0)().try_for_each(|item| list.serialize_element(&item))?;
        list.end()
    }
}
