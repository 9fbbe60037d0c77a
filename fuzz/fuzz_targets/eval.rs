//! Any module is refused with a finding, or ends within a small budget, twice the same, and the same
//! where its rules are rewritten for the data.
//!
//! What analysis accepts, lowering must not refuse and evaluation must not find broken.
#![no_main]

#[path = "../mutate.rs"]
mod mutate;

use std::sync::LazyLock;

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use rego::{
    Budget, Compiler, Errors, EvalError, EvalOptions, Lowering, RegoVersion, ResultSet, Value,
};

static DATA: LazyLock<Value> = LazyLock::new(|| {
    read(r#"{"xs": [1, 2, 3], "o": {"a": 1, "b": {"c": [4, "d"]}}, "users": {"bob": {"age": 5}}}"#)
});

static INPUT: LazyLock<Value> = LazyLock::new(|| {
    read(
        r#"{"user": "bob", "n": 2, "roles": ["a", "b"], "Body": {"HostConfig": {"Binds": ["/:/x"]}}}"#,
    )
});

fn read(json: &str) -> Value {
    Value::from_json(json.as_bytes()).expect("a fixed document")
}

fn refused(errors: &Errors) {
    assert!(errors.count() > 0, "refused without an error");
    assert!(errors.diagnostics.iter().all(|d| !d.code.is_empty()), "a finding without a code");
    let shown = errors.to_string();
    assert!(!shown.contains("internal error"), "{shown}");
}

fn ran_away(outcome: &Result<ResultSet, EvalError>) -> bool {
    outcome.as_ref().is_err_and(|error| error.code == "eval_budget_error")
}

fuzz_target!(|text: &str| {
    let compiler = Compiler::new().rego_version(RegoVersion::Auto).module("p.rego", text);
    let policy = match compiler.data(DATA.clone()).compile() {
        Ok(policy) => policy,
        Err(errors) => return refused(&errors),
    };
    let query = policy.prepare("data").expect("the root can be asked of any policy");
    let at_once = Lowering { runs_before_rewriting: 0, ..Lowering::default() };
    let rewritten = policy.lowered(at_once).expect("what was lowered once can be lowered again");
    let rewritten = rewritten.prepare("data").expect("the root can be asked of any policy");
    let budget = Budget { steps_max: 100_000, bytes_max: 16 << 20, depth_max: 1_000 };
    for strict_builtin_errors in [false, true] {
        let options = EvalOptions { budget, strict_builtin_errors, ..EvalOptions::default() };
        let first = query.eval(Some(&INPUT), &options);
        if let Err(error) = &first {
            assert_ne!(error.code, "eval_internal_error", "{error}");
        }
        assert_eq!(first, query.eval(Some(&INPUT), &options), "two runs differ");
        for _ in 0..3 {
            let again = rewritten.eval(Some(&INPUT), &options);
            assert!(again == first || ran_away(&again) || ran_away(&first), "rewritten it differs");
        }
    }
});

fuzz_mutator!(|data: &mut [u8], size: usize, size_max: usize, seed: u32| {
    if seed % 4 == 0 {
        return fuzzer_mutate(data, size, size_max);
    }
    mutate::tokens(data, size, size_max, seed)
});
