//! `run --bundle`: paths as bundles.

use std::path::PathBuf;

use anyhow::Result;
use portcullis_bundle::Verification;
use portcullis_service::plugin::LocalBundle;

use super::Args;
use super::initial;

/// Returns the bundles that the paths name, by the paths as they were given.
pub(super) fn all(args: &Args) -> Result<Vec<LocalBundle>> {
    let verification = verification(args)?;
    let named = initial::local(&args.paths).into_iter().map(|path| LocalBundle {
        name: path.trim_end_matches('/').to_string(),
        path: PathBuf::from(path.strip_prefix("file://").unwrap_or(&path)),
        ignore: args.ignore.clone(),
        verification: verification.clone(),
    });
    Ok(named.collect())
}

fn verification(args: &Args) -> Result<Verification> {
    if args.skip_verify {
        return Ok(Verification::Skip);
    }
    let config = args.verification.config(&args.signing_alg)?;
    Ok(config.map_or(Verification::NoKeys, Verification::Verify))
}
