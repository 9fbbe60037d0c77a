//! What the running policy tells about itself: times of one request, Prometheus metrics,
//! OpenTelemetry traces and metrics.
//!
//! Must not know: any surface's wire format, what a decision is about.
//!
//! Read first: `options.rs`, then `metrics.rs`, `prometheus.rs`, `export.rs`.

mod collector;
mod error;
pub mod export;
pub mod metrics;
pub mod options;
mod otlp;
mod process;
pub mod prometheus;
pub mod span;
pub mod status_metrics;

pub use error::TelemetryError;
