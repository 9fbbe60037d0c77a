//! `run --bundle`: paths as bundles.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use portcullis_bundle::{
    SignatureAlgorithm, Unsigned, Verification, VerificationConfig, VerificationKey,
};
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
    let Some(key) = &args.verification_key else {
        if args.scope.is_some() || !args.exclude_files_verify.is_empty() {
            bail!("--scope and --exclude-files-verify go with --verification-key");
        }
        return Ok(Verification::NoKeys);
    };
    let algorithm = SignatureAlgorithm::from_name(&args.signing_alg)
        .context("--signing-alg is no algorithm of signatures")?;
    // A key in a file, or the secret itself.
    let text = match std::fs::metadata(key) {
        Ok(_) => std::fs::read_to_string(key).with_context(|| format!("cannot read `{key}`"))?,
        Err(_) => key.clone(),
    };
    let key = VerificationKey { key: text, algorithm, scope: String::new() };
    key.check().context("--verification-key is no key of --signing-alg")?;
    Ok(Verification::Verify(VerificationConfig {
        keys: BTreeMap::from([(args.verification_key_id.clone(), key)]),
        key_id: args.verification_key_id.clone(),
        scope: args.scope.clone().unwrap_or_default(),
        exclude_files: args.exclude_files_verify.clone(),
        unsigned: Unsigned::Refuse,
    }))
}
