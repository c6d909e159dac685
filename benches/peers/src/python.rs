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
    commands: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Python {
    /// Starts a process for each library that has an interpreter.
    pub fn start_all() -> Vec<Self> {
        LIBRARIES.into_iter().filter_map(|(name, module, variable)| Self::start(name, module, variable)).collect()
    }

    /// Starts the interpreter whose path is in the environment variable `variable`. `None` if that is empty or not set.
    fn start(name: &'static str, module: &str, variable: &str) -> Option<Self> {
        let interpreter = env::var(variable).ok().filter(|path| !path.is_empty())?;
        let mut process = Command::new(interpreter)
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/python_events.py"))
            .arg(module)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the interpreter starts");
        let commands = process.stdin.take().expect("a pipe was asked for");
        let answers = BufReader::new(process.stdout.take().expect("a pipe was asked for")).lines();
        Some(Self { name, process, commands, answers })
    }

    /// Gives the process the contents of an input.
    pub fn load(&mut self, input: &str, contents: &[&str]) {
        let path = env::temp_dir().join(format!("peers-{}-{input}", std::process::id()));
        fs::write(&path, contents.iter().flat_map(|content| [content, "\r\n"]).collect::<String>())
            .expect("the folder for temporary files can be written");
        self.send(&format!("load {input} {}", path.display()));
        assert_eq!(self.answer(), contents.len().to_string());
        fs::remove_file(path).expect("it was written above");
    }

    /// Parses the contents of an input. Returns the number of events, and the processor time.
    pub fn time(&mut self, input: &str) -> (u64, Duration) {
        self.send(&format!("time {input}"));
        let answer = self.answer();
        let (time, events) = answer.split_once(' ').expect("two numbers");
        (events.parse().expect("a number"), Duration::from_nanos(time.parse().expect("a number")))
    }

    /// Parses the `count` contents of an input, and returns their fields.
    pub fn read(&mut self, input: &str, count: usize) -> Vec<FieldsOrError> {
        self.send(&format!("read {input}"));
        (0..count).map(|_| serde_json::from_str(&self.answer()).expect("fields")).collect()
    }

    /// Sends a command.
    fn send(&mut self, command: &str) {
        writeln!(self.commands, "{command}").expect("the interpreter runs");
    }

    /// Waits for a line of the process's answer.
    fn answer(&mut self) -> String {
        self.answers.next().expect("the interpreter runs").expect("text")
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        // The process waits for another command, which does not come.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
