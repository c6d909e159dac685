//! Notes on a stream's events: facts that the library's tracker does not keep.

use tor_stream_event::{Note, StreamEventRef, StreamLife, StreamTracker};

use crate::command::identity::{FactSource, IdentityFacts};
use crate::command::streams::onionperf;
use crate::command::summary::EventTally;
use crate::input::filter::MetConditions;
use crate::input::reader::Event;
use crate::input::time::Time;
use crate::output::mask;

/// The life of a stream.
pub(crate) type Life = StreamLife<Option<Time>, StreamNote>;

/// The tracker of a log's streams.
pub(crate) type Tracker = StreamTracker<Option<Time>, StreamNote>;

/// The notes on the events of a stream.
#[derive(Clone, Debug)]
pub(crate) struct StreamNote {
    /// Conditions of the filters that the stream meets: the union of those that its events meet.
    pub(crate) met: MetConditions,
    /// Index, among the inputs, of the file with the first event.
    pub(crate) file: usize,
    /// Set if the first note is not that of an event, but of a stream that was open when a controller asked.
    pub(crate) was_open: bool,
    /// Host of the first event's target as it is printed, if that differs from the event's text: if the host is not
    /// UTF-8, or holds credentials.
    asked_host: Option<Box<str>>,
    /// Host of the last event's target as it is printed, if that differs from the event's text.
    final_host: Option<Box<str>>,
    /// Counts of the stream's events, if the command counts only the events of streams that pass the filters.
    pub(crate) events: Option<Box<EventTally>>,
    /// Facts about the stream's identity, if the command asks for them.
    pub(crate) facts: Option<Box<IdentityFacts>>,
    /// The stream's events in OnionPerf's form, if that is printed.
    pub(crate) onionperf: onionperf::KeptEvents,
}

impl StreamNote {
    /// Returns the note on an event of the input with this index.
    pub(crate) fn new(event: &Event<'_>, file: usize) -> Self {
        Self::of(event.event, event.met, file)
    }

    /// Adds the facts about the stream's identity that the event tells, if the command asks for them.
    pub(crate) fn with_facts(mut self, source: Option<&FactSource>, event: &Event<'_>) -> Self {
        self.facts = source.map(|source| Box::new(source.facts(event.event)));
        self
    }

    /// Returns the note on a stream that was open when a controller asked for open streams.
    pub(crate) fn of_open(stream: &StreamEventRef<'_>, met: MetConditions, file: usize) -> Self {
        Self { was_open: true, ..Self::of(stream, met, file) }
    }

    /// Returns the note on an event that meets these conditions.
    fn of(event: &StreamEventRef<'_>, met: MetConditions, file: usize) -> Self {
        let host = mask::target_host(event);
        let host: Option<Box<str>> = (host != event.target_host).then(|| host.into());
        Self {
            met,
            file,
            was_open: false,
            asked_host: host.clone(),
            final_host: host,
            events: None,
            facts: None,
            onionperf: onionperf::KeptEvents::default(),
        }
    }
}

impl Note for StreamNote {
    fn append(&mut self, later: Self) {
        self.met |= later.met;
        // `None` says that the host is printed as the event has it, so it replaces an earlier host as well.
        self.final_host = later.final_host;
        match (&mut self.events, later.events) {
            (Some(ours), Some(theirs)) => ours.merge(*theirs, EventTally::MAX_WORDS_OF_STREAM),
            (ours, theirs) => *ours = ours.take().or(theirs),
        }
        match (&mut self.facts, later.facts) {
            (Some(ours), Some(theirs)) => ours.append(*theirs),
            (ours, theirs) => *ours = ours.take().or(theirs),
        }
        self.onionperf.append(later.onionperf);
    }
}

/// Returns the host that a stream was asked to reach, as it is printed.
pub(crate) fn asked_host(life: &Life) -> &str {
    life.note.asked_host.as_deref().unwrap_or(&life.asked.host)
}

/// Returns the host of a stream's last target, as it is printed.
pub(crate) fn final_host(life: &Life) -> &str {
    life.note.final_host.as_deref().unwrap_or(&life.target.host)
}
