//! Files that are read twice: named twice, or beside a compressed copy.

use alloc::collections::BTreeMap;
use core::cell::OnceCell;
use core::hash::{Hash, Hasher};
use std::fs::{self, File};
use std::hash::DefaultHasher;
use std::io::{self, Read};
use std::path::PathBuf;
use std::thread;

use crate::input::Input;
use crate::output::text::escape_name;
use crate::report;

/// Number of first bytes by which two files are compared: a block of most file systems.
const FIRST_BYTES: u64 = 4096;

/// Minimum number of files that a thread looks at. For fewer, another thread is not worth its start.
const FILES_PER_THREAD: usize = 64;

/// Facts of a file that show whether it is the same as another one.
struct FileFacts<'i> {
    /// Input that names the file.
    input: &'i Input,
    /// Path without links; `None` if the file was removed meanwhile.
    path: Option<PathBuf>,
    /// Hash of the first bytes, unpacked; `None` if the file is empty or cannot be read.
    first_bytes: Option<u64>,
}

/// Files whose first bytes have the same hash.
#[derive(Default)]
struct AlikeFiles<'i>(Vec<AlikeFile<'i>>);

/// One of several files that begin alike.
struct AlikeFile<'i> {
    /// Input that names the file.
    input: &'i Input,
    /// Length of the unpacked text, once it was needed; in it, `None` if the file cannot be read. A packed file has to be
    /// unpacked for it, so that is done once.
    len: OnceCell<Option<u64>>,
}

impl<'i> AlikeFiles<'i> {
    /// Adds a file, and returns the first one before it with the same length, given the function that finds a length. A file
    /// that cannot be read is like none.
    fn add(&mut self, input: &'i Input, length: impl Fn(&Input) -> Option<u64>) -> Option<&'i Input> {
        let len_of = |file: &AlikeFile<'i>| *file.len.get_or_init(|| length(file.input));
        let added = AlikeFile { input, len: OnceCell::new() };
        let is_copy = |earlier: &&AlikeFile<'i>| len_of(&added).is_some_and(|len| len_of(earlier) == Some(len));
        let original = self.0.iter().find(is_copy).map(|earlier| earlier.input);
        self.0.push(added);
        original
    }
}

/// Reports files that are the same as an earlier one, by path, or by length and first bytes: their streams are read
/// twice. Returns `false` if there is one.
///
/// Up to `jobs` threads open the files. Few begin alike, so this thread alone finds the lengths of these, and
/// decompresses them for that.
pub(crate) fn report_copies(inputs: &[Input], jobs: usize) -> bool {
    let (mut by_path, mut by_first_bytes) = (BTreeMap::new(), BTreeMap::<u64, AlikeFiles<'_>>::new());
    let mut no_copies = true;
    for FileFacts { input, path, first_bytes } in facts(inputs, jobs) {
        let same_path = path.as_ref().and_then(|path| by_path.get(path).copied());
        let mut same_text = || by_first_bytes.entry(first_bytes?).or_default().add(input, |input| length(input).ok());
        let original = match same_path {
            Some(original) => Some((original, "is the same file as")),
            None => same_text().map(|original| (original, "has the length and the beginning of")),
        };
        if let Some((original, relation)) = original {
            let (name, original) = (escape_name(&input.name), escape_name(&original.name));
            report(format_args!("tor-streams: {name}: {relation} {original}, so its streams are read twice"));
            no_copies = false;
        } else if let Some(path) = path {
            by_path.insert(path, input);
        }
    }
    no_copies
}

/// Returns the facts of the inputs that are files, in order, with up to `jobs` threads.
fn facts(inputs: &[Input], jobs: usize) -> Vec<FileFacts<'_>> {
    let per_thread = inputs.len().div_ceil(jobs.max(1)).max(FILES_PER_THREAD);
    let (first, rest) = inputs.split_at_checked(per_thread).unwrap_or((inputs, &[]));
    thread::scope(|scope| {
        // Where the system allows no more threads, this one opens all files.
        let start = |chunk| (chunk, thread::Builder::new().spawn_scoped(scope, move || FileFacts::of_all(chunk)).ok());
        let others: Vec<_> = rest.chunks(per_thread).map(start).collect();
        let mut facts = FileFacts::of_all(first);
        for (chunk, thread) in others {
            facts.extend(thread.and_then(|thread| thread.join().ok()).unwrap_or_else(|| FileFacts::of_all(chunk)));
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
        Some(Self { input, path: fs::canonicalize(path).ok(), first_bytes: first_bytes_hash(input) })
    }
}

/// Returns a hash of a file's first bytes, unpacked. `None` if the file is empty or cannot be read.
fn first_bytes_hash(input: &Input) -> Option<u64> {
    let bytes = first_bytes(input.open_without_progress().ok()?).ok().filter(|bytes| !bytes.is_empty())?;
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    Some(hasher.finish())
}

/// Returns the first bytes of a reader.
fn first_bytes(reader: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(FIRST_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Returns the length of a file, unpacked.
fn length(input: &Input) -> io::Result<u64> {
    let file = input.path.as_ref().map(File::open).ok_or(io::ErrorKind::NotFound)??;
    // The text of a plain file begins with the file's own bytes. Only a packed file has to be read to its end.
    if first_bytes(&file)? == first_bytes(input.open_without_progress()?)? {
        return Ok(file.metadata()?.len());
    }
    io::copy(&mut input.open_without_progress()?, &mut io::sink())
}

#[cfg(test)]
mod tests {
    use core::cell::RefCell;
    use std::path::Path;

    use super::*;

    /// The name of each file is its length. The second `7` is a copy; a file whose name is no number cannot be read.
    #[test]
    fn each_length_is_found_once() {
        let inputs = ["5", "x", "7", "7", "x", "9"].map(|name| Input::of(Path::new(name)));
        let measured = RefCell::new(Vec::new());
        let length = |input: &Input| {
            measured.borrow_mut().push(input.name.clone());
            input.name.parse().ok()
        };
        let mut alike = AlikeFiles::default();
        let originals = inputs.each_ref().map(|input| alike.add(input, length).map(|original| original.name.as_str()));
        assert_eq!(originals, [None, None, None, Some("7"), None, None]);
        // The first file is measured when another one can be compared with it: `x` cannot.
        assert_eq!(measured.into_inner(), ["x", "7", "5", "7", "x", "9"]);
    }
}
