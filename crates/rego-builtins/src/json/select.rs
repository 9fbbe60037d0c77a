//! What is at some paths of a document, and what is not.
//!
//! The paths of a call are sorted and share their first `depth` keys, so that those which go on
//! with one key are neighbours. No recursion is deeper than the document.

use rego_value::{Value, View};
use rego_vm::{BuiltinError, Context};

use super::path::{Path, text_index};
use crate::sorted;

type Outcome = Result<Value, BuiltinError>;

/// Returns the parts of `value` that the paths lead to.
pub(super) fn keep(
    context: &mut Context<'_>,
    value: &Value,
    paths: &[Path],
    depth: usize,
) -> Outcome {
    if ends(paths, depth) {
        return Ok(value.clone());
    }
    let mut deeper = |value: &Value, paths: &[Path]| keep(context, value, paths, depth + 1);
    let groups = groups(paths, depth);
    match value.view() {
        View::Object(object) => {
            let mut entries = Vec::new();
            for (key, paths) in groups {
                if let Some(inner) = object.get(key) {
                    entries.push((key.clone(), deeper(inner, paths)?));
                }
            }
            sorted::charge(context, paths.len() + 2 * entries.len())?;
            Ok(Value::object(entries))
        }
        View::Array(items) => {
            let mut found: Vec<_> =
                groups.filter_map(|(key, p)| Some((text_index(key)?, p))).collect();
            found.sort_by_key(|(index, _)| *index);
            let found = found.into_iter().filter_map(|(index, p)| Some((items.get(index)?, p)));
            let kept: Vec<_> = found.map(|(item, p)| deeper(item, p)).collect::<Result<_, _>>()?;
            sorted::charge(context, paths.len() + kept.len())?;
            Ok(Value::array(kept))
        }
        View::Set(items) => {
            let found = groups.filter(|(key, _)| items.contains(key));
            let kept: Vec<_> = found.map(|(item, p)| deeper(item, p)).collect::<Result<_, _>>()?;
            sorted::charge(context, paths.len() + kept.len())?;
            Ok(Value::set(kept))
        }
        _ => Ok(value.clone()),
    }
}

/// Returns `value` without the parts that the paths lead to.
pub(super) fn drop(
    context: &mut Context<'_>,
    value: &Value,
    paths: &[Path],
    depth: usize,
) -> Outcome {
    let groups = groups(paths, depth);
    let items = match value.view() {
        View::Object(object) => object.values(),
        View::Array(items) => items,
        View::Set(items) => items.as_slice(),
        _ => return Ok(value.clone()),
    };
    sorted::charge(context, paths.len() + 2 * items.len())?;
    // What happens to each item, by its place.
    let mut fates: Vec<&[Path]> = vec![&[]; items.len()];
    for (key, paths) in groups {
        let place = match value.view() {
            View::Object(object) => object.keys().find(key),
            View::Set(items) => items.find(key),
            _ => text_index(key),
        };
        if let Some(fate) = place.and_then(|place| fates.get_mut(place)) {
            *fate = paths;
        }
    }
    let mut left = Vec::with_capacity(items.len());
    for (place, (item, paths)) in items.iter().zip(fates).enumerate() {
        if paths.is_empty() {
            left.push((place, item.clone()));
        } else if !ends(paths, depth + 1) {
            left.push((place, drop(context, item, paths, depth + 1)?));
        }
    }
    Ok(match value.view() {
        View::Object(object) => {
            let keys = object.keys().as_slice();
            let entry = |(place, item): (usize, Value)| Some((keys.get(place)?.clone(), item));
            Value::object(left.into_iter().filter_map(entry).collect())
        }
        View::Set(_) => Value::set(left.into_iter().map(|(_, item)| item).collect()),
        _ => Value::array(left.into_iter().map(|(_, item)| item).collect()),
    })
}

/// Whether one of the paths leads no further than `depth` keys.
fn ends(paths: &[Path], depth: usize) -> bool {
    paths.first().is_some_and(|path| path.len() <= depth) // the shortest is sorted first
}

/// Returns the keys that follow the first `depth` ones, and for each the paths that have it there.
fn groups(paths: &[Path], depth: usize) -> impl Iterator<Item = (&Value, &[Path])> {
    let groups = paths.chunk_by(move |a, b| a.get(depth) == b.get(depth));
    groups.filter_map(move |group| Some((group.first()?.get(depth)?, group)))
}
