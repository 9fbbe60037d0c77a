//! The tree as OPA shapes it: calls are lists that begin with the function, a reference is a list
//! that begins with a variable, and operators are calls.
//!
//! Must not know: JSON, spans.

use std::sync::Arc;

use rego_syntax::ast::Text;
use rego_value::Value;

/// A module without its comments.
#[derive(Clone, Debug, Default)]
pub(super) struct Module {
    /// Its package, `data` first.
    pub(super) package: Vec<Term>,
    pub(super) imports: Vec<Import>,
    pub(super) rules: Vec<Rule>,
    pub(super) annotations: Vec<Value>,
}

/// An import: its reference, and its alias where one is written.
#[derive(Clone, Debug)]
pub(super) struct Import {
    pub(super) path: Vec<Term>,
    pub(super) alias: Option<Text>,
}

/// A rule, or a branch of `else`.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) default: bool,
    pub(super) head: Head,
    pub(super) body: Body,
    pub(super) els: Option<Box<Rule>>,
    pub(super) annotations: Vec<Value>,
}

/// The head of a rule.
#[derive(Clone, Debug)]
pub(super) struct Head {
    pub(super) reference: Vec<Term>,
    pub(super) args: Vec<Term>,
    pub(super) key: Option<Term>,
    pub(super) value: Option<Term>,
    pub(super) assign: bool,
}

impl Head {
    /// Returns the terms that may mention variables of the body.
    pub(super) fn terms_mut(&mut self) -> impl Iterator<Item = &mut Term> {
        let steps = self.reference.iter_mut().skip(1);
        steps.chain(&mut self.args).chain(&mut self.key).chain(&mut self.value)
    }
}

/// Statements; a statement's index is its place.
pub(super) type Body = Vec<Expr>;

/// A statement.
#[derive(Clone, Debug)]
pub(super) struct Expr {
    pub(super) terms: Terms,
    pub(super) with: Vec<With>,
    pub(super) negated: bool,
    /// Whether a rewriting made it.
    pub(super) generated: bool,
}

impl Expr {
    /// Returns a statement without modifiers.
    pub(super) fn new(terms: Terms) -> Self {
        Self { terms, with: Vec::new(), negated: false, generated: false }
    }

    /// Returns a made-up `left = right`.
    pub(super) fn generated(left: Term, right: Term) -> Self {
        let terms = Terms::Call(vec![Term::operator("eq"), left, right]);
        Self { generated: true, ..Self::new(terms) }
    }

    /// Returns the two sides where it is a call of this operator with two operands.
    pub(super) fn sides(&self, operator: &str) -> Option<(&Term, &Term)> {
        match &self.terms {
            Terms::Call(terms) => match terms.as_slice() {
                [name, left, right] if name.is_operator(operator) => Some((left, right)),
                _ => None,
            },
            _ => None,
        }
    }
}

/// What a statement says.
#[derive(Clone, Debug)]
pub(super) enum Terms {
    Term(Term),
    /// The function, then the operands.
    Call(Vec<Term>),
    /// Variables, or one call of `internal.member_2` or `internal.member_3`.
    Some(Vec<Term>),
    Every(Box<Every>),
}

#[derive(Clone, Debug)]
pub(super) struct Every {
    pub(super) key: Option<Term>,
    pub(super) value: Term,
    pub(super) domain: Term,
    pub(super) body: Body,
}

#[derive(Clone, Debug)]
pub(super) struct With {
    pub(super) target: Term,
    pub(super) value: Term,
    /// Whether the value is a function, which stands in for another.
    pub(super) is_function: bool,
}

/// A term.
#[derive(Clone, Debug)]
pub(super) enum Term {
    Null,
    Bool(bool),
    Number(Text),
    String(Text),
    Var(Text),
    Ref(Vec<Term>),
    Call(Vec<Term>),
    Array(Vec<Term>),
    Object(Vec<(Term, Term)>),
    Set(Vec<Term>),
    Comprehension(Box<Comprehension>),
    /// Only in the parsed form; the compiled one has calls in its place.
    Template {
        parts: Vec<Part>,
        multi_line: bool,
    },
}

/// A piece of a template string.
#[derive(Clone, Debug)]
pub(super) enum Part {
    Text(Text),
    Expr(Expr),
}

/// What a comprehension makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Array,
    Object,
    Set,
}

#[derive(Clone, Debug)]
pub(super) struct Comprehension {
    pub(super) kind: Kind,
    pub(super) key: Option<Term>,
    pub(super) value: Term,
    pub(super) body: Body,
}

impl Term {
    /// Returns a variable.
    pub(super) fn var(name: &str) -> Self {
        Term::Var(Arc::from(name))
    }

    /// Returns a string.
    pub(super) fn string(text: &str) -> Self {
        Term::String(Arc::from(text))
    }

    /// Returns the reference of a function by its dotted name.
    pub(super) fn operator(name: &str) -> Self {
        let mut parts = name.split('.');
        let head = Term::var(parts.next().unwrap_or_default());
        Term::Ref(std::iter::once(head).chain(parts.map(Term::string)).collect())
    }

    /// Whether it is the reference of this function.
    pub(super) fn is_operator(&self, name: &str) -> bool {
        self.dotted().is_some_and(|dotted| dotted == name)
    }

    /// Returns a reference of names as dotted text.
    pub(super) fn dotted(&self) -> Option<String> {
        let Term::Ref(terms) = self else { return None };
        let name = |term: &Term| match term {
            Term::Var(name) | Term::String(name) => Some(name.to_string()),
            _ => None,
        };
        let names: Option<Vec<String>> = terms.iter().map(name).collect();
        names.map(|names| names.join("."))
    }

    /// Returns the terms right below it; those of a comprehension are not.
    pub(super) fn parts_mut(&mut self) -> Vec<&mut Term> {
        match self {
            Term::Ref(terms) | Term::Call(terms) | Term::Array(terms) | Term::Set(terms) => {
                terms.iter_mut().collect()
            }
            Term::Object(entries) => entries.iter_mut().flat_map(|(k, v)| [k, v]).collect(),
            _ => Vec::new(),
        }
    }

    /// Returns the terms right below it; those of a comprehension are not.
    pub(super) fn parts(&self) -> Vec<&Term> {
        match self {
            Term::Ref(terms) | Term::Call(terms) | Term::Array(terms) | Term::Set(terms) => {
                terms.iter().collect()
            }
            Term::Object(entries) => entries.iter().flat_map(|(k, v)| [k, v]).collect(),
            _ => Vec::new(),
        }
    }

    /// Whether it holds a reference, a call or a comprehension at any depth.
    pub(super) fn requires_eval(&self) -> bool {
        match self {
            Term::Ref(_) | Term::Call(_) | Term::Comprehension(_) => true,
            _ => self.parts().into_iter().any(Term::requires_eval),
        }
    }
}
