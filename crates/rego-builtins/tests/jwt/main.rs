//! `io.jwt.*`, with keys and tokens made by another library (`keys.json`; test data, nobody's
//! secrets).
#![cfg(test)]

mod bounds;
mod decode;
mod errors;
mod keys;
mod sign;
mod verify;

use std::sync::LazyLock;

use rego_builtins::find;
use rego_value::Value;
use rego_vm::{BuiltinError, Context, Host};

/// 2020-06-01, in seconds.
const NOW_S: i64 = 1_590_969_600;

/// A world that stands still, and whose random bytes are all the same.
struct Still;

impl Host for Still {
    fn now_ns(&self) -> i64 {
        NOW_S * 1_000_000_000
    }
    fn cancelled(&self) -> bool {
        false
    }
    fn random(&self, buffer: &mut [u8]) {
        buffer.fill(0xff);
    }
    fn runtime(&self) -> Value {
        Value::NULL
    }
    fn print(&self, _: &str, _: &str) {}
}

static DATA: LazyLock<Value> = LazyLock::new(|| json(include_str!("keys.json")));

/// A key of `keys.json`, in one of its forms.
fn key(name: &str, form: &str) -> &'static Value {
    DATA.get_path(&["keys", name, form]).unwrap()
}

fn json(text: &str) -> Value {
    Value::from_json(text.as_bytes()).unwrap()
}

fn call(name: &str, operands: &[&Value]) -> Result<Value, BuiltinError> {
    call_within(10_000_000, name, operands)
}

fn call_within(steps: u64, name: &str, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let mut context = Context::new(&Still, steps, 10_000_000);
    (find(name).unwrap().run)(&mut context, operands)
}

/// The message of a failure; an answer is shown instead.
fn failure(outcome: Result<Value, BuiltinError>) -> String {
    match outcome.map_err(BuiltinError::worded) {
        Err(BuiltinError::Failed(message) | BuiltinError::Type(message)) => message,
        other => format!("{other:?}"),
    }
}

/// A token of a header and a payload, signed with `secret` by HS256.
fn token(header: &str, payload: &str) -> Value {
    let key = Value::from(r#"{"kty": "oct", "k": "c2VjcmV0"}"#);
    let made = call("io.jwt.encode_sign_raw", &[&header.into(), &payload.into(), &key]);
    made.unwrap_or_else(|error| panic!("{header} {payload}: {error:?}"))
}

/// A token of HS256 and a payload.
fn claims(payload: &str) -> Value {
    token(r#"{"alg":"HS256"}"#, payload)
}

fn decode_verify(token: &Value, constraints: &Value) -> Result<Value, BuiltinError> {
    call("io.jwt.decode_verify", &[token, constraints])
}

/// Whether a token is verified by constraints.
fn is_verified(token: &Value, constraints: &Value) -> bool {
    let answer = decode_verify(token, constraints).unwrap();
    let verified = answer.as_array().unwrap()[0].is_true();
    assert!(verified || answer == json("[false, {}, {}]"), "{answer:?}");
    verified
}
