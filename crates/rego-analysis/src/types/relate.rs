//! How types relate: unions, what is inside of them, and which can have values in common.
//!
//! Each step is paid from a budget. Once that is used up everything fits everything, and the
//! checker stays silent: a module set written to make unions of unions costs bounded time.
//!
//! Must not know: terms, rules, messages.
//!
//! Source: OPA `v1/types/types.go` (`Or`, `Keys`, `Values`, `Select`), `v1/ast/check.go`
//! (`unifies`), `v1/ast/env.go` (`mergeTypes`).

use std::cell::Cell;

use rego_value::{Value, View};

use super::ty::{ArrayTy, ObjectTy, Ty, of_scalar};

/// Relates types while its budget lasts.
#[derive(Debug)]
pub(crate) struct Relate {
    left: Cell<u64>,
}

impl Relate {
    /// Returns one that may take so many steps.
    pub(crate) fn new(steps: u64) -> Self {
        Self { left: Cell::new(steps) }
    }

    /// Whether the budget is used up.
    pub(crate) fn exhausted(&self) -> bool {
        self.left.get() == 0
    }

    fn pay(&self, steps: u32) -> bool {
        let left = self.left.get().saturating_sub(u64::from(steps));
        self.left.set(left);
        left > 0
    }

    /// Returns the type of the values of either.
    pub(crate) fn or(&self, a: &Ty, b: &Ty) -> Ty {
        if matches!(a, Ty::Any) || matches!(b, Ty::Any) {
            return Ty::Any;
        }
        if !self.pay(a.weight().saturating_add(b.weight())) {
            return Ty::Any;
        }
        let (a, b) = (a.alternatives(), b.alternatives());
        let mut merged: Vec<Ty> = Vec::with_capacity(a.len() + b.len());
        merged.extend(a.iter().chain(b).cloned());
        // Two sorted runs: a stable sort merges them in linear time.
        merged.sort();
        merged.dedup();
        Ty::union_of_sorted(merged)
    }

    /// Returns the union of those that are known, nothing where none is.
    pub(crate) fn or_all(&self, types: impl IntoIterator<Item = Ty>) -> Option<Ty> {
        let mut parts: Vec<Ty> = Vec::new();
        let mut weight: u32 = 0;
        for ty in types {
            if matches!(ty, Ty::Any) {
                return Some(Ty::Any);
            }
            weight = weight.saturating_add(ty.weight());
            match &ty {
                Ty::Union(union) => parts.extend(union.of.iter().cloned()),
                _ if parts.last() == Some(&ty) => {}
                _ => parts.push(ty),
            }
        }
        if parts.is_empty() {
            return None;
        }
        if !self.pay(weight) {
            return Some(Ty::Any);
        }
        parts.sort();
        parts.dedup();
        Some(Ty::union_of_sorted(parts))
    }

    /// Returns the type of a rule with definitions of both types: objects without known keys, and
    /// sets, grow together.
    pub(crate) fn merge(&self, a: &Ty, b: &Ty) -> Ty {
        match (a, b) {
            (Ty::Object(_), Ty::Object(_)) => match (open_object(a), open_object(b)) {
                (Some((k, v)), Some((l, w))) => {
                    Ty::object(Vec::new(), Some((self.or(k, l), self.merge(v, w))))
                }
                _ => self.or(a, b),
            },
            (Ty::Set(x), Ty::Set(y)) => Ty::set(self.or(&x.of, &y.of)),
            (Ty::Object(_), Ty::Union(union)) => {
                self.merge_into(&union.of, a).unwrap_or_else(|| self.or(a, b))
            }
            (Ty::Union(union), Ty::Object(_)) => {
                self.merge_into(&union.of, b).unwrap_or_else(|| self.or(a, b))
            }
            _ => self.or(a, b),
        }
    }

    /// Returns alternatives of which the objects without known keys have grown by another one;
    /// nothing where there are none, or the other has known keys.
    fn merge_into(&self, alternatives: &[Ty], object: &Ty) -> Option<Ty> {
        let (key, value) = open_object(object)?;
        let mut grown = false;
        let merged = alternatives.iter().map(|ty| match open_object(ty) {
            Some((own_key, own_value)) => {
                grown = true;
                Ty::object(Vec::new(), Some((self.or(own_key, key), self.or(own_value, value))))
            }
            None => ty.clone(),
        });
        let merged: Vec<Ty> = merged.collect();
        self.or_all(merged).filter(|_| grown)
    }

    /// Returns the type of what a value of the type can be indexed with; nothing where it cannot.
    pub(crate) fn keys(&self, ty: &Ty) -> Option<Ty> {
        match ty {
            Ty::Any => Some(Ty::Any),
            Ty::Array(_) => Some(Ty::Number),
            Ty::Set(set) => Some(set.of.clone()),
            Ty::Object(object) => {
                let fixed = object.fixed.iter().map(|(key, _)| of_scalar(key).unwrap_or(Ty::Any));
                self.or_all(fixed.chain(object.rest.iter().map(|(key, _)| key.clone())))
            }
            Ty::Union(union) => self.or_all(union.of.iter().filter_map(|of| self.keys(of))),
            _ => None,
        }
    }

    /// Returns the type of what is inside of a value of the type; nothing where nothing can be.
    pub(crate) fn values(&self, ty: &Ty) -> Option<Ty> {
        match ty {
            Ty::Any => Some(Ty::Any),
            Ty::Array(array) => self.or_all(array.fixed.iter().chain(&array.rest).cloned()),
            Ty::Set(set) => Some(set.of.clone()),
            Ty::Object(object) => {
                let fixed = object.fixed.iter().map(|(_, value)| value.clone());
                self.or_all(fixed.chain(object.rest.iter().map(|(_, value)| value.clone())))
            }
            Ty::Union(union) => self.or_all(union.of.iter().filter_map(|of| self.values(of))),
            _ => None,
        }
    }

    /// Returns the type of what is at a key; nothing where nothing can be.
    pub(crate) fn select(&self, ty: &Ty, key: &Value) -> Option<Ty> {
        match ty {
            Ty::Any => Some(Ty::Any),
            Ty::Array(array) => item(array, key),
            Ty::Object(object) => field(object, key),
            Ty::Set(set) => {
                let own = of_scalar(key)?;
                has_alternative(&set.of, &own).then_some(own)
            }
            Ty::Union(union) => self.or_all(union.of.iter().filter_map(|of| self.select(of, key))),
            _ => None,
        }
    }

    /// Whether some value can be of both types.
    pub(crate) fn unifies(&self, a: &Ty, b: &Ty) -> bool {
        if !self.pay(1) {
            return true;
        }
        match (a, b) {
            (Ty::Any, _) | (_, Ty::Any) => true,
            (Ty::Union(union), _) => union.of.iter().any(|of| self.unifies(of, b)),
            (_, Ty::Union(union)) => union.of.iter().any(|of| self.unifies(a, of)),
            (Ty::Null, Ty::Null)
            | (Ty::Boolean, Ty::Boolean)
            | (Ty::Number, Ty::Number)
            | (Ty::String, Ty::String) => true,
            (Ty::Array(a), Ty::Array(b)) => self.arrays(a, b),
            (Ty::Object(a), Ty::Object(b)) => self.objects(a, b),
            (Ty::Set(a), Ty::Set(b)) => self.unifies(&a.of, &b.of),
            _ => false,
        }
    }

    fn arrays(&self, a: &ArrayTy, b: &ArrayTy) -> bool {
        let fits = |at: usize| {
            let x = a.fixed.get(at).or(a.rest.as_ref());
            let y = b.fixed.get(at).or(b.rest.as_ref());
            x.zip(y).is_some_and(|(x, y)| self.unifies(x, y))
        };
        (0..a.fixed.len().max(b.fixed.len())).all(fits)
            && a.rest.as_ref().zip(b.rest.as_ref()).is_none_or(|(x, y)| self.unifies(x, y))
    }

    fn objects(&self, a: &ObjectTy, b: &ObjectTy) -> bool {
        let known = a
            .fixed
            .iter()
            .all(|(key, value)| field(b, key).is_some_and(|other| self.unifies(value, &other)));
        // Keys that both know were compared already.
        let others = b.fixed.iter().filter(|(key, _)| fixed_at(a, key).is_none());
        known
            && others
                .into_iter()
                .all(|(key, value)| field(a, key).is_some_and(|other| self.unifies(&other, value)))
            && a.rest
                .as_ref()
                .zip(b.rest.as_ref())
                .is_none_or(|((_, x), (_, y))| self.unifies(x, y))
    }
}

/// Returns the types of keys and values of an object of which no key is known.
fn open_object(ty: &Ty) -> Option<(&Ty, &Ty)> {
    match ty {
        Ty::Object(object) if object.fixed.is_empty() => {
            object.rest.as_ref().map(|(key, value)| (key, value))
        }
        _ => None,
    }
}

fn item(array: &ArrayTy, key: &Value) -> Option<Ty> {
    match key.view() {
        View::Int(at) => {
            let fixed = usize::try_from(at).ok().and_then(|at| array.fixed.get(at));
            fixed.or(array.rest.as_ref()).cloned()
        }
        View::Number(_) => Some(Ty::Any),
        _ => None,
    }
}

fn fixed_at<'t>(object: &'t ObjectTy, key: &Value) -> Option<&'t Ty> {
    let at = object.fixed.binary_search_by(|(own, _)| own.cmp(key)).ok()?;
    object.fixed.get(at).map(|(_, value)| value)
}

fn field(object: &ObjectTy, key: &Value) -> Option<Ty> {
    if let Some(known) = fixed_at(object, key) {
        return Some(known.clone());
    }
    let (of, value) = object.rest.as_ref()?;
    let fits = of_scalar(key).is_none_or(|own| has_alternative(of, &own));
    fits.then(|| value.clone())
}

/// Whether a type is `any`, or another one is the same or one of its alternatives.
fn has_alternative(of: &Ty, own: &Ty) -> bool {
    matches!(of, Ty::Any) || of.alternatives().binary_search(own).is_ok()
}
