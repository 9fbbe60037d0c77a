//! References: into the input, into documents, into values.

use rego_analysis::tree::{NodeId, RefHead, RuleTree, Term, TermKind};
use rego_value::Value;

use super::Scope;
use super::emit::{Emit, Lowered};
use crate::op::{Op, Src};

impl Emit<'_, '_> {
    pub(super) fn reference(&mut self, head: &RefHead, path: &[Term]) -> Lowered<Src> {
        match head {
            RefHead::Input => self.input(path),
            RefHead::Data => self.data(path),
            RefHead::Local(local) => match self.bound(*local) {
                Some(src) => self.steps(src, path),
                None => self.broken("a reference starts from a variable that is not bound"),
            },
            RefHead::Term(term) => {
                let src = self.term(term)?;
                self.steps(src, path)
            }
        }
    }

    fn input(&mut self, path: &[Term]) -> Lowered<Src> {
        let (ground, rest) = split_ground(path);
        let (dst, fail) = (self.reg(), self.fail);
        if ground.is_empty() {
            self.emit(Op::Input { dst, fail });
        } else {
            let path = self.path(ground);
            self.emit(Op::InputPath { dst, path, fail });
        }
        self.steps(Src::reg(dst), rest)
    }

    /// As far as steps are known, the rule tree is walked here and now.
    fn data(&mut self, path: &[Term]) -> Lowered<Src> {
        let mut node = RuleTree::ROOT;
        let (ground, _) = split_ground(path);
        for (depth, key) in ground.iter().enumerate() {
            let Some(child) = self.scope.tree.child(node, key) else {
                return self.below(node, path, depth);
            };
            node = child;
            let info = self.scope.tree.node(node);
            let rule = info.and_then(|n| n.rule).filter(|rule| !self.scope.is_function(*rule));
            let leaf = info.is_some_and(|n| n.children.is_empty());
            if let Some(rule) = rule
                && leaf
            {
                let (dst, fail) = (self.reg(), self.fail);
                let function = match ground.get(depth + 1) {
                    Some(key) => self.scope.function_at(rule, key),
                    None => Scope::function(rule),
                };
                self.emit(Op::Rule { dst, function, fail });
                return self.steps(Src::reg(dst), path.get(depth + 1..).unwrap_or_default());
            }
        }
        let rest = path.get(ground.len()..).unwrap_or_default();
        self.below_node(node, rest)
    }

    /// A path that leaves the rule tree below `node`, at step `depth`.
    fn below(&mut self, node: NodeId, path: &[Term], depth: usize) -> Lowered<Src> {
        let makes_value = |n: &rego_analysis::tree::Node| {
            n.rule.is_some_and(|rule| !self.scope.is_function(rule))
        };
        if self.scope.tree.node(node).is_some_and(makes_value) {
            let src = self.document(node);
            return self.steps(src, path.get(depth..).unwrap_or_default());
        }
        let (ground, rest) = split_ground(path);
        let (dst, fail) = (self.reg(), self.fail);
        let path = self.path(ground);
        self.emit(Op::DataPath { dst, path, fail });
        self.steps(Src::reg(dst), rest)
    }

    fn document(&mut self, node: NodeId) -> Src {
        let (dst, fail) = (self.reg(), self.fail);
        self.emit(Op::Document { dst, node, fail });
        Src::reg(dst)
    }

    /// Steps that are not known from a document that is partly virtual: what is evaluated is
    /// found out while running.
    fn below_node(&mut self, node: NodeId, rest: &[Term]) -> Lowered<Src> {
        let is_rule = self.scope.tree.node(node).is_some_and(|n| n.rule.is_some());
        if rest.is_empty() || is_rule {
            let src = self.document(node);
            return self.steps(src, rest);
        }
        let start = self.reg();
        self.emit(Op::Node { dst: start, node });
        let src = self.steps_one_by_one(Src::reg(start), rest)?;
        let (dst, fail) = (self.reg(), self.fail);
        self.emit(Op::Force { dst, src, fail });
        Ok(Src::reg(dst))
    }

    fn steps_one_by_one(&mut self, src: Src, path: &[Term]) -> Lowered<Src> {
        path.iter().try_fold(src, |src, step| self.step(src, step))
    }

    /// Lowers the steps from a value.
    pub(super) fn steps(&mut self, mut src: Src, mut path: &[Term]) -> Lowered<Src> {
        while !path.is_empty() {
            let (ground, rest) = split_ground(path);
            if ground.is_empty() {
                let Some((step, rest)) = path.split_first() else {
                    break;
                };
                src = self.step(src, step)?;
                path = rest;
                continue;
            }
            let (dst, fail) = (self.reg(), self.fail);
            let ground = self.path(ground);
            self.emit(Op::GetPath { dst, src, path: ground, fail });
            src = Src::reg(dst);
            path = rest;
        }
        Ok(src)
    }

    /// A step whose key is bound looks it up; one whose key is not tries them all.
    fn step(&mut self, src: Src, key: &Term) -> Lowered<Src> {
        if self.evaluable(key) {
            let key = self.term(key)?;
            let (dst, fail) = (self.reg(), self.fail);
            self.emit(Op::Get { dst, src, key, fail });
            return Ok(Src::reg(dst));
        }
        let (found, value) = self.open_loop(src);
        self.pattern(key, Src::reg(found))?;
        Ok(Src::reg(value))
    }
}

/// Splits a path after its leading constant steps.
fn split_ground(path: &[Term]) -> (Vec<Value>, &[Term]) {
    let constant = |step: &Term| match &step.kind {
        TermKind::Constant(value) => Some(value.clone()),
        _ => None,
    };
    let ground: Vec<Value> = path.iter().map_while(constant).collect();
    let rest = path.get(ground.len()..).unwrap_or_default();
    (ground, rest)
}
