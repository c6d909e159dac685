use core::time::Duration;

use super::*;

/// Returns the kind and the seconds of the time in a prefix, with the text that it was read from.
fn shown(prefix: &str) -> String {
    let (kind, time, text) = match Stamp::in_prefix(prefix.as_bytes()) {
        Some(Stamp::Time(Time::Unix(time), text)) => ("unix", time, text),
        Some(Stamp::Time(Time::Year(time), text)) => ("year", time, text),
        Some(Stamp::Time(Time::Local(time), text)) => ("local", time, text),
        Some(Stamp::Time(Time::Elapsed(time), text)) => ("since", time, text),
        Some(Stamp::TooLate) => return "too late".into(),
        None => return "none".into(),
    };
    let fraction = format!("{:09}", time.subsec_nanos());
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{kind} {}{point}{fraction} of {}", time.as_secs(), text.escape_ascii())
}

#[test]
fn times_in_prefixes() {
    for (prefix, expected) in [
        // Unix time.
        ("1795600800 ", "unix 1795600800 of 1795600800"),
        ("1795600800.50\t", "unix 1795600800.5 of 1795600800.50"),
        ("1795600800,123456789 ", "unix 1795600800.123456789 of 1795600800,123456789"),
        ("1795600804250 ", "unix 1795600804.25 of 1795600804250"),
        ("1795600804250.5 ", "unix 1795600804.2505 of 1795600804250.5"),
        ("1795600804250001 ", "unix 1795600804.250001 of 1795600804250001"),
        ("1795600804250000001 ", "unix 1795600804.250000001 of 1795600804250000001"),
        ("(1795600800.5) can0 ", "unix 1795600800.5 of 1795600800.5"),
        ("{\"ts\":1795600800.5,\"line\":\"", "unix 1795600800.5 of 1795600800.5"),
        ("tor.log:12:1795600800: ", "unix 1795600800 of 1795600800"),
        // OnionPerf and OnionTrace: local time, then Unix time.
        ("2026-11-25 11:00:00 1795600800.50 ", "unix 1795600800.5 of 1795600800.50"),
        ("2026-11-25 10:00:00 1795600800.000000 [message] [_log] Logger: ", "unix 1795600800 of 1795600800.000000"),
        ("1970-01-01 00:00:05 5.25 ", "unix 5.25 of 5.25"),
        ("2019-01-31 11:29:51 1548934191510.00 ", "too late"),
        ("2019-01-31 11:29:51 1548934191510 ", "unix 1548934191.51 of 1548934191510"),
        ("2019-01-31 11:29:51 811 ", "unix 1548934191 of 2019-01-31 11:29:51"),
        ("2019-01-31 11:29:51 1476 1515 ", "unix 1548934191 of 2019-01-31 11:29:51"),
        ("1970-01-01 00:00:10 812 ", "unix 10 of 1970-01-01 00:00:10"),
        // Whole numbers that are Unix time, and numbers of threads.
        ("2026-11-25 10:00:00,703 140234567890432 ", "unix 1795600800.703 of 2026-11-25 10:00:00,703"),
        ("2026-11-25 10:00:00 1795600800123456 ", "unix 1795600800.123456 of 1795600800123456"),
        // The first second of the year 10000.
        ("2026-11-25 10:00:00 253402300800 ", "unix 1795600800 of 2026-11-25 10:00:00"),
        ("2026-11-25 11:00:00 1795600800 ", "unix 1795600800 of 1795600800"),
        ("1795600800 2026-11-25 11:00:00 ", "unix 1795600800 of 1795600800"),
        ("[1795600800123] Wed Nov 25 11:00:00 CET 2026 ", "unix 1795600800.123 of 1795600800123"),
        ("2026-11-25 10:00:00,703 [1995743232] ", "unix 1795600800.703 of 2026-11-25 10:00:00,703"),
        ("2026-11-25 10:00:00 1995743232 ", "unix 1795600800 of 2026-11-25 10:00:00"),
        ("[1995743232] 2026-11-25 10:00:00 ", "unix 1795600800 of 2026-11-25 10:00:00"),
        ("2026-11-25 10:00:00 1995743232 1795600800 ", "unix 1795600800 of 2026-11-25 10:00:00"),
        ("Nov 25 10:00:00 gw tor[1995743232]: ", "year 28461600 of Nov 25 10:00:00"),
        ("Nov 25 10:00:00 gw tor: 1795600800 ", "unix 1795600800 of 1795600800"),
        ("Jan  1 00:59:59 1798761599 ", "unix 1798761599 of 1798761599"),
        ("10:00:00.883 [1995743232] ", "since 36000.883 of 10:00:00.883"),
        ("11:30:01 1795600801 ", "unix 1795600801 of 1795600801"),
        // Dates.
        ("2026-11-25 10:00:00 ", "unix 1795600800 of 2026-11-25 10:00:00"),
        ("2026-11-25 10:00:00,703 ", "unix 1795600800.703 of 2026-11-25 10:00:00,703"),
        ("2026-11-25 10:00 ", "unix 1795600800 of 2026-11-25 10:00"),
        ("2026-11-25_10:00:00.12345 ", "unix 1795600800.12345 of 2026-11-25_10:00:00.12345"),
        ("2026-11-25T10:00:00Z ", "unix 1795600800 of 2026-11-25T10:00:00Z"),
        ("2026-11-25T11:00:00.5+01:00 ", "unix 1795600800.5 of 2026-11-25T11:00:00.5+01:00"),
        ("2026-11-25T04:30:00-0530 ", "unix 1795600800 of 2026-11-25T04:30:00-0530"),
        ("2026-11-25 11:00:00 +0100 ", "unix 1795600800 of 2026-11-25 11:00:00 +0100"),
        ("2026-11-25T11:00:00+01 ", "unix 1795600800 of 2026-11-25T11:00:00+01"),
        ("2026-11-25T11:00:00+0100 gateway torwatch[811]: ", "unix 1795600800 of 2026-11-25T11:00:00+0100"),
        ("2026-11-25 07:00:00 -03 ", "unix 1795600800 of 2026-11-25 07:00:00 -03"),
        ("2026-11-25 00:30:00 -0930 ", "unix 1795600800 of 2026-11-25 00:30:00 -0930"),
        ("2026-11-25 10:00:00 -99 ", "unix 1795600800 of 2026-11-25 10:00:00"),
        ("2026-11-25 10:00:00 UTC ", "unix 1795600800 of 2026-11-25 10:00:00 UTC"),
        ("2026-11-25 10:00:00 - INFO - ", "unix 1795600800 of 2026-11-25 10:00:00"),
        ("20261125T100000Z ", "unix 1795600800 of 20261125T100000Z"),
        ("20261125 10:00:00 ", "unix 1795600800 of 20261125 10:00:00"),
        ("FILTER 2026/11/25 10:00:00 A<-T: [", "unix 1795600800 of 2026/11/25 10:00:00"),
        ("2026.11.25 10:00:00 ", "unix 1795600800 of 2026.11.25 10:00:00"),
        ("2026/Nov/25 10:00:00 ", "unix 1795600800 of 2026/Nov/25 10:00:00"),
        ("2026 Nov 25 10:00:00 ", "unix 1795600800 of 2026 Nov 25 10:00:00"),
        ("Wed Nov 25 10:00:00 2026 ", "unix 1795600800 of Wed Nov 25 10:00:00 2026"),
        ("Sun Nov  1 10:00:00 2026 ", "unix 1793527200 of Sun Nov  1 10:00:00 2026"),
        ("Wed Nov 25 10:00:00 UTC 2026 ", "unix 1795600800 of Wed Nov 25 10:00:00 UTC 2026"),
        ("Wed 25 Nov 2026 10:00:00 AM UTC ", "unix 1795600800 of Wed 25 Nov 2026 10:00:00 AM UTC"),
        ("Wed, 25 Nov 2026 11:00:00 +0100 ", "unix 1795600800 of Wed, 25 Nov 2026 11:00:00 +0100"),
        ("DEBUG[Wed Nov 25 10:00:00 2026]: ", "unix 1795600800 of Wed Nov 25 10:00:00 2026"),
        ("[25/Nov/2026:11:00:00 +0100] ", "unix 1795600800 of 25/Nov/2026:11:00:00 +0100"),
        ("25-Nov-2026 10:00:00.000 ", "unix 1795600800 of 25-Nov-2026 10:00:00.000"),
        ("25-Nov-2026-10:00:00 ", "unix 1795600800 of 25-Nov-2026-10:00:00"),
        ("Nov 25, 2026 10:00:00 AM ", "unix 1795600800 of Nov 25, 2026 10:00:00 AM"),
        ("Nov 25 2026 10:00:00 PM ", "unix 1795644000 of Nov 25 2026 10:00:00 PM"),
        ("11/25/2026 12:00:00 AM ", "unix 1795564800 of 11/25/2026 12:00:00 AM"),
        ("11/25/2026 10:00:00 [TRACE] read from tor: ", "unix 1795600800 of 11/25/2026 10:00:00"),
        ("11-25-2026 10:00:00 ", "unix 1795600800 of 11-25-2026 10:00:00"),
        ("25-11-2026 10:00:00 ", "unix 1795600800 of 25-11-2026 10:00:00"),
        // The level is in the form of Python's stem, which writes the month first.
        ("12/11/2026 10:00:00 [DEBUG] read from tor: ", "unix 1796983200 of 12/11/2026 10:00:00"),
        ("[25/11/2026 10:00:00,25] ", "unix 1795600800.25 of 25/11/2026 10:00:00,25"),
        ("11.12.2026 10:00:00 ", "unix 1796983200 of 11.12.2026 10:00:00"),
        ("2016-12-31 23:59:60 ", "unix 1483228799 of 2016-12-31 23:59:60"),
        ("12:2026-11-25 10:00:00 ", "unix 1795600800 of 2026-11-25 10:00:00"),
        ("Wed Nov 25 11:00:00 2026 +0100 ", "unix 1795600800 of Wed Nov 25 11:00:00 2026 +0100"),
        ("Wed Nov 25 05:00:00 2026 -0500 tor: ", "unix 1795600800 of Wed Nov 25 05:00:00 2026 -0500"),
        ("Wed Nov 25 11:00:00 2026 CET ", "local 1795604400 of Wed Nov 25 11:00:00 2026 CET"),
        ("2026-11-25 11:00:00\t+0100\t", "unix 1795600800 of 2026-11-25 11:00:00\\t+0100"),
        ("2026-11-25 10:00:00\tINFO\t", "unix 1795600800 of 2026-11-25 10:00:00"),
        // A date without its year, or in an unknown zone: durations. A word that is no zone leaves the date as it is.
        ("Nov 25 10:00:00 ", "year 28461600 of Nov 25 10:00:00"),
        ("Nov 25 10:00:00 gateway torwatch[811]: ", "year 28461600 of Nov 25 10:00:00"),
        ("Nov  5 10:00:00.123456 ", "year 26733600.123456 of Nov  5 10:00:00.123456"),
        ("11-25 10:00:00.412  1476  1515 D TorControl: ", "year 28461600.412 of 11-25 10:00:00.412"),
        ("Nov 25 10:00:00 1476 1515 ", "year 28461600 of Nov 25 10:00:00"),
        ("Wed Nov 25 11:00:00 CET 2026 ", "local 1795604400 of Wed Nov 25 11:00:00 CET 2026"),
        ("2026-11-25 11:00:00 AST ", "local 1795604400 of 2026-11-25 11:00:00 AST"),
        ("2026-11-25 11:00:00 AKDT ", "local 1795604400 of 2026-11-25 11:00:00 AKDT"),
        ("2026-11-25 11:00:00 ChST ", "local 1795604400 of 2026-11-25 11:00:00 ChST"),
        ("2026-11-25 11:00:00 WIB tor: ", "local 1795604400 of 2026-11-25 11:00:00 WIB"),
        ("Wed Nov 25 11:00:00 BRT 2026 ", "local 1795604400 of Wed Nov 25 11:00:00 BRT 2026"),
        ("2026-11-25 10:00:00 INFO ", "unix 1795600800 of 2026-11-25 10:00:00"),
        ("2026-11-25 10:00:00 ALERT ", "unix 1795600800 of 2026-11-25 10:00:00"),
        ("2026-11-25 10:00:00 Zelle ", "unix 1795600800 of 2026-11-25 10:00:00"),
        ("2026-11-25 11:00:00 EST ", "local 1795604400 of 2026-11-25 11:00:00 EST"),
        // Output of JavaScript's `Date`.
        ("Wed Nov 25 2026 11:00:00 GMT+0100 (CET) ", "unix 1795600800 of Wed Nov 25 2026 11:00:00 GMT+0100"),
        ("11/25/2026, 11:00:00 AM GMT+1 ", "unix 1795600800 of 11/25/2026, 11:00:00 AM GMT+1"),
        ("2026-11-25 06:30:00 UTC-03:30 ", "unix 1795600800 of 2026-11-25 06:30:00 UTC-03:30"),
        // No number follows `UTC`. No zone has the offset 99, so that of the time is not known.
        ("2026-11-25 11:00:00 UTC+x ", "unix 1795604400 of 2026-11-25 11:00:00 UTC"),
        ("2026-11-25 11:00:00 GMT+99 ", "local 1795604400 of 2026-11-25 11:00:00 GMT"),
        // Halves of days, in all spellings.
        ("[10:00:00 pm] ", "since 79200 of 10:00:00 pm"),
        ("11/25/2026 10:00:00 p.m. gw: ", "unix 1795644000 of 11/25/2026 10:00:00 p.m."),
        ("11/25/2026, 10:00:00\u{202f}PM ", "unix 1795644000 of 11/25/2026, 10:00:00\\xe2\\x80\\xafPM"),
        ("12:00:01\u{a0}a.m. ", "since 1 of 12:00:01\\xc2\\xa0a.m."),
        ("10:00:00 pmd[8]: ", "since 36000 of 10:00:00"),
        // An hour after a month is no day of it.
        ("Mi 25. Nov 10:00:00 CET 2026 ", "since 36000 of 10:00:00"),
        ("Nov 10:00:00 ", "since 36000 of 10:00:00"),
        // Either number may be the month.
        ("12-11-2026 10:00:00 ", "since 36000 of 12-11-2026 10:00:00"),
        ("12/11/2026 10:00:00 ", "since 36000 of 12/11/2026 10:00:00"),
        // Times of day, and seconds since the start.
        ("00:00:04 ", "since 4 of 00:00:04"),
        ("10:00:00.883  D  ", "since 36000.883 of 10:00:00.883"),
        ("nov.-25 10:00:00.636 [TorControlParser] DEBUG o.b.n.tor.Tor: ", "since 36000.636 of 10:00:00.636"),
        ("4.750000 ", "since 4.75 of 4.750000"),
        ("[   12.345678] ", "since 12.345678 of 12.345678"),
        // No times.
        ("", "none"),
        ("1476 1515 ", "none"),
        ("12:", "none"),
        ("     12\t", "none"),
        ("tor-1  | ", "none"),
        ("127.000.000.001.09051-127.000.000.001.48374: ", "none"),
        ("127.0.0.1 ", "none"),
        ("127.0.0.1:9051 ", "none"),
        ("[2001:10:20:30::1]:443 ", "none"),
        ("2001:db8::10:20:30 ", "none"),
        ("0.4.9.11 ", "none"),
        ("tor 0.4: ", "none"),
        ("140234567890432 ", "none"),
        ("999999999999999999999999999999 ", "none"),
        ("2026-13-25 10:00:00x ", "none"),
        ("2026-02-30 25:00:00 ", "none"),
        ("1969-12-31 23:59:59 ", "since 86399 of 23:59:59"),
    ] {
        assert_eq!(shown(prefix), expected, "{prefix}");
    }
}

/// Random texts of up to eight pieces: a time has a text, and no time has passed since itself.
#[test]
fn random_texts() {
    let pieces = [
        "2026",
        "-11",
        "25",
        " ",
        ":",
        "10:00:00",
        "Nov",
        "\t",
        ".5",
        "+01:00",
        "1795600800",
        "\u{e9}",
        "[",
        "Wed",
        "0",
    ];
    // A linear congruential generator, whose high bits are random enough.
    let mut state = 1_u32;
    let mut random = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) as usize
    };
    for _ in 0..20_000 {
        let text: String = (0..random() % 9).map(|_| pieces[random() % pieces.len()]).collect();
        if let Some(Stamp::Time(time, found)) = Stamp::in_prefix(text.as_bytes()) {
            assert!(!found.is_empty() && time.since(time) == Some(Duration::ZERO), "{text}");
        }
    }
}

#[test]
fn the_last_date() {
    assert_eq!(i64::try_from(TOO_LATE), Ok(Timestamp::MAX.as_second() + 1));
    assert_eq!(rfc3339(Duration::from_secs(TOO_LATE - 1)).as_deref(), Some("9999-12-30T22:00:00Z"));
    assert_eq!(rfc3339(Duration::from_secs(TOO_LATE)), None);
}

#[test]
fn what_passed_between_two_times() {
    let time = |prefix: &str| match Stamp::in_prefix(prefix.as_bytes()) {
        Some(Stamp::Time(time, _)) => time,
        other => panic!("{other:?}"),
    };
    for (earlier, later, expected) in [
        ("1795600800.5 ", "2026-11-25 10:00:09 ", Some(8.5)),
        ("Nov 30 23:59:59 ", "Dec  1 00:00:01 ", Some(2.0)),
        ("Feb 28 23:59:59 ", "Mar  1 00:00:01 ", None),
        ("Dec 31 23:59:59 ", "Jan  1 00:00:01 ", None),
        ("00:00:04 ", "00:00:08 ", Some(4.0)),
        ("23:59:59 ", "00:00:01 ", None),
        ("Wed Nov 25 11:00:00 CET 2026 ", "Wed Nov 25 11:00:02 CET 2026 ", Some(2.0)),
        ("Wed Nov 25 11:00:00 CET 2026 ", "2026-11-25 11:00:00 ", None),
        ("0.5 ", "Nov 30 23:59:59 ", None),
    ] {
        let since = time(later).since(time(earlier));
        assert_eq!(since.map(|time| time.as_secs_f64()), expected, "{earlier} {later}");
    }
}
