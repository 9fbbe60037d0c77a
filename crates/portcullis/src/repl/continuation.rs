//! Whether what was typed goes on in the next line.
//!
//! Must not know: what it says.

/// Whether a statement goes on: a bracket or a raw string is open, or it ends in an operator.
pub(super) fn is_open(text: &str) -> bool {
    let mut depth = 0_i64;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            '#' => drop(chars.by_ref().find(|c| *c == '\n')),
            // Consumes a raw string that closes.
            '`' if chars.by_ref().all(|c| c != '`') => return true,
            '"' => {
                let mut escaped = false;
                let closes = chars.by_ref().any(|c| {
                    let closes = c == '"' && !escaped;
                    escaped = c == '\\' && !escaped;
                    closes
                });
                if !closes {
                    return false; // an error, which the parser tells
                }
            }
            _ => {}
        }
    }
    let operators = [":=", "=", "==", "!=", "+", "-", "*", "/", ",", "|", "&", " if", " in", ";"];
    depth > 0 || operators.iter().any(|operator| text.ends_with(operator))
}
