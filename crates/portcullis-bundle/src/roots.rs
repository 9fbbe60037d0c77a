//! Roots: which paths of data a bundle owns, and which bundles get in each other's way.
//!
//! A root holds a path segment by segment: `a/b` holds `a/b/c`, not `a/bc`. A segment may be
//! percent-encoded, so that a key with a `/` can be named.
//!
//! Must not know: where bundles come from.
//!
//! Source: OPA documentation, "Bundles", "Bundle File Format" and "Multiple Sources of Policy and
//! Data".

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use rego::Value;

use crate::error::{BundleError, Outside};
use crate::manifest::Manifest;

/// Most pairs of roots that [`Overlaps`] lists.
pub const OVERLAPS_LISTED_MAX: usize = 100;

/// Returns the segments of a root or a path, decoded.
fn segments(root: &str) -> Vec<Cow<'_, str>> {
    let root = root.trim_matches('/');
    if root.is_empty() { Vec::new() } else { root.split('/').map(decode).collect() }
}

/// Decodes `%2F` and the like; text that is not encoded that way stands for itself.
fn decode(segment: &str) -> Cow<'_, str> {
    if !segment.contains('%') {
        return Cow::Borrowed(segment);
    }
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    loop {
        rest = match rest {
            [] => break,
            [b'%', high, low, rest @ ..] => {
                let digit = |byte: u8| char::from(byte).to_digit(16);
                let (Some(high), Some(low)) = (digit(*high), digit(*low)) else {
                    return Cow::Borrowed(segment);
                };
                bytes.extend(u8::try_from(high * 16 + low));
                rest
            }
            [byte, rest @ ..] => {
                bytes.push(*byte);
                rest
            }
        };
    }
    String::from_utf8(bytes).map_or(Cow::Borrowed(segment), Cow::Owned)
}

/// Whether one of two roots holds the other, or they are the same.
pub fn roots_overlap(one: &str, other: &str) -> bool {
    segments(one).iter().zip(&segments(other)).all(|(one, other)| one == other)
}

/// Whether a root holds a path.
pub(crate) fn holds(root: &str, path: &[String]) -> bool {
    let mut path = path.iter();
    let mut parts = root.split('/').filter(|_| !root.is_empty());
    parts.all(|part| path.next().is_some_and(|segment| decode(part) == segment.as_str()))
}

/// Roots, to ask about many paths.
pub(crate) struct RootIndex<'a>(BTreeSet<Vec<Cow<'a, str>>>);

impl<'a> RootIndex<'a> {
    pub(crate) fn new(roots: &'a [String]) -> Self {
        Self(roots.iter().map(|root| segments(root)).collect())
    }

    /// Whether one of the roots holds the path.
    pub(crate) fn permits(&self, path: &[String]) -> bool {
        let path: Vec<Cow<'a, str>> = path.iter().map(|s| Cow::Owned(s.clone())).collect();
        (0..=path.len()).any(|len| path.get(..len).is_some_and(|start| self.0.contains(start)))
    }
}

/// Checks that no root of a manifest holds another.
pub(crate) fn check_disjoint(roots: &[String]) -> Result<(), BundleError> {
    let mut sorted: Vec<_> = roots.iter().map(|root| (segments(root), root)).collect();
    sorted.sort();
    // In this order a root stands right before the first that it holds.
    for pair in sorted.windows(2) {
        if let [(one, one_text), (other, other_text)] = pair
            && other.starts_with(one)
        {
            // As in the manifest: the earlier one first.
            let first = roots.iter().find(|root| root == one_text || root == other_text);
            let (a, b) = if first == Some(*one_text) {
                (one_text, other_text)
            } else {
                (other_text, one_text)
            };
            return Err(BundleError::OverlappedRoots(a.to_string(), b.to_string()));
        }
    }
    Ok(())
}

/// Bundles that own the same data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overlaps {
    /// The bundles' names, sorted.
    pub bundles: Vec<String>,
    /// Those of them that own all of data.
    pub of_everything: Vec<String>,
    /// What overlaps: a sentence for each pair of roots, sorted, [`OVERLAPS_LISTED_MAX`] at most.
    pub conflicts: Vec<String>,
}

impl fmt::Display for Overlaps {
    /// OPA's words.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bundles = self.bundles.join(", ");
        if !self.of_everything.is_empty() {
            return write!(
                f,
                "bundles [{bundles}] have overlapping roots and cannot be activated simultaneously \
                 because bundle(s) [{}] specify empty root paths ('') which overlap with any other \
                 bundle root",
                self.of_everything.join(", ")
            );
        }
        write!(
            f,
            "detected overlapping roots in manifests for these bundles: [{bundles}] ({})",
            self.conflicts.join(", ")
        )
    }
}

impl std::error::Error for Overlaps {}

/// Returns which of the named bundles cannot be active together, or nothing where all can.
pub fn overlaps(bundles: &[(&str, &Manifest)]) -> Option<Overlaps> {
    let mut entries: Vec<_> = bundles
        .iter()
        .flat_map(|(name, manifest)| {
            manifest.roots.iter().map(|root| (segments(root), *name, root.as_str()))
        })
        .collect();
    entries.sort();
    let mut colliding = BTreeSet::new();
    let mut of_everything = BTreeSet::new();
    let mut conflicts = BTreeSet::new();
    // The roots that hold the current one, or equal it: at most one a bundle, for a manifest's own
    // roots do not overlap.
    let mut holders: Vec<&(Vec<Cow<'_, str>>, &str, &str)> = Vec::new();
    for entry in &entries {
        let (path, name, root) = entry;
        while holders.pop_if(|(holder, _, _)| !path.starts_with(holder)).is_some() {}
        for (holder, other_name, other_root) in &holders {
            if name == other_name {
                continue;
            }
            colliding.extend([*name, *other_name]);
            let everything = [(path, name), (holder, other_name)];
            of_everything.extend(everything.iter().filter(|(p, _)| p.is_empty()).map(|(_, n)| **n));
            if conflicts.len() < OVERLAPS_LISTED_MAX {
                conflicts.insert(match path == holder {
                    true => format!("root {root} is in multiple bundles"),
                    false => format!("{other_root} overlaps {root}"),
                });
            }
        }
        holders.push(entry);
    }
    let owned = |names: BTreeSet<&str>| names.into_iter().map(str::to_string).collect();
    (!colliding.is_empty()).then(|| Overlaps {
        bundles: owned(colliding),
        of_everything: owned(of_everything),
        conflicts: conflicts.into_iter().collect(),
    })
}

/// Checks that all of the data lies under the roots: an object that only leads to roots is fine.
pub(crate) fn check_data(data: &Value, manifest: &Manifest) -> Result<(), BundleError> {
    let roots: Vec<_> = manifest.roots.iter().map(|root| segments(root)).collect();
    check_data_at(data, &roots.iter().map(Vec::as_slice).collect::<Vec<_>>(), &mut Vec::new())
        .map_err(|path| BundleError::OutsideRoots {
            roots: manifest.roots.clone(),
            what: Outside::Data(path),
        })
}

/// `roots` are what is left of each root that leads through here. No deeper than the longest root.
fn check_data_at<'a>(
    data: &'a Value,
    roots: &[&[Cow<'_, str>]],
    at: &mut Vec<&'a str>,
) -> Result<(), String> {
    if roots.iter().any(|root| root.is_empty()) {
        return Ok(());
    }
    let Some(object) = data.as_object().filter(|_| !roots.is_empty() || at.is_empty()) else {
        return Err(at.join("/"));
    };
    let mut further: BTreeMap<&str, Vec<&[Cow<'_, str>]>> = BTreeMap::new();
    for (first, rest) in roots.iter().filter_map(|root| root.split_first()) {
        further.entry(first).or_default().push(rest);
    }
    for (key, value) in object.iter() {
        let key = key.as_str().unwrap_or_default();
        at.push(key);
        check_data_at(value, further.get(key).map_or(&[], Vec::as_slice), at)?;
        at.pop();
    }
    Ok(())
}

/// Checks the Wasm resolvers: their modules are there, their entrypoints under the roots and each
/// answered by one module.
pub(crate) fn check_wasm(
    manifest: &Manifest,
    modules: &[(String, Vec<u8>)],
) -> Result<(), BundleError> {
    let roots = RootIndex::new(&manifest.roots);
    let paths: BTreeSet<_> = modules.iter().map(|(path, _)| path.trim_start_matches('/')).collect();
    let mut seen = BTreeSet::new();
    for resolver in &manifest.wasm {
        let (entrypoint, module) = (&resolver.entrypoint, &resolver.module);
        if !paths.contains(module.trim_start_matches('/')) {
            return Err(BundleError::Wasm(format!(
                "manifest references wasm module '{module}' but the module file does not exist"
            )));
        }
        if !roots.permits(&path_of(entrypoint)) {
            let what =
                Outside::Entrypoint { entrypoint: entrypoint.clone(), module: module.clone() };
            return Err(BundleError::OutsideRoots { roots: manifest.roots.clone(), what });
        }
        if !seen.insert(entrypoint) {
            return Err(BundleError::Wasm(format!(
                "entrypoint '{entrypoint}' cannot be used by more than one wasm module"
            )));
        }
    }
    Ok(())
}

fn path_of(entrypoint: &str) -> Vec<String> {
    segments(entrypoint).into_iter().map(Cow::into_owned).collect()
}
