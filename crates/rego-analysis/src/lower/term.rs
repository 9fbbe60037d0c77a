//! Terms: names resolved, operators turned into calls, composites of constants folded.

use rego_source::Location;
use rego_syntax::ast;
use rego_value::Value;

use super::{Lower, entries};
use crate::heads;
use crate::scan::{self, Names};
use crate::scope::{LocalName, Lookup};
use crate::tree::{Body, ComprehensionKind, Expr, ExprKind, RefHead, Term, TermKind};
use crate::unit::Global;

impl Lower<'_> {
    /// Lowers a term.
    pub(crate) fn term(&mut self, term: &ast::Term) -> Term {
        let location = self.at(term.span);
        if let Some(value) = heads::scalar(term) {
            return Term { kind: TermKind::Constant(value), location };
        }
        match &term.kind {
            ast::TermKind::Var(name) => self.variable(name, location),
            ast::TermKind::Ref { head, path } => self.reference(head, path, location),
            ast::TermKind::Array(items) => {
                array(items.iter().map(|item| self.term(item)).collect(), location)
            }
            ast::TermKind::Set(items) => {
                set(items.iter().map(|item| self.term(item)).collect(), location)
            }
            ast::TermKind::Object(entries) => {
                let entries = entries::distinct(entries).into_iter().map(|(key, value)| {
                    let key = self.term(key);
                    (key, self.term(value))
                });
                object(entries.collect(), location)
            }
            ast::TermKind::ArrayCompr { value, body } => {
                self.comprehension(ComprehensionKind::Array, [None, Some(value)], body, location)
            }
            ast::TermKind::SetCompr { value, body } => {
                self.comprehension(ComprehensionKind::Set, [None, Some(value)], body, location)
            }
            ast::TermKind::ObjectCompr { key, value, body } => {
                let head = [Some(&**key), Some(&**value)];
                self.comprehension(ComprehensionKind::Object, head, body, location)
            }
            ast::TermKind::Template { parts, .. } => self.template(parts, location),
            _ => self.call_term(term, location),
        }
    }

    /// A bare name.
    pub(super) fn variable(&mut self, name: &ast::Text, location: Location) -> Term {
        let kind = if &**name == "_" {
            TermKind::Local(self.frame.fresh(LocalName::Wildcard))
        } else {
            match self.frame.lookup(name) {
                Lookup::Local(local) => TermKind::Local(local),
                Lookup::Ahead => TermKind::Local(self.frame.free(name, location)),
                Lookup::Outside => match self.unit.global(name) {
                    Some(global) => global_reference(global, location),
                    None => TermKind::Local(self.frame.free(name, location)),
                },
            }
        };
        Term { kind, location }
    }

    fn reference(&mut self, head: &ast::Term, path: &[ast::Step], location: Location) -> Term {
        let start = self.term(head);
        let mut steps: Vec<Term> = Vec::with_capacity(path.len());
        let head = match start.kind {
            TermKind::Local(local) => RefHead::Local(local),
            TermKind::Ref { head, path } => {
                steps.extend(path);
                head
            }
            _ => RefHead::Term(Box::new(start)),
        };
        steps.extend(path.iter().map(|step| self.term(&step.term)));
        Term { kind: TermKind::Ref { head, path: steps }, location }
    }

    fn comprehension(
        &mut self,
        kind: ComprehensionKind,
        [key, value]: [Option<&ast::Term>; 2],
        body: &ast::Body,
        location: Location,
    ) -> Term {
        let mut names = Names::default();
        for head in key.iter().chain(&value) {
            scan::mention(head, &mut names.mentioned);
        }
        names.add_body(body);
        self.frame.open(names);
        let body = self.body(body);
        let key = key.map(|key| Box::new(self.term(key)));
        let value = value.map(|value| self.term(value));
        let value = Box::new(value.unwrap_or(constant(Value::NULL, location)));
        self.close_body();
        Term { kind: TermKind::Comprehension { kind, key, value, body }, location }
    }

    /// `$"a {b}"` is a call with an array of strings and sets of what the pieces give.
    fn template(&mut self, parts: &[ast::TemplatePart], location: Location) -> Term {
        let parts = parts.iter().map(|part| match part {
            ast::TemplatePart::Text(text) => constant(Value::from(&**text), location),
            ast::TemplatePart::Expr(expr) => self.template_part(expr, location),
        });
        let operand = array(parts.collect(), location);
        self.builtin_call("internal.template_string", vec![operand], location)
    }

    fn template_part(&mut self, expr: &ast::Expr, location: Location) -> Term {
        let at = self.at(expr.span);
        let ast::ExprKind::Term(term) = &expr.kind else { return constant(Value::NULL, location) };
        let captured = self.term(term);
        let mut capture = self.capture(captured, at);
        let with = self.withs(&expr.with);
        if let TermKind::Comprehension { body, .. } = &mut capture.kind
            && let Some(first) = body.exprs.first_mut()
        {
            first.with = with;
        }
        capture
    }

    /// Returns the set of the values of a term: empty where it is undefined.
    pub(super) fn capture(&mut self, term: Term, location: Location) -> Term {
        let element = self.generated(location);
        let kind = ExprKind::Unify(element.clone(), term);
        let body = Body { exprs: vec![Expr { kind, with: Vec::new(), location, index: 0 }] };
        let kind = TermKind::Comprehension {
            kind: ComprehensionKind::Set,
            key: None,
            value: Box::new(element),
            body,
        };
        Term { kind, location }
    }
}

/// Returns the reference that a name at the top of a module stands for.
pub(super) fn global_reference(global: Global, location: Location) -> TermKind {
    let head = if global.input { RefHead::Input } else { RefHead::Data };
    let path = global.path.into_iter().map(|key| constant(key, location)).collect();
    TermKind::Ref { head, path }
}

/// Returns a constant.
pub(super) fn constant(value: Value, location: Location) -> Term {
    Term { kind: TermKind::Constant(value), location }
}

fn as_constant(term: &Term) -> Option<Value> {
    if let TermKind::Constant(value) = &term.kind { Some(value.clone()) } else { None }
}

/// Returns an array, folded where all items are constants.
pub(super) fn array(items: Vec<Term>, location: Location) -> Term {
    let values: Option<Vec<Value>> = items.iter().map(as_constant).collect();
    let kind = match values {
        Some(values) => TermKind::Constant(Value::array(values)),
        None => TermKind::Array(items),
    };
    Term { kind, location }
}

fn set(items: Vec<Term>, location: Location) -> Term {
    let values: Option<Vec<Value>> = items.iter().map(as_constant).collect();
    let kind = match values {
        Some(values) => TermKind::Constant(Value::set(values)),
        None => TermKind::Set(items),
    };
    Term { kind, location }
}

/// Returns an object, folded where all keys and values are constants.
pub(super) fn object(entries: Vec<(Term, Term)>, location: Location) -> Term {
    let pairs = entries.iter().map(|(key, value)| Some((as_constant(key)?, as_constant(value)?)));
    let kind = match pairs.collect::<Option<Vec<_>>>() {
        Some(pairs) => TermKind::Constant(Value::object(pairs)),
        None => TermKind::Object(entries),
    };
    Term { kind, location }
}
