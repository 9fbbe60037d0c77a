//! Signatures: our own, and those that other software made.

use std::collections::BTreeMap;

use portcullis_bundle::{
    Entry, ReadOptions, SIGNATURES_FILE, SignatureAlgorithm, SigningKey, Unsigned, Verification,
    VerificationConfig, VerificationKey, read, sign, verify, verify_token, write_entries,
};
use rego::Value;

use super::{entries, entry, json};

/// Tokens that name the digests of [`files`], made with Python's `cryptography`: one a line, each
/// with another algorithm, all with the id `k` and the scope `write`.
const TOKENS: &str = include_str!("tokens.txt");

const SECRET: &str = "secret";

/// What the tokens sign. The documents are laid out otherwise than when their digests were made.
fn files() -> Vec<Entry> {
    entries(&[
        ("/data.json", "{\n  \"b\": \"<x>\",\n  \"a\": [1, 2.50]\n}"),
        ("/p/policy.rego", "package p\n"),
        ("/.manifest", r#"{"roots": [""], "revision": "r1"}"#),
    ])
}

/// An algorithm's private and public key.
fn pair(name: &str) -> (&'static str, &'static str) {
    match name {
        "ES256" => (include_str!("keys/ec256.pem"), include_str!("keys/ec256_public.pem")),
        "ES384" => (include_str!("keys/ec384.pem"), include_str!("keys/ec384_public.pem")),
        "ES512" => (include_str!("keys/ec521.pem"), include_str!("keys/ec521_public.pem")),
        "EdDSA" => (include_str!("keys/ed.pem"), include_str!("keys/ed_public.pem")),
        name if name.starts_with("HS") => (SECRET, SECRET),
        _ => (include_str!("keys/rsa.pem"), include_str!("keys/rsa_public.pem")),
    }
}

fn config(algorithm: SignatureAlgorithm, key: &str) -> VerificationConfig {
    let key = VerificationKey { key: key.to_string(), algorithm, scope: String::new() };
    VerificationConfig {
        keys: BTreeMap::from([("k".to_string(), key)]),
        scope: "write".to_string(),
        ..VerificationConfig::default()
    }
}

fn hs256() -> VerificationConfig {
    config(SignatureAlgorithm::Hs256, SECRET)
}

fn with_token(mut files: Vec<Entry>, token: &str) -> Vec<Entry> {
    files.push(entry(SIGNATURES_FILE, &format!(r#"{{"signatures": ["{token}"]}}"#)));
    files
}

fn signing(algorithm: SignatureAlgorithm, key: &str) -> SigningKey {
    SigningKey { id: "k".to_string(), algorithm, key: key.to_string() }
}

fn signed(mut files: Vec<Entry>, key: &SigningKey, claims: &str) -> Vec<Entry> {
    let signatures = sign(&files, key, &json(claims)).unwrap();
    files.push(Entry { path: format!("/{SIGNATURES_FILE}"), bytes: signatures });
    files
}

fn refusal(entries: &[Entry], config: &VerificationConfig) -> String {
    verify(entries, config).unwrap_err().to_string()
}

#[test]
fn signatures_of_other_software_are_verified() {
    assert_eq!(TOKENS.lines().count(), SignatureAlgorithm::ALL.len());
    for algorithm in SignatureAlgorithm::ALL {
        let config = config(algorithm, pair(algorithm.name()).1);
        config.keys["k"].check().unwrap();
        let accepted = TOKENS.lines().filter(|token| {
            let accepted = verify(&with_token(files(), token), &config);
            if let Err(error) = &accepted {
                assert!(error.to_string().contains("the JWT is signed with `"), "{error}");
            }
            accepted.is_ok()
        });
        assert_eq!(accepted.count(), 1, "{}", algorithm.name());
    }
}

#[test]
fn what_we_sign_is_verified_and_nothing_else() {
    for algorithm in SignatureAlgorithm::ALL {
        let (private, public) = pair(algorithm.name());
        let files = signed(files(), &signing(algorithm, private), r#"{"scope": "write"}"#);
        let config = config(algorithm, public);
        verify(&files, &config).unwrap();
        let mut changed = files.clone();
        changed[1].bytes.push(b' ');
        assert!(refusal(&changed, &config).starts_with("/p/policy.rego: digest mismatch (want: "));
        // A byte of the signature itself.
        let mut forged = files.clone();
        let text = String::from_utf8(forged[3].bytes.clone()).unwrap();
        let dot = text.rfind('.').unwrap();
        let other = if &text[dot + 9..dot + 10] == "A" { "B" } else { "A" };
        forged[3].bytes = format!("{}{other}{}", &text[..dot + 9], &text[dot + 10..]).into_bytes();
        assert_eq!(refusal(&forged, &config), "failed to verify JWT signature");
    }
}

#[test]
fn keys_come_in_several_forms() {
    use SignatureAlgorithm::{Es256, Es384, Es512, Rs256};
    for (algorithm, private, public) in [
        (Rs256, include_str!("keys/rsa_pkcs1.pem"), include_str!("keys/rsa_certificate.pem")),
        (Es256, include_str!("keys/ec256_pkcs8.pem"), include_str!("keys/ec256_certificate.pem")),
        (Es384, include_str!("keys/ec384_pkcs8.pem"), include_str!("keys/ec384_public.pem")),
        (Es512, include_str!("keys/ec521_pkcs8.pem"), include_str!("keys/ec521_public.pem")),
    ] {
        let files = signed(files(), &signing(algorithm, private), r#"{"scope": "write"}"#);
        verify(&files, &config(algorithm, public)).unwrap();
    }
}

#[test]
fn keys_that_do_not_fit_are_errors() {
    for algorithm in SignatureAlgorithm::ALL {
        for name in ["ES256", "ES384", "ES512", "EdDSA", "RS256"] {
            let (private, public) = pair(name);
            let fits = name == algorithm.name()
                || name == "RS256"
                    && algorithm.name()[1..].starts_with("S")
                    && "RP".contains(&algorithm.name()[..1]);
            let key = signing(algorithm, private);
            let signs = algorithm.is_symmetric() || fits;
            assert_eq!(sign(&files(), &key, &json("{}")).is_ok(), signs, "{key:?} {name}");
            let token = TOKENS.lines().find(|token| {
                // The header's algorithm, as it is written at its start.
                let alg = Value::from(algorithm.name()).to_json();
                let header = format!("{{\"alg\": {alg}");
                let coded = base64_url(header.as_bytes());
                token.starts_with(&coded[..coded.len() - 2])
            });
            let got = verify_token(token.unwrap(), &config(algorithm, public));
            assert_eq!(got.is_ok(), fits, "{} {name}: {got:?}", algorithm.name());
        }
        assert!(sign(&files(), &signing(algorithm, ""), &json("{}")).is_err());
        assert!(config(algorithm, "").keys["k"].check().is_err());
    }
    let public = include_str!("keys/rsa_public.pem");
    let error = config(SignatureAlgorithm::Hs256, public).keys["k"].check().unwrap_err();
    assert!(error.to_string().contains("a public key is no secret"), "{error}");
    assert!(SignatureAlgorithm::from_name("none").is_err());
    let error = SignatureAlgorithm::from_name("RS007").unwrap_err().to_string();
    assert_eq!(error, "unknown signature algorithm: RS007");
    assert!(!format!("{:?}", hs256()).contains(SECRET));
    assert!(!format!("{:?}", signing(SignatureAlgorithm::Hs256, SECRET)).contains(SECRET));
}

fn base64_url(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

/// Makes a token of any header and payload, signed with the secret.
fn token(header: &str, payload: &str) -> String {
    use hmac::{Hmac, KeyInit, Mac};
    let message = format!("{}.{}", base64_url(header.as_bytes()), base64_url(payload.as_bytes()));
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(message.as_bytes());
    format!("{message}.{}", base64_url(&mac.finalize().into_bytes()))
}

#[test]
fn tokens_are_judged_strictly() {
    let claims = r#"{"files": [], "scope": "write"}"#;
    let fine = token(r#"{"alg": "HS256", "kid": "k"}"#, claims);
    assert_eq!(verify_token(&fine, &hs256()), Ok(Vec::new()));
    let (message, signature) = fine.rsplit_once('.').unwrap();
    let rest = fine.split_once('.').unwrap().1;
    let none = base64_url(br#"{"alg": "none", "kid": "k"}"#);
    for (token, want) in [
        (String::new(), "must have three parts"),
        ("a.b".to_string(), "must have three parts"),
        (format!("{fine}.x"), "must have three parts"),
        (format!("!!.{rest}"), "malformed JWT header"),
        (format!("e30=.{rest}"), "malformed JWT header"),
        (format!("{message}.!!"), "malformed JWT signature"),
        (format!("{message}."), "failed to verify JWT signature"),
        (format!("{message}.{}", &signature[..8]), "failed to verify JWT signature"),
        (format!("{none}.{}.", rest.split_once('.').unwrap().0), "is signed with `none`"),
        (token("{}", claims), "verification key ID is empty"),
        (token(r#"{"kid": "k"}"#, claims), "the JWT is signed with ``, the key is for HS256"),
        (token(r#"{"alg": "hs256", "kid": "k"}"#, claims), "the JWT is signed with `hs256`"),
        (token(r#"{"alg": "HS256", "kid": "x"}"#, claims), "corresponding to ID x not found"),
        (token(r#"{"alg": "HS256", "kid": "k", "crit": ["x"]}"#, claims), "critical extensions"),
        (token(r#"{"alg": "HS256", "kid": "k"}"#, r#"{"files": []}"#), "scope mismatch"),
        (token(r#"{"alg": "HS256", "kid": "k"}"#, r#"{"scope": "write"}"#), "must be an array"),
        (
            token(
                r#"{"alg": "HS256", "kid": "k"}"#,
                r#"{"scope": "write", "files": [{"name": "a", "algorithm": "MD6"}]}"#,
            ),
            "unsupported hashing algorithm: MD6",
        ),
        (
            token(r#"{"alg": "HS256", "kid": "k"}"#, r#"{"scope": "write", "files": [{}]}"#),
            "the name is empty",
        ),
    ] {
        let got = verify_token(&token, &hs256()).unwrap_err().to_string();
        assert!(got.contains(want), "{token}: {got}");
    }
}

#[test]
fn the_key_is_the_configured_then_the_headers_then_the_claims() {
    let claims = r#"{"files": [], "scope": "write", "keyid": "k"}"#;
    let by_claim = token(r#"{"alg": "HS256"}"#, claims);
    assert!(verify_token(&by_claim, &hs256()).is_ok());
    let by_header = token(r#"{"alg": "HS256", "kid": "other"}"#, claims);
    assert!(verify_token(&by_header, &hs256()).is_err());
    let configured = VerificationConfig { key_id: "k".to_string(), ..hs256() };
    assert!(verify_token(&by_header, &configured).is_ok());
}

#[test]
fn the_scope_is_the_configured_then_the_keys() {
    let token = token(r#"{"alg": "HS256", "kid": "k"}"#, r#"{"files": [], "scope": "write"}"#);
    for (configured, of_key, want) in
        [("write", "", true), ("", "write", true), ("read", "write", false), ("", "", false)]
    {
        let mut config = hs256();
        config.scope = configured.to_string();
        config.keys.get_mut("k").unwrap().scope = of_key.to_string();
        assert_eq!(verify_token(&token, &config).is_ok(), want, "{configured:?} {of_key:?}");
    }
}

#[test]
fn every_file_is_signed_and_every_signed_file_is_there() {
    let signed =
        signed(files(), &signing(SignatureAlgorithm::Hs256, SECRET), r#"{"scope": "write"}"#);
    let mut more = signed.clone();
    more.push(entry("/docs/README.md", "hello"));
    assert_eq!(refusal(&more, &hs256()), "file /docs/README.md not included in bundle signature");
    let mut fewer = signed.clone();
    fewer.remove(1);
    assert_eq!(
        refusal(&fewer, &hs256()),
        "file(s) [/p/policy.rego] specified in bundle signatures but not found in the target bundle"
    );
    let exclude = |patterns: &[&str]| VerificationConfig {
        exclude_files: patterns.iter().map(|p| (*p).to_string()).collect(),
        ..hs256()
    };
    assert!(verify(&more, &exclude(&["*.md"])).is_err(), "`*` stops at `/`");
    verify(&more, &exclude(&["docs/*.md"])).unwrap();
    verify(&fewer, &exclude(&["p/*"])).unwrap();
    assert!(refusal(&more, &exclude(&["[a"])).contains("`[a` is not a pattern"));
    let unsigned = VerificationConfig { unsigned: Unsigned::Accept, ..hs256() };
    verify(&files(), &unsigned).unwrap();
    assert_eq!(refusal(&files(), &hs256()), "bundle missing .signatures.json file");
}

#[test]
fn the_file_of_signatures_is_judged() {
    for (text, want) in [
        ("{", ".signatures.json: "),
        ("[]", "must be an object"),
        ("{}", "missing JWT (expected exactly one)"),
        (r#"{"signatures": []}"#, "missing JWT (expected exactly one)"),
        (r#"{"signatures": [1]}"#, "the JWT must be a string"),
        (r#"{"signatures": ["a", "b"]}"#, "multiple JWTs not supported (expected exactly one)"),
        (r#"{"signatures": ["a"], "plugin": "x"}"#, "plugin is not supported"),
    ] {
        let got = refusal(&[entry("/.signatures.json", text)], &hs256());
        assert!(got.contains(want), "{text}: {got}");
    }
    let twice = r#"{"scope": "write", "files": [{"name": "a"}, {"name": "/a"}]}"#;
    let twice = token(r#"{"alg": "HS256", "kid": "k"}"#, twice);
    let got = refusal(&with_token(Vec::new(), &twice), &hs256());
    assert_eq!(got, "file /a is named twice in bundle signature");
}

#[test]
fn claims_are_added_but_not_files() {
    let key = SigningKey { id: String::new(), ..signing(SignatureAlgorithm::Hs256, SECRET) };
    for claims in ["[]", r#"{"files": []}"#] {
        assert!(sign(&files(), &key, &json(claims)).is_err());
    }
    let written = sign(&files(), &key, &json(r#"{"iss": "me"}"#)).unwrap();
    let token = Value::from_json(&written).unwrap();
    let token = token.get_path(&["signatures"]).unwrap().as_array().unwrap()[0].clone();
    let token = token.as_str().unwrap();
    let config = VerificationConfig { key_id: "k".to_string(), scope: String::new(), ..hs256() };
    let named = verify_token(token, &config).unwrap();
    let paths: Vec<_> = named.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["/data.json", "/p/policy.rego", "/.manifest"]);
}

#[test]
fn documents_are_digested_by_what_they_say() {
    let of = |path: &str, text: &str| {
        let key = signing(SignatureAlgorithm::Hs256, SECRET);
        let files = signed(vec![entry(path, text)], &key, "{}");
        let token = String::from_utf8(files[1].bytes.clone()).unwrap();
        let token = token.split('"').nth(3).unwrap().to_string();
        let config = VerificationConfig { scope: String::new(), ..hs256() };
        verify_token(&token, &config).unwrap()[0].hash.clone()
    };
    assert_eq!(of("a/data.json", r#"{"b":1,"a":2}"#), of("data.json", "{\"a\": 2, \"b\" : 1 }\n"));
    assert_eq!(of("data.json", r#"{"foo":1}"#), of("data.yaml", "foo: 1"));
    assert_ne!(of("data.yml", r#"{"foo":1}"#), of("data.yml", r#"{"foo": 1}"#));
    assert_ne!(of("patch.json", r#"{"foo":1}"#), of("patch.json", r#"{"foo": 1}"#));
    assert_ne!(of("data.json", "[1.0]"), of("data.json", "[1]"));
}

#[test]
fn a_signed_archive_is_read_only_with_its_key() {
    let claims = r#"{"scope": "write"}"#;
    let files = signed(files(), &signing(SignatureAlgorithm::Hs256, SECRET), claims);
    let archive = write_entries(&files).unwrap();
    let read =
        |verification| read(&archive, &ReadOptions { verification, ..ReadOptions::default() });
    let bundle = read(Verification::Verify(hs256())).unwrap();
    assert_eq!(bundle.manifest.revision, "r1");
    assert!(bundle.signatures.is_some());
    let wrong = config(SignatureAlgorithm::Hs256, "another");
    let got = read(Verification::Verify(wrong)).unwrap_err().to_string();
    assert_eq!(got, "failed to verify JWT signature");
    let got = read(Verification::NoKeys).unwrap_err().to_string();
    assert_eq!(got, "verification key not provided");
}
