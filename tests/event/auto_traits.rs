//! Facts that hold at compile time: auto traits, `Copy`, and sizes.

use core::borrow::Borrow;
use core::fmt::{Debug, Display};
use core::hash::Hash;
use core::iter::FusedIterator;
use core::panic::{RefUnwindSafe, UnwindSafe};
use core::str::FromStr;

use tor_stream_event::{
    Anomalies, Anomaly, Args, CircuitId, ClientProtocol, Error, ErrorKind, EventDecoder, EventLine, Field, IsoField,
    IsoFields, LineEnd, LineState, LogFormat, ProtocolError, Quoted, QuotedBytes, Redacted, Skipped, SkippedLines,
    StreamClosureReason, StreamEventRef, StreamEvents, StreamId, StreamPurpose, StreamSource, StreamStatus,
};
#[cfg(feature = "alloc")]
use tor_stream_event::{Appended, Failure, Outcome, Step, StreamEvent, StreamLife, StreamTracker, Target};

/// Traits of every type of the crate.
fn is_shared<T: Send + Sync + Unpin + UnwindSafe + RefUnwindSafe + Debug>() {}

/// Traits of every type but [`EventDecoder`], `EventReader` and `IntoEvents`, which hold the bytes of an input and cannot be cloned.
fn is_auto<T: Send + Sync + Unpin + UnwindSafe + RefUnwindSafe + Debug + Clone>() {}

/// A type that `Debug` shows.
#[cfg(feature = "std")]
fn is_debug<T: Debug>() {}

/// Traits of every value type.
fn is_value<T: Copy + Eq + Hash>() {}

/// Every type can be sent to another thread, shared between threads, and shown by `Debug`.
#[test]
fn auto_traits() {
    is_auto::<StreamEventRef<'_>>();
    #[cfg(feature = "alloc")]
    is_auto::<StreamEvent>();
    is_auto::<(StreamStatus, StreamClosureReason, StreamSource, StreamPurpose, ClientProtocol, IsoField)>();
    is_auto::<(StreamId, CircuitId)>();
    is_auto::<(Args<'_>, IsoFields<'_>, Quoted<'_>, QuotedBytes<'_>, Redacted<'_>)>();
    is_auto::<(Anomaly, Anomalies, tor_stream_event::AnomalyIter)>();
    is_auto::<(Error, ErrorKind, Field, ProtocolError)>();
    is_auto::<(EventLine<'_>, LineEnd, StreamEvents<'_>)>();
    is_auto::<(LineState, LogFormat, Skipped, SkippedLines)>();
    #[cfg(feature = "alloc")]
    is_auto::<Appended<u64>>();
    #[cfg(feature = "alloc")]
    is_auto::<(StreamTracker<u64>, StreamLife<u64>, Step<u64>, Failure<u64>, Target, Outcome)>();
    #[cfg(feature = "tokio-util")]
    is_auto::<tor_stream_event::EventCodec>();
    is_shared::<EventDecoder<4096>>();
    #[cfg(feature = "std")]
    is_shared::<(tor_stream_event::EventReader<std::fs::File>, tor_stream_event::IntoEvents<std::fs::File>)>();
    // A reader of bytes need not have `Debug`.
    #[cfg(feature = "std")]
    is_debug::<(
        tor_stream_event::EventReader<Box<dyn std::io::Read>>,
        tor_stream_event::IntoEvents<Box<dyn std::io::Read>>,
    )>();
}

/// Values are `Copy`, and can be keys.
#[test]
fn values_are_copy_and_keys() {
    /// Traits of a word.
    fn is_word<T: Copy + Ord + Hash + Display + AsRef<str> + FromStr<Err = Error>>() {}
    /// Traits of an ID.
    fn is_id<T: Copy + Ord + Hash + Display + AsRef<str> + Borrow<str> + FromStr<Err = Error>>() {}
    /// Traits of a value that is no key.
    fn is_copy<T: Copy + Eq>() {}
    is_value::<StreamEventRef<'_>>();
    is_value::<Quoted<'_>>();
    is_value::<(Anomaly, Anomalies)>();
    is_value::<(Error, ErrorKind, Field, ProtocolError)>();
    is_value::<LineEnd>();
    is_copy::<EventLine<'_>>();
    #[cfg(feature = "alloc")]
    is_value::<Outcome>();
    is_word::<StreamStatus>();
    is_word::<StreamClosureReason>();
    is_word::<StreamSource>();
    is_word::<StreamPurpose>();
    is_word::<ClientProtocol>();
    is_word::<IsoField>();
    is_id::<StreamId>();
    is_id::<CircuitId>();
}

/// Errors, iterators and the owned form have the traits of the standard library for their kind.
#[test]
fn traits_of_errors_iterators_and_the_owned_form() {
    /// Traits of an error.
    fn is_error<T: core::error::Error + 'static>() {}
    /// Traits of an iterator.
    fn is_fused<T: FusedIterator>() {}
    is_error::<Error>();
    is_error::<ProtocolError>();
    is_fused::<tor_stream_event::AnomalyIter>();
    is_fused::<Args<'_>>();
    is_fused::<IsoFields<'_>>();
    is_fused::<QuotedBytes<'_>>();
    is_fused::<StreamEvents<'_>>();
    #[cfg(feature = "alloc")]
    {
        /// Traits of the owned form.
        fn is_owned<
            T: Clone + Eq + Hash + Display + FromStr<Err = Error> + for<'a> PartialEq<StreamEventRef<'a>> + 'static,
        >() {
        }
        is_owned::<StreamEvent>();
    }
}

/// No type grows unnoticed. A limit has no other reason than the type's size, in bytes, when the limit was set, with some room.
#[cfg(target_pointer_width = "64")]
#[test]
fn sizes() {
    assert!(size_of::<StreamEventRef<'_>>() <= 152);
    assert_eq!(size_of::<Option<StreamEventRef<'_>>>(), size_of::<StreamEventRef<'_>>());
    assert_eq!(size_of::<Result<StreamEventRef<'_>, Error>>(), size_of::<StreamEventRef<'_>>());
    #[cfg(feature = "alloc")]
    {
        assert!(size_of::<StreamEvent>() <= 256);
        assert_eq!(size_of::<Option<StreamEvent>>(), size_of::<StreamEvent>());
        assert!(size_of::<StreamLife<u64>>() <= 600 && size_of::<Step<u64>>() <= 64);
    }
    assert!(size_of::<StreamId>() <= 24 && size_of::<CircuitId>() <= 24);
    assert!(size_of::<Option<CircuitId>>() <= 28);
    assert!(size_of::<Error>() <= 48);
    assert!(size_of::<Quoted<'_>>() <= 16 && size_of::<QuotedBytes<'_>>() <= 16 && size_of::<IsoFields<'_>>() <= 16);
    assert!(size_of::<Args<'_>>() <= 40);
    assert!(size_of::<EventLine<'_>>() <= 240 && size_of::<StreamEvents<'_>>() <= 1208);
    assert!(size_of::<EventDecoder<4096>>() <= 4096 + 1200);
    // 16 anomalies, a bit each; a fieldless enum of up to 254 variants leaves room for `None` in its byte.
    assert_eq!(size_of::<Anomalies>(), 2);
    assert_eq!(size_of::<(StreamStatus, Option<StreamClosureReason>)>(), 2);
}
