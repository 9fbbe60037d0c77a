//! The durable store: modules, the base document and bundles in one database file.
//!
//! A commit appends the changes of the base document to a log, and is on the disk before it
//! returns. Where the log has grown beyond its bounds, the same commit writes the chunks of the
//! document that changed since, and empties the log. What is stored is known here without reading:
//! a change that does not fit it is refused now rather than found when it is read again.
//!
//! Must not know: compilation, who writes.
//!
//! Source: OPA's documentation of `storage.disk` (directory, `auto_create`, partitions); the
//! layout of the file is our own.

mod codec;
mod error;
mod layout;
mod place;
mod read;
mod tables;
#[cfg(test)]
mod tests;
mod write;

use std::path::PathBuf;
use std::sync::Arc;

use redb::{Database, ReadableDatabase};
use rego::Value;

pub use self::error::DiskError;
use self::layout::Layout;
pub use self::layout::{PARTITION_SEGMENTS_MAX, PARTITIONS_MAX};
use self::place::Place;
use self::read::Kept;
use self::tables::{FORMAT, Meta};
use self::write::Way;
use super::Durable;
use super::path::{self, Change};
use super::transaction::{Changes, DataChange};
use crate::state::State;

/// Most changes in the log: each is made again when the store is opened.
pub const LOG_CHANGES_MAX: usize = 1024;

/// Most bytes in the log, for a document of up to [`LOG_SHARE`] times as many.
pub const LOG_BYTES_MIN: usize = 1 << 20;

/// How many times smaller than the document the log stays where that is more than
/// [`LOG_BYTES_MIN`].
pub const LOG_SHARE: usize = 4;

/// Where the store is, and how it is laid out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DiskOptions {
    /// The directory of its files.
    pub directory: PathBuf,
    /// Whether the directory is made where it does not exist.
    pub auto_create: bool,
    /// Paths of objects whose children are stored one by one, as `/users` or `/tenants/*`; top-level
    /// keys always are. They must not overlap. Other ones than before are fine.
    pub partitions: Vec<String>,
}

/// A database file that holds a policy's state. Dropping it closes the file.
pub struct DiskStore {
    place: Place,
    layout: Layout,
    /// None after a failure: the next commit opens it again.
    database: Option<Database>,
    kept: Kept,
}

impl DiskStore {
    /// Opens the store and returns it with what it holds: nothing, where the directory has none.
    ///
    /// Errors: partitions that cannot be; the directory is missing or another process has it; the
    /// file is damaged, of another format, or cannot be read or written.
    pub fn open(options: &DiskOptions) -> Result<(Self, State), DiskError> {
        let layout = Layout::parse(&options.partitions)?;
        let place = Place::take(options)?;
        let database = open_database(&place, &layout)?;
        let kept = place.guarded(|| read::kept(&database.begin_read()?, &layout))?;
        let state = kept.state.clone();
        let is_as_kept = kept.is_of_layout;
        let mut store = Self { place, layout, database: Some(database), kept };
        if !is_as_kept {
            let next = store.kept.clone();
            store.write(next, &Changes::default(), Way::Everything)?;
        }
        Ok((store, state))
    }

    /// Makes changes durable: all of them or, on an error, none.
    ///
    /// Errors: a change that does not fit what is stored, or that is no JSON; what the database
    /// says. After any of them the next commit is tried anew.
    pub fn keep(&mut self, changes: &Changes) -> Result<(), DiskError> {
        let mut next = self.kept.clone();
        let bytes = self.apply(&mut next, changes)?;
        let log_bytes_max = (next.document_bytes / LOG_SHARE).max(LOG_BYTES_MIN);
        let log = &next.log;
        let is_full = log.changes.saturating_add(changes.data.len()) > LOG_CHANGES_MAX
            || log.bytes.saturating_add(bytes) > log_bytes_max;
        self.write(next, changes, if is_full { Way::Fold } else { Way::Append })
    }

    /// Makes the changes in memory. Returns how many bytes they have in the log, at least.
    fn apply(&self, next: &mut Kept, changes: &Changes) -> Result<usize, DiskError> {
        for (id, module) in &changes.modules {
            match module {
                Some(module) => next.state.modules.insert(id.clone(), Arc::clone(module)),
                None => next.state.modules.remove(id),
            };
        }
        for (name, bundle) in &changes.bundles {
            match bundle {
                Some(bundle) => {
                    codec::check_bundle(name, bundle)?;
                    next.state.bundles.insert(name.clone(), Arc::clone(bundle))
                }
                None => next.state.bundles.remove(name),
            };
        }
        let mut bytes = 0_usize;
        for change in &changes.data {
            bytes = bytes.saturating_add(codec::check_change(change)?);
            next.state.data = changed(&next.state.data, change).map_err(DiskError::Diverged)?;
            next.log.dirty.insert(self.layout.dirty(path_of(change)));
        }
        Ok(bytes)
    }

    fn write(&mut self, mut next: Kept, changes: &Changes, way: Way) -> Result<(), DiskError> {
        next.commits = next.commits.saturating_add(1);
        let (database, is_as_kept) = match self.database.take() {
            Some(database) => (database, true),
            None => self.reopen()?,
        };
        let way = if is_as_kept { way } else { Way::Everything };
        // A handle that failed is closed at once, and not used again.
        let database = self.place.guarded(|| {
            let transaction = database.begin_write()?;
            write::commit(transaction, &self.layout, &mut next, &write::Write { changes, way })?;
            Ok(database)
        })?;
        self.database = Some(database);
        self.kept = next;
        Ok(())
    }

    /// Opens the file after a failure. Returns whether it holds what was acknowledged, and nothing
    /// that was not: a commit that failed may be there all the same.
    fn reopen(&self) -> Result<(Database, bool), DiskError> {
        let database = open_database(&self.place, &self.layout)?;
        let meta = self.place.guarded(|| tables::read_meta(&database.begin_read()?))?;
        Ok((database, meta.commits == self.kept.commits))
    }
}

impl Durable for DiskStore {
    fn commit(&mut self, changes: &Changes, _state: &State) -> Result<(), String> {
        self.keep(changes).map_err(|error| error.to_string())
    }
}

fn open_database(place: &Place, layout: &Layout) -> Result<Database, DiskError> {
    let database = place.database(|database| {
        let transaction = database.begin_write()?;
        let meta = Meta { format: FORMAT.to_string(), commits: 0, layout: layout.text() };
        tables::create(&transaction, &meta)?;
        Ok(transaction.commit()?)
    })?;
    let meta = place.guarded(|| tables::read_meta(&database.begin_read()?))?;
    if meta.format != FORMAT {
        return Err(DiskError::UnknownFormat { path: place.file.clone(), found: meta.format });
    }
    Ok(database)
}

/// Returns the document with a change made.
fn changed(document: &Value, change: &DataChange) -> Result<Value, String> {
    let made = match change {
        DataChange::Add(_, value) => Change::Add(value),
        DataChange::Replace(_, value) => Change::Replace(value),
        DataChange::Remove(_) => Change::Remove,
    };
    path::write(document, path_of(change), made).map_err(|error| error.to_string())
}

fn path_of(change: &DataChange) -> &[String] {
    match change {
        DataChange::Add(path, _) | DataChange::Replace(path, _) | DataChange::Remove(path) => path,
    }
}
