//! Reads Tor STREAM events out of logs and captures of control connections.

#![forbid(unsafe_code)]

extern crate alloc;

mod arguments; // wrong arguments: the message, a hint, and the end of the program
mod command; // folder: the commands, each with its options and its help
mod completions; // folder: shell completions
mod input; // folder: from the files to the events of each log
mod output; // folder: rows and tables on standard output

use alloc::borrow::Cow;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};

use crate::arguments::{exit_with_mistake, mistyped_command};
use crate::command::options::Exit;
use crate::command::{circuits, count, events, merge, plot, share, streams, summary, watch};
use crate::input::reader::ReadOptions;
use crate::output::text::{error_text, escape, escape_name, is_plain};

/// The allocator. glibc's is slow where one thread frees what another one allocated, as the thread that collects the results of
/// the others does ([`input::threads`]).
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Reads Tor STREAM events out of logs and captures of control connections
///
/// Without a command it prints a summary of the files.
#[derive(Parser)]
// The help names the program as the documentation does, under whatever name it was started: `tor-streams.exe` on Windows.
#[command(version, bin_name = "tor-streams", max_term_width = 100, args_conflicts_with_subcommands = true, after_long_help = summary::MORE_HELP)]
struct Arguments {
    /// Command to run.
    #[command(subcommand)]
    command: Option<Command>,
    /// Options of `summary`, the command without a name.
    #[command(flatten)]
    summary: summary::Options,
}

/// Commands of the tool.
#[derive(Subcommand)]
enum Command {
    /// Print what happened in numbers: events, streams, failures, times, targets (the default)
    Summary(summary::Options),
    /// Print each event as a JSON object or a CSV row
    Events(events::Options),
    /// Print each stream as a JSON object or a CSV row
    Streams(streams::Options),
    /// Print each circuit: its streams, their targets, and whose they were
    Circuits(circuits::Options),
    /// Count streams, or events, by what they have in common: targets that failed and why, and more
    Count(count::Options),
    /// Print a log with pseudonyms for hosts, clients and credentials, to show it to others
    Share(share::Options),
    /// Print one summary of several machines, from what `summary --json --mergeable` printed on each
    Merge(merge::Options),
    /// Draw answers, failures and lifetimes of streams, as a page or a picture
    Plot(plot::Options),
    /// Print the events of a running tor as they come
    Watch(watch::Options),
    /// Print a script that makes a shell complete commands, options and their words
    ///
    /// Bash: source <(tor-streams completions bash)
    ///
    /// Zsh, after compinit: source <(tor-streams completions zsh)
    ///
    /// Put this line, and not the script, into ~/.bashrc or ~/.zshrc: a script may not work with another version of the program.
    Completions {
        /// Shell that the script is for
        #[arg(value_parser = ["bash", "elvish", "fish", "powershell", "zsh"])]
        shell: String,
    },
    /// Print a manual page
    ///
    /// For example: tor-streams man streams | man -l -
    Man {
        /// Command that the page is about; without it, the page about the tool
        #[arg(value_name = "COMMAND")]
        page: Option<String>,
        /// Write the pages of all commands into this folder
        #[arg(long, conflicts_with = "page")]
        dir: Option<PathBuf>,
    },
}

impl Command {
    /// Returns the options of reading; `None` for a command that reads no logs.
    const fn read_options(&self) -> Option<&ReadOptions> {
        match self {
            Self::Summary(options) => Some(&options.read),
            Self::Events(options) => Some(&options.read),
            Self::Streams(options) => Some(&options.read),
            Self::Circuits(options) => Some(&options.read),
            Self::Count(options) => Some(&options.read),
            Self::Share(options) => Some(&options.read),
            Self::Plot(options) => Some(&options.read),
            Self::Merge(_) | Self::Watch(_) | Self::Completions { .. } | Self::Man { .. } => None,
        }
    }
}

fn main() -> ExitCode {
    // Ends the program if a completion script has started it.
    completions::answer(Arguments::command);
    let arguments = Arguments::try_parse().unwrap_or_else(|error| arguments::exit_with(&error));
    if arguments.command.is_none() {
        reject_mistyped_command(&arguments.summary.read);
    }
    let command = arguments.command.unwrap_or(Command::Summary(arguments.summary));
    if let Some(options) = command.read_options() {
        check_reading(options);
    }
    let result = match command {
        Command::Summary(options) => summary::run(options).map(Exit::from),
        Command::Events(options) => events::run(options).map(Exit::from),
        Command::Streams(options) => streams::run(options),
        Command::Circuits(options) => circuits::run(options),
        Command::Share(options) => share::run(options).map(Exit::from),
        Command::Count(options) => count::run(options),
        Command::Merge(options) => merge::run(&options).map(Exit::from),
        Command::Plot(options) => {
            if let Some(mistake) = options.mistake() {
                exit_with_mistake(ErrorKind::ArgumentConflict, mistake);
            }
            plot::run(options).map(Exit::from)
        }
        Command::Watch(options) => watch::run(&options).map(Exit::from),
        Command::Completions { shell } => {
            completions::script(&shell).and_then(|script| io::stdout().write_all(&script)).map(|()| Exit::Complete)
        }
        Command::Man { dir: Some(dir), .. } => Ok(write_manual_pages(&dir)),
        Command::Man { page, dir: None } => print_manual_page(page.as_deref()).map(|()| Exit::Complete),
    };
    ExitCode::from(status(result.and_then(|exit| io::stdout().flush().map(|()| exit))))
}

/// Reports an error of standard output, if there is one, and returns the exit status. The status is 0 if the reader of the
/// output, such as `head`, needed no more of it.
fn status(result: io::Result<Exit>) -> u8 {
    match result {
        Ok(exit) => exit.into(),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => 0,
        Err(error) => {
            report(format_args!("tor-streams: (standard output): {}", error_text(&error)));
            1
        }
    }
}

/// Ends the program if the first file of the command without a name is a mistyped command. The parser cannot check
/// this: a file's name may be any word.
fn reject_mistyped_command(options: &ReadOptions) {
    let command = Arguments::command();
    let Some(file) = options.inputs.files.first() else { return };
    if let Some(name) = mistyped_command(&command, file) {
        let file = file.display();
        // A command behind an option of the default command is parsed as a file.
        let message = if file.to_string() == name {
            format!("no file '{name}'\n\n  tip: a command comes before its options: tor-streams {name} [OPTIONS]")
        } else {
            format!("no command and no file '{file}'\n\n  tip: a similar command exists: '{name}'")
        };
        exit_with_mistake(ErrorKind::InvalidSubcommand, &message);
    }
}

/// Ends the program as for other wrong arguments if options of reading exclude each other, or if no file is given and
/// standard input is a terminal. The parser cannot require a file: without one, another program's output is read.
fn check_reading(options: &ReadOptions) {
    if let Some(mistake) = options.layout.mistake() {
        exit_with_mistake(ErrorKind::ArgumentConflict, mistake);
    }
    if options.inputs.files.is_empty() && io::stdin().is_terminal() {
        let message = "no FILE was given; `-` is standard input";
        exit_with_mistake(ErrorKind::MissingRequiredArgument, message);
    }
}

/// Returns the tool's arguments for manual pages. The command `help` needs no page: a page has the help of its command.
fn documented_command() -> clap::Command {
    Arguments::command().disable_help_subcommand(true)
}

/// Writes the manual pages of the tool and of all commands into a folder, or reports the error.
fn write_manual_pages(dir: &Path) -> Exit {
    match clap_mangen::generate_to(documented_command(), dir) {
        Ok(()) => Exit::Complete,
        Err(error) => {
            report(format_args!("tor-streams: {}: {}", escape_name(&dir.display().to_string()), error_text(&error)));
            Exit::Reported
        }
    }
}

/// Prints the manual page of a command, or that of the tool.
fn print_manual_page(name: Option<&str>) -> io::Result<()> {
    let mut command = documented_command();
    // Gives each command its full name, such as `tor-streams events`.
    command.build();
    let page = match name {
        Some(name) => command.find_subcommand(name).cloned(),
        None => Some(command.clone()),
    };
    let Some(page) = page else {
        exit_with_mistake(ErrorKind::InvalidValue, &format!("no command '{}'", name.unwrap_or_default()));
    };
    clap_mangen::Man::new(page).render(&mut io::stdout())
}

/// Writes one line to standard error, and ignores a failure to do so. Commands to a terminal in the line become visible.
fn report(message: core::fmt::Arguments<'_>) {
    let message = message.to_string();
    // Names in the message may have been escaped already. `escape` would double their backslashes.
    let line = if is_plain(&message) { Cow::Borrowed(&*message) } else { escape(&message) };
    // There is no other place to report a failure.
    let _ = writeln!(io::stderr().lock(), "{line}");
}
