//! Statements: bodies, `some`, `every`, `with`, operators and calls.
//!
//! Must not know: heads, how collections are laid out.

use super::infix::Infix;
use super::place::Place;
use super::printer::{Printed, Printer};
use super::tree::{Expr, ExprKind, Kind, Node, With};

impl<'a> Printer<'a> {
    /// Prints the statements of a body, one a line.
    pub(super) fn body(&mut self, body: &[Expr<'a>]) -> Printed {
        if let Some(first) = body.first() {
            self.comments_to(first.place.row)?;
        }
        let mut last_row = None;
        for expr in body {
            if last_row.is_some_and(|row| expr.place.row > row + 1) {
                self.page.blank_line();
            }
            self.page.start_line();
            self.follows = last_row.is_some();
            // A statement that clashed ends with what stays as it is written.
            let _ = match last_row {
                None if is_union(expr) => self.union(expr),
                _ => self.expr(expr),
            };
            self.page.end_line();
            last_row = Some(expr.place.row + self.lines.breaks(expr.place.text));
        }
        Ok(())
    }

    /// Prints a union that is the first statement within braces. Without parentheses the braces
    /// would be those of a comprehension; OPA leaves them out all the same.
    fn union(&mut self, expr: &Expr<'a>) -> Printed {
        self.comments_to(expr.place.row)?;
        self.page.ensure_line();
        self.write("(");
        let printed = self.expr_start(expr);
        self.write(")");
        if printed.is_err() {
            self.cut |= !expr.with.is_empty();
            return printed;
        }
        self.with(&expr.with)
    }

    /// Prints a statement.
    pub(super) fn expr(&mut self, expr: &Expr<'a>) -> Printed {
        let printed = self.expr_start(expr);
        if printed.is_err() {
            self.cut |= !expr.with.is_empty();
            return printed;
        }
        self.with(&expr.with)
    }

    fn expr_start(&mut self, expr: &Expr<'a>) -> Printed {
        let follows = std::mem::take(&mut self.follows);
        self.comments_to(expr.place.row)?;
        self.page.ensure_line();
        if expr.negated {
            self.write("not ");
        }
        match &expr.kind {
            ExprKind::Term(term) if follows && !expr.negated && starts_negative(term) => {
                self.guarded(term)
            }
            ExprKind::Term(Node { kind: Kind::Call { function, args }, .. }) => {
                self.call(function, args)
            }
            ExprKind::Term(Node { kind: Kind::Infix { op, at, args }, .. }) => {
                self.statement_infix(op, *at, args)
            }
            ExprKind::Term(term) => self.term(term),
            ExprKind::SomeDecl { place, names } => self.some_names(*place, names),
            ExprKind::SomeIn { place, args } => {
                self.comments_to(place.row)?;
                self.write("some ");
                self.membership(args)
            }
            ExprKind::Every { place, names, domain, body } => {
                self.every(*place, (names, domain), body)
            }
        }
    }

    /// Prints a statement whose first operand would be subtracted from the statement above.
    fn guarded(&mut self, term: &Node<'a>) -> Printed {
        match &term.kind {
            Kind::Infix { op, args, .. } => match args.as_slice() {
                [left, right] => {
                    self.first_operand(left, true)?;
                    self.sign(op);
                    self.operand(right, right_binds_less(op, right))
                }
                _ => self.term(term),
            },
            _ => self.operand(term, true),
        }
    }

    /// Prints `with` modifiers: those that start a row of the source start a line.
    fn with(&mut self, modifiers: &[With<'a>]) -> Printed {
        let mut last: Option<u32> = None;
        let mut indented = false;
        for (index, with) in modifiers.iter().enumerate() {
            let starts_line = last.is_some_and(|row| row != with.place.row);
            if starts_line {
                if !indented {
                    self.page.indent();
                    indented = true;
                }
                self.page.end_line();
                self.page.start_line();
            }
            last = Some(with.place.row);
            if let Err(clash) = self.modifier(with, starts_line) {
                self.cut |= index + 1 < modifiers.len();
                return Err(clash);
            }
        }
        if indented {
            self.page.outdent();
        }
        Ok(())
    }

    fn modifier(&mut self, with: &With<'a>, starts_line: bool) -> Printed {
        let target = self.comments_to(with.place.row).and_then(|()| {
            self.write(if starts_line { "with " } else { " with " });
            self.term(&with.target)
        });
        if target.is_err() {
            self.cut = true;
            return target;
        }
        self.write(" as ");
        self.term(&with.value)
    }

    /// Prints `some x, y`; names that start a row of the source start a line.
    fn some_names(&mut self, place: Place, names: &[Node<'a>]) -> Printed {
        self.comments_to(place.row)?;
        self.write("some ");
        let mut row = place.row;
        for (index, name) in names.iter().enumerate() {
            if name.place.row > row {
                self.page.end_line();
                self.page.start_line();
                self.write("\t");
                row = name.place.row;
            } else if index > 0 {
                self.write(" ");
            }
            if let Err(clash) = self.term(name) {
                self.cut |= index + 1 < names.len();
                return Err(clash);
            }
            if index + 1 < names.len() {
                self.write(",");
            }
        }
        Ok(())
    }

    fn every(
        &mut self,
        place: Place,
        (names, domain): (&[Node<'a>], &Node<'a>),
        body: &[Expr<'a>],
    ) -> Printed {
        let head = self.comments_to(place.row).and_then(|()| {
            self.write("every ");
            for (index, name) in names.iter().enumerate() {
                self.write(if index > 0 { ", " } else { "" });
                self.term(name)?;
            }
            self.write(" in ");
            self.term(domain)
        });
        if head.is_err() {
            self.cut = true;
            return head;
        }
        self.write(" {");
        if self.comprehension_body(body, (place, place), *b"{}").is_err() {
            self.cut = true;
        }
        if let [only] = body
            && only.place.row == place.row
        {
            self.write(" ");
        }
        self.write("}");
        Ok(())
    }

    /// Prints an operator that is a statement of its own. One with an operand too many assigns its
    /// result, as in `plus(1, 2, x)`.
    fn statement_infix(&mut self, op: &'static Infix, at: Place, args: &[Node<'a>]) -> Printed {
        if op.is_in() && args.len() == op.arity {
            return self.membership(args);
        }
        match args {
            [left, right] if !op.is_in() => {
                self.first_operand(left, left_binds_less(op, left))?;
                self.sign(op);
                self.operand(right, right_binds_less(op, right))
            }
            [left, right, result] if !op.is_in() => {
                self.first_operand(result, false)?;
                self.write(" = ");
                self.first_operand(left, left_binds_less(op, left))?;
                self.sign(op);
                self.operand(right, right_binds_less(op, right))
            }
            _ => {
                self.wrong_arity(op, at, args);
                Ok(())
            }
        }
    }

    fn sign(&mut self, op: &Infix) {
        self.write(" ");
        self.write(op.sign);
        self.write(" ");
    }

    fn first_operand(&mut self, operand: &Node<'a>, parens: bool) -> Printed {
        let printed = self.operand(operand, parens);
        self.cut |= printed.is_err();
        printed
    }

    /// Prints an operand of a statement's operator. OPA leaves its parentheses out; where that
    /// would change what it means, they stay.
    fn operand(&mut self, operand: &Node<'a>, parens: bool) -> Printed {
        if !parens {
            return self.term(operand);
        }
        self.write("(");
        let printed = self.term(operand);
        self.write(")");
        printed
    }

    /// Prints a call: a function and its operands.
    pub(super) fn call(&mut self, function: &Node<'a>, args: &[Node<'a>]) -> Printed {
        match &function.kind {
            Kind::Ref(parts)
                if matches!(parts.as_slice(), [Node { kind: Kind::Call { .. }, .. }]) =>
            {
                self.write("(");
                self.reference(parts)?;
                self.write(")");
            }
            Kind::Ref(parts) => self.reference(parts)?,
            _ => self.term(function)?,
        }
        self.write("(");
        let closing = self.lines.closing_row(function.place, *b"()");
        let args: Vec<_> = args.iter().collect();
        let printed = self.arguments(&args, function.place, closing);
        self.write(")");
        printed
    }
}

fn is_union(expr: &Expr<'_>) -> bool {
    let is_union = |term: &Node<'_>| matches!(&term.kind, Kind::Infix { op, args, .. } if op.is_or() && args.len() == 2);
    !expr.negated && matches!(&expr.kind, ExprKind::Term(term) if is_union(term))
}

/// Returns whether the left operand would fall apart without parentheses.
pub(super) fn left_binds_less(op: &Infix, operand: &Node<'_>) -> bool {
    match &operand.kind {
        Kind::Infix { op: inner, .. } => op.strength > 0 && inner.strength < op.strength,
        _ => false,
    }
}

/// Returns whether the right operand would fall apart without parentheses.
pub(super) fn right_binds_less(op: &Infix, operand: &Node<'_>) -> bool {
    match &operand.kind {
        Kind::Infix { op: inner, .. } => op.strength > 0 && inner.strength <= op.strength,
        _ => false,
    }
}

/// Returns whether a statement starts with the sign of a number.
fn starts_negative(term: &Node<'_>) -> bool {
    match &term.kind {
        Kind::Number(text) => text.starts_with('-'),
        Kind::Infix { op, args, .. } if args.len() == op.arity => {
            args.first().is_some_and(starts_negative)
        }
        _ => false,
    }
}
