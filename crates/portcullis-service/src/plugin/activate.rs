//! Puts bundles in force: one transaction, all of it or nothing.
//!
//! Must not know: where bundles come from, when.
//!
//! Source: OPA documentation, "Bundles"; OPA `v1/bundle/store.go`.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use portcullis_bundle::{Bundle, Manifest, overlaps, roots_overlap};
use rego::{RegoVersion, Value, package_of};

use super::error::Failure;
use crate::state::{ActiveBundle, ModuleRecord, Origin, State};
use crate::store::{Store, Transaction, WriteError};
use crate::telemetry::metrics::Metrics;

/// A bundle that is to be active.
pub(super) struct Incoming {
    /// Its name in the configuration.
    pub(super) name: String,
    /// What it holds.
    pub(super) bundle: Bundle,
    /// What the server calls it; empty where it does not say.
    pub(super) etag: String,
    /// Whether the configuration has dropped it since.
    pub(super) retired: Arc<AtomicBool>,
}

/// Puts bundles in force together: what they and their predecessors own is replaced.
///
/// Errors: roots that overlap those of other active bundles, modules outside of them, a patch that
/// does not apply, whatever does not compile. Nothing has changed then.
pub(super) fn activate(
    store: &Store,
    incoming: Vec<Incoming>,
    metrics: &mut Metrics,
) -> Result<(), Failure> {
    let started = Instant::now();
    let default = store.snapshot().options().rego_version;
    let has_modules = incoming.iter().any(|incoming| !incoming.bundle.modules.is_empty());
    for Incoming { bundle, .. } in &incoming {
        check_packages(bundle, default)?;
    }
    if has_modules {
        metrics.timer("rego_module_parse").record_since(started);
    }
    let compiling = Instant::now();
    let written = write(store, |txn| {
        // Looked at within the transaction: what takes a bundle out of force comes before or after.
        if incoming.iter().any(|incoming| incoming.retired.load(Ordering::SeqCst)) {
            return Err(Failure::new("the bundle is no longer configured"));
        }
        check_overlaps(txn.state(), &incoming)?;
        for incoming in incoming {
            if incoming.bundle.is_delta() { patch(txn, incoming)? } else { replace(txn, incoming)? }
        }
        Ok(())
    });
    metrics.timer("rego_module_compile").record_since(compiling);
    metrics.timer("rego_load_bundles").record_since(started);
    written
}

/// Takes bundles out of force, with what they own.
///
/// Errors: what is left does not compile. Nothing has changed then.
pub(super) fn deactivate(store: &Store, names: &BTreeSet<String>) -> Result<(), Failure> {
    write(store, |txn| {
        for name in names {
            let Some(active) = txn.state().bundles.get(name).cloned() else { continue };
            remove_modules(txn, name, &[]);
            erase_data(txn, &active.roots)?;
            txn.remove_bundle(name);
        }
        Ok(())
    })
}

/// Runs a transaction that may fail with more than a sentence.
fn write(
    store: &Store,
    work: impl FnOnce(&mut Transaction) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut failed = None;
    let written = store.write(|txn| {
        let version = txn.read(&version_path()).ok().cloned();
        let done = work(txn).and_then(|()| {
            write_documents(txn)?;
            keep_version(txn, version)
        });
        done.map_err(|failure| {
            failed = Some(failure.clone());
            WriteError::from(failure)
        })
    });
    match (failed, written) {
        (Some(failure), _) => Err(failure),
        (None, written) => written.map_err(Failure::from),
    }
}

fn check_packages(bundle: &Bundle, default: RegoVersion) -> Result<(), Failure> {
    for module in &bundle.modules {
        let version = module.rego_version.unwrap_or(default);
        let package = package_of(&module.path, &module.text, version)?;
        bundle.manifest.check_module_root(&package, &module.path)?;
    }
    Ok(())
}

fn check_overlaps(state: &State, incoming: &[Incoming]) -> Result<(), Failure> {
    let is_incoming = |name: &String| incoming.iter().any(|incoming| incoming.name == *name);
    let others = state.bundles.iter().filter(|(name, _)| !is_incoming(name));
    let others: Vec<(&str, Manifest)> = others
        .map(|(name, active)| {
            (name.as_str(), Manifest { roots: active.roots.clone(), ..Manifest::default() })
        })
        .collect();
    let others = others.iter().map(|(name, manifest)| (*name, manifest));
    let new = incoming.iter().map(|it| (it.name.as_str(), &it.bundle.manifest));
    match overlaps(&others.chain(new).collect::<Vec<_>>()) {
        Some(overlaps) => Err(Failure::new(overlaps.to_string())),
        None => Ok(()),
    }
}

/// Puts a whole bundle in the place of what it and its predecessor own.
fn replace(txn: &mut Transaction, incoming: Incoming) -> Result<(), Failure> {
    let Incoming { name, bundle, etag, .. } = incoming;
    let manifest = bundle.manifest;
    let old = txn.state().bundles.get(&name).cloned();
    let mut roots = manifest.roots.clone();
    roots.extend(old.iter().flat_map(|old| old.roots.iter().cloned()));
    remove_modules(txn, &name, &roots);
    erase_data(txn, &roots)?;
    for root in &manifest.roots {
        put_root(txn, root, value_at(&bundle.data, root))?;
    }
    for module in bundle.modules {
        let record = ModuleRecord {
            file: module.path,
            text: module.text.into(),
            version: module.rego_version,
            origin: Origin::Bundle(name.clone()),
        };
        txn.put_module(&module.id, record);
    }
    put_active(txn, &name, &manifest, etag);
    Ok(())
}

/// Changes the data of a bundle.
fn patch(txn: &mut Transaction, incoming: Incoming) -> Result<(), Failure> {
    let Incoming { name, bundle, etag, .. } = incoming;
    let Some(patch) = bundle.patch else { return Ok(()) };
    let manifest = bundle.manifest;
    if let Some(active) = txn.state().bundles.get(&name) {
        let sorted = |roots: &[String]| roots.iter().cloned().collect::<BTreeSet<_>>();
        if sorted(&active.roots) != sorted(&manifest.roots) {
            let message = "delta bundle roots differ from those of the active bundle";
            return Err(Failure::new(message));
        }
        let wasm = active.manifest.get_path(&["wasm"]);
        if wasm != manifest.to_value().get_path(&["wasm"]) {
            let message = "delta bundle wasm resolvers differ from those of the active bundle";
            return Err(Failure::new(message));
        }
    }
    let after = patch.apply(txn.state().data.clone())?;
    for root in &manifest.roots {
        put_root(txn, root, value_at(&after, root))?;
    }
    put_active(txn, &name, &manifest, etag);
    Ok(())
}

fn put_active(txn: &mut Transaction, name: &str, manifest: &Manifest, etag: String) {
    let active = ActiveBundle {
        revision: manifest.revision.clone(),
        roots: manifest.roots.clone(),
        etag,
        manifest: manifest.to_value(),
    };
    txn.put_bundle(name, active);
}

/// Takes away the modules of a bundle, and those that others have put where it owns the package:
/// they could change what its rules mean.
fn remove_modules(txn: &mut Transaction, name: &str, roots: &[String]) {
    let own = Origin::Bundle(name.to_string());
    let is_gone = |record: &ModuleRecord| match &record.origin {
        Origin::Embedded => false,
        Origin::Bundle(_) => record.origin == own,
        Origin::File | Origin::Api => {
            let version = record.version.unwrap_or(RegoVersion::Auto);
            let package = package_of(&record.file, &record.text, version).unwrap_or_default();
            let package = package.join("/");
            roots.iter().any(|root| holds(root, &package))
        }
    };
    let modules = txn.state().modules.iter();
    let gone = modules.filter(|(_, record)| is_gone(record)).map(|(id, _)| id.clone());
    for id in gone.collect::<Vec<_>>() {
        txn.remove_module(&id);
    }
}

/// Whether a root holds a path, and does not merely lie below it.
fn holds(root: &str, path: &str) -> bool {
    let length = |text: &str| text.split('/').filter(|part| !part.is_empty()).count();
    length(root) <= length(path) && roots_overlap(root, path)
}

fn erase_data(txn: &mut Transaction, roots: &[String]) -> Result<(), Failure> {
    for root in roots {
        let path = path_of(root);
        if path.is_empty() {
            txn.set_data(Value::object(Vec::new()))?;
        } else if txn.read(&path).is_ok() {
            txn.remove(&path)?;
        }
    }
    Ok(())
}

/// Puts what a bundle says of a root in place of what is there.
fn put_root(txn: &mut Transaction, root: &str, value: Option<&Value>) -> Result<(), Failure> {
    let path = path_of(root);
    let there = txn.read(&path).ok();
    let (is_there, is_same) = (there.is_some(), there == value);
    match value {
        // The same value again would be written to the disk for nothing.
        _ if is_same => {}
        Some(value) if path.is_empty() => txn.set_data(value.clone())?,
        Some(value) if is_there => txn.replace(&path, value.clone())?,
        Some(value) => txn.put(&path, value.clone())?,
        None if !path.is_empty() && is_there => txn.remove(&path)?,
        None => {}
    }
    Ok(())
}

fn value_at<'d>(data: &'d Value, root: &str) -> Option<&'d Value> {
    let path = path_of(root);
    data.get_path(&path.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Puts `data.system.bundles` where OPA has it, from what is active: a bundle that owns `system`
/// or everything cannot say anything else.
fn write_documents(txn: &mut Transaction) -> Result<(), Failure> {
    let path = ["system".to_string(), "bundles".to_string()];
    let active = txn.state().bundles.iter();
    let documents = active.map(|(name, active)| {
        let document = Value::object_from_strs([
            ("manifest", active.manifest.clone()),
            ("etag", Value::from(active.etag.as_str())),
        ]);
        (Value::from(name.as_str()), document)
    });
    let documents = Value::object(documents.collect());
    let is_empty = txn.state().bundles.is_empty();
    match txn.read(&path).ok().cloned() {
        Some(there) if there == documents => {}
        Some(_) if is_empty => {
            txn.remove(&path)?;
            let [system, _] = &path;
            let above = std::slice::from_ref(system);
            if txn.read(above)?.as_object().is_some_and(|system| system.is_empty()) {
                txn.remove(above)?;
            }
        }
        Some(_) => txn.replace(&path, documents)?,
        None if is_empty => {}
        None => txn.put(&path, documents)?,
    }
    Ok(())
}

/// Where the program says which one it is.
fn version_path() -> [String; 2] {
    ["system".to_string(), "version".to_string()]
}

/// Puts back what the program says of itself, whoever owns the place now.
fn keep_version(txn: &mut Transaction, version: Option<Value>) -> Result<(), Failure> {
    match version {
        Some(version) if txn.read(&version_path()).ok() != Some(&version) => {
            txn.put(&version_path(), version)?;
        }
        _ => {}
    }
    Ok(())
}

/// Returns the path of data that a root names.
fn path_of(root: &str) -> Vec<String> {
    let segments = root.split('/').filter(|segment| !segment.is_empty());
    segments.map(|segment| decode(segment).into_owned()).collect()
}

/// Decodes `%2F` and the like; what is not encoded that way stands for itself.
fn decode(segment: &str) -> Cow<'_, str> {
    let mut decoded = Vec::new();
    let mut rest = segment.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        if *byte != b'%' {
            decoded.push(*byte);
            continue;
        }
        let digits = after.split_first_chunk::<2>();
        let value = digits.and_then(|([high, low], _)| {
            let (high, low) = (char::from(*high).to_digit(16)?, char::from(*low).to_digit(16)?);
            u8::try_from(high * 16 + low).ok()
        });
        let (Some(value), Some((_, after))) = (value, digits) else { return segment.into() };
        decoded.push(value);
        rest = after;
    }
    String::from_utf8(decoded).map_or(segment.into(), Cow::Owned)
}
