//! Reads Tor STREAM events out of logs and captures of control connections.

#![forbid(unsafe_code)]

extern crate alloc;

mod command;
mod input;
mod output;

use alloc::borrow::Cow;
use std::io::{self, IsTerminal, Write};
use std::process::{self, ExitCode};

use clap::{CommandFactory, Parser, Subcommand};

use crate::command::options::Exit;
use crate::command::{circuits, count, events, streams, summary, watch};
use crate::input::reader::Reading;
use crate::output::text::{escape, is_plain};

/// Reads Tor STREAM events out of logs and captures of control connections
///
/// Without a command it prints a summary of the files.
#[derive(Parser)]
#[command(version, max_term_width = 100, args_conflicts_with_subcommands = true, after_long_help = summary::MORE_HELP)]
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
    /// Print the events of a running tor as they come
    Watch(watch::Options),
    /// Print a shell completion script
    ///
    /// For example: tor-streams completions bash > ~/.local/share/bash-completion/completions/tor-streams
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    ///
    /// For example: tor-streams man | man -l -
    Man,
}

fn main() -> ExitCode {
    let arguments = Arguments::try_parse().unwrap_or_else(|error| exit_with(&error));
    let command = arguments.command.unwrap_or(Command::Summary(arguments.summary));
    let result = match command {
        Command::Summary(options) => require_files(&options.read).and_then(|()| summary::run(options)).map(Exit::from),
        Command::Events(options) => require_files(&options.read).and_then(|()| events::run(options)).map(Exit::from),
        Command::Streams(options) => require_files(&options.read).and_then(|()| streams::run(options)),
        Command::Circuits(options) => require_files(&options.read).and_then(|()| circuits::run(options)),
        Command::Count(options) => require_files(&options.read).and_then(|()| count::run(options)),
        Command::Watch(options) => watch::run(&options).map(Exit::from),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "tor-streams", &mut script);
            io::stdout().write_all(&script).map(|()| Exit::Complete)
        }
        Command::Man => man().map(|()| Exit::Complete),
    };
    match result {
        Ok(exit) => exit.into(),
        // The reader of the output, such as `head`, needs no more of it.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            report(format_args!("tor-streams: (standard output): {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Ends the program as for other wrong arguments if there is neither a file nor anything but a terminal to read from.
/// The parser cannot check this: without a command, and with another one, there are no files either.
fn require_files(options: &Reading) -> io::Result<()> {
    if let Some(mistake) = options.layout.mistake() {
        wrong_arguments(clap::error::ErrorKind::ArgumentConflict, mistake);
    }
    if options.inputs.files.is_empty() && io::stdin().is_terminal() {
        wrong_arguments(clap::error::ErrorKind::MissingRequiredArgument, "no FILE was given; `-` is standard input");
    }
    Ok(())
}

/// Ends the program as the parser of the arguments does.
fn wrong_arguments(kind: clap::error::ErrorKind, message: &str) -> ! {
    exit_with(&Arguments::command().error(kind, message))
}

/// Ends the program with an error about its arguments, which may hold commands to a terminal, or with the help or the version.
fn exit_with(error: &clap::Error) -> ! {
    if !error.use_stderr() {
        error.exit();
    }
    for line in error.render().to_string().lines() {
        report(format_args!("{line}"));
    }
    process::exit(error.exit_code())
}

/// Prints the manual page: the long help of every command.
fn man() -> io::Result<()> {
    let mut command = Arguments::command();
    command.build();
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut page)?;
    for command in command.get_subcommands().filter(|command| command.get_name() != "help") {
        let man = clap_mangen::Man::new(command.clone());
        writeln!(page, ".SH \"tor-streams {}\"", command.get_name().to_uppercase())?;
        man.render_description_section(&mut page)?;
        man.render_options_section(&mut page)?;
        man.render_extra_section(&mut page)?;
    }
    io::stdout().write_all(&page)
}

/// Writes one line to standard error, and ignores a failure to do so.
fn report(message: core::fmt::Arguments<'_>) {
    let message = message.to_string();
    let line = if is_plain(&message) { Cow::Borrowed(&*message) } else { escape(&message) };
    // There is no other place to report a failure.
    let _ = writeln!(io::stderr().lock(), "{line}");
}
