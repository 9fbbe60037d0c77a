//! Small files: tokens, certificates, profiles.
//!
//! Must not know: what is in them.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::RemoteError;

/// Largest file that holds a credential.
pub(crate) const FILE_BYTES_MAX: u64 = 1 << 20;

/// Returns what the file holds. `key` is the key of the configuration that names the file.
///
/// Errors: it cannot be read, or is larger than [`FILE_BYTES_MAX`].
pub(crate) fn read_bytes(key: &str, path: impl AsRef<Path>) -> Result<Vec<u8>, RemoteError> {
    let path = path.as_ref();
    let fail = |reason: String| {
        RemoteError::Credentials(format!("`{key}`: cannot read `{}`: {reason}", path.display()))
    };
    let file = File::open(path).map_err(|error| fail(error.to_string()))?;
    let mut bytes = Vec::new();
    let read = file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes);
    read.map_err(|error| fail(error.to_string()))?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(fail(format!("it is larger than {FILE_BYTES_MAX} bytes")));
    }
    Ok(bytes)
}

/// Returns the text of the file, without white space around it.
///
/// Errors: as [`read_bytes`], or it is not UTF-8.
pub(crate) fn read_trimmed(key: &str, path: impl AsRef<Path>) -> Result<String, RemoteError> {
    let path = path.as_ref();
    let text = String::from_utf8(read_bytes(key, path)?).map_err(|_| {
        RemoteError::Credentials(format!("`{key}`: `{}` is not text", path.display()))
    })?;
    Ok(text.trim().to_string())
}
