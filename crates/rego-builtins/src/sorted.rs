//! Sorted lists of distinct values: what both have, what either has, what one has alone. Each in one
//! pass, each result sorted again.

use std::cmp::Ordering;

use rego_value::Value;
use rego_vm::{BuiltinError, Context};

/// Returns the values that are in any of both.
pub(crate) fn union(
    context: &mut Context<'_>,
    a: &[Value],
    b: &[Value],
) -> Result<Vec<Value>, BuiltinError> {
    charge(context, a.len() + b.len())?;
    let (mut left, mut right) = (a.iter().peekable(), b.iter().peekable());
    let mut merged = Vec::with_capacity(a.len() + b.len());
    while let (Some(x), Some(y)) = (left.peek(), right.peek()) {
        let order = x.cmp(y);
        merged.extend(if order == Ordering::Greater { right.next() } else { left.next() }.cloned());
        if order == Ordering::Equal {
            right.next();
        }
    }
    merged.extend(left.chain(right).cloned());
    Ok(merged)
}

/// Returns the values that are in both.
pub(crate) fn intersection(
    context: &mut Context<'_>,
    a: &[Value],
    b: &[Value],
) -> Result<Vec<Value>, BuiltinError> {
    charge(context, a.len().min(b.len()))?;
    context.charge_steps(a.len().max(b.len()) as u64)?;
    let mut others = b.iter().peekable();
    let mut both = Vec::new();
    for item in a {
        while others.next_if(|other| *other < item).is_some() {}
        if others.next_if(|other| *other == item).is_some() {
            both.push(item.clone());
        }
    }
    Ok(both)
}

/// Returns the values of `a` that are not in `b`.
pub(crate) fn difference(
    context: &mut Context<'_>,
    a: &[Value],
    b: &[Value],
) -> Result<Vec<Value>, BuiltinError> {
    charge(context, a.len())?;
    context.charge_steps(b.len() as u64)?;
    let mut others = b.iter().peekable();
    let mut left = Vec::new();
    for item in a {
        while others.next_if(|other| *other < item).is_some() {}
        if others.next_if(|other| *other == item).is_none() {
            left.push(item.clone());
        }
    }
    Ok(left)
}

/// Pays for a list of up to `len` values.
pub(crate) fn charge(context: &mut Context<'_>, len: usize) -> Result<(), BuiltinError> {
    context.charge_steps(len as u64)?;
    context.charge_bytes((len * size_of::<Value>()) as u64)
}
