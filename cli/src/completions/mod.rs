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

/// The values that an argument takes.
enum Values {
    /// Names of the tool's commands.
    CommandNames,
    /// Protocol words, returned by the function.
    Words(fn() -> Vec<&'static str>),
    /// Names of files or folders.
    Paths(ValueHint),
}

/// The values of each argument whose parser does not list them, by the argument's ID: the name of its field in the options of a
/// command.
const VALUES: [(&str, Values); 7] = [
    // The COMMAND of `man`.
    ("page", Values::CommandNames),
    ("status", Values::Words(|| StreamStatus::ALL.iter().map(|status| status.as_str()).collect())),
    ("reason", Values::Words(|| StreamClosureReason::ALL.iter().map(|reason| reason.as_str()).collect())),
    ("purpose", Values::Words(|| StreamPurpose::ALL.iter().map(|purpose| purpose.as_str()).collect())),
    ("files", Values::Paths(ValueHint::AnyPath)),
    ("output", Values::Paths(ValueHint::AnyPath)),
    ("dir", Values::Paths(ValueHint::DirPath)),
];

/// Answers a completion script and ends the program, if such a script has started it.
pub(crate) fn answer(command: fn() -> Command) {
    clap_complete::CompleteEnv::with_factory(move || with_values(command())).var(VARIABLE).complete();
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
fn with_values(command: Command) -> Command {
    let names: Vec<_> = command.get_subcommands().map(|command| command.get_name().to_owned()).collect();
    let add = |argument| add_values(argument, &names);
    command.mut_args(add).mut_subcommands(|command| command.mut_args(add))
}

/// Adds to an argument the values that it takes, given the names of all commands.
fn add_values(argument: Arg, names: &[String]) -> Arg {
    let id = argument.get_id().as_str();
    match VALUES.iter().find(|(of_argument, _)| *of_argument == id).map(|(_, values)| values) {
        Some(Values::CommandNames) => {
            let names = names.to_vec();
            let candidates = move || names.iter().map(CompletionCandidate::new).collect();
            argument.add(ArgValueCandidates::new(candidates))
        }
        Some(Values::Words(all)) => argument.add(word_completer(all())),
        Some(Values::Paths(hint)) => argument.value_hint(*hint),
        None => argument,
    }
}

/// Returns a completer that offers protocol words, in lower case if the typed word begins with a small letter.
fn word_completer(all: Vec<&'static str>) -> ArgValueCompleter {
    ArgValueCompleter::new(move |typed: &OsStr| {
        let typed = typed.to_string_lossy();
        let lower = typed.starts_with(|first: char| first.is_ascii_lowercase());
        let words = all.iter().map(|word| if lower { word.to_ascii_lowercase() } else { (*word).to_owned() });
        words.filter(|word| word.starts_with(&*typed)).map(CompletionCandidate::new).collect()
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::Arguments;

    /// An ID that no argument has offers nothing, as after a field was renamed.
    #[test]
    fn every_id_is_that_of_an_argument() {
        let tool = Arguments::command();
        let commands = || core::iter::once(&tool).chain(tool.get_subcommands());
        for (id, _) in VALUES {
            assert!(commands().any(|command| command.get_arguments().any(|argument| argument.get_id() == id)), "{id}");
        }
    }
}
