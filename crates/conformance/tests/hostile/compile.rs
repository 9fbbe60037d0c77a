//! Policies that are hard to read.

use rego::RegoVersion;

use crate::outcome;

const DEEP: usize = 100_000;

/// Compiles in both grammars; the answer must be an error of the parser or the compiler.
#[track_caller]
fn refused(name: &str, module: &str) {
    for version in [RegoVersion::V1, RegoVersion::V0, RegoVersion::Auto] {
        let code = outcome(name, module.to_owned(), version);
        assert!(code.starts_with("rego_"), "{name}, {version:?}: {code}");
    }
}

/// Compiles in both grammars; any end will do.
#[track_caller]
fn ends(name: &str, module: &str) {
    for version in [RegoVersion::V1, RegoVersion::V0, RegoVersion::Auto] {
        outcome(name, module.to_owned(), version);
    }
}

#[test]
fn nesting_bombs() {
    let nested = |open: &str, close: &str| {
        format!("package p\n\nx := {}1{}\n", open.repeat(DEEP), close.repeat(DEEP))
    };
    for (open, close) in [
        ("[", "]"),
        ("{", "}"),
        ("(", ")"),
        ("{1: ", "}"),
        ("[1 | ", "]"),
        ("[y | y := ", "]"),
        ("{1: 2 | z = ", "}"),
        ("f(", ")"),
        ("input[", "]"),
        ("-", ""),
        ("[[", ""),
        ("$\"{", "}\""),
        ("{{[(", ""),
    ] {
        refused(open, &nested(open, close));
    }
}

#[test]
fn long_chains() {
    ends("infix", &format!("package p\n\nx := 1{}\n", " + 1".repeat(DEEP)));
    ends("pipes", &format!("package p\n\nx := {{1}}{}\n", " | {1}".repeat(DEEP)));
    ends("reference", &format!("package p\n\nx := input{}\n", ".a".repeat(DEEP)));
    ends("brackets", &format!("package p\n\nx := input{}\n", "[_]".repeat(DEEP)));
    ends("not", &format!("package p\n\nx if {} true\n", "not ".repeat(DEEP)));
    ends("with", &format!("package p\n\nx if true{}\n", " with input.a as 1".repeat(DEEP)));
    let otherwise = " else := 2 if { false }".repeat(DEEP);
    ends("else", &format!("package p\n\nx := 1 if {{ false }}{otherwise}\n"));
    let every = "every y in [1] { ".repeat(2_000);
    ends("every", &format!("package p\n\nx if {{ {every} true {} }}\n", "}".repeat(2_000)));
    ends("package", &format!("package p{}\n", ".a".repeat(DEEP)));
    ends("imports", &format!("package p\n{}", "import data.a.b\n".repeat(DEEP)));
    ends("head", &format!("package p\n\nx{} := 1\n", "[input.a]".repeat(DEEP)));
    ends("errors", &format!("package p\n\n{}", "x := \n".repeat(DEEP)));
    ends("unsafe", &format!("package p\n\n{}", "x if y\n".repeat(20_000)));
}

#[test]
fn long_tokens() {
    let long = "a".repeat(10 << 20);
    ends("name", &format!("package p\n\nx := {long}\n"));
    ends("string", &format!("package p\n\nx := \"{long}\"\n"));
    ends("open string", &format!("package p\n\nx := \"{long}"));
    ends("comment", &format!("package p\n# {long}\nx := 1\n"));
    ends("digits", &format!("package p\n\nx := {}\n", "9".repeat(1 << 20)));
    ends("fraction", &format!("package p\n\nx := 0.{} + 1\n", "9".repeat(1 << 20)));
    ends("exponent", "package p\n\nx := 1e999999999999999999999999 + 1\n");
    ends("small exponent", "package p\n\nx := 1e-999999999 * 3\n");
    ends("nul", &format!("package p\n{}", "\0".repeat(1 << 20)));
    ends("spaces", &format!("package p\n{}\nx := 1", " ".repeat(10 << 20)));
}

#[test]
fn a_policy_of_ten_megabytes() {
    let rule =
        |n: usize| format!("x if {{ input.method == \"GET\"; input.path == [\"a\", \"b{n}\"] }}\n");
    let mut module = String::from("package p\n\n");
    let mut n = 0;
    while module.len() < 10 << 20 {
        module.push_str(&rule(n));
        n += 1;
    }
    let got = outcome("10 MB of rules", module, RegoVersion::V1);
    assert!(got == "undefined" || got.starts_with("rego_"), "{got}");
    let literal = format!("package p\n\nx := [{}]\n", "\"abcdef\", ".repeat(1 << 20));
    let got = outcome("10 MB of a literal", literal, RegoVersion::V1);
    assert!(got == "defined" || got.starts_with("rego_"), "{got}");
}

#[test]
fn recursion_is_refused() {
    refused("itself", "package p\n\nx := x { true }\n");
    let ring: String =
        (0..5_000).map(|n| format!("r{n} = 1 {{ r{} }}\n", (n + 1) % 5_000)).collect();
    let code = outcome("ring", format!("package p\n\nx = r0\n{ring}"), RegoVersion::V0);
    assert_eq!(code, "rego_recursion_error");
}
