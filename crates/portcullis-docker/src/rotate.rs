//! A file of lines that does not grow without end: when it is full it is moved away, and so are
//! those before it, the oldest of which is lost.
//!
//! Must not know: what the lines say.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The mode of files that are made: what daemons are asked is for their owner.
const FILE_MODE: u32 = 0o600;

/// Most files that are kept.
pub const FILES_MAX: u32 = 1000;

/// How much is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// Most bytes of a file; a line that is longer has a file of its own.
    pub bytes_max: u64,
    /// Most files, that which is written to included.
    pub files_max: u32,
}

/// A file that is moved to `FILE.1`, what was there to `FILE.2`, and so on.
pub struct RotatingFile {
    path: PathBuf,
    rotation: Rotation,
    file: File,
    bytes: u64,
}

impl RotatingFile {
    /// Opens or makes a file, to write behind what it has.
    ///
    /// Errors: the system refuses.
    pub fn open(path: &Path, rotation: Rotation) -> io::Result<Self> {
        let file = open(path)?;
        let bytes = file.metadata()?.len();
        Ok(Self { path: path.to_owned(), rotation, file, bytes })
    }

    fn rotate(&mut self) -> io::Result<()> {
        let last = self.rotation.files_max.clamp(1, FILES_MAX) - 1;
        for number in (1..=last).rev() {
            let older = if number == 1 { self.path.clone() } else { self.numbered(number - 1) };
            match fs::rename(older, self.numbered(number)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        if last == 0 {
            fs::remove_file(&self.path)?;
        }
        self.file = open(&self.path)?;
        self.bytes = 0;
        Ok(())
    }

    fn numbered(&self, number: u32) -> PathBuf {
        let mut name: OsString = self.path.clone().into_os_string();
        name.push(format!(".{number}"));
        PathBuf::from(name)
    }
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).mode(FILE_MODE).open(path)
}

impl Write for RotatingFile {
    /// Writes a line, whole.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let length = line.len() as u64;
        if self.bytes > 0 && self.bytes.saturating_add(length) > self.rotation.bytes_max {
            // Where files cannot be moved, lines are lost rather than a disk filled.
            self.rotate()?;
        }
        self.file.write_all(line)?;
        self.bytes = self.bytes.saturating_add(length);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn files(directory: &Path) -> Vec<(String, String)> {
        let entries = fs::read_dir(directory).unwrap().map(Result::unwrap);
        let mut files: Vec<_> = entries
            .map(|entry| {
                let name = entry.file_name().into_string().unwrap();
                (name, fs::read_to_string(entry.path()).unwrap())
            })
            .collect();
        files.sort();
        files
    }

    fn write(rotation: Rotation, lines: &[&str]) -> Vec<(String, String)> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("r.jsonl");
        for line in lines {
            // Opened anew each time: what is there counts.
            RotatingFile::open(&path, rotation).unwrap().write_all(line.as_bytes()).unwrap();
        }
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, FILE_MODE);
        files(directory.path())
    }

    #[test]
    fn keeps_so_many_files_of_so_many_bytes() {
        let lines = ["1\n", "2\n", "3\n", "long line\n", "4\n", "5\n", "6\n"];
        let named = |found: &[(String, String)]| {
            found
                .iter()
                .map(|(name, text)| format!("{name}={text:?}"))
                .collect::<Vec<_>>()
                .join(" ")
        };
        let three = write(Rotation { bytes_max: 4, files_max: 3 }, &lines);
        assert_eq!(named(&three), r#"r.jsonl="6\n" r.jsonl.1="4\n5\n" r.jsonl.2="long line\n""#);
        let one = write(Rotation { bytes_max: 4, files_max: 1 }, &lines);
        assert_eq!(named(&one), r#"r.jsonl="6\n""#);
    }
}
