//! The running program.

use core::time::Duration;
use std::fs::{self, DirBuilder};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Instant;

/// Time limit of anything that has to happen. On a quiet machine it takes a second.
pub(crate) const TIME_LIMIT: Duration = Duration::from_secs(30);
/// Time limit of the end after a signal.
pub(crate) const STOP_TIME_LIMIT: Duration = Duration::from_secs(1);

/// The running program.
pub(crate) struct Watch {
    /// The process.
    child: Child,
    /// The lines that it prints.
    pub(crate) stdout: Receiver<String>,
    /// The lines that it complains in.
    stderr: Receiver<String>,
    /// Lines of both outputs that were received so far.
    pub(crate) said: String,
}

/// Returns a channel that receives the lines of a pipe.
fn lines(pipe: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || BufReader::new(pipe).lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
    receiver
}

impl Watch {
    /// Starts the program at a control port.
    #[track_caller]
    pub(crate) fn start(control: &str, options: &[&str], password: Option<&str>) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tor-streams"));
        command.args(["watch", "--control", control]).args(options).env_remove("TOR_CONTROL_PASSWORD");
        command.envs(password.map(|password| ("TOR_CONTROL_PASSWORD", password)));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (stdout, stderr) = (lines(child.stdout.take().unwrap()), lines(child.stderr.take().unwrap()));
        Self { child, stdout, stderr, said: String::new() }
    }

    /// Waits for a line that the program prints.
    #[track_caller]
    pub(crate) fn prints(&mut self, part: &str) -> String {
        Self::wait(&self.stdout, &mut self.said, part)
    }

    /// Waits for a line that the program complains in.
    #[track_caller]
    pub(crate) fn complains(&mut self, part: &str) -> String {
        Self::wait(&self.stderr, &mut self.said, part)
    }

    /// Waits for a line with a `part`, and returns it. Adds that line and all before it to `said`.
    #[track_caller]
    fn wait(lines: &Receiver<String>, said: &mut String, part: &str) -> String {
        let deadline = Instant::now() + TIME_LIMIT;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let line = lines.recv_timeout(left).unwrap_or_else(|error| panic!("{error}: no {part:?} in {said}"));
            said.push_str(&line);
            said.push('\n');
            if line.contains(part) {
                return line;
            }
        }
    }

    /// Sends a signal, and waits for the end that it has to bring soon, with status 0.
    #[track_caller]
    pub(crate) fn stop(self, signal: &str) -> String {
        let (status, said) = self.stop_with_status(signal);
        assert_eq!(status, Some(0), "{said}");
        said
    }

    /// Sends a signal, waits for the end that it has to bring soon, and returns the exit status and all that was said.
    #[track_caller]
    pub(crate) fn stop_with_status(self, signal: &str) -> (Option<i32>, String) {
        let sent = Instant::now();
        assert!(Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap().success());
        let end = self.end();
        assert!(sent.elapsed() < STOP_TIME_LIMIT, "{:?}", sent.elapsed());
        end
    }

    /// Waits for the end, and returns the exit status and all that was said.
    #[track_caller]
    pub(crate) fn end(mut self) -> (Option<i32>, String) {
        let deadline = Instant::now() + TIME_LIMIT;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status.code();
            }
            assert!(Instant::now() < deadline, "it does not end: {}", self.said);
            thread::sleep(Duration::from_millis(5));
        };
        for lines in [&self.stdout, &self.stderr] {
            self.said.extend(lines.iter().map(|line| line + "\n"));
        }
        (status, core::mem::take(&mut self.said))
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.child.kill().and_then(|()| self.child.wait());
    }
}

/// Makes an empty directory that others cannot read: tor puts sockets nowhere else.
#[track_caller]
pub(crate) fn directory(name: &str) -> PathBuf {
    // Under a short path: that of a socket has a limit.
    let path = std::env::temp_dir().join(format!("tor-streams-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&path);
    DirBuilder::new().mode(0o700).create(&path).unwrap();
    path
}
