//! Hostile policies and documents: each ends, with an answer or with an error that has a code,
//! within seconds, within the memory below, and without a panic or an overflow of the stack.
#![cfg(test)]

mod compile;
mod documents;
mod evaluate;
mod soup;

use std::sync::Once;
use std::thread;
use std::time::{Duration, Instant};

use conformance::host::CaseHost;
use rego::{Budget, Compiler, EvalOptions, RegoVersion, Value};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Longest that one attack may take. An unoptimised build on a busy machine gets some more than the
/// seconds that it may really take.
const TIME_MAX: Duration = Duration::from_secs(if cfg!(debug_assertions) { 60 } else { 10 });

/// Longest evaluation, as the gate has it.
const EVAL_MAX: Duration = Duration::from_secs(5);

/// Address space of the process while it is attacked, in bytes.
const MEMORY_MAX: u64 = 6 << 30;

/// Stack of a thread that decides, in bytes, as the gate has it.
const STACK_BYTES: usize = 8 << 20;

/// Runs an attack in a thread of its own with the bounds above.
#[track_caller]
fn attack<T: Send + 'static>(name: &str, work: impl FnOnce() -> T + Send + 'static) -> T {
    static LIMITED: Once = Once::new();
    LIMITED.call_once(|| {
        let now = getrlimit(Resource::As);
        let _ = setrlimit(Resource::As, Rlimit { current: Some(MEMORY_MAX), maximum: now.maximum });
    });
    let start = Instant::now();
    let thread = thread::Builder::new().stack_size(STACK_BYTES).spawn(work).unwrap();
    while !thread.is_finished() {
        assert!(start.elapsed() < TIME_MAX, "{name}: still running after {TIME_MAX:?}");
        thread::sleep(Duration::from_millis(5));
    }
    thread.join().unwrap_or_else(|_| panic!("{name}: panicked"))
}

/// Compiles a module and evaluates `data.p.x` within the budget of a gate's decision. Returns the
/// code of the error, or what sort of answer came.
#[track_caller]
fn outcome(name: &str, module: String, version: RegoVersion) -> &'static str {
    attack(name, move || {
        let compiled = Compiler::new().rego_version(version).module("p.rego", module).compile();
        let query = match compiled.and_then(|policy| policy.prepare("data.p.x")) {
            Ok(query) => query,
            Err(errors) => {
                let _ = errors.to_string(); // must end, too
                return errors.code();
            }
        };
        let host = CaseHost::new(EVAL_MAX);
        let budget = Budget { steps_max: 200_000_000, bytes_max: 256 << 20, depth_max: 10_000 };
        let options = EvalOptions {
            strict_builtin_errors: true,
            budget,
            host: &host,
            ..EvalOptions::default()
        };
        let input = Value::object(Vec::new());
        match query.value(Some(&input), &options) {
            Ok(Some(_)) => "defined",
            Ok(None) => "undefined",
            Err(error) => error.code,
        }
    })
}
