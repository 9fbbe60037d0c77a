//! METADATA blocks among the comments.

use rego_source::Span;

use crate::ast::{Annotation, AnnotationTarget, Comment};

/// Returns the METADATA blocks among comments. `statements` are the places of the statements with
/// what a block before them belongs to, in order.
pub(super) fn annotations(
    text: &str,
    comments: &[Comment],
    statements: &[(u32, AnnotationTarget)],
) -> Vec<Annotation> {
    let mut found: Vec<Annotation> = Vec::new();
    let mut open = false;
    let mut last = Span::default();
    for comment in comments {
        let starts = comment.text.trim().starts_with("METADATA");
        let goes_on = open && is_next_line(text, last, comment.span);
        // A second marker in a block starts the next one.
        let second = goes_on && comment.text.trim() == "METADATA";
        match found.last_mut() {
            Some(block) if goes_on && !second => {
                block.yaml.push_str(comment.text.strip_prefix(' ').unwrap_or(&comment.text));
                block.yaml.push('\n');
                block.span = block.span.to(comment.span);
            }
            _ => {
                open = starts;
                if starts {
                    found.push(block(comment.span));
                }
            }
        }
        last = comment.span;
    }
    for block in &mut found {
        let next = statements.partition_point(|(start, _)| *start < block.span.end);
        block.target = statements.get(next).map_or(AnnotationTarget::Nothing, |(_, t)| *t);
    }
    found
}

fn block(span: Span) -> Annotation {
    Annotation { yaml: String::new(), span, target: AnnotationTarget::Nothing }
}

/// Returns whether a comment starts the line after another one, at its first column.
fn is_next_line(text: &str, last: Span, next: Span) -> bool {
    let between = text.get(last.end as usize..next.start as usize).unwrap_or("");
    between.trim_start_matches('\r') == "\n"
}
