//! Sameness of what partial evaluation leaves: queries and support modules.
//!
//! The order of queries, of rules, of a query's expressions and of the operands of `==`, `=` and `!=`
//! does not tell, nor do made-up names: two answers that differ only there mean the same.
//!
//! Must not know: how they were asked for.

use serde_json::{Map, Value};

use crate::renaming::Renaming;

/// Most comparisons of two expressions that one answer may take; beyond it the two are called
/// different.
const COMPARISONS_MAX: usize = 50_000;

/// Operators whose operands may be swapped.
const SYMMETRIC: &[&str] = &["eq", "equal", "neq"];

/// How alike two results are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Likeness {
    /// The same apart from made-up names.
    Same,
    /// In another order, with the same meaning.
    Equivalent,
    /// Not known to mean the same.
    Different,
}

/// Compares the `result` of two answers.
pub fn likeness(want: &Value, got: &Value) -> Likeness {
    if Renaming::default().same(want, got) {
        return Likeness::Same;
    }
    let mut search = Search { names: Renaming::default(), left: COMPARISONS_MAX };
    if search.results(want, got) { Likeness::Equivalent } else { Likeness::Different }
}

struct Search {
    names: Renaming,
    left: usize,
}

impl Search {
    fn results(&mut self, want: &Value, got: &Value) -> bool {
        let (Some(want), Some(got)) = (want.as_object(), got.as_object()) else { return false };
        let others =
            |map: &Map<String, Value>| map.keys().any(|k| k != "queries" && k != "support");
        !others(want)
            && !others(got)
            && self.in_any_order(want.get("queries"), got.get("queries"), Search::query)
            && self.in_any_order(want.get("support"), got.get("support"), Search::module)
    }

    /// Whether each item of one list has a partner of its own in the other.
    fn in_any_order(
        &mut self,
        want: Option<&Value>,
        got: Option<&Value>,
        same: fn(&mut Search, &Value, &Value) -> bool,
    ) -> bool {
        let (want, got) = match (want.map(Value::as_array), got.map(Value::as_array)) {
            (None, None) => return true,
            (Some(Some(want)), Some(Some(got))) if want.len() == got.len() => (want, got),
            _ => return false,
        };
        let mut unmatched: Vec<&Value> = got.iter().collect();
        want.iter().all(|item| {
            let partner = unmatched.iter().position(|other| {
                let before = self.names.clone();
                let found = same(self, item, other);
                if !found {
                    self.names = before;
                }
                found
            });
            partner.map(|at| unmatched.remove(at)).is_some()
        })
    }

    fn query(&mut self, want: &Value, got: &Value) -> bool {
        self.names.forget_variables();
        self.body(want, got)
    }

    fn module(&mut self, want: &Value, got: &Value) -> bool {
        let (Some(want), Some(got)) = (want.as_object(), got.as_object()) else { return false };
        self.rest(want, got, "rules")
            && self.in_any_order(want.get("rules"), got.get("rules"), Search::rule)
    }

    fn rule(&mut self, want: &Value, got: &Value) -> bool {
        let (Some(want), Some(got)) = (want.as_object(), got.as_object()) else { return false };
        self.names.forget_variables();
        self.rest(want, got, "body")
            && match (want.get("body"), got.get("body")) {
                (Some(want), Some(got)) => self.body(want, got),
                (want, got) => want.is_none() && got.is_none(),
            }
    }

    /// Whether all but one field is the same.
    fn rest(&mut self, want: &Map<String, Value>, got: &Map<String, Value>, but: &str) -> bool {
        let without = |map: &Map<String, Value>| {
            Value::Object(
                map.iter()
                    .filter(|(k, _)| *k != but)
                    .map(|(k, v)| (k.clone(), v.clone()))
                    .collect(),
            )
        };
        self.names.same(&without(want), &without(got))
    }

    fn body(&mut self, want: &Value, got: &Value) -> bool {
        let (Some(want), Some(got)) = (want.as_array(), got.as_array()) else { return false };
        want.len() == got.len() && self.expressions(want, &got.iter().collect::<Vec<_>>())
    }

    /// Finds a partner for the first expression, then for the rest; goes back where that fails. As
    /// deep as a query has expressions.
    fn expressions(&mut self, want: &[Value], got: &[&Value]) -> bool {
        let Some((first, rest)) = want.split_first() else { return true };
        for (at, candidate) in got.iter().enumerate() {
            for form in forms(candidate) {
                if self.left == 0 {
                    return false;
                }
                self.left -= 1;
                let before = self.names.clone();
                let others = || got.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, e)| *e);
                if self.names.same(&without_index(first), &form)
                    && self.expressions(rest, &others().collect::<Vec<_>>())
                {
                    return true;
                }
                self.names = before;
            }
        }
        false
    }
}

/// Returns an expression without its number, and where its operator allows it also with its operands
/// swapped.
fn forms(expression: &Value) -> Vec<Value> {
    let plain = without_index(expression);
    let mut forms = vec![plain.clone()];
    if let Some(terms) = plain.get("terms").and_then(Value::as_array)
        && let [operator, left, right] = terms.as_slice()
        && operator
            .pointer("/value/0/value")
            .and_then(Value::as_str)
            .is_some_and(|name| SYMMETRIC.contains(&name))
    {
        let swapped = vec![operator.clone(), right.clone(), left.clone()];
        let mut form = plain.as_object().cloned().unwrap_or_default();
        form.insert("terms".to_owned(), swapped.into());
        forms.push(form.into());
    }
    forms
}

fn without_index(expression: &Value) -> Value {
    let mut expression = expression.clone();
    if let Some(map) = expression.as_object_mut() {
        map.shift_remove("index");
    }
    expression
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn var(name: &str) -> Value {
        json!({"type": "var", "value": name})
    }

    fn call(index: usize, operator: &str, left: Value, right: Value) -> Value {
        let operator = json!({"type": "ref", "value": [var(operator)]});
        json!({"index": index, "terms": [operator, left, right]})
    }

    fn queries(queries: &[Value]) -> Value {
        json!({"queries": queries})
    }

    #[test]
    fn queries_apart_from_order_and_names() {
        let one = |local: &str| json!([call(0, "eq", var(local), var("x"))]);
        let two = |local: &str| {
            json!([call(0, "gt", var(local), var("y")), call(1, "eq", var(local), var("z"))])
        };
        let two_reordered = json!([
            call(0, "eq", var("z"), var("__local5__")),
            call(1, "gt", var("__local5__"), var("y")),
        ]);
        let two_torn = json!([
            call(0, "gt", var("__local5__"), var("y")),
            call(1, "eq", var("__local6__"), var("z")),
        ]);
        let want = queries(&[one("__local0__"), two("__local0__")]);
        for (got, likeness_wanted) in [
            (queries(&[one("__local3__"), two("__local3__")]), Likeness::Same),
            (queries(&[two("__local1__"), one("__local0__")]), Likeness::Equivalent),
            (queries(&[two_reordered, one("__local0__")]), Likeness::Equivalent),
            (queries(&[two_torn, one("__local0__")]), Likeness::Different),
            (queries(&[one("__local0__")]), Likeness::Different),
            (json!({}), Likeness::Different),
        ] {
            assert_eq!(likeness(&want, &got), likeness_wanted, "{got}");
        }
        assert_eq!(likeness(&json!({}), &json!({})), Likeness::Same);
    }

    #[test]
    fn operands_of_other_operators_keep_their_order() {
        let want = queries(&[json!([call(0, "lt", var("a"), var("b"))])]);
        let got = queries(&[json!([call(0, "lt", var("b"), var("a"))])]);
        assert_eq!(likeness(&want, &got), Likeness::Different);
    }

    #[test]
    fn support_modules_apart_from_order_and_names() {
        let rule = |name: &str, var_of_body: &str| json!({"head": {"name": name}, "body": [call(0, "gt", var(var_of_body), var("b"))]});
        let result = |rules: &[Value], called: &str| json!({"queries": [[{"index": 0, "terms": var(called)}]], "support": [{"package": "p", "rules": rules}]});
        let want = result(&[rule("__not1__", "a"), rule("__not1__", "c")], "__not1__");
        let swapped = result(&[rule("__not8__", "c"), rule("__not8__", "a")], "__not8__");
        let other_called = result(&[rule("__not8__", "c"), rule("__not8__", "a")], "__not9__");
        assert_eq!(likeness(&want, &swapped), Likeness::Equivalent);
        assert_eq!(likeness(&want, &other_called), Likeness::Different);
    }
}
