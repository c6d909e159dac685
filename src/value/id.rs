//! Stream and circuit IDs as values of their own.

use core::borrow::Borrow;
use core::fmt;
use core::str::FromStr;

use arrayvec::ArrayString;

use crate::error::{Error, ErrorKind, Field, ProtocolError};

/// Maximum number of letters and digits of an ID. The specification allows 16; tor prints 64-bit numbers, which take up
/// to 20.
pub(crate) const MAX_ID_LEN: usize = 20;

/// Returns the number of letters and digits at the start of `text`, 20 at most: the length of an ID if no other byte follows.
///
/// Not inlined, which makes the program of `ci/no-panic` 93 bytes shorter. Of the IDs in events, only malformed ones and those of more
/// than seven digits get here.
#[inline(never)]
pub(crate) fn valid_prefix(text: &[u8]) -> usize {
    text.iter().take(MAX_ID_LEN).take_while(|byte| byte.is_ascii_alphanumeric()).count()
}

/// Returns `true` if `text` is an ID.
pub(crate) fn is_id(text: &[u8]) -> bool {
    !text.is_empty() && valid_prefix(text) == text.len()
}

/// Returns the abridged form of an ID that is too long, has a quotation mark, or (only in a tracker) is not UTF-8: up to three letters
/// or digits from its start, `~` and a hash of 16 digits.
///
/// Text after a quotation mark is left out of the hash: in a damaged line it may be a credential, which the hash would
/// reveal.
#[cfg(feature = "alloc")]
#[cold]
fn abridge(id: &[u8]) -> ArrayString<MAX_ID_LEN> {
    /// The constants of the hash FNV-1a with 64 bits.
    const OFFSET_BASIS: u64 = 0xCBF2_9CE4_8422_2325;
    /// See [`OFFSET_BASIS`].
    const PRIME: u64 = 0x0100_0000_01B3;
    let id = id.split(|&byte| byte == b'"').next().unwrap_or_default();
    let hash = id.iter().fold(OFFSET_BASIS, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME));
    let start = id.get(..valid_prefix(id).min(3)).and_then(|start| core::str::from_utf8(start).ok());
    let mut text = ArrayString::new();
    // Cannot fail: there is room for 3 + 1 + 16 characters.
    let _ = fmt::Write::write_fmt(&mut text, format_args!("{}~{hash:016x}", start.unwrap_or_default()));
    text
}

/// Defines an ID type. `$field` is the [`Field`] that an error names, `$no_id` the text, if any, that tor prints where there is no such ID.
macro_rules! id {
    ($(#[$meta:meta])* $name:ident, $field:expr, $no_id:expr) => {
        $(#[$meta])*
        ///
        /// 1 to 20 letters or digits, held in place: an ID needs no allocator, and a map with IDs as keys can be searched
        /// with a `&str`. The order is that of the text, not of a number.
        ///
        /// Lenient reading accepts any token as an ID. A `StreamEvent` and a `StreamLife` keep a token of up to 20 bytes as it is. A
        /// longer one, or one with a quotation mark, becomes its start, `~` and a hash of the text before the mark: IDs that
        /// differ there nearly always stay different. An ID that is not UTF-8 is U+FFFD in a `StreamEvent`; a `StreamLife` has
        /// a hash of its bytes too.
        ///
        /// # Examples
        ///
        /// ```
        #[doc = concat!("use tor_stream_event::", stringify!($name), ";")]
        ///
        #[doc = concat!("let id: ", stringify!($name), " = \"16\".parse()?;")]
        /// assert_eq!(id, "16");
        #[doc = concat!("assert!(\"1-6\".parse::<", stringify!($name), ">().is_err());")]
        /// # Ok::<(), tor_stream_event::Error>(())
        /// ```
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(ArrayString<MAX_ID_LEN>);

        impl $name {
            /// Returns the ID as text.
            ///
            /// # Examples
            ///
            /// ```
            #[doc = concat!("let id: tor_stream_event::", stringify!($name), " = \"16\".parse()?;")]
            /// assert_eq!(id.as_str(), "16");
            /// # Ok::<(), tor_stream_event::Error>(())
            /// ```
            #[inline]
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Parses a serialized ID, which may be malformed: any text that [`of_any_token`](Self::of_any_token) can have
            /// returned for a token. A token has no space, and an ID with a quotation mark was abridged.
            #[cfg(all(feature = "alloc", feature = "serde"))]
            pub(crate) fn of_serialized(text: &str) -> Result<Self, Error> {
                let is_token = !text.bytes().any(|byte| matches!(byte, b' ' | b'"'));
                text.parse().or_else(|error| match ArrayString::from(text) {
                    Ok(id) if is_token && !text.is_empty() && Some(text) != $no_id => Ok(Self(id)),
                    _ => Err(error),
                })
            }

            /// Returns the ID of an event that was parsed leniently: up to 20 bytes without a quotation mark as they
            /// are, other text [abridged](Self::abridged).
            #[cfg(feature = "alloc")]
            pub(crate) fn of_any_token(text: &str) -> Self {
                match ArrayString::from(text) {
                    Ok(id) if !text.bytes().any(|byte| byte == b'"') => Self(id),
                    _ => Self::abridged(text.as_bytes()),
                }
            }

            /// Returns the ID with the [abridged](abridge) form of a token.
            #[cfg(feature = "alloc")]
            pub(crate) fn abridged(token: &[u8]) -> Self {
                Self(abridge(token))
            }
        }

        impl FromStr for $name {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self, Error> {
                let bytes = text.as_bytes();
                let is_missing = text.is_empty() || Some(text) == $no_id;
                match ArrayString::from(text) {
                    Ok(id) if is_id(bytes) && !is_missing => Ok(Self(id)),
                    _ if is_missing => Err(ProtocolError::new(ErrorKind::Missing($field), bytes, 0).into()),
                    _ => Err(ProtocolError::new(ErrorKind::Malformed($field), bytes, valid_prefix(bytes)).into()),
                }
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        // `Eq`, `Ord` and `Hash` give the same results as those of `str`, as `Borrow` demands: they are derived from the text alone.
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
    StreamId, Field::StreamId, None::<&str>
}

id! {
    /// The ID of a circuit (`CircuitID`). Never `0`, which tor prints for no circuit.
    CircuitId, Field::CircuitId, Some("0")
}
