//! The durable store: modules, the base document and bundles in one database file.
//!
//! A commit appends the changes of the base document to a log, and is on the disk before it
//! returns. Where the log has grown beyond its bounds, the same commit writes the chunks of the
//! document that changed since, and empties the log.
//!
//! Must not know: compilation, who writes.
//!
//! Source: OPA's documentation of `storage.disk` (directory, `auto_create`, partitions); the
//! layout of the file is our own.

mod assembly;
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

use self::assembly::Assembly;
pub use self::error::DiskError;
use self::layout::Layout;
pub use self::layout::{PARTITION_SEGMENTS_MAX, PARTITIONS_MAX};
use self::place::Place;
use self::read::Kept;
use self::tables::{FORMAT, Meta};
use self::write::Way;
use super::Durable;
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
    /// Whether every commit so far led from what was stored. Who writes is one, so it stays true.
    is_followed: bool,
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
        let mut store = Self { place, layout, database: Some(database), kept, is_followed: false };
        if !is_as_kept {
            let next = store.kept.clone();
            store.write(next, &Changes::default(), Way::Everything)?;
        }
        Ok((store, state))
    }

    /// Makes changes durable: all of them or, on an error, none. `state` is what they lead to; where
    /// the first one leads from something else than what was stored, all of it is stored.
    ///
    /// Errors: something that is no JSON; what the database says. After any of them the next commit
    /// is tried anew.
    pub fn keep(&mut self, changes: &Changes, state: &State) -> Result<(), DiskError> {
        let mut bytes = 0_usize;
        for change in &changes.data {
            bytes = bytes.saturating_add(codec::check_change(change)?);
        }
        for (name, bundle) in &changes.bundles {
            bundle.as_ref().map_or(Ok(()), |bundle| codec::check_bundle(name, bundle))?;
        }
        let way = if self.is_followed || self.leads_to(changes, state) {
            self.way(changes.data.len(), bytes)
        } else {
            codec::check_document(&state.data)?;
            state
                .bundles
                .iter()
                .try_for_each(|(name, bundle)| codec::check_bundle(name, bundle))?;
            Way::Everything
        };
        let mut next = Kept { state: state.clone(), ..self.kept.clone() };
        let dirty = changes.data.iter().map(|change| self.layout.dirty(path_of(change)));
        next.log.dirty.extend(dirty);
        self.write(next, changes, way)?;
        self.is_followed = true;
        Ok(())
    }

    /// Returns how to write so many changes of data with so many bytes.
    fn way(&self, changes: usize, bytes: usize) -> Way {
        let Kept { log, document_bytes, .. } = &self.kept;
        let bytes_max = (document_bytes / LOG_SHARE).max(LOG_BYTES_MIN);
        let is_full = log.changes.saturating_add(changes) > LOG_CHANGES_MAX
            || log.bytes.saturating_add(bytes) > bytes_max;
        if is_full { Way::Fold } else { Way::Append }
    }

    /// Whether the changes lead from what is stored to this state.
    fn leads_to(&self, changes: &Changes, state: &State) -> bool {
        let State { mut modules, data, mut bundles } = self.kept.state.clone();
        for (id, module) in &changes.modules {
            match module {
                Some(module) => modules.insert(id.clone(), Arc::clone(module)),
                None => modules.remove(id),
            };
        }
        for (name, bundle) in &changes.bundles {
            match bundle {
                Some(bundle) => bundles.insert(name.clone(), Arc::clone(bundle)),
                None => bundles.remove(name),
            };
        }
        let mut assembly = Assembly::of(&data);
        changes.data.iter().all(|change| assembly.change(change.clone()).is_ok())
            && assembly.finish() == state.data
            && modules == state.modules
            && bundles == state.bundles
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
    fn commit(&mut self, changes: &Changes, state: &State) -> Result<(), String> {
        self.keep(changes, state).map_err(|error| error.to_string())
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

fn path_of(change: &DataChange) -> &[String] {
    match change {
        DataChange::Add(path, _) | DataChange::Replace(path, _) | DataChange::Remove(path) => path,
    }
}
