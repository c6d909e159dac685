//! Anomalies of an event: a set of named flags.

use core::fmt;
use core::iter::FusedIterator;
use core::ops::{BitOr, BitOrAssign};

/// Defines [`Anomaly`] from one list of names, at most 16: [`Anomalies`] has a bit for each. The four of a target's bytes have to be
/// among the first eight (`parse/target.rs`).
macro_rules! anomalies {
    ($($(#[$meta:meta])* $variant:ident = $name:literal,)+) => {
        /// A difference between an event and what a known tor prints for a plain target.
        ///
        /// An anomaly is not an error: every field of the event was read. An anomaly marks text that a client may have chosen,
        /// that a newer tor printed, or that a log changed.
        ///
        /// # Examples
        ///
        /// ```
        /// use tor_stream_event::{Anomaly, StreamEventRef};
        ///
        /// let anomalies = StreamEventRef::parse("9 NEW 0 a b:80")?.anomalies();
        /// assert!(anomalies.contains(Anomaly::TargetSpace));
        /// # Ok::<(), tor_stream_event::Error>(())
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "defmt", derive(defmt::Format))]
        #[non_exhaustive]
        pub enum Anomaly {
            $($(#[$meta])* $variant,)+
        }

        impl Anomaly {
            /// Every anomaly, in the order in which a set lists them.
            ///
            /// # Examples
            ///
            /// ```
            /// use tor_stream_event::Anomaly;
            ///
            /// let by_name = Anomaly::ALL.iter().find(|anomaly| anomaly.as_str() == "in_data");
            /// assert_eq!(by_name, Some(&Anomaly::InData));
            /// ```
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Returns the anomaly's name in lower case, with underscores.
            ///
            /// # Examples
            ///
            /// ```
            /// assert_eq!(tor_stream_event::Anomaly::TargetSpace.as_str(), "target_space");
            /// ```
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }
    };
}

anomalies! {
    /// A space in the target.
    TargetSpace = "target_space",
    /// A quotation mark in the target.
    TargetQuote = "target_quote",
    /// A control character in the target.
    TargetControl = "target_control",
    /// A byte from 0x80 up in the target.
    Target8Bit = "target_8bit",
    /// A target that is not UTF-8: `target_host` is U+FFFD, and `target_bytes()` has the target.
    TargetNotUtf8 = "target_not_utf8",
    /// A target that tor may have cut: it prints 255 bytes of one at most, without a mark, so that the port may have lost digits.
    ///
    /// The target has 255 bytes (or more, which no known tor prints). Or a lone CR or LF ended the content and was removed, and was byte
    /// 255 from the target's start: it may have been the last byte of a cut target, and all before it, fields too, a part of that.
    TargetMayBeCut = "target_may_be_cut",
    /// A field that ends exactly 255 bytes after the target's start. tor may have cut a longer target there: then the fields up to
    /// there are a part of the target.
    FieldAtCut = "field_at_cut",
    /// A target without a valid port: `target_port` is 0. Only [lenient parsing](crate::StreamEventRef::parse_lenient) accepts it.
    TargetWithoutPort = "target_without_port",
    /// A stream or circuit ID that is not 1 to 20 letters or digits. Only lenient parsing accepts it.
    MalformedId = "malformed_id",
    /// Fields that no known tor prints in this order, with these values or with this status: they were read from the left.
    UnknownOrder = "unknown_order",
    /// A keyword that this version does not know. From a tor before 0.4.3.1 a client may have written it, and the fields before it,
    /// into a name.
    UnknownKeyword = "unknown_keyword",
    /// A reason or client protocol that this version does not know, or an unknown status, which only lenient parsing accepts.
    ///
    /// A source, purpose or isolation field that this version does not know is `Unrecognized`, and no anomaly: known versions of tor
    /// differ in these words. `UNKNOWN_15`, which tor prints for a reason that it has no word for, is no anomaly either.
    UnknownWord = "unknown_word",
    /// Text after the target that is not UTF-8: a value with such text is U+FFFD, and `content()` has the bytes.
    FieldNotUtf8 = "field_not_utf8",
    /// A last line without an end: it may have lost text, such as digits of the port.
    Unterminated = "unterminated",
    /// A line among the data of a multi-line reply: either a log lost the end of the data, or a stranger wrote the line into
    /// the data, such as into a descriptor of a relay.
    InData = "in_data",
    /// A backslash in an event of a log that writes replies as quoted strings, which a [`LogFormat`](crate::LogFormat) describes:
    /// the log may have doubled the backslash, or have written it and a letter for another byte.
    Escaped = "escaped",
}

impl Anomaly {
    /// Returns the anomaly's bit in a set.
    pub(crate) const fn bit(self) -> u16 {
        1 << self as u16
    }
}

const _: () = assert!(Anomaly::ALL.len() <= u16::BITS as usize, "a set has a bit for each anomaly: widen it");

impl fmt::Display for Anomaly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A set of [`Anomaly`], empty for a plain line from a known tor.
///
/// # Examples
///
/// ```
/// use tor_stream_event::{Anomalies, Anomaly, StreamEventRef};
///
/// // A client asked for a name with a space in it, and with text that looks like a field.
/// let event = StreamEventRef::parse("9 CLOSED 0 a.example REASON=DONE:80 REASON=MISC")?;
/// let odd: Vec<_> = event.anomalies().iter().map(Anomaly::as_str).collect();
/// assert_eq!(odd, ["target_space"]);
/// // Sets of several events are put together.
/// let newer = StreamEventRef::parse("9 SENTCONNECT 4 a:1 NEW_FIELD=1")?.anomalies();
/// let expected = Anomalies::from_iter([Anomaly::TargetSpace, Anomaly::UnknownKeyword]);
/// assert_eq!(event.anomalies() | newer, expected);
/// # Ok::<(), tor_stream_event::Error>(())
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Anomalies(u16);

impl Anomalies {
    /// The set without any anomaly.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::{Anomalies, StreamEventRef};
    ///
    /// let event = StreamEventRef::parse("9 CLOSED 3 a.example:80")?;
    /// assert_eq!(event.anomalies(), Anomalies::NONE);
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    pub const NONE: Self = Self(0);

    /// Returns `true` if there is no anomaly.
    ///
    /// # Examples
    ///
    /// ```
    /// let event = tor_stream_event::StreamEventRef::parse("9 CLOSED 3 a.example:80")?;
    /// assert!(event.anomalies().is_empty());
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    #[inline]
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns `true` if the set holds `anomaly`.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::{Anomaly, StreamEventRef};
    ///
    /// let event = StreamEventRef::parse("9 CLOSED 3 a b:80")?;
    /// assert!(event.anomalies().contains(Anomaly::TargetSpace));
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    #[inline]
    #[must_use]
    pub const fn contains(self, anomaly: Anomaly) -> bool {
        self.0 & anomaly.bit() != 0
    }

    /// Iterates over the anomalies in the set, in the order of [`Anomaly::ALL`].
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::{Anomaly, StreamEventRef};
    ///
    /// let event = StreamEventRef::parse("9 CLOSED 3 a \"b:80")?;
    /// assert!(event.anomalies().iter().eq([Anomaly::TargetSpace, Anomaly::TargetQuote]));
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    #[must_use]
    pub const fn iter(self) -> AnomalyIter {
        AnomalyIter { rest: self }
    }

    /// Returns the set of the anomalies with these [bits](Anomaly::bit).
    pub(crate) const fn of_bits(bits: u16) -> Self {
        Self(bits)
    }

    /// Adds `anomaly` to the set.
    #[inline]
    pub(crate) const fn insert(&mut self, anomaly: Anomaly) {
        self.0 |= anomaly.bit();
    }

    /// Returns the anomalies of both sets.
    #[inline]
    pub(crate) const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl IntoIterator for Anomalies {
    type Item = Anomaly;
    type IntoIter = AnomalyIter;

    fn into_iter(self) -> AnomalyIter {
        self.iter()
    }
}

impl IntoIterator for &Anomalies {
    type Item = Anomaly;
    type IntoIter = AnomalyIter;

    fn into_iter(self) -> AnomalyIter {
        self.iter()
    }
}

impl Extend<Anomaly> for Anomalies {
    fn extend<I: IntoIterator<Item = Anomaly>>(&mut self, anomalies: I) {
        anomalies.into_iter().for_each(|anomaly| self.insert(anomaly));
    }
}

impl FromIterator<Anomaly> for Anomalies {
    fn from_iter<I: IntoIterator<Item = Anomaly>>(anomalies: I) -> Self {
        let mut set = Self::NONE;
        set.extend(anomalies);
        set
    }
}

impl BitOr for Anomalies {
    type Output = Self;

    /// Returns the anomalies of both sets.
    fn bitor(self, other: Self) -> Self {
        self.union(other)
    }
}

impl BitOrAssign for Anomalies {
    fn bitor_assign(&mut self, other: Self) {
        *self = self.union(other);
    }
}

/// An iterator over the anomalies of a set, in the order of [`Anomaly::ALL`], from [`Anomalies::iter`].
///
/// # Examples
///
/// ```
/// use tor_stream_event::{Anomaly, StreamEventRef};
///
/// let mut anomalies = StreamEventRef::parse("9 NEW 0 a b:80")?.anomalies().iter();
/// assert_eq!(anomalies.next(), Some(Anomaly::TargetSpace));
/// assert_eq!(anomalies.next(), None);
/// # Ok::<(), tor_stream_event::Error>(())
/// ```
#[derive(Clone, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct AnomalyIter {
    /// The anomalies that were not returned yet.
    rest: Anomalies,
}

impl Iterator for AnomalyIter {
    type Item = Anomaly;

    #[inline]
    fn next(&mut self) -> Option<Anomaly> {
        let bits = self.rest.0;
        // The lowest bit belongs to the next anomaly: bits are numbered as `ALL` lists the anomalies.
        let anomaly = *Anomaly::ALL.get(bits.trailing_zeros() as usize)?;
        // Removes the lowest bit.
        self.rest.0 = bits & bits.wrapping_sub(1);
        Some(anomaly)
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        let len = self.rest.0.count_ones() as usize;
        (len, Some(len))
    }
}

impl ExactSizeIterator for AnomalyIter {}

impl FusedIterator for AnomalyIter {}

impl fmt::Debug for Anomalies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}
