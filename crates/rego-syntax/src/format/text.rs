//! Terms on one line, as OPA shows them in messages; and strings as literals.
//!
//! OPA prints a few things this way even while it formats: the key of `p[x] := y`. Must not know:
//! rows, comments.

use super::order;
use super::place::Lines;
use super::tree::{Expr, ExprKind, Kind, Node};

/// Returns a string as a literal. Source of the form: OPA prints strings as Go quotes them; where
/// Go's escapes are none of Rego's (`\x00`), `\u` stands for them.
pub(super) fn quoted(value: &str) -> String {
    let mut out = String::with_capacity(value.len() + 2);
    out.push('"');
    for char in value.chars() {
        match char {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            _ if is_shown(char) => out.push(char),
            _ => {
                for unit in char.encode_utf16(&mut [0; 2]) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    out.push('"');
    out
}

/// Returns whether a character may stand for itself: it can be seen, and is no blank but the space.
fn is_shown(char: char) -> bool {
    let is_private = matches!(char, '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}');
    let is_mark = matches!(char, '\u{ad}' | '\u{feff}' | '\u{200b}'..='\u{200f}');
    let is_line = matches!(char, '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}');
    let is_blank = char.is_whitespace() && char != ' ';
    !(char.is_control() || is_private || is_mark || is_line || is_blank)
}

/// Returns whether a string may follow a dot.
pub(super) fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Returns a term on one line.
pub(super) fn plain(node: &Node<'_>, lines: &Lines<'_>) -> String {
    let mut out = String::new();
    write(&mut out, node, lines);
    out
}

/// Returns statements on one line.
pub(super) fn plain_body(body: &[Expr<'_>], lines: &Lines<'_>) -> String {
    let mut out = String::new();
    statements(&mut out, body, lines);
    out
}

fn write(out: &mut String, node: &Node<'_>, lines: &Lines<'_>) {
    match &node.kind {
        Kind::Null => out.push_str("null"),
        Kind::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Kind::Number(text) | Kind::Var(text) => out.push_str(text),
        Kind::Text { value, .. } => out.push_str(&quoted(value)),
        Kind::Template(span) => out.push_str(lines.slice(*span)),
        Kind::Ref(parts) => write_reference(out, parts, lines),
        Kind::Call { function, args } => {
            write(out, function, lines);
            list(out, ["(", ")"], args, lines);
        }
        Kind::Infix { op, args, .. } => {
            out.push_str(op.name);
            list(out, ["(", ")"], args, lines);
        }
        Kind::Array(items) => list(out, ["[", "]"], items, lines),
        Kind::Set(items) if items.is_empty() => out.push_str("set()"),
        Kind::Set(items) => list(out, ["{", "}"], order::sorted(items, lines), lines),
        Kind::Object(pairs) => {
            out.push('{');
            for (index, part) in order::flat(pairs, lines).into_iter().enumerate() {
                let is_value = index % 2 == 1;
                separate(out, index, if is_value { ": " } else { ", " });
                write(out, part, lines);
            }
            out.push('}');
        }
        Kind::ArrayCompr { value, body } => {
            comprehension(out, ["[", "]"], &[&**value], body, lines);
        }
        Kind::SetCompr { value, body } => {
            comprehension(out, ["{", "}"], &[&**value], body, lines);
        }
        Kind::ObjectCompr { key, value, body } => {
            comprehension(out, ["{", "}"], &[&**key, &**value], body, lines);
        }
    }
}

fn separate(out: &mut String, index: usize, by: &str) {
    if index > 0 {
        out.push_str(by);
    }
}

fn list<'n, 'a: 'n>(
    out: &mut String,
    [open, close]: [&str; 2],
    items: impl IntoIterator<Item = &'n Node<'a>>,
    lines: &Lines<'_>,
) {
    out.push_str(open);
    for (index, item) in items.into_iter().enumerate() {
        separate(out, index, ", ");
        write(out, item, lines);
    }
    out.push_str(close);
}

fn write_reference(out: &mut String, parts: &[Node<'_>], lines: &Lines<'_>) {
    for (index, part) in parts.iter().enumerate() {
        match &part.kind {
            _ if index == 0 => write(out, part, lines),
            Kind::Text { value, .. } if is_name(value) => {
                out.push('.');
                out.push_str(value);
            }
            _ => {
                out.push('[');
                write(out, part, lines);
                out.push(']');
            }
        }
    }
}

fn comprehension(
    out: &mut String,
    [open, close]: [&str; 2],
    values: &[&Node<'_>],
    body: &[Expr<'_>],
    lines: &Lines<'_>,
) {
    out.push_str(open);
    for (index, value) in values.iter().enumerate() {
        separate(out, index, ": ");
        write(out, value, lines);
    }
    out.push_str(" | ");
    statements(out, body, lines);
    out.push_str(close);
}

fn statements(out: &mut String, body: &[Expr<'_>], lines: &Lines<'_>) {
    for (index, expr) in body.iter().enumerate() {
        separate(out, index, "; ");
        statement(out, expr, lines);
    }
}

fn statement(out: &mut String, expr: &Expr<'_>, lines: &Lines<'_>) {
    if expr.negated {
        out.push_str("not ");
    }
    match &expr.kind {
        ExprKind::Term(node) => sides(out, node, lines),
        ExprKind::SomeDecl { names, .. } => {
            out.push_str("some ");
            list(out, ["", ""], names, lines);
        }
        ExprKind::SomeIn { args, .. } => {
            out.push_str("some ");
            membership(out, args, lines);
        }
        ExprKind::Every { names, domain, body, .. } => {
            out.push_str("every ");
            list(out, ["", ""], names, lines);
            out.push_str(" in ");
            write(out, domain, lines);
            out.push_str(" { ");
            statements(out, body, lines);
            out.push_str(" }");
        }
    }
    for with in &expr.with {
        out.push_str(" with ");
        write(out, &with.target, lines);
        out.push_str(" as ");
        write(out, &with.value, lines);
    }
}

/// Writes a statement's term: `x = y` and `x := y` may stand nowhere else.
fn sides(out: &mut String, node: &Node<'_>, lines: &Lines<'_>) {
    match &node.kind {
        Kind::Infix { op, args, .. } if op.strength == 0 && args.len() == op.arity => {
            for (index, arg) in args.iter().enumerate() {
                separate(out, index, &format!(" {} ", op.sign));
                write(out, arg, lines);
            }
        }
        _ => write(out, node, lines),
    }
}

fn membership(out: &mut String, args: &[Node<'_>], lines: &Lines<'_>) {
    for (index, arg) in args.iter().enumerate() {
        separate(out, index, if index + 1 == args.len() { " in " } else { ", " });
        write(out, arg, lines);
    }
}
