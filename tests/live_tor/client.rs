//! Clients of tor: each sends one request for a stream.

use core::any::Any;
use core::net::{Ipv4Addr, SocketAddr};
use core::time::Duration;
use std::io::{self, Read, Write};
use std::net::{TcpStream, UdpSocket};
use std::os::unix::net::UnixStream;

use crate::daemon::{Control, Result, Tor, UNIX_SOCKETS};

/// A protocol by which a client asks tor for a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Via {
    /// SOCKS5, to connect.
    Socks5,
    /// SOCKS5 as tor extends it, to resolve a name.
    Socks5Resolve,
    /// SOCKS4a, to connect.
    Socks4a,
    /// SOCKS5 over the unix socket with this index.
    Unix(usize),
    /// CONNECT of HTTP.
    Http,
    /// The line that FreeBSD's natd sends in front of a connection.
    Natd,
    /// A DNS query.
    Dns,
    /// RESOLVE on a control connection.
    Control,
}

/// A request for a stream.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// Protocol of the request.
    pub(crate) via: Via,
    /// Host: any bytes.
    pub(crate) host: Vec<u8>,
    /// Port; 0 to resolve a name.
    pub(crate) port: u16,
    /// User name.
    pub(crate) username: Option<Vec<u8>>,
    /// Password.
    pub(crate) password: Option<Vec<u8>>,
}

/// A client that has sent its request, and is connected as long as this value lives.
pub(crate) struct Client {
    /// Address of the client as tor prints it.
    pub(crate) source: String,
    /// Connection, open.
    _connection: Box<dyn Any>,
}

/// The listeners of a tor.
pub(crate) struct Listeners<'a> {
    /// The tor, which has the paths of its unix sockets.
    tor: &'a Tor,
    /// The SocksPort.
    socks: SocketAddr,
    /// The HTTPTunnelPort.
    http: SocketAddr,
    /// The NATDPort.
    natd: SocketAddr,
    /// The DNSPort.
    dns: SocketAddr,
}

impl<'a> Listeners<'a> {
    /// Maximum length of a client's address in bytes: tor cuts a longer one.
    const SOURCE_LEN: usize = 50;

    /// Asks tor for its listeners.
    pub(crate) fn of(tor: &'a Tor, control: &mut Control) -> Result<Self> {
        Ok(Self {
            tor,
            socks: control.listener("socks")?,
            http: control.listener("httptunnel")?,
            natd: control.listener("natd")?,
            dns: control.listener("dns")?,
        })
    }

    /// Asks for a stream.
    pub(crate) fn open(&self, request: &Request, control: &mut Control) -> Result<Client> {
        match request.via {
            Via::Socks5 | Via::Socks5Resolve => tcp(self.socks, |stream| socks5(stream, request)),
            Via::Socks4a => tcp(self.socks, |stream| stream.write_all(&socks4a(request))),
            Via::Http => tcp(self.http, |stream| stream.write_all(&http(request))),
            Via::Natd => tcp(self.natd, |stream| stream.write_all(&natd(request))),
            Via::Unix(index) => {
                let path = self.tor.socket(UNIX_SOCKETS.get(index).ok_or("no such socket")?);
                let mut stream = UnixStream::connect(&path)?;
                stream.set_read_timeout(Some(TIMEOUT))?;
                socks5(&mut stream, request)?;
                let source = format!("{}:0", path.display());
                let printed = source.as_bytes().get(..Self::SOURCE_LEN).unwrap_or(source.as_bytes());
                let source = String::from_utf8_lossy(printed).into_owned();
                Ok(Client { source, _connection: Box::new(stream) })
            }
            Via::Dns => {
                let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
                socket.send_to(&dns(&request.host), self.dns)?;
                Ok(Client { source: socket.local_addr()?.to_string(), _connection: Box::new(socket) })
            }
            Via::Control => {
                control.command(&format!("RESOLVE {}", String::from_utf8_lossy(&request.host)))?;
                Ok(Client { source: control.local_addr()?.to_string(), _connection: Box::new(()) })
            }
        }
    }
}

/// Timeout for an answer of tor's in a handshake.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Connects to a port and sends a request.
fn tcp(port: SocketAddr, send: impl FnOnce(&mut TcpStream) -> io::Result<()>) -> Result<Client> {
    let mut stream = TcpStream::connect(port)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    send(&mut stream)?;
    Ok(Client { source: stream.local_addr()?.to_string(), _connection: Box::new(stream) })
}

/// Sends a request as SOCKS5 (RFC 1928, and RFC 1929 for user name and password).
fn socks5(stream: &mut (impl Read + Write), request: &Request) -> io::Result<()> {
    const VERSION: u8 = 5;
    const NO_AUTHENTICATION: u8 = 0;
    const USERNAME_AND_PASSWORD: u8 = 2;
    const VERSION_OF_AUTHENTICATION: u8 = 1;
    const CONNECT: u8 = 1;
    /// tor's own command.
    const RESOLVE: u8 = 0xF0;
    const RESERVED: u8 = 0;
    const HOST_NAME: u8 = 3;

    let Request { via, host, port, username, password } = request;
    let mut answer = [0; 2];
    let credentials = username.as_ref().zip(password.as_ref());
    let method = if credentials.is_some() { USERNAME_AND_PASSWORD } else { NO_AUTHENTICATION };
    // A single method is offered.
    stream.write_all(&[VERSION, 1, method])?;
    stream.read_exact(&mut answer)?;
    if let Some((username, password)) = credentials {
        stream.write_all(&[vec![VERSION_OF_AUTHENTICATION], counted(username), counted(password)].concat())?;
        stream.read_exact(&mut answer)?;
    }
    let command = if *via == Via::Socks5Resolve { RESOLVE } else { CONNECT };
    stream.write_all(&[&[VERSION, command, RESERVED, HOST_NAME], &*counted(host), &port.to_be_bytes()].concat())
}

/// Returns a request as SOCKS4a: version, command, port, an address that means a host name at the end, user name, host.
fn socks4a(request: &Request) -> Vec<u8> {
    const VERSION: u8 = 4;
    const CONNECT: u8 = 1;
    const NAME_AT_THE_END: &[u8] = &[0, 0, 0, 1];
    const END_OF_TEXT: &[u8] = &[0];

    let Request { host, port, username, .. } = request;
    let username = username.as_deref().unwrap_or_default();
    let port = port.to_be_bytes();
    [&[VERSION, CONNECT], port.as_slice(), NAME_AT_THE_END, username, END_OF_TEXT, host, END_OF_TEXT].concat()
}

/// Returns a request as HTTP.
fn http(request: &Request) -> Vec<u8> {
    [b"CONNECT ", &*request.host, format!(":{} HTTP/1.0\r\n\r\n", request.port).as_bytes()].concat()
}

/// Returns a request as natd's.
fn natd(request: &Request) -> Vec<u8> {
    [b"[DEST ", &*request.host, format!(" {}]\n", request.port).as_bytes()].concat()
}

/// Returns a query for the IPv4 address of a host.
fn dns(host: &[u8]) -> Vec<u8> {
    // An ID (7), flags with the wish for recursion, and the numbers of questions (1), answers and other records.
    let header = [0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    let labels: Vec<u8> = host.split(|&byte| byte == b'.').flat_map(counted).collect();
    // An empty label at the end of the name, type A (1), class IN (1).
    [&header, &*labels, &[0, 0, 1, 0, 1]].concat()
}

/// Returns `bytes`, at most 255, after a byte with their number.
fn counted(bytes: &[u8]) -> Vec<u8> {
    [&[bytes.len() as u8], bytes].concat()
}
