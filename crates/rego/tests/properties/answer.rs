//! What a policy answers.

use rego::{Budget, Compiler, EvalOptions, Policy, Query, Value};

use crate::generate::{DATA, INPUTS};

/// Steps, bytes and depth enough for any of them that does not run away.
const BUDGET: Budget = Budget { steps_max: 300_000, bytes_max: 64 << 20, depth_max: 1_000 };

/// The documents for each input, or the code of what stopped it.
pub(crate) type Answers = Vec<Result<String, &'static str>>;

fn read(text: &str) -> Value {
    Value::from_json(text.as_bytes()).unwrap()
}

/// Compiles; the error is a code.
pub(crate) fn compile(modules: &[String]) -> Result<Policy, &'static str> {
    let mut compiler = Compiler::new().data(read(DATA));
    for (n, module) in modules.iter().enumerate() {
        compiler = compiler.module(format!("{n}.rego"), module.as_str());
    }
    compiler.compile().map_err(|errors| {
        let shown = errors.to_string();
        assert!(!shown.contains("internal error"), "{shown}");
        if std::env::var_os("SHOW").is_some() {
            println!("{shown}\n{}", modules.join("\n"));
        }
        errors.code()
    })
}

/// Asks for everything, with each of the inputs.
pub(crate) fn answers(policy: &Policy, options: &EvalOptions<'_>) -> Answers {
    asked(&policy.prepare("data").unwrap(), options)
}

/// Asks the same query for everything, some times.
pub(crate) fn repeated_answers(
    policy: &Policy,
    options: &EvalOptions<'_>,
    times: usize,
) -> Vec<Answers> {
    let query = policy.prepare("data").unwrap();
    (0..times).map(|_| asked(&query, options)).collect()
}

fn asked(query: &Query, options: &EvalOptions<'_>) -> Answers {
    let options = EvalOptions { budget: BUDGET, ..*options };
    let answer = |input: &&str| {
        let value = query.value(Some(&read(input)), &options).map_err(|error| {
            assert_ne!(error.code, "eval_internal_error", "{error}");
            error.code
        })?;
        Ok(value.map_or_else(|| "undefined".to_owned(), |value| shown(&value)))
    };
    INPUTS.iter().map(answer).collect()
}

/// Compiles and asks.
pub(crate) fn meaning(modules: &[String]) -> Result<Answers, &'static str> {
    compile(modules).map(|policy| answers(&policy, &EvalOptions::default()))
}

/// JSON of the documents that rules make: base data is always the same.
fn shown(value: &Value) -> String {
    let part = |name: &str| value.get_path(&[name]).map_or("undefined".to_owned(), Value::to_json);
    format!("lib: {}, p: {}", part("lib"), part("p"))
}

/// Whether it was the budget that ended it, which counts differently for each way to do a thing.
pub(crate) fn ran_away(answers: &Answers) -> bool {
    answers.iter().any(|answer| matches!(answer, Err("eval_budget_error")))
}
