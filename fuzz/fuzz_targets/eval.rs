//! Any module that compiles ends within a small budget.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rego::{Budget, Compiler, EvalOptions, RegoVersion};

fuzz_target!(|text: &str| {
    let compiler = Compiler::new().rego_version(RegoVersion::Auto).module("p.rego", text);
    let Ok(policy) = compiler.compile() else { return };
    let Ok(query) = policy.prepare("data") else { return };
    let budget = Budget { steps_max: 100_000, bytes_max: 16 << 20, depth_max: 1_000 };
    let options = EvalOptions { budget, ..EvalOptions::default() };
    let _ = query.eval(None, &options);
});
