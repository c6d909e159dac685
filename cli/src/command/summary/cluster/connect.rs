//! Connections to the other processes, before `timely` takes them over. Its own way of connecting waits for ever, and prints
//! to standard output.

use core::time::Duration;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream, ToSocketAddrs};
use std::thread;
use std::time::Instant;

use socket2::{SockRef, TcpKeepalive};

/// What begins a greeting. Whoever says something else is no process of a cluster.
const MAGIC: [u8; 12] = *b"tor-streams\n";
/// How long a greeting is: what begins it, the run, the process.
const LENGTH: usize = MAGIC.len() + 32 + 2;
/// How long to wait between two attempts.
const PAUSE: Duration = Duration::from_millis(50);
/// How long a connection may take, and who has connected to say who it is.
const PATIENCE: Duration = Duration::from_secs(2);
/// After how long without a sign of life the other machine is asked for one, and after how long it is taken for lost.
const SILENCE: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(15));

/// What processes say to each other first.
pub(super) struct Greeting {
    /// What all processes of a run have in common.
    pub(super) run: [u8; 32],
    /// Who says it.
    pub(super) process: u16,
}

impl Greeting {
    /// Returns the greeting as it is sent.
    fn to_bytes(&self) -> Vec<u8> {
        [&MAGIC[..], &self.run, &self.process.to_be_bytes()].concat()
    }

    /// Reads a greeting. Returns `None` if it is none.
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

    /// Says that another one belongs to another run.
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

/// Connects to all other processes, and returns the connections: one for each process but this one. Each connects to those
/// before it, and those behind it connect to it.
///
/// # Errors
///
/// If one of them is not there in time, or belongs to another run.
pub(super) fn connect(hosts: &[String], greeting: &Greeting, wait: Duration) -> Result<Vec<Option<TcpStream>>, String> {
    let this = usize::from(greeting.process);
    let name = |process: usize| format!("process {process} ({})", hosts.get(process).map_or("", String::as_str));
    let late = |names: &str, error: &str| format!("{names} did not come up within {} seconds{error}", wait.as_secs());
    let deadline = Instant::now() + wait;

    // Before all else, so that the others can connect meanwhile.
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
                // Whoever connects and is no process of a cluster is none of our business.
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

/// Connects to a process and exchanges greetings. Returns `None` if another program is there.
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
    // It may have to wait for another process itself before it answers.
    socket.set_read_timeout(Some(time_left()))?;
    let other = Greeting::receive(&mut socket)?;
    socket.set_read_timeout(None)?;
    Ok(other.map(|other| (socket, other)))
}

/// Exchanges greetings with who has connected. Returns `None` if it is another program.
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

/// Makes a socket notice that the machine at the other end is gone without a word.
fn prepare(socket: &TcpStream) -> io::Result<()> {
    socket.set_nodelay(true)?;
    let (ask_after, lost_after) = SILENCE;
    let keepalive = TcpKeepalive::new().with_time(ask_after).with_interval(Duration::from_secs(1));
    let socket = SockRef::from(socket);
    socket.set_tcp_keepalive(&keepalive)?;
    // Without it, what was sent and is not acknowledged is repeated for a quarter of an hour.
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(lost_after))?;
    #[cfg(not(target_os = "linux"))]
    let _ = lost_after;
    Ok(())
}
