//! METADATA blocks of a module beside what its parser found.
//!
//! Must not know: what annotations are used for.

use rego_analysis::annotation::{self, Annotation, Blocks};
use rego_source::{Diagnostic, Severity, SourceFile, SourceId};
use rego_syntax::ast::Module;

/// What to do about METADATA blocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Annotations {
    /// Nothing: comments are comments, rules have no annotations.
    #[default]
    Ignore,
    /// A block that is not YAML or says what it must not is a warning, and has no effect.
    Warn,
    /// Such a block is an error.
    Check,
}

/// Returns the annotations of a module, and all that is wrong with it, in OPA's order: what the
/// parser found while it read, blocks that cannot be read, and, only where there is none of either,
/// what is found once all is read; then blocks of a wrong scope.
pub(crate) fn read(
    (module, source): (&Module, SourceId),
    file: &SourceFile,
    level: Annotations,
    mut found: Vec<Diagnostic>,
) -> (Vec<Annotation>, Vec<Diagnostic>) {
    if level == Annotations::Ignore {
        return (Vec::new(), found);
    }
    let Blocks { annotations, unreadable, misplaced } = annotation::read(module, source, file);
    if level == Annotations::Warn {
        let lower = |error| Diagnostic { severity: Severity::Warning, ..error };
        found.extend(unreadable.into_iter().chain(misplaced).map(lower));
        return (annotations, found);
    }
    let is_error = |d: &Diagnostic| d.severity == Severity::Error;
    if !unreadable.is_empty() {
        found.retain(|d| !is_error(d) || d.shows_source);
        found.extend(unreadable);
    } else if !found.iter().any(is_error) {
        found.extend(misplaced);
    }
    (annotations, found)
}
