//! `with`: scopes made, resumed and dropped.

use rego_program::{CtxId, WithId, WithTarget, WithValue};

use crate::failure::{FailureKind, Run};
use crate::machine::Machine;
use crate::scope::{MockTarget, MockValue, Scope, put};
use crate::slot::Slot;

impl<'a> Machine<'a> {
    pub(crate) fn with_enter(&mut self, ctx: CtxId, with: WithId) -> Run<()> {
        let function = self.frame.function;
        let Some(replacements) = function.withs.get(with.0 as usize) else {
            return self.internal("no such replacements");
        };
        let mut scope = self.scope().child();
        for (target, value) in replacements {
            self.replace(&mut scope, target, *value)?;
        }
        self.frame.scope = self.scopes.push(scope);
        let at = self.frame.ctxs + ctx.0 as usize;
        if let Some(place) = self.ctxs.get_mut(at) {
            *place = self.frame.scope;
        }
        Ok(())
    }

    fn replace(&self, scope: &mut Scope<'a>, target: &WithTarget, value: WithValue) -> Run<()> {
        let by = match value {
            WithValue::Value(src) => MockValue::Value(self.window().slot(src)),
            WithValue::Mock(mock) => MockValue::Call(mock),
        };
        let (target, by) = match (target, by) {
            (WithTarget::Builtin(id), by) => (MockTarget::Builtin(*id), by),
            (WithTarget::Function(id), by) => (MockTarget::Function(*id), by),
            (WithTarget::Input(path), MockValue::Value(slot)) => {
                scope.input = self.put(&scope.input, path, slot)?;
                return Ok(());
            }
            (WithTarget::Data(path), MockValue::Value(slot)) => {
                scope.data = self.put(&scope.data, path, slot)?;
                scope.replaced.push(path.clone());
                return Ok(());
            }
            (WithTarget::Input(_) | WithTarget::Data(_), MockValue::Call(_)) => {
                return self.internal("a document is replaced by a function");
            }
        };
        scope.mocks.push((target, by));
        Ok(())
    }

    fn put(&self, base: &Slot<'a>, path: &[rego_value::Value], slot: Slot<'a>) -> Run<Slot<'a>> {
        if path.is_empty() {
            return Ok(slot);
        }
        let Some(value) = slot.to_value() else {
            return self.internal("nothing to put");
        };
        match put(base.value(), path, value) {
            Ok(value) => Ok(Slot::Own(value)),
            Err(_) => {
                let message = "real and replacement data could not be merged";
                self.fail(FailureKind::WithMerge, message.to_string())
            }
        }
    }

    pub(crate) fn with_resume(&mut self, ctx: CtxId) -> Run<()> {
        let at = self.frame.ctxs + ctx.0 as usize;
        match self.ctxs.get(at) {
            Some(scope) => self.frame.scope = *scope,
            None => return self.internal("no such context"),
        }
        Ok(())
    }

    pub(crate) fn with_leave(&mut self, outer: Option<CtxId>, drop: Option<CtxId>) -> Run<()> {
        if let Some(drop) = drop {
            let at = self.frame.ctxs + drop.0 as usize;
            if let Some(scope) = self.ctxs.get(at).copied() {
                // Scopes are made and dropped in order, so all later ones are done with as well.
                self.scopes.truncate(scope);
            }
        }
        match outer {
            Some(outer) => self.with_resume(outer),
            None => {
                self.frame.scope = self.frame.entry_scope;
                Ok(())
            }
        }
    }
}
