//! Streams as data. A field that `tor-streams streams` prints too has the same name there, but what it prints is no such data.
//!
//! A word is serialized as the text that tor printed. A [`StreamLife`] has a word without a variant (an *unnamed* word, see
//! [`crate::tracker`]) in two fields, `Unrecognized` and the text; the structs here join the two into one.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};

use super::value::{AnyId, variant};
use crate::tracker::{Failure, Outcome, Step, StreamLife, Target, UnnamedReasons, UnnamedWords, cut};
use crate::value::{CircuitId, StreamId};
use crate::word::{ClientProtocol, StreamClosureReason, StreamPurpose, StreamSource, StreamStatus, WordEnum};

/// A word as tor printed it: its variant, and its text if it has none.
struct PrintedWord<W>(W, Option<Box<str>>);

impl<W: WordEnum> PrintedWord<W> {
    /// Returns the word with this variant and this text, as tor printed it.
    fn new(word: W, text: &str) -> Self {
        Self(word, (word == W::UNRECOGNIZED).then(|| text.into()))
    }

    /// Returns the two fields that a stream has of a word: variant, and text if there is no variant. Both are `None` without a word.
    fn split(word: Option<Self>) -> (Option<W>, Option<Box<str>>) {
        word.map_or((None, None), |Self(word, text)| (Some(word), text))
    }
}

impl<W: WordEnum> Serialize for PrintedWord<W> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.1.as_deref().unwrap_or(self.0.as_str()))
    }
}

impl<'de, W: WordEnum> Deserialize<'de> for PrintedWord<W> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        let word = variant::<W>(&text);
        // A stream keeps the start of a long word only.
        Ok(Self(word, (word == W::UNRECOGNIZED).then(|| cut(&text))))
    }
}

/// Deserializes the ID of a stream, which may be malformed, as [`AnyId`] accepts it: lenient parsing accepts any token.
fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<StreamId, D::Error> {
    AnyId::deserialize(deserializer).map(|AnyId(id)| id)
}

/// Deserializes the ID of a circuit as [`id`] does.
fn circuit_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<CircuitId>, D::Error> {
    Option::deserialize(deserializer).map(|id| id.map(|AnyId(id)| id))
}

/// Deserializes the IDs of circuits as [`id`] does.
fn circuits<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<CircuitId>, D::Error> {
    Vec::deserialize(deserializer).map(|ids| ids.into_iter().map(|AnyId(id)| id).collect())
}

/// Defines functions that return a word of a stream as tor printed it.
macro_rules! printed {
    ($($field:ident $text:ident $word:ident;)+) => {$(
        /// Returns the word as tor printed it; `None` if the stream has none.
        fn $field<T, N>(life: &StreamLife<T, N>) -> Option<PrintedWord<$word>> {
            Some(PrintedWord::new(life.$field?, life.$text()?))
        }
    )+};
}

printed! {
    reason reason_str StreamClosureReason;
    remote_reason remote_reason_str StreamClosureReason;
    source source_str StreamSource;
    purpose purpose_str StreamPurpose;
    client_protocol client_protocol_str ClientProtocol;
}

/// The serialized form of a [`StreamLife`], without the caller's notes.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(remote = "StreamLife", rename = "StreamLife")]
#[allow(clippy::missing_docs_in_private_items, reason = "the fields are those of `StreamLife`")]
struct LifeForm<T, N> {
    #[serde(rename = "stream_id", deserialize_with = "id")]
    id: StreamId,
    outcome: Outcome,
    began: bool,
    first: T,
    last: T,
    // The struct's `target` is the stream's last one, the data's `target` the one that the client asked for.
    #[serde(rename = "target")]
    asked: Target,
    #[serde(rename = "final_target")]
    target: Target,
    is_resolve: Option<bool>,
    steps: Vec<Step<T>>,
    step_count: u64,
    attempts: u64,
    detached: u64,
    answer: Option<Step<T>>,
    failure: Option<Failure<T>>,
    closed: bool,
    #[serde(getter = "reason")]
    reason: Option<PrintedWord<StreamClosureReason>>,
    #[serde(getter = "remote_reason")]
    remote_reason: Option<PrintedWord<StreamClosureReason>>,
    #[serde(default, deserialize_with = "circuit_id")]
    circuit_id: Option<CircuitId>,
    #[serde(default, deserialize_with = "circuit_id")]
    last_circuit: Option<CircuitId>,
    #[serde(deserialize_with = "circuits")]
    circuits: Vec<CircuitId>,
    more_circuits: bool,
    circuit_changes: u64,
    #[serde(rename = "remap_source", getter = "source")]
    source: Option<PrintedWord<StreamSource>>,
    source_addr: Option<String>,
    #[serde(getter = "purpose")]
    purpose: Option<PrintedWord<StreamPurpose>>,
    #[serde(getter = "client_protocol")]
    client_protocol: Option<PrintedWord<ClientProtocol>>,
    nym_epoch: Option<u32>,
    session_group: Option<i32>,
    has_username: bool,
    has_password: bool,
    xoff_sent: u64,
    xoff_recv: u64,
    xon_sent: u64,
    xon_recv: u64,
    after_failed: u64,
    #[serde(skip)]
    note: N,
}

impl<T, N> From<LifeForm<T, N>> for StreamLife<T, N> {
    fn from(form: LifeForm<T, N>) -> Self {
        let (reason, reason_text) = PrintedWord::split(form.reason);
        let (remote_reason, remote_reason_text) = PrintedWord::split(form.remote_reason);
        let (source, source_text) = PrintedWord::split(form.source);
        let (purpose, purpose_text) = PrintedWord::split(form.purpose);
        let (client_protocol, client_protocol_text) = PrintedWord::split(form.client_protocol);
        Self {
            id: form.id,
            outcome: form.outcome,
            began: form.began,
            first: form.first,
            last: form.last,
            asked: form.asked,
            target: form.target,
            is_resolve: form.is_resolve,
            steps: form.steps,
            step_count: form.step_count,
            attempts: form.attempts,
            detached: form.detached,
            answer: form.answer,
            failure: form.failure,
            closed: form.closed,
            reason,
            remote_reason,
            circuit_id: form.circuit_id,
            last_circuit: form.last_circuit,
            circuits: form.circuits,
            more_circuits: form.more_circuits,
            circuit_changes: form.circuit_changes,
            source,
            source_addr: form.source_addr,
            purpose,
            client_protocol,
            nym_epoch: form.nym_epoch,
            session_group: form.session_group,
            has_username: form.has_username,
            has_password: form.has_password,
            xoff_sent: form.xoff_sent,
            xoff_recv: form.xoff_recv,
            xon_sent: form.xon_sent,
            xon_recv: form.xon_recv,
            after_failed: form.after_failed,
            note: form.note,
            words: UnnamedWords {
                source: source_text,
                purpose: purpose_text,
                client_protocol: client_protocol_text,
                reasons: UnnamedReasons { local: reason_text, remote: remote_reason_text },
            },
        }
    }
}

impl<T: Serialize, N> Serialize for StreamLife<T, N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        LifeForm::serialize(self, serializer)
    }
}

impl<'de, T: Deserialize<'de>, N: Default> Deserialize<'de> for StreamLife<T, N> {
    /// Deserializes a stream. Its note is the default value.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        LifeForm::deserialize(deserializer)
    }
}

/// The serialized form of a [`Step`].
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(remote = "Step", rename = "Step")]
#[allow(clippy::missing_docs_in_private_items, reason = "the fields are those of `Step`")]
struct StepForm<T> {
    #[serde(getter = "status")]
    status: PrintedWord<StreamStatus>,
    time: T,
    #[serde(default, deserialize_with = "circuit_id")]
    circuit_id: Option<CircuitId>,
}

/// Returns the status of a step.
fn status<T>(step: &Step<T>) -> PrintedWord<StreamStatus> {
    PrintedWord::new(step.status, step.status_str())
}

impl<T> From<StepForm<T>> for Step<T> {
    fn from(form: StepForm<T>) -> Self {
        let PrintedWord(status, word) = form.status;
        Self { status, time: form.time, circuit_id: form.circuit_id, word }
    }
}

impl<T: Serialize> Serialize for Step<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        StepForm::serialize(self, serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Step<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        StepForm::deserialize(deserializer)
    }
}

/// The serialized form of a [`Failure`].
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(remote = "Failure", rename = "Failure")]
#[allow(clippy::missing_docs_in_private_items, reason = "the fields are those of `Failure`")]
struct FailureForm<T> {
    time: T,
    #[serde(default, deserialize_with = "circuit_id")]
    circuit_id: Option<CircuitId>,
    #[serde(getter = "failure_reason")]
    reason: Option<PrintedWord<StreamClosureReason>>,
    #[serde(getter = "failure_remote_reason")]
    remote_reason: Option<PrintedWord<StreamClosureReason>>,
}

/// Returns the reason of a failure.
fn failure_reason<T>(failure: &Failure<T>) -> Option<PrintedWord<StreamClosureReason>> {
    Some(PrintedWord::new(failure.reason?, failure.reason_str()?))
}

/// Returns the other end's reason of a failure.
fn failure_remote_reason<T>(failure: &Failure<T>) -> Option<PrintedWord<StreamClosureReason>> {
    Some(PrintedWord::new(failure.remote_reason?, failure.remote_reason_str()?))
}

impl<T> From<FailureForm<T>> for Failure<T> {
    fn from(form: FailureForm<T>) -> Self {
        let (reason, reason_text) = PrintedWord::split(form.reason);
        let (remote_reason, remote_reason_text) = PrintedWord::split(form.remote_reason);
        Self {
            time: form.time,
            circuit_id: form.circuit_id,
            reason,
            remote_reason,
            words: UnnamedReasons { local: reason_text, remote: remote_reason_text },
        }
    }
}

impl<T: Serialize> Serialize for Failure<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        FailureForm::serialize(self, serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Failure<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        FailureForm::deserialize(deserializer)
    }
}
