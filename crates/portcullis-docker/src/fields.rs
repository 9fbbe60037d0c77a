//! Objects that one place makes over and over: their list of keys is made once.
//!
//! Pure. Must not know: what the fields hold.

use std::sync::{Arc, OnceLock};

use rego::{Keys, Value};

/// The fields of the objects of one place.
pub(crate) struct Fields(OnceLock<Arc<Keys>>);

impl Fields {
    /// Returns fields whose names the first object gives.
    pub(crate) const fn new() -> Self {
        Self(OnceLock::new())
    }

    /// Returns the object of these entries, which are in the order of their names. Other names than
    /// the first time cost more, and no harm is done.
    pub(crate) fn object<const N: usize>(&self, entries: [(&str, Value); N]) -> Value {
        let names = || entries.iter().map(|(name, _)| Value::from(*name)).collect();
        let keys = self.0.get_or_init(|| Arc::new(Keys::from_unsorted(names())));
        let mut names = keys.iter().zip(&entries);
        if keys.len() != N || !names.all(|(key, (name, _))| key.as_str() == Some(*name)) {
            return Value::object_from_strs(entries);
        }
        Value::object_from_parts(Arc::clone(keys), entries.map(|(_, value)| value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_share_their_keys_and_nothing_else() {
        static FIELDS: Fields = Fields::new();
        let first = FIELDS.object([("a", 1.into()), ("b", 2.into())]);
        let second = FIELDS.object([("a", 3.into()), ("b", 4.into())]);
        let other = FIELDS.object([("b", 5.into()), ("c", 6.into())]);
        let keys = |value: &Value| std::ptr::from_ref(value.as_object().unwrap().keys());
        assert_eq!(keys(&first), keys(&second));
        let json = [first, second, other].map(|value| value.to_json());
        assert_eq!(json, [r#"{"a":1,"b":2}"#, r#"{"a":3,"b":4}"#, r#"{"b":5,"c":6}"#]);
    }
}
