//! What schemas say of documents, as one definition sees it: of `input`, and of paths below `data`.
//!
//! Must not know: how a schema becomes a type, which annotation it came from.
//!
//! Source: OPA `v1/ast/check.go` (`checkRule`, `override`).

use rego_value::Value;

use super::ty::{DEPTH_MAX, Ty};

/// Of a document at a longer path nothing can be known: a type is not nested so deep.
const PATH_MAX: usize = DEPTH_MAX as usize;

/// The documents of which a schema says something.
#[derive(Clone, Debug, Default)]
pub(super) struct Overrides {
    input: Option<Ty>,
    /// Paths below `data`; a later one stands over those before it.
    data: Vec<(Vec<Value>, Ty)>,
}

impl Overrides {
    /// Returns those with one type for all of `input`.
    pub(super) fn of_input(input: Option<Ty>) -> Self {
        Self { input, data: Vec::new() }
    }

    /// Returns the type of `input`, where a schema has one.
    pub(super) fn input(&self) -> Option<Ty> {
        self.input.clone()
    }

    /// Puts a type at a path of `input`.
    pub(super) fn put_input(&mut self, path: &[Value], ty: Ty) {
        if path.len() > PATH_MAX {
            return;
        }
        self.input = Some(put(self.input.as_ref().unwrap_or(&Ty::Any), path, ty));
    }

    /// Puts a type at a path below `data`.
    pub(super) fn put_data(&mut self, path: &[Value], ty: Ty) {
        if path.len() > PATH_MAX {
            return;
        }
        let above = self.data.iter_mut().rev().find(|(known, _)| path.starts_with(known));
        match above {
            Some((known, own)) => {
                let rest = path.get(known.len()..).unwrap_or_default();
                *own = put(own, rest, ty);
            }
            None => {
                self.data.retain(|(known, _)| !known.starts_with(path));
                self.data.push((path.to_vec(), ty));
            }
        }
    }

    /// Returns the type of the document that a path leads through, and how many steps lead to it.
    pub(super) fn document<'v>(
        &self,
        steps: impl Iterator<Item = Option<&'v Value>>,
    ) -> Option<(Ty, usize)> {
        if self.data.is_empty() {
            return None;
        }
        let known: Vec<&Value> = steps.map_while(|step| step).collect();
        let leads = |path: &[Value]| {
            path.len() <= known.len() && path.iter().zip(&known).all(|(a, b)| a == *b)
        };
        let (path, ty) = self.data.iter().find(|(path, _)| leads(path))?;
        Some((ty.clone(), path.len()))
    }
}

/// Returns a type with another one at a path inside of it. What is no object becomes one of which
/// only that path is known.
fn put(ty: &Ty, path: &[Value], new: Ty) -> Ty {
    let Some((key, below)) = path.split_first() else { return new };
    let Ty::Object(object) = ty else {
        let inner = put(&Ty::Any, below, new);
        return Ty::schema_object(vec![(key.clone(), inner)], Some((Ty::Any, Ty::Any)));
    };
    let mut fixed = object.fixed.clone();
    match fixed.iter_mut().find(|(known, _)| known == key) {
        Some((_, own)) => *own = put(own, below, new),
        None => {
            // What is beside the path is as open as the object that it was put into.
            let inner = below.iter().rev().fold(new, |inner, key| {
                Ty::schema_object(vec![(key.clone(), inner)], object.rest.clone())
            });
            fixed.push((key.clone(), inner));
        }
    }
    Ty::schema_object(fixed, object.rest.clone())
}
