//! `capabilities`, and the flag of that name.

use insta::assert_snapshot;

use crate::place::{Place, run};

/// What is below a key, on one line.
fn below(json: &str, from: &str, to: &str) -> String {
    let start = json.find(from).unwrap();
    let rest = &json[start..];
    let end = rest.find(to).unwrap();
    rest[..end].split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn versions_are_listed() {
    let listed = run(&["capabilities"]);
    assert!(listed.starts_with("exit 0\n--- stdout\nv0.46.0\n"), "{listed}");
    assert!(listed.ends_with("\nv1.12.0\nv1.13.0\n"), "{listed}");
}

#[test]
fn those_of_this_program() {
    let shown = run(&["capabilities", "--current"]);
    assert_snapshot!(below(&shown, r#""name": "walk""#, r#""name": "yaml"#), @r#""name": "walk", "decl": { "args": [ { "type": "any" } ], "result": { "static": [ { "dynamic": { "type": "any" }, "type": "array" }, { "type": "any" } ], "type": "array" }, "type": "function" }, "relation": true }, {"#);
    assert_snapshot!(below(&shown, r#""name": "and""#, r#""name": "any""#), @r#""name": "and", "decl": { "args": [ { "of": { "type": "any" }, "type": "set" }, { "of": { "type": "any" }, "type": "set" } ], "result": { "of": { "type": "any" }, "type": "set" }, "type": "function" }, "infix": "\u0026" }, {"#);
    assert_snapshot!(below(&shown, r#""name": "print""#, r#""name": "product""#), @r#""name": "print", "decl": { "type": "function", "variadic": { "type": "any" } } }, {"#);
    assert_snapshot!(below(&shown, r#""name": "time.now_ns""#, r#""name": "time.parse_d"#), @r#""name": "time.now_ns", "decl": { "result": { "type": "number" }, "type": "function" }, "nondeterministic": true }, {"#);
    assert_snapshot!(&shown[shown.find("  \"wasm_abi_versions\"").unwrap()..], @r#"
      "wasm_abi_versions": [
        {
          "version": 1,
          "minor_version": 1
        },
        {
          "version": 1,
          "minor_version": 2
        }
      ],
      "features": [
        "keywords_in_refs",
        "rego_v1",
        "template_strings"
      ]
    }
    "#);
    let old = run(&["capabilities", "--current", "--v0-compatible"]);
    assert_snapshot!(below(&old, "\"future_keywords\"", "\"wasm"), @r#""future_keywords": [ "contains", "every", "if", "in" ],"#);
}

#[test]
fn those_of_another_version_or_a_file() {
    let old = run(&["capabilities", "--version", "v1.7.1"]);
    assert!(old.contains("\"strings.count\"") && !old.contains("\"array.flatten\""), "{old}");
    assert_snapshot!(below(&old, "\"features\"", "\n}"), @r#""features": [ "keywords_in_refs", "rego_v1" ]"#);
    assert_snapshot!(run(&["capabilities", "--version", "v9.0.0"]), @"
    exit 1
    --- stderr
    error: no capabilities version found v9.0.0
    ");
    let place = Place::with(&[
        (
            "c.json",
            r#"{"features": ["x"], "builtins": [{"name": "f", "odd": 1}], "allow_net": ["a"]}"#,
        ),
        ("d.json", r#"{"builtins": [{}]}"#),
    ]);
    assert_snapshot!(place.run(&["capabilities", "--file", "c.json"]), @r#"
    exit 0
    --- stdout
    {
      "builtins": [
        {
          "name": "f"
        }
      ],
      "features": [
        "x"
      ],
      "allow_net": [
        "a"
      ]
    }
    "#);
    assert_snapshot!(place.run(&["capabilities", "--file", "d.json"]), @"
    exit 1
    --- stderr
    error: d.json: a builtin must have a `name`
    ");
    assert_snapshot!(place.run(&["capabilities", "--file", "e.json"]), @"
    exit 1
    --- stderr
    error: open e.json: no such file or directory
    ");
}

#[test]
fn policies_are_held_to_them() {
    let place = Place::with(&[
        ("c.json", r#"{"features": ["rego_v1"], "builtins": [{"name": "eq"}, {"name": "plus"}]}"#),
        (
            "old.json",
            r#"{"features": ["rule_head_ref_string_prefixes"], "future_keywords": ["in"], "builtins": []}"#,
        ),
        ("p.rego", "package p\n\na := count([1])\n\nb := 1 + 2\n"),
        ("q.rego", "package p\n\na := $\"{1}\"\n"),
        ("r.rego", "package p\n\na := input.package\n"),
        ("o.rego", "package p\n\nimport future.keywords.if\n\na[x].b { x = 1 }\n"),
        ("h.rego", "package p\n\na[x].b { x = 1 }\n"),
    ]);
    assert_snapshot!(place.run(&["check", "--capabilities", "c.json", "p.rego"]), @"
    exit 1
    --- stderr
    1 error occurred: p.rego:3: rego_type_error: undefined function count
    	a := count([1])
    	     ^^^^^^^^^^
    ");
    let said = place.run(&["check", "--capabilities", "v1.7.0", "q.rego"]);
    let wanted =
        "q.rego:3: rego_parse_error: template strings are not supported by current capabilities";
    assert!(said.contains(wanted), "{said}");
    assert!(
        place
            .run(&["check", "--capabilities", "c.json", "r.rego"])
            .contains("unexpected package keyword: expected identifier")
    );
    assert_snapshot!(place.run(&["check", "--capabilities", "v0.60.0", "p.rego"]), @"
    exit 1
    --- stderr
    1 error occurred: rego_parse_error: illegal capabilities: rego_v1 feature required for parsing v1 Rego
    ");
    assert!(
        place
            .run(&["check", "--capabilities", "old.json", "--v0-compatible", "o.rego"])
            .contains("unexpected keyword, must be one of [in]")
    );
    assert!(
        place.run(&["check", "--capabilities", "old.json", "--v0-compatible", "h.rego"]).contains(
            "rule heads with general refs (containing variables) are not supported: a[x].b"
        )
    );
    assert_snapshot!(place.run(&["check", "--capabilities", "nope", "p.rego"]), @"
    exit 1
    --- stderr
    1 error occurred: no such file or capabilities version found: nope
    ");
    assert!(
        place
            .run(&["eval", "--capabilities", "c.json", "count([])"])
            .contains("undefined function count")
    );
    assert_eq!(
        place.run(&["eval", "--capabilities", "c.json", "-fraw", "1 + 2"]),
        "exit 0\n--- stdout\n3\n"
    );
    assert!(
        place
            .run(&["build", "--capabilities", "c.json", "p.rego"])
            .contains("undefined function count")
    );
}
