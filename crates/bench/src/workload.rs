//! The workloads: written by a script into a directory of their own, then read back.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use crate::failure::{Failure, Outcome};

/// One workload, as text.
pub(crate) struct Workload {
    /// Its name.
    pub(crate) name: String,
    /// The directory it was read from.
    pub(crate) dir: PathBuf,
    /// Name and text of each module.
    pub(crate) modules: Vec<(String, String)>,
    /// The query, a reference to a rule.
    pub(crate) query: String,
    /// The input document.
    pub(crate) input: String,
    /// The base document.
    pub(crate) data: String,
}

#[derive(Deserialize)]
struct Manifest {
    query: String,
}

/// A directory that is removed when its owner goes.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    /// Makes one.
    pub(crate) fn new(name: &str) -> Outcome<Self> {
        let path = std::env::temp_dir().join(format!("portcullis-{name}-{}", std::process::id()));
        fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    /// Returns its path.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Returns the directory of the material that all measurements read.
pub(crate) fn shared() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared")
}

/// Writes the workloads into a directory.
pub(crate) fn write(dir: &Path, big: bool) -> Outcome<()> {
    let script = shared().join("bench/workloads.py");
    let mut command = Command::new("python3");
    command.arg(&script).arg(dir).env("BIG", if big { "1" } else { "0" });
    let status = command.status().map_err(|e| format!("python3: {e}"))?;
    if status.success() { Ok(()) } else { Err(format!("{}: {status}", script.display()).into()) }
}

/// Reads one.
pub(crate) fn read(dir: &Path) -> Outcome<Workload> {
    let text = |name: &str| {
        let path = dir.join(name);
        fs::read_to_string(&path).map_err(|e| Failure(format!("{}: {e}", path.display())))
    };
    let manifest: Manifest = serde_json::from_str(&text("manifest.json")?)?;
    let data = if dir.join("data.json").exists() { text("data.json")? } else { "{}".to_owned() };
    let mut modules = Vec::new();
    for path in sorted_entries(&dir.join("policy"))? {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        modules.push((name, fs::read_to_string(&path)?));
    }
    Ok(Workload {
        name: dir.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        dir: dir.to_owned(),
        modules,
        query: manifest.query,
        input: text("input.json")?,
        data,
    })
}

/// Returns the paths of a directory, sorted.
pub(crate) fn sorted_entries(dir: &Path) -> Outcome<Vec<PathBuf>> {
    let entries = fs::read_dir(dir).map_err(|e| format!("{}: {e}", dir.display()))?;
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    Ok(paths)
}
