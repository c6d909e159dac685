//! The identity of a file on its file system, by which two names of one file are found to be the same.

#[cfg(unix)]
use std::fs::{File, Metadata};
#[cfg(unix)]
use std::os::fd::AsFd;
use std::path::Path;

/// The identity of a regular file: the same for all names and links of the file.
#[cfg(unix)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileId {
    /// Number of the file system.
    device: u64,
    /// Number of the file in it.
    inode: u64,
}

#[cfg(unix)]
impl FileId {
    /// Returns the identity of the file with a path. `None` if there is no such file, or if it is not a regular file.
    pub(crate) fn of_path(path: &Path) -> Option<Self> {
        Self::of(&path.metadata().ok()?)
    }

    /// Returns the identity of an open file, such as standard output. `None` if it is not a regular file.
    pub(crate) fn of_open(file: impl AsFd) -> Option<Self> {
        let file = File::from(file.as_fd().try_clone_to_owned().ok()?);
        Self::of(&file.metadata().ok()?)
    }

    /// Returns the identity of a regular file.
    fn of(metadata: &Metadata) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;

        metadata.is_file().then(|| Self { device: metadata.dev(), inode: metadata.ino() })
    }
}

/// The identity of a regular file: its path without links.
#[cfg(not(unix))]
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileId(std::path::PathBuf);

#[cfg(not(unix))]
impl FileId {
    /// Returns the identity of the file with a path. `None` if there is no such file, or if it is not a regular file.
    pub(crate) fn of_path(path: &Path) -> Option<Self> {
        path.canonicalize().ok().filter(|path| path.is_file()).map(Self)
    }

    /// Returns `None`: the standard library does not tell which file is open.
    pub(crate) fn of_open<T>(_file: T) -> Option<Self> {
        None
    }
}
