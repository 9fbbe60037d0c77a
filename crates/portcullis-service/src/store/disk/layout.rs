//! How the base document is cut into chunks, each with a key of its own.
//!
//! Every top-level key is a chunk; where a partition says so, the cut goes deeper. A cut object has
//! a chunk, too, an empty one, so that it is there even without children.
//!
//! Must not know: files, the database.
//!
//! Source: OPA's documentation of `storage.disk.partitions` (paths that must not overlap; `*`
//! stands for any key).

use std::collections::{BTreeMap, BTreeSet};

use rego::{ObjectRef, Value};

use super::error::DiskError;

/// Most partitions.
pub const PARTITIONS_MAX: usize = 1024;

/// Longest path of a partition, in segments; and so, with one more, of a chunk's.
pub const PARTITION_SEGMENTS_MAX: usize = 32;

/// Where the base document is cut.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Layout {
    partitions: Vec<Vec<String>>,
}

impl Layout {
    /// Reads partitions as the configuration has them: `/a/b`, `/a/*`.
    ///
    /// Errors: a path without a slash at its start, an empty segment, two that overlap, too many.
    pub(super) fn parse(texts: &[String]) -> Result<Self, DiskError> {
        let wrong = |partition: &String, message: String| {
            Err(DiskError::Partition { partition: partition.clone(), message })
        };
        let mut partitions: Vec<(&String, Vec<String>)> = Vec::new();
        for text in texts {
            if partitions.len() >= PARTITIONS_MAX {
                return wrong(text, format!("there are more than {PARTITIONS_MAX} partitions"));
            }
            let Some(rest) = text.strip_prefix('/') else {
                return wrong(text, "a partition starts with `/`".to_string());
            };
            let rest = rest.strip_suffix('/').unwrap_or(rest);
            let path: Vec<_> = rest.split('/').map(str::to_string).collect();
            if path.iter().any(String::is_empty) {
                return wrong(text, "a partition has a key between its slashes".to_string());
            }
            if path.len() > PARTITION_SEGMENTS_MAX {
                return wrong(text, format!("it has more than {PARTITION_SEGMENTS_MAX} segments"));
            }
            let other = partitions.iter().find(|(_, other)| overlap(other, &path));
            if let Some((other, _)) = other {
                return wrong(text, format!("it overlaps with `{other}`"));
            }
            partitions.push((text, path));
        }
        Ok(Self { partitions: partitions.into_iter().map(|(_, path)| path).collect() })
    }

    /// Returns the partitions as text; equal texts cut alike.
    pub(super) fn text(&self) -> String {
        let mut paths: Vec<_> = self.partitions.iter().map(|path| path.join("/")).collect();
        paths.sort();
        paths.join("\n")
    }

    /// Whether an object at this path is cut into its children.
    fn is_cut(&self, path: &[String]) -> bool {
        let above = |partition: &Vec<String>| {
            let keys = partition.iter().zip(path);
            path.len() <= partition.len() && keys.into_iter().all(|(a, b)| a == b || a == "*")
        };
        path.is_empty() || self.partitions.iter().any(above)
    }

    /// Returns the start of a changed path that says which chunks it is in.
    pub(super) fn dirty(&self, path: &[String]) -> Vec<String> {
        let whole = (1..=path.len()).filter_map(|length| path.get(..length));
        whole.into_iter().find(|start| !self.is_cut(start)).unwrap_or(path).to_vec()
    }

    /// Calls `each` with every chunk of what is at `path`, chunks above before those below.
    ///
    /// Errors: those of `each`.
    pub(super) fn chunks<E>(
        &self,
        path: &mut Vec<String>,
        value: &Value,
        each: &mut impl FnMut(&[String], &Value) -> Result<(), E>,
    ) -> Result<(), E> {
        let Some(object) = self.cut_object(path, value) else { return each(path, value) };
        if !path.is_empty() {
            each(path, &Value::object(Vec::new()))?;
        }
        for (key, child) in object.iter() {
            path.push(key.to_json_key().into_owned());
            let done = self.chunks(path, child, each); // as deep as a partition is long
            path.pop();
            done?;
        }
        Ok(())
    }

    fn cut_object<'v>(&self, path: &[String], value: &'v Value) -> Option<ObjectRef<'v>> {
        if self.is_cut(path) { value.as_object() } else { None }
    }
}

/// Whether one partition may have a path that is in the other one, too.
fn overlap(partition: &[String], other: &[String]) -> bool {
    partition.iter().zip(other).all(|(a, b)| a == b || a == "*" || b == "*")
}

/// Returns the places to write anew, none below another, given what [`Layout::dirty`] returned for
/// each change and the document they led to; with each place what is there now, if anything.
pub(super) fn places<'d>(
    dirty: &BTreeSet<Vec<String>>,
    document: &'d Value,
) -> Vec<(Vec<String>, Option<&'d Value>)> {
    let mut found: BTreeMap<Vec<String>, Option<&Value>> = BTreeMap::new();
    for path in dirty {
        let mut at = document;
        let mut place = (path.clone(), Some(document));
        for (depth, key) in path.iter().enumerate() {
            let here = path.get(..=depth).unwrap_or(path).to_vec();
            let child = at.as_object().and_then(|object| object.get_str(key));
            place = (here, child);
            match child {
                Some(child) if child.as_object().is_some() => at = child,
                _ => break, // gone, or not an object: a chunk by itself
            }
        }
        found.insert(place.0, place.1);
    }
    let mut places: Vec<(Vec<String>, Option<&Value>)> = Vec::new();
    for (path, value) in found {
        // In this order what is below a place follows it.
        if !places.last().is_some_and(|(last, _)| path.starts_with(last)) {
            places.push((path, value));
        }
    }
    places
}
