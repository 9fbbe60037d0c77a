//! Bundles on the disk, to start from when their service is away.
//!
//! A file is replaced whole, so that a crash at any moment leaves the old or the new one.
//! Must not know: what is in a bundle.
//!
//! Source: OPA documentation, "Bundles": `<persistence_directory>/bundles/<name>/bundle.tar.gz`.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::read::read_file;

const FILE: &str = "bundle.tar.gz";

/// The directory of discovery's bundle.
pub(super) const DISCOVERY: &str = "discovery";

/// Returns where the bundle of this name is kept. Whatever the name is, no two share a place, and
/// none is outside of `directory`.
pub(super) fn bundle_file(directory: &Path, name: &str) -> PathBuf {
    let mut safe = String::new();
    for (at, byte) in name.bytes().enumerate() {
        // A name may come from afar; and discovery's own must not be taken.
        let is_plain = byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        let is_fine = is_plain || (byte == b'.' && at > 0);
        if is_fine && !(at == 0 && name == DISCOVERY) {
            safe.push(char::from(byte));
        } else {
            safe.push_str(&format!("%{byte:02X}"));
        }
    }
    directory.join("bundles").join(safe).join(FILE)
}

/// Returns where discovery's bundle is kept.
pub(super) fn discovery_file(directory: &Path) -> PathBuf {
    directory.join("bundles").join(DISCOVERY).join(FILE)
}

/// Puts a bundle in the place of the one that is there, durably.
///
/// Errors: what the system says; the old one is still there.
pub(super) fn save(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let directory = path.parent().ok_or_else(|| io::Error::other("no directory"))?;
    fs::create_dir_all(directory)?;
    // One writer a bundle: a name that stays the same leaves nothing behind after a crash.
    let temporary = path.with_extension("new");
    let mut file = File::create(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    File::open(directory)?.sync_all()
}

/// Returns the bundle that is kept there, or nothing where there is none.
///
/// Errors: what the system says; more bytes than a bundle may have.
pub(super) fn load(path: &Path, bytes_max: u64) -> io::Result<Option<Vec<u8>>> {
    match read_file(path, bytes_max) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Forgets the bundle that is kept there.
///
/// Errors: what the system says, unless there is none.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_inside_and_apart() {
        let file = |name: &str| {
            let path = bundle_file(Path::new("/p"), name);
            path.to_str().unwrap().to_string()
        };
        assert_eq!(file("main-1.x"), "/p/bundles/main-1.x/bundle.tar.gz");
        assert_eq!(file("../../etc"), "/p/bundles/%2E.%2F..%2Fetc/bundle.tar.gz");
        assert_eq!(file(".."), "/p/bundles/%2E./bundle.tar.gz");
        assert_ne!(bundle_file(Path::new("/p"), "discovery"), discovery_file(Path::new("/p")));
    }

    #[test]
    fn a_bundle_is_replaced_whole() {
        let directory = tempfile::tempdir().unwrap();
        let path = bundle_file(directory.path(), "a");
        assert_eq!(load(&path, 10).unwrap(), None);
        save(&path, b"one").unwrap();
        save(&path, b"two").unwrap();
        assert_eq!(load(&path, 10).unwrap().unwrap(), b"two");
        assert!(load(&path, 2).is_err());
        remove(&path).unwrap();
        remove(&path).unwrap();
        assert_eq!(load(&path, 10).unwrap(), None);
    }
}
