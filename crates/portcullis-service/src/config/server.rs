//! `server`: limits and habits of the REST API.
//!
//! Must not know: what the API offers.

use super::plugins::{PluginsConfig, plugin};
use super::read::Section;

const BODY_MAX_DEFAULT: u64 = 268_435_456;
const GZIP_BODY_MAX_DEFAULT: u64 = 536_870_912;
const GZIP_MIN_DEFAULT: u64 = 1_024;
const GZIP_LEVEL_DEFAULT: u32 = 9;
const DURATION_BUCKETS_DEFAULT: &[f64] =
    &[1e-6, 5e-6, 1e-5, 5e-5, 1e-4, 5e-4, 1e-3, 1e-2, 1e-1, 1.0];

/// Limits and habits of the REST API.
///
/// Source: OPA's configuration reference, `server`.
#[derive(Clone, Debug, PartialEq)]
pub struct ServerConfig {
    /// Largest body of a request, in bytes; 256 MiB by default.
    pub body_max_bytes: u64,
    /// Largest body of a request that comes compressed, once it is unpacked, in bytes; 512 MiB by
    /// default.
    pub gzip_body_max_bytes: u64,
    /// From which size on answers are compressed, in bytes; 1024 by default.
    pub gzip_min_bytes: u64,
    /// How hard answers are compressed: 0, 1 or 9, the default.
    pub gzip_level: u32,
    /// Upper bounds of the buckets of `http_request_duration_seconds`, in seconds.
    pub duration_buckets: Vec<f64>,
    /// The plugin of `plugins` that takes the server's log.
    pub logger_plugin: Option<String>,
}

impl ServerConfig {
    /// Reads `server`.
    pub(super) fn read(top: &Section<'_>, plugins: &PluginsConfig) -> Self {
        let section = top.section_or_empty("server");
        let decoding = section.section_or_empty("decoding");
        let gzip_in = decoding.section_or_empty("gzip");
        let encoding = section.section_or_empty("encoding");
        let gzip_out = encoding.section_or_empty("gzip");
        let metrics = section.section_or_empty("metrics");
        let prometheus = metrics.section_or_empty("prom");
        let durations = prometheus.section_or_empty("http_request_duration_seconds");
        let limit = 1..=i64::MAX as u64;
        let level = gzip_out.whole("compression_level", 0..=9).filter(|level| {
            let is_known = matches!(level, 0 | 1 | 9);
            if !is_known {
                gzip_out.unfit("compression_level", format!("expected 0, 1 or 9, found `{level}`"));
            }
            is_known
        });
        Self {
            body_max_bytes: decoding.whole("max_length", limit.clone()).unwrap_or(BODY_MAX_DEFAULT),
            gzip_body_max_bytes: gzip_in
                .whole("max_length", limit.clone())
                .unwrap_or(GZIP_BODY_MAX_DEFAULT),
            gzip_min_bytes: gzip_out.whole("min_length", limit).unwrap_or(GZIP_MIN_DEFAULT),
            gzip_level: level.map_or(GZIP_LEVEL_DEFAULT, |level| level as u32),
            duration_buckets: durations
                .buckets("buckets")
                .unwrap_or_else(|| DURATION_BUCKETS_DEFAULT.to_vec()),
            logger_plugin: plugin(&section, "logger_plugin", plugins),
        }
    }
}
