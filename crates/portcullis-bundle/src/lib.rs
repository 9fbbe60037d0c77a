//! Bundles: bytes to modules and data, and back; manifests, roots, signatures, deltas.
//!
//! Second wing. Pure but for nothing: no network, no files, no clock. Must not know: who activates
//! a bundle, where it came from.
#![forbid(unsafe_code)]
