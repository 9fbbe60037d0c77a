//! Chains that hold, and chains that do not.

use rego_value::Value;

use super::{call, failure, json};

const ROOT: &str = include_str!("root.pem");
const INTER: &str = include_str!("inter.pem");
const LEAF: &str = include_str!("leaf.pem");
const CLIENT: &str = include_str!("client.pem");

const WITH_OPTIONS: &str = "crypto.x509.parse_and_verify_certificates_with_options";

/// Returns the common names of the chain, from the leaf; nothing where there is none.
fn chain(certificates: &[&str], options: &str) -> Option<String> {
    let text = Value::from(certificates.concat());
    let outcome = call(WITH_OPTIONS, &[&text, &json(options)]).unwrap();
    let [valid, chain] = outcome.as_array().unwrap() else { panic!("{outcome:?}") };
    let name = |value: &Value| {
        let name = value.get_path(&["Subject", "CommonName"]).and_then(Value::as_str);
        name.unwrap().to_string()
    };
    let names: Vec<String> = chain.as_array().unwrap().iter().map(name).collect();
    assert_eq!(valid.is_true(), !names.is_empty());
    valid.is_true().then(|| names.join(" < "))
}

fn holds(certificates: &[&str], options: &str) -> bool {
    chain(certificates, options).is_some()
}

#[test]
fn a_chain_leads_to_the_root() {
    assert_eq!(chain(&[ROOT, INTER, LEAF], "{}").as_deref(), Some("Leaf < Inter < Root"));
    let plain =
        call("crypto.x509.parse_and_verify_certificates", &[&[ROOT, INTER, LEAF].concat().into()]);
    let plain = plain.unwrap();
    let [valid, chain] = plain.as_array().unwrap() else { panic!("{plain:?}") };
    assert!(valid.is_true());
    let leaf = &chain.as_array().unwrap()[0];
    let uris = leaf.get_path(&["URIStrings"]).unwrap().to_json();
    assert_eq!(uris, r#"["spiffe://example.com/a?b#c"]"#);
    assert!(
        holds(&[ROOT, include_str!("nc_dns.pem"), INTER, LEAF], "{}"),
        "others are passed over"
    );
    assert!(holds(&[ROOT, ROOT], "{}"), "a root is its own");
}

#[test]
fn what_does_not_hold_is_refused() {
    let other = include_str!("inter2.pem");
    let cases: &[(&str, &[&str])] = &[
        ("alone", &[ROOT]),
        ("no way", &[ROOT, LEAF]),
        ("another root", &[INTER, INTER, ROOT]),
        ("expired", &[ROOT, INTER, include_str!("expired.pem")]),
        ("not for servers", &[ROOT, INTER, CLIENT]),
        ("no authority", &[ROOT, include_str!("noca.pem"), LEAF]),
        ("a path too long", &[ROOT, INTER, other, include_str!("deep.pem")]),
        ("an unknown critical extension", &[ROOT, INTER, include_str!("critical.pem")]),
        ("SHA-1", &[include_str!("sha1.pem")]),
        ("no certificates", &["-----BEGIN CERTIFICATE-----\naGk=\n-----END CERTIFICATE-----\n"]),
    ];
    for (why, certificates) in cases {
        assert!(!holds(certificates, "{}"), "{why}");
    }
    assert!(holds(&[include_str!("sha256.pem")], "{}"));
    let changed = LEAF.replacen("MII", "MIJ", 1);
    assert!(!holds(&[ROOT, INTER, &changed], "{}"));
}

#[test]
fn every_algorithm_is_checked() {
    let text = include_str!("algorithms.pem");
    let end = "-----END CERTIFICATE-----\n";
    let certificates: Vec<String> =
        text.split_terminator(end).map(|one| format!("{one}{end}")).collect();
    assert_eq!(certificates.len(), 30);
    for pair in certificates.chunks(2) {
        let name = chain(&[&pair[0], &pair[1]], "{}");
        assert!(name.is_some(), "{}", pair[0]);
        // The signature is at the end: another one of its last digits.
        let lines: Vec<&str> = pair[1].lines().collect();
        let at = lines.len() - 3;
        let line: String = lines[at].chars().map(|c| if c == 'A' { 'B' } else { c }).collect();
        let line = if line == lines[at] { line.replacen(|c| c != 'C', "C", 1) } else { line };
        let broken = pair[1].replace(lines[at], &line);
        assert!(!holds(&[&pair[0], &broken], "{}"), "{}", pair[0]);
    }
}

#[test]
fn options_are_heeded() {
    let good = [
        r#"{"DNSName": "leaf.example.com"}"#,
        r#"{"DNSName": "LEAF.example.com."}"#,
        r#"{"DNSName": "a.wild.example.com"}"#,
        r#"{"DNSName": "192.0.2.7"}"#,
        r#"{"DNSName": "[2001:db8::7]"}"#,
        r#"{"CurrentTime": 1704067200000000000}"#,
        r#"{"KeyUsages": ["KeyUsageClientAuth", "KeyUsageServerAuth"]}"#,
        r#"{"KeyUsages": []}"#,
        r#"{"MaxConstraintComparisons": 1}"#,
    ];
    let bad = [
        r#"{"DNSName": "example.com"}"#,
        r#"{"DNSName": "a.b.wild.example.com"}"#,
        r#"{"DNSName": "192.0.2.8"}"#,
        r#"{"DNSName": "Leaf"}"#,
        r#"{"CurrentTime": 1704067199999999999}"#,
        r#"{"CurrentTime": 5000000000000000000}"#,
        r#"{"KeyUsages": ["KeyUsageClientAuth"]}"#,
    ];
    for (cases, want) in [(&good[..], true), (&bad[..], false)] {
        for options in cases {
            assert_eq!(holds(&[ROOT, INTER, LEAF], options), want, "{options}");
        }
    }
    assert!(holds(&[ROOT, INTER, CLIENT], r#"{"KeyUsages": ["KeyUsageAny"]}"#));
    assert!(holds(&[ROOT, INTER, CLIENT], r#"{"KeyUsages": ["KeyUsageClientAuth"]}"#));
    let wrong = [
        (r#"{"DNSName": 1}"#, "'DNSName' should be a string"),
        (r#"{"CurrentTime": "1"}"#, "'CurrentTime' should be a number"),
        (r#"{"CurrentTime": 1.5}"#, "'CurrentTime' should be a valid int64 number"),
        (r#"{"MaxConstraintComparisons": true}"#, "'MaxConstraintComparisons' should be a number"),
        (
            r#"{"MaxConstraintComparisons": 1e400}"#,
            "'MaxConstraintComparisons' should be a valid number",
        ),
        (r#"{"KeyUsages": "KeyUsageAny"}"#, "'KeyUsages' should be an Array or Set"),
        (
            r#"{"KeyUsages": ["a", "KeyUsageAny", "b"]}"#,
            "invalid entries for 'KeyUsages' found: [a b]",
        ),
        (r#"{"Other": 1}"#, "invalid key option"),
    ];
    for (options, want) in wrong {
        let text = Value::from([ROOT, INTER, LEAF].concat());
        assert_eq!(failure(WITH_OPTIONS, &[&text, &json(options)]), want);
    }
}

#[test]
fn name_constraints_bind_the_names_of_the_leaf() {
    let with = |inter: &str, options: &str| holds(&[ROOT, inter, LEAF], options);
    assert!(with(include_str!("nc_ok.pem"), "{}"));
    assert!(!with(include_str!("nc_ok.pem"), r#"{"MaxConstraintComparisons": 3}"#));
    assert!(with(include_str!("nc_ok.pem"), r#"{"MaxConstraintComparisons": 100}"#));
    assert!(!with(include_str!("nc_dns.pem"), "{}"), "not under a permitted domain");
    assert!(!with(include_str!("nc_excl.pem"), "{}"), "a wildcard that reaches what is excluded");
    assert!(!with(include_str!("nc_ip.pem"), "{}"), "in an excluded network");
    assert!(!with(include_str!("nc_mail.pem"), "{}"), "not the permitted mailbox");
    assert!(!with(include_str!("nc_uri.pem"), "{}"), "a URI of an excluded domain");
}

#[test]
fn an_authority_may_demand_a_policy() {
    let inter = include_str!("pol_inter.pem");
    assert!(holds(&[ROOT, inter, include_str!("pol_leaf.pem")], "{}"));
    assert!(!holds(&[ROOT, inter, include_str!("pol_other.pem")], "{}"));
    assert!(!holds(&[ROOT, inter, LEAF], "{}"));
    assert!(holds(&[ROOT, INTER, include_str!("pol_other.pem")], "{}"));
}
