//! Digests of files, as signatures name them.
//!
//! JSON and YAML documents are digested by what they say, not by how they are laid out: as compact
//! JSON with sorted keys. Any other file is digested byte by byte.
//!
//! Must not know: keys, tokens.
//!
//! Source: OPA documentation, "Bundles", "Signature Format"; only the four names of
//! [`is_structured`] count as documents in OPA.

use md5::Md5;
use rego::Value;
use sha1::Sha1;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512, Sha512_224, Sha512_256};

use crate::archive::Entry;
use crate::error::BundleError;
use crate::path::basename;

/// A hash function.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HashAlgorithm {
    /// `MD5`, for signatures that have it already.
    Md5,
    /// `SHA-1`, for signatures that have it already.
    Sha1,
    /// `SHA-224`
    Sha224,
    /// `SHA-256`
    #[default]
    Sha256,
    /// `SHA-384`
    Sha384,
    /// `SHA-512`
    Sha512,
    /// `SHA-512-224`
    Sha512_224,
    /// `SHA-512-256`
    Sha512_256,
}

impl HashAlgorithm {
    /// Every one.
    pub const ALL: [Self; 8] = [
        Self::Md5,
        Self::Sha1,
        Self::Sha224,
        Self::Sha256,
        Self::Sha384,
        Self::Sha512,
        Self::Sha512_224,
        Self::Sha512_256,
    ];

    /// Returns the name it has in a signature.
    pub fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha1 => "SHA-1",
            Self::Sha224 => "SHA-224",
            Self::Sha256 => "SHA-256",
            Self::Sha384 => "SHA-384",
            Self::Sha512 => "SHA-512",
            Self::Sha512_224 => "SHA-512-224",
            Self::Sha512_256 => "SHA-512-256",
        }
    }

    /// Returns the hash function of this name, or nothing.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }

    /// Returns the digest of the bytes, in hexadecimal.
    pub fn digest(self, bytes: &[u8]) -> String {
        match self {
            Self::Md5 => hex(&Md5::digest(bytes)),
            Self::Sha1 => hex(&Sha1::digest(bytes)),
            Self::Sha224 => hex(&Sha224::digest(bytes)),
            Self::Sha256 => hex(&Sha256::digest(bytes)),
            Self::Sha384 => hex(&Sha384::digest(bytes)),
            Self::Sha512 => hex(&Sha512::digest(bytes)),
            Self::Sha512_224 => hex(&Sha512_224::digest(bytes)),
            Self::Sha512_256 => hex(&Sha512_256::digest(bytes)),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Whether OPA digests a file of this name by what it says.
fn is_structured(name: &str) -> bool {
    matches!(name, "data.json" | "data.yaml" | ".manifest" | "signatures.json")
}

/// Returns the digest of a file, in hexadecimal.
///
/// Errors: a document that does not parse.
pub(crate) fn file_digest(entry: &Entry, algorithm: HashAlgorithm) -> Result<String, BundleError> {
    let name = basename(&entry.path);
    if !is_structured(name) {
        return Ok(algorithm.digest(&entry.bytes));
    }
    let failed = |message| BundleError::Document { path: entry.path.clone(), message };
    let value = match name {
        "data.yaml" => Value::from_yaml(&entry.bytes).map_err(|e| failed(e.to_string())),
        _ => Value::from_json(&entry.bytes).map_err(|e| failed(e.to_string())),
    }?;
    Ok(algorithm.digest(crate::json::plain(&value).as_bytes()))
}
