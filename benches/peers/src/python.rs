//! Python's libraries, each in a process of its own that waits for its turn.

use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;
use std::{env, fs};

use crate::fields::FieldsOrError;
use crate::report;

/// Name in reports, module that `python_events.py` imports, and variable with the interpreter that has it. cepa is a fork of
/// stem that is imported under stem's name, so that each needs an interpreter of its own.
const LIBRARIES: [(&str, &str, &str); 3] = [
    (report::PYTHON_STEM, "stem", "PEERS_STEM"),
    (report::CEPA, "stem", "PEERS_CEPA"),
    (report::AIOSTEM, "aiostem", "PEERS_AIOSTEM"),
];

/// A library's process, which reads commands from lines.
#[derive(Debug)]
pub struct Python {
    /// Name of the library in reports.
    pub name: &'static str,
    process: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Python {
    /// Starts a process for each library that has an interpreter.
    pub fn start_all() -> Vec<Self> {
        LIBRARIES.into_iter().filter_map(|(name, module, variable)| Self::start(name, module, variable)).collect()
    }

    /// Starts the interpreter that `variable` names. `None` if it names none.
    fn start(name: &'static str, module: &str, variable: &str) -> Option<Self> {
        let interpreter = env::var(variable).ok().filter(|path| !path.is_empty())?;
        let mut process = Command::new(interpreter)
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/python_events.py"))
            .arg(module)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the interpreter starts");
        let input = process.stdin.take().expect("a pipe was asked for");
        let output = BufReader::new(process.stdout.take().expect("a pipe was asked for")).lines();
        Some(Self { name, process, input, output })
    }

    /// Gives the process contents to keep under a name.
    pub fn load(&mut self, name: &str, contents: &[&str]) {
        let path = env::temp_dir().join(format!("peers-{}-{name}", std::process::id()));
        fs::write(&path, contents.iter().flat_map(|content| [content, "\r\n"]).collect::<String>())
            .expect("the folder for temporary files can be written");
        self.send(&format!("load {name} {}", path.display()));
        assert_eq!(self.answer(), contents.len().to_string());
        fs::remove_file(path).expect("it was written above");
    }

    /// Parses the contents of that name. Returns the number of events, and the processor time.
    pub fn time(&mut self, name: &str) -> (u64, Duration) {
        self.send(&format!("time {name}"));
        let answer = self.answer();
        let (time, events) = answer.split_once(' ').expect("two numbers");
        (events.parse().expect("a number"), Duration::from_nanos(time.parse().expect("a number")))
    }

    /// Parses the `count` contents of that name, and returns the fields.
    pub fn read(&mut self, name: &str, count: usize) -> Vec<FieldsOrError> {
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
        // The process waits for another command, which does not come.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
