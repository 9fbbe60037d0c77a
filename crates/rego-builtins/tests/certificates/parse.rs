//! What certificates, requests and keys look like.

use rego_value::Value;
use rego_vm::BuiltinError;

use super::{call, failure, json, part};

fn base64(text: &str) -> Value {
    call("base64.encode", &[&text.into()]).unwrap()
}

#[test]
fn a_certificate_has_the_fields_of_gos_structure() {
    let parse = |text: &Value| call("crypto.x509.parse_certificates", &[text]).unwrap();
    let text = Value::from(include_str!("leaf.pem"));
    let all = parse(&text);
    assert_eq!(parse(&base64(text.as_str().unwrap())), all);
    let der = part(&all, "0.Raw");
    assert_eq!(parse(&der), all);
    let cases = [
        ("0.Version", "3"),
        ("0.SerialNumber", "103"),
        ("0.SignatureAlgorithm", "10"),
        ("0.PublicKeyAlgorithm", "3"),
        ("0.PublicKey.Curve", "{}"),
        ("0.NotBefore", r#""2024-01-01T00:00:00Z""#),
        ("0.NotAfter", r#""2124-01-01T00:00:00Z""#),
        ("0.KeyUsage", "5"),
        ("0.ExtKeyUsage", "[1]"),
        ("0.UnknownExtKeyUsage", "null"),
        ("0.IsCA", "false"),
        ("0.BasicConstraintsValid", "true"),
        ("0.MaxPathLen", "-1"),
        ("0.MaxPathLenZero", "false"),
        ("0.DNSNames", r#"["leaf.example.com", "*.wild.example.com"]"#),
        ("0.EmailAddresses", r#"["who@example.com"]"#),
        ("0.IPAddresses", r#"["192.0.2.7", "2001:db8::7"]"#),
        (
            "0.URIs",
            r#"[{"Scheme": "spiffe", "Opaque": "", "User": null, "Host": "example.com", "Path": "/a",
                "RawPath": "", "OmitHost": false, "ForceQuery": false, "RawQuery": "b",
                "Fragment": "c", "RawFragment": ""}]"#,
        ),
        ("0.URIStrings", r#"["spiffe://example.com/a?b#c"]"#),
        (
            "0.Subject",
            r#"{"Country": ["DE"], "Organization": ["Test & Co"], "OrganizationalUnit": null,
                "Locality": null, "Province": null, "StreetAddress": null, "PostalCode": null,
                "SerialNumber": "", "CommonName": "Leaf", "ExtraNames": null, "Names": [
                {"Type": [2, 5, 4, 6], "Value": "DE"}, {"Type": [2, 5, 4, 10], "Value": "Test & Co"},
                {"Type": [2, 5, 4, 3], "Value": "Leaf"}]}"#,
        ),
        ("0.Extensions.0", r#"{"Id": [2, 5, 29, 19], "Critical": true, "Value": "MAA="}"#),
        ("0.PolicyIdentifiers", "null"),
        ("0.PermittedIPRanges", "null"),
        ("0.InhibitAnyPolicyZero", "false"),
    ];
    for (path, want) in cases {
        assert_eq!(part(&all, path), json(want), "{path}");
    }
    assert_eq!(part(&all, "0").as_object().map(|fields| fields.len()), Some(53));
}

#[test]
fn constraints_and_policies_are_shown() {
    let parse = |text: &str| call("crypto.x509.parse_certificates", &[&text.into()]).unwrap();
    let constrained = parse(include_str!("nc_ok.pem"));
    let cases = [
        ("0.PermittedDNSDomainsCritical", "true"),
        ("0.PermittedDNSDomains", r#"["example.com"]"#),
        ("0.ExcludedDNSDomains", r#"["bad.example.com"]"#),
        ("0.PermittedIPRanges.0", r#"{"IP": "192.0.2.0", "Mask": "////AA=="}"#),
        ("0.ExcludedEmailAddresses", r#"["bad@example.com"]"#),
        ("0.PermittedURIDomains", r#"["example.com"]"#),
        ("0.MaxPathLen", "-1"),
        ("0.URIStrings", "null"),
    ];
    for (path, want) in cases {
        assert_eq!(part(&constrained, path), json(want), "{path}");
    }
    let policies = parse(include_str!("pol_inter.pem"));
    assert_eq!(part(&policies, "0.PolicyIdentifiers"), json("[[1, 2, 3, 1]]"));
    assert_eq!(part(&policies, "0.Policies"), json(r#"["1.2.3.1"]"#));
    assert_eq!(part(&policies, "0.RequireExplicitPolicyZero"), Value::TRUE);
    let critical = parse(include_str!("critical.pem"));
    assert_eq!(part(&critical, "0.UnhandledCriticalExtensions"), json("[[1, 2, 3, 4]]"));
}

#[test]
fn what_is_no_certificate_is_told_as_in_go() {
    let parse = |text: &str| failure("crypto.x509.parse_certificates", &[&text.into()]);
    let cases = [
        ("!", "illegal base64 data at input byte 0"),
        ("YmFkc3RyaW5n", "x509: malformed certificate"),
        ("MAA=", "x509: malformed tbs certificate"),
        (
            "-----BEGIN X-----\naGk=\n-----END X-----\n",
            "PEM block type is 'X', expected CERTIFICATE",
        ),
    ];
    for (text, want) in cases {
        assert_eq!(parse(text), want);
    }
    for nothing in ["", "-----BEGIN CERTIFICATE-----\n"] {
        let outcome = call("crypto.x509.parse_certificates", &[&nothing.into()]);
        assert_eq!(outcome, Ok(Value::array(Vec::new())));
    }
}

#[test]
fn a_certificate_cut_anywhere_is_refused() {
    let whole = call("crypto.x509.parse_certificates", &[&include_str!("nc_ok.pem").into()]);
    let raw = part(&whole.unwrap(), "0.Raw");
    let raw = raw.as_str().unwrap().trim_end_matches('=');
    for length in (4..raw.len() - 4).step_by(4) {
        let outcome = call("crypto.x509.parse_certificates", &[&raw[..length].into()]);
        assert!(matches!(outcome, Err(BuiltinError::Failed(_))), "{length}");
    }
}

#[test]
fn requests_are_read() {
    let parse = |text: &Value| call("crypto.x509.parse_certificate_request", &[text]).unwrap();
    let text = Value::from(include_str!("request.pem"));
    let request = parse(&text);
    assert_eq!(parse(&base64(text.as_str().unwrap())), request);
    assert_eq!(parse(&part(&request, "Raw")), request);
    let cases = [
        ("Subject.CommonName", r#""Req""#),
        ("Version", "0"),
        ("SignatureAlgorithm", "11"),
        ("DNSNames.0", r#""leaf.example.com""#),
        ("Extensions.1", r#"{"Id": [2, 5, 29, 19], "Critical": true, "Value": "MAA="}"#),
        ("Attributes.0.Type", "[1, 2, 840, 113549, 1, 9, 14]"),
        ("Attributes.0.Value.0.1", r#"{"Type": [2, 5, 29, 19], "Value": true}"#),
    ];
    for (path, want) in cases {
        assert_eq!(part(&request, path), json(want), "{path}");
    }
    assert_eq!(part(&request, "Attributes").as_array().map(<[Value]>::len), Some(1));
    let why = failure("crypto.x509.parse_certificate_request", &[&"MAA=".into()]);
    assert_eq!(why, "asn1: structure error: tags don't match");
    let other = base64(include_str!("leaf.pem"));
    let why = failure("crypto.x509.parse_certificate_request", &[&other]);
    assert_eq!(why, "invalid PEM-encoded certificate signing request");
}

#[test]
fn private_keys_of_all_kinds_are_read() {
    let text = include_str!("keys.pem");
    let keys = call("crypto.parse_private_keys", &[&text.into()]);
    assert_eq!(keys, Ok(json(include_str!("keys.json"))));
    assert_eq!(call("crypto.parse_private_keys", &[&base64(text)]), keys);
    assert_eq!(call("crypto.parse_private_keys", &[&"nope".into()]), Ok(Value::array(Vec::new())));
    assert_eq!(call("crypto.parse_private_keys", &[&"".into()]), Ok(Value::NULL));
    let end = "PRIVATE KEY-----\n";
    let one = |place: usize| {
        let pieces: Vec<&str> = text.split_inclusive(end).collect();
        pieces[2 * place..2 * place + 2].concat()
    };
    let jwk = |place| call("crypto.x509.parse_rsa_private_key", &[&one(place).into()]).unwrap();
    assert_eq!(part(&jwk(0), "e"), json(r#""AQAB""#));
    assert_eq!(jwk(0), jwk(1));
    assert_eq!(jwk(0).as_object().map(|fields| fields.len()), Some(9));
    assert_eq!(part(&jwk(4), "crv"), json(r#""P-256""#));
    assert_eq!(part(&jwk(8), "d").as_str().map(str::len), Some(88));
    assert_eq!(part(&jwk(10), "kty"), json(r#""OKP""#));
    let confused = one(4).replace("EC PRIVATE KEY", "RSA PRIVATE KEY");
    let want =
        "x509: failed to parse private key (use ParseECPrivateKey instead for this key format)";
    assert_eq!(failure("crypto.parse_private_keys", &[&confused.into()]), want);
    assert_eq!(
        failure("crypto.x509.parse_rsa_private_key", &[&"".into()]),
        "input PEM data was empty"
    );
    let nothing = call("crypto.x509.parse_rsa_private_key", &[&"aGk=".into()]);
    assert_eq!(nothing, Ok(Value::NULL));
}

#[test]
fn a_pair_is_a_certificate_with_its_key() {
    let pair = |certificate: &str, key: &str| {
        call("crypto.x509.parse_keypair", &[&certificate.into(), &key.into()])
    };
    let chain = [include_str!("leaf.pem"), include_str!("inter.pem")].concat();
    let both = pair(&chain, include_str!("leaf.key")).unwrap();
    assert_eq!(part(&both, "Certificate").as_array().map(<[Value]>::len), Some(2));
    assert_eq!(part(&both, "Leaf.Subject.CommonName"), json(r#""Leaf""#));
    assert_eq!(part(&both, "PrivateKey.X"), part(&both, "Leaf.PublicKey.X"));
    assert_eq!(part(&both, "OCSPStaple"), Value::NULL);
    assert!(pair(include_str!("root.pem"), include_str!("root.key")).is_ok());
    let encoded = base64(include_str!("inter.key"));
    assert!(pair(include_str!("inter.pem"), encoded.as_str().unwrap()).is_ok());
    let (leaf, key) = (include_str!("leaf.pem"), include_str!("leaf.key"));
    let cases = [
        (
            key,
            key,
            "tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched",
        ),
        (leaf, leaf, "tls: found a certificate rather than a key in the PEM for the private key"),
        (leaf, include_str!("root.key"), "tls: private key type does not match public key type"),
        (include_str!("inter.pem"), key, "tls: private key does not match public key"),
        (leaf, "aGk=", "tls: failed to parse private key"),
        (leaf, "!", "illegal base64 data at input byte 0"),
        ("-----BEGIN ", key, "tls: failed to find any PEM data in certificate input"),
    ];
    for (certificate, key, want) in cases {
        assert_eq!(pair(certificate, key), Err(BuiltinError::Failed(want.to_string())));
    }
}
