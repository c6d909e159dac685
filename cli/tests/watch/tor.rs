//! A real tor.

use core::time::Duration;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Instant;

use serde_json::Value;

use crate::program::{TIME_LIMIT, Watch, directory};

/// A real tor, which ends with this value.
pub(crate) struct Tor {
    /// The process.
    child: Child,
    /// Folder of its files.
    directory: PathBuf,
    /// Where it listens for controllers on TCP.
    pub(crate) port: String,
}

impl Tor {
    /// Starts a tor with these lines in its configuration. `None` if this machine has none.
    #[track_caller]
    pub(crate) fn start(name: &str, configuration: &str) -> Option<Self> {
        if !Self::is_installed() {
            return None;
        }
        let directory = directory(name);
        // The only directory authority is one that does not exist, so that tor connects to nothing, and streams wait unattached.
        let nobody = "A".repeat(40);
        let path = directory.display();
        let torrc = format!(
            "DataDirectory {path}/data
ControlPort 127.0.0.1:auto
ControlPortWriteToFile {path}/port
ControlSocket {path}/control
CookieAuthFile \"{path}/a \\\"cookie\\\" \\\\ \\303\\251\"
SocksPort unix:{path}/socks
DirAuthority nobody orport=1 v3ident={nobody} 127.0.0.1:1 {nobody}
UseDefaultFallbackDirs 0
__LeaveStreamsUnattached 1
__OwningControllerProcess {}
SafeLogging 0
{configuration}
",
            std::process::id()
        );
        fs::write(directory.join("torrc"), torrc).unwrap();
        let child = Self::spawn(&directory);
        let mut tor = Self { child, directory, port: String::new() };
        tor.wait();
        Some(tor)
    }

    /// Returns `true` if this machine has a tor, and says on standard error if it has none.
    pub(crate) fn is_installed() -> bool {
        let is_installed = Command::new("tor").arg("--version").stdout(Stdio::null()).status().is_ok();
        if !is_installed {
            // Past the harness, which keeps what a passing test prints.
            let _ = writeln!(io::stderr(), "skipped: no tor on this machine");
        }
        is_installed
    }

    /// Starts the process.
    fn spawn(directory: &Path) -> Child {
        let log = File::create(directory.join("log")).unwrap();
        let mut command = Command::new("tor");
        command.args(["--defaults-torrc", "/dev/null", "-f"]).arg(directory.join("torrc"));
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap()
    }

    /// Waits until tor listens.
    fn wait(&mut self) {
        let deadline = Instant::now() + TIME_LIMIT;
        let log = || fs::read_to_string(self.directory.join("log")).unwrap_or_default();
        while !log().contains("Bootstrapped 0%") {
            assert!(Instant::now() < deadline && self.child.try_wait().unwrap().is_none(), "{}", log());
            thread::sleep(Duration::from_millis(20));
        }
        let port = fs::read_to_string(self.directory.join("port")).unwrap();
        self.port = port.lines().find_map(|line| line.strip_prefix("PORT=")).unwrap().into();
    }

    /// Kills the process.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts the process again.
    pub(crate) fn restart(&mut self) {
        self.child = Self::spawn(&self.directory);
        self.wait();
    }

    /// Returns the path of one of its files.
    pub(crate) fn path(&self, name: &str) -> String {
        self.directory.join(name).into_os_string().into_string().unwrap()
    }

    /// Asks for a stream to a host, again and again until the program shows its NEW: tor may not have subscribed the program yet.
    /// Returns that event.
    #[track_caller]
    pub(crate) fn request(&self, host: &str, watch: &mut Watch) -> Value {
        let deadline = Instant::now() + TIME_LIMIT;
        loop {
            assert!(Instant::now() < deadline, "no event of {host}: {}", watch.said);
            let _client = self.client(host);
            let next_try = Instant::now() + Duration::from_millis(500);
            while let Ok(line) = watch.stdout.recv_timeout(next_try.saturating_duration_since(Instant::now())) {
                watch.said.push_str(&line);
                let event: Value = serde_json::from_str(&line).unwrap();
                if event["target_host"] == host && event["status"] == "NEW" {
                    return event;
                }
            }
        }
    }

    /// Asks for a stream with a user name and a password.
    pub(crate) fn client(&self, host: &str) -> UnixStream {
        let mut client = UnixStream::connect(self.path("socks")).unwrap();
        client.set_read_timeout(Some(TIME_LIMIT)).unwrap();
        let mut answer = [0; 2];
        // SOCKS 5 with a user name and a password.
        client.write_all(&[5, 1, 2]).unwrap();
        client.read_exact(&mut answer).unwrap();
        client.write_all(b"\x01\x04user\x06sesame").unwrap();
        client.read_exact(&mut answer).unwrap();
        // CONNECT to a host by its name, at port 80.
        let len = u8::try_from(host.len()).unwrap();
        client.write_all(&[&[5, 1, 0, 3, len], host.as_bytes(), &[0, 80]].concat()).unwrap();
        client
    }
}

impl Drop for Tor {
    fn drop(&mut self) {
        let _ = self.child.kill().and_then(|()| self.child.wait());
        let _ = fs::remove_dir_all(&self.directory);
    }
}
