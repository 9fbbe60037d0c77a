//! The schemas that a caller has: a tree of names, rooted at `schema`.
//!
//! Must not know: what a schema says.

use std::collections::BTreeMap;

use rego_value::Value;

/// JSON schemas by path. The one at the empty path, `schema` itself, is that of `input` for all
/// modules; the others are for annotations to name.
///
/// Source: OPA documentation, "Type checking"; `v1/ast/schema.go`.
#[derive(Clone, Debug, Default)]
pub struct SchemaSet(BTreeMap<Vec<Value>, Value>);

impl SchemaSet {
    /// Puts a schema at a path below `schema`; one that was there is replaced. Whether it is a
    /// schema is said when a module set is analysed.
    pub fn put(&mut self, path: Vec<Value>, schema: Value) {
        self.0.insert(path, schema);
    }

    /// Returns the schema at a path below `schema`.
    pub fn get(&self, path: &[Value]) -> Option<&Value> {
        self.0.get(path)
    }
}
