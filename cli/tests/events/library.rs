//! Rows of `events` as data of the library: its feature `serde` promises their names and values, and reads an event from a row.

use serde_json::Value;
use tor_stream_event::{StreamEvent, stream_events};

use crate::common::{both, capture, data, parse_rows};

/// Logs whose events the rows are compared with, and the exit status of `events --lenient` for each.
const LOGS: [(&str, i32); 6] = [
    ("stream-events.raw", 0),
    ("legacy-events.raw", 0),
    ("hostile-targets.raw", 0),
    ("onionperf.log", 0),
    ("field/T05-words-without-a-variant.log", 0),
    // Its last line has no end: the events are all read, and flagged.
    ("faults/unterminated.raw", 1),
];

/// Returns an event as the library serializes it, without `content`, which no row has; and `true` if there was a content.
fn serialized(event: &StreamEvent) -> (Value, bool) {
    let mut form = serde_json::to_value(event).unwrap();
    let had_content = form.as_object_mut().unwrap().remove("content").is_some();
    (form, had_content)
}

#[test]
fn the_library_reads_the_events_of_rows() {
    let (mut exact, mut lossy) = (0, 0);
    for (name, status) in LOGS {
        let log = capture(name);
        let (printed, _) = both(status, &["events", "--lenient", "--show-credentials"], &[data(name)]);
        let mut rows = parse_rows(&printed).into_iter();
        for line in stream_events(&log).lenient(true) {
            let event = line.event.unwrap().into_owned();
            let mut row = rows.next().unwrap();
            let columns = row.as_object_mut().unwrap();
            assert_eq!(columns.remove("line"), Some(line.number.into()));
            let time = columns.remove("time").and_then(|time| time.as_f64());
            assert_eq!(time, line.unix_time().map(|time| time.as_secs_f64()), "{row}");
            let (form, had_content) = serialized(&event);
            assert_eq!(row, form, "{name}:{}", line.number);
            // An event has a `content` if its fields cannot say everything: unknown keywords, an odd order of fields, bytes that are not
            // UTF-8. Its row lacks that, so it is read as another event with the same fields, or refused if no line has such fields.
            match serde_json::from_value::<StreamEvent>(row) {
                Ok(read) if had_content => {
                    let (mut form, mut read) = (form, serialized(&read).0);
                    for form in [&mut form, &mut read] {
                        form.as_object_mut().unwrap().remove("anomalies");
                    }
                    assert_eq!(read, form, "{name}:{}", line.number);
                    lossy += 1;
                }
                Ok(read) => {
                    assert_eq!(read, event, "{name}:{}", line.number);
                    exact += 1;
                }
                Err(error) => {
                    assert!(had_content, "{name}:{}: {error}", line.number);
                    lossy += 1;
                }
            }
        }
        assert_eq!(rows.next(), None, "{name}");
    }
    assert!(exact > 7000 && lossy > 0, "{exact} exact, {lossy} lossy");
}
