//! Bundles: bytes to modules and data, and back; manifests, roots, signatures, deltas.
//!
//! Second wing. Pure: no network, no files, no clock. Must not know: who activates a bundle, where
//! it came from, what its modules mean.
//!
//! Whatever the bytes are, reading ends in a bundle or an error, within [`Limits`].
//!
//! ```
//! use portcullis_bundle::{BundleFiles, ReadOptions, read, write};
//! use rego::Value;
//!
//! let files = BundleFiles {
//!     data: Value::object_from_strs([("users", Value::array(vec![Value::from("alice")]))]),
//!     modules: vec![("/app/policy.rego".to_string(), "package app".to_string())],
//!     ..BundleFiles::default()
//! };
//! let bundle = read(&write(&files)?, &ReadOptions::default())?;
//! assert_eq!(bundle.data, files.data);
//! assert_eq!(bundle.modules[0].path, "/app/policy.rego");
//! # Ok::<(), portcullis_bundle::BundleError>(())
//! ```
//!
//! Read first: `bundle.rs`, then `archive.rs`, then `signature.rs`.
#![forbid(unsafe_code)]

mod archive;
mod bundle;
mod digest;
mod error;
mod glob;
mod json;
mod key;
mod manifest;
mod patch;
mod path;
mod roots;
mod signature;
mod tree;
mod write;

pub use archive::{ENTRIES_MAX, Entry, FILE_BYTES_MAX, Limits, TOTAL_BYTES_MAX, read_entries};
pub use bundle::{
    Bundle, BundleModule, MANIFEST_FILE, PATCH_FILE, ReadOptions, Verification, from_entries, read,
};
pub use digest::HashAlgorithm;
pub use error::{BundleError, Outside};
pub use key::{SignatureAlgorithm, SigningKey, VerificationKey};
pub use manifest::{FILE_VERSIONS_MAX, Manifest, ROOTS_MAX, WasmResolver};
pub use patch::{Op, PATCH_MOVES_MAX, PATCH_OPERATIONS_MAX, Patch, PatchOp};
pub use path::{PATH_BYTES_MAX, PATH_SEGMENTS_MAX};
pub use roots::{OVERLAPS_LISTED_MAX, Overlaps, overlaps, roots_overlap};
pub use signature::{
    SIGNATURES_FILE, SIGNED_FILES_MAX, SignedFile, Unsigned, VerificationConfig, sign, verify,
    verify_token,
};
pub use write::{BundleFiles, write, write_entries};
