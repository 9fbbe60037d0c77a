//! `portcullis sign`: the signature of a bundle, in a file beside it.
//!
//! Must not know: how a signature is made.
//!
//! Source: OPA documentation, "opa sign --help".

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;

use anyhow::{Result, anyhow, bail};
use portcullis_bundle::{Entry, SIGNATURES_FILE, sign};
use portcullis_service::load::{
    BundleLoadOptions, LoadCause, LoadError, WhichFiles, load_bundle_files,
};

use super::keys::{KEY_MISSING, SigningArgs};
use crate::exit::Exit;

/// Sign a bundle
///
/// Writes `.signatures.json`, which names every file of the bundle with its digest.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Bundles: directories or archives
    #[arg(value_name = "PATH")]
    paths: Vec<String>,
    /// Take the paths as bundles, which is the only way
    #[arg(short, long)]
    bundle: bool,
    /// Directory that the signature is written to
    #[arg(short, long, value_name = "DIRECTORY", default_value = ".")]
    output_file_path: String,
    #[command(flatten)]
    signing: SigningArgs,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    match write_signature(args) {
        Ok(()) => Ok(Exit::Success),
        Err(error) => {
            writeln!(std::io::stdout(), "error: {error:#}")?;
            Ok(Exit::Refused)
        }
    }
}

fn write_signature(args: &Args) -> Result<()> {
    if args.paths.is_empty() {
        bail!("specify atleast one path containing policy and/or data files");
    }
    if !args.signing.has_key() {
        bail!("{KEY_MISSING}");
    }
    if !args.bundle {
        bail!("enable bundle mode (ie. --bundle) to sign bundle files or directories");
    }
    let signer = args.signing.signer("")?.ok_or_else(|| anyhow!("{KEY_MISSING}"))?;
    let (mut entries, mut names): (Vec<Entry>, _) = (Vec::new(), BTreeSet::new());
    for path in &args.paths {
        for entry in load_bundle_files(path, &BundleLoadOptions::default(), WhichFiles::All)? {
            if !names.insert(entry.path.clone()) {
                bail!("more than one of the bundles has a file `{}`", entry.path);
            }
            entries.push(entry);
        }
    }
    let signatures = sign(&entries, &signer.key, &signer.claims)?;
    let path = Path::new(&args.output_file_path).join(SIGNATURES_FILE);
    std::fs::write(&path, signatures).map_err(|error| {
        LoadError { path: path.display().to_string(), cause: LoadCause::Io(error) }.into()
    })
}
