//! The life of one stream: the facts in its events, and how later events add to them.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::IpAddr;

use super::Note;
use crate::anomaly::Anomaly;
use crate::event::StreamEventRef;
use crate::format::grammar;
use crate::token::{ClientProtocol, StreamClosureReason, StreamPurpose, StreamSource, StreamStatus};
use crate::value::{CircuitId, StreamId};

/// Maximum number of bytes that are kept of a word without a name. tor's longest words have 15.
const WORD_MAX: usize = 64;

/// The facts about one stream, from its events.
///
/// A life holds no credential, only whether there were any: the parts of one that a damaged line has in another field
/// are masked, as [`redact`](StreamEventRef::redact) does it.
///
/// The type parameter `T` is the caller's type of times, and `N` that of the caller's [notes](Note).
///
/// With the feature `serde` a life is data of any format, without `note`. Names are those of `tor-streams streams` if
/// it has the field, such as `stream_id`, `target` and `final_target`. Circuits are a list, times the form that `T`
/// has, and words as tor printed them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct StreamLife<T, N = ()> {
    /// The stream's ID.
    pub id: StreamId,
    /// The way in which the stream's life, as far as it was seen, is over.
    pub outcome: Outcome,
    /// `true` if the first event was NEW or NEWRESOLVE. If not, the stream began before the log, and
    /// [`first`](Self::first) is not its start.
    pub began: bool,
    /// The time of the first event.
    pub first: T,
    /// The time of the last event. For a failed stream this is usually the time of the CLOSED which follows:
    /// [`ended`](Self::ended) returns its end.
    pub last: T,
    /// The caller's notes on the stream's events, put together.
    pub note: N,
    /// Every event except those of flow control (XOFF and XON). Beyond the tracker's limit, the first ones and the last
    /// one.
    pub steps: Vec<Step<T>>,
    /// Number of steps, including those that are not kept.
    pub step_count: u64,
    /// The circuits that the stream was attached to, each once, in the order of attachment; the first ones up to the
    /// tracker's limit.
    pub circuits: Vec<CircuitId>,
    /// `true` if there were more circuits than are kept.
    pub more_circuits: bool,
    /// Number of times that the stream was attached to another circuit than before, including the first and earlier
    /// ones.
    pub circuit_changes: u64,
    /// The circuit that the stream is attached to, or was at its end. `None` after DETACHED, until it is attached
    /// again.
    pub circuit_id: Option<CircuitId>,
    /// The circuit that the stream was attached to last, even if it was detached from it. `None` if it never was
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
    /// `REASON` of the last event that has a reason; `None` if that has only `REMOTE_REASON`, or without such an event.
    pub reason: Option<StreamClosureReason>,
    /// `REMOTE_REASON` of the same event.
    pub remote_reason: Option<StreamClosureReason>,
    /// Number of times that this end asked the other one to stop sending (XOFF_SENT).
    pub xoff_sent: u64,
    /// Number of times that the other end asked this one to stop sending (XOFF_RECV).
    pub xoff_recv: u64,
    /// Number of times that this end asked the other one to send again (XON_SENT).
    pub xon_sent: u64,
    /// Number of times that the other end asked this one to send again (XON_RECV).
    pub xon_recv: u64,
    /// Number of events after FAILED other than CLOSED, which tor never prints.
    pub after_failed: u64,
    /// Text of words without a name.
    pub(crate) words: Words,
}

/// The text of a stream's words that have no name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) struct Words {
    /// `SOURCE`.
    pub(crate) source: Option<Box<str>>,
    /// `PURPOSE`.
    pub(crate) purpose: Option<Box<str>>,
    /// `CLIENT_PROTOCOL`.
    pub(crate) client_protocol: Option<Box<str>>,
    /// `REASON` and `REMOTE_REASON`.
    pub(crate) reasons: Reasons,
}

/// The text of one event's reasons that have no name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) struct Reasons {
    /// `REASON`.
    pub(crate) local: Option<Box<str>>,
    /// `REMOTE_REASON`.
    pub(crate) remote: Option<Box<str>>,
}

/// The target of a stream.
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
    /// Text of a status without a name.
    pub(crate) word: Option<Box<str>>,
}

/// The FAILED event of a stream.
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
    /// Text of reasons without a name.
    pub(crate) words: Reasons,
}

/// The way in which a stream's life is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
#[non_exhaustive]
pub enum Outcome {
    /// The stream is not over.
    Live,
    /// The stream ended with CLOSED, without FAILED.
    Closed,
    /// The stream ended with FAILED, with or without the CLOSED that tor prints after it.
    Failed,
    /// Another stream began with the same ID while this one was open. Either tor was restarted, or the log has events
    /// of two tors, or has them twice.
    Replaced,
    /// The tracker followed the maximum number of streams, and this one had the oldest last event.
    Dropped,
    /// A single event that came after CLOSED, which tor never prints.
    #[cfg_attr(feature = "serde", serde(rename = "after closed"))]
    AfterClosed,
}

/// The limits of the facts that are kept of one stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kept {
    /// Maximum number of steps, at least one.
    pub(super) steps: usize,
    /// Maximum number of circuits, at least one.
    pub(super) circuits: usize,
}

/// Defines methods that return words as printed.
macro_rules! words {
    ($($(#[$meta:meta])* $name:ident: $field:ident $($word:ident).+;)+) => {$(
        $(#[$meta])*
        ///
        /// At most 64 bytes are kept of a word without a name.
        #[must_use]
        pub fn $name(&self) -> Option<&str> {
            self.$field.map(|word| printed(word.as_str(), &self.$($word).+))
        }
    )+};
}

impl<T, N> StreamLife<T, N> {
    words! {
        /// Returns [`source`](Self::source) as tor printed it.
        source_str: source words.source;
        /// Returns [`purpose`](Self::purpose) as tor printed it.
        purpose_str: purpose words.purpose;
        /// Returns [`client_protocol`](Self::client_protocol) as tor printed it.
        client_protocol_str: client_protocol words.client_protocol;
        /// Returns [`reason`](Self::reason) as tor printed it.
        reason_str: reason words.reasons.local;
        /// Returns [`remote_reason`](Self::remote_reason) as tor printed it.
        remote_reason_str: remote_reason words.reasons.remote;
    }

    /// Returns the time of the stream's start, if that was seen.
    #[must_use]
    pub fn started(&self) -> Option<&T> {
        self.began.then_some(&self.first)
    }

    /// Returns the time of the stream's end, if that was seen: of FAILED, or else of CLOSED.
    #[must_use]
    pub fn ended(&self) -> Option<&T> {
        match (&self.failure, self.outcome) {
            (Some(failure), Outcome::Failed) => Some(&failure.time),
            (_, Outcome::Closed) => Some(&self.last),
            _ => None,
        }
    }

    /// Returns `true` if the client's request was not met: after FAILED, and for a look-up that was closed without an
    /// answer, for a reason other than DONE. tor prints no FAILED for a look-up that takes too long.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::{Outcome, StreamEventRef, StreamTracker};
    ///
    /// let mut tracker = StreamTracker::new(1000);
    /// tracker.update(&StreamEventRef::parse("14 NEWRESOLVE 0 a.test:0 PURPOSE=DNS_REQUEST")?, 0.0);
    /// let life = tracker.update(&StreamEventRef::parse("14 CLOSED 0 a.test:0 REASON=TIMEOUT")?, 3.29);
    /// assert!(life.is_some_and(|life| life.failed() && life.outcome == Outcome::Closed));
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    #[must_use]
    pub fn failed(&self) -> bool {
        let unanswered = self.is_resolve == Some(true) && self.outcome == Outcome::Closed && self.answer.is_none();
        self.failure.is_some() || unanswered && self.reason.is_some_and(|reason| reason != StreamClosureReason::Done)
    }

    /// Returns the number of the stream's events.
    #[must_use]
    pub const fn events(&self) -> u64 {
        self.step_count + self.xoff_sent + self.xoff_recv + self.xon_sent + self.xon_recv
    }

    /// Returns the status of the last step, if there was one.
    #[must_use]
    pub fn last_status(&self) -> Option<StreamStatus> {
        self.steps.last().map(|step| step.status)
    }

    /// Returns the life with its outcome. A stream that failed keeps that outcome.
    pub(super) fn over(self, outcome: Outcome) -> Self {
        let outcome = if self.failure.is_some() { Outcome::Failed } else { outcome };
        Self { outcome, ..self }
    }
}

impl<T> Step<T> {
    /// Returns the status as tor printed it. At most 64 bytes are kept of a status without a name.
    #[must_use]
    pub fn status_str(&self) -> &str {
        printed(self.status.as_str(), &self.word)
    }
}

impl<T> Failure<T> {
    words! {
        /// Returns [`reason`](Self::reason) as tor printed it.
        reason_str: reason words.local;
        /// Returns [`remote_reason`](Self::remote_reason) as tor printed it.
        remote_reason_str: remote_reason words.remote;
    }
}

impl<T: Clone, N: Note> StreamLife<T, N> {
    /// Returns the life of a stream that begins with this event.
    pub(super) fn new(id: StreamId, event: &StreamEventRef<'_>, time: T, note: N) -> Self {
        let mut life = Self {
            id,
            outcome: Outcome::Live,
            began: matches!(event.status, StreamStatus::New | StreamStatus::NewResolve),
            first: time.clone(),
            last: time.clone(),
            note,
            steps: Vec::new(),
            step_count: 0,
            circuits: Vec::new(),
            more_circuits: false,
            circuit_changes: 0,
            circuit_id: None,
            last_circuit: None,
            is_resolve: None,
            attempts: 0,
            detached: 0,
            answer: None,
            failure: None,
            closed: false,
            asked: Target::of(event),
            target: Target::of(event),
            source: None,
            source_addr: None,
            purpose: None,
            client_protocol: None,
            nym_epoch: None,
            session_group: None,
            has_username: false,
            has_password: false,
            reason: None,
            remote_reason: None,
            xoff_sent: 0,
            xoff_recv: 0,
            xon_sent: 0,
            xon_recv: 0,
            after_failed: 0,
            words: Words::default(),
        };
        life.add(event, time, Kept { steps: 1, circuits: 1 });
        life
    }

    /// Adds an event.
    pub(super) fn update(&mut self, event: &StreamEventRef<'_>, time: T, note: N, kept: Kept) {
        self.note.append(note);
        self.last = time.clone();
        self.add(event, time, kept);
    }

    /// Adds the facts of an event, without its note.
    fn add(&mut self, event: &StreamEventRef<'_>, time: T, kept: Kept) {
        let circuit_id = event.circuit_id.map(|id| circuit_id(event, id));
        if let Some(circuit) = circuit_id {
            self.add_circuit(circuit, kept);
        }
        if !self.target.is(event) {
            self.target = Target::of(event);
        }
        if let Some(source_addr) = event.source_addr {
            let source_addr = if is_address(event) { source_addr.into() } else { shown(event, source_addr) };
            self.source_addr = Some(source_addr);
        }
        if let Some(source) = event.source {
            self.source = Some(source);
            self.words.source = unnamed(event, source == StreamSource::Unrecognized, StreamEventRef::source_str);
        }
        if let Some(purpose) = event.purpose {
            self.purpose = Some(purpose);
            self.words.purpose = unnamed(event, purpose == StreamPurpose::Unrecognized, StreamEventRef::purpose_str);
        }
        if let Some(protocol) = event.client_protocol() {
            self.client_protocol = Some(protocol);
            let unrecognized = protocol == ClientProtocol::Unrecognized;
            self.words.client_protocol = unnamed(event, unrecognized, StreamEventRef::client_protocol_str);
        }
        self.nym_epoch = event.nym_epoch().or(self.nym_epoch);
        self.session_group = event.session_group().or(self.session_group);
        self.has_username |= event.socks_username().is_some();
        self.has_password |= event.socks_password().is_some();
        // Both reasons are of one event: a remote reason without its REASON would be an earlier attempt's.
        if event.reason.is_some() || event.remote_reason.is_some() {
            self.reason = event.reason;
            self.remote_reason = event.remote_reason;
            self.words.reasons = Reasons::of(event);
        }
        self.after_failed += u64::from(self.failure.is_some() && event.status != StreamStatus::Closed);

        match event.status {
            StreamStatus::XoffSent => self.xoff_sent += 1,
            StreamStatus::XoffRecv => self.xoff_recv += 1,
            StreamStatus::XonSent => self.xon_sent += 1,
            StreamStatus::XonRecv => self.xon_recv += 1,
            status => {
                self.add_status(event, &time, circuit_id);
                let word = unnamed(event, status == StreamStatus::Unrecognized, |event| Some(event.status_str()));
                self.add_step(Step { status, time, circuit_id, word }, kept.steps);
                self.step_count += 1;
            }
        }
        // For a stream that waits, or was just detached, tor prints the circuit that it left.
        match event.status {
            StreamStatus::Detached => self.circuit_id = None,
            StreamStatus::ControllerWait => {}
            _ => self.circuit_id = circuit_id.or(self.circuit_id),
        }
    }

    /// Adds the facts that follow from a step's status.
    fn add_status(&mut self, event: &StreamEventRef<'_>, time: &T, circuit_id: Option<CircuitId>) {
        match event.status {
            StreamStatus::New => self.asks_for(false),
            StreamStatus::NewResolve => self.asks_for(true),
            StreamStatus::SentConnect | StreamStatus::SentResolve => {
                self.asks_for(event.status == StreamStatus::SentResolve);
                self.attempts += 1;
            }
            StreamStatus::Detached => self.detached += 1,
            StreamStatus::Succeeded if self.answer.is_none() => {
                self.answer = Some(Step { status: event.status, time: time.clone(), circuit_id, word: None });
            }
            StreamStatus::Closed => self.closed = true,
            StreamStatus::Failed if self.failure.is_none() => {
                self.outcome = Outcome::Failed;
                self.failure = Some(Failure {
                    time: time.clone(),
                    circuit_id,
                    reason: event.reason,
                    remote_reason: event.remote_reason,
                    words: Reasons::of(event),
                });
            }
            _ => {}
        }
    }

    /// Adds the kind of the client's request. The first event with a kind decides.
    fn asks_for(&mut self, is_resolve: bool) {
        self.is_resolve = self.is_resolve.or(Some(is_resolve));
    }

    /// Adds the circuit of an event.
    fn add_circuit(&mut self, circuit: CircuitId, kept: Kept) {
        // Usually the circuit is that of the event before.
        if self.last_circuit == Some(circuit) {
            return;
        }
        self.last_circuit = Some(circuit);
        self.circuit_changes += 1;
        self.keep_circuit(circuit, kept);
    }

    /// Keeps a circuit, if it is new and there is room.
    fn keep_circuit(&mut self, circuit: CircuitId, kept: Kept) {
        // Once one is left out, the list is final, and the search is skipped: the time stays linear.
        if self.more_circuits || self.circuits.contains(&circuit) {
            return;
        }
        if self.circuits.len() < kept.circuits {
            self.circuits.push(circuit);
        } else {
            self.more_circuits = true;
        }
    }

    /// Adds a step: the first steps and the last one are kept.
    fn add_step(&mut self, step: Step<T>, limit: usize) {
        if self.steps.len() >= limit {
            self.steps.pop();
        }
        self.steps.push(step);
    }

    /// Adds the events of another life, which are later ones of the same stream. The result is that of adding them one
    /// by one.
    pub(super) fn append(&mut self, later: Self, kept: Kept) {
        let same_circuit = self.last_circuit.is_some() && later.circuits.first() == self.last_circuit.as_ref();
        self.circuit_changes += later.circuit_changes - u64::from(same_circuit);
        // A life that left out circuits has the maximum number, and so fills the free room here.
        later.circuits.iter().for_each(|&circuit| self.keep_circuit(circuit, kept));
        self.more_circuits |= later.more_circuits;
        if later.detached > 0 || later.circuit_id.is_some() {
            self.circuit_id = later.circuit_id;
        }
        self.last_circuit = later.last_circuit.or(self.last_circuit);

        self.after_failed += match &self.failure {
            Some(_) => later.events() - u64::from(later.closed),
            None => later.after_failed,
        };
        self.failure = self.failure.take().or(later.failure);
        self.outcome = if self.failure.is_some() { Outcome::Failed } else { later.outcome };
        self.closed |= later.closed;
        later.steps.into_iter().for_each(|step| self.add_step(step, kept.steps));
        self.step_count += later.step_count;

        self.last = later.last;
        self.note.append(later.note);
        self.is_resolve = self.is_resolve.or(later.is_resolve);
        self.attempts += later.attempts;
        self.detached += later.detached;
        self.answer = self.answer.take().or(later.answer);
        self.target = later.target;
        self.source_addr = later.source_addr.or(self.source_addr.take());
        if later.source.is_some() {
            self.source = later.source;
            self.words.source = later.words.source;
        }
        if later.purpose.is_some() {
            self.purpose = later.purpose;
            self.words.purpose = later.words.purpose;
        }
        if later.client_protocol.is_some() {
            self.client_protocol = later.client_protocol;
            self.words.client_protocol = later.words.client_protocol;
        }
        self.nym_epoch = later.nym_epoch.or(self.nym_epoch);
        self.session_group = later.session_group.or(self.session_group);
        self.has_username |= later.has_username;
        self.has_password |= later.has_password;
        if later.reason.is_some() || later.remote_reason.is_some() {
            self.reason = later.reason;
            self.remote_reason = later.remote_reason;
            self.words.reasons = later.words.reasons;
        }
        self.xoff_sent += later.xoff_sent;
        self.xoff_recv += later.xoff_recv;
        self.xon_sent += later.xon_sent;
        self.xon_recv += later.xon_recv;
    }
}

impl Target {
    /// Returns an event's target.
    fn of(event: &StreamEventRef<'_>) -> Self {
        Self { host: shown(event, event.target_host), port: event.target_port }
    }

    /// Returns `true` if this is the event's target, without masked text.
    fn is(&self, event: &StreamEventRef<'_>) -> bool {
        self.host == event.target_host && self.port == event.target_port
    }
}

impl Reasons {
    /// Returns the text of an event's reasons that have no name.
    fn of(event: &StreamEventRef<'_>) -> Self {
        let is_unnamed = |reason| reason == Some(StreamClosureReason::Unrecognized);
        Self {
            local: unnamed(event, is_unnamed(event.reason), StreamEventRef::reason_str),
            remote: unnamed(event, is_unnamed(event.remote_reason), StreamEventRef::remote_reason_str),
        }
    }
}

/// Returns the text of a word to keep: that of a word without a name.
///
/// A number that tor prints in place of a name is never masked, whatever a client writes before it.
fn unnamed<'a>(
    event: &StreamEventRef<'a>,
    is_unnamed: bool,
    text: impl FnOnce(&StreamEventRef<'a>) -> Option<&'a str>,
) -> Option<Box<str>> {
    if !is_unnamed {
        return None;
    }
    let word = text(event)?;
    Some(if grammar::is_unknown_code(word.as_bytes()) { cut(word) } else { cut(&shown(event, word)) })
}

/// Returns the ID of an event's circuit, masked if it is a secret, after a quotation mark in the stream's ID or in the status.
fn circuit_id<'a>(event: &StreamEventRef<'a>, id: &'a str) -> CircuitId {
    let may_be_secret = event.status == StreamStatus::Unrecognized || event.anomalies().contains(Anomaly::MalformedId);
    if may_be_secret && event.redact(id.as_bytes()).as_str().is_none() {
        // Not an abridged one, which has the first letters.
        return CircuitId::of_any("***");
    }
    CircuitId::of_any(id)
}

/// Returns `true` if an event's source address is an address and a port, which is never masked, whatever a client
/// writes before it.
fn is_address(event: &StreamEventRef<'_>) -> bool {
    let host = event.source_port().and_then(|_| event.source_host());
    host.is_some_and(|host| host.parse::<IpAddr>().is_ok())
}

/// Returns text of an event without credentials, which a damaged line can have anywhere.
fn shown<'a>(event: &StreamEventRef<'a>, text: &'a str) -> String {
    // On a plain line no field lies between the quotation marks of another one.
    if event.anomalies().is_empty() && memchr::memchr(b'=', text.as_bytes()).is_none() {
        return text.into();
    }
    event.redact(text.as_bytes()).to_string()
}

/// Returns up to [`WORD_MAX`] bytes of a word's text.
#[cold]
pub(crate) fn cut(word: &str) -> Box<str> {
    let end = (0..=WORD_MAX).rev().find(|&end| word.is_char_boundary(end));
    end.and_then(|end| word.get(..end)).unwrap_or(word).into()
}

/// Returns a word as printed, from its name and its kept text if it has no name. If the caller changed the public field
/// since, the name is right.
fn printed<'a>(name: &'a str, text: &'a Option<Box<str>>) -> &'a str {
    let is_unnamed = name == StreamStatus::Unrecognized.as_str();
    text.as_deref().filter(|_| is_unnamed).unwrap_or(name)
}
