//! The command `plot`: what the figures show, what must not be in them, and its mistakes.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use core::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

use common::{data, file, stdout};

/// Runs `plot`, and returns its exit status and standard error.
fn plot<P: AsRef<Path>>(options: &[&str], files: &[P]) -> (Option<i32>, String) {
    let files = files.iter().map(|file| file.as_ref().as_os_str());
    let mut command = Command::new(env!("CARGO_BIN_EXE_tor-streams"));
    let output = command.arg("plot").args(options).args(files).output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

/// Returns the rows of a figure's numbers in a page, the names of the columns first: the texts of `<th>` and `<td>`, each of
/// which begins a line.
fn numbers(page: &str, figure: &str) -> Vec<Vec<String>> {
    let figure = page.split(&format!("<figure id=\"{figure}\">")).nth(1).unwrap().split("</figure>").next().unwrap();
    let cell = |text: &str| text.split("</t").next().unwrap().split('>').nth(1).unwrap().trim().to_owned();
    let is_cell = |text: &&str| text.starts_with("d>") || text.starts_with("h>");
    let cells = |row: &str| row.split("\n<t").filter(is_cell).map(cell).collect();
    figure.split("<tr>").skip(1).map(cells).collect()
}

/// A log of streams whose times are easy to count: stream `n` is answered after `n` tenths of a second, and every fifth
/// one fails then instead.
fn log(streams: u64) -> String {
    let mut events = Vec::new();
    for n in 1..=streams {
        let start = 1_795_600_800_000 + n * 1000;
        let host = if n % 2 == 0 { "a.onion" } else { "a.test" };
        let answer = if n % 5 == 0 { "FAILED 7 a.test:80 REASON=TIMEOUT" } else { "SUCCEEDED 7 a.test:80" };
        events.push((start, n, format!("NEW 0 {host}:80")));
        events.push((start + n * 100, n, answer.into()));
        events.push((start + n * 200, n, "CLOSED 7 a.test:80 REASON=DONE".into()));
    }
    events.sort();
    events.iter().fold(String::new(), |mut log, (time, n, event)| {
        let (seconds, thousandths) = (time / 1000, time % 1000);
        writeln!(log, "2026-11-25 10:00:00 {seconds}.{thousandths:03} 650 STREAM {n} {event}").unwrap();
        log
    })
}

// Ten streams: 5 and 10 failed, after 0.5 s and 1 s. Of those to an onion service, 2, 4, 6 and 8 were answered, of the others 1, 3, 7
// and 9.
#[test]
fn numbers_of_a_page() {
    let page = stdout(0, &["plot"], &[file("plot", "ten.log", log(10))]);
    assert_eq!(
        numbers(&page, "answers"),
        [
            ["", "streams", "5 %", "25 %", "50 %", "75 %", "90 %", "95 %", "99 %"],
            ["onion services", "4", "200 ms", "200 ms", "400 ms", "600 ms", "800 ms", "800 ms", "800 ms"],
            ["other connections", "4", "100 ms", "100 ms", "300 ms", "700 ms", "900 ms", "900 ms", "900 ms"],
        ]
    );
    let lifetimes = numbers(&page, "lifetimes");
    assert_eq!(lifetimes[1][..5], ["answered", "8", "200 ms", "400 ms", "800 ms"]);
    assert_eq!(lifetimes[2][..5], ["failed", "2", "500 ms", "500 ms", "500 ms"]);
    let failures = numbers(&page, "failures");
    assert_eq!(failures[0], ["from", "TIMEOUT"]);
    assert_eq!(failures[1..], [["2026-11-25T10:00:05Z", "1"], ["2026-11-25T10:00:10Z", "1"]]);
    // A row for each of the ten seconds, below the names of the columns.
    let streams = numbers(&page, "streams");
    assert_eq!(streams[0], ["from", "answered", "failed"]);
    assert_eq!((streams.len(), &*streams[5]), (11, &["2026-11-25T10:00:05Z", "0", "1"].map(String::from)[..]));
    for sentence in [
        "10 streams from 2026-11-25 10:00:01 to 2026-11-25 10:00:12; 2 failed (20.0 %).",
        "NEW to SUCCEEDED: 8 of 10 streams have both times.",
        "2 of 10 streams failed (20.0 %), for 1 cause,",
    ] {
        assert!(page.contains(sentence), "{sentence}");
    }
    assert!(!page.contains("more than 10,000"), "all are exact");
}

#[test]
fn a_curve_for_each_file() {
    let files = [file("plot-curves", "a.log", log(3)), file("plot-curves", "b.log", log(9))];
    let rows = numbers(&stdout(0, &["plot", "--by-file"], &files), "answers");
    let name = |index: usize| files[index].to_str().unwrap();
    assert_eq!((&*rows[1][0], &*rows[1][1], &*rows[2][0], &*rows[2][1]), (name(0), "3", name(1), "8"));
    let (status, stderr) = plot(&["--by-file"], &vec![data("onionperf.log"); 8]);
    assert_eq!(status, Some(1));
    assert!(stderr.contains("--by-file draws seven files at most, not "), "{stderr}");
}

// 20,000 streams in 4 MB, which threads read in ranges.
#[test]
fn the_same_for_any_number_of_threads() {
    let log = file("plot", "long.log", log(20_000));
    let page = stdout(0, &["plot", "--jobs", "1"], &[&log]);
    for jobs in ["2", "5"] {
        assert!(page == stdout(0, &["plot", "--jobs", jobs], &[&log]), "{jobs} threads");
    }
    assert!(page.len() < 400_000, "{} bytes: a page has steps, and not each stream", page.len());
    // Up to 10,000 streams, the numbers of a curve are exact, as those of the 8,000 answers here. The 16,000 lifetimes are
    // counted in steps, each up to 1.6 % wide.
    let rows = numbers(&page, "answers");
    assert_eq!(rows[1][1..5], ["8,000", "99.8 s", "500 s", "1000 s"]);
    let lifetimes = numbers(&page, "lifetimes");
    assert_eq!(lifetimes[1][..2], ["answered", "16,000"]);
    let median: f64 = lifetimes[1][4].strip_suffix(" s").unwrap().parse().unwrap();
    assert!((median / 2000.0 - 1.0).abs() < 0.016, "{median}");
}

/// Name of a file that a stranger has chosen, as far as the system allows it, and the name in a page.
#[cfg(unix)]
const NAME: (&str, &str) = ("a<script>&\u{1b}b.log", "a&lt;script&gt;&amp;\\u{1b}b.log");
#[cfg(not(unix))]
const NAME: (&str, &str) = ("a&\u{202e}b.log", "a&amp;\\u{202e}b.log");

/// Names of files, words and hosts of strangers.
#[test]
fn text_of_strangers() {
    let lines = "\
2026-11-25 10:00:00 1795600800.00 650 STREAM 1 NEW 0 secret-host<b>.test:80 SOURCE_ADDR=10.9.8.7:5 PURPOSE=USER SOCKS_USERNAME=\"my-user\" SOCKS_PASSWORD=\"my-password\"
2026-11-25 10:00:01 1795600801.00 650 STREAM 1 FAILED 0 secret-host<b>.test:80 REASON=<img/src=x> SOCKS_USERNAME=\"my-user\" SOCKS_PASSWORD=\"my-password\"
2026-11-25 10:00:01 1795600801.00 650 STREAM 2 FAILED 0 secret-host<b>.test:80 REASON=A&amp;\"B\u{202e}
";
    let log = file("plot", NAME.0, lines);
    let page = stdout(0, &["plot"], &[&log]);
    for text in ["secret-host", "10.9.8.7", "my-user", "my-password", "<img", "<script", "\u{1b}", "\u{202e}", "<b>"] {
        assert!(!page.contains(text), "{text}");
    }
    for text in [NAME.1, "&lt;img/src=x&gt; (1)", "A&amp;amp;\"B\\u{202e} (1)"] {
        assert!(page.contains(text), "{text} in\n{page}");
    }
}

#[test]
fn a_log_without_times() {
    let output = file("plot", "none.html", "as before");
    let log = file("plot", "none.log", "650 STREAM 1 NEW 0 a.test:80\n650 STREAM 1 CLOSED 0 a.test:80 REASON=DONE\n");
    let to = ["-o", output.to_str().unwrap()];
    let (status, stderr) = plot(&to, &[&log]);
    assert_eq!(status, Some(1));
    assert_eq!(
        stderr,
        "tor-streams: no event in these logs has a time before it that a figure can use, so nothing was drawn\n"
    );
    assert_eq!(fs::read_to_string(&output).unwrap(), "as before");
    let (_, stderr) = plot(&[&to[..], &["--target", "other.test"]].concat(), &[&log]);
    assert_eq!(stderr, "tor-streams: there is no stream in these logs that passes the filters, so nothing was drawn\n");
    let (_, stderr) = plot(&[], &[file("plot", "empty.log", "")]);
    assert_eq!(stderr, "tor-streams: there is no stream in these logs, so nothing was drawn\n");

    // Times without a date: durations can be drawn, but no figure over time.
    let log = file(
        "plot",
        "clock.log",
        "10:00:00.5 650 STREAM 1 NEW 0 a.test:80\n10:00:02 650 STREAM 1 SUCCEEDED 7 a.test:80\n",
    );
    let page = stdout(0, &["plot"], &[&log]);
    assert_eq!(numbers(&page, "answers")[1][..3], ["other connections", "1", "1.50 s"]);
    assert_eq!(page.matches("The times of these logs have no dates.").count(), 3);
    let (status, stderr) = plot(&["--figure", "streams"], &[&log]);
    assert_eq!(status, Some(1));
    assert_eq!(
        stderr,
        "tor-streams: no event in these logs has a time before it that this figure can use, so nothing was drawn\n"
    );
}

/// Stream 1 of each log was answered after a second or two. Only one of the logs has dates: the other log's stream is in no figure over
/// time.
#[test]
fn captions_count_what_is_drawn() {
    let [dated, answer] = [
        "1795600800.5 650 STREAM 1 NEW 0 a.test:80\n",
        "1795600801.5 650 STREAM 1 SUCCEEDED 7 a.test:80\n1795600802.5 650 STREAM 1 CLOSED 7 a.test:80 REASON=DONE\n",
    ];
    let undated = file(
        "plot",
        "no-date.log",
        "10:00:00 650 STREAM 1 NEW 0 a.test:80\n10:00:02 650 STREAM 1 SUCCEEDED 7 a.test:80\n\
         10:00:03 650 STREAM 1 CLOSED 7 a.test:80 REASON=DONE\n",
    );
    let page = |log: String| stdout(0, &["plot"], &[&file("plot", "dated.log", log), &undated]);
    let answered = page([dated, answer].concat());
    let unanswered = page(dated.into());
    for (page, sentence) in [
        (&answered, "NEW to SUCCEEDED: 2 of 2 streams have both times."),
        (&answered, "1 of 2 streams are drawn: those that have both times."),
        (&answered, "1 stream without a date not shown."),
        (&unanswered, "NEW to SUCCEEDED: 1 of 2 streams have both times."),
        (&unanswered, "0 of 2 streams are drawn: those that have both times."),
        (&unanswered, "No stream in these steps has both times."),
    ] {
        assert!(page.contains(sentence), "{sentence}");
    }
    assert!(!unanswered.contains("No stream has both times."));
}

/// Of the streams with a date, one was answered and one failed with TIMEOUT; of those without one, two failed, one of them with
/// MISC. So the figure of failures shows a single stream, with TIMEOUT.
#[test]
fn legends_count_what_is_drawn() {
    let undated = "10:00:00 650 STREAM 1 FAILED 0 a.test:80 REASON=TIMEOUT\n10:00:01 650 STREAM 2 FAILED 0 a.test:80 REASON=MISC\n\
                   10:00:02 650 STREAM 1 CLOSED 0 a.test:80 REASON=TIMEOUT\n10:00:03 650 STREAM 2 CLOSED 0 a.test:80 REASON=MISC\n";
    let undated = file("plot", "undated-failures.log", undated);
    let answered =
        "1795600800.5 650 STREAM 1 SUCCEEDED 7 a.test:80\n1795600801.5 650 STREAM 1 CLOSED 7 a.test:80 REASON=DONE\n";
    let failed = "1795600802.5 650 STREAM 2 FAILED 0 a.test:80 REASON=TIMEOUT\n\
                  1795600803.5 650 STREAM 2 CLOSED 0 a.test:80 REASON=TIMEOUT\n";
    // 202 causes, two more than are told apart. The figure draws seven of them, and the others together.
    let many = (1..=202).fold(String::new(), |mut log, n| {
        writeln!(log, "1795600802.5 650 STREAM {0} FAILED 0 a.test:80 REASON=W{n}", n + 1).unwrap();
        writeln!(log, "1795600803.5 650 STREAM {0} CLOSED 0 a.test:80 REASON=W{n}", n + 1).unwrap();
        log
    });
    let failures = |name: &str, failed: &str| {
        let dated = file("plot", name, [answered, failed].concat());
        let page = stdout(0, &["plot"], &[&dated, &undated]);
        page.split("<figure id=\"failures\">").nth(1).unwrap().split("</figure>").next().unwrap().to_owned()
    };
    let one = failures("one-failed.log", failed);
    assert!(one.contains("TIMEOUT (1)") && !one.contains("MISC"), "{one}");
    assert!(one.contains("1 of 2 streams failed (50.0 %), for 1 cause, each"), "{one}");
    let none = failures("none-failed.log", "");
    assert!(none.contains("No stream in these steps failed.") && !none.contains("TIMEOUT"), "{none}");
    assert!(none.contains("0 of 1 stream failed (0.0 %), for 0 causes, each"), "{none}");
    let others = failures("others-failed.log", &many);
    assert!(others.contains("other causes (195)"), "{others}");
    assert!(others.contains("202 of 203 streams failed (99.5 %), for at least 201 causes, each"), "{others}");
}

/// Tor is started anew, so its second stream 1 replaces the first one; stream 2 is open at the end of the log. None of the
/// three was answered.
#[test]
fn streams_without_an_end() {
    let log = "\
1795600800.5 650 STREAM 1 NEW 0 a.test:80
1795600801.5 650 STREAM 1 NEW 0 a.test:80
1795600802.5 650 STREAM 1 CLOSED 0 a.test:80 REASON=DONE
1795600803.5 650 STREAM 2 NEW 0 a.test:80
";
    let page = stdout(1, &["plot"], &[file("plot", "no-end.log", log)]);
    let streams = numbers(&page, "streams");
    assert_eq!(streams[0], ["from", "closed, no answer", "no answer, no end"]);
    let counts: Vec<_> = streams[1..].iter().map(|row| [&*row[1], &*row[2]]).collect();
    assert_eq!(counts, [["0", "1"], ["1", "0"], ["0", "1"]]);
    assert!(!page.contains("open at the end"));
}

#[test]
fn files_of_the_output() {
    let log = data("onionperf.log");
    // A path in the folder of this test's files, without a file.
    let path = |name: &str| file("plot", "any", "").with_file_name(name);
    let svg = path("answers.svg");
    let drawn = stdout(0, &["plot", "--figure", "answers"], &[&log]);
    assert!(drawn.starts_with("<svg ") && drawn.contains("xmlns=\"http://www.w3.org/2000/svg\""), "{drawn}");
    assert_eq!(plot(&["--figure", "answers", "-o", svg.to_str().unwrap()], &[&log]), (Some(0), String::new()));
    assert_eq!(fs::read_to_string(svg).unwrap(), drawn);
    for (options, message) in [
        (&["-o", "page.pdf"][..], "the name of the output has to end with .html, or with .svg for a single figure"),
        (&["-o", "page.svg"], "a file of SVG holds a single figure: --figure names it"),
        (&["-o", "page.html", "--figure", "answers"], "a page has all figures"),
    ] {
        let (status, stderr) = plot(options, &[&log]);
        assert!(status == Some(2) && stderr.contains(message), "{stderr}");
        assert!(!Path::new(options[1]).exists());
    }
    let missing = path("no-folder").join("page.html");
    let (status, stderr) = plot(&["-o", missing.to_str().unwrap()], &[&log]);
    assert!(status == Some(1) && stderr.contains("page.html: "), "{stderr}");
}

/// A log is not overwritten by its picture, under any of its names.
#[test]
fn a_log_is_not_the_output() {
    let content = log(3);
    let path = file("plot", "log.html", &content);
    let dotted = path.parent().unwrap().join(".").join("log.html");
    let linked = path.with_file_name("linked.html");
    let _ = fs::remove_file(&linked);
    fs::hard_link(&path, &linked).unwrap();
    for name in [&dotted, &linked] {
        let (status, message) = plot(&["-o", name.to_str().unwrap()], &[&path]);
        assert_eq!(status, Some(1));
        assert!(message.ends_with(".html: is one of the logs, so nothing was drawn\n"), "{message}");
        assert_eq!(fs::read_to_string(&path).unwrap(), content);
    }
}

/// Long names of files have a line of the legend each; short ones share a line.
#[test]
fn legends_have_room_for_names() {
    let places = |names: [&str; 2]| {
        let files = names.map(|name| file("plot-legends", name, log(if name.starts_with('a') { 4 } else { 5 })));
        let mut command = Command::new(env!("CARGO_BIN_EXE_tor-streams"));
        command.args(["plot", "--by-file", "--figure", "answers"]).args(names);
        let output = command.current_dir(files[0].parent().unwrap()).output().unwrap();
        let picture = String::from_utf8(output.stdout).unwrap();
        // The place of a text is that of its first attribute, x.
        let legend = picture.split("<text").filter(|text| text.contains(".log ("));
        let places: Vec<_> = legend.filter_map(|text| text.split('"').nth(1)).map(str::to_owned).collect();
        assert_eq!(places.len(), 2, "{picture}");
        places
    };
    let short = places(["a.log", "b.log"]);
    assert_ne!(short[0], short[1], "two columns");
    let long = places(["a-log-of-a-machine-in-frankfurt.log", "b-log-of-a-machine-in-singapore.log"]);
    assert_eq!(long[0], long[1], "one column");
}
