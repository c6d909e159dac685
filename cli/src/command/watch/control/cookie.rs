//! tor's cookie: random bytes in a file that the program on the control port names.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::Path;

use zeroize::Zeroizing;

use crate::output::text::{error_text, escape_name};

/// Length of a cookie in bytes. The nonces and proofs of SAFECOOKIE have the same length.
pub(crate) const COOKIE_LEN: usize = 32;

/// Reads tor's cookie, or returns a message about the failure.
///
/// The program that names the file may not be tor. So the file has to look like a cookie: a regular file of its length,
/// owned by the user or by a user that runs a tor, and not a link to another file.
pub(crate) fn read(path: &Path) -> Result<Zeroizing<[u8; COOKIE_LEN]>, String> {
    read_file(path)
        .map_err(|error| format!("the cookie {}: {}", escape_name(&path.to_string_lossy()), error_text(&error)))
}

/// Checks the file twice, and reads the cookie.
fn read_file(path: &Path) -> io::Result<Zeroizing<[u8; COOKIE_LEN]>> {
    // The first check comes before the file is opened: opening a pipe or a device can have side effects.
    check_file(&fs::symlink_metadata(path)?)?;
    let mut file = open(path)?;
    // The second check is of the open file: another one may have taken the path meanwhile.
    let metadata = file.metadata()?;
    check_file(&metadata)?;
    check_owner(&metadata)?;
    let mut cookie = Zeroizing::new([0; COOKIE_LEN]);
    file.read_exact(&mut *cookie)?;
    Ok(cookie)
}

/// Checks that a file is a regular one with the length of a cookie.
fn check_file(metadata: &Metadata) -> io::Result<()> {
    if metadata.is_symlink() {
        return Err(io::Error::other("it is a link"));
    }
    if !metadata.is_file() || metadata.len() != COOKIE_LEN as u64 {
        return Err(io::Error::other("not a file of 32 bytes"));
    }
    Ok(())
}

/// Opens a file that is not a link.
#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;

    use rustix::fs::OFlags;

    // NONBLOCK: if the path has become a pipe, opening it does not wait for a writer. NOCTTY: a terminal does not become the
    // program's own.
    let flags = i32::try_from((OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY).bits());
    fs::OpenOptions::new().read(true).custom_flags(flags.map_err(io::Error::other)?).open(path)
}

/// Opens a file.
#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// Checks that a file belongs to the user, to root or to a user that distributions run tor as.
#[cfg(unix)]
fn check_owner(metadata: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;

    let owner = metadata.uid();
    if owner == 0 || owner == rustix::process::geteuid().as_raw() || is_tor(owner) {
        return Ok(());
    }
    Err(io::Error::other("it belongs to neither you, root nor tor"))
}

/// Returns `true` if `/etc/passwd` gives this number to a user that distributions run tor as.
#[cfg(unix)]
fn is_tor(user: u32) -> bool {
    /// Names of such users: on Debian; on Alpine and Arch; on Fedora; on the BSDs and macOS.
    const NAMES: [&str; 4] = ["debian-tor", "tor", "toranon", "_tor"];

    let list = fs::read("/etc/passwd").unwrap_or_default();
    String::from_utf8_lossy(&list).lines().any(|line| {
        // The fields are the name, a password or `x`, the number, and more.
        let mut fields = line.split(':');
        fields.next().is_some_and(|name| NAMES.contains(&name)) && fields.nth(1) == Some(user.to_string().as_str())
    })
}

/// Checks nothing: the system has no such owners.
#[cfg(not(unix))]
fn check_owner(_metadata: &Metadata) -> io::Result<()> {
    Ok(())
}
