//! Compressed answers, for clients that take them.
//!
//! Source: OPA documentation, configuration `server.encoding.gzip`.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::reply::Reply;

/// Whether an `Accept-Encoding` header takes gzip.
pub(crate) fn is_accepted(header: &str) -> bool {
    header.split(',').any(|choice| {
        let mut parts = choice.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip"));
        let refused = parts.any(|part| {
            let weight = part.strip_prefix("q=").map(str::parse::<f32>);
            weight.is_some_and(|weight| weight.is_ok_and(|weight| weight <= 0.0))
        });
        named && !refused
    })
}

/// Compresses the body of an answer that is large enough.
pub(crate) fn compress(reply: Reply, bytes_min: usize, level: u32) -> Reply {
    if reply.body.len() < bytes_min {
        return reply;
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(level.min(9)));
    let written = encoder.write_all(&reply.body).and_then(|()| encoder.finish());
    match written {
        Ok(body) => Reply { body, is_gzip: true, ..reply },
        // Nothing can fail here but memory; the plain answer is as good.
        Err(_) => reply,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_clients_accept() {
        for header in ["gzip", "deflate, gzip;q=0.5", "GZIP", "br , gzip"] {
            assert!(is_accepted(header), "{header}");
        }
        for header in ["", "deflate", "gzip;q=0", "x-gzip2"] {
            assert!(!is_accepted(header), "{header}");
        }
    }
}
