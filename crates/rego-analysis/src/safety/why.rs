//! Why a variable is unsafe: where a statement needs it, and what would give it a value.
//!
//! Only asked where there is an error already.

use rego_source::Location;

use crate::tree::{Body, Expr, ExprKind, Local, RefHead, Replacement, Term, TermKind};

/// Deeper than this nothing is looked for.
const DEPTH_MAX: u32 = 64;

/// A place where a variable is needed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Use {
    pub(super) location: Location,
    pub(super) place: Place,
}

/// What needs it there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A statement after `not`.
    Negated,
    /// The operand of a call, or of an operator.
    Operand,
    /// A step or key that is computed, an element, a side of a unification.
    Other,
    /// The start of a reference.
    Head,
    /// After `with … as`.
    Replacement,
}

impl Place {
    /// Returns the sentence for it.
    pub(super) fn said(self, name: &str) -> String {
        match self {
            Place::Negated => format!("`not` gives `{name}` no value, but needs one"),
            Place::Operand => format!("`{name}` needs a value before it can be an operand"),
            Place::Head => format!("`{name}` needs a value before something is looked up in it"),
            Place::Replacement => format!("`{name}` needs a value before it replaces another one"),
            Place::Other => format!("nothing gives `{name}` a value"),
        }
    }
}

/// Returns the first use of a variable inside of the statement at a place.
pub(super) fn first_use(body: &Body, local: Local, statement: Location) -> Option<Use> {
    let mut search = Search { local, within: statement, found: None, depth: 0 };
    search.body(body, Place::Other);
    search.found
}

struct Search {
    local: Local,
    within: Location,
    found: Option<Use>,
    depth: u32,
}

impl Search {
    fn body(&mut self, body: &Body, place: Place) {
        body.exprs.iter().for_each(|expr| self.expr(expr, place));
    }

    fn expr(&mut self, expr: &Expr, place: Place) {
        if self.depth >= DEPTH_MAX {
            return;
        }
        self.depth += 1;
        match &expr.kind {
            ExprKind::Term(term) => self.term(term, place),
            ExprKind::Unify(left, right) => {
                self.term(left, place);
                self.term(right, place);
            }
            ExprKind::SomeIn { domain, .. } => self.term(domain, place),
            ExprKind::Every { domain, body, .. } => {
                self.term(domain, place);
                self.body(body, place);
            }
            ExprKind::Not(body) => self.body(body, Place::Negated),
        }
        for with in &expr.with {
            if let Replacement::Value(value) = &with.value {
                self.term(value, Place::Replacement);
            }
        }
        self.depth -= 1;
    }

    fn term(&mut self, term: &Term, place: Place) {
        if self.depth >= DEPTH_MAX {
            return;
        }
        self.depth += 1;
        let inner = if place == Place::Negated { place } else { Place::Other };
        match &term.kind {
            TermKind::Constant(_) => {}
            TermKind::Local(local) => self.note(*local, term.location, place),
            TermKind::Ref { head, path } => {
                match head {
                    RefHead::Local(local) if path.is_empty() => {
                        self.note(*local, term.location, place);
                    }
                    RefHead::Local(local) => self.note(*local, term.location, Place::Head),
                    RefHead::Term(inner) => self.term(inner, place),
                    RefHead::Input | RefHead::Data => {}
                }
                path.iter().for_each(|step| self.term(step, inner));
            }
            TermKind::Call { args, .. } => {
                let operand = if place == Place::Negated { place } else { Place::Operand };
                args.iter().for_each(|arg| self.term(arg, operand));
            }
            TermKind::Array(items) | TermKind::Set(items) => {
                items.iter().for_each(|item| self.term(item, inner));
            }
            TermKind::Object(entries) => {
                for (key, value) in entries {
                    self.term(key, inner);
                    self.term(value, inner);
                }
            }
            TermKind::Comprehension { key, value, body, .. } => {
                self.body(body, Place::Other);
                key.iter().chain([value]).for_each(|head| self.term(head, Place::Other));
            }
        }
        self.depth -= 1;
    }

    fn note(&mut self, local: Local, location: Location, place: Place) {
        let (span, within) = (location.span, self.within.span);
        let inside = location.source == self.within.source
            && span.start >= within.start
            && span.end <= within.end;
        let earlier = self.found.is_none_or(|found| location < found.location);
        if local == self.local && inside && earlier {
            self.found = Some(Use { location, place });
        }
    }
}
