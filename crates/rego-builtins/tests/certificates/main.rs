//! `crypto.x509.*` and `crypto.parse_private_keys`, on certificates that another library has made.
//! They are valid from 2024 to 2124.

#![cfg(test)]

mod parse;
mod verify;

use rego_value::Value;
use rego_vm::{BuiltinError, Context, Host};

/// A world in which it is 2027-01-01.
struct World;

/// 2027-01-01, in nanoseconds since 1970.
const NOW_NS: i64 = 1_798_761_600_000_000_000;

impl Host for World {
    fn now_ns(&self) -> i64 {
        NOW_NS
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
    let builtin = rego_builtins::find(name).unwrap();
    (builtin.run)(&mut Context::new(&World, 10_000_000, 10_000_000), operands)
}

fn failure(name: &str, operands: &[&Value]) -> String {
    match call(name, operands) {
        Err(BuiltinError::Failed(why)) => why,
        other => panic!("{other:?}"),
    }
}

fn json(text: &str) -> Value {
    Value::from_json(text.as_bytes()).unwrap()
}

/// Returns the part of a value at a path of keys and indices with dots between them.
fn part(value: &Value, path: &str) -> Value {
    let step = |value: Value, key: &str| {
        let index = key.parse::<i64>().map(Value::from);
        let found = value.get(&Value::from(key)).or_else(|| value.get(&index.ok()?));
        found.unwrap_or_else(|| panic!("no {key} in {path}")).clone()
    };
    path.split('.').fold(value.clone(), step)
}
