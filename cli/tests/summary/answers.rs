//! Commands and output in the pages for users: the questions that `cli/README.md` answers in one line each, and the rest.

use core::fmt::Write;
use std::path::Path;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::common::{data, file};

/// Returns the commands in `cli/README.md` that have a question behind them.
fn commands() -> Vec<(String, String)> {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let questions = readme.lines().filter(|line| line.starts_with("tor-streams ") && line.ends_with('?'));
    let pairs = questions.map(|line| line.split_once(" # ").unwrap());
    pairs.map(|(command, question)| (command.trim().to_owned(), question.to_owned())).collect()
}

/// Returns a log of one stream two hours ago, and of the last minutes: the streams of `F01-filters.log`, and two more.
///
/// Stream 18 connects from port 47849, waits 1.1 s for its first answer on circuit 26, and is closed. Stream 19 connects from port
/// 47850, is detached from circuit 26, and fails on circuit 27 with END/CONNECTREFUSED. Streams 30 and 31, of two user names, are
/// on circuit 10.
fn log() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let content = std::fs::read_to_string(data("field/F01-filters.log")).unwrap();
    let start_of_content = 1_795_600_800;
    let mut log = String::new();
    for (event, time) in [("NEW 0 old.test:80 PURPOSE=USER", 7200), ("CLOSED 0 old.test:80 REASON=DONE", 7199)] {
        writeln!(log, "{}.00 650 STREAM 5 {event}", now - time).unwrap();
    }
    for line in content.lines() {
        let (time, event) = line.split_once(" 650 ").unwrap();
        let (seconds, fraction) = time.split(' ').next_back().unwrap().split_once('.').unwrap();
        writeln!(log, "{}.{fraction} 650 {event}", now - 600 + seconds.parse::<u64>().unwrap() - start_of_content)
            .unwrap();
    }
    for (stream, wallet) in [("30", "a"), ("31", "b")] {
        let tail = format!(
            "SOCKS_USERNAME=\"wallet-{wallet}\" CLIENT_PROTOCOL=SOCKS5 NYM_EPOCH=0 SESSION_GROUP=-4 ISO_FIELDS=SOCKS_USERNAME"
        );
        for event in ["NEW 0 wallet.test:443", "SENTCONNECT 10 wallet.test:443"] {
            writeln!(log, "{}.00 650 STREAM {stream} {event} {tail}", now - 60).unwrap();
        }
    }
    log
}

#[test]
fn the_readme_answers_in_one_line_each() {
    let folder = file("answers", "tor.log", log()).parent().unwrap().to_path_buf();
    let program = Path::new(env!("CARGO_BIN_EXE_tor-streams")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let answers: &[(&str, &[&str], &[&str])] = &[
        ("Which targets failed most, and why?", &["  www.example.com  END/CONNECTREFUSED        1  100.0 %\n"], &[]),
        ("Whose streams failed most?", &["  #1              1  100.0 %\n"], &[]),
        ("On which circuits did the first answer take longest?", &["  1.1 s ", "  circuit 26 ", "  stream 18\n"], &[]),
        (
            "Was a circuit shared by two identities?",
            &["circuit 10: 2 streams", "identities  #2, #3", "differ in   SOCKS_USERNAME"],
            &["circuit 26", "circuit 27"],
        ),
        ("What did the client at this port do?", &["\"stream_id\":\"18\""], &["\"stream_id\":\"19\"", "old.test"]),
        (
            "Which streams did users have in the last hour?",
            &["\"stream_id\":\"18\"", "\"stream_id\":\"19\""],
            &["old.test"],
        ),
    ];
    let commands = commands();
    for (question, has, has_not) in answers {
        let (command, _) = commands.iter().find(|(_, asked)| asked == question).unwrap();
        let output = Command::new("sh").args(["-c", command]).current_dir(&folder).env("PATH", &path).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{command}: {:?}", output.stderr);
        assert!(has.iter().all(|part| text.contains(part)), "{command}:\n{text}");
        assert!(!has_not.iter().any(|part| text.contains(part)), "{command}:\n{text}");
    }
    for (command, question) in &commands {
        assert!(answers.iter().any(|(asked, ..)| asked == question), "{command} is run by no test");
    }
}

#[test]
fn the_readme_shows_what_is_printed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let (_, shown) = readme.split_once("```text\n").unwrap();
    let (shown, _) = shown.split_once("```").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_tor-streams"));
    let output = command.arg("tests/data/onionperf.log").current_dir(root.parent().unwrap()).output().unwrap();
    assert!(String::from_utf8(output.stdout).unwrap().starts_with(shown));
}

#[test]
fn the_readme_shows_what_is_drawn() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_tor-streams"));
    command.args(["plot", "--figure", "failures", "tests/data/onionperf-whole.log.xz"]).current_dir(root);
    assert_eq!(command.output().unwrap().stdout, std::fs::read(root.join("docs/failures.svg")).unwrap());
}

/// Returns the arguments of each `tor-streams` command in a page, within a sentence or in a block of code, with examples in place of
/// its placeholders.
fn arguments(page: &str) -> Vec<String> {
    let mut code: Vec<&str> = page.lines().filter(|line| line.starts_with("    ")).collect();
    for (index, section) in page.split("```").enumerate() {
        let is_block = index % 2 == 1;
        if is_block { code.extend(section.lines()) } else { code.extend(section.split('`').skip(1).step_by(2)) }
    }
    let commands = code.iter().filter_map(|line| Some(line.split_once("tor-streams ")?.1));
    // A comment, a pipe, a redirection and the end of `$(...)` end a command's arguments.
    let own = commands.map(|command| command.split(['#', '|', '>', ')']).next().unwrap().trim_start_matches("-- "));
    own.map(|own| own.replace("COLUMN,...", "target").replace("ADDRESS", "127.0.0.1:9051").replace("SHELL", "bash"))
        .collect()
}

#[test]
fn pages_name_options_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let program = env!("CARGO_BIN_EXE_tor-streams");
    for page in ["cli/README.md", "docs/tool.md"] {
        let arguments = arguments(&std::fs::read_to_string(root.join(page)).unwrap());
        assert!(arguments.len() >= 8, "{page}: {arguments:?}");
        let needs_arrow = |own: &&String| own.contains("parquet");
        for own in arguments.iter().filter(|own| cfg!(feature = "arrow") || !needs_arrow(own)) {
            // All arguments before `--help` are checked, and nothing is read.
            let output = Command::new("sh").args(["-c", &format!("'{program}' {own} --help")]).output().unwrap();
            assert!(output.status.success(), "{page}: tor-streams {own}: {}", String::from_utf8_lossy(&output.stderr));
        }
    }
}
