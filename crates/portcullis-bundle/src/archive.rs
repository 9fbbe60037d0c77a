//! Gzip tar to files, within limits.
//!
//! Only regular files come out: links, devices and the like are passed over, as OPA does. The
//! stream is read to its very end, so that its checksum counts: a bundle that was cut off or
//! replaced while it was fetched is an error.
//!
//! Must not know: what the files are for.
//!
//! Source: POSIX.1-2017 `pax`, GNU tar manual; limits are ours, OPA has only the one a file.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::io::{self, Read};

use flate2::read::MultiGzDecoder;
use tar::{Archive, EntryType, PaxExtensions};

use crate::error::BundleError;
use crate::path;

/// Largest file where no other limit is set, in bytes: OPA's `size_limit_bytes`.
pub const FILE_BYTES_MAX: u64 = 1 << 30;

/// Largest archive, once inflated, where no other limit is set, in bytes. Ours.
pub const TOTAL_BYTES_MAX: u64 = 4 << 30;

/// Most entries where no other limit is set. Ours.
pub const ENTRIES_MAX: usize = 100_000;

/// Largest extended header (a long name), in bytes.
const EXTENDED_BYTES_MAX: u64 = 64 << 10;

/// A file of a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its path, as `/a/b.rego`.
    pub path: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// How much is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most bytes a file.
    pub file_bytes_max: u64,
    /// Most bytes of the archive once inflated, headers included; of all files, where there is no
    /// archive.
    pub total_bytes_max: u64,
    /// Most entries, those included that are passed over.
    pub entries_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes_max: FILE_BYTES_MAX,
            total_bytes_max: TOTAL_BYTES_MAX,
            entries_max: ENTRIES_MAX,
        }
    }
}

/// Returns the regular files of a gzip tar in their order, their paths normalised.
///
/// Errors: bytes that are not gzip, or an archive that is damaged, cut off or followed by something
/// else; names that lead out of the bundle or come twice; anything beyond a limit.
pub fn read_entries(bytes: &[u8], limits: &Limits) -> Result<Vec<Entry>, BundleError> {
    if !bytes.starts_with(&GZIP_MAGIC) {
        return Err(BundleError::NotGzip);
    }
    let is_over = Cell::new(false);
    let left = limits.total_bytes_max;
    let inflate = Inflate { inner: MultiGzDecoder::new(bytes), left, is_over: &is_over };
    let read = Files { archive: Archive::new(inflate), limits }.read();
    // The decoder cannot carry our error through the archive's own; the flag can.
    if is_over.get() {
        return Err(BundleError::TotalTooLarge(limits.total_bytes_max));
    }
    read
}

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Returns the files with their paths normalised.
///
/// Errors: as [`read_entries`] has about names and limits.
pub(crate) fn check(entries: Vec<Entry>, limits: &Limits) -> Result<Vec<Entry>, BundleError> {
    if entries.len() > limits.entries_max {
        return Err(BundleError::TooManyEntries(limits.entries_max));
    }
    let mut seen = BTreeSet::new();
    let mut total: u64 = 0;
    let mut check = |entry: Entry| {
        let path = path::normalise(&entry.path)?;
        let size = entry.bytes.len() as u64;
        if size > limits.file_bytes_max {
            return Err(BundleError::FileTooLarge { path, limit: limits.file_bytes_max });
        }
        total = total.saturating_add(size);
        if total > limits.total_bytes_max {
            return Err(BundleError::TotalTooLarge(limits.total_bytes_max));
        }
        if !seen.insert(path.clone()) {
            return Err(BundleError::Duplicate(path));
        }
        Ok(Entry { path, bytes: entry.bytes })
    };
    entries.into_iter().map(&mut check).collect()
}

/// A decoder that fails once it has given more than it may.
struct Inflate<'a, R> {
    inner: R,
    left: u64,
    is_over: &'a Cell<bool>,
}

impl<R: Read> Read for Inflate<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        match self.left.checked_sub(count as u64) {
            Some(left) => self.left = left,
            None => {
                self.is_over.set(true);
                return Err(io::Error::other("too many bytes"));
            }
        }
        Ok(count)
    }
}

struct Files<'a, R: Read> {
    archive: Archive<R>,
    limits: &'a Limits,
}

/// What extended headers say about the entry after them.
#[derive(Default)]
struct Extended {
    path: Option<Vec<u8>>,
    size: Option<u64>,
    is_sparse: bool,
}

impl<R: Read> Files<'_, R> {
    fn read(mut self) -> Result<Vec<Entry>, BundleError> {
        let mut files = Vec::new();
        let mut seen = BTreeSet::new();
        let mut extended = Extended::default();
        // Raw, so that the lengths of extended headers and sparse files are ours to judge.
        let entries = self.archive.entries().map_err(|e| damaged(&e))?.raw(true);
        for (count, entry) in entries.enumerate() {
            let mut entry = entry.map_err(|e| damaged(&e))?;
            if count >= self.limits.entries_max {
                return Err(BundleError::TooManyEntries(self.limits.entries_max));
            }
            match entry.header().entry_type() {
                EntryType::XHeader => extended.read_pax(&read_extended(&mut entry)?)?,
                EntryType::GNULongName => {
                    let mut name = read_extended(&mut entry)?;
                    while name.pop_if(|byte| *byte == 0).is_some() {}
                    extended.path = Some(name);
                }
                EntryType::Regular => {
                    let extended = std::mem::take(&mut extended);
                    let file = read_file(&mut entry, extended, self.limits)?;
                    if !seen.insert(file.path.clone()) {
                        return Err(BundleError::Duplicate(file.path));
                    }
                    files.push(file);
                }
                EntryType::XGlobalHeader | EntryType::GNULongLink => {}
                // Directories, links, devices: nothing of a bundle.
                _ => extended = Extended::default(),
            }
        }
        drain(&mut self.archive.into_inner())?;
        Ok(files)
    }
}

/// Reads what follows the archive's end, so that the checksum of the stream is compared.
fn drain(reader: &mut impl Read) -> Result<(), BundleError> {
    io::copy(reader, &mut io::sink()).map(drop).map_err(|e| damaged(&e))
}

fn read_file(
    entry: &mut tar::Entry<'_, impl Read>,
    extended: Extended,
    limits: &Limits,
) -> Result<Entry, BundleError> {
    let name = extended.path.unwrap_or_else(|| entry.path_bytes().into_owned());
    let Ok(name) = String::from_utf8(name) else {
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        return Err(BundleError::Path { name, reason: "the name is not UTF-8" });
    };
    let path = path::normalise(&name)?;
    let size = entry.size();
    if extended.is_sparse {
        return Err(BundleError::Path { name: path, reason: "sparse files are not supported" });
    }
    if extended.size.is_some_and(|other| other != size) {
        return Err(BundleError::Path { name: path, reason: "two headers give two sizes" });
    }
    let limit = limits.file_bytes_max;
    if size > limit {
        return Err(BundleError::FileTooLarge { path, limit });
    }
    // Grows with what is there, not with what the header claims.
    let mut bytes = Vec::new();
    entry.read_to_end(&mut bytes).map_err(|e| damaged(&e))?;
    if bytes.len() as u64 != size {
        return Err(BundleError::Archive(format!("`{path}` is cut off")));
    }
    bytes.shrink_to_fit();
    Ok(Entry { path, bytes })
}

fn read_extended(entry: &mut tar::Entry<'_, impl Read>) -> Result<Vec<u8>, BundleError> {
    if entry.size() > EXTENDED_BYTES_MAX {
        return Err(BundleError::Archive("an extended header is too large".to_string()));
    }
    let mut bytes = Vec::new();
    entry.read_to_end(&mut bytes).map_err(|e| damaged(&e))?;
    Ok(bytes)
}

impl Extended {
    fn read_pax(&mut self, bytes: &[u8]) -> Result<(), BundleError> {
        for record in PaxExtensions::new(bytes) {
            let record = record.map_err(|e| damaged(&e))?;
            let text = || record.value().ok().and_then(|value| value.parse().ok());
            match record.key_bytes() {
                b"path" => self.path = Some(record.value_bytes().to_vec()),
                b"size" => {
                    let wrong = || BundleError::Archive("an extended header is broken".to_string());
                    self.size = Some(text().ok_or_else(wrong)?);
                }
                key => self.is_sparse |= key.starts_with(b"GNU.sparse."),
            }
        }
        Ok(())
    }
}

fn damaged(error: &io::Error) -> BundleError {
    BundleError::Archive(error.to_string())
}
