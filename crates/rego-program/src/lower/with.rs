//! `with`: a statement runs in a context of its own, and leaves it both ways.

use rego_analysis::tree::{Callee, Replacement, With, WithTarget as Target};

use super::Scope;
use super::emit::{Emit, Lowered};
use crate::op::{CtxId, Op};
use crate::program::{Mock, WithTarget, WithValue};

/// A `with` under way.
pub(super) struct Entered {
    outer: Option<CtxId>,
}

impl Emit<'_, '_> {
    /// Makes the context. Its values are evaluated outside of it. Going back past this point
    /// leaves it first.
    pub(super) fn enter_with(&mut self, withs: &[With]) -> Lowered<Entered> {
        let replacements =
            withs.iter().map(|with| self.replacement(with)).collect::<Lowered<_>>()?;
        let with = self.with(replacements);
        let (ctx, outer) = (self.new_ctx(), self.ctx);
        let (start, back) = (self.label(), self.label());
        self.emit(Op::Jump(start));
        self.bind(back);
        self.emit(Op::WithLeave { outer, drop: Some(ctx) });
        self.emit(Op::Jump(self.fail));
        self.bind(start);
        self.emit(Op::WithEnter { ctx, with });
        self.fail = back;
        self.ctx = Some(ctx);
        Ok(Entered { outer })
    }

    /// Goes on outside. A loop opened inside comes back in by [`Emit::resume`].
    pub(super) fn leave_with(&mut self, entered: Entered) {
        self.ctx = entered.outer;
        self.emit(Op::WithLeave { outer: entered.outer, drop: None });
    }

    fn replacement(&mut self, with: &With) -> Lowered<(WithTarget, WithValue)> {
        let target = match &with.target {
            Target::Input(path) => WithTarget::Input(path.clone()),
            Target::Data(path) => WithTarget::Data(path.clone()),
            Target::Function(Callee::Builtin(decl)) => {
                WithTarget::Builtin(self.scope.builtin(decl.name))
            }
            Target::Function(Callee::Rule(rule)) => WithTarget::Function(Scope::function(*rule)),
        };
        let value = match &with.value {
            Replacement::Value(term) => WithValue::Value(self.term(term)?),
            Replacement::Function(Callee::Builtin(decl)) => {
                WithValue::Mock(Mock::Builtin(self.scope.builtin(decl.name)))
            }
            Replacement::Function(Callee::Rule(rule)) => {
                WithValue::Mock(Mock::Function(Scope::function(*rule)))
            }
        };
        Ok((target, value))
    }
}
