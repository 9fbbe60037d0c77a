//! `sign`: what the signature says, and that it verifies.

use insta::assert_snapshot;
use portcullis_bundle::{
    Entry, SignatureAlgorithm, Unsigned, VerificationConfig, VerificationKey, verify,
};

use crate::place::{Place, run};

const PRIVATE: &str = "-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg4Ashy021JVnwDtH+
B+b1r+7XOZ0seQPi+Tq1tZ5hkxyhRANCAATNkcdsm+B1sMvkOaxxJH0fmrPpJtXv
HQe+WU3HqR+LWROL0vI7E8DgUHymcLs+tlZrKvzZeUUsfsE3CXAPWNNI
-----END PRIVATE KEY-----
";

const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEzZHHbJvgdbDL5DmscSR9H5qz6SbV
7x0HvllNx6kfi1kTi9LyOxPA4FB8pnC7PrZWayr82XlFLH7BNwlwD1jTSA==
-----END PUBLIC KEY-----
";

fn place() -> Place {
    Place::with(&[
        ("b/.manifest", r#"{"revision": "r1"}"#),
        ("b/p.rego", "package p"),
        ("b/README.md", "read me"),
        ("key.pem", PRIVATE),
    ])
}

#[test]
fn every_file_of_a_bundle_is_signed() {
    let place = place();
    let shown =
        place.run(&["sign", "--signing-key", "secret", "--signing-alg", "HS256", "-b", "b"]);
    assert_eq!(shown, "exit 0\n");
    assert_snapshot!(String::from_utf8(place.file(".signatures.json")).unwrap(), @r#"
    {
     "signatures": [
      "eyJhbGciOiJIUzI1NiJ9.eyJmaWxlcyI6W3siYWxnb3JpdGhtIjoiU0hBLTI1NiIsImhhc2giOiI4Mjk5OWZmMGVhNWQ0YzRlZmUxNjg3ODBkNTU1MTE4NGEyMzdlZDdkMDA1Yjc2YjYzZmFkZWY0ZTMzZjBmZDg2IiwibmFtZSI6Ii5tYW5pZmVzdCJ9LHsiYWxnb3JpdGhtIjoiU0hBLTI1NiIsImhhc2giOiIzZjIyMDk1NjQxNTA4NTc2ZTkxZGM3YzZjN2Y3ZTA4YTA5Mzk4NWQ1M2VhOTk4MDQzYzY2MTlhZDI0MGRjOTJjIiwibmFtZSI6IlJFQURNRS5tZCJ9LHsiYWxnb3JpdGhtIjoiU0hBLTI1NiIsImhhc2giOiJlY2FkZGU2MDhiMDcwYjdjYzU5Y2EzOWY3NTgwMGFiZDQyNjk3NjI3NGNmMGVkZjYwYTZjOGQxYmNjN2NkMzE2IiwibmFtZSI6InAucmVnbyJ9XX0.1KnOwGudJdwkifZM03wdHEtWc8GC2kAfJ7aT9hXM0kM"
     ]
    }
    "#);
}

#[test]
fn a_key_in_a_file_signs_for_its_public_one() {
    let place = place();
    place.put("claims.json", br#"{"keyid": "k", "scope": "read"}"#);
    let shown = place.run(&[
        "sign",
        "--bundle",
        "b",
        "--signing-key",
        "key.pem",
        "--signing-alg",
        "ES256",
        "--claims-file",
        "claims.json",
        "--signing-plugin",
        "_default",
        "--output-file-path",
        "b",
    ]);
    assert_eq!(shown, "exit 0\n");
    let entry =
        |name: &str| Entry { path: format!("/{name}"), bytes: place.file(&format!("b/{name}")) };
    let key = VerificationKey {
        key: PUBLIC.to_string(),
        algorithm: SignatureAlgorithm::Es256,
        scope: "read".to_string(),
    };
    let config = VerificationConfig {
        keys: [("k".to_string(), key)].into(),
        unsigned: Unsigned::Refuse,
        ..VerificationConfig::default()
    };
    let entries = [".manifest", "p.rego", "README.md", ".signatures.json"].map(entry);
    assert_eq!(verify(&entries, &config), Ok(()));
}

#[test]
fn what_is_missing_is_said() {
    assert_snapshot!(run(&["sign", "--signing-key", "x", "-b"]), @"
    exit 1
    --- stdout
    error: specify atleast one path containing policy and/or data files
    ");
    assert_snapshot!(run(&["sign", "-b", "x"]), @"
    exit 1
    --- stdout
    error: specify the secret (HMAC) or path of the PEM file containing the private key (RSA and ECDSA)
    ");
    assert_snapshot!(run(&["sign", "--signing-key", "x", "x"]), @"
    exit 1
    --- stdout
    error: enable bundle mode (ie. --bundle) to sign bundle files or directories
    ");
    assert_snapshot!(run(&["sign", "--signing-key", "x", "--signing-alg", "HS256", "-b", "x"]), @"
    exit 1
    --- stdout
    error: open x: no such file or directory
    ");
    let place = place();
    assert_snapshot!(place.run(&["sign", "--signing-key", "none.pem", "-b", "b"]), @"
    exit 1
    --- stdout
    error: the key is not a private key in PEM that RS256 takes
    ");
    let plugin = ["sign", "--signing-key", "x", "--signing-plugin", "p", "-b", "b"];
    assert_snapshot!(place.run(&plugin), @"
    exit 1
    --- stdout
    error: no signer exists under id p
    ");
    let twice = ["sign", "--signing-key", "x", "--signing-alg", "HS256", "-b", "b", "b"];
    assert_snapshot!(place.run(&twice), @"
    exit 1
    --- stdout
    error: more than one of the bundles has a file `/.manifest`
    ");
}
