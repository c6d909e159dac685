//! Completions, in the shells that they are for. HOME is the folder of the tests' files.

#![cfg(unix)]
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

use std::env;
use std::io::{self, Write};
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
    ("tor-streams events --status=CL", &["--status=CLOSED"]),
    ("tor-streams count --by status,tar", &["status,target"]),
    ("tor-streams man pl", &["plot"]),
    ("tor-streams plot --output=tests/dat", &["--output=tests/data/"]),
];

/// Runs a shell in which `tor-streams` is the program under test. Returns what it prints, or `None` if there is no such shell.
fn shell(shell: &str, arguments: &[&str]) -> Option<String> {
    let program = Path::new(env!("CARGO_BIN_EXE_tor-streams")).parent().unwrap();
    let path = env::join_paths([program.to_owned()].into_iter().chain(env::split_paths(&env::var_os("PATH")?))).ok()?;
    let Ok(output) =
        Command::new(shell).args(arguments).env("PATH", path).env("HOME", env!("CARGO_TARGET_TMPDIR")).output()
    else {
        // Past the harness, which keeps what a passing test prints.
        let _ = writeln!(io::stderr(), "skipped: no {shell} on this machine");
        return None;
    };
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn bash_offers_words() {
    for (line, words) in LINES {
        // Bash takes --option=value for three words, and replaces the last one.
        let line = line.replace('=', " = ");
        let words: Vec<_> = words.iter().filter_map(|word| word.rsplit('=').next()).collect();
        let Some(offered) = bash_offers(&line.split(' ').collect::<Vec<_>>()) else { return };
        assert_eq!(offered, words, "{line}");
    }
}

/// A word with quotes, a variable or a `~` is left to the shell: nothing is offered, not even a file whose name begins with the same
/// characters.
#[test]
fn bash_completes_quoted_names_itself() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("quoted");
    std::fs::create_dir_all(&folder).unwrap();
    for typed in ["plain", "~pla", "$pla", r"pla\ in", "'pla", "\"pla", "`pla"] {
        std::fs::write(folder.join(format!("{typed}.log")), "").unwrap();
        let word = folder.join(typed).into_os_string().into_string().unwrap();
        let Some(offered) = bash_offers(&["tor-streams", "events", &word]) else { return };
        // The first word shows that files of this folder are offered.
        let expected = if typed == "plain" { vec![format!("{word}.log")] } else { Vec::new() };
        assert_eq!(offered, expected, "{typed}");
    }
}

/// Runs a command in bash with these arguments. Returns what it prints, or `None` if there is no bash 4.3: an older one, such as macOS
/// has, reads no script from `<(...)`, and does not number the words of an array from the end.
fn bash(command: &str, arguments: &[&str]) -> Option<String> {
    let version = shell("bash", &["-c", "echo $((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1]))"])?;
    if version.trim().parse::<u32>().unwrap() < 403 {
        let _ = writeln!(io::stderr(), "skipped: the bash of this machine is older than 4.3");
        return None;
    }
    shell("bash", &[&["-c", command, "-"], arguments].concat())
}

/// Returns the words that the script offers for the last word of a line, given as the words that bash takes it for. Without any offer,
/// bash completes names of files by itself.
fn bash_offers(words: &[&str]) -> Option<Vec<String>> {
    // Bash sets the COMP variables, and calls the script's function `_tor_streams`. The type 9 is that of a TAB.
    let script = "source <(tor-streams completions bash); COMP_WORDS=(\"$@\"); COMP_CWORD=$((${#COMP_WORDS[@]} - 1));
        COMP_TYPE=9 _tor_streams tor-streams \"${COMP_WORDS[-1]}\"; ((!${#COMPREPLY[@]})) || printf '%s\n' \"${COMPREPLY[@]}\"";
    bash(script, words).map(|offered| offered.lines().map(Into::into).collect())
}

#[test]
fn fish_offers_words() {
    for (line, words) in LINES {
        let script = "tor-streams completions fish | source; complete -C $argv[1]";
        let Some(offered) = shell("fish", &["--no-config", "-c", script, line]) else { return };
        let offered = offered.lines().filter_map(|line| line.split('\t').next());
        assert_eq!(offered.collect::<Vec<_>>(), *words, "{line}");
    }
}

/// The script `completions/zsh`, beside this file, types a line and a TAB into zsh, waits until a word is shown, and prints all that the
/// terminal shows.
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
    let Some(registered) = bash(script, &[]) else { return };
    assert!(registered.contains(" -o filenames ") && registered.contains(" -o default "), "{registered}");
}

/// Zsh quotes the blank in a completed name, and leaves a `~` or variable before it as typed.
#[test]
fn zsh_keeps_a_tilde_and_a_variable() {
    std::fs::create_dir_all(Path::new(env!("CARGO_TARGET_TMPDIR")).join("some logs")).unwrap();
    for (typed, completed) in [("~/some", r"~/some\ logs"), ("$HOME/some", r"$HOME/some\ logs")] {
        let line = format!("tor-streams events {typed}");
        let Some(shown) = shell("zsh", &["-f", "tests/completions/zsh", &line, completed]) else { return };
        assert!(shown.contains(completed), "{typed}: {shown}");
    }
}

#[test]
fn an_unknown_shell_is_an_error() {
    let program = env!("CARGO_BIN_EXE_tor-streams");
    let output = Command::new(program).args(["completions", "tcsh"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    // The variable with which a completion script asks the program for words names the shell.
    let output = Command::new(program).env("TOR_STREAMS_COMPLETE", "tcsh").output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stderr));
}
