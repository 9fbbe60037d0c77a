//! Instructions of more than a line.

use rego_program::{
    Arith, BuilderId, IterId, Label, ListId, PathId, PathStep, Reg, Shape, Src, is_member,
};
use rego_value::{Value, View};

use crate::build::Builder;
use crate::failure::Run;
use crate::iter::Iter;
use crate::machine::Machine;
use crate::slot::Slot;

impl<'a> Machine<'a> {
    pub(crate) fn path(&self, path: PathId) -> Run<&'a [PathStep]> {
        let function = self.frame.function;
        match function.paths.get(path.0 as usize) {
            Some(path) => Ok(&path.steps),
            None => self.internal("no such path"),
        }
    }

    pub(crate) fn operands(&mut self, list: ListId) -> Run<Vec<Value>> {
        self.charge_bytes(16 * u64::from(list.len))?;
        self.list(list).iter().map(|src| self.value(*src).cloned()).collect()
    }

    pub(crate) fn object(&mut self, dst: Reg, items: ListId) -> Run<()> {
        let items = self.operands(items)?;
        let mut entries = Vec::with_capacity(items.len() / 2);
        let mut items = items.into_iter();
        while let (Some(key), Some(value)) = (items.next(), items.next()) {
            entries.push((key, value));
        }
        self.set(dst, Slot::Own(Value::object(entries)));
        Ok(())
    }

    pub(crate) fn builder(&mut self, builder: BuilderId) -> Run<&mut Builder> {
        let at = self.frame.builders + builder.0 as usize;
        if at >= self.builders.len() {
            return self.internal("no such builder");
        }
        match self.builders.get_mut(at) {
            Some(builder) => Ok(builder),
            None => Err(Box::new(crate::failure::Failure {
                kind: crate::failure::FailureKind::Internal,
                message: "no such builder".to_string(),
                location: rego_source::Location::default(),
            })),
        }
    }

    pub(crate) fn arith(
        &mut self,
        op: Arith,
        (a, b): (Src, Src),
        (dst, fail): (Reg, Label),
    ) -> Run<()> {
        let (x, y) = (self.value(a)?, self.value(b)?);
        if let (View::Int(x), View::Int(y)) = (x.view(), y.view()) {
            let exact = match op {
                Arith::Plus => x.checked_add(y),
                Arith::Minus => x.checked_sub(y),
                Arith::Mul => x.checked_mul(y),
            };
            if let Some(number) = exact {
                self.set(dst, Slot::Own(Value::from(number)));
                return Ok(());
            }
        }
        let (x, y) = (x.clone(), y.clone());
        let [plus, minus, mul] = self.setting.arith;
        let builtin = match op {
            Arith::Plus => plus,
            Arith::Minus => minus,
            Arith::Mul => mul,
        };
        let result = (builtin.run)(&mut self.context, &[&x, &y]);
        let value = self.outcome(builtin.decl.name, result)?;
        self.set_or(dst, value, fail);
        Ok(())
    }

    /// Whether `item` is an element of an array or set, or a value of an object.
    pub(crate) fn member(&mut self, item: Src, of: Src) -> Run<bool> {
        let length = match self.value(of)?.view() {
            View::Array(items) => items.len(),
            View::Object(object) => object.len(),
            _ => 0,
        };
        self.charge(length as u64 / 8)?;
        let item = self.value(item)?;
        Ok(is_member(item, self.value(of)?))
    }

    /// Gives a value to a rule with one value.
    pub(crate) fn yield_value(&mut self, acc: Reg, src: Src) -> Run<()> {
        let agrees = match self.slot(acc).value() {
            Some(there) => there == self.value(src)?,
            None => {
                let slot = self.window().slot(src);
                self.set(acc, slot);
                true
            }
        };
        match (agrees, self.frame.function.shape) {
            (true, _) => Ok(()),
            (false, Shape::Function { .. }) => {
                self.conflict("functions must not produce multiple outputs for same inputs")
            }
            (false, _) => self.conflict("complete rules must not produce multiple outputs"),
        }
    }

    pub(crate) fn put_iter(&mut self, iter: IterId, value: Iter<'a>) {
        if let Some(place) = self.iters.get_mut(self.frame.iters + iter.0 as usize) {
            *place = value;
        }
    }

    pub(crate) fn index_start(&mut self, iter: IterId, index: u32) -> Run<()> {
        let function = self.frame.function;
        let Some((index, _)) = function.indexes.get(index as usize) else {
            return self.internal("no such index");
        };
        let head = match index.head {
            rego_program::IndexHead::Input => self.scope().input.value(),
            rego_program::IndexHead::Param(at) => self.slot(Reg(at)).value(),
        };
        let found = head.and_then(|head| index.follow(head));
        let hits = found.and_then(|value| index.by_value.get(value));
        let candidates = Iter::Candidates(hits.map_or(&[], Vec::as_slice), &index.always);
        self.put_iter(iter, candidates);
        Ok(())
    }

    pub(crate) fn index_next(&mut self, iter: IterId, index: u32, exit: Label) -> Run<()> {
        self.charge(1)?;
        let at = self.frame.iters + iter.0 as usize;
        let candidate = self.iters.get_mut(at).and_then(Iter::next_candidate);
        let Some(candidate) = candidate else {
            self.jump(exit);
            return Ok(());
        };
        let function = self.frame.function;
        let labels = function.indexes.get(index as usize).map(|(_, labels)| labels);
        match labels.and_then(|labels| labels.get(candidate as usize)) {
            Some(label) => self.jump(*label),
            None => return self.internal("no such definition"),
        }
        Ok(())
    }
}
