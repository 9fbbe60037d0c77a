//! Telemetry as the outside sees it: what a collector is sent, and what Prometheus reads.
//! Must not know: how telemetry is made.
#![cfg(test)]

mod certificates;
mod collector;
mod exported_metrics;
mod options;
mod prometheus;
mod traces;
