//! Completions, in the shells that they are for.

#![cfg(unix)]
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stderr, reason = "a test")]

use std::env;
use std::path::Path;
use std::process::Command;

/// Lines as they are when TAB is pressed, and the words that have to be offered for the last one.
const LINES: &[(&str, &[&str])] = &[
    ("tor-streams ev", &["events"]),
    ("tor-streams events --rea", &["--reason"]),
    ("tor-streams events --status CL", &["CLOSED"]),
    ("tor-streams streams --status cl", &["closed"]),
    ("tor-streams --purpose DIR", &["DIR_FETCH", "DIR_UPLOAD", "DIRPORT_TEST"]),
    ("tor-streams circuits --format c", &["csv"]),
    ("tor-streams watch --con", &["--control"]),
    ("tor-streams events tests/dat", &["tests/data/"]),
];

/// Runs a shell in which `tor-streams` is the program under test. Returns what it prints, or `None` if there is no such shell.
fn shell(shell: &str, arguments: &[&str]) -> Option<String> {
    let program = Path::new(env!("CARGO_BIN_EXE_tor-streams")).parent().unwrap();
    let path = env::join_paths([program.to_owned()].into_iter().chain(env::split_paths(&env::var_os("PATH")?))).ok()?;
    let Ok(output) = Command::new(shell).args(arguments).env("PATH", path).output() else {
        eprintln!("SKIPPED: there is no {shell}");
        return None;
    };
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn bash_offers_them() {
    for (line, words) in LINES {
        let script = "source <(tor-streams completions bash); COMP_WORDS=($1); COMP_CWORD=$((${#COMP_WORDS[@]} - 1));
            COMP_TYPE=9 _clap_complete_tor_streams tor-streams \"${COMP_WORDS[-1]}\"; printf '%s\n' \"${COMPREPLY[@]}\"";
        let Some(offered) = shell("bash", &["-c", script, "-", line]) else { return };
        assert_eq!(offered.lines().collect::<Vec<_>>(), *words, "{line}");
    }
}

#[test]
fn fish_offers_them() {
    for (line, words) in LINES {
        let script = "tor-streams completions fish | source; complete -C $argv[1]";
        let Some(offered) = shell("fish", &["--no-config", "-c", script, line]) else { return };
        let offered = offered.lines().filter_map(|line| line.split('\t').next());
        assert_eq!(offered.collect::<Vec<_>>(), *words, "{line}");
    }
}

#[test]
fn zsh_completes_a_single_one() {
    // Several words would be a menu, and a folder has colours within its name.
    for (line, words) in LINES.iter().filter(|(_, words)| words.len() == 1 && !words[0].ends_with('/')) {
        let Some(completed) = shell("zsh", &["-f", "tests/completions/zsh", line, words[0]]) else { return };
        assert!(completed.contains(words[0]), "{line}: {completed}");
    }
}

/// Bash quotes what it inserts if it takes it for a file's name. A name may hold a command.
#[test]
fn bash_quotes_names_of_files() {
    let script = "source <(tor-streams completions bash); complete -p tor-streams";
    let Some(registered) = shell("bash", &["-c", script]) else { return };
    assert!(registered.contains(" -o filenames "), "{registered}");
}

#[test]
fn an_unknown_shell_is_an_error() {
    let program = env!("CARGO_BIN_EXE_tor-streams");
    let output = Command::new(program).args(["completions", "tcsh"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let output = Command::new(program).env("TOR_STREAMS_COMPLETE", "tcsh").output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stderr));
}
