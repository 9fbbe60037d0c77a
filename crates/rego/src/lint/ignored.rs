//! Comments that silence a rule: `# lint: ignore NAME, NAME why`.

use std::collections::BTreeSet;

use rego_analysis::ParsedModule;
use rego_source::{Diagnostic, SourceId, Sources};

/// What a comment begins with.
const MARKER: &str = "lint: ignore ";

/// Which rule is silent on which line.
pub(super) struct Ignored(BTreeSet<(SourceId, u32, String)>);

/// Returns what the comments of modules silence.
pub(super) fn read(modules: &[ParsedModule], sources: &Sources) -> Ignored {
    let mut silent = BTreeSet::new();
    for ParsedModule { source, module, .. } in modules {
        let Some(file) = sources.get(*source) else { continue };
        for comment in &module.comments {
            let Some(words) = comment.text.trim_start().strip_prefix(MARKER) else { continue };
            let at = file.position(comment.span.start);
            let before = file.line(at.row).chars().take(at.col.saturating_sub(1) as usize);
            let alone = before.into_iter().all(char::is_whitespace);
            let row = if alone { at.row + 1 } else { at.row };
            for word in words.split([' ', ',']).filter(|word| !word.is_empty()) {
                silent.insert((*source, row, word.to_string()));
            }
        }
    }
    Ignored(silent)
}

impl Ignored {
    /// Whether a comment silences a finding.
    pub(super) fn holds(&self, finding: &Diagnostic, sources: &Sources) -> bool {
        let Some(location) = finding.location else { return false };
        let Some(file) = sources.get(location.source) else { return false };
        let row = file.position(location.span.start).row;
        self.0.contains(&(location.source, row, finding.code.to_string()))
    }
}
