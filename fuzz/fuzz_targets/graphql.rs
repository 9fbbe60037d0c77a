//! Any query and schema, divided by a zero byte, are read and checked within a budget, and the
//! builtins agree on what is valid. What a schema's text is read as is read back to the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rego::{IdleHost, Value};
use rego_vm::{BuiltinError, Context};

const STEPS_MAX: u64 = 1_000_000;
const BYTES_MAX: u64 = 64 << 20;

fn call(name: &str, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let builtin = rego_builtins::find(name).expect("it is one of them");
    (builtin.run)(&mut Context::new(&IdleHost, STEPS_MAX, BYTES_MAX), operands)
}

fuzz_target!(|text: &str| {
    let (query, schema) = text.split_once('\0').unwrap_or((text, "type Query { a(b: Int): Query }"));
    let (query, schema) = (Value::from(query), Value::from(schema));
    let parsed = call("graphql.parse", &[&query, &schema]);
    if matches!(parsed, Err(BuiltinError::Halt(_))) {
        return;
    }
    let is_valid = call("graphql.is_valid", &[&query, &schema]);
    assert_eq!(is_valid, Ok(Value::from(parsed.is_ok())), "the builtins disagree");
    let sound = call("graphql.schema_is_valid", &[&schema]);
    let Ok(tree) = call("graphql.parse_schema", &[&schema]) else { return };
    let again = call("graphql.schema_is_valid", &[&tree]);
    let halted = |result: &Result<_, _>| matches!(result, Err(BuiltinError::Halt(_)));
    assert!(halted(&sound) || halted(&again) || sound == again, "text and tree disagree");
    // A query that halts, or does not fit, says nothing of how the tree is written.
    if let Ok(both) = call("graphql.parse", &[&Value::from(""), &tree]) {
        assert_eq!(both.as_array().and_then(|both| both.get(1)), Some(&tree), "another tree");
    }
});
