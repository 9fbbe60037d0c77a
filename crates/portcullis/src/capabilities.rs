//! The flag `--capabilities`: a file, or a version of OPA.
//!
//! Must not know: what capabilities are used for.

use std::io::Read;

use rego::{Capabilities, Compiler};

use crate::report::Report;

/// Largest file of capabilities that is read, in bytes.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// The flag of commands that compile.
#[derive(clap::Args)]
pub(crate) struct CapabilitiesArgs {
    /// Allow only the built-in functions and parts of the language that a file lists, or that a
    /// version of OPA such as `v1.7.0` had
    #[arg(long, value_name = "VERSION|PATH")]
    capabilities: Option<String>,
}

impl CapabilitiesArgs {
    /// Returns the compiler with the capabilities asked for, if any are.
    ///
    /// Errors: neither a file that can be read nor a version.
    pub(crate) fn apply(&self, compiler: Compiler) -> Result<Compiler, Vec<Report>> {
        match self.load().map_err(|message| vec![Report::plain(&message)])? {
            Some(capabilities) => Ok(compiler.capabilities(capabilities)),
            None => Ok(compiler),
        }
    }

    /// Returns the capabilities asked for, if any are.
    ///
    /// Errors: neither a file that can be read nor a version.
    pub(crate) fn load(&self) -> Result<Option<Capabilities>, String> {
        let Some(asked) = &self.capabilities else { return Ok(None) };
        match (read_file(asked), Capabilities::of_version(asked)) {
            (Ok(capabilities), _) | (Err(None), Some(capabilities)) => Ok(Some(capabilities)),
            (Err(Some(why)), _) => Err(format!("capabilities: {asked}: {why}")),
            (Err(None), None) => {
                Err(format!("no such file or capabilities version found: {asked}"))
            }
        }
    }
}

/// Reads a file. Errors: why not, or nothing where there is no such file.
pub(crate) fn read_file(path: &str) -> Result<Capabilities, Option<String>> {
    let file = std::fs::File::open(path.strip_prefix("file://").unwrap_or(path));
    let file = file.map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => None,
        _ => Some(error.to_string()),
    })?;
    let mut text = Vec::new();
    file.take(FILE_BYTES_MAX + 1).read_to_end(&mut text).map_err(|e| Some(e.to_string()))?;
    if text.len() as u64 > FILE_BYTES_MAX {
        return Err(Some(format!("larger than {FILE_BYTES_MAX} bytes")));
    }
    Capabilities::from_json(&text).map_err(|error| Some(error.to_string()))
}
