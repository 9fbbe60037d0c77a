//! `portcullis version`.

use std::io::Write;

use anyhow::Result;

use crate::exit::Exit;

/// The version of Rego that policies are read as unless told otherwise.
const REGO_VERSION: &str = "v1";

/// Print version, build and platform
#[derive(clap::Args)]
pub(super) struct Args {}

pub(super) fn run(_args: &Args) -> Result<Exit> {
    let platform = format!("{}/{}", std::env::consts::OS, std::env::consts::ARCH);
    let fields = [
        ("Version", env!("CARGO_PKG_VERSION")),
        ("Build Commit", commit()),
        ("Build Timestamp", option_env!("PORTCULLIS_BUILD_TIMESTAMP").unwrap_or_default()),
        ("Build Hostname", option_env!("PORTCULLIS_BUILD_HOSTNAME").unwrap_or_default()),
        ("Rust Version", env!("CARGO_PKG_RUST_VERSION")),
        ("Platform", &platform),
        ("Rego Version", REGO_VERSION),
        ("WebAssembly", "unavailable"),
    ];
    let mut out = std::io::stdout().lock();
    for (name, value) in fields {
        writeln!(out, "{}", format!("{name}: {value}").trim_end())?;
    }
    out.flush()?;
    Ok(Exit::Success)
}

/// Returns the commit that this was built from, or nothing where the build was not told.
pub(super) fn commit() -> &'static str {
    option_env!("PORTCULLIS_BUILD_COMMIT").unwrap_or_default()
}
