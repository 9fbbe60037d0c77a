//! Has the linker put the functions that the gate decides with side by side: what is used is then a
//! few pages, and not one function in each of many (`gate.ld`).
//!
//! Release builds only: others are linked often, and nobody counts their pages. And the linkers only
//! that read such a file: lld, which Rust takes on Linux, and that of GNU; one that somebody has chosen
//! may not.

use std::env;
use std::io::{self, Write};

fn main() -> io::Result<()> {
    let mut cargo = io::stdout();
    writeln!(cargo, "cargo::rerun-if-changed=gate.ld")?;
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    let is_chosen = env::var_os("RUSTC_LINKER").is_some() || flags.contains("fuse-ld");
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|found| found == value);
    if is("PROFILE", "release") && is("CARGO_CFG_TARGET_OS", "linux") && !is_chosen {
        let directory = env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?;
        writeln!(cargo, "cargo::rustc-link-arg-bins=-Wl,-T,{directory}/gate.ld")?;
    }
    Ok(())
}
