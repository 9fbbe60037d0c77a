//! The inputs: files of the paths, one after the other, and the standard input.
//!
//! Must not know: what is decided on them.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow, bail};
use portcullis_service::load::{
    self, DIRECTORY_DEPTH_MAX, FILES_MAX, LoadCause, LoadError, parse_document,
};
use rego::Value;

use super::Args;

/// What the standard input is called among the results.
const STDIN_NAME: &str = "--stdin-input";

/// Largest standard input, in bytes. Ours.
const STDIN_BYTES_MAX: u64 = 1 << 30;

/// An input, or why it is none.
pub(super) struct Input {
    pub(super) path: String,
    pub(super) value: Result<Value, String>,
}

/// Returns all inputs. Each is read when it is asked for, so that they are not all in memory.
///
/// Errors: no standard input, or paths that are not there.
pub(super) fn all(args: &Args) -> Result<impl Iterator<Item = Result<Input>> + use<>> {
    let first = if args.stdin_input { Some(Ok(read_stdin()?)) } else { None };
    let mut files = Vec::new();
    for path in &args.paths {
        let path = path.strip_prefix("file://").unwrap_or(path);
        list(Path::new(path), 0, &mut files)?;
    }
    let rest = files.into_iter().map(|path| {
        let value = load::read_document(&path).map_err(|error| error.to_string());
        Ok(Input { path, value })
    });
    Ok(first.into_iter().chain(rest))
}

fn read_stdin() -> Result<Input> {
    let mut bytes = Vec::new();
    std::io::stdin().lock().take(STDIN_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > STDIN_BYTES_MAX {
        bail!("standard input: larger than {STDIN_BYTES_MAX} bytes");
    }
    let value = parse_document(&bytes).map_err(|message| anyhow!("standard input: {message}"))?;
    if bytes.trim_ascii().is_empty() {
        bail!(
            "cannot execute on empty input; please enter valid json or yaml when using the \
             --stdin-input flag"
        );
    }
    Ok(Input { path: STDIN_NAME.to_string(), value: Ok(value) })
}

/// Adds the files that may be inputs, in order of names; any other is passed over, also where it
/// was named.
fn list(path: &Path, depth: usize, files: &mut Vec<String>) -> Result<()> {
    let failed = |cause| LoadError { path: path.display().to_string(), cause };
    let io = |error| failed(LoadCause::Io(error));
    if depth > DIRECTORY_DEPTH_MAX {
        let limit = format!("more than {DIRECTORY_DEPTH_MAX} directories deep");
        bail!(failed(LoadCause::TooMuch(limit)));
    }
    let metadata = fs::metadata(path).map_err(io)?;
    if metadata.is_dir() {
        // A link inside a directory may lead back up.
        if depth > 0 && path.is_symlink() {
            return Ok(());
        }
        let entries = fs::read_dir(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let mut children: Vec<PathBuf> =
            entries.map_err(io)?.into_iter().map(|entry| entry.path()).collect();
        children.sort();
        return children.iter().try_for_each(|child| list(child, depth + 1, files));
    }
    let extension = path.extension().and_then(|extension| extension.to_str());
    // A pipe inside a directory would block.
    let is_readable = depth == 0 || metadata.is_file();
    if is_readable && matches!(extension, Some("json" | "yaml" | "yml")) {
        if files.len() >= FILES_MAX {
            bail!(failed(LoadCause::TooMuch(format!("more than {FILES_MAX} files"))));
        }
        let clean: PathBuf = path.components().collect();
        files.push(clean.to_string_lossy().into_owned());
    }
    Ok(())
}
