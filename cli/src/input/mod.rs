//! Inputs: files, folders and standard input, compressed or not.

mod ahead;
pub(crate) mod copies;
mod file_id;
pub(crate) mod filter;
pub(crate) mod findings;
pub(crate) mod layout;
pub(crate) mod lines;
mod progress;
pub(crate) mod reader;
pub(crate) mod status;
pub(crate) mod threads;
pub(crate) mod time;
mod unpack;

use std::fs::{self, File, FileType};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use self::ahead::Ahead;
use self::file_id::FileId;
use self::progress::{Measured, Progress};
use crate::output::text::escape;
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

/// A file, or standard input.
#[derive(Clone)]
pub(crate) struct Input {
    /// Name of the file in messages.
    pub(crate) name: String,
    /// Path of the file; `None` for standard input.
    path: Option<PathBuf>,
}

impl Inputs {
    /// Returns the files in the order of the arguments, those of a folder by name, and `false` if a folder could not be
    /// read, or if a file is standard output. Without arguments, returns standard input.
    pub(crate) fn list(&self) -> (Vec<Input>, bool) {
        let mut inputs = Vec::new();
        if self.files.is_empty() {
            inputs.push(Input::stdin());
        }
        let mut all_read = self.files.iter().fold(true, |all_read, file| all_read & self.add(file, &mut inputs));
        // Reading what was just written would never end.
        let output = FileId::of_open(io::stdout());
        inputs.retain(|input| {
            let is_output = output.is_some() && output == input.identity();
            if is_output {
                report(format_args!("tor-streams: {}: is the output, too, so it is not read", escape(&input.name)));
                all_read = false;
            }
            !is_output
        });
        (inputs, all_read)
    }

    /// Adds a file, or the files in a folder. Returns `false` if a folder could not be read.
    fn add(&self, path: &Path, inputs: &mut Vec<Input>) -> bool {
        if path.as_os_str() == "-" || !(self.recursive && path.is_dir()) {
            inputs.push(Input::of(path));
            return true;
        }
        let entries = fs::read_dir(path).and_then(|entries| entries.collect::<io::Result<Vec<_>>>());
        let mut entries = match entries {
            Ok(entries) => entries,
            Err(error) => {
                report(format_args!("tor-streams: {}: {error}", escape(&path.to_string_lossy())));
                return false;
            }
        };
        entries.sort_by_key(fs::DirEntry::file_name);
        entries.iter().map(fs::DirEntry::path).fold(true, |all_read, path| {
            let kind = fs::metadata(&path).map(|metadata| metadata.file_type());
            if let Some(kind) = kind.as_ref().ok().and_then(endless_kind) {
                let path = path.display().to_string();
                report(format_args!("tor-streams: {}: {kind}, not read", escape(&path)));
                return all_read;
            }
            // A link to a folder may lead back into this one.
            let is_link_to_folder = path.is_symlink() && kind.is_ok_and(|kind| kind.is_dir());
            all_read & (is_link_to_folder || self.add(&path, inputs))
        })
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

    /// Returns `true` for a complete file: not standard input, nor a file that another program still writes.
    pub(crate) fn is_file(&self) -> bool {
        self.path.as_ref().is_some_and(|path| path.is_file())
    }

    /// Returns the identity of the file. `None` if the input is no file at rest.
    fn identity(&self) -> Option<FileId> {
        match &self.path {
            Some(path) => FileId::of_path(path),
            None => FileId::of_open(io::stdin()),
        }
    }

    /// Returns `true` if a path is one of this input's file.
    pub(crate) fn is_at(&self, path: &Path) -> bool {
        let identity = FileId::of_path(path);
        identity.is_some() && identity == self.identity()
    }

    /// Opens the file if it is neither compressed nor in another encoding: it can be read from any offset.
    pub(crate) fn uncompressed(&self) -> Option<File> {
        let file = File::open(self.path.as_ref().filter(|_| self.is_file())?).ok()?;
        unpack::is_text(&file).then_some(file)
    }

    /// Returns the length of the file in bytes. `None` if the input is no file at rest.
    pub(crate) fn len(&self) -> Option<u64> {
        let metadata = self.path.as_ref()?.metadata().ok()?;
        metadata.is_file().then_some(metadata.len())
    }

    /// Opens the text of the file, compressed or not. With a `spare` thread, that thread decompresses it.
    pub(crate) fn open(&self, progress: &Progress, spare: bool) -> io::Result<Box<dyn Read + Send>> {
        let Some(path) = &self.path else {
            return unpacked(io::stdin(), spare);
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
        unpacked(Measured { reader: file, progress: progress.clone() }, spare)
    }

    /// Opens the text of the file, compressed or not, without a progress bar.
    pub(crate) fn text(&self) -> io::Result<Box<dyn Read + Send>> {
        self.open(&Progress::new(), false)
    }

    /// Opens the text of the file once more. `None` if it can be read only once.
    pub(crate) fn again(&self) -> Option<io::Result<Box<dyn Read + Send>>> {
        let path = self.path.as_ref().filter(|path| path.is_file())?;
        Some(File::open(path).and_then(unpack::text).map(|(text, _)| text))
    }
}

/// Returns the text of a file. A `spare` thread decompresses it, if there is one and the file is compressed.
fn unpacked(reader: impl Read + Send + 'static, spare: bool) -> io::Result<Box<dyn Read + Send>> {
    let (text, is_packed) = unpack::text(reader)?;
    Ok(if spare && is_packed { Box::new(Ahead::start(text)?) } else { text })
}
