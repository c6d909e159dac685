//! Shell completions: scripts that ask the program itself, and the protocol words that it offers.

use std::ffi::OsStr;
use std::io;

use clap::{Arg, Command, ValueHint};
use clap_complete::env::Shells;
use clap_complete::{ArgValueCompleter, CompletionCandidate};
use tor_stream_event::{StreamClosureReason, StreamPurpose, StreamStatus};

/// Environment variable with which a script asks the program for completions. clap's own default, `COMPLETE`, may be set
/// for other reasons.
const VARIABLE: &str = "TOR_STREAMS_COMPLETE";

/// Answers a completion script and ends the program, if such a script has started it.
pub(crate) fn answer(command: fn() -> Command) {
    clap_complete::CompleteEnv::with_factory(move || with_words(command())).var(VARIABLE).complete();
}

/// Returns the script that makes a shell complete the arguments.
///
/// # Errors
///
/// If the shell is not known.
pub(crate) fn script(shell: &str) -> io::Result<Vec<u8>> {
    let shells = Shells::builtins();
    let shell = shells.completer(shell).ok_or_else(|| io::Error::other("unknown shell"))?;
    let mut script = Vec::new();
    shell.write_registration(VARIABLE, "tor-streams", "tor-streams", "tor-streams", &mut script)?;
    // Bash inserts a word as it is, unless it may be a file's name. A name may hold a command.
    Ok(String::from_utf8_lossy(&script).replace("complete -o nospace", "complete -o nospace -o filenames").into_bytes())
}

/// Adds to each command the values that its options and files take.
fn with_words(command: Command) -> Command {
    command.mut_args(with_values).mut_subcommands(|command| command.mut_args(with_values))
}

/// Adds to an argument the values that it takes.
fn with_values(argument: Arg) -> Arg {
    match argument.get_id().as_str() {
        "status" => argument.add(words(StreamStatus::ALL.iter().map(|status| status.as_str()))),
        "reason" => argument.add(words(StreamClosureReason::ALL.iter().map(|reason| reason.as_str()))),
        "purpose" => argument.add(words(StreamPurpose::ALL.iter().map(|purpose| purpose.as_str()))),
        "files" => argument.value_hint(ValueHint::AnyPath),
        _ => argument,
    }
}

/// Returns a completer that offers protocol words, in lower case where the word begins so.
fn words(words: impl Iterator<Item = &'static str>) -> ArgValueCompleter {
    let words: Vec<_> = words.collect();
    ArgValueCompleter::new(move |typed: &OsStr| {
        let typed = typed.to_string_lossy();
        let lower = typed.starts_with(|first: char| first.is_ascii_lowercase());
        let words = words.iter().map(|word| if lower { word.to_ascii_lowercase() } else { (*word).to_owned() });
        words.filter(|word| word.starts_with(&*typed)).map(CompletionCandidate::new).collect()
    })
}
