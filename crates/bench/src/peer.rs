//! The peer, regorus: its interpreter and its register machine. The table takes the better one.

use std::sync::Arc;

use regorus::languages::rego::compiler::Compiler;
use regorus::rvm::vm::RegoVM;
use regorus::{Engine, Rc, Value};

use crate::failure::{Failure, Outcome};
use crate::workload::Workload;

/// The peer's interpreter, ready to be asked.
pub(crate) struct Interpreter {
    engine: Engine,
    query: String,
    input: Value,
}

impl Interpreter {
    /// Parses, compiles and prepares.
    pub(crate) fn new(workload: &Workload) -> Outcome<Self> {
        let mut engine = engine(&workload.modules)?;
        engine.add_data_json(&workload.data)?;
        let input = value(&workload.input)?;
        Ok(Self { engine, query: workload.query.clone(), input })
    }

    /// Evaluates once.
    pub(crate) fn eval(&mut self) -> Outcome<Value> {
        self.engine.set_input(self.input.clone());
        Ok(self.engine.eval_rule(self.query.clone())?)
    }

    /// Parses the input's text and evaluates.
    pub(crate) fn parse_and_eval(&mut self, input: &str) -> Outcome<Value> {
        self.engine.set_input(value(input)?);
        Ok(self.engine.eval_rule(self.query.clone())?)
    }
}

/// The peer's register machine, ready to be asked.
pub(crate) struct Machine {
    vm: RegoVM,
    input: Value,
}

impl Machine {
    /// Parses, compiles and prepares.
    pub(crate) fn new(workload: &Workload) -> Outcome<Self> {
        let mut engine = engine(&workload.modules)?;
        let data = value(&workload.data)?;
        engine.add_data(data.clone())?;
        let rule: Rc<str> = workload.query.as_str().into();
        let compiled = engine.compile_with_entrypoint(&rule)?;
        let program = Compiler::compile_from_policy(&compiled, &[&workload.query])
            .map_err(|e| Failure(format!("{e:?}")))?;
        let mut vm = RegoVM::new_with_policy(compiled);
        vm.set_max_instructions(usize::MAX);
        vm.load_program(Arc::clone(&program));
        vm.set_data(data).map_err(|e| Failure(format!("{e:?}")))?;
        Ok(Self { vm, input: value(&workload.input)? })
    }

    /// Evaluates once.
    pub(crate) fn eval(&mut self) -> Outcome<Value> {
        self.vm.set_input(self.input.clone());
        self.vm.execute().map_err(|e| Failure(format!("{e:?}")))
    }

    /// Parses the input's text and evaluates.
    pub(crate) fn parse_and_eval(&mut self, input: &str) -> Outcome<Value> {
        self.vm.set_input(value(input)?);
        self.vm.execute().map_err(|e| Failure(format!("{e:?}")))
    }
}

/// Parses modules.
fn engine(modules: &[(String, String)]) -> Outcome<Engine> {
    let mut engine = Engine::new();
    for (name, text) in modules {
        engine.add_policy(name.clone(), text.clone())?;
    }
    Ok(engine)
}

/// Parses and compiles modules for the interpreter.
pub(crate) fn compile(modules: &[(String, String)], query: &str) -> Outcome<()> {
    engine(modules)?.compile_with_entrypoint(&query.into())?;
    Ok(())
}

/// Reads JSON.
pub(crate) fn value(text: &str) -> Outcome<Value> {
    Ok(Value::from_json_str(text)?)
}

/// Returns an answer as JSON.
pub(crate) fn json(answer: &Value) -> Outcome<Option<String>> {
    if *answer == Value::Undefined { Ok(None) } else { Ok(Some(answer.to_json_str()?)) }
}
