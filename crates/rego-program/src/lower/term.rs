//! Terms: each is lowered to a register or a constant that holds its value.

use rego_analysis::tree::{Body, Callee, ComprehensionKind, RefHead, Term, TermKind};
use rego_value::Value;

use super::Scope;
use super::emit::{Emit, Lowered};
use super::trace::body_place;
use crate::op::{Arith, Compare, Op, Src};
use crate::program::MarkNode;

/// A comprehension's parts.
pub(super) struct Comprehension<'a> {
    pub(super) kind: ComprehensionKind,
    pub(super) key: Option<&'a Term>,
    pub(super) value: &'a Term,
    pub(super) body: &'a Body,
}

impl Emit<'_, '_> {
    /// Lowers a term; where it has no value, `fail`. May open loops.
    pub(super) fn term(&mut self, term: &Term) -> Lowered<Src> {
        match &term.kind {
            TermKind::Constant(value) => Ok(self.constant(value)),
            TermKind::Local(local) => match self.bound(*local) {
                Some(src) => Ok(src),
                None => self.broken("a variable is used before it is bound"),
            },
            TermKind::Ref { head, path } => self.reference(head, path),
            TermKind::Call { callee, args } => {
                // What goes wrong in a call inside a statement stands where the call does.
                let around = std::mem::replace(&mut self.place, term.location);
                let result = self.call(*callee, args);
                self.place = around;
                result
            }
            TermKind::Array(items) => {
                let items = self.terms(items)?;
                let (dst, items) = (self.reg(), self.list(&items));
                self.emit(Op::Array { dst, items });
                Ok(Src::reg(dst))
            }
            TermKind::Set(items) => {
                let items = self.terms(items)?;
                let (dst, items) = (self.reg(), self.list(&items));
                self.emit(Op::Set { dst, items });
                Ok(Src::reg(dst))
            }
            TermKind::Object(entries) => {
                let items: Vec<Term> =
                    entries.iter().flat_map(|(k, v)| [k.clone(), v.clone()]).collect();
                let items = self.terms(&items)?;
                let (dst, items) = (self.reg(), self.list(&items));
                self.emit(Op::Object { dst, items });
                Ok(Src::reg(dst))
            }
            TermKind::Comprehension { kind, key, value, body } => {
                let key = key.as_deref();
                self.comprehension(&Comprehension { kind: *kind, key, value, body })
            }
        }
    }

    /// Lowers terms that belong together: those first that are known, for they may bind what the
    /// others want (`x == xs[x]`).
    pub(super) fn terms(&mut self, terms: &[Term]) -> Lowered<Vec<Src>> {
        let mut sources = vec![None; terms.len()];
        let mut waiting = terms.len();
        while waiting > 0 {
            let before = waiting;
            for (term, source) in terms.iter().zip(&mut sources) {
                if source.is_none() && self.evaluable(term) {
                    *source = Some(self.term(term)?);
                    waiting -= 1;
                }
            }
            if waiting == before {
                return self.broken("a variable is used before it is bound");
            }
        }
        Ok(sources.into_iter().flatten().collect())
    }

    fn comprehension(&mut self, it: &Comprehension<'_>) -> Lowered<Src> {
        let builder = self.builder();
        self.emit(Op::BuildStart { builder });
        let (done, outer) = (self.label(), self.fail);
        let locals = self.locals.clone();
        self.fail = done;
        let around = self.enter_query(MarkNode::Body, body_place(it.body, self.place));
        self.body(it.body)?;
        self.exit_query();
        match it.key {
            Some(key) => {
                let (key, value) = (self.term(key)?, self.term(it.value)?);
                self.emit(Op::BuildPut { builder, key, value });
            }
            None => {
                let value = self.term(it.value)?;
                self.emit(Op::BuildPush { builder, value });
            }
        }
        self.emit(Op::Jump(self.fail));
        self.bind(done);
        self.leave_query(around);
        (self.fail, self.locals) = (outer, locals);
        let dst = self.reg();
        self.emit(match it.kind {
            ComprehensionKind::Array => Op::BuildArray { builder, dst },
            ComprehensionKind::Set => Op::BuildSet { builder, dst },
            ComprehensionKind::Object => Op::BuildObject { builder, dst },
        });
        Ok(Src::reg(dst))
    }

    fn call(&mut self, callee: Callee, args: &[Term]) -> Lowered<Src> {
        let args = self.terms(args)?;
        let fail = self.fail;
        let decl = match callee {
            Callee::Rule(rule) => {
                let (dst, args) = (self.reg(), self.list(&args));
                let function = Scope::function(rule);
                self.emit(Op::Call { dst, function, args, fail });
                return Ok(Src::reg(dst));
            }
            Callee::Builtin(decl) => decl,
        };
        if let [a, b] = args.as_slice()
            && let Some(op) = operator(decl.name)
        {
            let (dst, a, b) = (self.reg(), *a, *b);
            self.emit(match op {
                Operator::Compare(op) => Op::Compare { op, dst, a, b },
                Operator::Arith(op) => Op::Arith { op, dst, a, b, fail },
            });
            return Ok(Src::reg(dst));
        }
        if decl.name == "trace"
            && let [message] = args.as_slice()
        {
            self.mark_note(*message);
        }
        let (dst, args) = (self.reg(), self.list(&args));
        let builtin = self.scope.builtin(decl.name);
        self.emit(Op::Builtin { dst, builtin, args, fail });
        if decl.relation {
            let (_, value) = self.open_loop(Src::reg(dst));
            return Ok(Src::reg(value));
        }
        Ok(Src::reg(dst))
    }

    /// Whether a term can be lowered now: what is not bound yet stands only where a step of a
    /// reference binds it.
    pub(super) fn evaluable(&self, term: &Term) -> bool {
        match &term.kind {
            TermKind::Constant(_) | TermKind::Comprehension { .. } => true,
            TermKind::Local(local) => self.bound(*local).is_some(),
            TermKind::Ref { head, .. } => match head {
                RefHead::Input | RefHead::Data => true,
                RefHead::Local(local) => self.bound(*local).is_some(),
                RefHead::Term(term) => self.evaluable(term),
            },
            TermKind::Call { args, .. } => args.iter().all(|arg| self.evaluable(arg)),
            TermKind::Array(items) | TermKind::Set(items) => {
                items.iter().all(|item| self.evaluable(item))
            }
            TermKind::Object(entries) => {
                entries.iter().all(|(k, v)| self.evaluable(k) && self.evaluable(v))
            }
        }
    }

    /// Returns a constant source for `true`.
    pub(super) fn constant_true(&mut self) -> Src {
        self.constant(&Value::TRUE)
    }
}

/// A builtin that the machine runs itself.
pub(super) enum Operator {
    Compare(Compare),
    Arith(Arith),
}

pub(super) fn operator(name: &str) -> Option<Operator> {
    Some(match name {
        "equal" => Operator::Compare(Compare::Equal),
        "neq" => Operator::Compare(Compare::NotEqual),
        "lt" => Operator::Compare(Compare::Less),
        "lte" => Operator::Compare(Compare::LessEqual),
        "gt" => Operator::Compare(Compare::Greater),
        "gte" => Operator::Compare(Compare::GreaterEqual),
        "plus" => Operator::Arith(Arith::Plus),
        "minus" => Operator::Arith(Arith::Minus),
        "mul" => Operator::Arith(Arith::Mul),
        _ => return None,
    })
}
