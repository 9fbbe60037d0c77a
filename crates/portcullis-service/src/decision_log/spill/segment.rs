//! A file of the spill directory: records one after the other, each with its length and a checksum.
//!
//! A crash may cut the last record off, or leave what was never written in its place; reading ends
//! at the first record that is not whole.
//!
//! Must not know: which files there are, what a record holds.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use bytes::Bytes;
use flate2::Crc;

/// How a segment begins: what it is, and the version of its form.
pub(super) const MAGIC: &[u8; 8] = b"PCDLOG1\n";

/// Length and checksum in front of each record, in bytes.
pub(super) const HEADER_BYTES: u64 = 8;

/// Longest record, in bytes.
pub(in super::super) const RECORD_BYTES_MAX: usize = 64 << 20;

/// What was found in a segment.
pub(super) struct Scan {
    /// How far its records are whole, in bytes.
    pub(super) valid_bytes: u64,
    /// How many those are.
    pub(super) records: u64,
    /// How many of them are not before the offset that was asked about; none where no record
    /// begins or ends there.
    pub(super) records_from: Option<u64>,
}

/// Returns the bytes a record of this content takes.
pub(super) fn record_bytes(content: &Bytes) -> u64 {
    HEADER_BYTES.saturating_add(content.len() as u64)
}

/// Appends a record.
///
/// Errors: the system's; part of the record may have been written.
pub(super) fn write(file: &mut File, content: &Bytes) -> io::Result<()> {
    let length =
        u32::try_from(content.len()).map_err(|_| io::Error::from(io::ErrorKind::FileTooLarge))?;
    let mut record = Vec::with_capacity(content.len().saturating_add(HEADER_BYTES as usize));
    record.extend_from_slice(&length.to_le_bytes());
    record.extend_from_slice(&checksum(content).to_le_bytes());
    record.extend_from_slice(content);
    file.write_all(&record)
}

/// Looks at every record, and where `offset` is among them. None where the file is no segment.
///
/// Errors: the system's.
pub(super) fn scan(file: &mut File, offset: u64) -> io::Result<Option<Scan>> {
    let length = file.metadata()?.len();
    let mut reader = io::BufReader::new(file);
    let mut magic = [0u8; MAGIC.len()];
    match reader.read_exact(&mut magic) {
        Ok(()) if &magic == MAGIC => {}
        Ok(()) => return Ok(None),
        // Cut off while it was made.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            return Ok(Some(Scan { valid_bytes: 0, records: 0, records_from: None }));
        }
        Err(error) => return Err(error),
    }
    let mut scan = Scan { valid_bytes: MAGIC.len() as u64, records: 0, records_from: None };
    let mut before = None;
    // Each turn reads a record of the file, which has an end.
    loop {
        if scan.valid_bytes == offset {
            before = Some(scan.records);
        }
        let Some(content) = next(&mut reader, length.saturating_sub(scan.valid_bytes))? else {
            break;
        };
        scan.valid_bytes = scan.valid_bytes.saturating_add(record_bytes(&content));
        scan.records = scan.records.saturating_add(1);
    }
    scan.records_from = before.map(|before| scan.records.saturating_sub(before));
    Ok(Some(scan))
}

/// Returns the records from `offset` on, to `end`: at least one, then while they are no more than
/// `enough` bytes.
///
/// Errors: the system's; a record that is not whole any more.
pub(super) fn read(
    file: &mut File,
    offset: u64,
    end: u64,
    enough: usize,
) -> io::Result<Vec<Bytes>> {
    file.seek(SeekFrom::Start(offset))?;
    let mut reader = io::BufReader::new(file);
    let (mut records, mut at) = (Vec::new(), offset);
    while at < end && at - offset <= enough as u64 {
        let Some(content) = next(&mut reader, end - at)? else {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a record is damaged"));
        };
        at = at.saturating_add(record_bytes(&content));
        records.push(content);
    }
    Ok(records)
}

/// Returns the next record, of a file that has `left` more bytes. None where it is not whole.
fn next(reader: &mut impl Read, left: u64) -> io::Result<Option<Bytes>> {
    if left < HEADER_BYTES {
        return Ok(None);
    }
    let (mut length, mut expected) = ([0u8; 4], [0u8; 4]);
    reader.read_exact(&mut length)?;
    reader.read_exact(&mut expected)?;
    let length = u32::from_le_bytes(length);
    let bytes = usize::try_from(length).unwrap_or(usize::MAX);
    // No event is empty; zeros are what a crash leaves where nothing was written yet.
    if bytes == 0 || bytes > RECORD_BYTES_MAX || u64::from(length) > left - HEADER_BYTES {
        return Ok(None);
    }
    let mut content = vec![0u8; bytes];
    reader.read_exact(&mut content)?;
    let content = Bytes::from(content);
    Ok((checksum(&content) == u32::from_le_bytes(expected)).then_some(content))
}

fn checksum(content: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(content);
    crc.sum()
}
