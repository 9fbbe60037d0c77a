//! References: what is at a path below a value of some type, and what cannot be.
//!
//! Of `input` and of base documents only what schemas say is known. Below `data`, a path is followed
//! as long as its steps are constants, up to a rule.
//!
//! Must not know: statements.
//!
//! Source: OPA `v1/ast/check.go` (`checkRef`, `checkRefLeaf`), `v1/ast/env.go` (`selectRef`).

use rego_source::Location;
use rego_value::Value;

use super::check::Checker;
use super::extent;
use super::pattern::Pattern;
use super::report::{self, Want};
use super::ty::{Ty, of_scalar};
use crate::tree::{Node, NodeId, RefHead, RuleId, RuleTree, Term, TermKind};

/// A step of a reference.
enum Step {
    /// A scalar.
    Key(Value),
    /// Anything else.
    Pattern(Pattern),
    /// One after the other.
    Each,
}

impl Step {
    fn key(&self) -> Option<&Value> {
        if let Self::Key(key) = self { Some(key) } else { None }
    }
}

/// Why there is nothing at a path.
struct Problem {
    /// The step that leads nowhere.
    at: usize,
    want: Want,
}

impl Checker<'_> {
    /// Returns a reference as a pattern.
    pub(super) fn reference(
        &mut self,
        head: &RefHead,
        path: &[Term],
        location: Location,
    ) -> Pattern {
        match (head, path.is_empty()) {
            (RefHead::Local(local), true) => Pattern::Local(*local),
            (RefHead::Term(inner), true) => self.pattern(inner),
            _ => {
                let steps = self.steps(path);
                Pattern::Known(self.at_path((head, path), &steps, location))
            }
        }
    }

    /// Returns the type of each element of a term, whose key or index a pattern is for.
    pub(super) fn element(&mut self, domain: &Term, key: Option<&Term>) -> Option<Ty> {
        let own_head;
        let (head, path) = match &domain.kind {
            TermKind::Ref { head, path } => (head, &path[..]),
            TermKind::Local(local) => {
                own_head = RefHead::Local(*local);
                (&own_head, &[][..])
            }
            _ => {
                own_head = RefHead::Term(Box::new(domain.clone()));
                (&own_head, &[][..])
            }
        };
        let mut steps = self.steps(path);
        let step = key.map(|key| self.steps(std::slice::from_ref(key)));
        steps.extend(step.unwrap_or_else(|| vec![Step::Each]));
        self.at_path((head, path), &steps, domain.location)
    }

    fn steps(&mut self, path: &[Term]) -> Vec<Step> {
        let step = |term: &Term| match &term.kind {
            TermKind::Constant(key) if of_scalar(key).is_some() => Step::Key(key.clone()),
            _ => Step::Pattern(self.pattern(term)),
        };
        path.iter().map(step).collect()
    }

    /// Returns the type at a path; nothing where that is in error.
    fn at_path(
        &mut self,
        (head, path): (&RefHead, &[Term]),
        steps: &[Step],
        location: Location,
    ) -> Option<Ty> {
        let outcome = match head {
            RefHead::Input => match self.schemas.input() {
                Some(ty) => self.below(ty, steps, 0),
                None => {
                    self.loosen(steps);
                    Ok(Ty::Any)
                }
            },
            RefHead::Data => self.below_data(steps),
            RefHead::Local(local) => {
                if self.locals.get(*local).is_none() {
                    self.locals.set(*local, Ty::Any);
                }
                let ty = self.locals.get(*local).cloned().unwrap_or(Ty::Any);
                self.below(ty, steps, 0)
            }
            RefHead::Term(inner) => {
                let scalar =
                    matches!(&inner.kind, TermKind::Constant(it) if of_scalar(it).is_some());
                let pattern = self.pattern(inner);
                match self.fit().type_of(&pattern) {
                    Some(ty) if !scalar => self.below(ty, steps, 0),
                    known => {
                        self.loosen(steps);
                        return known.and(Some(Ty::Any));
                    }
                }
            }
        };
        match outcome {
            Ok(ty) => Some(ty),
            Err(problem) => {
                self.loosen(steps);
                let names = self.names;
                let Problem { at, want } = problem;
                self.report(|| report::undefined(location, (head, path, names), at, want));
                None
            }
        }
    }

    /// Follows a path from `data`: to a rule, to an annotated document, or off the rule tree.
    fn below_data(&mut self, steps: &[Step]) -> Result<Ty, Problem> {
        if let Some((ty, from)) = self.schemas.document(steps.iter().map(Step::key)) {
            return self.below(ty, steps, from);
        }
        let mut node = RuleTree::ROOT;
        for (at, step) in steps.iter().enumerate() {
            self.check_top(node, steps, at)?;
            let Step::Key(key) = step else {
                self.any_child(node, step, at)?;
                break;
            };
            let Some(child) = self.tree.child(node, key) else { break };
            let Some(info) = self.tree.node(child) else { break };
            if let Some(rule) = info.rule {
                let more = steps.get(at + 1).and_then(Step::key);
                let deeper = more.is_some_and(|key| self.tree.child(child, key).is_some());
                if !deeper {
                    return self.below_rule(rule, info, steps, at + 1);
                }
            }
            if at + 1 == steps.len() {
                return Ok(extent::of_node(child, self.extents()));
            }
            node = child;
        }
        self.loosen(steps);
        Ok(Ty::Any)
    }

    fn below_rule(
        &mut self,
        rule: RuleId,
        info: &Node,
        steps: &[Step],
        from: usize,
    ) -> Result<Ty, Problem> {
        if let Some(of) = self.rules.signature(rule) {
            return Err(Problem { at: from, want: Want::Call { of } });
        }
        match self.rules.value(rule).filter(|_| info.children.is_empty()).cloned() {
            Some(ty) => self.below(ty, steps, from),
            None => {
                self.loosen(steps);
                Ok(Ty::Any)
            }
        }
    }

    /// The two names below `data` are strings, whatever the documents are: as soon as there are
    /// rules, OPA says so.
    fn check_top(&mut self, node: NodeId, steps: &[Step], at: usize) -> Result<(), Problem> {
        let have = match steps.get(at) {
            Some(Step::Key(key)) if at < 2 && key.as_str().is_none() => of_scalar(key),
            _ => return Ok(()),
        };
        if !self.rules.any_known() {
            return Ok(());
        }
        let one_of = self.tree.node(node).map(|node| &node.children[..]).unwrap_or_default();
        let one_of = one_of.iter().map(|(key, _)| key.clone()).collect();
        Err(Problem { at, want: Want::Key { keys: Ty::String, one_of, have } })
    }

    /// A step that is not known stands for the name of any child.
    fn any_child(&mut self, node: NodeId, step: &Step, at: usize) -> Result<(), Problem> {
        let Step::Pattern(pattern @ Pattern::Local(_)) = step else { return Ok(()) };
        let Some(children) = self.tree.node(node).map(|node| &node.children) else {
            return Ok(());
        };
        // Where nothing is, base documents are all there is.
        if children.is_empty() || !self.rules.any_known() {
            return Ok(());
        }
        let keys = extent::keys(children, self.relate);
        if self.fit().one(pattern, &keys, false) {
            return Ok(());
        }
        let (have, one_of) = (self.fit().type_of(pattern), children.iter());
        let one_of = one_of.map(|(key, _)| key.clone()).collect();
        Err(Problem { at, want: Want::Key { keys, one_of, have } })
    }

    /// Follows the steps from `from` on below a value of a type.
    fn below(&mut self, mut ty: Ty, steps: &[Step], from: usize) -> Result<Ty, Problem> {
        for (at, step) in steps.iter().enumerate().skip(from) {
            let Some(keys) = self.relate.keys(&ty) else {
                return Err(Problem { at, want: Want::Nothing { have: ty } });
            };
            if let Step::Key(key) = step {
                let Some(inner) = self.relate.select(&ty, key) else {
                    let one_of = known_keys(&ty);
                    return Err(Problem { at, want: Want::Key { keys, one_of, have: None } });
                };
                ty = inner;
                continue;
            }
            if let Step::Pattern(pattern) = step
                && !self.fit().one(pattern, &keys, false)
            {
                let (have, one_of) = (self.fit().type_of(pattern), known_keys(&ty));
                return Err(Problem { at, want: Want::Key { keys, one_of, have } });
            }
            ty = self.relate.values(&ty).unwrap_or(Ty::Any);
        }
        Ok(ty)
    }

    fn loosen(&mut self, steps: &[Step]) {
        for step in steps {
            if let Step::Pattern(pattern) = step {
                self.fit().loosen(pattern);
            }
        }
    }
}

/// Returns the keys that values of a type are known to have.
fn known_keys(ty: &Ty) -> Vec<Value> {
    let mut keys: Vec<Value> = Vec::new();
    for alternative in ty.alternatives() {
        if let Ty::Object(object) = alternative {
            keys.extend(object.fixed.iter().map(|(key, _)| key.clone()));
        }
    }
    keys.sort();
    keys.dedup();
    keys
}
