//! `io.jwt.decode`, and the constraints of `io.jwt.decode_verify`.

use rego_value::Value;

use crate::{NOW_S, call, claims, decode_verify, failure, is_verified, json, key, token};

#[test]
fn a_token_within_tokens_is_the_one_that_counts() {
    let inner = claims(r#"{"sub":"a"}"#);
    let text = inner.as_str().unwrap();
    let header = r#"{"alg":"HS256","typ":"x","cty":"JWT"}"#;
    let quoted = token(header, &format!("\"{text}\""));
    let bare = token(header, text);
    let twice = token(header, bare.as_str().unwrap());
    let whole = call("io.jwt.decode", &[&inner]);
    for outer in [&quoted, &bare, &twice] {
        assert_eq!(call("io.jwt.decode", &[outer]), whole);
    }
    let secret = json(r#"{"secret":"secret"}"#);
    let verified = decode_verify(&inner, &secret);
    assert_eq!(decode_verify(&bare, &secret), verified);
    assert_eq!(decode_verify(&twice, &secret), verified);
    // Quotes are for `io.jwt.decode` alone; the case of `cty` for the other.
    assert!(decode_verify(&quoted, &secret).is_err());
    let small = token(&header.replace("JWT", "jwt"), text);
    assert_eq!(decode_verify(&small, &secret), verified);
    assert_eq!(
        failure(call("io.jwt.decode", &[&small])),
        "invalid JSON: invalid character 'e' looking for beginning of value"
    );
}

#[test]
fn nothing_of_a_decoded_token_is_verified() {
    let answer = call("io.jwt.decode", &[&Value::from("eyJhbGciOiJub25lIn0.e30.")]);
    assert_eq!(answer, Ok(json(r#"[{"alg":"none"}, {}, ""]"#)));
    assert!(!is_verified(
        &Value::from("eyJhbGciOiJub25lIn0.e30."),
        &json(r#"{"secret":"secret"}"#)
    ));
}

#[test]
fn constraints_on_claims() {
    let at = |offset: &str| format!("{NOW_S}{offset}");
    for (payload, constraints, want) in [
        ("{}".to_owned(), "", true),
        (r#"{"iss":"a"}"#.to_owned(), "", true),
        (r#"{"iss":"a"}"#.to_owned(), r#", "iss":"a""#, true),
        (r#"{"iss":"a"}"#.to_owned(), r#", "iss":"b""#, false),
        (r#"{"iss":1}"#.to_owned(), r#", "iss":"b""#, false),
        ("{}".to_owned(), r#", "iss":"a""#, false),
        ("{}".to_owned(), r#", "iss":"""#, true),
        (r#"{"aud":"a"}"#.to_owned(), r#", "aud":"a""#, true),
        (r#"{"aud":"a"}"#.to_owned(), r#", "aud":"b""#, false),
        (r#"{"aud":"a"}"#.to_owned(), "", false),
        (r#"{"aud":[]}"#.to_owned(), "", false),
        (r#"{"aud":["a",1,"b"]}"#.to_owned(), r#", "aud":"b""#, true),
        (r#"{"aud":["a"]}"#.to_owned(), r#", "aud":"b""#, false),
        (r#"{"aud":{"a":1}}"#.to_owned(), r#", "aud":"a""#, false),
        ("{}".to_owned(), r#", "aud":"a""#, false),
        (format!(r#"{{"exp":{}}}"#, at("")), "", false),
        (format!(r#"{{"exp":{}}}"#, at(".5")), "", true),
        (format!(r#"{{"exp":{}}}"#, at("00")), "", true),
        (r#"{"exp":10}"#.to_owned(), r#", "time":9999999999"#, true),
        (r#"{"exp":10}"#.to_owned(), r#", "time":10000000000"#, false),
        (format!(r#"{{"nbf":{}}}"#, at("")), "", true),
        (format!(r#"{{"nbf":{}}}"#, at(".5")), "", false),
        (r#"{"nbf":10}"#.to_owned(), r#", "time":9999999999"#, false),
        (r#"{"nbf":10}"#.to_owned(), r#", "time":1e10"#, true),
        (r#"{"nbf":10,"exp":11}"#.to_owned(), r#", "time":10500000000"#, true),
        ("{}".to_owned(), r#", "alg":"HS256""#, true),
        ("{}".to_owned(), r#", "alg":"HS512""#, false),
        ("{}".to_owned(), r#", "alg":"""#, true),
    ] {
        let wanted = json(&format!(r#"{{"secret":"secret"{constraints}}}"#));
        assert_eq!(is_verified(&claims(&payload), &wanted), want, "{payload} {constraints}");
    }
}

#[test]
fn headers_that_nobody_may_trust() {
    let secret = json(r#"{"secret":"secret"}"#);
    for (header, want) in [
        (r#"{"alg":"HS256","crit":["exp"]}"#, true),
        (r#"{"alg":"HS256","crit":["exp"],"exp":1}"#, false),
        (r#"{"alg":"HS256","crit":["typ"],"typ":"x"}"#, true),
        (r#"{"alg":"HS256","crit":["typ",1,"exp"],"typ":"x","exp":1}"#, true),
        (r#"{"alg":"HS256","unknown":1,"kid":"k"}"#, true),
    ] {
        assert_eq!(is_verified(&token(header, "{}"), &secret), want, "{header}");
    }
    // Without an algorithm, or by another: the text of a header that `token` would refuse.
    for header in ["e30", "eyJhbGciOiIifQ", "eyJhbGciOiJIUzM4NCJ9", "eyJhbGciOiJSUzI1NiJ9"] {
        let made = claims("{}");
        let (_, rest) = made.as_str().unwrap().split_once('.').unwrap();
        assert!(!is_verified(&Value::from(format!("{header}.{rest}")), &secret), "{header}");
    }
}

#[test]
fn a_private_key_or_a_secret_in_a_set_verifies_where_the_token_says_how() {
    let set = json(r#"{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}"#);
    let wanted = Value::object(vec![(Value::from("cert"), Value::from(set.to_json()))]);
    assert!(is_verified(&claims("{}"), &wanted));
    for (algorithm, name) in
        [("RS256", "rsa"), ("PS256", "rsa"), ("ES256", "p256"), ("EdDSA", "ed25519")]
    {
        let private = Value::from(key(name, "private").to_json());
        let header = Value::from(format!(r#"{{"alg":"{algorithm}"}}"#));
        let made = call("io.jwt.encode_sign_raw", &[&header, &"{}".into(), &private]).unwrap();
        let wanted = Value::object(vec![(Value::from("cert"), private.clone())]);
        assert!(is_verified(&made, &wanted), "{algorithm}");
        let verifier = format!("io.jwt.verify_{}", algorithm.to_lowercase());
        assert_eq!(call(&verifier, &[&made, &private]), Ok(Value::FALSE), "{algorithm}");
    }
}
