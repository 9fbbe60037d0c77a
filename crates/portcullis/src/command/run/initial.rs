//! What a server starts with: files, or nothing.

use std::sync::Arc;

use anyhow::{Context, Result};
use portcullis_service::config::DiskConfig;
use portcullis_service::files::PolicyFiles;
use portcullis_service::snapshot::CompileOptions;
use portcullis_service::source::PolicySource;
use portcullis_service::state::State;
use portcullis_service::store::{DiskOptions, DiskStore, Store};
use rego::{Annotations, RegoVersion, Value};

use super::Args;
use crate::command::version;

/// A store, and the files whose content is in it.
pub(super) struct Initial {
    pub(super) store: Arc<Store>,
    pub(super) files: Option<Arc<PolicyFiles>>,
}

/// Opens the store, durable where one is configured, and puts the files in.
pub(super) fn open(args: &Args, disk: Option<&DiskConfig>) -> Result<Initial> {
    let options = CompileOptions {
        rego_version: rego_version(args),
        annotations: Annotations::Check,
        errors_max: Some(if args.max_errors == 0 { usize::MAX } else { args.max_errors }),
        queries: Vec::new(),
    };
    let store = Arc::new(match disk {
        None => Store::open(State::default(), options)?,
        Some(disk) => {
            let disk = DiskOptions {
                directory: disk.directory.clone().into(),
                auto_create: disk.auto_create,
                partitions: disk.partitions.clone(),
            };
            let (durable, state) = DiskStore::open(&disk)?;
            let store = Store::open(state, options);
            store.context("the stored policies are not usable")?.with_durable(Box::new(durable))
        }
    });
    store.write(|txn| {
        let path = ["system".to_string(), "version".to_string()];
        let version = version_document();
        if txn.read(&path).is_ok_and(|there| *there == version) {
            Ok(())
        } else {
            txn.put(&path, version)
        }
    })?;
    let paths = if args.bundle { Vec::new() } else { local(&args.paths) };
    if paths.is_empty() {
        return Ok(Initial { store, files: None });
    }
    let source = PolicySource {
        paths,
        ignore: args.ignore.clone(),
        rego_version: rego_version(args),
        annotations: Annotations::Check,
        ..PolicySource::default()
    };
    let nothing = Value::object(Vec::new());
    let files = Arc::new(PolicyFiles::over(source, Arc::clone(&store), nothing));
    files.load().map_err(|error| anyhow::anyhow!("{error}"))?;
    Ok(Initial { store, files: Some(files) })
}

/// Returns what policies find at `data.system.version`.
fn version_document() -> Value {
    Value::object_from_strs([
        ("build_commit", Value::from(version::commit())),
        ("build_hostname", Value::from("")),
        ("build_timestamp", Value::from("")),
        ("version", Value::from(env!("CARGO_PKG_VERSION"))),
    ])
}

pub(super) fn rego_version(args: &Args) -> RegoVersion {
    if args.v0_compatible { RegoVersion::V0 } else { RegoVersion::V1 }
}

/// Returns the paths that are files here, not bundles elsewhere.
pub(super) fn local(paths: &[String]) -> Vec<String> {
    paths.iter().filter(|path| !is_remote(path)).cloned().collect()
}

/// Whether a path is the URL of a bundle on a server.
pub(super) fn is_remote(path: &str) -> bool {
    path.starts_with("http://") || path.starts_with("https://")
}
