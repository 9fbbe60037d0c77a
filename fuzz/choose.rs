//! Makes choices from the fuzzer's bytes, and asks the engine what comes of two ways to say a thing.

use rego::{Budget, Compiler, EvalOptions, Value};

/// The fuzzer's bytes, one a choice; zero once they are used up.
pub struct Choices<'b>(std::slice::Iter<'b, u8>);

impl<'b> Choices<'b> {
    pub fn new(bytes: &'b [u8]) -> Self {
        Self(bytes.iter())
    }

    pub fn below(&mut self, bound: usize) -> usize {
        usize::from(self.0.next().copied().unwrap_or_default()) % bound.max(1)
    }

    pub fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    #[allow(dead_code, reason = "not every target shuffles")]
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            items.swap(at, self.below(at + 1));
        }
    }
}

/// Evaluates a query over a module: the solutions, or the code of what stopped it.
pub fn answer(module: &str, data: &str, input: &str, query: &str) -> Result<String, &'static str> {
    let read = |text: &str| Value::from_json(text.as_bytes()).expect("a fixed document");
    let compiler = Compiler::new().module("p.rego", module).data(read(data));
    let policy = compiler.compile().map_err(|errors| {
        assert!(!errors.to_string().contains("internal error"), "{errors}\n{module}");
        if std::env::var_os("SHOW").is_some() {
            eprintln!("{errors}\n{module}");
        }
        errors.code()
    })?;
    let query = policy.prepare(query).map_err(|errors| errors.code())?;
    let budget = Budget { steps_max: 200_000, bytes_max: 16 << 20, depth_max: 1_000 };
    let options = EvalOptions { budget, ..EvalOptions::default() };
    let value = query.value(Some(&read(input)), &options).map_err(|error| {
        assert_ne!(error.code, "eval_internal_error", "{error}\n{module}");
        error.code
    })?;
    Ok(value.map_or_else(|| "undefined".to_owned(), |value| value.to_json()))
}
