//! Rows: the columns of an event in JSON and CSV.

use serde_json::Value;

use crate::{capture_path, events_of, objects, run_on, table};

/// Events of many kinds, as on the wire.
const WIRE: &str = concat!(
    "250 OK\r\n",
    "650 STREAM 18 NEW 0 www.example.com:443 SOURCE_ADDR=::1:38528 PURPOSE=USER ",
    "SOCKS_USERNAME=\"a \\\"b\\\\\" SOCKS_PASSWORD=\"\" CLIENT_PROTOCOL=SOCKS5 NYM_EPOCH=3 SESSION_GROUP=-4 ",
    "ISO_FIELDS=SOCKS_USERNAME,SESSION_GROUP\r\n",
    "650 BW 12 34\r\n",
    "650 STREAM 18 REMAP 5 93.184.216.34:443 SOURCE=EXIT\r\n",
    "650 STREAM 18 CLOSED 5 93.184.216.34:443 REASON=END REMOTE_REASON= UNKNOWN_577 ISO_FIELDS=\r\n",
    "650 STREAM 19 CLOSED 0 say \"a, b\":80 REASON=SOCKS_PROTOCOL\r\n",
);

/// [`WIRE`] in JSON.
const JSON: &str = concat!(
    r#"{"line":2,"id":"18","status":"NEW","circuit_id":null,"target_host":"www.example.com","target_port":443,"#,
    r#""reason":null,"remote_reason":null,"source":null,"source_addr":"::1:38528","purpose":"USER","#,
    r#""socks_username":"***","socks_password":"***","client_protocol":"SOCKS5","nym_epoch":3,"session_group":-4,"#,
    r#""iso_fields":["SOCKS_USERNAME","SESSION_GROUP"],"anomalies":[]}"#,
    "\n",
    r#"{"line":4,"id":"18","status":"REMAP","circuit_id":"5","target_host":"93.184.216.34","target_port":443,"#,
    r#""reason":null,"remote_reason":null,"source":"EXIT","source_addr":null,"purpose":null,"#,
    r#""socks_username":null,"socks_password":null,"client_protocol":null,"nym_epoch":null,"session_group":null,"#,
    r#""iso_fields":null,"anomalies":[]}"#,
    "\n",
    r#"{"line":5,"id":"18","status":"CLOSED","circuit_id":"5","target_host":"93.184.216.34","target_port":443,"#,
    r#""reason":"END","remote_reason":"UNKNOWN_577","source":null,"source_addr":null,"purpose":null,"#,
    r#""socks_username":null,"socks_password":null,"client_protocol":null,"nym_epoch":null,"session_group":null,"#,
    r#""iso_fields":[],"anomalies":[]}"#,
    "\n",
    r#"{"line":6,"id":"19","status":"CLOSED","circuit_id":null,"target_host":"say \"a, b\"","target_port":80,"#,
    r#""reason":"SOCKS_PROTOCOL","remote_reason":null,"source":null,"source_addr":null,"purpose":null,"#,
    r#""socks_username":null,"socks_password":null,"client_protocol":null,"nym_epoch":null,"session_group":null,"#,
    r#""iso_fields":null,"anomalies":["target_space","target_quote"]}"#,
    "\n",
);

/// [`WIRE`] in CSV.
pub(crate) const CSV: &str = concat!(
    "line,time,id,status,circuit_id,target_host,target_port,reason,remote_reason,source,source_addr,purpose,",
    "socks_username,socks_password,client_protocol,nym_epoch,session_group,iso_fields,anomalies\n",
    "2,,18,NEW,,www.example.com,443,,,,::1:38528,USER,***,***,SOCKS5,3,-4,\"SOCKS_USERNAME,SESSION_GROUP\",\n",
    "4,,18,REMAP,5,93.184.216.34,443,,,EXIT,,,,,,,,,\n",
    "5,,18,CLOSED,5,93.184.216.34,443,END,UNKNOWN_577,,,,,,,,,,\n",
    "6,,19,CLOSED,,\"say \"\"a, b\"\"\",80,SOCKS_PROTOCOL,,,,,,,,,,,\"target_space,target_quote\"\n",
);

#[test]
fn formats() {
    assert_eq!(events_of(&[], WIRE), JSON);
    assert_eq!(events_of(&["--format", "json"], WIRE), JSON);
    assert_eq!(events_of(&["--format", "csv"], WIRE), CSV);
}

#[test]
fn line_ends() {
    assert_eq!(events_of(&[], WIRE.replace("\r\n", "\n")), JSON);
    let last =
        JSON.replace("[\"target_space\",\"target_quote\"]", "[\"target_space\",\"target_quote\",\"unterminated\"]");
    let ran = run_on(&["events", "-"], WIRE.strip_suffix("\r\n").unwrap());
    assert_eq!((ran.status, ran.stdout), (1, last));
    assert_eq!(ran.stderr, "(standard input):6: the last line has no end, so some of it may be missing\n");
}

#[test]
fn columns_are_the_fields() {
    let line = "2019-01-31 11:29:51 1548934191.51 650 STREAM 16 SENTCONNECT 5 a.example:80\r\n";
    let (columns, rows) = table(&events_of(&["--format", "csv"], line));
    assert_eq!(rows.len(), 1);
    let json = events_of(&[], line);
    let mut rest = json.as_str();
    for column in columns {
        let key = format!("\"{column}\":");
        rest = rest.split_once(&key).unwrap_or_else(|| panic!("no {key} in {rest}")).1;
    }
    assert!(!rest.contains("\":"), "{rest}");
}

#[test]
fn time() {
    for (prefix, json, csv) in [
        // OnionPerf's, with all of its digits.
        ("2019-01-31 11:29:51 1548934191.51 ", "1548934191.51", "1548934191.51"),
        ("2019-01-31 11:29:51 1548934191.50 ", "1548934191.50", "1548934191.50"),
        ("2019-01-31 11:29:51 1548934191 ", "1548934191", "1548934191"),
        // A number of JSON does not begin with 0.
        ("2019-01-31 11:29:51 01548934191 ", "1548934191", "1548934191"),
        ("1548934191.51 ", "1548934191.51", "1548934191.51"),
        // Unix time of dates, and of other units.
        ("2019-01-31T11:29:51.25Z ", "1548934191.25", "1548934191.25"),
        ("[31/01/2019 11:29:51] ", "1548934191", "1548934191"),
        ("2019-01-31 11:29:51,000 ", "1548934191", "1548934191"),
        ("1548934191510 ", "1548934191.51", "1548934191.51"),
        // Times without a date or a year.
        ("[11:29:51] ", "\"11:29:51\"", "11:29:51"),
        ("0.250000 ", "\"0.250000\"", "0.250000"),
    ] {
        let line = format!("{prefix}650 STREAM 16 SENTCONNECT 5 a.example:80\n");
        let printed = events_of(&[], &line);
        assert!(printed.starts_with(&format!("{{\"line\":1,\"time\":{json},\"id\":\"16\",")), "{printed}");
        assert!(serde_json::from_str::<Value>(&printed).is_ok(), "{printed}");
        let (_, rows) = table(&events_of(&["--format", "csv"], &line));
        assert_eq!(rows[0][..3], ["1", csv, "16"]);
    }
    // No times: addresses with ports, and the IDs of a process and a thread.
    for prefix in ["127.000.000.001.09051-127.000.000.001.48374: ", "1476 1515 "] {
        let line = format!("{prefix}650 STREAM 16 SENTCONNECT 5 a.example:80\n");
        assert!(events_of(&[], &line).starts_with("{\"line\":1,\"id\":\"16\","), "{prefix}");
        assert_eq!(table(&events_of(&["--format", "csv"], &line)).1[0][..3], ["1", "", "16"]);
    }
}

#[test]
fn credentials() {
    let line =
        "650 STREAM 1 NEW 0 a.example:80 SOCKS_USERNAME=\"x REASON=\\\"DONE\\\"\" SOCKS_PASSWORD=\"p\\001\\\\\"\r\n";
    for format in ["json", "csv"] {
        let hidden = events_of(&["--format", format], line);
        assert!(hidden.contains("***") && !hidden.contains("DONE") && !hidden.contains("001"), "{hidden}");
    }
    let shown = &objects(&["--show-credentials"], line)[0];
    assert_eq!(shown["socks_username"], r#"x REASON=\"DONE\""#);
    assert_eq!(shown["socks_password"], r"p\001\\");
    let (columns, rows) = table(&events_of(&["--show-credentials", "--format", "csv"], line));
    let username = columns.iter().position(|column| column == "socks_username").unwrap();
    assert_eq!(rows[0][username..][..2], [r#"x REASON=\"DONE\""#, r"p\001\\"]);
}

#[test]
fn every_character_of_a_host() {
    let host: String = (1..=0x7F).map(char::from).chain("é\u{9b}\u{2028}😀".chars()).collect();
    // The first line shows that lines end with CR LF, so that the LF in the host ends none.
    let wire = format!("250 OK\r\n650 STREAM 1 CLOSED 0 {host}:80 REASON=DONE\r\n");
    assert_eq!(objects(&[], &wire)[0]["target_host"], host);
    let (columns, rows) = table(&events_of(&["--format", "csv"], &wire));
    let index = columns.iter().position(|column| column == "target_host").unwrap();
    assert_eq!(rows[0][index], host);
}

#[test]
fn hosts_that_are_not_utf8() {
    for (target, host) in [
        (&b"caf\xE9.com"[..], "caf\u{FFFD}.com"),
        (b"\xFF\xFE", "\u{FFFD}\u{FFFD}"),
        (b"\xE9:1 REASON=DONE \xE9", "\u{FFFD}:1 REASON=DONE \u{FFFD}"),
        ("é\u{FFFD}".as_bytes(), "é\u{FFFD}"),
    ] {
        let line = [b"650 STREAM 89 CLOSED 0 ", target, b":80 REASON=SOCKS_PROTOCOL\r\n"].concat();
        let printed = &objects(&[], line)[0];
        assert_eq!((&printed["target_host"], &printed["target_port"]), (&host.into(), &80.into()));
        assert_eq!(printed["reason"], "SOCKS_PROTOCOL");
    }
}

#[test]
fn captures() {
    // Numbers of events that are read, and of those that are refused: tor cut their targets.
    for (name, events, refused) in [("stream-events.raw", 6976, 16), ("hostile-targets.raw", 53, 0)] {
        let path = capture_path(name);
        let ran = run_on(&["events", &path], "");
        let rows = ran.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect::<Vec<_>>();
        assert_eq!((ran.status, rows.len()), (i32::from(refused > 0), events));
        assert_eq!(ran.stderr.lines().count(), refused);
        for line in ran.stderr.lines() {
            assert!(
                line.starts_with(&path) && line.contains(": expected a port, found a target cut at 255 bytes"),
                "{line}"
            );
        }
        assert!(rows.iter().all(|row| row.get("time").is_none()));
        let (columns, records) = table(&run_on(&["events", "--format", "csv", &path], "").stdout);
        let host = columns.iter().position(|column| column == "target_host").unwrap();
        assert!(
            rows.iter()
                .map(|row| row["target_host"].as_str())
                .eq(records.iter().map(|record| record.get(host).map(String::as_str)))
        );
    }
}

#[test]
fn a_log_with_times() {
    let ran = run_on(&["events", &capture_path("onionperf.log")], "");
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
    let mut rows = ran.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).peekable();
    assert!(rows.peek().is_some());
    assert!(rows.all(|row| row["time"].as_f64() > Some(1.7e9)));
}
