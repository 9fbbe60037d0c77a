//! Rules: heads, bodies, else branches.
//!
//! Must not know: imports, how terms are laid out.

use super::page::Clash;
use super::printer::{Printed, Printer};
use super::text::plain;
use super::tree::{Expr, ExprKind, Head, HeadValue, Kind, Node, Rule};

impl<'a> Printer<'a> {
    /// Prints a rule or an else branch.
    pub(super) fn rule(&mut self, rule: &Rule<'a>) -> Printed {
        if !rule.head.is_else {
            self.page.start_line();
        }
        if rule.default {
            self.write("default ");
        }
        let constant = self.is_printed_constant(rule);
        self.takes_last_comment = constant;
        let head = self.head(rule, constant);
        if constant {
            self.page.end_line();
            return Ok(());
        }
        self.takes_last_comment = true;
        if self.style.has_if(&rule.head) {
            self.write(" if");
            if let [only] = rule.body.as_slice()
                && only.place.row == rule.head.place.row
                && !is_set(only)
                && let Some(printed) = self.statement_on_line(only, rule.head.is_else)
            {
                return self.end_on_line(rule, printed);
            }
        }
        // A head that stays as it is written may hold the line open, for OPA.
        if head.is_err() && self.page.next_row().is_some() {
            self.write(" { ");
        } else {
            self.write(" {");
            self.page.end_line();
        }
        self.page.indent();
        // What clashed at the start of the body takes its place; OPA goes on after it.
        self.statements_of_rule(rule);
        self.comments_to_closing(self.closing_row_of(rule))?;
        self.page.outdent();
        self.page.start_line();
        self.write("}");
        rule.els.as_deref().map_or(Ok(()), |els| self.els(rule, els))
    }

    /// Returns whether a rule is printed without its body. `p[x] if true` keeps it: without it, and
    /// with no value, it would be another rule or none.
    fn is_printed_constant(&self, rule: &Rule<'_>) -> bool {
        let head = &rule.head;
        let implied = head.value.as_ref().is_some_and(|value| value.implied);
        let is_bare = implied && head.reference.len() == 2 && head.args.is_empty();
        rule.is_constant() && !(is_bare && (head.keyed || !self.style.v1))
    }

    /// Prints the one statement of a body behind `if`, or nothing where that would be read as a
    /// body in braces: `if {1, 2}`, and in a branch, where every brace opens a body, `else if {"a":
    /// 1}`. OPA prints even that.
    fn statement_on_line(&mut self, only: &Expr<'a>, is_else: bool) -> Option<Printed> {
        let is_body = |term| if is_else { starts_with_brace(term) } else { starts_with_set(term) };
        if !only.negated && matches!(&only.kind, ExprKind::Term(term) if is_body(term)) {
            return None;
        }
        self.write(" ");
        Some(self.expr(only))
    }

    fn end_on_line(&mut self, rule: &Rule<'a>, printed: Printed) -> Printed {
        if printed.is_err() {
            self.cut |= rule.els.is_some();
            return printed;
        }
        self.page.end_line();
        rule.els.as_deref().map_or(Ok(()), |els| self.els(rule, els))
    }

    fn statements_of_rule(&mut self, rule: &Rule<'a>) {
        if self.body(&rule.body).is_err() {
            self.cut = true;
        }
    }

    /// Returns the row of the brace that closes a body, as OPA finds it: by brackets in the text.
    fn closing_row_of(&self, rule: &Rule<'_>) -> Option<u32> {
        let skipped = if !rule.head.args.is_empty() {
            Some(*b"()")
        } else if rule.head.element.is_some() || rule.head.keyed {
            Some(*b"[]")
        } else {
            None
        };
        self.lines.closing_row_after(rule.place, skipped, *b"{}")
    }

    /// Prints an else branch after what stands before it. One that followed a brace goes on
    /// following it, unless comments come between.
    fn els(&mut self, before: &Rule<'a>, els: &Rule<'a>) -> Printed {
        let row = els.place.row;
        let followed = row > before.place.row && {
            let from_row = (row - before.place.row) as usize;
            let line = self.lines.slice(before.place.text).split('\n').nth(from_row);
            line.is_some_and(|line| !line.trim().starts_with("else"))
        };
        let comments =
            self.page.next_row().is_some_and(|next| next < row) || self.page.is_waiting();
        if followed && !comments {
            self.write(" ");
        } else {
            self.page.blank_line();
            self.page.start_line();
        }
        self.comments_to(els.head.place.row)?;
        if comments && !followed {
            self.page.start_line();
        }
        self.rule(els)
    }

    fn head(&mut self, rule: &Rule<'a>, constant: bool) -> Printed {
        let head = &rule.head;
        match head.reference.as_slice() {
            [name, key] if !self.style.ref_heads => {
                if !self.moves_comments && self.page.next_row() == Some(key.place.row) {
                    // OPA leaves alone what it takes for comments within a key. A value that
                    // nobody wrote is not in the text.
                    let unwritten = |value: &HeadValue<'_>| value.node.place == head.place;
                    self.cut |= constant && head.value.as_ref().is_some_and(unwritten);
                    self.page.write_raw(self.raw(head.place), self.takes_last_comment);
                    return Ok(());
                }
                let text = format!("{}[{}]", plain(name, self.lines), plain(key, self.lines));
                self.write(&text);
            }
            parts => self.reference(parts)?,
        }
        if !head.args.is_empty() {
            self.head_args(head)?;
        }
        if let Some(element) = &head.element {
            self.head_element(element)?;
        }
        self.head_value(rule, constant)
    }

    fn head_args(&mut self, head: &Head<'a>) -> Printed {
        self.write("(");
        let closing = self.lines.closing_row(head.place, *b"()");
        let args: Vec<_> = head.args.iter().collect();
        let printed = self.arguments(&args, head.place, closing);
        self.write(")");
        if printed.is_err() {
            self.cut |= head.element.is_some() || head.value.is_some();
        }
        printed
    }

    fn head_element(&mut self, element: &Node<'a>) -> Printed {
        if self.style.contains {
            self.write(" contains ");
            return self.term(element);
        }
        self.write("[");
        let printed = self.term(element);
        if printed.is_ok() {
            self.write("]");
        } else {
            self.cut = true;
        }
        printed
    }

    fn head_value(&mut self, rule: &Rule<'a>, constant: bool) -> Result<(), Clash> {
        let head = &rule.head;
        let Some(value) = &head.value else {
            return Ok(());
        };
        let is_true = value.node.is_true();
        if !head.keyed && is_true && !constant && !rule.default {
            return Ok(());
        }
        let is_v1_constant = self.style.v1 && constant && !head.keyed && head.args.is_empty();
        if value.implied && is_true && !is_v1_constant {
            return Ok(());
        }
        self.write(if value.assign || self.style.v1 { " := " } else { " = " });
        self.term(&value.node)
    }
}

/// Returns whether a set in braces is the first thing of a term.
fn starts_with_set(term: &Node<'_>) -> bool {
    match &term.kind {
        Kind::Set(items) => !items.is_empty(),
        Kind::Ref(parts) | Kind::Infix { args: parts, .. } => {
            parts.first().is_some_and(starts_with_set)
        }
        _ => false,
    }
}

/// Returns whether a brace is the first thing of a term.
fn starts_with_brace(term: &Node<'_>) -> bool {
    match &term.kind {
        Kind::Set(items) => !items.is_empty(),
        Kind::Object(_) | Kind::SetCompr { .. } | Kind::ObjectCompr { .. } => true,
        Kind::Ref(parts) | Kind::Infix { args: parts, .. } => {
            parts.first().is_some_and(starts_with_brace)
        }
        _ => false,
    }
}

/// Returns whether a statement is a set alone, `set()` or `not {1}`, which behind `if` is no body.
fn is_set(expr: &Expr<'_>) -> bool {
    matches!(&expr.kind, ExprKind::Term(Node { kind: Kind::Set(_), .. }))
}
