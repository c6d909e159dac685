//! Wrong arguments: hints at the right ones, and the end of the program.

use std::io::{self, Write};
use std::path::Path;
use std::process;

use clap::error::{ContextKind, ErrorKind};
use clap::{Command, CommandFactory};

use crate::command::options::Exit;
use crate::{Arguments, report, status};

/// Jaro-Winkler similarity of two words, from 0 to 1, above which one may be a mistyped form of the other. A command with one
/// letter wrong, missing or too many is nearly always above it.
const MIN_LIKENESS: f64 = 0.8;

/// Ends the program as the parser of the arguments does.
pub(crate) fn exit_with_mistake(kind: ErrorKind, message: &str) -> ! {
    exit_with(&Arguments::command().error(kind, message))
}

/// Ends the program with the help or the version, or with an error about its arguments. An argument may hold escape
/// sequences that a terminal obeys, so [`report`] prints the error: it makes them visible.
pub(crate) fn exit_with(error: &clap::Error) -> ! {
    if !error.use_stderr() {
        let printed = error.print().and_then(|()| io::stdout().flush());
        process::exit(status(printed.map(|()| Exit::Complete)).into());
    }
    let mut feature = missing_feature(error);
    for line in error.render().to_string().lines() {
        // The tip comes after the first paragraph, which says what is wrong.
        if let Some(feature) = feature.take_if(|_| line.is_empty()) {
            report(format_args!(""));
            report(format_args!("  tip: needs a build with `--features {feature}`"));
        }
        report(format_args!("{line}"));
    }
    process::exit(error.exit_code())
}

/// Returns the feature that an argument needs, if this build lacks it.
fn missing_feature(error: &clap::Error) -> Option<&'static str> {
    let context = |kind| error.get(kind).map(ToString::to_string).unwrap_or_default();
    // The argument may be followed by its value's name: `--format <FORMAT>`.
    let argument = context(ContextKind::InvalidArg);
    let option = argument.split(' ').next().unwrap_or_default();
    match error.kind() {
        ErrorKind::InvalidValue if !cfg!(feature = "arrow") && option == "--format" => {
            ["arrow", "parquet"].contains(&&*context(ContextKind::InvalidValue)).then_some("arrow")
        }
        ErrorKind::UnknownArgument if !cfg!(feature = "cluster") => {
            // Several options begin with `--cluster`, such as `--cluster-wait`.
            (option.starts_with("--cluster") || option == "--process").then_some("cluster")
        }
        _ => None,
    }
}

/// Returns the command that a file's name may be a mistyped form of. `None` if the file exists, if its name has a separator or an
/// extension, or if no command is like it.
pub(crate) fn mistyped_command<'c>(command: &'c Command, file: &Path) -> Option<&'c str> {
    let typed = file.to_str().filter(|typed| !typed.contains(['/', '\\', '.']))?;
    let likeness = |name: &&str| strsim::jaro_winkler(typed, name);
    let names = command.get_subcommands().map(Command::get_name);
    let name = names.max_by(|a, b| likeness(a).total_cmp(&likeness(b))).filter(|name| likeness(name) > MIN_LIKENESS)?;
    (!file.exists()).then_some(name)
}
