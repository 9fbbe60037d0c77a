//! Made-up names: `$0` for each `_`, `__local0__` for what the compiler introduces.
//!
//! Must not know: what is done with them.

use std::collections::BTreeSet;
use std::sync::Arc;

use rego_syntax::ast::Text;

use super::node::{Comprehension, Expr, Kind, Term, Terms, With};

/// How many modifiers `with` may be copied to statements that rewriting makes, a module. A text of
/// `n` bytes could ask for n² otherwise.
const COPIES_MAX: usize = 100_000;

/// Gives names out, each once a module.
#[derive(Debug, Default)]
pub(super) struct Names {
    wildcards: u32,
    locals: u32,
    /// Numbers of such names that the author uses.
    taken: BTreeSet<u32>,
    copies: usize,
}

impl Names {
    /// Returns names that do not occur in a text.
    pub(super) fn apart_from(text: &str) -> Self {
        let numbers = text.split("__local").skip(1).filter_map(|rest| {
            let (number, _) = rest.split_once("__")?;
            number.parse().ok()
        });
        Self { taken: numbers.collect(), ..Self::default() }
    }

    /// Returns a name for a `_`.
    pub(super) fn wildcard(&mut self) -> Text {
        let name = format!("${}", self.wildcards);
        self.wildcards += 1;
        Arc::from(name)
    }

    /// Returns a name for a local.
    pub(super) fn local(&mut self) -> Text {
        while self.taken.contains(&self.locals) {
            self.locals += 1;
        }
        let name = format!("__local{}__", self.locals);
        self.locals += 1;
        Arc::from(name)
    }

    /// Returns a variable and the made-up statement that it equals a term.
    pub(super) fn bind(&mut self, term: Term) -> (Term, Expr) {
        let var = Term::Var(self.local());
        (var.clone(), Expr::generated(var, term))
    }

    /// Returns a copy of modifiers for a made-up statement, as long as there are not too many.
    pub(super) fn copy(&mut self, with: &[With]) -> Vec<With> {
        self.copies += with.len();
        if self.is_exhausted() { Vec::new() } else { with.to_vec() }
    }

    /// Whether modifiers were left out.
    pub(super) fn is_exhausted(&self) -> bool {
        self.copies > COPIES_MAX
    }

    /// Returns `{x | x = term}`: a set that is empty where the term is undefined.
    pub(super) fn capture(&mut self, term: Term) -> Term {
        let value = Term::Var(self.local());
        let terms = Terms::Call(vec![Term::operator("eq"), value.clone(), term]);
        let body = vec![Expr::new(terms)];
        Term::Comprehension(Box::new(Comprehension { kind: Kind::Set, key: None, value, body }))
    }
}
