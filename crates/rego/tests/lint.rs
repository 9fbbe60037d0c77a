//! Lint rules: what each finds, and what it lets pass.
#![cfg(test)]

use rego::lint::{RULES, rule};
use rego::{Compiler, RegoVersion};

/// Rule, rows of its findings, module.
type Case = (&'static str, &'static [u32], &'static str);

const CASES: &[Case] = &[
    ("set-as-condition", &[3, 4], "deny contains 1 if input.a\n\nallow if not deny\nbad if deny"),
    ("set-as-condition", &[2], "deny[x] := 1 if some x in input.a\nallow if not deny"),
    ("set-as-condition", &[], "deny contains 1 if input.a\nallow if count(deny) == 0"),
    ("set-as-condition", &[], "deny contains 1 if input.a\nallow if not deny[1]"),
    ("set-as-condition", &[], "deny contains 1 if input.a\nf(deny) if not deny"),
    ("set-as-condition", &[], "deny if input.a\nallow if not deny"),
    ("set-as-condition", &[2], "deny contains 1 if input.a\nallow if not data.p.deny"),
    (
        "undefined-in-denial",
        &[3],
        "deny contains msg if {\n\tinput.bad\n\tmsg := sprintf(\"%s\", [input.user])\n}",
    ),
    ("undefined-in-denial", &[1], "deny contains input.user if input.bad"),
    ("undefined-in-denial", &[1], "deny contains {\"who\": input.user} if input.bad"),
    ("undefined-in-denial", &[2], "deny if {\n\tuser := input.user\n\tnot user in data.admins\n}"),
    ("undefined-in-denial", &[], "deny contains input.user if input.user.bad"),
    (
        "undefined-in-denial",
        &[],
        "deny contains msg if {\n\tinput.bad\n\tinput.user\n\tmsg := concat(\"\", [\"no \", input.user])\n}",
    ),
    (
        "undefined-in-denial",
        &[],
        "deny contains msg if {\n\tm := input.memory\n\tm > 3\n\tmsg := sprintf(\"%d\", [m])\n}",
    ),
    ("undefined-in-denial", &[], "deny contains $\"no {input.user}\" if input.bad"),
    (
        "undefined-in-denial",
        &[],
        "deny contains object.get(input, \"user\", \"nobody\") if input.bad",
    ),
    ("undefined-in-denial", &[], "users contains input.user if input.bad"),
    (
        "undefined-in-denial",
        &[4],
        "deny contains msg if {\n\tsome d in input.devices\n\tnot d.path in data.ok\n\tmsg := sprintf(\"%s\", [d.path])\n}",
    ),
    (
        "fixed-parts-in-denial",
        &[3],
        "deny if {\n\tsome b in input.binds\n\t[host, _] := split(b, \":\")\n\thost == \"/etc\"\n}",
    ),
    (
        "fixed-parts-in-denial",
        &[],
        "allow if {\n\t[_, token] := split(input.auth, \" \")\n\ttoken == \"x\"\n}",
    ),
    ("port-to-number", &[1], "low if to_number(input.HostPort) < 1024"),
    (
        "port-to-number",
        &[],
        "low if {\n\tregex.match(`^[0-9]+$`, input.HostPort)\n\tto_number(input.HostPort) < 1024\n}",
    ),
    ("port-to-number", &[], "low if to_number(input.age) < 18"),
    ("prefix-without-slash", &[1], "a if startswith(input.p, \"/etc\")"),
    (
        "prefix-without-slash",
        &[4],
        "dirs := {\"/data\", \"/tmp\"}\na(path) if {\n\tsome d in dirs\n\tstartswith(path, d)\n}",
    ),
    ("prefix-without-slash", &[2], "dirs := [\"/data\"]\na(path) if startswith(path, dirs[_])"),
    ("prefix-without-slash", &[], "a if startswith(input.p, \"/etc/\")"),
    ("prefix-without-slash", &[], "a if startswith(input.p, \"/\")"),
    ("prefix-without-slash", &[], "a if startswith(input.p, \"team-\")"),
    ("prefix-without-slash", &[], "a(path, d) if startswith(path, concat(\"\", [d, \"/\"]))"),
    ("one-spelling-of-option", &[1], "a if \"seccomp:unconfined\" in input.opts"),
    ("one-spelling-of-option", &[1], "a if startswith(input.opts[_], \"label=\")"),
    (
        "one-spelling-of-option",
        &[],
        "a if input.o in {\"seccomp:unconfined\", \"seccomp=unconfined\"}",
    ),
    (
        "one-spelling-of-option",
        &[],
        "a if replace(input.o, \"=\", \":\") == \"seccomp:unconfined\"",
    ),
    ("one-spelling-of-option", &[], "a := \"label: a sentence\""),
    ("raw-path", &[1], "a if input.Path == \"/containers/create\""),
    ("raw-path", &[1], "a if startswith(input.Path, \"/containers/\")"),
    ("raw-path", &[1], "a if input.Path in {\"/x\"}"),
    ("raw-path", &[3], "a if {\n\tp := input.Path\n\tp == \"/x\"\n}"),
    ("raw-path", &[], "a if input.PathArr == [\"\", \"x\"]"),
    ("raw-path", &[], "a if input.path == \"/x\""),
    ("unreachable", &[3], "a if {\n\tinput.m == \"A\"\n\tinput.m == \"B\"\n}"),
    ("unreachable", &[3], "a if {\n\t\"A\" == input[\"m\"]\n\tinput.m != \"A\"\n}"),
    ("unreachable", &[3], "a if {\n\tinput.m\n\tnot input.m\n}"),
    ("unreachable", &[1], "a if false"),
    ("unreachable", &[1], "a if 1 > 2"),
    ("unreachable", &[1], "a := 1 if input.x else := 2 if true else := 3 if input.y"),
    ("unreachable", &[], "a := 1 if input.x else := 2"),
    ("unreachable", &[], "f(\"a\") := 1 if true else := 2 if input.y"),
    ("unreachable", &[], "a if {\n\tinput.ms[_] == \"A\"\n\tinput.ms[_] == \"B\"\n}"),
    ("unreachable", &[], "a if {\n\tinput.m == \"A\" with input as {}\n\tinput.m == \"B\"\n}"),
    ("default-shadowed", &[2], "default a := false\na := false if input.x"),
    ("default-shadowed", &[2], "default a := false\na := true"),
    ("default-shadowed", &[], "default a := false\na := input.x"),
    ("default-shadowed", &[1], "default a := \"false\"\na if input.x"),
    ("default-shadowed", &[], "default a := false\na if input.x"),
    ("default-shadowed", &[], "default a := false\na := false if input.x else if input.y"),
    ("default-shadowed", &[], "default a := null\na := \"x\" if input.x"),
    ("test-cannot-fail", &[1], "test_a if 1 == 1"),
    ("test-cannot-fail", &[1], "test_a if upper(\"a\") == \"A\""),
    ("test-cannot-fail", &[2], "allow if input.x\ntest_a if not data.p.alow with input as {}"),
    ("test-cannot-fail", &[2], "deny contains 1 if input.x\ntest_a if count(deny) >= 0"),
    ("test-cannot-fail", &[], "allow if input.x\ntest_a if not allow with input as {}"),
    ("test-cannot-fail", &[], "f(x) := x + 1\ntest_a if f(1) == 2"),
    ("test-cannot-fail", &[], "test_a if data.other.allow with input as {}"),
    ("test-cannot-fail", &[], "test_a if not data.other.allow with input as {}"),
    (
        "test-cannot-fail",
        &[],
        "allow if input.x\nis_ok(d) if allow with input as d\ntest_a if is_ok({})",
    ),
];

/// Returns the rows of what a rule finds.
fn rows(id: &str, text: &str, version: RegoVersion) -> Vec<u32> {
    let compiler = Compiler::new().rego_version(version).module("p.rego", text);
    let found = compiler.lint(&[]).unwrap_or_else(|errors| panic!("{errors}\n{text}"));
    let of_rule = found.diagnostics.iter().filter(|finding| finding.code == id);
    of_rule
        .map(|finding| {
            assert!(finding.hint.is_some(), "{id}: no hint");
            found.sources.resolve(finding.location.unwrap()).unwrap().1.row
        })
        .collect()
}

#[test]
fn each_rule_finds_what_bites_and_nothing_else() {
    for (id, expected, rules) in CASES {
        let found = rows(id, &format!("package p\n{rules}\n"), RegoVersion::V1);
        // The case does not count the row of the package.
        let expected: Vec<_> = expected.iter().map(|row| row + 1).collect();
        assert_eq!(found, expected, "{id}:\n{rules}");
    }
}

#[test]
fn each_rule_is_explained_and_tested_both_ways() {
    for known in &RULES {
        assert!(rule(known.id).is_some_and(|rule| rule.explanation.len() > 100), "{}", known.id);
        let of_rule = || CASES.iter().filter(|case| case.0 == known.id);
        assert!(of_rule().any(|case| case.1.is_empty()), "{}", known.id);
        assert!(of_rule().any(|case| !case.1.is_empty()), "{}", known.id);
    }
    assert!(RULES.is_sorted_by_key(|rule| rule.id));
}

#[test]
fn rules_of_v0_are_read_alike() {
    let text = "package p\n\ndeny[msg] { msg := input.user }\n\nallow { not deny }\n";
    assert_eq!(rows("set-as-condition", text, RegoVersion::V0), [5]);
}

#[test]
fn names_are_followed_through_imports_and_modules() {
    let gate = "package gate\n\ndeny contains 1 if input.x\n";
    let user = "package p\n\nimport data.gate as g\n\nallow if not g.deny\n";
    let found = Compiler::new().module("g.rego", gate).module("p.rego", user).lint(&[]).unwrap();
    let found: Vec<_> = found.diagnostics.iter().map(|finding| finding.code).collect();
    assert_eq!(found, ["set-as-condition"]);
}

#[test]
fn comments_and_callers_silence_rules() {
    let bad = "deny contains 1 if input.a\nallow if not deny";
    let beside = format!("package p\n{bad} # lint: ignore set-as-condition\n");
    let before = "package p\ndeny contains 1 if input.a\n# lint: ignore raw-path, set-as-condition\nallow if not deny\n";
    let other = format!("package p\n{bad} # lint: ignore raw-path\n");
    for (text, count) in [(beside.as_str(), 0), (before, 0), (other.as_str(), 1)] {
        assert_eq!(rows("set-as-condition", text, RegoVersion::V1).len(), count, "{text}");
    }
    let disabled = ["set-as-condition".to_string()];
    let found = Compiler::new().module("p.rego", other).lint(&disabled).unwrap();
    assert!(found.diagnostics.is_empty());
}

#[test]
fn what_cannot_be_read_is_an_error() {
    assert!(Compiler::new().module("p.rego", "package p\nallow if {").lint(&[]).is_err());
}

#[test]
fn policies_of_many_rules_are_looked_through() {
    let rules: String = (0..20_000).map(|i| format!("a{i} if a{}\n", i / 2)).collect();
    let text = format!("package p\n{rules}");
    assert!(rows("set-as-condition", &text, RegoVersion::V1).is_empty());
}
