//! Tokens made here: verified here, and the same as those of another library where a signature is
//! always the same.

use rego_value::Value;

use crate::{DATA, call, failure, json, key, token};

const ALGORITHMS: [(&str, &str); 10] = [
    ("RS256", "rsa"),
    ("RS384", "rsa"),
    ("RS512", "rsa"),
    ("PS256", "rsa"),
    ("PS384", "rsa"),
    ("PS512", "rsa"),
    ("ES256", "p256"),
    ("ES384", "p384"),
    ("ES512", "p521"),
    ("EdDSA", "ed25519"),
];

fn sign(algorithm: &str, payload: &str, key: &Value) -> Value {
    let header = json(&format!(r#"{{"alg":"{algorithm}"}}"#));
    let made = call("io.jwt.encode_sign", &[&header, &json(payload), key]);
    made.unwrap_or_else(|error| panic!("{algorithm}: {error:?}"))
}

#[test]
fn what_is_signed_is_verified() {
    for (algorithm, name) in ALGORITHMS {
        let token = sign(algorithm, r#"{"sub": "a<b"}"#, key(name, "private"));
        let verifier = format!("io.jwt.verify_{}", algorithm.to_lowercase());
        for form in ["pem", "certificate"] {
            let verified = call(&verifier, &[&token, key(name, form)]);
            assert_eq!(verified, Ok(Value::TRUE), "{algorithm} {form}");
            let constraints = Value::object(vec![
                (Value::from("cert"), key(name, form).clone()),
                (Value::from("alg"), Value::from(algorithm)),
            ]);
            let want = json(&format!(r#"[true, {{"alg":"{algorithm}"}}, {{"sub":"a<b"}}]"#));
            let answer = call("io.jwt.decode_verify", &[&token, &constraints]);
            assert_eq!(answer, Ok(want), "{algorithm} {form}");
        }
    }
}

#[test]
fn signatures_without_chance_are_those_of_another_library() {
    let mut compared = 0;
    for made in DATA.get_path(&["tokens"]).unwrap().as_array().unwrap() {
        let text = |name: &str| made.get_path(&[name]).unwrap().as_str().unwrap();
        let algorithm = text("alg");
        let made_here = match algorithm.get(..2).unwrap() {
            "RS" | "Ed" => sign(algorithm, r#"{"sub":"x"}"#, key(text("key"), "private")),
            "HS" => sign(algorithm, r#"{"sub":"x"}"#, &json(r#"{"kty":"oct","k":"c2VjcmV0"}"#)),
            _ => continue,
        };
        compared += 1;
        assert_eq!(made_here.as_str().unwrap(), text("token"), "{algorithm}");
    }
    assert_eq!(compared, 7);
}

#[test]
fn the_primes_of_a_key_may_be_missing() {
    let whole = key("rsa", "private");
    let fields = whole.as_object().unwrap().iter();
    let kept = fields.filter(|(name, _)| ["kty", "n", "e", "d"].contains(&name.as_str().unwrap()));
    let part = Value::object(kept.map(|(name, value)| (name.clone(), value.clone())).collect());
    assert_eq!(sign("RS256", "{}", &part), sign("RS256", "{}", whole));
}

#[test]
fn keys_are_read_from_text_and_from_sets() {
    let private = key("p256", "private");
    let set = Value::object(vec![(Value::from("keys"), Value::array(vec![private.clone()]))]);
    let want = sign("ES256", "{}", private);
    assert_eq!(sign("ES256", "{}", &set), want);
    for key in [private, &set] {
        let key = Value::from(key.to_json());
        let operands = [&Value::from(r#"{"alg":"ES256"}"#), &Value::from("{}"), &key];
        assert_eq!(call("io.jwt.encode_sign_raw", &operands).as_ref(), Ok(&want));
    }
}

#[test]
fn values_are_signed_as_the_json_of_opa() {
    let made = call(
        "io.jwt.encode_sign",
        &[
            &json(r#"{"typ": "JWT", "alg": "HS256"}"#),
            &Value::object(vec![
                (Value::from("b"), Value::set(vec![Value::from(2), Value::from(1)])),
                (Value::from("a"), Value::from("<&>")),
            ]),
            &json(r#"{"kty":"oct","k":"c2VjcmV0"}"#),
        ],
    );
    let want = token(r#"{"alg":"HS256","typ":"JWT"}"#, r#"{"a":"\u003c\u0026\u003e","b":[1,2]}"#);
    assert_eq!(made, Ok(want));
}

#[test]
fn what_cannot_be_signed_is_told() {
    let secret = r#"{"kty":"oct","k":"c2VjcmV0"}"#.to_owned();
    let private = |name| key(name, "private").to_json();
    for (header, payload, key, want) in [
        (r#"{"alg":"HS256"}"#, "x", &secret, "type is JWT but payload is not JSON"),
        (r#"{"alg":"HS256","typ":"JWT"}"#, "", &secret, "type is JWT but payload is not JSON"),
        (r#"{"alg":"none"}"#, "{}", &secret, "unknown JWS algorithm: none"),
        (r#"{"alg":"hs256"}"#, "{}", &secret, "unknown JWS algorithm: hs256"),
        (
            r#"{"alg":1}"#,
            "{}",
            &secret,
            "missing or invalid 'alg' header: jwsbb: header \"alg\" not found",
        ),
        ("[]", "{}", &secret, "missing or invalid 'alg' header: jwsbb: header \"alg\" not found"),
        (
            " ",
            "{}",
            &secret,
            "missing or invalid 'alg' header: cannot parse JSON: cannot parse empty string; \
             unparsed tail: \"\"",
        ),
        (
            r#"{"alg":"RS256"}"#,
            "{}",
            &secret,
            "jwsbb.Sign: invalid key type: a private RSA key is required",
        ),
        (
            r#"{"alg":"RS256"}"#,
            "{}",
            &key("rsa", "public").to_json(),
            "jwsbb.Sign: invalid key type: a private RSA key is required",
        ),
        (
            r#"{"alg":"HS256"}"#,
            "{}",
            &private("p256"),
            "jwsbb.Sign: invalid key type: a symmetric key is required",
        ),
        (
            r#"{"alg":"EdDSA"}"#,
            "{}",
            &private("p256"),
            "jwsbb.Sign: invalid key type: a private Ed25519 key is required",
        ),
        (r#"{"alg":"HS256"}"#, "{}", &r#"{"keys":[]}"#.to_owned(), "no keys found in JWK set"),
    ] {
        let operands = [header, payload, key].map(Value::from);
        let operands: Vec<&Value> = operands.iter().collect();
        let got = failure(call("io.jwt.encode_sign_raw", &operands));
        assert_eq!(got, want, "{header} {payload} {key}");
    }
}
