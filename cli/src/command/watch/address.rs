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

use super::failure::Failure;
use super::stop::{Stop, TICK};
use crate::output::text::escape;

/// Timeout to connect to one address.
const CONNECT_TIME: Duration = Duration::from_secs(20);
/// Timeout to send a command.
const WRITE_TIME: Duration = Duration::from_secs(10);

/// The address of a control port.
#[derive(Clone)]
pub(crate) enum Address {
    /// A host, without the brackets of an IPv6 address, and a port.
    Tcp(String, u16),
    /// A unix socket.
    Unix(PathBuf),
}

/// A connection.
pub(crate) trait Stream: Read + Write + Send {}

impl<S: Read + Write + Send> Stream for S {}

impl Address {
    /// Parses an address: a path if it has a slash.
    pub(crate) fn new(text: OsString) -> Result<Self, String> {
        let Some(text) = text.to_str().filter(|text| !text.contains('/')) else {
            return Ok(Self::Unix(text.into()));
        };
        let (host, port) = text.rsplit_once(':').ok_or("neither HOST:PORT nor a path with a slash")?;
        let port = port.parse().ok().filter(|&port| port > 0).ok_or("the port is not a number from 1 to 65535")?;
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        if bare.is_none() && host.contains(':') {
            return Err("an IPv6 address needs brackets, as in [::1]:9051".into());
        }
        match bare.unwrap_or(host) {
            "" => Err("there is no host before the port".into()),
            host => Ok(Self::Tcp(host.into(), port)),
        }
    }

    /// Connects. A read from the connection times out after a [`TICK`].
    pub(crate) fn connect(&self, stop: &Stop) -> Result<Box<dyn Stream>, Failure> {
        // Neither looking up a host nor connecting to it can be interrupted.
        let (sender, receiver) = mpsc::channel();
        let address = self.clone();
        thread::spawn(move || sender.send(address.open()));
        loop {
            match receiver.recv_timeout(TICK) {
                _ if stop.is_wanted() => return Err(Failure::Stopped),
                Ok(stream) => return stream.map_err(Failure::lost),
                Err(RecvTimeoutError::Timeout) => {}
                Err(error @ RecvTimeoutError::Disconnected) => return Err(Failure::lost(error)),
            }
        }
    }

    /// Connects, with a timeout for each address only.
    fn open(&self) -> io::Result<Box<dyn Stream>> {
        match self {
            Self::Tcp(host, port) => {
                let mut last = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
                for address in (host.as_str(), *port).to_socket_addrs()? {
                    match TcpStream::connect_timeout(&address, CONNECT_TIME) {
                        Ok(stream) => {
                            stream.set_read_timeout(Some(TICK))?;
                            stream.set_write_timeout(Some(WRITE_TIME))?;
                            return Ok(Box::new(stream));
                        }
                        Err(error) => last = error,
                    }
                }
                Err(last)
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

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(host, port) if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Tcp(host, port) => write!(f, "{host}:{port}"),
            Self::Unix(path) => f.write_str(&escape(&path.to_string_lossy())),
        }
    }
}
