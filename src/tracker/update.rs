//! The changes that an event, or a later life of the same stream, makes to a life.
//!
//! `update` adds an event, and `append` a life. Appending the life of some events has the same result as adding these
//! events one by one: a change to one function needs a change to the other.

use alloc::vec::Vec;

use super::Note;
use super::life::{Failure, Outcome, Step, StreamLife, Target};
use super::text::{UnnamedReasons, UnnamedWords, has_ip_source_addr, masked, masked_circuit, unnamed_text};
use crate::event::StreamEventRef;
use crate::value::{CircuitId, StreamId};
use crate::word::{ClientProtocol, StreamPurpose, StreamSource, StreamStatus};

/// Limits on the facts that are kept of one stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LifeLimits {
    /// Maximum number of steps, at least one.
    pub(super) steps: usize,
    /// Maximum number of circuits, at least one.
    pub(super) circuits: usize,
}

impl<T: Clone, N: Note> StreamLife<T, N> {
    /// Returns the life of a stream with its first event.
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
            words: UnnamedWords::default(),
        };
        // An event has at most one step and one circuit.
        life.add(event, time, LifeLimits { steps: 1, circuits: 1 });
        life
    }

    /// Adds an event.
    pub(super) fn update(&mut self, event: &StreamEventRef<'_>, time: T, note: N, limits: LifeLimits) {
        self.note.append(note);
        self.last = time.clone();
        self.add(event, time, limits);
    }

    /// Adds the facts of an event to all fields but `first`, `last` and `note`, and those that no later event changes: `id`,
    /// `began` and `asked`.
    fn add(&mut self, event: &StreamEventRef<'_>, time: T, limits: LifeLimits) {
        let circuit_id = event.circuit_id.map(|id| masked_circuit(event, id));
        if let Some(circuit) = circuit_id {
            self.add_circuit(circuit, limits);
        }
        if !self.target.is_plain_target_of(event) {
            self.target = Target::of(event);
        }
        if let Some(source_addr) = event.source_addr {
            // Most addresses are IP addresses, which are no credentials, and need no search for any.
            let source_addr = if has_ip_source_addr(event) { source_addr.into() } else { masked(event, source_addr) };
            self.source_addr = Some(source_addr);
        }
        if let Some(source) = event.source {
            self.source = Some(source);
            self.words.source = unnamed_text(event, source == StreamSource::Unrecognized, StreamEventRef::source_str);
        }
        if let Some(purpose) = event.purpose {
            self.purpose = Some(purpose);
            self.words.purpose =
                unnamed_text(event, purpose == StreamPurpose::Unrecognized, StreamEventRef::purpose_str);
        }
        if let Some(protocol) = event.client_protocol() {
            self.client_protocol = Some(protocol);
            let unrecognized = protocol == ClientProtocol::Unrecognized;
            self.words.client_protocol = unnamed_text(event, unrecognized, StreamEventRef::client_protocol_str);
        }
        self.nym_epoch = event.nym_epoch().or(self.nym_epoch);
        self.session_group = event.session_group().or(self.session_group);
        self.has_username |= event.socks_username().is_some();
        self.has_password |= event.socks_password().is_some();
        // Both reasons are replaced together: one of this event and one of an earlier event could be those of two attempts.
        if event.reason.is_some() || event.remote_reason.is_some() {
            self.reason = event.reason;
            self.remote_reason = event.remote_reason;
            self.words.reasons = UnnamedReasons::of(event);
        }
        self.after_failed += u64::from(self.failure.is_some() && event.status != StreamStatus::Closed);

        match event.status {
            StreamStatus::XoffSent => self.xoff_sent += 1,
            StreamStatus::XoffRecv => self.xoff_recv += 1,
            StreamStatus::XonSent => self.xon_sent += 1,
            StreamStatus::XonRecv => self.xon_recv += 1,
            status => {
                self.add_status(event, &time, circuit_id);
                let word = unnamed_text(event, status == StreamStatus::Unrecognized, |event| Some(event.status_str()));
                self.add_step(Step { status, time, circuit_id, word }, limits.steps);
                self.step_count += 1;
            }
        }
        // With DETACHED, and with CONTROLLER_WAIT after it, tor prints the circuit that the stream has left: not the one
        // that it is attached to.
        match event.status {
            StreamStatus::Detached => self.circuit_id = None,
            StreamStatus::ControllerWait => {}
            _ => self.circuit_id = circuit_id.or(self.circuit_id),
        }
    }

    /// Adds the facts that follow from the status of an event. A status of flow control has none here.
    fn add_status(&mut self, event: &StreamEventRef<'_>, time: &T, circuit_id: Option<CircuitId>) {
        match event.status {
            StreamStatus::New => self.set_is_resolve(false),
            StreamStatus::NewResolve => self.set_is_resolve(true),
            StreamStatus::SentConnect | StreamStatus::SentResolve => {
                self.set_is_resolve(event.status == StreamStatus::SentResolve);
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
                    words: UnnamedReasons::of(event),
                });
            }
            _ => {}
        }
    }

    /// Sets the kind of the client's request, if no earlier event did.
    fn set_is_resolve(&mut self, is_resolve: bool) {
        self.is_resolve = self.is_resolve.or(Some(is_resolve));
    }

    /// Adds the circuit of an event: a change, unless the last event with a circuit has the same one.
    fn add_circuit(&mut self, circuit: CircuitId, limits: LifeLimits) {
        if self.last_circuit == Some(circuit) {
            return;
        }
        self.last_circuit = Some(circuit);
        self.circuit_changes += 1;
        self.keep_circuit(circuit, limits);
    }

    /// Adds a circuit to the list, if it is new and the list is not full.
    fn keep_circuit(&mut self, circuit: CircuitId, limits: LifeLimits) {
        // Once a circuit is left out, the list is final, and the search is skipped: the time stays linear.
        if self.more_circuits || self.circuits.contains(&circuit) {
            return;
        }
        if self.circuits.len() < limits.circuits {
            self.circuits.push(circuit);
        } else {
            self.more_circuits = true;
        }
    }

    /// Adds a step. If the list is full, the step replaces the last one.
    fn add_step(&mut self, step: Step<T>, limit: usize) {
        if self.steps.len() >= limit {
            self.steps.pop();
        }
        self.steps.push(step);
    }

    /// Adds a life of later events of the same stream. The result is that of adding these events one by one.
    pub(super) fn append(&mut self, later: Self, limits: LifeLimits) {
        // The later life has counted its first circuit as a change.
        let same_circuit = self.last_circuit.is_some() && later.circuits.first() == self.last_circuit.as_ref();
        self.circuit_changes += later.circuit_changes - u64::from(same_circuit);
        // A life that left out circuits has the maximum number, and so fills the list here.
        later.circuits.iter().for_each(|&circuit| self.keep_circuit(circuit, limits));
        self.more_circuits |= later.more_circuits;
        // Otherwise no later event attached or detached the stream.
        if later.detached > 0 || later.circuit_id.is_some() {
            self.circuit_id = later.circuit_id;
        }
        self.last_circuit = later.last_circuit.or(self.last_circuit);

        // After a FAILED here, every later event but CLOSED is one that tor does not print.
        self.after_failed += match &self.failure {
            Some(_) => later.events() - u64::from(later.closed),
            None => later.after_failed,
        };
        self.failure = self.failure.take().or(later.failure);
        self.outcome = if self.failure.is_some() { Outcome::Failed } else { later.outcome };
        self.closed |= later.closed;
        later.steps.into_iter().for_each(|step| self.add_step(step, limits.steps));
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
