//! Rego's total order, equality and hash: null < boolean < number < string < array < object < set.
//!
//! Equal means equal by value: `1`, `1.0` and `1e0` are one value and hash alike.
//! Source: OPA `v1/ast/compare.go`.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

use crate::number::{BigNumber, Number};
use crate::value::{Repr, Value, View};

impl Value {
    fn rank(&self) -> u8 {
        match &self.0 {
            Repr::Null => 0,
            Repr::Bool(_) => 1,
            Repr::Int(_) | Repr::Number(_) => 2,
            Repr::Short(_) | Repr::Long(_) => 3,
            Repr::Array(_) => 4,
            Repr::Object(_) => 5,
            Repr::Set(_) => 6,
        }
    }
}

impl Ord for Value {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.view(), other.view()) {
            (View::Int(a), View::Int(b)) => a.cmp(&b),
            (View::String(a), View::String(b)) => a.cmp(b),
            (View::Bool(a), View::Bool(b)) => a.cmp(&b),
            (View::Array(a), View::Array(b)) => a.cmp(b),
            (View::Set(a), View::Set(b)) => a.as_slice().cmp(b.as_slice()),
            (View::Object(a), View::Object(b)) => a.iter().cmp(b.iter()),
            (View::Number(a), View::Number(b)) => a.cmp(b),
            (View::Int(a), View::Number(b)) => b.cmp_i64(a).reverse(),
            (View::Number(a), View::Int(b)) => a.cmp_i64(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Value {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Repr::Short(a), Repr::Short(b)) => a == b,
            (Repr::Long(a), Repr::Long(b)) => a.same(b) || a.as_str() == b.as_str(),
            (Repr::Int(a), Repr::Int(b)) => a == b,
            (Repr::Bool(a), Repr::Bool(b)) => a == b,
            (Repr::Null, Repr::Null) => true,
            (Repr::Short(_) | Repr::Long(_), _) | (_, Repr::Short(_) | Repr::Long(_)) => false,
            (Repr::Array(a), Repr::Array(b)) => a.slice == b.slice,
            (Repr::Set(a), Repr::Set(b)) => a.as_slice() == b.as_slice(),
            (Repr::Object(a), Repr::Object(b)) => {
                a.slice.len() == b.slice.len()
                    && (std::sync::Arc::ptr_eq(&a.header.header, &b.header.header)
                        || a.header.header.as_slice() == b.header.header.as_slice())
                    && a.slice == b.slice
            }
            _ => self.cmp(other) == Ordering::Equal,
        }
    }
}

impl Eq for Value {}

impl Hash for Value {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self.view() {
            View::Null => state.write_u8(0),
            View::Bool(b) => state.write_u8(1 + u8::from(b)),
            View::Int(i) => state.write_i64(i),
            View::Number(n) => hash_number(n, state),
            View::String(s) => state.write(s.as_bytes()),
            View::Array(items) => items.hash(state),
            View::Object(object) => {
                state.write_usize(object.len());
                for (key, value) in object.iter() {
                    key.hash(state);
                    value.hash(state);
                }
            }
            View::Set(keys) => keys.as_slice().hash(state),
        }
    }
}

/// An integer hashes as the inline form would, so that `1.0` finds `1`.
fn hash_number<H: Hasher>(number: &BigNumber, state: &mut H) {
    match number.to_i64() {
        Some(i) => state.write_i64(i),
        None => number.hash_value(state),
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Number::Int(a), Number::Int(b)) => a.cmp(b),
            (Number::Big(a), Number::Big(b)) => a.cmp(b),
            (Number::Int(a), Number::Big(b)) => b.cmp_i64(*a).reverse(),
            (Number::Big(a), Number::Int(b)) => a.cmp_i64(*b),
        }
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Number {}
