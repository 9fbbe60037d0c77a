//! What is wrong with a document, and where.

use rego_value::Value;

/// The name of the whole document.
const ROOT: &str = "(root)";

/// A place in a document, on the way down.
#[derive(Clone, Copy)]
pub(super) enum Path<'p> {
    Root,
    Key(&'p Path<'p>, &'p str),
    At(&'p Path<'p>, usize),
}

impl Path<'_> {
    /// Returns the place by keys and indices with dots between them; the root is `(root)`.
    pub(super) fn field(&self) -> String {
        let mut parts = Vec::new();
        let mut here = self;
        loop {
            here = match here {
                Path::Root => break,
                Path::Key(parent, key) => {
                    parts.push((*key).to_string());
                    parent
                }
                Path::At(parent, index) => {
                    parts.push(index.to_string());
                    parent
                }
            };
        }
        if parts.is_empty() {
            return ROOT.to_string();
        }
        parts.reverse();
        parts.join(".")
    }
}

/// One thing that is wrong.
pub(super) struct Problem {
    /// OPA's name of the kind.
    pub(super) kind: &'static str,
    pub(super) field: String,
    pub(super) text: String,
}

impl Problem {
    /// Returns the object that policies see.
    pub(super) fn into_value(self) -> Value {
        Value::object_from_strs([
            ("desc", Value::from(self.text.as_str())),
            ("error", Value::from(format!("{}: {}", self.field, self.text))),
            ("field", Value::from(self.field)),
            ("type", Value::from(self.kind)),
        ])
    }
}
