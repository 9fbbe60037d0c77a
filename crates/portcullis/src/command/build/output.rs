//! The file that a bundle is written to.
//!
//! Must not know: what a bundle is.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Result;
use portcullis_service::load::{LoadCause, LoadError};

/// Writes a file. Who reads it meanwhile, as a server does, sees the old one or the new one, never
/// half of it; only what is no plain file is written in place.
pub(super) fn write(path: &str, bytes: &[u8]) -> Result<()> {
    let target = Path::new(path);
    let written = match fs::symlink_metadata(target) {
        Ok(metadata) if !metadata.is_file() => fs::write(target, bytes),
        _ => replace(target, bytes),
    };
    let failed = |error| LoadError { path: path.to_string(), cause: LoadCause::Io(error) };
    written.map_err(|error| failed(error).into())
}

fn replace(target: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = beside(target);
    let write = || {
        let mut file = File::create(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, target)
    };
    write().inspect_err(|_| drop(fs::remove_file(&beside)))
}

/// Returns a name in the same directory that no other process writes to.
fn beside(target: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(target.file_name().unwrap_or_default());
    name.push(format!(".{}", std::process::id()));
    target.with_file_name(name)
}
