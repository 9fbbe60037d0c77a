//! Collections and comprehensions: on one line, or element by element.
//!
//! Must not know: what the elements are.

use super::page::Clash;
use super::place::Place;
use super::printer::{Printed, Printer};
use super::tree::{Expr, Kind, Node};

/// An element of a collection.
#[derive(Clone, Copy)]
enum Item<'n, 'a> {
    /// One where a `|` is nothing but a union.
    Argument(&'n Node<'a>),
    Element(&'n Node<'a>),
    Pair(&'n Node<'a>, &'n Node<'a>),
}

impl Item<'_, '_> {
    fn row(&self) -> u32 {
        match self {
            Item::Argument(node) | Item::Element(node) | Item::Pair(node, _) => node.place.row,
        }
    }
}

/// Where a collection starts, and the row where OPA finds its closing bracket.
#[derive(Clone, Copy)]
struct Frame {
    start: Place,
    closing: Option<u32>,
}

/// Returns the elements of an array or set. In `[a + b | c, d in e]` OPA puts the sum alone in
/// parentheses, and what was an array is a comprehension then; its result is kept to all the same.
fn elements<'n, 'a>(items: &'n [Node<'a>]) -> Vec<Item<'n, 'a>> {
    let is_in = |node: &Node<'_>| matches!(&node.kind, Kind::Infix { op, args, .. } if op.is_in() && args.len() == 2);
    match items {
        [first, second] if is_in(second) => vec![Item::Argument(first), Item::Element(second)],
        _ => items.iter().map(Item::Element).collect(),
    }
}

impl<'a> Printer<'a> {
    /// Prints the operands of a function.
    pub(super) fn arguments(
        &mut self,
        args: &[&Node<'a>],
        start: Place,
        closing: Option<u32>,
    ) -> Printed {
        let items: Vec<_> = args.iter().map(|arg| Item::Argument(arg)).collect();
        self.items(&items, Frame { start, closing })
    }

    pub(super) fn array(&mut self, items: &[Node<'a>], place: Place) -> Printed {
        let items = elements(items);
        self.bracketed(&items, place, *b"[]")
    }

    pub(super) fn set(&mut self, items: &[Node<'a>], place: Place) -> Printed {
        if items.is_empty() {
            self.write("set()");
            return self.comments_to_closing(self.lines.closing_row(place, *b"()"));
        }
        let items = elements(items);
        self.bracketed(&items, place, *b"{}")
    }

    pub(super) fn object(&mut self, pairs: &[(Node<'a>, Node<'a>)], place: Place) -> Printed {
        let items: Vec<_> = pairs.iter().map(|(key, value)| Item::Pair(key, value)).collect();
        self.bracketed(&items, place, *b"{}")
    }

    fn bracketed(&mut self, items: &[Item<'_, 'a>], place: Place, brackets: [u8; 2]) -> Printed {
        let [open, close] = brackets.map(char::from);
        self.write(open.encode_utf8(&mut [0; 4]));
        let closing = self.lines.closing_row(place, brackets);
        let printed = self.items(items, Frame { start: place, closing });
        self.write(close.encode_utf8(&mut [0; 4]));
        printed
    }

    /// Prints elements. Those that share a row of the source share a line; where there are several
    /// such rows, each is a line of its own, with a comma.
    fn items(&mut self, items: &[Item<'_, 'a>], frame: Frame) -> Printed {
        let many = items.windows(2).any(|pair| match pair {
            [first, second] => second.row() > first.row(),
            _ => false,
        });
        if many {
            self.page.start_lines();
        }
        let mut last: Option<u32> = None;
        for (index, item) in items.iter().enumerate() {
            match last {
                Some(row) if item.row() > row => {
                    self.write(",");
                    self.page.end_line();
                    self.page.start_line();
                }
                Some(_) => self.write(", "),
                None => {}
            }
            last = Some(item.row());
            if let Err(clash) = self.item(*item) {
                self.cut |= index + 1 < items.len();
                return Err(clash);
            }
        }
        if many {
            self.write(",");
            self.page.end_line();
            self.comments_to_closing(frame.closing)?;
            self.page.outdent();
            self.page.start_line();
        }
        let _ = frame.start;
        Ok(())
    }

    fn item(&mut self, item: Item<'_, 'a>) -> Printed {
        match item {
            Item::Argument(node) => {
                let parens = self.is_or(node) && self.starts_with_paren(node);
                self.element(node, parens)
            }
            Item::Element(node) => self.element(node, self.needs_parens(node)),
            Item::Pair(key, value) => {
                if let Err(clash) = self.element(key, self.needs_parens(key)) {
                    self.cut = true;
                    return Err(clash);
                }
                self.write(": ");
                self.element(value, self.needs_parens(value))
            }
        }
    }

    fn element(&mut self, node: &Node<'a>, parens: bool) -> Printed {
        self.write(if parens { "(" } else { "" });
        let printed = self.term(node);
        self.write(if parens { ")" } else { "" });
        printed
    }

    /// Returns whether a union needs parentheses: OPA keeps those that it has; those that only its
    /// first operand gets would make it a comprehension.
    fn needs_parens(&self, node: &Node<'_>) -> bool {
        let starts_group = match &node.kind {
            Kind::Infix { args, .. } => {
                args.first().is_some_and(|first| matches!(first.kind, Kind::Infix { .. }))
            }
            _ => false,
        };
        self.is_or(node) && (starts_group || self.starts_with_paren(node))
    }

    fn is_or(&self, node: &Node<'_>) -> bool {
        matches!(&node.kind, Kind::Infix { op, .. } if op.is_or())
    }

    fn starts_with_paren(&self, node: &Node<'_>) -> bool {
        self.lines.slice(node.place.text).starts_with('(')
    }

    /// Prints `[x | …]` or `{x | …}`.
    pub(super) fn comprehension(
        &mut self,
        (value, place): (&Node<'a>, Place),
        body: &[Expr<'a>],
        brackets: [u8; 2],
    ) -> Printed {
        let [open, close] = brackets.map(char::from);
        self.write(open.encode_utf8(&mut [0; 4]));
        let printed = self.comprehension_inside((value, place), body, brackets);
        self.write(close.encode_utf8(&mut [0; 4]));
        printed
    }

    fn comprehension_inside(
        &mut self,
        (value, place): (&Node<'a>, Place),
        body: &[Expr<'a>],
        brackets: [u8; 2],
    ) -> Printed {
        if value.place.row > place.row {
            self.page.end_line();
            self.page.start_line();
        }
        self.grouped(value)?;
        self.write(" |");
        self.comprehension_body(body, (value.place, place), brackets)
    }

    /// Prints `{k: v | …}`.
    pub(super) fn object_comprehension(
        &mut self,
        (key, value): (&Node<'a>, &Node<'a>),
        body: &[Expr<'a>],
        place: Place,
    ) -> Printed {
        self.write("{");
        if key.place.row > place.row + 1 {
            self.page.end_line();
            self.page.start_line();
        }
        let printed = self.term(key).and_then(|()| {
            self.write(": ");
            self.comprehension_inside((value, place), body, *b"{}")
        });
        self.write("}");
        printed
    }

    /// Prints the body of a comprehension or `every`: on the line of its head if it stood there.
    pub(super) fn comprehension_body(
        &mut self,
        body: &[Expr<'a>],
        (head, whole): (Place, Place),
        brackets: [u8; 2],
    ) -> Result<(), Clash> {
        let rows: Vec<u32> = body.iter().map(|expr| expr.place.row).collect();
        let below = rows.first().is_some_and(|row| *row > head.row);
        let many = rows.windows(2).any(|pair| pair.first() < pair.last());
        let closing = self.lines.closing_row(whole, brackets);
        if !below && !many {
            self.write(" ");
            for (index, expr) in body.iter().enumerate() {
                self.write(if index > 0 { "; " } else { "" });
                self.expr(expr)?;
            }
            return self.comments_to_closing(closing);
        }
        self.page.end_line();
        self.page.indent();
        let printed = self.body(body).and_then(|()| self.comments_to_closing(closing));
        self.page.outdent();
        self.page.start_line();
        printed
    }
}
