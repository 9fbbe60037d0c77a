//! METADATA blocks: what they say, what is wrong with them, and what rules see of them.
#![allow(clippy::unwrap_used, reason = "a test may panic and say why")]

use rego::{Annotations, Compiler, EvalOptions, ast_json};

fn compiler(modules: &[&str]) -> Compiler {
    let start = Compiler::new().annotations(Annotations::Check);
    let modules = modules.iter().enumerate();
    modules.fold(start, |all, (at, text)| all.module(format!("{at}.rego"), *text))
}

/// The value of a query as JSON.
#[track_caller]
fn value(modules: &[&str], query: &str) -> String {
    let policy = compiler(modules).compile().unwrap();
    let value = policy.prepare(query).unwrap().value(None, &EvalOptions::default()).unwrap();
    value.map_or_else(|| "undefined".to_owned(), |value| value.to_json())
}

/// What is wrong with a block of this text before a rule.
#[track_caller]
fn error(yaml: &str) -> String {
    let text = format!("package p\n\n# METADATA\n{yaml}\na := 1\n");
    error_of(&[&text])
}

#[track_caller]
fn error_of(modules: &[&str]) -> String {
    let Err(errors) = compiler(modules).compile() else { return "fine".to_owned() };
    let shown: Vec<String> = errors
        .to_values()
        .iter()
        .map(|error| {
            let at = |name| error.get_path(&["location", name]).unwrap().to_json();
            let text = |name| error.get_path(&[name]).unwrap().as_str().unwrap().to_owned();
            format!("{}:{} {}: {}", at("row"), at("col"), text("code"), text("message"))
        })
        .collect();
    shown.join("\n")
}

#[test]
fn every_field() {
    let text = "package p\n
# METADATA
# title: A title
# description: |
#   Two
#   lines
# organizations:
# - One
# - 2
# related_resources:
# - https://example.com
# - ref: https://example.com/b
#   description: ' b '
# authors:
# - Ann Other <ann@example.com>
# - Bob
# - name: Cy
# - email: d@example.com
# schemas:
# - input: schema.a[\"b-c\"]
# - data.x: {type: string}
# compile:
#   unknowns: [input.a]
#   mask_rule: mask
# custom:
#   yes: no
#   day: 2024-05-01
#   list: [1, 1.5, null, {a: b}]
a := rego.metadata.rule()
";
    assert_eq!(
        value(&[text], "data.p.a"),
        r#"{"authors":[{"email":"ann@example.com","name":"Ann Other"},{"name":"Bob"},{"name":"Cy"},{"email":"d@example.com"}],"compile":{"mask_rule":["mask"],"unknowns":[["input","a"]]},"custom":{"day":"2024-05-01T00:00:00Z","list":[1,1.5,null,{"a":"b"}],"yes":"no"},"description":"Two\nlines\n","organizations":["One","2"],"related_resources":[{"ref":"https://example.com"},{"description":"b","ref":"https://example.com/b"}],"schemas":[{"path":["input"],"schema":["schema","a","b-c"]},{"definition":{"type":"string"},"path":["data","x"]}],"scope":"rule","title":"A title"}"#
    );
    let json = ast_json::parsed("p.rego", text, rego::RegoVersion::V1).unwrap();
    let rule = &json.get_path(&["rules"]).unwrap().as_array().unwrap()[0];
    assert_eq!(rule.get_path(&["annotations"]), json.get_path(&["annotations"]));
    let schemas = json.get_path(&["annotations"]).unwrap().as_array().unwrap()[0]
        .get_path(&["schemas"])
        .unwrap()
        .to_json();
    assert_eq!(
        schemas,
        r#"[{"path":[{"type":"var","value":"input"}],"schema":[{"type":"var","value":"schema"},{"type":"string","value":"a"},{"type":"string","value":"b-c"}]},{"definition":{"type":"string"},"path":[{"type":"var","value":"data"},{"type":"string","value":"x"}]}]"#
    );
}

#[test]
fn chain_of_all_scopes() {
    let modules = [
        "# METADATA\n# scope: subpackages\n# title: root\npackage a\n",
        "# METADATA\n# title: package\npackage a.b\n
# METADATA\n# scope: document\n# title: document\nc.d := 0 if false\n
# METADATA\n# title: rule\nc.d := x if x := [l.annotations.title | some l in rego.metadata.chain()]\n
c.e := [l.path | some l in rego.metadata.chain()]\n
c[x] := rego.metadata.chain()[0] if x := \"f\"\n
g := 1 if { false } else := rego.metadata.chain()\n
h := rego.metadata.rule()\n",
    ];
    assert_eq!(value(&modules, "data.a.b.c.d"), r#"["rule","document","package","root"]"#);
    assert_eq!(value(&modules, "data.a.b.c.e"), r#"[["a","b","c","e"],["a","b"],["a"]]"#);
    assert_eq!(value(&modules, "data.a.b.c.f"), r#"{"path":["a","b","c"]}"#);
    assert_eq!(value(&modules, "data.a.b.g[0]"), r#"{"path":["a","b","g"]}"#);
    assert_eq!(value(&modules, "data.a.b.h"), "{}");
    assert_eq!(value(&modules, "rego.metadata.rule()"), "undefined");
}

#[test]
fn blocks_that_cannot_be_read() {
    let cases = [
        ("# title: [a", "4:1 rego_parse_error: yaml: line 1: did not find expected ',' or ']'"),
        ("#", "3:1 rego_parse_error: expected METADATA block, found whitespace"),
        (
            "# title",
            "4:1 rego_parse_error: yaml: unmarshal errors:\n  line 1: cannot unmarshal !!str \
             `title` into ast.rawAnnotation",
        ),
        (
            "# title: a\n# entrypoint: some long text\n# scope: rule",
            "6:1 rego_parse_error: yaml: unmarshal errors:\n  line 2: cannot unmarshal !!str \
             `some lo...` into bool",
        ),
        (
            "# title: a\n# title: b",
            "5:1 rego_parse_error: yaml: unmarshal errors:\n  line 2: mapping key \"title\" \
             already defined at line 1",
        ),
        (
            "# organizations: a\n# authors: {}",
            "5:1 rego_parse_error: yaml: unmarshal errors:\n  line 1: cannot unmarshal !!str `a` \
             into []string\n  line 2: cannot unmarshal !!map into []interface {}",
        ),
        (
            "# title:a\n# scope: rule",
            "5:1 rego_parse_error: yaml: line 2: mapping values are not allowed in this context\n  \
             Hint: on line 4, symbol(s) ['a'] immediately following a key/value separator ':' is \
             not a legal yaml space character",
        ),
        (
            "# authors: [5]",
            "3:1 rego_parse_error: invalid author definition %!s(int=5): invalid value type, must \
             be string or map",
        ),
        (
            "# authors: ['']",
            "3:1 rego_parse_error: invalid author definition : author is an empty string",
        ),
        (
            "# related_resources: [{description: a}]",
            "3:1 rego_parse_error: invalid related-resource definition map[description:a]: 'ref' \
             value required in object",
        ),
        ("# schemas: [{foo: schema}]", "3:1 rego_parse_error: invalid document reference"),
        ("# schemas: [{input: foo}]", "3:1 rego_parse_error: invalid schema reference"),
        (
            "# schemas: [{input: 5}]",
            "3:1 rego_parse_error: invalid schema declaration for path \"input\"",
        ),
        ("# custom: {x: {1: b}}", "3:1 rego_parse_error: invalid map key type(s): "),
    ];
    for (yaml, expected) in cases {
        // The place of a misfit is the comment after it, as in OPA.
        assert_eq!(error(yaml), expected, "{yaml}");
    }
}

#[test]
fn scopes_that_do_not_fit() {
    let scopes = "'rule', 'document', 'package', or 'subpackages'";
    assert_eq!(
        error("# scope: nope"),
        format!("3:1 rego_parse_error: invalid annotation scope 'nope'. Use one of {scopes}")
    );
    assert_eq!(
        error("# scope: package"),
        "3:1 rego_parse_error: annotation scope 'package' must be applied to package (have rule)"
    );
    assert_eq!(
        error("# scope: rule\n# entrypoint: true"),
        "3:1 rego_parse_error: annotation entrypoint applied to non-document or package scope \
         'rule'"
    );
    assert_eq!(
        error_of(&["# METADATA\n# scope: rule\npackage p\n"]),
        "1:1 rego_parse_error: annotation scope 'rule' must be applied to rule (have package)"
    );
    assert_eq!(
        error_of(&["package p\n\n# METADATA\n# title: a\nimport data.x\n"]),
        format!("3:1 rego_parse_error: invalid annotation scope 'import'. Use one of {scopes}")
    );
    assert_eq!(
        error_of(&["package p\n\n# METADATA\n# scope: document\n"]),
        "3:1 rego_parse_error: annotation scope 'document' must be applied to rule"
    );
}

#[test]
fn scopes_that_are_declared_twice() {
    let block = "# METADATA\n# scope: document\n# title: x\n";
    assert_eq!(
        error_of(&[&format!("package p\n\n{block}a := 1\n\n{block}a := 1\n")]),
        "8:1 rego_type_error: document annotation redeclared: 0.rego:3"
    );
    let package = "# METADATA\n# title: x\npackage p\n";
    assert_eq!(
        error_of(&[package, package]),
        "1:1 rego_type_error: package annotation redeclared: 0.rego:1"
    );
}

#[test]
fn other_errors_come_first() {
    let broken = "package p\n\n# METADATA\n# title: [\na := 1\n\nb :=\n";
    let errors = error_of(&[broken]);
    assert!(errors.starts_with("8:0 rego_parse_error: unexpected eof"), "{errors}");
    assert!(errors.contains("\n4:1 rego_parse_error: yaml: "), "{errors}");
    let late = "package p\n\n# METADATA\n# scope: package\na { true }\n";
    assert!(!error_of(&[late]).contains("scope"), "{}", error_of(&[late]));
}

#[test]
fn a_warning_has_no_effect() {
    let text = "package p\n\n# METADATA\n# scope: package\na := rego.metadata.rule()\n";
    let policy =
        Compiler::new().annotations(Annotations::Warn).module("p.rego", text).compile().unwrap();
    assert_eq!(policy.warnings().len(), 1);
    let query = policy.prepare("data.p.a").unwrap();
    let value = query.value(None, &EvalOptions::default()).unwrap();
    assert_eq!(value.map(|value| value.to_json()).as_deref(), Some("{}"));
}
