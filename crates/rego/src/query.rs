//! A prepared query and its evaluation.

use std::sync::Arc;

use rego_source::Position;
use rego_value::Value;
use rego_vm::Host;

use crate::errors::EvalError;

/// How much one evaluation may use. Crossing a bound is an error, never a crash.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// Most steps: loop turns, calls, and work inside builtins.
    pub steps_max: u64,
    /// Most bytes of results made on the way.
    pub bytes_max: u64,
    /// Deepest nesting of rule and function calls.
    pub depth_max: u32,
}

impl Default for Budget {
    fn default() -> Self {
        Self { steps_max: 1_000_000_000, bytes_max: 4 << 30, depth_max: 100_000 }
    }
}

/// How to evaluate.
#[derive(Clone, Copy)]
pub struct EvalOptions<'h> {
    /// Whether an error in a builtin ends evaluation, instead of making the call undefined.
    pub strict_builtin_errors: bool,
    /// How much it may use.
    pub budget: Budget,
    /// The world outside.
    pub host: &'h dyn Host,
}

impl Default for EvalOptions<'_> {
    fn default() -> Self {
        Self { strict_builtin_errors: false, budget: Budget::default(), host: &crate::IdleHost }
    }
}

/// The solutions of a query; none means undefined.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResultSet {
    /// One a solution.
    pub rows: Vec<Row>,
}

/// One solution.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The value of each statement, in the order of the text.
    pub expressions: Vec<ExpressionValue>,
    /// The named variables, in order of appearance.
    pub bindings: Vec<(Arc<str>, Value)>,
}

/// The value of a statement.
#[derive(Clone, Debug, PartialEq)]
pub struct ExpressionValue {
    /// The value; `true` for a statement that has none of its own (`x = 1`, `not p`).
    pub value: Value,
    /// The text of the statement.
    pub text: Arc<str>,
    /// Where it stands in the query.
    pub position: Position,
}

/// A query prepared against a policy. Cheap to clone; evaluates from any number of threads.
#[derive(Clone)]
pub struct Query {}

impl Query {
    /// Returns all solutions for this input (`None`: `input` is undefined).
    ///
    /// Errors: a conflict, a builtin error where strict, a crossed budget, a cancelled caller.
    pub fn eval(
        &self,
        input: Option<&Value>,
        options: &EvalOptions<'_>,
    ) -> Result<ResultSet, EvalError> {
        let _ = (input, options);
        Ok(ResultSet::default())
    }

    /// Returns the value of a query that is one reference (`data.a.b`), or nothing where it is
    /// undefined: what a gate asks. The value of the first statement of the first solution.
    ///
    /// Errors: as for [`Query::eval`].
    pub fn value(
        &self,
        input: Option<&Value>,
        options: &EvalOptions<'_>,
    ) -> Result<Option<Value>, EvalError> {
        let rows = self.eval(input, options)?.rows;
        Ok(rows.into_iter().next().and_then(|r| r.expressions.into_iter().next()).map(|e| e.value))
    }
}
