//! What the tests of the families share: calling a builtin on operands written as JSON.

use rego_value::Value;
use rego_vm::{BuiltinError, Context, Host};

/// A world in which nothing happens.
pub(crate) struct Still;

impl Host for Still {
    fn now_ns(&self) -> i64 {
        0
    }
    fn cancelled(&self) -> bool {
        false
    }
    fn random(&self, buffer: &mut [u8]) {
        buffer.fill(0xff);
    }
    fn runtime(&self) -> Value {
        Value::object(Vec::new())
    }
    fn print(&self, _: &str, _: &str) {}
}

/// Calls a builtin within a budget of a million steps and bytes.
pub(crate) fn call(name: &str, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let builtin = crate::find(name).unwrap();
    let result = (builtin.run)(&mut Context::new(&Still, 1_000_000, 1_000_000), operands);
    result.map_err(BuiltinError::worded)
}

fn call_json(name: &str, operands: &str) -> Result<Value, BuiltinError> {
    let operands = json(operands);
    let operands: Vec<&Value> = operands.as_array().unwrap().iter().collect();
    call(name, &operands)
}

/// Returns the value of a JSON text.
pub(crate) fn json(text: &str) -> Value {
    Value::from_json(text.as_bytes()).unwrap()
}

/// Checks the result of a builtin; operands and result are written as JSON.
#[track_caller]
pub(crate) fn check(name: &str, operands: &str, want: &str) {
    assert_eq!(call_json(name, operands), Ok(json(want)), "{name} {operands}");
}

/// Checks that a builtin fails, and how.
#[track_caller]
pub(crate) fn check_error(name: &str, operands: &str, want: &str) {
    let want = Err(BuiltinError::Failed(want.to_string()));
    assert_eq!(call_json(name, operands), want, "{name} {operands}");
}

/// Checks that an operand of a builtin is of the wrong type, and how that is worded.
#[track_caller]
pub(crate) fn check_type_error(name: &str, operands: &str, want: &str) {
    let want = Err(BuiltinError::Type(want.to_string()));
    assert_eq!(call_json(name, operands), want, "{name} {operands}");
}
