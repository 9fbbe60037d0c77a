//! `.signatures.json`: a signed list of a bundle's files and their digests.
//!
//! Must not know: what the files say, when it is verified (signatures do not expire).
//!
//! Source: OPA documentation, "Bundles", "Signing" and "Signature Format"; RFC 7515.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rego::Value;

use crate::archive::Entry;
use crate::digest::{HashAlgorithm, file_digest};
use crate::error::BundleError;
use crate::glob::{Dialect, Glob};
use crate::key::{SigningKey, VerificationKey};
use crate::path::{basename, normalise};

/// The file's name.
pub const SIGNATURES_FILE: &str = ".signatures.json";

/// Most files that a signature names. Ours.
pub const SIGNED_FILES_MAX: usize = 100_000;

/// Most files that a message names.
const SHOWN_FILES_MAX: usize = 10;

/// How signatures are verified.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VerificationConfig {
    /// The keys, by their id.
    pub keys: BTreeMap<String, VerificationKey>,
    /// The key to use, whatever the token says; empty leaves it to the token.
    pub key_id: String,
    /// The scope that the token must have; empty leaves it to the key.
    pub scope: String,
    /// Patterns of files that need not be signed, as Go's `filepath.Match` has them, against paths
    /// without a `/` in front.
    pub exclude_files: Vec<String>,
    /// What to do with a bundle that has no signature.
    pub unsigned: Unsigned,
}

/// What to do with a bundle that has no signature.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unsigned {
    /// It is an error.
    #[default]
    Refuse,
    /// It is taken as it is, as OPA does where keys are configured and no `signing` for the bundle.
    Accept,
}

/// A file that a token names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedFile {
    /// The file, as `/a/b.rego`.
    pub path: String,
    /// Its digest, in hexadecimal.
    pub hash: String,
    /// How the digest was made.
    pub algorithm: HashAlgorithm,
}

/// Returns the content of a `.signatures.json` for these files; one of that name among them is
/// left out. `claims` are added to the token's, an object such as `{"scope": "write"}`; digests are
/// SHA-256.
///
/// Errors: a key that cannot sign; a document among the files that does not parse; claims that are
/// no object, or claim `files`.
pub fn sign(entries: &[Entry], key: &SigningKey, claims: &Value) -> Result<Vec<u8>, BundleError> {
    let header = match key.id.is_empty() {
        true => format!(r#"{{"alg":"{}"}}"#, key.algorithm.name()),
        false => {
            let id = Value::from(key.id.as_str()).to_json();
            format!(r#"{{"alg":"{}","kid":{id}}}"#, key.algorithm.name())
        }
    };
    let payload = payload(entries, key, claims)?.to_json();
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let signature = key.sign(message.as_bytes())?;
    let token = format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature));
    let signatures = Value::array(vec![Value::from(token)]);
    let file = Value::object_from_strs([("signatures", signatures)]);
    Ok(file.to_json_pretty(" ").into_bytes())
}

fn payload(entries: &[Entry], key: &SigningKey, claims: &Value) -> Result<Value, BundleError> {
    let wrong = |message: &str| BundleError::Signature(message.to_string());
    let object = claims.as_object().ok_or_else(|| wrong("claims must be an object"))?;
    if object.get_str("files").is_some() {
        return Err(wrong("claims must not have `files`: they are the bundle's"));
    }
    let algorithm = HashAlgorithm::default();
    let file = |entry: &Entry| {
        let path = normalise(&entry.path)?;
        Ok(Value::object_from_strs([
            ("name", Value::from(path.trim_start_matches('/'))),
            ("hash", Value::from(file_digest(entry, algorithm)?)),
            ("algorithm", Value::from(algorithm.name())),
        ]))
    };
    let signed = entries.iter().filter(|entry| basename(&entry.path) != SIGNATURES_FILE);
    let files = signed.map(file).collect::<Result<_, BundleError>>()?;
    let mut claims: Vec<_> = object.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
    if !key.id.is_empty() && object.get_str("keyid").is_none() {
        // Deprecated in favour of the header's `kid`, but older verifiers look for it.
        claims.push((Value::from("keyid"), Value::from(key.id.as_str())));
    }
    claims.push((Value::from("files"), Value::array(files)));
    Ok(Value::object(claims))
}

/// Verifies the signature among the files, and the files against it: all but excluded ones must be
/// named in it with their digest, and all that it names be there.
///
/// Errors: anything that is not so.
pub fn verify(entries: &[Entry], config: &VerificationConfig) -> Result<(), BundleError> {
    let signatures = entries.iter().find(|entry| basename(&entry.path) == SIGNATURES_FILE);
    let Some(signatures) = signatures else {
        return match config.unsigned {
            Unsigned::Refuse => Err(BundleError::NotSigned),
            Unsigned::Accept => Ok(()),
        };
    };
    let mut listed = BTreeMap::new();
    for file in verify_token(&read_token(&signatures.bytes)?, config)? {
        if let Some(twice) = listed.insert(file.path.clone(), file) {
            return Err(refuse(format!("file {} is named twice in bundle signature", twice.path)));
        }
    }
    let excluded = excluded(config)?;
    let is_excluded = |path: &str| {
        let path: Vec<char> = path.trim_start_matches('/').chars().collect();
        // The patterns are the configuration's own, and need no bound.
        excluded.iter().any(|glob| glob.matches(&path, &mut { u64::MAX }))
    };
    for entry in entries.iter().filter(|entry| basename(&entry.path) != SIGNATURES_FILE) {
        let path = normalise(&entry.path)?;
        let file = listed.remove(&path);
        if is_excluded(&path) {
            continue;
        }
        let file = file.ok_or_else(|| BundleError::NotInSignature(path.clone()))?;
        let got = file_digest(entry, file.algorithm)?;
        if !got.eq_ignore_ascii_case(&file.hash) {
            return Err(BundleError::DigestMismatch { path, want: file.hash, got });
        }
    }
    listed.retain(|path, _| !is_excluded(path));
    if listed.is_empty() {
        return Ok(());
    }
    Err(BundleError::SignedButMissing(listed.into_keys().take(SHOWN_FILES_MAX).collect()))
}

fn refuse(message: impl Into<String>) -> BundleError {
    BundleError::Signature(message.into())
}

fn excluded(config: &VerificationConfig) -> Result<Vec<Glob>, BundleError> {
    let parse = |pattern: &String| {
        let glob = Glob::parse(pattern.trim_start_matches('/'), Dialect::Segments);
        glob.ok_or_else(|| refuse(format!("exclude_files: `{pattern}` is not a pattern")))
    };
    config.exclude_files.iter().map(parse).collect()
}

/// Returns the one token of a `.signatures.json`.
fn read_token(bytes: &[u8]) -> Result<String, BundleError> {
    let wrong = |what: &str| refuse(format!("{SIGNATURES_FILE}: {what}"));
    let file = Value::from_json(bytes).map_err(|e| wrong(&e.to_string()))?;
    let object = file.as_object().ok_or_else(|| wrong("must be an object"))?;
    match object.get_str("plugin").map(|plugin| plugin.as_str()) {
        None | Some(Some("" | "_default")) => {}
        Some(_) => return Err(wrong("another verification plugin is not supported")),
    }
    let tokens = object.get_str("signatures").and_then(Value::as_array).unwrap_or_default();
    match tokens {
        [] => Err(wrong("missing JWT (expected exactly one)")),
        [token] => {
            token.as_str().map(str::to_string).ok_or_else(|| wrong("the JWT must be a string"))
        }
        _ => Err(wrong("multiple JWTs not supported (expected exactly one)")),
    }
}

/// Verifies a token and returns the files that it names.
///
/// Errors: a token that is malformed, or made by another key or algorithm; another scope.
pub fn verify_token(
    token: &str,
    config: &VerificationConfig,
) -> Result<Vec<SignedFile>, BundleError> {
    let parts: Vec<&str> = token.splitn(4, '.').collect();
    let [header, payload, signature] = parts.as_slice() else {
        return Err(refuse("malformed JWT: it must have three parts"));
    };
    let header_value = decode_json(header, "header")?;
    let unverified = decode_json(payload, "payload")?;
    let key = key_for(&header_value, &unverified, config)?;
    let message = token.get(..header.len() + 1 + payload.len()).unwrap_or_default();
    let signature = decode(signature, "signature")?;
    if !key.verifies(message.as_bytes(), &signature)? {
        return Err(refuse("failed to verify JWT signature"));
    }
    let claims = unverified;
    let scope = if config.scope.is_empty() { &key.scope } else { &config.scope };
    if text(&claims, "scope") != scope {
        return Err(refuse("scope mismatch"));
    }
    signed_files(&claims)
}

/// Returns the key that the token must have been signed with: the configured one, or else the one
/// that the header names, or else the claim of old.
fn key_for<'c>(
    header: &Value,
    claims: &Value,
    config: &'c VerificationConfig,
) -> Result<&'c VerificationKey, BundleError> {
    if header.get_path(&["crit"]).is_some() {
        return Err(refuse("the JWT has critical extensions, which are not supported"));
    }
    let ids = [&*config.key_id, text(header, "kid"), text(claims, "keyid")];
    let id = ids.into_iter().find(|id| !id.is_empty());
    let id = id.ok_or_else(|| BundleError::Key("verification key ID is empty".to_string()))?;
    let key = config.keys.get(id).ok_or_else(|| {
        BundleError::Key(format!("verification key corresponding to ID {id} not found"))
    })?;
    let algorithm = text(header, "alg");
    if algorithm != key.algorithm.name() {
        let want = key.algorithm.name();
        return Err(refuse(format!("the JWT is signed with `{algorithm}`, the key is for {want}")));
    }
    Ok(key)
}

/// Returns a string of an object, empty where there is none.
fn text<'v>(object: &'v Value, key: &str) -> &'v str {
    object.as_object().and_then(|object| object.get_str(key)?.as_str()).unwrap_or_default()
}

fn signed_files(claims: &Value) -> Result<Vec<SignedFile>, BundleError> {
    let files = claims.as_object().and_then(|claims| claims.get_str("files")?.as_array());
    let files = files.ok_or_else(|| refuse("the JWT's `files` must be an array"))?;
    if files.len() > SIGNED_FILES_MAX {
        return Err(refuse(format!("the JWT names more than {SIGNED_FILES_MAX} files")));
    }
    let file = |file: &Value| {
        let algorithm = match text(file, "algorithm") {
            "" => HashAlgorithm::default(),
            name => HashAlgorithm::from_name(name)
                .ok_or_else(|| refuse(format!("unsupported hashing algorithm: {name}")))?,
        };
        let path = normalise(text(file, "name"))?;
        Ok(SignedFile { path, hash: text(file, "hash").to_string(), algorithm })
    };
    files.iter().map(file).collect()
}

fn decode(part: &str, what: &str) -> Result<Vec<u8>, BundleError> {
    URL_SAFE_NO_PAD.decode(part).map_err(|e| refuse(format!("malformed JWT {what}: {e}")))
}

fn decode_json(part: &str, what: &str) -> Result<Value, BundleError> {
    Value::from_json(&decode(part, what)?).map_err(|e| refuse(format!("malformed JWT {what}: {e}")))
}
