//! Any certificates, requests and keys are read or refused within a small budget, and what is read
//! is read again from its own bytes.
//!
//! The bytes are taken as DER, and as text: PEM or base64.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rego::Value;
use rego_vm::{BuiltinError, Context, Host};

/// A world that stands still.
struct Still;

impl Host for Still {
    fn now_ns(&self) -> i64 {
        1_700_000_000_000_000_000
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
    (builtin.run)(&mut Context::new(&Still, 10_000_000, 64 << 20), operands)
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |chunk: &[u8]| {
        let bits = chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
        let bits = bits << (8 * (3 - chunk.len()));
        let digit = move |place: usize| match place <= chunk.len() {
            true => char::from(DIGITS[(bits >> (18 - 6 * place)) as usize & 63]),
            false => '=',
        };
        (0..4).map(digit).collect::<String>()
    };
    bytes.chunks(3).map(group).collect()
}

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let der = base64(bytes);
    let pem = |label: &str| format!("-----BEGIN {label}-----\n{der}\n-----END {label}-----\n");
    let usages = Value::array(vec![Value::from("KeyUsageAny")]);
    let options = Value::object(vec![
        (Value::from("DNSName"), Value::from("example.com")),
        (Value::from("KeyUsages"), usages),
    ]);
    for operand in [Value::from(&*text), Value::from(der.as_str())] {
        if let Ok(certificates) = call("crypto.x509.parse_certificates", &[&operand]) {
            for certificate in certificates.as_array().expect("a list") {
                let raw = certificate.get_path(&["Raw"]).expect("its bytes");
                let again = call("crypto.x509.parse_certificates", &[raw]);
                let again = again.expect("what was read is read again");
                assert_eq!(again.as_array().map(|all| &all[0]), Some(certificate));
            }
        }
        let _ = call("crypto.x509.parse_and_verify_certificates", &[&operand]);
        let name = "crypto.x509.parse_and_verify_certificates_with_options";
        let _ = call(name, &[&operand, &options]);
        let _ = call("crypto.x509.parse_certificate_request", &[&operand]);
        let _ = call("crypto.x509.parse_rsa_private_key", &[&operand]);
        let _ = call("crypto.parse_private_keys", &[&operand]);
        let _ = call("crypto.x509.parse_keypair", &[&operand, &operand]);
    }
    for label in ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"] {
        let _ = call("crypto.parse_private_keys", &[&Value::from(pem(label))]);
    }
});
