//! Inputs: from the arguments of a command to the events of each log.
//!
//! [`Inputs::list`] finds the files, and leaves out the one that standard output goes to, by its [identity](file_id).
//! [`copies`] reports files that are given twice, under two names or as a copy. Each input is [unpacked](unpack), maybe in a
//! [thread of its own](ahead), and moves the [progress] bar. Its [layout] is detected, and [`read_events`] passes its events
//! to a [`Consumer`](reader::Consumer), which every command implements. Each event comes with the [time] that the log writes
//! before it, and with the conditions of the [filter] that it meets. [Open streams](open_streams) in replies, found in the
//! [lines] of the same bytes, are passed on as well. At the end of a log, its [findings] are reported. Commands call
//! [`threads::read`], which does all of this with several threads.
//!
//! - An *input* is a file, or standard input. A *log* is the text of one input or, with `--join`, of all inputs in order.
//!   A log is a *capture* if it has the very bytes of a control connection, else a *program's log*.
//! - A *reply* is what tor's control port answers or reports: a line that begins with a code, such as `650 STREAM`. After
//!   some replies, such as `250+stream-status=`, *data* follows: lines up to a line with nothing but a dot.
//! - A *prefix* is the text that a log writes before a reply, such as a date and a time.
//! - *On the wire* means: in the bytes that tor sends, as a capture has them. Replies have no prefix there, and only CR LF
//!   ends their lines: a lone LF is a byte of a name that a client chose.

mod ahead;
pub(crate) mod copies;
mod file_id;
pub(crate) mod filter;
pub(crate) mod findings;
pub(crate) mod layout;
pub(crate) mod lines;
pub(crate) mod open_streams;
mod progress;
pub(crate) mod read_events;
pub(crate) mod reader;
pub(crate) mod threads;
pub(crate) mod time;
mod unpack;

use std::fs::{self, File, FileType};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use self::ahead::ReadAhead;
use self::file_id::FileId;
use self::layout::TextSource;
use self::progress::{Measured, Progress};
use crate::output::text::{error_text, escape_name};
use crate::report;

/// The options that name the inputs.
#[derive(clap::Args)]
pub(crate) struct Inputs {
    /// Read all files in folders and in the folders in them
    #[arg(long, short)]
    recursive: bool,
    /// Logs or captures, plain or compressed with gzip, bzip2, xz or zstd; `-`, or no FILE, is standard input
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
}

/// The thread that decompresses a compressed input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decompressor {
    /// The thread that reads the text.
    Reader,
    /// A thread of its own, beside the reader's.
    OwnThread,
}

/// A file, or standard input.
#[derive(Clone)]
pub(crate) struct Input {
    /// Name of the file. Messages escape it.
    pub(crate) name: String,
    /// Path of the file; `None` for standard input.
    path: Option<PathBuf>,
}

impl Inputs {
    /// Returns the files in the order of the arguments, those of a folder by name, and `false` if a folder
    /// is not read, or if a file is standard output. Without arguments, returns standard input.
    pub(crate) fn list(&self) -> (Vec<Input>, bool) {
        let mut inputs = Vec::new();
        if self.files.is_empty() {
            inputs.push(Input::stdin());
        }
        let mut all_read = self.files.iter().fold(true, |all_read, file| all_read & self.add(file, file, &mut inputs));
        // Rows that a command has just written would be read as input, without end.
        let output = FileId::of_open(io::stdout());
        inputs.retain(|input| {
            let is_output = output.is_some() && output == input.identity();
            if is_output {
                report(format_args!(
                    "tor-streams: {}: is the output, too, so it is not read",
                    escape_name(&input.name)
                ));
                all_read = false;
            }
            !is_output
        });
        (inputs, all_read)
    }

    /// Adds the file at a path or, with `--recursive`, the files in the folder there. `argument` is the path of the command line
    /// that led to this one. Returns `false` if a folder is not read.
    fn add(&self, path: &Path, argument: &Path, inputs: &mut Vec<Input>) -> bool {
        if path.as_os_str() == "-" || !(self.recursive && path.is_dir()) {
            inputs.push(Input::of(path));
            return true;
        }
        let entries = fs::read_dir(path).and_then(|entries| entries.collect::<io::Result<Vec<_>>>());
        let mut entries = match entries {
            Ok(entries) => entries,
            Err(error) => {
                report(format_args!("tor-streams: {}: {}", escape_name(&path.to_string_lossy()), error_text(&error)));
                return false;
            }
        };
        entries.sort_by_key(fs::DirEntry::file_name);
        let paths = entries.iter().map(fs::DirEntry::path);
        paths.fold(true, |all_read, path| all_read & self.add_entry(&path, argument, inputs))
    }

    /// Adds an entry of a folder as [`add`](Self::add) does, unless it may have no end.
    fn add_entry(&self, path: &Path, argument: &Path, inputs: &mut Vec<Input>) -> bool {
        let kind = fs::metadata(path).map(|metadata| metadata.file_type());
        if let Some(kind) = kind.as_ref().ok().and_then(endless_kind) {
            report(format_args!("tor-streams: {}: {kind}, not read", escape_name(&path.to_string_lossy())));
            // Whoever names a folder means the files in it, so nothing is missing.
            return true;
        }
        if path.is_symlink() && kind.is_ok_and(|kind| kind.is_dir()) {
            // A link to a folder that it is in would be followed without end. Other folders in the argument are read without
            // the link.
            let paths = fs::canonicalize(path).ok().zip(fs::canonicalize(argument).ok());
            let is_in_argument = paths.is_some_and(|(folder, argument)| folder.starts_with(argument));
            if !is_in_argument {
                let path = path.to_string_lossy();
                report(format_args!("tor-streams: {}: a link to another folder, not read", escape_name(&path)));
            }
            return is_in_argument;
        }
        self.add(path, argument, inputs)
    }
}

/// Returns the name of a kind of file that may have no end: a pipe, a socket or a device. `None` for any other.
#[cfg(unix)]
fn endless_kind(kind: &FileType) -> Option<&'static str> {
    use std::os::unix::fs::FileTypeExt;

    let names = [
        (kind.is_fifo(), "a named pipe"),
        (kind.is_socket(), "a socket"),
        (kind.is_char_device() || kind.is_block_device(), "a device"),
    ];
    names.into_iter().find(|&(is, _)| is).map(|(_, name)| name)
}

/// Returns `None`: other systems list no pipes, sockets and devices in folders.
#[cfg(not(unix))]
fn endless_kind(_kind: &FileType) -> Option<&'static str> {
    None
}

impl Input {
    /// Returns standard input.
    fn stdin() -> Self {
        Self { name: "(standard input)".into(), path: None }
    }

    /// Returns the file with a path of the command line, where `-` is standard input.
    pub(crate) fn of(path: &Path) -> Self {
        if path.as_os_str() == "-" {
            return Self::stdin();
        }
        Self { name: path.to_string_lossy().into(), path: Some(path.into()) }
    }

    /// Returns `true` for a regular file, which can be opened again: not standard input, a pipe or a device.
    pub(crate) fn is_file(&self) -> bool {
        self.path.as_ref().is_some_and(|path| path.is_file())
    }

    /// Returns the source of the input's text.
    pub(crate) fn source(&self) -> TextSource {
        if self.is_file() { TextSource::File } else { TextSource::Stream }
    }

    /// Returns the identity of the file. `None` if it is not a regular file.
    fn identity(&self) -> Option<FileId> {
        match &self.path {
            Some(path) => FileId::of_path(path),
            None => FileId::of_open(io::stdin()),
        }
    }

    /// Returns `true` if a path leads to the same file as this input.
    pub(crate) fn is_at(&self, path: &Path) -> bool {
        let identity = FileId::of_path(path);
        identity.is_some() && identity == self.identity()
    }

    /// Opens a regular file of plain UTF-8, which can be read from any offset. `None` for any other input.
    pub(crate) fn open_plain(&self) -> Option<File> {
        let file = File::open(self.path.as_ref().filter(|_| self.is_file())?).ok()?;
        unpack::is_plain(&file).then_some(file)
    }

    /// Returns the length of the file in bytes. `None` if it is not a regular file.
    pub(crate) fn len(&self) -> Option<u64> {
        let metadata = self.path.as_ref()?.metadata().ok()?;
        metadata.is_file().then_some(metadata.len())
    }

    /// Opens the text of the input, compressed or not.
    ///
    /// # Errors
    ///
    /// If the input is a folder, cannot be opened, or is in an unsupported format.
    pub(crate) fn open(&self, progress: &Progress, decompressor: Decompressor) -> io::Result<Box<dyn Read + Send>> {
        let Some(path) = &self.path else {
            return unpacked(io::stdin(), decompressor);
        };
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            return Err(io::Error::new(
                io::ErrorKind::IsADirectory,
                "is a directory: --recursive reads the files in it",
            ));
        }
        progress.add(&self.name, metadata.len());
        unpacked(Measured { reader: file, progress: progress.clone() }, decompressor)
    }

    /// Opens the text of the input as [`open`](Self::open) does, without a progress bar.
    pub(crate) fn open_without_progress(&self) -> io::Result<Box<dyn Read + Send>> {
        self.open(&Progress::never_shown(), Decompressor::Reader)
    }

    /// Opens the text of a regular file once more. `None` for an input that can be read only once.
    pub(crate) fn reopen(&self) -> Option<io::Result<Box<dyn Read + Send>>> {
        let path = self.path.as_ref().filter(|path| path.is_file())?;
        Some(File::open(path).and_then(unpack::unpack).map(|(text, _)| text))
    }
}

/// Returns the text of a file. Text that is not compressed needs no decompressor.
fn unpacked(reader: impl Read + Send + 'static, decompressor: Decompressor) -> io::Result<Box<dyn Read + Send>> {
    let (text, is_packed) = unpack::unpack(reader)?;
    let has_own_thread = is_packed && decompressor == Decompressor::OwnThread;
    Ok(if has_own_thread { Box::new(ReadAhead::start(text)?) } else { text })
}
