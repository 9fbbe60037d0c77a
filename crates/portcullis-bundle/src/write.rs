//! A bundle to bytes, the same ones for the same content.
//!
//! Must not know: how a bundle was built, whether it is valid.
//!
//! Source: the archives that `opa build` makes: a `/` in front of each name, mode 0600, no times.

use std::io::{self, Write};

use flate2::{Compression, GzBuilder};
use rego::Value;
use tar::{Builder, EntryType, Header};

use crate::archive::Entry;
use crate::bundle::{Bundle, MANIFEST_FILE, PATCH_FILE};
use crate::error::BundleError;
use crate::manifest::Manifest;
use crate::patch::Patch;
use crate::path::normalise;
use crate::signature::SIGNATURES_FILE;

/// What is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BundleFiles {
    /// Becomes `/.manifest`.
    pub manifest: Manifest,
    /// Becomes `/data.json`, an object; is not written where there is a patch.
    pub data: Value,
    /// Modules: path and text.
    pub modules: Vec<(String, String)>,
    /// Other files, such as `/policy.wasm`: path and content.
    pub extra: Vec<(String, Vec<u8>)>,
    /// Becomes `/patch.json`.
    pub patch: Option<Patch>,
    /// Becomes `/.signatures.json`.
    pub signatures: Option<Vec<u8>>,
}

impl Default for BundleFiles {
    /// Returns what an empty bundle has: a manifest, and data without anything.
    fn default() -> Self {
        Bundle::default().into()
    }
}

impl From<Bundle> for BundleFiles {
    fn from(bundle: Bundle) -> Self {
        let Bundle { manifest, data, modules, wasm, plans, patch, signatures } = bundle;
        Self {
            manifest,
            data,
            modules: modules.into_iter().map(|module| (module.path, module.text)).collect(),
            extra: wasm.into_iter().chain(plans).collect(),
            patch,
            signatures,
        }
    }
}

impl BundleFiles {
    /// Returns the files in the order in which they are written, to be signed or written.
    pub fn entries(&self) -> Vec<Entry> {
        let line = |json: String| (json + "\n").into_bytes();
        let file = |path: &str, bytes| Entry { path: path.to_string(), bytes };
        let mut entries = Vec::new();
        match &self.patch {
            None => entries.push(file("/data.json", line(self.data.to_json()))),
            Some(patch) => {
                entries.push(file(&format!("/{PATCH_FILE}"), line(patch.to_value().to_json())));
            }
        }
        let modules = self.modules.iter();
        entries.extend(modules.map(|(path, text)| file(path, text.clone().into_bytes())));
        entries.extend(self.extra.iter().map(|(path, bytes)| file(path, bytes.clone())));
        entries.push(file(&format!("/{MANIFEST_FILE}"), line(self.manifest.to_json())));
        let signatures = self.signatures.iter();
        entries.extend(signatures.map(|s| file(&format!("/{SIGNATURES_FILE}"), s.clone())));
        entries
    }
}

/// Returns the bundle as a gzip tar.
///
/// Errors: a path that no bundle can have.
pub fn write(files: &BundleFiles) -> Result<Vec<u8>, BundleError> {
    write_entries(&files.entries())
}

/// Returns the files as a gzip tar, in their order.
///
/// Errors: as [`write`].
pub fn write_entries(entries: &[Entry]) -> Result<Vec<u8>, BundleError> {
    let paths = entries.iter().map(|entry| normalise(&entry.path));
    let paths = paths.collect::<Result<Vec<_>, _>>()?;
    let write = || -> io::Result<Vec<u8>> {
        let gzip = GzBuilder::new().mtime(0).operating_system(GZIP_SYSTEM_UNKNOWN);
        let mut archive = Builder::new(gzip.write(Vec::new(), Compression::default()));
        for (path, entry) in paths.iter().zip(entries) {
            append(&mut archive, path, &entry.bytes)?;
        }
        archive.into_inner()?.finish()
    };
    write().map_err(|e| BundleError::Write(e.to_string()))
}

/// What a gzip header says of a system that does not matter (RFC 1952).
const GZIP_SYSTEM_UNKNOWN: u8 = 255;

/// Most bytes of a name in a plain header.
const NAME_BYTES_MAX: usize = 100;

fn append(archive: &mut Builder<impl Write>, path: &str, bytes: &[u8]) -> io::Result<()> {
    let mut header = Header::new_ustar();
    header.set_entry_type(EntryType::Regular);
    header.set_mode(0o600);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    header.set_size(bytes.len() as u64);
    let name = &mut header.as_old_mut().name;
    name.iter_mut().zip(path.bytes()).for_each(|(slot, byte)| *slot = byte);
    if path.len() > NAME_BYTES_MAX {
        archive.append_pax_extensions([("path", path.as_bytes())])?;
    }
    header.set_cksum();
    archive.append(&header, bytes)
}
