//! Lines that are not read: each kind is reported when it comes, and the exit status is 1.

use core::ops::RangeInclusive;
use std::thread::JoinHandle;

use serde_json::Value;

use crate::peer::Peer;
use crate::program::Watch;

/// The end of the messages about lines that a client may have written.
const CLIENT: &str = ": a client may have asked for a name that holds a line end";

/// Returns the lines of NEW events with these IDs.
fn events(ids: RangeInclusive<u8>) -> String {
    ids.map(|id| format!("650 STREAM {id} NEW 0 host{id}.example:80\r\n")).collect()
}

/// The outputs of `watch`: the options that select each, and text of the line that shows stream 29, the last one of a test.
const OUTPUTS: [(&[&str], &str); 3] = [
    (&[], r#""id":"29","status":"NEW""#),
    (&["--format", "csv"], ",29,NEW,"),
    (&["--summary", "--interval", "1"], "29  NEW"),
];

/// Starts a control port that sends `text` after the commands of a `watch` with these options, and then does `end`.
fn play(options: &[&str], text: &str, end: fn(&mut Peer)) -> (String, JoinHandle<()>) {
    let is_summary = options.contains(&"--summary");
    let text = text.to_owned();
    Peer::play(move |peer| {
        peer.subscribe("250 OK\r\n");
        if is_summary {
            peer.command("GETINFO stream-status");
        }
        peer.send(&text);
        end(peer);
    })
}

/// Starts `watch` at a control port that sends `text` after the subscription and keeps the connection. Waits for a line of
/// the output with `shown`, and for a message with `message`, then stops the program. Returns what was said.
#[track_caller]
fn watch(options: &[&str], text: &str, shown: &str, message: &str) -> String {
    let (address, playing) = play(options, text, |peer| drop(peer.rest()));
    let mut watch = Watch::start(&address, options, None);
    watch.complains(message);
    if !shown.is_empty() {
        watch.prints(shown);
    }
    let (status, said) = watch.stop_with_status("-INT");
    playing.join().unwrap();
    assert_eq!(status, Some(1), "{said}");
    said.replace(&address, "ADDRESS")
}

/// A client's line begins data that never ends: the events after it are shown all the same, by their lines.
#[test]
fn data_of_a_client() {
    for begin in ["650+x", "250+x", "250+stream-status=", "x\n650+x", "650+x\ny"] {
        for (options, shown) in OUTPUTS {
            // A summary asks for this reply: the next test.
            if begin.starts_with("250+stream-status") && options.contains(&"--summary") {
                continue;
            }
            let text = format!("650 STREAM 7 CLOSED 0 a:1\r\n{begin}:80 REASON=DONE\r\n{}", events(8..=29));
            let said = watch(options, &text, shown, "begins data that nobody has asked for");
            // The lines before are three replies of three, one and one line, and the event. A LF ends the line `x`, which is no
            // reply; within the reply `650+x` it is part of the line.
            let line = if begin.starts_with("x\n") { 8 } else { 7 };
            assert!(
                said.contains(&format!(
                    "ADDRESS:{line}: this line begins data that nobody has asked for, and is read as if it did not{CLIENT}\n"
                )),
                "{said}"
            );
            if options.is_empty() {
                for (id, line) in (8..=29).zip(line + 1..) {
                    let (number, host) = (format!(r#"{{"line":{line},"#), format!("host{id}.example"));
                    assert!(said.lines().any(|row| row.starts_with(&number) && row.contains(&host)), "{said}");
                }
            }
        }
    }
}

/// A client's line begins the data of the reply with the open streams: the events after it are shown all the same, whether
/// tor's reply comes or not.
#[test]
fn a_reply_of_a_client() {
    let options = ["--summary", "--interval", "1"];
    let message = "this line, among the streams that tor lists, is read as an event";
    let forged = "650 STREAM 7 CLOSED 0 a:1\r\n250+stream-status=\r\n";
    let said = watch(&options, &format!("{forged}{}", events(8..=29)), "29  NEW", message);
    assert!(said.contains(&format!("ADDRESS:8: {message}{CLIENT}\n")), "{said}");
    assert!(said.contains("events 23, unreadable 0; streams open 22, closed 1; "), "{said}");

    let reply = "250+stream-status=\r\n9 NEW 0 a:1\r\n.\r\n250 OK\r\n";
    let text = format!("{forged}{}{reply}{}", events(8..=8), events(29..=29));
    let said = watch(&options, &text, "29  NEW", message);
    assert!(said.contains("events 3, unreadable 0; streams open 3, closed 1; "), "{said}");
    assert!(!said.contains("cannot be read"), "{said}");
}

/// A client's name in the reply with the open streams holds a line with an event: it is shown, and the rows after it are read.
#[test]
fn an_event_of_a_client_in_the_reply() {
    for rows in ["", "650 NEW 0 a:1\r\n"] {
        let text = format!(
            "250+stream-status=\r\n7 NEW 0 a\r\n{}{rows}9 NEW 0 a\nb:1\r\n.\r\n250 OK\r\n{}",
            events(8..=8),
            events(29..=29)
        );
        let said = watch(&["--summary", "--interval", "1"], &text, "29  NEW", "is read as an event");
        // The row `7 NEW 0 a` has no port: it is the unreadable one, and no open stream.
        let open = 3 + rows.lines().count();
        assert!(said.contains(&format!("events 2, unreadable 1; streams open {open}, closed 0; ")), "{said}");
    }
}

/// An event within the line of another one is not read, which is reported once.
#[test]
fn an_event_within_another() {
    let message = "the event in this line holds another one, which is not read: lines may have been joined there";
    // The first event is cut within DONE.
    let joined = "650 STREAM 7 CLOSED 0 a:1 REASON=DO650 STREAM 8 NEW 0 b:1 SOURCE_ADDR=192.0.2.7:80 PURPOSE=USER\r\n";
    for (options, shown) in OUTPUTS {
        let said = watch(options, &format!("{joined}{joined}{}", events(29..=29)), shown, message);
        assert_eq!(said.matches(&format!("ADDRESS:6: {message}\n")).count(), 1, "{said}");
        assert_eq!(said.matches(message).count(), 1, "{said}");
    }
    // Text of an event in a name is no event.
    let (address, playing) = play(&[], "650 STREAM 29 NEW 0 a.650 STREAM 8 NEW 0 b:1\r\n", |peer| drop(peer.rest()));
    let mut watch = Watch::start(&address, &[], None);
    watch.prints(r#""id":"29""#);
    assert!(!watch.stop("-INT").contains("holds another one"));
    playing.join().unwrap();
}

/// Lines that look like an event: the first one of each kind is reported, each kind once.
#[test]
fn lookalikes() {
    for (line, message) in [
        ("x 650 STREAM 8 NEW 0 a:1", "a line with `650 STREAM` behind other text is not read"),
        ("STREAM 8 NEW 0 a:1", "a line with an event without its code 650 is not read"),
        (" SOCKS_USERNAME=\"a\"", "a line that begins like the rest of an event is not read"),
    ] {
        for (options, shown) in OUTPUTS {
            let event = events(29..=29);
            let said = watch(options, &format!("{event}{line}\r\n{event}{line}\r\n{event}"), shown, message);
            assert!(said.contains(&format!("ADDRESS:7: {message}{CLIENT}\n")), "{said}");
            assert_eq!(said.matches(message).count(), 1, "{said}");
        }
    }
}

/// Lines that end with LF only: nothing is read, which is reported while the connection lasts.
#[test]
fn lone_line_ends() {
    let text = events(3..=8).replace('\r', "");
    for (options, _) in OUTPUTS {
        let message = "ADDRESS: no event is read from here on: lines end with LF, and those of tor with CR LF. ";
        for text in [&text, &text.repeat(100)] {
            let said = watch(options, text, "", "no event is read from here on");
            assert_eq!(said.matches(message).count(), 1, "{said}");
        }
    }
    // A name of a client that arrives with a LF in it is no such line.
    let (address, playing) = Peer::play(|peer| {
        peer.subscribe("250 OK\r\n650 STREAM 1 NEW 0 a\n650 STREAM 2 NEW 0 b:1\r\n650 STREAM 29 NEW 0 a:1\r\n");
        peer.rest();
    });
    let mut watch = Watch::start(&address, &[], None);
    watch.prints(r#""id":"29""#);
    let said = watch.stop("-INT");
    assert!(!said.contains("no event is read"), "{said}");
    playing.join().unwrap();
}

/// Events that cannot be read are reported, and those with one unknown status only once.
#[test]
fn unreadable_events() {
    for (options, shown) in OUTPUTS {
        let text = format!("650 STREAM 8 PAUSED 0 a:1\r\n650 STREAM 9 PAUSED 0 a:1\r\n{}", events(29..=29));
        let said = watch(options, &text, shown, "PAUSED");
        assert!(said.contains("ADDRESS:6: ") && !said.contains("ADDRESS:7: "), "{said}");
        assert!(said.ends_with("ADDRESS: 1 more with the unknown word PAUSED\n"), "{said}");
    }
}

/// Returns all that `watch` says of a connection that is closed after `text`.
#[track_caller]
fn closed_after(options: &[&str], text: &str) -> String {
    let (address, playing) = play(options, text, |_| {});
    let (status, said) = Watch::start(&address, &[&["--retries", "0"], options].concat(), None).end();
    playing.join().unwrap();
    assert_eq!(status, Some(1));
    said.replace(&address, "ADDRESS")
}

/// An incomplete line when the connection is closed: its event is shown, and the missing end reported.
#[test]
fn a_last_line_without_an_end() {
    const CUT: &str = "ADDRESS:6: the connection ended within this line, so some of it may be missing\n";
    const END: &str = "tor-streams: ADDRESS: tor closed the connection\n";

    for end in ["", "\r"] {
        let said = closed_after(&[], &format!("650 STREAM 29 CLOSED 0 whole:1 REASON=DONE{end}"));
        // The time is that at which the event came, as for any other event.
        let event: Value = serde_json::from_str(said.lines().next().unwrap()).unwrap();
        assert!(event["line"] == 6 && event["time"].as_f64() > Some(1.7e9), "{said}");
        assert!(event["anomalies"].as_array().unwrap().contains(&"unterminated".into()), "{said}");
        assert!(said.ends_with(&[CUT, END].concat()), "{said}");
        let said = closed_after(&["--summary"], &format!("650 STREAM 29 CLOSED 0 whole:1 REASON=DONE{end}"));
        assert!(said.starts_with("events 1, unreadable 0; streams open 0, closed 1; "), "{said}");
        assert!(said.ends_with(&[CUT, END].concat()), "{said}");
    }
    // Another event within the incomplete line.
    let joined = "650 STREAM 7 CLOSED 0 a:1 REASON=DO650 STREAM 8 NEW 0 b:1 SOURCE_ADDR=192.0.2.7:80 PURPOSE=USER";
    let said = closed_after(&[], joined);
    assert!(said.contains("ADDRESS:6: the event in this line holds another one, which is not read: "), "{said}");
    let said = closed_after(&[], "650 STRE");
    assert_eq!(said, [CUT, END].concat());
    // The reply with the open streams is cut between two rows.
    let said = closed_after(&["--summary"], "250+stream-status=\r\n31 NEW 0 a:1\r\n");
    assert!(
        said.ends_with(&["ADDRESS:6: the connection ended within the data of this reply\n", END].concat()),
        "{said}"
    );
    // Nothing is cut.
    let said = closed_after(&[], &events(29..=29));
    assert!(!said.contains("the connection ended") && said.ends_with(END), "{said}");
}
