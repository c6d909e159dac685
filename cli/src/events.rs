//! The command `events`.

use core::cell::RefCell;
use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

use tor_stream_event::EventReader;

use crate::output::{Format, Output};
use crate::report;

/// What the help says after the options.
const MORE_HELP: &str = "\
Examples:
  tor-streams events tor.log
  xzcat onionperf.torctl.log.xz | tor-streams events --format csv - > streams.csv

Input:
  Logs whose lines end with LF or CR LF, with or without a date and time before each `650 STREAM`,
  and captures of a control connection. Lines of anything else are skipped.

Output:
  line, time, id, status, circuit_id, target_host, target_port, reason, remote_reason, source,
  source_addr, purpose, socks_username, socks_password, client_protocol, nym_epoch, session_group,
  iso_fields, anomalies.

  Words are as Tor prints them. What an event does not have is null in JSON and empty in CSV;
  circuit_id is so while the stream is not attached. `time` is what the log puts before the event:
  the Unix time as a number if it has one, else the text; JSON has it in such a log only.
  A byte of the target that is not UTF-8 becomes U+FFFD. `anomalies` names what is odd about the
  event: it is empty for a plain line from a known Tor.

  Arrow and Parquet files (if built with the feature `arrow`) have the same columns with types: words
  as dictionaries, lists as lists, `time` as a timestamp, and behind it `prefix`, the text before the
  event. They are complete when the program ends.

  JSON is one object a line. CSV begins with the names of the columns, and joins the items of
  iso_fields and of anomalies with commas.

Exit status:
  0  Every event was printed, or whatever reads the output was closed.
  1  A file or a line could not be read, or the output not be written. Standard error has
     FILE:LINE: and the reason. Everything else was printed.
  2  The arguments are wrong.";

/// The options of `events`.
#[derive(clap::Args)]
#[command(after_long_help = MORE_HELP)]
pub(crate) struct Options {
    /// How to print the events
    #[arg(long, value_enum, default_value_t = Format::Json)]
    format: Format,
    /// Print SOCKS user names and passwords, as Tor escapes them, and not just `***`
    #[arg(long)]
    show_credentials: bool,
    /// Also print events whose status, IDs or target are not what Tor's specification allows
    #[arg(long)]
    lenient: bool,
    /// Logs or captures; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// Prints the events in all files. Returns `false` if a file or a line could not be read.
///
/// # Errors
///
/// If the output cannot be written.
pub(crate) fn run(options: &Options) -> io::Result<bool> {
    let output = RefCell::new(Output::new(options.format, options.show_credentials)?);
    let mut all_read = true;
    for file in &options.files {
        all_read &= if file.as_os_str() == "-" {
            print_events("(standard input)", io::stdin().lock(), options, &output)?
        } else {
            let name = file.to_string_lossy();
            match File::open(file) {
                Ok(input) => print_events(&name, input, options, &output)?,
                Err(error) => {
                    output.borrow_mut().flush()?;
                    report(format_args!("tor-streams: {name}: {error}"));
                    false
                }
            }
        };
    }
    output.borrow_mut().finish()?;
    Ok(all_read)
}

/// Prints the events in one file. Returns `false` if it, or a line of it, could not be read.
fn print_events(name: &str, input: impl Read, options: &Options, output: &RefCell<Output>) -> io::Result<bool> {
    let mut reader = EventReader::new(FlushFirst { input, output });
    if options.lenient {
        reader = reader.lenient();
    }
    let mut all_read = true;
    loop {
        match reader.next_event() {
            Ok(Some(line)) => match line.event {
                Ok(event) => output.borrow_mut().write(&line, &event)?,
                Err(error) => {
                    output.borrow_mut().flush()?;
                    report(format_args!("{name}:{}: {error}", line.number));
                    all_read = false;
                }
            },
            Ok(None) => return Ok(all_read),
            Err(error) => {
                // If it was the output that failed, in `FlushFirst`, it does so again.
                output.borrow_mut().flush()?;
                report(format_args!("tor-streams: {name}: {error}"));
                return Ok(false);
            }
        }
    }
}

/// An input that has the output written out before each read, which may wait for long: nobody has to wait for an event
/// that was read already.
struct FlushFirst<'o, R> {
    /// The input.
    input: R,
    /// The output.
    output: &'o RefCell<Output>,
}

impl<R: Read> Read for FlushFirst<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.output.borrow_mut().flush()?;
        self.input.read(buffer)
    }
}
