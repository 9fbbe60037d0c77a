//! What schemas say of documents, as one definition sees it: of `input`, and of paths below `data`.
//!
//! Must not know: how a schema becomes a type, which annotation it came from.
//!
//! Source: OPA `v1/ast/check.go` (`checkRule`, `override`).

use rego_value::Value;

use super::ty::Ty;

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
