//! Policies that ask for too much.

use rego::RegoVersion;

use crate::outcome;

/// Evaluates `x` of a package with these rules.
#[track_caller]
fn eval(name: &str, rules: &str) -> &'static str {
    let got = outcome(name, format!("package p\n\n{rules}\n"), RegoVersion::V1);
    assert_ne!(got, "eval_internal_error", "{name}");
    got
}

/// Evaluates; the answer must be that it costs too much.
#[track_caller]
fn too_much(name: &str, rules: &str) {
    let got = eval(name, rules);
    assert!(matches!(got, "eval_budget_error" | "eval_cancel_error"), "{name}: {got}");
}

#[test]
fn a_billion_turns() {
    let ranges = "some a in numbers.range(1, 1000)\n\tsome b in numbers.range(1, 1000)\n\t\
                  some c in numbers.range(1, 1000)\n\t";
    too_much("nested loops", &format!("x if {{\n\t{ranges}a + b + c == 0\n}}"));
    too_much("comprehension", &format!("x := count([1 |\n\t{ranges}a + b + c > 0\n])"));
    too_much(
        "every",
        "x if {\n\tevery a in numbers.range(1, 30000) {\n\t\tevery b in numbers.range(1, 30000) {\n\t\t\ta + b > 0\n\t\t}\n\t}\n}",
    );
    let calls = "f(n) := [n | some a in numbers.range(1, 1000); some b in numbers.range(1, 1000); a + b == n]";
    too_much("functions", &format!("{calls}\nx := [f(n) | some n in numbers.range(3000, 4000)]"));
}

#[test]
fn documents_that_grow() {
    let grown = |first: &str, step: &str| {
        let steps =
            (1..64).map(|n| format!("a{n} := {}\n", step.replace('$', &format!("a{}", n - 1))));
        format!("a0 := {first}\n{}x := count(json.marshal(a63))", steps.collect::<String>())
    };
    too_much("text doubled", &grown("\"xxxxxxxx\"", "concat(\"\", [$, $])"));
    too_much("format doubled", &grown("\"xxxxxxxx\"", "sprintf(\"%s%s\", [$, $])"));
    too_much("array doubled", &grown("[1, 2]", "array.concat($, $)"));
    too_much("tree doubled", &grown("[1]", "[$, $]"));
    too_much("object doubled", &grown("{\"a\": 1}", "{\"l\": $, \"r\": $}"));
    too_much("range", "x := numbers.range(1, 1000000000000)");
    too_much("range with step", "x := numbers.range_step(1, 1000000000000, 2)");
    too_much("network", "x := net.cidr_expand(\"10.0.0.0/1\")");
    too_much("network of version 6", "x := net.cidr_expand(\"::/0\")");
}

/// What is too large for an operand is the builtin's to refuse.
#[test]
fn operands_that_are_too_large() {
    for (name, call) in [
        ("shift", "bits.lsh(1, 10000000000)"),
        ("shift, large", "bits.lsh(1, 1000000)"),
        ("width", "sprintf(\"%999999999d\", [1])"),
        ("precision", "sprintf(\"%.999999999f\", [1])"),
        ("exponent", "to_number(\"1e999999999\") + 1"),
        ("exponent, small", "to_number(\"1e-999999999\") + 1"),
        ("product", "1e100000 * 1e100000"),
        ("remainder", "1e99999 % 7"),
        ("base", "format_int(1e99999, 2)"),
        ("round", "round(1e99999)"),
        ("unit", "units.parse_bytes(\"1e999999999Ki\")"),
        ("units", "units.parse(\"99999999999999999999999999999999999E\")"),
        ("random", "rand.intn(\"a\", 1e18)"),
        ("date", "time.add_date(0, 1000000000, 1000000000, 1000000000)"),
        ("clock", "time.clock(1e30)"),
        ("layout", "time.format([0, \"UTC\", \"Monday\"])"),
        ("repetition", "regex.match(`(((a{1000}){1000}){1000})`, \"a\")"),
        ("repetitions", "regex.match(`a{1000}{1000}{1000}`, \"aaaa\")"),
        (
            "backtracking",
            "regex.match(`^(a+)+$`, concat(\"\", [\"a\" | some _ in numbers.range(1, 30000)]))",
        ),
        ("groups", "regex.find_n(`(a*)*(b*)*(c*)*`, \"aabbccd\", -1)"),
        ("template", "regex.template_match(`{`, `x`, `{`, `}`)"),
        (
            "intersection",
            "regex.globs_match(`[a-z]*[a-z]*[a-z]*[a-z]*[a-z]*[a-z]*`, `[b-y]*[b-y]*[b-y]*[b-y]*z`)",
        ),
        ("glob", "glob.match(\"{a,{a,{a,{a,{a,{a,{a,b}}}}}}}\", [], \"b\")"),
        (
            "globs",
            "glob.match(\"a*a*a*a*a*a*a*a*a*a*a*a*b\", [], \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\")",
        ),
        ("split", "count(split(concat(\"\", [\"a\" | some _ in numbers.range(1, 100000)]), \"\"))"),
        (
            "indexes",
            "count(indexof_n(concat(\"\", [\"a\" | some _ in numbers.range(1, 100000)]), \"a\"))",
        ),
        ("step", "numbers.range_step(0, 10, 0)"),
        (
            "aliases",
            "yaml.unmarshal(\"a: &a [x, x]\\nb: &b [*a, *a]\\nc: &c [*b, *b]\\nd: [*c, *c]\")",
        ),
        ("version", "semver.compare(\"99999999999999999999999.0.0\", \"1.0.0\")"),
    ] {
        eval(name, &format!("x := {call}"));
    }
}

#[test]
fn documents_in_text() {
    let nested =
        "count(json.unmarshal(concat(\"\", [c | some _ in numbers.range(1, 100000); c := \"[\"])))";
    assert_ne!(eval("json", &format!("x := {nested}")), "defined");
    let yaml = nested.replace("json", "yaml");
    assert_ne!(eval("yaml", &format!("x := {yaml}")), "defined");
    let laughs: String =
        (1..40).map(|n| format!("a{n}: &a{n} [*a{}, *a{}]\\n", n - 1, n - 1)).collect();
    let got = eval("laughs", &format!("x := count(yaml.unmarshal(\"a0: &a0 [x]\\n{laughs}\"))"));
    assert_ne!(got, "defined");
    eval(
        "patches",
        "x := json.patch({}, [{\"op\": \"add\", \"path\": \"/a/b/c/d\", \"value\": 1}])",
    );
}

#[test]
fn chains_of_rules() {
    let links: String = (1..10_000).map(|n| format!("r{n} := r{} + 1\n", n - 1)).collect();
    let got = eval("rules", &format!("r0 := 0\n{links}x := r9999"));
    assert!(matches!(got, "defined" | "eval_budget_error"), "{got}");
    let links: String = (1..10_000).map(|n| format!("f{n}(a) := f{}(a) + 1\n", n - 1)).collect();
    let got = eval("functions", &format!("f0(a) := a\n{links}x := f9999(1)"));
    assert!(matches!(got, "defined" | "eval_budget_error"), "{got}");
    let links: String =
        (1..10_000).map(|n| format!("s{n} contains a if some a in s{}\n", n - 1)).collect();
    let got = eval("sets", &format!("s0 := {{1}}\n{links}x := s9999"));
    assert!(matches!(got, "defined" | "eval_budget_error"), "{got}");
    eval("graph", "x := graph.reachable({n: [n + 1] | some n in numbers.range(1, 50000)}, {1})");
    eval(
        "paths",
        "x := count(graph.reachable_paths({n: [n + 1, n + 2] | some n in numbers.range(1, 60)}, {1}))",
    );
}
