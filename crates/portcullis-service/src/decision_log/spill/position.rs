//! How far the segments were delivered: so that a killed process repeats no more than the chunk
//! that was under way.
//!
//! Written over and over in one place and never forced to the disk: after a crash of the system it
//! may be an older one, and some events are delivered twice. One that is damaged counts as none.
//!
//! Must not know: segments.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

use flate2::Crc;

/// A place in a directory of segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Position {
    /// The segment.
    pub(super) number: u64,
    /// How far it was delivered, in bytes.
    pub(super) offset: u64,
}

/// The file that holds it.
pub(super) struct PositionFile(File);

impl PositionFile {
    /// Opens the file of a directory, and returns what is in it.
    ///
    /// Errors: the system's.
    pub(super) fn open(directory: &Path) -> io::Result<(Self, Option<Position>)> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let file = options.open(directory.join("delivered"))?;
        let mut bytes = [0u8; 20];
        let position = match file.read_exact_at(&mut bytes, 0) {
            Ok(()) => Position::read(&bytes),
            Err(_) => None,
        };
        Ok((Self(file), position))
    }

    /// Notes a position.
    pub(super) fn note(&self, position: Position) {
        if let Err(error) = self.0.write_all_at(&position.bytes(), 0) {
            tracing::warn!(%error, "what was delivered may be delivered again");
        }
    }
}

impl Position {
    fn bytes(self) -> [u8; 20] {
        let [number, offset] = [self.number, self.offset].map(u64::to_le_bytes);
        let mut crc = Crc::new();
        crc.update(&number);
        crc.update(&offset);
        let mut bytes = [0u8; 20];
        let content = number.into_iter().chain(offset).chain(crc.sum().to_le_bytes());
        bytes.iter_mut().zip(content).for_each(|(place, byte)| *place = byte);
        bytes
    }

    fn read(bytes: &[u8; 20]) -> Option<Self> {
        let number = u64::from_le_bytes(*bytes.first_chunk()?);
        let offset = u64::from_le_bytes(*bytes.get(8..)?.first_chunk()?);
        let position = Self { number, offset };
        (position.bytes() == *bytes).then_some(position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_read_back_unless_it_is_damaged() {
        let position = Position { number: 7, offset: u64::MAX - 1 };
        let bytes = position.bytes();
        assert_eq!(Position::read(&bytes), Some(position));
        for at in 0..bytes.len() {
            let mut damaged = bytes;
            damaged[at] ^= 4;
            assert_eq!(Position::read(&damaged), None);
        }
    }
}
