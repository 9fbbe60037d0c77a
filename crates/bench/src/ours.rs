//! This engine, as the table measures it.

use rego::{Compiler, EvalOptions, Policy, Query, Value};

use crate::failure::{Failure, Outcome};
use crate::workload::Workload;

/// A workload ready to be evaluated.
pub(crate) struct Ours {
    query: Query,
    input: Value,
    /// Whether values that depend on data alone are kept from one evaluation to the next.
    keep: bool,
}

impl Ours {
    /// Parses, compiles and prepares; each evaluation does all of its work.
    pub(crate) fn new(workload: &Workload) -> Outcome<Self> {
        let policy = compile(&workload.modules, value(&workload.data)?)?;
        let query = policy.prepare(&workload.query).map_err(Failure::from)?;
        Ok(Self { query, input: value(&workload.input)?, keep: false })
    }

    /// Returns it such that it works out once what depends on data alone.
    pub(crate) fn keeping(self) -> Self {
        Self { keep: true, ..self }
    }

    fn value(&self, input: &Value) -> Outcome<Option<Value>> {
        let options = EvalOptions { keep: self.keep, ..EvalOptions::default() };
        Ok(self.query.value(Some(input), &options)?)
    }

    /// Evaluates once.
    pub(crate) fn eval(&self) -> Outcome<Option<Value>> {
        self.value(&self.input)
    }

    /// Parses the input's text and evaluates.
    pub(crate) fn parse_and_eval(&self, input: &str) -> Outcome<Option<Value>> {
        self.value(&value(input)?)
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
        compiler = compiler.module(name, text.as_str());
    }
    Ok(compiler.compile()?)
}

/// Reads JSON.
pub(crate) fn value(text: &str) -> Outcome<Value> {
    Ok(Value::from_json(text.as_bytes())?)
}
