use rego_value::Value;
use rego_vm::BuiltinError;
use rego_vm::builtin::Halt;

use crate::testing::{call, check, check_error};

/// Checks a builtin whose result is a set; it is written as a JSON array.
fn check_set(name: &str, operands: &str, want: &str) {
    let json = |text: &str| Value::from_json(text.as_bytes()).unwrap();
    let operands = json(operands);
    let operands: Vec<&Value> = operands.as_array().unwrap().iter().collect();
    let want = Value::set(json(want).as_array().unwrap().to_vec());
    assert_eq!(call(name, &operands), Ok(want), "{name} {operands:?}");
}

#[test]
fn networks_contain_what_shares_their_prefix() {
    for (network, member, want) in [
        ("10.0.0.0/8", "10.1.0.0/24", "true"),
        ("10.0.0.0/8", "10.1.2.3", "true"),
        ("172.17.0.0/24", "172.17.0.0/16", "false"),
        ("0.0.0.0/0", "1.2.3.4", "true"),
        ("::/0", "1.2.3.4", "false"),
        ("::ffff:1.2.3.0/120", "1.2.3.4", "true"),
        ("2001:4860:4860::8888/32", "2001:4860:4860:1234::8888/40", "true"),
        ("2001:4860::/96", "2001:4860::/32", "false"),
    ] {
        check("net.cidr_contains", &format!(r#"["{network}", "{member}"]"#), want);
    }
    check("net.cidr_intersects", r#"["10.0.0.0/24", "10.0.0.0/8"]"#, "true");
    check("net.cidr_intersects", r#"["10.0.0.0/24", "10.0.1.0/24"]"#, "false");
    let wrong = "not a valid textual representation of an IP address or CIDR: x";
    check_error("net.cidr_contains", r#"["10.0.0.0/8", "x"]"#, wrong);
}

#[test]
fn texts_are_networks_as_in_go() {
    for (text, want) in [
        ("10.0.0.1/08", "true"),
        ("10.0.0.1/33", "false"),
        ("10.0.0.1/", "false"),
        ("10.0.0.1/+8", "false"),
        ("10.0.0.01/8", "false"),
        ("10.0.0.1", "false"),
        ("fe80::1%eth0/64", "false"),
        ("::/128", "true"),
    ] {
        check("net.cidr_is_valid", &format!(r#"["{text}"]"#), want);
    }
    check("net.cidr_is_valid", "[1]", "false");
}

#[test]
fn matches_are_named_by_both_sides() {
    for (networks, members, want) in [
        (r#""1.1.1.0/24""#, r#""1.1.1.1""#, r#"[["1.1.1.0/24", "1.1.1.1"]]"#),
        (r#"["1.1.2.0/24", ["1.1.1.0/24", 7]]"#, r#"["1.1.1.1", "1.1.2.1"]"#, "[[0, 1], [1, 0]]"),
        (r#"{"x": "1.1.1.0/24"}"#, r#"{"y": ["1.1.1.1"], "z": "2.2.2.2"}"#, r#"[["x", "y"]]"#),
        ("[]", r#"["1.1.1.1"]"#, "[]"),
    ] {
        check_set("net.cidr_contains_matches", &format!("[{networks}, {members}]"), want);
    }
    let wrong = "operand 2: element must be string or non-empty array";
    check_error("net.cidr_contains_matches", r#"[["1.1.1.0/24"], [[]]]"#, wrong);
}

#[test]
fn networks_are_expanded_within_the_budget() {
    check_set("net.cidr_expand", r#"["10.0.0.3/31"]"#, r#"["10.0.0.2", "10.0.0.3"]"#);
    check_set("net.cidr_expand", r#"["fe80::/127"]"#, r#"["fe80::", "fe80::1"]"#);
    check_error("net.cidr_expand", r#"["1.1.1.1/33"]"#, "invalid CIDR address: 1.1.1.1/33");
    for text in ["0.0.0.0/0", "::/0"] {
        let outcome = call("net.cidr_expand", &[&Value::from(text)]);
        assert_eq!(outcome, Err(BuiltinError::Halt(Halt::Steps)));
    }
}

#[test]
fn neighbours_are_merged() {
    for (networks, want) in [
        (r#"["192.0.2.112/30", "192.0.2.116/31", "192.0.2.118/31"]"#, r#"["192.0.2.112/29"]"#),
        (r#"["192.0.129.0/24", "192.0.130.0/24"]"#, r#"["192.0.129.0/24", "192.0.130.0/24"]"#),
        (r#"["192.0.128.0/24", "0.0.0.0/0"]"#, r#"["0.0.0.0/0"]"#),
        (r#"["0.0.0.0/1", "128.0.0.0/1"]"#, r#"["0.0.0.0/0"]"#),
        (r#"["::/1", "8000::/1"]"#, r#"["::/0"]"#),
        (r#"["192.0.2.112", "192.0.2.116/31"]"#, r#"["192.0.2.0/24"]"#),
        (r#"["fe80::/120", "192.0.2.0/24", "192.0.3.0/24"]"#, r#"["192.0.2.0/23", "fe80::/120"]"#),
        ("[]", "[]"),
    ] {
        check_set("net.cidr_merge", &format!("[{networks}]"), want);
    }
    check_error("net.cidr_merge", r#"[["::1"]]"#, "IPv6 invalid: needs prefix length");
    check_error("net.cidr_merge", "[[1]]", "element must be string");
}
