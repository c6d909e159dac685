//! One stream: the facts that its events give, and how later events add to them.

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

/// The most bytes that are kept of a word without a name. tor's longest words have 15.
const WORD_MAX: usize = 64;

/// What happened to one stream.
///
/// It holds no credential, only whether there were any: what a damaged line has of them in another field is masked, as
/// [`redact`](StreamEventRef::redact) does it.
///
/// `T` is the caller's type of times, and `N` that of the caller's [notes](Note).
///
/// With the feature `serde` it is data of any format, but for `note`. What `tor-streams streams` prints has its names there,
/// `stream_id`, `target` and `final_target` among them. Circuits are a list, times what `T` makes of them, and words as tor
/// printed them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct StreamLife<T, N = ()> {
    /// The stream's ID.
    pub id: StreamId,
    /// How its life, as far as it was seen, is over.
    pub outcome: Outcome,
    /// Whether its first event was NEW or NEWRESOLVE. If not, it began before the log, and [`first`](Self::first) is not its
    /// start.
    pub began: bool,
    /// The time of the first event.
    pub first: T,
    /// The time of the last event. If it failed, that is as a rule the time of the CLOSED which follows:
    /// [`ended`](Self::ended) returns its end.
    pub last: T,
    /// What the caller noted about its events.
    pub note: N,
    /// Every event but those of flow control (XOFF and XON). Beyond the tracker's limit the first ones are kept, and the
    /// last one.
    pub steps: Vec<Step<T>>,
    /// Number of steps, those included that are not kept.
    pub step_count: u64,
    /// The circuits that the stream was attached to, each once, in the order in which they came; the first ones up to the
    /// tracker's limit.
    pub circuits: Vec<CircuitId>,
    /// Whether there were more circuits than are kept.
    pub more_circuits: bool,
    /// Number of times that the stream came to another circuit, the first one and those it had left before included.
    pub circuit_changes: u64,
    /// The circuit that the stream is attached to, or was when it ended. `None` after DETACHED, until it is attached again.
    pub circuit_id: Option<CircuitId>,
    /// The circuit that the stream was attached to last, even if it was detached from it.
    pub last_circuit: Option<CircuitId>,
    /// Whether the client asks for an address to be looked up (NEWRESOLVE, SENTRESOLVE), or for a connection (NEW,
    /// SENTCONNECT). `None` if there was no such event.
    pub is_resolve: Option<bool>,
    /// Number of times that it was sent along a circuit (SENTCONNECT, SENTRESOLVE).
    pub attempts: u64,
    /// Number of times that it was taken off a circuit (DETACHED).
    pub detached: u64,
    /// The first SUCCEEDED.
    pub answer: Option<Step<T>>,
    /// The first FAILED.
    pub failure: Option<Failure<T>>,
    /// Whether there was a CLOSED. tor prints one after each FAILED as well.
    pub closed: bool,
    /// The target of the first event: what the client asked for, if that was NEW or NEWRESOLVE.
    pub asked: Target,
    /// The target of the last event: what a REMAP or a controller made of it.
    pub target: Target,
    /// Where the last REMAP had the address from (`SOURCE`).
    pub source: Option<StreamSource>,
    /// Where the client connects from (`SOURCE_ADDR`).
    pub source_addr: Option<String>,
    /// What the stream is for (`PURPOSE`).
    pub purpose: Option<StreamPurpose>,
    /// The protocol that the client spoke (`CLIENT_PROTOCOL`).
    pub client_protocol: Option<ClientProtocol>,
    /// The last number of NEWNYM signals before the stream (`NYM_EPOCH`).
    pub nym_epoch: Option<u32>,
    /// What the stream came through (`SESSION_GROUP`).
    pub session_group: Option<i32>,
    /// Whether the client sent a user name.
    pub has_username: bool,
    /// Whether the client sent a password.
    pub has_password: bool,
    /// `REASON` of the last event that has one.
    pub reason: Option<StreamClosureReason>,
    /// `REMOTE_REASON` of that event.
    pub remote_reason: Option<StreamClosureReason>,
    /// Number of times that this end asked the other one to stop sending (XOFF_SENT).
    pub xoff_sent: u64,
    /// Number of times that the other end asked this one to stop sending (XOFF_RECV).
    pub xoff_recv: u64,
    /// Number of times that this end asked the other one to send again (XON_SENT).
    pub xon_sent: u64,
    /// Number of times that the other end asked this one to send again (XON_RECV).
    pub xon_recv: u64,
    /// Number of events after a FAILED that are no CLOSED, which tor never prints.
    pub after_failed: u64,
    /// Words without a name.
    pub(crate) words: Words,
}

/// The text of those words of a stream that have no name.
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

/// The text of those reasons of one event that have no name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) struct Reasons {
    /// `REASON`.
    pub(crate) local: Option<Box<str>>,
    /// `REMOTE_REASON`.
    pub(crate) remote: Option<Box<str>>,
}

/// A stream's target.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Target {
    /// The host.
    pub host: String,
    /// The port.
    pub port: u16,
}

/// One event of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Step<T> {
    /// What happened.
    pub status: StreamStatus,
    /// When.
    pub time: T,
    /// The circuit that tor printed. With DETACHED, and with the CONTROLLER_WAIT right behind it, it is the one that the
    /// stream has left.
    pub circuit_id: Option<CircuitId>,
    /// The status, if it has no name.
    pub(crate) word: Option<Box<str>>,
}

/// How a stream failed: its FAILED event.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Failure<T> {
    /// When it failed, which is when it ended.
    pub time: T,
    /// The circuit that it was on. A stream that failed off every circuit may have been on one before:
    /// [`last_circuit`](StreamLife::last_circuit) has it.
    pub circuit_id: Option<CircuitId>,
    /// Why it failed (`REASON`).
    pub reason: Option<StreamClosureReason>,
    /// Why the other end closed it (`REMOTE_REASON`).
    pub remote_reason: Option<StreamClosureReason>,
    /// Reasons without a name.
    pub(crate) words: Reasons,
}

/// How a stream's life is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
#[non_exhaustive]
pub enum Outcome {
    /// It is not over.
    Live,
    /// With CLOSED, and without FAILED.
    Closed,
    /// With FAILED, whether or not the CLOSED that tor prints after it was seen.
    Failed,
    /// Another stream began with the same ID while it was open. tor was restarted, or the log has events of two tors, or it
    /// has them twice.
    Replaced,
    /// There were more streams than the tracker may follow.
    Dropped,
    /// It was over before: this is one event that came after CLOSED, which tor never prints.
    #[cfg_attr(feature = "serde", serde(rename = "after closed"))]
    AfterClosed,
}

/// The most steps and circuits of one stream that are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kept {
    /// Maximum number of steps, at least one.
    pub(super) steps: usize,
    /// Maximum number of circuits, at least one.
    pub(super) circuits: usize,
}

/// Makes methods that return words as printed.
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

    /// Returns the time of its start, if that was seen.
    #[must_use]
    pub fn started(&self) -> Option<&T> {
        self.began.then_some(&self.first)
    }

    /// Returns the time of its end, if that was seen: of FAILED, or else of CLOSED.
    #[must_use]
    pub fn ended(&self) -> Option<&T> {
        match (&self.failure, self.outcome) {
            (Some(failure), Outcome::Failed) => Some(&failure.time),
            (_, Outcome::Closed) => Some(&self.last),
            _ => None,
        }
    }

    /// Returns `true` if the client did not get what it asked for: after FAILED, and for a look-up that was closed without an
    /// answer, for a reason other than DONE. tor prints no FAILED for a look-up that takes too long.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::{Outcome, StreamEventRef, StreamTracker};
    ///
    /// let mut tracker = StreamTracker::new(1000);
    /// tracker.update(&StreamEventRef::parse("14 NEWRESOLVE 0 www.example.net:0 PURPOSE=DNS_REQUEST")?, 0.0);
    /// let life = tracker.update(&StreamEventRef::parse("14 CLOSED 0 www.example.net:0 REASON=TIMEOUT")?, 3.29);
    /// assert!(life.is_some_and(|life| life.failed() && life.outcome == Outcome::Closed));
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    #[must_use]
    pub fn failed(&self) -> bool {
        let unanswered = self.is_resolve == Some(true) && self.outcome == Outcome::Closed && self.answer.is_none();
        self.failure.is_some() || unanswered && self.reason.is_some_and(|reason| reason != StreamClosureReason::Done)
    }

    /// Returns the number of its events.
    #[must_use]
    pub const fn events(&self) -> u64 {
        self.step_count + self.xoff_sent + self.xoff_recv + self.xon_sent + self.xon_recv
    }

    /// Returns the status of the last step, if there was one.
    #[must_use]
    pub fn last_status(&self) -> Option<StreamStatus> {
        self.steps.last().map(|step| step.status)
    }

    /// Returns the life as it is over. A stream that failed has failed, whatever came of it then.
    pub(super) fn over(self, outcome: Outcome) -> Self {
        let outcome = if self.failure.is_some() { Outcome::Failed } else { outcome };
        Self { outcome, ..self }
    }
}

impl<T> Step<T> {
    /// Returns the status as tor printed it. At most 64 bytes are kept of one without a name.
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
    /// Returns the life of a stream of which this is the first event.
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

    /// Adds what an event tells, but for its note.
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
        // What tor prints of a stream that waits, or was just detached, is the circuit that it left.
        match event.status {
            StreamStatus::Detached => self.circuit_id = None,
            StreamStatus::ControllerWait => {}
            _ => self.circuit_id = circuit_id.or(self.circuit_id),
        }
    }

    /// Adds what follows from the status of a step.
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

    /// Adds what the client asks for. The first event that tells is right.
    fn asks_for(&mut self, is_resolve: bool) {
        self.is_resolve = self.is_resolve.or(Some(is_resolve));
    }

    /// Adds a circuit that an event has.
    fn add_circuit(&mut self, circuit: CircuitId, kept: Kept) {
        // As a rule it is that of the event before.
        if self.last_circuit == Some(circuit) {
            return;
        }
        self.last_circuit = Some(circuit);
        self.circuit_changes += 1;
        self.keep_circuit(circuit, kept);
    }

    /// Keeps a circuit, if it is another one and there is room.
    fn keep_circuit(&mut self, circuit: CircuitId, kept: Kept) {
        // Once one is left out, nothing can change, and nothing need be looked for: the time stays linear.
        if self.more_circuits || self.circuits.contains(&circuit) {
            return;
        }
        if self.circuits.len() < kept.circuits {
            self.circuits.push(circuit);
        } else {
            self.more_circuits = true;
        }
    }

    /// Adds a step: the first ones are kept, and the last one.
    fn add_step(&mut self, step: Step<T>, limit: usize) {
        if self.steps.len() >= limit {
            self.steps.pop();
        }
        self.steps.push(step);
    }

    /// Adds the events of another life, which are later ones of the same stream. That gives what adding them one by one
    /// gives.
    pub(super) fn append(&mut self, later: Self, kept: Kept) {
        let same_circuit = self.last_circuit.is_some() && later.circuits.first() == self.last_circuit.as_ref();
        self.circuit_changes += later.circuit_changes - u64::from(same_circuit);
        // A life that left circuits out has as many as are kept, and so fills what is free here.
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

    /// Returns `true` if this is the event's target, and no text of it is masked.
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

/// Returns the text of a word that is kept since it has no name, if it has none.
///
/// A number that tor prints for none is no secret, whatever a client writes before it.
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

/// Returns the ID of an event's circuit. One that is a secret, behind a quotation mark in the stream's ID or in a word that is
/// no status, is not kept as it is.
fn circuit_id<'a>(event: &StreamEventRef<'a>, id: &'a str) -> CircuitId {
    let may_be_secret = event.status == StreamStatus::Unrecognized || event.anomalies().contains(Anomaly::MalformedId);
    if may_be_secret && event.redact(id.as_bytes()).as_str().is_none() {
        return CircuitId::of_bytes(id.as_bytes());
    }
    CircuitId::of_any(id)
}

/// Returns `true` if an event's source address is an address and a port, which is no secret, whatever a client writes before it.
fn is_address(event: &StreamEventRef<'_>) -> bool {
    let host = event.source_port().and_then(|_| event.source_host());
    host.is_some_and(|host| host.parse::<IpAddr>().is_ok())
}

/// Returns text of an event without credentials, which a damaged line can have anywhere: a life holds none.
fn shown<'a>(event: &StreamEventRef<'a>, text: &'a str) -> String {
    // On a plain line no field lies between the quotation marks of another one.
    if event.anomalies().is_empty() && memchr::memchr(b'=', text.as_bytes()).is_none() {
        return text.into();
    }
    event.redact(text.as_bytes()).to_string()
}

/// Returns a word's text, up to [`WORD_MAX`] bytes of it.
#[cold]
pub(crate) fn cut(word: &str) -> Box<str> {
    let end = (0..=WORD_MAX).rev().find(|&end| word.is_char_boundary(end));
    end.and_then(|end| word.get(..end)).unwrap_or(word).into()
}

/// Returns a word as printed, from its name and the text that is kept if it has none. A public field may have been changed
/// since: then the name is right.
fn printed<'a>(name: &'a str, text: &'a Option<Box<str>>) -> &'a str {
    let is_unnamed = name == StreamStatus::Unrecognized.as_str();
    text.as_deref().filter(|_| is_unnamed).unwrap_or(name)
}
