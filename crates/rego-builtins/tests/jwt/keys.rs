//! Which text is a key, and which of several keys is asked.

use rego_value::Value;

use crate::{DATA, call, failure, key};

/// A set of keys, each with what is said of it besides.
fn set(keys: &[(&str, &str)]) -> Value {
    let keys = keys.iter().map(|(name, said)| {
        let public = key(name, "public").to_json();
        if said.is_empty() { public } else { format!("{},{said}}}", &public[..public.len() - 1]) }
    });
    Value::from(format!(r#"{{"keys":[{}]}}"#, keys.collect::<Vec<_>>().join(",")))
}

fn signed(header: &str, name: &str) -> Value {
    let private = Value::from(key(name, "private").to_json());
    call("io.jwt.encode_sign_raw", &[&header.into(), &"{}".into(), &private]).unwrap()
}

#[test]
fn the_key_of_a_set_is_found_by_name_and_algorithm() {
    for (header, keys, want) in [
        (r#"{"alg":"RS256"}"#, vec![("rsa_other", ""), ("p256", ""), ("rsa", "")], true),
        (r#"{"alg":"RS256"}"#, vec![("rsa_other", ""), ("p256", "")], false),
        (r#"{"alg":"RS256"}"#, vec![], false),
        // The key with the token's name is the only one that counts, whatever it is for.
        (r#"{"alg":"RS256","kid":"a"}"#, vec![("rsa", r#""kid":"a""#)], true),
        (r#"{"alg":"RS256","kid":"a"}"#, vec![("rsa", r#""kid":"a","alg":"ES256""#)], true),
        (r#"{"alg":"RS256","kid":"a"}"#, vec![("rsa_other", r#""kid":"a""#), ("rsa", "")], false),
        (
            r#"{"alg":"RS256","kid":"a"}"#,
            vec![("rsa_other", r#""kid":"a""#), ("rsa", r#""kid":"a""#)],
            false,
        ),
        // No key has the name: all are asked that are for the token's algorithm or for any.
        (r#"{"alg":"RS256","kid":"b"}"#, vec![("rsa", r#""kid":"a""#)], true),
        (r#"{"alg":"RS256","kid":""}"#, vec![("rsa_other", ""), ("rsa", "")], true),
        (r#"{"alg":"RS256"}"#, vec![("rsa", r#""alg":"RS256""#)], true),
        (r#"{"alg":"RS256"}"#, vec![("rsa", r#""alg":"RS512""#)], false),
        // Keys for what signs no tokens are left out.
        (r#"{"alg":"RS256"}"#, vec![("rsa", r#""alg":"RSA-OAEP""#)], false),
        (
            r#"{"alg":"RS256","kid":"a"}"#,
            vec![("rsa_other", r#""kid":"a","alg":"RSA-OAEP""#), ("rsa", r#""kid":"b""#)],
            true,
        ),
        (r#"{"alg":"RS256"}"#, vec![("rsa", r#""use":"enc","key_ops":["wrapKey"]"#)], true),
    ] {
        let (token, keys) = (signed(header, "rsa"), set(&keys));
        let answer = call("io.jwt.verify_rs256", &[&token, &keys]);
        assert_eq!(answer, Ok(Value::from(want)), "{header} {keys:?}");
        let wanted = Value::object(vec![(Value::from("cert"), keys.clone())]);
        assert_eq!(crate::is_verified(&token, &wanted), want, "{header} {keys:?}");
    }
}

#[test]
fn pem_is_found_as_go_finds_it() {
    let token = signed(r#"{"alg":"ES256"}"#, "p256");
    let pem = key("p256", "pem").as_str().unwrap();
    let body = pem.lines().nth(1).unwrap();
    let middle = body.len() / 2;
    for (text, want) in [
        (pem.to_owned(), "true"),
        (pem.trim_end().to_owned(), "true"),
        (format!("a word before\n{pem}"), "true"),
        (pem.replace('\n', "\r\n"), "true"),
        (format!("{pem}  "), "extra data after a PEM certificate block"),
        (format!("{pem}\n"), "extra data after a PEM certificate block"),
        (format!("{pem}{pem}"), "extra data after a PEM certificate block"),
        (pem.replace(body, &format!("Name: value\nOther: value\n\n{body}")), "true"),
        (pem.replace(body, &format!("{}\n {}", &body[..middle], &body[middle..])), "true"),
        // What is no block is not PEM, and then no JSON either.
        (format!(" {pem}"), "failed to parse a JWK key (set): "),
        (pem.replace("END PUBLIC KEY", "END KEY"), "failed to parse a JWK key (set): "),
        (pem.replace(body, "?"), "failed to parse a JWK key (set): "),
        (pem.replace("PUBLIC KEY", "KEY"), "failed to extract a Key from the PEM certificate"),
        (pem.replace(body, "AAAA"), "failed to parse a PEM public key: "),
        (pem.replace("PUBLIC KEY", "CERTIFICATE"), "failed to parse a PEM certificate: x509: "),
    ] {
        let answer = call("io.jwt.verify_es256", &[&token, &Value::from(text.as_str())]);
        let got = answer.map_or_else(|e| failure(Err(e)), |value| value.to_json());
        assert!(got.starts_with(want) && (want != "true" || got == want), "{got}\n{text}");
    }
}

#[test]
fn keys_of_other_kinds() {
    let token = signed(r#"{"alg":"ES256"}"#, "p256");
    for (name, want) in [
        ("x25519", "false"),
        ("p224", "false"),
        ("secp256k1", "failed to parse a PEM public key: x509: unsupported elliptic curve"),
        ("pkcs1", "failed to extract a Key from the PEM certificate"),
        ("private", "failed to extract a Key from the PEM certificate"),
    ] {
        let text = DATA.get_path(&["pems", name]).unwrap();
        let answer = call("io.jwt.verify_es256", &[&token, text]);
        assert_eq!(answer.map_or_else(|e| failure(Err(e)), |v| v.to_json()), want, "{name}");
    }
}

#[test]
fn json_web_keys_that_are_none() {
    const SOLE: &str = "failed to parse sole key in key set: ";
    for (text, want) in [
        ("", "unexpected end of JSON input"),
        ("[]", "a key or a set must be an object"),
        ("{}", "failed to parse sole key in key set: invalid key type from JSON ()"),
        (r#"{"keys":1}"#, r#"failed to decode "keys": no array"#),
        (r#"{"keys":[1]}"#, r#"failed to decode key #0 in "keys": a key must be an object"#),
        (
            r#"{"keys":[{"kty":"oct","k":"YQ"},{"kty":"x"}]}"#,
            r#"failed to decode key #1 in "keys": invalid key type from JSON (x)"#,
        ),
        (r#"{"kty":1}"#, "failed to decode value for key kty: must be a string"),
        (r#"{"kty":"oct"}"#, "required field k is missing"),
        (r#"{"kty":"oct","k":"a"}"#, "failed to decode value for key k: illegal base64"),
        (r#"{"kty":"oct","k":"YQ","kid":1}"#, "failed to decode value for key kid: must be"),
        (r#"{"kty":"RSA","e":"AQAB"}"#, "required field n is missing"),
        (r#"{"kty":"RSA","n":"AQAB"}"#, "required field e is missing"),
        (r#"{"kty":"RSA","n":"","e":"","d":""}"#, "invalid RSA private key: "),
        (r#"{"kty":"RSA","n":"_w","e":"Aw","d":""}"#, "invalid RSA private key: "),
        (r#"{"kty":"RSA","n":"_w","e":"Aw","d":"","p":"AQ","q":"_w"}"#, "invalid RSA private key"),
        (r#"{"kty":"EC","x":"","y":""}"#, "required field crv is missing"),
        (r#"{"kty":"EC","crv":"P-256","x":""}"#, "required field y is missing"),
        (r#"{"kty":"EC","crv":"P-1","x":"","y":""}"#, "invalid curve algorithm P-1"),
        (r#"{"kty":"EC","crv":"P-256","x":"","y":"","d":""}"#, "invalid EC private key"),
        (
            r#"{"kty":"EC","crv":"P-256","x":"","y":"","d":"AQ"}"#,
            "invalid x and y values given d value",
        ),
        (r#"{"kty":"OKP","crv":"Ed448","x":"AA"}"#, "invalid curve algorithm Ed448"),
        (r#"{"kty":"OKP","crv":"Ed25519"}"#, "required field x is missing"),
        (r#"{"kty":"OKP","crv":"Ed25519","x":"","d":"AA"}"#, "wrong private key size"),
    ] {
        let token = Value::from("eyJhbGciOiJSUzI1NiJ9.e30.");
        let got = failure(call("io.jwt.verify_rs256", &[&token, &Value::from(text)]));
        let prefix = "failed to parse a JWK key (set): jwk.Parse: failed to unmarshal JWK set: ";
        let got = got.strip_prefix(prefix).unwrap_or(&got);
        let got =
            got.strip_prefix(SOLE).filter(|_| !want.starts_with("failed to parse")).unwrap_or(got);
        assert!(got.starts_with(want), "{text}: {got}");
    }
}

#[test]
fn numbers_that_make_no_key_verify_nothing() {
    let point = r#"{"kty":"EC","crv":"P-256","x":"AQ","y":"AQ"}"#;
    let ed = r#"{"kty":"OKP","crv":"Ed25519","x":"AQ"}"#;
    let x25519 = r#"{"kty":"OKP","crv":"X25519","x":"AQ"}"#;
    for (verifier, text) in [
        ("io.jwt.verify_es256", point),
        ("io.jwt.verify_eddsa", ed),
        ("io.jwt.verify_eddsa", x25519),
        ("io.jwt.verify_rs256", r#"{"kty":"RSA","n":"","e":""}"#),
        ("io.jwt.verify_rs256", r#"{"kty":"RSA","n":"Ag","e":"Ag"}"#),
        ("io.jwt.verify_ps512", r#"{"kty":"RSA","n":"_w","e":"Aw"}"#),
    ] {
        let token = Value::from("eyJhbGciOiJSUzI1NiJ9.e30.AA");
        assert_eq!(call(verifier, &[&token, &Value::from(text)]), Ok(Value::FALSE), "{text}");
    }
}

#[test]
fn base64_of_any_alphabet_is_read() {
    let token = signed(r#"{"alg":"RS256"}"#, "rsa");
    let public = key("rsa", "public").as_object().unwrap();
    let url = public.get_str("n").unwrap().as_str().unwrap();
    let standard = url.replace('-', "+").replace('_', "/");
    assert_ne!(url, standard);
    for n in [url, &standard, &format!("{url}=="), &format!("{standard}==")] {
        let text = Value::from(public.with(&Value::from("n"), Value::from(n)).to_json());
        assert_eq!(call("io.jwt.verify_rs256", &[&token, &text]), Ok(Value::TRUE), "{n}");
    }
}
