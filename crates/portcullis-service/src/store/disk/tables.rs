//! The tables of the database file: what a record is called, and how long ones are cut in pieces.
//!
//! Must not know: what a record says.

use redb::{ReadTransaction, ReadableTable, Table, TableDefinition, WriteTransaction};

/// How the file is laid out. Another number is another layout.
pub(super) const FORMAT: &str = "1";

/// Longest value of the database, in bytes: what a record is longer than goes into more of them.
/// A little less than a power of two, which is what a value takes of the file.
pub(super) const PIECE_BYTES: usize = (1 << 20) - (16 << 10);

/// Longest record that is read, in bytes.
pub(super) const RECORD_BYTES_MAX: usize = 2 << 30;

/// Sorts behind every byte of a chunk's key.
const KEY_END: u8 = 0xff;

type Pieces = TableDefinition<'static, (&'static [u8], u32), &'static [u8]>;

/// A kind of record. Each has a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Chunks of the base document, by their path.
    Chunk,
    /// Changes of the base document since, by their number.
    Change,
    /// Modules, by their id.
    Module,
    /// Bundles, by their name.
    Bundle,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Chunk, Self::Change, Self::Module, Self::Bundle];

    const fn table(self) -> Pieces {
        TableDefinition::new(match self {
            Self::Chunk => "chunks",
            Self::Change => "changes",
            Self::Module => "modules",
            Self::Bundle => "bundles",
        })
    }
}

const META: TableDefinition<'static, &'static str, &'static str> = TableDefinition::new("meta");

/// What the file says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Meta {
    /// How it is laid out.
    pub(super) format: String,
    /// How many commits there were.
    pub(super) commits: u64,
    /// The layout of chunks, as text.
    pub(super) layout: String,
}

/// Reads what the file says of itself.
///
/// Errors: the database's; none of it is there.
pub(super) fn read_meta(transaction: &ReadTransaction) -> Result<Meta, redb::Error> {
    let table = transaction.open_table(META)?;
    let get = |key: &str| -> Result<String, redb::Error> {
        Ok(table.get(key)?.map(|text| text.value().to_string()).unwrap_or_default())
    };
    let commits = get("commits")?.parse();
    let commits = commits.map_err(|_| redb::Error::Corrupted("no count of commits".to_string()))?;
    Ok(Meta { format: get("format")?, commits, layout: get("layout")? })
}

/// Calls `each` with the key and the bytes of every record of a kind, in order of keys.
///
/// Errors: the database's and those of `each`; a record without all of its pieces, or too long.
pub(super) fn read_all(
    transaction: &ReadTransaction,
    kind: Kind,
    mut each: impl FnMut(&[u8], &[u8]) -> Result<(), String>,
) -> Result<(), redb::Error> {
    let mut record: Option<(Vec<u8>, Vec<u8>, u32)> = None; // key, bytes, pieces
    for entry in transaction.open_table(kind.table())?.iter()? {
        let (key, piece) = entry?;
        let (key, number) = key.value();
        match &mut record {
            Some((open, bytes, pieces)) if open == key && *pieces == number => {
                if bytes.len() > RECORD_BYTES_MAX {
                    return Err(redb::Error::Corrupted("a record is too long".to_string()));
                }
                bytes.extend_from_slice(piece.value());
                *pieces = pieces.saturating_add(1);
            }
            _ if number != 0 => {
                return Err(redb::Error::Corrupted("a record lacks a piece".to_string()));
            }
            _ => {
                if let Some((key, bytes, _)) = record.take() {
                    each(&key, &bytes).map_err(redb::Error::Corrupted)?;
                }
                record = Some((key.to_vec(), piece.value().to_vec(), 1));
            }
        }
    }
    match record {
        Some((key, bytes, _)) => each(&key, &bytes).map_err(redb::Error::Corrupted),
        None => Ok(()),
    }
}

/// The tables of one kind within a write.
pub(super) struct Records<'t> {
    table: Table<'t, (&'static [u8], u32), &'static [u8]>,
    /// How many bytes more the records have.
    pub(super) grown: i64,
}

impl<'t> Records<'t> {
    /// Opens the table of a kind, which is made where it is not there.
    ///
    /// Errors: the database's.
    pub(super) fn open(transaction: &'t WriteTransaction, kind: Kind) -> Result<Self, redb::Error> {
        Ok(Self { table: transaction.open_table(kind.table())?, grown: 0 })
    }

    /// Puts a record in place of the one of that key, if any.
    ///
    /// Errors: the database's; a record longer than is read.
    pub(super) fn put(&mut self, key: &[u8], bytes: &[u8]) -> Result<(), redb::Error> {
        self.remove(key)?;
        self.insert(key, bytes)
    }

    /// Puts a record where none of that key is.
    ///
    /// Errors: as [`Self::put`].
    pub(super) fn insert(&mut self, key: &[u8], bytes: &[u8]) -> Result<(), redb::Error> {
        if bytes.len() > RECORD_BYTES_MAX {
            return Err(redb::Error::ValueTooLarge(bytes.len()));
        }
        self.grown = self.grown.saturating_add_unsigned(bytes.len() as u64);
        let mut rest = bytes;
        let mut number = 0_u32;
        loop {
            let (piece, after) = rest.split_at_checked(PIECE_BYTES).unwrap_or((rest, &[]));
            self.table.insert((key, number), piece)?;
            if after.is_empty() {
                return Ok(());
            }
            (rest, number) = (after, number.saturating_add(1));
        }
    }

    /// Takes a record away, if it is there.
    ///
    /// Errors: the database's.
    pub(super) fn remove(&mut self, key: &[u8]) -> Result<(), redb::Error> {
        self.remove_range((key, 0), (key, u32::MAX))
    }

    /// Takes away every record whose key starts with `start`, for keys of paths.
    ///
    /// Errors: the database's.
    pub(super) fn remove_below(&mut self, start: &[u8]) -> Result<(), redb::Error> {
        let end: Vec<u8> = start.iter().copied().chain([KEY_END]).collect();
        self.remove_range((start, 0), (&end, 0))
    }

    fn remove_range(&mut self, start: (&[u8], u32), end: (&[u8], u32)) -> Result<(), redb::Error> {
        let grown = &mut self.grown;
        self.table.retain_in(start..end, |_, piece| {
            *grown = grown.saturating_sub_unsigned(piece.len() as u64);
            false
        })?;
        Ok(())
    }
}

/// Takes every record of a kind away.
///
/// Errors: the database's.
pub(super) fn clear(transaction: &WriteTransaction, kind: Kind) -> Result<(), redb::Error> {
    transaction.delete_table(kind.table())?;
    transaction.open_table(kind.table())?;
    Ok(())
}

/// Makes every table, and writes what the file says of itself.
///
/// Errors: the database's.
pub(super) fn create(transaction: &WriteTransaction, meta: &Meta) -> Result<(), redb::Error> {
    for kind in Kind::ALL {
        transaction.open_table(kind.table())?;
    }
    write_meta(transaction, meta)
}

/// Writes what the file says of itself.
///
/// Errors: the database's.
pub(super) fn write_meta(transaction: &WriteTransaction, meta: &Meta) -> Result<(), redb::Error> {
    let mut table = transaction.open_table(META)?;
    table.insert("format", meta.format.as_str())?;
    table.insert("commits", meta.commits.to_string().as_str())?;
    table.insert("layout", meta.layout.as_str())?;
    Ok(())
}
