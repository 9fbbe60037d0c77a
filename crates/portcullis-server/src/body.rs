//! Bodies: read within limits of size and time, and unpacked.
//!
//! Must not know: what a body says.

use std::io::Read;
use std::time::Duration;

use flate2::read::MultiGzDecoder;
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use tokio::time::timeout;

/// Longest time for a body. Ours; OPA has none.
const BODY_TIMEOUT: Duration = Duration::from_secs(60);

/// Why a body is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyFault {
    /// The client announced more than is taken.
    Announced,
    /// More came than is taken.
    TooLarge,
    /// It took too long.
    TooSlow,
    /// The connection broke.
    Broken,
}

/// Returns a body of at most `bytes_max`.
///
/// Errors: why there is none.
pub(crate) async fn read(body: Incoming, bytes_max: usize) -> Result<Vec<u8>, BodyFault> {
    let announced = body.size_hint().exact();
    let within = |bytes: &u64| usize::try_from(*bytes).is_ok_and(|bytes| bytes <= bytes_max);
    if announced.is_some_and(|bytes| !within(&bytes)) {
        return Err(BodyFault::Announced);
    }
    let reserve = announced.and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or(0);
    let collected = timeout(BODY_TIMEOUT, collect(body, bytes_max, reserve)).await;
    collected.unwrap_or(Err(BodyFault::TooSlow))
}

/// How much is reserved at once for a body that is announced; more grows as it comes.
const RESERVE_BYTES_MAX: usize = 1 << 20;

async fn collect(
    mut body: Incoming,
    bytes_max: usize,
    announced: usize,
) -> Result<Vec<u8>, BodyFault> {
    let mut bytes = Vec::with_capacity(announced.min(RESERVE_BYTES_MAX));
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| BodyFault::Broken)?;
        let Some(data) = frame.data_ref() else { continue };
        if bytes.len().saturating_add(data.len()) > bytes_max {
            return Err(BodyFault::TooLarge);
        }
        bytes.extend_from_slice(data);
    }
    Ok(bytes)
}

/// Returns a gzip body unpacked, at most `bytes_max` of it.
///
/// Errors: what is wrong with it. What the trailer says of the size is not believed.
pub(crate) fn unpack(bytes: &[u8], bytes_max: usize) -> Result<Vec<u8>, String> {
    if bytes.is_empty() {
        return Err("gzip payload is empty".to_string());
    }
    // The trailer of an honest client says how much there is: more than the limit need not be tried.
    let trailer = bytes.last_chunk::<4>().map(|size| u32::from_le_bytes(*size));
    let claimed = trailer.and_then(|size| usize::try_from(size).ok());
    if claimed.is_some_and(|claimed| claimed > bytes_max) {
        return Err("gzip payload too large".to_string());
    }
    let mut unpacked = Vec::new();
    let limit = u64::try_from(bytes_max).unwrap_or(u64::MAX).saturating_add(1);
    let mut reader = MultiGzDecoder::new(bytes).take(limit);
    reader.read_to_end(&mut unpacked).map_err(|error| format!("gzip: {error}"))?;
    if unpacked.len() > bytes_max {
        return Err("gzip payload too large".to_string());
    }
    Ok(unpacked)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn unpacks_within_the_limit() {
        assert_eq!(unpack(&packed(b"abc"), 3).unwrap(), b"abc");
        assert_eq!(unpack(&packed(b""), 0).unwrap(), b"");
        assert!(unpack(&packed(&[0; 1 << 20]), 1000).unwrap_err().contains("too large"));
    }

    #[test]
    fn refuses_what_is_no_gzip() {
        for bytes in [&b""[..], b"x", b"{\"input\": 1}", &packed(b"abcdef")[..12]] {
            assert!(unpack(bytes, 1000).is_err());
        }
        let mut forged = packed(&[7; 5000]);
        let at = forged.len() - 4;
        forged[at..].copy_from_slice(&1u32.to_le_bytes());
        assert!(unpack(&forged, 100).is_err());
    }
}
