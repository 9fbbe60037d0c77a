//! From the database to a state: chunks put together, and the log's changes made again.
//!
//! Must not know: how any of it is written.

use std::collections::BTreeSet;

use redb::ReadTransaction;

use super::assembly::Assembly;
use super::layout::Layout;
use super::tables::{Kind, read_all, read_meta};
use super::{LOG_CHANGES_MAX, codec, path_of};
use crate::state::State;
use crate::store::path::path_text;

/// What is stored.
#[derive(Clone, Debug, Default)]
pub(super) struct Kept {
    pub(super) state: State,
    /// How many commits led to it.
    pub(super) commits: u64,
    /// How many bytes the chunks have.
    pub(super) document_bytes: usize,
    pub(super) log: Log,
    /// Whether the chunks are cut as they are to be.
    pub(super) is_of_layout: bool,
}

/// What is in the log.
#[derive(Clone, Debug, Default)]
pub(super) struct Log {
    /// How many changes.
    pub(super) changes: usize,
    /// How many bytes they have.
    pub(super) bytes: usize,
    /// The number of the next change.
    pub(super) next: u64,
    /// Starts of the paths that changed, as [`Layout::dirty`] returns them.
    pub(super) dirty: BTreeSet<Vec<String>>,
}

/// Reads everything.
///
/// Errors: the database's; something that says nothing, which counts as a damage.
pub(super) fn kept(transaction: &ReadTransaction, layout: &Layout) -> Result<Kept, redb::Error> {
    let meta = read_meta(transaction)?;
    let is_of_layout = meta.layout == layout.text();
    let mut kept = Kept { commits: meta.commits, is_of_layout, ..Kept::default() };
    let mut assembly = Assembly::default();
    kept.document_bytes = read_chunks(transaction, &mut assembly)?;
    kept.log = read_log(transaction, layout, &mut assembly)?;
    kept.state.data = assembly.finish();
    let (modules, bundles) = (&mut kept.state.modules, &mut kept.state.bundles);
    read_all(transaction, Kind::Module, |key, bytes| {
        let id = name(key)?;
        let module = codec::module(bytes).map_err(|error| format!("module `{id}`: {error}"))?;
        modules.insert(id, module);
        Ok(())
    })?;
    read_all(transaction, Kind::Bundle, |key, bytes| {
        let name = name(key)?;
        let bundle = codec::bundle(bytes).map_err(|error| format!("bundle `{name}`: {error}"))?;
        bundles.insert(name, bundle);
        Ok(())
    })?;
    Ok(kept)
}

/// Returns how many bytes the chunks have.
fn read_chunks(
    transaction: &ReadTransaction,
    assembly: &mut Assembly,
) -> Result<usize, redb::Error> {
    let mut all = 0_usize;
    read_all(transaction, Kind::Chunk, |key, bytes| {
        let path = codec::path_of_key(key)?;
        all = all.saturating_add(bytes.len());
        codec::value(bytes)
            .and_then(|value| assembly.add(&path, value))
            .map_err(|error| format!("data at `{}`: {error}", path_text(&path)))
    })?;
    Ok(all)
}

fn read_log(
    transaction: &ReadTransaction,
    layout: &Layout,
    assembly: &mut Assembly,
) -> Result<Log, redb::Error> {
    let mut log = Log::default();
    read_all(transaction, Kind::Change, |key, bytes| {
        let number = u64::from_be_bytes(key.try_into().map_err(|_| "a change without a number")?);
        let damaged = |error| format!("change {number} of data: {error}");
        if log.changes >= LOG_CHANGES_MAX {
            return Err(format!("there are more than {LOG_CHANGES_MAX} changes in the log"));
        }
        if log.changes > 0 && log.next != number {
            return Err(format!("change {} of data is missing", log.next));
        }
        let change = codec::change(bytes).map_err(damaged)?;
        log.dirty.insert(layout.dirty(path_of(&change)));
        assembly.change(change).map_err(damaged)?;
        log.changes += 1;
        log.bytes = log.bytes.saturating_add(bytes.len());
        log.next = number.checked_add(1).ok_or("a change without a number")?;
        Ok(())
    })?;
    Ok(log)
}

fn name(key: &[u8]) -> Result<String, String> {
    let name = std::str::from_utf8(key).map_err(|_| "a name that is no text")?;
    Ok(name.to_string())
}
