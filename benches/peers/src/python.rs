//! Python's stem, in a process of its own that waits for its turn.

use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;
use std::{env, fs};

use crate::fields::Reading;

/// The process, told what to do by lines.
#[derive(Debug)]
pub struct Python {
    process: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Python {
    /// Starts the interpreter that `PEERS_PYTHON` names. `None` if it names none.
    pub fn start() -> Option<Self> {
        let interpreter = env::var("PEERS_PYTHON").ok().filter(|path| !path.is_empty())?;
        let mut process = Command::new(interpreter)
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/stem_events.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the interpreter starts");
        let input = process.stdin.take().expect("a pipe was asked for");
        let output = BufReader::new(process.stdout.take().expect("a pipe was asked for")).lines();
        Some(Self { process, input, output })
    }

    /// Hands over contents under a name.
    pub fn load(&mut self, name: &str, contents: &[&str]) {
        let path = env::temp_dir().join(format!("peers-{}-{name}", std::process::id()));
        fs::write(&path, contents.iter().flat_map(|content| [content, "\r\n"]).collect::<String>())
            .expect("the folder for temporary files can be written");
        self.send(&format!("load {name} {}", path.display()));
        assert_eq!(self.answer(), contents.len().to_string());
        fs::remove_file(path).expect("it was written above");
    }

    /// Reads everything of that name; returns how many events there were, and how long it took.
    pub fn time(&mut self, name: &str) -> (u64, Duration) {
        self.send(&format!("time {name}"));
        let answer = self.answer();
        let (time, events) = answer.split_once(' ').expect("two numbers");
        (events.parse().expect("a number"), Duration::from_nanos(time.parse().expect("a number")))
    }

    /// Reads everything of that name, `count` contents; returns what it says.
    pub fn read(&mut self, name: &str, count: usize) -> Vec<Reading> {
        self.send(&format!("read {name}"));
        (0..count).map(|_| serde_json::from_str(&self.answer()).expect("fields")).collect()
    }

    /// Sends a command.
    fn send(&mut self, command: &str) {
        writeln!(self.input, "{command}").expect("the interpreter runs");
    }

    /// Waits for a line.
    fn answer(&mut self) -> String {
        self.output.next().expect("the interpreter runs").expect("text")
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        // It waits for a next command that does not come.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
