//! A tor of the test's own, and connections to its control port.

use core::error::Error;
use core::net::SocketAddr;
use core::time::Duration;
use std::fs::{self, DirBuilder, File};
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use tor_stream_event::{EventDecoder, StreamEvent, StreamEventRef};

/// The result of the test, and of each helper of it.
pub(crate) type Result<T> = core::result::Result<T, Box<dyn Error>>;

/// The `SessionGroup` of the unix sockets. The SocksPort on TCP is the one listener that has none.
pub(crate) const UNIX_GROUP: i32 = 0;
/// The `SessionGroup` of the DNSPort.
pub(crate) const DNS_GROUP: i32 = 1;
/// The `SessionGroup` of the HTTPTunnelPort.
pub(crate) const HTTP_GROUP: i32 = 2;
/// The `SessionGroup` of the NATDPort: the greatest that a configuration may give, so that events have it.
pub(crate) const NATD_GROUP: i32 = i32::MAX;

/// A running tor, which ends with this value. Its one directory authority is on a closed port of 127.0.0.1: this tor talks to
/// nobody.
pub(crate) struct Tor {
    /// The process.
    child: Child,
    /// Folder of its files.
    directory: PathBuf,
    /// Deadline of the test.
    deadline: Instant,
    /// Address of its control port.
    control: SocketAddr,
    /// Cookie with which a controller authenticates, in hexadecimal.
    cookie: String,
}

impl Tor {
    /// Starts a tor, and waits until its control port listens. `None` if this machine has no program `tor`.
    pub(crate) fn start(deadline: Instant) -> Result<Option<Self>> {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH)?;
        // Not in `TMPDIR`, which may be long: of a socket's path tor prints 50 bytes, by which the test tells its unix sockets apart.
        let directory = Path::new("/tmp").join(format!("tor-{}", since_1970.as_nanos()));
        // tor refuses to put a socket where others than its user can reach it.
        DirBuilder::new().mode(0o700).create(&directory)?;
        fs::write(directory.join("torrc"), configuration(&directory))?;
        let log = File::create(directory.join("log"))?;
        let spawned = Command::new("tor")
            .args(["--defaults-torrc", "/dev/null", "-f"])
            .arg(directory.join("torrc"))
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn();
        let child = match spawned {
            Ok(child) => child,
            Err(error) => {
                fs::remove_dir_all(&directory)?;
                return if error.kind() == io::ErrorKind::NotFound { Ok(None) } else { Err(error.into()) };
            }
        };
        let control = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut tor = Self { child, directory, deadline, control, cookie: String::new() };
        while !tor.is_ready()? {
            if Instant::now() > deadline || tor.child.try_wait()?.is_some() {
                return Err(format!("tor does not start: {}", tor.log()).into());
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(Some(tor))
    }

    /// Reads the address of the control port and the cookie, each from the file into which tor writes it at its start. Returns `true` once
    /// tor has written both files whole.
    fn is_ready(&mut self) -> Result<bool> {
        let (Ok(control), Ok(cookie)) =
            (fs::read_to_string(self.directory.join("control")), fs::read(self.directory.join("cookie")))
        else {
            return Ok(false);
        };
        let address = control.strip_prefix("PORT=").and_then(|rest| rest.strip_suffix('\n'));
        let Some(Ok(control)) = address.map(str::parse) else { return Ok(false) };
        self.control = control;
        self.cookie = cookie.iter().map(|byte| format!("{byte:02x}")).collect();
        // tor's cookies have 32 bytes.
        Ok(cookie.len() == 32)
    }

    /// Returns the path of tor's unix socket with a `name`.
    pub(crate) fn socket(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// Returns tor's log.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.directory.join("log")).unwrap_or_default()
    }

    /// Connects to the control port.
    pub(crate) fn control(&self) -> Result<Control> {
        let mut control = Control { stream: TcpStream::connect(self.control)?, deadline: self.deadline };
        control.command(&format!("AUTHENTICATE {}", self.cookie))?;
        Ok(control)
    }
}

impl Drop for Tor {
    fn drop(&mut self) {
        // The test is over: a failure has nobody to act on it.
        let _ = self.child.kill().and_then(|()| self.child.wait());
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// The names of tor's unix sockets: one with spaces, and one that makes a path longer than the 50 bytes that tor prints.
pub(crate) const UNIX_SOCKETS: [&str; 2] = ["a b", "a socket with a path that is too long for tor"];

/// Returns the configuration of a tor that keeps its files in `directory`.
fn configuration(directory: &Path) -> String {
    let pid = std::process::id();
    let directory = directory.display();
    let [short, long] = UNIX_SOCKETS;
    let nobody = "A".repeat(40);
    format!(
        "DataDirectory {directory}/data
ControlPort 127.0.0.1:auto
ControlPortWriteToFile {directory}/control
CookieAuthentication 1
CookieAuthFile {directory}/cookie
SocksPort 127.0.0.1:auto
SocksPort unix:\"{directory}/{short}\" SessionGroup={UNIX_GROUP}
SocksPort unix:\"{directory}/{long}\" SessionGroup={UNIX_GROUP}
DNSPort 127.0.0.1:auto NoIsolateSOCKSAuth NoIsolateClientAddr SessionGroup={DNS_GROUP}
HTTPTunnelPort 127.0.0.1:auto IsolateDestPort IsolateDestAddr IsolateClientProtocol SessionGroup={HTTP_GROUP}
NATDPort 127.0.0.1:auto SessionGroup={NATD_GROUP}
DirAuthority nobody orport=1 v3ident={nobody} 127.0.0.1:1 {nobody}
UseDefaultFallbackDirs 0
ClientUseIPv6 0
__LeaveStreamsUnattached 1
__OwningControllerProcess {pid}
SafeLogging 0
Log notice stdout
"
    )
}

/// A connection to the control port.
pub(crate) struct Control {
    /// The connection.
    stream: TcpStream,
    /// Deadline of the test.
    deadline: Instant,
}

impl Control {
    /// Sends a command and returns the reply to it. Fails unless the reply's code begins with 2: success.
    pub(crate) fn command(&mut self, command: &str) -> Result<String> {
        let reply = self.try_command(command)?;
        if reply.starts_with('2') { Ok(reply) } else { Err(format!("{command:?}: {reply:?}").into()) }
    }

    /// Sends a command and returns the reply to it, with any code.
    pub(crate) fn try_command(&mut self, command: &str) -> Result<String> {
        self.send(command)?;
        let mut reply = Vec::new();
        // A reply ends at the line with a space after its code.
        let is_last = |line: &[u8]| line.get(3) == Some(&b' ') && line.ends_with(b"\r\n");
        while !reply.split_inclusive(|&byte| byte == b'\n').next_back().is_some_and(is_last) {
            // A byte at a time, so that bytes after the reply stay unread.
            let mut byte = [0];
            if self.read(&mut byte)? == 0 {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
            reply.extend(byte);
        }
        Ok(String::from_utf8(reply)?)
    }

    /// Returns the address on which tor listens for clients of a `kind`.
    pub(crate) fn listener(&mut self, kind: &str) -> Result<SocketAddr> {
        let reply = self.command(&format!("GETINFO net/listeners/{kind}"))?;
        let address = reply.split('"').find_map(|word| word.parse().ok());
        Ok(address.ok_or_else(|| format!("no address in {reply:?}"))?)
    }

    /// Returns the connection's own address.
    pub(crate) fn local_addr(&self) -> io::Result<SocketAddr> {
        self.stream.local_addr()
    }

    /// Sends a command.
    fn send(&mut self, command: &str) -> io::Result<()> {
        write!(self.stream, "{command}\r\n")
    }

    /// Reads some bytes, and fails after the deadline.
    fn read(&self, chunk: &mut [u8]) -> io::Result<usize> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        self.stream.set_read_timeout(Some(left.max(Duration::from_millis(1))))?;
        (&self.stream).read(chunk)
    }
}

/// An event that tor sent.
#[derive(Debug)]
pub(crate) struct Seen {
    /// Result of [`EventDecoder`].
    pub(crate) strict: core::result::Result<StreamEvent, tor_stream_event::Error>,
    /// The event, read leniently.
    pub(crate) event: StreamEvent,
}

/// The events that tor sends on one control connection, where other events and replies come as well.
pub(crate) struct Events {
    /// The connection.
    control: Control,
    /// Decoder of the events in it.
    decoder: EventDecoder<4096>,
    /// Events so far.
    pub(crate) seen: Vec<Seen>,
}

impl Events {
    /// Asks for events.
    pub(crate) fn subscribe(mut control: Control) -> Result<Self> {
        control.command("SETEVENTS STREAM")?;
        // The decoder gets the replies to these among the events. The second reply has data of many lines.
        for command in ["SETEVENTS STREAM ADDRMAP CONF_CHANGED INFO NOTICE WARN ERR", "GETINFO config/names"] {
            control.send(command)?;
        }
        Ok(Self { control, decoder: EventDecoder::new(), seen: Vec::new() })
    }

    /// Reads events until `is_done` returns `true` for all of them. Fails if the connection ends before, or at the deadline.
    pub(crate) fn wait(&mut self, mut is_done: impl FnMut(&[Seen]) -> bool) -> Result<()> {
        while !is_done(&self.seen) {
            let before = self.seen.len();
            while self.seen.len() == before {
                if !self.read()? {
                    return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
                }
            }
        }
        Ok(())
    }

    /// Tells tor to close the connection, reads the rest of the events and returns all of them.
    pub(crate) fn finish(mut self) -> Result<Vec<Seen>> {
        self.control.send("QUIT")?;
        while self.read()? {}
        if self.decoder.finish().is_some() {
            return Err("the last event has no end".into());
        }
        Ok(self.seen)
    }

    /// Reads a chunk of the bytes that tor sent, and the events in it. Returns `false` at the end of the connection.
    fn read(&mut self) -> Result<bool> {
        /// Maximum length of a chunk: shorter than most events, so that these come in several chunks.
        const CHUNK: usize = 61;

        let mut chunk = [0; CHUNK];
        let len = self.control.read(&mut chunk)?;
        let mut rest = chunk.get(..len).unwrap_or_default();
        while let Some(line) = self.decoder.next_event(&mut rest) {
            let content = line.line.strip_prefix(b"650 STREAM ").unwrap_or_default();
            let event = StreamEventRef::parse_lenient(content)?.into_owned();
            self.seen.push(Seen { strict: line.event.map(StreamEventRef::into_owned), event });
        }
        Ok(len > 0)
    }
}
