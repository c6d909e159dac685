//! Reads Tor STREAM events out of logs and captures of control connections.

#![forbid(unsafe_code)]

extern crate alloc;

#[cfg(feature = "arrow")]
mod columns;
mod events;
mod output;
mod row;
mod watch;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Reads Tor STREAM events out of logs and captures of control connections
#[derive(Parser)]
#[command(version, max_term_width = 100)]
struct Arguments {
    /// What to do.
    #[command(subcommand)]
    command: Command,
}

/// What the tool does.
#[derive(Subcommand)]
enum Command {
    /// Print each event as a JSON object or a CSV row
    Events(events::Options),
    /// Print the events of a running tor as they come
    Watch(watch::Options),
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Events(options) => events::run(&options),
        Command::Watch(options) => watch::run(&options),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        // Whoever reads the output has seen enough, as `head` has after some lines.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            report(format_args!("tor-streams: (standard output): {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Writes one line to standard error.
fn report(message: core::fmt::Arguments<'_>) {
    // If this fails there is no place left to say so.
    let _ = writeln!(io::stderr().lock(), "{message}");
}
