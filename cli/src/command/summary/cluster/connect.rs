//! Connections to the other processes, made before `timely` uses them. The connect function of `timely` waits without a
//! timeout, and prints to standard output.

use core::time::Duration;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream, ToSocketAddrs};
use std::thread;
use std::time::Instant;

use socket2::{SockRef, TcpKeepalive};

/// First bytes of a greeting; other programs do not send them.
const MAGIC: [u8; 12] = *b"tor-streams\n";
/// Length of a greeting in bytes: [`MAGIC`], the run, the process.
const LENGTH: usize = MAGIC.len() + 32 + 2;
/// Pause between two attempts to connect.
const PAUSE: Duration = Duration::from_millis(50);
/// Timeout to connect, and for the greeting of an incoming peer.
const PATIENCE: Duration = Duration::from_secs(2);
/// Idle time before the other machine is probed, and before it is taken for lost.
const SILENCE: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(15));

/// The first message between two processes.
pub(super) struct Greeting {
    /// Fingerprint of the run: version, addresses, files, options.
    pub(super) run: [u8; 32],
    /// Number of the sending process.
    pub(super) process: u16,
}

impl Greeting {
    /// Returns the greeting as it is sent.
    fn to_bytes(&self) -> Vec<u8> {
        [&MAGIC[..], &self.run, &self.process.to_be_bytes()].concat()
    }

    /// Reads a greeting. `None` for any other bytes.
    fn receive(socket: &mut TcpStream) -> io::Result<Option<Self>> {
        let mut bytes = [0; LENGTH];
        socket.read_exact(&mut bytes)?;
        let Some((run, &[process0, process1])) =
            bytes.strip_prefix(&MAGIC).and_then(|rest| rest.split_first_chunk::<32>())
        else {
            return Ok(None);
        };
        Ok(Some(Self { run: *run, process: u16::from_be_bytes([process0, process1]) }))
    }

    /// Checks that the peer belongs to the same run.
    fn other_run(&self, other: &Self) -> Result<(), String> {
        if self.run == other.run {
            return Ok(());
        }
        Err(format!(
            "process {} was started with other addresses, files or options, or is of another version",
            other.process
        ))
    }
}

/// Connects to all other processes, and returns the connections: one for each process but this one. Each process
/// connects to those before it, and accepts connections from those after it.
///
/// # Errors
///
/// If a process cannot be reached in time, or belongs to another run.
pub(super) fn connect(hosts: &[String], greeting: &Greeting, wait: Duration) -> Result<Vec<Option<TcpStream>>, String> {
    let this = usize::from(greeting.process);
    let name = |process: usize| format!("process {process} ({})", hosts.get(process).map_or("", String::as_str));
    let late = |names: &str, error: &str| format!("{names} did not come up within {} seconds{error}", wait.as_secs());
    let deadline = Instant::now() + wait;

    // The listener comes first, so that the others can connect meanwhile.
    let listener = hosts.get(this).map_or(Err(io::ErrorKind::InvalidInput.into()), TcpListener::bind);
    let listener = listener
        .and_then(|listener| listener.set_nonblocking(true).map(|()| listener))
        .map_err(|error| format!("cannot listen as {}: {error}", name(this)))?;

    let mut sockets = Vec::new();
    for (process, host) in hosts.iter().enumerate().take(this) {
        let (socket, other) = loop {
            match call(host, greeting, deadline) {
                Ok(Some(answered)) => break answered,
                Ok(None) => return Err(format!("what answers is not {}", name(process))),
                Err(error) if Instant::now() >= deadline => return Err(late(&name(process), &format!(": {error}"))),
                Err(_) => thread::sleep(PAUSE),
            }
        };
        greeting.other_run(&other)?;
        sockets.push(Some(socket));
    }
    sockets.resize_with(hosts.len(), || None);

    loop {
        let missing: Vec<_> =
            (this + 1..hosts.len()).filter(|&process| matches!(sockets.get(process), Some(None))).collect();
        if missing.is_empty() {
            return Ok(sockets);
        }
        if Instant::now() >= deadline {
            return Err(late(&missing.into_iter().map(name).collect::<Vec<_>>().join(", "), ""));
        }
        match listener.accept() {
            Ok((socket, _)) => {
                // Other programs that connect are ignored.
                let Ok(Some((socket, other))) = answer(socket, greeting) else { continue };
                greeting.other_run(&other)?;
                let behind = usize::from(other.process) > this;
                if let Some(place) = sockets.get_mut(usize::from(other.process)).filter(|_| behind) {
                    *place = Some(socket);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => thread::sleep(PAUSE),
            Err(error) => return Err(format!("cannot listen as {}: {error}", name(this))),
        }
    }
}

/// Connects to a process and exchanges greetings. `None` if another program answers.
fn call(host: &str, greeting: &Greeting, deadline: Instant) -> io::Result<Option<(TcpStream, Greeting)>> {
    let time_left = || deadline.saturating_duration_since(Instant::now()).max(PAUSE);
    let mut connection = Err(io::ErrorKind::NotFound.into());
    for address in host.to_socket_addrs()? {
        connection = TcpStream::connect_timeout(&address, time_left().min(PATIENCE));
        if connection.is_ok() {
            break;
        }
    }
    let mut socket = connection?;
    prepare(&socket)?;
    socket.write_all(&greeting.to_bytes())?;
    // The process may have to wait for another one before it answers.
    socket.set_read_timeout(Some(time_left()))?;
    let other = Greeting::receive(&mut socket)?;
    socket.set_read_timeout(None)?;
    Ok(other.map(|other| (socket, other)))
}

/// Exchanges greetings with an incoming peer. `None` if it is another program.
fn answer(mut socket: TcpStream, greeting: &Greeting) -> io::Result<Option<(TcpStream, Greeting)>> {
    socket.set_nonblocking(false)?;
    prepare(&socket)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    let other = Greeting::receive(&mut socket)?;
    if other.is_some() {
        socket.write_all(&greeting.to_bytes())?;
    }
    socket.set_read_timeout(None)?;
    Ok(other.map(|other| (socket, other)))
}

/// Sets the timeouts by which a socket detects that the other machine is gone.
fn prepare(socket: &TcpStream) -> io::Result<()> {
    socket.set_nodelay(true)?;
    let (ask_after, lost_after) = SILENCE;
    let keepalive = TcpKeepalive::new().with_time(ask_after).with_interval(Duration::from_secs(1));
    let socket = SockRef::from(socket);
    socket.set_tcp_keepalive(&keepalive)?;
    // Without this option, unacknowledged data is sent again for a quarter of an hour.
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(lost_after))?;
    #[cfg(not(target_os = "linux"))]
    let _ = lost_after;
    Ok(())
}
