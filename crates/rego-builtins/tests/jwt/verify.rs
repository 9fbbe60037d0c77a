//! Signatures: whose are theirs, and whose are not.

use rego_value::Value;

use crate::{DATA, call, is_verified, key};

/// The forms of a public key.
const FORMS: [&str; 3] = ["public", "pem", "certificate"];

struct Made {
    verifier: String,
    key: String,
    exact: bool,
    token: Value,
    note: String,
}

/// The tokens of `keys.json`.
fn made() -> Vec<Made> {
    let tokens = DATA.get_path(&["tokens"]).unwrap().as_array().unwrap();
    let one = |token: &Value| {
        let text = |name: &str| token.get_path(&[name]).unwrap().as_str().unwrap().to_owned();
        Made {
            verifier: format!("io.jwt.verify_{}", text("alg").to_lowercase()),
            key: text("key"),
            exact: token.get_path(&["exact"]).unwrap().is_true(),
            token: token.get_path(&["token"]).unwrap().clone(),
            note: format!("{} with {}: {}", text("alg"), text("key"), text("note")),
        }
    };
    tokens.iter().map(one).collect()
}

/// The texts of a key that verify.
fn texts(name: &str) -> Vec<Value> {
    if name == "secret" {
        return vec![Value::from("secret")];
    }
    let text = |form| match key(name, form) {
        text if text.as_str().is_some() => text.clone(),
        jwk => Value::from(jwk.to_json()),
    };
    FORMS.map(text).to_vec()
}

fn constraints(key_name: &str, text: &Value) -> Value {
    let field = if key_name == "secret" { "secret" } else { "cert" };
    Value::object(vec![(Value::from(field), text.clone())])
}

#[test]
fn tokens_of_another_library_are_verified() {
    for made in made() {
        for text in texts(&made.key) {
            let answer = call(&made.verifier, &[&made.token, &text]);
            assert_eq!(answer, Ok(Value::TRUE), "{}", made.note);
            let constraints = constraints(&made.key, &text);
            assert_eq!(is_verified(&made.token, &constraints), made.exact, "{}", made.note);
        }
    }
}

#[test]
fn a_token_that_was_changed_is_not() {
    for made in made() {
        let token = made.token.as_str().unwrap();
        let parts: Vec<&str> = token.split('.').collect();
        let mut signature = parts[2].to_owned();
        let other = if signature.starts_with('A') { "B" } else { "A" };
        signature.replace_range(0..1, other);
        let changed = [
            format!("{}.{}.{signature}", parts[0], parts[1]),
            format!("{}.eyJzdWIiOiJ5In0.{}", parts[0], parts[2]),
            format!("{}.{}.", parts[0], parts[1]),
            format!("{}.{}.AA", parts[0], parts[1]),
            format!("{}.{}.{}", parts[0], parts[1], "A".repeat(parts[2].len())),
            format!("{}.{}.{}", parts[0], parts[1], "_".repeat(parts[2].len() / 4 * 4)),
            format!("{}.{}.{}AAAA", parts[0], parts[1], parts[2].get(4..).unwrap()),
        ];
        for text in texts(&made.key) {
            for token in &changed {
                let token = Value::from(token.as_str());
                let answer = call(&made.verifier, &[&token, &text]);
                assert_eq!(answer, Ok(Value::FALSE), "{}: {token:?}", made.note);
                assert!(!is_verified(&token, &constraints(&made.key, &text)), "{}", made.note);
            }
        }
    }
}

#[test]
fn a_token_is_verified_by_its_own_key_and_algorithm_alone() {
    let made = made();
    for token in made.iter().filter(|made| made.key != "secret") {
        for name in ["rsa", "rsa_other", "p256", "p384", "p521", "ed25519"] {
            let text = Value::from(key(name, "public").to_json());
            let own = Ok(Value::from(name == token.key));
            assert_eq!(call(&token.verifier, &[&token.token, &text]), own, "{}", token.note);
        }
    }
    let by_secret = made.iter().filter(|made| made.key == "secret");
    for token in by_secret {
        for verifier in made.iter().filter(|made| made.exact && made.key != "secret") {
            let text = &texts(&verifier.key)[0];
            assert_eq!(call(&verifier.verifier, &[&token.token, text]), Ok(Value::FALSE));
        }
    }
}

#[test]
fn a_public_key_is_no_secret() {
    // The classic confusion: a token by HS256 whose secret is the text of a public key.
    let text = &texts("rsa")[1];
    let constraints = constraints("rsa", text);
    let header = Value::from(r#"{"alg":"HS256"}"#);
    let bytes = text.as_str().unwrap().as_bytes();
    let secret = rego_builtins::find("base64url.encode_no_pad").unwrap();
    let mut context = rego_vm::Context::new(&crate::Still, 1_000_000, 1_000_000);
    let secret = (secret.run)(&mut context, &[&Value::from(std::str::from_utf8(bytes).unwrap())]);
    let jwk = Value::from(format!(r#"{{"kty":"oct","k":{}}}"#, secret.unwrap().to_json()));
    let token = call("io.jwt.encode_sign_raw", &[&header, &"{}".into(), &jwk]).unwrap();
    assert!(!is_verified(&token, &constraints));
    for verifier in ["io.jwt.verify_rs256", "io.jwt.verify_ps256"] {
        assert_eq!(call(verifier, &[&token, text]), Ok(Value::FALSE));
    }
}

#[test]
fn halves_of_a_signature_may_lack_zeros_for_the_verifiers_but_not_for_decode_verify() {
    // A signature whose numbers both begin with zero is found by changing what is signed.
    let private = Value::from(key("p256", "private").to_json());
    let public = Value::from(key("p256", "public").to_json());
    let header = Value::from(r#"{"alg":"ES256"}"#);
    let decode = rego_builtins::find("io.jwt.decode").unwrap();
    let short = (0..200_000).find_map(|number| {
        let payload = Value::from(format!("{{\"n\":{number}}}"));
        let token = call("io.jwt.encode_sign_raw", &[&header, &payload, &private]).unwrap();
        let mut context = rego_vm::Context::new(&crate::Still, 1_000_000, 1_000_000);
        let decoded = (decode.run)(&mut context, &[&token]).unwrap();
        let hex = decoded.as_array().unwrap()[2].as_str().unwrap().to_owned();
        (hex.get(..2) == Some("00")).then_some((token, hex))
    });
    let (token, hex) = short.unwrap();
    // With a zero byte more in each half, the numbers are the same.
    let (r, s) = hex.split_at(64);
    let bytes =
        (0..66).map(|at| u8::from_str_radix(&format!("00{r}00{s}")[2 * at..2 * at + 2], 16));
    let longer = base64(&bytes.collect::<Result<Vec<u8>, _>>().unwrap());
    let text = token.as_str().unwrap();
    let longer = Value::from(format!("{}.{longer}", text.rsplit_once('.').unwrap().0));
    assert_eq!(call("io.jwt.verify_es256", &[&longer, &public]), Ok(Value::TRUE));
    let constraints = constraints("p256", &public);
    assert!(is_verified(&token, &constraints));
    assert!(!is_verified(&longer, &constraints));
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let bits: String = bytes.iter().map(|byte| format!("{byte:08b}")).collect();
    let digits = bits.as_bytes().chunks(6).map(|chunk| {
        let digit = format!("{:0<6}", std::str::from_utf8(chunk).unwrap());
        char::from(DIGITS[usize::from_str_radix(&digit, 2).unwrap()])
    });
    digits.collect()
}
