//! Bodies that come packed because we said that we take them so.
//!
//! Must not know: connections.

use std::io::Read;

use flate2::read::MultiGzDecoder;

/// Returns the bytes in a gzip body, at most `bytes_max`.
///
/// Errors: it is broken, or holds more.
pub(super) fn gunzip(packed: &[u8], bytes_max: u64) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    let decoder = MultiGzDecoder::new(packed);
    let read = decoder.take(bytes_max.saturating_add(1)).read_to_end(&mut body);
    read.map_err(|error| format!("gzip: {error}"))?;
    if body.len() as u64 > bytes_max {
        return Err(too_large(bytes_max));
    }
    Ok(body)
}

/// Returns why a body is not taken.
pub(super) fn too_large(bytes_max: u64) -> String {
    format!("the body is larger than {bytes_max} bytes")
}
