//! Any token, key and constraints give an answer or an error within a small budget; and what a key
//! signs, it verifies.
//!
//! The pieces are divided by zero bytes: header, payload and signature, which become a token, a key
//! and constraints.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rego::Value;
use rego_vm::{BuiltinError, Context, Host};

/// A world that stands still.
struct Still;

impl Host for Still {
    fn now_ns(&self) -> i64 {
        1_600_000_000_000_000_000
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

const ALGORITHMS: [&str; 13] = [
    "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256",
    "ES384", "ES512", "EdDSA",
];

fn call(name: &str, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let builtin = rego_builtins::find(name).expect("a builtin");
    (builtin.run)(&mut Context::new(&Still, 10_000_000, 64 << 20), operands)
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let group = |chunk: &[u8]| {
        let bits = chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
        let bits = bits << (8 * (3 - chunk.len()));
        let digit = move |place: usize| {
            char::from(DIGITS[(bits >> (18 - 6 * place)) as usize & 63])
        };
        (0..=chunk.len()).map(digit).collect::<String>()
    };
    bytes.chunks(3).map(group).collect()
}

fuzz_target!(|bytes: &[u8]| {
    let mut pieces = bytes.split(|byte| *byte == 0);
    let mut piece = || pieces.next().unwrap_or_default();
    let (header, payload, signature, key, wanted) = (piece(), piece(), piece(), piece(), piece());
    let text = |bytes: &[u8]| Value::from(&*String::from_utf8_lossy(bytes));
    let parts = format!("{}.{}.{}", base64(header), base64(payload), base64(signature));
    let key = text(key);
    let cert = Value::object(vec![(Value::from("cert"), key.clone())]);
    let wanted = Value::from_json(wanted).ok().filter(|wanted| wanted.as_object().is_some());
    for token in [Value::from(parts), text(header)] {
        let _ = call("io.jwt.decode", &[&token]);
        for constraints in [Some(&cert), wanted.as_ref()].into_iter().flatten() {
            let _ = call("io.jwt.decode_verify", &[&token, constraints]);
        }
        for algorithm in ALGORITHMS {
            let name = format!("io.jwt.verify_{}", algorithm.to_lowercase());
            let _ = call(&name, &[&token, &key]);
        }
    }
    let _ = call("io.jwt.encode_sign_raw", &[&text(header), &text(payload), &key]);
    // A key that says what it is for verifies nothing else.
    if key.as_str().is_some_and(|key| key.contains("alg") || key.contains('\\')) {
        return;
    }
    for algorithm in ALGORITHMS {
        let header = Value::from(format!("{{\"alg\":\"{algorithm}\"}}"));
        let operands = [&header, &Value::from("{}"), &key];
        let Ok(token) = call("io.jwt.encode_sign_raw", &operands) else { continue };
        let answer = call("io.jwt.decode_verify", &[&token, &cert]);
        let verified = answer.as_ref().ok().and_then(Value::as_array).is_some_and(|a| a[0].is_true());
        assert!(verified || matches!(answer, Err(BuiltinError::Halt(_))), "{algorithm}: {answer:?}");
    }
});
