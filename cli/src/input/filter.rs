//! Filters: the options that select events and streams.

use core::ops::{BitOr, BitOrAssign};
use core::str::FromStr;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;

use glob::{MatchOptions, Pattern};
use serde::{Serialize, Serializer};
use tor_stream_event::{StreamClosureReason, StreamEventRef, StreamPurpose, StreamStatus};

use crate::input::time::{self, Time};
use crate::output::mask;
use crate::report;

/// The options that select events and streams. A repeated option matches any of its values.
///
/// `merge` compares a hash of the serialized filters of several summaries, so values that differ only in a case which is
/// ignored are serialized to the same text.
#[allow(rustdoc::broken_intra_doc_links, reason = "the help of an option is no Markdown")]
#[derive(clap::Args, serde::Serialize)]
pub(crate) struct Filter {
    /// Events with this status, such as CLOSED, in upper or lower case
    #[arg(long, help_heading = "Filters", value_name = "WORD")]
    status: Vec<AskedWord>,
    /// Events with this REASON or REMOTE_REASON, such as TIMEOUT
    #[arg(long, help_heading = "Filters", value_name = "WORD")]
    reason: Vec<AskedWord>,
    /// Events with this PURPOSE, such as USER; tor prints it with NEW and NEWRESOLVE only
    #[arg(long, help_heading = "Filters", value_name = "WORD")]
    purpose: Vec<AskedWord>,
    /// Events whose target is like this, in any case: a host, or a host and its port, such as '*.onion',
    /// 'www.example.com:443' or '[2001:db8::1]:*'
    #[arg(long, help_heading = "Filters", value_name = "GLOB")]
    target: Vec<AddressPattern>,
    /// Events whose target has this port
    #[arg(long, help_heading = "Filters", value_name = "N")]
    port: Vec<u16>,
    /// Events whose client connects from an address like this, such as '127.0.0.1' or '*:47849'; tor prints it with NEW
    /// and NEWRESOLVE only
    #[arg(long, help_heading = "Filters", value_name = "GLOB")]
    source: Vec<AddressPattern>,
    /// Events of streams on this circuit; 0 stands for none
    #[arg(long, help_heading = "Filters", value_name = "ID")]
    circuit: Vec<String>,
    /// Events of this stream
    #[arg(long, help_heading = "Filters", value_name = "ID")]
    stream: Vec<String>,
    /// Events from this time on: a date, or a date and time, in UTC or with an offset, such as '2026-11-23 10:00'; Unix
    /// time; or how long ago, such as 1h or '2 days ago'
    #[arg(long, help_heading = "Filters", value_name = "TIME", value_parser = time::argument)]
    since: Option<Duration>,
    /// Events before this time
    #[arg(long, help_heading = "Filters", value_name = "TIME", value_parser = time::argument)]
    until: Option<Duration>,
    /// Events with something odd about them
    #[arg(long, help_heading = "Filters")]
    anomalous: bool,
}

/// The filters' conditions that an event, or the events of a stream together, meet.
///
/// tor prints PURPOSE and SOURCE_ADDR once in a stream's life, and the stream's target changes. So a stream meets each of
/// these conditions if any of its events does. All other conditions, such as a FAILED on some circuit at some time, have
/// to be met by one and the same event. Each bit is one of the constants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct MetConditions(u8);

impl MetConditions {
    /// Every condition about one event: status, reason, circuit, stream, time and anomalies.
    const EVENT: Self = Self(1);
    /// The purpose.
    const PURPOSE: Self = Self(1 << 1);
    /// The target and its port.
    const TARGET: Self = Self(1 << 2);
    /// The client's address.
    const SOURCE: Self = Self(1 << 3);
    /// Every condition.
    pub(crate) const ALL: Self = Self(Self::EVENT.0 | Self::PURPOSE.0 | Self::TARGET.0 | Self::SOURCE.0);

    /// Returns `true` if every condition is met.
    pub(crate) fn all(self) -> bool {
        self == Self::ALL
    }

    /// Returns these conditions if they are met, else none.
    const fn only_if(self, met: bool) -> Self {
        if met { self } else { Self(0) }
    }
}

impl BitOr for MetConditions {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for MetConditions {
    fn bitor_assign(&mut self, other: Self) {
        *self = *self | other;
    }
}

impl Filter {
    /// Returns `true` without a filter: every event meets the conditions then.
    pub(crate) fn is_empty(&self) -> bool {
        let Self { status, reason, purpose, target, port, source, circuit, stream, since, until, anomalous } = self;
        [status, reason, purpose].iter().all(|words| words.is_empty())
            && target.is_empty()
            && port.is_empty()
            && source.is_empty()
            && circuit.is_empty()
            && stream.is_empty()
            && since.is_none()
            && until.is_none()
            && !anomalous
    }

    /// Returns the conditions that an event meets. An event without a time does not meet a limit of the time.
    pub(crate) fn met_by(&self, event: &StreamEventRef<'_>, time: Option<Time>) -> MetConditions {
        let allows = |ids: &[String], id: &str| ids.is_empty() || ids.iter().any(|asked| asked == id);
        let status = AskedWord::any_matches(&self.status, &[Some(event.status_str())]);
        let reason = AskedWord::any_matches(&self.reason, &[event.reason_str(), event.remote_reason_str()]);
        let purpose = AskedWord::any_matches(&self.purpose, &[event.purpose_str()]);
        let event_itself = status
            && reason
            && allows(&self.circuit, event.circuit_id.unwrap_or("0"))
            && allows(&self.stream, event.id)
            && (!self.anomalous || !event.anomalies().is_empty())
            && self.allows_time(time.and_then(Time::unix));
        MetConditions::EVENT.only_if(event_itself)
            | MetConditions::PURPOSE.only_if(purpose)
            | MetConditions::TARGET.only_if(self.allows_target(event))
            | MetConditions::SOURCE.only_if(self.allows_source(event))
    }

    /// Returns `true` if the target and its port match, in the form in which rows show them: with credentials masked.
    fn allows_target(&self, event: &StreamEventRef<'_>) -> bool {
        (self.port.is_empty() || self.port.contains(&event.target_port))
            && (self.target.is_empty() || {
                let (host, port) = (mask::target_host(event), event.target_port);
                self.target.iter().any(|pattern| pattern.matches(&host, port))
            })
    }

    /// Returns `true` if the client's address matches.
    fn allows_source(&self, event: &StreamEventRef<'_>) -> bool {
        let matches = |pattern: &AddressPattern| match (event.source_host(), event.source_port(), event.source_addr) {
            (Some(host), Some(port), _) => pattern.matches(host, port),
            // The address of a client on a Unix socket has no port.
            (_, _, Some(address)) => pattern.matches_text(address),
            _ => false,
        };
        self.source.is_empty() || self.source.iter().any(matches)
    }

    /// Returns `true` if the filters limit the time.
    pub(crate) const fn limits_time(&self) -> bool {
        self.since.is_some() || self.until.is_some()
    }

    /// Returns `true` if a time is within the limits, or if there are none.
    fn allows_time(&self, time: Option<Duration>) -> bool {
        !self.limits_time()
            || time.is_some_and(|time| {
                self.since.is_none_or(|since| since <= time) && self.until.is_none_or(|until| time < until)
            })
    }

    /// Reports each word that is neither one of tor's nor in an event that was read. Returns `false` if there is one.
    pub(crate) fn report_unknown_words(&self) -> bool {
        let lists = [
            ("status", &self.status, known_words(StreamStatus::ALL, StreamStatus::as_str)),
            ("reason", &self.reason, known_words(StreamClosureReason::ALL, StreamClosureReason::as_str)),
            ("purpose", &self.purpose, known_words(StreamPurpose::ALL, StreamPurpose::as_str)),
        ];
        let mut all_known = true;
        for (name, asked, known) in lists {
            for (word, nearest) in asked.iter().filter_map(|word| Some((word, word.nearest(&known)?))) {
                report(format_args!(
                    "tor-streams: no event has the {name} {:?}, and Tor has no such word; did you mean {nearest}?",
                    word.text
                ));
                all_known = false;
            }
        }
        all_known
    }

    /// Iterates over the words of the options.
    #[cfg(feature = "cluster")]
    fn words(&self) -> impl Iterator<Item = &AskedWord> {
        self.status.iter().chain(&self.reason).chain(&self.purpose)
    }

    /// Returns, for each word of the options, whether an event has it.
    #[cfg(feature = "cluster")]
    pub(crate) fn seen_words(&self) -> Vec<bool> {
        self.words().map(|word| word.seen.load(Ordering::Relaxed)).collect()
    }

    /// Marks the words that events of another process have, in the form of [`seen_words`](Self::seen_words).
    #[cfg(feature = "cluster")]
    pub(crate) fn mark_seen_words(&self, seen: &[bool]) {
        let words = self.words().zip(seen).filter(|&(_, &seen)| seen);
        words.for_each(|(word, _)| word.seen.store(true, Ordering::Relaxed));
    }
}

/// Returns the texts of all known words of a kind.
fn known_words<T: Copy>(all: &[T], text: fn(T) -> &'static str) -> Vec<&'static str> {
    all.iter().map(|&word| text(word)).collect()
}

/// A word that a filter asks for, in any case.
struct AskedWord {
    /// Text of the word, as the option has it.
    text: String,
    /// Set once an event has the word; shared by the reader threads.
    seen: AtomicBool,
}

impl AskedWord {
    /// Returns `true` if one of the `words` is one of an event's, or if no word is asked for.
    fn any_matches(words: &[Self], of_event: &[Option<&str>]) -> bool {
        let mut any = words.is_empty();
        for event_word in of_event.iter().flatten() {
            for word in words {
                // Every word is compared, even after a match, to be marked as seen.
                any |= word.matches(event_word);
            }
        }
        any
    }

    /// Returns `true` if an event's word is this one, which is then marked as seen.
    fn matches(&self, event_word: &str) -> bool {
        let is_same = self.text.eq_ignore_ascii_case(event_word);
        // All threads read this flag, so it is written only once.
        if is_same && !self.seen.load(Ordering::Relaxed) {
            self.seen.store(true, Ordering::Relaxed);
        }
        is_same
    }

    /// Returns the known word that is most like this one. `None` if this one is known or was seen in an event.
    fn nearest(&self, known: &[&'static str]) -> Option<&'static str> {
        if self.seen.load(Ordering::Relaxed) || known.iter().any(|word| word.eq_ignore_ascii_case(&self.text)) {
            return None;
        }
        let text = self.text.to_ascii_uppercase();
        known.iter().copied().min_by_key(|word| strsim::damerau_levenshtein(word, &text))
    }
}

// clap clones the values of options.
impl Clone for AskedWord {
    fn clone(&self) -> Self {
        Self { text: self.text.clone(), seen: self.seen.load(Ordering::Relaxed).into() }
    }
}

impl FromStr for AskedWord {
    type Err = core::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self { text: text.into(), seen: false.into() })
    }
}

impl Serialize for AskedWord {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.text.to_ascii_uppercase().serialize(serializer)
    }
}

/// A pattern of addresses: of a host, or of a host and a port after a colon.
#[derive(Clone)]
struct AddressPattern {
    /// Pattern of the host or, if it has a port, of the host, a colon and the port.
    pattern: Pattern,
    /// Set if the pattern may have a port: a colon is in it, outside of brackets, be it one of a bare IPv6 address.
    may_have_port: bool,
}

impl Serialize for AddressPattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.pattern.as_str().to_ascii_lowercase().serialize(serializer)
    }
}

impl AddressPattern {
    /// Options of the match. The case is ignored: a client chooses it.
    const OPTIONS: MatchOptions =
        MatchOptions { case_sensitive: false, require_literal_separator: false, require_literal_leading_dot: false };

    /// Returns `true` if a host and its port match. tor prints an IPv6 address in brackets as a target, and without them as
    /// the address of a client: a pattern of either form matches both.
    fn matches(&self, host: &str, port: u16) -> bool {
        let matches_form = |host: &str| {
            self.matches_text(host) || (self.may_have_port && self.matches_text(&format!("{host}:{port}")))
        };
        let without_brackets = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let is_bare_ipv6 = without_brackets.is_none() && host.contains(':');
        matches_form(host)
            || without_brackets.is_some_and(matches_form)
            || (is_bare_ipv6 && matches_form(&format!("[{host}]")))
    }

    /// Returns `true` if a text matches.
    fn matches_text(&self, text: &str) -> bool {
        self.pattern.matches_with(text, Self::OPTIONS)
    }
}

impl FromStr for AddressPattern {
    type Err = glob::PatternError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // In a glob, brackets hold a set of characters, and `[[]` and `[]]` stand for the brackets themselves. A set with a colon
        // would be of no use, so `[2001:db8::1]:*` is taken for an IPv6 address, which tor prints in brackets.
        let ipv6 = text.strip_prefix('[').and_then(|rest| rest.split_once(']')).filter(|(host, _)| host.contains(':'));
        let (glob, searched_for_port) = match ipv6 {
            Some((host, after_host)) => (format!("[[]{host}[]]{after_host}"), after_host),
            None => (text.into(), text),
        };
        Ok(Self { pattern: Pattern::new(&glob)?, may_have_port: searched_for_port.contains(':') })
    }
}
