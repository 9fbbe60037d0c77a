//! `with`: what is replaced and by what.

use rego_source::Location;
use rego_syntax::ast;
use rego_value::Value;

use super::Lower;
use super::call::{TargetKind, dotted};
use crate::finding::{COMPILE, Stage, TYPE};
use crate::heads;
use crate::scope::Lookup;
use crate::tree::{Callee, Replacement, RuleKind, RuleTree, With, WithTarget};
use crate::unit::Global;

impl Lower<'_> {
    /// Lowers the modifiers of a statement.
    pub(super) fn withs(&mut self, withs: &[ast::With]) -> Vec<With> {
        withs.iter().filter_map(|with| self.with(with)).collect()
    }

    fn with(&mut self, with: &ast::With) -> Option<With> {
        let location = self.at(with.span);
        let Some(target) = self.with_target(&with.target) else {
            self.term(&with.value);
            let message = "with keyword target must reference existing input, data, or a function";
            self.findings.error(Stage::WithValues, TYPE, self.at(with.target.span), message);
            return None;
        };
        self.refuse_target(&target, self.at(with.target.span));
        let value = match (&target, self.function_named(&with.value)) {
            (WithTarget::Function(target), Some(callee)) => {
                self.check_replacement(*target, callee, with);
                Replacement::Function(callee)
            }
            _ => Replacement::Value(self.term(&with.value)),
        };
        Some(With { target, value, location })
    }

    fn with_target(&mut self, target: &ast::Term) -> Option<WithTarget> {
        if let Some(callee) = self.function_named(target) {
            return Some(WithTarget::Function(callee));
        }
        let Global { input, path } = self.ground_path(target)?;
        if input {
            return Some(WithTarget::Input(path));
        }
        self.refuse_partial(&path, self.at(target.span));
        Some(WithTarget::Data(path))
    }

    /// Reports builtins that cannot be replaced.
    fn refuse_target(&mut self, target: &WithTarget, location: Location) {
        let WithTarget::Function(Callee::Builtin(decl)) = target else { return };
        let name = decl.name;
        let what = match name {
            "eq" | "rego.metadata.chain" | "rego.metadata.rule" => {
                format!("replacement of {name:?} invalid")
            }
            _ if self.options.unsafe_builtins.contains(&name) => {
                format!("target must not be unsafe: {name:?}")
            }
            _ if name.starts_with("internal.") => {
                format!("replacement of internal function {name:?} invalid")
            }
            _ if decl.relation => "target must not be a relation".to_owned(),
            _ if decl.result.is_none() => "target must not be a void function".to_owned(),
            _ => return,
        };
        let message = format!("with keyword replacing built-in function: {what}");
        self.findings.error(Stage::WithValues, COMPILE, location, message);
    }

    /// Reports a function that takes another number of operands than the one it replaces.
    fn check_replacement(&mut self, target: Callee, by: Callee, with: &ast::With) {
        if self.callee_arity(target) == self.callee_arity(by) {
            return;
        }
        let name = match target {
            Callee::Builtin(decl) => decl.name.to_owned(),
            Callee::Rule(id) => self.catalog.path_of(id),
        };
        let at = self.at(with.span);
        self.findings.error(Stage::Types, TYPE, at, format!("{name}: arity mismatch"));
    }

    fn callee_arity(&self, callee: Callee) -> Option<usize> {
        match callee {
            Callee::Builtin(decl) => Some(decl.args.len()),
            Callee::Rule(id) => match self.catalog.kind(id)? {
                RuleKind::Function { arity } => Some(arity),
                _ => None,
            },
        }
    }

    /// Returns the document that a term without variables names.
    fn ground_path(&mut self, term: &ast::Term) -> Option<Global> {
        let (head, steps) = match &term.kind {
            ast::TermKind::Var(_) => (term, &[][..]),
            ast::TermKind::Ref { head, path } => (&**head, &path[..]),
            _ => return None,
        };
        let ast::TermKind::Var(name) = &head.kind else { return None };
        let Lookup::Outside = self.frame.lookup(name) else { return None };
        let mut global = self.unit.global(name)?;
        for step in steps {
            global.path.push(heads::scalar(&step.term)?);
        }
        Some(global)
    }

    /// Returns the function that a bare name or path stands for.
    fn function_named(&mut self, term: &ast::Term) -> Option<Callee> {
        let (first, rest) = dotted(term)?;
        let Lookup::Outside = self.frame.lookup(first) else { return None };
        if let Some(mut global) = self.unit.global(first) {
            global.path.extend(rest.iter().map(|part| Value::from(*part)));
            let id = self.catalog.rule_at(&global.path).filter(|_| !global.input)?;
            let is_function = matches!(self.catalog.kind(id)?, RuleKind::Function { .. });
            return is_function.then_some(Callee::Rule(id));
        }
        let name = std::iter::once(&&**first).chain(&rest).copied().collect::<Vec<_>>().join(".");
        match self.builtin_target(name).kind {
            TargetKind::Function(callee, _) => Some(callee),
            _ => None,
        }
    }

    fn refuse_partial(&mut self, path: &[Value], location: Location) {
        let mut node = RuleTree::ROOT;
        let above = path.split_last().map_or(&[][..], |(_, above)| above);
        for key in above {
            let Some(child) = self.catalog.tree.child(node, key) else { return };
            if self.catalog.tree.node(child).is_some_and(|node| node.rule.is_some()) {
                let message = "with keyword cannot partially replace virtual document(s)";
                self.findings.error(Stage::WithValues, COMPILE, location, message);
                return;
            }
            node = child;
        }
    }
}
