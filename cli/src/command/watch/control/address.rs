//! Addresses of control ports, and connecting to them.

use core::fmt;
use core::time::Duration;
use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;

use super::connection_end::ConnectionEnd;
use crate::command::watch::stop::{Stop, TICK};
use crate::output::text::{error_text, escape};

/// Timeout to connect to one address.
const CONNECT_TIME: Duration = Duration::from_secs(20);
/// Timeout to send a command.
const WRITE_TIME: Duration = Duration::from_secs(10);

/// The address of tor's control port.
#[derive(Clone)]
pub(crate) enum ControlAddress {
    /// A host, without the brackets of an IPv6 address, and a port.
    Tcp(String, u16),
    /// A unix socket.
    Unix(PathBuf),
}

/// A connected TCP or unix socket.
pub(crate) trait Socket: Read + Write + Send {}

impl<S: Read + Write + Send> Socket for S {}

impl ControlAddress {
    /// Parses an address. Text with a slash, or that is not UTF-8, is the path of a unix socket.
    pub(crate) fn new(text: OsString) -> Result<Self, String> {
        let Some(text) = text.to_str().filter(|text| !text.contains('/')) else {
            return Ok(Self::Unix(text.into()));
        };
        let (host, port) = text.rsplit_once(':').ok_or("neither HOST:PORT nor a path with a slash")?;
        let port = port.parse().ok().filter(|&port| port > 0).ok_or("the port is not a number from 1 to 65535")?;
        let in_brackets = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        if in_brackets.is_none() && host.contains(':') {
            return Err("an IPv6 address needs brackets, as in [::1]:9051".into());
        }
        match in_brackets.unwrap_or(host) {
            "" => Err("there is no host before the port".into()),
            host => Ok(Self::Tcp(host.into(), port)),
        }
    }

    /// Connects. A read from the connection times out after a [`TICK`].
    pub(crate) fn connect(&self, stop: &Stop) -> Result<Box<dyn Socket>, ConnectionEnd> {
        // Neither looking up a host nor connecting to it can be interrupted. So another thread does both, and is left
        // behind if the user wants to stop.
        let (sender, receiver) = mpsc::channel();
        let address = self.clone();
        thread::Builder::new().spawn(move || sender.send(address.open())).map_err(ConnectionEnd::lost)?;
        loop {
            match receiver.recv_timeout(TICK) {
                _ if stop.is_wanted() => return Err(ConnectionEnd::Stopped),
                Ok(stream) => return stream.map_err(|error| ConnectionEnd::lost(error_text(&error))),
                Err(RecvTimeoutError::Timeout) => {}
                Err(error @ RecvTimeoutError::Disconnected) => return Err(ConnectionEnd::lost(error)),
            }
        }
    }

    /// Connects to the unix socket, or to the first of the host's addresses that accepts a connection. Each of these may take
    /// [`CONNECT_TIME`].
    fn open(&self) -> io::Result<Box<dyn Socket>> {
        match self {
            Self::Tcp(host, port) => {
                let mut last_error = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
                for address in (host.as_str(), *port).to_socket_addrs()? {
                    match TcpStream::connect_timeout(&address, CONNECT_TIME) {
                        Ok(stream) => {
                            stream.set_read_timeout(Some(TICK))?;
                            stream.set_write_timeout(Some(WRITE_TIME))?;
                            return Ok(Box::new(stream));
                        }
                        Err(error) => last_error = error,
                    }
                }
                Err(last_error)
            }
            #[cfg(unix)]
            Self::Unix(path) => {
                let stream = UnixStream::connect(path)?;
                stream.set_read_timeout(Some(TICK))?;
                stream.set_write_timeout(Some(WRITE_TIME))?;
                Ok(Box::new(stream))
            }
            #[cfg(not(unix))]
            Self::Unix(_) => Err(io::Error::new(io::ErrorKind::Unsupported, "no unix sockets on this system")),
        }
    }
}

impl fmt::Display for ControlAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(host, port) if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Tcp(host, port) => write!(f, "{host}:{port}"),
            Self::Unix(path) => f.write_str(&escape(&path.to_string_lossy())),
        }
    }
}
