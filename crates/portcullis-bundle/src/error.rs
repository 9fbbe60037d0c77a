//! What is wrong with a bundle.
//!
//! Must not know: what its caller does about it.

use std::fmt;

/// Why a bundle cannot be read, verified, applied or written.
///
/// Where OPA has words for it, `Display` uses them: they end up in status reports that people
/// search for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BundleError {
    /// The bytes are no gzip stream.
    NotGzip,
    /// The archive is damaged or cut off: what the decoder said.
    Archive(String),
    /// A file is larger than the limit, in bytes.
    FileTooLarge {
        /// The file.
        path: String,
        /// The limit.
        limit: u64,
    },
    /// The archive inflates to more bytes than the limit.
    TotalTooLarge(u64),
    /// The archive has more entries than the limit.
    TooManyEntries(usize),
    /// An entry's name cannot be a path inside a bundle.
    Path {
        /// The name.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Two entries have this path.
    Duplicate(String),
    /// A bundle has one file of this name; this has more.
    MoreThanOne(&'static str),
    /// A module is not UTF-8 text.
    NotUtf8(String),
    /// A document does not parse.
    Document {
        /// The file.
        path: String,
        /// What is wrong with it, and where.
        message: String,
    },
    /// The document at the root of data is no object.
    RootNotObject(String),
    /// A document says something else than another one at a path of data.
    Conflict {
        /// The file.
        path: String,
        /// The path of data, with a leading `/`.
        at: String,
    },
    /// The manifest has a key with a value that it cannot have.
    Manifest {
        /// The key, as a path: `wasm[0].module`.
        key: String,
        /// What is expected there.
        message: String,
    },
    /// Two roots of one manifest, of which one holds the other.
    OverlappedRoots(String, String),
    /// Data, a patch, a module or an entrypoint that lies outside the roots.
    OutsideRoots {
        /// The roots.
        roots: Vec<String>,
        /// What lies outside.
        what: Outside,
    },
    /// The manifest and the Wasm modules do not agree: how.
    Wasm(String),
    /// A delta bundle with something besides a manifest and a patch: what (`data`, `policy`, …).
    DeltaHolds(&'static str),
    /// A patch that cannot be read or applied.
    Patch {
        /// The operation's number, from 0; nothing where it is about all of them.
        operation: Option<usize>,
        /// What is wrong with it.
        message: String,
    },
    /// A key that cannot be used, or is not there.
    Key(String),
    /// The signature or its token is not right: how.
    Signature(String),
    /// A signature is asked for and there is none.
    NotSigned,
    /// There is a signature, and no key to verify it with.
    NoVerificationKey,
    /// A file that the signature does not name.
    NotInSignature(String),
    /// Files that the signature names and that are not there.
    SignedButMissing(Vec<String>),
    /// A file's content is not what was signed.
    DigestMismatch {
        /// The file.
        path: String,
        /// The signed digest, in hexadecimal.
        want: String,
        /// The file's digest.
        got: String,
    },
    /// The archive cannot be written: why.
    Write(String),
}

/// What lies outside the roots of a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outside {
    /// Data, at this path (segments joined by `/`).
    Data(String),
    /// A patch of data, at this path.
    Patch(String),
    /// A module.
    Module {
        /// Its package, without `data`: `a.b`.
        package: String,
        /// Its file.
        file: String,
    },
    /// An entrypoint of a Wasm module.
    Entrypoint {
        /// The entrypoint.
        entrypoint: String,
        /// Its module's file.
        module: String,
    },
}

impl fmt::Display for BundleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotGzip => f.write_str("archive read failed: not a gzip stream"),
            Self::Archive(message) => write!(f, "archive read failed: {message}"),
            Self::FileTooLarge { path, limit } => {
                write!(f, "bundle file `{path}` exceeds the maximum size ({limit} bytes)")
            }
            Self::TotalTooLarge(limit) => write!(f, "bundle inflates to more than {limit} bytes"),
            Self::TooManyEntries(limit) => write!(f, "bundle has more than {limit} entries"),
            Self::Path { name, reason } => write!(f, "bundle entry `{name}`: {reason}"),
            Self::Duplicate(path) => write!(f, "bundle has more than one entry `{path}`"),
            Self::MoreThanOne(name) => write!(f, "bundle has more than one file `{name}`"),
            Self::NotUtf8(path) => write!(f, "bundle load failed on `{path}`: not UTF-8 text"),
            Self::Document { path, message } => {
                write!(f, "bundle load failed on `{path}`: {message}")
            }
            Self::RootNotObject(path) => {
                write!(f, "bundle load failed on `{path}`: root value must be object")
            }
            Self::Conflict { path, at } => write!(
                f,
                "bundle load failed on `{path}`: merge error: `{at}` has another value already"
            ),
            Self::Manifest { key, message } => {
                write!(f, "bundle load failed on manifest decode: `{key}` {message}")
            }
            Self::OverlappedRoots(one, other) => {
                write!(f, "manifest has overlapped roots: '{one}' and '{other}'")
            }
            Self::OutsideRoots { roots, what } => fmt_outside(roots, what, f),
            Self::Wasm(message) => f.write_str(message),
            Self::DeltaHolds(what) => {
                write!(f, "delta bundle expected to contain only patch file but {what} files found")
            }
            Self::Patch { operation: Some(number), message } => {
                write!(f, "patch operation {number}: {message}")
            }
            Self::Patch { operation: None, message } => write!(f, "patch: {message}"),
            Self::Key(message) | Self::Signature(message) => f.write_str(message),
            Self::NotSigned => f.write_str("bundle missing .signatures.json file"),
            Self::NoVerificationKey => f.write_str("verification key not provided"),
            Self::NotInSignature(path) => {
                write!(f, "file {path} not included in bundle signature")
            }
            Self::SignedButMissing(paths) => write!(
                f,
                "file(s) [{}] specified in bundle signatures but not found in the target bundle",
                paths.join(" ")
            ),
            Self::DigestMismatch { path, want, got } => {
                write!(f, "{path}: digest mismatch (want: {want}, got: {got})")
            }
            Self::Write(message) => write!(f, "bundle cannot be written: {message}"),
        }
    }
}

fn fmt_outside(roots: &[String], what: &Outside, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "manifest roots [{}] do not permit ", roots.join(" "))?;
    match what {
        Outside::Data(path) => {
            write!(f, "data at path '/{path}' (hint: check bundle directory structure)")
        }
        Outside::Patch(path) => write!(f, "data patch at path '{path}'"),
        Outside::Module { package, file } => write!(f, "'package {package}' in module '{file}'"),
        Outside::Entrypoint { entrypoint, module } => {
            write!(f, "'{entrypoint}' entrypoint for wasm module '{module}'")
        }
    }
}

impl std::error::Error for BundleError {}
