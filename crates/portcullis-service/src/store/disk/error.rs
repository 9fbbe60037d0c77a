//! What can be wrong with the durable store, and what to do about it.
//!
//! Must not know: who opens it, or what is written.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why the durable store cannot be opened, or a change not be kept.
#[derive(Debug)]
#[non_exhaustive]
pub enum DiskError {
    /// A partition of the configuration that cannot be one.
    Partition {
        /// The partition as it was written.
        partition: String,
        /// What is wrong with it.
        message: String,
    },
    /// The directory is not there and is not to be made.
    MissingDirectory(PathBuf),
    /// The system refuses a file or directory.
    Io {
        /// Which one.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// Another process, or another store of this one, holds the directory.
    Locked(PathBuf),
    /// The file was written by a version that keeps things otherwise.
    UnknownFormat {
        /// The file.
        path: PathBuf,
        /// The format it says it has.
        found: String,
    },
    /// The file does not hold what was written to it.
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was found.
        message: String,
    },
    /// The database failed, as where the disk is full. What it holds is as it was.
    Database {
        /// The file.
        path: PathBuf,
        /// Its reason.
        source: Box<redb::Error>,
    },
    /// The database failed through a bug.
    Panicked(PathBuf),
    /// A value that has no JSON text which reads back as it.
    NotJson {
        /// Where it was to be put.
        place: String,
        /// What is in it.
        message: String,
    },
}

impl fmt::Display for DiskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Partition { partition, message } => {
                write!(f, "storage.disk.partitions: `{partition}`: {message}")
            }
            Self::MissingDirectory(path) => write!(
                f,
                "storage.disk.directory: `{}` does not exist; make it, or set \
                 storage.disk.auto_create to true",
                path.display()
            ),
            Self::Io { path, source } => write!(f, "`{}`: {source}", path.display()),
            Self::Locked(path) => write!(
                f,
                "`{}` is in use: only one process may have the store open",
                path.display()
            ),
            Self::UnknownFormat { path, found } => write!(
                f,
                "`{}` has the format `{found}`, which this version does not know; open it with \
                 the version that wrote it, or move it away to start empty",
                path.display()
            ),
            Self::Damaged { path, message } => write!(
                f,
                "`{}` is damaged: {message}; put a copy back in its place, or move it away to \
                 start empty",
                path.display()
            ),
            Self::Database { path, source } => write!(f, "`{}`: {source}", path.display()),
            Self::Panicked(path) => {
                write!(f, "`{}`: the database failed by a bug of its own", path.display())
            }
            Self::NotJson { place, message } => {
                write!(f, "`{place}`: {message}, which cannot be stored as json")
            }
        }
    }
}

impl std::error::Error for DiskError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            Self::Database { source, .. } => Some(source),
            _ => None,
        }
    }
}
