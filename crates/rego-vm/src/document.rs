//! Documents of the rule tree: partly virtual, partly base data.

use rego_analysis::tree::NodeId;
use rego_program::{Function, IterId, Label, NodeInfo, Op, PathStep, Reg, Src};
use rego_value::Value;

use crate::call::{Return, Waiting};
use crate::failure::Run;
use crate::iter::{Child, Iter, lazy};
use crate::machine::{Flow, Machine, some};
use crate::slot::Slot;

/// A document being put together, child by child.
pub(crate) struct DocFrame {
    node: NodeId,
    scope: usize,
    back: Return,
    /// The next child to look at; one past the last is the rule at the node itself.
    next: usize,
    /// The child whose value is awaited.
    key: Option<Value>,
    /// What the rule at the node itself gave.
    own: Option<Value>,
    entries: Vec<(Value, Value)>,
}

/// How far a document has come.
pub(crate) enum Progress<'a> {
    /// It waits for a rule, which runs now.
    Entered,
    /// It is whole: its value, who wants it, and the scope it was made in.
    Whole(Slot<'a>, Return, usize),
}

impl DocFrame {
    /// Takes the value it waited for; an undefined child is left out.
    pub(crate) fn take(&mut self, value: Option<Value>) {
        match (self.key.take(), value) {
            (Some(key), Some(value)) => self.entries.push((key, value)),
            (None, value) => self.own = value,
            (Some(_), None) => {}
        }
    }
}

fn base_child<'v>(value: &'v Value, key: &Value) -> Option<&'v Value> {
    value.get(key).or_else(|| {
        let text = key.as_i64()?.to_string();
        value.as_object()?.get_str(&text)
    })
}

impl<'a> Machine<'a> {
    pub(crate) fn node(&self, node: NodeId) -> Run<&'a NodeInfo> {
        let program = self.program;
        match program.nodes.get(node.0 as usize) {
            Some(info) => Ok(info),
            None => self.internal("no such document"),
        }
    }

    /// Returns what the base document holds at a path. An integer finds the key of its text, as
    /// in OPA, where paths of the store are text.
    pub(crate) fn base_at<'k>(
        &self,
        mut path: impl Iterator<Item = &'k Value>,
    ) -> Option<Slot<'a>> {
        let data = self.scope().data.clone();
        path.try_fold(data, |slot, key| slot.child(|value| base_child(value, key)))
    }

    /// Returns what the base document holds at a constant path that has not been found as it stands:
    /// it may be there under the text of an integer.
    pub(crate) fn base_path(&self, steps: &[PathStep]) -> Option<Slot<'a>> {
        let has_integer = steps.iter().any(|step| step.key.as_i64().is_some());
        has_integer.then(|| self.base_at(steps.iter().map(|step| &step.key))).flatten()
    }

    /// Returns what the base document holds where a node stands.
    fn base_of(&self, node: NodeId) -> Option<Slot<'a>> {
        self.base_at(self.program.path_of(node).into_iter())
    }

    /// Whether `with` replaced the document at a node, or one that it is part of.
    fn is_replaced(&self, node: NodeId) -> bool {
        let scope = self.scope();
        !scope.replaced.is_empty() && scope.is_replaced(self.program.path_of(node).into_iter())
    }

    /// Evaluates the whole document at a node.
    pub(crate) fn document(&mut self, node: NodeId, back: Return) -> Run<Flow> {
        let info = self.node(node)?;
        if self.is_replaced(node) {
            let found = self.base_of(node);
            self.set_or(back.dst, found, back.fail);
            return Ok(Flow::On);
        }
        if info.children.is_empty() {
            if let Some(rule) = info.rule {
                return self.rule(rule, back);
            }
            if info.is_rule {
                self.jump(back.fail); // a function is not a document
                return Ok(Flow::On);
            }
        }
        self.waiting.push(Waiting::Code(self.frame));
        match self.advance(self.doc_frame(node, back))? {
            Progress::Entered => Ok(Flow::On),
            Progress::Whole(value, back, scope) => self.deliver(Some(value), back, scope),
        }
    }

    fn doc_frame(&self, node: NodeId, back: Return) -> Box<DocFrame> {
        Box::new(DocFrame {
            node,
            scope: self.frame.scope,
            back,
            next: 0,
            key: None,
            own: None,
            entries: Vec::new(),
        })
    }

    /// Goes on with a document until it, or one inside it, needs a rule or is whole.
    pub(crate) fn advance(&mut self, mut doc: Box<DocFrame>) -> Run<Progress<'a>> {
        loop {
            self.charge(1)?;
            let info = self.node(doc.node)?;
            let at = doc.next;
            doc.next += 1;
            let Some((key, child)) = info.children.get(at) else {
                match info.rule.filter(|_| at == info.children.len()) {
                    Some(rule) => match self.await_rule(doc, rule)? {
                        Some(back) => doc = back,
                        None => return Ok(Progress::Entered),
                    },
                    None => return self.finish(*doc, info),
                }
                continue;
            };
            let child_info = self.node(*child)?;
            if self.is_replaced(*child) {
                continue; // base data has it
            }
            doc.key = Some(key.clone());
            if !child_info.children.is_empty() {
                let inner = self.doc_frame(*child, Return::NOWHERE);
                self.waiting.push(Waiting::Document(doc));
                self.check_depth()?;
                doc = inner;
                continue;
            }
            match child_info.rule {
                Some(rule) => match self.await_rule(doc, rule)? {
                    Some(back) => doc = back,
                    None => return Ok(Progress::Entered),
                },
                None if child_info.is_rule => doc.key = None,
                None => {
                    // An empty package: what base data has there, or nothing.
                    let empty = Value::object(Vec::new());
                    let base = self.base_of(*child).and_then(|slot| slot.to_value());
                    doc.take(Some(base.unwrap_or(empty)));
                }
            }
        }
    }

    fn check_depth(&self) -> Run<()> {
        if self.waiting.len() > self.setting.budget.depth_max as usize {
            let halt = crate::builtin::Halt::Depth;
            return self.fail(crate::failure::FailureKind::Halt(halt), halt.to_string());
        }
        Ok(())
    }

    /// Gives the document the value of a rule that is remembered, and the document back; else runs
    /// the rule.
    fn await_rule(
        &mut self,
        mut doc: Box<DocFrame>,
        rule: rego_program::FunctionId,
    ) -> Run<Option<Box<DocFrame>>> {
        self.frame.scope = doc.scope;
        if let Some(value) = self.recall(rule) {
            doc.take(value.to_value());
            return Ok(Some(doc));
        }
        self.waiting.push(Waiting::Document(doc));
        self.enter(rule, Return::NOWHERE)?;
        Ok(None)
    }

    /// Puts rules and base data together. Where both have a key, base data counts, as in OPA;
    /// where both have documents there, they are one already.
    fn finish(&mut self, doc: DocFrame, info: &NodeInfo) -> Run<Progress<'a>> {
        let base = self.base_of(doc.node).and_then(|slot| slot.to_value());
        let DocFrame { mut entries, own, back, scope, .. } = doc;
        for layer in [own, base].into_iter().flatten() {
            let Some(object) = layer.as_object() else { continue };
            self.charge(object.len() as u64)?;
            let is_document = |key: &Value| match info.child(key).map(|child| self.node(child)) {
                Some(Ok(child)) => !child.children.is_empty(),
                _ => false,
            };
            let fresh = object.iter().filter(|(key, _)| !is_document(key));
            entries.extend(fresh.map(|(key, value)| (key.clone(), value.clone())));
        }
        Ok(Progress::Whole(Slot::Own(Value::object(entries)), back, scope))
    }

    /// Looks up a key, in a value or a document.
    pub(crate) fn get(&mut self, (dst, fail): (Reg, Label), src: Src, key: Src) -> Run<Flow> {
        let node = match src.decode() {
            Err(reg) => match self.slot(reg) {
                Slot::Node(node) => Some((reg, *node)),
                _ => None,
            },
            Ok(_) => None,
        };
        let Some((reg, node)) = node else {
            let window = self.window();
            let Some(key) = window.value(key) else {
                return self.internal("a register without a value is read");
            };
            let found = match src.decode() {
                Err(reg) => self.slot(reg).child(|value| value.get(key)),
                Ok(_) => window.slot(src).child(|value| value.get(key)),
            };
            self.set_or(dst, found, fail);
            return Ok(Flow::On);
        };
        let info = self.node(node)?;
        if info.is_rule {
            return self.force_first(node, reg, fail);
        }
        let key = self.value(key)?.clone();
        let found = self.child_of(node, &key)?;
        self.set_or(dst, found, fail);
        Ok(Flow::On)
    }

    /// Evaluates the document in a register, then runs the instruction under way again.
    fn force_first(&mut self, node: NodeId, reg: Reg, fail: Label) -> Run<Flow> {
        self.frame.pc -= 1;
        self.document(node, Return { dst: reg, fail })
    }

    /// What stands at a key of a document that no rule makes as a whole.
    fn child_of(&self, node: NodeId, key: &Value) -> Run<Option<Slot<'a>>> {
        match self.node(node)?.child(key) {
            Some(child) if !self.is_replaced(child) => Ok(Some(Slot::Node(child))),
            _ => {
                let path = self.program.path_of(node);
                Ok(self.base_at(path.into_iter().chain([key])))
            }
        }
    }

    /// Evaluates what is still a document.
    pub(crate) fn force(&mut self, (dst, fail): (Reg, Label), src: Src) -> Run<Flow> {
        match self.window().slot(src) {
            Slot::Node(node) => self.document(node, Return { dst, fail }),
            slot => {
                self.set_or(dst, some(slot), fail);
                Ok(Flow::On)
            }
        }
    }

    pub(crate) fn iter_start(&mut self, iter: IterId, src: Src, fail: Label) -> Run<Flow> {
        let slot = self.window().slot(src);
        if let Slot::Node(node) = slot {
            let info = self.node(node)?;
            if info.is_rule
                && let Err(reg) = src.decode()
            {
                return self.force_first(node, reg, fail);
            }
            let children = self.children(node)?;
            self.put_iter(iter, Iter::Children(children.into_iter()));
            return Ok(Flow::On);
        }
        if slot.value().and_then(Value::elements_len) == Some(0)
            && let Some(Op::IterNext { iter: next, exit, .. }) = self.next_op()
            && *next == iter
        {
            self.charge(1)?;
            self.jump(*exit);
            return Ok(Flow::On);
        }
        match Iter::over(&slot) {
            Some(over) => self.put_iter(iter, over),
            None => self.jump(fail),
        }
        Ok(Flow::On)
    }

    #[inline]
    fn next_op(&self) -> Option<&'a Op> {
        let function: &'a Function = self.frame.function;
        function.code.get(self.frame.pc)
    }

    /// The children of a document: those of rules, evaluated when needed, and of base data.
    fn children(&mut self, node: NodeId) -> Run<Vec<Child<'a>>> {
        let mut children = Vec::new();
        for (key, child) in &self.node(node)?.children {
            if !self.is_replaced(*child) {
                children.push(lazy(key, *child));
            }
        }
        let virtual_len = children.len();
        if let Some(base) = self.base_of(node)
            && let Some(mut over) = Iter::over(&base)
        {
            while let Some((key, value)) = over.next() {
                self.charge(1)?;
                let Some(key) = key.to_value() else { continue };
                let have = children
                    .get(..virtual_len)
                    .is_some_and(|c| c.binary_search_by(|(k, _)| k.cmp(&key)).is_ok());
                if !have {
                    children.push((key, value));
                }
            }
        }
        children.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(children)
    }
}
