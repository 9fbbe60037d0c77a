//! The directory of a store: its lock, and its database file, which is there whole or not at all.
//!
//! Must not know: what the file holds.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use redb::{Builder, Database};

use super::DiskOptions;
use super::error::DiskError;

/// The database.
const FILE: &str = "portcullis.redb";
/// A database that is being made.
const NEW_FILE: &str = "portcullis.redb.new";
/// Locked by the process that has the store open.
const LOCK_FILE: &str = "portcullis.lock";

/// How much of the file is kept in memory, in bytes. What is read again and again is the state,
/// which is kept elsewhere.
const CACHE_BYTES: usize = 16 << 20;

/// A directory that this process holds.
#[derive(Debug)]
pub(super) struct Place {
    directory: PathBuf,
    pub(super) file: PathBuf,
    /// The system releases it with the file.
    _lock: File,
}

impl Place {
    /// Takes the directory, which is made where the options say so.
    ///
    /// Errors: it is not there, another process has it, or what the system says.
    pub(super) fn take(options: &DiskOptions) -> Result<Self, DiskError> {
        let directory = options.directory.clone();
        let io = |path: &Path, source| DiskError::Io { path: path.to_path_buf(), source };
        if options.auto_create {
            let mut builder = fs::DirBuilder::new();
            builder.recursive(true).mode(0o700);
            builder.create(&directory).map_err(|source| io(&directory, source))?;
        } else if !fs::exists(&directory).map_err(|source| io(&directory, source))? {
            return Err(DiskError::MissingDirectory(directory));
        }
        let path = directory.join(LOCK_FILE);
        let lock = private_file(&path).map_err(|source| io(&path, source))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(DiskError::Locked(directory)),
            Err(TryLockError::Error(source)) => return Err(io(&path, source)),
        }
        let file = directory.join(FILE);
        Ok(Self { directory, file, _lock: lock })
    }

    /// Opens the database. Where there is none, one is made and filled by `fill` first.
    ///
    /// Errors: the file is damaged or another process has it; what the database, `fill` or the
    /// system say.
    pub(super) fn database(
        &self,
        fill: impl FnOnce(&Database) -> Result<(), redb::Error>,
    ) -> Result<Database, DiskError> {
        if !fs::exists(&self.file).map_err(|source| self.io(source))? {
            self.create(fill)?;
        }
        self.guarded(|| {
            let mut builder = Builder::new();
            // Without the check a file that something else wrote to is trusted.
            builder.set_cache_size(CACHE_BYTES).set_check_integrity_on_open(true);
            Ok(builder.open(&self.file)?)
        })
    }

    /// Makes the file under another name first: a half-made one would not open.
    fn create(
        &self,
        fill: impl FnOnce(&Database) -> Result<(), redb::Error>,
    ) -> Result<(), DiskError> {
        let new = self.directory.join(NEW_FILE);
        if fs::exists(&new).map_err(|source| self.io(source))? {
            fs::remove_file(&new).map_err(|source| self.io(source))?;
        }
        private_file(&new).map_err(|source| self.io(source))?;
        self.guarded(|| {
            let database = Builder::new().set_cache_size(CACHE_BYTES).create(&new)?;
            fill(&database)?;
            Ok(database.close()?)
        })?;
        fs::rename(&new, &self.file).map_err(|source| self.io(source))?;
        let directory = File::open(&self.directory).and_then(|directory| directory.sync_all());
        directory.map_err(|source| self.io(source))
    }

    /// Runs what uses the database. Where it panics, as it may on a damaged file, that is an error.
    ///
    /// Errors: those of `work`, and a panic of it.
    pub(super) fn guarded<T>(
        &self,
        work: impl FnOnce() -> Result<T, redb::Error>,
    ) -> Result<T, DiskError> {
        match catch_unwind(AssertUnwindSafe(work)) {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(error)) => Err(self.error(error)),
            Err(_) => Err(DiskError::Panicked(self.file.clone())),
        }
    }

    /// Returns what a database's error means.
    pub(super) fn error(&self, error: redb::Error) -> DiskError {
        let damaged = |message| DiskError::Damaged { path: self.file.clone(), message };
        match error {
            redb::Error::DatabaseAlreadyOpen => DiskError::Locked(self.directory.clone()),
            redb::Error::Corrupted(message) => damaged(message),
            redb::Error::Io(error) if is_of_content(error.kind()) => damaged(error.to_string()),
            redb::Error::RepairAborted => damaged("it cannot be repaired".to_string()),
            error @ (redb::Error::TableTypeMismatch { .. }
            | redb::Error::TableDoesNotExist(_)
            | redb::Error::TableIsMultimap(_)
            | redb::Error::TypeDefinitionChanged { .. }) => {
                damaged(format!("it is no store of policies: {error}"))
            }
            redb::Error::UpgradeRequired(version) => DiskError::UnknownFormat {
                path: self.file.clone(),
                found: format!("redb {version}"),
            },
            error => DiskError::Database { path: self.file.clone(), source: Box::new(error) },
        }
    }

    fn io(&self, source: std::io::Error) -> DiskError {
        DiskError::Io { path: self.file.clone(), source }
    }
}

/// Whether an error of the system is about what a file holds.
fn is_of_content(kind: std::io::ErrorKind) -> bool {
    matches!(kind, std::io::ErrorKind::InvalidData | std::io::ErrorKind::UnexpectedEof)
}

/// Opens a file that only its owner may read, which is made where it is not there.
fn private_file(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path)
}
