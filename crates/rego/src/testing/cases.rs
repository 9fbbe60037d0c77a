//! The cases of a test, from its value and from which of them began.
//!
//! Must not know: how they are shown.

use std::collections::{BTreeMap, BTreeSet};

use rego_value::Value;

/// Deepest nesting of cases that is told apart; what lies deeper counts as one that fails. Ours.
pub const CASE_DEPTH_MAX: usize = 64;

/// Cases by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cases(pub BTreeMap<String, Case>);

/// One case, or several that share the first part of their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Case {
    /// Whether it, or one below it, does not hold.
    pub failed: bool,
    /// Those below it.
    pub cases: Cases,
}

impl Cases {
    /// Returns the cases of a test with this value, of which these began. One that began and is not
    /// in the value failed.
    pub(super) fn of(value: &Value, begun: &BTreeSet<Value>) -> Self {
        let mut cases = Self::of_value(value, 0);
        for name in begun {
            let parts = name.as_array().unwrap_or_default();
            let parts: Vec<String> = parts.iter().take(CASE_DEPTH_MAX).map(name_of).collect();
            cases.begin(&parts);
        }
        cases
    }

    fn of_value(value: &Value, depth: usize) -> Self {
        let Some(object) = value.as_object() else { return Self::default() };
        let case = |(key, value): (&Value, &Value)| {
            let case = match (value.as_bool(), value.as_object()) {
                (Some(holds), _) => Case { failed: !holds, cases: Self::default() },
                (None, Some(_)) if depth < CASE_DEPTH_MAX => {
                    let cases = Self::of_value(value, depth + 1);
                    Case { failed: cases.has_failed(), cases }
                }
                // OPA takes a null for a case that holds.
                (None, _) => Case { failed: *value != Value::NULL, cases: Self::default() },
            };
            (name_of(key), case)
        };
        Self(object.iter().map(case).collect())
    }

    /// Notes that a case began. Returns whether it failed.
    fn begin(&mut self, parts: &[String]) -> bool {
        let Some((first, rest)) = parts.split_first() else { return true };
        let new = || Case { failed: true, cases: Self::default() };
        let case = self.0.entry(first.clone()).or_insert_with(new);
        if rest.is_empty() {
            return case.failed;
        }
        let failed = case.cases.begin(rest);
        case.failed |= failed;
        failed
    }

    /// Whether one of them does not hold.
    pub fn has_failed(&self) -> bool {
        self.0.values().any(|case| case.failed)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Calls `visit` with the whole name of each case and the case, those that contain others before
    /// those others, sorted by name.
    pub fn each(&self, visit: &mut dyn FnMut(&[&str], &Case)) {
        self.each_below(&mut Vec::new(), visit);
    }

    fn each_below<'c>(&'c self, name: &mut Vec<&'c str>, visit: &mut dyn FnMut(&[&str], &Case)) {
        for (part, case) in &self.0 {
            name.push(part);
            visit(name, case);
            case.cases.each_below(name, visit);
            name.pop();
        }
    }
}

/// Returns a part of a case's name as text: strings as they are, other values as JSON.
pub fn name_of(part: &Value) -> String {
    part.as_str().map_or_else(|| part.to_json(), str::to_string)
}
