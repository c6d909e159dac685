//! Which events and streams pass the filters.

mod common;

use std::path::Path;

use common::{both, data, events, file, run, stdout};

/// Events of two streams, one of them remapped.
const LOG: &str = "\
2019-01-31 11:29:51 1548934191.50 650 STREAM 18 NEW 0 www.example.com:443 SOURCE_ADDR=127.0.0.1:47849 PURPOSE=USER
2019-01-31 11:29:51 1548934191.60 650 STREAM 18 SENTCONNECT 7 www.example.com:443
2019-01-31 11:29:53 1548934193.50 650 STREAM 18 SUCCEEDED 7 192.0.2.1:443
2019-01-31 11:29:54 1548934194.00 650 STREAM 19 NEW 0 a\x1bb.onion:80 SOURCE_ADDR=::1:47850 PURPOSE=USER
2019-01-31 11:29:55 1548934195.00 650 STREAM 19 FAILED 0 a\x1bb.onion:80 REASON=END REMOTE_REASON=MISC
2019-01-31 11:29:56 1548934196.00 650 STREAM 19 CLOSED 0 a\x1bb.onion:80 REASON=END REMOTE_REASON=MISC
2019-01-31 11:29:59 1548934199.50 650 STREAM 18 CLOSED 7 192.0.2.1:443 REASON=DONE
";

#[test]
fn events_pass_one_by_one() {
    let log = file("filters", "tor.log", LOG);
    for (options, expected) in [
        (&["--status", "NEW", "--status", "failed"][..], &["18 NEW", "19 NEW", "19 FAILED"][..]),
        (&["--reason", "Misc"], &["19 FAILED", "19 CLOSED"]),
        (&["--purpose", "user", "--port", "80"], &["19 NEW"]),
        (&["--target", "*.example.???"], &["18 NEW", "18 SENTCONNECT"]),
        (&["--target", "WWW.EXAMPLE.*:443"], &["18 NEW", "18 SENTCONNECT"]),
        (&["--target", "www.example.com:80"], &[]),
        (&["--target", "*:80", "--status", "CLOSED"], &["19 CLOSED"]),
        (&["--source", "127.0.0.1"], &["18 NEW"]),
        (&["--source", "*:47850"], &["19 NEW"]),
        (&["--source", "::1"], &["19 NEW"]),
        (&["--circuit", "7", "--stream", "18", "--status", "CLOSED"], &["18 CLOSED"]),
        (&["--since", "2019-01-31 11:29:53.5", "--until", "1548934195"], &["18 SUCCEEDED", "19 NEW"]),
        (&["--anomalous"], &["19 NEW", "19 FAILED", "19 CLOSED"]),
        (&["--stream", "20"], &[]),
    ] {
        assert_eq!(events(options, &log), expected, "{options:?}");
    }
}

#[test]
fn addresses_as_they_are_printed() {
    let log = file(
        "filters",
        "addresses.log",
        "650 STREAM 1 NEW 0 [2001:db8::1]:443\n\
         650 STREAM 2 NEW 0 2001:db8::1:443\n\
         650 STREAM 3 NEW 0 d:443\n\
         650 STREAM 4 NEW 0 [2001:DB8::1]:80\n",
    );
    for (target, expected) in [
        ("[2001:db8::1]", &["1 NEW", "4 NEW"][..]),
        ("[2001:db8::1]:443", &["1 NEW"]),
        ("[2001:db8::*]:*", &["1 NEW", "4 NEW"]),
        ("2001:db8::1", &["2 NEW"]),
        ("[a-d]", &["3 NEW"]),
        ("[a-d]:443", &["3 NEW"]),
    ] {
        assert_eq!(events(&["--target", target], &log), expected, "{target}");
    }
}

// The names are `<E9>x.evil.com`, `<E9>y.other.com` and `WWW.EVIL.COM`: the first one's event is printed with U+FFFD, the last one's
// has another case.
#[test]
fn no_name_evades_the_filter() {
    let log = data("faults/filter-evade.raw");
    assert_eq!(events(&["--target", "*.evil.com"], &log), ["1 NEW", "3 NEW"]);
    assert_eq!(events(&["--target", "\u{fffd}y.*"], &log), ["2 NEW"]);
}

#[test]
fn words_that_nobody_knows() {
    let log = file("filters", "words.log", LOG);
    for (options, message) in [
        (
            &["--status", "CLOSD"][..],
            "tor-streams: no event has the status \"CLOSD\", and Tor has no such word; did you mean CLOSED?\n",
        ),
        (
            &["--status", "NEW", "--reason", "time-out", "--purpose", "users"],
            "tor-streams: no event has the reason \"time-out\", and Tor has no such word; did you mean TIMEOUT?\n\
             tor-streams: no event has the purpose \"users\", and Tor has no such word; did you mean USER?\n",
        ),
    ] {
        for command in ["events", "streams", "summary"] {
            assert_eq!(both(1, &[&[command], options].concat(), &[&log]).1, message, "{command}");
        }
    }
    // A word of tor that is in no event is no mistake, nor is one that is in an event, though another condition is not met.
    assert_eq!(stdout(0, &["events", "--status", "xoff_sent"], &[&log]), "");
    let log = data("field/T05-words-without-a-name.log");
    assert_eq!(events(&["--reason", "unknown_264"], &log), ["1 FAILED", "1 CLOSED"]);
    assert_eq!(events(&["--purpose", "new_purpose", "--stream", "2"], &log), [""; 0]);
}

#[test]
fn spans_are_half_open() {
    let log = data("faults/since-exact.log");
    assert_eq!(events(&["--since", "1548934191.99"], &log), ["1 NEW"]);
    assert_eq!(events(&["--until", "1548934191.99"], &log), [""; 0]);
    assert_eq!(run(&["events", "--since", "yesterdays"], &[Path::new(&log)]).status.code(), Some(2));
}
