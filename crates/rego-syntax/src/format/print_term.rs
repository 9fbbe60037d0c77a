//! Terms: literals, references, operators.
//!
//! Must not know: statements but those of comprehensions.

use super::infix::Infix;
use super::page::Clash;
use super::place::Place;
use super::print_expr::{left_binds_less, right_binds_less};
use super::printer::{Printed, Printer};
use super::text::{is_name, quoted};
use super::tree::{Kind, Node};

/// How deep terms may be printed in each other before parentheses that nothing depends on, as in
/// `(a + b) + c`, are left out: the parser has a limit.
const PARENS_DEPTH_MAX: u32 = 60;

impl<'a> Printer<'a> {
    /// Prints a term. Where comments clash in it, it stays as it is written, and the clash is told
    /// on, as the rest of its line would not follow in OPA either.
    pub(super) fn term(&mut self, node: &Node<'a>) -> Printed {
        let mark = self.page.mark();
        let (cut, faults) = (self.cut, self.faults.len());
        let printed = self.term_in(node, false);
        if printed.is_err() {
            self.cut = cut;
            self.faults.truncate(faults);
            // OPA's text may be that of another term, or start in the middle of this one.
            self.cut |= node.place.borrowed || node.place.text.start > node.place.at;
            self.page.replace(mark, self.raw(node.place), self.takes_last_comment);
        }
        printed
    }

    /// Prints a term; an operator in parentheses where `parens`.
    pub(super) fn term_in(&mut self, node: &Node<'a>, parens: bool) -> Printed {
        self.depth += 1;
        let printed = self.term_deeper(node, parens);
        self.depth -= 1;
        printed
    }

    fn term_deeper(&mut self, node: &Node<'a>, parens: bool) -> Printed {
        self.comments_to(node.place.row)?;
        self.page.ensure_line();
        match &node.kind {
            Kind::Null => self.write("null"),
            Kind::Bool(value) => self.write(if *value { "true" } else { "false" }),
            Kind::Number(text) | Kind::Var(text) => self.write(text),
            Kind::Text { value, literal } => {
                let literal = literal.map(|span| self.lines.slice(span));
                self.string(value, literal, node.place);
            }
            Kind::Template(span) => self.write(self.lines.slice(*span)),
            Kind::Ref(parts) => self.reference(parts)?,
            Kind::Call { function, args } => self.call(function, args)?,
            Kind::Infix { op, at, args } => self.infix((op, *at), args, parens)?,
            Kind::Array(items) => self.array(items, node.place)?,
            Kind::Set(items) => self.set(items, node.place)?,
            Kind::Object(pairs) => self.object(pairs, node.place)?,
            Kind::ArrayCompr { value, body } => {
                self.comprehension((value, node.place), body, *b"[]")?;
            }
            Kind::SetCompr { value, body } => {
                self.comprehension((value, node.place), body, *b"{}")?;
            }
            Kind::ObjectCompr { key, value, body } => {
                self.object_comprehension((key, value), body, node.place)?;
            }
        }
        self.page.ensure_line();
        Ok(())
    }

    /// Prints a string as it is written. OPA looks for it in the text of its place, and quotes it
    /// anew where that does not end with a string: in parentheses, or moved with others.
    fn string(&mut self, value: &str, literal: Option<&str>, place: Place) {
        let text = self.lines.slice(place.text);
        match literal {
            Some(literal) if text == literal || text.ends_with(['"', '`']) => self.write(literal),
            _ => self.write(&quoted(value)),
        }
    }

    /// Prints what a reference starts from, and its steps.
    pub(super) fn reference(&mut self, parts: &[Node<'a>]) -> Printed {
        let Some((head, steps)) = parts.split_first() else {
            return Ok(());
        };
        match &head.kind {
            Kind::Infix { .. } => self.grouped(head)?,
            _ => self.term_in(head, false)?,
        }
        for step in steps {
            match &step.kind {
                Kind::Text { value, .. } => self.named_step(value, step.place),
                Kind::Var(name) => {
                    self.write("[");
                    self.write(name);
                    self.write("]");
                }
                _ => {
                    self.write("[");
                    if self.term(step).is_err() {
                        // A comment may be last in what stays as it is written.
                        self.write("\n");
                    }
                    self.write("]");
                }
            }
        }
        Ok(())
    }

    fn named_step(&mut self, name: &str, place: Place) {
        let is_quoted = self.lines.slice(place.text).starts_with('"');
        self.name(name, is_quoted);
    }

    /// Prints a step that is a string: after a dot where it can stand there. A keyword that was
    /// quoted stays so.
    pub(super) fn name(&mut self, name: &str, is_quoted: bool) {
        let is_kept = self.style.is_keyword(name) && (is_quoted || !self.style.keywords_in_refs);
        if is_name(name) && !is_kept {
            self.write(".");
            self.write(name);
        } else {
            self.write("[");
            self.write(&quoted(name));
            self.write("]");
        }
    }

    /// Prints an operator that is part of a term.
    fn infix(
        &mut self,
        (op, at): (&'static Infix, Place),
        args: &[Node<'a>],
        parens: bool,
    ) -> Printed {
        if args.len() != op.arity {
            self.wrong_arity(op, at, args);
            return Ok(());
        }
        if op.is_in() {
            let parens = args.len() > 2;
            self.write(if parens { "(" } else { "" });
            let printed = self.membership(args);
            self.write(if parens { ")" } else { "" });
            return printed;
        }
        if op.strength == 0 {
            return self.joined(op, args);
        }
        let [left, right] = args else {
            return Ok(());
        };
        self.write(if parens { "(" } else { "" });
        let is_deep = self.depth > PARENS_DEPTH_MAX;
        self.infix_operand(left, is_deep && !left_binds_less(op, left))?;
        self.write(" ");
        self.write(op.sign);
        self.write(" ");
        self.infix_operand(right, is_deep && !right_binds_less(op, right))?;
        self.write(if parens { ")" } else { "" });
        Ok(())
    }

    /// Prints `=` or `:=` as the function that it is: in a term there is no other way.
    fn joined(&mut self, op: &Infix, args: &[Node<'a>]) -> Printed {
        self.write(op.name);
        self.write("(");
        for (index, arg) in args.iter().enumerate() {
            self.write(if index > 0 { ", " } else { "" });
            self.term_in(arg, false)?;
        }
        self.write(")");
        Ok(())
    }

    fn infix_operand(&mut self, operand: &Node<'a>, bare: bool) -> Printed {
        if bare { self.term_in(operand, false) } else { self.inner_operand(operand) }
    }

    fn inner_operand(&mut self, operand: &Node<'a>) -> Printed {
        match &operand.kind {
            Kind::Infix { .. } => self.grouped(operand),
            _ => self.term_in(operand, true),
        }
    }

    /// Prints an operator in parentheses, which OPA forgets for `in`.
    pub(super) fn grouped(&mut self, node: &Node<'a>) -> Printed {
        match &node.kind {
            Kind::Infix { op, args, .. } if op.is_in() && args.len() == 2 => {
                self.write("(");
                let printed = self.term_in(node, false);
                self.write(")");
                printed
            }
            Kind::Infix { .. } => self.term_in(node, true),
            _ => self.term_in(node, false),
        }
    }

    /// Prints `x in xs` or `k, v in xs`.
    pub(super) fn membership(&mut self, args: &[Node<'a>]) -> Result<(), Clash> {
        let pair = args.len() > 2;
        for (index, arg) in args.iter().enumerate() {
            match (index, index + 1 == args.len()) {
                (0, _) => {}
                (_, false) => self.write(", "),
                (_, true) => self.write(" in "),
            }
            // `a in b in c` is read from the left.
            let bare = index == 0 && !pair;
            let printed = match &arg.kind {
                Kind::Infix { op, .. } if op.is_in() && bare => self.term_in(arg, true),
                _ => self.inner_operand(arg),
            };
            if printed.is_err() {
                self.cut |= index + 1 < args.len();
                return printed;
            }
        }
        Ok(())
    }
}
