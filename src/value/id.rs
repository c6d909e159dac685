//! Stream and circuit IDs as values of their own.

use core::borrow::Borrow;
use core::fmt;
use core::str::FromStr;

use arrayvec::ArrayString;

use crate::error::{Error, ErrorKind, Field, ProtocolError};

/// The most letters and digits of an ID. The specification allows 16; tor prints 64-bit numbers, which take up to 20.
pub(crate) const MAX_LEN: usize = 20;

/// Returns how many bytes of `text` from its start can stand in an ID.
#[inline(never)]
pub(crate) fn valid_prefix(text: &[u8]) -> usize {
    text.iter().take(MAX_LEN).take_while(|byte| byte.is_ascii_alphanumeric()).count()
}

/// Returns `true` if `text` is an ID.
pub(crate) fn is_id(text: &[u8]) -> bool {
    !text.is_empty() && valid_prefix(text) == text.len()
}

/// Makes an ID type.
macro_rules! id {
    ($(#[$meta:meta])* $name:ident, $field:expr) => {
        $(#[$meta])*
        ///
        /// 1 to 20 letters or digits, held in place: no allocator is needed to keep one or to use it as a key. A map with such keys
        /// is asked with a `&str` as well. The order is that of the text, not of a number.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(ArrayString<MAX_LEN>);

        impl $name {
            /// Returns the ID as text.
            #[inline]
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Returns the longest ID that `text` begins with.
            #[cfg(feature = "alloc")]
            pub(crate) fn prefix_of(text: &str) -> Self {
                match ArrayString::from(text) {
                    Ok(id) if text.bytes().all(|byte| byte.is_ascii_alphanumeric()) => Self(id),
                    _ => {
                        let id = text.get(..valid_prefix(text.as_bytes())).unwrap_or_default();
                        Self(ArrayString::from(id).unwrap_or_default())
                    }
                }
            }
        }

        impl FromStr for $name {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self, Error> {
                let bytes = text.as_bytes();
                match ArrayString::from(text) {
                    Ok(id) if is_id(bytes) => Ok(Self(id)),
                    _ if bytes.is_empty() => Err(ProtocolError::new(ErrorKind::Missing($field), bytes, 0).into()),
                    _ => Err(ProtocolError::new(ErrorKind::Malformed($field), bytes, valid_prefix(bytes)).into()),
                }
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        // `Eq`, `Ord` and `Hash` are derived from the text alone, and so are those of `str`.
        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                self.as_str()
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.as_str() == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.as_str() == *other
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(self.as_str(), f)
            }
        }
    };
}

id! {
    /// The ID of a stream (`StreamID`).
    StreamId, Field::StreamId
}

id! {
    /// The ID of a circuit (`CircuitID`).
    CircuitId, Field::CircuitId
}
