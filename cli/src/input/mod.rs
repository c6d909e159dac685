//! What is read: files, folders and standard input, compressed or not.

pub(crate) mod filter;
pub(crate) mod reader;
pub(crate) mod threads;
pub(crate) mod time;

use std::fs::{self, File};
use std::io::{self, BufReader, Cursor, IsTerminal, Read};
use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::report;

/// The options that say what is read.
#[derive(clap::Args)]
pub(crate) struct Inputs {
    /// Read all files in folders and in the folders in them
    #[arg(long, short)]
    recursive: bool,
    /// Logs or captures, plain or compressed with gzip, xz or zstd; `-` is standard input
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
}

/// A file to be read.
pub(crate) struct Input {
    /// What messages call it.
    pub(crate) name: String,
    /// Its path. `None` is standard input.
    path: Option<PathBuf>,
}

impl Inputs {
    /// Returns the files in the order of the arguments, those of a folder by name, and whether all folders could be read.
    pub(crate) fn list(&self) -> (Vec<Input>, bool) {
        let mut inputs = Vec::new();
        let all_read = self.files.iter().fold(true, |all_read, file| all_read & self.add(file, &mut inputs));
        (inputs, all_read)
    }

    /// Adds a file or what is in a folder. Returns `false` if a folder could not be read.
    fn add(&self, path: &Path, inputs: &mut Vec<Input>) -> bool {
        if path.as_os_str() == "-" {
            inputs.push(Input { name: "(standard input)".into(), path: None });
            return true;
        }
        if !(self.recursive && path.is_dir()) {
            inputs.push(Input { name: path.to_string_lossy().into(), path: Some(path.into()) });
            return true;
        }
        let entries = fs::read_dir(path).and_then(|entries| entries.collect::<io::Result<Vec<_>>>());
        let mut entries = match entries {
            Ok(entries) => entries,
            Err(error) => {
                report(format_args!("tor-streams: {}: {error}", path.display()));
                return false;
            }
        };
        entries.sort_by_key(fs::DirEntry::file_name);
        // A link to a folder may lead back into this one.
        let is_link_to_folder = |path: &Path| path.is_symlink() && path.is_dir();
        let paths = entries.iter().map(fs::DirEntry::path).filter(|path| !is_link_to_folder(path));
        paths.fold(true, |all_read, path| all_read & self.add(&path, inputs))
    }
}

impl Input {
    /// Returns `true` for a file that is all there: not standard input, nor what another program is still writing to.
    pub(crate) fn is_file(&self) -> bool {
        self.path.as_ref().is_some_and(|path| path.is_file())
    }

    /// Opens the file, and finds out by its first bytes how it is compressed.
    pub(crate) fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        let Some(path) = &self.path else {
            return decompressed(io::stdin());
        };
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        decompressed(Progress { reader: file, bar: progress_bar(&self.name, metadata.len()) })
    }
}

/// How a file is compressed.
enum Compression {
    /// It is not.
    None,
    /// With gzip.
    Gzip,
    /// With xz.
    Xz,
    /// With zstd.
    Zstd,
}

impl Compression {
    /// Tells by the bytes that every file of a format begins with.
    fn of(start: &[u8]) -> Self {
        match start {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Self::Xz,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            _ => Self::None,
        }
    }
}

/// Returns a reader of what was compressed. A file may be several compressed ones behind each other.
fn decompressed(mut reader: impl Read + Send + 'static) -> io::Result<Box<dyn Read + Send>> {
    let mut start = Vec::new();
    reader.by_ref().take(6).read_to_end(&mut start)?;
    let compression = Compression::of(&start);
    let whole = Cursor::new(start).chain(reader);
    Ok(match compression {
        Compression::None => Box::new(whole),
        Compression::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(BufReader::new(whole))),
        Compression::Xz => Box::new(lzma_rust2::XzReader::new(BufReader::new(whole), true)),
        Compression::Zstd => Box::new(zstd::Decoder::new(whole)?),
    })
}

/// A reader that shows how far it is.
struct Progress<R> {
    /// The reader.
    reader: R,
    /// What shows it.
    bar: ProgressBar,
}

impl<R: Read> Read for Progress<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.bar.inc(read as u64);
        // The bar appears after the first second.
        if self.bar.is_hidden() && io::stderr().is_terminal() && self.bar.elapsed().as_secs() >= 1 {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        Ok(read)
    }
}

impl<R> Drop for Progress<R> {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Returns a bar that is not shown yet.
fn progress_bar(name: &str, length: u64) -> ProgressBar {
    let template = "{wide_msg} {bytes}/{total_bytes} {binary_bytes_per_sec} {eta} left";
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::hidden())
        .with_style(style)
        .with_message(name.escape_debug().to_string())
}
