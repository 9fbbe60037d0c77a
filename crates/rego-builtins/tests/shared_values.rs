//! What is made of values and kept between queries: schemas, and signatures that were checked.
#![cfg(test)]

use std::any::Any;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use rego_value::Value;
use rego_vm::world::Values;
use rego_vm::{Context, Host};

/// A host with one memory for everything, which counts.
#[derive(Default)]
struct Keeping {
    kept: Mutex<HashMap<Value, Arc<dyn Any + Send + Sync>>>,
    found: AtomicUsize,
}

impl Values for Keeping {
    fn get(&self, key: &Value) -> Option<Arc<dyn Any + Send + Sync>> {
        let found = self.kept.lock().unwrap().get(key).cloned();
        self.found.fetch_add(usize::from(found.is_some()), Ordering::Relaxed);
        found
    }

    fn insert(&self, key: Value, made: Arc<dyn Any + Send + Sync>) {
        self.kept.lock().unwrap().insert(key, made);
    }
}

impl Host for Keeping {
    fn now_ns(&self) -> i64 {
        0
    }
    fn cancelled(&self) -> bool {
        false
    }
    fn random(&self, buffer: &mut [u8]) {
        buffer.fill(0);
    }
    fn runtime(&self) -> Value {
        Value::NULL
    }
    fn print(&self, _: &str, _: &str) {}
    fn values(&self, name: &str) -> Option<&dyn Values> {
        matches!(name, "io_jwt" | "graphql").then_some(self)
    }
}

/// A token of the secret `secret`, and one that was changed.
const TOKEN: &str = "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJhIn0.";

fn signed() -> String {
    let sign = rego_builtins::find("io.jwt.encode_sign_raw").unwrap();
    let operands = [
        Value::from(r#"{"alg":"HS256"}"#),
        Value::from(r#"{"iss":"a"}"#),
        Value::from(r#"{"kty":"oct","k":"c2VjcmV0"}"#),
    ];
    let operands: Vec<&Value> = operands.iter().collect();
    let keeping = Keeping::default();
    let mut context = Context::new(&keeping, 1_000_000, 1_000_000);
    let token = (sign.run)(&mut context, &operands).unwrap();
    token.as_str().unwrap().to_string()
}

/// Calls a builtin in a query of its own, twice; returns its value and how often something was
/// found that was kept.
fn twice(keeping: &Keeping, name: &str, operands: &[Value]) -> (Value, usize) {
    let before = keeping.found.load(Ordering::Relaxed);
    let operands: Vec<&Value> = operands.iter().collect();
    let call = || {
        let mut context = Context::new(keeping, 1_000_000, 1_000_000);
        (rego_builtins::find(name).unwrap().run)(&mut context, &operands).unwrap()
    };
    let first = call();
    assert_eq!(call(), first);
    (first, keeping.found.load(Ordering::Relaxed) - before)
}

#[test]
fn a_signature_is_checked_once() {
    let keeping = Keeping::default();
    let token = signed();
    assert!(token.starts_with(TOKEN));
    let right = [Value::from(token.as_str()), Value::from("secret")];
    let wrong = [Value::from(token.as_str()), Value::from("other")];
    assert_eq!(twice(&keeping, "io.jwt.verify_hs256", &right), (Value::TRUE, 1));
    assert_eq!(twice(&keeping, "io.jwt.verify_hs256", &wrong), (Value::FALSE, 1));
    // Another algorithm is another question.
    assert_eq!(twice(&keeping, "io.jwt.verify_hs512", &right), (Value::FALSE, 1));

    let constraints = |secret: &str, issuer: &str| {
        let fields = [("secret", Value::from(secret)), ("iss", Value::from(issuer))];
        [Value::from(token.as_str()), Value::object_from_strs(fields)]
    };
    let holds = |(answer, found): (Value, usize)| (answer.as_array().unwrap()[0].clone(), found);
    let decode = |operands: &[Value]| holds(twice(&keeping, "io.jwt.decode_verify", operands));
    assert_eq!(decode(&constraints("secret", "a")), (Value::TRUE, 1));
    assert_eq!(decode(&constraints("secret", "b")), (Value::FALSE, 2));
    assert_eq!(decode(&constraints("other", "a")), (Value::FALSE, 1));
}

#[test]
fn a_schema_is_read_once() {
    let keeping = Keeping::default();
    let operands = [Value::from("{a}"), Value::from("type Query { a: Int }")];
    assert_eq!(twice(&keeping, "graphql.is_valid", &operands), (Value::TRUE, 1));
    let operands = [Value::from("{b}"), Value::from("type Query { a: Int }")];
    assert_eq!(twice(&keeping, "graphql.is_valid", &operands), (Value::FALSE, 2));
}
