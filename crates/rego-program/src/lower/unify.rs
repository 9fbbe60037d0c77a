//! Unification: binds what is not bound, compares what is.

use rego_analysis::tree::{Term, TermKind};

use super::emit::{Emit, Lowered};
use crate::op::{Compare, Op, Src};

impl Emit<'_, '_> {
    /// Lowers `a = b`.
    pub(super) fn unify(&mut self, a: &Term, b: &Term) -> Lowered<()> {
        let mut pairs = vec![(a, b)];
        while !pairs.is_empty() {
            let mut waiting = Vec::new();
            let mut progress = false;
            for (a, b) in pairs {
                progress |= self.unify_pair(a, b, &mut waiting)?;
            }
            if !progress {
                return self.broken("neither side of a unification can be evaluated");
            }
            pairs = waiting;
        }
        Ok(())
    }

    /// Unifies a pair where one side can be evaluated, else takes it apart for later. Returns
    /// whether that got any further.
    fn unify_pair<'a>(
        &mut self,
        a: &'a Term,
        b: &'a Term,
        waiting: &mut Vec<(&'a Term, &'a Term)>,
    ) -> Lowered<bool> {
        match (self.evaluable(a), self.evaluable(b)) {
            (true, true) => {
                let (a, b) = (self.term(a)?, self.term(b)?);
                let fail = self.fail;
                self.emit(Op::Test { op: Compare::Equal, a, b, fail });
                Ok(true)
            }
            (true, false) => {
                let src = self.term(a)?;
                self.pattern(b, src)?;
                Ok(true)
            }
            (false, true) => {
                let src = self.term(b)?;
                self.pattern(a, src)?;
                Ok(true)
            }
            (false, false) => self.unify_parts(a, b, waiting),
        }
    }

    fn unify_parts<'a>(
        &mut self,
        a: &'a Term,
        b: &'a Term,
        waiting: &mut Vec<(&'a Term, &'a Term)>,
    ) -> Lowered<bool> {
        match (&a.kind, &b.kind) {
            (TermKind::Array(x), TermKind::Array(y)) if x.len() == y.len() => {
                waiting.extend(x.iter().zip(y));
                Ok(true)
            }
            (TermKind::Object(x), TermKind::Object(y)) if x.len() == y.len() => {
                let constant = |term: &Term| match &term.kind {
                    TermKind::Constant(value) => Some(value.clone()),
                    _ => None,
                };
                for (key, value) in x {
                    let key = constant(key);
                    let other = y.iter().find(|(k, _)| key.is_some() && constant(k) == key);
                    match other {
                        Some((_, other)) => waiting.push((value, other)),
                        None => self.emit(Op::Jump(self.fail)),
                    }
                }
                Ok(true)
            }
            (
                TermKind::Array(_) | TermKind::Object(_),
                TermKind::Array(_) | TermKind::Object(_),
            ) => {
                self.emit(Op::Jump(self.fail)); // never equal
                self.bind_rest(a);
                self.bind_rest(b);
                Ok(true)
            }
            _ => {
                waiting.push((a, b));
                Ok(false)
            }
        }
    }

    /// After a jump nothing runs, but what follows is lowered all the same and wants its
    /// variables bound.
    fn bind_rest(&mut self, term: &Term) {
        match &term.kind {
            TermKind::Local(local) if self.bound(*local).is_none() => {
                let never = self.constant_true();
                self.bind_local(*local, never);
            }
            TermKind::Array(items) => items.iter().for_each(|item| self.bind_rest(item)),
            TermKind::Object(entries) => entries.iter().for_each(|(_, v)| self.bind_rest(v)),
            _ => {}
        }
    }

    /// Fits a value to a pattern.
    pub(super) fn pattern(&mut self, pattern: &Term, src: Src) -> Lowered<()> {
        let fail = self.fail;
        match &pattern.kind {
            TermKind::Local(local) if self.bound(*local).is_none() => {
                self.bind_local(*local, src);
                Ok(())
            }
            TermKind::Array(items) if !self.evaluable(pattern) => {
                self.emit(Op::ArrayLen { src, len: items.len() as u32, fail });
                // What can be compared is compared first, and binds nothing it needs itself.
                let mut parts = Vec::with_capacity(items.len());
                for (at, item) in (0u32..).zip(items) {
                    let dst = self.reg();
                    self.emit(Op::Element { dst, src, at, fail });
                    parts.push((item, Src::reg(dst)));
                }
                self.patterns(parts)
            }
            TermKind::Object(entries) if !self.evaluable(pattern) => {
                if entries.iter().any(|(key, _)| !self.evaluable(key)) {
                    self.emit(Op::Jump(fail)); // as in `patterns`
                    self.bind_rest(pattern);
                    return Ok(());
                }
                self.emit(Op::ObjectLen { src, len: entries.len() as u32, fail });
                let mut parts = Vec::with_capacity(entries.len());
                for (key, value) in entries {
                    let (key, fail) = (self.term(key)?, self.fail);
                    let dst = self.reg();
                    self.emit(Op::Get { dst, src, key, fail });
                    parts.push((value, Src::reg(dst)));
                }
                self.patterns(parts)
            }
            _ => {
                let b = self.term(pattern)?;
                let fail = self.fail;
                self.emit(Op::Test { op: Compare::Equal, a: src, b, fail });
                Ok(())
            }
        }
    }

    /// Fits parts in an order in which each has what it needs: `[x, f(x)]`, `[f(x), x]`.
    fn patterns(&mut self, mut parts: Vec<(&Term, Src)>) -> Lowered<()> {
        while !parts.is_empty() {
            let before = parts.len();
            let mut waiting = Vec::new();
            for (part, src) in parts {
                if self.fits_now(part) {
                    self.pattern(part, src)?;
                } else {
                    waiting.push((part, src));
                }
            }
            if waiting.len() == before {
                // The key of an object waits for a value of the same pattern: in OPA, too, keys
                // that are not known fit nothing.
                self.emit(Op::Jump(self.fail));
                waiting.iter().for_each(|(part, _)| self.bind_rest(part));
                return Ok(());
            }
            parts = waiting;
        }
        Ok(())
    }

    fn fits_now(&self, part: &Term) -> bool {
        match &part.kind {
            TermKind::Local(_) | TermKind::Array(_) => true,
            TermKind::Object(entries) => entries.iter().all(|(key, _)| self.evaluable(key)),
            _ => self.evaluable(part),
        }
    }
}
