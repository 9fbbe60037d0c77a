//! Records as bytes and back: keys of chunks, changes, modules, bundles.
//!
//! Everything is JSON, so that numbers keep their text and a person can read what is stored.
//!
//! Must not know: the database, files.

use std::sync::Arc;

use rego::{RegoVersion, Value, View};

use super::error::DiskError;
use crate::state::{ActiveBundle, ModuleRecord, Origin};
use crate::store::path::{PATH_SEGMENTS_MAX, path_text};
use crate::store::transaction::DataChange;

/// Deepest document that is stored, in arrays and objects: what is deeper would not be read again.
/// Source: the reader of JSON.
pub(super) const DOCUMENT_DEPTH_MAX: usize = 1000;

/// Ends a segment of a chunk's key.
const SEGMENT_END: [u8; 2] = [0, 1];
/// Stands for a zero byte inside of a segment.
const ZERO: [u8; 2] = [0, 2];

/// Returns a path as the key of its chunk: what is below follows it, and starts with it.
pub(super) fn path_key(path: &[String]) -> Vec<u8> {
    let mut key = Vec::new();
    for segment in path {
        for byte in segment.bytes() {
            if byte == 0 { key.extend(ZERO) } else { key.push(byte) }
        }
        key.extend(SEGMENT_END);
    }
    key
}

/// Returns the path of a chunk's key.
///
/// Errors: it is none.
pub(super) fn path_of_key(key: &[u8]) -> Result<Vec<String>, String> {
    let mut path = Vec::new();
    let mut segment = Vec::new();
    let mut bytes = key.iter();
    while let Some(byte) = bytes.next() {
        match (*byte, if *byte == 0 { bytes.next() } else { None }) {
            (0, Some(1)) => {
                let text = String::from_utf8(std::mem::take(&mut segment));
                path.push(text.map_err(|_| "a key that is no text")?);
            }
            (0, Some(2)) => segment.push(0),
            (0, _) => return Err("a key with a wrong escape".to_string()),
            (byte, _) => segment.push(byte),
        }
    }
    if segment.is_empty() { Ok(path) } else { Err("a key without its end".to_string()) }
}

/// Reads a JSON value.
///
/// Errors: it is none.
pub(super) fn value(bytes: &[u8]) -> Result<Value, String> {
    Value::from_json(bytes).map_err(|error| format!("no json: {error}"))
}

/// Checks that a change leads to nothing that would not be read again. Returns how many bytes it
/// has when it is written, at least.
///
/// Errors: a set, a key that is no string, too deep a document.
pub(super) fn check_change(change: &DataChange) -> Result<usize, DiskError> {
    let path = super::path_of(change);
    let path_bytes = path.iter().map(String::len).sum();
    let (DataChange::Add(_, value) | DataChange::Replace(_, value)) = change else {
        return Ok(path_bytes);
    };
    let left = DOCUMENT_DEPTH_MAX.saturating_sub(path.len());
    let bytes = weigh(value, left)
        .map_err(|message| DiskError::NotJson { place: path_text(path), message })?;
    Ok(bytes.saturating_add(path_bytes))
}

/// Checks that a document can be read again.
///
/// Errors: as [`check_change`].
pub(super) fn check_document(document: &Value) -> Result<(), DiskError> {
    weigh(document, DOCUMENT_DEPTH_MAX)
        .map(drop)
        .map_err(|message| DiskError::NotJson { place: path_text(&[]), message })
}

/// Checks that a bundle can be read again.
///
/// Errors: as [`check_change`], for its manifest.
pub(super) fn check_bundle(name: &str, bundle: &ActiveBundle) -> Result<(), DiskError> {
    let left = DOCUMENT_DEPTH_MAX - 1; // the manifest is inside of a record
    weigh(&bundle.manifest, left).map(drop).map_err(|message| DiskError::NotJson {
        place: format!("manifest of bundle {name}"),
        message,
    })
}

fn weigh(value: &Value, levels_left: usize) -> Result<usize, String> {
    let (children, keys): (&[Value], &[Value]) = match value.view() {
        View::Set(_) => return Err("there is a set".to_string()),
        View::String(text) => return Ok(text.len() + 2),
        View::Array(items) => (items, &[]),
        View::Object(object) => (object.values(), object.keys().as_slice()),
        _ => return Ok(1),
    };
    let Some(left) = levels_left.checked_sub(1) else {
        return Err(format!("the document is nested deeper than {DOCUMENT_DEPTH_MAX} levels"));
    };
    let mut bytes = 2_usize;
    for key in keys {
        let text = key.as_str().ok_or("there is a key that is no string")?;
        bytes = bytes.saturating_add(text.len() + 3);
    }
    for child in children {
        bytes = bytes.saturating_add(weigh(child, left)? + 1); // as deep as there are levels left
    }
    Ok(bytes)
}

/// Returns a change as a line that says what and where, and the value after it.
pub(super) fn change_bytes(change: &DataChange) -> Vec<u8> {
    let (what, path, value) = match change {
        DataChange::Add(path, value) => ("add", path, Some(value)),
        DataChange::Replace(path, value) => ("replace", path, Some(value)),
        DataChange::Remove(path) => ("remove", path, None),
    };
    let mut head = vec![Value::from(what)];
    head.extend(path.iter().map(|key| Value::from(key.as_str())));
    let mut text = Value::array(head).to_json();
    text.push('\n');
    if let Some(value) = value {
        value.write_json(&mut text);
    }
    text.into_bytes()
}

/// Reads what [`change_bytes`] wrote.
///
/// Errors: it is something else.
pub(super) fn change(bytes: &[u8]) -> Result<DataChange, String> {
    let end = bytes.iter().position(|byte| *byte == b'\n').ok_or("a change without its line")?;
    let (head, rest) = bytes.split_at_checked(end).ok_or("a change without its line")?;
    let head = value(head)?;
    let mut words = head.as_array().unwrap_or_default().iter().map(Value::as_str);
    let what = words.next().flatten();
    let path: Option<Vec<_>> = words.map(|word| word.map(str::to_string)).collect();
    let path = path.filter(|path| path.len() <= PATH_SEGMENTS_MAX).ok_or("a change of no path")?;
    match what {
        Some("add") => Ok(DataChange::Add(path, value(rest)?)),
        Some("replace") => Ok(DataChange::Replace(path, value(rest)?)),
        Some("remove") => Ok(DataChange::Remove(path)),
        _ => Err("a change of no known kind".to_string()),
    }
}

/// Returns a module as JSON.
pub(super) fn module_bytes(module: &ModuleRecord) -> Vec<u8> {
    let version = module.version.map(|version| match version {
        RegoVersion::V0 => "v0",
        RegoVersion::V1 => "v1",
        RegoVersion::Auto => "auto",
    });
    let (origin, bundle) = match &module.origin {
        Origin::Embedded => ("embedded", None),
        Origin::File => ("file", None),
        Origin::Api => ("api", None),
        Origin::Bundle(name) => ("bundle", Some(name.as_str())),
    };
    let optional = |text: Option<&str>| text.map_or(Value::NULL, Value::from);
    let record = Value::object_from_strs([
        ("file", Value::from(module.file.as_str())),
        ("text", Value::from(&*module.text)),
        ("version", optional(version)),
        ("origin", Value::from(origin)),
        ("bundle", optional(bundle)),
    ]);
    record.to_json().into_bytes()
}

/// Reads what [`module_bytes`] wrote.
///
/// Errors: it is something else.
pub(super) fn module(bytes: &[u8]) -> Result<Arc<ModuleRecord>, String> {
    let record = value(bytes)?;
    let version = match optional_text(&record, "version")? {
        None => None,
        Some("v0") => Some(RegoVersion::V0),
        Some("v1") => Some(RegoVersion::V1),
        Some("auto") => Some(RegoVersion::Auto),
        Some(_) => return Err("a module of no known version".to_string()),
    };
    let origin = match (text(&record, "origin")?, optional_text(&record, "bundle")?) {
        ("embedded", None) => Origin::Embedded,
        ("file", None) => Origin::File,
        ("api", None) => Origin::Api,
        ("bundle", Some(name)) => Origin::Bundle(name.to_string()),
        _ => return Err("a module of no known origin".to_string()),
    };
    let file = text(&record, "file")?.to_string();
    Ok(Arc::new(ModuleRecord { file, text: text(&record, "text")?.into(), version, origin }))
}

/// Returns a bundle as JSON.
pub(super) fn bundle_bytes(bundle: &ActiveBundle) -> Vec<u8> {
    let roots = bundle.roots.iter().map(|root| Value::from(root.as_str())).collect();
    let record = Value::object_from_strs([
        ("revision", Value::from(bundle.revision.as_str())),
        ("roots", Value::array(roots)),
        ("etag", Value::from(bundle.etag.as_str())),
        ("manifest", bundle.manifest.clone()),
    ]);
    record.to_json().into_bytes()
}

/// Reads what [`bundle_bytes`] wrote.
///
/// Errors: it is something else.
pub(super) fn bundle(bytes: &[u8]) -> Result<Arc<ActiveBundle>, String> {
    let record = value(bytes)?;
    let roots = record.get_path(&["roots"]).and_then(Value::as_array).ok_or("no roots")?;
    let roots: Option<_> = roots.iter().map(|root| root.as_str().map(str::to_string)).collect();
    Ok(Arc::new(ActiveBundle {
        revision: text(&record, "revision")?.to_string(),
        roots: roots.ok_or("a root that is no text")?,
        etag: text(&record, "etag")?.to_string(),
        manifest: record.get_path(&["manifest"]).cloned().ok_or("no manifest")?,
    }))
}

fn text<'r>(record: &'r Value, key: &str) -> Result<&'r str, String> {
    optional_text(record, key)?.ok_or_else(|| format!("no `{key}`"))
}

fn optional_text<'r>(record: &'r Value, key: &str) -> Result<Option<&'r str>, String> {
    match record.get_path(&[key]) {
        None => Ok(None),
        Some(value) if matches!(value.view(), View::Null) => Ok(None),
        Some(value) => value.as_str().map(Some).ok_or_else(|| format!("`{key}` is no text")),
    }
}
