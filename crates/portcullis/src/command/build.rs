//! `portcullis build`: policies and data to a bundle.
//!
//! Must not know: how a bundle is encoded or signed.
//!
//! Source: OPA documentation, "opa build --help".

mod assemble;
mod output;

use std::io::Write;
use std::path::Path;

use anyhow::{Result, bail};
use clap::ValueEnum;
use portcullis_bundle::{MANIFEST_FILE, sign, write_entries};

use super::keys::{SigningArgs, VerificationArgs};
use crate::capabilities::CapabilitiesArgs;
use crate::exit::Exit;

/// What policies become.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Target {
    /// Modules as they are
    Rego,
    /// A WebAssembly module
    Wasm,
    /// An intermediate form
    Plan,
}

/// Build a bundle
///
/// Compiles policies and data, and puts them into one archive. The same input makes the same
/// bytes.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Files and directories; with --bundle, bundles
    #[arg(value_name = "PATH")]
    paths: Vec<String>,
    /// Take the paths as bundles, directories or archives, and keep their manifest
    #[arg(short, long)]
    bundle: bool,
    /// Where the bundle is written
    #[arg(short, long, value_name = "PATH", default_value = "bundle.tar.gz")]
    output: String,
    /// Revision of the bundle, in place of that of a manifest
    #[arg(short, long, value_name = "TEXT")]
    revision: Option<String>,
    /// A rule or a package that is asked for, such as `authz/allow`: must be there; may be repeated
    #[arg(short, long, value_name = "PATH")]
    entrypoint: Vec<String>,
    /// What policies become; only rego is part of this version
    #[arg(short, long, value_enum, default_value = "rego")]
    target: Target,
    /// How much is evaluated while building; only 0 is part of this version
    #[arg(short = 'O', long, value_name = "LEVEL", default_value_t = 0)]
    optimize: u32,
    /// Package of optimized policies; only its default is part of this version
    #[arg(long, value_name = "NAME", default_value = "partial")]
    partial_namespace: String,
    /// Leave out what depends on entrypoints; counts for other targets than rego
    #[arg(long)]
    prune_unused: bool,
    /// Keep print statements in WebAssembly; counts for that target
    #[arg(long)]
    wasm_include_print: bool,
    /// Pass over files and directories of these names, inside directories
    #[arg(long, value_name = "PATTERN", value_delimiter = ',')]
    ignore: Vec<String>,
    /// Follow symbolic links inside bundle directories; in other directories they always are
    #[arg(long)]
    follow_symlinks: bool,
    #[command(flatten)]
    capabilities: CapabilitiesArgs,
    /// Tell what is done, on the standard error
    #[arg(long)]
    debug: bool,
    #[command(flatten)]
    verification: VerificationArgs,
    #[command(flatten)]
    signing: SigningArgs,
    /// Read policies as Rego v0 where a manifest does not say otherwise
    #[arg(long)]
    v0_compatible: bool,
    /// Read policies as Rego v1, which is what happens anyway
    #[arg(long)]
    v1_compatible: bool,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    match build(args) {
        Ok(()) => Ok(Exit::Success),
        Err(error) => {
            writeln!(std::io::stdout(), "error: {error:#}")?;
            Ok(Exit::Refused)
        }
    }
}

/// Refuses what is not there. Better than a bundle that is not what was asked for.
fn check_usage(args: &Args) -> Result<()> {
    if args.paths.is_empty() {
        bail!("expected at least one path");
    }
    if args.target != Target::Rego {
        bail!("only the target `rego` is part of this version yet");
    }
    if args.optimize > 0 {
        bail!("optimization needs partial evaluation, which is not part of this version yet");
    }
    if args.partial_namespace != "partial" {
        bail!(
            "--partial-namespace needs partial evaluation, which is not part of this version yet"
        );
    }
    if args.prune_unused || args.wasm_include_print {
        bail!(
            "--prune-unused and --wasm-include-print count for the targets `wasm` and `plan`, \
             which are not part of this version yet"
        );
    }
    Ok(())
}

fn build(args: &Args) -> Result<()> {
    check_usage(args)?;
    let verification = args.verification.config(&args.signing.signing_alg)?;
    let signer = args.signing.signer(args.verification.key_id())?;
    if (verification.is_some() || signer.is_some()) && !args.bundle {
        bail!("enable bundle mode (ie. --bundle) to verify or sign bundle files or directories");
    }
    if !args.bundle {
        warn_of_manifests(&args.paths)?;
    }
    let mut files = if args.bundle {
        assemble::from_bundles(args, verification)?
    } else {
        assemble::from_files(args)?
    };
    if let Some(revision) = &args.revision {
        files.manifest.revision.clone_from(revision);
    }
    if let Some(signer) = signer {
        files.signatures = Some(sign(&files.entries(), &signer.key, &signer.claims)?);
    }
    let entries = files.entries();
    debug(args, || {
        let names = entries.iter().map(|entry| format!("writing {}", entry.path));
        names.collect()
    })?;
    output::write(&args.output, &write_entries(&entries)?)
}

/// Writes what `lines` gives to the standard error, where that is asked for.
fn debug(args: &Args, lines: impl FnOnce() -> Vec<String>) -> Result<()> {
    if !args.debug {
        return Ok(());
    }
    let mut err = std::io::stderr().lock();
    lines().iter().try_for_each(|line| writeln!(err, "DEBUG: {line}"))?;
    Ok(())
}

/// A manifest that does not count is likely a mistake.
fn warn_of_manifests(paths: &[String]) -> Result<()> {
    let has_manifest = |path: &&String| {
        let path = Path::new(path.strip_prefix("file://").unwrap_or(path));
        path.is_dir() && path.join(MANIFEST_FILE).exists()
    };
    for path in paths.iter().filter(has_manifest) {
        writeln!(
            std::io::stderr(),
            "Warning: .manifest file found in {path:?} but -b flag not specified. Manifest will be \
             ignored."
        )?;
    }
    Ok(())
}
