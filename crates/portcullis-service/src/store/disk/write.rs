//! One commit: changes to the log, or the chunks they are in and an empty log.
//!
//! Must not know: what a change does to a document.

use std::collections::BTreeSet;

use redb::WriteTransaction;
use rego::Value;

use super::codec;
use super::layout::{Layout, places};
use super::read::{Kept, Log};
use super::tables::{FORMAT, Kind, Meta, Records, clear, write_meta};
use crate::store::transaction::Changes;

/// How a commit writes changes of the base document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Into the log.
    Append,
    /// Into the chunks that changed since the log was last empty.
    Fold,
    /// Nothing stays: modules, bundles and all chunks are written as they are to be.
    Everything,
}

/// What a commit writes.
pub(super) struct Write<'c> {
    pub(super) changes: &'c Changes,
    pub(super) way: Way,
}

/// Writes what leads to `next`, which learns how much that was, and makes it durable.
///
/// Errors: the database's.
pub(super) fn commit(
    transaction: WriteTransaction,
    layout: &Layout,
    next: &mut Kept,
    write: &Write<'_>,
) -> Result<(), redb::Error> {
    match write.way {
        Way::Append => append(&transaction, next, write.changes)?,
        Way::Fold => fold(&transaction, layout, next)?,
        Way::Everything => {
            clear(&transaction, Kind::Chunk)?;
            next.document_bytes = 0;
            next.log.dirty = BTreeSet::from([Vec::new()]);
            fold(&transaction, layout, next)?;
        }
    }
    if write.way == Way::Everything {
        everything(&transaction, next)?;
    } else {
        parts(&transaction, write.changes)?;
    }
    next.is_of_layout = true;
    let format = FORMAT.to_string();
    write_meta(&transaction, &Meta { format, commits: next.commits, layout: layout.text() })?;
    // By default a commit returns when the disk has it.
    Ok(transaction.commit()?)
}

fn append(
    transaction: &WriteTransaction,
    next: &mut Kept,
    changes: &Changes,
) -> Result<(), redb::Error> {
    let mut records = Records::open(transaction, Kind::Change)?;
    for change in &changes.data {
        let bytes = codec::change_bytes(change);
        records.insert(&next.log.next.to_be_bytes(), &bytes)?;
        next.log.next = next.log.next.saturating_add(1);
        next.log.changes += 1;
        next.log.bytes = next.log.bytes.saturating_add(bytes.len());
    }
    Ok(())
}

fn fold(
    transaction: &WriteTransaction,
    layout: &Layout,
    next: &mut Kept,
) -> Result<(), redb::Error> {
    let mut records = Records::open(transaction, Kind::Chunk)?;
    for (mut path, value) in places(&next.log.dirty, &next.state.data) {
        records.remove_below(&codec::path_key(&path))?;
        if let Some(value) = value {
            let mut insert = |path: &[String], value: &Value| {
                records.insert(&codec::path_key(path), value.to_json().as_bytes())
            };
            layout.chunks(&mut path, value, &mut insert)?;
        }
    }
    let bytes = i64::try_from(next.document_bytes).unwrap_or(i64::MAX);
    let bytes = bytes.saturating_add(records.grown);
    next.document_bytes = usize::try_from(bytes).unwrap_or(0);
    next.log = Log { next: next.log.next, ..Log::default() };
    clear(transaction, Kind::Change)
}

/// Writes the modules and bundles that changed.
fn parts(transaction: &WriteTransaction, changes: &Changes) -> Result<(), redb::Error> {
    let mut records = Records::open(transaction, Kind::Module)?;
    for (id, module) in &changes.modules {
        match module {
            Some(module) => records.put(id.as_bytes(), &codec::module_bytes(module))?,
            None => records.remove(id.as_bytes())?,
        }
    }
    let mut records = Records::open(transaction, Kind::Bundle)?;
    for (name, bundle) in &changes.bundles {
        match bundle {
            Some(bundle) => records.put(name.as_bytes(), &codec::bundle_bytes(bundle))?,
            None => records.remove(name.as_bytes())?,
        }
    }
    Ok(())
}

/// Writes all modules and bundles, in place of those that are there.
fn everything(transaction: &WriteTransaction, next: &Kept) -> Result<(), redb::Error> {
    clear(transaction, Kind::Module)?;
    let mut records = Records::open(transaction, Kind::Module)?;
    for (id, module) in &next.state.modules {
        records.insert(id.as_bytes(), &codec::module_bytes(module))?;
    }
    clear(transaction, Kind::Bundle)?;
    let mut records = Records::open(transaction, Kind::Bundle)?;
    for (name, bundle) in &next.state.bundles {
        records.insert(name.as_bytes(), &codec::bundle_bytes(bundle))?;
    }
    Ok(())
}
