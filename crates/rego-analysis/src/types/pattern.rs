//! Patterns: what a term looks like once its calls, references and comprehensions have types, and
//! how a pattern takes a type on.
//!
//! Must not know: statements, rules, messages.
//!
//! Source: OPA `v1/ast/check.go` (`unify1`, `unify2`), `v1/ast/env.go` (`GetByValue`).

use rego_value::{Value, View};

use super::locals::Locals;
use super::relate::Relate;
use super::ty::{Ty, of_scalar};
use crate::tree::Local;

/// A term whose inner computations have been typed.
#[derive(Clone, Debug)]
pub(super) enum Pattern {
    Constant(Value),
    Local(Local),
    /// What was computed; nothing where that is in error already.
    Known(Option<Ty>),
    Array(Vec<Pattern>),
    Object(Vec<(Pattern, Pattern)>),
    Set(Vec<Pattern>),
}

/// Gives types to the locals of patterns.
pub(super) struct Fit<'a> {
    pub(super) relate: &'a Relate,
    pub(super) locals: &'a mut Locals,
}

/// Returns the type of a constant.
pub(super) fn of_constant(value: &Value, relate: &Relate) -> Ty {
    if let Some(scalar) = of_scalar(value) {
        return scalar;
    }
    match value.view() {
        View::Array(items) => {
            let rest = items.is_empty().then_some(Ty::Any);
            Ty::array(items.iter().map(|item| of_constant(item, relate)).collect(), rest)
        }
        View::Set(items) => {
            let types = items.iter().map(|item| of_constant(item, relate));
            Ty::set(relate.or_all(types).unwrap_or(Ty::Any))
        }
        View::Object(object) => {
            let entries =
                object.iter().map(|(key, value)| (Key::of(key), of_constant(value, relate)));
            of_entries(entries, relate)
        }
        _ => Ty::Any,
    }
}

/// The key of an object's entry.
enum Key {
    Scalar(Value),
    Other(Ty),
}

impl Key {
    fn of(value: &Value) -> Self {
        match of_scalar(value) {
            Some(_) => Self::Scalar(value.clone()),
            None => Self::Other(Ty::Any),
        }
    }
}

fn of_entries(entries: impl Iterator<Item = (Key, Ty)>, relate: &Relate) -> Ty {
    let (mut fixed, mut keys, mut values) = (Vec::new(), Vec::new(), Vec::new());
    for (key, value) in entries {
        match key {
            Key::Scalar(key) => fixed.push((key, value)),
            Key::Other(key) => {
                keys.push(key);
                values.push(value);
            }
        }
    }
    let rest = match (relate.or_all(keys), relate.or_all(values)) {
        (Some(key), Some(value)) => Some((key, value)),
        _ => fixed.is_empty().then_some((Ty::Any, Ty::Any)),
    };
    Ty::object(fixed, rest)
}

/// Returns a composite constant as a pattern, opened by one level.
fn open(value: &Value) -> Pattern {
    let constant = |value: &Value| Pattern::Constant(value.clone());
    match value.view() {
        View::Array(items) => Pattern::Array(items.iter().map(constant).collect()),
        View::Set(items) => Pattern::Set(items.iter().map(constant).collect()),
        View::Object(object) => Pattern::Object(
            object.iter().map(|(key, value)| (constant(key), constant(value))).collect(),
        ),
        _ => Pattern::Known(Some(Ty::Any)),
    }
}

impl Fit<'_> {
    /// Returns the type of a pattern; nothing where a local in it has none yet.
    pub(super) fn type_of(&self, pattern: &Pattern) -> Option<Ty> {
        match pattern {
            Pattern::Constant(value) => Some(of_constant(value, self.relate)),
            Pattern::Local(local) => self.locals.get(*local).cloned(),
            Pattern::Known(ty) => ty.clone(),
            Pattern::Array(items) => {
                let rest = items.is_empty().then_some(Ty::Any);
                let fixed: Option<Vec<Ty>> = items.iter().map(|item| self.type_of(item)).collect();
                Some(Ty::array(fixed?, rest))
            }
            Pattern::Set(items) => {
                let types: Option<Vec<Ty>> = items.iter().map(|item| self.type_of(item)).collect();
                Some(Ty::set(self.relate.or_all(types?).unwrap_or(Ty::Any)))
            }
            Pattern::Object(entries) => {
                let typed = entries.iter().map(|(key, value)| {
                    let key = match key {
                        Pattern::Constant(key) => Key::of(key),
                        key => Key::Other(self.type_of(key)?),
                    };
                    Some((key, self.type_of(value)?))
                });
                let typed: Option<Vec<(Key, Ty)>> = typed.collect();
                Some(of_entries(typed?.into_iter(), self.relate))
            }
        }
    }

    /// Gives every local of a pattern that has no type yet the type `any`.
    pub(super) fn loosen(&mut self, pattern: &Pattern) {
        match pattern {
            Pattern::Constant(_) | Pattern::Known(_) => {}
            Pattern::Local(local) => {
                if self.locals.get(*local).is_none() {
                    self.locals.set(*local, Ty::Any);
                }
            }
            Pattern::Array(items) | Pattern::Set(items) => {
                items.iter().for_each(|item| self.loosen(item));
            }
            Pattern::Object(entries) => {
                for (key, value) in entries {
                    self.loosen(key);
                    self.loosen(value);
                }
            }
        }
    }

    /// Whether both sides can be equal; locals without a type get that of the other side.
    pub(super) fn both(&mut self, a: &Pattern, b: &Pattern) -> bool {
        match (self.type_of(a), self.type_of(b)) {
            (Some(x), Some(y)) => {
                for (side, other) in [(a, &y), (b, &x)] {
                    if let Pattern::Local(local) = side {
                        self.locals.used(*local, other);
                    }
                }
                self.relate.unifies(&x, &y)
            }
            (None, Some(y)) => self.one(a, &y, false),
            (Some(x), None) => self.one(b, &x, false),
            (None, None) => self.neither(a, b),
        }
    }

    /// Both sides have parts without a type.
    fn neither(&mut self, a: &Pattern, b: &Pattern) -> bool {
        match (a, b) {
            (Pattern::Array(x), Pattern::Array(y)) => {
                x.len() == y.len() && x.iter().zip(y).all(|(x, y)| self.both(x, y))
            }
            (Pattern::Object(x), Pattern::Object(y)) if constant_keys(x) && constant_keys(y) => {
                x.len() == y.len() && self.entries(x, y)
            }
            (Pattern::Local(local), other) | (other, Pattern::Local(local)) => {
                self.loosen(other);
                let ty = self.type_of(other).unwrap_or(Ty::Any);
                self.locals.set(*local, ty);
                true
            }
            _ => {
                self.loosen(a);
                self.loosen(b);
                true
            }
        }
    }

    fn entries(&mut self, a: &[(Pattern, Pattern)], b: &[(Pattern, Pattern)]) -> bool {
        let sorted = |entries: &[(Pattern, Pattern)]| {
            let mut sorted: Vec<(Value, Pattern)> = entries
                .iter()
                .filter_map(|(key, value)| match key {
                    Pattern::Constant(key) => Some((key.clone(), value.clone())),
                    _ => None,
                })
                .collect();
            sorted.sort_by(|x, y| x.0.cmp(&y.0));
            sorted
        };
        let (a, b) = (sorted(a), sorted(b));
        a.iter().zip(&b).all(|((k, x), (l, y))| k == l && self.both(x, y))
    }

    /// Whether a pattern can be of a type. Locals without one get it; in a union every local gets
    /// what any alternative has for it.
    pub(super) fn one(&mut self, pattern: &Pattern, ty: &Ty, union: bool) -> bool {
        match pattern {
            Pattern::Known(None) => true,
            Pattern::Known(Some(own)) => self.relate.unifies(own, ty),
            Pattern::Local(local) => {
                let own = self.locals.get(*local).cloned();
                match own {
                    Some(own) if !union => {
                        self.locals.used(*local, ty);
                        return self.relate.unifies(&own, ty);
                    }
                    Some(own) => self.locals.set(*local, self.relate.or(&own, ty)),
                    None => self.locals.set(*local, ty.clone()),
                }
                true
            }
            Pattern::Constant(value) => match (of_scalar(value), ty) {
                (_, Ty::Any) => true,
                (Some(own), _) => self.relate.unifies(&own, ty),
                (None, _) => self.composite(&open(value), ty, union),
            },
            composite => self.composite(composite, ty, union),
        }
    }

    fn composite(&mut self, pattern: &Pattern, ty: &Ty, union: bool) -> bool {
        match (pattern, ty) {
            (_, Ty::Union(of)) => {
                let mut fits = false;
                for alternative in &of.of {
                    fits |= self.one(pattern, alternative, true);
                }
                fits
            }
            (_, Ty::Any) => {
                self.widen(pattern);
                true
            }
            (Pattern::Array(items), Ty::Array(array)) => {
                if items.len() != array.fixed.len() && array.rest.is_none() {
                    return false;
                }
                items.iter().enumerate().all(|(at, item)| {
                    let of = array.fixed.get(at).or(array.rest.as_ref());
                    of.is_some_and(|of| self.one(item, of, union))
                })
            }
            (Pattern::Set(items), Ty::Set(set)) => {
                items.iter().all(|item| self.one(item, &set.of, union))
            }
            (Pattern::Object(entries), Ty::Object(object)) => {
                let same = entries.len() == object.fixed.len() || object.rest.is_some();
                same && entries.iter().all(|(key, value)| match key {
                    Pattern::Constant(key) => match self.relate.select(ty, key) {
                        Some(of) => self.one(value, &of, union),
                        None => false,
                    },
                    _ => {
                        self.one(value, &Ty::Any, union);
                        true
                    }
                })
            }
            _ => false,
        }
    }

    /// A pattern is put where anything goes: nothing more is known of its locals.
    fn widen(&mut self, pattern: &Pattern) {
        match pattern {
            Pattern::Constant(_) | Pattern::Known(_) => {}
            Pattern::Local(local) => self.locals.set(*local, Ty::Any),
            Pattern::Array(items) | Pattern::Set(items) => {
                items.iter().for_each(|item| self.widen(item));
            }
            Pattern::Object(entries) => {
                for (key, value) in entries {
                    self.widen(key);
                    self.widen(value);
                }
            }
        }
    }
}

fn constant_keys(entries: &[(Pattern, Pattern)]) -> bool {
    entries.iter().all(|(key, _)| matches!(key, Pattern::Constant(_)))
}
