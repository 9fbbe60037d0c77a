//! What is an error, and how it is worded.

use rego_value::Value;

use crate::{call, claims, decode_verify, failure, json, token};

#[test]
fn text_that_is_no_token() {
    for (text, want) in [
        ("", "encoded JWT had no period separators"),
        ("a", "encoded JWT had no period separators"),
        ("a.b", "encoded JWT must have 3 sections, found 2"),
        ("a.b.c.d", "encoded JWT must have 3 sections, found 4"),
        ("a.b.c", "JWT header had invalid encoding: illegal base64url string: a"),
        ("?aaa.e30.", "JWT header had invalid encoding: illegal base64 data at input byte 0"),
        ("..", "bad JWT header: invalid JSON: unexpected end of JSON input"),
        ("W10.e30.", "bad JWT header: decoded JSON type was not an Object"),
        ("eyJlbmMiOjF9.e30.", "JWT is a JWE object, which is not supported"),
        ("e30.?.", "JWT payload had invalid encoding: illegal base64url string: ?"),
        ("e30.W10.", "decoded JSON type was not an Object"),
        ("e30.e30.?aaa", "JWT signature had invalid encoding: illegal base64 data at input byte 0"),
        ("eyJjdHkiOjF9.e30.", "cty: must be a string"),
        ("eyJjdHkiOiJKV1QifQ.YQ.", "encoded JWT had no period separators"),
    ] {
        assert_eq!(failure(call("io.jwt.decode", &[&Value::from(text)])), want, "{text}");
    }
}

#[test]
fn verifiers_complain_of_the_token_before_the_key() {
    let key = Value::from("{}");
    let no_key = "failed to parse a JWK key (set): jwk.Parse: failed to unmarshal JWK set: failed \
                  to parse sole key in key set: invalid key type from JSON ()";
    let good = Value::from(r#"{"kty":"oct","k":"YQ"}"#);
    for (text, key, want) in [
        ("a.b", &key, "encoded JWT must have 3 sections, found 2"),
        ("?.e30.?", &key, no_key),
        ("?.e30.?", &good, "illegal base64url string: ?"),
        ("?.e30.", &good, "JWT header had invalid encoding: illegal base64url string: ?"),
        ("eyJraWQiOjF9.e30.", &good, "kid: must be a string"),
        ("eyJjcml0IjoxfQ.e30.", &good, "crit: must be a list"),
        ("eyJjcml0IjpbMV19.e30.", &good, "crit: must be a nonempty list"),
    ] {
        let got = failure(call("io.jwt.verify_rs256", &[&Value::from(text), key]));
        assert_eq!(got, want, "{text}");
    }
    // A secret needs no header.
    let answer = call("io.jwt.verify_hs256", &[&"?.e30.".into(), &"secret".into()]);
    assert_eq!(answer, Ok(Value::FALSE));
    assert_eq!(
        failure(call("io.jwt.verify_hs256", &[&Value::from(1), &"secret".into()])),
        "operand 1 must be string but got number"
    );
}

#[test]
fn constraints_that_are_none() {
    for (constraints, want) in [
        (r#"{}"#, "no key constraint"),
        (r#"{"secret":""}"#, "no key constraint"),
        (r#"{"secret":"a","cert":"{\"keys\":[]}"}"#, "duplicate key constraints"),
        (r#"{"secret":1}"#, "secret constraint: must be a string"),
        (r#"{"cert":1}"#, "cert constraint: must be a string"),
        (r#"{"secret":"a","alg":1}"#, "alg constraint: must be a string"),
        (r#"{"secret":"a","iss":1}"#, "iss constraint: must be a string"),
        (r#"{"secret":"a","aud":["b"]}"#, "aud constraint: must be a string"),
        (r#"{"secret":"a","sub":"b"}"#, "unknown token validation constraint: sub"),
        (r#"{"secret":"a","time":"b"}"#, "token time constraint: must be a number"),
        (r#"{"secret":"a","time":-1}"#, "token time constraint: must not be negative"),
    ] {
        // They are read before the token.
        let got = failure(decode_verify(&Value::from("?"), &json(constraints)));
        assert_eq!(got, want, "{constraints}");
    }
}

#[test]
fn what_is_wrong_with_a_signed_token() {
    let secret = json(r#"{"secret":"secret"}"#);
    for (made, want) in [
        (claims(r#"{"exp":"1"}"#), "exp value must be a number"),
        (claims(r#"{"nbf":"1"}"#), "nbf value must be a number"),
        (claims("[]"), "decoded JSON type was not an Object"),
        (token(r#"{"alg":"HS256","kid":1}"#, "{}"), "kid: must be a string"),
        (token(r#"{"alg":"HS256","crit":[]}"#, "{}"), "crit: must be a nonempty list"),
        (
            token(r#"{"alg":"HS256","typ":"x"}"#, "?"),
            "invalid JSON: invalid character '?' looking for beginning of value",
        ),
    ] {
        assert_eq!(failure(decode_verify(&made, &secret)), want, "{made:?}");
    }
}
