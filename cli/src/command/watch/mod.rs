//! The command `watch`.
//!
//! - this file: the options, and the loop over connections: when one ends, the next attempt follows after a pause
//! - [`control`]: a connection to tor's control port: its address, authentication, commands and replies
//! - [`received`]: the bytes that tor sends once it has agreed to send STREAM events, decoded line by line
//! - [`stream_status`]: the reply with the streams that were open before
//! - [`display`]: the output: events one by one, or a summary
//! - [`stop`]: Ctrl-C and SIGTERM

mod control;
mod display;
mod received;
mod stop;
mod stream_status;

use core::convert::Infallible;
use core::time::Duration;
use std::io;

use clap::builder::{OsStringValueParser, TypedValueParser};

use self::control::ControlConnection;
use self::control::address::ControlAddress;
use self::control::auth::{self, Password};
use self::control::connection_end::ConnectionEnd;
use self::display::EventDisplay;
use self::received::Receiver;
use self::stop::Stop;
use crate::command::options::CredentialOption;
use crate::output::RowFormat;
use crate::output::cells::CsvOptions;
use crate::output::text::error_text;
use crate::report;

/// Help text after the options.
const MORE_HELP: &str = "\
Examples:
  tor-streams watch --control 127.0.0.1:9051
  tor-streams watch --control /run/tor/control --summary

Authentication:
  None if tor wants none. Else its cookie, which is not sent: tor has to prove
  first that it knows the cookie, and gets a proof in return (SAFECOOKIE). Else
  the password in the environment variable TOR_CONTROL_PASSWORD or, if that is
  not set, the one that is typed on the terminal: it is sent to whatever answers
  on the port.
  The cookie has to be readable, which on Debian takes the group debian-tor; to
  be a regular file of 32 bytes, not a link; and to belong to you, to root, or
  to the user that your system runs tor as (debian-tor, tor, toranon or _tor).
  The other end names this file, whoever that is.
  A tor before 0.2.3 wants the cookie itself. --allow-cookie sends it; without
  the option it is never sent, as whatever answers on the port could ask for
  it.

Output:
  Each event as it comes, in the form that `tor-streams events` prints. `line`
  counts the lines that tor sent on this connection, and `time` is the Unix time
  at which the event came. An event that cannot be read goes to standard error
  with its line and the reason; of those with the same unknown status only the
  first, the others are counted at the end.

  A client can ask for a name that holds a line end, so that some of the lines
  are the client's. A line that looks like an event and is not read goes to
  standard error with its line, the first one of each kind on a connection.

  With --summary: how many events, streams, statuses and reasons there were,
  and the last streams. It is drawn again and again on a terminal, else printed
  every --interval seconds, and at the end. Streams that were open before the
  connection are known from tor (GETINFO stream-status); those that were open
  when it was lost are forgotten.

Without a connection:
  Another attempt comes after 1 second, then 2, 4, and so on up to 60, and
  after 1 again once there was a connection. Events that tor had in between are
  lost; standard error says so.

Exit status:
  0  Ctrl-C or SIGTERM came, and all that was received before could be read;
     events that come at that moment may be lost. Or whatever reads the output
     was closed. The second Ctrl-C ends the program at once, with 1.
  1  Tor refused the authentication, what answered is no control port,
     --retries attempts failed, the output could not be written, or something
     that tor sent was not read. Standard error has the reason.
  2  The arguments are wrong.";

/// Maximum length of a line, in bytes, so that memory is bounded. tor's lines of events have less than half of that; a longer
/// one is reported, and not read.
const MAX_LINE: usize = 8192;
/// Maximum number of bytes of a read: those of some three hundred events.
const READ_LEN: usize = 64 * 1024;
/// Delay after the first failure in a row.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// Maximum delay between two attempts.
const LAST_WAIT: Duration = Duration::from_secs(60);

/// The options of `watch`.
#[derive(clap::Args)]
#[command(after_long_help = MORE_HELP)]
pub(crate) struct Options {
    /// Control port of tor: an address, or the path of a unix socket, which has a slash
    #[arg(
        long,
        value_name = "HOST:PORT|PATH",
        default_value = "127.0.0.1:9051",
        value_parser = OsStringValueParser::new().try_map(ControlAddress::new)
    )]
    control: ControlAddress,
    /// How to print the events
    #[arg(long, value_enum, default_value_t = RowFormat::Json)]
    format: RowFormat,
    /// Option to show credentials.
    #[command(flatten)]
    credentials: CredentialOption,
    /// Options of CSV.
    #[command(flatten)]
    csv: CsvOptions,
    /// Also take events whose status, IDs or target are not what Tor's specification allows
    #[arg(long)]
    lenient: bool,
    /// Send the cookie itself to what asks for it, although it may not be tor
    #[arg(long)]
    allow_cookie: bool,
    /// Show a summary, and not the events
    #[arg(long, conflicts_with_all = ["format", "show_credentials", "csv_safe"])]
    summary: bool,
    /// How often to print the summary if the output is not a terminal
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 10,
        requires = "summary",
        value_parser = clap::value_parser!(u64).range(1..=86_400)
    )]
    interval: u64,
    /// Maximum number of open streams that the summary follows
    #[arg(long, value_name = "N", default_value_t = 10_000, requires = "summary")]
    max_live: usize,
    /// Maximum number of failed attempts in a row to connect again; 0 ends with the first connection [default: any
    /// number]
    #[arg(long, value_name = "N")]
    retries: Option<u32>,
}

/// Shows the events of a running tor until the user stops it. Returns `false` after a failure, which was reported, or if
/// something that tor sent was not read.
///
/// # Errors
///
/// If the output cannot be written.
pub(crate) fn run(options: &Options) -> io::Result<bool> {
    let stop = match Stop::install() {
        Ok(stop) => stop,
        Err(error) => {
            report(format_args!("tor-streams: Ctrl-C and SIGTERM cannot be handled: {}", error_text(&error)));
            return Ok(false);
        }
    };
    let mut display = EventDisplay::new(options)?;
    let mut password = Password::default();
    let address = &options.control;
    // Number of failures in a row.
    let mut failures = 0_u32;
    let message = loop {
        let connected = || failures = 0;
        let Err(end) = watch(options, &stop, &mut password, &mut display, connected);
        match end {
            ConnectionEnd::Stopped => return display.finish(address),
            ConnectionEnd::Output(error) => return Err(error),
            ConnectionEnd::Fatal(message) => break message,
            ConnectionEnd::Lost(message) if options.retries.is_some_and(|retries| failures >= retries) => {
                break message;
            }
            ConnectionEnd::Lost(message) => {
                // Each delay is twice the one before. The exponent has a limit, so that the shift does not overflow: 2^6 s
                // is more than the maximum.
                let wait = FIRST_WAIT.saturating_mul(1 << failures.min(6)).min(LAST_WAIT);
                display.disconnected();
                display
                    .report(format_args!("tor-streams: {address}: {message}; trying again in {} s", wait.as_secs()))?;
                failures = failures.saturating_add(1);
                stop.sleep(wait);
            }
        }
    };
    display.finish(address)?;
    display.report(format_args!("tor-streams: {address}: {message}"))?;
    Ok(false)
}

/// Shows the events of one connection until it ends, which is always an error. `connected` is called once tor has agreed to
/// send events.
fn watch(
    options: &Options,
    stop: &Stop,
    password: &mut Password,
    display: &mut EventDisplay,
    connected: impl FnOnce(),
) -> Result<Infallible, ConnectionEnd> {
    let mut control = ControlConnection::new(options.control.connect(stop)?, stop);
    auth::authenticate(&mut control, password, options.allow_cookie)?;
    let reply = control.command("SETEVENTS STREAM")?;
    if reply.code != "250" {
        return Err(ConnectionEnd::Fatal(format!("tor refuses SETEVENTS with {}", reply.code)));
    }
    connected();

    let mut receiver = Receiver::new(&options.control, options.lenient);
    // The replies so far are decoded as well: there may be events among them, and line numbers count from the connection.
    receiver.receive(&control.take_received(), display)?;
    // Only a summary shows streams that have had no event since the connection.
    if options.summary {
        receiver.expect_open_streams();
        control.send(stream_status::COMMAND)?;
    }
    let mut buffer = vec![0; READ_LEN];
    loop {
        match control.read(&mut buffer) {
            Ok(Some(len)) => receiver.receive(buffer.get(..len).unwrap_or_default(), display)?,
            Ok(None) => receiver.idle(display)?,
            // An incomplete line is not reported: nothing cut it but the user, who did not wait for the rest of it.
            Err(end @ ConnectionEnd::Stopped) => return Err(end),
            Err(end) => {
                receiver.finish(display)?;
                return Err(end);
            }
        }
    }
}
