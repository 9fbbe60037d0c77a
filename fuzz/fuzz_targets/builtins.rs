//! Any builtin with any operands ends within a small budget, twice the same.
//!
//! The first byte says which builtin; operands follow, divided by zero bytes: JSON, or else a text.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use rego::{Budget, Compiler, EvalOptions, Query, QueryOptions, RegoVersion, Value};

static CALLS: LazyLock<Vec<Query>> = LazyLock::new(|| {
    let policy = Compiler::new().compile().expect("nothing compiles");
    let calls = rego_builtins::all().filter(|builtin| builtin.decl.result.is_some());
    let prepare = |builtin: &rego_vm::Builtin| {
        let operands: Vec<String> =
            (0..builtin.decl.args.len()).map(|n| format!("input[{n}]")).collect();
        let text = format!("x = {}({})", builtin.decl.name, operands.join(", "));
        let options = QueryOptions { version: RegoVersion::V0, ..QueryOptions::default() };
        policy.prepare_with(&text, &options).ok()
    };
    calls.filter_map(prepare).collect()
});

fuzz_target!(|bytes: &[u8]| {
    let Some((which, rest)) = bytes.split_first() else { return };
    let query = &CALLS[usize::from(*which) % CALLS.len()];
    let operand = |piece: &[u8]| {
        let text = || Value::from(&*String::from_utf8_lossy(piece));
        Value::from_json(piece).unwrap_or_else(|_| text())
    };
    let input = Value::array(rest.split(|byte| *byte == 0).map(operand).collect::<Vec<_>>());
    let budget = Budget { steps_max: 1_000_000, bytes_max: 64 << 20, depth_max: 1_000 };
    let options = EvalOptions { budget, strict_builtin_errors: true, ..EvalOptions::default() };
    let first = query.eval(Some(&input), &options);
    if let Err(error) = &first {
        assert_ne!(error.code, "eval_internal_error", "{error}");
    }
    assert_eq!(first, query.eval(Some(&input), &options), "two runs differ");
});
