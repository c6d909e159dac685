//! The facts about one stream, and what follows from them; [`outcome`]: its end.

mod outcome;

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

pub use self::outcome::Outcome;
use super::text::{UnnamedReasons, UnnamedWords, printed};
use crate::value::{CircuitId, StreamId};
use crate::word::{ClientProtocol, StreamClosureReason, StreamPurpose, StreamSource, StreamStatus};

/// The facts about one stream, from its events.
///
/// A life holds no credential, only whether there were any. Text that may be part of one, which a damaged line can have
/// in any field, is masked as by [`redact`](crate::StreamEventRef::redact); a `source_addr` that is an IP address and a port is not.
///
/// The type parameter `T` is the caller's type of times, and `N` that of the caller's [notes](crate::Note).
///
/// With the feature `serde` a life is data of any format, without `note`. A field that `tor-streams streams` prints has
/// the same name there, such as `stream_id`, `target` and `final_target`; it does not print all fields, so a life cannot
/// be deserialized from what it prints. Circuits are a list, times are serialized as `T`, and words as tor printed them.
///
/// # Examples
///
/// ```
/// use tor_stream_event::{StreamEventRef, StreamTracker};
///
/// let mut tracker = StreamTracker::new(1000);
/// tracker.update(&StreamEventRef::parse("18 NEW 0 a.test:443 PURPOSE=USER")?, 1.0);
/// let event = StreamEventRef::parse("18 CLOSED 7 a.test:443 REASON=DONE")?;
/// let life = tracker.update(&event, 9.0).expect("the end of the stream");
/// assert_eq!((life.purpose_str(), life.reason_str()), (Some("USER"), Some("DONE")));
/// # Ok::<(), tor_stream_event::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct StreamLife<T, N = ()> {
    /// The stream's ID.
    pub id: StreamId,
    /// The end of the stream; `Live` if it has not ended.
    pub outcome: Outcome,
    /// `true` if the first event was NEW or NEWRESOLVE. If not, the stream began before the log, and
    /// [`first`](Self::first) is not its start.
    pub began: bool,
    /// The time of the first event.
    pub first: T,
    /// The time of the last event. For a failed stream this is usually the time of the CLOSED which follows:
    /// [`ended`](Self::ended) returns its end.
    pub last: T,
    /// The caller's notes about the stream's events, merged.
    pub note: N,
    /// The events except those of flow control (XOFF and XON); beyond the tracker's limit, the first ones and the last
    /// one.
    pub steps: Vec<Step<T>>,
    /// Number of steps, including those that are not kept.
    pub step_count: u64,
    /// The circuits that the stream was attached to, each once, in the order of attachment, up to the
    /// tracker's limit.
    pub circuits: Vec<CircuitId>,
    /// `true` if further circuits were left out.
    pub more_circuits: bool,
    /// Number of times that the stream was attached to another circuit than before. The first circuit counts, and so
    /// does a return to an earlier one.
    pub circuit_changes: u64,
    /// The circuit that the stream is attached to, or was attached to at its end. `None` after DETACHED, until it is
    /// attached again.
    pub circuit_id: Option<CircuitId>,
    /// The circuit that the stream was attached to last, even if it was detached from it. `None` if it was never
    /// attached.
    pub last_circuit: Option<CircuitId>,
    /// `true` if the client asks for a look-up of an address (NEWRESOLVE, SENTRESOLVE), `false` for a connection (NEW,
    /// SENTCONNECT). `None` without such an event.
    pub is_resolve: Option<bool>,
    /// Number of times that the stream was sent along a circuit (SENTCONNECT, SENTRESOLVE).
    pub attempts: u64,
    /// Number of times that the stream was detached from a circuit (DETACHED).
    pub detached: u64,
    /// The first SUCCEEDED; `None` if there was no such event.
    pub answer: Option<Step<T>>,
    /// The first FAILED; `None` if there was no such event.
    pub failure: Option<Failure<T>>,
    /// `true` after CLOSED. tor prints one after each FAILED as well.
    pub closed: bool,
    /// The target of the first event: the client's own, if that event was NEW or NEWRESOLVE.
    pub asked: Target,
    /// The target of the last event, which a REMAP or a controller may have changed.
    pub target: Target,
    /// The source of the last REMAP's address (`SOURCE`); `None` without one.
    pub source: Option<StreamSource>,
    /// The address that the client connects from (`SOURCE_ADDR`); `None` if no event had it.
    pub source_addr: Option<String>,
    /// The purpose of the stream (`PURPOSE`); `None` if no event had it.
    pub purpose: Option<StreamPurpose>,
    /// The protocol between the client and tor (`CLIENT_PROTOCOL`); `None` if no event had it.
    pub client_protocol: Option<ClientProtocol>,
    /// Number of NEWNYM signals before the stream (`NYM_EPOCH`), from the last event that has it.
    pub nym_epoch: Option<u32>,
    /// The listener or other source of the stream (`SESSION_GROUP`), from the last event that has it.
    pub session_group: Option<i32>,
    /// `true` if the client sent a user name.
    pub has_username: bool,
    /// `true` if the client sent a password.
    pub has_password: bool,
    /// `REASON` of the last event that has a reason; `None` if that event has only `REMOTE_REASON`, or if there is
    /// none.
    pub reason: Option<StreamClosureReason>,
    /// `REMOTE_REASON` of the last event that has a reason; `None` as for `reason`.
    pub remote_reason: Option<StreamClosureReason>,
    /// Number of times that this end asked the other one to stop sending (XOFF_SENT).
    pub xoff_sent: u64,
    /// Number of times that the other end asked this one to stop sending (XOFF_RECV).
    pub xoff_recv: u64,
    /// Number of times that this end asked the other one to send again (XON_SENT).
    pub xon_sent: u64,
    /// Number of times that the other end asked this one to send again (XON_RECV).
    pub xon_recv: u64,
    /// Number of events after FAILED, CLOSED not counted. tor prints no such event.
    pub after_failed: u64,
    /// Text of the unnamed ones among the words above.
    pub(crate) words: UnnamedWords,
}

/// The target of a stream.
///
/// # Examples
///
/// ```
/// use tor_stream_event::{StreamEventRef, StreamTracker};
///
/// let mut tracker = StreamTracker::new(1000);
/// tracker.update(&StreamEventRef::parse("18 REMAP 0 192.0.2.1:443 SOURCE=EXIT")?, 1.0);
/// let event = StreamEventRef::parse("18 CLOSED 7 192.0.2.1:443")?;
/// let life = tracker.update(&event, 9.0).expect("the end of the stream");
/// assert_eq!((life.target.host.as_str(), life.target.port), ("192.0.2.1", 443));
/// # Ok::<(), tor_stream_event::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Target {
    /// The host, without credentials that a damaged line has in it.
    pub host: String,
    /// The port; 0 if the target has none.
    pub port: u16,
}

/// An event of a stream.
///
/// # Examples
///
/// ```
/// use tor_stream_event::{StreamStatus, StreamEventRef, StreamTracker};
///
/// let mut tracker = StreamTracker::new(1000);
/// tracker.update(&StreamEventRef::parse("18 NEW 0 a.test:443")?, 1.0);
/// let event = StreamEventRef::parse("18 CLOSED 7 a.test:443")?;
/// let life = tracker.update(&event, 9.0).expect("the end of the stream");
/// let steps = life.steps.iter().map(|step| (step.status, step.time));
/// assert!(steps.eq([(StreamStatus::New, 1.0), (StreamStatus::Closed, 9.0)]));
/// # Ok::<(), tor_stream_event::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Step<T> {
    /// The status of the event.
    pub status: StreamStatus,
    /// The time of the event.
    pub time: T,
    /// The circuit that tor printed. With DETACHED, and with the CONTROLLER_WAIT right after it, the circuit that the
    /// stream has left.
    pub circuit_id: Option<CircuitId>,
    /// Text of an unnamed status.
    pub(crate) word: Option<Box<str>>,
}

/// The FAILED event of a stream.
///
/// # Examples
///
/// ```
/// use tor_stream_event::{StreamEventRef, StreamTracker};
///
/// let mut tracker = StreamTracker::new(1000);
/// tracker.update(&StreamEventRef::parse("18 FAILED 7 a.test:443 REASON=TIMEOUT")?, 8.0);
/// let event = StreamEventRef::parse("18 CLOSED 7 a.test:443")?;
/// let life = tracker.update(&event, 9.0).expect("the end of the stream");
/// let failure = life.failure.expect("a FAILED");
/// assert_eq!((failure.time, failure.reason_str()), (8.0, Some("TIMEOUT")));
/// # Ok::<(), tor_stream_event::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Failure<T> {
    /// The time of the failure, which is the end of the stream.
    pub time: T,
    /// The circuit that the stream was on. A stream that failed off every circuit may have been on one before:
    /// [`last_circuit`](StreamLife::last_circuit) has it.
    pub circuit_id: Option<CircuitId>,
    /// The reason of the failure (`REASON`).
    pub reason: Option<StreamClosureReason>,
    /// The reason for which the other end closed the stream (`REMOTE_REASON`).
    pub remote_reason: Option<StreamClosureReason>,
    /// Text of unnamed reasons.
    pub(crate) words: UnnamedReasons,
}

/// Defines methods that return words as tor printed them: the method, the field with the word, and the field with the
/// text of an unnamed word; then, for the method's example, the content of an event and the word in it. `$owner` is the
/// expression on which the example calls the method.
macro_rules! printed_words {
    (
        $owner:literal:
        $($(#[$meta:meta])* $name:ident: $field:ident $($word:ident).+, $content:literal has $printed:literal;)+
    ) => {$(
        $(#[$meta])*
        ///
        /// At most 64 bytes are kept of a word without a variant.
        ///
        /// # Examples
        ///
        /// ```
        /// use tor_stream_event::{StreamEventRef, StreamTracker};
        ///
        /// let mut tracker = StreamTracker::new(1000);
        #[doc = concat!("let event = StreamEventRef::parse(\"", $content, "\")?;")]
        /// tracker.update(&event, 1.0);
        /// let life = tracker.live().next().expect("a stream");
        #[doc = concat!("assert_eq!(", $owner, ".", stringify!($name), "(), Some(\"", $printed, "\"));")]
        /// # Ok::<(), Box<dyn std::error::Error>>(())
        /// ```
        #[must_use]
        pub fn $name(&self) -> Option<&str> {
            self.$field.map(|word| printed(word.as_str(), &self.$($word).+))
        }
    )+};
}

impl<T, N> StreamLife<T, N> {
    printed_words! {
        "life":
        /// Returns [`source`](Self::source) as tor printed it.
        source_str: source words.source, "18 REMAP 7 192.0.2.1:443 SOURCE=EXIT" has "EXIT";
        /// Returns [`purpose`](Self::purpose) as tor printed it.
        purpose_str: purpose words.purpose, "18 NEW 0 a.test:443 PURPOSE=USER" has "USER";
        /// Returns [`client_protocol`](Self::client_protocol) as tor printed it.
        client_protocol_str: client_protocol words.client_protocol, "18 NEW 0 a.test:443 CLIENT_PROTOCOL=SOCKS5" has "SOCKS5";
        /// Returns [`reason`](Self::reason) as tor printed it.
        reason_str: reason words.reasons.local, "18 FAILED 7 a.test:443 REASON=TIMEOUT" has "TIMEOUT";
        /// Returns [`remote_reason`](Self::remote_reason) as tor printed it.
        remote_reason_str: remote_reason words.reasons.remote, "18 FAILED 7 a:1 REASON=END REMOTE_REASON=MISC" has "MISC";
    }

    /// Returns the time of the stream's start, if the log has it.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::{StreamEventRef, StreamTracker};
    ///
    /// let mut tracker = StreamTracker::new(1000);
    /// tracker.update(&StreamEventRef::parse("18 NEW 0 a.test:443")?, 1.0);
    /// let event = StreamEventRef::parse("18 CLOSED 7 a.test:443")?;
    /// let life = tracker.update(&event, 9.0).expect("the end of the stream");
    /// assert_eq!(life.started(), Some(&1.0));
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    #[must_use]
    pub fn started(&self) -> Option<&T> {
        self.began.then_some(&self.first)
    }

    /// Returns the time of the stream's end, if the log has it: of FAILED, or else of CLOSED.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::{StreamEventRef, StreamTracker};
    ///
    /// let mut tracker = StreamTracker::new(1000);
    /// tracker.update(&StreamEventRef::parse("18 FAILED 7 a.test:443 REASON=TIMEOUT")?, 8.0);
    /// let event = StreamEventRef::parse("18 CLOSED 7 a.test:443")?;
    /// let life = tracker.update(&event, 9.0).expect("the end of the stream");
    /// assert_eq!(life.ended(), Some(&8.0));
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    #[must_use]
    pub fn ended(&self) -> Option<&T> {
        // FAILED sets the outcome `Failed` at once. A FAILED after CLOSED, with the outcome `AfterClosed`, is not the end.
        match (&self.failure, self.outcome) {
            (Some(failure), Outcome::Failed) => Some(&failure.time),
            (_, Outcome::Closed) => Some(&self.last),
            _ => None,
        }
    }

    /// Returns `true` if the client's request was not met: after FAILED, and for a look-up that was closed without an
    /// answer and for a reason other than DONE. tor prints no FAILED for a look-up that takes too long.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::{Outcome, StreamEventRef, StreamTracker};
    ///
    /// let mut tracker = StreamTracker::new(1000);
    /// tracker.update(&StreamEventRef::parse("14 NEWRESOLVE 0 a.test:0")?, 0.0);
    /// let closed = StreamEventRef::parse("14 CLOSED 0 a.test:0 REASON=TIMEOUT")?;
    /// let life = tracker.update(&closed, 3.29);
    /// assert!(life.is_some_and(|life| life.failed() && life.outcome == Outcome::Closed));
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    #[must_use]
    pub fn failed(&self) -> bool {
        let unanswered = self.is_resolve == Some(true) && self.outcome == Outcome::Closed && self.answer.is_none();
        self.failure.is_some() || unanswered && self.reason.is_some_and(|reason| reason != StreamClosureReason::Done)
    }

    /// Returns the number of the stream's events.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::{StreamEventRef, StreamTracker};
    ///
    /// let mut tracker = StreamTracker::new(1000);
    /// tracker.update(&StreamEventRef::parse("18 XOFF_RECV 7 a.test:443")?, 1.0);
    /// let event = StreamEventRef::parse("18 CLOSED 7 a.test:443")?;
    /// let life = tracker.update(&event, 9.0).expect("the end of the stream");
    /// assert_eq!((life.events(), life.step_count), (2, 1));
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    #[must_use]
    pub const fn events(&self) -> u64 {
        self.step_count + self.xoff_sent + self.xoff_recv + self.xon_sent + self.xon_recv
    }

    /// Returns the status of the last step, if there was one.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::{StreamStatus, StreamEventRef, StreamTracker};
    ///
    /// let mut tracker = StreamTracker::new(1000);
    /// tracker.update(&StreamEventRef::parse("18 NEW 0 a.test:443")?, 1.0);
    /// let event = StreamEventRef::parse("18 CLOSED 7 a.test:443")?;
    /// let life = tracker.update(&event, 9.0).expect("the end of the stream");
    /// assert_eq!(life.last_status(), Some(StreamStatus::Closed));
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    #[must_use]
    pub fn last_status(&self) -> Option<StreamStatus> {
        self.steps.last().map(|step| step.status)
    }

    /// Returns the life with its outcome, which is `Failed` for a stream that failed. Not called for an
    /// event after CLOSED.
    pub(super) fn with_outcome(self, outcome: Outcome) -> Self {
        let outcome = if self.failure.is_some() { Outcome::Failed } else { outcome };
        Self { outcome, ..self }
    }
}

impl<T> Step<T> {
    /// Returns the status as tor printed it. At most 64 bytes are kept of a status without a variant.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::{StreamEventRef, StreamTracker};
    ///
    /// let mut tracker = StreamTracker::new(1000);
    /// let event = StreamEventRef::parse("18 CLOSED 7 a.test:443")?;
    /// let life = tracker.update(&event, 9.0).expect("the end of the stream");
    /// assert_eq!(life.steps[0].status_str(), "CLOSED");
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    #[must_use]
    pub fn status_str(&self) -> &str {
        printed(self.status.as_str(), &self.word)
    }
}

impl<T> Failure<T> {
    printed_words! {
        "life.failure.as_ref().ok_or(\"no FAILED\")?":
        /// Returns [`reason`](Self::reason) as tor printed it.
        reason_str: reason words.local, "18 FAILED 7 a.test:443 REASON=TIMEOUT" has "TIMEOUT";
        /// Returns [`remote_reason`](Self::remote_reason) as tor printed it.
        remote_reason_str: remote_reason words.remote, "18 FAILED 7 a:1 REASON=END REMOTE_REASON=MISC" has "MISC";
    }
}
