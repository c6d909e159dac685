//! Counts the lines that stem-rs, a reader written independently of this one, reads in another way, by their causes. Every difference
//! has a known cause, and the number of each is exact. `ci/peers` runs this test.

#[path = "../../benches/common/corpus.rs"]
#[allow(dead_code, reason = "the benchmarks use the rest")]
mod corpus;
#[path = "../../benches/peers/src/fields.rs"]
#[allow(dead_code, reason = "the benchmarks use the rest")]
mod fields;
#[path = "../../benches/peers/src/naive.rs"]
#[allow(dead_code, reason = "the benchmarks use it")]
mod naive;

use std::collections::BTreeMap;

use Cause::{EmptyValue, FlowControl, SpaceInPath, SpaceInQuotes, SpaceInTarget, TargetCut, UnknownWord};
use fields::FieldsOrError;
use tor_stream_event::{
    Anomaly, StreamClosureReason, StreamEventRef, StreamPurpose, StreamSource, StreamStatus, stream_events,
};

/// Why stem-rs reads a line in another way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Cause {
    /// stem-rs accepts a target that tor cut, and that has lost its port.
    TargetCut,
    /// stem-rs does not know XOFF_SENT, XOFF_RECV, XON_SENT and XON_RECV.
    FlowControl,
    /// stem-rs refuses an event with a keyword without a value.
    EmptyValue,
    /// stem-rs ends a target at its first space.
    SpaceInTarget,
    /// stem-rs ends a socket's path at its first space.
    SpaceInPath,
    /// stem-rs ends a quoted string at its first space, and takes the rest for keywords.
    SpaceInQuotes,
    /// stem-rs has no variant for the word, and leaves the field out.
    UnknownWord,
}

/// Returns why `theirs`, the reading of `content` by stem-rs, differs from `ours`. `None` if no known cause explains every difference.
fn cause(content: &str, ours: &FieldsOrError, theirs: &FieldsOrError) -> Option<Cause> {
    let (ours, theirs) = match (ours, theirs) {
        (Err(error), Ok(_)) => return error.contains("a target cut at 255 bytes").then_some(Cause::TargetCut),
        (Err(_), Err(_)) => return None,
        (Ok(ours), theirs) => (ours, theirs),
    };
    let event = StreamEventRef::parse(content).expect("read before");
    let theirs = match theirs {
        Err(error) if error.contains("unknown stream status") => {
            use StreamStatus::{XoffRecv, XoffSent, XonRecv, XonSent};
            return matches!(event.status, XoffSent | XoffRecv | XonSent | XonRecv).then_some(Cause::FlowControl);
        }
        Err(_) => return event.args().any(|(_, value)| value.is_empty()).then_some(Cause::EmptyValue),
        Ok(theirs) => theirs,
    };
    // From a space in a target or in quotation marks on, any field of stem-rs may be wrong, so these causes explain every difference.
    if event.anomalies().contains(Anomaly::TargetSpace) {
        return Some(Cause::SpaceInTarget);
    }
    let differ: Vec<(Field, Field)> = ours.named().into_iter().zip(theirs.named()).filter(|(a, b)| a != b).collect();
    if event.source_addr.is_some_and(|path| path.contains(' ')) {
        return differ.iter().all(|((name, _), _)| *name == "source_addr").then_some(Cause::SpaceInPath);
    }
    if event.args().any(|(_, value)| value.starts_with('"') && value.contains(' ')) {
        return Some(Cause::SpaceInQuotes);
    }
    let lost = |((name, ours), (_, theirs)): &(Field, Field)| {
        let is_unknown = |word: &String| UNKNOWN.contains(&word.as_str()) || !is_known(word);
        WORDS.contains(name) && theirs.is_none() && ours.as_ref().is_some_and(is_unknown)
    };
    differ.iter().all(lost).then_some(Cause::UnknownWord)
}

/// A field with its name.
type Field = (&'static str, Option<String>);

/// Fields that hold a word. The status, too, is a word, but stem-rs refuses an event with an unknown one.
const WORDS: [&str; 4] = ["reason", "remote_reason", "source", "purpose"];

/// Words of this crate's enums that stem-rs does not have.
const UNKNOWN: [&str; 4] = ["CANT_ATTACH", "NET_UNREACHABLE", "SOCKS_PROTOCOL", "HTTP_PROTOCOL"];

/// Returns `true` if this crate has a variant for the word.
fn is_known(word: &str) -> bool {
    StreamClosureReason::from_word(word).is_some()
        || StreamSource::from_word(word).is_some()
        || StreamPurpose::from_word(word).is_some()
}

/// Counts by their causes the lines that stem-rs reads in another way.
#[track_caller]
fn causes(contents: &[&str]) -> BTreeMap<Cause, usize> {
    let mut found = BTreeMap::new();
    for content in contents {
        let (ours, theirs) = (fields::ours(content), fields::stem_rs(content));
        let agree = match (&ours, &theirs) {
            (Ok(ours), Ok(theirs)) => ours == theirs,
            (ours, theirs) => ours.is_err() && theirs.is_err(),
        };
        if !agree {
            let cause = cause(content, &ours, &theirs);
            let cause = cause.unwrap_or_else(|| panic!("no known cause:\n{content}\n{ours:?}\n{theirs:?}"));
            *found.entry(cause).or_default() += 1;
        }
    }
    found
}

/// The events of `stream-events.raw` that are UTF-8, as stem-rs reads text only.
#[test]
fn capture() {
    let contents = corpus::modern().texts;
    assert_eq!(contents.len(), 6986);
    let expected = [(TargetCut, 8), (FlowControl, 1145), (SpaceInQuotes, 64), (UnknownWord, 119)];
    assert_eq!(causes(contents), expected.into());
}

/// The events of `legacy-events.raw` that are UTF-8.
#[test]
fn capture_of_an_older_tor() {
    let contents = corpus::legacy().texts;
    assert_eq!(contents.len(), 7017);
    assert_eq!(causes(contents), [(TargetCut, 16), (UnknownWord, 107)].into());
}

/// Reads the log and the connection of `corpus.rs`, which leaves out most events of the captures.
#[test]
fn log_and_connection() {
    let log = [(FlowControl, 3), (SpaceInQuotes, 5), (UnknownWord, 11)];
    let connection = [(FlowControl, 1), (UnknownWord, 2)];
    for (name, file, events, expected) in
        [("onionperf.log", corpus::log(), 75, &log[..]), ("control-port.raw", corpus::wire(), 26, &connection[..])]
    {
        let contents: Vec<_> = stream_events(file)
            .filter_map(|line| str::from_utf8(line.line.get(line.prefix.len() + "650 STREAM ".len()..)?).ok())
            .collect();
        assert_eq!(contents.len(), events, "{name}");
        assert_eq!(causes(&contents), expected.iter().copied().collect(), "{name}");
    }
}

/// The hostile and odd lines of `corpus.rs`, which are UTF-8.
#[test]
fn hostile_and_odd_lines() {
    let contents = corpus::hostile().texts;
    assert_eq!(contents.len(), 111);
    let expected = [
        (FlowControl, 2),
        (EmptyValue, 1),
        (SpaceInTarget, 11),
        (SpaceInPath, 4),
        (SpaceInQuotes, 4),
        (UnknownWord, 15),
    ];
    assert_eq!(causes(contents), expected.into());
}

/// Lines of stem's own documentation and tests, which stem-rs reads as this crate does.
#[test]
fn lines_that_stem_rs_is_tested_with() {
    let contents = [
        "18 NEW 0 encrypted.google.com:443 SOURCE_ADDR=127.0.0.1:47849 PURPOSE=USER",
        "18 SENTCONNECT 26 encrypted.google.com:443",
        "18 REMAP 26 74.125.227.129:443 SOURCE=EXIT",
        "18 SUCCEEDED 26 74.125.227.129:443",
        "21 CLOSED 26 74.125.227.129:443 REASON=CONNRESET",
        "25 CLOSED 26 199.7.52.72:80 REASON=DONE",
        "14 NEW 0 176.28.51.238.$649F2D0ACF418F7CFC6539AB2257EB2D5297BAFA.exit:443 SOURCE_ADDR=(Tor_internal):0 PURPOSE=DIR_FETCH",
        "1113 NEW 0 www.google.com:0 SOURCE_ADDR=127.0.0.1:15297 PURPOSE=DNS_REQUEST",
    ];
    assert!(contents.iter().all(|content| fields::stem_rs(content).is_ok()));
    assert_eq!(causes(&contents), BTreeMap::new());
}
