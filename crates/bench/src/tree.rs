//! A tree of 200 policy files: the seeds' Rego v1 policies over and over, each in a package of its
//! own.

use std::fs;

use crate::failure::Outcome;
use crate::workload::{shared, sorted_entries};

const FILES: usize = 200;

/// Returns name and text of each file.
pub(crate) fn modules() -> Outcome<Vec<(String, String)>> {
    let mut texts = Vec::new();
    for path in sorted_entries(&shared().join("seeds/policies"))? {
        if !path.to_string_lossy().ends_with("_v0.rego") {
            texts.push(fs::read_to_string(&path)?);
        }
    }
    let number = |(index, text): (usize, &String)| {
        let own = format!("package docker.authz.m{index}");
        (format!("m{index}.rego"), text.replacen("package docker.authz", &own, 1))
    };
    Ok(texts.iter().cycle().take(FILES).enumerate().map(number).collect())
}

/// Returns a query that some of the files define.
pub(crate) fn query() -> &'static str {
    "data.docker.authz.m1.allow"
}
