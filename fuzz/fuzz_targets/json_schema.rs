//! Any schema is told right or wrong, and any document held against it gives an answer within a
//! small budget, twice the same; a schema that is right never fails because of its own shape.
//!
//! A schema and a document, divided by a zero byte.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rego::Value;
use rego_vm::{BuiltinError, Context, Host};

/// A world that stands still.
struct Still;

impl Host for Still {
    fn now_ns(&self) -> i64 {
        0
    }
    fn cancelled(&self) -> bool {
        false
    }
    fn random(&self, buffer: &mut [u8]) {
        buffer.fill(7);
    }
    fn runtime(&self) -> Value {
        Value::NULL
    }
    fn print(&self, _: &str, _: &str) {}
}

fn call(name: &str, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let builtin = rego_builtins::find(name).expect("a builtin");
    (builtin.run)(&mut Context::new(&Still, 1_000_000, 64 << 20), operands)
}

fuzz_target!(|bytes: &[u8]| {
    let mut pieces = bytes.split(|byte| *byte == 0);
    let mut piece = || String::from_utf8_lossy(pieces.next().unwrap_or_default()).into_owned();
    let (schema, document) = (Value::from(piece()), Value::from(piece()));
    let told = call("json.verify_schema", &[&schema]);
    let valid = told.as_ref().ok().and_then(Value::as_array).map(|told| told[0].is_true());
    let matched = call("json.match_schema", &[&document, &schema]);
    assert_eq!(matched, call("json.match_schema", &[&document, &schema]), "two runs differ");
    if let Ok(matched) = matched {
        assert_eq!(valid, Some(true), "a wrong schema was used: {told:?}");
        let matched = matched.as_array().expect("a pair");
        let problems = matched[1].as_array().expect("a list");
        assert_eq!(matched[0].is_true(), problems.is_empty());
    }
    // As values, too: the same answer.
    let read = |value: &Value| Value::from_json(value.as_str().unwrap_or_default().as_bytes()).ok();
    if let Some((schema, document)) = read(&schema).zip(read(&document)) {
        let _ = call("json.match_schema", &[&document, &schema]);
    }
});
