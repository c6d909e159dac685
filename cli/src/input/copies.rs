//! Files that are read twice: named twice, or beside a compressed copy.

use alloc::collections::BTreeMap;
use core::hash::{Hash, Hasher};
use std::fs::{self, File};
use std::hash::DefaultHasher;
use std::io::{self, Read};
use std::path::PathBuf;
use std::thread;

use crate::input::Input;
use crate::input::progress::Progress;
use crate::output::text::escape;
use crate::report;

/// Number of bytes at the start of two files that are compared.
const BEGINNING: u64 = 4096;

/// Minimum number of files that a thread looks at.
const FILES_PER_THREAD: usize = 64;

/// Facts of a file that show whether it is the same as another one.
struct FileFacts<'i> {
    /// Input that names the file.
    input: &'i Input,
    /// Path without links; `None` if the file is not there.
    path: Option<PathBuf>,
    /// Hash of the first bytes, unpacked; `None` if the file is empty or cannot be read.
    beginning: Option<u64>,
}

/// Reports files that are the same as an earlier one, by path or by length and first bytes, so that their streams are
/// read twice. Returns `false` if there is one. Up to `jobs` threads look at the files.
pub(crate) fn report_copies(inputs: &[Input], jobs: usize) -> bool {
    let (mut by_path, mut by_beginning) = (BTreeMap::new(), BTreeMap::<u64, Vec<&Input>>::new());
    let mut none = true;
    for FileFacts { input, path, beginning } in facts(inputs, jobs) {
        let same = path.as_ref().and_then(|path| by_path.get(path).copied());
        let same = same.map(|same| (same, "is the same file as")).or_else(|| {
            let alike = by_beginning.entry(beginning?).or_default();
            let copy =
                alike.iter().find(|other| length(other).is_ok_and(|len| length(input).is_ok_and(|ours| ours == len)));
            let copy = copy.map(|&copy| (copy, "has the length and the beginning of"));
            alike.push(input);
            copy
        });
        if let Some((same, how)) = same {
            let (name, same) = (escape(&input.name), escape(&same.name));
            report(format_args!("tor-streams: {name}: {how} {same}, so its streams are read twice"));
            none = false;
        } else if let Some(path) = path {
            by_path.insert(path, input);
        }
    }
    none
}

/// Returns the facts of the inputs that are files, in order.
fn facts(inputs: &[Input], jobs: usize) -> Vec<FileFacts<'_>> {
    let share = inputs.len().div_ceil(jobs.max(1)).max(FILES_PER_THREAD);
    let (first, rest) = inputs.split_at_checked(share).unwrap_or((inputs, &[]));
    thread::scope(|scope| {
        // Without a thread, the files are looked at here.
        let start =
            |inputs| (inputs, thread::Builder::new().spawn_scoped(scope, move || FileFacts::of_all(inputs)).ok());
        let others: Vec<_> = rest.chunks(share).map(start).collect();
        let mut facts = FileFacts::of_all(first);
        for (inputs, thread) in others {
            facts.extend(thread.and_then(|thread| thread.join().ok()).unwrap_or_else(|| FileFacts::of_all(inputs)));
        }
        facts
    })
}

impl<'i> FileFacts<'i> {
    /// Returns the facts of the inputs that are files, in order.
    fn of_all(inputs: &'i [Input]) -> Vec<Self> {
        inputs.iter().filter_map(Self::of).collect()
    }

    /// Returns the facts of an input, if it is a file.
    fn of(input: &'i Input) -> Option<Self> {
        let path = input.path.as_ref().filter(|_| input.is_file())?;
        Some(Self { input, path: fs::canonicalize(path).ok(), beginning: beginning(input) })
    }
}

/// Returns a hash of a file's first bytes, unpacked. `None` if the file is empty or cannot be read.
fn beginning(input: &Input) -> Option<u64> {
    let bytes = start(input.open(&Progress::new(), false).ok()?).ok().filter(|bytes| !bytes.is_empty())?;
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    Some(hasher.finish())
}

/// Returns the first bytes of a reader.
fn start(reader: impl Read) -> io::Result<Vec<u8>> {
    let mut start = Vec::with_capacity(BEGINNING as usize + 1);
    reader.take(BEGINNING).read_to_end(&mut start)?;
    Ok(start)
}

/// Returns the length of a file, unpacked.
fn length(input: &Input) -> io::Result<u64> {
    let file = input.path.as_ref().map(File::open).ok_or(io::ErrorKind::NotFound)??;
    // Only a packed file has to be read to its end.
    if start(&file)? == start(input.open(&Progress::new(), false)?)? {
        return Ok(file.metadata()?.len());
    }
    io::copy(&mut input.open(&Progress::new(), false)?, &mut io::sink())
}
