//! Work has an end, and is paid for.

use std::time::{Duration, Instant};

use rego_value::Value;
use rego_vm::{BuiltinError, Context, Halt};

use crate::{Still, call, call_within, failure, key};

/// Far more than any call here takes, far less than one without a bound.
const SOON: Duration = Duration::from_secs(20);

fn base64_of_ones(bytes: usize) -> String {
    // Bytes of ones: all digits are the last one.
    "_".repeat(bytes * 4 / 3) + ["", "__", "___"][bytes % 3]
}

#[test]
fn hostile_keys_end_soon() {
    let start = Instant::now();
    let long = base64_of_ones(30_000);
    let half = base64_of_ones(1023);
    let begins = "\n-----BEGIN A-----\n".repeat(50_000) + "\n-----END B-----\n";
    let many = format!(r#"{{"keys":[{}]}}"#, vec![r#"{"kty":"oct","k":"YQ"}"#; 1001].join(","));
    let token = Value::from("eyJhbGciOiJSUzI1NiJ9.e30.AA");
    for (text, want) in [
        (format!(r#"{{"kty":"RSA","n":"{long}","e":"AQAB"}}"#), "more than 16384 bits"),
        (format!(r#"{{"kty":"RSA","n":"{long}","e":"Aw","d":"{long}"}}"#), "more than 8192 bits"),
        (format!(r#"{{"kty":"RSA","n":"{half}","e":"AQAB","d":"{half}"}}"#), "invalid RSA"),
        (format!(r#"{{"kty":"RSA","n":"{half}","e":"{half}","d":"{half}"}}"#), "invalid RSA"),
        // Primes 3 and 2^521 - 1: signing would count from one to the other.
        (unequal_primes(), "invalid RSA private key"),
        (begins, "failed to parse a JWK key (set)"),
        (many, "more than 1000 keys"),
    ] {
        let operands = [&token, &Value::from(text.as_str())];
        let got = failure(call_within(100_000_000, "io.jwt.verify_rs256", &operands));
        assert!(got.contains(want), "{got}");
    }
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
}

/// A key that is right in all but that one prime is 3: e = 65537, d its inverse.
fn unequal_primes() -> String {
    let (p, q) = (r#""p":"Aw""#, MERSENNE_521);
    format!(r#"{{"kty":"RSA","n":"{THRICE}","e":"AQAB","d":"{INVERSE}",{p},"q":"{q}"}}"#)
}

const MERSENNE_521: &str =
    "Af______________________________________________________________________________________";
const THRICE: &str =
    "Bf_____________________________________________________________________________________9";
const INVERSE: &str =
    "AYCAf3-AgH9_gIB_f4CAf3-AgH9_gIB_f4CAf3-AgH9_gIB_f4CAf3-AgH9_gIB_f4CAf3-AgH9_gIB_f4CAf39_";

#[test]
fn a_host_without_chance_does_not_hang_a_signature() {
    let start = Instant::now();
    let header = Value::from(r#"{"alg":"PS256"}"#);
    let private = Value::from(key("rsa", "private").to_json());
    let made = call("io.jwt.encode_sign_raw", &[&header, &"{}".into(), &private]);
    assert!(made.is_ok());
    assert!(start.elapsed() < SOON);
}

#[test]
fn tokens_within_tokens_have_a_bottom() {
    let mut text = "e30.e30.".to_owned();
    for _ in 0..12 {
        let payload = Value::from(text);
        let encoded = call("base64url.encode_no_pad", &[&payload]).unwrap();
        text = format!("eyJjdHkiOiJKV1QifQ.{}.", encoded.as_str().unwrap());
    }
    let answer = call("io.jwt.decode", &[&Value::from(text)]);
    assert_eq!(answer.unwrap().to_json(), r#"[{},{},""]"#);
}

#[test]
fn using_a_key_costs_steps() {
    let halted = Err(BuiltinError::Halt(Halt::Steps));
    for (algorithm, name) in
        [("RS256", "rsa"), ("ES256", "p256"), ("ES512", "p521"), ("EdDSA", "ed25519")]
    {
        let private = Value::from(key(name, "private").to_json());
        let public = Value::from(key(name, "public").to_json());
        let header = Value::from(format!(r#"{{"alg":"{algorithm}"}}"#));
        let operands = [&header, &Value::from("{}"), &private];
        let reading = 33 * private.as_str().unwrap().len() as u64;
        assert_eq!(call_within(reading, "io.jwt.encode_sign_raw", &operands), halted);
        let token = call("io.jwt.encode_sign_raw", &operands).unwrap();
        let verifier = format!("io.jwt.verify_{}", algorithm.to_lowercase());
        assert_eq!(call_within(2000, &verifier, &[&token, &public]), halted, "{algorithm}");
    }
}

#[test]
fn a_key_is_read_once_a_query() {
    let (public, secret) = (key("rsa", "certificate"), key("rsa", "private"));
    let header = Value::from(r#"{"alg":"RS256"}"#);
    let secret = Value::from(secret.to_json());
    let token = call("io.jwt.encode_sign_raw", &[&header, &"{}".into(), &secret]).unwrap();
    let verify = rego_builtins::find("io.jwt.verify_rs256").unwrap();
    let steps = |calls: u64| {
        // The fewest steps, to a hundred, that so many calls within one query take.
        (0..10_000).map(|hundreds| hundreds * 100).find(|steps| {
            let mut context = Context::new(&Still, *steps, 10_000_000);
            (0..calls).all(|_| (verify.run)(&mut context, &[&token, public]).is_ok())
        })
    };
    let (once, twice) = (steps(1).unwrap(), steps(2).unwrap());
    let reading = 32 * public.as_str().unwrap().len() as u64;
    assert!(twice < 2 * once - reading / 2, "{once} {twice} {reading}");
}
