//! Shell completions: scripts that ask the program itself, and the words that it offers.
//!
//! The scripts for bash and zsh are our own: the scripts of `clap_complete` offer nothing behind `--option=` in bash, insert
//! the names of files without quotes there, and quote the `~` of `~/x` in zsh.

use std::ffi::OsStr;
use std::io;

use clap::{Arg, Command, ValueHint};
use clap_complete::env::Shells;
use clap_complete::{ArgValueCandidates, ArgValueCompleter, CompletionCandidate};
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
    match shell {
        "bash" => return Ok(include_bytes!("tor-streams.bash").into()),
        "zsh" => return Ok(include_bytes!("tor-streams.zsh").into()),
        _ => {}
    }
    let shells = Shells::builtins();
    let shell = shells.completer(shell).ok_or_else(|| io::Error::other("unknown shell"))?;
    let mut script = Vec::new();
    shell.write_registration(VARIABLE, "tor-streams", "tor-streams", "tor-streams", &mut script)?;
    Ok(script)
}

/// Adds to the arguments of each command the values that they take.
fn with_words(command: Command) -> Command {
    let names: Vec<_> = command.get_subcommands().map(|command| command.get_name().to_owned()).collect();
    let add_values = |argument| with_values(argument, &names);
    command.mut_args(add_values).mut_subcommands(|command| command.mut_args(add_values))
}

/// Adds to an argument the values that it takes, given the names of all commands. An argument's ID is the name of its field in
/// the options of a command: a field that is renamed there has to be renamed here.
fn with_values(argument: Arg, names: &[String]) -> Arg {
    match argument.get_id().as_str() {
        // The COMMAND of `man`.
        "page" => {
            let names = names.to_vec();
            let candidates = move || names.iter().map(CompletionCandidate::new).collect();
            argument.add(ArgValueCandidates::new(candidates))
        }
        "status" => argument.add(words(StreamStatus::ALL.iter().map(|status| status.as_str()))),
        "reason" => argument.add(words(StreamClosureReason::ALL.iter().map(|reason| reason.as_str()))),
        "purpose" => argument.add(words(StreamPurpose::ALL.iter().map(|purpose| purpose.as_str()))),
        "files" | "output" | "cookie" => argument.value_hint(ValueHint::AnyPath),
        "dir" => argument.value_hint(ValueHint::DirPath),
        _ => argument,
    }
}

/// Returns a completer that offers protocol words, in lower case if the typed word begins with a small letter.
fn words(words: impl Iterator<Item = &'static str>) -> ArgValueCompleter {
    let words: Vec<_> = words.collect();
    ArgValueCompleter::new(move |typed: &OsStr| {
        let typed = typed.to_string_lossy();
        let lower = typed.starts_with(|first: char| first.is_ascii_lowercase());
        let words = words.iter().map(|word| if lower { word.to_ascii_lowercase() } else { (*word).to_owned() });
        words.filter(|word| word.starts_with(&*typed)).map(CompletionCandidate::new).collect()
    })
}
