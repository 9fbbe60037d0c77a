//! Whether a scope fits where its block stands.
//!
//! Must not know: YAML, other blocks.

use rego_source::Diagnostic;
use rego_syntax::ast::AnnotationTarget;

use super::block::PARSE;
use super::{Annotation, Scope};

/// Returns the annotation with its scope: the one asked for, or the one that comes from the place.
///
/// Errors: a scope that there is not, or that does not fit; an entrypoint that is no document.
pub(super) fn scope(
    mut annotation: Annotation,
    asked: &str,
) -> Result<Annotation, Vec<Diagnostic>> {
    let found = match (asked, annotation.target) {
        ("", AnnotationTarget::Rule(_)) if annotation.entrypoint => "document",
        ("", AnnotationTarget::Rule(_)) => "rule",
        ("", AnnotationTarget::Package) => "package",
        ("", AnnotationTarget::Import(_)) => "import",
        (asked, _) => asked,
    };
    let refuse = |message: String| Diagnostic::error(PARSE, annotation.location, message);
    let mut errors = Vec::new();
    let scope = named(found);
    match scope.map(|scope| (scope, wanted(scope))) {
        None => errors.push(refuse(format!(
            "invalid annotation scope '{found}'. Use one of 'rule', 'document', 'package', or \
             'subpackages'"
        ))),
        Some((_, wanted)) if wanted != have(annotation.target) => {
            let have = match have(annotation.target) {
                "" => String::new(),
                have => format!(" (have {have})"),
            };
            errors.push(refuse(format!(
                "annotation scope '{found}' must be applied to {wanted}{have}"
            )));
        }
        Some(_) => {}
    }
    if annotation.entrypoint && !matches!(scope, Some(Scope::Document | Scope::Package)) {
        errors.push(refuse(format!(
            "annotation entrypoint applied to non-document or package scope '{found}'"
        )));
    }
    match (scope, errors.is_empty()) {
        (Some(scope), true) => {
            annotation.scope = scope;
            Ok(annotation)
        }
        _ => Err(errors),
    }
}

fn named(word: &str) -> Option<Scope> {
    Some(match word {
        "rule" => Scope::Rule,
        "document" => Scope::Document,
        "package" => Scope::Package,
        "subpackages" => Scope::Subpackages,
        _ => return None,
    })
}

/// Returns the statement that a scope belongs to.
fn wanted(scope: Scope) -> &'static str {
    match scope {
        Scope::Rule | Scope::Document => "rule",
        Scope::Package | Scope::Subpackages => "package",
    }
}

fn have(target: AnnotationTarget) -> &'static str {
    match target {
        AnnotationTarget::Package => "package",
        AnnotationTarget::Import(_) => "import",
        AnnotationTarget::Rule(_) => "rule",
        AnnotationTarget::Nothing => "",
    }
}
