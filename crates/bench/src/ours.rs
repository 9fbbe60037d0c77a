//! This engine, as the table measures it.

use rego::{Compiler, EvalOptions, Policy, Query, Value};

use crate::failure::{Failure, Outcome};
use crate::workload::Workload;

/// A workload ready to be evaluated.
pub(crate) struct Ours {
    query: Query,
    input: Value,
}

impl Ours {
    /// Parses, compiles and prepares.
    pub(crate) fn new(workload: &Workload) -> Outcome<Self> {
        let policy = compile(&workload.modules, value(&workload.data)?)?;
        let query = policy.prepare(&workload.query).map_err(Failure::from)?;
        Ok(Self { query, input: value(&workload.input)? })
    }

    /// Evaluates once.
    pub(crate) fn eval(&self) -> Outcome<Option<Value>> {
        Ok(self.query.value(Some(&self.input), &EvalOptions::default())?)
    }

    /// Parses the input's text and evaluates.
    pub(crate) fn parse_and_eval(&self, input: &str) -> Outcome<Option<Value>> {
        Ok(self.query.value(Some(&value(input)?), &EvalOptions::default())?)
    }

    /// Returns the answer as JSON.
    pub(crate) fn answer(&self) -> Outcome<Option<String>> {
        Ok(self.eval()?.map(|value| value.to_json()))
    }
}

/// Parses and compiles modules.
pub(crate) fn compile(modules: &[(String, String)], data: Value) -> Outcome<Policy> {
    let mut compiler = Compiler::new().data(data);
    for (name, text) in modules {
        compiler = compiler.module(name, text);
    }
    Ok(compiler.compile()?)
}

/// Reads JSON.
pub(crate) fn value(text: &str) -> Outcome<Value> {
    Ok(Value::from_json(text.as_bytes())?)
}
