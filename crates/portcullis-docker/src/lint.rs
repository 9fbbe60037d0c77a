//! Likely mistakes in the policy that was loaded, as lines for whoever runs the gate.
//!
//! Must not know: what the mistakes are.

use std::sync::Arc;

use portcullis_service::snapshot::Snapshot;
use portcullis_service::state::Origin;
use rego::{Compiler, Errors};

/// Most findings that are told of; `portcullis lint` shows all.
const FINDINGS_MAX: usize = 20;

/// Returns a line for each finding in the modules of a policy, its hint included; nothing about the
/// embedded policy.
pub(crate) fn findings(snapshot: &Snapshot) -> Vec<String> {
    let otherwise = snapshot.options().rego_version;
    let modules = snapshot.state().modules.values();
    let compiler = modules.filter(|module| module.origin != Origin::Embedded).fold(
        Compiler::new(),
        |compiler, module| {
            let version = module.version.unwrap_or(otherwise);
            compiler.module_of(module.file.as_str(), Arc::clone(&module.text), version)
        },
    );
    // What cannot be read was refused before.
    let Ok(found) = compiler.lint(&[]) else { return Vec::new() };
    let errors = Errors { diagnostics: found.diagnostics, sources: found.sources };
    let mut lines: Vec<String> = errors
        .diagnostics
        .iter()
        .take(FINDINGS_MAX)
        .map(|finding| {
            let hint = finding.hint.as_ref().map(|hint| format!(" ({hint})"));
            format!("{}{}", errors.line(finding), hint.unwrap_or_default())
        })
        .collect();
    let more = errors.diagnostics.len().saturating_sub(FINDINGS_MAX);
    if more > 0 {
        lines.push(format!("lint: {more} more; `portcullis lint` shows all"));
    }
    lines
}
