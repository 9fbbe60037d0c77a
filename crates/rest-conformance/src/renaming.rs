//! Sameness of compiled modules and queries apart from the names that a compiler made up.
//!
//! Must not know: what the trees mean.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::number;

/// Which made-up name stands for which, in both directions: two names of one side never stand for
/// the same name of the other.
#[derive(Clone, Debug, Default)]
pub struct Renaming {
    forth: BTreeMap<String, String>,
    back: BTreeMap<String, String>,
}

impl Renaming {
    /// Whether two trees are the same, given what was renamed so far; remembers what it renames. After
    /// a `false` the renaming is of no use any more.
    pub fn same(&mut self, want: &Value, got: &Value) -> bool {
        match (want, got) {
            (Value::Number(a), Value::Number(b)) => number::same_value(a, b),
            (Value::String(a), Value::String(b)) => self.same_text(a, b),
            (Value::Array(a), Value::Array(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| self.same(a, b))
            }
            (Value::Object(a), Value::Object(b)) => {
                a.len() == b.len()
                    && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| self.same(a, b)))
            }
            _ => want == got,
        }
    }

    /// Forgets the names of variables, which mean something within one query or rule only. Names of
    /// rules stay.
    pub fn forget_variables(&mut self) {
        self.forth.retain(|name, _| !is_variable(name));
        self.back.retain(|name, _| !is_variable(name));
    }

    fn same_text(&mut self, want: &str, got: &str) -> bool {
        if !(is_made_up(want) && is_made_up(got)) {
            return want == got;
        }
        let forth = self.forth.entry(want.to_owned()).or_insert_with(|| got.to_owned());
        let back = self.back.entry(got.to_owned()).or_insert_with(|| want.to_owned());
        forth == got && back == want
    }
}

/// Whether a compiler made the name up: `__local0__`, `__localq1__`, `__local1__2`, `__not0_0_1__`,
/// `$0`.
fn is_made_up(name: &str) -> bool {
    let of_compiler = name.strip_prefix("__").is_some_and(|rest| {
        rest.ends_with(|c: char| c == '_' || c.is_ascii_digit())
            && rest.contains(|c: char| c.is_ascii_digit())
    });
    of_compiler || is_wildcard(name)
}

fn is_variable(name: &str) -> bool {
    name.starts_with("__local") || is_wildcard(name)
}

fn is_wildcard(name: &str) -> bool {
    name.strip_prefix('$')
        .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names() {
        for (want, got, same) in [
            (json!(["__local0__", "__local0__"]), json!(["__local7__", "__local7__"]), true),
            (json!(["__local0__", "__local0__"]), json!(["__local7__", "__local8__"]), false),
            (json!(["__local0__", "__local1__"]), json!(["__local7__", "__local7__"]), false),
            (json!(["__local0__", "__local1__"]), json!(["__local1__", "__local0__"]), true),
            (json!("$0"), json!("$12"), true),
            (json!("__local1__2"), json!("__localq3__"), true),
            (json!("__local0__"), json!("x"), false),
            (json!("x"), json!("y"), false),
            (json!({"a": 1, "b": [2]}), json!({"b": [2.0], "a": 1}), true),
            (json!({"a": 1}), json!({"a": 1, "b": 2}), false),
        ] {
            assert_eq!(Renaming::default().same(&want, &got), same, "{want} {got}");
        }
    }

    #[test]
    fn variables_are_forgotten_and_rules_are_not() {
        let mut renaming = Renaming::default();
        assert!(
            renaming.same(&json!(["__local0__", "__not1__"]), &json!(["__local1__", "__not2__"]))
        );
        renaming.forget_variables();
        assert!(renaming.same(&json!("__local0__"), &json!("__local3__")));
        assert!(!renaming.same(&json!("__not1__"), &json!("__not3__")));
    }
}
