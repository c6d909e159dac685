//! Authentication: AUTHENTICATE, PROTOCOLINFO and AUTHCHALLENGE, sections 3.5, 3.21 and 3.24 of the control-port
//! specification.
//!
//! With SAFECOOKIE, each side proves that it knows the cookie, a file of random bytes that tor makes. A proof is a hash of
//! the cookie and of two *nonces*, random bytes of each side for this connection alone. So it is of no use to whoever reads it.

use std::io;
use std::path::PathBuf;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tor_stream_event::Quoted;
use zeroize::Zeroizing;

use super::connection_end::ConnectionEnd;
use super::cookie::{self, COOKIE_LEN};
use super::{ControlConnection, ControlReply};

/// Key of the hash by which tor proves that it knows the cookie.
const SERVER_KEY: &[u8] = b"Tor safe cookie authentication server-to-controller hash";
/// Key of the hash by which this controller proves that it knows the cookie.
const CLIENT_KEY: &[u8] = b"Tor safe cookie authentication controller-to-server hash";

/// Name of the environment variable that holds the password.
const PASSWORD_VARIABLE: &str = "TOR_CONTROL_PASSWORD";

/// The password, kept for later connections once it is known, so that the user is asked once.
#[derive(Default)]
pub(crate) struct Password(Option<Zeroizing<Vec<u8>>>);

impl Password {
    /// Returns the password, from the environment or typed by the user.
    fn get(&mut self) -> Result<&[u8], ConnectionEnd> {
        let password = match self.0.take() {
            Some(password) => password,
            None => match std::env::var_os(PASSWORD_VARIABLE) {
                Some(password) => Zeroizing::new(password.into_encoded_bytes()),
                None => Zeroizing::new(ask()?.into_bytes()),
            },
        };
        Ok(self.0.insert(password))
    }
}

/// Asks the user for the password on the terminal, without echo.
fn ask() -> Result<String, ConnectionEnd> {
    rpassword::prompt_password("Password of tor's control port: ").map_err(|error| match error.kind() {
        // Ctrl-C at the prompt.
        io::ErrorKind::Interrupted => ConnectionEnd::Stopped,
        // Ctrl-D.
        io::ErrorKind::UnexpectedEof => ConnectionEnd::fatal("tor wants a password, and none was typed"),
        _ => ConnectionEnd::Fatal(format!(
            "tor wants a password: {PASSWORD_VARIABLE} is not set, and there is no terminal to ask on"
        )),
    })
}

/// Authenticates without a secret if tor asks for none; else with SAFECOOKIE, the cookie or the password: the first of them
/// that is possible.
///
/// The program on the port may not be tor: only SAFECOOKIE lets it prove that it is before it gets anything. The cookie
/// itself is sent only with `allow_cookie`, and never if SAFECOOKIE is possible. The password is sent to whatever answers, also
/// if that names a cookie that cannot be read: the user has given it for this port, as the help and SECURITY.md say.
pub(crate) fn authenticate(
    control: &mut ControlConnection<'_>,
    password: &mut Password,
    allow_cookie: bool,
) -> Result<(), ConnectionEnd> {
    let methods = Methods::read(&control.command("PROTOCOLINFO 1")?)?;
    if methods.null {
        return check_accepted(&control.command("AUTHENTICATE")?, "a controller without authentication");
    }
    let cookie = match &methods.cookie_file {
        Some(path) if methods.safe_cookie || (methods.cookie && allow_cookie) => Some(cookie::read(path)),
        _ => None,
    };
    // The order of the arms is the order of preference. A cookie that cannot be read gives way to the password.
    match cookie {
        Some(Ok(cookie)) if methods.safe_cookie => safe_cookie(control, &cookie),
        Some(Ok(cookie)) => send_secret(control, &*cookie, "the cookie"),
        _ if methods.password => send_secret(control, password.get()?, "the password"),
        Some(Err(message)) => Err(ConnectionEnd::Fatal(message)),
        None if methods.cookie && methods.cookie_file.is_some() && !allow_cookie => Err(ConnectionEnd::fatal(
            "it wants the cookie itself, and cannot prove that it is tor: --allow-cookie sends it all the same",
        )),
        None => Err(ConnectionEnd::fatal("tor accepts no authentication that is known here")),
    }
}

/// Sends a secret or a proof, and checks that tor accepts it. `name` is that of the secret in messages.
fn send_secret(control: &mut ControlConnection<'_>, secret: &[u8], name: &str) -> Result<(), ConnectionEnd> {
    // Hexadecimal digits need no quotes, whatever bytes the secret has.
    let command = Zeroizing::new(format!("AUTHENTICATE {}", *hex(secret)));
    check_accepted(&control.command(&command)?, name)
}

/// Checks the proof that tor knows the cookie, then sends the controller's proof. The cookie itself is not sent.
fn safe_cookie(control: &mut ControlConnection<'_>, cookie: &[u8; COOKIE_LEN]) -> Result<(), ConnectionEnd> {
    let mut client_nonce = [0; COOKIE_LEN];
    getrandom::fill(&mut client_nonce).map_err(|_| ConnectionEnd::fatal("the system has no random numbers"))?;
    let reply = control.command(&format!("AUTHCHALLENGE SAFECOOKIE {}", *hex(&client_nonce)))?;
    if reply.code != "250" {
        return Err(ConnectionEnd::Fatal(format!("tor refuses SAFECOOKIE with {}", reply.code)));
    }
    let (server_hash, server_nonce) =
        challenge(&reply).ok_or_else(|| ConnectionEnd::fatal("no control port: its AUTHCHALLENGE is malformed"))?;

    let expected = proof(SERVER_KEY, [cookie, &client_nonce, &server_nonce])?;
    // The comparison takes constant time, so that it does not show the number of right bytes.
    expected.verify_slice(&server_hash).map_err(|_| ConnectionEnd::fatal("what answers does not know tor's cookie"))?;
    let own = proof(CLIENT_KEY, [cookie, &client_nonce, &server_nonce])?;
    send_secret(control, &own.finalize().into_bytes(), "the proof of the cookie")
}

/// Returns the keyed hash of the cookie, the client's nonce and the server's, in this order.
fn proof(key: &[u8], cookie_and_nonces: [&[u8; COOKIE_LEN]; 3]) -> Result<Hmac<Sha256>, ConnectionEnd> {
    // Never fails: a key of any length will do.
    let mut hmac = Hmac::<Sha256>::new_from_slice(key).map_err(ConnectionEnd::lost)?;
    for bytes in cookie_and_nonces {
        hmac.update(bytes);
    }
    Ok(hmac)
}

/// Parses tor's proof and tor's nonce in the reply to AUTHCHALLENGE. `None` if it is malformed.
fn challenge(reply: &ControlReply) -> Option<([u8; COOKIE_LEN], [u8; COOKIE_LEN])> {
    let text = reply.lines.first()?.strip_prefix(b"AUTHCHALLENGE ")?;
    let mut words = text.split(|&byte| byte == b' ');
    let hash = unhex(words.next()?.strip_prefix(b"SERVERHASH=")?)?;
    let nonce = unhex(words.next()?.strip_prefix(b"SERVERNONCE=")?)?;
    Some((hash, nonce))
}

/// Checks that tor accepted the secret with this name. tor's reply is not shown, since it may hold the secret.
fn check_accepted(reply: &ControlReply, name: &str) -> Result<(), ConnectionEnd> {
    match reply.code.as_str() {
        "250" => Ok(()),
        code => Err(ConnectionEnd::Fatal(format!("authentication failed: tor refuses {name} with {code}"))),
    }
}

/// The authentication methods that tor accepts.
struct Methods {
    /// Set if tor needs no authentication.
    null: bool,
    /// Set if tor accepts a password.
    password: bool,
    /// Set if tor accepts the cookie.
    cookie: bool,
    /// Set if tor accepts a proof that the cookie is known.
    safe_cookie: bool,
    /// Path of the cookie's file, if tor names it.
    cookie_file: Option<PathBuf>,
}

impl Methods {
    /// Returns the methods in the reply to PROTOCOLINFO.
    fn read(reply: &ControlReply) -> Result<Self, ConnectionEnd> {
        if reply.code != "250" {
            return Err(ConnectionEnd::Fatal(format!("no control port: it refuses PROTOCOLINFO with {}", reply.code)));
        }
        Self::parse(reply).ok_or_else(|| ConnectionEnd::fatal("no control port: its PROTOCOLINFO is malformed"))
    }

    /// Parses the line with the methods. `None` if it is missing or malformed.
    fn parse(reply: &ControlReply) -> Option<Self> {
        let text = reply.lines.iter().find_map(|line| line.strip_prefix(b"AUTH METHODS="))?;
        let end = text.iter().position(|&byte| byte == b' ').unwrap_or(text.len());
        let (words, rest) = text.split_at_checked(end)?;
        let has = |word: &[u8]| words.split(|&byte| byte == b',').any(|method| method == word);
        let cookie_file = match rest.strip_prefix(b" COOKIEFILE=") {
            Some(rest) => {
                let (quoted, _) = Quoted::parse(core::str::from_utf8(rest).ok()?)?;
                Some(path(quoted.to_vec())?)
            }
            None => None,
        };
        Some(Self {
            null: has(b"NULL"),
            password: has(b"HASHEDPASSWORD"),
            cookie: has(b"COOKIE"),
            safe_cookie: has(b"SAFECOOKIE"),
            cookie_file,
        })
    }
}

/// Returns the path with these bytes; never `None` on unix.
#[cfg(unix)]
fn path(bytes: Vec<u8>) -> Option<PathBuf> {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt;

    Some(OsString::from_vec(bytes).into())
}

/// Returns the path with these bytes. `None` if they are not UTF-8.
#[cfg(not(unix))]
fn path(bytes: Vec<u8>) -> Option<PathBuf> {
    String::from_utf8(bytes).ok().map(PathBuf::from)
}

/// Returns bytes as hexadecimal digits.
fn hex(bytes: &[u8]) -> Zeroizing<String> {
    let digit = |value: u8| char::from_digit(value.into(), 16).unwrap_or_default();
    // The full capacity is reserved at once: a text that grows leaves copies of a secret in freed memory.
    let mut text = Zeroizing::new(String::with_capacity(2 * bytes.len()));
    text.extend(bytes.iter().flat_map(|&byte| [digit(byte >> 4), digit(byte & 15)]));
    text
}

/// Returns the bytes of a fixed number of hexadecimal digits. `None` for any other text.
fn unhex(text: &[u8]) -> Option<[u8; COOKIE_LEN]> {
    let digit = |&byte: &u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let digits = text.iter().map(digit).collect::<Option<Vec<_>>>()?;
    let bytes = digits.chunks_exact(2).map(|pair| pair.iter().fold(0, |byte, digit| (byte << 4) | digit));
    // The conversion checks the number of bytes, but `chunks_exact` leaves out an odd digit.
    bytes.collect::<Vec<_>>().try_into().ok().filter(|_| text.len() == 2 * COOKIE_LEN)
}
