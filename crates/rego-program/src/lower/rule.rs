//! Rules and functions.

use rego_analysis::tree::{Definition, Rule, RuleKind, TermKind};
use rego_value::Value;

use super::Scope;
use super::emit::{Emit, Lowered};
use crate::index;
use crate::op::{BuilderId, Label, Op, Reg, Src};
use crate::program::{Function, MarkNode, Shape};

/// Returns the function of a rule.
pub(super) fn lower(scope: &mut Scope<'_>, rule: &Rule) -> Lowered<Function> {
    let arity = match rule.kind {
        RuleKind::Function { arity } => arity as u32,
        _ => 0,
    };
    let place = rule.definitions.first().or(rule.default.as_deref()).map(|d| d.location);
    let mut emit = Emit::new(scope, arity, place.unwrap_or_default());
    match rule.kind {
        RuleKind::Complete | RuleKind::Function { .. } => emit.single_valued(rule)?,
        RuleKind::PartialSet | RuleKind::PartialObject => emit.partial(rule)?,
    }
    let shape = match rule.kind {
        RuleKind::Function { .. } => Shape::Function { arity },
        _ => Shape::Rule,
    };
    Ok(emit.finish(shape, rule.path.clone()))
}

/// How a value leaves a rule with one value.
#[derive(Clone, Copy)]
enum Give {
    /// It is the rule's value, whatever else holds.
    Return,
    /// Others must agree.
    Yield(Reg),
}

/// The one value that all definitions of a rule have, if it is known to be one.
fn only_value(rule: &Rule) -> Option<&Value> {
    let mut only = None;
    for definition in &rule.definitions {
        let mut branch = Some(definition);
        while let Some(at) = branch {
            let TermKind::Constant(value) = &at.value.kind else {
                return None;
            };
            if only.is_some_and(|o| o != value) {
                return None;
            }
            only = Some(value);
            branch = at.els.as_deref();
        }
    }
    only
}

impl Emit<'_, '_> {
    fn single_valued(&mut self, rule: &Rule) -> Lowered<()> {
        let acc = self.reg();
        let early = self.scope.options.early_exit && only_value(rule).is_some();
        let give = if early { Give::Return } else { Give::Yield(acc) };
        self.emit(Op::Clear { dst: acc });
        let end = self.label();
        self.definitions(&rule.definitions, (end, early), |emit, definition, next| {
            emit.branches(definition, give, next)
        })?;
        self.bind(end);
        if let Some(default) = &rule.default {
            self.default(default, acc)?;
        }
        self.emit(Op::ReturnReg { reg: acc });
        Ok(())
    }

    /// The value of the default, where no definition gave one.
    fn default(&mut self, default: &Definition, acc: Reg) -> Lowered<()> {
        let done = self.label();
        self.emit(Op::JumpIfSet { reg: acc, to: done });
        self.start(default, done)?;
        self.mark_empty(&default.body);
        let src = self.term(&default.value)?;
        self.exit_query();
        self.emit(Op::Move { dst: acc, src });
        self.bind(done);
        Ok(())
    }

    /// Lowers each definition so that it goes on at the next one, by the index where there is one.
    fn definitions(
        &mut self,
        definitions: &[Definition],
        (end, early): (Label, bool),
        lower: impl Fn(&mut Self, &Definition, Label) -> Lowered<()>,
    ) -> Lowered<()> {
        let rule_index = if self.scope.options.index { index::build(definitions) } else { None };
        let Some(rule_index) = rule_index else {
            self.mark_index(None, definitions.len(), early);
            let used = self.used();
            for definition in definitions {
                let next = self.label();
                self.reuse(used);
                lower(self, definition, next)?;
                self.bind(next);
            }
            return Ok(());
        };
        let labels: Vec<Label> = definitions.iter().map(|_| self.label()).collect();
        let index = self.index(rule_index, labels.clone());
        let (iter, next) = (self.iter(), self.label());
        self.emit(Op::IndexStart { iter, index });
        self.mark_index(Some(iter), definitions.len(), early);
        self.bind(next);
        self.emit(Op::IndexNext { iter, index, exit: end });
        let used = self.used();
        for (definition, label) in definitions.iter().zip(labels) {
            self.bind(label);
            self.reuse(used);
            lower(self, definition, next)?;
            self.emit(Op::Jump(next));
        }
        Ok(())
    }

    /// Starts a definition: nothing is bound but what the parameters' patterns bind.
    fn start(&mut self, definition: &Definition, next: Label) -> Lowered<()> {
        self.locals.clear();
        self.locals.resize(definition.locals as usize, None);
        self.ctx = None;
        self.fail = next;
        self.place = definition.location;
        self.tracing = None;
        self.names.clear();
        self.enter_query(MarkNode::Rule, definition.location);
        self.note_params(definition);
        let mut params = (0u32..).zip(&definition.args);
        params.try_for_each(|(at, arg)| self.pattern(arg, Src::reg(Reg(at))))
    }

    /// Lowers a definition and its `else` branches: a branch counts where none before it has a
    /// solution.
    fn branches(&mut self, definition: &Definition, give: Give, next: Label) -> Lowered<()> {
        self.start(definition, next)?;
        let bound = self.locals.clone();
        let mut branch = definition;
        loop {
            let Some(other) = branch.els.as_deref() else {
                return self.branch(branch, give, next);
            };
            let els = self.label();
            let hit = self.reg();
            self.emit(Op::Clear { dst: hit });
            self.fail = els;
            self.branch_with_hit(branch, give, (hit, next))?;
            self.bind(els);
            self.emit(Op::JumpIfSet { reg: hit, to: next });
            self.locals.clone_from(&bound);
            self.fail = next;
            self.place = other.location;
            self.tracing = None;
            self.enter_query(MarkNode::Rule, other.location);
            branch = other;
        }
    }

    /// A branch with others after it: notes that it had a solution.
    fn branch_with_hit(
        &mut self,
        branch: &Definition,
        give: Give,
        (hit, next): (Reg, Label),
    ) -> Lowered<()> {
        let before = self.fail;
        self.body(&branch.body)?;
        let src = self.term(&branch.value)?;
        self.exit_query();
        match give {
            Give::Return => self.emit(Op::Return { src }),
            Give::Yield(acc) => {
                self.place = branch.location; // where OPA puts a conflict
                self.emit(Op::Yield { acc, src });
                if self.fail == before || matches!(branch.value.kind, TermKind::Constant(_)) {
                    self.emit(Op::Jump(next)); // no other solution can tell anything new
                } else {
                    let src = self.constant_true();
                    self.emit(Op::Move { dst: hit, src });
                    self.emit(Op::Jump(self.fail));
                }
            }
        }
        Ok(())
    }

    fn branch(&mut self, branch: &Definition, give: Give, next: Label) -> Lowered<()> {
        self.body(&branch.body)?;
        let src = self.term(&branch.value)?;
        self.exit_query();
        match give {
            Give::Return => self.emit(Op::Return { src }),
            Give::Yield(acc) => {
                self.place = branch.location; // where OPA puts a conflict
                self.emit(Op::Yield { acc, src });
                let known = matches!(branch.value.kind, TermKind::Constant(_));
                self.emit(Op::Jump(if known { next } else { self.fail }));
            }
        }
        Ok(())
    }

    /// A rule that collects: a set, or an object of values and sets.
    fn partial(&mut self, rule: &Rule) -> Lowered<()> {
        let builder = self.builder();
        self.emit(Op::BuildStart { builder });
        let end = self.label();
        let is_set = rule.kind == RuleKind::PartialSet;
        let flat = rule.definitions.iter().all(|d| d.keys.len() == 1 && !d.contains);
        self.definitions(&rule.definitions, (end, false), |emit, definition, next| {
            emit.start(definition, next)?;
            emit.contribution(definition, builder, is_set || !flat)
        })?;
        self.bind(end);
        let dst = self.reg();
        self.emit(if is_set {
            Op::BuildSet { builder, dst }
        } else {
            Op::BuildObject { builder, dst }
        });
        self.emit(Op::Return { src: Src::reg(dst) });
        Ok(())
    }

    fn contribution(
        &mut self,
        definition: &Definition,
        builder: BuilderId,
        nested: bool,
    ) -> Lowered<()> {
        self.body(&definition.body)?;
        let keys = self.terms(&definition.keys)?;
        let value = self.term(&definition.value)?;
        self.exit_query();
        let contains = definition.contains;
        self.place = definition.location; // where OPA puts a conflict
        match keys.as_slice() {
            [] => self.emit(Op::BuildPush { builder, value }),
            [key] if !nested => self.emit(Op::BuildPut { builder, key: *key, value }),
            keys => {
                let keys = self.list(keys);
                self.emit(Op::BuildPutPath { builder, keys, value, contains });
            }
        }
        self.emit(Op::Jump(self.fail));
        Ok(())
    }
}
